"""The module name of every Python file: found from packages, build files and the repository's own imports.

A package's name begins where the folders with an `__init__.py` begin. What the folder above is called is open:
`src/pkg` is `pkg` where `src` is an import root and `src.pkg` where the code says `import src.pkg`; `company/pkg`
without `company/__init__.py` is `pkg` or `company.pkg`. So each possible name is scored by how many files of the
repository import it; the highest score wins. Without a verdict the nearest import root above says it that the build
files declare (`package_dir`, `where`, `from`, `pythonpath`, …), or `src` beside one; where there is none a package
starts at its own folder, and a file outside any package is named from the repository's root. Files in one folder that
import each other by bare name make that folder an import root.

No two files ever share a name: of two services with a package `app` each, one is named from the repository's root, and
what lies beside it imports `app` from there first.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from posixpath import basename, dirname

import msgspec

IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\.|[A-Za-z_][\w.]*)", re.MULTILINE)
RELATIVE = "."  # in the place of a name: the file imports from the package that it is in
OUTSIDE = sys.stdlib_module_names | {"_typeshed"}
SURE = 3  # names that say what a package is called, though its own `__init__.py` does without
DEEP = 50  # parts of a name that count
TESTS = frozenset({"test", "tests", "testing"})
ROOT_NAMES = frozenset({"src", "lib", "python", "source"})


def imported_names(source: bytes) -> set[str]:
    """The absolute dotted names in a file's import statements, and RELATIVE. Lines of docstrings that look alike do no
    harm."""
    return {name.decode("ascii", "ignore") for name in IMPORT.findall(source)}


class Naming(msgspec.Struct, array_like=True, frozen=True):
    """`modules` is {path: module}. `local_roots` are the import roots of which what they hold goes by a longer name,
    for others have the short one; what lies below them imports from them first."""

    modules: dict[str, str] = {}
    local_roots: list[str] = []


def name_modules(
    imports: Mapping[str, Iterable[str]], declared: Iterable[str] = (), name: str = "", likely: Iterable[str] = ()
) -> Naming:
    """The names of the Python files that are the keys of `imports` ({path: dotted names it imports}).

    `declared` are folders ("" is the root) that the build files name as import roots, `likely` those that they mean
    unless the code says otherwise; `name` is the repository's, which a repository that is itself a package
    (`__init__.py` at its root) is imported by.
    """
    return _Namer(imports, set(declared), name, set(likely)).naming()


class _Namer:
    def __init__(self, imports: Mapping[str, Iterable[str]], declared: set[str], name: str, likely: set[str]) -> None:
        self.paths = sorted(imports)
        self.declared = declared
        self.likely = likely
        self.local_roots: set[str] = set()
        self.repository = re.sub(r"\W", "_", name)
        self.packages = {dirname(path) for path in self.paths if basename(path) == "__init__.py"}
        self.mentions: Counter[str] = Counter()
        self.siblings: defaultdict[str, set[str]] = defaultdict(set)
        self.askers: defaultdict[str, set[str]] = defaultdict(set)  # first part of a name → folders that import it
        for path in self.paths:
            dotted = {
                ".".join(parts[:n]) for parts in map(_split, imports[path]) for n in range(1, min(len(parts), DEEP) + 1)
            }
            self.mentions.update(dotted)
            self.siblings[dirname(path)].update(imports[path])
            for said in imports[path]:
                self.askers[said.split(".")[0]].add(dirname(path))
        if "" in self.packages and (called := self._called(RELATIVE in imports["__init__.py"])) is not None:
            self.repository = called

    def naming(self) -> Naming:
        units: defaultdict[str, list[str]] = defaultdict(list)  # top-level package folder, or folder of loose files
        for path in self.paths:
            units[self._unit(dirname(path))].append(path)
        chosen: dict[str, str | None] = {unit: self._package_root(unit) for unit in units if unit in self.packages}
        customary = {root for root in chosen.values() if root and basename(root) in ROOT_NAMES}
        roots = self.declared | self.likely | customary
        chosen |= {unit: self._loose_root(unit, units[unit], roots) for unit in units if unit not in self.packages}
        return Naming(self._without_clashes(units, chosen, roots), sorted(self.local_roots))

    def _unit(self, folder: str) -> str:
        """The outermost package that `folder` lies in, or the folder itself."""
        unit = folder
        while folder in self.packages and folder not in self.declared:
            unit = folder
            if folder == "":
                break
            folder = dirname(folder)
        return unit

    def _package_root(self, package: str) -> str | None:
        """The import root of a top-level package: the ancestor folder by which the repository imports it."""
        if package == "":
            return None if self.repository else ""
        parent = dirname(package)
        if parent in self.declared:
            return parent
        best = self._best([package], _ancestors(parent))
        if best is not None:
            return best
        if _dotted(package, parent) in sys.stdlib_module_names:
            return ""
        roots = self.declared | self.likely
        return next((root for root in _ancestors(parent) if root and root in roots), parent)

    def _called(self, relative: bool) -> str | None:
        """What a repository that is itself a package is imported as; empty where its files are imported by names of
        their own (not where the package's `__init__.py` imports relatively), null where nothing says it."""
        inner = {_dotted(path, "") for path in self.paths}
        scores: Counter[str] = Counter()
        own: Counter[str] = Counter()  # by first part, how many names are those of files, beyond those that are not
        for dotted, count in self.mentions.items():
            first, _, rest = dotted.partition(".")
            if first not in OUTSIDE:
                scores[""] += count * (dotted in inner and not relative)
                scores[first] += count * (rest in inner)
                own[first] += 1 if rest in inner else -1 if rest else 0
        enough = SURE if relative else 1
        for first, more in own.items():
            if more < enough and first != self.repository:  # a library with modules of the same names
                del scores[first]
        best = max(scores, key=lambda name: (scores[name], not name), default="")
        return best if scores[best] else None

    def _loose_root(self, folder: str, paths: list[str], roots: set[str]) -> str:
        """The import root of the files directly in a folder that is no package."""
        if folder in self.declared:
            return folder
        bare = {_dotted(path, folder) for path in paths} - sys.stdlib_module_names
        here = len(bare & {dotted.split(".")[0] for dotted in self.siblings[folder]})
        best = self._best(paths, _ancestors(dirname(folder)) if folder else [])
        if best is not None and self._score(paths, best) >= here:
            return best
        if here:
            return folder
        return next((root for root in _ancestors(folder) if root in roots), "")

    def _best(self, paths: list[str], candidates: list[str]) -> str | None:
        """The candidate root under whose names `paths` are imported most; the innermost of equals, null if none is."""
        scored = [(self._score(paths, root), root) for root in candidates]
        best = max(scored, key=lambda item: item[0], default=(0, ""))
        return best[1] if best[0] else None

    def _score(self, paths: list[str], root: str) -> int:
        dotted = {_dotted(path, root) for path in paths}
        return sum(self.mentions[name] for name in dotted if name not in sys.stdlib_module_names)

    def _means_another(self, folder: str, name: str) -> bool:
        """Whether the name of a loose file means something else outside its folder: a module of Python's, or what files
        elsewhere import by that name, as `examples/numpy.py` is not what the package imports."""
        inside = (f"{other}/".startswith(f"{folder}/") for other in self.askers.get(name, ()))
        return name in sys.stdlib_module_names or not all(inside)

    def _without_clashes(
        self, units: Mapping[str, list[str]], chosen: dict[str, str | None], roots: set[str]
    ) -> dict[str, str]:
        """Two units want one name: packages go first, then what a build file vouches for, then what lies shallowest."""
        order = sorted(
            units,
            key=lambda unit: (unit not in self.packages, chosen[unit] not in self.declared, unit.count("/"), unit),
        )
        names: dict[str, str] = {}
        taken: set[str] = set()
        for unit in order:
            root = chosen[unit]
            wanted = {path: self._name(path, root) for path in sorted(units[unit], key=_package_first)}
            if unit not in self.packages and root == unit != "" and root not in roots:
                hidden = [path for path, module in wanted.items() if self._means_another(unit, module)]
                wanted |= {path: self._name(path, "") for path in hidden}
            if root != "" and not taken.isdisjoint(wanted.values()):
                if root and self._is_local(root, set(wanted.values()), taken):
                    self.local_roots.add(root)
                wanted = {path: self._name(path, "") for path in wanted}
            for path, module in wanted.items():
                while module in taken:  # `a.py` beside `a/__init__.py`, or `a.b.py` beside `a/b.py`
                    module += "_"
                taken.add(module)
                names[path] = module
        return names

    def _is_local(self, root: str, own: set[str], others: set[str]) -> bool:
        """Whether what lies below a root means these modules and not others of the same names: it imports more that
        only these have, or as much, but for tests, whose folders are often called like the package that they test."""
        first = {name.split(".")[0] for name in own}
        below = [folder for folder in self.siblings if folder == root or folder.startswith(f"{root}/")]
        said = {name for folder in below for name in self.siblings[folder] if name.split(".")[0] in first}
        more = sum((name in own) - (name in others) for name in said)
        return more > 0 or (more == 0 and TESTS.isdisjoint(root.split("/")))

    def _name(self, path: str, root: str | None) -> str:
        if root is None:
            inner = _dotted(path, "")
            return self.repository if inner == "__init__" else f"{self.repository}.{inner}"
        return _dotted(path, root)


def roots_of(path: str, local_roots: Iterable[str]) -> tuple[str, ...]:
    """The local roots above a file as dotted names, the innermost first."""
    above = sorted((root for root in local_roots if path.startswith(f"{root}/")), key=len, reverse=True)
    return tuple(root.replace("/", ".") for root in above)


def _package_first(path: str) -> tuple[bool, str]:
    return basename(path) != "__init__.py", path


def _split(dotted: str) -> list[str]:
    return [part for part in dotted.split(".") if part]


def _ancestors(folder: str) -> list[str]:
    """The folder itself, then each folder above it, the root ("") last."""
    found = [folder]
    while found[-1]:
        found.append(dirname(found[-1]))
    return found


def _dotted(path: str, root: str) -> str:
    """The dotted name of a file or package folder as seen from `root`."""
    inner = path[len(root) + 1 :] if root else path
    inner = inner.removesuffix(".py").removesuffix(".pyw").removesuffix("/__init__")
    return inner.replace("/", ".")
