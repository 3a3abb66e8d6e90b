"""The configuration that the book shows: the tests run it as it stands there, so that it can't be wrong."""

import re
from pathlib import Path

CHAPTER = Path(__file__).parents[2] / "docs" / "xmpp.md"
SNIPPET = re.compile(r"^<!-- snippet: (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Herald's domain in the book, and here.
DOMAIN, HERALD = "h323.example.com", "h323.test"
# What the book shows where a test has something of its own.
PLACES = {
    "address": "192.0.2.10",
    "certificate": "/etc/herald/xmpp.crt",
    "ejabberd_certificates": "/etc/ejabberd/certs/*.pem",
    "foreign": '"example.com"',
    "key": "/etc/herald/xmpp.key",
    "listen": "0.0.0.0:5269",
    "secret_file": "/etc/herald/xmpp-secret",
    "tls_listen": "0.0.0.0:5270",
}


def snippet(name, **replaced):
    """What the book shows under a name, with the domain of the tests. `replaced` has what stands for a place of this
    machine: each key is one of `PLACES`, and that is in the snippet, or it is an error."""
    found = dict(SNIPPET.findall(CHAPTER.read_text()))
    assert name in found, f"the book has no snippet {name}, but {', '.join(found)}"
    text = found[name].replace(DOMAIN, HERALD)
    for place, value in replaced.items():
        shown = PLACES[place]
        assert shown in text, f"the snippet {name} does not say {shown}"
        text = text.replace(shown, str(value))
    return text
