#!/usr/bin/env python3
"""`herald bench` against the real server, a few thousand endpoints in each mode: what is counted adds up.

Usage: short.py --herald PROGRAM [PLAY..]

Asserted are counts and the shape of the JSON, never times: those depend on the machine.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "h323"))
from peers import Server  # noqa: E402

FIGURES = {"seconds", "rate", "offered", "confirmed", "rejected", "lost", "timeouts", "repeated", "askedToWait",
           "duplicates", "late", "wrong", "stray", "heldBack", "requestOctets", "answerOctets", "latencyMs"}
PERCENTILES = {"count", "p50", "p90", "p99", "p999", "max"}


def bench(server, *arguments, target=None):
    """Runs `herald bench --json`; what it says."""
    target = target or "{}:{}".format(*server.address)
    mode, *rest = arguments
    done = server.run("bench", mode, "--target", target, "--json", *rest)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def phases(report):
    """The phases of a report by name; each is as programs expect it, and nothing in it is wrong."""
    assert report["buffers"]["receive"] > 0 and not report["interrupted"], report
    for phase in report["phases"]:
        for figures in (phase["target"], phase.get("echo")):
            if figures is None:
                continue
            assert set(figures) == FIGURES, set(figures) ^ FIGURES
            assert set(figures["latencyMs"]) == PERCENTILES, figures
            assert figures["lost"] == figures["wrong"] == 0, (phase["name"], figures)
            assert figures["confirmed"] > 0 and figures["rate"] > 0, (phase["name"], figures)
    return {phase["name"]: phase for phase in report["phases"]}


def registrations(server):
    """All register, are kept alive, go, and come back; nobody is left out."""
    report = bench(server, "ras", "--endpoints", "2000", "--seconds", "1", "--rounds", "2", "--return",
                   "--soak", "0.03", "--pid", str(server.process.pid), "--timeout", "5000")
    found = phases(report)
    assert list(found) == ["registrations", "keepAlives", "soak", "return"], list(found)
    first, back = found["registrations"], found["return"]
    # So few register again and again, under new names, until the phase is over.
    assert first["target"]["confirmed"] == first["target"]["offered"] >= 2000, first
    assert first["target"]["confirmed"] % 2000 == 0, first
    assert not first["target"]["rejected"] and first["ratio"] > 0, first
    assert back["target"]["confirmed"] == 2000 and back["details"]["notBack"] == 0, back
    assert found["soak"]["details"]["memory"], found["soak"]
    counters = server.counters()
    assert counters["ras.registered"] == 0, "all have unregistered"
    assert counters["ras.malformed"] == counters["ras.forged"] == 0, counters


def open_loop(server):
    """At a rate, every keep-alive that was offered is confirmed, and all are gone at the end."""
    report = bench(server, "ras", "--endpoints", "1000", "--seconds", "1", "--rounds", "1", "--rate", "500",
                   "--timeout", "5000", "--prefix", "open")
    kept = phases(report)["keepAlives"]["target"]
    assert 0 < kept["offered"] == kept["confirmed"], kept
    assert server.counters()["ras.registered"] == 0, "all have unregistered"


def presence(server):
    """Every watcher knows the last state, every notification is confirmed."""
    for more in (["--watchers", "200"], ["--presentities", "20", "--watchers", "5", "--rate", "200"]):
        report = bench(server, "presence", "--seconds", "1", "--rounds", "2", "--timeout", "5000",
                       "--prefix", f"state{len(more)}x", *more)
        told = phases(report)["notifications"]
        details = told["details"]
        assert told["target"]["offered"] == told["target"]["confirmed"] + details["superseded"], told
    counters = server.counters()
    assert counters["presence.unconfirmed"] == counters["presence.refused"] == 0, counters
    assert counters["presence.malformed"] == counters["presence.forged"] == 0, counters


def messages(server):
    """Every text is accepted once and comes once, in order; the commits are told."""
    report = bench(server, "im", "--sessions", "10", "--seconds", "1", "--rounds", "2", "--prefix", "chat")
    found = phases(report)
    assert list(found) == ["texts", "singleMessages"], list(found)
    for phase in found.values():
        target, details = phase["target"], phase["details"]
        assert target["offered"] == target["confirmed"] == details["delivered"], phase
        assert details["notDelivered"] == details["deliveredTwice"] == details["outOfOrder"] == 0, phase
        assert not target["rejected"] and details["connectionsLost"] == 0, phase
        assert details["commits"] > 0, phase
    accepted = sum(phase["target"]["confirmed"] for phase in found.values())
    assert server.counters()["messages.texts_accepted"] == accepted, accepted


def errors(server):
    """A target that does not answer, or is elsewhere, is an error in a sentence."""
    nobody = server.run("bench", "ras", "--target", "127.0.0.1:9")
    assert nobody.returncode == 1 and "does not answer: nothing listens there" in nobody.stderr, nobody
    elsewhere = server.run("bench", "ras", "--target", "192.0.2.1:1719")
    assert elsewhere.returncode == 1 and "--yes-this-network-is-mine" in elsewhere.stderr, elsewhere


PLAYS = [registrations, open_loop, presence, messages, errors]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True)
    parser.add_argument("play", nargs="*")
    arguments = parser.parse_args()
    with Server(arguments.herald, "--trust", "127.0.0.0/8", "--log-level", "error") as server:
        for play in PLAYS:
            if not arguments.play or play.__name__ in arguments.play:
                play(server)
                print(f"{play.__name__}: {play.__doc__}")


if __name__ == "__main__":
    main()
