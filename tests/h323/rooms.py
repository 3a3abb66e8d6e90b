#!/usr/bin/env python3
"""Two rooms whose every octet comes from another codec: pycrate speaks RAS with the real server.

They discover it, register, call each other, report the Connect, hang up; one says goodbye and one falls silent. What
`herald watch` tells meanwhile must be what happened.

Usage: rooms.py --herald PROGRAM
covers: D-11, D-12, D-20, D-21, D-42
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import Room, Server, Watch  # noqa: E402

CALL = bytes(range(16))


def play(server, watch):
    north, south = Room("room north", server.address), Room("room south", server.address)
    assert north.discover()["gatekeeperIdentifier"] == "Herald"
    for room in (north, south):
        assert room.register()["timeToLive"] == 10
        watch.expect(room.name, "available")
    answer = north.admit(CALL, south.name, answering=False)
    assert answer["destCallSignalAddress"] == south.address(), answer
    assert answer["uuiesRequested"]["connect"] is True
    south.admit(CALL, south.name, answering=True)
    south.report(9000, CALL, connected=True)
    watch.expect(north.name, "onCall")
    north.disengage(CALL)
    south.disengage(CALL)
    watch.expect(north.name, "available")
    north.unregister()
    watch.expect(north.name, "offline")
    # South says nothing any more: time to live, three probes, grace.
    document = watch.expect(south.name, "offline")
    assert "probes" in document["note"], document


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    with Server(parser.parse_args().herald) as server, Watch(server) as watch:
        play(server, watch)
    print("the rooms were seen as they were")


if __name__ == "__main__":
    main()
