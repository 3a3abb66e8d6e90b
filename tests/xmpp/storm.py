#!/usr/bin/env python3
"""Many watch one endpoint, of both networks and on three servers, and write to it, while packets get lost and Herald is killed.

Every twentieth packet is lost, in a network of the test's own. The endpoint changes its state again and again, Herald is
killed three times at random and started anew. In the end all who watch must know the last state, without having asked
again; and each message has come, once, or its sender has been told that it did not. What users wrote just before a kill may be
lost with the connection, and is only counted, where their server has no acknowledgements (XEP-0198) between servers, as
ejabberd, or has them for none but what it sends after a stream is open, as Prosody.

Usage: storm.py --herald PROGRAM [--watchers N] [--seed N]
Scenarios: S20 without SIP. covers: A-3.2.3, C-09
"""

import argparse
import contextlib
import os
import queue
import random
import subprocess
import threading
import time

from clients import User, child, text_of
from correspondent import FAILED
from estate import EJABBERD, HERALD, PROSODY, Estate
from network import counted, enter_network
from peers import Person, Refused
from scene import Endpoint, Herald, Scene, eventually, jid, url

LOSS = """
table ip lossy {
  chain in {
    type filter hook input priority 0
    iifname lo numgen random mod 100 < 5 counter drop
  }
}
"""
CHANGES, KILLS, LETTERS, SECONDS = 20, 3, 60, 25
TIME_TO_LIVE = 20
# For so many seconds something may lie in a connection where packets get lost, and a stream may still be opened.
UNREAD, NEW = 3, 8


class Faithful:
    """An endpoint as it should be: it asks again where no answer comes, and registers again where it is not known."""

    def ask(self, kind, expected, **value):
        with self.turn:
            self.number += 1
            number = self.number
        with self.answered:
            for _ in range(60):
                # Nobody may be there to take it.
                with contextlib.suppress(ConnectionError):
                    self.send(kind, {"requestSeqNum": number, **value})
                if self.answered.wait_for(lambda: self.answers.get(number, ("requestInProgress",))[0] != "requestInProgress", 1):
                    break
            got, answer = self.answers.pop(number, (None, None))
        if got != expected:
            raise Refused(f"{self.name} sent {kind} and got {got}: {answer}")
        return answer

    def stay(self):
        """Keeps the registration alive until the end."""
        with contextlib.suppress(OSError):
            while not self.deaf:
                time.sleep(TIME_TO_LIVE / 4 * random.uniform(0.8, 1))
                try:
                    self.refresh()
                except Refused:
                    self.register(timeToLive=TIME_TO_LIVE)

    def say(self, state, text):
        while "result" in self.publish(state, text):
            self.register(timeToLive=TIME_TO_LIVE)


class Watcher(Faithful, Person):
    """One that only looks: `state` is what it was told last."""

    state = None

    def take_presence(self, descriptors):
        super().take_presence(descriptors)
        with contextlib.suppress(queue.Empty):
            while True:
                kind, value = self.told.get_nowait()
                if kind == "notify":
                    self.state = (value["presentity"].get("display") or [{}])[0].get("display")


class Writer(Faithful, Endpoint):
    """The one that all watch. `came` has what was written to it, by the names of the messages."""

    def __init__(self, name, server):
        self.came, self.receipts_of = {}, {}
        super().__init__(name, server)
        self.at_receipt = lambda receipt: self.receipts_of.setdefault(receipt[0], []).append(receipt[1])

    def read(self):
        with contextlib.suppress(queue.Empty):
            while True:
                name, text = self.letters.get_nowait()
                self.came.setdefault(text, set()).add(name)
        return self.came

    def deliver(self, address, text):
        """Writes until it is told that the text is taken; what else it is told comes to `receipts_of`."""
        identity = os.urandom(16)
        for _ in range(60):
            self.post(address, text, identity)
            end = time.monotonic() + 1
            while time.monotonic() < end:
                if self.receipts_of.get(identity):
                    return identity
                time.sleep(0.02)
        raise AssertionError(f"nobody took {text!r}")


def last_status(user, contact):
    """How a user was told last that a contact is."""
    with contextlib.suppress(queue.Empty):
        while True:
            presence = user.presences.get_nowait()
            if presence.get("from", "").startswith(f"{contact}/") or presence.get("from") == contact:
                user.seen = (presence.get("type"), text_of(presence, "status"))
                user.asked_again = getattr(user, "asked_again", False) or presence.get("type") in ("subscribed", "unsubscribed")
    return getattr(user, "seen", None)


def gather(scene, estate, servers, count):
    """The endpoint, and those who watch it."""
    tybalt = scene.endpoint("tybalt", Writer, register=False)
    tybalt.register(timeToLive=TIME_TO_LIVE)
    for domain in (PROSODY, EJABBERD, HERALD):
        scene.server.command("rules", "allow", "--operator", tybalt.name, f"domain:{domain}")
    users, watchers = [], []
    for server in servers:
        for number in range(1, count + 1):
            users.append(User(f"romeo-{number}@{server.domain}", estate, server.address))
            scene.cast.callback(users[-1].leave)
    for number in range(count):
        watchers.append(scene.endpoint(f"watcher {number}", Watcher, register=False))
        watchers[-1].register(timeToLive=TIME_TO_LIVE)
    for user in users:
        user.present(to=jid(tybalt), kind="subscribe")
    for watcher in watchers:
        watcher.instruct("subscribe", tybalt.name)
    tybalt.say("away", "the first")
    everybody_sees(users, watchers, tybalt, "the first")
    for user in users:
        user.asked_again = False
    for endpoint in (tybalt, *watchers):
        threading.Thread(target=endpoint.stay, daemon=True).start()
    return tybalt, users, watchers


def everybody_sees(users, watchers, tybalt, text):
    def blind():
        abroad = [user.bare for user in users if last_status(user, jid(tybalt)) != (None, text)]
        return abroad + [str(watcher.name) for watcher in watchers if watcher.state != text]
    eventually(lambda: not blind(), lambda: f"they do not see {text!r}: {blind()}", patience=60)


def storm(scene, tybalt, users):
    """Changes, letters both ways, and kills, all at random."""
    plan = [(random.uniform(0, SECONDS), "kill", 0) for _ in range(KILLS)]
    plan += [(SECONDS * number / CHANGES, "say", number) for number in range(CHANGES)]
    plan += [(random.uniform(0, SECONDS), what, number) for what in ("in", "out") for number in range(LETTERS)]
    sent, taken, kills, begun = {}, {}, [], time.monotonic()
    for at, what, number in sorted(plan):
        time.sleep(max(0, begun + at - time.monotonic()))
        user = users[number % len(users)]
        if what == "kill":
            kills.append(time.monotonic())
            scene.server.restart()
        elif what == "say":
            tybalt.say(random.choice(("away", "available", "notAvailable")), f"state {number}")
        elif what == "in":
            sent[f"to tybalt {number}"] = user, user.write(jid(tybalt), f"to tybalt {number}"), time.monotonic()
        else:
            taken[f"from tybalt {number}"] = user, tybalt.deliver(url(user), f"from tybalt {number}")
    return sent, taken, {text for text, (user, _, at) in sent.items() if is_in_danger(user, at, kills)}


def is_in_danger(user, at, kills):
    """Whether what a user wrote then was on its way, and not to be acknowledged, as Herald was killed."""
    is_on_a_new_stream = any(kill < at < kill + NEW for kill in kills)
    is_never_acknowledged = user.bare.endswith(f"@{EJABBERD}")
    return (is_never_acknowledged or is_on_a_new_stream) and any(at - 0.5 < kill < at + UNREAD for kill in kills)


def missing(tybalt, sent, taken):
    """The messages that have neither come nor were given back."""
    lost = set()
    for text, (user, name, _) in sent.items():
        if text not in tybalt.read() and not given_back(user, name):
            lost.add(text)
    for text, (user, name) in taken.items():
        if text not in read(user) and FAILED not in tybalt.receipts_of[name]:
            lost.add(text)
    return lost


def read(user):
    """What came to a user: the names that each text came under. What was given back is in `errors`."""
    user.came, user.errors = getattr(user, "came", {}), getattr(user, "errors", set())
    with contextlib.suppress(queue.Empty):
        while True:
            message = user.messages.get_nowait()
            if message.get("type") == "error":
                user.errors.add(message.get("id"))
            elif child(message, "body") is not None:
                user.came.setdefault(text_of(message, "body"), []).append(message.get("id"))
    return user.came


def given_back(user, name):
    read(user)
    return name in user.errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("--watchers", type=int, default=30, help="so many on each server, and so many endpoints")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    enter_network()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    begun = time.monotonic()
    with Estate() as estate:
        servers = [estate.prosody(), estate.ejabberd()]
        estate.start(*servers)
        with Herald(arguments.herald, estate) as server, Scene(estate, server, servers[0]) as scene:
            tybalt, users, watchers = gather(scene, estate, servers, arguments.watchers)
            print(f"  {len(users)} users and {len(watchers)} endpoints watch after {time.monotonic() - begun:.1f} s", flush=True)
            subprocess.run(["nft", "-f", "-"], input=LOSS, text=True, check=True)
            sent, taken, in_danger = storm(scene, tybalt, users)
            tybalt.say("away", "the last")
            over = time.monotonic()
            everybody_sees(users, watchers, tybalt, "the last")
            print(f"  all know the last state {time.monotonic() - over:.1f} s after it", flush=True)
            eventually(lambda: missing(tybalt, sent, taken) <= in_danger,
                       lambda: f"lost: {missing(tybalt, sent, taken) - in_danger}, in danger: {in_danger}; "
                               + server.command("inbox", "show", tybalt.name), patience=60)
            assert not [user.bare for user in users if user.asked_again], "somebody was asked again"
            twice = {text: names for text, names in tybalt.read().items() if len(names) > 1}
            twice |= {text: names for user in users for text, names in read(user).items() if len(set(names)) > 1}
            assert not twice, f"under two names: {twice}"
            back, lost = sum(given_back(user, name) for user, name, _ in sent.values()), len(missing(tybalt, sent, taken))
            dropped = counted("lossy", "in")
            assert dropped, "no packet was lost"
            print(f"  {len(sent) + len(taken)} messages came, or were given back ({back}), or lost with a connection ({lost});"
                  f" {dropped} packets were lost")
    print(f"a storm was weathered: {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
