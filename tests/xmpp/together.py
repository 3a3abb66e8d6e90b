#!/usr/bin/env python3
"""Acts out everything with XMPP side by side: most of the time each waits. What each said is told when it is over.

Usage: together.py --herald PROGRAM
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The longest first; each has addresses of its own.
COMPANIES = [
    ["play.py", "--modes", "server"],
    ["play.py", "--modes", "component", "--peers", "prosody"],
    ["play.py", "--modes", "component", "--peers", "ejabberd"],
    ["front.py"],
    ["trust.py"],
    ["storm.py"],
    ["everyday.py"],
    ["translation.py"],
]
AT_ONCE = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", required=True, help="the built program")
    herald = parser.parse_args().herald
    waiting, running, failed = list(COMPANIES), [], []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            company, said = waiting.pop(0), tempfile.TemporaryFile("w+")
            command = [sys.executable, str(Path(__file__).parent / company[0]), "--herald", herald, *company[1:]]
            running.append((company, said, time.monotonic(), subprocess.Popen(command, stdout=said, stderr=said)))
        time.sleep(0.2)
        for one in [one for one in running if one[3].poll() is not None]:
            running.remove(one)
            company, said, begun, process = one
            said.seek(0)
            print(f"{' '.join(company)}: {time.monotonic() - begun:.0f} s\n{said.read()}", flush=True)
            if process.returncode:
                failed.append(" ".join(company))
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")


if __name__ == "__main__":
    main()
