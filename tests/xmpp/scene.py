"""What a play is acted out on: Herald as a gateway, a real server of XMPP, people of both networks, all of them new."""

import contextlib
import itertools
import queue
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "h323"))
from book import snippet  # noqa: E402
from correspondent import (FROM, MESSAGE_ID, PACKAGE, RECEIPT, RECEIPTS, MESSAGES, CAPABILITIES, VERSION, TO,  # noqa: E402
                           Correspondent, package, recipients)
from estate import DIRECT_PORT, EJABBERD, HERALD, PROSODY, ROOMS, SERVER_PORT  # noqa: E402
from peers import PRESENCE_FEATURE, Person, Room, Server, descriptor, named  # noqa: E402
from clients import User  # noqa: E402

FOREVER = {"timeToLive": 600}
# Domains whose people endpoints may write as `romeo@xmpp.test`, without a scheme.
FOREIGN = f'"{PROSODY}", "{EJABBERD}"'
# One black dot.
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010000000037"
                        "6ef9240000000a49444154789c636000000002000148afa4710000000049454e44ae426082")
TYPING, TYPING_CAPABILITY = 34, 1 << 1
# What H.323 says for `composing`, and for anything else.
COMPOSING, IDLE = 1, 0


class Endpoint(Correspondent):
    """An H.323 endpoint that speaks Herald's own package: `typings` has what it was told of who types."""

    def __init__(self, name, server):
        self.typings = queue.Queue()
        super().__init__(name, server)

    def register(self, **more):
        features = [descriptor(PRESENCE_FEATURE),
                    package({VERSION: ("number8", 1),
                             CAPABILITIES: ("number16", RECEIPTS | MESSAGES | TYPING_CAPABILITY)})]
        return Room.register(self, featureSet={"replacementFeatureSet": False, "supportedFeatures": features}, **more)

    def type(self, alias, state):
        self.tell({TYPING: ("number8", state), TO: recipients(named(alias))})

    def take_presence(self, descriptors):
        super().take_presence([data for data in descriptors if not self.take_typing(data)])

    def take_typing(self, data):
        if data["id"] != PACKAGE:
            return False
        found = {parameter["id"][1]: parameter["content"][1] for parameter in data["parameters"]}
        if TYPING in found and MESSAGE_ID not in found and RECEIPT not in found:
            self.typings.put((found[FROM][1], found[TYPING]))
            return True
        return False


class Herald(Server):
    """Herald in front of an estate. `address` is where endpoints find it."""

    def __init__(self, program, estate, mode="server", peer=None, settings="", xmpp="", authorities=None):
        super().__init__(program)
        xmpp += f'authorities = "{authorities or estate.authority.file}"\n' if mode == "server" else ""
        configuration = configure(estate, mode, peer, Path(self.data), xmpp)
        (Path(self.data) / "herald.toml").write_text(f"{configuration}\n{settings}")

    def restart(self):
        self.kill()
        self.start()

    def command(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout


def configure(estate, mode, peer, place, more):
    """The configuration that the book shows, and what only a test needs."""
    if mode == "server":
        certificate, key = estate.authority.certify(HERALD, ROOMS)
        shown = snippet("herald-server", listen=f"{estate.address(4)}:{SERVER_PORT}",
                        tls_listen=f"{estate.address(4)}:{DIRECT_PORT}", certificate=certificate, key=key,
                        foreign=FOREIGN)
    else:
        secret = place / "xmpp-secret"
        secret.write_text("a long secret\n")
        secret.chmod(0o600)
        shown = snippet("herald-component", address=peer.address, secret_file=secret, foreign=FOREIGN)
    (place / "room.png").write_bytes(PICTURE)
    more += f'avatar = "{place / "room.png"}"\n'
    more += 'outage_addresses = ["https://status.h323.test/"]\n'
    return f"{shown}{more}\n[dns]\nservers = [\"{estate.resolver}\"]\n"


class Scene:
    """One play's world: people of it are closed when it ends."""

    numbers = itertools.count(1)

    def __init__(self, estate, server, peer):
        self.estate, self.server, self.peer, self.domain = estate, server, peer, peer.domain
        self.number, self.cast = next(self.numbers), contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cast.close()

    def user(self, name="romeo", **more):
        """Somebody of XMPP with an account that no play has used, or another client of somebody of this play."""
        user = User(f"{name}-{self.number}@{self.domain}", self.estate, self.peer.address, **more)
        self.cast.callback(user.leave)
        return user

    def endpoint(self, name="room", kind=Person, register=True):
        """Somebody of H.323."""
        endpoint = kind(f"{name} {self.number}", self.server.address)
        self.cast.callback(getattr(endpoint, "close", endpoint.socket.close))
        if register:
            endpoint.register(**FOREVER)
        return endpoint


def jid(name):
    """The address of somebody of H.323 whose name needs no other escape than that of the space."""
    return f"{(name if isinstance(name, str) else name.name).replace(' ', chr(92) + '20')}@{HERALD}"


def url(user):
    """Somebody of XMPP as H.323 endpoints write him."""
    return f"xmpp:{user if isinstance(user, str) else user.bare}"


def watch(user, endpoint):
    """A user asks to see an endpoint, and it agrees."""
    user.present(to=jid(endpoint), kind="subscribe")
    endpoint.decide(endpoint.expect("authorize"), True)
    user.expect_presence(jid(endpoint), "subscribed")


def befriend(endpoint, user):
    """An endpoint asks to see a user, and each agrees to the other."""
    endpoint.instruct("subscribe", url(user))
    endpoint.expect_contact("pending", url(user))
    user.expect_presence(jid(endpoint), "subscribe")
    user.present(to=jid(endpoint), kind="subscribed")
    endpoint.expect_contact("subscribe", url(user))


def eventually(holds, what, patience=15):
    """Waits until something holds; what it is, where it never does."""
    end = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.05)
    return found


def never_later(user, queue_, is_it, server=None):
    """Whatever is under way has come by the answer to a ping: nothing of it is so."""
    user.settle(server)
    found = [one for one in list(queue_.queue) if is_it(one)]
    assert not found, found
