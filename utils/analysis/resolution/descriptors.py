"""What runs where an attribute is read, assigned to or deleted: properties and descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.enums import Enums
from utils.analysis.resolution.graph import BY_SUPER, Place, World, on
from utils.analysis.resolution.hierarchy import CLASS_BITS, Module
from utils.analysis.resolution.outside import holders

DESCRIBED, SETTER, DISMISSED, OF_PROPERTY = 98, 95, 92, 88
DELETED = "del "  # before the name of an attribute: it is deleted and not assigned to
OWNING = (kinds.INSTANCE, kinds.CLASS)


class Descriptors(Enums):
    """Rules of `property`, `__get__`, `__set__` and `__delete__`."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.loads: dict[int, list[Place]] = {}  # node of an attribute → where it is read
        self.properties: dict[int, list[int]] = {}  # node of an attribute → the functions that reading it runs
        self.accessors: set[int] = set()  # functions that property(...) was given, as far as attributes ran them

    def find(self, number: int, name: str) -> int | None:
        """The function that a class's instances run for `name`, by name alone; None where it is none of ours."""
        return self.hierarchy.find(number, name)

    def read_property(self, number: int, receiver: int, node: int, by_super: bool = False) -> None:
        if self.run_property(number, receiver, node, by_super):
            self.result_of_property(number, receiver, node)

    def run_property(self, number: int, receiver: int, node: int, by_super: bool = False) -> bool:
        """Whoever reads the attribute runs this function; whether that is news."""
        known = self.properties.setdefault(node, [])
        if number in known:
            return False
        known.append(number)
        for place in self.loads.get(node, ()):
            self.edge(place, number, BY_SUPER - receiver if by_super else receiver)
        return True

    def result_of_property(self, number: int, receiver: int, node: int) -> None:
        owner, function = self.hierarchy.function_of(number)
        kind, made, *_ = self.values.table[receiver]
        if function.flags & ir.CLASS_METHOD and kind == kinds.INSTANCE:
            receiver = self.values.intern(kinds.CLASS, made)
        self.receive(owner, function, receiver)
        self.link(owner.offset + function.returns, node)
        if (0, False) in function.passes and function.name != "__get__":
            self.add(node, receiver)

    @on(OF_PROPERTY)
    def on_property(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """The function of a property of the repository's own kind: what is read is what it returns."""
        if what[0] == kinds.FUNCTION:
            self.result_of_property(int(what[1]), *rule)  # type: ignore[call-overload]

    def read_descriptor(self, number: int, value: int, receiver: int, on_class: bool, node: int) -> None:
        """A `__get__` is told the object that is read, or None where that is a class: what it gives back follows."""
        owner, function = self.hierarchy.function_of(number)
        kind, made = self.values.table[receiver][:2]
        given = [None if on_class else receiver, self.values.intern(kinds.CLASS, made) if kind in OWNING else None]
        self.tell_descriptor(owner, function, value, given)
        for index, wanted, source in function.choices:
            if index == 1 and wanted is not on_class:
                if source == function.params[0]:
                    self.add(node, value)
                else:
                    self.link(owner.offset + source, node)
        for index, called in function.passes:
            handed = value if index == 0 else given[0] if index == 1 else None
            if handed is not None and not called:
                self.add(node, handed)

    def invoke(self, value: int, what: kinds.Value, name: str, args: list[Any], place: Any, dst: int = 0) -> bool:
        """Run a special method of an object; whether it has one."""
        raise NotImplementedError  # ContainerMethods

    def setter(self, number: int, name: str) -> int | None:
        for item in self.hierarchy.order(number):
            if isinstance(item, int):
                module, record = self.hierarchy.class_of(item)
                if name in record.setters:
                    return module.index << CLASS_BITS | record.setters[name]
                if name in record.names:
                    return None
        return None

    def set_property(self, setter: int, value: int, source: int, place: Place | None) -> None:
        owner, function = self.hierarchy.function_of(setter)
        if place is not None:
            self.edge(place, setter, value)
        self.receive(owner, function, value)
        if source and len(function.params) > 1:
            self.link(source, owner.offset + function.params[1])

    def describe(self, value: int, number: int, name: str, source: int, place: Place | None) -> None:
        """An assignment to an attribute for which the class may have a descriptor, or what `property(...)` made."""
        if not name.startswith(DELETED):
            self.look_up(self.hierarchy.order(number), name, (DESCRIBED, value, source, place))
        elif place is not None:
            self.look_up(self.hierarchy.order(number), name.removeprefix(DELETED), (DISMISSED, value, place))

    @on(DISMISSED)
    def on_dismissed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """An attribute for which the class has a descriptor is deleted."""
        found = self.find(int(what[1]), "__delete__") if what[0] == kinds.INSTANCE else None  # type: ignore[call-overload]
        if found is not None:
            owner, function = self.hierarchy.function_of(found)
            self.edge(rule[1], found, value)
            self.tell_descriptor(owner, function, value, [rule[0]])
        elif what[0] == kinds.ACCESSOR and what[3]:
            self.wait(int(what[3]), (SETTER, rule[0], 0, rule[1]))  # type: ignore[call-overload]

    def tell_descriptor(self, owner: Module, function: ir.Function, value: int, given: list[int | None]) -> None:
        """A descriptor's method is called on `value`, which is the descriptor, with these values."""
        self.receive(owner, function, value)
        for index, item in enumerate(given, 1):
            if item is not None and index < len(function.positional) and index not in function.plain:
                self.add(owner.offset + function.params[index], item)

    @on(DESCRIBED)
    def on_described(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        found = self.find(int(what[1]), "__set__") if what[0] == kinds.INSTANCE else None  # type: ignore[call-overload]
        if found is not None:
            owner, function = self.hierarchy.function_of(found)
            if rule[2] is not None:
                self.edge(rule[2], found, value)
            self.tell_descriptor(owner, function, value, [rule[0]])
            if rule[1] and len(function.positional) > 2 and 2 not in function.plain:
                self.link(rule[1], owner.offset + function.params[2])
        elif what[0] == kinds.ACCESSOR and what[2]:
            self.wait(int(what[2]), (SETTER, *rule))  # type: ignore[call-overload]

    @on(SETTER)
    def on_setter(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A function given to `property(...)`, that an assignment runs."""
        if what[0] in (kinds.FUNCTION, kinds.WRAPPED):
            self.accessors.add(int(what[1]))  # type: ignore[call-overload]
            self.set_property(int(what[1]), *rule)  # type: ignore[call-overload]

    def look_up(self, order: Sequence[int | str], name: str, rule: tuple[Any, ...]) -> bool:
        """Follow a rule for what the first of some classes that has a name has under it, and for what those before say
        of it to type checkers; whether one has it."""
        found = False
        for number in holders(order, name):
            owner, record = self.hierarchy.class_of(number)
            if name in record.names:
                for item in record.names[name]:
                    self.wait(owner.offset + item, rule)
                found = True
                if name not in record.declared:
                    break
        return found
