"""A domain that each of two servers believes to be behind the other.

Scenarios: S19.
covers: C-10, C-14
"""

import time

from correspondent import FAILED, WANTS_FAILED
from estate import GHOST, HERALD
from scene import Endpoint, url

EACH = 100


def ghosts(scene):
    """S19, of XMPP: whatever is sent to somebody there fails at the sender, once, within the time that people wait."""
    romeo, tybalt, begun = scene.user(), scene.endpoint("tybalt", Endpoint), time.monotonic()
    written = {romeo.write(f"nobody@{GHOST}", f"boo {number}") for number in range(EACH)}
    failed = [romeo.expect_message(f"nobody@{GHOST}", kind="error").get("id") for _ in written]
    assert sorted(failed) == sorted(written)
    posted = [tybalt.post(url(f"nobody@{GHOST}"), f"boo {number}", wants=WANTS_FAILED) for number in range(EACH)]
    failures = {tybalt.expect_receipt(identity, FAILED)[0] for identity in posted}
    assert failures == set(posted)
    romeo.present(to=f"nobody@{GHOST}", kind="subscribe")
    romeo.expect_presence(f"nobody@{GHOST}", "error")
    tybalt.instruct("subscribe", url(f"nobody@{GHOST}"))
    romeo.settle(HERALD)
    assert romeo.messages.empty(), "a message failed twice"
    took = time.monotonic() - begun
    assert took < 40, f"{took:.0f} s"
    print(f"    {2 * EACH} messages to {GHOST} failed, each once, in {took:.1f} s")


PLAYS = [ghosts]
