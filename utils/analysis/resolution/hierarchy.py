"""What names alone decide: modules, exports through re-exports and stars, class bases and their C3 order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.ir import CLASS_BITS, NODE_BITS

MASK = (1 << CLASS_BITS) - 1
LONGEST = 200  # classes in a resolution order; beyond that no code is written by hand, and time would be quadratic

Found = tuple[str, Any] | None  # ("class", number), ("function", number), ("module", name), ("external", dotted name)
Search = Generator[tuple[str, str], Found, Found]  # yields (module, name) and is sent what `member` finds for it


class Module:
    """One file's decoded summary with the offset of its nodes in the whole repository's graph."""

    __slots__ = ("body", "decorated", "index", "name", "offset", "package", "path")

    def __init__(self, index: int, summary: ir.ModuleSummary) -> None:
        self.index = index
        self.offset = (index + 1) << NODE_BITS
        self.name = summary.module
        self.path = summary.path
        self.package = summary.path.rsplit("/", 1)[-1] == "__init__.py"
        self.body = ir.load(summary.data)
        self.decorated = {source for source, _ in self.body.decorations}  # nodes of functions and classes
        self.body.stars = list(dict.fromkeys(reversed(self.body.stars)))[::-1]  # of repeated ones the last counts


class Hierarchy:
    """Classes are numbered (module index << CLASS_BITS | class index), functions likewise.

    What a repository chooses the length of (chains of bases, re-exports and stars) is walked without recursion.
    """

    def __init__(self, summaries: list[ir.ModuleSummary]) -> None:
        self.modules = [Module(index, summary) for index, summary in enumerate(summaries)]
        self.by_name: dict[str, Module] = {}
        for module in self.modules:
            self.by_name.setdefault(module.name, module)
        self.prefixes = prefixes(self.by_name)
        self.attribute_names = {name for module in self.modules for name in module.body.attributes}
        self.method_names = {function.name for module in self.modules for function in module.body.functions.values()}
        self.bases: dict[int, list[int | str]] = {}
        self.class_nodes: dict[int, dict[int, int]] = {}
        self.function_nodes: dict[int, dict[int, int]] = {}
        self.found: dict[tuple[int, str], int | None] = {}
        self.orders: dict[int, list[int | str]] = {}
        self.members: dict[tuple[str, str], Found] = {}
        self.starred: dict[tuple[str, str], tuple[Module, list[int]] | None] = {}
        self.exports: set[str] = set()

    # --- modules -----------------------------------------------------------------------------------------------------

    def internal(self, name: str) -> bool:
        return name in self.by_name or name in self.prefixes

    def locate(self, name: str, importer: Module) -> str:
        """An absolute name as imported by `importer`; a script may also import the files beside it."""
        if self.internal(name.split(".")[0]) or "." not in importer.name:
            return name
        beside = f"{importer.name.rpartition('.')[0]}.{name}"
        return beside if beside in self.by_name and not self.is_package(importer) else name

    def is_package(self, importer: Module) -> bool:
        parent = self.by_name.get(importer.name.rpartition(".")[0])
        return importer.package or (parent is not None and parent.package)

    def export(self, module: str, name: str) -> tuple[Module, list[int]] | None:
        """The nodes that `module.name` stands for, through star imports; None where it is a submodule or nothing."""
        found = self.by_name.get(module)
        if found is None:
            return None
        nodes = found.body.exports.get(name)
        if nodes:
            return found, nodes
        if not found.body.stars or name.startswith("__") or not self.exported(name):
            return None
        key = (module, name)
        if key not in self.starred:
            self.starred[key] = self.through_stars(found, name)
        return self.starred[key]

    def offers(self, module: str, name: str) -> bool:
        """Whether `from module import *` brings a name along, if the module has it."""
        found = self.by_name.get(module)
        public = found.body.public if found is not None else None
        return name in public if public is not None else not name.startswith("_")

    def exported(self, name: str) -> bool:
        """Whether any module exports `name`: most names that a module with stars lacks are nowhere."""
        if not self.exports:
            self.exports = {name for module in self.modules for name in module.body.exports}
        return name in self.exports

    def through_stars(self, importer: Module, name: str) -> tuple[Module, list[int]] | None:
        """The last star import counts, and what it has by stars of its own comes before the star import above it."""
        seen = {importer.index}
        pending = [(star, importer) for star in importer.body.stars]
        while pending:
            star, importer = pending.pop()
            source = self.by_name.get(self.locate(star, importer))
            if source is None or source.index in seen:
                continue
            seen.add(source.index)
            public = source.body.public
            if name not in public if public is not None else name.startswith("_"):
                continue
            nodes = source.body.exports.get(name)
            if nodes:
                return source, nodes
            pending += [(inner, source) for inner in source.body.stars]
        return None

    # --- static resolution -------------------------------------------------------------------------------------------

    def resolve(self, module: Module, origin: Any) -> Found:
        """What an origin stands for; None where names alone do not tell. What leads back to itself is None."""
        searches: list[tuple[tuple[str, str], Search]] = [(("", ""), self.search(module, origin))]
        active: set[tuple[str, str]] = set()
        found: Found = None
        while True:
            try:
                wanted = searches[-1][1].send(found)
            except StopIteration as done:
                key, _ = searches.pop()
                found = done.value
                if not searches:
                    return found
                self.members[key] = found
                active.discard(key)
                continue
            found = self.members.get(wanted)
            if wanted not in self.members and wanted not in active:
                active.add(wanted)
                searches.append((wanted, self.member(*wanted)))

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
        base = yield from self.search(module, origin[1])
        if base is None:
            return None
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

    def member(self, module: str, name: str) -> Search:
        if not self.internal(module):
            return "external", f"{module}.{name}"
        found = self.export(module, name)
        if found is not None:
            owner, nodes = found
            for node in nodes:
                resolved = yield from self.search(owner, owner.body.origins.get(node))
                if resolved is not None:
                    return resolved
            return None
        inner = f"{module}.{name}"
        return ("module", inner) if self.internal(inner) else None

    # --- classes -----------------------------------------------------------------------------------------------------

    def class_of(self, number: int) -> tuple[Module, ir.Class]:
        module = self.modules[number >> CLASS_BITS]
        return module, module.body.classes[number & MASK]

    def class_at(self, module: Module, node: int) -> int | None:
        table = self.class_nodes.get(module.index)
        if table is None:
            records = module.body.classes.items()
            table = self.class_nodes[module.index] = {record.node: index for index, record in records}
        index = table.get(node)
        return None if index is None else module.index << CLASS_BITS | index

    def function_of(self, number: int) -> tuple[Module, ir.Function]:
        module = self.modules[number >> CLASS_BITS]
        return module, module.body.functions[number & MASK]

    def function_at(self, module: Module, node: int) -> int | None:
        table = self.function_nodes.get(module.index)
        if table is None:
            records = module.body.functions.values()
            table = self.function_nodes[module.index] = {record.node: record.number for record in records}
        index = table.get(node)
        return None if index is None else module.index << CLASS_BITS | index

    def definition(self, node: int) -> tuple[int, int] | None:
        """The one value of the node of a function or class; None for any other node, which may hold anything."""
        module = self.modules[(node >> NODE_BITS) - 1]
        local = node & ((1 << NODE_BITS) - 1)
        if local in module.body.mixed:
            return None
        number = self.function_at(module, local)
        if number is not None:
            return kinds.FUNCTION, number
        number = self.class_at(module, local)
        return None if number is None else (kinds.CLASS, number)

    def find(self, number: int, name: str) -> int | None:
        """The function that a class's instances run for `name`, by name alone; None where it is none of ours."""
        key = (number, name)
        if key not in self.found:
            self.found[key] = self.look_up(number, name)
        return self.found[key]

    def look_up(self, number: int, name: str) -> int | None:
        for item in self.order(number):
            if isinstance(item, str):
                continue
            module, record = self.class_of(item)
            if name in record.names:
                for node in record.names[name]:
                    found = self.function_at(module, node)
                    if found is not None:
                        return found
                return None
        return None

    def is_decorated(self, what: tuple[Any, ...]) -> bool:
        """Whether a value is a function or class that has a decorator."""
        if what[0] not in (kinds.FUNCTION, kinds.CLASS):
            return False
        owner, record = self.function_of(what[1]) if what[0] == kinds.FUNCTION else self.class_of(what[1])
        return record.node in owner.decorated

    def assigned(self, order: Sequence[int | str], name: str) -> list[int]:
        """The classes of a resolution order whose objects may have been given an attribute of this name.

        What a class's methods assign belongs to the class, and a constructor keeps its arguments for each class that
        inherits it; what is assigned from elsewhere may belong to any.
        """
        numbers = [number for number in order if isinstance(number, int)]
        if name in self.attribute_names:
            return numbers
        while numbers:
            record = self.class_of(numbers[-1])[1]
            if name in record.attributes or name in record.fields:
                break
            numbers.pop()
        return numbers

    def bases_of(self, number: int) -> list[int | str]:
        """Internal bases as class numbers, external ones as their source text."""
        found = self.bases.get(number)
        if found is None:
            module, record = self.class_of(number)
            found = self.bases[number] = []
            for origin, text in zip(record.bases, record.base_texts, strict=False):
                resolved = self.resolve(module, origin)
                internal = resolved is not None and resolved[0] == "class" and resolved[1] != number
                found.append(resolved[1] if internal and resolved is not None else text)
        return found

    def order(self, number: int) -> list[int | str]:
        """The method resolution order (C3; depth-first where the bases contradict each other or form a circle).

        It ends after LONGEST classes.
        """
        if number not in self.orders:
            self.set_orders(number)
        return self.orders[number]

    def set_orders(self, number: int) -> None:
        """Bases first. A base whose order is being looked for, which is one's own subclass, stands for itself."""
        path = [(number, iter(self.bases_of(number)))]
        active = {number}
        while path:
            current, bases = path[-1]
            for base in bases:
                if isinstance(base, int) and base not in self.orders and base not in active:
                    active.add(base)
                    path.append((base, iter(self.bases_of(base))))
                    break
            else:
                path.pop()
                active.discard(current)
                self.orders[current] = self.order_from(current, self.bases_of(current)[:LONGEST])

    def order_from(self, number: int, bases: list[int | str]) -> list[int | str]:
        sequences: list[list[int | str]] = [
            self.orders.get(base, [base]) if isinstance(base, int) else [base] for base in bases
        ]
        if len(sequences) > 1:
            return [number, *merge([*sequences, bases], number)]
        return [number, *(item for sequence in sequences for item in sequence if item != number)][:LONGEST]

    def is_subclass(self, number: int, other: int) -> bool:
        return other in self.order(number)


def prefixes(names: Iterable[str]) -> set[str]:
    """The packages above these modules, whether or not they have a file."""
    found: set[str] = set()
    for name in names:
        above = name.rpartition(".")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition(".")[0]
    return found


def merge(sequences: list[list[int | str]], own: int) -> list[int | str]:
    """C3's merge step: take the first head that is in no other tail."""
    queues = [[item for item in reversed(sequence) if item != own] for sequence in sequences]  # heads last
    queues = [queue for queue in queues if queue]
    tails = Counter(item for queue in queues for item in queue[:-1])
    result: list[int | str] = []
    taken: set[int | str] = set()
    while queues and len(result) < LONGEST - 1:
        head = next((queue[-1] for queue in queues if not tails[queue[-1]]), queues[0][-1])
        result.append(head)
        taken.add(head)
        for queue in queues:
            while queue and queue[-1] in taken:
                queue.pop()
                if queue:
                    tails[queue[-1]] -= 1
        queues = [queue for queue in queues if queue]
    return result
