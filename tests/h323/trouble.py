#!/usr/bin/env python3
"""Trouble that nobody makes on purpose: recipients that are slow, dumb or dead.

Usage: trouble.py --herald PROGRAM [PLAY..]
"""

import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from people import FOREVER, person, run  # noqa: E402


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


PLAYS = [slow_peers, dead_peers]

if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("all came through")
