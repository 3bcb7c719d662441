"""Classes as values: what annotations promise, `isinstance` tells, `super()` finds and subclasses run."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.attributes import Attributes
from utils.analysis.resolution.graph import Place, on
from utils.analysis.resolution.hierarchy import CLASS_BITS

NARROWED, EXCLUDED, NAMED_IN, AFTER, NO_SCALAR = 100, 99, 91, 81, 80


class ClassRules(Attributes):
    """Rules that wait for a class."""

    @on(ir.DECLARE)
    def on_declare(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.CLASS:
            self.add(offset + rule[0], self.values.intern(kinds.INSTANCE, what[1], False))
        elif what[0] == kinds.CONTAINER:
            self.follow(self.all_contents(int(what[1])), (ir.DECLARE, offset + rule[0]))  # type: ignore[call-overload]
        elif what[0] == kinds.BUILTIN:
            self.add(offset + rule[0], self.values.intern(kinds.SCALAR))

    @on(ir.TYPE)
    def on_type(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.CLASS:
            self.add(offset + rule[0], self.values.intern(kinds.CLASS, what[1], False))

    @on(ir.NARROW)
    def on_narrow(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A class arrived at the second argument of `isinstance`: keep the values that are of it."""
        base, dst = rule[0] + offset, rule[1] + offset
        if what[0] == kinds.CLASS:
            self.wait(base, (NARROWED, what[1], dst))
            self.add(dst, self.values.intern(kinds.INSTANCE, what[1], False))
        elif what[0] == kinds.CONTAINER:
            self.follow(self.all_contents(int(what[1])), (ir.NARROW, base, dst))  # type: ignore[call-overload]
        else:
            self.link(base, dst)

    @on(NARROWED)
    def on_narrowed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        number, dst = rule
        is_other = what[0] == kinds.INSTANCE and not self.hierarchy.is_subclass(int(what[1]), number)  # type: ignore[call-overload]
        if what[0] != kinds.SCALAR and not is_other:
            self.add(dst, value)

    @on(ir.EXCLUDE)
    def on_exclude(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        base, dst = rule[0] + offset, rule[1] + offset
        if what[0] == kinds.CLASS:
            self.wait(base, (EXCLUDED, what[1], dst))
        elif what[0] == kinds.BUILTIN:
            self.wait(base, (NO_SCALAR, dst))
        else:
            self.link(base, dst)

    @on(EXCLUDED)
    def on_excluded(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        number, dst = rule
        if what[0] != kinds.INSTANCE or not self.hierarchy.is_subclass(int(what[1]), number):  # type: ignore[call-overload]
            self.add(dst, value)

    @on(NO_SCALAR)
    def on_no_scalar(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """What is not of a class of Python's own."""
        if what[0] != kinds.SCALAR:
            self.add(rule[0], value)

    @on(ir.SUPER)
    def on_super(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] in (kinds.INSTANCE, kinds.CLASS):
            owner = self.module.index << CLASS_BITS | rule[0]
            self.add(offset + rule[1], self.values.intern(kinds.SUPER, owner, value))

    @on(ir.SUPER_AFTER)
    def on_super_after(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.CLASS:
            self.wait(offset + rule[0], (AFTER, what[1], offset + rule[1]))

    @on(AFTER)
    def on_after(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] in (kinds.INSTANCE, kinds.CLASS):
            self.add(rule[1], self.values.intern(kinds.SUPER, rule[0], value))

    @on(ir.SUBCLASS)
    def on_subclass(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A class statement runs what the bases want run for each subclass."""
        index, scope, line = rule
        number = self.module.index << CLASS_BITS | index
        if what != (kinds.CLASS, number):
            return
        self.make_members(number)
        metaclass = self.hierarchy.metaclass_of(number)
        for name in ("__prepare__", "__new__", "__init__") if metaclass is not None else ():
            found = self.find(int(metaclass or 0), name)
            if found is not None:
                self.edge((scope, line, self.new()), found)
                owner, function = self.hierarchy.function_of(found)
                if name == "__init__":
                    self.receive(owner, function, value)
        if self.world.hooks.isdisjoint(("__init_subclass__", "__set_name__")):
            return
        inside = metaclass is not None and self.find(metaclass, "__new__") is not None
        place = None if inside or self.hierarchy.is_made_outside(number) else (scope, line, self.at)
        if "__init_subclass__" in self.world.hooks:
            self.run_hook(number, value, place)
        if "__set_name__" in self.world.hooks:
            for name, nodes in self.module.face.classes[index].names.items():
                for node in nodes:
                    self.wait(self.offset + node, (NAMED_IN, value, name, place))

    def make_members(self, number: int) -> None:
        """The constructors of an enumeration run for each member, told its value or, of a tuple, the parts of it."""
        raise NotImplementedError  # Calls

    @on(NAMED_IN)
    def on_named_in(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """An object in a class body is told of the class and of its name there."""
        owning, name, place = rule
        found = self.find(int(what[1]), "__set_name__") if what[0] == kinds.INSTANCE else None  # type: ignore[call-overload]
        if found is not None:
            owner, function = self.hierarchy.function_of(found)
            if place is not None:
                self.edge((*place[:2], self.at), found, value)
            self.tell_descriptor(owner, function, value, [owning, self.values.intern(kinds.CONSTANT, "str", name)])

    def run_hook(self, number: int, value: int, place: Place | None) -> None:
        """The next class's `__init_subclass__`; `place` is where, None for inside a metaclass's `__new__`."""
        for item in self.hierarchy.order(number)[1:]:
            if isinstance(item, int):
                owner, record = self.hierarchy.class_of(item)
                for node in record.names.get("__init_subclass__", ()):
                    found = self.hierarchy.function_at(owner, node)
                    if found is not None:
                        if place is not None:
                            self.edge(place, found)
                        self.receive(owner, self.hierarchy.function_of(found)[1], value)
                        return
