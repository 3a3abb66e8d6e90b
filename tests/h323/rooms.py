#!/usr/bin/env python3
"""Two rooms whose every octet comes from another codec: pycrate speaks RAS with the real server.

They discover it, register, call each other, report the Connect, hang up; one says goodbye and one falls silent. What
`herald watch` tells meanwhile must be what happened.

Usage: rooms.py --herald PROGRAM
covers: D-11, D-12, D-20, D-21, D-42
"""

import argparse
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from oracle import MODULE, mend_additions  # noqa: E402

RAS = MODULE.RasMessage
VERSION = (0, 0, 8, 2250, 0, 4)
PATIENCE = 30
CALL = bytes(range(16))


class Room:
    """An endpoint of H.225.0 version 4 with a socket of its own."""

    def __init__(self, name, server):
        self.name, self.server, self.number, self.identifier = name, server, 0, None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE)

    def address(self):
        ip, port = self.socket.getsockname()
        return ("ipAddress", {"ip": socket.inet_aton(ip), "port": port})

    def send(self, kind, value):
        RAS.set_val((kind, value))
        self.socket.sendto(RAS.to_aper(), self.server)

    def receive(self):
        RAS.from_aper(self.socket.recv(65536))
        return RAS.get_val()

    def ask(self, kind, expected, **value):
        """Sends a request and takes its answer; status requests in between are answered."""
        self.number += 1
        self.send(kind, {"requestSeqNum": self.number, **value})
        while True:
            got, answer = self.receive()
            if got == "infoRequest":
                self.report(answer["requestSeqNum"], connected=False)
                continue
            assert got == expected, f"{self.name} sent {kind} and got {got}: {answer}"
            assert answer["requestSeqNum"] == self.number, answer
            return answer

    def discover(self):
        return self.ask("gatekeeperRequest", "gatekeeperConfirm", protocolIdentifier=VERSION,
                        rasAddress=self.address(), endpointType=terminal(), endpointAlias=[("h323-ID", self.name)])

    def register(self, **more):
        answer = self.ask("registrationRequest", "registrationConfirm", protocolIdentifier=VERSION,
                          discoveryComplete=True, callSignalAddress=[self.address()], rasAddress=[self.address()],
                          terminalType=terminal(), endpointVendor=vendor(), timeToLive=10, keepAlive=False,
                          willSupplyUUIEs=True, maintainConnection=False,
                          **{"terminalAlias": [("h323-ID", self.name)], **more})
        self.identifier = answer["endpointIdentifier"]
        return answer

    def admit(self, callee, answering):
        return self.ask("admissionRequest", "admissionConfirm", callType=("pointToPoint", 0),
                        endpointIdentifier=self.identifier, destinationInfo=[("h323-ID", callee)],
                        srcInfo=[("h323-ID", self.name)], bandWidth=1280, callReferenceValue=77, conferenceID=CALL,
                        activeMC=False, answerCall=answering, canMapAlias=False, callIdentifier={"guid": CALL},
                        willSupplyUUIEs=True)

    def report(self, number, connected):
        """An IRR that lists the call; with the Connect in it where the call is answered."""
        self.send("infoRequestResponse", {
            "requestSeqNum": number, "endpointType": terminal(), "endpointIdentifier": self.identifier,
            "rasAddress": self.address(), "callSignalAddress": [self.address()],
            "perCallInfo": [{
                "callReferenceValue": 77, "conferenceID": CALL, "originator": False, "h245": {}, "callSignalling": {},
                "callType": ("pointToPoint", 0), "bandWidth": 1280, "callModel": ("direct", 0),
                "callIdentifier": {"guid": CALL},
                **({"pdu": [{"h323pdu": connect(self), "sent": True}]} if connected else {"usageInformation": {
                    "nonStandardUsageFields": []}}),
            }],
            "needResponse": False,
        })

    def disengage(self):
        return self.ask("disengageRequest", "disengageConfirm", endpointIdentifier=self.identifier, conferenceID=CALL,
                        callReferenceValue=77, disengageReason=("normalDrop", 0), callIdentifier={"guid": CALL},
                        answeredCall=False)


def vendor():
    return {"vendor": {"t35CountryCode": 181, "t35Extension": 0, "manufacturerCode": 1}, "productId": b"old room\0"}


def terminal():
    return {"vendor": vendor(), "terminal": {}, "mc": False, "undefinedNode": False}


def connect(room):
    return {"h323-message-body": ("connect", {
        "protocolIdentifier": VERSION, "destinationInfo": terminal(), "conferenceID": CALL,
        "callIdentifier": {"guid": CALL}, "multipleCalls": False, "maintainConnection": False,
    }), "h245Tunnelling": True}


class Watch:
    """`herald watch --json`, read in the background."""

    def __init__(self, herald, data):
        self.process = subprocess.Popen([herald, "--data", data, "watch", "--json"], stdout=subprocess.PIPE, text=True)
        self.documents = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.documents.put(json.loads(line))

    def expect(self, name, availability):
        """Waits until somebody is so; what is told before is looked at by nobody."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            document = self.documents.get(timeout=max(0.0, end - time.monotonic()))
            print(f"  {document['presentity']} {document['availability']}")
            if document["presentity"].startswith(f"{name}@") and document["availability"] == availability:
                return document
        raise AssertionError(f"{name} was never {availability}")


def play(herald, data, server):
    watch = Watch(herald, data)
    try:
        north, south = Room("room north", server), Room("room south", server)
        assert north.discover()["gatekeeperIdentifier"] == "Herald"
        for room in (north, south):
            assert room.register()["timeToLive"] == 10
            watch.expect(room.name, "available")
        answer = north.admit(south.name, answering=False)
        assert answer["destCallSignalAddress"] == south.address(), answer
        assert answer["uuiesRequested"]["connect"] is True
        south.admit(south.name, answering=True)
        south.report(9000, connected=True)
        watch.expect(north.name, "onCall")
        north.disengage()
        south.disengage()
        watch.expect(north.name, "available")
        north.ask("unregistrationRequest", "unregistrationConfirm", callSignalAddress=[north.address()],
                  endpointIdentifier=north.identifier)
        watch.expect(north.name, "offline")
        # South says nothing any more: time to live, three probes, grace.
        document = watch.expect(south.name, "offline")
        assert "probes" in document["note"], document
    finally:
        watch.process.kill()
        watch.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    herald = os.path.abspath(parser.parse_args().herald)
    mend_additions()
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    server = probe.getsockname()
    probe.close()
    with tempfile.TemporaryDirectory() as data:
        command = [herald, "--data", data, "serve", "--listen", f"127.0.0.1:{server[1]}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + PATIENCE
            while subprocess.run([herald, "--data", data, "status"], capture_output=True).returncode != 0:
                assert process.poll() is None and time.monotonic() < end, "the server does not start"
                time.sleep(0.1)
            play(herald, data, server)
        finally:
            process.terminate()
            process.wait()
    print("the rooms were seen as they were")


if __name__ == "__main__":
    main()
