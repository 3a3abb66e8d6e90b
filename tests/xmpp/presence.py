"""Presence between H.323 and XMPP: the life of a subscription with all its corners, and every state both ways.

Scenarios: S03, S04.
covers: A-3.2.2, A-5.1.5, A-5.1.7, A-5.1.9, A-5.1.11, A-5.1.16, A-5.3.2, C-09
"""

import time

from correspondent import Correspondent
from estate import HERALD
from peers import Room
from scene import FOREVER, befriend, eventually, jid, never_later, url, watch
from clients import shown, text_of

NICK, IDLE = "http://jabber.org/protocol/nick", "urn:xmpp:idle:1"


def text(notification):
    """What a notification says in words."""
    return next((one["display"] for one in notification["presentity"].get("display", [])), None)


def contact(scene):
    """S03: an endpoint watches somebody of XMPP through all his states and a restart; its leaving is seen in his roster."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    romeo.present("away", "in the orchard")
    befriend(tybalt, romeo)
    assert text(tybalt.expect_state(url(romeo), "away")) == "in the orchard"
    romeo.present("chat")
    assert text(tybalt.expect_state(url(romeo), "available")) == "Free for chat"
    romeo.present()
    assert text(tybalt.expect_state(url(romeo), "available")) is None
    scene.server.restart()
    tybalt.register(**FOREVER)
    tybalt.expect_contact("subscribe", url(romeo))
    tybalt.expect_state(url(romeo), "available")
    romeo.present("dnd")
    assert text(tybalt.expect_state(url(romeo), "notAvailable")) == "Do not disturb"
    romeo.present("xa")
    tybalt.expect_state(url(romeo), "notAvailable")
    romeo.present(kind="unavailable")
    tybalt.expect_state(url(romeo), "offline")
    romeo.present()
    tybalt.expect_state(url(romeo), "available")
    asked = [shown(one) for one in romeo.presences.queue if one.get("type") == "subscribe"]
    assert not asked, f"after a restart nobody is asked again: {asked}"
    tybalt.instruct("unsubscribe", url(romeo))
    tybalt.expect_contact("unsubscribe", url(romeo))
    romeo.expect_presence(jid(tybalt), "unsubscribe")
    romeo.expect_roster(jid(tybalt), "none")
    told = tybalt.told.qsize()
    romeo.present("away")
    romeo.settle(HERALD)
    assert tybalt.told.qsize() == told, list(tybalt.told.queue)


def uninvited(scene):
    """S03, negative: whom nobody asked can't subscribe anybody to himself, nor end what is not."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    for kind in ("subscribed", "unsubscribed", None):
        # The server of a user sends an approval that nobody asked for nowhere, or on: neither may count.
        romeo.present(to=jid(tybalt), kind=kind)
    romeo.settle(HERALD)
    assert tybalt.told.empty(), list(tybalt.told.queue)


def absent(scene):
    """S04: a request waits for somebody who has never registered, over a restart, and is asked of him once."""
    juliet = scene.user("juliet")
    name = f"tybalt {scene.number}"
    juliet.present(to=jid(name), kind="subscribe")
    juliet.expect_roster(jid(name), "none", "subscribe")
    juliet.settle(HERALD)
    scene.server.restart()
    juliet.settle()
    answered = [shown(one) for one in juliet.presences.queue if one.get("from", "").startswith(jid(name))]
    assert not answered, answered
    tybalt = scene.endpoint("tybalt", Correspondent)
    request = tybalt.expect("authorize")
    assert request["subscription"][0]["aliases"][0]["alias"] == ("url-ID", url(juliet)), request
    tybalt.decide(request, True)
    begun = time.monotonic()
    juliet.expect_presence(jid(tybalt), "subscribed")
    juliet.expect_presence(jid(tybalt))
    assert time.monotonic() - begun < 10
    juliet.expect_roster(jid(tybalt), "to")
    tybalt.publish("away", "Déjeuner")
    juliet.expect_presence(jid(tybalt), None, "away", "Déjeuner")


def expiry(scene):
    """A request that nobody decides ends after its time, and the watcher is told (7 days by default, here a minute)."""
    juliet, tybalt = scene.user("juliet"), scene.endpoint("tybalt")
    juliet.present(to=jid(tybalt), kind="subscribe")
    begun = time.monotonic()
    request = tybalt.expect("authorize")
    juliet.expect_roster(jid(tybalt), "none", "subscribe")
    # The other plays are acted out meanwhile.
    yield
    # Her server may have been stopped meanwhile, and she with it.
    juliet = scene.user("juliet", resource="phone")
    eventually(lambda: juliet.roster().get(jid(tybalt), ("none", None)) == ("none", None), "the request has no end", patience=90)
    assert time.monotonic() - begun > 55
    # Herald was killed meanwhile, before it had written that this endpoint is there.
    tybalt.register(**FOREVER)
    answer = tybalt.decide(request, True)
    assert answer.get("result") == ("failed", 0), answer


def refusal(scene):
    """Who is refused is told so, and sees nothing; he may ask again."""
    juliet, tybalt = scene.user("juliet"), scene.endpoint("tybalt")
    juliet.present(to=jid(tybalt), kind="subscribe")
    tybalt.decide(tybalt.expect("authorize"), False)
    juliet.expect_presence(jid(tybalt), "unsubscribed")
    juliet.expect_roster(jid(tybalt), "none")
    tybalt.publish("away", "secret")
    never_later(juliet, juliet.presences, lambda one: one.get("from", "").startswith(jid(tybalt)), HERALD)
    watch(juliet, tybalt)
    juliet.expect_presence(jid(tybalt), None, "away", "secret")


def endings(scene):
    """Either side ends what the other sees: the watcher by unsubscribing, the watched by taking his consent back."""
    juliet, tybalt = scene.user("juliet"), scene.endpoint("tybalt")
    watch(juliet, tybalt)
    juliet.present(to=jid(tybalt), kind="unsubscribe")
    juliet.expect_roster(jid(tybalt), "none")
    eventually(lambda: juliet.bare not in scene.server.command("watchers", tybalt.name),
               "juliet is still among the watchers")
    juliet.forget()
    tybalt.publish("away")
    never_later(juliet, juliet.presences, lambda one: one.get("show") is not None, HERALD)
    watch(juliet, tybalt)
    tybalt.instruct("block", url(juliet))
    juliet.expect_presence(jid(tybalt), "unsubscribed")
    juliet.expect_roster(jid(tybalt), "none")
    # The user takes back what he allowed.
    romeo = scene.user()
    befriend(tybalt, romeo)
    tybalt.expect_state(url(romeo), "available")
    romeo.present(to=jid(tybalt), kind="unsubscribed")
    tybalt.expect_contact("unsubscribe", url(romeo))


def beforehand(scene):
    """Approval before anybody asks: by the user's server, and by a rule of the room's owner."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    if scene.domain == "xmpp.test":
        romeo.present(to=jid(tybalt), kind="subscribed")
        romeo.settle()
        tybalt.instruct("subscribe", url(romeo))
        tybalt.expect_contact("subscribe", url(romeo))
        tybalt.expect_state(url(romeo), "available")
        asked = [one for one in romeo.presences.queue if one.get("type") == "subscribe"]
        assert not asked, shown(asked[0])
    juliet = scene.user("juliet")
    scene.server.command("rules", "allow", tybalt.name, juliet.bare)
    juliet.present(to=jid(tybalt), kind="subscribe")
    juliet.expect_presence(jid(tybalt), "subscribed")
    juliet.expect_presence(jid(tybalt))


def probe(scene):
    """Who logs in sees how his contacts are; who sees nothing of them learns nothing by asking."""
    juliet, tybalt = scene.user("juliet"), scene.endpoint("tybalt")
    watch(juliet, tybalt)
    tybalt.publish("away", "upstairs")
    juliet.expect_presence(jid(tybalt), None, "away")
    juliet.leave()
    tybalt.publish("notAvailable", "far away")
    again = scene.user("juliet", resource="phone")
    again.expect_presence(jid(tybalt), None, "xa", "far away")
    tybalt.unregister()
    again.expect_presence(jid(tybalt), "unavailable")
    stranger = scene.user("romeo")
    stranger.present(to=jid(tybalt), kind="probe")
    stranger.settle(HERALD)
    seen = [shown(one) for one in stranger.presences.queue
            if one.get("from", "").startswith(jid(tybalt)) and one.get("type") not in ("unsubscribed", "unavailable", "error")]
    assert not seen, seen


def devices(scene):
    """Of several clients the most telling state shows, and what leaves shows no more; one goes without a word."""
    laptop, tybalt = scene.user(), scene.endpoint("tybalt")
    laptop.present("away", "at lunch", priority=1)
    befriend(tybalt, laptop)
    tybalt.expect_state(url(laptop), "away")
    phone = scene.user(resource="phone", online=False)
    phone.present(None, "on the phone", priority=5)
    assert text(tybalt.expect_state(url(laptop), "available")) == "on the phone"
    assert tybalt.write(url(laptop), "who reads this?") == 16
    phone.expect_message(jid(tybalt), "who reads this?", kind=None)
    phone.vanish()
    assert text(tybalt.expect_state(url(laptop), "away")) == "at lunch"
    laptop.leave()
    tybalt.expect_state(url(laptop), "offline")


def directed(scene):
    """Directed presence shows to whom it is sent, and to nobody who did not subscribe."""
    romeo, tybalt, stranger = scene.user(), scene.endpoint("tybalt"), scene.endpoint("stranger")
    befriend(tybalt, romeo)
    tybalt.expect_state(url(romeo), "available")
    romeo.present(to=jid(stranger), status="hello")
    romeo.present(to=jid(tybalt), kind="unavailable", status="not for you")
    tybalt.expect_state(url(romeo), "offline")
    romeo.present("dnd", to=jid(tybalt))
    tybalt.expect_state(url(romeo), "notAvailable")
    assert stranger.told.empty(), list(stranger.told.queue)


def farewell(scene):
    """The text of somebody who leaves is seen, in both directions."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    befriend(tybalt, romeo)
    watch(romeo, tybalt)
    romeo.present(kind="unavailable", status="Gone fishing")
    assert text(tybalt.expect_state(url(romeo), "offline")) == "Gone fishing"
    romeo.present()
    tybalt.publish("offline", "Back on Monday")
    romeo.expect_presence(jid(tybalt), "unavailable", status="Back on Monday")


# What an endpoint publishes, and what is seen of it: type, show, status where it is certain (interworking a.2).
SEEN = [
    (("available",), (None, None, None)),
    (("available", "Free for chat"), (None, "chat", None)),
    (("away",), (None, "away", None)),
    (("away", "Déjeuner – 你好"), (None, "away", "Déjeuner – 你好")),
    (("notAvailable",), (None, "xa", None)),
    (("notAvailable", "Do not disturb"), (None, "dnd", None)),
    (("onCall",), (None, "dnd", None)),
    (("voiceMail",), (None, "xa", None)),
    (("generic", "Painting the ceiling"), (None, None, "Painting the ceiling")),
    (("hidden",), ("unavailable", None, None)),
    (("online",), (None, None, None)),
]
# What a user says, and what an endpoint is told: state and text (a.3, then a.2).
TOLD = [
    (("away", None), ("away", None)),
    (("chat", None), ("available", "Free for chat")),
    (("xa", "Holidays"), ("notAvailable", "Holidays")),
    (("dnd", None), ("notAvailable", "Do not disturb")),
    ((None, "Reading"), ("available", "Reading")),
    (("away", "Grüße – 你好"), ("away", "Grüße – 你好")),
    ((None, None), ("available", None)),
]


def states(scene):
    """The tables of states, each row by real clients, both ways."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    befriend(tybalt, romeo)
    watch(romeo, tybalt)
    for published, seen in SEEN:
        tybalt.publish(*published)
        romeo.expect_presence(jid(tybalt), *seen)
    for said, (state, words) in TOLD:
        romeo.present(*said)
        assert text(tybalt.expect_state(url(romeo), state)) == words, (said, state)


def room(scene):
    """A plain room is seen as its registration and its calls show it; it is told nothing of presence."""
    juliet, north = scene.user("juliet"), scene.endpoint("room", Room)
    scene.server.command("rules", "allow", "--operator", north.name, f"domain:{scene.domain}")
    south = scene.endpoint("south", Room)
    juliet.present(to=jid(north), kind="subscribe")
    juliet.expect_presence(jid(north), "subscribed")
    juliet.expect_presence(jid(north))
    call = bytes([scene.number]) * 16
    north.admit(call, south.name, answering=False)
    south.admit(call, north.name, answering=True)
    south.report(9000, call, connected=True)
    juliet.expect_presence(jid(north), None, "dnd")
    north.disengage(call)
    south.disengage(call)
    juliet.expect_presence(jid(north))
    north.unregister()
    juliet.expect_presence(jid(north), "unavailable")


def idle(scene):
    """Somebody whose client saw no key for a while is away, and idle."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    befriend(tybalt, romeo)
    tybalt.expect_state(url(romeo), "available")
    romeo.present("away", more=f'<idle xmlns="{IDLE}" since="2026-01-01T12:00:00Z"/>')
    assert text(tybalt.expect_state(url(romeo), "away")) == "Idle"


def names(scene):
    """A nickname in a request is what the other side is shown of who asks, in both directions."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    tybalt.instruct("subscribe", url(romeo), display={"language": "en-US", "display": "Tybalt, prince of cats"})
    asked = romeo.expect_presence(jid(tybalt), "subscribe")
    assert text_of(asked, "nick", NICK) == "Tybalt, prince of cats", shown(asked)
    romeo.present(to=jid(tybalt), kind="subscribe", more=f'<nick xmlns="{NICK}">Romeo of Verona</nick>')
    request = tybalt.expect("authorize")
    asking = request["subscription"][0]["aliases"][0]
    assert asking["display"]["display"] == "Romeo of Verona", asking


PLAYS = [expiry, contact, uninvited, absent, refusal, endings, beforehand, probe, devices, directed, farewell, states, room, idle,
         names]
