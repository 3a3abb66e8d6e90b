#!/usr/bin/env python3
"""Attacks on the running server, from an address of their own, while two neighbours see and write to each other.

Garbage by datagram and by connection, connections that say nothing or go on for ever, forged calls, floods, releases at
every moment. Afterwards the server answers, has counted, has not panicked and not grown; the neighbours hardly noticed.

Usage: attack.py --herald PROGRAM [PLAY..]
"""

import contextlib
import os
import random
import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from correspondent import FROM, MESSAGE_ID, TEXT, TO, WANTS, Correspondent, package, recipients  # noqa: E402
from neighbours import Neighbours  # noqa: E402
from peers import (ALERTING, CALL_PROCEEDING, CONNECT, PRESENCE_FEATURE, STATUS_ENQUIRY, Call,  # noqa: E402
                   Person, descriptor, element, named)
from people import FOREVER, person, run  # noqa: E402

SEED = 8
ATTACKER = "127.0.0.2"
RATE = ("--trust", "127.0.0.0/8")


def mutated(chance, octets):
    """Valid octets with some of them changed, cut off, doubled or put in."""
    octets = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        place, kind = chance.randrange(len(octets)), chance.randrange(5)
        if kind == 0:
            octets[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            octets[place] = chance.choice((0, 0x7F, 0x80, 0xC1, 0xFF))
        elif kind == 2 and len(octets) > 1:
            del octets[max(place, 1):]
        elif kind == 3:
            octets[place:place] = octets[place:place + chance.randint(1, 40)]
        else:
            octets[place:place] = chance.randbytes(chance.randint(1, 4))
    return bytes(octets)


def indications():
    """Presence messages of every kind that an endpoint sends."""
    contact = {"alias": named("carol"), "display": {"language": "en-US", "display": "Carol"}, "avatar": "x.png"}
    notification = {"presentity": {"state": ("away", 0), "display": [{"language": "de", "display": "fort"}],
                                   "supportedFeatures": [("audio", 0)], "geolocation": {"locale": "here"}}}
    subscription = {"identifier": {"guid": bytes(16)}, "subscribe": named("mallory"), "aliases": [contact],
                    "approved": True}
    alias = named("mallory")
    return [
        ("presenceStatus", {"alias": [alias], "notification": [notification]}),
        ("presenceInstruct", {"alias": alias, "instruction": [("subscribe", contact), ("unsubscribe", contact)]}),
        ("presenceAuthorize", {"alias": alias, "subscription": [subscription]}),
        ("presenceNotify", {"alias": alias, "notification": [notification] * 3}),
        ("presenceRequest", {"subscription": [subscription]}),
        ("presenceResponse", {"subscription": [subscription]}),
        ("presenceAlive", {"identifier": [{"guid": bytes(16), "remove": True}]}),
        ("presenceRemove", {"identifier": [{"guid": bytes(16)}] * 5}),
        ("presenceAlert", {"notification": [notification]}),
    ]


def garbage(server):
    """Indications changed at random, as a whole and in the element alone, from an endpoint that is registered."""
    chance = random.Random(SEED)
    mallory = Correspondent("mallory", server.address, ATTACKER)
    mallory.register(**FOREVER)
    messages = indications()
    letter = package({MESSAGE_ID: ("raw", bytes(16)), FROM: ("alias", named("mallory")), TO: recipients(named("carol")),
                      TEXT: ("raw", b"Hello"), WANTS: ("number8", 7)})

    def indication(number, octets):
        data = letter if number % 10 == 1 else descriptor(PRESENCE_FEATURE, octets)
        return mallory.encode("serviceControlIndication", {
            "requestSeqNum": 1000 + number % 60000, "serviceControl": [], "genericData": [data]})

    with Neighbours(server) as neighbours:
        for number in range(1500):
            octets = element(chance.choice(messages))
            is_whole = number % 2
            octets = indication(number, octets if is_whole else mutated(chance, octets))
            mallory.socket.sendto(mutated(chance, octets) if is_whole else octets, server.address)
        for number in range(10):
            forged = ("presenceNotify", {**messages[3][1], "alias": named("carol")})
            mallory.socket.sendto(indication(2000 + 10 * number, element(forged)), server.address)
        mallory.publish("available")
    neighbours.expect_counted("ras.malformed", "presence.malformed", "presence.forged", "presence.refused")


def garbage_calls(server):
    """Messages of an IM call changed at random, one connection each."""
    chance = random.Random(SEED)
    mallory, bob = person(server, "mallory", host=ATTACKER), person(server, "bob")
    # A Setup that lost its mark is that of an ordinary call.
    bob.unregister()
    with Neighbours(server) as neighbours:
        for number in range(150):
            with contextlib.suppress(OSError, EOFError, AssertionError, KeyError, IndexError):
                identifier = os.urandom(16)
                mallory.admit(identifier, "bob", answering=False)
                call = Mutant(mallory, mallory.connect_to_server(), identifier)
                call.connection.settimeout(0.05)
                call.chance = chance if number % 2 else None
                mallory.set_up("bob", identifier, call)
                call.chance = chance
                for _ in range(4):
                    call.text("Hello")
                call.receive_any()
            call.connection.close()
        mallory.publish("available")
    neighbours.expect_counted("signalling.malformed")
    bob.register(**FOREVER)
    assert bob.write("carol", "still here") == 16


class Mutant(Call):
    """A call whose messages are changed at random."""

    chance = None

    def send_packet(self, packet):
        super().send_packet(packet if self.chance is None else mutated(self.chance, packet))


def connections(server):
    """Connections that say nothing, half of something, too much, or that never read."""
    mallory = person(server, "mallory", host=ATTACKER)
    with Neighbours(server) as neighbours:
        silent = []
        for _ in range(300):
            silent.append(mallory.connect_to_server())
        silent[0].sendall(b"\x03")
        silent[1].sendall(b"\x03\x00\xff")
        silent[2].sendall(b"\x03\x00\xff\xff\x08\x02")
        for octets in (b"\x03\x00\x00\x03", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 5000, b"\xff" * 5000):
            silent.pop(10).sendall(octets)
        for connection in silent:
            connection.close()
        # One large packet, an octet at a time.
        drip = mallory.connect_to_server()
        drip.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError):
            for octet in b"\x03\x00\xff\xff" + b"\x08\x02\x00\x01\x05" + bytes(65526):
                drip.send(bytes([octet]))
        never_reads(server, mallory)
    neighbours.expect_counted("signalling.malformed", "driver.stuck")


def never_reads(server, mallory):
    """Asks for Status as fast as it can and reads no answer; the connection is given up."""
    call = session(mallory, "dave")
    call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    question = b"\x08\x02" + struct.pack(">HB", call.reference, STATUS_ENQUIRY)
    question = (b"\x03\x00" + struct.pack(">H", len(question) + 4) + question) * 1000
    call.connection.settimeout(5)
    offset, end = 0, time.monotonic() + 60
    while time.monotonic() < end:
        try:
            offset = (offset + call.connection.send(question[offset:])) % len(question)
        except TimeoutError:
            # A busy machine; what was sent so far stands.
            continue
        except OSError:
            return
    raise AssertionError("the server kept on answering")


def impostors(server):
    """Calls with another's identifiers; what they interfere with goes on."""
    mallory, alice, bob = person(server, "mallory", host=ATTACKER), person(server, "alice"), person(server, "bob")
    with Neighbours(server) as neighbours:
        here = alice.open("bob")
        here.text("begin")
        bob.expect_text("alice", "begin")
        admitted = os.urandom(16)
        alice.admit(admitted, "bob", answering=False)
        for number in range(30):
            # The call under way, one that was admitted and not begun; in alice's name also one of nobody.
            liar = mallory if number % 2 else Liar(mallory, alice)
            identifiers = (here.identifier, admitted) + (() if liar is mallory else (os.urandom(16),))
            identifier = identifiers[number // 2 % len(identifiers)]
            call = liar.set_up("bob", identifier)
            with contextlib.suppress(EOFError, ConnectionError):
                assert not call.wait_for_alerting(), "a forged call was answered"
            with contextlib.suppress(OSError):
                call.text("forged")
        here.text("end")
        bob.expect_text("alice", "end")
        call = alice.set_up("bob", admitted)
        assert call.wait_for_alerting(), call.cause
        call.text("mine")
        call.wait_for_release()
        bob.expect_text("alice", "mine")
        here.close()
    neighbours.expect_counted("signalling.strangers")
    assert bob.texts.empty()


class Liar:
    """Mallory, who says that it is alice."""

    def __init__(self, mallory, alice):
        self.name, self.identifier = alice.name, alice.identifier
        self.connect_to_server = mallory.connect_to_server

    set_up = Person.set_up


def session(somebody, alias):
    call = somebody.call_for_messages(alias)
    assert call.wait_for_alerting(), call.cause
    call.facility({4: ("bool", True)})
    call.receive(CONNECT)
    return call


def flood(server):
    """A pasted page arrives whole. Twenty thousand texts as fast as they go are refused with a cause, in order so far."""
    mallory, bob = person(server, "mallory", host=ATTACKER), person(server, "bob")
    with Neighbours(server) as neighbours:
        call = session(mallory, "bob")
        for number in range(600):
            call.text(f"{number}")
        page = [int(bob.texts.get(timeout=20)[1]) for _ in range(600)]
        assert page == [*range(600)], page
        call.facility({4: ("bool", False)})
        call.wait_for_release()
        call, sent = session(mallory, "bob"), 600
        with contextlib.suppress(OSError):
            while sent < 20_000:
                call.text(f"{sent}")
                sent += 1
        call.wait_for_release()
        print(f"    {sent - 600} were sent before the call was released for cause {call.cause}")
        # Cause 42: switching equipment congestion.
        assert call.cause == 42, call.cause
        call = session(mallory, "bob")
        call.text("-1")
        got = []
        while got[-1:] != [-1]:
            got.append(int(bob.texts.get(timeout=20)[1]))
    assert got == [*range(600, 600 + len(got) - 1), -1], got
    neighbours.expect_counted("messages.texts_accepted")


def releases(server):
    """Released by either side, with any cause, at every moment of a call."""
    mallory, alice = person(server, "mallory", host=ATTACKER), person(server, "alice")
    stages = [lambda call: None, lambda call: call.receive(CALL_PROCEEDING), lambda call: call.receive(ALERTING),
              lambda call: call.facility({4: ("bool", True)}), lambda call: call.receive(CONNECT),
              lambda call: call.text("in passing"), lambda call: call.facility({4: ("bool", False)})]
    with Neighbours(server):
        for count in range(len(stages) + 1):
            for is_repeated in (False, True):
                call = mallory.call_for_messages("alice")
                for stage in stages[:count]:
                    stage(call)
                with contextlib.suppress(OSError):
                    release(call, 16 + count)
                    if is_repeated:
                        release(call, 16)
                        call.text("after the end")
                call.connection.close()
        # The connection alone is cut.
        mallory.call_for_messages("alice").connection.close()
        for stage in ("setup", "proceeding", "alerting", "text"):
            for cause in (16, 17, 41, 127):
                refuse(alice, mallory, stage, cause)
    assert alice.write("carol", "still here") == 16


def refuse(alice, mallory, stage, cause):
    reached = threading.Event()

    def stop(at, call):
        if at == stage:
            call.identifier = call.identifier or bytes(16)
            release(call, cause)
            reached.set()
            raise EOFError

    mallory.at_stage = stop
    call = alice.call_for_messages("mallory")
    # One who was found to take no messages is refused them from then on.
    if call.wait_for_alerting():
        call.text(f"{stage} {cause}")
        call.wait_for_release()
        reached.wait(0.2)


def release(call, cause):
    call.send(0x5A, "releaseComplete", {"protocolIdentifier": (0, 0, 8, 2250, 0, 4),
                                        "callIdentifier": {"guid": call.identifier}},
              elements=b"\x08\x02\x80" + bytes([0x80 | cause]))


PLAYS = [garbage, garbage_calls, connections, impostors, flood, releases]

if __name__ == "__main__":
    run(PLAYS, __doc__, *RATE)
    print("the neighbours hardly noticed")
