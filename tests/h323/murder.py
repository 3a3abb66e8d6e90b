#!/usr/bin/env python3
"""`kill -9` within a millisecond of each acceptance, at every stage: what was accepted is there after the restart.

Accepted is: a single message, Release Complete with cause 16; a text of a session, anything on that call after it; a
message of the package, its receipt 1 or 5; anything of presence, its SCR. What was not may be lost, but by both sides.

Usage: murder.py --herald PROGRAM [PLAY..]
"""

import contextlib
import itertools
import queue
import random
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from correspondent import ACCEPTED, STORED, Correspondent  # noqa: E402
from peers import (CONNECT, PRESENCE_FEATURE, RELEASE_COMPLETE, STATUS, STATUS_ENQUIRY,  # noqa: E402
                   assert_supports, descriptor, element, named, supported)
from people import FOREVER, person, run  # noqa: E402

PATIENCE = 20
# Who was told nothing for so long, in seconds, was told all.
REST = 0.15
SEED = 20


def restart(server, *people):
    """Starts the server that was killed, and everybody registers with it again."""
    server.kill()
    server.start()
    for somebody in people:
        somebody.register(**FOREVER)


def submit(sender, alias, text):
    """A single message up to its release, so that nothing happens between the release and what follows."""
    call = sender.call_for_messages(alias)
    assert call.wait_for_alerting(), call.cause
    call.text(text)
    call.wait_for_release()
    assert call.cause == 16, call.cause


def expect_in_order(recipient, texts):
    """Each came at least once, and for the first time in this order."""
    got, end = [], time.monotonic() + PATIENCE
    while not set(texts) <= set(got):
        assert time.monotonic() < end, f"accepted: {texts}; delivered: {got}"
        if recipient.texts.empty():
            time.sleep(0.005)
        else:
            got.append(recipient.texts.get()[1])
    assert [text for text in dict.fromkeys(got) if text in texts] == texts, got


def letters(server):
    """Killed after the release: the recipient is away, about to be called, or anywhere in a delivery."""
    alice, bob = person(server, "alice"), person(server, "bob")
    for stage in ("away", "released", "setup", "proceeding", "alerting", "text") * 3:
        texts = [f"{stage} {time.monotonic()} {number}" for number in range(2)]
        reached, murdered = threading.Event(), threading.Event()

        def stop(at, call):
            """The delivery stays where it is until the server is dead."""
            if at == stage:
                reached.set()
                murdered.wait(PATIENCE)
                raise EOFError

        bob.at_stage = stop
        if stage == "away":
            bob.unregister()
        submit(alice, "bob", texts[0])
        if stage not in ("away", "released"):
            assert reached.wait(PATIENCE), stage
        submit(alice, "bob", texts[1])
        server.kill()
        murdered.set()
        bob.at_stage = lambda stage, call: None
        restart(server, alice, bob)
        expect_in_order(bob, texts)


def session(server):
    """Killed after anything came on a session behind its texts: a Status, or the release after the close."""
    alice, bob = person(server, "alice"), person(server, "bob")
    for count, expected in itertools.product((1, 2, 20, 1, 5), (STATUS, RELEASE_COMPLETE)):
        call = alice.call_for_messages("bob")
        assert call.wait_for_alerting(), call.cause
        call.facility({4: ("bool", True)})
        call.receive(CONNECT)
        texts = [f"text {number} of {count}, {time.monotonic()}" for number in range(count)]
        for text in texts:
            call.text(text)
        if expected == STATUS:
            call.send_q931(STATUS_ENQUIRY, b"")
        else:
            call.facility({4: ("bool", False)})
        while call.receive_any()[0] != expected:
            pass
        server.kill()
        restart(server, alice, bob)
        expect_in_order(bob, texts)


def receipts(server):
    """Killed by whoever reads the receipt. The message comes, and its repeat is answered and does not come again."""
    alice, bob = (acquaint(server, name) for name in ("alice", "bob"))
    for number, expected in enumerate((ACCEPTED, STORED) * 3):
        if expected == STORED:
            bob.unregister()
        bob.is_busy, told = True, threading.Event()

        def murder(receipt):
            if receipt[1] == expected:
                server.process.kill()
                told.set()

        alice.at_receipt = murder
        identity = alice.post("bob", f"letter {number}")
        assert told.wait(PATIENCE), (number, list(alice.receipts.queue))
        alice.at_receipt, bob.is_busy = lambda receipt: None, False
        restart(server, alice, bob)
        while bob.letters.get(timeout=PATIENCE) != (identity, f"letter {number}"):
            pass
    # Nothing is under way any more once a letter after all of them came.
    alice.post("bob", f"letter {number}", identity)
    alice.expect_receipt(identity, ACCEPTED, STORED)
    last = alice.post("bob", "the last")
    while True:
        got, _ = bob.letters.get(timeout=PATIENCE)
        if got == last:
            break
        assert got != identity, "a repeat was delivered"


def acquaint(server, name):
    somebody = Correspondent(name, server.address)
    assert_supports(somebody.discover(featureSet=supported(PRESENCE_FEATURE)), PRESENCE_FEATURE)
    somebody.register(**FOREVER)
    return somebody


def standing(somebody, mark):
    """The whole contact list, and the requests that are open, as they are told after a registration."""
    somebody.register(**FOREVER)
    somebody.instruct("subscribe", mark)
    contacts, requests = {}, []
    with contextlib.suppress(queue.Empty):
        while True:
            # Requests are told after contacts.
            kind, value = somebody.told.get(timeout=REST if mark in contacts else PATIENCE)
            if kind == "authorize":
                requests += [one["aliases"][0]["alias"][1] for one in value["subscription"]]
            elif kind != "notify":
                contacts[value["alias"][1]] = kind
    somebody.instruct("unsubscribe", mark)
    somebody.expect_contact("unsubscribe", mark)
    del contacts[mark]
    return {name: kind for name, kind in contacts.items() if kind not in ("unsubscribe", "unblock")}, requests


def forget(somebody):
    while not somebody.told.empty():
        somebody.told.get()


def both_stand(server, alice, bob, mark):
    """How alice and bob stand with each other after the murder."""
    server.kill()
    server.start()
    for somebody in (alice, bob):
        forget(somebody)
    return standing(alice, f"{mark} a"), standing(bob, f"{mark} b")


def presence(server):
    """Killed after the SCR to each thing that a person can do."""
    alice, bob = person(server, "alice"), person(server, "bob")
    for turn in range(2):
        alice.instruct("subscribe", "bob")
        (asking, _), (asked, requests) = both_stand(server, alice, bob, f"subscribe {turn}")
        assert asking == {"bob": "pending"} and asked == {"alice": "pending"} and requests == ["alice"], (asking, asked)
        forget(bob)
        bob.register(**FOREVER)
        bob.decide(bob.expect("authorize"), True)
        stand = both_stand(server, alice, bob, f"approve {turn}")
        assert stand == (({"bob": "subscribe"}, []), ({"alice": "subscribe"}, [])), stand
        bob.publish("away", f"since {turn}")
        server.kill()
        forget(alice)
        restart(server, bob, alice)
        state = alice.expect_state("bob", "away")
        assert state["presentity"]["display"][0]["display"] == f"since {turn}", state
        if turn:
            bob.instruct("block", "alice")
            stand = both_stand(server, alice, bob, "block")
            assert stand == (({}, []), ({"alice": "block"}, [])), stand
            bob.instruct("unblock", "alice")
        else:
            alice.instruct("unsubscribe", "bob")
        stand = both_stand(server, alice, bob, f"end {turn}")
        assert stand == (({}, []), ({}, [])), stand


def halves(server):
    """Killed while a subscription or its approval is on its way: both sides know of it, or neither."""
    chance = random.Random(SEED)
    bob = person(server, "bob")
    for number in range(6):
        alice = person(server, f"alice {number}")
        delay = chance.uniform(0, 0.004)
        if number % 2:
            alice.instruct("subscribe", "bob")
            asked = bob.expect("authorize", lambda value: asks(value, alice.name))["subscription"][-1]
            words = ("presenceAuthorize", {"alias": named("bob"), "subscription": [
                {"identifier": asked["identifier"], "subscribe": asked["subscribe"], "aliases": asked["aliases"],
                 "approved": True}]})
        else:
            words = ("presenceInstruct", {"alias": named(alice.name),
                                          "instruction": [("subscribe", {"alias": named("bob")})]})
        speaker = bob if number % 2 else alice
        speaker.send("serviceControlIndication", {
            "requestSeqNum": 60000 + number, "serviceControl": [],
            "genericData": [descriptor(PRESENCE_FEATURE, element(words))]})
        time.sleep(delay)
        (hers, _), (his, requests) = both_stand(server, alice, bob, f"half {number}")
        print(f"    killed after {delay * 1000:.1f} ms: {hers.get('bob')}")
        assert hers.get("bob") == his.get(alice.name), (hers, his)
        assert (alice.name in requests) == (hers.get("bob") == "pending"), (hers, requests)


def asks(value, name):
    return value["subscription"][-1]["aliases"][0]["alias"][1] == name


PLAYS = [letters, session, receipts, presence, halves]

if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("nothing that was accepted was lost")
