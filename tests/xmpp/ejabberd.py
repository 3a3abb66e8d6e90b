"""A real ejabberd with a configuration, certificates and people of its own, in a temporary directory.

It runs without Erlang's distribution, so that neither a name nor a port mapper is shared with another instance. It asks
for services by Erlang's resolver and for addresses by the C library; nss_wrapper shows the latter a file of hosts.
"""

import glob
import os
import shutil

from book import snippet
from process import Process

# What a test needs besides what the book says.
CONFIGURATION = """
loglevel: info
hosts: ["{domain}"]
ca_file: "{authority}"
auth_method: internal
auth_password_format: plain
listen:
  - {{ port: 5222, ip: "{address}", module: ejabberd_c2s, starttls_required: true, max_stanza_size: 262144 }}
  - {{ port: 5269, ip: "{address}", module: ejabberd_s2s_in, max_stanza_size: 524288 }}
  - {{ port: 5270, ip: "{address}", module: ejabberd_s2s_in, tls: true, max_stanza_size: 524288 }}
{listen}
modules:
  mod_adhoc: {{}}
  mod_blocking: {{}}
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_disco: {{}}
  mod_last: {{}}
  mod_mam: {{}}
  mod_muc: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_privacy: {{}}
  mod_pubsub: {{ plugins: [flat, pep] }}
  mod_roster: {{}}
  mod_s2s_dialback: {{}}
  mod_stream_mgmt: {{}}
  mod_time: {{}}
  mod_vcard: {{}}
  mod_vcard_xupdate: {{}}
  mod_version: {{}}
{settings}
"""


class Ejabberd(Process):
    """Serves a domain on an address: users on 5222, servers on 5269, with TLS from the start on 5270."""

    def __init__(self, estate, domain, address, people, settings=None, listen=""):
        super().__init__(estate.place / "ejabberd", "ejabberd.log")
        self.domain, self.address, self.people = domain, address, people
        self.resolver, self.names = estate.resolver, estate.names
        certificate, key = estate.authority.certify(domain, f"conference.{domain}", name="ejabberd")
        (self.place / "ejabberd.pem").write_text(certificate.read_text() + key.read_text())
        settings = settings or snippet("ejabberd-server", ejabberd_certificates=self.place / "*.pem")
        self.configuration = self.place / "ejabberd.yml"
        self.configuration.write_text(CONFIGURATION.format(
            domain=domain, address=address, authority=estate.authority.file, settings=settings, listen=listen))

    def start(self):
        # Erlang's own resolver, which reads this and nothing else.
        host, port = self.resolver.split(":")
        (self.place / "inetrc").write_text(
            '{lookup, [dns]}.\n{resolv_conf, ""}.\n{hosts_file, ""}.\n{cache_size, 0}.\n'
            f"{{nameserver, {{{host.replace('.', ',')}}}, {port}}}.\n")
        (self.place / "hosts").write_text("".join(f"{where} {host}\n" for host, where in self.names.addresses.items()))
        registered = ", ".join(f'ejabberd_auth:try_register(<<{octets(person)}>>, <<"{self.domain}">>, <<"secret">>)'
                               for person in self.people)
        environment = {**os.environ, "HOME": str(self.place), "EJABBERD_CONFIG_PATH": str(self.configuration),
                       "EJABBERD_LOG_PATH": str(self.log), "ERL_LIBS": os.path.dirname(libraries()),
                       "LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_HOSTS": str(self.place / "hosts"),
                       "ERL_INETRC": str(self.place / "inetrc"), "ERL_CRASH_DUMP": str(self.place / "crash.dump")}
        self.run([shutil.which("erl"), "-noinput", "+S", "2:2", "+sbwt", "none", "-mnesia", "dir", f'"{self.place}/db"',
                  "-s", "ejabberd", "-eval", f"{registered}."], environment,
                 (self.address, 5222), (self.address, 5269))


def octets(text):
    """A text in UTF-8 as Erlang writes a binary."""
    return ",".join(str(octet) for octet in text.encode())


def libraries():
    """Where Debian has ejabberd."""
    found = glob.glob("/usr/lib/*/ejabberd-*")
    assert found, "ejabberd is not installed"
    return found[0]
