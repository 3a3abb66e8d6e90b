#!/usr/bin/env python3
"""Access rules on the real server: what `herald rules` says is what endpoints of an independent codec are told.

Usage: rules.py --herald PROGRAM [PLAY..]
covers: A-2.3.1, A-2.3.2, A-2.3.5, A-2.3.7, A-5.1.10, A-5.1.11, A-5.1.15, A-5.1.16, A-5.2.3, A-5.4.10, B-06, E-26, F-02, F-05, F-07, R-051
"""

import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from people import FOREVER, befriend, person, run  # noqa: E402
from personal import configured  # noqa: E402


def rules(server, *arguments, status=0):
    """What `herald rules` prints."""
    done = server.run("rules", *arguments)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


def listed(server, *arguments):
    return [json.loads(line) for line in rules(server, "list", "--json", *arguments).splitlines()]


def told(somebody, seconds=1.0):
    """What an endpoint was told within a while, as names of what it is and the state where it is one."""
    time.sleep(seconds)
    heard = []
    while not somebody.told.empty():
        kind, value = somebody.told.get()
        heard.append((kind, json.dumps(value, default=str, sort_keys=True)))
    return heard


def history(server, name, outcomes):
    """What became of the wishes to watch somebody; the log is written a moment later."""
    end = time.monotonic() + 20
    while True:
        rows = [json.loads(line) for line in server.run("watchers", name, "--history", "--json").stdout.splitlines()]
        if [row["outcome"] for row in rows] == outcomes:
            assert {row["actor"] for row in rows} == {"alice@localhost"}, rows
            return
        assert time.monotonic() < end, rows
        time.sleep(0.1)


def consent(server):
    """A rule grants without asking; when it ends, what it granted ends, and the owner is asked; over a kill -9 too."""
    alice, bob = person(server, "alice"), person(server, "bob")
    rules(server, "allow", "bob", "domain:localhost")
    alice.instruct("subscribe", "bob")
    alice.expect_contact("subscribe", "bob")
    alice.expect_state("bob", "online")
    assert not any(kind == "authorize" for kind, _ in told(bob)), "nobody is asked"
    server.kill()
    server.start()
    for one in (bob, alice):
        one.register(**FOREVER)
    alice.expect_state("bob", "online")
    rules(server, "remove", "bob", "domain:localhost")
    alice.expect_state("bob", "offline")
    alice.expect_contact("pending", "bob")
    request = bob.expect("authorize")
    bob.publish("away", "secret")
    assert not any("secret" in value for _, value in told(alice))
    bob.decide(request, True)
    alice.expect_contact("subscribe", "bob")
    alice.expect_state("bob", "away")


def revocation(server):
    """A block by rule takes effect at once, on watching and on writing, and both can be told apart."""
    alice, bob = person(server, "alice"), person(server, "bob")
    befriend(alice, bob)
    alice.expect_state("bob", "online")
    rules(server, "block", "--for", "presence", "bob", "alice")
    alice.expect_contact("unsubscribe", "bob")
    told(alice)
    bob.publish("away", "secret")
    assert told(alice) == []
    assert alice.write("bob", "may I?") == 16
    bob.expect_text("alice", "may I?")
    rules(server, "block", "--operator", "--for", "messages", "everybody", "domain:localhost")
    refused = alice.write("bob", "and now?")
    assert refused not in (None, 16), refused
    rules(server, "remove", "--operator", "--for", "messages", "everybody", "domain:localhost")
    assert alice.write("bob", "and now?") == 16
    bob.expect_text("alice", "and now?")
    acts = [json.loads(line) for line in server.run("audit", "--json").stdout.splitlines()]
    assert [row["outcome"] for row in acts if row["act"] == "setRule"] == ["begun", "done"] * 2, acts


def politeness(server):
    """Who is politely blocked is told, octet for octet, what he is told of somebody who has gone."""
    alice, gone, hidden = person(server, "alice"), person(server, "carol"), person(server, "bob99")
    befriend(alice, gone)
    befriend(alice, hidden)
    told(alice)
    gone.unregister()
    of_gone = told(alice)
    rules(server, "polite-block", hidden.name, "alice")
    of_hidden = told(alice)
    plain = [(kind, value.replace(gone.name, "*")) for kind, value in of_gone]
    assert plain == [(kind, value.replace(hidden.name, "*")) for kind, value in of_hidden], (of_gone, of_hidden)
    assert len(plain) == 1
    hidden.publish("available", "never seen")
    alice.refresh()
    assert not any("never seen" in value for _, value in told(alice))
    # What she writes is taken, as for somebody who is away.
    assert [alice.write(name, "are you there?") for name in (gone.name, hidden.name)] == [16, 16]
    assert hidden.texts.empty()
    hidden.unregister()
    hidden.register(**FOREVER)
    time.sleep(1)
    assert hidden.texts.empty(), "it was delivered after all"
    alice.unregister()
    alice.register(**FOREVER)
    again = [value.replace(gone.name, "*").replace(hidden.name, "*") for kind, value in told(alice) if kind == "notify"]
    assert len(again) == 2 and again[0] == again[1], again


def portions(server):
    """Three watchers are shown three documents of one person."""
    bob = person(server, "bob")
    watchers = {}
    for name, shows in (("w1", "basic"), ("w2", "activity"), ("w3", "nothing")):
        watchers[name] = person(server, name)
        rules(server, "allow", "bob", name, "--shows", shows)
        watchers[name].instruct("subscribe", "bob")
        watchers[name].expect_contact("subscribe", "bob")
    bob.publish("away", "Déjeuner")
    notification = watchers["w2"].expect_state("bob", "away")
    assert notification["presentity"]["display"][0]["display"] == "Déjeuner", notification
    assert not any("jeuner" in value for name in ("w1", "w3") for _, value in told(watchers[name]))
    shown = [json.loads(line) for line in server.run("watchers", "bob", "--json").stdout.splitlines()]
    assert {(one["watcher"].split("@")[0], one["shows"], one["byRule"]) for one in shown} == {
        ("w1", "basic", True), ("w2", "activity", True), ("w3", "nothing", True)}, shown


def keyboardless(server):
    """A room is managed in its place: approve, deny, explain; its block is its endpoint's block."""
    alice, room = person(server, "alice"), person(server, "room4")
    alice.instruct("subscribe", "room4")
    alice.expect_contact("pending", "room4")
    waiting = server.run("watchers", "room4").stdout
    assert "alice@localhost" in waiting and "waits for a decision" in waiting, waiting
    rules(server, "approve", "room4", "alice")
    alice.expect_contact("subscribe", "room4")
    alice.expect_state("room4", "online")
    explained = rules(server, "explain", "room4", "alice")
    assert "presence  confirm" in explained and "sees everything now" in explained, explained
    rules(server, "deny", "room4", "alice")
    alice.expect_contact("unsubscribe", "room4")
    history(server, "room4", ["begun", "done", "refused", "ended"])
    rules(server, "block", "room4", "alice")
    room.expect_contact("block", "alice")
    assert [rule["who"] for rule in listed(server, "room4")] == ["alice@localhost"]
    room.instruct("unblock", "alice")
    room.expect_contact("unblock", "alice")
    assert listed(server, "room4") == []
    room.instruct("block", "alice")
    room.expect_contact("block", "alice")
    assert [rule["handling"] for rule in listed(server, "room4")] == ["block"]
    rules(server, "remove", "room4", "alice")
    room.expect_contact("unblock", "alice")


def directions(server):
    """What one direction means for the other is as the configuration says, whoever decides."""
    for symmetric, becomes in (("never", ["unsubscribe"]), ("ask", []), ("auto", ["subscribe"])):
        with configured(server.herald, f'[h323]\nsymmetric = "{symmetric}"\n') as other:
            alice, bob, room = (person(other, name) for name in ("alice", "bob", "room4"))
            for decider in (bob, room):
                alice.instruct("subscribe", decider.name)
                request = decider.expect("authorize")
                if decider is bob:
                    bob.decide(request, True)
                else:
                    rules(other, "approve", "room4", "alice")
                if symmetric == "ask":
                    alice.expect("authorize")
                alice.expect_state(decider.name, "online")
                statuses = [kind for kind, _ in told(decider) if kind in ("subscribe", "unsubscribe", "pending")]
                assert statuses == becomes, (symmetric, decider.name, statuses)


def nonsense(server):
    """What makes no sense is refused in words, and changes nothing."""
    person(server, "bob")
    for arguments, status in (
        (("block", "nobody", "bob"), 4),
        (("block", "bob", "bob"), 2),
        (("remove", "bob", "everybody"), 4),
        (("allow", "bob", "domain:not a domain"), 2),
        (("allow", "everybody", "bob"), 2),
        (("confirm", "bob", "everybody", "--shows", "nothing"), 2),
        (("allow", "bob", "everybody", "--hours", "always"), 2),
        (("allow", "bob", "everybody", "--from", "2026-01-02T00:00:00Z", "--until", "2026-01-01T00:00:00Z"), 2),
    ):
        assert rules(server, *arguments, status=status) == ""
    assert listed(server) == [] and listed(server, "bob") == []


PLAYS = [consent, revocation, politeness, portions, keyboardless, directions, nonsense]

if __name__ == "__main__":
    run(PLAYS, __doc__)
    print("endpoints were told what the rules allow, and nothing else")
