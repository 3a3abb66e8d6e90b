"""A name server for the domains of the tests: addresses and services over UDP, and nothing else."""

import contextlib
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33
NO_ERROR, NO_SUCH_NAME = 0, 3


class Names:
    """Answers on `address`. `addresses` has an IPv4 address for a host, `services` a list of (priority, weight, port,
    host) for a service; `asked` gathers what was asked, as (name, type)."""

    def __init__(self, address):
        self.addresses, self.services, self.asked = {}, {}, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.socket.close()

    def service(self, name, port, host, priority=5, weight=0):
        self.services.setdefault(name, []).append((priority, weight, port, host))

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                question, client = self.socket.recvfrom(4096)
                with contextlib.suppress(IndexError, struct.error, UnicodeDecodeError):
                    self.socket.sendto(self.answer(question), client)

    def answer(self, question):
        name, end = read_name(question, 12)
        kind, = struct.unpack_from(">H", question, end)
        self.asked.append((name, kind))
        records = list(self.records(name, kind))
        # A name above one that exists exists too.
        known = any(one == name or one.endswith("." + name) for one in (*self.addresses, *self.services))
        code = NO_ERROR if known else NO_SUCH_NAME
        # A response, authoritative, with recursion where it was asked for.
        flags = 0x8480 | struct.unpack_from(">H", question, 2)[0] & 0x0100 | code
        head = question[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 5, len(data)) + data for data in records)
        return head + question[12:end + 4] + body

    def records(self, name, kind):
        if kind == A and name in self.addresses:
            yield socket.inet_aton(self.addresses[name])
        if kind == SRV:
            for priority, weight, port, host in self.services.get(name, []):
                yield struct.pack(">HHH", priority, weight, port) + write_name(host)


def read_name(octets, at):
    """A name without compression, in lower case, and where it ends."""
    labels = []
    while length := octets[at]:
        labels.append(octets[at + 1:at + 1 + length].decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), at + 1


def write_name(name):
    """A name; the root is a single dot."""
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
