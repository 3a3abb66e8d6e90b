#!/usr/bin/env python3
"""An endpoint that was told no address finds the server on the ports where every endpoint looks for one.

The server is told no port: RAS on UDP 1719, discovery on UDP 1718 and by the group 224.0.1.41, call signalling on TCP
1720. Those ports must be free on the loopback, which nothing leaves.

Usage: ports.py --herald PROGRAM
covers: K-1
"""

import argparse
import socket
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import PRESENCE_FEATURE, Room, Server, assert_supports, supported, transport  # noqa: E402

RAS_PORT, DISCOVERY_PORT, SIGNALLING_PORT = 1719, 1718, 1720
GROUP, BROADCAST, LOOPBACK = "224.0.1.41", "127.255.255.255", "127.0.0.1"


def looking(name, address, server):
    """An endpoint that sends from the network with this address and takes answers from wherever they come."""
    room = Room(name, server)
    room.socket.close()
    room.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    room.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    room.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    room.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    room.socket.bind((address, 0))
    room.socket.settimeout(10)
    return room


def play():
    address = LOOPBACK
    for number, target in enumerate([(address, RAS_PORT), (GROUP, DISCOVERY_PORT), (BROADCAST, DISCOVERY_PORT)]):
        room = looking(f"room {number}", address, target)
        confirm = room.discover(featureSet=supported(PRESENCE_FEATURE))
        assert_supports(confirm, PRESENCE_FEATURE)
        assert confirm["rasAddress"] == transport((address, RAS_PORT)), (target, confirm)
        # What it was told is where it registers and calls.
        room.server = (address, RAS_PORT)
        confirm = room.register(featureSet=supported(PRESENCE_FEATURE))
        assert_supports(confirm, PRESENCE_FEATURE)
        with socket.create_connection((address, SIGNALLING_PORT), timeout=10):
            pass
        print(f"found at {target[0]} port {target[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    with Server(parser.parse_args().herald, listen=("--listen", LOOPBACK)):
        play()


if __name__ == "__main__":
    main()
