"""Acts out plays that a script has, each by itself, and tells all that failed."""

import argparse
import sys
import time
import traceback


def act_out(plays, description, told):
    """Acts out those that the command line names, or all, each with the program; ends with what was `told` by them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("plays", nargs="*", help="only these")
    arguments, failed, begun = parser.parse_args(), [], time.monotonic()
    for play in plays:
        if arguments.plays and play.__name__ not in arguments.plays:
            continue
        started = time.monotonic()
        try:
            play(arguments.herald)
            print(f"  {play.__name__}: {time.monotonic() - started:.1f} s", flush=True)
        except Exception:
            failed.append(play.__name__)
            print(f"  {play.__name__} FAILED")
            traceback.print_exc(limit=-4, file=sys.stdout)
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")
    print(f"{told}: {time.monotonic() - begun:.0f} s")
