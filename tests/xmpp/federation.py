#!/usr/bin/env python3
"""The estate without Herald: Prosody and ejabberd federate by its names and its authority, and users see each other.

What this shows is that a play which fails with Herald fails because of Herald.

Usage: federation.py
"""

import time

from estate import EJABBERD, PROSODY, Estate
from clients import User


def befriend(one, other):
    """Each asks, and each approves."""
    for asking, asked in ((one, other), (other, one)):
        asking.present(to=asked.bare, kind="subscribe")
        asked.expect_presence(asking.bare, "subscribe")
        asked.present(to=asking.bare, kind="subscribed")
        asking.expect_presence(asked.bare, "subscribed")
        asking.expect_presence(asked.bare)


def main():
    begun = time.monotonic()
    with Estate() as estate:
        estate.start(estate.prosody(), estate.ejabberd())
        print(f"  started: {time.monotonic() - begun:.1f} s")
        romeo = User(f"romeo-1@{PROSODY}", estate, estate.address(2))
        juliet = User(f"juliet-1@{EJABBERD}", estate, estate.address(3))
        befriend(romeo, juliet)
        romeo.present("away", "in the orchard")
        juliet.expect_presence(romeo.bare, None, "away", "in the orchard")
        for writer, reader in ((romeo, juliet), (juliet, romeo)):
            writer.write(reader.bare, f"It is {writer.bare}.")
            reader.expect_message(writer.bare, f"It is {writer.bare}.")
        error = romeo.write("nobody@nowhere.test", "is there anybody?")
        romeo.expect_message("nobody@nowhere.test", kind="error", fits=lambda message: message.get("id") == error)
        for user in (romeo, juliet):
            user.leave()
    print(f"Prosody and ejabberd federated: {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
