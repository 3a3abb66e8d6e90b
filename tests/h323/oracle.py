"""pycrate's H.225.0 as an oracle: its values in the conventions of our JSON readings, and random values of its types.

Conventions: CHOICE = object with one member; NULL = null; OCTET STRING = {"hex": ...}; BIT STRING = {"bits": ...};
OBJECT IDENTIFIER = dotted string; character strings, BOOLEAN, INTEGER and ENUMERATED as JSON has them.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

VERSION = "0.8.1"


def cache():
    """Where tests keep what they download: outside of the clone, HERALD_TEST_CACHE overrides."""
    home = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    return Path(os.environ.get("HERALD_TEST_CACHE", Path(home) / "herald-tests"))


def ensure_pycrate():
    """Runs the calling script again inside an environment that has pycrate, made on first use."""
    try:
        import pycrate_asn1dir  # noqa: F401
        return
    except ImportError:
        pass
    place = cache() / f"pycrate-{VERSION}"
    python = place / "bin" / "python"
    if Path(sys.executable) == python:
        sys.exit(f"pycrate can't be imported from {place}; remove it and try again")
    if not (place / "complete").exists():
        print(f"installing pycrate {VERSION} into {place}", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"pycrate=={VERSION}"], check=True)
        (place / "complete").touch()
    os.execv(python, [str(python), *sys.argv])


ensure_pycrate()

from pycrate_asn1dir import H225  # noqa: E402
from pycrate_asn1rt import asnobj_construct, asnobj_str, codecs  # noqa: E402

MODULE = H225.H323_MESSAGES
TYPES = {"RasMessage": MODULE.RasMessage, "H323-UserInformation": MODULE.H323_UserInformation}


def compile_module(source, name):
    """A module of our own in pycrate's types, from its ASN.1 text."""
    from pycrate_asn1c.asnproc import PycrateGenerator, compile_text, generate_modules

    with tempfile.NamedTemporaryFile(suffix=".py") as generated:
        compile_text(source.read_text())
        generate_modules(PycrateGenerator, generated.name)
        module = {}
        exec(compile(Path(generated.name).read_text(), generated.name, "exec"), module)
    return module[name]


def mend_additions():
    """pycrate 0.8.1 encodes extension additions before the bitmap that precedes them, so that the first one is padded
    for an alignment it does not have (`SEQUENCE {a BOOLEAN, ..., b NULL OPTIONAL, c BOOLEAN OPTIONAL}` with a TRUE and
    c FALSE becomes c0a0000100 instead of c0a00100). Additions always start aligned (X.691 11.2, 19.9), so they are
    encoded as if at offset 0. An open type in any other place keeps its padding."""
    codec = codecs.ASN1CodecPER
    original = codec.encode_unconst_open.__func__

    def encode_unconst_open(cls, wrapped):
        caller = sys._getframe(1)
        is_addition = caller.f_code.co_name == "_to_per" and "_gen_ext" in caller.f_locals
        if not is_addition:
            return original(cls, wrapped)
        before, cls._off[-1] = cls._off[-1], 0
        generated = original(cls, wrapped)
        cls._off[-1] += before
        return generated

    codec.encode_unconst_open = classmethod(encode_unconst_open)


def mend_recursion(asn1_class):
    """pycrate 0.8.1 keeps the value that is being encoded in the type object, which a recursive type (`Content`,
    `GenericData`) overwrites before it is done with it. Each level gets its value back."""
    original = asn1_class._to_per
    active = {}

    def _to_per(self):
        values = active.setdefault(id(self), [])
        values.append(self._val)
        try:
            return original(self)
        finally:
            values.pop()
            if values:
                self._val = values[-1]

    asn1_class._to_per = _to_per


# The faults of its encoder; its decoder is sound, and every encoding below is read back with it.
mend_additions()
for asn1_class in (asnobj_construct.CHOICE, asnobj_construct._CONSTRUCT, asnobj_construct._CONSTRUCT_OF):
    mend_recursion(asn1_class)
# It refuses most control characters in an IA5String.
asnobj_str.STR_IA5._ALPHA_RE = "".join(map(chr, range(128)))


def decode(name, octets):
    """The value of `octets` in our conventions."""
    asn1 = TYPES[name]
    asn1.from_aper(octets)
    return to_json(asn1, asn1._val)


def encode(name, value):
    """The octets of a value in our conventions."""
    asn1 = TYPES[name]
    octets = asn1.to_aper(from_json(asn1, value))
    return octets


def to_json(asn1, value):
    kind = asn1.TYPE
    if kind == "SEQUENCE":
        return {name: to_json(asn1._cont[name], member) for name, member in value.items()}
    if kind == "CHOICE":
        return {value[0]: to_json(asn1._cont[value[0]], value[1])}
    if kind == "SEQUENCE OF":
        return [to_json(asn1._cont, element) for element in value]
    if kind == "OCTET STRING":
        return {"hex": value.hex()}
    if kind == "OPEN_TYPE":
        return {"hex": value[1].hex()}
    if kind == "BIT STRING":
        number, length = value
        return {"bits": format(number, f"0{length}b") if length else ""}
    if kind == "OBJECT IDENTIFIER":
        return ".".join(map(str, value))
    if kind == "NULL":
        return None
    assert kind in ("INTEGER", "BOOLEAN", "ENUMERATED") or kind.endswith("String"), kind
    return value


def from_json(asn1, value):
    kind = asn1.TYPE
    if kind == "SEQUENCE":
        return {name: from_json(asn1._cont[name], member) for name, member in value.items()}
    if kind == "CHOICE":
        ((name, content),) = value.items()
        return (name, from_json(asn1._cont[name], content))
    if kind == "SEQUENCE OF":
        return [from_json(asn1._cont, element) for element in value]
    if kind == "OCTET STRING":
        return bytes.fromhex(value["hex"])
    if kind == "OPEN_TYPE":
        return ("_unk_004", bytes.fromhex(value["hex"]))
    if kind == "BIT STRING":
        return (int(value["bits"] or "0", 2), len(value["bits"]))
    if kind == "OBJECT IDENTIFIER":
        return tuple(map(int, value.split(".")))
    if kind == "NULL":
        return 0
    return value


def without_supplements(value):
    """A value with two characters in place of each beyond U+FFFF, which take two units of a BMPString too: pycrate's
    encoder counts them as one."""
    if isinstance(value, dict):
        return {name: without_supplements(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_supplements(element) for element in value]
    if isinstance(value, str):
        return "".join(character if character <= "\uffff" else "\u2603\u2604" for character in value)
    return value


class Coverage:
    """Which alternatives of CHOICEs, optional members of SEQUENCEs and enumerated values were met."""

    def __init__(self):
        self.count = {}
        for asn1 in TYPES.values():
            self._expect(asn1, set())

    def _expect(self, asn1, seen):
        if key(asn1) in seen:
            return
        seen.add(key(asn1))
        for name in choices(asn1):
            self.count.setdefault((key(asn1), name), 0)
        for child in children(asn1):
            self._expect(child, seen)

    def note(self, asn1, value):
        """Notes a value in our conventions."""
        if asn1.TYPE == "ENUMERATED":
            self.count[key(asn1), value] += 1
        elif asn1.TYPE in ("SEQUENCE", "CHOICE"):
            for name, member in value.items():
                if (key(asn1), name) in self.count:
                    self.count[key(asn1), name] += 1
                self.note(asn1._cont[name], member)
        elif asn1.TYPE == "SEQUENCE OF":
            for element in value:
                self.note(asn1._cont, element)

    def met(self):
        return {choice for choice, count in self.count.items() if count > 0}

    def missing(self):
        return [choice for choice, count in self.count.items() if count == 0]


def key(asn1):
    reference = asn1._typeref
    return str(reference.called[1]) if reference is not None else asn1.fullname()


def choices(asn1):
    if asn1.TYPE == "CHOICE":
        return list(asn1._cont)
    if asn1.TYPE == "SEQUENCE":
        return [name for name in asn1._cont if name in asn1._root_opt or name in (asn1._ext or [])]
    if asn1.TYPE == "ENUMERATED":
        return list(asn1._cont)
    return []


def children(asn1):
    if asn1.TYPE in ("SEQUENCE", "CHOICE"):
        return [asn1._cont[name] for name in asn1._cont]
    return [asn1._cont] if asn1.TYPE == "SEQUENCE OF" else []


# Beyond this depth only what is required is made.
DEPTH_MAX = 14
PRINTABLE = "ABCXYZabcxyz0189 '()+,-./:=?"


class Generator:
    """Random values of pycrate's types, in our conventions. Prefers what it made least often."""

    def __init__(self, random):
        self.random = random
        self.made = {}
        self.forced = set()

    def value_with(self, asn1, wanted):
        """A value that has `wanted`, a key of Coverage; None where the type can't hold it."""
        queue, seen = [(asn1, ())], set()
        for here, path in queue:
            if key(here) in seen:
                continue
            seen.add(key(here))
            if key(here) == wanted[0]:
                self.forced = {*path, wanted}
                try:
                    return self.value(asn1)
                finally:
                    self.forced = set()
            members = here._cont.items() if here.TYPE in ("SEQUENCE", "CHOICE") else []
            queue += [(member, (*path, (key(here), name))) for name, member in members]
            if here.TYPE == "SEQUENCE OF":
                queue.append((here._cont, path))
        return None

    def rarest(self, asn1, names):
        forced = [name for name in names if (key(asn1), name) in self.forced]
        least = min(self.made.get((key(asn1), name), 0) for name in names)
        names = [name for name in names if self.made.get((key(asn1), name), 0) == least]
        return self.random.choice(forced or names)

    def value(self, asn1, depth=0):
        return getattr(self, asn1.TYPE.lower().replace(" ", "_"))(asn1, depth)

    def note(self, asn1, name):
        self.made[key(asn1), name] = self.made.get((key(asn1), name), 0) + 1
        return name

    def sequence(self, asn1, depth):
        optional = choices(asn1)
        rate = 0.4 if depth < 4 else 0.15 if depth < DEPTH_MAX else 0
        wanted = {name for name in optional if self.random.random() < rate}
        if optional and depth < DEPTH_MAX and (self.forced or self.random.random() < 0.5):
            wanted.add(self.rarest(asn1, optional))
        made = {}
        for name in asn1._cont:
            if name not in optional or name in wanted:
                if name in wanted:
                    self.note(asn1, name)
                made[name] = self.value(asn1._cont[name], depth + 1)
        return made

    def choice(self, asn1, depth):
        names = list(asn1._cont)
        if depth > DEPTH_MAX:
            # The first alternative of every recursive type is a leaf.
            name = names[0]
        elif self.forced or self.random.random() < 0.5:
            name = self.rarest(asn1, names)
        else:
            name = self.random.choice(names)
        return {self.note(asn1, name): self.value(asn1._cont[name], depth + 1)}

    def sequence_of(self, asn1, depth):
        low, high = bounds(asn1, 4)
        low = max(low, 1 if self.forced and depth < DEPTH_MAX else 0)
        length = self.random.randint(low, min(high, low + (2 if depth < DEPTH_MAX else 0)))
        return [self.value(asn1._cont, depth + 1) for _ in range(length)]

    def length(self, asn1):
        low, high = bounds(asn1, 300)
        high = min(high, max(low, self.random.choice([low, low + 1, 20, 20, 20, 300])))
        return self.random.randint(low, max(low, high))

    def integer(self, asn1, _):
        limits = asn1._const_val
        if limits is None or (limits.ext is not None and self.random.random() < 0.2):
            number = self.random.getrandbits(self.random.randint(0, 63))
            return self.random.choice([number, ~number])
        low, high = limits.lb, limits.ub
        edge = [low, high, low + min(high - low, self.random.getrandbits(self.random.randint(1, 33)))]
        return self.random.choice(edge)

    def octet_string(self, asn1, _):
        return {"hex": self.random.randbytes(self.length(asn1)).hex()}

    def open_type(self, _asn1, _depth):
        return {"hex": self.random.randbytes(self.random.randint(1, 40)).hex()}

    def bit_string(self, asn1, _):
        return {"bits": "".join(self.random.choice("01") for _ in range(self.length(asn1)))}

    def object_identifier(self, _asn1, _depth):
        root = self.random.randint(0, 2)
        second = self.random.randint(0, 39 if root < 2 else 500)
        rest = [self.random.getrandbits(self.random.randint(1, 40)) for _ in range(self.random.randint(1, 7))]
        return ".".join(map(str, [root, second, *rest]))

    def ia5string(self, asn1, _):
        letters = asn1._const_alpha.root if asn1._const_alpha else [chr(code) for code in range(128)]
        return "".join(self.random.choice(letters) for _ in range(self.length(asn1)))

    def printablestring(self, asn1, _):
        return "".join(self.random.choice(PRINTABLE) for _ in range(self.length(asn1)))

    def bmpstring(self, asn1, _):
        letters = [0x61, 0xE9, 0x3B1, 0x4F60, 0xD7FF, 0xE000, 0xFFFD, 0]
        return "".join(chr(self.random.choice(letters)) for _ in range(self.length(asn1)))

    def boolean(self, _asn1, _depth):
        return self.random.random() < 0.5

    def null(self, _asn1, _depth):
        return None

    def enumerated(self, asn1, _):
        return self.note(asn1, self.rarest(asn1, list(asn1._cont)))


def bounds(asn1, unbounded):
    size = asn1._const_sz
    return (0, unbounded) if size is None else (size.lb, size.ub)
