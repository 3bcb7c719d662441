"""What a dotted name means: through re-exports, star imports and submodules, without following any value.

What a repository chooses the length of (chains of re-exports and stars) is walked without recursion.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from utils.analysis.resolution.ir import ANY_NAME, CLASS_BITS
from utils.analysis.resolution.modules import Module, Modules, Question

Found = tuple[str, Any] | None  # ("class", number), ("function", number), ("module", name), ("external", dotted name)
CIRCLE = ("circle", None)  # what is found on the way back to where a search began
Search = Generator[tuple[str, str], Found, Found]  # yields (module, name) and is sent what `member` finds for it
Name = tuple[str, str]  # (module, name)
FREE = 1 << 62


class Exports(Modules):
    """What is found out is kept, with the questions that it follows from: `grounds` are those of everything kept."""

    def __init__(self, modules: Sequence[Module]) -> None:
        super().__init__(modules)
        self.members: dict[Name, Found] = {}
        self.starred: dict[Name, tuple[Module, list[int]] | None] = {}
        self.grounds: dict[tuple[Any, ...], set[Question]] = {}

    def export(self, module: str, name: str) -> tuple[Module, list[int]] | None:
        """The nodes that `module.name` stands for, through star imports; None where it is a submodule or nothing."""
        found = self.by_name.get(module)
        if found is None:
            return None
        nodes = self.exports_of(found, name)
        if nodes:
            return found, nodes
        if name.startswith("__") or not self.face_of(found).stars:
            return None
        key = (module, name)
        if key not in self.starred:
            with self.grounding(("star", *key)):
                self.starred[key] = self.through_stars(found, name)
        self.consulted.add(("star", *key))
        return self.starred[key]

    @contextmanager
    def grounding(self, key: tuple[Any, ...]) -> Iterator[None]:
        """What is asked within is what the answer kept under `key` follows from, and is not asked by who wants that."""
        outer, self.consulted = self.consulted, set()
        yield
        self.grounds[key], self.consulted = self.consulted, outer

    def through_stars(self, importer: Module, name: str) -> tuple[Module, list[int]] | None:
        """The last star import counts, and what it has by stars of its own comes before the star import above it.

        What a module took from the one that asks is there by another of its star imports, or as a module in it.
        """
        seen = {importer.index}
        asking, circle = importer.name, None
        pending = [(star, importer) for star in importer.face.stars]
        while pending:
            star, importer = pending.pop()
            source = self.by_name.get(self.locate(star, importer))
            if source is None or source.index in seen:
                continue
            seen.add(source.index)
            if not self.offers(source, name):
                continue
            nodes = self.exports_of(source, name)
            if not nodes:
                pending += [(inner, source) for inner in self.face_of(source).stars]
            elif not all(self.is_import(source, node, asking, name) for node in nodes):
                return source, nodes
            else:
                circle = circle or (source, nodes)
        return circle

    def is_import(self, importer: Module, node: int, module: str, name: str) -> bool:
        """Whether a node of a module stands for what it imports under a name from another one."""
        origin = importer.face.origins.get(node)
        if origin is None or origin[0] != "import" or origin[2] != name:
            return False
        return self.locate(origin[1], importer) == module

    def star_of(self, module: Module, name: str) -> str | None:
        """The module that a name comes from by a star import; None where it is none of ours."""
        for star in reversed(self.face_of(module).stars):
            source = self.locate(star, module)
            found = self.by_name.get(source)
            if found and self.offers(found, name) and self.export(source, name) is not None:
                return source
        return None

    def offers(self, module: Module, name: str) -> bool:
        """Whether `from module import *` brings a name along, if the module has it."""
        public = self.face_of(module).public
        if public is not None and name in public:
            return True
        return (public is None or ANY_NAME in public) and not name.startswith("_")

    def resolve(self, module: Module, origin: Any) -> Found:
        """What an origin stands for; None where names alone do not tell. What leads back to itself is None.

        Such a circle means another thing from each place where it is entered, so that nothing on it is kept.
        """
        outer, self.consulted = self.consulted, set()
        searches = [Pending(("", ""), self.search(module, origin))]
        active: dict[Name, int] = {}  # the names that are searched, and how deep
        known: dict[Name, Found] = {}
        circular: set[Name] = set()
        found: Found = None
        while True:
            current = searches[-1]
            try:
                wanted = current.search.send(found)
            except StopIteration as done:
                found = done.value
                searches.pop()
                if not searches:
                    break
                known[current.name] = found
                if current.reaches <= active.pop(current.name):
                    circular.add(current.name)
                searches[-1].reaches = min(searches[-1].reaches, current.reaches)
                continue
            found = None
            if wanted in self.members:
                found = self.members[wanted]
                self.consulted.add(("member", *wanted))
            elif wanted in active:
                found = CIRCLE
                current.reaches = min(current.reaches, active[wanted])
            elif wanted in known:
                found = known[wanted]
                current.reaches = 0 if wanted in circular else current.reaches
            else:
                active[wanted] = len(searches)
                searches.append(Pending(wanted, self.member(*wanted)))
        for key in known.keys() - circular:
            self.members[key] = known[key]
            self.grounds[("member", *key)] = self.consulted
        outer |= self.consulted
        self.consulted = outer
        return None if found == CIRCLE else found

    def search(self, module: Module, origin: Any) -> Search:
        if origin is None:
            return None
        kind = origin[0]
        if kind in ("class", "function"):
            return kind, module.index << CLASS_BITS | origin[1]
        if kind == "import":
            source = self.locate(origin[1], module)
            if origin[2] is None:
                return ("module", source) if self.internal(source) else ("external", source)
            return (yield source, origin[2])
        if kind == "star":
            starred = self.star_of(module, origin[1])
            return None if starred is None else (yield starred, origin[1])
        if kind == "first":
            return (yield from self.first_of(module, origin[1]))
        base = yield from self.search(module, origin[1])
        if base is None or base == CIRCLE:
            return base
        if base[0] == "module":
            return (yield base[1], origin[2])
        if base[0] == "external":
            return "external", f"{base[1]}.{origin[2]}"
        if base[0] == "class":
            owner, record = self.class_of(base[1])
            for node in record.names.get(origin[2], ()):
                inner = self.class_at(owner, node)
                if inner is not None:
                    return "class", inner
        return None

    def first_of(self, module: Module, origins: list[Any]) -> Search:
        """The first that is one of ours; where none is, the first that is known."""
        found = None
        for origin in origins:
            resolved = yield from self.search(module, origin)
            if resolved is not None and resolved != CIRCLE and resolved[0] != "external":
                return resolved
            found = resolved if found is None or found == CIRCLE else found
        return found

    def member(self, module: str, name: str) -> Search:
        if not self.internal(module):
            return "external", f"{module}.{name}"
        found = self.export(module, name)
        circle = False
        if found is not None:
            owner, nodes = found
            for node in nodes:
                resolved = yield from self.search(owner, owner.face.origins.get(node))
                if resolved is not None and resolved != CIRCLE:
                    return resolved
                circle = circle or resolved == CIRCLE
        inner = f"{module}.{name}"
        if (found is None or circle) and self.internal(inner):
            return "module", inner
        return CIRCLE if circle else None

    def is_submodule(self, module: str, name: str) -> bool:
        """Whether a name of a module may stand for the module of that name in it."""
        inner = f"{module}.{name}"
        if not self.internal(inner) or module not in self.by_name:
            return self.internal(inner)
        return self.resolve(self.by_name[module], ("import", module, name)) == ("module", inner)


class Pending:
    """A search under way. `reaches` is how far up a circle goes that it is part of: the depth of a search, or FREE."""

    __slots__ = ("name", "reaches", "search")

    def __init__(self, name: Name, search: Search) -> None:
        self.name = name
        self.search = search
        self.reaches = FREE
