#!/usr/bin/env python3
"""Compares our H.225.0 codec with pycrate's.

1. Random messages of ours decode there to the same values.
2. Those values, encoded there, decode here to the same values.
3. Random values made there decode here to the same values; every alternative, optional member and enumerated value
   of every type that a RAS message or call signalling can hold is among them.

Usage: differential.py [--count N] [--seed N] [--samples PROGRAM]
PROGRAM is the example `samples` of the crate h323; without it the example is built. The seed is printed; the same
seed makes the same run. covers: D-01, D-02, D-27, F-21
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import oracle  # noqa: E402
from samples import build, call_signalling, packet  # noqa: E402

# The longest encoding made there.
OCTETS_MAX = 16_000
# How often a value with what chance left out is tried: one may be too long.
ATTEMPTS_MAX = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="messages in each of the three comparisons (a few hundred leave message types out)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--samples", help="the built example")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    program = arguments.samples or build()
    started = time.monotonic()
    comparison = Comparison(program)
    comparison.ours(arguments.count, arguments.seed)
    comparison.theirs(arguments.count, arguments.seed)
    print(f"{time.monotonic() - started:.1f} s")
    return comparison.verdict()


class Comparison:
    def __init__(self, program):
        self.program = program
        self.faults = 0

    def fault(self, what, octets, here, there):
        self.faults += 1
        if self.faults <= 10:
            path, ours, theirs = difference(here, there)
            print(f"FAULT {what}: at {path or '/'} ours {ours}, theirs {theirs}\n  {octets.hex()}")

    def ours(self, count, seed):
        """Comparisons 1 and 2."""
        lines = subprocess.run(
            [self.program, str(count), str(seed)], check=True, capture_output=True, text=True
        ).stdout.split("\n")[:-1]
        assert len(lines) == count
        coverage = oracle.Coverage()
        encoded = []
        for line in lines:
            sample = json.loads(line)
            assert "exact" not in sample, "what we write is what we would write again"
            name, octets, here = split(sample)
            try:
                there = oracle.decode(name, octets)
            except Exception as error:
                there = f"{type(error).__name__}: {error}"
            if here != there:
                self.fault("decoded there", octets, here, there)
                continue
            coverage.note(oracle.TYPES[name], here)
            there = oracle.without_supplements(here)
            encoded.append((name, oracle.encode(name, there), there))
        messages = {name for owner, name in coverage.met() if owner in ("RasMessage", BODY)}
        expected = {name for owner, name in coverage.count if owner in ("RasMessage", BODY)}
        print(f"1. {len(encoded)} of {count} random messages of ours decode there to the same values")
        print(f"   message types met: {len(messages)} of {len(expected)}; {summary(coverage)}")
        if messages != expected:
            self.faults += 1
            print(f"FAULT message types never made: {sorted(expected - messages)}")
        same = self.read_back("encoded there again", encoded)
        print(f"2. {same} of {len(encoded)} of them, encoded there, decode here to the same values")

    def theirs(self, count, seed):
        """Comparison 3."""
        generator = oracle.Generator(random.Random(seed))
        coverage = oracle.Coverage()
        encoded = []
        while len(encoded) < count:
            name = list(oracle.TYPES)[len(encoded) % 2]
            self.make(name, generator.value(oracle.TYPES[name]), coverage, encoded)
        # What chance left out is made on purpose.
        for missing in coverage.missing():
            for name, asn1 in oracle.TYPES.items():
                for _ in range(ATTEMPTS_MAX):
                    if missing not in coverage.met() and (value := generator.value_with(asn1, missing)):
                        self.make(name, value, coverage, encoded)
        same = self.read_back("made there", encoded)
        print(f"3. {same} of {len(encoded)} random values made there decode here to the same values")
        print(f"   {summary(coverage)}")
        for missing in coverage.missing():
            self.faults += 1
            print(f"FAULT never made: {missing}")

    def make(self, name, value, coverage, encoded):
        octets = oracle.encode(name, value)
        # Fragments are never sent in H.323.
        if len(octets) > OCTETS_MAX:
            return
        there = oracle.decode(name, octets)
        if there != value:
            self.fault("made there, and read there otherwise", octets, value, there)
            return
        coverage.note(oracle.TYPES[name], value)
        encoded.append((name, octets, value))

    def read_back(self, what, encoded):
        lines = "".join(packet(name, octets).hex() + "\n" for name, octets, _ in encoded)
        readings = subprocess.run(
            [self.program, "read"], check=True, capture_output=True, text=True, input=lines
        ).stdout.split("\n")[:-1]
        assert len(readings) == len(encoded)
        same = 0
        for reading, (name, octets, there) in zip(readings, encoded):
            reading = json.loads(reading)
            here = split(reading)[2] if "decoded" in reading else reading["error"]
            if here == there:
                same += 1
            else:
                self.fault(what, octets, here, there)
        return same

    def verdict(self):
        print("no difference" if self.faults == 0 else f"{self.faults} differences")
        return min(self.faults, 1)


BODY = "H323-UU-PDU.h323-message-body"


def split(reading):
    """The name of the ASN.1 type in a reading, its octets and its value."""
    octets = bytes.fromhex(reading.get("hex", ""))
    if "q931" in reading["decoded"]:
        return "H323-UserInformation", call_signalling(octets), reading["decoded"]["h323-UserInformation"]
    return "RasMessage", octets, reading["decoded"]


def summary(coverage):
    return f"alternatives, optional members and enumerated values met: {len(coverage.met())} of {len(coverage.count)}"


def difference(here, there, path=""):
    """Where two values differ first."""
    if isinstance(here, dict) and isinstance(there, dict):
        for name in [*here, *there]:
            if here.get(name, "absent") != there.get(name, "absent"):
                return difference(here.get(name, "absent"), there.get(name, "absent"), f"{path}/{name}")
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for index, pair in enumerate(zip(here, there)):
            if pair[0] != pair[1]:
                return difference(*pair, f"{path}/{index}")
    return path, here, there


if __name__ == "__main__":
    sys.exit(main())
