"""Which of the edges found through a promised type can really be taken.

`self`, an annotation or `isinstance` promise a class or any subclass of it. Where the promised class itself is never
made, and every subclass that is made overrides the method, the promised class's own method is never what runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.hierarchy import Hierarchy
from utils.analysis.resolution.solution import Callee, Form

Call = tuple[int, int, int]  # caller's index into its module's scopes, callee, line
MANY = 3  # classes with a method of their own that something makes, but nothing that the code shows


class Dispatch:
    """Rapid type analysis (Bacon and Sweeney, 1996), used only to take edges away or make them certain.

    `asked` is what it had to know of the repository as a whole: the classes of whose subclasses it asked which are
    made, and the values of which it asked what tables hold them.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        bases: Mapping[int, Sequence[int]],
        made: Collection[int],
        tables: Mapping[Form, Collection[int]],
    ) -> None:
        """`bases` has the internal bases of every class that has any, `tables` the nodes of those that hold a value."""
        self.hierarchy = hierarchy
        self.bases = bases
        self.made = made
        self.tables = tables
        self.children: dict[int, list[int]] = {}
        for number, above in bases.items():
            for base in above:
                self.children.setdefault(base, []).append(number)
        self.seen = closure(made, bases)  # what is made, or has subclasses that are
        self.asked: set[int | Form] = set()
        self.targets: dict[tuple[str, int, int], list[int]] = {}

    def calls(self, sites: Iterable[tuple[int, int, int, Sequence[Callee]]]) -> list[Call]:
        """What the sites of one module run."""
        found: dict[Call, None] = {}
        for scope, line, limit, callees in sites:
            for target in self.targets_of(callees, limit):
                found[scope, target, line] = None
        return list(found)

    def targets_of(self, callees: Sequence[Callee], limit: int) -> list[int]:
        """What one site runs; nothing where it is more than `limit`: code that general says nothing of any one call,
        unless all of it comes out of one table (but not where the limit is inverted: part of the table was refused)."""
        targets: dict[int, None] = {}
        callees = [callee for callee in callees if not self.hierarchy.function_of(callee[0])[1].flags & ir.STUB]
        exact = {number for number, receiver, by_super in callees if is_exact(receiver) and not by_super}
        for callee in callees:
            if not exact or callee[0] in exact or not self.only_promised(callee[1]):
                targets.update(dict.fromkeys(self.taken(*callee)))
        if len(targets) > 1:
            real = [target for target in targets if not self.hierarchy.function_of(target)[1].flags & ir.ABSTRACT]
            targets = dict.fromkeys(real or targets)
        if len(targets) > max(limit, ~limit):
            whole = limit >= 0 and (self.decorated(callees) or self.tabled(callees))
            return list(targets) if whole else []
        return list(targets)

    def only_promised(self, receiver: Form | None) -> bool:
        """Whether a receiver is of a class that is promised and never made."""
        if receiver is None or not is_promised(receiver):
            return False
        self.asked.add(int(receiver[1]))
        return receiver[1] not in self.made

    def decorated(self, callees: Sequence[Callee]) -> bool:
        """Whether these are functions that were decorated, or wrappers of such: what a decorator's wrapper calls."""
        decorated = [self.hierarchy.is_decorated((kinds.FUNCTION, callee)) for callee, _, _ in callees]
        return any(decorated) and all(
            is_so or self.hierarchy.function_of(callee)[1].flags & ir.WRAPPER
            for is_so, (callee, _, _) in zip(decorated, callees, strict=True)
        )

    def tabled(self, callees: Sequence[Callee]) -> bool:
        """Whether one container that is made once holds all these functions or instances."""
        common: set[int] | None = None
        for callee, receiver, by_super in callees:
            value = (kinds.FUNCTION, callee) if receiver is None or by_super else receiver
            self.asked.add(value)
            found = set(self.tables.get(value, ()))
            common = found if common is None else common & found
            if not common:
                return False
        return True

    def taken(self, callee: int, receiver: Form | None, by_super: bool) -> list[int]:
        """The functions that run where `callee` was found through `receiver`."""
        if receiver is None or not is_promised(receiver):
            return [callee]
        number = int(receiver[1])
        self.asked.add(number)
        if by_super:
            return [] if self.never_made(number) else [callee]
        key = ("promised", callee, number)
        hierarchy = self.hierarchy
        hierarchy.consulted.add(key)
        found = self.targets.get(key)
        if found is None:
            with hierarchy.grounding(key):
                found = self.targets[key] = self.promised(callee, number)
        return found

    def never_made(self, number: int) -> bool:
        """Whether of a promised class only subclasses are made: what `super()` means to these is told for them."""
        return number not in self.made and number in self.seen

    def promised(self, callee: int, number: int) -> list[int]:
        _, function = self.hierarchy.function_of(callee)
        if self.hierarchy.find(number, function.name) not in (callee, None):
            return [callee]  # a setter: its name finds the getter
        abstract = bool(function.flags & ir.ABSTRACT)
        below = self.subclasses(number)
        if below and function.name == "__getattr__":
            return []  # subclasses may have the attribute
        living = [item for item in (number, *below) if item in self.made] or (below if abstract else [])
        targets = dict.fromkeys(self.hierarchy.find(item, function.name) for item in living)
        found = [item for item in targets if item is not None and not (abstract and item == callee)]
        if not found:
            return [] if abstract else [callee]
        if len(found) > 1:
            return [callee] if number in self.made and not abstract else []
        if number not in self.made and self.unseen(below, function.name) >= MANY:
            return []
        return found

    def unseen(self, classes: Iterable[int], name: str) -> int:
        """How many of these classes have a method of their own though nothing shows that they are ever made: something
        must make them that the code does not show, such as a name put together."""
        hidden = (item for item in classes if item not in self.seen)
        return sum(name in self.hierarchy.class_of(item)[1].methods for item in hidden)

    def subclasses(self, number: int) -> list[int]:
        """All below a class, in no particular but a fixed order."""
        return list(closure([number], self.children))[1:]


def closure(numbers: Iterable[int], following: Mapping[int, Sequence[int]]) -> dict[int, None]:
    """These classes and all that follow them, be that the classes above or those below; a set in a fixed order."""
    found = dict.fromkeys(numbers)
    pending = list(found)
    while pending:
        for number in following.get(pending.pop(), ()):
            if number not in found:
                found[number] = None
                pending.append(number)
    return found


def is_exact(receiver: Form | None) -> bool:
    """Whether the code is known to make the object that something is called on."""
    return receiver is not None and receiver[0] == kinds.INSTANCE and bool(receiver[2])


def is_promised(receiver: Form) -> bool:
    """Whether `self`, an annotation or a test only says that the object is of a class or a subclass."""
    return receiver[0] == kinds.INSTANCE and not receiver[2]
