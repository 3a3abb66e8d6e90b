#!/usr/bin/env python3
"""Files that somebody or something has damaged: found, named with the way out, and never served as if they were right.

The printed way out is gone: `herald restore` brings back what the backup has, and keeps the damaged files.

Usage: damage.py --herald PROGRAM [--seed NUMBER]
"""

import argparse
import contextlib
import json
import random
import shutil
import signal
import sqlite3
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
from load import Worker  # noqa: E402
from peers import Server  # noqa: E402

PATIENCE = 30
FILES = {"database": "herald.db", "log": "herald.db-wal", "memory": "herald.db-shm"}
PAGE, LETTERS = 4096, 40


class Estate:
    """A server with content, the files that a kill left of it, and a backup of a moment before."""

    def __init__(self, herald):
        self.server = Server(herald, "--trust", "127.0.0.0/8")
        self.data = Path(self.server.data)
        self.backup = self.data.parent / f"{self.data.name}.backup.db"
        self.server.start()
        self.alice, self.bob = (Worker(name, self.server, False) for name in ("alice", "bob"))
        self.bob.leave()
        self.write(0, LETTERS)
        made = self.server.run("backup", str(self.backup))
        assert made.returncode == 0, made
        self.write(LETTERS, 2 * LETTERS)
        self.server.kill()
        self.files = {name: (self.data / name).read_bytes() for name in FILES.values()}

    def write(self, first, last):
        for number in range(first, last):
            assert self.alice.write("bob", f"letter {number:02}") == 16

    def put(self, **changed):
        """Lays out the files as they were, some of them changed, or missing where they are None."""
        for what, name in FILES.items():
            content = changed.get(what, self.files[name])
            (self.data / name).unlink(missing_ok=True)
            if content is not None:
                (self.data / name).write_bytes(content)

    def waiting(self):
        """How many messages wait in the database as it lies there."""
        with sqlite3.connect(self.data / "herald.db") as database:
            return database.execute("SELECT count(*) FROM messages WHERE settled_at IS NULL").fetchone()[0]

    def start(self):
        """Whether the server starts; where it does not, it has named the file and the way out."""
        self.server.log.truncate(0)
        self.server.spawn()
        end = time.monotonic() + PATIENCE
        while self.server.process.poll() is None and self.server.run("status").returncode != 0:
            assert time.monotonic() < end, "neither started nor ended"
            time.sleep(0.02)
        if self.server.process.poll() is None:
            return True
        said = self.server.said().splitlines()[-1]
        assert self.server.process.returncode == 1, (self.server.process.returncode, said)
        assert str(self.data / "herald.db") in said and "herald restore" in said, said
        assert "panic" not in self.server.said(), self.server.said()
        return False

    def stop(self):
        self.server.process.send_signal(signal.SIGTERM)
        self.server.process.wait(PATIENCE)

    def said(self):
        return self.server.said().splitlines()[-1].split(" is damaged ")[1].split(";")[0]


def log(estate, chance):
    """The write-ahead log, one octet at each of many places: found, or nothing is missing."""
    content, counts = estate.files["herald.db-wal"], {"found": 0, "harmless": 0}
    places = [0, 9, 17, 25, *(chance.randrange(len(content)) for _ in range(20))]
    for place in places:
        estate.put(log=flipped(content, place))
        judge(estate, counts, f"octet {place} of the log")
    # One that is gone or empty can't be told from one that was copied into the database.
    for length in (100, len(content) // 2, len(content) - 1):
        estate.put(log=content[:length])
        judge(estate, counts, f"a log of {length} octets")
    print(f"    the log: {counts}")
    assert counts["found"] > len(places) // 2, counts


def judge(estate, counts, what):
    """Either it was found, or all is there."""
    if estate.start():
        estate.stop()
        assert estate.waiting() == 2 * LETTERS, f"{what}: served, with {estate.waiting()} of {2 * LETTERS} messages"
        counts["harmless"] += 1
    else:
        counts["found"] += 1


def flipped(content, place, octets=1):
    changed = bytes(octet ^ 0x55 for octet in content[place:place + octets])
    return content[:place] + changed + content[place + octets:]


def pages(estate, chance):
    """The head of each page of the database, and files that are shortened, emptied or another program's."""
    estate.put()
    assert estate.start()
    estate.stop()
    content = (estate.data / "herald.db").read_bytes()
    alone = {"log": None, "memory": None}
    named = set()
    for number in range(len(content) // PAGE):
        estate.put(database=flipped(content, number * PAGE + (100 if number == 0 else 0), 8), **alone)
        assert not estate.start(), f"page {number + 1} is damaged, and served"
        named.add(estate.said().split(":")[0])
    print(f"    {len(content) // PAGE} pages, named as {', '.join(sorted(named)[:4])}, …")
    assert any("table messages" in name for name in named), named
    for what, damaged in {"half of it": content[:len(content) // 2], "cut in a page": content[:-100], "nothing": b"",
                          "its first page": content[:PAGE], "a text": b"Dear Sir or Madam,\n" * 1000,
                          "zeros": bytes(len(content))}.items():
        estate.put(database=damaged, **alone)
        assert not estate.start(), f"served: {what}"
        print(f"    {what}: {estate.said()}")
    estate.put(database=None, memory=None)
    assert not estate.start(), "a log without a database was taken for a new one"


def without_backup(estate, _):
    """The way out of the book where there is no backup: SQLite takes what comes before the damage of the log."""
    content = estate.files["herald.db-wal"]
    estate.put(log=flipped(content, len(content) // 2))
    assert not estate.start()
    with contextlib.closing(sqlite3.connect(estate.data / "herald.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert estate.start()
    estate.stop()
    print(f"    {estate.waiting()} of {2 * LETTERS} messages come before the damage")
    assert 0 < estate.waiting() < 2 * LETTERS


def foreign(estate, _):
    """A sound database of another program is not touched."""
    estate.put(database=None, log=None, memory=None)
    with sqlite3.connect(estate.data / "herald.db") as database:
        database.execute("CREATE TABLE recipes (title TEXT)")
    before = (estate.data / "herald.db").read_bytes()
    status, said = estate.server.refuse_to_start()
    print(f"    {said.splitlines()[-1]}")
    assert status == 1 and "not a database of Herald" in said.splitlines()[-1], said
    assert (estate.data / "herald.db").read_bytes() == before


def under_way(estate, chance):
    """Pages that are damaged under the running server: found by the check, no backup is made, and the way out works."""
    estate.put()
    assert estate.start()
    with sqlite3.connect(estate.data / "herald.db") as database:
        roots = [root for root, in database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'messages'")]
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (estate.data / "herald.db").read_bytes()
    (estate.data / "herald.db").open("r+b").write(flipped(content, (roots[0] - 1) * PAGE, 8))
    checked = estate.server.run("check", "--database")
    assert checked.returncode == 1 and "table messages" in checked.stderr and "herald restore" in checked.stderr, checked
    problems = json.loads(estate.server.run("status", "--json").stdout)["problems"]
    assert any("is damaged" in one and "herald restore" in one for one in problems), problems
    made = estate.server.run("backup", str(estate.data / "worthless.db"))
    assert made.returncode == 1 and "is damaged" in made.stderr, made
    assert not (estate.data / "worthless.db").exists()
    refused = estate.server.run("restore", str(estate.backup))
    assert refused.returncode == 1 and "in use" in refused.stderr, refused
    estate.stop()
    way_out(estate)


def way_out(estate):
    """What the text says: `herald restore`. What the backup has is there, and the damaged files are kept."""
    damaged = estate.backup.with_suffix(".damaged")
    damaged.write_bytes(flipped(estate.backup.read_bytes(), 3 * PAGE, 8))
    refused = estate.server.run("restore", str(damaged))
    assert refused.returncode == 1 and "is damaged" in refused.stderr, refused
    damaged.unlink()
    before = (estate.data / "herald.db").read_bytes()
    restored = estate.server.run("restore", str(estate.backup))
    assert restored.returncode == 0, restored
    kept = [one for one in estate.data.glob("herald.db.replaced-*Z")]
    assert len(kept) == 1 and kept[0].read_bytes() == before, kept
    estate.server.start()
    estate.alice.come()
    estate.bob.come()
    end = time.monotonic() + PATIENCE
    while len(estate.bob.texts.came) < LETTERS:
        assert time.monotonic() < end, estate.bob.texts.came
        time.sleep(0.05)
    assert [item[1] for _, item in estate.bob.texts.came] == [f"letter {number:02}" for number in range(LETTERS)]
    checked = estate.server.run("check", "--database")
    assert checked.returncode == 0, checked
    assert estate.alice.write("bob", "after") == 16


PLAYS = [log, without_backup, pages, foreign, under_way]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments = parser.parse_args()
    print(f"    --seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    estate = Estate(arguments.herald)
    try:
        for play in PLAYS:
            begun = time.monotonic()
            play(estate, chance)
            print(f"  {play.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
    finally:
        estate.server.process.kill()
        estate.server.process.wait()
        estate.backup.unlink()
        shutil.rmtree(estate.data)
    print("all damage was found, and the way out leads out")


if __name__ == "__main__":
    main()
