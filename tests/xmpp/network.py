"""Networks of a test's own: with address translation in them, or with packets that get lost."""

import ctypes
import json
import os
import subprocess
import sys
import time

NEW_NETWORK, INSIDE = 0x40000000, "HERALD_TEST_NETWORK"


def enter_network():
    """Runs this script again in a network that is nobody else's."""
    if INSIDE in os.environ:
        run("ip", "link", "set", "lo", "up")
        return
    own = ["unshare", "--net"] + (["--user", "--map-root-user"] if os.geteuid() != 0 else [])
    tried = subprocess.run([*own, "nft", "list", "ruleset"], capture_output=True, text=True)
    if tried.returncode != 0:
        sys.exit("no network with address translation can be made here. It needs network namespaces and nf_tables: run as "
                 f"root, in a container with the capability NET_ADMIN. It says: {tried.stderr.strip()}")
    os.environ[INSIDE] = "yes"
    os.execvp(own[0], [*own, sys.executable, *sys.argv])


class Network:
    """A network of its own, which lives as long as this does; sockets made inside it stay in it."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            time.sleep(0.01)

    def __enter__(self):
        self.outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        with open(f"/proc/{self.holder.pid}/ns/net") as inside:
            enter(inside.fileno())

    def __exit__(self, *_):
        enter(self.outside)
        os.close(self.outside)

    def run(self, *command, **more):
        return subprocess.run(["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command], check=True,
                              capture_output=True, text=True, **more).stdout

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()


def enter(network):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def counted(table, chain, within=run):
    """How many packets the rules of a chain have counted."""
    ruleset = json.loads(within("nft", "-j", "list", "chain", "ip", table, chain))
    said = [one for part in ruleset["nftables"] for one in part.get("rule", {}).get("expr", [])]
    return sum(one["counter"]["packets"] for one in said if "counter" in one)
