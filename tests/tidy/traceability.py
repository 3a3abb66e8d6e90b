#!/usr/bin/env python3
"""Which test proves which requirement: docs/traceability.md, made from the names in the tests.

Usage: traceability.py            checks that the page is up to date and that every name exists
       traceability.py --write    writes the page

A test names what it proves in a comment, `covers: D-28, D-29`, above it or in it; a comment at the head of a file
speaks for the whole file. Requirements are the lines of docs/requirements.tsv: identifier, level, what it asks.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tree import Tree  # noqa: E402

REQUIREMENTS = "docs/requirements.tsv"
PAGE = "docs/traceability.md"

COVERS = re.compile(r"(?:^|[\s/#!.])covers: *(?P<names>[A-Z0-9][A-Za-z0-9.,\- ]*)")
FUNCTION = re.compile(r"^\s*(?:pub )?(?:async )?(?:fn|def) (?P<name>\w+)")
COMMENT = re.compile(r"^\s*(?://|#|$)")

HEAD = """# Requirements and the tests that prove them

Made by `tests/tidy/traceability.py --write` from the `covers:` lines of the tests; do not edit. Levels: **M** must,
**S** should, **O** optional, as the sources grade them; the mobile requirements have no grade. What is asked is said
in our words; the numbers in part A are those of [RFC 2779](https://www.rfc-editor.org/rfc/rfc2779).
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


def page(tree):
    """The text of the page."""
    tests = {}
    for path, _, identifier, test in claims(tree):
        tests.setdefault(identifier, {}).setdefault(path, []).append(test)
    rows = list(requirements(tree))
    known = [identifier for identifier, _, _ in rows if identifier]
    proved = sum(identifier in tests for identifier in known)
    lines = [HEAD, f"{proved} of {len(known)} requirements are named by a test."]
    for identifier, level, text in rows:
        if identifier is None:
            lines += ["", f"## {text}", "", "| Id | Level | What it asks | Tests |", "|---|---|---|---|"]
        else:
            lines.append(f"| {identifier} | {level} | {text} | {cell(tests.get(identifier, {}))} |")
    return "\n".join(lines) + "\n"


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


def page_is_up_to_date(tree):
    """The page is what the tests say now."""
    if PAGE not in tree.paths or tree.text(PAGE) != page(tree):
        yield PAGE, 1, "not up to date; run tests/tidy/traceability.py --write"


RULES = (named_requirement_exists, page_is_up_to_date)


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
