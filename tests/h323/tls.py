#!/usr/bin/env python3
"""Security of call signalling on the real server: TLS with endpoints on Python's ssl, `openssl s_client`, and people who mean
ill; and Setup that must be signed (H.235).

Usage: tls.py --herald PROGRAM [PLAY..]
covers: A-2.5.1, A-2.5.2, D-37, F-13, F-17
"""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import (PATIENCE, PRESENCE_FEATURE, SETUP, Call, Person, Room, Server, descriptor, transport)  # noqa: E402
from people import run  # noqa: E402
from users import A, T, U, Signer, signature, user  # noqa: E402

SIGNALLING_SECURITY = ("standard", 22)
TLS, ADDRESS = ("standard", 1), ("standard", 2)


class Authority:
    """Certificates in a directory of their own: `herald`, `alice` and `bob` of one authority, `mallory` of herself."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.openssl("req", "-x509", *self.new("ca"), "-days", "30", "-subj", "/CN=authority",
                     "-addext", "basicConstraints=critical,CA:TRUE")
        for name in ("herald", "alice", "bob"):
            self.issue(name)
        self.openssl("req", "-x509", *self.new("mallory"), "-days", "30", "-subj", "/CN=mallory",
                     "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:mallory.example")

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, cwd=self.directory.name)
        assert done.returncode == 0, done.stderr

    @staticmethod
    def new(name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.pem")

    def issue(self, name, subject=None):
        more = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{name}.example")
        self.openssl("req", "-x509", *self.new(name), "-days", "30", "-subj", f"/CN={subject or name}", *more,
                     "-addext", "basicConstraints=critical,CA:FALSE")

    def path(self, file):
        return os.path.join(self.directory.name, file)

    def context(self, name, server_side, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.path("ca.pem"))
        if name:
            context.load_cert_chain(self.path(f"{name}.pem"), self.path(f"{name}.key"))
        if version:
            context.minimum_version = context.maximum_version = version
        return context


class Secured(Person):
    """A person whose system has TLS for call signalling, and says so when it registers (H.460.22)."""

    def __init__(self, name, server, authority, certificate=None, version=None):
        self.secured = socket.create_server(("127.0.0.1", 0))
        self.plain_calls, self.secured_calls, self.tls_address = 0, 0, None
        self.inbound = authority.context(certificate or name, True, version)
        self.outbound = authority.context(certificate or name, False, version)
        # What is done with a connection before TLS begins on it.
        self.before_tls = lambda connection: None
        super().__init__(name, server)
        threading.Thread(target=self.accept_secured, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.plain_calls += 1
                threading.Thread(target=self.answer, args=(Call(self, connection),), daemon=True).start()

    def accept_secured(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.secured.accept()
                threading.Thread(target=self.agree, args=(connection,), daemon=True).start()

    def agree(self, connection):
        with contextlib.suppress(OSError):
            self.before_tls(connection)
            connection = self.inbound.wrap_socket(connection, server_side=True)
            self.secured_calls += 1
            self.answer(Call(self, connection))

    def register(self, **more):
        address = {"id": ADDRESS, "content": ("transport", transport(self.secured.getsockname()))}
        priority = {"id": ("standard", 1), "content": ("number8", 1)}
        tls = {"id": TLS, "content": ("compound", [priority, address])}
        features = [descriptor(PRESENCE_FEATURE), {"id": SIGNALLING_SECURITY, "parameters": [tls]}]
        answer = Room.register(self, featureSet={"replacementFeatureSet": False, "supportedFeatures": features},
                               timeToLive=600, **more)
        confirmed = [data["id"] for data in answer["featureSet"]["supportedFeatures"]]
        assert SIGNALLING_SECURITY in confirmed, answer
        return answer

    def admit(self, call, callee, answering, **more):
        answer = super().admit(call, callee, answering, **more)
        if not answering:
            self.tls_address = secured_address(answer)
        return answer

    def connect_to_server(self):
        connection = socket.create_connection(self.tls_address, PATIENCE, (self.host, 0))
        return self.outbound.wrap_socket(connection)


class SignedCall(Call):
    """A call whose Setup is signed by procedure I, with this password unless it is None; `sent` is what was sent last."""

    def __init__(self, person, connection, identifier, password):
        super().__init__(person, connection, identifier)
        self.password, self.sent = password, None

    def send(self, kind, name, body, *descriptors, elements=b""):
        if name == "setup" and self.password is not None:
            self.person.random += 1
            body["cryptoTokens"] = [("nestedcryptoToken", ("cryptoHashedToken", {
                "tokenOID": A,
                "hashedVals": {"tokenOID": T, "timeStamp": int(time.time()), "random": self.person.random,
                               "generalID": "Herald", "sendersID": self.person.user},
                "token": {"algorithmOID": U, "paramS": {}, "hash": (0, 96)}}))]
        super().send(kind, name, body, *descriptors, elements=elements)

    def send_packet(self, packet):
        """The hash goes where its zeros are: behind the only algorithm of procedure I, and two octets of length."""
        algorithm = b"\x00\x08\x81\x6b\x00\x02\x06"
        place = packet.find(algorithm)
        if place >= 0:
            place = packet.index(bytes(12), place)
            packet = packet[:place] + signature(self.password, packet[4:]) + packet[place + 12:]
        self.sent = packet
        super().send_packet(packet)


class Signed(Signer, Person):
    """A person who signs over RAS by procedure I, and a Setup with whatever is asked for."""

    def attempt(self, alias, password, again=None):
        """Tries to write: the call, released or with its text taken. `again` is sent in the place of a Setup."""
        identifier = os.urandom(16)
        if again is None:
            self.admit(identifier, alias, answering=False)
        connection = socket.create_connection((self.server[0], self.server[1] + 1), PATIENCE, (self.host, 0))
        call = SignedCall(self, connection, identifier, password)
        if again is None:
            self.set_up(alias, identifier, call)
        else:
            connection.sendall(again)
        setup = call.sent
        if call.wait_for_alerting():
            call.text("by who it says")
            call.wait_for_release()
        return call.cause, call.reason, setup


def secured_address(answer):
    """Where an ACF says that calls over TLS are taken."""
    for data in answer["featureSet"]["supportedFeatures"]:
        if data["id"] == SIGNALLING_SECURITY:
            said = next(one["content"][1] for one in data["parameters"] if one["id"] == TLS)
            address = next(one["content"][1] for one in said if one["id"] == ADDRESS)[1]
            return socket.inet_ntoa(address["ip"]), address["port"]
    raise AssertionError(f"nothing is said of TLS: {answer}")


@contextlib.contextmanager
def estate(herald, authorities=True, limits=(), **settings):
    """A server with a certificate, and who issued it."""
    authority = Authority()
    files = {"tls_certificate": "herald.pem", "tls_key": "herald.key", **({"tls_authorities": "ca.pem"} if authorities
                                                                         else {})}
    lines = [f'{name} = "{authority.path(file)}"' for name, file in files.items()]
    lines += [f"{name} = {value}" for name, value in {"tls_port": 0, **settings}.items()]
    configuration = authority.path("herald.toml")
    Path(configuration).write_text("\n".join(["[h323]", "discovery = false", "[security]", *lines,
                                             "[limits]", *limits, ""]))
    with Server(herald, "--config", configuration) as server:
        yield server, authority


def tls_port(server):
    (address,) = json.loads(server.run("status", "--json").stdout)["tlsSignalling"]
    return int(address.rpartition(":")[2])


def s_client(server, authority, *options):
    """What openssl says of us: whether the connection stands, the version, and who we are."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{tls_port(server)}", "-CAfile", authority.path("ca.pem"),
         "-verify_return_error", *options],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    return done.stdout + done.stderr


def eventually(is_so, what):
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def writes(herald):
    """Messages both ways and a session, every octet of them over TLS with certificates of both sides; TLS 1.3 and 1.2."""
    with estate(herald) as (server, authority):
        alice = Secured("alice", server.address, authority)
        bob = Secured("bob", server.address, authority, version=ssl.TLSVersion.TLSv1_2)
        alice.register()
        bob.register()
        assert alice.write("bob", "nobody reads this on the way") == 16
        bob.expect_text("alice", "nobody reads this on the way")
        assert bob.write("alice", "nor this, über TLS 1.2") == 16
        alice.expect_text("bob", "nor this, über TLS 1.2")
        long = "x" * 7000
        call = alice.open("bob")
        call.text(long)
        bob.expect_text("alice", long)
        call.close()
        assert (alice.plain_calls, bob.plain_calls) == (0, 0)
        counters = server.counters()
        assert counters["tls.secured"] == counters["driver.accepted"] + counters["driver.opened"], counters
        assert counters["tls.secured"] >= 6 and counters["tls.refused"] == 0, counters


def versions(herald):
    """What openssl sees: versions, our certificate, and that one is asked for where authorities are known."""
    with estate(herald) as (server, authority):
        certified = ("-cert", authority.path("alice.pem"), "-key", authority.path("alice.key"))
        for version, name in (("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")):
            said = s_client(server, authority, version, *certified)
            assert "Verify return code: 0 (ok)" in said and name in said and "CN = herald" in said, said
        assert server.counters()["tls.secured"] == 2
        for refused in (("-tls1_1", *certified), (),
                        ("-cert", authority.path("mallory.pem"), "-key", authority.path("mallory.key"))):
            before = server.counters()["tls.refused"]
            s_client(server, authority, *refused)
            eventually(lambda: server.counters()["tls.refused"] == before + 1, "a peer was not refused")
        assert server.counters()["tls.secured"] == 2
    with estate(herald, authorities=False) as (server, authority):
        assert "Verify return code: 0 (ok)" in s_client(server, authority)
        eventually(lambda: server.counters()["tls.secured"] == 1, "TLS was not agreed on")


def required(herald):
    """Where TLS is required nothing goes without: no port, no call, no message until it can be called over TLS."""
    with estate(herald, tls_required="true") as (server, authority):
        with socket.socket() as probe:
            assert probe.connect_ex((server.address[0], server.address[1] + 1)) != 0, "it listens in plain"
        alice = Secured("alice", server.address, authority)
        alice.register()
        old = Person("bob", server.address)
        old.register(timeToLive=600)
        answer = old.admit(os.urandom(16), "alice", answering=False)
        assert answer["callModel"][0] == "direct", answer
        # Alice is told that nobody takes it, as with any system that takes no messages.
        assert alice.write("bob", "in plain sight") == 88
        assert server.counters()["messages.calls_placed"] == 0
        old.unregister()
        assert alice.write("bob", "kept until it can be brought safely") == 16
        bob = Secured("bob", server.address, authority)
        bob.register()
        bob.expect_text("alice", "kept until it can be brought safely")
        assert old.texts.empty() and bob.plain_calls == 0


def downgrade(herald):
    """Who stands between us and bob can stop a message, and neither read it nor have it sent in plain."""
    with estate(herald) as (server, authority):
        alice, bob = Secured("alice", server.address, authority), Secured("bob", server.address, authority)
        alice.register()
        bob.register()
        # From now on it is known that bob takes messages.
        assert alice.write("bob", "anybody there?") == 16
        bob.expect_text("alice", "anybody there?")
        bob.inbound, bob.secured_calls = authority.context("mallory", True), 0
        assert alice.write("bob", "for bob's eyes only") == 16
        eventually(lambda: server.counters()["tls.refused"] >= 1, "a stranger's certificate was taken for bob's")
        bob.before_tls = lambda connection: (connection.sendall(b"\x03\x00\x00\x04"), connection.close())
        bob.unregister()
        bob.register()
        eventually(lambda: server.counters()["tls.refused"] >= 2, "plain octets were taken for TLS")
        assert (bob.plain_calls, bob.secured_calls) == (0, 0) and bob.texts.empty()
        bob.inbound, bob.before_tls = authority.context("bob", True), lambda connection: None
        bob.unregister()
        bob.register()
        bob.expect_text("alice", "for bob's eyes only")
        assert bob.plain_calls == 0


def hostile(herald):
    """Octets that are not TLS, half a handshake and silence, a connection that is cut, and far too many of them."""
    with estate(herald, authorities=False) as (server, authority):
        port = tls_port(server)

        def connect():
            return socket.create_connection(("127.0.0.1", port), PATIENCE)

        def is_over(connection):
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(4096):
                    pass
            return True

        silent = [connect(), connect()]
        silent[1].sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        garbage = (b"\x03\x00\x00\x09\x08\x02\x00\x01\x05", b"GET / HTTP/1.1\r\n\r\n", os.urandom(3000),
                   b"\x16\x03\x01\xff\xff" + bytes(70_000))
        for octets in garbage:
            with connect() as connection:
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    connection.sendall(octets)
                assert is_over(connection)
        eventually(lambda: server.counters()["tls.refused"] == len(garbage), server.counters())
        context = authority.context(None, False)
        # Inside of TLS it is as without: what is no call signalling ends the connection.
        with context.wrap_socket(connect()) as connection:
            connection.sendall(b"\xff" * 100)
            assert is_over(connection)
        assert server.counters()["signalling.malformed"] == 1
        # A connection that is cut, in a handshake and after it.
        connect().close()
        secured = context.wrap_socket(connect())
        os.close(secured.detach())
        eventually(lambda: server.counters()["tls.truncated"] == 2, server.counters())
        # Nobody waits for who says nothing more.
        assert all(is_over(connection) for connection in silent)
        assert server.counters()["tls.silent"] == 2
        # The limits are those of connections without TLS.
        many = [connect() for _ in range(300)]
        eventually(lambda: server.counters()["signalling.connections_refused"] == 300 - 256, server.counters())
        for connection in many:
            connection.close()
        eventually(lambda: server.counters()["driver.connections"] == 0, server.counters())
        alice, bob = Secured("alice", server.address, authority), Secured("bob", server.address, authority)
        alice.register()
        bob.register()
        assert alice.write("bob", "still here") == 16
        bob.expect_text("alice", "still here")


def floods(herald):
    """Who opens too many connections is closed out before TLS has cost anything."""
    with estate(herald, authorities=False, limits=("handshakes = 1", "handshakes_burst = 3")) as (server, authority):
        context, agreed, closed = authority.context(None, False), 0, 0
        for _ in range(8):
            connection = socket.create_connection(("127.0.0.1", tls_port(server)), PATIENCE)
            try:
                context.wrap_socket(connection)
                agreed += 1
            except OSError:
                closed += 1
        assert (agreed, closed) == (3, 5), (agreed, closed)
        counters = server.counters()
        assert (counters["tls.secured"], counters["limits.handshakes"]) == (3, 5), counters
        assert counters["tls.refused"] == counters["tls.silent"] == 0, counters


def renews(herald):
    """A new certificate is taken without a restart, and one that can't be used is not."""
    with estate(herald) as (server, authority):
        certified = ("-cert", authority.path("alice.pem"), "-key", authority.path("alice.key"))
        assert "CN = herald\n" in s_client(server, authority, *certified)
        authority.issue("herald", "herald the second")
        eventually(lambda: "CN = herald the second" in s_client(server, authority, *certified), "it has not changed")
        shutil.copy(authority.path("mallory.key"), authority.path("herald.key"))
        eventually(lambda: "The new certificate for call signalling can't be used" in server.said(), server.said())
        assert "CN = herald the second" in s_client(server, authority, *certified)


def signs(herald):
    """Where Setup must be signed nobody calls in alice's place from her address, and nobody sends again what she sent."""
    with estate(herald, signed_setup="true") as (server, _):
        for name in ("alice", "bob"):
            user(server, "add", name, password=f"{name}'s secret")
        alice = Signed("alice", server.address, "alice's secret")
        bob = Signed("bob", server.address, "bob's secret")
        alice.register(timeToLive=600)
        bob.register(timeToLive=600)
        # Bob is asked by a Setup of ours, which is signed.
        setups = []
        receive = Call.receive

        def overheard(call, kind):
            value = receive(call, kind)
            if kind == SETUP:
                setups.append(value["h323-uu-pdu"]["h323-message-body"][1].get("cryptoTokens"))
            return value

        Call.receive = overheard
        cause, _, setup = alice.attempt("bob", "alice's secret")
        Call.receive = receive
        assert cause == 16
        bob.expect_text("alice", "by who it says")
        values = setups[0][0][1][1]["hashedVals"]
        assert (values["generalID"], values["sendersID"]) == (bob.identifier, "Herald"), values
        refused = (21, "securityDenied")
        assert alice.attempt("bob", None)[:2] == refused
        assert alice.attempt("bob", "bob's secret")[:2] == refused
        assert alice.attempt("bob", None, again=setup)[:2] == refused
        counters = server.counters()
        told = {name: counters[f"security.{name}"] for name in ("unsigned", "wrong_password")}
        assert told == {"unsigned": 1, "wrong_password": 1}, counters
        assert alice.attempt("bob", "alice's secret")[0] == 16


def refuses_to_start(herald):
    """Files that are missing, or don't belong together, are said at the start."""
    authority = Authority()
    ca, mine, other = (authority.path(name) for name in ("ca.pem", "herald.pem", "mallory.key"))
    for lines, said in (
        ([f'tls_certificate = "{mine}"'], "tls_certificate in [security]: needs tls_key beside it"),
        (["tls_required = true"], "tls_required in [security]: needs tls_certificate and tls_key"),
        ([f'tls_certificate = "{mine}"', 'tls_key = "/nowhere.key"'], "can't read /nowhere.key"),
        ([f'tls_certificate = "{mine}"', f'tls_key = "{ca}"'], "there is no private key in PEM in"),
        ([f'tls_certificate = "{mine}"', f'tls_key = "{other}"'], "can't be used"),
    ):
        configuration = Path(authority.path("bad.toml"))
        configuration.write_text("\n".join(["[security]", *lines, ""]))
        server = Server(herald, "--config", str(configuration))
        status, got = server.refuse_to_start()
        server.directory.cleanup()
        assert status != 0 and said in got, (status, got)


PLAYS = [signs, writes, versions, required, downgrade, hostile, floods, renews, refuses_to_start]

if __name__ == "__main__":
    run(PLAYS, __doc__, serve=False)
    print("calls came from whom they said, and what was said over TLS stayed between those who said it")
