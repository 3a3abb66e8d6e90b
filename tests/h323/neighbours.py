"""Two people who live on while somebody attacks their server."""

import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from people import befriend, person  # noqa: E402

# The longest that a state and a message may take together, in seconds: beyond it they are stuck, not slow.
LATENCY_MAX = 30.0
# The most memory of the server, in MiB.
MEMORY_MAX = 150


class Neighbours:
    """Carol and Dave publish and write to each other as long as the block lasts, and it is timed."""

    def __init__(self, server):
        self.server, self.rounds, self.worst, self.fault, self.is_over = server, 0, 0.0, None, False

    def __enter__(self):
        self.carol, self.dave = person(self.server, "carol"), person(self.server, "dave")
        befriend(self.carol, self.dave)
        self.before, self.memory = self.server.counters(), self.server.memory()
        self.thread = threading.Thread(target=self.live)
        self.thread.start()
        return self

    def live(self):
        try:
            while not self.is_over:
                begun = time.monotonic()
                self.dave.publish("away", f"round {self.rounds}")
                self.carol.expect("notify", lambda value: self.is_news(value["presentity"]))
                assert self.carol.write("dave", f"round {self.rounds}") == 16
                self.dave.expect_text("carol", f"round {self.rounds}")
                self.worst = max(self.worst, time.monotonic() - begun)
                self.rounds += 1
                time.sleep(0.02)
        except Exception as fault:
            self.fault = fault

    def is_news(self, presentity):
        return any(note["display"] == f"round {self.rounds}" for note in presentity.get("display", []))

    def __exit__(self, kind, *_):
        while kind is None and self.rounds < 3 and self.thread.is_alive():
            time.sleep(0.01)
        self.is_over = True
        self.thread.join()
        if kind is None:
            memory = self.server.memory()
            print(f"    {self.rounds} rounds, the longest took {self.worst * 1000:.0f} ms; {memory} MiB")
            assert self.fault is None and self.rounds > 2, repr(self.fault)
            assert self.worst < LATENCY_MAX, self.worst
            assert memory < MEMORY_MAX, f"from {self.memory} to {memory} MiB"

    def expect_counted(self, *names):
        after = self.server.counters()
        print("    " + ", ".join(f"{name} {after[name] - self.before[name]}" for name in names))
        for name in names:
            assert after[name] > self.before[name], f"{name} was not counted"
