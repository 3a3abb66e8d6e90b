#!/usr/bin/env python3
"""Herald as a component of a server that only pretends to be one: what it does when that refuses, lies, breaks off or is deaf.

Usage: front.py --herald PROGRAM [PLAY..]
covers: A-5.1.8, C-28, C-29, F-15, F-21
"""

import contextlib
import hashlib
import queue
import re
import socket
import threading
import time

from company import act_out
from estate import COMPONENT_PORT, Estate, HERALD
from scene import FOREVER, Herald, url
from peers import Person

SECRET, PATIENCE = "a long secret", 30
STREAMS = "http://etherx.jabber.org/streams"
PING = "<ping xmlns='urn:xmpp:ping'/>"


class Front:
    """Takes connections of a component; `links` has those that have shown the secret, by the domain they are for.

    `refusals` is how many of them are told that the secret is wrong.
    """

    def __init__(self, address, refusals=0):
        self.address, self.refusals, self.attempts, self.links = address, refusals, 0, queue.Queue()
        self.listener = socket.create_server((address, COMPONENT_PORT))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.welcome, args=(Link(connection),), daemon=True).start()

    def welcome(self, link):
        with contextlib.suppress(AssertionError, OSError):
            link.domain = link.expect(r"<stream:stream[^>]*\bto=.([^'\"]+)")[1]
            self.attempts += 1
            link.send(f"<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='{STREAMS}' "
                      f"from='{link.domain}' id='id{self.attempts}'>")
            shown = link.expect(r"<handshake[^>]*>([0-9a-f]*)</handshake>")[1]
            assert shown == hashlib.sha1(f"id{self.attempts}{SECRET}".encode()).hexdigest(), shown
            if self.attempts <= self.refusals:
                link.send("<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                          "</stream:stream>")
                return link.connection.close()
            link.send("<handshake/>")
            self.links.put(link)

    def link(self):
        """The link of Herald's own domain."""
        while True:
            link = self.links.get(timeout=PATIENCE)
            if link.domain == HERALD:
                return link


class Link:
    """One connection: what is sent on it and what is read."""

    def __init__(self, connection):
        self.connection, self.said, self.domain = connection, "", None

    def send(self, text):
        self.connection.sendall(text.encode())

    def expect(self, pattern, patience=PATIENCE):
        end = time.monotonic() + patience
        while not (found := re.search(pattern, self.said, re.DOTALL)):
            self.connection.settimeout(max(0.01, end - time.monotonic()))
            try:
                more = self.connection.recv(65536)
            except TimeoutError:
                more = b""
            assert more, f"{pattern} never came, but {self.said[-500:]}"
            self.said += more.decode()
        self.said = self.said[found.end():]
        return found

    def ping(self):
        """What was sent before has been dealt with."""
        self.send(f"<iq type='get' id='ping' from='romeo@front.test/x' to='{HERALD}'>{PING}</iq>")
        return self.expect(r"<iq\b[^>]*\bid=.ping\b")

    def is_closed(self):
        """Waits for the end of the connection."""
        with contextlib.suppress(OSError):
            self.connection.settimeout(PATIENCE)
            while self.connection.recv(65536):
                pass
        return True


@contextlib.contextmanager
def behind(herald, **more):
    """Herald behind a front: the front, the server, and an endpoint."""
    with Estate() as estate:
        front = Front(estate.address(2), **more)
        with Herald(herald, estate, "component", front) as server:
            tybalt = Person("tybalt", server.address)
            tybalt.register(**FOREVER)
            yield front, server, tybalt
            tybalt.close()


def refused(herald):
    """A front that refuses is asked again, ever more seldom, until it agrees."""
    with behind(herald, refusals=3) as (front, _, tybalt):
        front.link().ping()
        assert front.attempts < 12, f"{front.attempts} attempts"


def broken(herald):
    """What was accepted while the front is away is there when it is back, once."""
    with behind(herald) as (front, _, tybalt):
        link = front.link()
        link.ping()
        link.connection.close()
        assert tybalt.write(url("romeo@front.test"), "while you were out") == 16
        again = front.link()
        again.expect("while you were out")
        again.ping()
        assert "while you were out" not in again.said


def lying(herald):
    """A front may speak for all of the world but for us; what it forges or forgets is dropped, and it is not cut off for it."""
    with behind(herald) as (front, _, tybalt):
        link = front.link()
        for stanza in (f"<message from='mallory@{HERALD}' to='tybalt@{HERALD}'><body>forged</body></message>",
                       f"<message to='tybalt@{HERALD}'><body>from nobody</body></message>",
                       "<message from='a@front.test' to='b@elsewhere.test'><body>not for us</body></message>",
                       "<message from='a@front.test'><body>for nobody</body></message>",
                       "<message from='@@@' to='tybalt@h323.test'><body>malformed</body></message>",
                       f"<presence from='a@front.test/x' to='tybalt@{HERALD}'/>", "<nonsense/>",
                       f"<iq from='a@front.test' to='{HERALD}' type='bogus' id='1'/>"):
            link.send(stanza)
        link.ping()
        link.send(f"<message from='a@front.test' to='tybalt@{HERALD}'><body>honest</body></message>")
        tybalt.expect_text(url("a@front.test"), "honest")
        assert tybalt.texts.empty() and tybalt.told.empty()


def malicious(herald):
    """Entity tricks, bombs and endless stanzas end the link, which is opened again."""
    with behind(herald) as (front, server, _):
        before = server.memory()
        for bomb in ("<!DOCTYPE x [<!ENTITY a 'b'>]>", "<message><!-- no --></message>", "<a>" * 100_000,
                     "<message><body>" + "x" * 10_000_000, "</presence>"):
            link = front.link()
            link.ping()
            with contextlib.suppress(OSError):
                link.send(bomb)
            assert link.is_closed()
        front.link().ping()
        grown = server.memory() - before
        assert grown < 32, f"{grown} MiB more"


def deaf(herald):
    """A front that does not read costs a bounded queue; endpoints go on among themselves."""
    with behind(herald) as (front, server, tybalt):
        link = front.link()
        link.ping()
        before, ping = server.memory(), f"<iq type='get' id='{'p' * 1000}' from='a@front.test' to='{HERALD}'>{PING}</iq>"
        link.connection.settimeout(3)
        with contextlib.suppress(OSError):
            for _ in range(400):
                link.send(ping * 100)
        paris = Person("paris", server.address)
        paris.register(**FOREVER)
        assert tybalt.write("paris", "still here?") == 16
        paris.expect_text("tybalt", "still here?")
        grown = server.memory() - before
        assert grown < 48, f"{grown} MiB more"
        paris.close()


PLAYS = [refused, broken, lying, malicious, deaf]


if __name__ == "__main__":
    act_out(PLAYS, __doc__, "a component met its fronts")
