#!/usr/bin/env python3
"""People whose every octet comes from another codec, on the real server: presence and messages on the deployed protocol.

Usage: people.py --herald PROGRAM [PLAY..]
covers: D-01, D-04, D-05, D-06, A-3.2.2, A-5.1.5, A-5.1.7, A-5.4.1, A-5.4.2, C-09, E-26, S01, K-6
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import PRESENCE_FEATURE, Person, Room, Server, assert_supports, named, supported  # noqa: E402

FOREVER = {"timeToLive": 600}


def person(server, name, host="127.0.0.1", **more):
    somebody = Person(name, server.address, host)
    assert_supports(somebody.discover(featureSet=supported(PRESENCE_FEATURE)), PRESENCE_FEATURE)
    somebody.register(**{**FOREVER, **more})
    return somebody


def befriend(watcher, presentity):
    """Subscribes and approves; gives back the request that was approved."""
    watcher.instruct("subscribe", presentity.name)
    watcher.expect_contact("pending", presentity.name)
    presentity.expect_contact("pending", watcher.name)
    request = presentity.expect("authorize")
    presentity.decide(request, True)
    for one, other in ((watcher, presentity), (presentity, watcher)):
        one.expect_contact("subscribe", other.name)
    return request["subscription"][0]["identifier"]["guid"]


def acquaintance(server):
    """S01: subscribe, approve, publish, block; both directions at once; what hidden and unregistered look like."""
    alice, bob = person(server, "alice"), person(server, "bob")
    befriend(alice, bob)
    alice.expect_state("bob", "online")
    bob.expect_state("alice", "online")
    bob.publish("away", "Déjeuner")
    notification = alice.expect_state("bob", "away")
    assert notification["presentity"]["display"][0]["display"] == "Déjeuner", notification
    alice.publish("available")
    bob.expect_state("alice", "available")
    # A keep-alive may carry a state, and presence survives it.
    bob.refresh()
    bob.publish("hidden", "not here")
    notification = alice.expect_state("bob", "offline")
    assert set(notification["presentity"]) == {"state"}, notification
    bob.publish("available")
    alice.expect_state("bob", "available")
    # Whom alice names in capitals is bob, and is shown to her as she wrote him.
    alice.instruct("subscribe", "BOB")
    alice.expect_contact("subscribe", "BOB")
    alice.instruct("subscribe", "bob")
    alice.expect_contact("subscribe", "bob")
    bob.unregister()
    alice.expect_state("bob", "offline")
    bob.register(**FOREVER)
    bob.expect_contact("subscribe", "alice")
    bob.expect_state("alice", "available")
    alice.expect_state("bob", "online")
    bob.instruct("block", "alice")
    bob.expect_contact("block", "alice")
    alice.expect_contact("unsubscribe", "bob")
    bob.publish("notAvailable", "go away")
    bob.instruct("unblock", "alice")
    bob.expect_contact("unblock", "alice")
    befriend(alice, bob)
    alice.expect_state("bob", "notAvailable")
    alice.instruct("unsubscribe", "bob")
    alice.expect_contact("unsubscribe", "bob")
    bob.expect_contact("unsubscribe", "alice")


def denial(server):
    """S01, negative: a denied watcher is told and never sees a state."""
    alice, bob = person(server, "alice"), person(server, "bob")
    alice.instruct("subscribe", "bob")
    bob.decide(bob.expect("authorize"), False)
    alice.expect_contact("unsubscribe", "bob")
    bob.publish("available", "secret")
    alice.instruct("subscribe", "nobody")
    alice.expect_contact("pending", "nobody")
    told = list(alice.told.queue)
    assert not any(kind == "notify" for kind, _ in told), told


def latecomer(server):
    """A request waits for someone who registers for the first time, over a kill -9, and is asked of him once."""
    alice = person(server, "alice")
    alice.instruct("subscribe", "bob", display={"language": "en-US", "display": "Alice from Accounting"})
    alice.expect_contact("pending", "bob")
    server.kill()
    server.start()
    alice.register(**FOREVER)
    alice.expect_contact("pending", "bob")
    bob = person(server, "bob", terminalAlias=[named("bob"), named("4711")])
    request = bob.expect("authorize")
    contact = request["subscription"][0]["aliases"][0]
    assert contact["display"]["display"] == "Alice from Accounting", contact
    bob.decide(request, True)
    alice.expect_contact("subscribe", "bob")
    alice.expect_state("bob", "online")


def endurance(server):
    """What was confirmed is there after a kill -9: who watches whom, and what was published."""
    alice, bob = person(server, "alice"), person(server, "bob")
    guid = befriend(alice, bob)
    bob.publish("voiceMail", "Grüße")
    server.kill()
    server.start()
    for one in (bob, alice):
        one.register(**FOREVER)
    alice.expect_contact("subscribe", "bob")
    notification = alice.expect_state("bob", "voiceMail")
    assert notification["presentity"]["display"][0]["display"] == "Grüße", notification
    told = list(bob.told.queue)
    assert not any(kind == "authorize" for kind, _ in told), "nobody is asked twice"
    assert len(guid) == 16


def forgery(server):
    """Nobody decides, publishes or changes a list in the place of another, and only what was asked can be answered."""
    alice, bob, mallory = person(server, "alice"), person(server, "bob"), person(server, "mallory")
    alice.instruct("subscribe", "bob")
    alice.expect_contact("pending", "bob")
    request = bob.expect("authorize")
    asked = request["subscription"][0]
    invented = {**request, "subscription": [{**asked, "identifier": {"guid": bytes(range(16))}}]}
    for decider, what, decisions in ((mallory, request, (True, False)), (bob, invented, (True, False)),
                                     # Alice may take back what she asked for, and no more.
                                     (alice, request, (True,))):
        for approved in decisions:
            assert decider.decide(what, approved)["result"] == ("failed", 0)
    assert alice.told.empty(), list(alice.told.queue)
    assert "result" not in bob.decide(request, True)
    alice.expect_contact("subscribe", "bob")
    alice.expect_state("bob", "online")
    # With the aliases of others mallory speaks for herself.
    bob_is_away = {"aliasAddress": named("bob"), "presentity": {"state": ("away", 0)}}
    mallory.indicate(("presenceNotify", {"alias": named("bob"), "notification": [bob_is_away]}))
    mallory.indicate(("presenceInstruct", {
        "alias": named("alice"), "instruction": [("unsubscribe", {"alias": named("bob")})]}))
    bob.publish("voiceMail")
    kind, told = alice.told.get(timeout=10)
    assert kind == "notify" and told["presentity"]["state"][0] == "voiceMail", (kind, told)
    counted = server.run("status", "--counters").stdout
    for count, name in ((5, "refused"), (3, "forged")):
        assert re.search(rf"^ *{count}  presence\.{name} ", counted, re.MULTILINE), counted


def plain_room(server):
    """An endpoint without the feature is watched without asking, and is told nothing of presence."""
    alice, room = person(server, "alice"), Room("room 4", server.address)
    assert "featureSet" not in room.discover()
    assert "featureSet" not in room.register(**FOREVER)
    alice.instruct("subscribe", "room 4")
    alice.expect_contact("subscribe", "room 4")
    alice.expect_state("room 4", "online")
    room.unregister()
    alice.expect_state("room 4", "offline")
    room.socket.settimeout(0.5)
    try:
        raise AssertionError(f"the room was sent {room.receive()}")
    except TimeoutError:
        pass


def letters(server):
    """Single messages: delivered, refused by an endpoint that takes none, and by nobody at all."""
    alice, bob, room = person(server, "alice"), person(server, "bob"), Room("room 4", server.address)
    room.register(**FOREVER)
    for text in ("Hello Bob, how are you?", "Grüße – 你好", "lines\r\nand lines", "x" * 8100):
        assert alice.write("bob", text) == 16
        bob.expect_text("alice", text)
        assert bob.write("alice", f"re: {text[:20]}") == 16
        alice.expect_text("bob", f"re: {text[:20]}")
    refused = alice.write("room 4", "are you there?")
    assert refused not in (None, 16), refused
    alice.admit(bytes(range(16)), "nobody", answering=False, expected="admissionReject")
    assert bob.texts.empty() and alice.texts.empty()


def conversation(server):
    """S01: a session with ten lines each way, then its end, at both."""
    alice, bob = person(server, "alice"), person(server, "bob")
    here = alice.open("bob")
    here.text("line 0")
    bob.expect_text("alice", "line 0")
    peer, there = bob.sessions.get(timeout=10)
    assert peer == "alice"
    for number in range(1, 11):
        here.text(f"line {number}")
        bob.expect_text("alice", f"line {number}")
        there.text(f"answer {number}")
        alice.expect_text("bob", f"answer {number}")
    for number in range(50):
        here.text(f"burst {number}")
    for number in range(50):
        bob.expect_text("alice", f"burst {number}")
    here.close()
    assert there.closed.wait(10), "bob's session goes on"


def absence(server):
    """What is written to someone away is there when he comes back: in order, once, also over a kill -9."""
    alice, bob = person(server, "alice"), person(server, "bob")
    bob.unregister()
    for number in range(5):
        assert alice.write("bob", f"while you were out {number}") == 16
    server.kill()
    server.start()
    alice.register(**FOREVER)
    assert alice.write("bob", "while you were out 5") == 16
    bob.register(**FOREVER)
    for number in range(6):
        bob.expect_text("alice", f"while you were out {number}")
    time.sleep(1)
    bob.unregister()
    bob.register(**FOREVER)
    time.sleep(1)
    assert bob.texts.empty(), "a message came twice"


def operate(server, *arguments):
    done = server.run("group", *arguments)
    assert done.returncode == 0, done.stderr


def board(server):
    """A group of three: what one writes the others get from the group, once, also over a kill -9; nobody else writes."""
    people = alice, bob, carol = [person(server, name) for name in ("alice", "bob", "carol")]
    mallory = person(server, "mallory")
    operate(server, "add", "board", "--conversation", "yes")
    operate(server, "join", "board", *(one.name for one in people))
    looped = server.run("group", "join", "board", "board")
    assert looped.returncode != 0 and "would be a member of itself" in looped.stderr, looped
    for author in people:
        assert author.write("board", f"I am {author.name}") == 16
        for other in people:
            if other is not author:
                other.expect_text("board", f"{author.name}: I am {author.name}")
    # Who answers where it came from answers to the group, in a session too.
    here = bob.open("board")
    here.text("Shall we?")
    for other in (alice, carol):
        other.expect_text("board", "bob: Shall we?")
    here.close()
    carol.unregister()
    for number in range(3):
        assert alice.write("board", f"point {number}") == 16
        bob.expect_text("board", f"alice: point {number}")
    # An endpoint without the package knows no repetition: that bob has all must be on the disk before the kill. What is
    # confirmed later is written later.
    end = time.monotonic() + 10
    while json.loads(server.run("inbox", "show", "bob", "--json").stdout)["waiting"]:
        assert time.monotonic() < end, "bob's messages wait still"
    operate(server, "rename", "board", "The board")
    server.kill()
    server.start()
    for one in people:
        one.register(**FOREVER)
    for number in range(3):
        carol.expect_text("board", f"alice: point {number}")
    mallory.register(**FOREVER)
    mallory.admit(bytes(range(16)), "board", answering=False, expected="admissionReject")
    operate(server, "leave", "board", "carol")
    assert alice.write("board", "without carol") == 16
    bob.expect_text("board", "alice: without carol")
    carol.admit(bytes(range(16)), "board", answering=False, expected="admissionReject")
    time.sleep(1)
    assert all(one.texts.empty() for one in (*people, mallory)), "somebody got what was not for him, or twice"


PLAYS = [acquaintance, denial, latecomer, endurance, forgery, plain_room, letters, conversation, absence, board]


def run(plays, description, *options, serve=True):
    """Acts out the plays that the command line names, or all; each on a server of its own, or with the program."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("plays", nargs="*", help="only these")
    arguments = parser.parse_args()
    for play in plays:
        if arguments.plays and play.__name__ not in arguments.plays:
            continue
        begun = time.monotonic()
        if serve:
            with Server(arguments.herald, *options) as server:
                play(server)
        else:
            play(arguments.herald)
        print(f"  {play.__name__}: {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("people saw and wrote to each other")
