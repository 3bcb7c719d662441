"""Which of the edges found through a promised type can really be taken.

`self`, an annotation or `isinstance` promise a class or any subclass of it. Where the promised class itself is never
made, and every subclass that is made overrides the method, the promised class's own method is never what runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.graph import BY_SUPER
from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy
from utils.analysis.resolution.interpreter import Interpreter

Edge = tuple[int, int, int, int]  # module, caller's index into its scopes, callee, line
FEW = 3  # callees of one site: measured on traces, edges of sites with more are executed less than half of the time


class Dispatch:
    """Rapid type analysis (Bacon and Sweeney, 1996), used only to take edges away or make them certain."""

    def __init__(self, hierarchy: Hierarchy, modules: Sequence[Interpreter]) -> None:
        self.hierarchy = hierarchy
        self.modules = modules
        self.values = modules[0].values
        self.made = {number for module in modules for number in module.made}
        self.children: dict[int, list[int]] = {}
        for module in hierarchy.modules:
            for index in module.body.classes:
                number = module.index << CLASS_BITS | index
                for base in hierarchy.bases_of(number):
                    if isinstance(base, int):
                        self.children.setdefault(base, []).append(number)
        self.above = {base for number in self.made for base in hierarchy.order(number)[1:]}  # what is made
        self.targets: dict[tuple[int, int], list[int]] = {}
        self.held: dict[int, list[int]] | None = None

    def edges(self) -> list[Edge]:
        return [edge for module in self.modules for edge in self.edges_of(module)]

    def edges_of(self, module: Interpreter) -> list[Edge]:
        found: dict[Edge, None] = {}
        for (scope, line, _), pairs in module.edges.items():
            for target in self.targets_of(pairs, FEW):
                found[module.module.index, scope, target, line] = None
        for (scope, line, site), pairs in module.implied.items():
            by_name: dict[str, list[tuple[int, int]]] = {}
            for callee, receiver in pairs:
                name = self.hierarchy.function_of(callee)[1].name
                by_name.setdefault(name, []).append((callee, receiver))
            for name, same in by_name.items():
                if self.alike(module, site, name):
                    for target in self.targets_of(same, 1):
                        found[module.module.index, scope, target, line] = None
        return list(found)

    def alike(self, module: Interpreter, node: int, name: str) -> bool:
        """Whether all that is known to arrive at a node are instances with this special method: where other kinds
        or classes come along, nothing is known of the one value that is compared or converted."""
        for value in module.points.get(node, ()):
            what = self.values.table[value]
            if what[0] != kinds.INSTANCE or self.hierarchy.find(int(what[1]), name) is None:  # type: ignore[call-overload]
                return False
        return True

    def targets_of(self, pairs: Sequence[tuple[int, int]], limit: int) -> list[int]:
        """What one site runs; nothing where it is more than `limit`: code that general says nothing of any one call,
        unless all of it comes out of one table."""
        targets: dict[int, None] = {}
        for callee, receiver in pairs:
            targets.update(dict.fromkeys(self.taken(callee, receiver)))
        if len(targets) > limit and not self.decorated(pairs) and not self.tabled(pairs):
            return []
        return list(targets)

    def decorated(self, pairs: Sequence[tuple[int, int]]) -> bool:
        """Whether these are functions that were decorated: what a decorator's wrapper calls."""
        return all(self.hierarchy.is_decorated((kinds.FUNCTION, callee)) for callee, _ in pairs)

    def tabled(self, pairs: Sequence[tuple[int, int]]) -> bool:
        """Whether one container that is made once holds all these functions or instances."""
        common: set[int] | None = None
        for callee, receiver in pairs:
            found = self.holders(callee, receiver)
            common = found if common is None else common & found
            if not common:
                return False
        return True

    def holders(self, callee: int, receiver: int) -> set[int]:
        known = self.values.known
        value = receiver if receiver >= 0 else known.get((kinds.FUNCTION, callee), -1)
        return set(self.tables().get(value, ()))

    def tables(self) -> dict[int, list[int]]:
        """Value → the tables that hold it, directly or in a tuple."""
        if self.held is None:
            self.held = {}
            for module in self.modules:
                for local in module.module.body.tables:
                    site = module.offset + local
                    for value in module.inside(site):
                        self.held.setdefault(value, []).append(site)
        return self.held

    def taken(self, callee: int, receiver: int) -> list[int]:
        """The functions that run where `callee` was found through `receiver`."""
        if receiver <= BY_SUPER:
            return [] if self.never_made(BY_SUPER - receiver) else [callee]
        if receiver < 0:
            return [callee]
        what = self.values.table[receiver]
        if what[0] != kinds.INSTANCE or what[2]:
            return [callee]
        key = (callee, int(what[1]))  # type: ignore[call-overload]
        found = self.targets.get(key)
        if found is None:
            found = self.targets[key] = self.promised(*key)
        return found

    def never_made(self, receiver: int) -> bool:
        """Whether a receiver that is only promised is of a class of which only subclasses are made: what `super()`
        means to these is told for them."""
        what = self.values.table[receiver]
        if what[0] != kinds.INSTANCE or what[2] or what[1] in self.made:
            return False
        return what[1] in self.above

    def promised(self, callee: int, number: int) -> list[int]:
        _, function = self.hierarchy.function_of(callee)
        if self.hierarchy.find(number, function.name) not in (callee, None):
            return [callee]  # a setter: its name finds the getter
        abstract = bool(function.flags & ir.ABSTRACT)
        below = self.subclasses(number)
        living = [item for item in (number, *below) if item in self.made] or (below if abstract else [])
        targets = dict.fromkeys(self.hierarchy.find(item, function.name) for item in living)
        found = [item for item in targets if item is not None and not (abstract and item == callee)]
        if not found:
            return [] if abstract else [callee]
        if len(found) > 1:
            return [callee] if number in self.made and not abstract else []
        return found

    def subclasses(self, number: int) -> list[int]:
        """All below a class, in no particular but a fixed order."""
        found = {number: None}
        pending = [number]
        while pending:
            for child in self.children.get(pending.pop(), ()):
                if child not in found:
                    found[child] = None
                    pending.append(child)
        return list(found)[1:]
