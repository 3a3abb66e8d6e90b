#!/usr/bin/env python3
"""Herald's presence documents before programs that are not ours: a SIP presence server (Kamailio) and libxml2.

A document of every state is published to Kamailio, which takes it apart, composes it with what a second agent publishes,
and notifies a subscriber; Herald must read that as the state it was. libxml2 must find what Herald writes canonical, and
what a foreign document says beyond the standards unchanged, after it went through a publication.

Usage: presence_server.py --herald PROGRAM --write PROGRAM
covers: A-3.1.1, A-3.1.4, A-4.4.1, C-22, C-25, R-005
"""

import argparse
import contextlib
import glob
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from pathlib import Path

SERVER, AGENT = "127.36.0.2", "127.36.0.3"
PATIENCE = 20
PIDF = "{urn:ietf:params:xml:ns:pidf}"
MODEL = "{urn:ietf:params:xml:ns:pidf:data-model}"

CONFIGURATION = """
debug=1
log_stderror=yes
children=1
disable_tcp=yes
listen=udp:{server}:{port}
mpath="{modules}/"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "db_text.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
modparam("presence", "db_url", "text://{place}/db")
modparam("presence", "server_address", "sip:presence@{server}:{port}")
modparam("presence", "subs_db_mode", 0)
modparam("presence_xml", "db_url", "text://{place}/db")
modparam("presence_xml", "force_active", 1)
request_route {{
  if (method == "PUBLISH") {{ handle_publish(); exit; }}
  if (method == "SUBSCRIBE") {{ handle_subscribe(); exit; }}
  sl_send_reply("404", "Not Found");
}}
"""

# What somebody else's agent publishes: elements that no standard has, in every place, and prefixes of their own.
FOREIGN = """<?xml version="1.0"?>
<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" xmlns="urn:example:a" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"
  xmlns:q="urn:ietf:params:xml:ns:pidf:rpid" xmlns:g="urn:ietf:params:xml:ns:pidf:geopriv10" entity="pres:alice@example.com">
  <p:tuple id="desk"><p:status><p:basic>open</p:basic><odd a='1' b="&lt;&#9;&quot;"/></p:status>
    <colour xmlns:z="urn:example:z" z:deep="&#xe4;"><z:a/><b xmlns="">&amp;&#13;<![CDATA[<>]]></b></colour>
    <p:contact priority="0.25">sip:alice@192.0.2.9</p:contact><p:note xml:lang="fr">au bureau</p:note></p:tuple>
  <d:person id="me"><q:activities><q:vacation/><knitting/></q:activities><g:geopriv><g:method>GPS</g:method></g:geopriv>
    <d:note>away till Monday</d:note></d:person>
  <d:device id="phone"><battery level="20%"/></d:device>
  <last>\u00e9 \u4e00 \U0001f600</last>
</p:presence>
"""


class Kamailio:
    """A presence server that lives as long as the block."""

    def __init__(self, place):
        self.place = Path(place)
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
            probe.bind((SERVER, 0))
            self.address = probe.getsockname()
        modules = glob.glob("/usr/lib/*/kamailio/modules")[0]
        shutil.copytree("/usr/share/kamailio/dbtext/kamailio", self.place / "db")
        text = CONFIGURATION.format(server=SERVER, port=self.address[1], modules=modules, place=self.place)
        (self.place / "kamailio.cfg").write_text(text)

    def __enter__(self):
        command = ["kamailio", "-f", self.place / "kamailio.cfg", "-DD", "-E", "-Y", self.place, "-P", self.place / "pid"]
        self.log = open(self.place / "log", "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


class Agent:
    """Publishes and subscribes over SIP."""

    def __init__(self, server):
        self.server, self.number = server, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((AGENT, 0))

    def request(self, method, user, extra, body=b""):
        """Sends a request until it is answered; the answer's status."""
        self.number += 1
        host = "{}:{}".format(*self.socket.getsockname())
        head = (
            f"{method} sip:{user}@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch=z9hG4bK-{self.number}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:bob@example.com>;tag={self.number}\r\nTo: <sip:{user}@example.com>\r\n"
            f"Call-ID: {self.number}@{host}\r\nCSeq: 1 {method}\r\nContact: <sip:bob@{host}>\r\nEvent: presence\r\n"
            f"{extra}Content-Length: {len(body)}\r\n\r\n"
        )
        for _ in range(PATIENCE * 2):
            self.socket.sendto(head.encode() + body, self.server.address)
            answer = self.receive(0.5, f"CSeq: 1 {method}\r\n")
            if answer:
                return int(answer.split()[1])
        raise AssertionError(f"{method} was never answered: {(self.server.place / 'log').read_text()[-2000:]}")

    def receive(self, seconds, wanted):
        """The next message with a text in its head that is not an old one; None after a while."""
        self.socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while True:
                message = self.socket.recv(65535)
                head = message.split(b"\r\n\r\n", 1)[0].decode() + "\r\n"
                if wanted in head and f"Call-ID: {self.number}@" in head:
                    return message.decode()
        return None

    def publish(self, user, document):
        extra = "Expires: 60\r\nContent-Type: application/pidf+xml\r\n"
        status = self.request("PUBLISH", user, extra, document)
        assert status == 200, f"PUBLISH was answered {status}"

    def fetch(self, user):
        """What a subscriber is notified of at once."""
        status = self.request("SUBSCRIBE", user, "Expires: 60\r\nAccept: application/pidf+xml\r\n")
        assert status in (200, 202), f"SUBSCRIBE was answered {status}"
        notified = self.receive(PATIENCE, "NOTIFY")
        assert notified, "no NOTIFY"
        return notified.split("\r\n\r\n", 1)[1].encode()


def read(herald, document):
    """Herald's reading of a document."""
    done = subprocess.run([herald, "wire", "pidf"], input=document, stdout=subprocess.PIPE, timeout=PATIENCE)
    reading = json.loads(done.stdout)
    assert done.returncode == 0, f"{reading} of {document.decode()}"
    return reading


def check_canonical(path):
    """What Herald wrote is canonical XML but for its declaration and the line end after it."""
    done = subprocess.run(["xmllint", "--c14n", path], stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
    body = path.read_bytes().split(b"\n", 1)[1]
    assert body == done.stdout + b"\n" or body == done.stdout, f"{path} is not canonical"


def extensions(document):
    """Each element that the standards lack, by the place where it stands, canonical."""
    root = tree.fromstring(document)
    found = {}
    places = [("presence", root)]
    for part in root.iter():
        if part.tag in (PIDF + "tuple", PIDF + "status", MODEL + "person", MODEL + "device"):
            places.append((part.tag, part))
    for name, part in places:
        for child in part:
            if not child.tag.startswith((PIDF, MODEL, "{urn:uuid:", "{jabber:client}")):
                child.tail = None
                text = tree.canonicalize(tree.tostring(child, encoding="unicode"), rewrite_prefixes=True)
                found.setdefault(name, set()).add(text)
    return found


def states(herald, write, agent, place):
    """A document of each state, there and back."""
    codes = [f"C{number}" for number in range(18)]
    lines = "".join(f"{code} {place / code}.xml\n" for code in codes)
    subprocess.run([write], input=lines.encode(), check=True, timeout=PATIENCE)
    for code in codes:
        path = place / f"{code}.xml"
        check_canonical(path)
        sent = path.read_bytes()
        agent.publish(f"user{code}", sent)
        got = agent.fetch(f"user{code}")
        before, after = read(herald, sent), read(herald, got)
        assert after == before, f"{code}: {before} became {after}"
        # Who hides is offline to everybody.
        expected = {"C1": "C0"}.get(code, code)
        assert after["meant"]["code"] == expected, f"{code} became {after['meant']}"


def foreign(herald, write, agent, place):
    """A foreign document through a publication of Herald, and composed with one of Herald by Kamailio."""
    before, after = place / "foreign.xml", place / "through.xml"
    before.write_text(FOREIGN)
    line = f"through {before} {after}\n"
    subprocess.run([write], input=line.encode(), check=True, timeout=PATIENCE)
    check_canonical(after)
    kept, written = extensions(before.read_bytes()), extensions(after.read_bytes())
    for name, texts in kept.items():
        missing = texts - written.get(name, set())
        assert not missing, f"{name} lost {missing}; it has {written.get(name)}"
    assert sum(map(len, kept.values())) == 6, kept
    agent.publish("both", (place / "C13.xml").read_bytes())
    agent.publish("both", FOREIGN.encode())
    reading = read(herald, agent.fetch("both"))
    ids = {tuple_["id"] for tuple_ in reading["tuples"]}
    assert {"im", "desk"} <= ids, f"Kamailio composed {ids}"
    # Of what both say the activity that tells most decides.
    assert reading["meant"]["code"] == "C13", reading["meant"]
    return len(ids)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--herald", required=True)
    parser.add_argument("--write", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with Kamailio(place) as server:
            agent = Agent(server)
            states(arguments.herald, arguments.write, agent, place)
            tuples = foreign(arguments.herald, arguments.write, agent, place)
    print(f"18 states published to Kamailio and read again; a foreign document kept whole, composed to {tuples} tuples")


if __name__ == "__main__":
    sys.exit(main())
