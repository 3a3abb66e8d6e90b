#!/usr/bin/env python3
"""Endpoints that sign what they send (H.235) on the real server: octets by pycrate, hashes by Python's hashlib.

Usage: users.py --herald PROGRAM [PLAY..]
covers: A-2.5.2, A-2.5.4, A-5.1.12, A-5.2.4, A-5.3.3, A-5.4.3, F-13, F-14, F-16, F-18, R-024, R-025, R-050, R-097
"""

import hashlib
import hmac
import secrets
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import CODEC, Person, Room  # noqa: E402
from people import run  # noqa: E402
from pycrate_asn1dir import H225  # noqa: E402

A, T, U = ((0, 0, 8, 235, 0, 2, last) for last in (1, 5, 6))
MD5, CAT = (1, 2, 840, 113549, 2, 5), (1, 2, 840, 113548, 10, 1, 2, 1)


class Signer(Room):
    """A room that signs with procedure I, or by MD5 or CAT; `sent` is what it sent last."""

    def __init__(self, name, server, password, method="procedure1", user=None, host="127.0.0.1"):
        super().__init__(name, server, host)
        self.password, self.method, self.user, self.ahead = password, method, user or name, 0
        # Two endpoints of one user may sign in one second.
        self.random = secrets.randbelow(1 << 24)
        self.sent = self.got = None

    def encode(self, kind, value):
        self.random += 1
        now = int(time.time()) + self.ahead
        self.sent = getattr(self, self.method)(kind, value, now)
        return self.sent

    def plain(self, kind, value, _):
        return super().encode(kind, value)

    def procedure1(self, kind, value, now):
        def token(digest):
            return [("nestedcryptoToken", ("cryptoHashedToken", {
                "tokenOID": A,
                "hashedVals": {"tokenOID": T, "timeStamp": now, "random": self.random, "generalID": "Herald",
                               "sendersID": self.user},
                "token": {"algorithmOID": U, "paramS": {}, "hash": (int.from_bytes(digest, "big"), 96)}}))]
        zeroed = super().encode(kind, {**value, "cryptoTokens": token(bytes(12))})
        return super().encode(kind, {**value, "cryptoTokens": token(signature(self.password, zeroed))})

    def md5(self, kind, value, now):
        with CODEC:
            token = H225.H235_SECURITY_MESSAGES.ClearToken
            token.set_val({"tokenOID": (0, 0), "timeStamp": now, "password": self.password + "\0",
                           "generalID": self.user + "\0"})
            digest = hashlib.md5(token.to_aper()).digest()
        return super().encode(kind, {**value, "cryptoTokens": [("cryptoEPPwdHash", {
            "alias": ("h323-ID", self.user), "timeStamp": now,
            "token": {"algorithmOID": MD5, "paramS": {}, "hash": (int.from_bytes(digest, "big"), 128)}})]})

    def cat(self, kind, value, now):
        digest = hashlib.md5(bytes([self.random % 256]) + self.password.encode() + now.to_bytes(4, "big")).digest()
        return super().encode(kind, {**value, "tokens": [{
            "tokenOID": CAT, "timeStamp": now, "challenge": digest, "random": self.random % 256,
            "generalID": self.user + "\0"}]})

    def decode(self, octets):
        self.got = octets
        return super().decode(octets)

    def check_signed(self, to):
        """What came last is signed for us with our password."""
        kind, value = super().decode(self.got)
        token = value["cryptoTokens"][0][1][1]
        digest = token["token"]["hash"][0].to_bytes(12, "big")
        assert self.got.count(digest) == 1
        assert signature(self.password, self.got.replace(digest, bytes(12))) == digest, kind
        values = token["hashedVals"]
        assert (values["generalID"], values["sendersID"]) == (to, "Herald"), values
        assert abs(values["timeStamp"] - time.time()) < 60, values


def signature(password, octets):
    return hmac.new(hashlib.sha1(password.encode()).digest(), octets, hashlib.sha1).digest()[:12]


def user(server, *arguments, password=None):
    """`herald user`, with a password on standard input where there is one."""
    more = [] if password is None else ["--password-file", "-"]
    done = subprocess.run([server.herald, "--data", server.data, "user", *arguments, *more], capture_output=True,
                          text=True, input=f"{password}\n")
    assert done.returncode == 0, done
    return done.stdout


def registers(server):
    """Right, wrong and unknown by every method; what is not a user's goes on as before."""
    user(server, "add", "alice", "--legacy", password="Geheimnis ß")
    for method in ("procedure1", "md5", "cat"):
        before = server.counters()
        assert "securityDenial" in Signer("alice", server.address, "Geheimnis", method).refused()
        assert "securityDenial" in Signer("alice", server.address, "Geheimnis ß", "plain").refused()
        alice = Signer("alice", server.address, "Geheimnis ß", method)
        alice.register()
        if method == "procedure1":
            alice.check_signed(alice.identifier)
            # The deployed endpoints sign by their identifier from now on.
            alice.user = alice.identifier
        alice.unregister()
        after = server.counters()
        for name in ("wrong_password", "unsigned"):
            assert after[f"security.{name}"] == before[f"security.{name}"] + 1, name
        time.sleep(1)
    Room("carol", server.address).register()
    mallory = Signer("alice", server.address, "Geheimnis ß", user="mallory")
    mallory.password = "guess"
    assert "securityDenial" in mallory.refused()


def replays(server):
    """What was overheard is of no use from another socket, nor after the endpoint has gone."""
    user(server, "add", "dave", password="secret")
    dave = Signer("dave", server.address, "secret")
    dave.register()
    overheard = dave.sent
    for _ in range(2):
        thief = Room("thief", server.address)
        thief.socket.sendto(overheard, server.address)
        kind, answer = thief.receive()
        assert kind == "registrationReject", (kind, answer)
        assert answer["rejectReason"] == ("securityError", ("securityReplay", 0)), answer
        if dave.identifier:
            dave.unregister()
            dave.identifier = None
    late = Signer("dave", server.address, "secret")
    late.ahead = -700
    assert "securityWrongSyncTime" in late.refused()
    late.ahead = 0
    late.register()


def changes(server):
    """A new password holds at once and after a kill; the old one does not, and no secret is anywhere in the clear."""
    user(server, "add", "erin", "--legacy", password="old-and-secret")
    erin = Signer("erin", server.address, "old-and-secret")
    erin.register()
    user(server, "passwd", "erin", password="new-and-secret")
    assert "securityDenial" in erin.refused()
    server.kill()
    server.start()
    assert "securityDenial" in erin.refused()
    for method in ("md5", "procedure1"):
        erin.password, erin.method = "new-and-secret", method
        erin.register()
    user(server, "remove", "erin")
    erin.method = "plain"
    erin.register()
    shown = user(server, "list") + user(server, "list", "--json") + server.said()
    for secret in ("old-and-secret", "new-and-secret"):
        assert secret not in shown
        for file in Path(server.data).iterdir():
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file
    assert (Path(server.data) / "secret.key").stat().st_mode & 0o777 == 0o600


def speaks_for(server):
    """Who registered is who must sign what follows, and nobody else registers the name."""
    for name in ("frank", "grace"):
        user(server, "add", name, password=f"{name}'s secret")
    frank = Signer("frank", server.address, "frank's secret")
    frank.register()
    thief = Signer("grace", server.address, "grace's secret")
    thief.identifier = frank.identifier
    try:
        thief.unregister()
    except AssertionError as refusal:
        assert "securityDenial" in str(refusal), refusal
    else:
        raise AssertionError("grace unregistered frank")
    forger = Signer("frank", server.address, "grace's secret", user="grace")
    assert "securityDenial" in forger.refused()
    assert "frank" in server.run("endpoints").stdout
    frank.unregister()


class SigningPerson(Signer, Person):
    """A person that signs."""


def strength(server):
    """A rule tells those who have shown who they are from those who only say so."""
    user(server, "add", "henry", password="secret")
    bob, iris, henry = (kind(name, server.address, *more) for kind, name, *more in (
        (Person, "bob"), (Person, "iris"), (SigningPerson, "henry", "secret")))
    for somebody in (bob, iris, henry):
        somebody.register(timeToLive=600)
    assert server.run("rules", "allow", "bob", "everybody").returncode == 0
    assert server.run("rules", "block", "bob", "unauthenticated").returncode == 0
    for watcher, becomes in ((iris, "unsubscribe"), (henry, "subscribe")):
        watcher.instruct("subscribe", "bob")
        watcher.expect_contact(becomes, "bob")
    henry.expect_state("bob", "online")
    # What holds for her holds after a restart too, and until she shows it.
    server.kill()
    server.start()
    user(server, "add", "iris", password="hers")
    shown = SigningPerson("iris", server.address, "hers")
    iris.close()
    shown.register(timeToLive=600)
    shown.instruct("subscribe", "bob")
    shown.expect_contact("subscribe", "bob")


def networks(server):
    """Rooms of a network share a password for names that are nobody's; others elsewhere go on as before."""
    user(server, "add", "rooms", "--network", "127.0.71.0/24", password="shared")
    right = Signer("room4", server.address, "shared", user="rooms", host="127.0.71.4")
    right.register()
    assert "securityDenial" in Signer("room5", server.address, "guess", user="rooms", host="127.0.71.5").refused()
    assert "securityDenial" in Signer("room5", server.address, "shared", "plain", host="127.0.71.5").refused()
    Room("room6", server.address, "127.0.72.6").register()
    server.kill()
    server.start()
    assert "securityDenial" in Signer("room5", server.address, "guess", user="rooms", host="127.0.71.5").refused()
    right.register()
    assert "127.0.71.0/24" in user(server, "list")


PLAYS = [registers, replays, changes, speaks_for, strength, networks]

if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("who must sign signs, and nobody else gets in")
