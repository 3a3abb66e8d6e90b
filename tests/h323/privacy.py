#!/usr/bin/env python3
"""What nobody is to learn from others through the real server: where they are, and that they were turned away.

Usage: privacy.py --herald PROGRAM [PLAY..]
SAMPLES in the environment: of how many answers of each kind times are compared; 300 where it is not set.
covers: A-5.1.15, A-5.1.17, A-5.1.18, A-5.2.5, A-5.2.6, A-5.4.5, F-02, F-13
"""

import bisect
import os
import random
import socket
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from correspondent import ACCEPTED, STORED, Correspondent  # noqa: E402
from peers import PRESENCE_FEATURE, Call, Person, assert_supports, supported  # noqa: E402
from people import FOREVER, befriend, run  # noqa: E402
from users import Signer, user  # noqa: E402

SAMPLES = int(os.environ.get("SAMPLES", "300"))
# Of two samples of one kind the later of a pair is the larger one in half of all pairs. Six deviations for 300 samples.
EVEN = 0.15


def enter(kind, server, name, host="127.0.0.1"):
    """A person of a kind, registered, and a list of all octets that it is sent from now on."""
    somebody, octets = kind(name, server.address, host), []
    decode = somebody.decode
    somebody.decode = lambda message: octets.append(message) or decode(message)
    assert_supports(somebody.discover(featureSet=supported(PRESENCE_FEATURE)), PRESENCE_FEATURE)
    somebody.register(**FOREVER)
    return somebody, octets


def keep_what_calls_bring(octets):
    """The same for calls; `octets` by the person."""
    exactly = Call.exactly

    def kept(call, length):
        received = exactly(call, length)
        octets[call.person].append(received)
        return received
    Call.exactly = kept


def tells(octets, host):
    """Whether an address stands in octets, in any form that a protocol here has for it."""
    forms = (socket.inet_aton(host), socket.inet_aton(host)[::-1], host.encode(), host.encode("utf-16-be"))
    return any(form in octets for form in forms)


def whereabouts(server):
    """Watchers and watched, senders and recipients, blocked and blocking: no octet tells one where the other is."""
    alice, of_alice = enter(Correspondent, server, "alice", "127.0.51.1")
    bob, of_bob = enter(Person, server, "bob", "127.0.52.1")
    keep_what_calls_bring({alice: of_alice, bob: of_bob})
    befriend(alice, bob)
    bob.publish("away", "Out")
    alice.expect_state("bob", "away")
    assert alice.write("bob", "one") == 16
    bob.expect_text("alice", "one")
    assert bob.write("alice", "two") == 16
    assert alice.letters.get(timeout=20)[1] == "two"
    alice.expect_receipt(alice.post("bob", "three"), ACCEPTED, STORED)
    bob.expect_text("alice", "three")
    server.run("rules", "allow", "bob", "alice", "--shows", "location")
    bob.publish("onCall", "In")
    alice.expect_state("bob", "onCall")
    bob.unregister()
    alice.expect_state("bob", "offline")
    for one, octets, other in ((alice, of_alice, bob), (bob, of_bob, alice)):
        heard = b"".join(octets)
        assert len(heard) > 1000, (one.name, len(heard))
        assert tells(heard, "127.0.0.1"), "the search finds no address at all"
        assert not tells(heard, other.host), f"{one.name} was told where {other.name} is"


def evenness(ones, others):
    """In how many of all pairs the second is larger: one half where nothing tells the two apart."""
    ordered = sorted(ones)
    halves = sum(bisect.bisect_left(ordered, it) + bisect.bisect_right(ordered, it) for it in others)
    return halves / (2 * len(ones) * len(others))


def compare(what, one, other):
    """Does one and the other in any order, and sees to it that the times that they take are alike."""
    times = [], []
    for _ in range(SAMPLES):
        for act, taken in random.sample(list(zip((one, other), times)), 2):
            begun = time.perf_counter()
            act()
            taken.append(time.perf_counter() - begun)
    found = evenness(*times)
    medians = [sorted(taken)[len(taken) // 2] * 1e6 for taken in times]
    print(f"    {what}: {medians[0]:.0f} and {medians[1]:.0f} µs; {found:.3f} of all pairs in one order", flush=True)
    assert abs(found - 0.5) < EVEN, (what, found, medians)


def timing(server):
    """It takes as long to be turned away politely as to come to nobody, and to guess at a user as at nobody."""
    alice, gone, hidden = (enter(Correspondent, server, name)[0] for name in ("alice", "gone", "hidden"))
    gone.unregister()
    server.run("rules", "polite-block", "hidden", "alice")

    def write(name):
        return lambda: alice.expect_receipt(alice.post(name, "are you there?"), ACCEPTED, STORED)

    compare("a message to who is away, and to who has turned away", write("gone"), write("hidden"))

    def ask(name):
        def act():
            alice.instruct("subscribe", name)
            alice.instruct("unsubscribe", name)
        return act

    compare("to ask who is away, and who has turned away", ask("gone"), ask("hidden"))
    user(server, "add", "known", password="secret")
    strangers = [Signer("known", server.address, "a guess", user=name) for name in ("nobody", "known")]
    compare("a wrong password of nobody, and of a user", *(stranger.refused for stranger in strangers))


PLAYS = [whereabouts, timing]

if __name__ == "__main__":
    run(PLAYS, __doc__, "--trust", "127.0.0.0/8")
    print("nobody learnt where others are, or that he was turned away")
