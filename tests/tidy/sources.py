"""Rules about sources: sizes, names, marks of unfinished work, paths of one machine, IO where none belongs."""

import ast
import re
from pathlib import Path

LINES_MAX = 800
FUNCTION_LINES_MAX = 100

# A word that says nothing about what is inside.
EMPTY_NAMES = {"common", "helper", "helpers", "manager", "misc", "stuff", "util", "utils"}

# Written in two parts, so that this file does not contain what it looks for.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b(?!\(#\d+\))")
SILENCED = re.compile(
    r"#\[\s*ign" r"ore[^\n]*|allow\((?:dead" r"_code|unus" r"ed|unus" r"ed_imports)\)|\bto" r"do!\(|\bunimpl" r"emented!\("
)
# A test that is another process of a test; that test runs it.
CHILD = re.compile(r'^#\[ign' r'ore = "the child of the tests? in this file')
MACHINE = re.compile(
    r"(?<![\w.~$}/-])/(?:(?:wo" r"rk|ro" r"ot|ho" r"me|fa" r"rm|Us" r"ers|m" r"nt)(?![\w-])|tm" r"p/\w)"
    r"|\barti" r"factory\b|\b(?:index|static)\.crates\.io\b|\bregistry\.npm" r"js\b|\bfiles\.python" r"hosted\b"
)

# Crates that take bytes and the time and give bytes: they never touch the world themselves.
SILENT_CRATES = ("codec", "engine", "h323", "link", "model")
WORLD = re.compile(
    r"std::(?:fs|env|process)\b|\b(?:UdpSocket|TcpStream|TcpListener|SystemTime)\b"
    r"|std::time::Instant|\bthread::(?:spawn|sleep)\b"
)

RUST_FUNCTION = re.compile(
    r"^(?P<indent> *)(?:pub(?:\([^)]*\))? )?(?:default )?(?:const )?(?:async )?(?:unsafe )?(?:extern \"C\" )?"
    r"fn (?P<name>\w+)"
)


def file_is_short(tree):
    """A file holds one idea: at most 800 lines."""
    for path in tree.prose_and_code():
        count = len(tree.text(path).splitlines())
        if count > LINES_MAX and not path.endswith(("traceability.md", "configuration.md")):
            yield path, count, f"{count} lines, at most {LINES_MAX}: two ideas?"


def function_is_short(tree):
    """A function fits the head of its reader: at most 100 lines."""
    for path in tree.rust():
        for name, first, last in rust_functions(tree.text(path).splitlines()):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield path, first, f"{name} has {last - first + 1} lines, at most {FUNCTION_LINES_MAX}"
    for path in tree.python():
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                count = node.end_lineno - node.lineno + 1
                if count > FUNCTION_LINES_MAX:
                    yield path, node.lineno, f"{node.name} has {count} lines, at most {FUNCTION_LINES_MAX}"


def rust_functions(lines):
    """Name, first and last line of each function; rustfmt puts the closing brace below the `fn`."""
    for index, line in enumerate(lines):
        found = RUST_FUNCTION.match(line)
        if not found or line.rstrip().endswith(("}", ";")):
            continue
        closing = found["indent"] + "}"
        for after in range(index + 1, len(lines)):
            if lines[after].rstrip() == closing:
                yield found["name"], index + 1, after + 1
                break
            # A declaration without body.
            if lines[after].rstrip().endswith(";") and lines[after].startswith(found["indent"] + ")"):
                break


def name_says_something(tree):
    """A file is named for its idea."""
    for path in tree.code():
        for part in Path(path).with_suffix("").parts:
            if part.lower() in EMPTY_NAMES:
                yield path, 1, f"“{part}” says nothing; name the idea"


def nothing_is_unfinished(tree):
    """What is left to do has an issue and names its number."""
    for path in tree.code():
        for number, line in tree.lines(path):
            found = UNFINISHED.search(line)
            if found:
                yield path, number, f"{found[0]} without the number of an issue, like {found[0]}(#12)"


def nothing_is_silenced(tree):
    """No test is skipped, no dead code kept."""
    for path in tree.rust():
        runs_ignored = '"--ign' + 'ored"' in tree.text(path)
        for number, line in tree.lines(path):
            found = SILENCED.search(line)
            if found and not (runs_ignored and CHILD.match(found[0])):
                yield path, number, f"{found[0]}: remove the code, or make it run"


def no_path_of_one_machine(tree):
    """Nothing tracked names a folder of somebody's machine or the host of a package registry."""
    for path in tree.paths:
        for number, line in tree.lines(path):
            found = None if path.startswith("LICENSE") else MACHINE.search(line)
            if found:
                yield path, number, f"“{found[0]}” exists on one machine only"


def silent_crates_do_no_io(tree):
    """State machines get bytes and the time; they never look at the world (tests and examples may)."""
    for path in tree.rust():
        parts = Path(path).parts
        if len(parts) < 4 or parts[0] != "crates" or parts[1] not in SILENT_CRATES or parts[2] != "src":
            continue
        if "tests" in parts or parts[-1] == "tests.rs":
            continue
        for number, line in tree.lines(path):
            if "#[cfg(test)]" in line:
                break
            found = None if line.lstrip().startswith("//") else WORLD.search(line)
            if found:
                yield path, number, f"{found[0]} in a crate without IO; the server does that"


def fuzz_target_has_corpus(tree):
    """A decoder is fuzzed from examples, not from nothing."""
    for path in tree.paths:
        parts = Path(path).parts
        if parts[:2] == ("fuzz", "fuzz_targets") and path.endswith(".rs"):
            corpus = f"fuzz/corpus/{Path(path).stem}/"
            if not any(other.startswith(corpus) for other in tree.paths):
                yield path, 1, f"no corpus in {corpus}"


RULES = (
    file_is_short,
    function_is_short,
    name_says_something,
    nothing_is_unfinished,
    nothing_is_silenced,
    no_path_of_one_machine,
    silent_crates_do_no_io,
    fuzz_target_has_corpus,
)
