"""Our random messages, and the frame around call signalling."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build():
    """Builds the example `samples` and returns its path."""
    command = ["cargo", "build", "--quiet", "-p", "h323", "--example", "samples", "--features", "arbitrary"]
    messages = subprocess.run(
        [*command, "--message-format", "json"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    for line in messages.splitlines():
        artifact = json.loads(line)
        if artifact.get("executable") and artifact["target"]["name"] == "samples":
            return artifact["executable"]
    raise RuntimeError("cargo did not say where the example is")


def call_signalling(octets):
    """The H323-UserInformation of a TPKT packet."""
    if not octets:
        return octets
    elements = octets[7 + octets[5]:]
    while elements:
        code, size = elements[0], 1
        if code == 0x7E:
            length, size = int.from_bytes(elements[1:3], "big"), 3
            return elements[size + 1:size + length]
        if not code & 0x80:
            size = 2 + elements[1]
        elements = elements[size:]
    raise ValueError("there is no User-User element")


def packet(name, octets):
    """What goes over the network for a RasMessage or an H323-UserInformation (in a Facility)."""
    if name == "RasMessage":
        return octets
    q931 = b"\x08\x02\x12\x34\x62\x7e" + (len(octets) + 1).to_bytes(2, "big") + b"\x05" + octets
    return b"\x03\x00" + (len(q931) + 4).to_bytes(2, "big") + q931
