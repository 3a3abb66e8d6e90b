"""Messages between H.323 and XMPP: single ones and sessions, receipts, typing, errors, and what can't be carried whole.

Scenarios: S09.
covers: A-2.4.3, A-5.4.1, A-5.4.2, A-5.4.4, C-13, D-05, D-06, D-30, F-16
"""

import re

from correspondent import ACCEPTED, DELIVERED, DISPLAYED, FAILED, WANTS_DELIVERED, WANTS_FAILED
from estate import HERALD
from scene import COMPOSING, IDLE, Endpoint, befriend, eventually, jid, never_later, url
from clients import child, condition, shown, text_of

RECEIPTS, STATES, MARKERS = "urn:xmpp:receipts", "http://jabber.org/protocol/chatstates", "urn:xmpp:chat-markers:0"
DELAY, ID, CARBONS = "urn:xmpp:delay", "urn:xmpp:sid:0", "urn:xmpp:carbons:2"
TEXTS = ("Hello, how are you?", "Grüße – 你好", "lines\nand lines", "<b>&amp; 'quotes' \"</b>", "x" * 8000)


def letters(scene):
    """Texts arrive as they were written, in order, once, in both directions."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    for text in TEXTS:
        assert tybalt.write(url(romeo), text.replace("\n", "\r\n")) == 16
        got = romeo.expect_message(jid(tybalt), text, kind=None)
        assert got.get("id"), shown(got)
        assert child(got, "origin-id", ID) is not None, shown(got)
    for text in TEXTS[:4]:
        for kind in ("chat", None):
            romeo.write(jid(tybalt), text, kind)
            sender, came = tybalt.texts.get(timeout=15)
            assert (sender, came.replace("\r\n", "\n")) == (url(romeo), text), (sender, came)
    romeo.write(jid(tybalt), "Doors open at seven.", "headline")
    tybalt.expect_text(url(romeo), "Doors open at seven.")
    romeo.write(jid(tybalt), "Bring a mask.", None, more="<subject>The ball</subject>")
    sender, came = tybalt.texts.get(timeout=15)
    assert sender == url(romeo) and "The ball" in came and came.endswith("Bring a mask."), came


def conversation(scene):
    """S09: a session opens with the first text, not with typing; typing, thread and end are carried, receipts are true."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt", Endpoint)
    romeo.write(jid(tybalt), None, more=f'<composing xmlns="{STATES}"/>')
    assert tybalt.typings.get(timeout=15) == (url(romeo), COMPOSING)
    assert tybalt.sessions.empty() and tybalt.letters.empty(), "typing alone opens nothing"
    more = f'<active xmlns="{STATES}"/><request xmlns="{RECEIPTS}"/>'
    asked = romeo.write(jid(tybalt), "Good morrow.", thread="t-1", more=more)
    _, text = tybalt.letters.get(timeout=15)
    assert text == "Good morrow.", text
    receipt = romeo.expect_message(jid(tybalt), kind=None, fits=lambda one: child(one, "received", RECEIPTS) is not None)
    assert child(receipt, "received", RECEIPTS).get("id") == asked, shown(receipt)
    for written, told in (("composing", COMPOSING), ("paused", IDLE)):
        romeo.write(jid(tybalt), None, more=f'<{written} xmlns="{STATES}"/>')
        typing = tybalt.typings.get(timeout=15)
        assert typing == (url(romeo), told), typing
    for typed, seen in ((COMPOSING, "composing"), (IDLE, "active")):
        tybalt.type(url(romeo), typed)
        romeo.expect_message(jid(tybalt), kind="chat", fits=lambda one: child(one, seen, STATES) is not None)
    identity = tybalt.post(url(romeo), "Is the day so young?", wants=WANTS_FAILED)
    romeo.expect_message(jid(tybalt), "Is the day so young?", kind=None)
    tybalt.expect_receipt(identity, ACCEPTED, DELIVERED)
    romeo.write(jid(tybalt), None, more=f'<gone xmlns="{STATES}"/>')
    romeo.settle(HERALD)


def session(scene):
    """S09 on the deployed protocol: an endpoint's session is a conversation with one thread, which ends with `gone`."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    here = tybalt.open(url(romeo))
    threads = set()
    for number in range(10):
        here.text(f"line {number}")
        threads.add(text_of(romeo.expect_message(jid(tybalt), f"line {number}"), "thread"))
        romeo.write(jid(tybalt), f"answer {number}", thread=next(iter(threads)))
        tybalt.expect_text(url(romeo), f"answer {number}")
    assert len(threads) == 1 and None not in threads, threads
    for number in range(30):
        here.text(f"burst {number}")
    for number in range(30):
        romeo.expect_message(jid(tybalt), f"burst {number}")
    here.close()
    # With an old endpoint there is never a receipt.
    romeo.forget()
    romeo.write(jid(tybalt), "Did you get this?", more=f'<request xmlns="{RECEIPTS}"/>')
    tybalt.expect_text(url(romeo), "Did you get this?")
    never_later(romeo, romeo.messages, lambda one: child(one, "received", RECEIPTS) is not None, HERALD)


def receipts(scene):
    """What the other side has is said when it has it: a user's client confirms, an endpoint that is busy does not."""
    romeo, tybalt = scene.user(plugins=("xep_0184",)), scene.endpoint("tybalt", Endpoint)
    identity = tybalt.post(url(romeo), "Sealed.", wants=WANTS_DELIVERED)
    romeo.expect_message(jid(tybalt), "Sealed.", kind=None)
    tybalt.expect_receipt(identity, DELIVERED)
    tybalt.is_busy = True
    asked = romeo.write(jid(tybalt), "Read it now.", more=f'<request xmlns="{RECEIPTS}"/><markable xmlns="{MARKERS}"/>')
    name, _ = tybalt.letters.get(timeout=15)
    never_later(romeo, romeo.messages, lambda one: child(one, "received", RECEIPTS) is not None, HERALD)
    tybalt.is_busy = False
    tybalt.confirm(name, ("url-ID", url(romeo)))
    receipt = romeo.expect_message(jid(tybalt), kind=None, fits=lambda one: child(one, "received", RECEIPTS) is not None)
    assert child(receipt, "received", RECEIPTS).get("id") == asked, shown(receipt)
    tybalt.confirm(name, ("url-ID", url(romeo)), DISPLAYED)
    marker = romeo.expect_message(jid(tybalt), kind=None, fits=lambda one: child(one, "displayed", MARKERS) is not None)
    assert child(marker, "displayed", MARKERS).get("id") == asked, shown(marker)


def errors(scene):
    """Who can't be reached is told to the sender, once, in his own words; errors make no errors."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt", Endpoint)
    for kind in ("chat", None):
        written = romeo.write(jid("nobody of that name"), "Is there anybody?", kind)
        error = romeo.expect_message(jid("nobody of that name"), kind="error", fits=lambda one: one.get("id") == written)
        found = condition(error)
        assert found[0] in ("item-not-found", "service-unavailable") and found[1] == "cancel", found
    for nobody, reasons in ((f"nobody@{scene.domain}", (1, 2)), ("nobody@nowhere.test", (1, 8)), ("nobody@silent.test", (1, 8))):
        identity = tybalt.post(url(nobody), "Is there anybody?", wants=WANTS_FAILED)
        got = tybalt.expect_receipt(identity, FAILED)
        assert got[2] in reasons, (nobody, got)
    # An error that a user sends is an end.
    romeo.send(f'<message to="{jid(tybalt)}" type="error" id="e1"><body>no</body><error type="cancel">'
               '<service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>')
    never_later(romeo, romeo.messages, lambda one: one.get("type") == "error" and one.get("id") == "e1", HERALD)
    assert tybalt.letters.empty() and tybalt.texts.empty()
    scene.server.command("rules", "block", tybalt.name, romeo.bare)
    refused = romeo.write(jid(tybalt), "Let me in.")
    error = romeo.expect_message(jid(tybalt), kind="error", fits=lambda one: one.get("id") == refused)
    assert condition(error)[0] in ("forbidden", "service-unavailable"), shown(error)


def absence(scene):
    """What is written to somebody away waits for him, over a kill -9, and says when it was written."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    befriend(tybalt, romeo)
    tybalt.unregister()
    for number in range(5):
        romeo.write(jid(tybalt), f"while you were out {number}")
    romeo.settle(HERALD)
    scene.server.restart()
    tybalt.register()
    for number in range(5):
        sender, text = tybalt.texts.get(timeout=20)
        assert sender == url(romeo) and text.endswith(f"while you were out {number}"), text
    # The user's server is not there, and then it is: what he is told meanwhile waits, and that somebody may not watch, too.
    juliet = scene.user("juliet")
    juliet.present(to=jid(tybalt), kind="subscribe")
    request = tybalt.expect("authorize")
    juliet.expect_roster(jid(tybalt), "none", "subscribe")
    scene.peer.stop()
    tybalt.decide(request, False)
    assert tybalt.write(url(romeo), "while your server was out") == 16
    scene.peer.start()
    # What comes to ejabberd while somebody logs in may stay in its offline storage until the next time.
    eventually(lambda: " 0 messages wait" in scene.server.command("inbox", "show", romeo.bare), "it waits for ever", patience=60)
    again = scene.user(resource="phone")
    waited = again.expect_message(jid(tybalt), "while your server was out", kind=None, patience=60)
    assert any(one.tag == f"{{{DELAY}}}delay" for one in waited), shown(waited)
    juliet = scene.user("juliet", resource="phone")
    eventually(lambda: juliet.roster().get(jid(tybalt), ("none", None)) == ("none", None), "nobody told her that she may not")


def repeats(scene):
    """The same message twice is delivered once; the same words twice are two messages; copies are nobody's messages."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    identity = romeo.number()
    for _ in range(2):
        romeo.write(jid(tybalt), "once", identity=identity, more=f'<origin-id xmlns="{ID}" id="{identity}"/>')
    for _ in range(2):
        romeo.write(jid(tybalt), "twice")
    inner = f'<message xmlns="jabber:client" from="{jid("mallory")}" to="{romeo.bare}"><body>forged</body></message>'
    copy = f'<forwarded xmlns="urn:xmpp:forward:0">{inner}</forwarded>'
    romeo.write(jid(tybalt), None, more=f'<received xmlns="{CARBONS}">{copy}</received>')
    romeo.write(jid(tybalt), "the end")
    for text in ("once", "twice", "twice", "the end"):
        tybalt.expect_text(url(romeo), text)


def carbons(scene):
    """S11, the half without a call: a user's other client sees what he and the endpoint write, each line once."""
    laptop, tybalt = scene.user(), scene.endpoint("tybalt")
    phone = scene.user(resource="phone")
    for client in (laptop, phone):
        client.ask(None, f'<enable xmlns="{CARBONS}"/>', "set")
    here = tybalt.open(url(laptop))
    for number in range(5):
        here.text(f"line {number}")
        writer = (laptop, phone)[number % 2]
        writer.expect(writer.messages, lambda one: f"line {number}" in shown(one), f"line {number}")
        writer.write(jid(tybalt), f"answer {number}")
        tybalt.expect_text(url(laptop), f"answer {number}")
    for client in (laptop, phone):
        client.settle(HERALD)
    assert tybalt.texts.empty()
    here.close()


def markup(scene):
    """Markup and attachments come as a text that can be read."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    html = ('<html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml"><p>Wherefore '
            '<strong>art</strong> thou?</p><p>See <a href="https://verona.test/balcony">there</a>.</p></body></html>')
    romeo.write(jid(tybalt), "Wherefore art thou?", more=html)
    tybalt.expect_text(url(romeo), "Wherefore art thou?")
    romeo.write(jid(tybalt), None, more=html)
    _, text = tybalt.texts.get(timeout=15)
    assert "Wherefore art thou?" in text and "https://verona.test/balcony" in text and "<" not in text, text
    romeo.write(jid(tybalt), None, more='<x xmlns="jabber:x:oob"><url>https://files.test/map.png</url><desc>A map</desc></x>')
    _, text = tybalt.texts.get(timeout=15)
    assert "https://files.test/map.png" in text, text


def length(scene):
    """A long text comes whole and in order, in parts where it must; one over every limit is refused in the sender's words."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    words = " ".join(f"word{number}" for number in range(2500))
    romeo.write(jid(tybalt), words)
    parts = []
    while "word2499" not in (parts[-1] if parts else ""):
        sender, text = tybalt.texts.get(timeout=15)
        assert sender == url(romeo)
        parts.append(text)
    joined = " ".join(re.sub(r"\s*\(\d+/\d+\)\s*", " ", part).strip() for part in parts)
    assert joined == words, (len(parts), joined[:80], joined[-80:])
    print(f"    {len(words)} characters came in {len(parts)} parts")
    refused = romeo.write(jid(tybalt), "y" * 200_000)
    romeo.expect_message(jid(tybalt), kind="error", fits=lambda one: one.get("id") == refused)


PLAYS = [letters, conversation, session, receipts, errors, absence, repeats, carbons, markup, length]
