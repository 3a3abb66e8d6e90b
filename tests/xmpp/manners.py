"""Who is kept out without a word, and who is kept out with one: what XMPP users see of it.

Scenarios: S17.
covers: A-5.1.15, F-02, F-03, F-05
"""

from estate import HERALD
from scene import jid, never_later, url, watch
from clients import shown

REPORT, BLOCK = "urn:xmpp:reporting:1", "urn:xmpp:blocking"


def polite_block(scene):
    """S17, of XMPP: who is politely blocked is told what an absent owner's watchers are, octet for octet, and no more."""
    watchers = {name: scene.user(name) for name in ("romeo", "juliet")}
    blocked, fooled = watchers["romeo"], watchers["juliet"]
    owner, away = scene.endpoint("owner"), scene.endpoint("away")
    scene.server.command("rules", "polite-block", owner.name, blocked.bare)
    blocked.present(to=jid(owner), kind="subscribe")
    away.unregister()
    fooled.present(to=jid(away), kind="subscribe")
    seen = []
    for user, somebody in ((blocked, owner), (fooled, away)):
        user.settle(HERALD)
        seen.append([alike(one, user, somebody) for one in user.presences.queue
                     if one.get("from", "").startswith(jid(somebody))])
    assert seen[0] == seen[1], seen
    blocked.forget()
    owner.publish("away", "secret")
    never_later(blocked, blocked.presences, lambda one: one.get("from", "").startswith(jid(owner)), HERALD)
    written = blocked.write(jid(owner), "Are you there?")
    never_later(blocked, blocked.messages, lambda one: one.get("id") == written and one.get("type") == "error", HERALD)
    assert owner.texts.empty()
    scene.server.command("rules", "remove", owner.name, blocked.bare)
    scene.server.command("rules", "allow", owner.name, blocked.bare)
    blocked.expect_presence(jid(owner), None, "away", "secret")


def alike(presence, user, somebody):
    """A presence without what may differ: whose it is, and when."""
    text = shown(presence).replace(jid(somebody), "somebody").replace(user.bare, "watcher").replace(user.resource, "client")
    return text


def hidden(scene):
    """Who hides is offline for all, also in a call, and neither typing nor receipts leave."""
    romeo, owner, other = scene.user(), scene.endpoint("owner"), scene.endpoint("other")
    watch(romeo, owner)
    romeo.expect_presence(jid(owner))
    owner.publish("hidden")
    romeo.expect_presence(jid(owner), "unavailable")
    call = bytes([scene.number, 1]) * 8
    owner.admit(call, other.name, answering=False)
    other.admit(call, owner.name, answering=True)
    owner.report(9000, call, connected=True)
    romeo.write(jid(owner), "I know you are there.", more='<request xmlns="urn:xmpp:receipts"/>')
    owner.expect_text(url(romeo), "I know you are there.")
    never_later(romeo, romeo.presences, lambda one: one.get("from", "").startswith(jid(owner)), HERALD)
    assert romeo.messages.empty(), [shown(one) for one in romeo.messages.queue]
    owner.disengage(call)
    other.disengage(call)


def blocked_by_user(scene):
    """Whom a user blocks at his own server hears that he can't be reached, and nothing of him (XEP-0191)."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    watch(romeo, tybalt)
    # Who agrees asks in turn.
    romeo.expect_presence(jid(tybalt), "subscribe")
    romeo.forget()
    romeo.ask(None, f'<block xmlns="{BLOCK}"><item jid="{jid(tybalt)}"/></block>', "set")
    tybalt.instruct("subscribe", url(romeo))
    tybalt.expect_contact("pending", url(romeo))
    romeo.settle(HERALD)
    romeo.ask(None, f'<unblock xmlns="{BLOCK}"><item jid="{jid(tybalt)}"/></unblock>', "set")
    assert not [one for one in romeo.presences.queue if one.get("type") == "subscribe"]


PLAYS = [polite_block, hidden, blocked_by_user]
