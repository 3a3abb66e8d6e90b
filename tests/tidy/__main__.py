"""Checks the house rules that neither rustfmt nor clippy knows.

Usage: python3 tests/tidy [ROOT]

Prints one line for each violation, `path:line: rule: what is wrong`, and fails if there is any. Rules look at files
that git tracks. `selftest.py` shows for each rule that it bites.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import arrows  # noqa: E402
import documents  # noqa: E402
import sources  # noqa: E402
import traceability  # noqa: E402
from tree import Tree  # noqa: E402

MODULES = (sources, arrows, documents, traceability)


def violations(tree):
    """Every violation in a tree, in the order of the files."""
    found = []
    for rules in MODULES:
        for rule in rules.RULES:
            found.extend((path, line, rule.__name__, text) for path, line, text in rule(tree))
    return sorted(found)


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    tree = Tree.of_git(root)
    found = violations(tree)
    for path, line, rule, text in found:
        print(f"{path}:{line}: {rule}: {text}")
    rules = sum(len(module.RULES) for module in MODULES)
    print(f"tidy: {len(tree.paths)} files, {rules} rules, {len(found)} violations")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
