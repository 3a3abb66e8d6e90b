#!/usr/bin/env python3
"""The audit log of the real server: who was refused what, and what operators did; and that nobody's words are in it.

Usage: audit.py --herald PROGRAM [PLAY..]
covers: F-18, F-19, A-2.3.6
"""

import json
import os
import sqlite3
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import Room  # noqa: E402
from people import FOREVER, befriend, person, run  # noqa: E402

SECRET = "Kennwort-7719-Planted"
PATIENCE = 20


def rows(server, *options):
    output = server.run("audit", "--json", *options)
    assert output.returncode == 0, output.stderr
    return [json.loads(line) for line in output.stdout.splitlines()]


def eventually(server, fits, *options):
    """The first row that fits, once it is there: refusals are written soon, and nobody waits for them."""
    end = time.monotonic() + PATIENCE
    while True:
        found = [row for row in rows(server, *options) if fits(row)]
        if found:
            return found[0]
        assert time.monotonic() < end, rows(server)
        time.sleep(0.1)


def verify(server):
    return server.run("audit", "--verify", "--json")


def refused(server):
    """Every kind of refusal that an endpoint can bring about has a row that says who, whom, why and from where."""
    alice, bob = person(server, "alice"), person(server, "bob")
    impostor = Room("alice", server.address)
    try:
        impostor.register(**FOREVER)
        raise SystemExit("two of one name")
    except AssertionError as waits:
        # The holder is asked first.
        assert "requestInProgress" in str(waits), waits
    assert impostor.receive()[0] == "registrationReject"
    row = eventually(server, lambda row: row["act"] == "register")
    assert (row["outcome"], row["object"], row["reason"]) == ("refused", "alice@localhost", "duplicateAlias"), row
    assert row["peer"] == "127.0.0.1" and row["gateway"] == 0, row
    alice.admit(os.urandom(16), "nobody-there", False, expected="admissionReject")
    row = eventually(server, lambda row: row["act"] == "call" and row["object"] == "nobody-there@localhost")
    assert (row["actor"], row["reason"]) == ("alice@localhost", "calledPartyNotRegistered"), row
    stranger = Room("stranger", server.address)
    stranger.identifier = "nobody gave this out"
    stranger.admit(os.urandom(16), "bob", False, expected="admissionReject")
    eventually(server, lambda row: row["reason"] == "callerNotRegistered" and row.get("actor") is None)
    # A request that its owner refuses, and one that a block does.
    alice.instruct("subscribe", "bob")
    bob.decide(bob.expect("authorize"), False)
    row = eventually(server, lambda row: row["act"] == "subscribe" and row["outcome"] == "refused")
    assert (row["actor"], row["object"]) == ("alice@localhost", "bob@localhost"), row
    assert row["reason"] == "the presentity has refused", row
    bob.instruct("block", "alice")
    bob.expect_contact("block", "alice")
    alice.instruct("subscribe", "bob")
    eventually(server, lambda row: row["reason"] == "the presentity has blocked the watcher")
    assert alice.write("bob", SECRET) != 16
    row = eventually(server, lambda row: row["act"] == "message")
    assert (row["actor"], row["object"], row["outcome"]) == ("alice@localhost", "bob@localhost", "refused"), row
    assert [row["number"] for row in rows(server)] == list(range(1, len(rows(server)) + 1))
    assert all(row["object"] == "bob@localhost" for row in rows(server, "--object", "bob")), rows(server)
    assert len(rows(server, "--limit", "2")) == 2
    assert verify(server).returncode == 0, verify(server)


def silence(server):
    """A planted text is in no log, no row and no file of the data directory but the inbox; nor at the level debug."""
    alice, bob = person(server, "alice"), person(server, "bob")
    befriend(alice, bob)
    bob.unregister()
    assert alice.write("bob", SECRET) == 16
    assert server.run("send", "bob", SECRET).returncode == 0
    assert server.run("send", "nobody", SECRET).returncode != 0
    bob.register(**FOREVER)
    # Two senders have no order between them.
    came = {bob.texts.get(timeout=PATIENCE) for _ in range(2)}
    assert came == {("alice", SECRET), ("herald", SECRET)}, came
    bob.instruct("block", "alice")
    bob.expect_contact("block", "alice")
    assert alice.write("bob", SECRET) != 16
    eventually(server, lambda row: row["act"] == "message" and row["object"] == "bob@localhost")
    assert SECRET not in server.run("audit").stdout + server.said()
    with sqlite3.connect(f"file:{server.data}/herald.db?mode=ro", uri=True) as database:
        for table in ("audit", "audit_names"):
            assert SECRET not in str(database.execute(f"SELECT * FROM {table}").fetchall()), table


def operators(server):
    """An act has who did it, what came of it, and is there before it is carried out."""
    person(server, "alice")
    assert server.run("unregister", "alice").returncode == 0
    assert server.run("unregister", "nobody").returncode != 0
    copy = os.path.join(server.directory.name, "copy.db")
    assert server.run("backup", copy).returncode == 0
    acts = [(row["act"], row["outcome"]) for row in rows(server) if row["outcome"] != "refused"]
    assert acts == [("start", "done"), ("unregister", "begun"), ("unregister", "done"), ("unregister", "begun"),
                    ("unregister", "failed"), ("backup", "begun"), ("backup", "done")], acts
    done = rows(server, "--act", "unregister")[1]
    assert done["object"] == "alice@localhost" and f"uid {os.getuid()}" in done["actor"], done
    assert done["peer"].startswith("process "), done
    # The copy has the act that wrote it begun, and a restore of it says so in its own log.
    server.process.terminate()
    server.process.wait()
    assert server.run("restore", copy).returncode == 0
    server.start()
    acts = [(row["act"], row["outcome"]) for row in rows(server)]
    assert acts[-3:] == [("backup", "begun"), ("restore", "done"), ("start", "done")], acts
    assert verify(server).returncode == 0, verify(server)


def endurance(server):
    """The chain is whole after each kill -9 in the middle of refusals, and no row that was shown is lost."""
    alice, shown = person(server, "alice"), []
    for number in range(5):
        for call in range(20):
            alice.admit(os.urandom(16), f"nobody-{number}-{call}", False, expected="admissionReject")
        shown = rows(server)
        server.kill()
        server.start()
        assert rows(server)[:len(shown)] == shown, "a row was lost"
        verified = verify(server)
        assert verified.returncode == 0, verified.stderr
        alice.register(**FOREVER)
    head = json.loads(verify(server).stdout)["head"]
    noted = f"{head['number']}:{head['hash']}"
    assert server.run("audit", "--verify", "--head", noted).returncode == 0
    # Somebody with a shell removes a trigger, and then what he did.
    server.kill()
    with sqlite3.connect(f"{server.data}/herald.db") as database:
        database.executescript("DROP TRIGGER audit_is_not_changed; UPDATE audit SET count = 7 WHERE number = 9")
    for _ in range(2):
        # Without a server, and with one.
        verified = server.run("audit", "--verify")
        assert verified.returncode == 1 and "row 9 was altered" in verified.stderr, verified
        if server.process.poll() is not None:
            server.start()


def flood(server):
    """Repeats are one row with a number; those of a minute that is not over come with the end of the server."""
    alice = person(server, "alice")
    for _ in range(200):
        alice.admit(os.urandom(16), "nobody", False, expected="admissionReject")
    server.process.terminate()
    server.process.wait()
    server.start()
    found = [row["count"] for row in rows(server, "--object", "nobody")]
    assert found == [1, 199], found


PLAYS = [refused, silence, operators, endurance, flood]


if __name__ == "__main__":
    run(PLAYS, __doc__, "--log-level", "debug", "--trust", "127.0.0.0/8")
    print("every refusal and every act was in the log, and no secret")
