"""What names alone decide of classes: their bases, their C3 order, and which method of a name they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from utils.analysis.resolution import ir
from utils.analysis.resolution.exports import Exports
from utils.analysis.resolution.ir import CLASS_BITS
from utils.analysis.resolution.modules import Module, Question
from utils.analysis.resolution.outside import base_name, has_metaclass, holders

__all__ = ["CLASS_BITS", "Hierarchy", "Module"]

LONGEST = 200  # classes in a resolution order; beyond that no code is written by hand, and time would be quadratic


class Hierarchy(Exports):
    """Chains of bases are walked without recursion: a repository chooses how long they are."""

    def __init__(self, modules: Sequence[Module], assigned: Iterable[str]) -> None:
        """`assigned` are the names of the attributes that any code assigns to on anything but `self`."""
        super().__init__(modules)
        self.assigned_names = frozenset(assigned)
        self.bases: dict[int, list[int | str]] = {}
        self.orders: dict[int, list[int | str]] = {}
        self.found: dict[tuple[str, int, str], int | None] = {}

    def bases_of(self, number: int) -> list[int | str]:
        """Internal bases as class numbers, external ones as their source text."""
        self.consulted.add(("bases", number))
        found = self.bases.get(number)
        if found is None:
            with self.grounding(("bases", number)):
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
        self.consulted.add(("order", number))
        if number not in self.orders:
            outer, self.consulted = self.consulted, set()
            self.set_orders(number)
            self.consulted = outer
        return self.orders[number]

    def set_orders(self, number: int) -> None:
        """Bases first. Of classes on a circle (found as by Tarjan, 1972) each has an order of its own."""
        path = [(number, iter(self.bases_of(number)))]
        depth = {number: 0}
        circle: dict[int, int] = {}  # classes that are done but part of a circle, and the depth where it began
        while path:
            current, bases = path[-1]
            for base in bases:
                if isinstance(base, int) and base not in self.orders and base not in depth:
                    depth[base] = len(path)
                    path.append((base, iter(self.bases_of(base))))
                    break
            else:
                path.pop()
                own = self.bases_of(current)
                marks = [mark for base in own if (mark := depth.get(base, circle.get(base))) is not None]  # type: ignore[arg-type]
                here = depth.pop(current)
                self.orders[current] = self.depth_first(current) if marks else self.order_from(current, own[:LONGEST])
                if marks and min(marks) < here:
                    circle[current] = min(marks)
                elif circle:
                    circle = {inner: began for inner, began in circle.items() if began < here}

    def depth_first(self, number: int) -> list[int | str]:
        """The classes that are met from one that derives from itself: no order is right for them."""
        found: dict[int | str, None] = {}
        pending: list[int | str] = [number]
        while pending and len(found) < LONGEST:
            item = pending.pop()
            if item not in found:
                found[item] = None
                pending += reversed(self.bases_of(item)) if isinstance(item, int) else ()
        return list(found)

    def metaclass_of(self, number: int) -> int | None:
        """The class, of ours, that makes a class: of its own and all its bases' metaclasses the most derived."""
        key = ("metaclass", number, "")
        self.consulted.add(key)
        if key not in self.found:
            with self.grounding(key):
                self.found[key] = self.look_up_metaclass(number)
        return self.found[key]

    def look_up_metaclass(self, number: int) -> int | None:
        derived: int | None = None
        for item in self.order(number):
            if isinstance(item, int):
                module, record = self.class_of(item)
                found = self.resolve(module, record.metaclass)
                if found is not None and found[0] == "class":
                    made_by = int(found[1])
                    derived = made_by if derived is None or self.is_subclass(made_by, derived) else derived
        return derived

    def is_made_outside(self, number: int) -> bool:
        """Whether a metaclass from outside makes a class: what its bases want run for it is not run by the class
        statement then, but by that metaclass's `__new__`."""
        for item in self.order(number):
            if isinstance(item, str):
                if has_metaclass(item):
                    return True
                continue
            module, record = self.class_of(item)
            found = self.resolve(module, record.metaclass)
            if found is not None and found[0] == "external":
                return True
        metaclass = self.metaclass_of(number)
        above = self.order(metaclass) if metaclass is not None else []
        return any(isinstance(item, str) and base_name(item) != "type" for item in above)

    def order_from(self, number: int, bases: list[int | str]) -> list[int | str]:
        sequences: list[list[int | str]] = [self.orders[base] if isinstance(base, int) else [base] for base in bases]
        if len(sequences) > 1:
            return [number, *merge([*sequences, bases], number)]
        return [number, *(item for sequence in sequences for item in sequence if item != number)][:LONGEST]

    def is_subclass(self, number: int, other: int) -> bool:
        return other in self.order(number)

    def related(self, number: int, other: int) -> bool:
        """Whether one class is the other or below it."""
        return self.is_subclass(number, other) or self.is_subclass(other, number)

    def find(self, number: int, name: str) -> int | None:
        """The function that a class's instances run for `name`, by name alone; None where it is none of ours."""
        key = ("find", number, name)
        self.consulted.add(key)
        if key not in self.found:
            with self.grounding(key):
                self.found[key] = self.look_up(number, name)
        return self.found[key]

    def look_up(self, number: int, name: str) -> int | None:
        return self.first(self.order(number), name)

    def binds(self, number: int, name: str) -> bool:
        """Whether a class has something under a name: a function, what decorators made of one, or a value."""
        for item in holders(self.order(number), name):
            record = self.class_of(item)[1]
            if name in record.names:
                return bool(record.names[name])
        return False

    def first(self, order: Sequence[int | str], name: str) -> int | None:
        """The function that the first of some classes that has a name has under it; one that is written down for type
        checkers only where no class has another."""
        declared = None
        for item in holders(order, name):
            module, record = self.class_of(item)
            if name in record.names:
                defined = (self.function_at(module, node) for node in record.names[name])
                found = next((number for number in defined if number is not None), None)
                if name not in record.declared:
                    return declared if found is None else found
                declared = found if declared is None else declared
        return declared

    def assigned(self, order: Sequence[int | str], name: str) -> list[int]:
        """The classes of a resolution order whose objects may have been given an attribute of this name.

        What a class's methods assign belongs to the class, and a constructor keeps its arguments for each class that
        inherits it; what is assigned from elsewhere may belong to any.
        """
        numbers = [number for number in order if isinstance(number, int)]
        self.consulted.add(name)
        if name in self.assigned_names:
            return numbers
        while numbers:
            record = self.class_of(numbers[-1])[1]
            if name in record.attributes or name in record.fields:
                break
            numbers.pop()
        overridden: set[str] = set()  # methods that assign to it further down, and run instead
        found = []
        for number in numbers:
            methods = self.class_of(number)[1].attributes.get(name, ())
            if not methods or not overridden.issuperset(methods):
                found.append(number)
            overridden.update(methods)
        return found

    def is_assigned(self, name: str) -> bool:
        """Whether any code assigns to an attribute of this name on anything but `self`."""
        self.consulted.add(name)
        return name in self.assigned_names

    def replaced(self, order: Sequence[int | str], name: str) -> list[int]:
        """The classes of a resolution order to which a special method may be assigned in the place of the first one."""
        if not self.is_assigned(name):
            return []
        found = []
        for item in order:
            if isinstance(item, int):
                found.append(item)
                if name in self.class_of(item)[1].names:
                    break
        return found

    def is_extended(self, record: ir.Class) -> bool:
        """Whether attributes of a class may be assigned to by computed names: from outside, as far as its name tells,
        or by its own methods, unless a `__setattr__` is asked then."""
        name = ir.any_of(record.name)
        self.consulted.add(name)
        return name in self.assigned_names or (ir.ANY_NAME in record.attributes and "__setattr__" not in record.names)

    def owner_of(self, number: int, name: str) -> int | None:
        """The class among one and its bases that has an attribute of that name, whatever it is."""
        for item in self.order(number):
            if isinstance(item, int):
                record = self.class_of(item)[1]
                if name in record.names or name in record.attributes or name in record.fields:
                    return item
        return None

    def basis(self, keys: Iterable[Question]) -> set[Question]:
        """The questions to single modules that what was found out under `keys` follows from."""
        found: set[Question] = set()
        pending = list(keys)
        seen = set(pending)
        while pending:
            key = pending.pop()
            if not isinstance(key, tuple) or not isinstance(key[0], str):
                found.add(key)
                continue
            new = [item for item in self.grounds_of(key) if item not in seen]
            seen.update(new)
            pending += new
        return found

    def grounds_of(self, key: Question) -> Iterable[Question]:
        """What was asked to find out what is kept under a key."""
        if key[0] == "order":
            return [("bases", key[1]), *(("order", base) for base in self.bases[key[1]] if isinstance(base, int))]
        return self.grounds[key]


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
