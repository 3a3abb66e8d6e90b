#!/usr/bin/env python3
"""Measures how fast presence leaves for XMPP, beside the rate at which Prosody relays the same stanzas in the same run.

Usage: xmpp.py --herald PROGRAM [--watchers N] [--rounds N]

A presentity of H.323 is watched by many people of one domain, which is a bare sink that only counts: a server that takes Herald as
its component, and one to which Herald opens a stream with TLS. Each change of state is one stanza for each of them. Prosody then
relays what the sink has counted, from one component to another. Printed are the rates and their ratios to Prosody's; the last
part is a sink that stops reading. To be run with a release build.
"""

import argparse
import hashlib
import re
import socket
import ssl
import statistics
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "xmpp"))
from estate import COMPONENT_PORT, Estate, HERALD, SERVER_PORT  # noqa: E402
from process import is_open  # noqa: E402
from raw import Peer  # noqa: E402
from scene import FOREVER, Herald  # noqa: E402
from peers import Person  # noqa: E402

SINK, SECRET, PATIENCE = "sink.test", "a long secret", 60
STREAMS = "http://etherx.jabber.org/streams"


class Sink:
    """Counts the presence stanzas of one connection at a time; keeps the first of them."""

    def __init__(self, address, port):
        self.listener, self.count, self.kept, self.reads = socket.create_server((address, port)), 0, b"", threading.Event()
        self.connection, self.ready = None, threading.Event()
        self.reads.set()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.take, args=(connection,), daemon=True).start()

    def take(self, connection):
        connection = self.open(connection)
        buffer, rest = bytearray(1 << 18), b""
        while size := connection.recv_into(buffer):
            self.reads.wait()
            octets = rest + buffer[:size]
            self.count += octets.count(b"<presence ")
            rest = octets[-9:] if b"<presence " not in octets[-9:] else b""
            if len(self.kept) < 1 << 22:
                self.kept += bytes(octets[len(rest):]) if not self.kept else bytes(buffer[:size])

    def be_open(self, connection):
        self.connection = connection
        self.ready.set()

    def await_count(self, count):
        end = time.monotonic() + PATIENCE
        while self.count < count:
            assert time.monotonic() < end, f"{self.count} stanzas of {count} came"
            time.sleep(0.0005)


class ComponentSink(Sink):
    """The server whose component Herald is; what its people say goes by the same stream."""

    def open(self, connection):
        domain = until(connection, rb"<stream:stream[^>]* to='([^']*)'[^>]*>")[1].decode()
        connection.sendall(f"<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='{STREAMS}' "
                           f"from='{domain}' id='s1'>".encode())
        shown = until(connection, rb"<handshake>([0-9a-f]+)</handshake>")
        assert shown[1].decode() == hashlib.sha1(f"s1{SECRET}".encode()).hexdigest()
        connection.sendall(b"<handshake/>")
        if domain == HERALD:
            self.be_open(connection)
        return connection

    def send(self, octets):
        self.ready.wait(PATIENCE)
        self.connection.sendall(octets)


class ServerSink(Sink):
    """A server to which Herald opens a stream with TLS and SASL EXTERNAL."""

    def __init__(self, address, port, certificate):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(*certificate)
        super().__init__(address, port)

    def open(self, connection):
        header = (f"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='{STREAMS}' from='{SINK}' "
                  f"to='{HERALD}' id='s1' version='1.0'><stream:features>").encode()
        until(connection, rb"<stream:stream[^>]*>")
        connection.sendall(header + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>")
        until(connection, rb"<starttls[^>]*>")
        connection.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        connection = self.context.wrap_socket(connection, server_side=True)
        until(connection, rb"<stream:stream[^>]*>")
        connection.sendall(header + b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism>"
                           b"</mechanisms></stream:features>")
        until(connection, rb"<auth\b.*(</auth>|/>)")
        connection.sendall(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        until(connection, rb"<stream:stream[^>]*>")
        connection.sendall(header + b"</stream:features>")
        self.be_open(connection)
        return connection


def until(connection, pattern):
    """Reads as far as a pattern; nothing may follow it yet."""
    octets = b""
    while not (found := re.search(pattern, octets, re.DOTALL)):
        more = connection.recv(4096)
        assert more, octets
        octets += more
    return found


def measure(server, sink, send, watchers, rounds):
    """The rates of the rounds: an endpoint changes its state, and all who watch it are told."""
    server.command("rules", "allow", "--operator", "everybody", f"domain:{SINK}")
    room = Person("room", server.address)
    room.register(**FOREVER)
    for start in range(0, watchers, 500):
        send("".join(f"<presence from='u{number}@{SINK}' to='room@{HERALD}' type='subscribe'/>"
                     for number in range(start, min(start + 500, watchers))).encode())
    # Each is told that he may, and then how the room is.
    sink.await_count(2 * watchers)
    rates = []
    for number in range(rounds):
        before, begun = settled(sink), time.monotonic()
        room.publish(("away", "available")[number % 2], f"round {number}")
        sink.await_count(before + watchers)
        rates.append(watchers / (time.monotonic() - begun))
    return statistics.median(rates), room


def settled(sink):
    """What the sink has when nothing more comes."""
    while True:
        before = sink.count
        time.sleep(0.2)
        if sink.count == before:
            return before


def relayed(stanzas, rounds):
    """The rate at which Prosody relays stanzas from a component to another."""
    components = "".join(f'Component "{name}"\n    component_secret = "{SECRET}"\n' for name in (HERALD, SINK))
    with Estate() as estate:
        prosody = estate.prosody(component=components, settings=f'component_ports = {{ {COMPONENT_PORT} }}\n'
                                 f'component_interfaces = {{ "{estate.address(2)}" }}\nlog = {{ error = "{estate.place}/prosody/prosody.log" }}\n')
        estate.start(prosody)
        source, sink = (component(prosody.address, name) for name in (HERALD, SINK))
        rates = []
        for _ in range(rounds):
            begun, count = time.monotonic(), 0
            threading.Thread(target=source.sendall, args=(b"".join(stanzas),), daemon=True).start()
            rest = b""
            while count < len(stanzas):
                octets = rest + sink.recv(1 << 18)
                count += octets.count(b"<presence ")
                rest = octets[-9:] if b"<presence " not in octets[-9:] else b""
            rates.append(len(stanzas) / (time.monotonic() - begun))
        return statistics.median(rates)


def component(address, name):
    """A connection of a component that has shown the secret."""
    # This door opens after the others.
    end = time.monotonic() + PATIENCE
    while not is_open((address, COMPONENT_PORT)):
        assert time.monotonic() < end, "Prosody takes no component"
        time.sleep(0.1)
    connection = socket.create_connection((address, COMPONENT_PORT), PATIENCE)
    connection.sendall(f"<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='{STREAMS}' to='{name}'>".encode())
    identity = until(connection, rb"<stream:stream[^>]*\bid='([^']*)'[^>]*>")[1].decode()
    connection.sendall(f"<handshake>{hashlib.sha1(f'{identity}{SECRET}'.encode()).hexdigest()}</handshake>".encode())
    until(connection, rb"<handshake\s*/>")
    return connection


def by_component(herald, watchers, rounds):
    """Through one component link; the rate, and what was sent."""
    with Estate() as estate:
        # Stands where Prosody does.
        sink = ComponentSink(estate.address(2), COMPONENT_PORT)

        class Front:
            address = estate.address(2)
        with Herald(herald, estate, "component", Front) as server:
            rate, room = measure(server, sink, sink.send, watchers, rounds)
            kept = re.findall(rb"<presence (?:(?!<presence ).)*?</presence>", sink.kept, re.DOTALL)
            room.close()
            return rate, kept


def by_server(herald, watchers, rounds):
    """Over one stream with TLS; and what a sink that stops reading costs, in MiB."""
    with Estate() as estate:
        estate.announce(SINK, estate.address(6))
        certificate = estate.authority.certify(SINK)
        sink = ServerSink(estate.address(6), SERVER_PORT, certificate)
        with Herald(herald, estate) as server, Peer(estate.address(4), SINK, HERALD, estate.authority.file) as peer:
            peer.open()
            peer.secure(certificate)
            peer.open()
            peer.authenticate(bidirectional=False)
            rate, room = measure(server, sink, peer.send, watchers, rounds)
            before = server.memory()
            sink.reads.clear()
            for number in range(100):
                room.publish(("away", "available")[number % 2], f"unread {number}")
            time.sleep(2)
            grown = server.memory() - before
            room.close()
            return rate, grown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", required=True, help="the program, built for release")
    parser.add_argument("--watchers", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    through, stanzas = by_component(arguments.herald, arguments.watchers, arguments.rounds)
    over, grown = by_server(arguments.herald, arguments.watchers, arguments.rounds)
    beside = relayed((stanzas * (1 + 20_000 // len(stanzas)))[:20_000], 5)
    print(f"Prosody relays       {beside:9.0f} stanzas/s")
    print(f"component link       {through:9.0f} stanzas/s, {through / beside:.2f} times as many")
    print(f"one stream with TLS  {over:9.0f} stanzas/s, {over / beside:.2f} times as many")
    print(f"a sink that stops reading: 100 changes for {arguments.watchers} watchers took {grown} MiB")


if __name__ == "__main__":
    main()
