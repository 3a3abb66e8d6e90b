"""Shows for each rule that it bites, and that it lets pass what is right.

Each case is a small tree of files in a temporary folder.
"""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import arrows  # noqa: E402
import documents  # noqa: E402
import sources  # noqa: E402
import traceability  # noqa: E402
from tree import Tree  # noqa: E402

LINTS = "[lints]\nworkspace = true\n"


def manifest(name, dependencies="", section="dependencies"):
    return f'[package]\nname = "{name}"\n[{section}]\n{dependencies}\n{LINTS}'


def function(lines, indent=""):
    body = f"{indent}    step();\n" * (lines - 2)
    return f"{indent}pub fn long(&self) {{\n{body}{indent}}}\n"


class Rules(unittest.TestCase):
    """Every rule has a test that plants a violation; the last test sees to that."""

    tried = set()

    def found(self, rule, files):
        """What a rule says of a tree, without the texts."""
        self.tried.add(rule)
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                place = Path(root) / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
            return [(path, line) for path, line, _ in rule(Tree.of_folder(root))]

    def test_a_file_of_801_lines_is_too_long(self):
        text = "//! One idea.\n" * 800
        self.assertEqual(self.found(sources.file_is_short, {"a.rs": text}), [])
        self.assertEqual(self.found(sources.file_is_short, {"a.rs": text + "\n"}), [("a.rs", 801)])
        self.assertEqual(self.found(sources.file_is_short, {"generated/a.rs": text + "\n"}), [])

    def test_a_function_of_101_lines_is_too_long(self):
        rule = sources.function_is_short
        self.assertEqual(self.found(rule, {"a.rs": function(100)}), [])
        self.assertEqual(self.found(rule, {"a.rs": "struct A;\n" + function(101, "    ")}), [("a.rs", 2)])
        python = "def long():\n" + "    step()\n" * 100
        self.assertEqual(self.found(rule, {"a.py": python}), [("a.py", 1)])
        declarations = "trait A {\n    fn a(\n        &self,\n    );\n    fn b(&self) {}\n}\n" + "//\n" * 200
        self.assertEqual(self.found(rule, {"a.rs": declarations}), [])

    def test_a_name_must_say_something(self):
        rule = sources.name_says_something
        files = {"src/utils.rs": "", "common/a.rs": "", "src/command.rs": "", "tests/Helpers.py": ""}
        self.assertEqual([path for path, _ in self.found(rule, files)], ["common/a.rs", "src/utils.rs", "tests/Helpers.py"])

    def test_what_is_left_to_do_names_its_issue(self):
        rule = sources.nothing_is_unfinished
        mark = "TO" + "DO"
        self.assertEqual(self.found(rule, {"a.rs": f"// {mark}: later\n"}), [("a.rs", 1)])
        self.assertEqual(self.found(rule, {"a.rs": f"// {mark}(#12): later\n"}), [])

    def test_nothing_is_silenced(self):
        rule = sources.nothing_is_silenced
        skipped = "#[" + "ignore"
        for text in (f"{skipped}]\n", "#[allow(dead" + "_code)]\n", f'{skipped} = "slow"]\n', "to" + "do!()\n"):
            self.assertEqual(self.found(rule, {"a.rs": text}), [("a.rs", 1)], text)
        child = f'{skipped} = "the child of the test in this file"]\n'
        self.assertEqual(self.found(rule, {"a.rs": child}), [("a.rs", 1)])
        self.assertEqual(self.found(rule, {"a.rs": child + 'let a = "--' + 'ignored";\n'}), [])

    def test_no_path_of_one_machine(self):
        rule = sources.no_path_of_one_machine
        for path in ("/wo" + "rk/main", "/ro" + "ot", "/ho" + "me/me", "/tm" + "p/x", "arti" + "factory"):
            for text in (f"see {path}\n", f'"{path}"\n', f"={path}/y\n"):
                self.assertEqual(self.found(rule, {"a.toml": text}), [("a.toml", 1)], text)
        right = "https://example.com/ho" + "me $HOME/wo" + "rk a/ro" + "ot /var/lib/herald a/tm" + "p/x\n"
        self.assertEqual(self.found(rule, {"a.md": right}), [])

    def test_a_silent_crate_does_no_io(self):
        rule = sources.silent_crates_do_no_io
        text = "use std::fs;\n"
        self.assertEqual(self.found(rule, {"crates/h323/src/a.rs": text}), [("crates/h323/src/a.rs", 1)])
        right = {
            "crates/server/src/a.rs": text,
            "crates/h323/tests/a.rs": text,
            "crates/h323/src/b.rs": "// std::fs is not for us\n#[cfg(test)]\nuse std::fs;\n",
        }
        self.assertEqual(self.found(rule, right), [])

    def test_a_fuzz_target_has_a_corpus(self):
        rule = sources.fuzz_target_has_corpus
        files = {"fuzz/fuzz_targets/ras.rs": ""}
        self.assertEqual(self.found(rule, files), [("fuzz/fuzz_targets/ras.rs", 1)])
        self.assertEqual(self.found(rule, files | {"fuzz/corpus/ras/empty": ""}), [])

    def test_dependencies_point_down(self):
        rule = arrows.dependency_points_down

        def tree(name, dependency, section="dependencies"):
            below = {f"{dependency}/Cargo.toml": manifest(dependency)}
            return below | {f"{name}/Cargo.toml": manifest(name, f"{dependency} = {{}}", section)}

        for name, dependency in (("model", "engine"), ("h323", "engine"), ("h323", "store"), ("store", "link"),
                                 ("engine", "h323"), ("server", "herald")):
            for section in ("dependencies", "dev-dependencies", 'target."cfg(unix)".dependencies'):
                found = self.found(rule, tree(name, dependency, section))
                self.assertEqual(found, [(f"{name}/Cargo.toml", 1)], (name, dependency, section))
        for name, dependency in (("h323", "link"), ("server", "h323"), ("herald", "server"), ("store", "model")):
            self.assertEqual(self.found(rule, tree(name, dependency)), [])
        self.assertEqual(self.found(rule, {"Cargo.toml": manifest("novelty")}), [("Cargo.toml", 1)])

    def test_a_silent_crate_has_no_runtime(self):
        rule = arrows.silent_crates_have_no_runtime
        self.assertEqual(self.found(rule, {"Cargo.toml": manifest("h323", 'tokio = "1"')}), [("Cargo.toml", 1)])
        self.assertEqual(self.found(rule, {"Cargo.toml": manifest("server", 'tokio = "1"')}), [])

    def test_a_crate_takes_the_lints(self):
        rule = arrows.crate_takes_the_lints
        self.assertEqual(self.found(rule, {"Cargo.toml": '[package]\nname = "model"\n'}), [("Cargo.toml", 1)])
        self.assertEqual(self.found(rule, {"Cargo.toml": manifest("model")}), [])

    def test_a_link_leads_somewhere(self):
        rule = documents.link_leads_somewhere
        page = "# A page\n[a](b.md) [b](../c.md#a-heading) [c](#a-page) [d](https://example.com) `[e](f)`\n"
        files = {"docs/a.md": page, "docs/b.md": "", "c.md": "## A heading\n"}
        self.assertEqual(self.found(rule, files), [])
        wrong = {"docs/a.md": "[a](c.md)\n[b](b.md#no)\n[c](#no)\n", "docs/b.md": ""}
        self.assertEqual(self.found(rule, wrong), [("docs/a.md", 1), ("docs/a.md", 2), ("docs/a.md", 3)])

    def test_a_page_is_in_the_book(self):
        rule = documents.page_is_in_the_book
        files = {"docs/SUMMARY.md": "- [A](a.md)\n", "docs/a.md": "", "docs/decisions/b.md": ""}
        self.assertEqual(self.found(rule, files), [("docs/decisions/b.md", 1)])

    def test_a_decision_has_a_number_of_its_own(self):
        rule = documents.decision_has_a_number
        files = {"docs/decisions/0001-a.md": "", "docs/decisions/0001-b.md": "", "docs/decisions/c.md": ""}
        found = self.found(rule, files)
        self.assertEqual(found, [("docs/decisions/0001-b.md", 1), ("docs/decisions/c.md", 1)])

    def test_a_requirement_that_is_named_exists(self):
        rule = traceability.named_requirement_exists
        requirements = "D-28\tM\tOne name, one address\n"
        right = {"docs/requirements.tsv": requirements, "a.rs": "// covers: D-28\nfn a() {}\n"}
        self.assertEqual(self.found(rule, right), [])
        wrong = right | {"a.py": "x = 1\n# covers: D-28, D-99\n", "b.rs": "// covers: D28\n"}
        self.assertEqual(self.found(rule, wrong), [("a.py", 2), ("b.rs", 1)])

    def test_what_is_not_proved_says_why(self):
        rule = traceability.state_is_what_the_tests_show
        requirements = "# D Of H.323\nD-1\tM\tOne\nD-2\tM\tTwo\nD-3\tM\tThree\n"
        tests = {"docs/requirements.tsv": requirements, "a.rs": "// covers: D-1, D-2\nfn a() {}\n"}
        path = "docs/requirements-state.tsv"
        right = "D-2\tpartly\thalf of it\nD-3\tlater\twith XMPP\n"
        self.assertEqual(self.found(rule, tests | {path: right}), [])
        self.assertEqual(self.found(rule, tests), [("docs/requirements.tsv", 4)])
        for line in ("D-1\tlater\twith XMPP", "D-3\tpartly\thalf of it", "D-3\tlater\tagain", "D-1\tpartly\t",
                     "D-1\tproved\tquite", "D-4\tlater\twith XMPP"):
            self.assertEqual(self.found(rule, tests | {path: right + line}), [(path, 3)], line)
        with tempfile.TemporaryDirectory() as root:
            for name, text in (tests | {path: right}).items():
                (Path(root) / name).parent.mkdir(exist_ok=True)
                (Path(root) / name).write_text(text)
            page = traceability.page(Tree.of_folder(root))
        self.assertIn("| D | 3 | 1 | 1 | 1 |", page)
        self.assertIn("| D-3 | M | Three | later: with XMPP |  |", page)

    def test_the_traceability_page_is_up_to_date(self):
        rule = traceability.page_is_up_to_date
        files = {"docs/requirements.tsv": "D-28\tM\tOne name\n", "a.rs": "// covers: D-28\n#[test]\nfn it_is() {}\n"}
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                (Path(root) / path).parent.mkdir(exist_ok=True)
                (Path(root) / path).write_text(text)
            page = traceability.page(Tree.of_folder(root))
        self.assertIn("it_is", page)
        self.assertEqual(self.found(rule, files | {"docs/traceability.md": page}), [])
        self.assertEqual(self.found(rule, files | {"docs/traceability.md": page + "\n"}), [("docs/traceability.md", 1)])

    def test_z_every_rule_was_tried(self):
        rules = {rule for module in (sources, arrows, documents, traceability) for rule in module.RULES}
        self.assertEqual({rule.__name__ for rule in rules - self.tried}, set())


if __name__ == "__main__":
    unittest.main()
