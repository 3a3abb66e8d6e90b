"""The files that are checked."""

import subprocess
from pathlib import Path

CODE = (".rs", ".py", ".sh", ".js", ".css", ".html", ".play")
TEXT = (*CODE, ".md", ".toml", ".yml", ".yaml", ".service")


class Tree:
    """A set of files below a root, read once."""

    def __init__(self, root, paths):
        self.root = Path(root)
        self.paths = sorted(paths)
        self._texts = {}

    @classmethod
    def of_git(cls, root):
        """What git tracks and is there."""
        # The clone may be another user's, as in continuous integration.
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE).stdout
        paths = [path for path in listed.decode().split("\0") if path]
        return cls(root, [path for path in paths if (Path(root) / path).is_file()])

    @classmethod
    def of_folder(cls, root):
        """Every file below a folder; for the self-tests."""
        root = Path(root)
        return cls(root, [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()])

    def text(self, path):
        """The text of a file; empty for one that is not text."""
        if path not in self._texts:
            octets = (self.root / path).read_bytes()
            binary = b"\0" in octets[:4096]
            self._texts[path] = "" if binary else octets.decode(errors="replace")
        return self._texts[path]

    def lines(self, path):
        """The lines of a file, numbered from one."""
        return enumerate(self.text(path).splitlines(), start=1)

    def is_script(self, path):
        return "." not in Path(path).name and self.text(path).startswith("#!")

    def code(self):
        """Programs: sources and scripts, without those a generator wrote."""
        for path in self.paths:
            if (path.endswith(CODE) or self.is_script(path)) and "generated" not in Path(path).parts:
                yield path

    def prose_and_code(self):
        """Everything that people write."""
        for path in self.paths:
            if (path.endswith(TEXT) or self.is_script(path)) and "generated" not in Path(path).parts:
                yield path

    def rust(self):
        return (path for path in self.code() if path.endswith(".rs"))

    def python(self):
        for path in self.code():
            first = self.text(path).partition("\n")[0]
            if path.endswith(".py") or (self.is_script(path) and "python" in first):
                yield path
