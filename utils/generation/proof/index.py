"""The files of a repository as facts: read when first needed, found by module name, and asked across files."""

from __future__ import annotations

import re
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from utils.generation.proof.facts import FileFacts
from utils.generation.proof.handing import LAMBDA
from utils.generation.proof.sources import Sources, dotted_path
from utils.generation.proof.tree import read_file

_WORD = re.compile(r"[^\W\d]\w*")
MOST_PASSERS = 30


class Index:
    """Facts by path, paths by module name, and what names the repository uses in which way."""

    def __init__(self, root: Path, name: str) -> None:
        self.sources = Sources(root)
        self.name = name
        self._facts: dict[str, FileFacts | None] = {}
        self._modules: dict[str, list[str]] = {}
        self._decorated: dict[str, frozenset[str]] = {}
        self._handed: dict[tuple[str, str, str], bool] = {}
        self._passers: dict[str, frozenset[str]] = {}
        self.dependencies: dict[str, list[str]] | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name-like token of every text file, and every part of every path: what can not be called absent."""
        found: set[str] = set()
        for path in self.sources.paths:
            found.update(_WORD.findall(path))
            found.update(path.split("/"))
            if text := self.sources.text(path):
                found.update(_WORD.findall(text))
                if not text.isascii():
                    found.update(_WORD.findall(unicodedata.normalize("NFKC", text)))
        return frozenset(found)

    @cached_property
    def _mentioning(self) -> dict[str, list[str]]:
        """Name → the Python files it occurs in."""
        found: dict[str, list[str]] = {}
        for path in self.sources.paths:
            if path.endswith(".py"):
                for name in set(_WORD.findall(self.sources.text(path) or "")):
                    found.setdefault(name, []).append(path)
        return found

    def facts(self, path: str) -> FileFacts | None:
        """What a Python file says; None where it is none, or does not parse."""
        if path not in self._facts:
            lines = self.sources.lines(path) if path.endswith((".py", ".pyi")) else None
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the repository's own odd escapes are not our user's concern
                    self._facts[path] = read_file(path, lines) if lines is not None else None
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._facts[path] = None
        return self._facts[path]

    def is_handed(self, path: str, name: str, where: str) -> bool:
        """Whether `name`, defined in `path`, is passed to a call of `where`, or is "stored" or "returned" somewhere.

        A lambda has no name that others could use: only its own file can hand it on.
        """
        key = (path if name == LAMBDA else "", name, where)
        if key not in self._handed:
            paths = [path] if key[0] else [path, *self._mentioning.get(name, ())]
            found = (self.facts(each) for each in paths)
            self._handed[key] = any((where, name) in facts.handed for facts in found if facts is not None)
        return self._handed[key]

    def passers(self, function: str) -> frozenset[str]:
        """The functions that pass one of their own parameters on to a call of `function`, and those they lie in.

        Empty where there are so many that the name says nothing.
        """
        if function not in self._passers:
            found = (self.facts(each) for each in self._mentioning.get(function, ()))
            names = frozenset(name for facts in found if facts for name in _passing(facts, function))
            self._passers[function] = names if len(names) <= MOST_PASSERS else frozenset()
        return self._passers[function]

    def keepers(self, path: str) -> frozenset[str]:
        """The functions of a file that put one of their own parameters into a container."""
        facts = self.facts(path)
        return frozenset(_passing(facts, "stored")) if facts is not None else frozenset()

    def decorated_by(self, decorator: str) -> frozenset[str]:
        """The names that a decorator of this name stands on, and those assigned what it returns."""
        if decorator not in self._decorated:
            paths = self._mentioning.get(decorator, ())
            found = [facts for path in paths if (facts := self.facts(path)) is not None]
            self._decorated[decorator] = frozenset(
                each.name
                for facts in found
                for each in facts.definitions
                if any(text.partition("(")[0].rpartition(".")[2] == decorator for text in each.decorators)
            ) | {name for facts in found for name in _made_by(facts, decorator)}
        return self._decorated[decorator]

    def modules(self, name: str) -> list[str]:
        """The files that a module name may stand for, best first."""
        if name not in self._modules:
            found = self.sources.modules(name)
            if not found and self.sources.exists("__init__.py"):
                own, _, rest = name.partition(".")
                if own == "".join(c if c.isalnum() else "_" for c in self.name):
                    found = [
                        p for p in self.sources.modules(rest or "__init__") if dotted_path(p) in (rest, "__init__")
                    ]
            if not found and name.endswith("_"):
                found = self.sources.modules(name.rstrip("_"))
            self._modules[name] = found
        return self._modules[name]

    def locate(self, element: str) -> Iterator[tuple[str, str]]:
        """(path, name inside the module) for every way to read a dotted id; the longest module name first."""
        parts = element.split(".")
        for size in range(len(parts), 0, -1):
            for path in self.modules(".".join(parts[:size])):
                yield path, ".".join(parts[size:])

    # --- imports -----------------------------------------------------------------------------------------------------

    def absolute(self, path: str, module: str, level: int) -> list[str]:
        """The files and folders that `from <level dots><module>` in `path` can mean."""
        folder = path.rpartition("/")[0]
        if level == 0 and module.partition(".")[0] in sys.stdlib_module_names:
            return [each for each in self.modules(module) if each.rpartition("/")[0] == folder]
        if level == 0:
            return self.modules(module) or self.namespaces(module)
        for _ in range(level - 1):
            folder = folder.rpartition("/")[0]
        return self._inside(folder, module)

    def _inside(self, folder: str, module: str) -> list[str]:
        base = "/".join(part for part in [folder, *module.split(".")] if part)
        files = [f"{base}/__init__.py" if base else "__init__.py", f"{base}.py", f"{base}.pyi"]
        found = [path for path in files if self.sources.exists(path)]
        return found or ([base + "/"] if base in self.sources.folders else [])

    def namespaces(self, module: str) -> list[str]:
        """The folders, each with a last `/`, that are packages of that name without an `__init__.py`."""
        tail = module.replace(".", "/")
        fitting = (each for each in self._python_folders if each == tail or each.endswith("/" + tail))
        return sorted(
            f"{each}/"
            for each in fitting
            if not self.sources.exists(f"{each}/__init__.py")
            and not self.sources.exists(f"{each.removesuffix(tail)}__init__.py".lstrip("/"))
        )

    @cached_property
    def _python_folders(self) -> list[str]:
        inside = {path.rpartition("/")[0] for path in self.sources.paths if path.endswith(".py")}
        return sorted(
            each for each in self.sources.folders if each and any(f"{i}/".startswith(f"{each}/") for i in inside)
        )

    def submodule(self, path: str, name: str) -> list[str]:
        """The files of module `name` inside the package whose file or folder is `path`."""
        if path.endswith("/"):
            return self._inside(path[:-1], name)
        return self._inside(path.rpartition("/")[0], name) if path.rpartition("/")[2].startswith("__init__.") else []


def _passing(facts: FileFacts, function: str) -> Iterator[str]:
    passed = {name for where, name in facts.handed if where == function}
    for definition in facts.definitions:
        owner = definition if passed & definition.annotations.keys() else None
        while owner is not None and owner.kind == "function":
            yield owner.name
            owner = owner.parent


def _made_by(facts: FileFacts, function: str) -> Iterator[str]:
    """The names that are assigned the result of calling `function`."""
    for definition in facts.definitions:
        for name, refs in definition.bindings.items():
            if any(ref is not None and ref[0] == "c" and ref[1] and ref[1][-1] == function for ref in refs):
                yield name
