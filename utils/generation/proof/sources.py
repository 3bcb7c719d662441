"""The files of a checkout, their lines, and which dotted module name leads to which file."""

from __future__ import annotations

import os
import re
import subprocess
import tokenize
from collections import defaultdict
from functools import cached_property
from pathlib import Path

import pathspec

ROOT_FOLDERS = frozenset({"src", "lib", "python", "source", "sources"})
PYTHON = (".py", ".pyw")
UNTRACKED = frozenset({".git", "__pycache__", ".venv", "site-packages", "node_modules"})
TEXT_LIMIT = 20_000_000  # bytes; a larger file is data, and no statement about its content is proven


class Sources:
    """Lazy access to the files under `root`; texts are kept once read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lines: dict[str, list[str] | None] = {}
        self._texts: dict[str, str | None] = {}
        self._importable: dict[str, bool] = {}

    @cached_property
    def paths(self) -> list[str]:
        """Every file that git would track, symbolic links aside, posix and sorted."""
        listed = subprocess.run(
            ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if listed.returncode == 0 and listed.stdout:
            names = set(os.fsdecode(listed.stdout).split("\0")) - {""}
            return sorted(name for name in names if _is_file(self.root / name))
        return sorted(name for name in self._walk() if _is_file(self.root / name))

    def _walk(self) -> list[str]:
        """The files outside a checkout that git would track in one: those that no `.gitignore` on their way ignores."""
        found: list[str] = []
        rules: list[tuple[str, pathspec.GitIgnoreSpec]] = []
        for folder, folders, files in os.walk(self.root):
            base = os.path.relpath(folder, self.root).replace(os.sep, "/") + "/"
            base = base.removeprefix("./")
            if ".gitignore" in files:
                with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as stream:
                    rules += [(base, spec) for line in stream if (spec := _spec(line)) is not None]
            folders[:] = [n for n in folders if n not in UNTRACKED and not _is_ignored(f"{base}{n}/", rules)]
            found += [base + name for name in files if not _is_ignored(base + name, rules)]
        return found

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, directly or not; the root itself is ``""``."""
        return frozenset(
            path[:cut] for path in self.paths for cut in [0, *(match.start() for match in re.finditer("/", path))]
        )

    def exists(self, path: str) -> bool:
        """True for a file of the checkout; a path that leaves the root does not exist."""
        full = self.root / path
        return ".." not in Path(path).parts and not path.startswith("/") and os.path.isfile(full)

    def lines(self, path: str) -> list[str] | None:
        """The lines of a text file without their ends; None where it cannot be read."""
        if path not in self._lines:
            text = self.text(path)
            self._lines[path] = None if text is None else text.removesuffix("\n").split("\n")
        return self._lines[path]

    def text(self, path: str) -> str | None:
        """A text file in its declared encoding, with `\\n` for every line end; None where it cannot be read."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        if not self.exists(path) or os.path.getsize(self.root / path) > TEXT_LIMIT:
            return None
        try:
            if path.endswith((*PYTHON, ".pyi")):
                with tokenize.open(self.root / path) as stream:
                    return stream.read()
            return (self.root / path).read_text(encoding="utf-8-sig", errors="replace")
        except (OSError, SyntaxError, UnicodeDecodeError):
            return None

    @cached_property
    def _by_tail(self) -> dict[str, list[str]]:
        """Last part of a module's name → the Python files that may be it."""
        tails: defaultdict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            if path.endswith((*PYTHON, ".pyi")):
                tails[dotted_path(path).rpartition(".")[2]].append(path)
        return tails

    def modules(self, name: str) -> list[str]:
        """The files that `import name` may load, best first; empty when it is no module of this repository."""
        found = []
        for path in self._by_tail.get(name.rpartition(".")[2], ()):
            dotted = dotted_path(path)
            if path.endswith(".pyi") and self.exists(path[:-1]):
                continue  # a stub beside the module, for type checkers only
            if dotted == name or dotted.endswith("." + name):
                depth = len(dotted) - len(name)
                if self._may_be_root(path, dotted[:depth].rstrip("."), name):
                    found.append(path)
        return sorted(found, key=lambda path: (path.endswith(".pyi"), path.count("/"), path))

    def _may_be_root(self, path: str, prefix: str, name: str) -> bool:
        """Whether the folder before `name` can be an import root: no package itself, and no `src` left in the name."""
        folder = path[: len(prefix)] if prefix else ""
        if folder and self.exists(f"{folder}/__init__.py"):
            return False
        first, _, rest = name.partition(".")
        container = f"{folder}/{first}" if folder else first
        if not rest or first not in ROOT_FOLDERS or self.exists(f"{container}/__init__.py"):
            return True
        return self._is_imported(first)

    def _is_imported(self, first: str) -> bool:
        """Whether some file of the repository imports from a top-level package called `first`."""
        if first not in self._importable:
            statement = re.compile(rf"^\s*(?:from|import)\s+{re.escape(first)}\b", re.MULTILINE)
            self._importable[first] = any(
                statement.search(self.text(path) or "") for path in self.paths if path.endswith(PYTHON)
            )
        return self._importable[first]


def _spec(line: str) -> pathspec.GitIgnoreSpec | None:
    """One line of a `.gitignore`; None for what is no pattern, which git passes over."""
    try:
        return pathspec.GitIgnoreSpec.from_lines([line])
    except ValueError:
        return None


def _is_file(path: Path) -> bool:
    return os.path.isfile(path) and not os.path.islink(path)


def _is_ignored(path: str, rules: list[tuple[str, pathspec.GitIgnoreSpec]]) -> bool:
    """What the last line of the deepest `.gitignore` says that says anything of `path`."""
    for base, spec in reversed(rules):
        if path.startswith(base) and (said := spec.check_file(path[len(base) :]).include) is not None:
            return said
    return False


def dotted_path(path: str) -> str:
    """`src/pkg/mod.py` → `src.pkg.mod`, `pkg/__init__.py` → `pkg`."""
    stem = path.removesuffix(".pyi").removesuffix(".pyw").removesuffix(".py")
    return stem.removesuffix("/__init__").replace("/", ".")
