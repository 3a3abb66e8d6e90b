"""A real slapd for tests: with a configuration, certificates and entries of its own, in a temporary directory."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BASE = "dc=example,dc=com"
PEOPLE, GROUPS = f"ou=People,{BASE}", f"ou=Groups,{BASE}"
ADMIN, READER = f"cn=admin,{BASE}", f"cn=herald,{BASE}"
PASSWORD = "reads everything"
# Where tests listen.
HOST, OTHER_HOST = "127.31.0.1", "127.31.0.2"
# The most entries that a search without pages gives.
SIZE_LIMIT = 400
PATIENCE = 15

# What H.350.1 and H.350.2 define, as far as it is read; one attribute of 389 Directory Server; what an Active Directory
# shows of people and groups.
SCHEMA = """
attributetype ( 0.0.8.350.1.1.3.1.2 NAME 'h323Identityh323-ID' EQUALITY caseIgnoreMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 0.0.8.350.1.1.3.1.3 NAME 'h323IdentitydialedDigits' EQUALITY caseIgnoreIA5Match
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 0.0.8.350.1.1.4.1.1 NAME 'h235IdentityEndpointID' EQUALITY caseIgnoreMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 0.0.8.350.1.1.4.1.2 NAME 'h235IdentityPassword' EQUALITY octetStringMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 0.0.8.350.1.1.3.2.1 NAME 'h323Identity' SUP top AUXILIARY
    MAY ( h323Identityh323-ID $ h323IdentitydialedDigits $ nsAccountLock ) )
objectclass ( 0.0.8.350.1.1.4.2.1 NAME 'h235Identity' SUP top AUXILIARY
    MAY ( h235IdentityEndpointID $ h235IdentityPassword ) )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.721 NAME 'ipPhone' EQUALITY caseIgnoreMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' EQUALITY distinguishedNameMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL
    MAY ( sAMAccountName $ userAccountControl $ ipPhone $ objectCategory $ memberOf $ mail $ displayName ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL
    MUST cn MAY ( sAMAccountName $ member $ memberOf $ description ) )
"""

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
include {place}/tests.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {place}/slapd.pid
argsfile {place}/slapd.args
{tls}
sizelimit {size_limit}
database mdb
suffix "{BASE}"
rootdn "{ADMIN}"
rootpw "{PASSWORD_OF_ADMIN}"
directory {place}/db
maxsize 67108864
dbnosync
limits dn.exact="{READER}" size={size_limit} size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by * none
"""

TLS = """
TLSCACertificateFile {place}/ca.pem
TLSCertificateFile {place}/server.pem
TLSCertificateKeyFile {place}/server.key
TLSCipherSuite {ciphers}
"""


class Slapd:
    """slapd on ports of its own; `ldap` and `ldaps` are its URLs."""

    def __init__(self, people=(), groups=(), ciphers="NORMAL"):
        self.place = Path(tempfile.mkdtemp(prefix="slapd-"))
        (self.place / "db").mkdir()
        self.ports = (free_port(), free_port())
        self.ldap, self.ldaps = (f"{scheme}://{HOST}:{port}" for scheme, port in zip(("ldap", "ldaps"), self.ports))
        make_certificates(self.place)
        (self.place / "tests.schema").write_text(SCHEMA)
        self.configure(ciphers)
        (self.place / "secret").write_text(f"{PASSWORD}\n")
        (self.place / "secret").chmod(0o600)
        entries = "\n".join([*SKELETON, *people, *groups])
        add = [tool("slapadd"), "-q", "-f", self.place / "slapd.conf"]
        done = subprocess.run(add, input=entries, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        self.process = None

    def configure(self, ciphers):
        """Writes the configuration; `ciphers` are said as GnuTLS has them."""
        tls = TLS.format(place=self.place, ciphers=ciphers)
        text = CONFIGURATION.format(place=self.place, tls=tls, size_limit=SIZE_LIMIT, BASE=BASE,
                                    ADMIN=ADMIN, READER=READER, PASSWORD_OF_ADMIN=PASSWORD_OF_ADMIN)
        (self.place / "slapd.conf").write_text(text)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.place)

    def start(self):
        urls = [f"ldap://{host}:{self.ports[0]} ldaps://{host}:{self.ports[1]}" for host in (HOST, OTHER_HOST)]
        # In the foreground, because of -d.
        command = [tool("slapd"), "-f", self.place / "slapd.conf", "-h", " ".join(urls), "-d", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection((HOST, self.ports[1]), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, "slapd does not start"
                time.sleep(0.02)

    def stop(self):
        """`kill -9`, whether it runs or not."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def change(self, *changes):
        """Applies changes in LDIF."""
        self.tool("ldapmodify", input="\n\n".join(changes) + "\n")

    def tool(self, name, *arguments, input=None, status=0, dn=ADMIN, password=None):
        """What an LDAP tool prints."""
        environment = {**os.environ, "LDAPTLS_CACERT": str(self.place / "ca.pem"), "LDAPCONF": "/dev/null"}
        command = [name, "-H", self.ldaps, "-x", "-D", dn, "-w", password or PASSWORD_OF_ADMIN, *arguments]
        done = subprocess.run(command, input=input, text=True, capture_output=True, env=environment)
        assert done.returncode == status, (command, done.returncode, done.stdout[-500:], done.stderr)
        return done.stdout

    def settings(self, **more):
        """`[directory]` for this server."""
        fields = {"urls": [self.ldaps], "ca_file": str(self.place / "ca.pem"), "bind_dn": READER,
                  "password_file": str(self.place / "secret"), "base": BASE, "sync_interval": 3600,
                  "answer_max_ms": 2000, **more}
        return "".join(f"{name} = {toml(value)}\n" for name, value in fields.items())


PASSWORD_OF_ADMIN = "writes everything"
SKELETON = [
    f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n",
    f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: People\n",
    f"dn: {GROUPS}\nobjectClass: organizationalUnit\nou: Groups\n",
    f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: herald\n"
    f"userPassword: {PASSWORD}\n",
]


def person(name, password=None, **attributes):
    """The entry of a person."""
    lines = [f"dn: uid={name},{PEOPLE}", "objectClass: inetOrgPerson", "objectClass: h323Identity",
             "objectClass: h235Identity", f"uid: {name}", f"cn: {name.title()}", f"sn: {name.title()}"]
    if password:
        lines.append(f"userPassword: {password}")
    for attribute, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            lines.append(f"{attribute.replace('_', '-')}: {value}")
    return "\n".join(lines) + "\n"


def group(name, *members, title=None):
    """The entry of a group; members are names of people, or groups with a `%` before them."""
    lines = [f"dn: cn={name},{GROUPS}", "objectClass: groupOfNames", f"cn: {name}"]
    lines += [f"description: {title}"] if title else []
    # A group can't be without a member; this one is nobody.
    return "\n".join(lines + [f"member: {dn(member)}" for member in members or ["nobody"]]) + "\n"


def dn(member):
    return f"cn={member[1:]},{GROUPS}" if member.startswith("%") else f"uid={member},{PEOPLE}"


def members_are(name, *members):
    """A change of all members of a group."""
    lines = [f"dn: cn={name},{GROUPS}", "changetype: modify", "replace: member"]
    return "\n".join(lines + [f"member: {dn(member)}" for member in members or ["nobody"]])


def attribute_is(name, attribute, *values):
    """A change of an attribute of a person."""
    lines = [f"dn: uid={name},{PEOPLE}", "changetype: modify", f"replace: {attribute}"]
    return "\n".join(lines + [f"{attribute}: {value}" for value in values])


def added(entry):
    """A new entry."""
    name, _, rest = entry.strip().partition("\n")
    return f"{name}\nchangetype: add\n{rest}"


def gone(name):
    """The removal of a person."""
    return f"dn: uid={name},{PEOPLE}\nchangetype: delete"


def make_certificates(place):
    """An authority, a server's certificate by it, and an authority that nobody knows."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    for name in ("ca", "stranger"):
        openssl("req", "-x509", *key, "-keyout", place / f"{name}.key", "-out", place / f"{name}.pem", "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", place / "server.key", "-out", place / "server.csr", "-subj", "/CN=slapd")
    (place / "names").write_text(f"subjectAltName=IP:{HOST}\n")
    openssl("x509", "-req", "-in", place / "server.csr", "-CA", place / "ca.pem", "-CAkey", place / "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", place / "names", "-out", place / "server.pem")


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def tool(name):
    """A program of slapd, which is not on the path of everybody."""
    return shutil.which(name) or f"/usr/sbin/{name}"


def free_port():
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return str(value) if isinstance(value, int) else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
