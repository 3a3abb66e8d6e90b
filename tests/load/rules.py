#!/usr/bin/env python3
"""Measures what access rules cost: the rate of notifications of `herald bench presence` with them and without.

Usage: rules.py --herald PROGRAM [--rounds N] [--watchers N]

Two servers of the program on data directories of their own, one with rules, take turns, so that what else runs on the machine
hits both; each has the bare echo beside it. Every presentity has twenty rules of its own, the operator has twenty for people and
domains, one for a group of five hundred and one that lets everybody see everything, so that both tell the same. Prints the
rates, and the ratio of each round. The page on access rules says what came of it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from measure import Herald, wait_until_ready  # noqa: E402

PLAIN, RULED = "127.33.2.1", "127.33.3.1"
PRESENTITIES = 10


class Server(Herald):
    """A server at an address of its own."""

    def __init__(self, program, directory, host):
        super().__init__(program, directory)
        self.target = f"{host}:1719"

    def run(self, *arguments):
        done = subprocess.run([self.program, "--data", self.data, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def bench(self, seconds, watchers):
        host = self.target.split(":")[0].rsplit(".", 1)[0]
        line = self.run("bench", "presence", "--target", self.target, "--from", f"{host}.11", "--presentities",
                        str(PRESENTITIES), "--watchers", str(watchers), "--rounds", "1", "--seconds", str(seconds), "--json")
        return json.loads(line.splitlines()[-1])


def write_rules(server, group_size):
    """Rules for the presentities of the bench, whose names come first."""
    server.run("group", "add", "staff")
    guests = [f"guest{number}" for number in range(group_size)]
    for start in range(0, group_size, 100):
        server.run("group", "join", "staff", *guests[start:start + 100])
    server.run("rules", "allow", "--operator", "everybody", "everybody")
    server.run("rules", "allow", "--operator", "everybody", "group:staff", "--shows", "basic")
    for number in range(20):
        server.run("rules", "block", "--operator", "everybody", f"domain:bad{number}.example")
    for presentity in range(PRESENTITIES):
        for guest in guests[:20]:
            server.run("rules", "polite-block", f"bench{presentity:08}", guest)


def notifications(report):
    """So many each second, and that as a share of what the bare echo beside it did."""
    phase = next(phase for phase in report["phases"] if phase["name"] == "notifications")
    return phase["target"]["rate"], phase["ratio"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", required=True)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--watchers", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory() as ruled:
        servers = [Server(arguments.herald, data, host).start() for data, host in ((plain, PLAIN), (ruled, RULED))]
        try:
            for server in servers:
                wait_until_ready(server)
                server.bench(1, arguments.watchers)
            write_rules(servers[1], 500)
            ratios = []
            for number in range(arguments.rounds):
                # Who goes first goes last the next time.
                order = servers if number % 2 else servers[::-1]
                found = {server.target: notifications(server.bench(arguments.seconds, arguments.watchers))
                         for server in order}
                (plain_rate, plain_share), (ruled_rate, ruled_share) = (found[server.target] for server in servers)
                ratios.append((ruled_rate / plain_rate, ruled_share / plain_share))
                print(f"without {plain_rate:8.0f}/s ({plain_share:.3f} of the echo)   "
                      f"with {ruled_rate:8.0f}/s ({ruled_share:.3f})   ratio {ratios[-1][0]:.3f}", flush=True)
            of_rates, of_shares = (statistics.median(column) for column in zip(*ratios))
            print(f"median ratio of the rates {of_rates:.3f}, of the shares of the echo {of_shares:.3f}")
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
