"""Decorators: what a decorated name stands for, and what a wrapper lets through."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.binding import Call
from utils.analysis.resolution.calls import Calls
from utils.analysis.resolution.exchange import CALLED, WIDEN, WRAPS
from utils.analysis.resolution.graph import World, on
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.outside import base_name

DECORATORS = frozenset({"functools.singledispatch", "functools.partial"})  # of the library's, those that make others
LATER = frozenset({"hypothesis.strategies.composite"})  # of what they give, a call does not run what was decorated
DECORATED, INSIDE, WRAP = 107, 108, 123


class Decorating(Calls):
    """Rules of decorators and of `functools.wraps`."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.undecided: list[tuple[int, int, tuple[Any, ...], int]] = []
        self.settled: set[int] = set()
        for function in module.face.functions.values():
            if function.flags & ir.WRAPPER:
                self.note(WRAPS, function)

    def note(self, message: int, function: ir.Function) -> None:
        if message == CALLED:
            self.called.add(function.number)
        elif message == WRAPS:
            self.handed_on.update({self.offset + function.var_positional, self.offset + function.var_keyword})
        else:
            for node in given_to(function):
                for source in self.seen_as(node):
                    targets = self.module.code.succ.get(source, ())
                    targets = (targets,) if isinstance(targets, int) else targets
                    self.wide.update(self.offset + item for item in (source, *targets))

    def seen_as(self, node: int) -> list[int]:
        """A parameter's node, and those of what tests let through of it."""
        found = [node]
        for each in found:
            found += [item[-1] for item in ir.decode(self.module.code, each) if item[0] == ir.SUCH]
        return found

    @on(ir.DECORATE)
    def on_decorate(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        source, dst, scope, line = rule
        if what[0] == kinds.EXTERNAL and dst and str(what[1]) not in DECORATORS:
            if str(what[1]) in LATER:
                self.add(offset + dst, value)
            else:
                self.link(offset + source, offset + dst)
            return
        if not dst:
            self.apply(value, what, self.decoration(scope, line, offset + source))
            return
        if self.is_doubtful(what) and self.at not in self.settled:
            self.undecided.append((self.at, value, rule, offset))
            return
        decorator = self.decorator_of(what)
        if decorator is not None and not self.world.large:
            owner, function = self.hierarchy.function_of(decorator)
            self.notify(WIDEN, owner, function)
            self.wide.update(self.there(owner.offset + node) for node in given_to(function))
        call = self.decoration(scope, line, offset + source)
        made = self.property_of(what, offset + source)
        if made is None:
            self.wait(call.site, (DECORATED, offset + source, offset + dst))
        else:
            self.add(offset + dst, made)
        self.apply(value, what, call)

    def decoration(self, scope: int, line: int, source: int) -> Call:
        """A decorator is called with what it decorates."""
        result = self.new()
        return Call(scope, line, [source], [], result, result, written=True)

    def decorator_of(self, what: kinds.Value) -> int | None:
        """The function that decorates: a decorator itself, or the `__call__` of one that is an object."""
        if what[0] == kinds.INSTANCE:
            return self.find(int(what[1]), "__call__")  # type: ignore[call-overload]
        return int(what[1]) if what[0] == kinds.FUNCTION else None  # type: ignore[call-overload]

    def property_of(self, what: kinds.Value, source: int) -> int | None:
        """What a class that is called a property, or derives from one, makes of a function; None for other classes."""
        if what[0] != kinds.CLASS:
            return None
        number = int(what[1])  # type: ignore[call-overload]
        if self.find(number, "__get__") is not None:
            name = self.hierarchy.class_of(number)[1].name
            return self.values.intern(kinds.INSTANCE, number, True, source) if "property" in name.lower() else None
        outside = (base_name(item) for item in self.hierarchy.order(number) if isinstance(item, str))
        is_property = any(name.endswith("property") for name in outside)
        return self.values.intern(kinds.ACCESSOR, source, 0, 0) if is_property else None

    @on(DECORATED)
    def on_decorated(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A decorator's result. A `wraps` function is told apart by what it wraps; what some decorator was given
        elsewhere is another call's result that came along, because the graph knows no contexts."""
        source, dst = rule
        if value not in self.points.get(source, ()) and self.hierarchy.is_decorated(what):
            return
        if what[0] == kinds.FUNCTION:
            _, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            if function.flags & ir.WRAPPER:
                value = self.values.intern(kinds.WRAPPED, what[1], source, -1)
        elif what[0] == kinds.WRAPPED:
            value = self.values.intern(kinds.WRAPPED, what[1], source, -1)
        self.add(dst, value)

    def run_wrapped(self, what: kinds.Value, call: Call) -> None:
        """The wrapper is called."""
        self.edge(call.place, int(what[1]))  # type: ignore[call-overload]
        self.enter_wrapped(what, call)

    def enter_wrapped(self, what: kinds.Value, call: Call) -> None:
        """The result of a wrapper, and where its arguments end up, are those of the function it wraps."""
        number, source, receiver = (int(part) for part in what[1:])  # type: ignore[call-overload]
        owner, function = self.hierarchy.function_of(number)
        item = 0
        if receiver >= 0:
            item = self.new()
            self.add(item, receiver)
        self.bind(owner, function, [item, *call.args] if item else call.args, call)
        self.follow(source, (INSIDE, call, receiver))

    @on(INSIDE)
    def on_inside(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        call, receiver = rule
        if what[0] == kinds.WRAPPED:
            self.follow(int(what[2]), (INSIDE, call, receiver))  # type: ignore[call-overload]
        elif what[0] == kinds.FUNCTION:
            number = int(what[1])  # type: ignore[call-overload]
            self.enter_function(*self.hierarchy.function_of(number), receiver if receiver >= 0 else None, call)

    @on(WRAP)
    def on_wrap(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`update_wrapper(value, wrapped)`."""
        if what[0] == kinds.FUNCTION:
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            self.notify(WRAPS, owner, function)
            value = self.values.intern(kinds.WRAPPED, what[1], rule[0], -1)
        self.add(rule[1], value)

    def is_doubtful(self, what: kinds.Value) -> bool:
        """Whether a decorator is rather something else: what `@f` without arguments was given comes along from there,
        too."""
        if what[0] == kinds.FUNCTION:
            _, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            return function.name == "<lambda>" or bool(function.flags & ir.WRAPPER) or self.hierarchy.is_decorated(what)
        return what[0] in (kinds.INSTANCE, kinds.WRAPPED)

    def settle_decorators(self) -> set[int]:
        """`@f(...)` where `f` may give a decorator or something else: that only where no decorator came. The nodes of
        what these make, which is not known yet."""
        waiting, self.undecided = self.undecided, []
        made = set()
        for node, value, rule, offset in waiting:
            others = [self.values.table[other] for other in self.points[node]]
            if all(what[0] == kinds.CALLABLE or self.is_doubtful(what) for what in others):  # a promise is no decorator
                self.settled.add(node)
                self.at = node
                self.on_decorate(value, self.values.table[value], rule, offset)
                made.add(offset + rule[1])
        return made


def given_to(function: ir.Function) -> list[int]:
    """The parameter that a decorating function gets what it decorates in."""
    return function.params[bool(function.flags & ir.METHOD and not function.flags & ir.STATIC) :][:1]
