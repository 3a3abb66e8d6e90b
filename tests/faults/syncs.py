#!/usr/bin/env python3
"""Of everything that the server accepts, under strace: the disk had it before the word of acceptance left.

For each acceptance on the wire: after the request was received, the octets that were accepted were written to the
database's log, after that a sync of that file began, and it returned 0 before the call began that sent the acceptance.

Usage: syncs.py --herald PROGRAM [PLAY..]
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
import syscalls  # noqa: E402
from correspondent import ACCEPTED, STORED, Correspondent  # noqa: E402
from peers import CONNECT, PRESENCE_FEATURE, STATUS, STATUS_ENQUIRY, Call, named, supported  # noqa: E402
from people import FOREVER, run  # noqa: E402

RECEIVING, SENDING = ("recvmsg", "recvmmsg", "recvfrom", "read"), ("sendmsg", "sendmmsg", "sendto", "write", "writev")
SYNCS = ("fsync", "fdatasync")
DATABASE = ("/herald.db", "/herald.db-wal")
# Of each kind, by each of the actors that act at the same time.
COUNT = 8


class Broken(AssertionError):
    """Something was accepted before the disk had it, or nobody can tell."""


class Accepted:
    """What was accepted: the octets of the request and of the answer, and what of it must be on the disk."""

    def __init__(self, what, request, answer, content, port=None):
        self.what, self.request, self.answer, self.content, self.port = what, request, answer, content, port

    def check(self, events):
        """Raises `Broken` where the log does not show that the disk had it first."""
        received, answered = self.way(events)
        after = [one for one in events if received.ended < one.begun and one.ended < answered.begun]
        written = [one for one in after
                   if one.name == "pwrite64" and one.path.endswith(DATABASE) and one.carries(self.content)]
        if not written:
            raise Broken(f"{self.what}: {self.content!r} was not written before it was accepted")
        for one in after:
            if one.name in SYNCS and one.path == written[0].path and one.result == 0 and one.begun > written[0].ended:
                return
        raise Broken(f"{self.what}: accepted, and no sync of {written[0].path} lay between writing and accepting it")

    def way(self, events):
        """The call that received the request, and the one that sent the acceptance."""
        received = self.first(events, "its request was not seen coming", RECEIVING, self.request)
        return received, self.first(events, "its acceptance was not seen leaving", SENDING, self.answer, received)

    def first(self, events, fault, names, octets, before=None):
        """The first call that carries these octets; after one `before` on the same socket, where that is said."""
        for one in events:
            is_next = before is None or one.begun > before.ended and one.path == before.path
            if is_next and one.name in names and one.result > 0 and one.carries(octets, self.port):
                return one
        raise Broken(f"{self.what}: {fault}")


class Witness(Correspondent):
    """Keeps the octets of all it says and hears over RAS, and notes what was accepted."""

    def __init__(self, name, server, accepted):
        self.said, self.heard, self.accepted = {}, {}, accepted
        super().__init__(name, server)

    def encode(self, kind, value):
        octets = Correspondent.encode(kind, value)
        self.said[value["requestSeqNum"]] = octets
        return octets

    def decode(self, octets):
        kind, value = super().decode(octets)
        if not kind.endswith(("Indication", "Request")):
            self.heard[value["requestSeqNum"]] = octets
        self.latest = octets
        return kind, value

    def note(self, what, number, content, answer=None):
        answer, port = answer or self.heard[number], self.socket.getsockname()[1]
        self.accepted.append(Accepted(what, self.said[number], answer, content.encode(), port))

    def act(self, what, content, answer):
        """Notes an SCI that was answered without a `result`."""
        assert "result" not in answer, (what, answer)
        self.note(what, answer["requestSeqNum"], content)


class Tapped(Call):
    """Keeps the packets of a call in both directions."""

    said, heard = (), b""

    def send_packet(self, packet):
        self.said = [*self.said, packet]
        super().send_packet(packet)

    def exactly(self, length):
        octets = super().exactly(length)
        # A packet begins with its four octets of TPKT.
        self.heard = octets if length == 4 else self.heard + octets
        return octets


def call(somebody, alias):
    identifier = os.urandom(16)
    somebody.admit(identifier, alias, answering=False)
    tapped = somebody.set_up(alias, identifier, Tapped(somebody, somebody.connect_to_server(), identifier))
    assert tapped.wait_for_alerting(), tapped.cause
    return tapped


def registers_and_says(server, accepted, name):
    """A name, what a person says of itself, a contact, a block, a decision."""
    somebody, other = (Witness(f"{name}{place}", server.address, accepted) for place in ("watched", "watching"))
    for one in (somebody, other):
        one.discover(featureSet=supported(PRESENCE_FEATURE))
        answer = one.register(**FOREVER)
        one.note("registration", answer["requestSeqNum"], one.name)
    for number in range(COUNT):
        text = f"{name} says {number}"
        somebody.act("publication", text, somebody.publish("away", text))
        target = f"{name}target{number}"
        somebody.act("subscription", target, somebody.instruct("subscribe", target))
        somebody.act("block", f"{target}b", somebody.instruct("block", f"{target}b"))
    other.act("subscription", somebody.name, other.instruct("subscribe", somebody.name))
    somebody.act("decision", other.name, somebody.decide(somebody.expect("authorize"), True))


def writes_singly(server, accepted, name):
    """Single messages, to somebody who is there and to somebody who is away."""
    sender, present, away = (Witness(f"{name}{place}", server.address, accepted) for place in ("from", "here", "away"))
    for one in (sender, present, away):
        one.register(**FOREVER)
    away.unregister()
    for number in range(COUNT):
        text, recipient = f"{name} letter {number}", (present, away)[number % 2]
        single = call(sender, recipient.name)
        single.text(text)
        single.wait_for_release()
        assert single.cause == 16, single.cause
        accepted.append(Accepted("single message", single.said[-1], single.heard, text.encode()))
        sender.disengage(single.identifier)


def talks(server, accepted, name):
    """Texts of a session; the next word on that call accepts them."""
    sender, recipient = (Witness(f"{name}{place}", server.address, accepted) for place in ("from", "to"))
    for one in (sender, recipient):
        one.register(**FOREVER)
    session = call(sender, recipient.name)
    session.facility({4: ("bool", True)})
    session.receive(CONNECT)
    for number in range(COUNT):
        texts = [f"{name} line {number}.{place}" for place in range(3)]
        for text in texts:
            session.text(text)
        said = session.said[-3:]
        session.send_q931(STATUS_ENQUIRY, b"")
        while session.receive_any()[0] != STATUS:
            pass
        for text, packet in zip(texts, said):
            accepted.append(Accepted("text of a session", packet, session.heard, text.encode()))


def posts(server, accepted, name):
    """Messages of the package, to somebody who is there and to somebody who is away; a receipt accepts them."""
    sender, present, away = (Witness(f"{name}{place}", server.address, accepted) for place in ("from", "here", "away"))
    for one in (sender, present, away):
        one.register(**FOREVER)
    away.unregister()
    for number in range(COUNT):
        heard = {}
        sender.at_receipt = lambda receipt: heard.setdefault(receipt[:2], sender.latest)
        text, recipient = f"{name} note {number}", (present, away)[number % 2]
        identity = sender.post(recipient.name, text)
        sent = next(number for number, octets in reversed(sender.said.items()) if identity in octets)
        kind = sender.expect_receipt(identity, ACCEPTED, STORED)[1]
        sender.note("message of the package", sent, text, heard[identity, kind])


def operates(server, accepted, name):
    """Messages of the operator."""
    recipient = Witness(f"{name}to", server.address, accepted)
    recipient.register(**FOREVER)
    for number in range(COUNT):
        text = f"{name} word {number}"
        sent = server.run("send", recipient.name, text)
        assert sent.returncode == 0 and "accepted" in sent.stdout, sent
        accepted.append(Accepted("message of the operator", text.encode(), b'"accepted"', text.encode()))


def acceptances(server):
    """All kinds at the same time, so that commits are shared; then the same log with faults put into it."""
    accepted, faults = [], []

    def act(actor, name):
        try:
            actor(server, accepted, name)
        except BaseException as fault:
            faults.append(fault)

    with syscalls.octets(server.process.pid) as lines:
        actors = (registers_and_says, writes_singly, talks, posts, operates)
        threads = [threading.Thread(target=act, args=(actor, f"{actor.__name__[:3]}{number}"))
                   for actor in actors for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not faults, faults
    events = syscalls.parse(lines)
    counts = {}
    for one in accepted:
        one.check(events)
        counts[one.what] = counts.get(one.what, 0) + 1
    syncs = sum(one.name in SYNCS and one.path.endswith(DATABASE) for one in events)
    print(f"    {len(accepted)} acceptances, {syncs} syncs: " +
          ", ".join(f"{count} {what}" for what, count in counts.items()))
    bites(events, accepted)


def bites(events, accepted):
    """The check finds every acceptance when syncs are taken out, fail, come too late, or are of another file."""
    def doctored(change, names=SYNCS):
        return [changed for one in events for changed in (change(one) if one.name in names else [one])]

    logs = {"without syncs": doctored(lambda one: []),
            "syncs fail": doctored(lambda one: [replace(one, result=-1)]),
            "syncs of another file": doctored(lambda one: [replace(one, path="/herald.lock")]),
            "nothing written": doctored(lambda one: [], ("pwrite64",))}
    for fault, log in logs.items():
        missed = [one.what for one in accepted if not is_broken(one, log)]
        assert not missed, f"{fault}: not found {missed}"
    for one in accepted:
        received, answered = one.way(events)
        # The syncs that the acceptance had to wait for end when it is on its way already.
        late = doctored(lambda sync: [replace(sync, ended=max(sync.ended, answered.begun + 0.5))]
                        if received.ended < sync.ended < answered.begun else [sync])
        assert is_broken(one, late), f"a sync that ends too late was not found: {one.what}"
    print(f"    {len(logs) + 1} faults put into the log, each found in all acceptances")


def is_broken(one, log):
    try:
        one.check(log)
    except Broken:
        return True
    return False


# A server of one table that answers each datagram when it has committed it.
SMALL_SERVER = """
import socket, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute(f"PRAGMA synchronous = {sys.argv[2]}")
database.execute("CREATE TABLE messages (text BLOB)")
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    octets, peer = server.recvfrom(1000)
    database.execute("INSERT INTO messages VALUES (?)", [octets])
    server.sendto(b"accepted " + octets, peer)
"""


def other_server(_):
    """The check passes a small server that syncs each commit, and finds the same one with its sync switched off."""
    for synchronous, expected in (("FULL", False), ("NORMAL", True), ("OFF", True)):
        with tempfile.TemporaryDirectory() as place:
            command = [sys.executable, "-c", SMALL_SERVER, f"{place}/herald.db", synchronous]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
                try:
                    broken = ask(server)
                finally:
                    server.kill()
        print(f"    synchronous = {synchronous}: {sum(broken)} of {len(broken)} acceptances broken")
        assert broken == [expected] * len(broken), (synchronous, broken)


def ask(server):
    """Which of some datagrams the small server answered before the disk had them."""
    address, accepted = ("127.0.0.1", int(server.stdout.readline())), []
    with syscalls.octets(server.pid) as lines, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        for number in range(10):
            request = f"datagram {number}".encode()
            client.sendto(request, address)
            accepted.append(Accepted("datagram", request, client.recv(1000), request))
    events = syscalls.parse(lines)
    return [is_broken(one, events) for one in accepted]


PLAYS = [acceptances, other_server]

if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("everything was on the disk before it was accepted")
