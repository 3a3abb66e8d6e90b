"""An endpoint that speaks Herald's own package besides: messages with a name, over RAS, and their receipts."""

import os
import queue
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from peers import PRESENCE_FEATURE, Person, Room, descriptor, named  # noqa: E402

PACKAGE = ("nonStandard", bytes.fromhex("ababeab3473c4036953ba32e8c03b325"))
VERSION, CAPABILITIES, MESSAGE_ID, FROM, TO, TEXT, WANTS = 1, 2, 10, 11, 12, 13, 21
RECEIPT_FOR, RECEIPT, REASON = 30, 31, 32
RECEIPTS, MESSAGES = 1, 1 << 3
ACCEPTED, DELIVERED, DISPLAYED, FAILED, STORED = 1, 2, 3, 4, 5
TEMPORARY = 7
WANTS_DELIVERED, WANTS_DISPLAYED, WANTS_FAILED = 1, 2, 4


class Correspondent(Person):
    """Confirms what it is sent at once, unless it `is_busy`.

    `receipts` has what came back as (message id, receipt, reason), `letters` what was written to it as (message id,
    text). `at_receipt` is called for each receipt the moment it came.
    """

    def __init__(self, name, server, host="127.0.0.1"):
        self.receipts, self.letters, self.is_busy = queue.Queue(), queue.Queue(), False
        self.at_receipt = lambda receipt: None
        super().__init__(name, server, host)

    def register(self, **more):
        features = [descriptor(PRESENCE_FEATURE),
                    package({VERSION: ("number8", 1), CAPABILITIES: ("number16", RECEIPTS | MESSAGES)})]
        return Room.register(self, featureSet={"replacementFeatureSet": False, "supportedFeatures": features}, **more)

    def post(self, alias, text, identity=None, wants=0):
        """Sends a message over RAS and waits for nothing, not even for the SCR; its name. `wants` are the receipts."""
        identity = identity or os.urandom(16)
        self.tell({MESSAGE_ID: ("raw", identity), FROM: ("alias", named(self.name)), TO: recipients(named(alias)),
                   TEXT: ("raw", text.encode()), WANTS: ("number8", wants)})
        return identity

    def tell(self, parameters):
        with self.turn:
            self.number += 1
            number = self.number
        self.send("serviceControlIndication", {"requestSeqNum": number, "serviceControl": [],
                                               "genericData": [package(parameters)]})

    def expect_receipt(self, identity, *kinds):
        while True:
            got = self.receipts.get(timeout=20)
            if got[0] == identity and got[1] in kinds:
                return got

    def take_presence(self, descriptors):
        super().take_presence(descriptors)
        for data in descriptors:
            if data["id"] != PACKAGE:
                continue
            found = {parameter["id"][1]: parameter["content"][1] for parameter in data["parameters"]}
            if RECEIPT in found:
                receipt = found[RECEIPT_FOR], found[RECEIPT], found.get(REASON)
                self.at_receipt(receipt)
                self.receipts.put(receipt)
            elif MESSAGE_ID in found:
                self.letters.put((found[MESSAGE_ID], found[TEXT].decode()))
                if not self.is_busy:
                    self.confirm(found[MESSAGE_ID], found[FROM])

    def confirm(self, identity, sender, receipt=DELIVERED):
        self.tell({RECEIPT_FOR: ("raw", identity), RECEIPT: ("number8", receipt), TO: recipients(sender)})


def recipients(alias):
    return ("compound", [{"id": ("standard", 1), "content": ("alias", alias)}])


def package(parameters):
    return {"id": PACKAGE, "parameters": [
        {"id": ("standard", number), "content": content} for number, content in parameters.items()]}
