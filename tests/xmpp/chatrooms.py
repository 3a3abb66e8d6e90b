"""Group chat: conversations of H.323 as rooms that XMPP users enter (XEP-0045).

Scenarios: S18.
covers: D-40, D-41
"""

import os

from estate import ROOMS
from clients import condition, shown, text_of
from peers import Mcu
from scene import jid

MUC, MUC_USER = "http://jabber.org/protocol/muc", "http://jabber.org/protocol/muc#user"
INFO, ITEMS = "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items"


def conference(scene, *members):
    """A group of endpoints that is a conversation; the name of the group, and the room's address."""
    name = f"weekly {scene.number}"
    for arguments in (("add", name, "--conversation", "yes"), ("join", name, *members)):
        scene.server.command("group", *arguments)
    return name, f"weekly\\20{scene.number}@{ROOMS}"


def enter(user, room, nick):
    """Enters a room; those who were there before."""
    user.present(to=f"{room}/{nick}", more=f'<x xmlns="{MUC}"/>')
    there = []
    while True:
        presence = user.expect(user.presences, lambda one: one.get("from", "").startswith(f"{room}/"), f"somebody in {room}")
        assert presence.get("type") is None, shown(presence)
        if "110" in codes(presence):
            return presence, there
        there.append(presence.get("from").partition("/")[2])


def room(scene):
    """S18: who enters sees who is there, texts reach all others once and with their author, comings and goings are seen."""
    tybalt, paris = scene.endpoint("tybalt"), scene.endpoint("paris")
    name, there = conference(scene, tybalt.name, paris.name)
    romeo, juliet = scene.user(), scene.user("juliet")
    for user in (romeo, juliet):
        scene.server.command("group", "join", name, user.bare)
    mine, before = enter(romeo, there, "romeo")
    assert mine.get("from") == f"{there}/romeo", shown(mine)
    assert {tybalt.name, paris.name} <= set(before), before
    enter(juliet, there, "juliet")
    romeo.expect(romeo.presences, lambda one: one.get("from") == f"{there}/juliet", "juliet's entrance")
    romeo.write(there, "Good evening, all.", "groupchat")
    for user in (romeo, juliet):
        got = user.expect_message(there, "Good evening, all.", kind="groupchat")
        assert got.get("from") == f"{there}/romeo", shown(got)
    for endpoint in (tybalt, paris):
        sender, text = endpoint.texts.get(timeout=15)
        assert text.endswith("Good evening, all.") and "romeo" in text, (sender, text)
    assert tybalt.write(name, "Who is this?") == 16
    for user in (romeo, juliet):
        got = user.expect_message(there, "Who is this?", kind="groupchat")
        assert got.get("from") == f"{there}/{tybalt.name}", shown(got)
    _, text = paris.texts.get(timeout=15)
    assert text.endswith("Who is this?"), text
    juliet.present(to=f"{there}/juliet", kind="unavailable")
    leaves(romeo, f"{there}/juliet")
    romeo.settle(ROOMS)
    assert tybalt.texts.empty() and paris.texts.empty(), "nobody hears himself"


def manners(scene):
    """A nickname that is taken, a room that is not, a stranger, and what a room says of itself."""
    tybalt = scene.endpoint("tybalt")
    name, there = conference(scene, tybalt.name)
    romeo, juliet = scene.user(), scene.user("juliet")
    scene.server.command("group", "join", name, romeo.bare)
    enter(romeo, there, "romeo")
    answer = romeo.ask(there, f'<query xmlns="{INFO}"/>')
    features = {one.get("var") for one in answer.iter(f"{{{INFO}}}feature")}
    assert MUC in features, shown(answer)
    listed = [one.get("jid") for one in romeo.ask(ROOMS, f'<query xmlns="{ITEMS}"/>').iter(f"{{{ITEMS}}}item")]
    assert there in listed, listed
    phone = scene.user(resource="phone")
    romeo.present(to=f"{there}/{tybalt.name}")
    refused = romeo.expect(romeo.presences, lambda one: one.get("type") == "error", "a refusal of a nickname that is taken")
    assert condition(refused)[0] in ("conflict", "not-acceptable"), shown(refused)
    for user, where in ((juliet, there), (phone, f"no\\20such\\20room@{ROOMS}")):
        user.present(to=f"{where}/somebody", more=f'<x xmlns="{MUC}"/>')
        refused = user.expect(user.presences, lambda one: one.get("from", "").startswith(where), f"an answer of {where}")
        assert refused.get("type") == "error", shown(refused)
        assert condition(refused)[0] in ("registration-required", "forbidden", "item-not-found", "not-allowed"), shown(refused)
    juliet.write(there, "Let me in.", "groupchat")
    error = juliet.expect_message(there, kind="error")
    assert condition(error)[0] in ("not-acceptable", "forbidden", "item-not-found"), shown(error)
    assert tybalt.texts.empty()


def changes(scene):
    """Another name, a word to one occupant only, and a member who is one no more."""
    tybalt = scene.endpoint("tybalt")
    name, there = conference(scene, tybalt.name)
    romeo, juliet = scene.user(), scene.user("juliet")
    for user in (romeo, juliet):
        scene.server.command("group", "join", name, user.bare)
    enter(romeo, there, "romeo")
    enter(juliet, there, "juliet")
    romeo.present(to=f"{there}/montague")
    renamed = leaves(juliet, f"{there}/romeo")
    assert "303" in codes(renamed) and "montague" in shown(renamed), shown(renamed)
    juliet.expect(juliet.presences, lambda one: one.get("from") == f"{there}/montague", "romeo's new name")
    juliet.write(f"{there}/montague", "For your ears only.", more=f'<x xmlns="{MUC_USER}"/>')
    got = romeo.expect(romeo.messages, lambda one: text_of(one, "body") == "For your ears only.", "a private word")
    assert got.get("from") == f"{there}/juliet" and got.get("type") == "chat", shown(got)
    assert tybalt.texts.empty()
    scene.server.command("group", "leave", name, juliet.bare)
    out = leaves(juliet, f"{there}/juliet")
    assert {"110", "321"} <= codes(out), shown(out)
    leaves(romeo, f"{there}/juliet")


def meeting(scene):
    """S18: a room of an MCU is seen to be open, and who has called it hears and is heard by those who enter it without."""
    tybalt, paris, mcu = scene.endpoint("tybalt"), scene.endpoint("paris"), scene.endpoint("weekly", Mcu)
    there = f"weekly\\20{scene.number}@{ROOMS}"
    romeo, juliet = scene.user(), scene.user("juliet")
    scene.server.command("rules", "allow", "--operator", mcu.name, f"domain:{scene.domain}")
    juliet.present(to=jid(mcu), kind="subscribe")
    juliet.expect_presence(jid(mcu), "subscribed")
    juliet.expect_presence(jid(mcu), fits=is_without_text)
    calls = {endpoint: os.urandom(16) for endpoint in (tybalt, paris)}
    mcu.take(calls[tybalt], tybalt)
    juliet.expect_presence(jid(mcu), status="1 participant")
    _, before = enter(romeo, there, "romeo")
    assert before == [tybalt.name], before
    mcu.take(calls[paris], paris)
    juliet.expect_presence(jid(mcu), status="2 participants")
    romeo.expect(romeo.presences, lambda one: one.get("from") == f"{there}/{paris.name}", "the coming of paris")
    romeo.write(there, "Good evening, all.", "groupchat")
    assert romeo.expect_message(there, "Good evening, all.", kind="groupchat").get("from") == f"{there}/romeo"
    for endpoint in (tybalt, paris):
        sender, text = endpoint.texts.get(timeout=15)
        assert sender == mcu.name and text.endswith("Good evening, all.") and "romeo" in text, (sender, text)
    assert tybalt.write(mcu.name, "You are on mute.") == 16
    assert romeo.expect_message(there, "You are on mute.", kind="groupchat").get("from") == f"{there}/{tybalt.name}"
    sender, text = paris.texts.get(timeout=15)
    assert sender == mcu.name and text.endswith("You are on mute."), (sender, text)
    listed = [one.get("jid") for one in romeo.ask(ROOMS, f'<query xmlns="{ITEMS}"/>').iter(f"{{{ITEMS}}}item")]
    assert there in listed, listed
    tybalt.disengage(calls[tybalt])
    leaves(romeo, f"{there}/{tybalt.name}")
    paris.disengage(calls[paris])
    juliet.expect_presence(jid(mcu), fits=is_without_text)
    romeo.settle(ROOMS)
    assert tybalt.texts.empty() and paris.texts.empty(), "nobody hears himself, or what he was not there for"


def is_without_text(presence):
    return text_of(presence, "status") is None


def leaves(user, occupant):
    """Waits until somebody is in the room no more."""
    return user.expect(user.presences, lambda one: one.get("from") == occupant and one.get("type") == "unavailable",
                       f"the leaving of {occupant}")


def codes(presence):
    return {status.get("code") for status in presence.iter(f"{{{MUC_USER}}}status")}


PLAYS = [room, manners, changes, meeting]
