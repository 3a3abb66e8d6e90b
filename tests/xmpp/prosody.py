"""A real Prosody with a configuration, certificates and people of its own, in a temporary directory."""

import os
import shutil

from book import snippet
from process import Process

# What a test needs besides what the book says: addresses, names, accounts, and nothing of the machine's own.
CONFIGURATION = """
run_as_root = true
data_path = "{place}/data"
certificates = "{certificates}"
log = {{ debug = "{place}/prosody.log" }}
unbound = {{ resolvconf = false, hoststxt = false, forward = {{ "{resolver}" }},
    options = {{ ["local-zone:"] = "test. transparent", ["do-not-query-localhost:"] = "no",
        ["cache-max-negative-ttl:"] = "1" }} }}
interfaces = {{ "{address}" }}
c2s_ports, s2s_ports, s2s_direct_tls_ports = {{ 5222 }}, {{ 5269 }}, {{ 5270 }}
http_ports, https_ports = {{ }}, {{ }}
ssl = {{ cafile = "{authority}" }}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = true
limits = {{ s2s = {{ rate = "10mb/s" }}, c2s = {{ rate = "10mb/s" }} }}
modules_enabled = {{
    "roster", "saslauth", "tls", "dialback", "disco", "private", "blocklist", "vcard4", "vcard_legacy", "pep", "carbons",
    "mam", "offline", "smacks", "ping", "time", "uptime", "version", "limits", "posix", "s2s_bidi", "register"{more}
}}
{settings}
VirtualHost "{domain}"
    disco_items = {{ {{ "conference.{domain}" }} }}
Component "conference.{domain}" "muc"
{component}
"""


class Prosody(Process):
    """Serves a domain on an address: users on 5222, servers on 5269, with TLS from the start on 5270."""

    def __init__(self, estate, domain, address, people, name="prosody", settings="", modules=(), component=""):
        super().__init__(estate.place / name, "prosody.log")
        settings = settings or snippet("prosody-server")
        self.domain, self.address, self.name = domain, address, name
        estate.authority.certify(domain, f"conference.{domain}")
        self.configuration = self.place / "prosody.cfg.lua"
        self.configuration.write_text(CONFIGURATION.format(
            place=self.place, certificates=estate.place, resolver=estate.resolver.replace(":", "@"), address=address,
            authority=estate.authority.file, domain=domain, settings=settings, component=component,
            more="".join(f', "{module}"' for module in modules)))
        accounts = self.place / "data" / encoded(domain) / "accounts"
        accounts.mkdir(parents=True)
        for person in people:
            (accounts / f"{encoded(person)}.dat").write_text('return { ["password"] = "secret" };\n')

    def start(self):
        self.run([shutil.which("prosody") or "/usr/bin/prosody", "-F", "--config", str(self.configuration)], os.environ,
                 (self.address, 5222), (self.address, 5270))


def encoded(name):
    """A name as Prosody writes it in the name of a file."""
    return "".join(chr(octet) if chr(octet).isascii() and chr(octet).isalnum() else f"%{octet:02x}" for octet in name.encode())


