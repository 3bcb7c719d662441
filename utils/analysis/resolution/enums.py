"""Enumerations: their members are objects of the class, made by the class statement from what its body assigns."""

from __future__ import annotations

from utils.analysis.assignments import NO_MEMBER
from utils.analysis.class_forms import ENUMS
from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.graph import World
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.solver import Solver

FLAGS = frozenset({"Flag", "IntFlag"})
COMBINING = frozenset({"__or__", "__ror__", "__and__", "__rand__", "__xor__", "__rxor__", "__invert__"})  # of flags
BY_NAME = frozenset({"__members__", "_member_map_", "_value2member_map_"})  # mappings to all members
VALUE = frozenset({"value", "_value_"})


class Enums(Solver):
    """What an enumeration's class and its members are asked for."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.enums: dict[int, bool] = {}
        self.flags: dict[int, bool] = {}
        self.values_of: dict[int, dict[str, list[int]]] = {}

    def is_enum(self, number: int) -> bool:
        found = self.enums.get(number)
        if found is None:
            found = self.enums[number] = self.derives(number, ENUMS)
        return found

    def is_flag(self, number: int) -> bool:
        """Whether members can be combined to one more."""
        found = self.flags.get(number)
        if found is None:
            found = self.flags[number] = self.derives(number, FLAGS)
        return found

    def derives(self, number: int, names: frozenset[str]) -> bool:
        """Whether a class has a base of one of these names that is none of ours."""
        return any(isinstance(item, str) and item.rpartition(".")[2] in names for item in self.hierarchy.order(number))

    def a_member(self, number: int) -> int:
        """The value of a member, whichever."""
        return self.values.intern(kinds.INSTANCE, number, True)

    def member_values(self, number: int) -> dict[str, list[int]]:
        """The members of an enumeration by name, with the nodes of what is assigned to them."""
        found = self.values_of.get(number)
        if found is None:
            found = self.values_of[number] = {}
            for item in self.hierarchy.order(number):
                if isinstance(item, int):
                    owner, record = self.hierarchy.class_of(item)
                    for name in record.assigned:
                        nodes = record.names.get(name, [])
                        functions = (self.hierarchy.function_at(owner, node) for node in nodes)
                        if not NO_MEMBER.match(name) and all(function is None for function in functions):
                            found.setdefault(name, [owner.offset + node for node in nodes])
        return found

    def take_from_enum(self, what: kinds.Value, name: str, node: int) -> bool:
        """Whether an attribute of an enumeration or a member is one that enumerations have; what it is."""
        number = int(what[1])  # type: ignore[call-overload]
        if name in BY_NAME:
            site = self.new()
            self.add(node, self.values.intern(kinds.CONTAINER, site, ir.MAPPING))
            self.add(self.content(site, ir.ANY), self.a_member(number))
        elif name in VALUE and what[0] == kinds.INSTANCE and not self.hierarchy.binds(number, name):
            for sources in self.member_values(number).values():
                for source in sources:
                    self.link(source, node)
        elif name in self.member_values(number):
            self.add(node, self.a_member(number))
        else:
            return False
        return True
