"""Servers that mean ill: each is answered as RFC 6120 says, and neither the gateway nor anybody else is disturbed.

Scenarios: S13.
covers: A-5.1.8, A-5.2.4, C-28, F-09, F-14, F-15, F-17, F-21
"""

import contextlib
import socket
import ssl
import time

from authority import Authority
from estate import EVIL, HERALD, PROSODY
from raw import HEADER, STARTTLS, Closed, Peer
from scene import befriend, jid, url

LAUGHS = "<!DOCTYPE lolz [<!ENTITY lol 'lol'>" + "".join(
    f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"


class Attacker:
    """Makes peers of the domain evil.test, with a certificate that counts."""

    def __init__(self, scene):
        self.scene, self.estate = scene, scene.estate
        self.certificate = self.estate.authority.certify(EVIL)
        self.address = self.estate.address(4)

    def peer(self, name=EVIL, to=HERALD):
        return Peer(self.address, name, to, self.estate.authority.file)

    def logged_in(self):
        return self.peer().log_in(self.certificate)


def entities(scene):
    """Document types, comments, processing instructions and entities are no XML of a stream (RFC 6120 11.1)."""
    attacker = Attacker(scene)
    head = HEADER.format(sender=EVIL, to=HERALD)
    for trick in (LAUGHS + head, head + LAUGHS, "<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + head[21:],
                  head + "<!-- a comment -->", head + "<?php?>", head + "<message><body>&lol;</body></message>",
                  head + "<message><body>&#0;</body></message>"):
        with attacker.peer() as peer:
            peer.send(trick)
            peer.expect_end("restricted-xml|not-well-formed|bad-format|invalid-xml|xml-not-well-formed")
    with attacker.logged_in() as peer:
        peer.send("<message><!-- inside --></message>")
        peer.expect_end("restricted-xml|not-well-formed")


def malformed(scene):
    """What is no stream, or not one for us, is told why and closed."""
    attacker = Attacker(scene)
    head = HEADER.format(sender=EVIL, to=HERALD)
    for sent, condition in (
            ("GET / HTTP/1.1\r\nHost: h323.test\r\n\r\n", "not-well-formed|xml-not-well-formed|bad-format|invalid-xml"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "not-well-formed|bad-format|invalid-xml"),
            (head.encode() + b"<message>\xff\xfe</message>", "not-well-formed|bad-format|unsupported-encoding"),
            (head + "<message></presence>", "not-well-formed|bad-format"),
            (head.replace("etherx.jabber.org/streams", "etherx.jabber.org/rivers"), "invalid-namespace|bad-namespace-prefix"),
            (head.replace("jabber:server'", "jabber:client'", 1), "invalid-namespace"),
            (head.replace(HERALD, "unknown.test"), "host-unknown"),
            (head + "<message><" + "a" * 300_000, "policy-violation|not-well-formed")):
        with attacker.peer() as peer, contextlib.suppress(ConnectionError):
            peer.send(sent)
            peer.expect_end(condition)


def sizes(scene):
    """Nesting bombs, stanzas without end and torrents of attributes end their stream and no more; memory stays."""
    attacker, before = Attacker(scene), scene.server.memory()
    for bomb in ("<a>" * 100_000, "<message><body>" + "x" * 20_000_000,
                 "<message " + "".join(f"a{n}='1' " for n in range(50_000)), "<message>" + "<x xmlns='" + "n" * 500_000 + "'/>",
                 "<message>" + "".join(f"<a xmlns:p{n}='u{n}'>" for n in range(50_000))):
        with attacker.logged_in() as peer:
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                peer.send(bomb)
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                peer.expect_end()
    grown = scene.server.memory() - before
    assert grown < 48, f"{grown} MiB more"
    print(f"    the server grew by {grown} MiB")


def impostors(scene):
    """S13: who has proven one domain speaks for no other, in any address; the victims see nothing."""
    attacker, romeo, tybalt = Attacker(scene), scene.user(), scene.endpoint("tybalt")
    befriend(tybalt, romeo)
    tybalt.expect_state(url(romeo), "available")
    for stanza in (f"<presence from='{romeo.bare}/x' to='{jid(tybalt)}'><show>dnd</show></presence>",
                   f"<presence from='{romeo.bare}/x' to='{jid(tybalt)}' type='unavailable'/>",
                   f"<presence from='{romeo.bare}' to='{jid(tybalt)}' type='unsubscribed'/>",
                   f"<message from='{romeo.bare}/x' to='{jid(tybalt)}'><body>forged</body></message>",
                   f"<iq from='{romeo.bare}/x' to='{HERALD}' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
                   f"<message from='{jid('tybalt')}' to='{jid(tybalt)}'><body>forged</body></message>",
                   f"<message to='{jid(tybalt)}'><body>nobody</body></message>",
                   f"<message from='a@{EVIL}' to='{romeo.bare}'><body>relay</body></message>"):
        with attacker.logged_in() as peer:
            peer.send(stanza)
            # The stream ends, or the stanza alone is dropped.
            with contextlib.suppress(Closed):
                peer.ping()
                assert "type='result'" not in peer.said, peer.said
    romeo.settle(HERALD)
    assert tybalt.texts.empty() and romeo.messages.empty()
    assert not [one for kind, one in tybalt.told.queue if kind in ("notify", "unsubscribe")], list(tybalt.told.queue)


def certificates(scene):
    """A certificate proves its own names: not others, not those of an authority that nobody knows, not by being old."""
    attacker = Attacker(scene)
    stranger = Authority(scene.server.data, "stranger").certify(PROSODY, name="strange")
    for certificate, name, claimed in ((attacker.certificate, PROSODY, PROSODY), (attacker.certificate, EVIL, PROSODY),
                                       (stranger, PROSODY, None), (None, EVIL, None)):
        with attacker.peer(name) as peer:
            peer.open()
            peer.secure(certificate)
            offered = peer.open()
            if "EXTERNAL" in offered:
                peer.authenticate_and_fail(claimed)
    # Without TLS there is nothing to be had.
    with attacker.peer() as peer:
        offered = peer.open()
        assert "EXTERNAL" not in offered and "<required" in offered, offered
        peer.send("<message from='a@evil.test' to='x@h323.test'><body>plain</body></message>")
        peer.expect_end("not-authorized|policy-violation")
    with attacker.peer() as peer:
        peer.open()
        peer.send("<db:result from='evil.test' to='h323.test'>abc</db:result>")
        peer.expect(r"<stream:error.*(policy-violation|not-authorized)", r"<db:result[^>]*type=.(invalid|error)")


def lies(scene):
    """Dialback: a key that the domain itself does not know proves nothing, and nobody verifies for others."""
    attacker = Attacker(scene)
    with attacker.peer(PROSODY) as peer:
        peer.open()
        peer.secure()
        offered = peer.open()
        if "dialback" in offered:
            peer.send(f"<db:result from='{PROSODY}' to='{HERALD}'>d3adb33f</db:result>")
            found = peer.expect(r"<db:result[^>]*type=.(invalid|error|valid)", "<stream:error")
            assert not found.groups() or found[1] != "valid", found[0]
    with attacker.logged_in() as peer:
        peer.send(f"<db:verify from='{EVIL}' to='{HERALD}' id='s1'>d3adb33f</db:verify>")
        found = peer.expect(r"<db:verify[^>]*type=.(invalid|error|valid)", "<stream:error")
        assert not found.groups() or found[1] != "valid", found[0]


def injection(scene):
    """What comes in the clear behind STARTTLS is never taken for what came by TLS (RFC 6120 5.4.3.3)."""
    attacker, tybalt = Attacker(scene), scene.endpoint("tybalt")
    injected = (f"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='{EVIL}' "
                f"to='{HERALD}' version='1.0'><message from='a@{EVIL}' to='{jid(tybalt)}'><body>injected</body></message>")
    with attacker.peer() as peer:
        peer.open()
        peer.send(STARTTLS + injected)
        with contextlib.suppress(Closed, ssl.SSLError, ConnectionError, AssertionError):
            peer.expect(r"<proceed\b[^>]*>")
            peer.handshake(attacker.certificate)
            peer.open()
            peer.authenticate()
            peer.ping()
    assert tybalt.texts.empty()
    # Rubbish in the place of a handshake.
    with attacker.peer() as peer:
        peer.open()
        peer.send(STARTTLS)
        peer.expect(r"<proceed\b[^>]*>")
        peer.send(b"\x00" * 4096)
        with contextlib.suppress(ConnectionError):
            peer.expect_end()


def floods(scene):
    """Connections that say nothing, stanzas by thousands: others notice nothing."""
    attacker, romeo, tybalt = Attacker(scene), scene.user(), scene.endpoint("tybalt")
    victim = scene.endpoint("victim")
    with contextlib.ExitStack() as held:
        # Who has shown who it is first: the connections below are too many of one address.
        flooding = held.enter_context(attacker.logged_in())
        for _ in range(200):
            with contextlib.suppress(OSError, AssertionError):
                silent = held.enter_context(socket.create_connection((attacker.address, 5269), 2))
                silent.sendall(b"<?xml version='1.0'?>")
        message = f"<message from='a@{EVIL}' to='{jid(victim)}'><body>spam</body></message>"
        with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
            flooding.socket.settimeout(2)
            for _ in range(50):
                flooding.send(message * 200)
        exchange(romeo, tybalt, "during the flood")


def deafness(scene):
    """A peer that asks and never reads costs a bounded queue, and nobody else notices."""
    attacker, romeo, tybalt = Attacker(scene), scene.user(), scene.endpoint("tybalt")
    before = scene.server.memory()
    with attacker.logged_in() as peer:
        peer.socket.settimeout(3)
        ping = f"<iq type='get' id='{'p' * 1000}' from='{EVIL}' to='{HERALD}'><ping xmlns='urn:xmpp:ping'/></iq>"
        with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
            for _ in range(400):
                peer.send(ping * 100)
        exchange(romeo, tybalt, "while somebody does not read")
        grown = scene.server.memory() - before
        assert grown < 48, f"{grown} MiB more"
        print(f"    the server grew by {grown} MiB")


def exchange(romeo, tybalt, text):
    """A message each way, within the time that people wait."""
    begun = time.monotonic()
    romeo.write(jid(tybalt), text)
    tybalt.expect_text(url(romeo), text)
    assert tybalt.write(url(romeo), text) == 16
    romeo.expect_message(jid(tybalt), text, kind=None)
    print(f"    there and back {text}: {time.monotonic() - begun:.2f} s")


PLAYS = [entities, malformed, sizes, impostors, certificates, lies, injection, floods, deafness]
