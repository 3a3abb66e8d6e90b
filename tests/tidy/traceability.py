#!/usr/bin/env python3
"""Which test proves which requirement: docs/traceability.md, made from the names in the tests.

Usage: traceability.py            checks that the page is up to date and that every name exists
       traceability.py --write    writes the page

A test names what it proves in a comment, `covers: D-28, D-29`, above it or in it; a comment at the head of a file
speaks for the whole file. Requirements are the lines of docs/requirements.tsv: identifier, level, what it asks. What is
not wholly proved has a line in docs/requirements-state.tsv: identifier, `partly` or `later`, why. Whoever names in a test
what was to come later takes that line away, or makes it `partly`.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tree import Tree  # noqa: E402

REQUIREMENTS = "docs/requirements.tsv"
STATES = "docs/requirements-state.tsv"
PAGE = "docs/traceability.md"

COVERS = re.compile(r"(?:^|[\s/#!.])covers: *(?P<names>[A-Z0-9][A-Za-z0-9.,\- ]*)")
WORDS = ("proved", "partly", "later")
FUNCTION = re.compile(r"^\s*(?:pub )?(?:async )?(?:fn|def) (?P<name>\w+)")
COMMENT = re.compile(r"^\s*(?://|#|$)")

HEAD = """# Requirements and the tests that prove them

Made by `tests/tidy/traceability.py --write` from the `covers:` lines of the tests; do not edit. Levels: **M** must,
**S** should, **O** optional, as the sources grade them; the mobile requirements have no grade. What is asked is said
in our words; the numbers in part A are those of [RFC 2779](https://www.rfc-editor.org/rfc/rfc2779).

A requirement is *proved* where tests show all of it, *partly* where they show some of it, *later* where none does; for
the last two the page says what is missing, or what brings it.
"""


def requirements(tree):
    """The lines of the list: headings as (None, None, text), requirements as (identifier, level, text)."""
    for _, line in tree.lines(REQUIREMENTS):
        if line.startswith("# "):
            yield None, None, line[2:]
        elif line:
            identifier, level, text = line.split("\t")
            yield identifier, level, text


def claims(tree):
    """Path, line, requirement and name of the test for each name in a `covers:` line."""
    for path in tree.code():
        if path.startswith("tests/tidy/"):
            continue
        lines = tree.text(path).splitlines()
        for index, line in enumerate(lines):
            found = COVERS.search(line)
            if found:
                test = test_name(lines, index)
                for identifier in found["names"].rstrip(" .").split(","):
                    yield path, index + 1, identifier.strip(), test


def test_name(lines, index):
    """The function that a comment is above, else the one it is in; empty where it speaks for the file."""
    for line in lines[index + 1:]:
        found = FUNCTION.match(line)
        if found:
            return found["name"]
        if not COMMENT.match(line) and not line.lstrip().startswith("@"):
            break
    for line in reversed(lines[:index]):
        found = FUNCTION.match(line)
        if found:
            return found["name"]
    return ""


def states(tree):
    """What docs/requirements-state.tsv says: line, identifier, state and reason."""
    if STATES not in tree.paths:
        return
    for number, line in tree.lines(STATES):
        if line and not line.startswith("#"):
            yield (number, *(line.split("\t") + ["", ""])[:3])


def page(tree):
    """The text of the page."""
    tests = {}
    for path, _, identifier, test in claims(tree):
        tests.setdefault(identifier, {}).setdefault(path, []).append(test)
    state = {identifier: ("proved", "") for identifier in tests}
    state |= {identifier: (word, reason) for _, identifier, word, reason in states(tree)}
    rows = list(requirements(tree))
    lines = [HEAD, *totals(rows, state)]
    for identifier, level, text in rows:
        if identifier is None:
            lines += ["", f"## {text}", "", "| Id | Level | What it asks | State | Tests |", "|---|---|---|---|---|"]
        else:
            word, reason = state.get(identifier, ("", ""))
            said = f"{word}: {reason}" if reason else word
            lines.append(f"| {identifier} | {level} | {text} | {said} | {cell(tests.get(identifier, {}))} |")
    return "\n".join(lines) + "\n"


def totals(rows, state):
    """How many requirements of each part are in each state, as a table; a part is the first letter of its headings."""
    parts, part = {}, None
    for identifier, _, text in rows:
        if identifier is None:
            part = text[0]
        else:
            parts.setdefault(part, []).append(state.get(identifier, ("", ""))[0])
    yield "| Part | Requirements | Proved | Partly | Later |"
    yield "|---|---|---|---|---|"
    parts["all"] = [word for words in parts.values() for word in words]
    for name, words in parts.items():
        yield f"| {name} | {len(words)} | " + " | ".join(str(words.count(word)) for word in WORDS) + " |"


def cell(by_path):
    """The tests of one requirement, by file."""
    parts = []
    for path in sorted(by_path):
        names = ", ".join(dict.fromkeys(f"`{name}`" for name in by_path[path] if name))
        parts.append(f"{path}: {names}" if names else path)
    return "<br>".join(parts)


def named_requirement_exists(tree):
    """A test names only requirements that exist."""
    known = {identifier for identifier, _, _ in requirements(tree)}
    for path, line, identifier, _ in claims(tree):
        if identifier not in known:
            yield path, line, f"{identifier} is not in {REQUIREMENTS}"


def state_is_what_the_tests_show(tree):
    """What no test names comes later, what one names does not, and both say why."""
    lines = dict(numbers(tree))
    known = set(lines)
    named = {identifier for _, _, identifier, _ in claims(tree)}
    said = set()
    for number, identifier, word, reason in states(tree):
        if identifier not in known:
            yield STATES, number, f"{identifier} is not in {REQUIREMENTS}"
        elif identifier in said:
            yield STATES, number, f"{identifier} has a line already"
        elif word not in WORDS[1:] or not reason:
            yield STATES, number, f"{identifier} wants `partly` or `later`, and a reason"
        elif word == "later" and identifier in named:
            yield STATES, number, f"a test names {identifier}: it is proved (take the line away) or `partly`"
        elif word == "partly" and identifier not in named:
            yield STATES, number, f"no test names {identifier}: it is `later`"
        said.add(identifier)
    for identifier in sorted(known - named - said, key=lines.get):
        yield REQUIREMENTS, lines[identifier], f"no test names {identifier}, and {STATES} does not say why"


def numbers(tree):
    """Each requirement with the number of its line."""
    for number, line in tree.lines(REQUIREMENTS):
        if line and not line.startswith("# "):
            yield line.split("\t")[0], number


def page_is_up_to_date(tree):
    """The page is what the tests say now."""
    if PAGE not in tree.paths or tree.text(PAGE) != page(tree):
        yield PAGE, 1, "not up to date; run tests/tidy/traceability.py --write"


RULES = (named_requirement_exists, state_is_what_the_tests_show, page_is_up_to_date)


def main():
    tree = Tree.of_git(Path(__file__).resolve().parents[2])
    if sys.argv[1:] == ["--write"]:
        (tree.root / PAGE).write_text(page(tree))
        return
    found = [violation for rule in RULES for violation in rule(tree)]
    for path, line, text in found:
        print(f"{path}:{line}: {text}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
