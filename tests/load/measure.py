#!/usr/bin/env python3
"""Measures Herald under load and writes what the page "Performance" shows: figures, table, plots.

Usage: measure.py [--quick] [--herald PROGRAM] [--gnugk PROGRAM] [--only NAME..] [--draw]

Builds the release program unless one is given, starts it on data directories of its own in the clone's file system (a
memory file system would make every sync free), runs each measurement, and records the JSON of `herald bench` in
docs/performance.json; then it draws docs/performance.md and docs/performance-*.svg from that. A gatekeeper of others is
given the same registrations and keep-alives. --quick takes minutes and a tenth of the endpoints; --only repeats some
measurements and keeps the others; --draw measures nothing. Of which commit the figures are is what the program itself says:
it is built with HERALD_VERSION for that.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
import page  # noqa: E402

RESULTS = ROOT / "docs" / "performance.json"
HOST, OTHER_HOST, FROM = "127.33.0.1", "127.33.0.2", "127.33.1.1"
PATIENCE = 60
# What the bench calls its endpoints, and how many each of them watches where contact lists are imported.
PREFIX, CONTACTS = "bench", 10

GNUGK = """[Gatekeeper::Main]
Name=Other
Home={host}
FortyTwo=42
UnicastRasPort=1719
EndpointSignalPort=1720
StatusPort=7000
UseMulticastListener=0
UseBroadcastListener=0
TimeToLive=3600
TraceLevel=0
[RoutedMode]
GKRouted=0
"""


def measurements(quick):
    """Name, gatekeeper, and the arguments of `herald bench`; {pid} is the server's process."""
    thousand, hundred_thousand, million = (1_000, 10_000, 100_000) if quick else (1_000, 100_000, 1_000_000)
    seconds = ["--seconds", "5" if quick else "20"]
    memory = ["--pid", "{pid}"]
    return [
        ("ras-1000", "herald", ["ras", "--endpoints", str(thousand), *seconds, *memory]),
        ("ras-100000", "herald", ["ras", "--endpoints", str(hundred_thousand), *seconds, *memory]),
        ("ras-1000000", "herald", ["ras", "--endpoints", str(million), *seconds, *memory]),
        ("return", "herald", ["ras", "--endpoints", str(million), "--seconds", "5", "--return"]),
        ("return-4", "herald", ["ras", "--endpoints", str(million), "--seconds", "5", "--return", "--overload", "4"]),
        ("settle", "herald", ["ras", "--endpoints", str(million), "--seconds", "5", "--settle"]),
        ("soak", "herald", ["ras", "--endpoints", str(hundred_thousand), "--seconds", "10",
                            "--soak", "1" if quick else "30", *memory]),
        ("subscriptions", "herald", ["ras", "--endpoints", str(million), "--seconds", "5", *memory]),
        ("presence-1000", "herald", ["presence", "--watchers", "1000", *seconds]),
        ("presence-rate", "herald", ["presence", "--presentities", "100" if quick else "1000", "--watchers", "10",
                                     "--rate", "500" if quick else "5000", *seconds]),
        ("texts", "herald", ["im", "--sessions", "100", "--without-single", *seconds]),
        ("texts-few", "herald", ["im", "--sessions", "100", "--without-single", "--rate", "200", *seconds]),
        ("texts-rate", "herald", ["im", "--sessions", "100", "--without-single",
                                  "--rate", "1000" if quick else "5000", *seconds]),
        ("single", "herald", ["im", "--sessions", "100", "--without-sessions", *seconds]),
        ("single-rate", "herald", ["im", "--sessions", "100", "--without-sessions",
                                   "--single-rate", "500" if quick else "2000", *seconds]),
        ("other-1000", "gnugk", ["ras", "--endpoints", str(thousand), *seconds, *memory]),
        ("other-10000", "gnugk", ["ras", "--endpoints", "2000" if quick else "10000", *seconds, *memory]),
    ]


class Herald:
    """The server with a new data directory."""

    def __init__(self, program, directory):
        self.program, self.data = program, directory
        self.target = f"{HOST}:1719"
        self.process = None

    def start(self):
        command = [self.program, "--data", self.data, "serve", "--listen", self.target, "--trust", "127.0.0.0/8",
                   "--log-level", "error"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        return self

    def is_ready(self):
        status = subprocess.run([self.program, "--data", self.data, "status"], capture_output=True)
        return status.returncode == 0

    def stop(self, signal="terminate"):
        getattr(self.process, signal)()
        self.process.wait()


class Other:
    """Another gatekeeper."""

    def __init__(self, program, directory):
        self.program, self.data = program, directory
        self.target = f"{OTHER_HOST}:1719"
        self.process = None

    def start(self):
        configuration = Path(self.data) / "gatekeeper.ini"
        configuration.write_text(GNUGK.format(host=OTHER_HOST))
        self.process = subprocess.Popen([self.program, "-c", configuration], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, cwd=self.data)
        self.started = time.monotonic()
        return self

    def is_ready(self):
        return time.monotonic() - self.started > 3

    def stop(self):
        self.process.terminate()
        self.process.wait()


def wait_until_ready(server):
    end = time.monotonic() + PATIENCE
    while not server.is_ready():
        assert server.process.poll() is None and time.monotonic() < end, "the server does not start"
        time.sleep(0.1)


def resident(process):
    """The octets of a process that are in memory."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("the server is gone")


def subscribe_all(server, endpoints):
    """Gives each endpoint its subscriptions by `herald import`; the memory of the server before, without any of them."""
    server.start()
    wait_until_ready(server)
    empty = resident(server.process)
    server.stop()
    path = Path(server.data) / "people.jsonl"
    with path.open("w") as file:
        for number in range(endpoints):
            watches = [f"{PREFIX}{(number + 7919 * step) % endpoints:08}" for step in range(1, CONTACTS + 1)]
            file.write(json.dumps({"names": [f"{PREFIX}{number:08}"], "watches": watches}) + "\n")
    imported = subprocess.run([server.program, "--data", server.data, "import", path], capture_output=True, text=True)
    if imported.returncode != 0:
        raise SystemExit(f"the import failed: {imported.stderr}")
    path.unlink()
    return empty


def run(herald, server, arguments):
    """One measurement; the JSON of it. A `settle` gets its restart when it asks for it."""
    arguments = [word.format(pid=server.process.pid) for word in arguments]
    command = [herald, "--data", server.data, "bench", arguments[0], "--target", server.target, "--from", FROM,
               "--json", "--prefix", PREFIX, *arguments[1:]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    is_restarted = False
    for line in process.stderr:
        sys.stderr.write(line)
        # The first line asks for the restart, those that follow are its progress.
        if line.startswith("settle:") and not is_restarted:
            is_restarted = True
            server.stop("kill")
            server.start()
    output = process.stdout.read()
    if process.wait() != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed")
    return json.loads(output)


def machine():
    """What it was measured on."""
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {
        "processor": model[0] if model else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "date": datetime.date.today().isoformat(),
    }


def version_of(herald):
    """What the measured program says it is."""
    said = subprocess.run([herald, "--version"], capture_output=True, text=True, check=True)
    return said.stdout.strip().removeprefix("herald ")


def build():
    """The release program, which knows the commit that it is built of."""
    describe = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    environment = {**os.environ, "HERALD_VERSION": f"commit {commit}"}
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "herald"], cwd=ROOT, check=True, env=environment)
    return str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "herald")


def measure(arguments, results):
    programs = {"herald": arguments.herald, "gnugk": arguments.gnugk}
    for name, gatekeeper, words in measurements(arguments.quick):
        if arguments.only and name not in arguments.only or programs[gatekeeper] is None:
            continue
        print(f"--- {name}: {' '.join(words)}", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
            server = (Herald if gatekeeper == "herald" else Other)(programs[gatekeeper], directory)
            try:
                endpoints = int(words[words.index("--endpoints") + 1]) if "--endpoints" in words else 0
                empty = subscribe_all(server, endpoints) if name == "subscriptions" else None
                server.start()
                wait_until_ready(server)
                report = run(arguments.herald, server, words)
                if empty is not None:
                    report["subscriptions"] = report["endpoints"] * CONTACTS
                    # What the program took before anybody was known is not the endpoints'; all else is.
                    details = report["phases"][0]["details"]
                    details["residentOctetsEach"] = (details["residentOctets"] - empty) / report["endpoints"]
            finally:
                with contextlib.suppress(ProcessLookupError):
                    server.stop()
        results["runs"][name] = {"quick": arguments.quick, "arguments": words, "version": version_of(arguments.herald),
                                 "report": report}
        results["machine"] = machine()
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--herald", help="the program; without it the release build is made")
    parser.add_argument("--gnugk", help="another gatekeeper to compare with; none without it")
    parser.add_argument("--only", nargs="+", default=[], help="names of measurements")
    parser.add_argument("--directory", default=str(ROOT / "target"), help="where the data directories are made")
    parser.add_argument("--draw", action="store_true", help="draw what is recorded, and measure nothing")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"runs": {}}
    if not arguments.draw:
        if arguments.herald is None:
            arguments.herald = build()
        arguments.herald = os.path.abspath(arguments.herald)
        Path(arguments.directory).mkdir(parents=True, exist_ok=True)
        measure(arguments, results)
    page.draw(ROOT / "docs", results)


if __name__ == "__main__":
    main()
