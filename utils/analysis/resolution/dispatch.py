"""Which of the edges found through a promised type can really be taken.

`self`, an annotation or `isinstance` promise a class or any subclass of it. Where the promised class itself is never
made, and every subclass that is made overrides the method, the promised class's own method is never what runs.
"""

from __future__ import annotations

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.hierarchy import CLASS_BITS
from utils.analysis.resolution.models import Interpreter

Edge = tuple[int, int, int]


class Dispatch:
    """Rapid type analysis (Bacon and Sweeney, 1996), used only to take edges away or make them certain."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.children: dict[int, list[int]] = {}
        hierarchy = interpreter.hierarchy
        for module in interpreter.modules:
            for index in range(len(module.body.classes)):
                number = module.index << CLASS_BITS | index
                for base in hierarchy.bases_of(number):
                    if isinstance(base, int):
                        self.children.setdefault(base, []).append(number)
        self.targets: dict[tuple[int, int], list[int]] = {}

    def edges(self) -> list[Edge]:
        found: dict[Edge, None] = {}
        for (caller, callee, line), receivers in self.interpreter.edges.items():
            for receiver in receivers:
                for target in self.taken(callee, receiver):
                    found[caller, target, line] = None
        return list(found)

    def taken(self, callee: int, receiver: int) -> list[int]:
        """The functions that run where `callee` was found through `receiver`."""
        if receiver < 0:
            return [callee]
        what = self.interpreter.values.table[receiver]
        if what[0] != kinds.INSTANCE or what[2]:
            return [callee]
        key = (callee, int(what[1]))  # type: ignore[call-overload]
        found = self.targets.get(key)
        if found is None:
            found = self.targets[key] = self.promised(*key)
        return found

    def promised(self, callee: int, number: int) -> list[int]:
        interpreter = self.interpreter
        made = interpreter.made
        _, function = interpreter.hierarchy.function_of(callee)
        abstract = bool(function.flags & ir.ABSTRACT)
        if number in made and not abstract:
            return [callee]
        below = self.subclasses(number)
        living = [item for item in below if item in made] or (below if abstract else [])
        targets = {interpreter.find(item, function.name) for item in living} - {None}
        if abstract and targets <= {callee}:
            return []
        if not targets or (callee in targets and not abstract):
            return [callee]
        return [item for item in targets if item is not None] if len(targets) == 1 else []

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
