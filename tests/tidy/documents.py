"""Rules about documents: links lead somewhere, every page is in the book, every decision has its number once."""

import re
from pathlib import Path, PurePosixPath

LINK = re.compile(r"(?<!\\)\[[^\]\n]*\]\(\s*<?(?P<target>[^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *#*$")
DECISION = re.compile(r"^docs/decisions/(?P<number>\d{4})-[a-z0-9-]+\.md$")


def anchors(text):
    """The names of a page's headings, as mdBook and the forges make them."""
    names, fenced = set(), False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        found = None if fenced else HEADING.match(line)
        if found:
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found["text"])
            kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
            names.add(kept.replace(" ", "-"))
    return names


def links(text):
    """Line and target of each link outside of code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if not fenced:
            for found in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
                yield number, found["target"]


def link_leads_somewhere(tree):
    """A link between files leads to a file that is there, and to a heading of it."""
    known = set(tree.paths)
    folders = {str(parent) for path in tree.paths for parent in PurePosixPath(path).parents}
    for path in (path for path in tree.paths if path.endswith(".md")):
        for number, target in links(tree.text(path)):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            file, _, anchor = target.partition("#")
            place = resolve(path, file) if file else path
            if place not in known and place not in folders:
                yield path, number, f"{target} leads nowhere"
            elif anchor and place.endswith(".md") and anchor not in anchors(tree.text(place)):
                yield path, number, f"{place} has no heading #{anchor}"


def resolve(path, target):
    """The path from the root of what a link in `path` names."""
    parts = []
    for part in (PurePosixPath(path).parent / target).parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def page_is_in_the_book(tree):
    """Every page below docs/ can be reached from the table of contents."""
    if "docs/SUMMARY.md" not in tree.paths:
        return
    listed = {resolve("docs/SUMMARY.md", target) for _, target in links(tree.text("docs/SUMMARY.md"))}
    for path in tree.paths:
        if path.startswith("docs/") and path.endswith(".md") and path != "docs/SUMMARY.md":
            if path not in listed:
                yield path, 1, "not in docs/SUMMARY.md"


def decision_has_a_number(tree):
    """Decisions are `NNNN-name.md`, and no number is given twice."""
    seen = {}
    for path in tree.paths:
        if not path.startswith("docs/decisions/") or Path(path).name == "README.md":
            continue
        found = DECISION.match(path)
        if not found:
            yield path, 1, "a decision is named NNNN-what-it-is-about.md"
        elif found["number"] in seen:
            yield path, 1, f"{seen[found['number']]} has this number too"
        else:
            seen[found["number"]] = path


RULES = (link_leads_somewhere, page_is_in_the_book, decision_has_a_number)
