"""Classes that derive from Python's own containers: what their objects hold, and the methods that they inherit."""

from __future__ import annotations

import collections

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.class_rules import ClassRules
from utils.analysis.resolution.descriptors import OWNING
from utils.analysis.resolution.graph import World
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.outside import RECORD_MAKERS, known_type, makes_own

MAPPINGS = (dict, collections.UserDict)
SEQUENCES = (list, tuple, set, frozenset, collections.deque, collections.UserList)


class ContainerClasses(ClassRules):
    """The objects of one class hold the same: their container lies at the node of the class."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.held: dict[int, tuple[kinds.Value, type] | None] = {}

    def container_of(self, number: int) -> tuple[kinds.Value, type] | None:
        """The container that the objects of a class are, as a value, and its type; None where they are none."""
        if number not in self.held:
            self.held[number] = self.make_container(number)
        return self.held[number]

    def as_container(self, what: kinds.Value) -> kinds.Value:
        """An object as the container that it is, unless its class says itself how it is iterated over."""
        if what[0] != kinds.INSTANCE:
            return what
        number = int(what[1])  # type: ignore[call-overload]
        found = self.container_of(number)
        return what if found is None or self.hierarchy.binds(number, "__iter__") else found[0]

    def make_container(self, number: int) -> tuple[kinds.Value, type] | None:
        order = self.hierarchy.order(number)
        base = next((found for item in order if isinstance(item, str) and (found := container_type(item))), None)
        if base is None:
            return None
        owner, record = self.hierarchy.class_of(number)
        site = owner.offset + record.node
        fields = self.record_fields(number)
        for index, (owning, name) in enumerate(fields):
            self.link(self.field(owning, name), self.content(site, index))
        length = ir.MAPPING if issubclass(base, MAPPINGS) else len(fields) or -1
        return (kinds.CONTAINER, site, length), base

    def record_fields(self, number: int) -> list[tuple[int, str]]:
        """The fields of a named tuple, in order: (class, name)."""
        order = self.hierarchy.order(number)
        if not any(isinstance(item, str) and is_record(item) for item in order):
            return []
        classes = [item for item in reversed(order) if isinstance(item, int)]
        return [(item, name) for item in classes for name in self.hierarchy.class_of(item)[1].fields]

    def take_inherited(self, receiver: int, name: str, node: int) -> None:
        kind, number, *_ = self.values.table[receiver]
        if kind not in OWNING:
            return
        found = self.container_of(int(number))  # type: ignore[call-overload]
        if found is None:
            order = self.hierarchy.order(int(number))  # type: ignore[call-overload]
            if any(isinstance(item, str) and makes_own(item, name, kind == kinds.CLASS) for item in order):
                self.made.add(int(number))  # type: ignore[call-overload]
                self.give_own(int(number), node)  # type: ignore[call-overload]
            return
        held, base = found
        if name == ("_replace" if kind == kinds.INSTANCE else "_make"):
            self.give_own(int(number), node)  # type: ignore[call-overload]
        elif kind == kinds.INSTANCE and name == "data":
            self.add(node, self.values.intern(*held))
        elif kind == kinds.INSTANCE and hasattr(base, name):
            self.add(node, self.values.intern(kinds.METHOD, held[1], held[2], name))

    def give_own(self, number: int, node: int) -> None:
        """What is called makes an object of the class."""
        made = self.new()
        self.add(made, self.values.intern(kinds.INSTANCE, number, True))
        self.add(node, self.values.intern(kinds.CALLABLE, made))


def is_record(text: str) -> bool:
    """Whether a base, as it is written, makes a class of named tuples."""
    return text.partition("(")[0].rpartition(".")[2] in RECORD_MAKERS


def container_type(text: str) -> type | None:
    """The container of Python's own that is meant by a base as it is written."""
    if is_record(text):
        return tuple
    found = known_type(text)
    return found if found is not None and issubclass(found, (*MAPPINGS, *SEQUENCES)) else None
