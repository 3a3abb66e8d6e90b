"""A server's end of XMPP by hand, octet for octet, that can lie."""

import base64
import re
import socket
import ssl
import time

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
          "xmlns:db='jabber:server:dialback' from='{sender}' to='{to}' version='1.0'>")
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
BIDIRECTIONAL = "<bidi xmlns='urn:xmpp:bidi'/>"
PATIENCE = 15


class Closed(Exception):
    """The other side closed the connection; what it said until then."""


class Peer:
    """Connects to a server as one of the domain `name`; `authority` is whom it believes."""

    def __init__(self, address, name, to, authority, port=5269):
        self.name, self.to, self.authority = name, to, authority
        self.socket = socket.create_connection((address, port), PATIENCE)
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def expect(self, *patterns, patience=PATIENCE):
        """Reads until one of the patterns is there; what matched, with its text."""
        end = time.monotonic() + patience
        while True:
            for pattern in patterns:
                if found := re.search(pattern, self.said, re.DOTALL):
                    self.said = self.said[found.end():]
                    return found
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                raise AssertionError(f"{self.name} never got {patterns}, but {self.said[-500:]!r}") from None
            except (ConnectionError, ssl.SSLError) as error:
                raise Closed(f"{self.said[-500:]} {error}") from None
            if not more:
                raise Closed(self.said[-500:])
            self.said += more.decode(errors="replace")

    def expect_end(self, condition=None, patience=PATIENCE):
        """The stream ends, with this error where one is named, and then the connection."""
        if condition:
            try:
                self.expect(rf"<stream:error.*?<({condition})\b", patience=patience)
            except Closed as closed:
                raise AssertionError(f"no {condition} but {closed}") from None
        try:
            self.expect("what nobody says", patience=patience)
        except Closed:
            return

    def open(self, **changed):
        """Opens the stream; the features."""
        self.said = ""
        self.send(HEADER.format(**{"sender": self.name, "to": self.to, **changed}))
        return self.expect(r"<stream:features(?:\s*/>|.*?</stream:features>)")[0]

    def secure(self, certificate=None, trusted=True):
        """STARTTLS, with a certificate as (file, key) or none."""
        self.send(STARTTLS)
        self.expect(r"<proceed\b[^>]*>")
        self.handshake(certificate, trusted)

    def handshake(self, certificate=None, trusted=True):
        context = ssl.create_default_context(cafile=self.authority) if trusted else ssl._create_unverified_context()
        if certificate:
            context.load_cert_chain(*certificate)
        self.socket.settimeout(PATIENCE)
        self.socket = context.wrap_socket(self.socket, server_hostname=self.to)
        self.said = ""

    def authenticate(self, claimed=None, bidirectional=True):
        """SASL EXTERNAL, and the new stream; answers are to come on it too, if it is to be so (XEP-0288)."""
        if bidirectional:
            self.send(BIDIRECTIONAL)
        asked = "=" if claimed is None else base64.b64encode(claimed.encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{asked}</auth>")
        self.expect(r"<success\b")
        return self.open()

    def authenticate_and_fail(self, claimed=None):
        """SASL EXTERNAL that must be refused."""
        asked = "=" if claimed is None else base64.b64encode(claimed.encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{asked}</auth>")
        found = self.expect(r"<(success|failure)\b", r"<stream:(error)")
        assert found[1] != "success", f"{self.name} is taken for {claimed}"

    def log_in(self, certificate):
        """All of it, for a server that means well."""
        self.open()
        self.secure(certificate)
        self.open()
        self.authenticate()
        return self

    def ping(self, identity="p"):
        """Has its answer: whatever was sent before has been dealt with."""
        self.send(f"<iq type='get' id='{identity}' from='{self.name}' to='{self.to}'><ping xmlns='urn:xmpp:ping'/></iq>")
        return self.expect(rf"<iq\b[^>]*\bid=.{identity}\b.*?(?:</iq>|/>)")
