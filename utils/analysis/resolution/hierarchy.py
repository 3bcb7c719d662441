"""What names alone decide: modules, exports through re-exports and stars, class bases and their C3 order."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir

CLASS_BITS = 16
MASK = (1 << CLASS_BITS) - 1


class Module:
    """One file's decoded summary with the offset of its nodes in the whole repository's graph."""

    __slots__ = ("body", "index", "name", "offset", "package", "path")

    def __init__(self, index: int, summary: ir.ModuleSummary) -> None:
        self.index = index
        self.offset = (index + 1) << 20
        self.name = summary.module
        self.path = summary.path
        self.package = summary.path.rsplit("/", 1)[-1] == "__init__.py"
        self.body = ir.load(summary.data)


class Hierarchy:
    """Classes are numbered (module index << 16 | class index), functions likewise."""

    def __init__(self, summaries: list[ir.ModuleSummary]) -> None:
        self.modules = [Module(index, summary) for index, summary in enumerate(summaries)]
        self.by_name: dict[str, Module] = {}
        for module in self.modules:
            self.by_name.setdefault(module.name, module)
        self.prefixes = {name.rsplit(".", depth)[0] for name in self.by_name for depth in range(1, name.count(".") + 1)}
        self.bases: dict[int, list[int | str]] = {}
        self.orders: dict[int, list[int | str]] = {}
        self.exported: dict[tuple[str, str], Any] = {}

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

    def export(self, module: str, name: str, seen: frozenset[str] = frozenset()) -> tuple[Module, list[int]] | None:
        """The nodes that `module.name` stands for, through star imports; None where it is a submodule or nothing."""
        found = self.by_name.get(module)
        if found is None or module in seen:
            return None
        nodes = found.body.exports.get(name)
        if nodes:
            return found, nodes
        if name.startswith("__"):
            return None
        for star in reversed(found.body.stars):
            star = self.locate(star, found)
            source = self.by_name.get(star)
            if source is None:
                continue
            public = source.body.public
            if name not in public if public is not None else name.startswith("_"):
                continue
            inner = self.export(star, name, seen | {module})
            if inner is not None:
                return inner
        return None

    # --- static resolution -------------------------------------------------------------------------------------------

    def resolve(self, module: Module, origin: Any, depth: int = 0) -> tuple[str, Any] | None:
        """An origin to ("class", id), ("function", id), ("module", name) or ("external", dotted name)."""
        if origin is None or depth > 40:
            return None
        kind = origin[0]
        if kind in ("class", "function"):
            return kind, module.index << CLASS_BITS | origin[1]
        if kind == "import":
            source = self.locate(origin[1], module)
            if origin[2] is None:
                return ("module", source) if self.internal(source) else ("external", source)
            return self.member(source, origin[2], depth)
        base = self.resolve(module, origin[1], depth + 1)
        if base is None:
            return None
        if base[0] == "module":
            return self.member(base[1], origin[2], depth)
        if base[0] == "external":
            return "external", f"{base[1]}.{origin[2]}"
        if base[0] == "class":
            owner, record = self.class_of(base[1])
            for node in record.names.get(origin[2], ()):
                for index, inner in enumerate(owner.body.classes):
                    if inner.node == node:
                        return "class", owner.index << CLASS_BITS | index
        return None

    def member(self, module: str, name: str, depth: int) -> tuple[str, Any] | None:
        if not self.internal(module):
            return "external", f"{module}.{name}"
        found = self.export(module, name)
        if found is not None:
            owner, nodes = found
            for node in nodes:
                resolved = self.resolve(owner, owner.body.origins.get(node), depth + 1)
                if resolved is not None:
                    return resolved
            return None
        inner = f"{module}.{name}"
        return ("module", inner) if self.internal(inner) else None

    # --- classes -----------------------------------------------------------------------------------------------------

    def class_of(self, number: int) -> tuple[Module, ir.Class]:
        module = self.modules[number >> CLASS_BITS]
        return module, module.body.classes[number & MASK]

    def function_of(self, number: int) -> tuple[Module, ir.Function]:
        module = self.modules[number >> CLASS_BITS]
        return module, module.body.functions[number & MASK]

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
        """The method resolution order (C3; depth-first where the bases contradict each other or form a circle)."""
        found = self.orders.get(number)
        if found is None:
            self.orders[number] = [number]
            bases = self.bases_of(number)
            sequences: list[list[int | str]] = [
                list(self.order(base)) if isinstance(base, int) else [base] for base in bases
            ]
            found = self.orders[number] = [number, *merge([*sequences, list(bases)], number)]
        return found

    def is_subclass(self, number: int, other: int) -> bool:
        return other in self.order(number)


def merge(sequences: list[list[int | str]], own: int) -> list[int | str]:
    """C3's merge step: take the first head that is in no other tail."""
    result: list[int | str] = []
    sequences = [[item for item in sequence if item != own] for sequence in sequences]
    while any(sequences):
        sequences = [sequence for sequence in sequences if sequence]
        tails = {item for sequence in sequences for item in sequence[1:]}
        head = next((sequence[0] for sequence in sequences if sequence[0] not in tails), sequences[0][0])
        result.append(head)
        sequences = [[item for item in sequence if item != head] for sequence in sequences]
    return result
