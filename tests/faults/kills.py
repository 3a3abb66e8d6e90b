#!/usr/bin/env python3
"""`kill -9` at random moments while people work, while it starts, while it closes, while a backup runs.

After each restart all that was accepted is there: messages come once and in order, publications, contacts and decisions
stand, nobody is shown as offline who was registered, and the server says that it is well.

The seed is printed; the same seed chooses the same moments, though not the same turns of the threads.

Usage: kills.py --herald PROGRAM [--kills NUMBER] [--seed NUMBER]
covers: C-09
"""

import argparse
import contextlib
import json
import queue
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
from load import (PATIENCE, Callers, Collector, Letters, Pair, Phone, Publisher, Work, Worker,  # noqa: E402
                  package, session, single)
from peers import Server  # noqa: E402
from people import befriend  # noqa: E402

# A recipient that confirmed a message so long before a kill, in seconds, is not sent it again.
SETTLED = 2.0
# What is soft state, like registrations, is on the disk after so long, in seconds: written every 2 s, on a slow machine.
SOFT = 3.0
# Who was told nothing for so long, in seconds, was told all.
REST = 0.15
MODES = ("work", "work", "backup", "close", "start")


class Town:
    """Everybody, and what they know."""

    def __init__(self, server):
        self.server, self.letters, self.kills, self.repeats = server, Letters(), [], set()

        def workers(has_package, *names):
            return [Worker(name, server, has_package) for name in names]

        self.alice, self.bob, self.dora, self.eve, self.frank = workers(
            False, "alice", "bob", "dora", "eve", "frank")
        self.carl, self.cora, self.cyd = workers(True, "carl", "cora", "cyd")
        self.pia, self.wim, self.sam, self.tom, self.una = workers(False, "pia", "wim", "sam", "tom", "una")
        self.away = [self.eve, self.cyd]
        befriend(self.wim, self.pia)
        self.publisher, self.collector = Publisher(self.pia, self.wim), Collector(self.sam)
        self.pair, self.callers = Pair(self.tom, self.una), Callers(*(Phone(name, server) for name in ("north", "south")))
        # They do nothing but stay, and are asked nothing but that.
        self.residents = [Worker(f"resident {number}", server, number % 2) for number in range(8)]
        self.workers = [self.alice, self.bob, self.dora, self.eve, self.frank, self.carl, self.cora, self.cyd, self.pia,
                        self.wim, self.sam, self.tom, self.una]
        self.phones = [self.callers.caller, self.callers.callee]

    def work(self):
        letters = self.letters
        acts = [lambda: single(letters, self.alice, (self.bob, self.eve)),
                lambda: single(letters, self.dora, (self.bob, self.eve, self.alice)),
                lambda: session(letters, self.frank, (self.bob,)),
                lambda: package(letters, self.carl, (self.cora, self.cyd)),
                self.publisher.act, self.collector.act, self.pair.act, self.callers.act]
        return Work(acts, [*self.workers, *self.phones])

    def come_back(self):
        """All that may be asked of a server that has just started."""
        shown = presence(self.server)
        gone = [one.name for one in self.residents if shown.get(one.name) != "available"]
        assert not gone, f"shown wrongly after the restart: {[(name, shown.get(name)) for name in gone]}"
        for one in self.residents:
            one.answers = {}
            one.refresh()
        for one in (*self.workers, *self.phones):
            if one not in (self.sam, self.tom, self.una):
                one.come()
        self.publisher.check()
        self.collector.check(standing(self.sam))
        self.pair.check(standing(self.tom), standing(self.una))

    def take_delivery(self, patience=PATIENCE):
        """Everything that was accepted has come, in order; and comes no more."""
        end = time.monotonic() + patience
        while missing := self.missing():
            assert time.monotonic() < end, f"accepted, and never delivered: {missing[:5]} and {len(missing)} in all"
            time.sleep(0.02)
        inboxes = {one.name: one.texts.came + one.letters.came for one in self.workers}
        for (sender, recipient), line in self.letters.lines.items():
            texts = set(line)
            came = [(at, item[1]) for at, item in sorted(inboxes[recipient]) if item[1] in texts]
            first = [text for text in dict.fromkeys(text for _, text in came)
                     if self.letters.verdicts[text] == "accepted"]
            texts = set(first)
            assert first == [text for text in line if text in texts], f"{sender} to {recipient} out of order: {first}"
            self.look_for_repeats(came)
        refused = [text for text, verdict in self.letters.verdicts.items() if verdict.startswith("refused")]
        assert not refused, (refused[0], self.letters.verdicts[refused[0]])

    def missing(self):
        came = {item[1] for one in self.workers for _, item in one.texts.came + one.letters.came}
        return [text for text, verdict in self.letters.verdicts.items() if verdict == "accepted" and text not in came]

    def look_for_repeats(self, came):
        """A message comes again only where the server was killed before it can have noted that it was taken."""
        before = {}
        for at, text in came:
            if text in before:
                killed = [kill for kill in self.kills if before[text] <= kill < at]
                assert killed and killed[0] - before[text] < SETTLED, f"delivered twice: {text}, {before[text]}, {at}"
                self.repeats.add(text)
            before[text] = at

    def leave(self):
        for one in self.away:
            one.leave()


def presence(server):
    """Who is shown how, by name."""
    lines = server.run("presence", "--json").stdout.splitlines()
    return {one["presentity"].split("@")[0].replace("%20", " "): one["availability"] for one in map(json.loads, lines)}


def forget(somebody):
    with contextlib.suppress(queue.Empty):
        while True:
            somebody.told.get_nowait()


def standing(somebody):
    """The contact list that somebody is told after it has registered."""
    forget(somebody)
    somebody.come()
    mark, contacts = f"mark of {somebody.name} {time.monotonic()}", {}
    somebody.instruct("subscribe", mark)
    with contextlib.suppress(queue.Empty):
        while True:
            kind, value = somebody.told.get(timeout=REST if mark in contacts else PATIENCE)
            if kind not in ("notify", "authorize"):
                contacts[value["alias"][1]] = kind
    assert mark in contacts, contacts
    somebody.instruct("unsubscribe", mark)
    somebody.expect_contact("unsubscribe", mark)
    del contacts[mark]
    return {name: kind for name, kind in contacts.items() if kind not in ("unsubscribe", "unblock")}


def murder(town, chance, mode, least=0.02):
    """One kill in one way, after so many seconds of work or more; the server is dead afterwards."""
    server, backup = town.server, None
    with town.work() as work, tempfile.TemporaryDirectory() as place:
        time.sleep(max(least, chance.uniform(0.02, 0.6)))
        if mode == "backup":
            command = [server.herald, "--data", server.data, "backup", f"{place}/backup.db"]
            backup = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 0.06))
        work.stop_expecting()
        if mode == "close":
            server.process.send_signal(signal.SIGTERM)
            time.sleep(chance.uniform(0, 0.03))
        server.kill()
        if backup:
            backup.wait()
            judge_backup(server, Path(place))
    bury(town)
    assert not work.faults, work.faults
    if mode == "start":
        for _ in range(2):
            server.spawn()
            time.sleep(chance.uniform(0, 0.06))
            server.kill()
            bury(town)


def bury(town):
    """Waits until everybody has taken what the dead server said last."""
    time.sleep(REST)
    town.kills.append(time.monotonic())
    forget(town.wim)


def judge_backup(server, place):
    """A backup that has its name is whole; one that was interrupted has none."""
    if (place / "backup.db").exists():
        restored = subprocess.run([server.herald, "--data", place / "data", "restore", place / "backup.db"],
                                  capture_output=True, text=True)
        assert restored.returncode == 0, restored


def judge_health(server):
    status = json.loads(server.run("status", "--json").stdout)
    problems = [problem for problem in status["problems"] if "receive buffer" not in problem]
    assert not problems and status["store"]["state"] == "writing", status
    lost = [one for one in status["counters"] if one["name"] in ("engine.facts_lost", "engine.panics", "driver.panics")]
    assert len(lost) == 3 and not any(one["value"] for one in lost), lost


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    print(f"    --seed {arguments.seed}", flush=True)
    modes = [MODES[number % len(MODES)] for number in range(arguments.kills)]
    chance.shuffle(modes)
    with Server(arguments.herald, "--trust", "127.0.0.0/8") as server:
        town = Town(server)
        time.sleep(SOFT)
        for number, mode in enumerate(modes):
            town.leave()
            murder(town, chance, mode)
            server.start()
            town.come_back()
            town.take_delivery()
            judge_health(server)
            letters = town.letters
            print(f"    kill {number + 1} ({mode}): {letters.count('accepted')} messages accepted so far, "
                  f"{letters.count('unknown')} unknown, {town.publisher.accepted} states, "
                  f"{len(town.collector.contacts)} contacts", flush=True)
        judge_end(town)
        bites(town, chance)
    print(f"{arguments.kills} kills, and nothing that was accepted was lost; {len(town.repeats)} of "
          f"{len(town.letters.verdicts)} messages came twice, under way as the server was killed")


def judge_end(town):
    """Nobody stays in a call that is over, nobody who has gone stays, and the database is sound."""
    town.leave()
    expected = {one.name: "offline" if one in town.away else "available"
                for one in (*town.workers, *town.residents, *town.phones)}
    # What people say of themselves is shown instead.
    expected.pop(town.pia.name)
    end = time.monotonic() + 2 * PATIENCE
    while wrong := {name: shown for name, shown in presence(town.server).items() if expected.get(name, shown) != shown}:
        assert time.monotonic() < end, f"stuck: {wrong}"
        time.sleep(0.2)
    checked = town.server.run("check", "--database")
    assert checked.returncode == 0, checked


def bites(town, chance):
    """A database that has lost what was accepted is found out: one of some seconds ago is put in its place."""
    data = Path(town.server.data)
    town.server.run("backup", data / "older.db")
    murder(town, chance, "work", least=1.5)
    assert town.missing(), "nothing was accepted for those who are away"
    for part in ("-wal", "-shm"):
        (data / f"herald.db{part}").unlink()
    (data / "older.db").rename(data / "herald.db")
    town.server.start()
    for one in town.workers:
        one.come()
    try:
        town.take_delivery(patience=2)
    except AssertionError as fault:
        print(f"    with an older database: {fault}")
    else:
        raise AssertionError("the loss of messages was not found")


if __name__ == "__main__":
    main()
