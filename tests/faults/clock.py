#!/usr/bin/env python3
"""The civil clock jumps: a day forward, an hour back, at work and over a kill.

Nobody goes offline by it, nothing is delivered twice or lost, and registrations live on for as long as their endpoints
are heard. libfaketime shifts the civil clock of the server alone; the clock that counts from the start goes on.

Usage: clock.py --herald PROGRAM [PLAY..]
"""

import glob
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
from correspondent import ACCEPTED, STORED  # noqa: E402
from load import Worker  # noqa: E402
from peers import Room, Server, Watch  # noqa: E402
from people import befriend, run  # noqa: E402

PATIENCE = 30
HOUR = 3600
STEPS = (24 * HOUR, 23 * HOUR, -HOUR, 0)
# The shortest time to live: who is heard that often must stay, whatever the civil clock says.
SHORT = 10
# Within that, in seconds, one whose time to live has passed is probed in vain and declared offline.
PROBED = 13


class Clock:
    """The civil clock of the server."""

    def __init__(self, place):
        libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        assert libraries, "libfaketime is missing, so no clock can be set: install the Debian package libfaketime"
        self.file = Path(place) / "clock"
        self.step(0)
        self.environment = {"LD_PRELOAD": libraries[0], "FAKETIME_TIMESTAMP_FILE": str(self.file),
                            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def step(self, seconds):
        """From here on the clock is so many seconds ahead of the right time."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.rename(self.file)


def shown(server):
    """Who is shown how and since when."""
    lines = server.run("presence", "--json").stdout.splitlines()
    return {one["presentity"].split("@")[0]: (one["availability"], one["since"]) for one in map(json.loads, lines)}


def steps(herald):
    """At work. What is said after a step bears its time, so that the step is known to have reached the server."""
    with tempfile.TemporaryDirectory() as place:
        clock = Clock(place)
        with Server(herald, "--trust", "127.0.0.0/8", environment=clock.environment) as server:
            town = Town(server)
            with Watch(server) as watch:
                for step in STEPS:
                    clock.step(step)
                    town.live(f"{step / HOUR:+.0f} h")
                    assert_time(shown(server)["bob"][1], step)
                    if step == STEPS[0]:
                        town.live_on(PROBED)
                town.end()
                gone = [one for one in list(watch.documents.queue) if one.get("availability") in ("offline", "unknown")
                        and not one["presentity"].startswith("away@")]
                assert not gone, gone


def over_a_kill(herald):
    """The server is killed at one time, and its state is taken back at another."""
    with tempfile.TemporaryDirectory() as place:
        clock = Clock(place)
        with Server(herald, "--trust", "127.0.0.0/8", environment=clock.environment) as server:
            town = Town(server)
            # Soft state is on the disk after that.
            town.live_on(3)
            for step in STEPS:
                # What was delivered a moment before a kill comes again.
                town.live_on(1)
                server.kill()
                clock.step(step)
                server.start()
                wrong = {name: how for name, (how, _) in shown(server).items()
                         if how in ("offline", "unknown") and name != "away"}
                assert not wrong, (step, wrong)
                town.live(f"killed, {step / HOUR:+.0f} h")
            town.end()


def assert_time(moment, step):
    there = time.mktime(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert abs(there - step - time.time()) < 60, (moment, step)


class Town:
    """People who see and write to each other; one has gone, with messages that wait for it."""

    def __init__(self, server):
        self.server = server
        self.alice, self.bob, self.away = (Worker(name, server, False) for name in ("alice", "bob", "away"))
        self.carl, self.cora = (Worker(name, server, True) for name in ("carl", "cora"))
        befriend(self.alice, self.bob)
        self.away.leave()
        self.waiting, self.letters = [], []
        # Two that are heard by keep-alives alone, and one that says nothing for the ten minutes that it may.
        self.rooms = [Room(f"room{number}", server.address) for number in range(2)]
        self.silent = Room("silent", server.address)
        for room in (*self.rooms, self.silent):
            room.register(timeToLive=SHORT if room in self.rooms else 600)
        self.keep_alive()

    def keep_alive(self):
        for room in self.rooms:
            room.ask("registrationRequest", "registrationConfirm", protocolIdentifier=(0, 0, 8, 2250, 0, 4),
                     discoveryComplete=True, callSignalAddress=[room.address()], rasAddress=[room.address()],
                     terminalType={"mc": False, "undefinedNode": False},
                     endpointVendor={"vendor": {"t35CountryCode": 181, "t35Extension": 0, "manufacturerCode": 1}},
                     keepAlive=True, willSupplyUUIEs=True, maintainConnection=False, timeToLive=SHORT,
                     endpointIdentifier=room.identifier)

    def live(self, when):
        """Everything works, and nothing comes a second time."""
        alice, bob, carl, cora = self.alice, self.bob, self.carl, self.cora
        self.keep_alive()
        for one in (alice, bob, carl, cora):
            one.refresh()
        self.waiting.append(f"waits, {when}")
        assert alice.write("away", self.waiting[-1]) == 16
        bob.publish("away" if len(self.waiting) % 2 else "available", when)
        alice.expect("notify", lambda value: any(note["display"] == when
                                                 for note in value["presentity"].get("display", [])))
        assert alice.write("bob", when) == 16
        await_texts(bob.texts, when)
        # The repeat of what was delivered before the step is answered and does not come.
        for identity, text in self.letters:
            carl.post("cora", text, identity)
            carl.expect_receipt(identity, ACCEPTED, STORED)
        identity = carl.post("cora", when)
        carl.expect_receipt(identity, ACCEPTED, STORED)
        await_texts(cora.letters, when)
        self.letters = [(identity, when)]

    def live_on(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.keep_alive()
            threading.Event().wait(1)

    def end(self):
        self.away.come()
        await_texts(self.away.texts, *self.waiting)
        for somebody in (self.away, self.bob, self.cora):
            came = [item[1] for _, item in somebody.texts.came + somebody.letters.came]
            assert len(came) == len(set(came)), came
        assert [item[1] for _, item in self.away.texts.came] == self.waiting, self.away.texts.came


def await_texts(inbox, *texts):
    end = time.monotonic() + PATIENCE
    while not set(texts) <= (came := {item[1] for _, item in inbox.came}):
        assert time.monotonic() < end, (texts, came)
        time.sleep(0.02)


PLAYS = [steps, over_a_kill]

if __name__ == "__main__":
    run(PLAYS, __doc__, serve=False)
    print("nobody noticed")
