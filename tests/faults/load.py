"""People at work, all at the same time, who remember what was accepted of what they did, and what came.

Each actor does the same again and again until the server is gone. What it had been answered then is accepted, what it
was refused is refused, and of what it was doing just then nobody knows.
"""

import collections
import contextlib
import os
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).parent.parent / "h323"))
from correspondent import ACCEPTED, FAILED, STORED, Correspondent  # noqa: E402
from peers import CONNECT, PRESENCE_FEATURE, STATUS, STATUS_ENQUIRY, Person, Refused, Room, supported  # noqa: E402
from people import FOREVER  # noqa: E402

PATIENCE = 30
# Contacts that are gathered before all are given up, so that a long run stays below the server's limit.
CONTACTS_MAX = 100


class Nobody(dict):
    """The answers of a server that is gone."""

    def get(self, *_):
        return "nothing, because the server is gone", {}

    pop = get


class Inbox:
    """What came, with the moment."""

    def __init__(self):
        self.came = []

    def put(self, item):
        self.came.append((time.monotonic(), item))


class Worker(Correspondent):
    """An endpoint that gives up at once when the server is gone, and may leave for a while."""

    is_away = False

    def __init__(self, name, server, has_package):
        self.has_package = has_package
        super().__init__(name, server.address)
        self.texts = Inbox()
        self.letters = Inbox()
        self.discover(featureSet=supported(PRESENCE_FEATURE))
        self.come()

    def register(self, **more):
        # A full registration ends what was there before, and may be told by the next packet already.
        return (Correspondent if self.has_package else Person).register(self, **{**FOREVER, **more})

    def come(self):
        self.answers, self.deaf, self.is_away = {}, False, False
        self.at_stage = lambda stage, call: None
        self.register()

    def leave(self):
        self.unregister()
        self.deaf, self.is_away, self.at_stage = True, True, self.refuse

    @staticmethod
    def refuse(stage, call):
        """Nobody is there to take a call."""
        raise EOFError

    def abandon(self):
        """Waits for no answer any more."""
        with self.answered:
            self.answers = Nobody()
            self.answered.notify_all()


class Phone(Person):
    """An endpoint of calls alone."""

    register, refresh = Room.register, None
    abandon = Worker.abandon

    def __init__(self, name, server):
        super().__init__(name, server.address)
        self.come()

    def come(self):
        self.answers = {}
        self.register(**FOREVER)


class Letters:
    """All messages of a run: per sender and recipient in order, each with what became of it."""

    def __init__(self):
        self.lines, self.lock = collections.defaultdict(list), threading.Lock()
        self.verdicts = {}

    def begin(self, sender, recipient):
        with self.lock:
            line = self.lines[sender.name, recipient.name]
            text = f"{sender.name} to {recipient.name}, {len(line)}"
            line.append(text)
            self.verdicts[text] = "unknown"
            return text

    def end(self, text, verdict):
        self.verdicts[text] = verdict

    def count(self, verdict):
        return sum(one == verdict for one in self.verdicts.values())


def single(letters, sender, recipients):
    """Single messages, to one after the other."""
    for recipient in recipients:
        text = letters.begin(sender, recipient)
        call = sender.call_for_messages(recipient.name)
        if call.wait_for_alerting():
            call.text(text)
            call.wait_for_release()
        letters.end(text, "accepted" if call.cause == 16 else f"refused for cause {call.cause}")
        sender.disengage(call.identifier)


def session(letters, sender, recipients):
    """A session with a few texts, whose acceptance is asked for."""
    for recipient in recipients:
        call = sender.call_for_messages(recipient.name)
        if not call.wait_for_alerting():
            raise Refused(f"no session: {call.cause}")
        call.facility({4: ("bool", True)})
        call.receive(CONNECT)
        for count in (1, 3):
            texts = [letters.begin(sender, recipient) for _ in range(count)]
            for text in texts:
                call.text(text)
            call.send_q931(STATUS_ENQUIRY, b"")
            while call.receive_any()[0] != STATUS:
                pass
            for text in texts:
                letters.end(text, "accepted")
        call.facility({4: ("bool", False)})
        call.wait_for_release()
        sender.disengage(call.identifier)


def package(letters, sender, recipients):
    """Messages of the package; all receipts are looked at, also those that come after the server is back."""
    names = sender.__dict__.setdefault("names", {})

    def look(receipt):
        if receipt[1] in (ACCEPTED, STORED):
            letters.end(names[receipt[0]], "accepted")
        elif receipt[1] == FAILED:
            letters.end(names[receipt[0]], "refused")
        sender.at_rest.set()

    sender.at_receipt = look
    for recipient in recipients:
        sender.at_rest = threading.Event()
        text, identity = letters.begin(sender, recipient), os.urandom(16)
        names[identity] = text
        sender.post(recipient.name, text, identity)
        while not sender.at_rest.wait(0.05):
            if isinstance(sender.answers, Nobody):
                raise Refused("the server is gone")


class Publisher:
    """Says one state after the other, numbered; its watcher must never see an older one than was accepted."""

    def __init__(self, person, watcher):
        self.person, self.watcher, self.said, self.accepted = person, watcher, 0, 0

    def act(self):
        self.said += 1
        self.person.publish("away" if self.said % 2 else "notAvailable", f"state {self.said}")
        self.accepted = self.said

    def check(self):
        """After a restart, and after all have registered."""
        numbers = []
        end = time.monotonic() + PATIENCE
        while not numbers or numbers[-1] < self.accepted:
            kind, value = self.watcher.told.get(timeout=max(0.01, end - time.monotonic()))
            if kind == "notify" and value["aliasAddress"][1] == self.person.name:
                display = value["presentity"].get("display")
                assert display, f"{self.person.name} is shown without what it said: {value}"
                numbers.append(int(display[0]["display"].split()[1]))
        assert all(self.accepted <= number <= self.said for number in numbers), (self.accepted, numbers, self.said)
        self.accepted = numbers[-1]


class Collector:
    """Subscribes to people who don't exist yet, and takes some of it back; the list must be as it was confirmed."""

    def __init__(self, person):
        self.person, self.count, self.contacts, self.unknown = person, 0, {}, None

    def act(self):
        self.count += 1
        for change in ("subscribe", "block" if self.count % 3 == 0 else "unsubscribe" if self.count % 3 == 1 else None):
            if change:
                alias = f"{self.person.name} target {self.count}"
                self.unknown = alias
                answer = self.person.instruct(change, alias)
                assert "result" not in answer, answer
                self.contacts[alias] = {"subscribe": "pending", "block": "block", "unsubscribe": None}[change]
                self.unknown = None

    def check(self, standing):
        """After a restart, against the list that the person is told."""
        for alias, status in self.contacts.items():
            assert alias == self.unknown or standing.get(alias) == status, (alias, status, standing.get(alias))
        more = set(standing) - set(self.contacts) - {self.unknown}
        assert not more, more
        if self.unknown:
            self.contacts[self.unknown] = standing.get(self.unknown)
            self.unknown = None
        if len(self.contacts) > CONTACTS_MAX:
            for alias, status in self.contacts.items():
                self.person.instruct("unblock" if status == "block" else "unsubscribe", alias)
            self.contacts = {}


class Pair:
    """One asks, the other approves or denies, the first takes it back; both must always stand alike."""

    def __init__(self, asker, decider):
        self.asker, self.decider = asker, decider
        # What was confirmed last, and what may have come instead.
        self.may_be = {None}

    def act(self):
        asker, decider = self.asker, self.decider
        for status, words in (("pending", lambda: asker.instruct("subscribe", decider.name)),
                              ("subscribe", lambda: decider.decide(self.request(), True)),
                              (None, lambda: asker.instruct("unsubscribe", decider.name))):
            self.may_be.add(status)
            assert "result" not in (answer := words()), answer
            self.may_be = {status}

    def request(self):
        asked = []
        while not asked:
            if isinstance(self.decider.answers, Nobody):
                raise Refused("the server is gone")
            with contextlib.suppress(Exception):
                kind, value = self.decider.told.get(timeout=0.05)
                asked = [value] if kind == "authorize" else []
        return asked[0]

    def check(self, hers, his):
        mine, other = hers.get(self.decider.name), his.get(self.asker.name)
        assert mine == other, f"{self.asker.name} is told {mine} and {self.decider.name} {other}"
        assert mine in self.may_be, (mine, self.may_be)
        self.may_be = {mine}
        if mine is not None:
            self.asker.instruct("unsubscribe", self.decider.name)
            self.may_be = {None}


class Callers:
    """Two phones that call each other; after a restart nobody stays in a call that is over."""

    def __init__(self, caller, callee):
        self.caller, self.callee = caller, callee

    def act(self):
        call = os.urandom(16)
        self.caller.admit(call, self.callee.name, answering=False)
        self.callee.admit(call, self.callee.name, answering=True)
        self.callee.report(9000, call, connected=True)
        self.caller.disengage(call)
        self.callee.disengage(call)


class Work:
    """Runs actors in threads of their own until the server is gone."""

    def __init__(self, acts, people):
        self.people, self.faults, self.is_over = people, [], threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(act,)) for act in acts]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def work(self, act):
        try:
            while not self.is_over.is_set():
                act()
        except (OSError, EOFError, Refused) as fault:
            if not self.is_over.is_set():
                self.faults.append(fault)
        except BaseException as fault:
            self.faults.append(fault)

    def stop_expecting(self):
        """From here on the server may be gone at any moment."""
        self.is_over.set()

    def __exit__(self, *_):
        self.is_over.set()
        for person in self.people:
            person.abandon()
        for thread in self.threads:
            thread.join()
