"""Classes as values: what annotations promise, `isinstance` tells, `super()` finds and subclasses run."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.attributes import FUNCTIONS, Attributes
from utils.analysis.resolution.graph import Place, on
from utils.analysis.resolution.hierarchy import CLASS_BITS
from utils.analysis.resolution.outside import derives, has_own

NARROWED, EXCLUDED, NAMED_IN, AFTER, NO_SCALAR, OF_TYPE = 100, 99, 91, 81, 80, 137
TYPES = frozenset({"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"})
CALLED = frozenset({kinds.FUNCTION, kinds.CLASS, kinds.BOUND, kinds.PARTIAL, kinds.WRAPPED})  # of no such type

# What is told apart by tests of kinds; of all else, any may hold.
KNOWN = frozenset(
    {*FUNCTIONS, kinds.CLASS, kinds.INSTANCE, kinds.PARTIAL, kinds.CONTAINER, kinds.CONSTANT, kinds.SCALAR}
)
KINDS_OF_FUNCTIONS = {
    ir.COROUTINE_TEST: ir.COROUTINE,
    ir.GENERATOR_TEST: ir.GENERATOR,
    ir.ASYNC_GENERATOR_TEST: ir.COROUTINE | ir.GENERATOR,
}


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
        """A class arrived at the second argument of `isinstance` or `issubclass`: keep the values that are of it."""
        base, dst, below = rule[0] + offset, rule[1] + offset, rule[2]
        self.narrowed[dst] = base
        if what[0] == kinds.CLASS:
            self.wait(base, (NARROWED, what[1], dst, below))
            if not below:
                self.add(dst, self.values.intern(kinds.INSTANCE, what[1], False))
        elif what[0] == kinds.CONTAINER:
            self.follow(self.all_contents(int(what[1])), (ir.NARROW, base, dst, below))  # type: ignore[call-overload]
        elif what[0] == kinds.BUILTIN and what[1] in TYPES and not below:
            self.wait(base, (OF_TYPE, what[1], dst))
        elif what[0] == kinds.BUILTIN and what[1] == "type" and not below:
            self.wait(base, (ir.SUCH, ir.CLASS_TEST, True, dst))
        else:
            self.link(base, dst)

    @on(NARROWED)
    def on_narrowed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        number, dst, below = rule
        if self.is_of(what, number, below) is not False:
            self.add(dst, value)

    def is_of(self, what: kinds.Value, number: int, below: bool) -> bool | None:
        """Whether a value is of a class, or a class below it; None where that can't be told."""
        kind = what[0]
        if kind == kinds.SCALAR:
            return False
        if kind == kinds.CLASS and not below:
            what = self.as_object(what)
        if what[0] == (kinds.CLASS if below else kinds.INSTANCE) and self.hierarchy.is_subclass(int(what[1]), number):  # type: ignore[call-overload]
            return True
        known = what[0] in (*FUNCTIONS, kinds.CLASS if below else kinds.INSTANCE)
        return None if not known or self.hierarchy.class_of(number)[1].is_protocol else False

    def as_object(self, what: kinds.Value) -> kinds.Value:
        """A class as what it is asked for special methods as: an object of its metaclass, where that is one of ours."""
        metaclass = self.hierarchy.metaclass_of(int(what[1])) if what[0] == kinds.CLASS else None  # type: ignore[call-overload]
        return what if metaclass is None else (kinds.INSTANCE, metaclass, True)

    @on(OF_TYPE)
    def on_of_type(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """What may be of one of Python's own types that hold plain values."""
        name, dst = rule
        if self.is_of_type(what, name) is not False:
            self.add(dst, value)

    def is_of_type(self, what: kinds.Value, name: str) -> bool | None:
        """Whether a value is of such a type; None where that can't be told."""
        if what[0] in CALLED:
            return False
        if what[0] == kinds.CONSTANT:
            return what[1] == name
        if what[0] != kinds.INSTANCE:
            return None
        order = self.hierarchy.order(int(what[1]))  # type: ignore[call-overload]
        found = {derives(item, name) for item in order if isinstance(item, str)}
        return True if True in found else None if None in found else False

    @on(ir.EXCLUDE)
    def on_exclude(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        base, dst, below = rule[0] + offset, rule[1] + offset, rule[2]
        self.narrowed[dst] = base
        if what[0] == kinds.CLASS:
            self.wait(base, (EXCLUDED, what[1], dst, below))
        elif what[0] == kinds.BUILTIN and what[1] == "type" and not below:
            self.wait(base, (ir.SUCH, ir.CLASS_TEST, False, dst))
        elif what[0] == kinds.BUILTIN and not below:
            self.wait(base, (NO_SCALAR, what[1], dst))
        else:
            self.link(base, dst)

    @on(EXCLUDED)
    def on_excluded(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        number, dst, below = rule
        if self.is_of(what, number, below) is not True:
            self.add(dst, value)

    @on(NO_SCALAR)
    def on_no_scalar(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """What is not of a class of Python's own."""
        name, dst = rule
        if what[0] != kinds.SCALAR and not (name in TYPES and self.is_of_type(what, name)):
            self.add(dst, value)

    def is_such(self, test: str, what: kinds.Value) -> bool | None:
        """Whether a test holds of a value; None where that can't be told."""
        kind = what[0]
        if test in KINDS_OF_FUNCTIONS:
            if kind not in FUNCTIONS:
                return None
            flags = self.hierarchy.function_of(int(what[1]))[1].flags  # type: ignore[call-overload]
            return flags & (ir.COROUTINE | ir.GENERATOR) == KINDS_OF_FUNCTIONS[test]
        if kind not in KNOWN:
            return None
        if test == ir.CLASS_TEST:
            return kind == kinds.CLASS
        if test == ir.FUNCTION_TEST:
            return kind in FUNCTIONS
        if kind != kinds.INSTANCE:
            return kind in (*FUNCTIONS, kinds.CLASS, kinds.PARTIAL) if test == ir.CALLABLE_TEST else None
        number = int(what[1])  # type: ignore[call-overload]
        name = "__call__" if test == ir.CALLABLE_TEST else test.partition(" ")[2]
        if self.hierarchy.binds(number, name):
            return True
        return False if test == ir.CALLABLE_TEST and what[2] and self.lacks(what, name) else None

    @on(ir.SUCH)
    def on_such(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        test, holds, dst = rule
        self.narrowed[dst + offset] = self.at
        if self.is_such(test, what) in (None, holds):
            self.add(dst + offset, value)

    def lacks(self, what: kinds.Value, name: str) -> bool:
        """Whether no base that is not ours has a special method of its own."""
        order = self.hierarchy.order(int(what[1]))  # type: ignore[call-overload]
        return not any(isinstance(item, str) and has_own(item, name) for item in order)

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
