#!/usr/bin/env python3
"""How servers find and believe each other: certificates, dialback, TLS from the first octet, bidirectional streams.

Usage: trust.py --herald PROGRAM [PLAY..]
covers: A-2.2.1, A-5.1.1, A-5.1.3, F-14, F-17, R-096, R-136
"""

import contextlib
import itertools
import re

from authority import Authority
from clients import text_of
from company import act_out
from estate import DIRECT_PORT, Estate, HERALD, PROSODY, ROOMS
from raw import Peer
from scene import Endpoint, Herald, Scene, eventually, jid, url
from correspondent import FAILED, WANTS_FAILED


NUMBERS = itertools.count(1)


@contextlib.contextmanager
def world(herald, xmpp="", **prosody):
    """Prosody as it is told to be, and Herald as it is told to be."""
    with Estate() as estate:
        server = estate.prosody(**prosody)
        estate.start(server)
        with Herald(herald, estate, xmpp=xmpp) as gateway, Scene(estate, gateway, server) as scene:
            yield scene


def exchange(scene):
    """A message each way."""
    romeo, tybalt = scene.user(), scene.endpoint(f"tybalt the {next(NUMBERS)}.")
    romeo.write(jid(tybalt), "there")
    tybalt.expect_text(url(romeo), "there")
    assert tybalt.write(url(romeo), "and back") == 16
    romeo.expect_message(jid(tybalt), "and back", kind=None)
    return romeo, tybalt


def logged(scene, pattern):
    """How often Prosody's log says so."""
    return len(re.findall(pattern, scene.peer.log.read_text(errors="replace")))


def by_certificate(herald):
    """Each believes the other's certificate: SASL EXTERNAL, and nobody calls back."""
    with world(herald) as scene:
        exchange(scene)
        assert logged(scene, f"SASL EXTERNAL with {HERALD} succeeded|Accepting SASL EXTERNAL identity from {HERALD}")
        assert not logged(scene, "db:result|db:verify"), "somebody called back"
        print(f"    bidirectional streams: {logged(scene, 'urn:xmpp:bidi')}, stream management: {logged(scene, 'urn:xmpp:sm:3')}")


def by_one_stream(herald):
    """With bidirectional streams one connection carries both directions."""
    with world(herald) as scene:
        exchange(scene)
        opened = logged(scene, r"s2s connection .*complete|Incoming s2s connection .*complete|s2sin\w+\s+info\s+Incoming s2s")
        assert logged(scene, "urn:xmpp:bidi") and opened == 1, opened


def by_dialback(herald):
    """A server whose certificate nobody knows is believed where dialback is enough, and nowhere else."""
    with strangers(herald, "certificate") as scene:
        romeo, tybalt = scene.user(), scene.endpoint("tybalt", Endpoint)
        written = romeo.write(jid(tybalt), "believe me")
        romeo.expect_message(jid(tybalt), kind="error", fits=lambda one: one.get("id") == written, patience=60)
        tybalt.expect_receipt(tybalt.post(url(romeo), "who are you?", wants=WANTS_FAILED), FAILED)
        assert tybalt.letters.empty() and tybalt.texts.empty()
    with strangers(herald, "certificate-or-dialback") as scene:
        exchange(scene)
        assert logged(scene, "dialback"), "nobody called back"


@contextlib.contextmanager
def strangers(herald, authentication):
    """A Prosody with a certificate of an authority that Herald does not know."""
    with Estate() as estate:
        server = estate.prosody()
        Authority(estate.place, "stranger").certify(PROSODY, f"conference.{PROSODY}")
        estate.start(server)
        estate.authority.file = estate.authority.file.with_name("both.pem")
        estate.authority.file.write_bytes((estate.place / "ca.pem").read_bytes() + (estate.place / "stranger.pem").read_bytes())
        known = estate.place / "ca.pem"
        with Herald(herald, estate, xmpp=f'authentication = "{authentication}"\n', authorities=known) as gateway, \
                Scene(estate, gateway, server) as scene:
            yield scene


def by_direct_tls(herald):
    """Where the DNS names a port with TLS from the first octet only, that is taken, in both directions (XEP-0368)."""
    with Estate() as estate:
        for domain in (PROSODY, HERALD):
            estate.names.services.pop(f"_xmpp-server._tcp.{domain}")
            estate.names.service(f"_xmpps-server._tcp.{domain}", DIRECT_PORT, f"server.{domain}")
        server = estate.prosody(settings="s2s_ports = { 5299 }\n")
        estate.start(server)
        with Herald(herald, estate) as gateway, Scene(estate, gateway, server) as scene:
            exchange(scene)


def renewed(herald):
    """A certificate that is put in the place of another is shown by itself, and what was open stays open."""
    with world(herald) as scene:
        exchange(scene)
        before = shown_by(scene, HERALD)
        scene.estate.authority.certify(HERALD, ROOMS)
        eventually(lambda: shown_by(scene, HERALD) != before, "the old certificate is shown still")
        for domain in (HERALD, ROOMS):
            assert shown_by(scene, domain)
        exchange(scene)


def shown_by(scene, domain):
    """The certificate that Herald shows for a domain, checked for it."""
    with Peer(scene.estate.address(4), "evil.test", domain, scene.estate.authority.file) as peer:
        peer.open()
        peer.secure()
        return peer.socket.getpeercert(binary_form=True)


def killed(herald):
    """A server that is killed amid a burst gets all of it: what it had not confirmed comes again, under the same name."""
    with world(herald) as scene:
        romeo, tybalt = exchange(scene)
        here, written = tybalt.open(url(romeo)), [f"burst {number}" for number in range(100)]
        for text in written:
            here.text(text)
            if text == "burst 50":
                scene.peer.kill()
        eventually(lambda: "its server can't be reached" in scene.server.command("why", romeo.bare),
                   lambda: scene.server.command("why", romeo.bare), patience=60)
        scene.peer.start()
        again, seen = scene.user(resource="phone"), {}

        def take():
            for user in (romeo, again):
                while not user.messages.empty():
                    message = user.messages.get()
                    seen.setdefault(text_of(message, "body"), set()).add(message.get("id"))
            return set(written) <= set(seen)
        eventually(take, lambda: f"lost: {[text for text in written if text not in seen]}", patience=60)
        assert all(len(names) == 1 for names in seen.values()), seen


PLAYS = [by_certificate, by_one_stream, by_dialback, by_direct_tls, renewed, killed]


if __name__ == "__main__":
    act_out(PLAYS, __doc__, "servers found and believed each other")
