"""What exists in the repository: the yardstick for invented paths and symbols, and for names that mean one element."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable

import msgspec

from utils.evaluation.reading import Reading
from utils.mentions import LANGUAGE_NAMES, Mention, names_in_code
from utils.records import Analysis, CodeElement, Dependency

_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_FILE = re.compile(r"(?:[\w.@+-]+/)+[\w.@+-]*\w|[\w@+-]*\.[A-Za-z]\w*")
_BOUND = re.compile(
    r"(?:^[ \t]*|\bas[ \t]+|\bfor[ \t]+)([A-Za-z_]\w*)(?=[ \t]*(?::[^=\n]*)?=[^=]|:|[ \t]+in\b)", re.MULTILINE
)
_MEMBERS = frozenset(
    name for kind in (str, bytes, int, float, list, dict, set, tuple, Exception, type) for name in dir(kind)
)


class CheckedMention(msgspec.Struct):
    """A path or symbol that an answer names, and whether the repository (or Python) has it."""

    kind: str
    text: str
    exists: bool


class KnownNames:
    """Every path, element, parameter and identifier of one analysed repository.

    `sources` are further texts of the repository (its documents); what they name in code exists as well.
    """

    def __init__(self, analysis: Analysis, elements: Iterable[CodeElement], sources: Iterable[str] = ()) -> None:
        self._ids: set[str] = set()
        self._modules: set[str] = set()
        self._suffixes: Counter[tuple[bool, str]] = Counter()
        self._names: set[str] = set(LANGUAGE_NAMES) | set(sys.stdlib_module_names) | set(_MEMBERS)
        self._chains: set[str] = set()
        self._files: set[str] = set()
        self._module_paths: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._defined: set[str] = set()
        self._derived: set[str] = set()
        roots: set[str] = set()
        imported: set[str] = set()
        for element in elements:
            own = element.id.partition("#")[0].replace("#", "")
            roots.add(element.module.partition(".")[0])
            self._add_id(own, element.kind == "module")
            self._module_paths[element.module] = element.path
            if element.kind != "module":
                self._codes[element.id] = element.code
            self._defined.add(element.name)
            if element.bases:
                self._derived.add(element.name)
            self._names.update(parameter.name for parameter in element.parameters)
            imported.update(_IMPORT.findall(element.code))
            self._add_code("\n".join([*element.decorators, element.signature, element.code, element.docstring or ""]))
        for text in sources:
            self._add_code(text)
        for module, targets in analysis.imports.items():
            for name in (module, *targets):
                self._add_id(name, is_module=True)
        self._imports = analysis.imports
        project = analysis.project
        self._declared: dict[tuple[str, int], list[Dependency]] = {}
        for dependency in project.dependencies:
            self._declared.setdefault((dependency.path, dependency.line), []).append(dependency)
        self._targets = {(point.path, point.line): point.target for point in project.entry_points}
        self._names |= self._defined
        distributions = {dependency.name for dependency in project.dependencies}
        self._names.update(distributions, {name.replace("-", "_") for name in distributions})
        self._names.update({project.name, *(point.name for point in project.entry_points)})
        self._roots = frozenset(roots - {""})
        self._outside = (imported | set(sys.stdlib_module_names) | self._names & distributions) - self._roots
        self._paths = _path_suffixes(_all_paths(analysis))

    def denotes(self, name: str, element_id: str, loosely: bool = False) -> bool:
        """True when `name` means this element: its id, or an end of it that no other element of its sort shares.

        Modules and what they define are two sorts. `loosely`: the end may be shared.
        """
        wanted = element_id.partition("#")[0]
        if name == wanted:
            return True
        return wanted.endswith("." + name) and (loosely or self._suffixes[wanted in self._modules, name] <= 1)

    def path_of_module(self, module: str) -> str | None:
        """The file that makes this module; null where there is none (or `module` is no module)."""
        return self._module_paths.get(module)

    def path_of(self, element_id: str) -> str:
        """The file that an element stands in; empty for what is none."""
        return self._module_paths.get(self._module_of(element_id), "")

    def can_import(self, brought: str, element_id: str) -> bool:
        """True where `from a.b import c` (`brought` is `a.b.c`) gives this element: from its module or one above it.

        A package above must import from that module, be it through others; whether it passes this very name on is not
        known here.
        """
        package, _, name = brought.rpartition(".")
        module = self._module_of(element_id)
        if element_id.rpartition(".")[2] != name and not element_id.startswith(f"{module}.{name}."):
            return brought == module
        reached, waiting = {package}, [package]
        while waiting:
            fresh = set(self._imports.get(waiting.pop(), ())) - reached
            reached |= fresh
            waiting += fresh
        return module in reached

    def code_of(self, element_id: str) -> str:
        """The source of a definition; empty for modules and for what is no element."""
        return self._codes.get(element_id, "")

    def is_element(self, name: str) -> bool:
        """True for an element's id, or an end of one."""
        return name in self._ids or self._ends_an_id(name)

    def declared_at(self, path: str, line: int) -> list[Dependency]:
        """The dependencies that this line declares."""
        return self._declared.get((path, line), [])

    def target_at(self, path: str, line: int) -> str | None:
        """What the entry point declared at this line runs."""
        return self._targets.get((path, line))

    def has_path(self, path: str) -> bool:
        """True for a file or folder of the repository, an end of one (`mod.py`), or a file that its source names.

        `self.env` may look like a file and be an attribute.
        """
        return path.rstrip("/") in self._paths or path in self._files or self.has_symbol(path)

    def has_symbol(self, name: str) -> bool:
        """True for an element, a name of the source, or what belongs to Python or a library.

        A member of a class that derives from another need only be some name of the source: it may be inherited.
        """
        root, dot, rest = name.partition(".")
        if root in ("self", "cls") and dot:
            return rest.rpartition(".")[2] in self._names
        if name in self._names or name in self._chains or self.is_element(name):
            return True
        if not dot or root in self._roots:
            return False
        owner, _, last = name.rpartition(".")
        if owner.rpartition(".")[2] in self._derived:
            return last in self._names
        return root in self._outside or (root in self._names and root not in self._defined and last in _MEMBERS)

    def check(self, answer: Reading, question: Reading) -> list[CheckedMention]:
        """The distinct paths and symbols the answer names of its own accord, not repeating the question.

        In code only dotted names of the repository's own packages are judged: an example names its variables freely.
        Unmarked single words are not judged: a capitalised word of prose may be a product's name.
        """
        found: dict[tuple[str, str], bool] = {}
        for mention in answer.mentions:
            for kind, text in self._judged(mention):
                if text not in question.text:
                    found[kind, text] = self.has_path(text) if kind == "path" else self.has_symbol(text)
        return [CheckedMention(kind, text, exists) for (kind, text), exists in found.items()]

    def _judged(self, mention: Mention) -> list[tuple[str, str]]:
        if mention.kind == "path":
            return [("path", mention.text)]
        if mention.kind == "symbol" and (mention.marked or "." in mention.text or "_" in mention.text):
            return [("symbol", mention.text)]
        if mention.kind == "code":
            judged = self._roots - set(_BOUND.findall(mention.text))
            names = names_in_code(mention.text)
            return [("symbol", name) for name in names if "." in name and name.partition(".")[0] in judged]
        return []

    def _module_of(self, element_id: str) -> str:
        name = element_id
        while name and name not in self._module_paths:
            name = name.rpartition(".")[0]
        return name

    def _ends_an_id(self, name: str) -> bool:
        return (True, name) in self._suffixes or (False, name) in self._suffixes

    def _add_id(self, element_id: str, is_module: bool) -> None:
        if element_id in self._ids:
            return
        if is_module:
            self._modules.add(element_id)
        parts = element_id.split(".")
        for start in range(len(parts)):
            self._suffixes[is_module, ".".join(parts[start:])] += 1
        for end in range(1, len(parts)):
            self._chains.add(".".join(parts[:end]))
        self._ids.add(element_id)

    def _add_code(self, code: str) -> None:
        self._files.update(_FILE.findall(code))
        for name in names_in_code(code):
            parts = name.split(".")
            self._names.update(parts)
            if len(parts) > 1:
                self._chains.update(
                    ".".join(parts[start:end])
                    for start in range(len(parts) - 1)
                    for end in range(start + 2, len(parts) + 1)
                )


def _all_paths(analysis: Analysis) -> set[str]:
    project = analysis.project
    paths = {file.path for file in analysis.files} | {document.path for document in analysis.documents}
    paths |= {skipped.path for skipped in analysis.skipped} | set(project.test_paths)
    paths |= {item.path for item in project.dependencies} | {item.path for item in project.entry_points}
    paths |= {item.path for item in project.commands}
    return paths | {path for path in (project.license_path, project.description_path) if path}


def _path_suffixes(paths: Iterable[str]) -> frozenset[str]:
    """Every path, every folder above it, and every end of both at a slash."""
    whole: set[str] = set()
    for path in paths:
        parts = path.strip("/").split("/")
        whole.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return frozenset(
        "/".join(parts[start:]) for parts in (path.split("/") for path in whole) for start in range(len(parts))
    )
