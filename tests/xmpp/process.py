"""A server of somebody else as a process of ours: started, waited for, ended by its process id."""

import socket
import subprocess
import time
from pathlib import Path

PATIENCE = 30


class Process:
    """Runs in a directory of its own; its output is in `output`, its log in `log`."""

    def __init__(self, place, log):
        self.place, self.process = Path(place), None
        self.place.mkdir()
        self.log, self.output = self.place / log, self.place / "output"

    def run(self, command, environment, *doors):
        """Starts it, and waits until all doors, addresses with ports, are open."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env=environment, cwd=self.place)
        end = time.monotonic() + PATIENCE
        for door in doors:
            while not is_open(door):
                assert self.process.poll() is None and time.monotonic() < end, f"{command[0]}: {self.said()}"
                time.sleep(0.05)

    def stop(self):
        """As an operator would; `kill -9` where that does not help."""
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self):
        """`kill -9`."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def said(self):
        """The ends of its output and of its log."""
        files = [file for file in (self.output, self.log) if file.exists()]
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in files)


def is_open(door):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(door) == 0
