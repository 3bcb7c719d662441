"""What a dotted name in a module stands for, through imports and re-exports.

`Definitions` are those of the whole repository. `Names` asks them on behalf of one file and keeps account: what was
asked, what was answered, and in which modules the answer was looked for. While those modules' names stay the same, so
do the answers, and with them all that follows from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from utils.analysis.outline import Outline
from utils.analysis.packing import Sheet

MAX_HOPS = 20  # re-exports of re-exports

Looked = tuple[str, str, str, str | None]  # what kind of question, what it is about (two texts), the answer


class Seen(NamedTuple):
    """What one file may know of a definition in another: nothing that changes where lines only move."""

    kind: str
    name: str
    module: str
    path: str


class Table:
    """One module: its definitions by id, and what its imports bind."""

    def __init__(self, path: str, sheet: Sheet) -> None:
        notes = sheet.notes
        self.path = path
        self.elements: dict[str, Outline] = {outline.id: outline for outline in sheet.outlines}
        self.keepers = frozenset(notes.keepers)
        self.instances = {instance.name: instance.of for instance in notes.instances}
        self.stars = [item.module for item in notes.imports if item.local == "*"]
        self.bound: dict[str, set[tuple[str, str | None]]] = {}
        for item in notes.imports:
            if item.local != "*":
                self.bound.setdefault(item.local, set()).add((item.module, item.name))


class Definitions:
    """The modules of a repository ({name: path}), each read by `sheet_of` when it is first asked for."""

    def __init__(
        self, modules: Mapping[str, str], sheet_of: Callable[[str], Sheet], inheritance: Mapping[str, Sequence[str]]
    ) -> None:
        self.modules, self.inheritance = modules, inheritance
        self._sheet_of = sheet_of
        self._tables: dict[str, Table] = {}
        self._homes: dict[str, tuple[Table, str] | None] = {}

    def table(self, module: str) -> Table | None:
        """A module of the repository; null for any other."""
        if module not in self.modules:
            return None
        if module not in self._tables:
            path = self.modules[module]
            self._tables[module] = Table(path, self._sheet_of(path))
        return self._tables[module]

    def home(self, element: str) -> tuple[Table, str] | None:
        """The module that defines an element: the innermost one that its id begins with."""
        if element not in self._homes:
            self._homes[element] = self._home(element)
        return self._homes[element]

    def _home(self, element: str) -> tuple[Table, str] | None:
        for name in prefixes(element):
            table = self.table(name)
            if table is not None and element in table.elements:
                return table, name
        return None


class Names:
    """Resolves names to element ids for one file. A name that could stand for several things stands for none.

    `looked` are the questions and their answers, `consulted` the names of all modules that have a say in them, those
    that do not exist included.
    """

    def __init__(self, definitions: Definitions) -> None:
        self.looked: dict[tuple[str, str, str], str | None] = {}
        self.consulted: set[str] = set()
        self._definitions = definitions
        self._known: dict[tuple[str, str, int], str | None] = {}
        self._seen: dict[str, Seen | None] = {}

    def still(self, looked: Iterable[Looked]) -> bool:
        """True where all questions have the answers they had."""
        for kind, about, name, answer in looked:
            ask = getattr(self, kind)
            ask(about) if kind in ("element", "keeps") else ask(about, name)
            if self.looked[kind, about, name] != answer:
                return False
        return True

    def element(self, element: str) -> Seen | None:
        """The definition with this id."""
        if element not in self._seen:
            seen = self._seen[element] = self._find(element)
            self.looked["element", element, ""] = "\0".join(seen) if seen else None
        return self._seen[element]

    def keeps(self, function: str) -> bool:
        """True for a function that keeps one of its arguments: see `ModuleNotes.keepers`."""
        home = self._definitions.home(function)
        keeps = home is not None and function in home[0].keepers
        self.consulted.update([home[1]] if home else prefixes(function))
        self.looked["keeps", function, ""] = "yes" if keeps else None
        return keeps

    def called(self, callee: str) -> str:
        """The id under which a reader knows what is called: the class for its constructor."""
        if not callee.endswith((".__init__", ".__new__")):
            return callee
        owner = callee.rpartition(".")[0]
        found = self.element(owner)
        return owner if found is not None and found.kind == "class" else callee

    def resolve(self, module: str, dotted: str) -> str | None:
        """The id of what `dotted` means at the top of `module`; null where it is not of this repository."""
        key = ("resolve", module, dotted)
        if key not in self.looked:
            self.looked[key] = self._resolve(module, dotted)
        return self.looked[key]

    def imported(self, module: str, name: str | None) -> str | None:
        """The id of what an import statement binds: `name` of `module`, or the module itself where that is null."""
        key = ("imported", module, name or "")
        if key not in self.looked:
            self.looked[key] = self._follow(module, name or None, MAX_HOPS + 1)
        return self.looked[key]

    def member(self, owner: str, name: str) -> str | None:
        """The id of `owner.name`: a module's content, or a class's attribute, inherited ones by their definition.

        Of a constant that was made by calling a class it is the class's attribute.
        """
        key = ("member", owner, name)
        if key not in self.looked:
            self.looked[key] = self._member(owner, name)
        return self.looked[key]

    def _find(self, element: str) -> Seen | None:
        home = self._definitions.home(element)
        if home is None:
            self.consulted.update(prefixes(element))
            return None
        table, module = home
        self.consulted.add(module)
        outline = table.elements[element]
        return Seen(outline.kind, outline.name, module, table.path)

    def _kind(self, element: str) -> str | None:
        found = self._find(element)
        return found.kind if found else None

    def _resolve(self, module: str, dotted: str) -> str | None:
        head, *rest = dotted.split(".")
        found = self._lookup(module, head, MAX_HOPS)
        for part in rest:
            found = self._member(found, part) if found else None
        return found

    def _member(self, owner: str, name: str) -> str | None:
        if self._is_module(owner):
            return self._lookup(owner, name, MAX_HOPS)
        instance = self._instance(owner)
        if instance is not None:
            made_by = self._resolve(*instance)
            if made_by is None or self._instance(made_by) is not None or self._kind(made_by) != "class":
                return None
            owner = made_by
        seen: set[str] = set()
        pending = [owner]
        while pending:
            current = pending.pop(0)
            if self._find(f"{current}.{name}"):
                return f"{current}.{name}"
            if current not in seen:
                seen.add(current)
                pending += self._definitions.inheritance.get(current, ())
        return None

    def _instance(self, element: str) -> tuple[str, str] | None:
        """(module, what is called there) where a module's name is assigned once, from a call."""
        module, _, name = element.rpartition(".")
        table = self._table(module)
        return (module, table.instances[name]) if table is not None and name in table.instances else None

    def _table(self, module: str) -> Table | None:
        self.consulted.add(module)
        return self._definitions.table(module)

    def _is_module(self, name: str) -> bool:
        self.consulted.add(name)
        return name in self._definitions.modules

    def _lookup(self, module: str, name: str, hops: int) -> str | None:
        """Remembered by its hops: modules that import all of each other would be gone through in every order."""
        key = (module, name, hops)
        if key not in self._known:
            self._known[key] = self._search(module, name, hops)
        return self._known[key]

    def _search(self, module: str, name: str, hops: int) -> str | None:
        own = f"{module}.{name}"
        table = self._table(module)
        if table is not None:
            if own in table.elements:
                return own
            found = {self._follow(target, attribute, hops) for target, attribute in table.bound.get(name, ())}
            if not found and hops:
                found = {self._follow(target, name, hops) for target in table.stars} - {None}
            if found:
                return found.pop() if len(found) == 1 else None
        return own if self._is_module(own) else None

    def _follow(self, module: str, name: str | None, hops: int) -> str | None:
        if name is None:
            return module if self._is_module(module) else None
        return self._lookup(module, name, hops - 1) if hops else None


def prefixes(dotted: str) -> list[str]:
    """`a.b.c`, `a.b` and `a`."""
    found = [dotted]
    while "." in found[-1]:
        found.append(found[-1].rpartition(".")[0])
    return found
