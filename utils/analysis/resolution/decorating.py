"""Decorators: what a decorated name stands for, and what a wrapper lets through."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.binding import Call
from utils.analysis.resolution.calls import Calls
from utils.analysis.resolution.graph import LIMITS
from utils.analysis.resolution.hierarchy import Hierarchy, Module

DECORATED, INSIDE, WRAP = 107, 108, 123


class Decorating(Calls):
    """Rules of decorators and of `functools.wraps`."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.decorators: frozenset[str] = frozenset()  # names of library functions that make something else
        self.undecided: list[tuple[int, int, tuple[Any, ...], Module]] = []
        self.settled: set[int] = set()
        self.handed_on = {
            module.offset + site
            for module in self.modules
            for function in module.body.functions.values()
            if function.flags & ir.WRAPPER
            for site in (function.var_positional, function.var_keyword)
        }
        self.rules[ir.DECORATE] = self.on_decorate
        self.rules[DECORATED] = self.on_decorated
        self.rules[INSIDE] = self.on_inside
        self.rules[WRAP] = self.on_wrap

    def on_decorate(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        source, dst, scope, line = rule
        offset = module.offset
        if what[0] == kinds.EXTERNAL and dst and str(what[1]) not in self.decorators:
            self.link(offset + source, offset + dst)
            return
        if not dst:
            target = self.new()
            self.apply(value, what, Call(scope, line, [offset + source], [], target, module, target))
            return
        if what[0] == kinds.FUNCTION and self.limits is LIMITS:
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            for node in function.params[:1]:
                self.wide.update(owner.offset + item for item in (node, *owner.body.succ.get(node, ())))
        if what[0] == kinds.INSTANCE and self.at not in self.settled:
            self.undecided.append((self.at, value, rule, module))
            return
        inner = self.new()
        self.wait(inner, (DECORATED, offset + source, offset + dst))
        self.apply(value, what, Call(scope, line, [offset + source], [], inner, module, inner))

    def on_decorated(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """A decorator's result. A `wraps` function is told apart by what it wraps; what some decorator was given
        elsewhere is another call's result that came along, because the graph knows no contexts."""
        source, dst = rule
        if value in self.decorated and value not in self.points.get(source, ()):
            return
        if what[0] == kinds.FUNCTION:
            _, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            if function.flags & ir.WRAPPER:
                value = self.values.intern(kinds.WRAPPED, what[1], source, -1)
        elif what[0] == kinds.WRAPPED:
            value = self.values.intern(kinds.WRAPPED, what[1], source, -1)
        self.add(dst, value)

    def run_wrapped(self, what: kinds.Value, call: Call) -> None:
        """The wrapper is called; its result, and where its arguments end up, are those of the function it wraps."""
        number, source, receiver = (int(part) for part in what[1:])  # type: ignore[call-overload]
        owner, function = self.hierarchy.function_of(number)
        self.edge(call.place, number)
        item = 0
        if receiver >= 0:
            item = self.new()
            self.add(item, receiver)
        self.bind(owner, function, [item, *call.args] if item else call.args, call)
        self.follow(source, (INSIDE, call, receiver))

    def on_inside(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        call, receiver = rule
        if what[0] == kinds.WRAPPED:
            self.follow(int(what[2]), (INSIDE, call, receiver))  # type: ignore[call-overload]
        elif what[0] == kinds.FUNCTION:
            number = int(what[1])  # type: ignore[call-overload]
            self.enter_function(number, receiver if receiver >= 0 else None, call)

    def on_wrap(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """`update_wrapper(value, wrapped)`."""
        if what[0] == kinds.FUNCTION:
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            self.handed_on.update({owner.offset + function.var_positional, owner.offset + function.var_keyword})
            value = self.values.intern(kinds.WRAPPED, what[1], rule[0], -1)
        self.add(rule[1], value)

    def settle_decorators(self) -> bool:
        """`@f(...)` where `f` may give a function or an object: an object only where no function came."""
        waiting, self.undecided = self.undecided, []
        for node, value, rule, module in waiting:
            if all(self.values.table[other][0] == kinds.INSTANCE for other in self.points[node]):
                self.settled.add(node)
                self.at = node
                self.on_decorate(value, self.values.table[value], rule, module)
        return bool(waiting)
