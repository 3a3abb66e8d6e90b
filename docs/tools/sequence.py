#!/usr/bin/env python3
"""Records runs of the real program and draws them as the sequence diagrams of the book.

Usage: sequence.py [HERALD]     plays every scene with that program (default target/release/herald), writes sequence-*.svg

In each scene a server and the endpoints of alice and bob run on loopback, each followed by `herald trace`. What was
recorded is drawn in the order in which Herald took and sent it; only what every call has is left out: its end at the
gatekeeper (DRQ, DCF), and how it is checked (IRQ, IRR).
"""

import json
import os
import socket
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True
from session import COLOURS, FONT, HERE, ROOT, Program  # noqa: E402

# The picture, in pixels: where the lifelines are, and how high the rows.
LIVES = {"alice": 130, "Herald": 470, "bob": 810}
WIDTH, HEAD, ROW, FOOT, MARGIN = 940, 52, 34, 24, 14
LINE, ARROW, ANSWER, TYPED = "#30363d", "#79c0ff", "#8b949e", "#7ee787"

# Messages by the names that engineers call them; what is not here keeps its own.
SHORT = {
    "gatekeeperRequest": "GRQ", "gatekeeperConfirm": "GCF",
    "registrationRequest": "RRQ", "registrationConfirm": "RCF", "admissionRequest": "ARQ", "admissionConfirm": "ACF",
    "serviceControlIndication": "SCI", "serviceControlResponse": "SCR",
}
LEFT_OUT = {"disengageRequest", "disengageConfirm", "infoRequest", "infoRequestResponse"}
ANSWERS = {"serviceControlResponse"}
RECEIPTS = {1: "accepted", 2: "delivered", 3: "displayed", 4: "failed", 5: "stored"}

# Nothing has happened for so long when a step is over, in seconds.
QUIET = 1.5


class Stage:
    """A server with the endpoints of alice and bob, and all that was recorded of them."""

    def __init__(self, herald, folder, offers):
        self.herald, self.folder, self.offers = herald, folder, offers
        self.programs, self.traces, self.people, self.typed = [], {}, {}, []
        self.since = 0
        port = free_port()
        Path(folder, "herald.toml").write_text(f'[h323]\nlisten = ["127.0.0.1:{port}"]\ndiscovery = false\n')
        self.gatekeeper = f"127.0.0.1:{port}"
        self.start("serve", "--config", "herald.toml").wait_for("data")
        for name in ("alice", "bob"):
            self.traces[name] = self.start("trace", name, "--json")
        # A trace that prints JSON does not say when it has begun.
        time.sleep(1)

    def start(self, *arguments):
        self.programs.append(Program(self.herald, *arguments, folder=self.folder))
        return self.programs[-1]

    def register(self, *names):
        """Endpoints come, or come back."""
        for name in names:
            if name not in self.people:
                self.people[name] = self.start(
                    "endpoint", "--alias", name, "--gatekeeper", self.gatekeeper, "--bind", "127.0.0.1",
                    "--signalling-port", str(free_port()), *self.offers,
                )
                self.people[name].wait_for("RAS at")
            self.type(name, "register")

    def type(self, name, line, until=None):
        """Somebody types a command, and it has its effect; `until` is what the other one then sees."""
        before = {other: len(person.lines) for other, person in self.people.items()}
        self.typed.append((now(), name, line))
        self.people[name].say(line)
        if until:
            (other,) = set(self.people) - {name}
            self.people[other].wait_for(until, after=before[other])
        self.wait_until_quiet()

    def wait_until_quiet(self):
        def count():
            return sum(len(trace.lines) for trace in self.traces.values())

        seen, since = count(), time.monotonic()
        while time.monotonic() - since < QUIET:
            time.sleep(0.05)
            if count() != seen:
                seen, since = count(), time.monotonic()

    def begin(self):
        """What came before is not drawn."""
        self.since = now()

    def rows(self):
        """What is drawn: `(who, arrow, name, text)`, with the arrow `typed`, `in` or `out`."""
        recorded = [[(at, name, "typed", "", line) for at, name, line in self.typed]]
        for name, trace in self.traces.items():
            recorded.append([row(name, json.loads(line)) for line in trace.lines])
        wanted = [[row for row in rows if row[0] >= self.since and row[3] not in LEFT_OUT] for rows in recorded]
        return [row[1:] for row in merged(wanted)]

    def end(self):
        for program in reversed(self.programs):
            program.end()


def row(name, traced):
    """A message that somebody's trace shows."""
    at = datetime.fromisoformat(traced["at"]).timestamp()
    return at, name, "in" if traced["isReceived"] else "out", traced["name"], gist(traced)


def merged(recorded):
    """Lists of rows, each in order, as one.

    Moments are told to the millisecond, and more than one thing happens in it: it begins with what comes in; then what
    goes out leaves, first to whoever was heard last, and to everybody before they answer.
    """
    rows = []
    while any(recorded):
        moment = min(ahead[0][0] for ahead in recorded if ahead)
        order = ["typed", "out", "in"] if rows and rows[-1][0] == moment else ["typed", "in", "out"]
        at_once = [ahead for ahead in recorded if ahead and ahead[0][0] == moment]
        last = rows[-1][1] if rows else None
        rows.append(min(at_once, key=lambda ahead: (order.index(ahead[0][2]), ahead[0][1] != last)).pop(0))
    return rows


def acquaintance(stage):
    """alice asks to see bob, bob allows it, and both see how the other is."""
    stage.register("alice", "bob")
    stage.begin()
    stage.type("alice", "subscribe bob", until="asks to see")
    stage.type("bob", "approve alice", until="bob is online")
    stage.type("bob", "state away Lunch", until="bob is away")


def message(stage):
    """A single message, from alice to bob."""
    stage.register("alice", "bob")
    stage.begin()
    stage.type("alice", "send bob Are you there?", until="Are you there")


def session(stage):
    """alice opens a session with bob, both write, alice closes it."""
    stage.register("alice", "bob")
    stage.begin()
    stage.type("alice", "open bob")
    stage.type("alice", "say bob Are you there?", until="Are you there")
    stage.type("bob", "say alice Yes.", until="Yes")
    stage.type("alice", "close bob", until="closed|ended")


def absence(stage):
    """alice writes to bob, who is away and comes back."""
    stage.register("alice", "bob")
    stage.type("bob", "unregister")
    stage.begin()
    stage.type("alice", "send bob Call me.")
    stage.register("bob")
    stage.people["bob"].wait_for("Call me")


def receipts(stage):
    """A message over RAS, in Herald's package."""
    stage.register("alice", "bob")
    stage.begin()
    stage.type("alice", "send bob Are you there?", until="Are you there")


# Each scene with what its endpoints leave out, and what the picture shows, in words.
DEPLOYED = ("--no-package",)
SCENES = {
    "acquaintance": (acquaintance, DEPLOYED, "alice asks to see bob, who allows it; both are told how the other is"),
    "message": (message, DEPLOYED, "a single message from alice to bob"),
    "session": (session, DEPLOYED, "a session: alice opens it, both write, alice closes it"),
    "absence": (absence, DEPLOYED, "a message to bob, who is away, and has it when he registers"),
    "receipts": (receipts, (), "a message over RAS with its receipts"),
}


def gist(traced):
    """A message in a few words: its short name, and what is particular about it."""
    reading = traced["reading"]
    words = [SHORT.get(traced["name"], traced["name"])]
    body = reading["decoded"].get(traced["name"], {})
    if traced["name"] == "admissionRequest":
        words.append("to answer" if body["answerCall"] else "to " + ", ".join(map(alias, body["destinationInfo"])))
    if traced["name"] == "admissionConfirm":
        words += body["callModel"]
    for feature in reading["features"]:
        words += described(feature)
    for element in reading["decoded"].get("q931", {}).get("informationElements", []):
        if traced["name"] == "ReleaseComplete" and element["ie"] == "Cause":
            words.append(f"cause {int(element['hex'][-2:], 16) & 0x7F}")
    return " ".join(words)


def described(feature):
    """What a descriptor says; one that only offers its feature, its name."""
    parameters = {parameter["name"]: parameter for parameter in feature["parameters"]}
    value = {name: parameter.get("value") for name, parameter in parameters.items()}
    if feature["name"].startswith("presence"):
        element = parameters.get("presence element", {}).get("presenceElement", {})
        return [presence(said) for said in element.get("message", [])] or ["[presence]"]
    if feature["name"].startswith("instant messaging"):
        if not parameters:
            return ["[IM]"]
        words = {"IM type": "IM call", "IM session open": "IM open" if value.get("IM session open") else "IM close"}
        texts = [f'IM text "{value["IM message text"]}"'] if "IM message text" in value else []
        return [words[name] for name in value if name in words] + texts
    if "receipt" in value:
        return [f"receipt: {RECEIPTS[value['receipt']]}"]
    if "messageId" in value:
        return [f'message "{bytes.fromhex(value["text"]["hex"]).decode()}"']
    return ["[package]"]


def presence(said):
    """A presence message: `presenceInstruct pending{bob}`, `presenceNotify bob: away "Lunch"`."""
    ((name, body),) = said.items()
    if name == "presenceInstruct":
        words = [f"{what}{{{alias(contact['alias'])}}}" for one in body["instruction"] for what, contact in one.items()]
    elif name == "presenceAuthorize":
        words = [decision(subscription) for subscription in body["subscription"]]
    else:
        words = [state(notification) for notification in body.get("notification", [])]
    return f"{name} {', '.join(words)}".replace(" {", "{")


def decision(subscription):
    """What is asked of the one who decides, or what it says."""
    said = {None: "", True: " approved", False: " refused"}[subscription.get("approved")]
    return "{" + ", ".join(alias(watcher["alias"]) for watcher in subscription["aliases"]) + "}" + said


def state(notification):
    whose = f"{alias(notification['aliasAddress'])}: " if "aliasAddress" in notification else ""
    texts = "".join(f' "{text["display"]}"' for text in notification["presentity"].get("display", []))
    return whose + next(iter(notification["presentity"]["state"])) + texts


def alias(choice):
    return next(iter(choice.values()))


def draw(rows, words):
    """The picture as SVG."""
    height = HEAD + len(rows) * ROW + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{escape(words)}">',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{COLOURS["back"]}"/>',
        f'<g font-family="{FONT}" font-size="13" text-anchor="middle" fill="{COLOURS["text"]}">',
    ]
    for name, x in LIVES.items():
        parts.append(f'<path d="M{x} {HEAD - 8}V{height - FOOT + 8}" stroke="{LINE}" stroke-width="2"/>')
        parts.append(f'<rect x="{x - 50}" y="{MARGIN}" width="100" height="28" rx="6" fill="{COLOURS["bar"]}" stroke="{LINE}"/>')
        parts.append(f'<text x="{x}" y="{MARGIN + 19}" font-weight="bold">{name}</text>')
    for number, row in enumerate(rows):
        parts += drawn(HEAD + (number + 1) * ROW - 10, *row)
    parts.append("</g>\n</svg>")
    return "\n".join(parts) + "\n"


def drawn(y, who, arrow, name, text):
    """A row: a command beside the lifeline of who typed it, or a message as an arrow."""
    if arrow == "typed":
        width = 8 * len(text) + 40
        x = min(max(LIVES[who], MARGIN + width / 2), WIDTH - MARGIN - width / 2)
        return [
            f'<rect x="{x - width / 2:g}" y="{y - 19}" width="{width}" height="25" rx="6" fill="{COLOURS["bar"]}" stroke="{LINE}"/>',
            f'<text x="{x:g}" y="{y - 2}"><tspan fill="{TYPED}">&gt;</tspan> {escape(text)}</text>',
        ]
    start, end = (LIVES[who], LIVES["Herald"]) if arrow == "in" else (LIVES["Herald"], LIVES[who])
    ahead = 1 if end > start else -1
    colour, dashes = (ANSWER, ' stroke-dasharray="4 4"') if name in ANSWERS else (ARROW, "")
    return [
        f'<text x="{(start + end) / 2:g}" y="{y - 7}">{escape(text)}</text>',
        f'<path d="M{start} {y}H{end - 8 * ahead}" stroke="{colour}" stroke-width="1.5"{dashes}/>',
        f'<path d="M{end} {y}l{-9 * ahead} -4v8z" fill="{colour}"/>',
    ]


def now():
    """The moment, to the millisecond as in a trace."""
    return int(time.time() * 1000) / 1000


def free_port():
    """A port that nobody uses, and the next neither: call signalling is at the port after that of RAS."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue


def main():
    herald = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/herald").resolve()
    if not os.access(herald, os.X_OK):
        raise SystemExit(f"{herald} is not there; run `cargo build --release` first")
    for name, (play, offers, words) in SCENES.items():
        with tempfile.TemporaryDirectory() as folder:
            stage = Stage(str(herald), folder, offers)
            try:
                play(stage)
                rows = stage.rows()
            finally:
                stage.end()
        (HERE.parent / f"sequence-{name}.svg").write_text(draw(rows, words))


if __name__ == "__main__":
    main()
