#!/usr/bin/env python3
"""Keeps an estate open to try things in: Prosody, ejabberd, their names and certificates, and Herald where one is given.

Usage: hold.py [--herald PROGRAM]
"""

import argparse
import contextlib
import signal

from estate import CLIENT_PORT, EJABBERD, EVIL, Estate, HERALD, PROSODY, ROOMS
from scene import Herald


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--herald", help="the built program")
    herald = parser.parse_args().herald
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        hold(herald)


def hold(herald):
    with Estate() as estate:
        peers = estate.prosody(), estate.ejabberd()
        estate.start(*peers)
        for domain, names in ((HERALD, [ROOMS]), (EVIL, [])):
            estate.authority.certify(domain, *names)
        print(f"names        {estate.resolver}\ncertificates {estate.place}: ca.pem, DOMAIN.crt, DOMAIN.key")
        for peer, domain in zip(peers, (PROSODY, EJABBERD)):
            print(f"{domain:12} {peer.address}:{CLIENT_PORT} for users (romeo-1, juliet-1, .. with the password secret), "
                  f"log in {peer.log}")
        print(f"{HERALD:12} {estate.address(4)}, also for {ROOMS}", flush=True)
        if herald:
            with Herald(herald, estate) as server:
                print(f"H.323        {server.address[0]}:{server.address[1]}, data in {server.data}", flush=True)
                signal.pause()
        else:
            signal.pause()


if __name__ == "__main__":
    main()
