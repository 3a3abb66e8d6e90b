"""Endpoints whose every octet comes from another codec (pycrate), and the real server to talk to.

A `Room` speaks plain RAS, and only when it is told to. A `Person` speaks the deployed presence and instant messaging
protocol besides, and answers by itself, the way the deployed endpoints do.
"""

import contextlib
import json
import os
import queue
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from oracle import MODULE, compile_module  # noqa: E402

PRESENCE = compile_module(Path(__file__).with_name("presence.asn"), "PRESENCE_MESSAGES").PresenceElement
RAS, SIGNALLING = MODULE.RasMessage, MODULE.H323_UserInformation
# pycrate keeps the value that is being coded in the type object.
CODEC = threading.RLock()

VERSION = (0, 0, 8, 2250, 0, 4)
PATIENCE = 30
PRESENCE_FEATURE = (1, 3, 6, 1, 4, 1, 17090, 0, 12)
MESSAGING_FEATURE = (1, 3, 6, 1, 4, 1, 17090, 0, 1)
SETUP, CALL_PROCEEDING, ALERTING, CONNECT, FACILITY, RELEASE_COMPLETE = 0x05, 0x02, 0x01, 0x07, 0x62, 0x5A
STATUS_ENQUIRY, STATUS = 0x75, 0x7D


class Refused(AssertionError):
    """A request got another answer than was expected, or none."""


class Room:
    """An endpoint of H.225.0 version 4 with a socket of its own."""

    def __init__(self, name, server, host="127.0.0.1"):
        self.name, self.server, self.host, self.number, self.identifier = Units(name), server, host, 0, None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(PATIENCE)

    def address(self):
        return transport(self.socket.getsockname())

    def call_signal_address(self):
        return self.address()

    def kind(self):
        return terminal()

    def send(self, kind, value):
        self.socket.sendto(self.encode(kind, value), self.server)

    @staticmethod
    def encode(kind, value):
        with CODEC:
            RAS.set_val((kind, value))
            return RAS.to_aper()

    def receive(self):
        return self.decode(self.socket.recv(65536))

    def decode(self, octets):
        with CODEC:
            RAS.from_aper(octets)
            return RAS.get_val()

    def ask(self, kind, expected, **value):
        """Sends a request and takes its answer; status requests in between are answered."""
        self.number += 1
        self.send(kind, {"requestSeqNum": self.number, **value})
        while True:
            got, answer = self.receive()
            if got == "infoRequest":
                self.report(answer["requestSeqNum"])
                continue
            assert got == expected, f"{self.name} sent {kind} and got {got}: {answer}"
            assert answer["requestSeqNum"] == self.number, answer
            return answer

    def discover(self, **more):
        return self.ask("gatekeeperRequest", "gatekeeperConfirm", protocolIdentifier=VERSION,
                        rasAddress=self.address(), endpointType=terminal(), endpointAlias=[("h323-ID", self.name)],
                        **more)

    def register(self, **more):
        answer = self.ask("registrationRequest", "registrationConfirm", protocolIdentifier=VERSION,
                          discoveryComplete=True, callSignalAddress=[self.call_signal_address()],
                          rasAddress=[self.address()], terminalType=self.kind(), endpointVendor=vendor(),
                          keepAlive=False, willSupplyUUIEs=True, maintainConnection=False,
                          **{"timeToLive": 10, "terminalAlias": [("h323-ID", self.name)], **more})
        self.identifier = answer["endpointIdentifier"]
        return answer

    def refused(self):
        """Tries to register; the reason why it can't."""
        try:
            self.register()
        except AssertionError as refusal:
            assert "registrationReject" in str(refusal), refusal
            return str(refusal).split("rejectReason")[1]
        return None

    def unregister(self):
        self.ask("unregistrationRequest", "unregistrationConfirm", callSignalAddress=[self.call_signal_address()],
                 endpointIdentifier=self.identifier)

    def admit(self, call, callee, answering, expected="admissionConfirm", **more):
        return self.ask("admissionRequest", expected, callType=("pointToPoint", 0),
                        endpointIdentifier=self.identifier, destinationInfo=[named(callee)],
                        srcInfo=[("h323-ID", self.name)], bandWidth=1280, callReferenceValue=77, conferenceID=call,
                        activeMC=False, answerCall=answering, canMapAlias=False, callIdentifier={"guid": call},
                        willSupplyUUIEs=True, **more)

    def report(self, number, call=None, connected=False):
        """An IRR; with the call in it where there is one, and with its Connect where that is answered."""
        calls = [] if call is None else [{
            "callReferenceValue": 77, "conferenceID": call, "originator": False, "h245": {}, "callSignalling": {},
            "callType": ("pointToPoint", 0), "bandWidth": 1280, "callModel": ("direct", 0),
            "callIdentifier": {"guid": call},
            **({"pdu": [{"h323pdu": {"h323-message-body": ("connect", self.connect(call)), "h245Tunnelling": True},
                         "sent": True}]} if connected else {"usageInformation": {"nonStandardUsageFields": []}}),
        }]
        self.send("infoRequestResponse", {
            "requestSeqNum": number, "endpointType": terminal(), "endpointIdentifier": self.identifier,
            "rasAddress": self.address(), "callSignalAddress": [self.call_signal_address()],
            **({"perCallInfo": calls} if calls else {"irrStatus": ("invalidCall", 0)}), "needResponse": False,
        })

    def connect(self, call):
        return {"protocolIdentifier": VERSION, "destinationInfo": terminal(), "conferenceID": call,
                "callIdentifier": {"guid": call}, "multipleCalls": False, "maintainConnection": False}

    def disengage(self, call):
        return self.ask("disengageRequest", "disengageConfirm", endpointIdentifier=self.identifier,
                        conferenceID=call, callReferenceValue=77, disengageReason=("normalDrop", 0),
                        callIdentifier={"guid": call}, answeredCall=False)


class Mcu(Room):
    """A room of an MCU: others call it, and it says that it has answered them."""

    def kind(self):
        return {"vendor": vendor(), "mcu": {}, "mc": True, "undefinedNode": False}

    def take(self, call, endpoint):
        """Somebody joins by a call, which is up."""
        endpoint.admit(call, self.name, answering=False)
        self.admit(call, self.name, answering=True)
        self.report(9000, call, connected=True)


class Person(Room):
    """An endpoint with presence and messaging: confirms every SCI, answers every IM call, keeps what it is told.

    `told` has what came by SCI, as pairs of kind and value, in order; `texts` the texts, as pairs of the alias they
    came from and the text; `sessions` the sessions that others opened. `at_stage` is called with the stage and the call
    as an IM call comes in: "setup", "proceeding", "alerting", "text"; an EOFError of it breaks the call off.
    """

    def __init__(self, name, server, host="127.0.0.1"):
        self.listener = socket.create_server((host, 0))
        super().__init__(name, server, host)
        self.told, self.texts, self.sessions = queue.Queue(), queue.Queue(), queue.Queue()
        self.answers, self.answered, self.deaf = {}, threading.Condition(), False
        self.at_stage = lambda stage, call: None
        # Two answers at a time may be waited for: one of ours, one of a call that comes in.
        self.turn = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.accept, daemon=True).start()

    def call_signal_address(self):
        return transport(self.listener.getsockname())

    def close(self):
        """Vanishes without a word."""
        self.deaf = True
        self.socket.close()
        self.hang_up()

    def hang_up(self):
        """Takes no more calls."""
        # A thread waits for one, and keeps the socket until it is woken.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def listen(self):
        with contextlib.suppress(OSError):
            while True:
                try:
                    kind, value = self.receive()
                except TimeoutError:
                    continue
                if self.deaf:
                    continue
                if kind == "serviceControlIndication":
                    self.send("serviceControlResponse", {"requestSeqNum": value["requestSeqNum"]})
                    self.take_presence(value.get("genericData", []))
                elif kind == "infoRequest":
                    self.report(value["requestSeqNum"])
                elif kind in ("disengageRequest", "unregistrationRequest"):
                    self.send(kind.replace("Request", "Confirm"), {"requestSeqNum": value["requestSeqNum"]})
                else:
                    with self.answered:
                        # A call may come in right behind it.
                        self.identifier = value.get("endpointIdentifier", self.identifier)
                        self.answers[value["requestSeqNum"]] = kind, value
                        self.answered.notify_all()

    def ask(self, kind, expected, **value):
        with self.turn:
            self.number += 1
            number = self.number
        self.send(kind, {"requestSeqNum": number, **value})
        with self.answered:
            def final():
                return self.answers.get(number, ("requestInProgress",))[0] != "requestInProgress"
            if not self.answered.wait_for(final, PATIENCE):
                raise Refused(f"{self.name} sent {kind} and got no answer")
            got, answer = self.answers.pop(number)
        if got != expected:
            raise Refused(f"{self.name} sent {kind} and got {got}: {answer}")
        return answer

    # Presence.

    def register(self, element=None, **more):
        answer = super().register(featureSet=supported(PRESENCE_FEATURE, element), **more)
        assert_supports(answer, PRESENCE_FEATURE)
        return answer

    def refresh(self, element=None):
        answer = self.ask("registrationRequest", "registrationConfirm", protocolIdentifier=VERSION,
                          discoveryComplete=True, callSignalAddress=[self.call_signal_address()],
                          rasAddress=[self.address()], terminalType=terminal(), endpointVendor=vendor(),
                          keepAlive=True, willSupplyUUIEs=True, maintainConnection=False, timeToLive=10,
                          endpointIdentifier=self.identifier, featureSet=supported(PRESENCE_FEATURE, element))
        assert_supports(answer, PRESENCE_FEATURE)
        return answer

    def indicate(self, message):
        """Sends a presence message by SCI and waits for its SCR."""
        return self.ask("serviceControlIndication", "serviceControlResponse", serviceControl=[],
                        genericData=[descriptor(PRESENCE_FEATURE, element(message))])

    def publish(self, state, text=None, **more):
        said = [{"language": "en-US", "display": text}] if text else []
        # That which has no word of its own is its text.
        shown = {"state": (state, said)} if state == "generic" else {"state": (state, 0), **({"display": said} if said else {})}
        return self.indicate(("presenceNotify", {
            "alias": ("h323-ID", self.name), "notification": [{"presentity": {**shown, **more}}],
        }))

    def instruct(self, change, alias, **more):
        return self.indicate(("presenceInstruct", {
            "alias": ("h323-ID", self.name), "instruction": [(change, {"alias": named(alias), **more})],
        }))

    def decide(self, request, approved):
        """Answers a presenceAuthorize that came."""
        asked = request["subscription"][0]
        return self.indicate(("presenceAuthorize", {
            "alias": ("h323-ID", self.name),
            "subscription": [{"identifier": asked["identifier"], "subscribe": asked["subscribe"],
                              "aliases": asked["aliases"], "approved": approved}],
        }))

    def take_presence(self, descriptors):
        for data in descriptors:
            if data["id"] != ("oid", PRESENCE_FEATURE):
                continue
            with CODEC:
                PRESENCE.from_aper(data["parameters"][0]["content"][1])
                messages = PRESENCE.get_val()["message"]
            # The deployed endpoints read the first message only.
            kind, value = messages[0]
            assert value["alias"] in (("h323-ID", self.name), ("dialledDigits", self.name)), value
            for instruction in value.get("instruction", []):
                self.told.put((instruction[0], instruction[1]))
            for notification in value.get("notification", []):
                self.told.put(("notify", notification))
            if kind == "presenceAuthorize":
                self.told.put(("authorize", value))

    def expect(self, kind, fits=lambda value: True):
        """Waits for what is to be told; what is told before is looked at by nobody."""
        end = time.monotonic() + PATIENCE
        seen = []
        while True:
            try:
                got, value = self.told.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.name} was never told {kind}, but {seen}") from None
            seen.append((got, value))
            if got == kind and fits(value):
                return value

    def expect_contact(self, status, alias):
        return self.expect(status, lambda contact: contact["alias"][1] == alias)

    def expect_state(self, alias, state):
        return self.expect("notify", lambda notification: notification["aliasAddress"][1] == alias
                           and notification["presentity"]["state"][0] == state)

    # Messages.

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=(Call(self, connection),), daemon=True).start()

    def answer(self, call):
        """The called side of an IM call (the sheet's states)."""
        # Who is not known any more to a server that was killed is not admitted.
        with contextlib.closing(call.connection), contextlib.suppress(OSError, EOFError, Refused):
            setup = call.receive(SETUP)
            with self.answered:
                self.answered.wait_for(lambda: self.identifier is not None, PATIENCE)
            self.at_stage("setup", call)
            body = setup["h323-uu-pdu"]["h323-message-body"][1]
            peer = body["sourceAddress"][0][1]
            call.identifier = body["callIdentifier"]["guid"]
            assert im_parameters(body.get("supportedFeatures", [])).get(1) == 1, body
            assert body["destinationAddress"][0][1] == self.name, body
            call.send(CALL_PROCEEDING, "callProceeding", {
                **ends(), "callIdentifier": {"guid": call.identifier}, "fastConnectRefused": 0,
                "featureSet": supported(MESSAGING_FEATURE)})
            self.at_stage("proceeding", call)
            self.admit(call.identifier, self.name, answering=True, genericData=[im({1: ("number8", 1)})])
            call.send(ALERTING, "alerting", {**ends(), "callIdentifier": {"guid": call.identifier}},
                      im({1: ("number8", 1)}))
            self.at_stage("alerting", call)
            first = call.receive_im()
            if 4 in first:
                call.send(CONNECT, "connect", self.connect(call.identifier))
                self.sessions.put((peer, call))
                call.read_session(peer, first)
            else:
                self.texts.put((peer, first[5]))
                self.at_stage("text", call)
                call.release()
            self.disengage(call.identifier)

    def call_for_messages(self, alias, **more):
        """Makes an IM call as far as its Setup."""
        identifier = os.urandom(16)
        self.admit(identifier, alias, answering=False, **more)
        return self.set_up(alias, identifier)

    def connect_to_server(self):
        return socket.create_connection((self.server[0], self.server[1] + 1), PATIENCE, (self.host, 0))

    def set_up(self, alias, identifier, call=None):
        """Sends the Setup of an IM call, whether it was admitted or not."""
        call = call or Call(self, self.connect_to_server(), identifier)
        call.send(SETUP, "setup", {
            "protocolIdentifier": VERSION, "sourceAddress": [("h323-ID", self.name)], "sourceInfo": terminal(),
            "destinationAddress": [named(alias)], "activeMC": False, "conferenceID": identifier,
            "conferenceGoal": ("callIndependentSupplementaryService", 0), "callType": ("pointToPoint", 0),
            "callIdentifier": {"guid": identifier}, "mediaWaitForConnect": False, "canOverlapSend": False,
            "endpointIdentifier": self.identifier, "multipleCalls": False, "maintainConnection": False,
            "supportedFeatures": [im({1: ("number8", 1)})]})
        return call

    def write(self, alias, text):
        """A single message; returns the cause of the release, 16 where it was accepted."""
        call = self.call_for_messages(alias)
        if call.wait_for_alerting():
            call.text(text)
            call.wait_for_release()
        self.disengage(call.identifier)
        return call.cause

    def open(self, alias):
        """A session; its texts come in `texts`."""
        call = self.call_for_messages(alias)
        assert call.wait_for_alerting(), f"no session with {alias}: cause {call.cause}, {call.reason}"
        call.facility({4: ("bool", True)})
        call.receive(CONNECT)
        threading.Thread(target=call.read_session, args=(alias, {}), daemon=True).start()
        return call

    def expect_text(self, sender, text):
        try:
            got = self.texts.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"{self.name} never got {text!r}") from None
        assert got == (sender, text), f"{self.name} got {got} instead of {(sender, text)}"


class Call:
    """One end of a call signalling connection."""

    def __init__(self, person, connection, identifier=None):
        self.person, self.connection, self.identifier = person, connection, identifier
        self.is_caller, self.reference = identifier is not None, 1
        self.cause = self.reason = None
        self.closed = threading.Event()
        connection.settimeout(PATIENCE)

    def send(self, kind, name, body, *descriptors, elements=b""):
        if name == "setup":
            elements = b"\x04\x03\x80\x90\xa5"
        pdu = {"h323-uu-pdu": {"h323-message-body": (name, body), "h245Tunnelling": True,
                               **({"genericData": list(descriptors)} if descriptors else {})}}
        with CODEC:
            SIGNALLING.set_val(pdu)
            octets = b"\x05" + SIGNALLING.to_aper()
        self.send_q931(kind, elements + b"\x7e" + struct.pack(">H", len(octets)) + octets)

    def send_q931(self, kind, elements):
        reference = self.reference | (0 if self.is_caller else 0x8000)
        message = b"\x08\x02" + struct.pack(">HB", reference, kind) + elements
        self.send_packet(b"\x03\x00" + struct.pack(">H", len(message) + 4) + message)

    def send_packet(self, packet):
        self.connection.sendall(packet)

    def exactly(self, length):
        octets = b""
        while len(octets) < length:
            more = self.connection.recv(length - len(octets))
            if not more:
                raise EOFError
            octets += more
        return octets

    def receive_any(self):
        """The next message: its type, its H.323 part, its elements. Status enquiries are answered."""
        while True:
            message = self.exactly(struct.unpack(">xxH", self.exactly(4))[0] - 4)
            if not message:
                continue
            kind, rest, elements = message[4], message[5:], {}
            self.reference = struct.unpack(">H", message[2:4])[0] & 0x7FFF
            while rest:
                wide = rest[0] == 0x7E
                length = struct.unpack(">H", rest[1:3])[0] if wide else rest[1]
                start = 3 if wide else 2
                elements[rest[0]], rest = rest[start:start + length], rest[start + length:]
            if kind == STATUS_ENQUIRY:
                # Cause 30, response to status enquiry; call state 10, active.
                self.send_q931(STATUS, b"\x08\x02\x80\x9e\x14\x01\x0a")
                continue
            with CODEC:
                SIGNALLING.from_aper(elements[0x7E][1:])
                return kind, SIGNALLING.get_val(), elements

    def receive(self, expected):
        while True:
            kind, value, elements = self.receive_any()
            if kind == expected:
                return value
            assert kind != RELEASE_COMPLETE, f"released while {expected:#x} was expected: {value} {elements}"

    def receive_im(self):
        """The IM parameters of the next Facility that has any."""
        while True:
            got = im_parameters(self.receive(FACILITY)["h323-uu-pdu"].get("genericData", []))
            if got:
                return got

    def wait_for_alerting(self):
        """Whether the other side alerts as an IM call; else it has released."""
        while True:
            kind, value, elements = self.receive_any()
            if kind == ALERTING:
                assert im_parameters(value["h323-uu-pdu"].get("genericData", [])).get(1) == 1, value
                return True
            if kind == RELEASE_COMPLETE:
                self.released(value, elements)
                return False

    def wait_for_release(self):
        while True:
            kind, value, elements = self.receive_any()
            if kind == RELEASE_COMPLETE:
                return self.released(value, elements)

    def released(self, value, elements):
        self.cause = elements[0x08][1] & 0x7F if 0x08 in elements else None
        self.reason = value["h323-uu-pdu"]["h323-message-body"][1].get("reason", (None,))[0]
        self.connection.close()

    def facility(self, parameters):
        self.send(FACILITY, "facility", {
            "protocolIdentifier": VERSION, "reason": ("featureSetUpdate", 0),
            "callIdentifier": {"guid": self.identifier}, "multipleCalls": False, "maintainConnection": False,
        }, im(parameters), elements=b"\x1c\x00")

    def text(self, text):
        self.facility({5: ("unicode", Units(text))})

    def release(self, *descriptors):
        self.send(RELEASE_COMPLETE, "releaseComplete",
                  {"protocolIdentifier": VERSION, "callIdentifier": {"guid": self.identifier}}, *descriptors,
                  elements=b"\x08\x02\x80\x90")
        self.connection.close()

    def read_session(self, peer, first):
        """Takes the texts of a session until it is closed; the receiver of the close releases the call."""
        with contextlib.suppress(OSError, EOFError):
            got = first
            while got.get(4) is not False:
                if 5 in got:
                    self.person.texts.put((peer, got[5]))
                kind, value, elements = self.receive_any()
                got = im_parameters(value["h323-uu-pdu"].get("genericData", []))
                if kind == RELEASE_COMPLETE:
                    self.released(value, elements)
                    break
            else:
                self.release()
        self.closed.set()

    def close(self):
        self.facility({4: ("bool", False)})
        assert self.closed.wait(PATIENCE), "the other side did not release the session"
        self.person.disengage(self.identifier)


def transport(address):
    return ("ipAddress", {"ip": socket.inet_aton(address[0]), "port": address[1]})


def vendor():
    return {"vendor": {"t35CountryCode": 181, "t35Extension": 0, "manufacturerCode": 1}, "productId": b"old room\0"}


def terminal():
    return {"vendor": vendor(), "terminal": {}, "mc": False, "undefinedNode": False}


def ends():
    return {"protocolIdentifier": VERSION, "destinationInfo": terminal(), "multipleCalls": False,
            "maintainConnection": False}


class Units(str):
    """A text with the length that it has on the wire: the codec takes each character for one unit of UTF-16."""

    def __len__(self):
        return len(self.encode("utf-16-be")) // 2


def named(alias):
    if alias.startswith("xmpp:"):
        return ("url-ID", alias)
    return ("dialledDigits" if alias.isdigit() else "h323-ID", Units(alias))


def descriptor(feature, octets=None):
    """A descriptor; with octets in its first parameter, or only advertised."""
    parameters = {} if octets is None else {"parameters": [{"id": ("oid", (*feature, 1)), "content": ("raw", octets)}]}
    return {"id": ("oid", feature), **parameters}


def supported(feature, octets=None):
    return {"replacementFeatureSet": False, "supportedFeatures": [descriptor(feature, octets)]}


def element(*messages):
    with CODEC:
        PRESENCE.set_val({"message": list(messages)})
        return PRESENCE.to_aper()


def im(parameters):
    return {"id": ("oid", MESSAGING_FEATURE), "parameters": [
        {"id": ("oid", (*MESSAGING_FEATURE, number)), "content": content} for number, content in parameters.items()]}


def im_parameters(descriptors):
    """The parameters of the IM descriptor by number; none where it is only advertised or missing."""
    found = {}
    for data in descriptors:
        if data["id"] == ("oid", MESSAGING_FEATURE):
            for parameter in data.get("parameters", []):
                found[parameter["id"][1][-1]] = parameter["content"][1]
    return found


def assert_supports(answer, feature):
    features = answer.get("featureSet", {}).get("supportedFeatures", [])
    assert any(data["id"] == ("oid", feature) for data in features), answer


class Server:
    """The real program on ports of its own unless others are said, with a data directory and a log that outlive it."""

    def __init__(self, herald, *options, listen=None, data=None, environment=None, wrapper=()):
        self.herald, self.options = os.path.abspath(herald), options
        self.directory = tempfile.TemporaryDirectory()
        self.data = data or self.directory.name
        self.environment, self.wrapper = {**os.environ, **(environment or {})}, wrapper
        self.address = ("127.0.0.1", free_ports())
        self.listen = ["--listen", "{}:{}".format(*self.address)] if listen is None else listen
        self.log = tempfile.TemporaryFile("a+")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()
        faults = [line for line in self.said().splitlines() if "panic" in line.lower()]
        assert not faults, faults

    def spawn(self):
        # A wrapper becomes the program, so that its process is the server's.
        command = [*self.wrapper, self.herald, "--data", self.data, "serve", *self.listen, *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log,
                                        restore_signals=False, env=self.environment)

    def refuse_to_start(self):
        """A start that must fail: the exit status, and what was said."""
        self.spawn()
        try:
            return self.process.wait(PATIENCE), self.said()
        finally:
            self.kill()

    def said(self):
        """All that is in the log."""
        self.log.seek(0)
        return self.log.read()

    def start(self):
        self.spawn()
        end = time.monotonic() + PATIENCE
        while self.run("status").returncode != 0:
            assert self.process.poll() is None and time.monotonic() < end, "the server does not start"
            time.sleep(0.05)

    def kill(self):
        """`kill -9`."""
        self.process.kill()
        self.process.wait()

    def counters(self):
        """What `herald status` counts, by name."""
        status = json.loads(self.run("status", "--json").stdout)
        return {counter["name"]: counter["value"] for counter in status["counters"]}

    def memory(self):
        """The memory that the server has in use, in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
        raise AssertionError("the server has gone")

    def run(self, *arguments):
        return self.run_with(None, *arguments)

    def run_with(self, given, *arguments):
        """Runs the program with something on its standard input."""
        command = [self.herald, "--data", self.data, *arguments]
        return subprocess.run(command, capture_output=True, text=True, input=given)


def free_ports():
    """A UDP port that is free together with the TCP port after it, which takes call signalling."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ras, socket.socket() as signalling:
            ras.bind(("127.0.0.1", 0))
            port = ras.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                signalling.bind(("127.0.0.1", port + 1))
                return port


class Watch:
    """`herald watch --json`, read in the background."""

    def __init__(self, server):
        command = [server.herald, "--data", server.data, "watch", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.documents = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def read(self):
        for line in self.process.stdout:
            self.documents.put(json.loads(line))

    def expect(self, name, availability):
        """Waits until somebody is so; what is told before is looked at by nobody."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            document = self.documents.get(timeout=max(0.0, end - time.monotonic()))
            print(f"  {document['presentity']} {document['availability']}")
            if document["presentity"].startswith(f"{name}@") and document["availability"] == availability:
                return document
        raise AssertionError(f"{name} was never {availability}")
