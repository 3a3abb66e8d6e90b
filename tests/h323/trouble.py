#!/usr/bin/env python3
"""Trouble that nobody makes on purpose: a full disk, and recipients that are slow, dumb or dead.

Usage: trouble.py --herald PROGRAM [PLAY..]
"""

import resource
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from correspondent import ACCEPTED, FAILED, STORED, TEMPORARY, Correspondent  # noqa: E402
from people import FOREVER, befriend, person, run  # noqa: E402


def fill_disk(server):
    """No file grows any more."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def make_room(server):
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    end = time.monotonic() + 20
    while "writing," not in server.run("status").stdout:
        assert time.monotonic() < end, server.run("status").stdout
        time.sleep(0.05)


def full_disk(server):
    """What must be durable is refused, by the word of each way; presence goes on; room mends all."""
    alice, bob = person(server, "alice"), person(server, "bob")
    carol = Correspondent("carol", server.address)
    carol.register(**FOREVER)
    befriend(alice, bob)
    bob.publish("away", "before")
    alice.expect_state("bob", "away")
    assert alice.write("bob", "before") == 16
    bob.expect_text("alice", "before")
    fill_disk(server)
    refused = carol.post("bob", "over RAS")
    assert carol.expect_receipt(refused, ACCEPTED, STORED, FAILED)[1:] == (FAILED, TEMPORARY)
    cause = alice.write("bob", "single")
    assert cause not in (None, 16), cause
    for act in (lambda: bob.publish("available", "meanwhile"), lambda: bob.instruct("block", "alice"),
                lambda: alice.instruct("unsubscribe", "bob"), lambda: alice.instruct("subscribe", "carol")):
        answer = act()
        assert answer.get("result", ("none",))[0] in ("notAvailable", "failed"), answer
    session = alice.open("bob")
    session.text("in a session")
    sender, notice = alice.texts.get(timeout=20)
    assert sender == "bob" and "in a session" not in notice, notice
    session.close()
    bob.unregister()
    alice.expect_state("bob", "offline")
    bob.register(**FOREVER)
    alice.expect("notify", lambda value: value["presentity"]["state"][0] != "offline")
    print("    " + next(line for line in server.run("status").stdout.splitlines() if line.startswith("store")))
    assert bob.texts.empty(), list(bob.texts.queue)
    make_room(server)
    bob.publish("available", "after")
    alice.expect_state("bob", "available")
    assert alice.write("bob", "after") == 16
    bob.expect_text("alice", "after")
    letter = carol.post("bob", "over RAS again")
    carol.expect_receipt(letter, ACCEPTED)
    bob.expect_text("carol", "over RAS again")
    server.kill()
    server.start()
    for one in (bob, alice):
        one.register(**FOREVER)
    alice.expect_contact("subscribe", "bob")
    state = alice.expect_state("bob", "available")
    assert state["presentity"]["display"][0]["display"] == "after", state


def slow_peers(server):
    """Who takes the call and says nothing more gets the message when it behaves; the sender has been free all along."""
    alice, bob, carol = person(server, "alice"), person(server, "bob"), person(server, "carol")
    silence = threading.Event()
    for recipient in (bob, carol):
        assert alice.write(recipient.name, "hello") == 16
        recipient.expect_text("alice", "hello")

    def fall_silent(at, call):
        if at == stage:
            silence.wait(60)
            raise EOFError

    bob.at_stage = carol.at_stage = fall_silent
    for stage in ("setup", "proceeding", "alerting"):
        begun = time.monotonic()
        silent = (bob, carol) if stage == "alerting" else (bob,)
        for recipient in silent:
            assert alice.write(recipient.name, f"silent from {stage}") == 16
        # Others are reached meanwhile, and the same by its own calls.
        assert bob.write("alice", "I am here") == 16
        alice.expect_text("bob", "I am here")
        # The server itself gives a silent recipient ten seconds and more.
        assert time.monotonic() - begun < 9, "a silent recipient held up its sender"
        # Bob comes back as a new process would; carol hangs up, and is called again after five seconds.
        silence.set()
        bob.at_stage = carol.at_stage = lambda stage, call: None
        bob.register(**FOREVER)
        for recipient in silent:
            recipient.expect_text("alice", f"silent from {stage}")
        print(f"    silent from {stage}: {time.monotonic() - begun:.1f} s")
        silence.clear()
        bob.at_stage = carol.at_stage = fall_silent


def dead_peers(server):
    """Who is gone without a word, and whose port is closed, gets what was written when it comes back."""
    alice, bob = person(server, "alice"), person(server, "bob")
    assert alice.write("bob", "hello") == 16
    bob.expect_text("alice", "hello")
    bob.hang_up()
    assert alice.write("bob", "to a closed port") == 16
    again = person(server, "bob")
    again.expect_text("alice", "to a closed port")
    assert bob.texts.empty()


PLAYS = [full_disk, slow_peers, dead_peers]

if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("all came through")
