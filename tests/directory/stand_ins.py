"""Servers that are no directory: one that talks TLS away, one that accepts and says nothing."""

import contextlib
import socket
import threading

from slapd import HOST


class StandIn:
    """Listens; what is done with a connection is for each kind to say."""

    def __enter__(self):
        self.listener = socket.create_server((HOST, 0))
        self.url = "ldap://{}:{}".format(*self.listener.getsockname())
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in [self.listener, *self.open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.open.append(connection)
                threading.Thread(target=self.converse, args=[connection], daemon=True).start()


class Silent(StandIn):
    """Accepts, and never answers."""

    def converse(self, connection):
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass


class Stripping(StandIn):
    """Who sits in between: says that there is no TLS, and hopes for a password. `heard` is all that came."""

    # The extended request of RFC 4511 clause 4.14.1, as message 1.
    START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
    # protocolError, with no name and no words.
    REFUSAL = bytes.fromhex("300c02010178070a010204000400")

    def __init__(self):
        self.heard = set()

    def converse(self, connection):
        with contextlib.suppress(OSError):
            while octets := connection.recv(4096):
                self.heard.add(octets)
                connection.sendall(self.REFUSAL)
