"""What a client can ask Herald and its rooms: features, items, search, commands, time and version, and errors.

covers: D-29, F-13
"""

import base64
import hashlib

from estate import HERALD, ROOMS
from scene import PICTURE, eventually, jid, watch
from clients import child, condition, shown, text_of

INFO, ITEMS = "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items"
COMMANDS, DATA, CAPS = "http://jabber.org/protocol/commands", "jabber:x:data", "http://jabber.org/protocol/caps"
SEARCH, GATEWAY, VCARD = "jabber:iq:search", "jabber:iq:gateway", "vcard-temp"


def query(user, to, namespace, payload="", kind="get", expected="result", **attributes):
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    answer = user.ask(to, f'<query xmlns="{namespace}"{written}>{payload}</query>', kind, expected)
    return answer.find(f"{{{namespace}}}query")


def features(answer):
    return {one.get("var") for one in answer.iter(f"{{{INFO}}}feature")}


def identities(answer):
    return [(one.get("category"), one.get("type"), one.get("{http://www.w3.org/XML/1998/namespace}lang") or "",
             one.get("name") or "") for one in answer.iter(f"{{{INFO}}}identity")]


def domain(scene):
    """The domain says what it is, and answers a ping, its version, how long it runs and what time it is."""
    romeo = scene.user()
    answer = query(romeo, HERALD, INFO)
    found = features(answer)
    for wanted in (INFO, ITEMS, "urn:xmpp:ping", "jabber:iq:version", "jabber:iq:last", "urn:xmpp:time", SEARCH, COMMANDS):
        assert wanted in found, (wanted, sorted(found))
    assert "jabber:iq:register" not in found, "registration is off by default"
    assert identities(answer), shown(answer)
    assert "https://status.h323.test/" in shown(answer), "where outages are told"
    items = {one.get("jid") for one in query(romeo, HERALD, ITEMS).iter(f"{{{ITEMS}}}item")}
    assert ROOMS in items, items
    romeo.ask(HERALD, '<ping xmlns="urn:xmpp:ping"/>')
    version = query(romeo, HERALD, "jabber:iq:version")
    assert text_of(version, "name", "jabber:iq:version") == "Herald", shown(version)
    assert int(query(romeo, HERALD, "jabber:iq:last").get("seconds")) >= 0
    time = romeo.ask(HERALD, '<time xmlns="urn:xmpp:time"/>').find("{urn:xmpp:time}time")
    assert text_of(time, "utc", "urn:xmpp:time").endswith("Z"), shown(time)


def errors(scene):
    """What is not offered is refused as RFC 6121 says, and an answer to nothing gets none."""
    romeo = scene.user()
    for to, payload, kind in ((HERALD, '<query xmlns="urn:example:nothing"/>', "get"),
                              (HERALD, '<query xmlns="jabber:iq:register"/>', "get"),
                              (jid("nobody of that name"), '<query xmlns="urn:example:nothing"/>', "set")):
        refused = romeo.ask(to, payload, kind, "error")
        assert condition(refused)[0] in ("service-unavailable", "feature-not-implemented", "item-not-found"), shown(refused)
    romeo.send(f'<iq to="{HERALD}" type="result" id="never-asked"/>')
    romeo.ask(HERALD, '<ping xmlns="urn:xmpp:ping"/>')
    assert not [one for one in romeo.others.queue if one.get("id") == "never-asked"]


def capabilities(scene):
    """An endpoint's presence has capabilities whose hash is true of what it answers (XEP-0115)."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    watch(romeo, tybalt)
    tybalt.publish("away")
    presence = romeo.expect_presence(jid(tybalt), None, "away")
    caps = child(presence, "c", CAPS)
    assert caps is not None and caps.get("hash") == "sha-1", shown(presence)
    answer = query(romeo, presence.get("from"), INFO, node=f"{caps.get('node')}#{caps.get('ver')}")
    assert capability_hash(answer) == caps.get("ver"), shown(answer)
    vcard = romeo.ask(jid(tybalt), f'<vCard xmlns="{VCARD}"/>').find(f"{{{VCARD}}}vCard")
    assert tybalt.name in [text_of(vcard, "FN", VCARD), text_of(vcard, "NICKNAME", VCARD)], shown(vcard)
    # The picture that every presence names (XEP-0153).
    picture = base64.b64decode(text_of(child(vcard, "PHOTO", VCARD), "BINVAL", VCARD))
    named = text_of(child(presence, "x", f"{VCARD}:x:update"), "photo", f"{VCARD}:x:update")
    assert picture == PICTURE and hashlib.sha1(picture).hexdigest() == named, shown(presence)


def capability_hash(answer):
    """XEP-0115 5.1, of an answer without forms."""
    text = "".join("/".join(one[:1] + one[1:]) + "<" for one in sorted(identities(answer)))
    text += "".join(f"{one}<" for one in sorted(features(answer)))
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


def search(scene):
    """Rooms are found by their names (XEP-0055), by those who may see them."""
    romeo, room = scene.user(), scene.endpoint("aula")
    scene.server.command("rules", "allow", "--operator", room.name, f"domain:{scene.domain}")
    fields = query(romeo, HERALD, SEARCH)
    assert len(fields), shown(fields)

    def found():
        form = (f'<x xmlns="{DATA}" type="submit"><field var="FORM_TYPE"><value>{SEARCH}</value></field>'
                f'<field var="nick"><value>{room.name}</value></field></x>')
        return jid(room) in shown(query(romeo, HERALD, SEARCH, form, "set"))
    eventually(found, "the room is not found")
    prompt = query(romeo, HERALD, GATEWAY)
    assert text_of(prompt, "desc", GATEWAY) or text_of(prompt, "prompt", GATEWAY), shown(prompt)
    answer = query(romeo, HERALD, GATEWAY, f"<prompt>{room.name}</prompt>", "set")
    assert text_of(answer, "jid", GATEWAY) == jid(room), shown(answer)


def commands(scene):
    """Commands are listed, and each shows a form or an answer, or says that it is not for everybody (XEP-0050)."""
    romeo = scene.user()
    nodes = [one.get("node") for one in query(romeo, HERALD, ITEMS, node=COMMANDS).iter(f"{{{ITEMS}}}item")]
    assert nodes, "there are no commands"
    for node in nodes:
        identity = romeo.request(HERALD, f'<command xmlns="{COMMANDS}" node="{node}" action="execute"/>', "set")
        answer = romeo.expect(romeo.others, lambda one: one.get("id") == identity, f"an answer to {node}")
        if answer.get("type") == "error":
            assert condition(answer)[0] == "forbidden", shown(answer)
            continue
        command = child(answer, "command", COMMANDS)
        assert command.get("status") in ("executing", "completed"), shown(answer)
        print(f"    {node}: {command.get('status')}")
        if command.get("status") == "executing":
            romeo.ask(HERALD, f'<command xmlns="{COMMANDS}" node="{node}" sessionid="{command.get("sessionid")}" '
                      'action="cancel"/>', "set")
    refused = romeo.ask(HERALD, f'<command xmlns="{COMMANDS}" node="no-such-command" action="execute"/>', "set", "error")
    assert condition(refused)[0] in ("item-not-found", "feature-not-implemented"), shown(refused)
    tybalt = scene.endpoint("tybalt")
    refused = submit(romeo, "why", tybalt, expected="error")
    assert condition(refused)[0] == "item-not-found", "who may see nothing is told nothing"
    watch(romeo, tybalt)
    tybalt.publish("away", "upstairs")
    romeo.expect_presence(jid(tybalt), None, "away")
    why = text_of(child(submit(romeo, "why", tybalt), "command", COMMANDS), "note", COMMANDS)
    assert "is away since" in why and "upstairs" in why, why
    submit(romeo, "block", tybalt)
    eventually(lambda: romeo.bare not in scene.server.command("watchers", tybalt.name), "who is blocked watches still")
    submit(romeo, "unblock", tybalt)


def submit(user, node, whom, expected="result"):
    """Has a command carried out that asks for an address."""
    form = f'<x xmlns="{DATA}" type="submit"><field var="jid"><value>{jid(whom)}</value></field></x>'
    return user.ask(HERALD, f'<command xmlns="{COMMANDS}" node="{node}" action="complete">{form}</command>', "set", expected)


PLAYS = [domain, errors, capabilities, search, commands]
