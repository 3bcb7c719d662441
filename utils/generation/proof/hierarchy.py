"""Classes and their ancestors: Python's resolution order, and what a name looked up on a class finds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from utils.generation.proof.facts import Definition, Ref
from utils.generation.proof.index import Index
from utils.generation.proof.values import Seen, Value, Values, merge, ordered

DEPTH = 24  # steps from an expression to what it stands for; beyond it the answer is ANY


class Line(NamedTuple):
    """A class and its ancestors; `complete` where none lies outside, `either` where one is one of several bases."""

    classes: list[Value]
    complete: bool
    either: bool = False
    is_cyclic: bool = False


class Hierarchy(Index):
    """An index that knows the ancestors of classes; `resolve` says what a reference stands for."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root, name)
        self.deep = False  # whether parameters are followed to what calls pass
        self.open: set[object] = set()  # the questions that wait for the answer to the one that is being read
        self.cycles = 0  # times that a question led back to an open one
        self._lines: dict[Value, Line] = {}

    def resolve(self, path: str, scope: int, ref: Ref, depth: int = DEPTH, seen: Seen = frozenset()) -> Values:
        """The values of a reference that stands in definition `scope` of `path`."""
        raise NotImplementedError

    def is_open(self, question: object) -> bool:
        """Whether a question waits for its own answer. What follows from that holds on this way to it only."""
        if question not in self.open:
            return False
        self.cycles += 1
        return True

    def definition(self, value: Value) -> Definition:
        """The definition that a "def", "instance" or "super" value is about."""
        facts = self.facts(value.path)
        assert facts is not None
        return facts.definitions[value.place]

    def is_class(self, value: Value) -> bool:
        """True for a class, its instance, or its bases."""
        return value.kind in ("def", "instance", "super") and self.definition(value).kind == "class"

    def owner_of(self, value: Value, name: str) -> Value | None:
        """The function that looking `name` up on a class, its instance or its bases finds in the repository."""
        order = self.mro(value._replace(kind="def"))[0] if self.is_class(value) else []
        for each in order[1:] if value.kind == "super" else order:
            for ref in self.definition(each).bindings.get(name, ()):
                for found in ordered(self.resolve(each.path, each.place, ref)):
                    if found.kind in ("def", "property"):
                        return found._replace(kind="def")
            if name in self.definition(each).bindings:
                return None
        return None

    def is_overridden(self, value: Value, name: str) -> bool:
        """Whether a class below this one binds `name` anew, by its own body or by another base (by names only), or one
        above it has one of several bases."""
        return self.binds_below(self.definition(value).name, name) or self.has_either(value._replace(kind="def"))

    def has_either(self, value: Value) -> bool:
        """Whether a class or one above it has one of several bases, as `try: import` leaves it."""
        return self._line(value).either

    def bases(self, value: Value) -> list[Values]:
        """For each base expression of a class, the classes it can be; no base is what a call passes."""
        owner = self.definition(value)
        outer = owner.parent.index if owner.parent else 0
        deep, self.deep = self.deep, False
        found = [self.resolve(value.path, outer, _unsubscripted(ref)) for ref in owner.base_refs]
        self.deep = deep
        return found

    def metaclasses(self, value: Value) -> list[Value]:
        """The metaclasses that a class or a base of it names."""
        found: list[Value] = []
        for each in self.mro(value)[0]:
            owner = self.definition(each)
            outer = owner.parent.index if owner.parent else 0
            found += [meta for meta in self.resolve(each.path, outer, owner.metaclass_ref) if self.is_class(meta)]
        return found

    def mro(self, value: Value) -> tuple[list[Value], bool]:
        """The class, then its bases within the repository in resolution order; False where a base lies outside."""
        return self._line(value)[:2]

    def _line(self, value: Value) -> Line:
        known = self._lines.get(value)
        if known is not None and (not known.is_cyclic or not self.open):
            return known
        if self.is_open(value):  # a class that is its own ancestor ends here
            return Line([value], True)
        cycles = self.cycles
        self.open.add(value)
        found = self._linearize(value)
        self.open.remove(value)
        found = found._replace(is_cyclic=self.cycles != cycles)
        if not found.is_cyclic or not self.open:
            self._lines[value] = found
        return found

    def _linearize(self, value: Value) -> Line:
        complete, either = True, False
        lines: list[list[Value]] = []
        for candidates in self.bases(value):
            classes = [
                each for each in sorted(candidates) if each.kind == "def" and self.definition(each).kind == "class"
            ]
            complete = complete and len(classes) == len(candidates)
            either = either or len(classes) > 1
            for each in classes:
                above = self._line(each)
                complete = complete and above.complete
                either = either or above.either
                lines.append(list(above.classes))
        lines.append([line[0] for line in lines])
        return Line([value, *merge([line for line in lines if line])], complete, either)

    def subclass_of(self, value: Value, base: Value) -> bool:
        """True when `base` is `value` itself or among its ancestors."""
        return base in self.mro(value)[0]


def _unsubscripted(ref: Ref) -> Ref:
    """`Generic[T]` derives from `Generic`."""
    return ref[1] if ref is not None and ref[0] == "s" else ref
