#!/usr/bin/env python3
"""Nothing left: no file descriptors, and peers that never read. Others go on, it is counted, and it ends by itself.

A peer of a call that never reads is in the plays of the group `service` (attack.py, connections).

Usage: exhaustion.py --herald PROGRAM [PLAY..]
"""

import contextlib
import json
import resource
import socket
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
from neighbours import Neighbours  # noqa: E402
from peers import Server  # noqa: E402
from people import person, run  # noqa: E402

PATIENCE = 30
TRUST = ("--trust", "127.0.0.0/8")
# What the server keeps of its descriptors for everything but connections: 128, and one for each of 64 clients.
KEPT = 192
# A client of the control socket that does not read is cut off after 10 s.
CLIENT_PATIENCE = 10


def connect(address, count, hosts):
    """Connections that say nothing, from several hosts so that no limit of one host is met."""
    return [socket.create_connection((address[0], address[1] + 1), PATIENCE, (hosts[number % len(hosts)], 0))
            for number in range(count)]


def open_files(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def problems(server):
    return [one for one in json.loads(server.run("status", "--json").stdout)["problems"] if "receive buffer" not in one]


def eventually(fits, what):
    end = time.monotonic() + PATIENCE
    while not (found := fits()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


def hold_a_session(server):
    """Two people in a session, and two who see and write to each other."""
    alice, bob = person(server, "alice"), person(server, "bob")
    session = alice.open("bob")
    session.text("before")
    bob.expect_text("alice", "before")
    return alice, bob, session


def goes_on(server, alice, bob, session, room):
    """What needs no new descriptor goes on."""
    session.text(room)
    bob.expect_text("alice", room)
    bob.publish("away", room)
    alice.refresh()
    newcomer = person(server, room)
    newcomer.unregister()


def connections_max(herald):
    """As many connections as the system allows, and more that wait: `herald status` says so, and they come to turn."""
    hosts = [f"127.50.0.{number}" for number in range(1, 9)]
    with Server(herald, *TRUST, wrapper=["prlimit", f"--nofile={KEPT + 40}:{KEPT + 40}"]) as server:
        alice, bob, session = hold_a_session(server)
        assert not problems(server), problems(server)
        taken = connect(server.address, 80, hosts)
        found = eventually(lambda: problems(server), "nothing is said of connections that wait")
        print(f"    {found[0]}")
        assert len(found) == 1 and "connection" in found[0] and "LimitNOFILE" in found[0], found
        assert server.counters()["driver.connections"] <= 40, server.counters()["driver.connections"]
        assert server.counters()["driver.accepting_paused"] > 0
        goes_on(server, alice, bob, session, "with no room for connections")
        for one in taken:
            one.close()
        eventually(lambda: not problems(server), "accepting does not go on")
        assert alice.write("bob", "after") == 16
        bob.expect_text("alice", "after")


def descriptors(herald):
    """Not one descriptor left, for whatever reason; existing ones do, and the log is not filled with it."""
    with Server(herald, *TRUST) as server:
        alice, bob, session = hold_a_session(server)
        before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        count = open_files(server)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (count, before[1]))
        lines = len(server.said().splitlines())
        flood = connect(server.address, 50, ["127.50.0.1"])
        client = control(server)
        for number in range(20):
            goes_on(server, alice, bob, session, f"without descriptors {number}")
            time.sleep(0.1)
        said = server.said().splitlines()[lines:]
        assert any("Too many open files" in line for line in said), said
        assert len(said) < 5, f"{len(said)} lines: {said[:5]}"
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)
        client.sendall(b'{"verb":"status"}\n')
        assert client.recv(10) == b'{"answer":', "a client that waited for a descriptor was not answered"
        assert alice.write("bob", "after") == 16
        bob.expect_text("alice", "after")
        counted = server.counters()
        assert counted["driver.accepting_paused"] > 0, counted
        print(f"    paused {counted['driver.accepting_paused']} times, {len(said)} lines in the log")
        for one in flood:
            one.close()


def control(server):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(f"{server.data}/control.sock")
    return client


def silent_clients(herald):
    """Clients of the control socket that ask much and read nothing are cut off, and hold up nobody."""
    with Server(herald, *TRUST) as server:
        for number in range(20):
            person(server, f"room {number}")
        question = {"presence": b'{"verb":"presence","address":null}\n', "watch": b'{"verb":"watch","address":null}\n'}
        with Neighbours(server):
            files, begun = open_files(server), time.monotonic()
            clients = []
            for number in range(30):
                clients.append(control(server))
                clients[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                clients[-1].settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    clients[-1].sendall(question["presence"] * 500)
            eventually(lambda: open_files(server) >= files + len(clients), "the clients are not taken")
            assert server.run("status").returncode == 0
            eventually(lambda: open_files(server) <= files, "clients that do not read are not cut off")
            took = time.monotonic() - begun
            assert took > CLIENT_PATIENCE - 1, took
            print(f"    {len(clients)} clients cut off within {took:.0f} s")
        counted = server.counters()["control.cut_off"]
        assert counted == len(clients), counted


PLAYS = [connections_max, descriptors, silent_clients]

if __name__ == "__main__":
    run(PLAYS, __doc__, serve=False)
    print("nobody was harmed")
