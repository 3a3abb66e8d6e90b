"""Names that are hard to write: each is asked for, seen, written to and answered under the address that XMPP has for it.

covers: D-29, D-30
"""

from clients import User
from estate import EJABBERD, HARD_PEOPLE, HERALD
from peers import Person
from scene import FOREVER, jid, url

# An h323-ID and the local part of its JID (interworking b.4); each with the number of the play, in digits.
NAMES = [
    ("Meeting Room 4", r"meeting\20room\204"),
    ("Émile Zola", r"émile\20zola"),
    ("o'malley", r"o\27malley"),
    ("AT&T/ops", r"at\26t\2fops"),
    ("bob@lab", r"bob\40lab"),
    ("田中", "田中"),
    ("R:2<3>", r"r\3a2\3c3\3e"),
    (r"a\20b", r"a\5c20b"),
    (r"c\d", r"c\d"),
    ('say "hi"', r"say\20\22hi\22"),
    ("Ｂob", "bob"),
    ("x,y;z", "x,y;z"),
    ("  lead and trail  ", r"lead\20and\20trail"),
    ("party 🎉 room", r"party\20🎉\20room"),
]


def hard_names(scene):
    """Each name, in every direction."""
    romeo = scene.user()
    for name, local in NAMES:
        there = f"{local}@{HERALD}"
        if scene.domain == EJABBERD and max(name) > "\uffff":
            # Its own users can't write such a name: it sends it back before Herald has seen it.
            romeo.present(to=there, kind="subscribe")
            romeo.settle()
            print(f"    {name!r} is no address to {scene.domain}")
            continue
        endpoint = Person(name, scene.server.address)
        scene.cast.callback(endpoint.close)
        endpoint.register(**FOREVER)
        romeo.present(to=there, kind="subscribe")
        endpoint.decide(endpoint.expect("authorize"), True)
        romeo.expect_presence(there, "subscribed")
        endpoint.publish("away", f"I am {name}")
        romeo.expect_presence(there, None, "away")
        romeo.write(there, f"To {name}")
        endpoint.expect_text(url(romeo), f"To {name}")
        assert endpoint.write(url(romeo), f"From {name}") == 16
        romeo.expect_message(there, f"From {name}", kind=None)
        endpoint.unregister()
        print(f"    {name!r} is {there}")




def hard_users(scene):
    """Users of XMPP with such names: an endpoint has them among its contacts, by their names as people write them."""
    for account, name in HARD_PEOPLE:
        tybalt = scene.endpoint(f"tybalt {account.encode().hex()}")
        user = User(f"{account}@{scene.domain}", scene.estate, scene.peer.address)
        scene.cast.callback(user.leave)
        written = f"{name}@{scene.domain}"
        tybalt.instruct("subscribe", written)
        user.present(to=user.expect(user.presences, lambda one: one.get("type") == "subscribe", "a request").get("from"),
                     kind="subscribed")
        tybalt.expect("subscribe", lambda contact: contact["alias"][1] in (written, f"xmpp:{written}"))
        user.present("away", f"I am {name}")
        tybalt.expect("notify", lambda one: one["presentity"]["state"][0] == "away")
        assert tybalt.write(written, f"To {name}") == 16
        user.expect_message(jid(tybalt), f"To {name}", kind=None)
        user.write(jid(tybalt), f"From {name}")
        sender, text = tybalt.texts.get(timeout=15)
        assert sender in (written, f"xmpp:{written}") and text == f"From {name}", (sender, text)
        user.present(to=jid(tybalt), kind="unsubscribed")
        print(f"    {account} is {sender}")


PLAYS = [hard_names, hard_users]
