#!/usr/bin/env python3
"""What the real server keeps of one person: history where it is switched on, export of everything, erasure without a rest.

Usage: personal.py --herald PROGRAM [PLAY..]
covers: A-2.3.6, F-20, R-031
"""

import json
import os
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from audit import eventually, rows, verify  # noqa: E402
from peers import Server  # noqa: E402
from people import FOREVER, befriend, person, run  # noqa: E402

SECRET = "Rosenholz-4711"
PATIENCE = 20


def configured(herald, text):
    """A server with a configuration."""
    server = Server(herald, "--trust", "127.0.0.0/8")
    Path(server.data, "herald.toml").write_text(text)
    return server


def history(server, *options):
    output = server.run("history", *options, "--json")
    assert output.returncode == 0, output.stderr
    return [json.loads(line) for line in output.stdout.splitlines()]


def delivered(server, name):
    """The history of one, once all of it is delivered."""
    end = time.monotonic() + PATIENCE
    while True:
        kept = history(server, name)
        if kept and all(message["outcome"] == "delivered" for message in kept):
            return kept
        assert time.monotonic() < end, kept
        time.sleep(0.1)


def nothing(herald):
    """Nothing is kept unless the operator says so."""
    with configured(herald, "") as server:
        alice, bob = person(server, "alice"), person(server, "bob")
        assert alice.write("bob", SECRET) == 16
        bob.expect_text("alice", SECRET)
        assert history(server, "alice") == history(server, "bob") == []
    with configured(herald, "[history]\ndomains = [\"elsewhere.example\"]\n") as server:
        alice, bob = person(server, "alice"), person(server, "bob")
        assert alice.write("bob", SECRET) == 16
        assert history(server, "alice") == [], "another domain"


def kept(herald):
    """Each party has its row, over a kill -9; an exception has none; who reads it is in the audit log."""
    with configured(herald, "[history]\ndomains = [\"localhost\"]\n") as server:
        alice, bob, carol = (person(server, name) for name in ("alice", "bob", "carol"))
        assert alice.write("bob", "Grüße aus dem LESESAAL") == 16
        assert bob.write("alice", SECRET) == 16
        assert server.run("history", "carol", "--off").returncode == 0
        server.kill()
        server.start()
        for one in (alice, bob, carol):
            one.register(**FOREVER)
        assert alice.write("carol", "only one of us keeps this") == 16
        mine = delivered(server, "alice")
        assert [(message["peer"], message["isSent"], message["text"]) for message in mine] == [
            ("bob@localhost", True, "Grüße aus dem LESESAAL"), ("bob@localhost", False, SECRET),
            ("carol@localhost", True, "only one of us keeps this")], mine
        assert [message["isSent"] for message in history(server, "bob")] == [False, True]
        assert history(server, "carol") == []
        assert len(history(server, "alice", "--with", "bob")) == 2
        assert [message["text"] for message in history(server, "alice", "--search", "lesesaal")] == [mine[0]["text"]]
        assert history(server, "alice", "--limit", "1") == mine[2:]
        assert history(server, "alice", "--until", "1h") == []
        row = eventually(server, lambda row: row["act"] == "history" and row["target"] == "bob")
        assert (row["object"], row["outcome"]) == ("alice@localhost", "begun"), row
        assert "Lesesaal" not in server.run("audit").stdout, "what was looked for is not in the log"
        # Back on.
        assert server.run("history", "carol", "--on").returncode == 0
        assert alice.write("carol", "now both") == 16
        assert [message["text"] for message in history(server, "carol")] == ["now both"]


def everywhere(server, *words):
    """Which of the words are in any file of the data directory."""
    found = set()
    for path in Path(server.data).rglob("*"):
        if path.is_file() and path.name != "herald.toml":
            octets = path.read_bytes()
            found |= {(path.name, word) for word in words if word.encode() in octets}
    return found


def erased(herald):
    """An export has everything; an erasure leaves nothing in any file, the chain holds, and the name is free again."""
    with configured(herald, "[history]\ndomains = [\"*\"]\n[calls]\nfile = false\n[store]\nsnapshot_interval_ms = 100\n") as server:
        alice, bob, mallory = (person(server, name) for name in ("alice", "bob", "mallory-x"))
        befriend(alice, mallory)
        mallory.publish("away", "at " + SECRET)
        alice.expect_state("mallory-x", "away")
        bob.instruct("block", "mallory-x")
        bob.expect_contact("block", "mallory-x")
        mallory.instruct("subscribe", "bob")
        assert mallory.write("bob", SECRET + " refused") != 16
        assert mallory.write("alice", SECRET + " delivered") == 16
        alice.expect_text("mallory-x", SECRET + " delivered")
        alice.unregister()
        assert mallory.write("alice", SECRET + " waiting for alice") == 16
        alice.register(**FOREVER)
        call = os.urandom(16)
        mallory.admit(call, "alice", False)
        mallory.disengage(call)
        eventually(server, lambda row: row["actor"] == "mallory-x@localhost" and row["act"] == "message")
        mallory.admit(os.urandom(16), "nobody-of-that-name", False, expected="admissionReject")
        mallory.admit(os.urandom(16), "nobody-of-that-name", False, expected="admissionReject")
        exported = os.path.join(server.directory.name, "..", f"export-{os.getpid()}.json")
        # Soft state is written in its own time.
        time.sleep(1)
        try:
            done = server.run("export", "mallory-x", "--output", exported)
            assert done.returncode == 0, done.stderr
            assert os.stat(exported).st_mode & 0o777 == 0o600
            tables = json.loads(Path(exported).read_text())["tables"]
        finally:
            Path(exported).unlink(missing_ok=True)
        for table in ("principals", "aliases", "subscriptions", "blocks", "publications", "history", "messages", "audit",
                      "soft"):
            assert tables.get(table), f"no {table} in {sorted(tables)}"
        assert SECRET in json.dumps(tables["publications"]) and SECRET in json.dumps(tables["history"])
        before = len(rows(server))
        assert {word for _, word in everywhere(server, "mallory-x", SECRET)} == {"mallory-x", SECRET}
        assert server.run("erase", "mallory-x").returncode != 0, "it asks first"
        done = server.run("erase", "mallory-x", "--yes")
        assert done.returncode == 0, done.stderr
        alice.expect_contact("unsubscribe", "mallory-x")
        assert server.run("presence", "mallory-x").returncode == 4
        assert verify(server).returncode == 0, verify(server)
        told = rows(server)
        assert len(told) > before and not any("mallory" in json.dumps(row) for row in told), told
        assert told[-1]["act"] == "erase" and told[-1]["object"] is None, told[-1]
        assert any((row["object"] or "").startswith("erased-") for row in told), told
        # What the gateway writes of itself comes within seconds.
        end = time.monotonic() + PATIENCE
        while found := everywhere(server, "mallory-x", SECRET):
            assert time.monotonic() < end, found
            time.sleep(0.5)
        server.kill()
        server.start()
        assert not everywhere(server, "mallory-x", SECRET)
        assert verify(server).returncode == 0
        mallory.register(**FOREVER)
        assert json.loads(server.run("presence", "mallory-x", "--json").stdout)["state"] == "online"
        assert history(server, "mallory-x") == []


PLAYS = [nothing, kept, erased]


if __name__ == "__main__":
    run(PLAYS, __doc__, serve=False)
    print("what was to be kept was kept, and what was to be erased is gone")
