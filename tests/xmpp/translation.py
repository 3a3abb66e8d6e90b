#!/usr/bin/env python3
"""An H.323 endpoint behind address translation (H.460.18), and somebody of XMPP who watches it and writes to it.

The endpoint is in a network of its own behind nftables, which forgets a way that nothing has passed for some seconds; the
rest is outside. It is idle for much longer; then a state and a message for it come at once. Nothing may be sent to its
private address, and where its keep-alives stop it is seen to be gone.

Usage: translation.py --herald PROGRAM [--forgets SECONDS] [--idle SECONDS]
Scenarios: S12. covers: D-38, D-39
"""

import argparse
import contextlib
import socket
import struct
import threading
import time

from estate import Estate
from network import Network, counted, enter_network, run
from scene import Herald, Scene, befriend, jid, url, watch
from peers import FACILITY, MESSAGING_FEATURE, PATIENCE, PRESENCE_FEATURE, VERSION, Call, Person, Room, descriptor

SHOWN, HERALD_ADDRESS = "203.0.113.5", "203.0.113.1"
OWN, DOOR, PRIVATE = "192.168.77.10", "192.168.77.1", "192.168.77.0/24"
TRAVERSAL = ("standard", 18)
RULES = f"""
table ip translation {{
  chain direct {{
    type filter hook prerouting priority raw;
    iifname "street" ip daddr {PRIVATE} counter
  }}
  chain out {{
    type nat hook postrouting priority srcnat;
    oifname "street" masquerade
  }}
}}
"""


@contextlib.contextmanager
def translated(forgets):
    """The network behind the translation, and the translator."""
    home, door = Network(), Network()
    try:
        run("ip", "link", "add", "street", "type", "veth", "peer", "street", "netns", str(door.holder.pid))
        run("ip", "address", "add", f"{HERALD_ADDRESS}/24", "dev", "street")
        run("ip", "link", "set", "street", "up")
        # What is sent to the private addresses arrives where it is counted.
        run("ip", "route", "add", PRIVATE, "via", SHOWN)
        door.run("ip", "address", "add", f"{SHOWN}/24", "dev", "street")
        door.run("ip", "link", "set", "street", "up")
        door.run("ip", "link", "add", "hall", "type", "veth", "peer", "hall", "netns", str(home.holder.pid))
        door.run("ip", "address", "add", f"{DOOR}/24", "dev", "hall")
        door.run("ip", "link", "set", "hall", "up")
        door.run("nft", "-f", "-", input=RULES)
        for name, value in (("net.ipv4.ip_forward", 1), ("net.netfilter.nf_conntrack_udp_timeout", forgets),
                            ("net.netfilter.nf_conntrack_udp_timeout_stream", forgets)):
            door.run("sysctl", "-q", "-w", f"{name}={value}")
        home.run("ip", "address", "add", f"{OWN}/24", "dev", "hall")
        home.run("ip", "link", "set", "hall", "up")
        home.run("ip", "route", "add", "default", "via", DOOR)
        yield home, door
    finally:
        home.close()
        door.close()


def sent_directly(door):
    """How many packets came from outside for a private address."""
    return counted("translation", "direct", door.run)


class Hidden(Person):
    """An endpoint behind the translation: it keeps its way open, and connects when it is told of a call."""

    def __init__(self, name, server, home):
        self.indicated, self.is_awake, self.home = [], True, home
        with home:
            super().__init__(name, server, OWN)

    def register(self, **more):
        features = [descriptor(PRESENCE_FEATURE), descriptor(MESSAGING_FEATURE), {"id": TRAVERSAL}]
        answer = Room.register(self, featureSet={"replacementFeatureSet": False, "supportedFeatures": features}, **more)
        granted = [data["id"] for data in answer["featureSet"]["supportedFeatures"]]
        assert TRAVERSAL in granted, granted
        self.time_to_live = answer["timeToLive"]
        threading.Thread(target=self.stay_awake, daemon=True).start()

    def stay_awake(self):
        with contextlib.suppress(OSError):
            while self.is_awake:
                time.sleep(self.time_to_live / 2)
                if self.is_awake:
                    self.refresh()

    def take_presence(self, descriptors):
        super().take_presence(descriptors)
        self.indicated += [data["id"] for data in descriptors]
        for data in descriptors:
            if data["id"] == TRAVERSAL:
                assert data["parameters"][0]["id"] == ("standard", 1), data
                # No extensions, ipAddress, its address and port, no extensions, the GUID.
                fixed, address, port, padding, call = struct.unpack(">B4sHB16s", data["parameters"][0]["content"][1])
                assert (fixed, padding) == (0, 0), data
                threading.Thread(target=self.fetch, args=((socket.inet_ntoa(address), port), call), daemon=True).start()

    def fetch(self, address, identifier):
        call = Call(self, self.dial(address), identifier)
        call.reference = 0
        call.send(FACILITY, "facility", {
            "protocolIdentifier": VERSION, "reason": ("undefinedReason", 0), "callIdentifier": {"guid": identifier},
            "multipleCalls": False, "maintainConnection": False})
        call.is_caller = False
        self.answer(call)

    def dial(self, address):
        with self.home:
            return socket.create_connection(address, PATIENCE, (OWN, 0))

    def connect_to_server(self):
        return self.dial((self.server[0], self.server[1] + 1))


def play(scene, home, door, forgets, idle):
    romeo, server = scene.user("romeo"), scene.server
    room = scene.endpoint("hidden room", lambda name, address: Hidden(name, address, home), register=False)
    room.register(timeToLive=300)
    assert room.time_to_live < forgets, room.time_to_live
    befriend(room, romeo)
    watch(romeo, room)
    romeo.expect_presence(jid(room))
    time.sleep(idle)
    room.indicated.clear()
    romeo.present("dnd", "In the orchard")
    romeo.write(jid(room), "Are you there?")
    room.expect_state(url(romeo), "notAvailable")
    room.expect_text(url(romeo), "Are you there?")
    assert TRAVERSAL in room.indicated and ("oid", PRESENCE_FEATURE) in room.indicated, room.indicated
    assert room.write(url(romeo), "Yes, behind the wall.") == 16
    romeo.expect_message(jid(room), "Yes, behind the wall.", "normal")
    # A session: it opens it, and is called into one.
    here = room.open(url(romeo))
    here.text("Stay a while")
    romeo.expect_message(jid(room), "Stay a while")
    romeo.write(jid(room), "Until the morning")
    room.expect_text(url(romeo), "Until the morning")
    here.close()
    counters = server.counters()
    assert counters["traversal.fetched"] == counters["traversal.indicated"] > 0, counters
    assert counters["signalling.not_dialled"] == 0, counters
    assert sent_directly(door) == 0, "something was sent to a private address"
    # Without keep-alives the way closes, which shows that the translation is one.
    room.is_awake = False
    room.deaf = True
    romeo.expect_presence(jid(room), "unavailable")
    assert sent_directly(door) == 0, "something was sent to a private address"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("--forgets", type=int, default=4, help="after so many seconds a way is forgotten")
    parser.add_argument("--idle", type=int, default=15, help="for so many seconds nothing happens")
    arguments = parser.parse_args()
    enter_network()
    begun = time.monotonic()
    with translated(arguments.forgets) as (home, door), Estate() as estate:
        peers = [estate.prosody(), estate.ejabberd()]
        estate.start(*peers)
        settings = f"[h323]\ntraversal_time_to_live = {arguments.forgets // 2}\n"
        server = Herald(arguments.herald, estate, settings=settings)
        server.address = (HERALD_ADDRESS, 1719)
        server.listen = ["--listen", f"{HERALD_ADDRESS}:1719"]
        with server:
            for peer in peers:
                with Scene(estate, server, peer) as scene:
                    play(scene, home, door, arguments.forgets, arguments.idle)
    print(f"an endpoint behind address translation was seen and written to: {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
