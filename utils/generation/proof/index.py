"""The files of a repository as facts: read when first needed, found by module name, and asked across files."""

from __future__ import annotations

import re
import sys
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from utils.generation.proof.facts import Definition, FileFacts, Ref, Site
from utils.generation.proof.sources import PYTHON, Sources, dotted_path
from utils.generation.proof.tree import read_file

_WORD = re.compile(r"[^\W\d]\w*")
OUTSIDE = sys.stdlib_module_names | {"_typeshed"}  # what only type checkers have
_INSIDE = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)\.([\w.]+)", re.MULTILINE)
MOST_SITES = 200  # calls of one name; of `get` or `update` nothing can be told by following them all


class Index:
    """Facts by path, paths by module name, and what names the repository uses in which way."""

    def __init__(self, root: Path, name: str) -> None:
        self.sources = Sources(root)
        self.name = name
        self._facts: dict[str, FileFacts | None] = {}
        self._modules: dict[str, list[str]] = {}
        self._derived: dict[str, list[Definition]] = {}
        self._below: dict[tuple[str, str], bool] = {}
        self._calling: dict[str, list[tuple[str, int, Site]]] = {}
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
            if path.endswith(PYTHON):
                for name in set(_WORD.findall(self.sources.text(path) or "")):
                    found.setdefault(name, []).append(path)
        return found

    def facts(self, path: str) -> FileFacts | None:
        """What a Python file says; None where it is none, or does not parse."""
        if path not in self._facts:
            lines = self.sources.lines(path) if path.endswith((*PYTHON, ".pyi")) else None
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the repository's own odd escapes are not our user's concern
                    self._facts[path] = read_file(path, lines) if lines is not None else None
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._facts[path] = None
        return self._facts[path]

    def sites_calling(self, name: str) -> list[tuple[str, int, Site]]:
        """(path, index of the definition, site) for the calls whose target's last name is `name`, anywhere.

        Empty where there are so many that the name says nothing.
        """
        if name not in self._calling:
            found = []
            for path in self._mentioning.get(name, ()):
                facts = self.facts(path)
                for each in facts.definitions if facts else ():
                    found += [
                        (path, each.index, site) for site in each.sites if site.is_call and _named(site.ref) == name
                    ]
            self._calling[name] = found if len(found) <= MOST_SITES else []
        return self._calling[name]

    def _every_file(self) -> Iterator[FileFacts]:
        """What each Python file says that parses."""
        found = (self.facts(path) for path in self.sources.paths if path.endswith(PYTHON))
        return (facts for facts in found if facts is not None)

    @cached_property
    def assigned_attributes(self) -> frozenset[str]:
        """The attributes that code assigns on other objects than a method's own instance."""
        return frozenset(name for facts in self._every_file() for name in facts.assigned_attributes)

    @cached_property
    def fillers(self) -> frozenset[str]:
        """The names of functions that make what some `defaultdict` lacks."""
        refs = (ref for facts in self._every_file() for ref in facts.fillers)
        return frozenset(str(ref[-1]) for ref in refs if ref is not None and ref[0] in "an")

    @cached_property
    def of_properties(self) -> frozenset[str]:
        """The names that some `property(…)` takes."""
        found: set[str] = set()
        for facts in self._every_file():
            for each in facts.definitions:
                for ref in (*each.results, *(ref for bound in each.bindings.values() for ref in bound)):
                    if ref is not None and ref[0] == "p":
                        found.update(part[-1] for part in ref[1:] if part is not None and part[0] in "an")
        return frozenset(found)

    def binds_below(self, base: str, name: str) -> bool:
        """Whether a class derived from one called `base`, or another base of such a class, binds or assigns `name`."""
        if (base, name) not in self._below:
            below = self.derived(base)
            others = {_named(ref) for each in below for ref in each.base_refs} - {base}
            beside = [each for other in others for each in self._classes.get(other, ())]
            self._below[base, name] = any(name in each.bindings or name in each.attributes for each in below + beside)
        return self._below[base, name]

    def derived(self, base: str) -> list[Definition]:
        """The classes that name `base` among their bases, and those below them."""
        if base not in self._derived:
            found: list[Definition] = []
            names = [base]
            for name in names:  # those below are added on the way
                direct = [each for each in self._subclasses.get(name, ()) if each.name != name]
                found += direct
                names += dict.fromkeys(each.name for each in direct if each.name not in names)
            self._derived[base] = found
        return self._derived[base]

    @cached_property
    def _classes(self) -> dict[str, list[Definition]]:
        """Every class by its name."""
        found: dict[str, list[Definition]] = {}
        for path in self.sources.paths:
            facts = self.facts(path) if path.endswith(PYTHON) else None
            for each in facts.definitions if facts else ():
                if each.kind == "class":
                    found.setdefault(each.name, []).append(each)
        return found

    @cached_property
    def _subclasses(self) -> dict[str, list[Definition]]:
        """The last name of a base → the classes that derive from it."""
        found: dict[str, list[Definition]] = {}
        for each in [each for classes in self._classes.values() for each in classes]:
            for ref in each.base_refs:
                if base := _named(ref[1] if ref is not None and ref[0] == "s" else ref):
                    found.setdefault(base, []).append(each)
        return found

    def modules(self, name: str) -> list[str]:
        """The files that a module name may stand for, best first."""
        if name not in self._modules:
            found = self.sources.modules(name)
            own, _, rest = name.partition(".")
            if self.sources.exists("__init__.py") and own in self.root_names:
                found = [*self._at_root(rest or "__init__"), *found]
            if not found and name.endswith("_"):
                found = self.sources.modules(name.rstrip("_"))
            self._modules[name] = found
        return self._modules[name]

    def _at_root(self, module: str) -> list[str]:
        return [path for path in self.sources.modules(module) if dotted_path(path) == module]

    @cached_property
    def root_names(self) -> set[str]:
        """What a repository that is itself a package may be imported as: its name, and what its files say most."""
        said: Counter[tuple[str, str]] = Counter()  # the first part and the rest, of each module on the way, too
        for path in self.sources.paths:
            text = self.sources.text(path) if path.endswith(PYTHON) else None
            for first, rest in _INSIDE.findall(text or ""):
                if first not in OUTSIDE and first not in self.sources.folders:
                    parts = rest.split(".")
                    said.update((first, ".".join(parts[:size])) for size in range(1, len(parts) + 1))
        counts: Counter[str] = Counter()
        known: Counter[str] = Counter()  # of a library only some modules that are imported are found here, too
        for (first, rest), times in said.items():
            is_here = bool(self._at_root(rest))
            counts[first] += times * is_here
            known[first] += 1 if is_here else -1
        own = Counter({name: count for name, count in counts.items() if known[name] > 0})
        return {re.sub(r"\W", "_", self.name), *(name for name, _ in own.most_common(1))}

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
        files = [f"{base}/__init__.py" if base else "__init__.py", *(f"{base}{suffix}" for suffix in PYTHON)]
        found = [path for path in files if self.sources.exists(path)]
        if not found and self.sources.exists(f"{base}.pyi"):
            found = [f"{base}.pyi"]
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
        inside = {path.rpartition("/")[0] for path in self.sources.paths if path.endswith(PYTHON)}
        return sorted(
            each for each in self.sources.folders if each and any(f"{i}/".startswith(f"{each}/") for i in inside)
        )

    def submodule(self, path: str, name: str) -> list[str]:
        """The files of module `name` inside the package whose file or folder is `path`."""
        if path.endswith("/"):
            return self._inside(path[:-1], name)
        return self._inside(path.rpartition("/")[0], name) if path.rpartition("/")[2].startswith("__init__.") else []


def _named(ref: Ref) -> str:
    """`f` of `f(…)`, `m.f(…)` and of the decorator factory `f(…)(…)`."""
    while ref is not None and ref[0] == "c":
        ref = ref[1]
    return str(ref[-1]) if ref is not None and ref[0] in "an" else ""
