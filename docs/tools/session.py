#!/usr/bin/env python3
"""Records a terminal session with the real program and draws it as the picture in the README.

Usage: session.py [HERALD]     records with that program (default target/release/herald), writes session.txt, session.svg
       session.py --draw       draws session.svg from session.txt again

The session runs in a temporary folder, which the picture shows as `~`. A server, two endpoints and `herald watch` run at
once; what they print is put in the order of the story, each under the command that printed it. UDP port 1719 must be
free.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
TEXT, PICTURE = HERE / "session.txt", HERE.parent / "session.svg"
ROOT = HERE.parents[1]

# Longer lines go on in the next, as in a terminal of this width.
COLUMNS = 104
# The picture, in pixels.
COLUMN, LINE, MARGIN, BAR = 8.43, 19, 18, 30
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
COLOURS = {"prompt": "#7ee787", "comment": "#8b949e", "text": "#e6edf3", "back": "#0d1117", "bar": "#161b22"}
# Words that carry the meaning, and the colour each has.
WORDS = {"available": "#7ee787", "on call": "#ffa657", "offline": "#ff7b72", "unknown": "#8b949e"}


class Program:
    """A running `herald`, with everything it prints."""

    def __init__(self, herald, *arguments, folder):
        self.lines = []
        self.process = subprocess.Popen(
            [herald, *arguments], cwd=folder, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def say(self, line):
        """Types a line, which a terminal shows too."""
        self.lines.append(f"> {line}")
        self.process.stdin.write(line + "\n")

    def wait_for(self, pattern, after=0, seconds=10):
        """Waits until a line fits; the number of lines there are then."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for number, line in enumerate(self.lines[after:], start=after):
                if re.search(pattern, line):
                    return number + 1
            time.sleep(0.02)
        raise SystemExit(f"{self.process.args} did not print {pattern!r} but {self.lines}")

    def end(self):
        self.process.terminate()
        self.process.wait(10)


def record(herald):
    """Plays the story; returns the lines of the picture."""
    with tempfile.TemporaryDirectory() as folder:
        started = []

        def start(*arguments):
            started.append(Program(herald, *arguments, folder=folder))
            return started[-1]

        def run(*arguments):
            done = subprocess.run([herald, *arguments], cwd=folder, text=True, check=True, stdout=subprocess.PIPE)
            return done.stdout.splitlines()

        try:
            lines = story(start, run)
        finally:
            for program in reversed(started):
                program.end()
        return [line.replace(folder, "~").rstrip() for line in lines]


def story(start, run):
    """alice asks to see a room and writes to it, calls it and hangs up; `herald why` says what is known meanwhile."""
    server = start("serve")
    server.wait_for("data")
    room = start("endpoint", "--alias", "room4", "--auto-answer")
    room.say("register")
    room.wait_for("Registered")
    watch = start("watch")
    # What is in force when the watch begins is not printed; wait until it has begun.
    time.sleep(1)
    alice = start("endpoint", "--alias", "alice")
    alice.say("register")
    alice.wait_for("Registered")
    typed = len(alice.lines)
    alice.say("subscribe room4")
    room.wait_for("asks to see")
    room.say("approve alice")
    alice.wait_for("room4 is online")
    alice.say("send room4 Are you free?")
    alice.wait_for("Delivered")
    time.sleep(3)
    alice.say("state away Lunch")
    watch.wait_for("alice.*away")
    time.sleep(3)
    alice.say("call room4")
    alice.wait_for("room4 is on call")
    watch.wait_for("room4.*on call")
    time.sleep(12)
    why = run("why", "room4")
    seen = len(watch.lines)
    alice.say("hangup")
    watch.wait_for("room4.*available", after=seen)
    told = alice.lines[typed:]
    time.sleep(4)
    alice.say("quit")
    watch.wait_for("alice.*offline", after=seen)
    return [
        "$ herald serve",
        *[line for line in server.lines[:6] if line],
        "",
        "$ herald endpoint --alias alice     # room4 approves in another terminal",
        *told,
        "",
        "$ herald watch                      # meanwhile, for the operator",
        *watch.lines,
        "",
        "$ herald why room4                  # asked during the call",
        *why,
    ]


def draw(lines):
    """The picture as SVG."""
    lines = [part for line in lines for part in wrapped(line)]
    width = int(max(len(line) for line in lines) * COLUMN + 2 * MARGIN)
    height = len(lines) * LINE + BAR + 2 * MARGIN
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="A terminal session with herald">',
        f'<rect width="{width}" height="{height}" rx="8" fill="{COLOURS["back"]}"/>',
        f'<path d="M0 8a8 8 0 0 1 8-8H{width - 8}a8 8 0 0 1 8 8V{BAR}H0z" fill="{COLOURS["bar"]}"/>',
    ]
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        rows.append(f'<circle cx="{18 + 20 * number}" cy="{BAR / 2:g}" r="6" fill="{colour}"/>')
    rows.append(f'<g font-family="{FONT}" font-size="14" xml:space="preserve" style="white-space:pre" fill="{COLOURS["text"]}">')
    for number, line in enumerate(lines):
        if line:
            y = BAR + MARGIN + (number + 0.75) * LINE
            rows.append(f'<text x="{MARGIN}" y="{y:g}">{coloured(line)}</text>')
    rows.append("</g>\n</svg>")
    return "\n".join(rows) + "\n"


def wrapped(line):
    """The rows that a terminal makes of a line."""
    return [line[start:start + COLUMNS] for start in range(0, max(len(line), 1), COLUMNS)]


def coloured(line):
    """A line with its colours."""
    if line.startswith("$ "):
        command, mark, comment = line[2:].partition("  #")
        spans = f'<tspan fill="{COLOURS["prompt"]}">$</tspan> {escape(command)}'
        return spans + (f'<tspan fill="{COLOURS["comment"]}">{escape(mark + comment)}</tspan>' if mark else "")
    pattern = r"\b(" + "|".join(map(re.escape, WORDS)) + r")\b"
    parts = re.split(pattern, line)
    return "".join(f'<tspan fill="{WORDS[part]}">{part}</tspan>' if part in WORDS else escape(part) for part in parts)


def main():
    if sys.argv[1:] != ["--draw"]:
        herald = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/herald").resolve()
        if not os.access(herald, os.X_OK):
            raise SystemExit(f"{herald} is not there; run `cargo build --release` first")
        TEXT.write_text("\n".join(record(str(herald))) + "\n")
    PICTURE.write_text(draw(TEXT.read_text().splitlines()))


if __name__ == "__main__":
    main()
