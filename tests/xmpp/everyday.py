#!/usr/bin/env python3
"""Somebody with Pidgin's inside (libpurple) has an H.323 endpoint and a room among his buddies.

He adds them, is agreed to or let in by a rule, sees their states, writes and is written to, and removes them.

Usage: everyday.py --herald PROGRAM
covers: C-33, D-11, D-12
"""

import argparse
import time

from estate import Estate, PROSODY
from libpurple import Client
from scene import Herald, Scene, jid
from peers import Room


def buddies(scene, purple):
    """An endpoint that is asked, and writes."""
    tybalt = scene.endpoint("tybalt")
    purple.add(jid(tybalt))
    tybalt.decide(tybalt.expect("authorize"), True)
    purple.expect_state(jid(tybalt), "available")
    for published, state, message in ((("away", "Déjeuner"), "away", "Déjeuner"), (("notAvailable",), "extended_away", None),
                                      (("notAvailable", "Do not disturb"), "dnd", None),
                                      (("available", "Free for chat"), "freeforchat", None), (("available",), "available", None)):
        tybalt.publish(*published)
        purple.expect_state(jid(tybalt), state, message)
    purple.write(jid(tybalt), "Hello, room?")
    sender, text = tybalt.texts.get(timeout=20)
    assert (sender, text) == (f"xmpp:{purple.jid}", "Hello, room?"), (sender, text)
    assert tybalt.write(f"xmpp:{purple.jid}", "Hello, Pidgin! <&>") == 16
    purple.expect_text(jid(tybalt), "Hello, Pidgin!")
    # An endpoint's session is one conversation.
    here = tybalt.open(f"xmpp:{purple.jid}")
    for number in range(3):
        here.text(f"line {number}")
        purple.expect_text(jid(tybalt), f"line {number}")
        purple.write(jid(tybalt), f"answer {number}")
        sender, text = tybalt.texts.get(timeout=20)
        assert text == f"answer {number}", text
    here.close()
    tybalt.unregister()
    purple.expect_state(jid(tybalt), "offline")
    purple.remove(jid(tybalt))


def plain(scene, purple):
    """A room that knows nothing of presence, in a call and out of it."""
    scene.server.command("rules", "allow", "--operator", "everybody", f"domain:{PROSODY}")
    north, south = scene.endpoint("north", Room), scene.endpoint("south", Room)
    purple.add(jid(north))
    purple.expect_state(jid(north), "available")
    call = bytes(range(16))
    north.admit(call, south.name, answering=False)
    south.admit(call, north.name, answering=True)
    south.report(9000, call, connected=True)
    purple.expect_state(jid(north), "dnd")
    north.disengage(call)
    south.disengage(call)
    purple.expect_state(jid(north), "available")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    herald, begun = parser.parse_args().herald, time.monotonic()
    with Estate() as estate:
        prosody = estate.prosody()
        estate.start(prosody)
        purple = Client(f"romeo-1@{PROSODY}", prosody.address, estate.place / "purple", estate.place / f"{PROSODY}.crt")
        with Herald(herald, estate) as server:
            for play in (buddies, plain):
                with Scene(estate, server, prosody) as scene:
                    play(scene, purple)
                print(f"  {play.__name__}", flush=True)
    print(f"libpurple saw and wrote to a room: {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
