#!/usr/bin/env python3
"""People and groups from a real slapd on the real server: groups in rules, users who come and go, and passwords.

Usage: directory.py --herald PROGRAM [PLAY..]
covers: A-5.1.13, F-06, F-17, F-18
"""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "h323")]
from peers import Room, Server  # noqa: E402
from people import FOREVER, person as endpoint  # noqa: E402
from slapd import (GROUPS, PEOPLE, READER, SIZE_LIMIT, Slapd, added, attribute_is, dn, gone, group, members_are,  # noqa: E402
                   person)
from stand_ins import Silent, Stripping  # noqa: E402
from users import Signer  # noqa: E402


@contextlib.contextmanager
def serve(herald, settings):
    """The real server with `[directory]`."""
    with Server(herald) as server:
        server.kill()
        (Path(server.data) / "herald.toml").write_text(f"[directory]\n{settings}")
        server.start()
        yield server


def directory(server, *arguments, status=0, given=None):
    """What `herald directory` prints, of what is good and what is not."""
    done = server.run("directory", *arguments) if given is None else server.run_with(given, "directory", *arguments)
    assert (done.returncode == 0) == (status == 0), (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def standing(server):
    return json.loads(directory(server, "status", "--json"))


def problems(server):
    return json.loads(server.run("status", "--json").stdout)["problems"]


def synchronised(server):
    """Waits for the first synchronisation."""
    end = time.monotonic() + 15
    while not standing(server).get("triedAt"):
        assert time.monotonic() < end
        time.sleep(0.05)
    return standing(server)


def members(server, name):
    """The members of a group, without their domain."""
    shown = server.run("group", "show", name, "--json")
    assert shown.returncode == 0, shown.stderr
    return sorted(one["member"].removesuffix("@localhost") for one in json.loads(shown.stdout)["members"])


def users(server):
    listed = server.run("user", "list", "--json").stdout.splitlines()
    return {one["name"]: one for one in map(json.loads, listed)}


def groups(herald):
    """Nested groups, members by name and from outside, a loop, a name that is taken; the same again changes nothing."""
    people = [person("alice", mail="alice@elsewhere.example", h323IdentitydialedDigits="4001"), person("bob"),
              person("carol", displayName="Carol C.", telephoneNumber="+49 89 1234-5", h323IdentitydialedDigits="4001")]
    nested = [group("staff", "alice", "%board", title="All of us"), group("board", "bob", "stranger"),
              group("ring", "%chain"), group("chain", "%ring", "carol"), group("operators", "carol"),
              f"dn: cn=unix,{GROUPS}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 1\nmemberUid: Bob\nmemberUid: x\n"]
    with Slapd(people, nested) as slapd, serve(herald, slapd.settings(sync_interval=5)) as server:
        found = synchronised(server)
        assert (found["people"], found["groups"], found["failure"], found["heldBack"]) == (3, 6, None, []), found
        assert members(server, "staff") == ["4001", "alice", "alice@elsewhere.example", "board"]
        assert (members(server, "board"), members(server, "unix")) == (["bob"], ["bob"])
        assert "All of us" in server.run("group", "show", "staff").stdout
        # One of the two has the other; a group in itself is left out, and it is said.
        inside = sorted([*members(server, "chain"), *members(server, "ring")])
        assert inside in (["carol", "chain"], ["carol", "ring"]), inside
        assert any("would be a member of itself" in sentence for sentence in found["leftOut"]), found
        assert any("belongs to the user alice already" in sentence for sentence in found["leftOut"]), found
        assert users(server)["carol"]["addresses"] == ["carol@localhost"]
        of_bob = server.run("group", "list", "--of", "bob").stdout
        assert all(name in of_bob for name in ("staff", "board", "unix")) and "ring" not in of_bob, of_bob
        refused = server.run("group", "join", "staff", "carol")
        assert refused.returncode != 0 and "come from the directory" in refused.stderr, refused
        assert users(server)["carol"]["directory"]["title"] == "Carol C."
        assert users(server)["carol"]["directory"]["contacts"] == ["tel:+498912345"]
        before = server.counters()
        # The entry is renamed, the members write it in another way: all by the interval alone.
        slapd.change(members_are("board", "bob", "carol"))
        end = time.monotonic() + 15
        while members(server, "board") != ["bob", "carol"]:
            assert time.monotonic() < end
            time.sleep(0.2)
        directory(server, "sync")
        after = server.counters()
        assert after["directory.groups_changed"] == before["directory.groups_changed"] + 1, (before, after)
        assert after["directory.users_changed"] == before["directory.users_changed"]


def rules(herald):
    """A rule for a group of the directory decides what an endpoint sees, also while slapd is away and after a kill."""
    people = [person(name) for name in ("alice", "bob", "carol")]
    with Slapd(people, [group("staff", "carol", "%inner"), group("inner", "alice")]) as slapd, \
            serve(herald, slapd.settings()) as server:
        synchronised(server)
        bob, alice = endpoint(server, "bob"), endpoint(server, "alice")
        done = server.run("rules", "allow", "bob", "group:staff")
        assert done.returncode == 0, done.stderr
        alice.instruct("subscribe", "bob")
        alice.expect_contact("subscribe", "bob")
        alice.expect_state("bob", "online")

        slapd.change(members_are("inner", "carol"))
        print("  " + directory(server, "sync").strip())
        alice.expect_state("bob", "offline")
        slapd.change(members_are("inner", "alice"))
        directory(server, "sync")
        alice.expect_state("bob", "online")

        slapd.stop()
        failed = directory(server, "sync", status=1)
        assert "refused" in failed.lower(), failed
        assert any("the directory can't be read" in problem for problem in problems(server))
        assert members(server, "inner") == ["alice"]
        assert server.counters()["directory.failures"] >= 1
        # A server that starts without its directory has what it knew.
        server.kill()
        server.start()
        synchronised(server)
        assert members(server, "inner") == ["alice"] and len(users(server)) == 3
        for one in (bob, alice):
            one.register(**FOREVER)
        alice.expect_state("bob", "online")

        slapd.start()
        slapd.change(members_are("inner", "carol"))
        directory(server, "sync")
        alice.expect_state("bob", "offline")
        assert not any("directory" in problem for problem in problems(server))
        assert "The directory can be read." in server.said()


def many(herald):
    """More entries than slapd gives at one time; and what suddenly is no more, stays until it is meant."""
    names = [f"p{number:04}" for number in range(1200)]
    with Slapd([person(name) for name in names], [group("everybody", *names), group("few", *names[:9])]) as slapd, \
            serve(herald, slapd.settings(page_size=100)) as server:
        # Without pages slapd ends early.
        slapd.tool("ldapsearch", "-LLL", "-b", PEOPLE, "uid", dn=READER, password="reads everything", status=4)
        assert SIZE_LIMIT < len(names)
        begun = time.monotonic()
        found = synchronised(server)
        print(f"  1,200 people after {time.monotonic() - begun:.1f} s")
        assert (found["people"], found["failure"]) == (1200, None), found
        assert len(members(server, "everybody")) == len(users(server)) == 1200

        slapd.change(members_are("everybody", *names[:5]), members_are("few"))
        done = directory(server, "sync")
        assert "HELD BACK" in done and "1195 of its 1200" in done, done
        assert len(members(server, "everybody")) == 1200 and members(server, "few") == []
        assert any("herald directory sync --force" in problem for problem in problems(server))
        # A little at a time goes on as ever.
        slapd.change(members_are("everybody", *names[:1190]))
        directory(server, "sync")
        assert len(members(server, "everybody")) == 1190
        assert not any("directory" in problem for problem in problems(server))
        slapd.change(members_are("everybody"))
        directory(server, "sync")
        assert len(members(server, "everybody")) == 1190
        directory(server, "sync", "--force")
        assert members(server, "everybody") == []

        # Most people are gone at once: perhaps a right to read was lost. Nothing is done to anybody, nor to groups.
        slapd.change(members_are("few", *names[:3]), *(gone(name) for name in names[600:]), gone("p0599"))
        done = directory(server, "sync")
        assert "HELD BACK: the directory has 601 of 1200 people no more" in done, done
        assert members(server, "few") == []
        assert {one["directory"]["state"] for one in users(server).values()} == {"enabled"}
        directory(server, "sync", "--force")
        assert members(server, "few") == names[:3]
        states = [one["directory"]["state"] for one in users(server).values()]
        assert (states.count("enabled"), states.count("gone")) == (599, 601)


def interruptions(herald):
    """slapd stops in the middle, or is killed there: what had been read until then counts for nothing."""
    names = [f"p{number:04}" for number in range(300)]
    with Slapd([person(name) for name in names], [group("everybody", *names)]) as slapd, \
            serve(herald, slapd.settings(page_size=2, answer_max_ms=1000, removals_max=100)) as server:
        synchronised(server)
        slapd.process.send_signal(signal.SIGSTOP)
        stopped = directory(server, "sync", status=1)
        slapd.process.send_signal(signal.SIGCONT)
        assert "no answer" in stopped, stopped
        ends = set()
        # Where the kill falls is for the machine to say; some of them fall into the search.
        for attempt in range(60):
            command = [server.herald, "--data", server.data, "directory", "sync"]
            synchronising = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            time.sleep(0.01 + 0.01 * (attempt % 15))
            slapd.stop()
            ends.add(synchronising.communicate()[0].split(": ", 2)[-1].strip())
            assert len(members(server, "everybody")) == 300
            assert {one["directory"]["state"] for one in users(server).values()} == {"enabled"}
            slapd.start()
            is_seen = any("search for people" in end for end in ends)
            if is_seen and attempt >= 5:
                break
        print("  " + "\n  ".join(sorted(ends)))
        assert is_seen, ends
        directory(server, "sync")


def departures(herald):
    """Who is disabled or gone registers no more, by whatever address, and nobody in that place; until it is otherwise."""
    people = [person("alice", h323IdentitydialedDigits="4001"), person("bob"), person("carol")]
    with Slapd(people, [group("desks", "dave")]) as slapd, serve(herald, slapd.settings()) as server:
        synchronised(server)
        done = server.run_with("of her own\n", "user", "passwd", "alice", "--password-file", "-")
        assert done.returncode == 0, done
        alice = Signer("alice", server.address, "of her own")
        alice.register(**FOREVER)
        assert "securityDenial" in Room("alice", server.address).refused()
        bob = Room("bob", server.address)
        bob.register(**FOREVER)
        # Who has shown that the address is its own is told of the end.
        for one in (alice, bob):
            one.register(endpointIdentifier=one.identifier, **FOREVER)

        slapd.change(attribute_is("alice", "nsAccountLock", "TRUE"), gone("bob"))
        directory(server, "sync")
        kinds = [one.receive()[0] for one in (alice, bob)]
        assert kinds == ["unregistrationRequest"] * 2, kinds
        assert server.run("endpoints").stdout.count("@") == 0, server.run("endpoints").stdout
        assert "securityDenial" in alice.refused()
        assert "securityDenial" in bob.refused()
        assert "securityDenial" in Room("4001", server.address).refused()
        shown = server.run("user", "list").stdout
        assert "DISABLED in the directory" in shown and "DISABLED, no more in the directory" in shown, shown
        server.kill()
        server.start()
        synchronised(server)
        assert "securityDenial" in alice.refused()
        assert "securityDenial" in bob.refused()
        acts = [json.loads(line) for line in server.run("audit", "--json").stdout.splitlines()]
        assert {act["object"] for act in acts if act["act"] == "disableUser"} == {"alice", "bob"}, acts

        slapd.change(attribute_is("alice", "nsAccountLock"))
        directory(server, "sync")
        alice.register(**FOREVER)
        refused = server.run("user", "remove", "alice")
        assert refused.returncode != 0 and "is in the directory" in refused.stderr
        # The number goes to somebody else, and the operator lets go of the name.
        slapd.change(attribute_is("alice", "h323IdentitydialedDigits"),
                     attribute_is("carol", "h323IdentitydialedDigits", "4001"))
        directory(server, "sync")
        assert users(server)["carol"]["addresses"] == ["carol@localhost", "4001@localhost"], users(server)
        assert server.run("user", "remove", "bob").returncode == 0
        bob.register(**FOREVER)

        # A user of the operator stays that; the directory decides only whether he registers.
        made = server.run_with("his own\n", "user", "add", "dave", "--address", "room9", "--password-file", "-")
        assert made.returncode == 0, made
        slapd.change(added(person("dave", h323IdentitydialedDigits="9009")))
        directory(server, "sync")
        assert users(server)["dave"]["addresses"] == ["room9@localhost"], users(server)["dave"]
        assert members(server, "desks") == ["9009", "dave", "room9"], members(server, "desks")
        dave = Signer("room9", server.address, "his own", user="dave")
        dave.register(**FOREVER)
        slapd.change(attribute_is("dave", "nsAccountLock", "TRUE"))
        directory(server, "sync")
        assert "securityDenial" in dave.refused()
        slapd.change(gone("dave"))
        directory(server, "sync")
        assert "securityDenial" in dave.refused()
        assert server.run("user", "remove", "dave").returncode == 0
        Room("room9", server.address).register()


def passwords(herald):
    """The secrets of H.235 come from the directory where it keeps them (H.350.2), and are nowhere in the clear."""
    people = [person("alice", h235IdentityEndpointID="Alice-Desk", h235IdentityPassword="first secret"),
              person("bob", h235IdentityPassword="other secret")]
    with Slapd(people) as slapd, serve(herald, slapd.settings(h235_passwords=True, h235_legacy=True)) as server:
        synchronised(server)
        assert set(users(server)) == {"Alice-Desk", "bob"}
        for method in ("procedure1", "md5"):
            alice = Signer("alice", server.address, "first secret", method, user="Alice-Desk")
            alice.register(**FOREVER)
            alice.unregister()
        assert "securityDenial" in Signer("alice", server.address, "wrong", user="Alice-Desk").refused()
        slapd.change(attribute_is("alice", "h235IdentityPassword", "second secret"),
                     attribute_is("bob", "h235IdentityPassword"))
        directory(server, "sync")
        time.sleep(1)
        assert "securityDenial" in Signer("alice", server.address, "first secret", user="Alice-Desk").refused()
        Signer("alice", server.address, "second secret", user="Alice-Desk").register()
        # A password that the directory tells no more opens nothing.
        assert "securityDenial" in Room("bob", server.address).refused()
        Signer("bob", server.address, "other secret").register()
        said = server.said() + server.run("user", "list", "--json").stdout + directory(server, "status")
        for secret in ("first secret", "second secret", "other secret", "reads everything"):
            assert secret not in said
            for file in Path(server.data).iterdir():
                if file.is_file():
                    assert secret.encode() not in file.read_bytes(), (secret, file)


def logins(herald):
    """`herald directory check`: only the right password of one person is right, whatever is typed as a name."""
    people = [person("alice", "open sesame"), person("bob", "builder"), person("Doe, J+r", "comma, plus"),
              person("carol", "locked", nsAccountLock="TRUE"), person("erin"),
              f"dn: cn=twin,{PEOPLE}\nobjectClass: inetOrgPerson\ncn: twin\nsn: twin\nuid: twin\nuserPassword: same\n",
              f"dn: cn=twin2,{PEOPLE}\nobjectClass: inetOrgPerson\ncn: twin2\nsn: twin\nuid: twin\nuserPassword: same\n"]
    people[2] = people[2].replace("dn: uid=Doe, J+r,", "dn: uid=Doe\\, J\\+r,")
    with Slapd(people) as slapd, serve(herald, slapd.settings()) as server:
        synchronised(server)

        def check(user, password, status=1):
            said = directory(server, "check", "--password-file", "-", "--", user, given=f"{password}\n", status=status)
            print(f"  {user!r}, {password!r}: {said.strip()}")
            return said

        assert f"is right: {dn('alice')} (Alice)" in check("alice", "open sesame", 0)
        assert "is right" in check("ALICE", "open sesame", 0)
        assert "is right" in check("Doe, J+r", "comma, plus", 0)
        assert "is wrong" in check("alice", "builder")
        assert "is wrong" in check("alice", "")
        assert "has no" in check("mallory", "open sesame")
        assert "is disabled" in check("carol", "locked")
        assert "several" in check("twin", "same")
        assert "is wrong" in check("erin", "guess")
        for injected in ("*)(uid=*", "*", "alice)(|(uid=*", "alice*", "\\2a", "", dn("alice")):
            assert "has no" in check(injected, "open sesame")
        counted = server.counters()
        assert (counted["directory.logins"], counted["directory.logins_refused"]) == (3, 13), counted
        acts = [json.loads(line) for line in server.run("audit", "--json").stdout.splitlines()]
        assert sum(act["act"] == "checkPassword" and act["outcome"] == "done" for act in acts) == 3
        for secret in ("open sesame", "comma, plus"):
            assert secret not in server.said() + json.dumps(acts)


def distrust(herald):
    """A certificate of somebody else, another name in it, TLS that is talked away, a server that is silent: nothing is
    taken, and nothing is told in the clear."""
    with Slapd([person("alice", "open sesame"), person("bob")]) as slapd, Stripping() as stripping, Silent() as silent:
        stranger = str(slapd.place / "stranger.pem")
        elsewhere = slapd.ldaps.replace("127.31.0.1", "127.31.0.2")
        wrong = [("UnknownIssuer", {"ca_file": stranger}),
                 ("UnknownIssuer", {"ca_file": stranger, "urls": [slapd.ldap]}),
                 ("not valid for name", {"urls": [elsewhere]}),
                 ("refuses StartTLS", {"urls": [stripping.url]}),
                 ("no answer", {"urls": [silent.url], "answer_max_ms": 500}),
                 ("no answer", {"urls": [silent.url.replace("ldap:", "ldaps:")], "answer_max_ms": 500}),
                 ("result code 49", {"password_file": str(slapd.place / "wrong")}),
                 ("others may read", {"password_file": str(slapd.place / "open")}),
                 ("no certificate", {"ca_file": str(slapd.place / "slapd.conf")}),
                 ("more than 1", {"entries_max": 1})]
        for name, mode in (("wrong", 0o600), ("open", 0o644)):
            (slapd.place / name).write_text("not the password\n")
            (slapd.place / name).chmod(mode)
        for words, more in wrong:
            with serve(herald, slapd.settings(**more)) as server:
                failure = synchronised(server)["failure"]
                print(f"  {failure}")
                assert failure and words in failure, (words, failure)
                assert users(server) == {}
        assert stripping.heard == {stripping.START_TLS}, stripping.heard
        with Slapd(ciphers="NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT") as old, serve(herald, old.settings()) as server:
            failure = synchronised(server)["failure"]
            print(f"  {failure}")
            assert "handshake" in failure or "version" in failure, failure
            # It is the version alone: who takes an old one gets in.
            s_client = ["openssl", "s_client", "-connect", old.ldaps[8:], "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
            done = subprocess.run(s_client, input="", capture_output=True, text=True)
            assert "Protocol  : TLSv1.1" in done.stdout, (done.stdout[-1000:], done.stderr[-1000:])
        # The one that answers counts, by StartTLS too.
        urls = [stripping.url, elsewhere, slapd.ldap]
        with serve(herald, slapd.settings(urls=urls)) as server:
            found = synchronised(server)
            assert (found["failure"], found["people"]) == (None, 2), found
            check = directory(server, "check", "--password-file", "-", "alice", given="open sesame\n")
            assert "is right" in check
        # While a server is silent everything else goes on.
        with serve(herald, slapd.settings(urls=[silent.url], answer_max_ms=60_000)) as server:
            begun = time.monotonic()
            Room("dave", server.address).register()
            assert server.run("status").returncode == 0
            assert time.monotonic() - begun < 30


def active_directory(herald):
    """The words of Active Directory, on a slapd that has them."""
    def account(name, user, control, **more):
        lines = [f"dn: CN={name},{PEOPLE}", "objectClass: user", "objectCategory: person", f"cn: {name}", f"sn: {name}",
                 f"sAMAccountName: {user}", f"userAccountControl: {control}", "userPassword: Passw0rd"]
        return "\n".join(lines + [f"{key}: {value}" for key, value in more.items()]) + "\n"

    # The member list of a large group is cut off: whom it does not name, names it.
    people = [account("Alice A", "AliceA", 512, ipPhone="40-01", memberOf=f"CN=Large,{GROUPS}"),
              account("Bob B", "BobB", 514, mail="bob@localhost"), account("Carol C", "CarolC", 66048)]
    nested = [f"dn: CN=Large,{GROUPS}\nobjectClass: group\ncn: Large\nmember: CN=Carol C,{PEOPLE}\n"
              f"member: CN=Inner,{GROUPS}\n",
              f"dn: CN=Inner,{GROUPS}\nobjectClass: group\ncn: Inner\nmember: CN=Bob B,{PEOPLE}\n"]
    with Slapd(people, nested) as slapd, serve(herald, slapd.settings(kind="active-directory")) as server:
        found = synchronised(server)
        assert (found["people"], found["disabled"], found["groups"], found["failure"]) == (3, 1, 2, None), found
        assert members(server, "large") == ["4001", "alicea", "carolc", "inner"], members(server, "large")
        assert members(server, "inner") == ["bob", "bobb"]
        assert "securityDenial" in Room("bob", server.address).refused()
        Room("alicea", server.address).register()
        check = directory(server, "check", "--password-file", "-", "carolc", given="Passw0rd\n")
        assert "is right" in check, check


PLAYS = [groups, rules, many, interruptions, departures, passwords, logins, distrust, active_directory]

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--herald", required=True, help="the built program")
    parser.add_argument("plays", nargs="*", help="only these")
    arguments = parser.parse_args()
    for play in PLAYS:
        if not arguments.plays or play.__name__ in arguments.plays:
            started = time.monotonic()
            play(arguments.herald)
            print(f"  {play.__name__}: {time.monotonic() - started:.1f} s", flush=True)
    print("the directory was followed, and trusted only where it may be")
