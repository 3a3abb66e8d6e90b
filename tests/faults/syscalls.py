"""System calls of a running process in the order in which the kernel let them begin and end, from strace."""

import contextlib
import dataclasses
import re
import subprocess
import tempfile
import time

# What octets and promises go through.
CALLS = "recvmsg,recvmmsg,recvfrom,read,sendmsg,sendmmsg,sendto,write,writev,pwrite64,fsync,fdatasync"
OCTETS_MAX = 70_000
UNFINISHED, RESUMED = re.compile(r"(.*) <unfinished \.\.\.>$"), re.compile(r"<\.\.\. (\w+) resumed>(.*)$")
CALL = re.compile(r"(\w+)\((?:(-?\d+)(?:<([^>]*)>)?)?(.*)\)\s+= (-?\d+|\?)")
STRING = r'"((?:\\x[0-9a-f]{2})*)"'
PIECE, FIRST, CUT = re.compile("iov_base=" + STRING), re.compile("^, " + STRING), re.compile(STRING + r"\.\.\.")
PORT = re.compile(r"htons\((\d+)\)")


@dataclasses.dataclass
class Event:
    """A call: `begun` and `ended` are the numbers of its lines; of octets, all pieces that it carried."""

    begun: int
    ended: int
    name: str
    path: str
    octets: list
    ports: list
    result: int

    def carries(self, octets, port=None):
        return any(octets in piece for piece in self.octets) and (port is None or port in self.ports)


def parse(lines):
    """The calls that have ended, in the order in which they began.

    strace stops a thread where a call begins and where it ends, and writes in the order of these stops. A call that
    others came in between of is written in two parts.
    """
    events, open_calls = [], {}
    for number, line in enumerate(lines):
        process, _, text = line.rstrip("\n").partition(" ")
        text, begun = text.strip(), number
        if unfinished := UNFINISHED.match(text):
            assert process not in open_calls, f"line {number}: a thread can't begin a second call: {line[:200]}"
            open_calls[process] = number, unfinished[1]
            continue
        if resumed := RESUMED.match(text):
            # strace was attached in the middle of it.
            begun, head = open_calls.pop(process, (number, f"{resumed[1]}("))
            text = head + resumed[2]
        if (call := CALL.match(text)) and call[5] != "?":
            events.append(event(begun, number, call))
    return sorted(events, key=lambda one: one.begun)


def event(begun, ended, call):
    name, _, path, arguments, result = call.groups()
    assert not CUT.search(arguments), f"line {ended}: strace cut the octets off: {arguments[-200:]}"
    pieces = PIECE.findall(arguments) or FIRST.findall(arguments)
    return Event(begun, ended, name, unescape(path or "").decode(), [unescape(piece) for piece in pieces],
                 [int(port) for port in PORT.findall(arguments)], int(result))


def unescape(text):
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()


@contextlib.contextmanager
def traced(process, *options):
    """Runs strace on a process, all its threads, as long as the block lasts; its lines are in the list afterwards."""
    lines = []
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as output:
        command = ["strace", "--follow-forks", "--output", output.name, *options, "--attach", str(process)]
        strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        await_attached(strace, process)
        try:
            yield lines
        finally:
            strace.terminate()
            strace.communicate()
        lines += output.readlines()


def await_attached(strace, process):
    end = time.monotonic() + 20
    while strace.poll() is None and time.monotonic() < end:
        if all(f"TracerPid:\t{strace.pid}\n" in status for status in threads(process)):
            return
        time.sleep(0.02)
    strace.terminate()
    raise AssertionError("strace can't follow the server, so nothing can be said of the order of its calls. It needs the "
                         "right to trace other processes: run as root, set kernel.yama.ptrace_scope to 0, or give the "
                         f"container the capability SYS_PTRACE. strace says: {strace.communicate()[1].strip()}")


def threads(process):
    for task in subprocess.run(["ls", f"/proc/{process}/task"], capture_output=True, text=True).stdout.split():
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{process}/task/{task}/status") as status:
            yield status.read()


def octets(process):
    """What `parse` reads of a process: its calls that carry or sync octets, whole."""
    return traced(process, "--decode-fds=path", "--strings-in-hex=all", "--string-limit", str(OCTETS_MAX),
                  "--trace", CALLS)
