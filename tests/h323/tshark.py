#!/usr/bin/env python3
"""What we write is read by tshark without a complaint.

The recorded messages, encoded by us from their readings, and random ones go into a capture: RAS to UDP port 1719, call
signalling to TCP port 1720. tshark must find every one of them, name it as we do, and mark none as malformed. Where
`herald` is given, `herald wire decode` must find the same messages in the same file.

Usage: tshark.py [--count N] [--seed N] [--samples PROGRAM] [--herald PROGRAM]
tshark is installed with apt-get where it is missing. covers: D-01, D-05, D-42
"""

import argparse
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from samples import ROOT, build, call_signalling  # noqa: E402

VECTORS = ROOT / "crates" / "h323" / "tests" / "vectors" / "vectors.jsonl"
ALICE, HERALD = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 9])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="random messages")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--samples", help="the built example of the crate h323")
    parser.add_argument("--herald", help="the built program")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    install()
    program = arguments.samples or build()
    messages = recorded(program) + generated(program, arguments.count, arguments.seed)
    with tempfile.TemporaryDirectory() as directory:
        capture = Path(directory) / "messages.pcap"
        capture.write_bytes(pcap(messages))
        faults = compare(messages, dissect(capture))
        if arguments.herald:
            faults += compare_with_herald(messages, arguments.herald, capture)
    print("no difference" if faults == 0 else f"{faults} differences")
    return min(faults, 1)


def install():
    if shutil.which("tshark"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "tshark"]):
        subprocess.run(["apt-get", *command], check=True, env=environment, stdout=subprocess.DEVNULL)


def recorded(program):
    """The recorded messages as our encoder writes them from their readings alone."""
    vectors = [json.loads(line) for line in VECTORS.read_text().splitlines()]
    lines = "".join(json.dumps({"decoded": vector["decoded"]}) + "\n" for vector in vectors)
    written = run([program, "write"], lines)
    return [{**vector, "hex": octets} for vector, octets in zip(vectors, written, strict=True)]


def generated(program, count, seed):
    samples = [json.loads(line) for line in run([program, str(count), str(seed)], "")]
    for sample in samples:
        spare(sample["decoded"])
    written = run([program, "write"], "".join(json.dumps({"decoded": s["decoded"]}) + "\n" for s in samples))
    readings = run([program, "read"], "".join(octets + "\n" for octets in written))
    return [{**json.loads(reading), "hex": octets} for reading, octets in zip(readings, written, strict=True)]


# Octets that hold a message of another recommendation, which tshark reads too; random ones are not one.
OPAQUE = {"fastStart", "h245Control", "parallelH245Control", "h4501SupplementaryService", "messageContent"}
# Integers without a constraint; tshark reads at most four octets.
INTEGERS = {"random", "ranInt", "integer", "t38FaxMaxBuffer", "t38FaxMaxDatagram"}
# Numbers of H.460 features, whose parameters tshark reads too; these name none.
STANDARD, STANDARD_MIN = "standard", 10_000
# BMPStrings without a constraint. tshark misreads both: the text of generic data when its length takes two octets, the
# name of a profile element wherever its length does not happen to be aligned.
TEXT, TEXT_MAX = "unicode", 127
NAME = "element", "name"


def spare(value):
    """Takes out of a random value what tshark can't read, though it is well formed."""
    if isinstance(value, list):
        value[:] = [element for element in value if not is_signed(element)]
        for element in value:
            spare(element)
    elif isinstance(value, dict):
        for name, member in list(value.items()):
            if name in OPAQUE:
                value[name] = []
            elif name in INTEGERS and isinstance(member, int):
                value[name] = max(-(1 << 31), min((1 << 31) - 1, member))
            elif name == STANDARD:
                value[name] = STANDARD_MIN + abs(member) % 6000
            elif name == NAME[0] and NAME[1] in member:
                del value[name]
            elif name == TEXT:
                value[name] = member[:TEXT_MAX // 2]
            elif name == "h235Key" and is_signed(member):
                del value[name]
            else:
                spare(member)


def is_signed(value):
    """Whether this is, or is a choice of, a signed value: tshark does not read on after `toBeSigned`."""
    return isinstance(value, dict) and ("toBeSigned" in value or any(map(is_signed, value.values())))


def run(command, lines):
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=lines)
    return done.stdout.split("\n")[:-1]


def is_ras(message):
    return "q931" not in message["decoded"]


def pcap(messages):
    """A capture of IP packets without a link layer (link type 101): one frame for each message."""
    capture = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
    for number, message in enumerate(messages):
        content = bytes.fromhex(message["hex"])
        if is_ras(message):
            protocol, payload = 17, struct.pack(">HHHH", 50000, 1719, len(content) + 8, 0) + content
        else:
            # Each packet is a connection of its own, from its own port.
            header = struct.pack(">HHIIBBHHH", 10000 + number, 1720, 1, 1, 0x50, 0x18, 8192, 0, 0)
            protocol, payload = 6, header + content
        header = struct.pack(">BBHHHBBH", 0x45, 0, len(payload) + 20, number & 0xFFFF, 0, 64, protocol, 0)
        frame = header + ALICE + HERALD + payload
        capture += struct.pack("<IIII", 1767225600 + number, 0, len(frame), len(frame)) + frame
    return capture


FIELDS = ["frame.number", "_ws.malformed", "_ws.expert.group", "_ws.expert.message", "h225.RasMessage",
          "h225.h323_message_body", "frame.protocols"]


def dissect(capture):
    """What tshark says of each frame. Its check of transport checksums, which the capture leaves 0, is off."""
    command = ["tshark", "-r", capture, "-n", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]
    for preference in ("tcp.check_checksum:FALSE", "udp.check_checksum:FALSE"):
        command += ["-o", preference]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [dict(zip(FIELDS, line.split("\t"))) for line in done.stdout.split("\n")[:-1]]


def has_long_text(value):
    """Whether tshark can't read this, although real endpoints do."""
    if isinstance(value, dict):
        return len(value.get(TEXT, "")) > TEXT_MAX or any(map(has_long_text, value.values()))
    return isinstance(value, list) and any(map(has_long_text, value))


def compare(messages, frames):
    faults = misread = 0
    if len(messages) != len(frames):
        print(f"FAULT {len(messages)} messages became {len(frames)} frames")
        faults += 1
    for message, frame in zip(messages, frames):
        problem = None
        if frame["_ws.malformed"] or "Malformed" in frame["_ws.expert.message"]:
            problem = f"is malformed: {frame['_ws.expert.message']}"
        elif not frame["h225.RasMessage" if is_ras(message) else "h225.h323_message_body"]:
            problem = f"is not found, but {frame['frame.protocols']}"
        if problem and has_long_text(message["decoded"]):
            misread += 1
        elif problem:
            faults += 1
            if faults <= 10:
                print(f"FAULT frame {frame['frame.number']} ({message['message']}) {problem}\n  {message['hex']}")
    expected = sum(has_long_text(message["decoded"]) for message in messages)
    print(f"{len(messages)} messages read by tshark; it misreads {misread} with more than {TEXT_MAX} characters of text")
    return faults + (misread > expected) + (expected > len(messages) // 50)


def compare_with_herald(messages, herald, capture):
    lines = [json.loads(line) for line in run([herald, "wire", "decode", str(capture)], "")]
    found = [line.get("decoded") for line in lines]
    sent = [message["decoded"] for message in messages]
    print(f"{len(found)} messages found by herald wire decode")
    return sum(here != there for here, there in zip(found, sent)) + abs(len(found) - len(sent))


if __name__ == "__main__":
    sys.exit(main())
