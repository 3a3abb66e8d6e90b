"""An estate of servers for one run: a network of loopback addresses, names, an authority, and what is started in it."""

import concurrent.futures
import shutil
import tempfile
from pathlib import Path

from authority import Authority
from ejabberd import Ejabberd
from names import Names
from prosody import Prosody

# The domains of the tests: Herald's own, its rooms, Prosody's, ejabberd's, an impostor's, and one that nobody serves.
HERALD, ROOMS, PROSODY, EJABBERD, EVIL = "h323.test", "rooms.h323.test", "xmpp.test", "ejab.test", "evil.test"
GHOST = "ghost.test"
NAME_PORT, CLIENT_PORT, SERVER_PORT, DIRECT_PORT, COMPONENT_PORT = 5353, 5222, 5269, 5270, 5347
# Accounts on each server, with the password `secret`; a play takes those of its number.
PEOPLE = [f"{name}-{number}" for number in range(1, 120) for name in ("romeo", "juliet")]
# Accounts whose names are hard to write, and the names.
HARD_PEOPLE = [(r"d\27artagnan", "d'artagnan"), ("émilie", "émilie"), ("猫", "猫"), (r"space\20cadet", "space cadet"),
               (r"r\26d", "r&d")]
ACCOUNTS = [*PEOPLE, *(account for account, _ in HARD_PEOPLE)]


class Estate:
    """Addresses 127.34.N.x, of an N that no other run has; `place` is a directory that goes with it."""

    def __init__(self):
        self.place, self.running = Path(tempfile.mkdtemp(prefix="xmpp-")), []
        self.network, self.names = claim_network()
        self.authority = Authority(self.place)
        self.resolver = f"{self.address(1)}:{NAME_PORT}"
        for domain, number in ((PROSODY, 2), (EJABBERD, 3), (HERALD, 4), (EVIL, 5)):
            self.announce(domain, self.address(number))
        for domain, number in ((f"conference.{PROSODY}", 2), (f"conference.{EJABBERD}", 3), (ROOMS, 4)):
            self.announce(domain, self.address(number))
        # The servers are told that it is Herald's, and Herald that it is Prosody's.
        self.announce(GHOST, self.address(4))
        # It says that it has no such service.
        self.names.service("_xmpp-server._tcp.silent.test", 0, ".")
        self.names.addresses["silent.test"] = self.address(5)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for one in reversed(self.running):
            if kind and issubclass(kind, Exception):
                print(f"--- {type(one).__name__} said:\n{one.said()[-3000:]}")
            one.stop()
        self.names.close()
        shutil.rmtree(self.place)

    def address(self, number):
        return f"{self.network}.{number}"

    def announce(self, domain, address, port=SERVER_PORT, direct=None):
        """A domain with a server at an address, on a port of its own or with TLS from the start where that is said."""
        host = f"server.{domain}"
        self.names.addresses[host] = address
        self.names.services.pop(f"_xmpp-server._tcp.{domain}", None)
        self.names.service(f"_xmpp-server._tcp.{domain}", port, host)
        if direct:
            self.names.service(f"_xmpps-server._tcp.{domain}", direct, host, priority=1)

    def prosody(self, **more):
        return Prosody(self, PROSODY, self.address(2), ACCOUNTS, **more)

    def ejabberd(self, **more):
        return Ejabberd(self, EJABBERD, self.address(3), ACCOUNTS, **more)

    def start(self, *servers):
        """Starts servers, all at once, to be stopped with the estate."""
        self.running += servers
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server.start(), servers))


def claim_network():
    """The first network whose name server's address is free, and that name server."""
    for number in range(256):
        try:
            return f"127.34.{number}", Names((f"127.34.{number}.1", NAME_PORT))
        except OSError:
            continue
    raise AssertionError("no network of 127.34.0.0/16 is free")
