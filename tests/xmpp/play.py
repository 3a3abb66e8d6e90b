#!/usr/bin/env python3
"""Acts out plays between H.323 and XMPP on the real Herald, a real Prosody and a real ejabberd.

Each play meets both servers, server to server and as a component, unless it says otherwise. A play is named MODULE.PLAY,
for example presence.contact; without names all are acted out.

Usage: play.py --herald PROGRAM [--peers prosody,ejabberd] [--modes server,component] [--logs] [MODULE[.PLAY]..]
"""

import argparse
import contextlib
import importlib
import inspect
import sys
import time
import traceback

from estate import COMPONENT_PORT, Estate, GHOST
from book import snippet
from scene import Herald, Scene

MODULES = ["presence", "messages", "hard_names", "discovery", "manners", "chatrooms", "loops", "attacks", "many"]
# What concerns streams between servers has nothing to do in a component.
SERVER_ONLY = ["loops", "attacks", "many"]
# It waits a minute, and how Herald is connected makes no difference to it.
WAITING = "presence.expiry"


def started(estate, peer, mode):
    """Prosody or ejabberd; with Herald behind it where that is a component."""
    if mode == "server":
        return estate.prosody() if peer == "prosody" else estate.ejabberd()
    if peer == "prosody":
        where = f'component_ports = {{ {COMPONENT_PORT} }}\ncomponent_interfaces = {{ "{estate.address(2)}" }}\n'
        return estate.prosody(settings=where, component=snippet("prosody-component"))
    return estate.ejabberd(listen=snippet("ejabberd-component", address=estate.address(3)))


class Company:
    """Acts out plays one after the other, and remembers which failed."""

    def __init__(self, herald, wanted, logs):
        self.herald, self.wanted, self.logs, self.failed, self.acted = herald, wanted, logs, [], 0
        self.waiting = []

    def plays(self, mode):
        for name in MODULES:
            if mode == "component" and name in SERVER_ONLY:
                continue
            for play in importlib.import_module(name).PLAYS:
                if mode == "component" and f"{name}.{play.__name__}" == WAITING:
                    continue
                if not self.wanted or {name, f"{name}.{play.__name__}"} & set(self.wanted):
                    yield f"{name}.{play.__name__}", play

    def act(self, estate, mode, peers):
        """All plays in one mode: for servers with both peers at once, so that a gateway has more than one domain."""
        peer = next(iter(peers.values()))
        route = f'routes = [{{ domain = "{GHOST}", host = "{estate.address(2)}", port = 5269 }}]\n'
        with Herald(self.herald, estate, mode, peer, SETTINGS, route if mode == "server" else "") as server:
            for name, play in self.plays(mode):
                only = ("prosody",) if name.partition(".")[0] in SERVER_ONLY[1:] else tuple(peers)
                for kind in peers:
                    if kind in only:
                        self.play(f"{name} ({kind}, {mode})", play, Scene(estate, server, peers[kind]))
            for title, rest, scene in self.waiting:
                self.play(title, lambda _, rest=rest: next(rest, None), scene)
            self.waiting.clear()

    def play(self, title, play, scene):
        """Acts out a play, or its first half: one that yields goes on when all others are over."""
        begun, self.acted = time.monotonic(), self.acted + 1
        try:
            with contextlib.ExitStack() as end:
                end.enter_context(scene)
                if inspect.isgeneratorfunction(play):
                    rest = play(scene)
                    next(rest)
                    self.waiting.append((title, rest, scene))
                    end.pop_all()
                    return
                play(scene)
            print(f"  {title}: {time.monotonic() - begun:.1f} s", flush=True)
        except Exception:
            self.failed.append(title)
            print(f"  {title} FAILED after {time.monotonic() - begun:.1f} s")
            traceback.print_exc(limit=-4, file=sys.stdout)
            if self.logs:
                print(f"--- Herald said:\n{scene.server.said()[-3000:]}\n--- {scene.peer.domain} said:\n{scene.peer.said()[-6000:]}")
            sys.stdout.flush()


# So short that a test can wait for its end, and long enough for those that must not see it.
SETTINGS = "[presence]\nrequest_expires = 60\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("--peers", default="prosody,ejabberd")
    parser.add_argument("--modes", default="server,component")
    parser.add_argument("--logs", action="store_true", help="show what the servers logged of a play that fails")
    parser.add_argument("plays", nargs="*")
    arguments = parser.parse_args()
    company, begun = Company(arguments.herald, arguments.plays, arguments.logs), time.monotonic()
    kinds, modes = arguments.peers.split(","), arguments.modes.split(",")
    for mode in modes:
        # A component has one server in front of it.
        for together in ([kinds] if mode == "server" else [[kind] for kind in kinds]):
            with Estate() as estate:
                peers = {kind: started(estate, kind, mode) for kind in together}
                estate.start(*peers.values())
                company.act(estate, mode, peers)
    if company.failed:
        sys.exit("\n".join(f"FAILED: {title}" for title in company.failed))
    print(f"{company.acted} plays between H.323 and XMPP in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
