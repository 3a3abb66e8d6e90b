"""Users of XMPP: slixmpp, driven from outside by plain calls, in a thread of its own for all of them."""

import asyncio
import atexit
import itertools
import os
import queue
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "h323"))
from oracle import cache  # noqa: E402

VERSION = "1.17.0"


def ensure_slixmpp():
    """Puts slixmpp, installed on first use, within reach of whatever Python runs this."""
    place = cache() / f"slixmpp-{VERSION}"
    if not (place / "complete").exists():
        print(f"installing slixmpp {VERSION} into {place}", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "--quiet", f"slixmpp=={VERSION}"], check=True)
        (place / "complete").touch()
    sys.path += [str(one) for one in place.glob("lib/python*/site-packages")]


ensure_slixmpp()

import slixmpp  # noqa: E402

PATIENCE = 20
CLIENT = "jabber:client"
LOOP = asyncio.new_event_loop()
# slixmpp has something to do still for who has left, and complains where there is nobody.
EVERYBODY = []
threading.Thread(target=LOOP.run_forever, daemon=True).start()


class User:
    """Somebody with an XMPP client. `presences`, `messages` and `others` have what came, as elements."""

    numbers = itertools.count(1)

    def __init__(self, jid, estate, address, resource="laptop", plugins=(), online=True):
        self.bare, self.jid, self.resource = jid, f"{jid}/{resource}", resource
        self.presences, self.messages, self.others = queue.Queue(), queue.Queue(), queue.Queue()
        self.client = within(self.connect(estate, address, plugins))
        # Who has not asked for the roster is not told of subscriptions.
        self.roster()
        if online:
            self.present()

    async def connect(self, estate, address, plugins):
        client = slixmpp.ClientXMPP(slixmpp.JID(self.jid), "secret")
        EVERYBODY.append(client)
        client.ca_certs = str(estate.authority.file)
        client.auto_authorize = client.auto_subscribe = None
        for plugin in ("xep_0030", "xep_0092", "xep_0115", "xep_0199", *plugins):
            client.register_plugin(plugin)
        client.add_filter("in", self.take)
        ready = LOOP.create_future()

        def settle(outcome):
            if not ready.done():
                outcome()
        client.add_event_handler("session_start", lambda _: settle(lambda: ready.set_result(None)))
        client.add_event_handler("failed_all_auth", lambda _: settle(lambda: ready.set_exception(AssertionError(
            f"{self.jid} may not log in"))))
        client.connect(host=address, port=5222)
        await asyncio.wait_for(ready, PATIENCE)
        return client

    def take(self, stanza):
        element = stanza.xml
        name = element.tag.rpartition("}")[2]
        {"presence": self.presences, "message": self.messages}.get(name, self.others).put(element)
        return stanza

    def send(self, text):
        """Sends a stanza as it is written here."""
        LOOP.call_soon_threadsafe(self.client.send_raw, text)

    # Presence.

    def present(self, show=None, status=None, to=None, kind=None, priority=None, more=""):
        head = "".join(f" {name}={quoteattr(value)}" for name, value in (("to", to), ("type", kind)) if value)
        children = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in
                           (("show", show), ("status", status), ("priority", priority)) if value is not None)
        self.send(f"<presence{head}>{children}{more}</presence>")

    def expect_presence(self, sender, kind=None, show=None, status=None, fits=lambda presence: True):
        """Waits for a presence of somebody, a bare or a full address; what comes before is looked at by nobody."""
        def is_it(presence):
            sent_by = presence.get("from", "")
            return ((sent_by == sender or sent_by.partition("/")[0] == sender) and presence.get("type") == kind
                    and text_of(presence, "show") == show
                    and (status is None or text_of(presence, "status") == status) and fits(presence))
        return self.expect(self.presences, is_it, f"presence of {sender} with {(kind, show, status)}")

    # Messages.

    def write(self, to, body, kind="chat", more="", identity=None, thread=None):
        """Sends a message; its id."""
        identity = identity or self.number()
        about = f"<thread>{escape(thread)}</thread>" if thread else ""
        written = f"<body>{escape(body)}</body>" if body is not None else ""
        kind = f" type={quoteattr(kind)}" if kind else ""
        self.send(f"<message to={quoteattr(to)} id={quoteattr(identity)}{kind}>{written}{about}{more}</message>")
        return identity

    def expect_message(self, sender, body=None, kind="chat", fits=lambda message: True, patience=None):
        """Waits for a message of somebody, of any type where `kind` is none."""
        def is_it(message):
            return (message.get("from", "").partition("/")[0] == sender
                    and kind in (None, message.get("type", "normal"))
                    and (body is None or text_of(message, "body") == body) and fits(message))
        return self.expect(self.messages, is_it, f"message of {sender} with {body!r}", patience)

    # Requests.

    def request(self, to, payload, kind="get"):
        """Sends an IQ; its id."""
        identity = self.number()
        where = f" to={quoteattr(to)}" if to else ""
        self.send(f'<iq type="{kind}" id="{identity}"{where}>{payload}</iq>')
        return identity

    def ask(self, to, payload, kind="get", expected="result"):
        """Sends an IQ and waits for its answer."""
        identity = self.request(to, payload, kind)
        return self.expect(self.others, lambda answer: answer.get("id") == identity and answer.get("type") == expected,
                           f"{expected} of {to} to {payload}")

    def roster(self):
        """The subscription and what is asked, by contact."""
        items = self.ask(None, '<query xmlns="jabber:iq:roster"/>').iter("{jabber:iq:roster}item")
        return {item.get("jid"): (item.get("subscription"), item.get("ask")) for item in items}

    def expect_roster(self, contact, subscription, ask=None):
        """Waits until the contact stands so."""
        end = time.monotonic() + PATIENCE
        while (found := self.roster().get(contact, ("none", None))) != (subscription, ask):
            assert time.monotonic() < end, f"{self.bare} has {contact} as {found}, not as {(subscription, ask)}"
            time.sleep(0.1)

    def expect(self, where, is_it, what, patience=None):
        end, seen = time.monotonic() + (patience or PATIENCE), []
        while True:
            try:
                element = where.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                came = "\n  ".join(shown(one) for one in seen[-20:])
                raise AssertionError(f"{self.jid} never got {what}, but\n  {came}") from None
            if is_it(element):
                return element
            seen.append(element)

    def settle(self, server=None):
        """Waits until the user's server, or another, has dealt with all that was sent, and what it sent has come."""
        identity = self.request(server, '<ping xmlns="urn:xmpp:ping"/>')
        return self.expect(self.others, lambda answer: answer.get("id") == identity, "an answer to a ping")

    def forget(self):
        """Drops what came."""
        for where in (self.presences, self.messages, self.others):
            while not where.empty():
                where.get()

    def leave(self):
        """Logs out, if that has not been done."""
        async def disconnect():
            await asyncio.wait_for(self.client.disconnect(), PATIENCE)
        if self.client.is_connected():
            within(disconnect())

    def vanish(self):
        """The connection breaks."""
        LOOP.call_soon_threadsafe(self.client.abort)

    @classmethod
    def number(cls):
        return f"n{os.getpid()}-{next(cls.numbers)}"


def within(work):
    """What some work comes to, done in the thread of the users."""
    return asyncio.run_coroutine_threadsafe(work, LOOP).result(PATIENCE + 5)


@atexit.register
def end():
    """Ends what still goes on for users who did not leave."""
    async def cancel():
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    within(cancel())


def child(element, name, namespace=CLIENT):
    return element.find(f"{{{namespace}}}{name}")


def text_of(element, name, namespace=CLIENT):
    """The text of a child; nothing where there is none."""
    found = child(element, name, namespace)
    return None if found is None else found.text or ""


def condition(stanza):
    """The condition of an error, and its type."""
    error = child(stanza, "error")
    assert error is not None, shown(stanza)
    names = [one.tag.rpartition("}")[2] for one in error if one.tag.startswith("{urn:ietf:params:xml:ns:xmpp-stanzas}")]
    return next(name for name in names if name != "text"), error.get("type")


def shown(element):
    return ElementTree.tostring(element, encoding="unicode")
