#!/usr/bin/env python3
"""Floods on the running server with its limits in force, while a well-behaved endpoint keeps its registration alive.

The attackers are processes of their own with addresses of their own. Nothing of the others is lost, the server does not
grow, and `herald status` says who was limited and why. How long keep-alives and messages took is printed, not claimed.

Usage: flood.py --herald PROGRAM [PLAY..]
covers: F-09
"""

import contextlib
import json
import multiprocessing
import os
import random
import socket
import statistics
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from people import FOREVER, person, run  # noqa: E402
from peers import (PRESENCE_FEATURE, VERSION, Room, descriptor, element, named, supported, terminal,  # noqa: E402
                   vendor)

SEED = 9
ATTACKER = "127.60.1.9"
WITNESS, ALICE, BOB = "127.60.2.1", "127.60.2.2", "127.60.2.3"
# How long a flood lasts, and how often the witness says that it is there, in seconds.
LENGTH, PACE = 4.0, 0.025
# After so many seconds a keep-alive is repeated, as endpoints do, and so often in all.
PATIENCE, REPEATS = 3.0, 5
# The first six bits of a registrationConfirm.
CONFIRM = 4
# The most memory of the server, in MiB.
MEMORY_MAX = 200


class Witness:
    """A registered endpoint whose keep-alives are written before and timed one by one."""

    def __init__(self, server):
        self.room = Room("witness", server.address, WITNESS)
        self.room.register(**FOREVER)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((WITNESS, 0))
        self.socket.settimeout(PATIENCE)
        self.repeated = 0
        self.server = server.address
        self.times = []

    def keep_alives(self, count):
        """They come from another port than the registration, which the endpoint's identifier allows."""
        for _ in range(count):
            self.room.number += 1
            yield self.room.encode("registrationRequest", {
                "requestSeqNum": self.room.number, "protocolIdentifier": VERSION, "discoveryComplete": True,
                "callSignalAddress": [self.room.call_signal_address()], "rasAddress": [self.room.address()],
                "terminalType": terminal(), "endpointVendor": vendor(), "keepAlive": True, "willSupplyUUIEs": True,
                "maintainConnection": False, "endpointIdentifier": self.room.identifier})

    def keep_alive(self, octets):
        begun = time.monotonic()
        for _ in range(REPEATS):
            self.socket.sendto(octets, self.server)
            with contextlib.suppress(TimeoutError):
                kind = self.socket.recv(2048)[0] >> 2
                assert kind == CONFIRM, f"a keep-alive was answered with message {kind}"
                return self.times.append(time.monotonic() - begun)
            self.repeated += 1
        raise AssertionError("a keep-alive was never answered")


def quantiles(times):
    times = sorted(times)
    at = [statistics.median(times), times[len(times) * 99 // 100], times[-1]]
    return ", ".join(f"{name} {value * 1000:.1f} ms" for name, value in zip(("p50", "p99", "max"), at))


@contextlib.contextmanager
def under(server, attack, *arguments):
    """The block is what else happens while `attack` goes on in a process of its own."""
    process = multiprocessing.get_context("fork").Process(target=attack, args=(server.address, *arguments), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def endure(server, attack, limits, length=LENGTH):
    """Lives on under an attack; then the server names the attacker for one of each of these limits."""
    witness = Witness(server)
    alice, bob = person(server, "alice", ALICE), person(server, "bob", BOB)
    requests = list(witness.keep_alives(int(length / PACE)))
    written, began = [], time.monotonic()
    with under(server, attack, began + length):
        for number, request in enumerate(requests):
            witness.keep_alive(request)
            if number % 10 == 0:
                begun = time.monotonic()
                assert alice.write("bob", f"number {number}") == 16, "a message was refused"
                bob.expect_text("alice", f"number {number}")
                written.append(time.monotonic() - begun)
            time.sleep(max(0, began + number * PACE - time.monotonic()))
        memory = server.memory()
    status = json.loads(server.run("status", "--json").stdout)
    print(f"    keep-alives: {quantiles(witness.times)} of {len(witness.times)}, {witness.repeated} repeated; messages: {quantiles(written)}; "
          f"{memory} MiB")
    for one in status["limited"]:
        print(f"    {one['source']}: {one['refused']} of {one['limit']} refused")
    assert memory < MEMORY_MAX, f"{memory} MiB"
    found = {one["limit"] for one in status["limited"] if one["source"] == ATTACKER}
    assert set(limits) <= found, f"{limits} of {ATTACKER} are not named: {status['limited']}"
    innocent = [one for one in status["limited"] if one["source"].startswith("127.60.2.")]
    assert not innocent, innocent
    if limits:
        assert f"limited    {ATTACKER}: " in server.run("status").stdout
    counters = {counter["name"]: counter["value"] for counter in status["counters"]}
    assert counters["ras.endpoints_lost"] == 0, "somebody counts as lost"
    return counters


def source(address=ATTACKER):
    sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sending.bind((address, 0))
    return sending


def send_all(to, until, datagrams):
    sending = source()
    while time.monotonic() < until:
        for number, octets in enumerate(datagrams):
            with contextlib.suppress(OSError):
                sending.sendto(octets, to)
            # What is lost because the system's buffer is full is another story: no program can help that.
            if number % 10 == 0:
                time.sleep(0.001)


def garbage(server):
    """Random octets, some thousands a second."""
    chance = random.Random(SEED)
    datagrams = [chance.randbytes(chance.randint(1, 600)) for _ in range(500)]
    counters = endure(server, lambda to, until: send_all(to, until, datagrams), ["datagrams"])
    assert counters["ras.rate_limited"] > 1000


def invented(server):
    """Datagrams from thousands of addresses that never were: nobody is pushed out, and nobody else refused."""
    garbage = [random.Random(SEED).randbytes(200)]

    def attack(to, until):
        number = 0
        while time.monotonic() < until:
            number += 1
            with source(f"127.60.{16 + number // 250 % 200}.{1 + number % 250}") as sending:
                sending.sendto(garbage[0], to)

    endure(server, attack, [])


def aliases(server):
    """New names, five with each registration, for one endpoint after the other."""
    mallory = Room("mallory", server.address, ATTACKER)
    requests = []
    for number in range(600):
        # Each takes calls at a port of its own, or it would be the same endpoint.
        address = ("ipAddress", {"ip": socket.inet_aton(ATTACKER), "port": 2000 + number})
        requests.append(mallory.encode("registrationRequest", {
            "requestSeqNum": 1 + number, "protocolIdentifier": VERSION, "discoveryComplete": True,
            "callSignalAddress": [address], "rasAddress": [address], "terminalType": terminal(),
            "endpointVendor": vendor(), "keepAlive": False, "willSupplyUUIEs": True, "maintainConnection": False,
            "terminalAlias": [named(f"flood {number} {name}") for name in range(5)]}))

    def attack(to, until):
        sending, number = source(), 0
        while time.monotonic() < until:
            sending.sendto(requests[number % len(requests)], to)
            number += 1
            # At first as many as may come at once, then as many as come through.
            time.sleep(0.001 if number < 180 else 0.02)

    counters = endure(server, attack, ["new aliases"])
    assert counters["limits.new_names"] > 10
    assert counters["ras.registered"] < 250, counters["ras.registered"]


def half_open(server):
    """Connections that begin a packet and never end it, or say nothing."""
    def attack(to, until):
        held = []
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                connection = socket.socket()
                connection.settimeout(1)
                connection.bind((ATTACKER, 0))
                connection.connect((to[0], to[1] + 1))
                if len(held) % 2:
                    connection.sendall(b"\x03\x00\xff\xff\x08\x02")
                held.append(connection)
                if len(held) > 700:
                    held.pop(0).close()
            time.sleep(0.001)

    counters = endure(server, attack, ["connections without a Setup"])
    assert counters["signalling.connections_refused"] > 100


def subscriptions(server):
    """Wishes to watch thousands of people."""
    mallory = person(server, "mallory", ATTACKER)
    requests = []
    for number in range(80):
        wishes = [("subscribe", {"alias": named(f"c{number} {name}")}) for name in range(100)]
        message = ("presenceInstruct", {"alias": named("mallory"), "instruction": wishes})
        requests.append(mallory.encode("serviceControlIndication", {
            "requestSeqNum": 20_000 + number, "serviceControl": [],
            "genericData": [descriptor(PRESENCE_FEATURE, element(message))]}))

    def attack(_, until):
        # The socket of the registration: that is whose wishes they are.
        for octets in requests:
            mallory.socket.sendto(octets, server.address)
            time.sleep(0.01)
        time.sleep(max(0, until - time.monotonic()))

    counters = endure(server, attack, ["contact changes"])
    assert counters["limits.contact_changes"] > 10


def silence(server):
    """One that asks for much and confirms nothing is left alone after two indications."""
    mallory = Room("mallory", server.address, ATTACKER)
    mallory.register(featureSet=supported(PRESENCE_FEATURE), **FOREVER)
    wishes = [("subscribe", {"alias": named(f"c {name}")}) for name in range(100)]
    octets = mallory.encode("serviceControlIndication", {
        "requestSeqNum": 20_000, "serviceControl": [], "genericData": [
            descriptor(PRESENCE_FEATURE, element(("presenceInstruct",
                                                  {"alias": named("mallory"), "instruction": wishes})))]})

    def attack(to, until):
        mallory.socket.sendto(octets, to)
        # Its keep-alives show that it reads; so it is sent more than the one indication that anybody is.
        while time.monotonic() < until:
            mallory.number += 1
            mallory.send("registrationRequest", {
                "requestSeqNum": mallory.number, "protocolIdentifier": VERSION, "discoveryComplete": True,
                "callSignalAddress": [mallory.call_signal_address()], "rasAddress": [mallory.address()],
                "terminalType": terminal(), "endpointVendor": vendor(), "keepAlive": True, "willSupplyUUIEs": True,
                "maintainConnection": False, "endpointIdentifier": mallory.identifier,
                "featureSet": supported(PRESENCE_FEATURE)})
            time.sleep(1)

    counters = endure(server, attack, ["unconfirmed indications"], length=14)
    assert counters["presence.silenced"] > 0


PLAYS = [garbage, invented, aliases, half_open, subscriptions, silence]

if __name__ == "__main__":
    assert os.name == "posix"
    run(PLAYS, __doc__)
    print("nobody else was refused, and the operator is told who was")
