#!/usr/bin/env python3
"""A disk that is full, read-only or broken, from the start or all of a sudden.

What can't be accepted is refused by the word of each way, presence goes on, the server says what is wrong and what to
do, and goes on by itself when the disk does. Nothing that was accepted is lost.

The full disk and the one that is read-only from the start are file systems of a mount namespace of its own. A disk that
fails under way is the real one: strace makes the kernel answer the server's calls with the error.

Usage: disk.py --herald PROGRAM [PLAY..]
"""

import contextlib
import errno
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
import syscalls  # noqa: E402
from correspondent import ACCEPTED, FAILED, STORED, TEMPORARY  # noqa: E402
from load import Letters, Work, Worker, package, single  # noqa: E402
from peers import Room, Server  # noqa: E402
from people import FOREVER, befriend, run  # noqa: E402

PATIENCE = 30
INSIDE = "HERALD_TEST_MOUNTS"
MIB = 1024 * 1024


def enter_namespace():
    """Runs this script again where it may mount file systems that nobody else sees."""
    if INSIDE in os.environ:
        return
    own = ["unshare", "--mount", "--propagation=private"]
    if os.geteuid() != 0:
        own += ["--user", "--map-root-user"]
    with tempfile.TemporaryDirectory() as place:
        tried = subprocess.run([*own, "mount", "-t", "tmpfs", "none", place], capture_output=True, text=True)
    if tried.returncode != 0:
        sys.exit("no file system can be mounted here, so a full and a read-only disk can't be tried. It needs mount "
                 "namespaces: run as root, in a container with the capability SYS_ADMIN, or on a system that lets users "
                 f"make namespaces (user.max_user_namespaces). unshare says: {tried.stderr.strip()}")
    os.environ[INSIDE] = "yes"
    os.execvp(own[0], [*own, sys.executable, *sys.argv])


@contextlib.contextmanager
def file_system(mebioctets):
    """A small file system; its directory."""
    with tempfile.TemporaryDirectory() as place:
        mount("-t", "tmpfs", "-o", f"size={mebioctets}m,mode=700", "none", place)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def fill(place):
    """Another file takes all the room that is left."""
    with open(place / "ballast", "ab", buffering=0) as ballast:
        with contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(65536))
        with contextlib.suppress(OSError):
            while True:
                ballast.write(b"0")


def store(server):
    return json.loads(server.run("status", "--json").stdout)


def await_state(server, state):
    end = time.monotonic() + PATIENCE
    while store(server)["store"]["state"] != state:
        assert time.monotonic() < end, store(server)
        time.sleep(0.05)


def meet(server):
    """Two people who see each other, one more who writes by the package, and a room; all is well with them."""
    alice, bob, carl = (Worker(name, server, name == "carl") for name in ("alice", "bob", "carl"))
    room = Room("room 4", server.address)
    room.register(**FOREVER)
    befriend(alice, bob)
    bob.publish("away", "before")
    alice.expect_state("bob", "away")
    assert alice.write("bob", "before") == 16
    await_texts(bob, "before")
    return alice, bob, carl, room


def await_texts(somebody, *texts):
    end = time.monotonic() + PATIENCE
    while not set(texts) <= (came := {item[1] for _, item in somebody.texts.came + somebody.letters.came}):
        assert time.monotonic() < end, (texts, came)
        time.sleep(0.02)


def is_refused(server, alice, bob, carl, room):
    """Each way says its own no, and presence goes on."""
    refused = carl.post("bob", "over RAS")
    assert carl.expect_receipt(refused, ACCEPTED, STORED, FAILED)[1:] == (FAILED, TEMPORARY)
    call = alice.call_for_messages("bob")
    if call.wait_for_alerting():
        call.text("single")
        call.wait_for_release()
    assert (call.cause, call.reason) == (42, "gatekeeperResources"), (call.cause, call.reason)
    alice.disengage(call.identifier)
    for act in (lambda: bob.publish("available", "meanwhile"), lambda: bob.instruct("block", "alice"),
                lambda: alice.instruct("unsubscribe", "bob"), lambda: alice.instruct("subscribe", "carl")):
        answer = act()
        assert answer.get("result", ("none",))[0] == "notAvailable", answer
    session = alice.open("bob")
    session.text("in a session")
    end = time.monotonic() + PATIENCE
    while not (notices := [text for _, (sender, text) in alice.texts.came if sender == "bob"]):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert notices[-1].startswith("[not delivered") and "in a session" not in notices[-1], notices
    session.close()
    sent = server.run("send", "bob", "from the operator")
    assert sent.returncode == 1 and "not writing" in sent.stderr, sent
    newcomer = Room("newcomer", server.address)
    try:
        newcomer.register(**FOREVER)
        raise AssertionError("a new name was confirmed")
    except AssertionError as fault:
        assert "resourceUnavailable" in str(fault), fault
    # Presence of those who are known.
    room.register(**FOREVER)
    bob.refresh()
    bob.unregister()
    alice.expect_state("bob", "offline")
    bob.come()
    alice.expect("notify", lambda value: value["presentity"]["state"][0] != "offline")
    arrived = {item[1] for _, item in bob.texts.came + bob.letters.came}
    assert not arrived & {"over RAS", "single", "in a session", "from the operator"}, arrived


def goes_on(server, alice, bob, carl, since):
    """Everything is taken again, without a restart."""
    await_state(server, "writing")
    assert not [one for one in store(server)["problems"] if "receive buffer" not in one], store(server)["problems"]
    bob.publish("available", f"after {since}")
    alice.expect_state("bob", "available")
    assert alice.write("bob", f"after {since}") == 16
    letter = carl.post("bob", f"over RAS after {since}")
    carl.expect_receipt(letter, ACCEPTED, STORED)
    await_texts(bob, f"after {since}", f"over RAS after {since}")


def is_as_left(server, alice, bob, since):
    """After the restart, all stands as it was accepted."""
    for one in (bob, alice):
        one.come()
    alice.expect_contact("subscribe", "bob")
    state = alice.expect_state("bob", "available")
    assert state["presentity"]["display"][0]["display"] == f"after {since}", state


def problem(server, *words):
    """What the operator is told; the words must be in it."""
    problems = [one for one in store(server)["problems"] if "receive buffer" not in one]
    assert len(problems) == 1 and all(word in problems[0] for word in words), problems
    print(f"    {problems[0]}")
    assert all(word in server.said() for word in words), server.said()


def full(herald):
    """Filled up by another file while people write."""
    with file_system(8) as place, Server(herald, "--trust", "127.0.0.0/8", data=str(place / "data")) as server:
        alice, bob, carl, room = everybody = meet(server)
        letters, dora, cleo = Letters(), Worker("dora", server, False), Worker("cleo", server, True)
        acts = [lambda: single(letters, dora, (bob,)), lambda: package(letters, cleo, (bob,))]
        with Work(acts, []):
            time.sleep(0.3)
            fill(place)
            await_state(server, "failing")
            time.sleep(0.3)
        is_refused(server, *everybody)
        problem(server, "no room to write", "free space")
        backup = server.run("backup", f"{server.directory.name}/backup.db")
        assert backup.returncode == 0, backup
        os.remove(place / "ballast")
        goes_on(server, alice, bob, carl, "the full disk")
        accepted = [text for text, verdict in letters.verdicts.items() if verdict == "accepted"]
        await_texts(bob, *accepted)
        refused = {text for text, verdict in letters.verdicts.items() if verdict.startswith("refused")}
        assert refused and accepted, letters.verdicts
        came = [item[1] for _, item in bob.texts.came + bob.letters.came]
        assert len(came) == len(set(came)) and not refused & set(came), came
        print(f"    {len(accepted)} accepted and delivered, {len(refused)} refused and not")
        server.kill()
        server.start()
        is_as_left(server, alice, bob, "the full disk")


def full_at_the_end(herald):
    """Told to stop, and then to start, while the disk is full."""
    with file_system(8) as place, Server(herald, "--trust", "127.0.0.0/8", data=str(place / "data")) as server:
        alice, bob, carl, _ = meet(server)
        goes_on(server, alice, bob, carl, "the beginning")
        fill(place)
        server.process.terminate()
        status = server.process.wait(PATIENCE)
        print(f"    told to stop: status {status}, {server.said().splitlines()[-1]}")
        assert status == 1 and "no room to write" in server.said().splitlines()[-1], server.said()
        # The end has left some room.
        fill(place)
        status, said = server.refuse_to_start()
        print(f"    told to start: status {status}, {said.splitlines()[-1]}")
        assert status == 1 and "no room to write" in said.splitlines()[-1], said
        os.remove(place / "ballast")
        server.start()
        is_as_left(server, alice, bob, "the beginning")


def read_only(herald):
    """Mounted so from the start; nothing is touched, and a file system that is writable again is all it takes."""
    with file_system(8) as place:
        with Server(herald, "--trust", "127.0.0.0/8", data=str(place / "data")) as server:
            alice, bob, carl, _ = meet(server)
            goes_on(server, alice, bob, carl, "the beginning")
            server.kill()
            mount("-o", "remount,ro", place)
            status, said = server.refuse_to_start()
            print(f"    status {status}, {said.splitlines()[-1]}")
            assert status == 1 and "can't be written" in said.splitlines()[-1] and "read-only" in said, said
            mount("-o", "remount,rw", place)
            server.start()
            is_as_left(server, alice, bob, "the beginning")


@contextlib.contextmanager
def failing_calls(server, calls, error):
    """As long as the block lasts the kernel answers these calls of the server with an error."""
    name = errno.errorcode[error]
    files = [f"--trace-path={server.data}/herald.db{part}" for part in ("", "-wal")]
    with syscalls.traced(server.process.pid, *files, "--trace", calls, "--inject", f"{calls}:error={name}"):
        yield


def read_only_under_way(herald):
    """A file system that the kernel makes read-only because it has found it damaged."""
    fails_under_way(herald, "openat,pwrite64,ftruncate,fallocate,fsync,fdatasync", errno.EROFS, "read-only")


def broken(herald):
    """A disk whose syncs fail: what was written may be there after a kill or not, and so nobody was told that it is."""
    fails_under_way(herald, "fsync,fdatasync", errno.EIO, "look at the disk")


def fails_under_way(herald, calls, error, *words):
    with Server(herald) as server:
        alice, bob, carl, room = everybody = meet(server)
        with failing_calls(server, calls, error):
            answer = bob.publish("available", "on a disk that fails")
            assert answer.get("result", ("none",))[0] == "notAvailable", answer
            await_state(server, "failing")
            is_refused(server, *everybody)
            problem(server, *words)
        goes_on(server, alice, bob, carl, "the failure")
        server.kill()
        server.start()
        is_as_left(server, alice, bob, "the failure")


def quiet(herald):
    """What is wrong is said as long as it lasts, also where nothing waits to be written: a message is refused for good."""
    with Server(herald) as server:
        alice, bob, carl, _ = meet(server)
        with failing_calls(server, "fsync,fdatasync", errno.EIO):
            assert alice.write("bob", "refused") == 42
            end = time.monotonic() + 4
            while time.monotonic() < end:
                assert store(server)["store"]["state"] == "failing", store(server)["store"]
                time.sleep(0.1)
            problem(server, "look at the disk")
        goes_on(server, alice, bob, carl, "the silence")


def audited(herald):
    """Refusals are told as ever while the disk is full. What the audit log has no room for it counts, and says so later."""
    most = 9000
    with file_system(8) as place:
        data = place / "data"
        data.mkdir()
        (data / "herald.toml").write_text("[audit]\nrefusals_max = 65536\n")
        with Server(herald, "--trust", "127.0.0.0/8", data=str(data)) as server:
            room = Room("room 4", server.address)
            room.register(**FOREVER)
            fill(place)
            call = bytes(range(16))
            request = Room.encode("admissionRequest", {
                "requestSeqNum": 7, "callType": ("pointToPoint", 0), "endpointIdentifier": room.identifier,
                "destinationInfo": [("h323-ID", "nobody-00000")], "srcInfo": [("h323-ID", "room 4")], "bandWidth": 1280,
                "callReferenceValue": 77, "conferenceID": call, "activeMC": False, "answerCall": False,
                "canMapAlias": False, "callIdentifier": {"guid": call}, "willSupplyUUIEs": True})
            placeholder = "00000".encode("utf-16-be")
            assert placeholder in request
            begun = time.monotonic()
            for number in range(most):
                room.socket.sendto(request.replace(placeholder, f"{number:05}".encode("utf-16-be")), server.address)
                answer = room.socket.recv(65536)
                if number % 1000 == 0:
                    assert room.decode(answer)[0] == "admissionReject", answer
            took = time.monotonic() - begun
            counters = server.counters()
            assert counters["ras.admissions_refused"] == most, counters
            assert counters["audit.dropped"] > 0, counters
            # Whoever looks after the machine can still act.
            assert server.run("unregister", "room 4").returncode == 0
            os.remove(place / "ballast")
            end = time.monotonic() + PATIENCE
            while not (dropped := log(server, "--act", "audit.dropped")):
                assert time.monotonic() < end, server.counters()
                time.sleep(0.2)
            server.process.terminate()
            server.process.wait(PATIENCE)
            server.start()
            told = sum(row["count"] for row in log(server, "--act", "call"))
            missed = sum(row["count"] for row in log(server, "--act", "audit.dropped"))
            assert told + missed == most, (told, missed)
            acts = [row["outcome"] for row in log(server, "--act", "unregister")]
            assert set(acts) == {"begun", "done"}, acts
            assert server.run("audit", "--verify").returncode == 0
            print(f"    {most} refused in {took:.1f} s on a full disk: {told} in the log, {missed} counted ({dropped[0]['reason']})")


def log(server, *options):
    output = server.run("audit", "--json", "--limit", "100000", *options)
    return [json.loads(line) for line in output.stdout.splitlines()]


PLAYS = [full, full_at_the_end, read_only, read_only_under_way, broken, quiet, audited]

if __name__ == "__main__":
    enter_namespace()
    run(PLAYS, __doc__, serve=False)
    print("all was refused or kept")
