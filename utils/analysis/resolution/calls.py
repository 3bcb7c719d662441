"""Calls: what each kind of callee does with its arguments, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.containers import Containers
from utils.analysis.resolution.graph import LIMITS
from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy, Module
from utils.analysis.resolution.solver import GETTER

APPLY = 103
DECORATED, INSIDE, RECEIVED = 107, 108, 109


class Call:
    """One call: where it stands, its arguments as global nodes (or ("k", constant)), and where its result goes.

    `args` items may be ("*", node); `keywords` are (name or None for `**`, item). `prepaid` come before `args`.
    """

    __slots__ = ("args", "depth", "dst", "keywords", "line", "module", "scope", "site")

    def __init__(
        self, scope: int, line: int, args: Sequence[Any], keywords: Sequence[Any], dst: int, module: Module, site: int
    ) -> None:
        self.scope = scope
        self.line = line
        self.args = args
        self.keywords = keywords
        self.dst = dst
        self.module = module
        self.site = site
        self.depth = 0


def shifted(item: Any, offset: int) -> Any:
    """An argument of a summary with a global node: 0 stays nothing."""
    if item.__class__ is tuple:
        return (item[0], item[1] + offset if item[1] else 0) if item[0] == "*" else item
    return item + offset if item else 0


class Calls(Containers):
    """`apply(callee value, call)`; `models.py` adds builtins and well-known library functions."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.applied: set[tuple[int, int]] = set()
        self.pending: dict[int, Call] = {}
        self.partials: dict[int, Call] = {}
        self.made: set[int] = set()
        self.rules[ir.CALL] = self.on_call
        self.rules[ir.DECORATE] = self.on_decorate
        self.rules[ir.RAISE] = self.on_raise
        self.rules[APPLY] = self.on_apply
        self.rules[GETTER] = self.on_getter
        self.rules[DECORATED] = self.on_decorated
        self.rules[INSIDE] = self.on_inside
        self.rules[RECEIVED] = self.on_received
        self.handed_on = {
            module.offset + site
            for module in self.modules
            for function in module.body.functions
            if function.flags & ir.WRAPPER
            for site in (function.var_positional, function.var_keyword)
        }

    def on_call(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        scope, line, args, keywords, dst = rule
        offset = module.offset
        call = self.pending.get(offset + dst)
        if call is None:
            call = self.pending[offset + dst] = Call(
                scope,
                line,
                [shifted(item, offset) for item in args] if args else (),
                [(name, shifted(item, offset)) for name, item in keywords] if keywords else (),
                offset + dst,
                module,
                offset + dst,
            )
        self.apply(value, what, call)

    def on_apply(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        self.apply(value, what, rule[0])

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
        self.edge(call.scope, call.line, number, call.module)
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

    def on_raise(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        if what[0] == kinds.CLASS:
            node = self.new()
            self.apply(value, what, Call(rule[0], rule[1], [], [], node, module, node))

    def on_getter(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """A function given to `property(...)`, read through a receiver."""
        receiver, node = rule
        if what[0] == kinds.FUNCTION:
            self.read_property(int(what[1]), receiver, node)  # type: ignore[call-overload]

    def apply(self, value: int, what: kinds.Value, call: Call) -> None:
        """One callee value meets one call, once."""
        if (call.site, value) in self.applied:
            return
        self.applied.add((call.site, value))
        kind = what[0]
        if kind == kinds.FUNCTION:
            self.run_function(int(what[1]), None, call)  # type: ignore[call-overload]
        elif kind == kinds.BOUND:
            number, receiver = int(what[1]), int(what[2])  # type: ignore[call-overload]
            self.edge(call.scope, call.line, number, call.module, -1 if what[3] else receiver)
            self.enter_function(number, receiver, call)
        elif kind == kinds.WRAPPED:
            self.run_wrapped(what, call)
        elif kind == kinds.CLASS:
            self.instantiate(int(what[1]), call, len(what) == 2)  # type: ignore[call-overload]
        elif kind == kinds.INSTANCE:
            self.wait(self.member(value, what, "__call__"), (APPLY, call))
        elif kind == kinds.PARTIAL:
            self.run_partial(int(what[1]), call)  # type: ignore[call-overload]
        elif kind == kinds.CALLABLE:
            self.link(int(what[1]), call.dst)  # type: ignore[call-overload]
        elif kind == kinds.IDENTITY:
            self.give(call.args[0] if call.args else 0, call.dst)
        elif kind == kinds.METHOD:
            self.run_container_method(int(what[1]), str(what[2]), call)  # type: ignore[call-overload]
        elif kind == kinds.STREAM:
            self.run_stream(int(what[1]), str(what[2]), call)  # type: ignore[call-overload]
        elif kind in (kinds.BUILTIN, kinds.EXTERNAL):
            self.run_model(str(what[1]), call)

    def give(self, item: Any, target: int) -> None:
        """An argument flows to a node."""
        if item.__class__ is tuple:
            if item[0] == "k":
                self.add(target, self.values.intern(kinds.CONSTANT, type(item[1]).__name__, item[1]))
        elif item:
            self.link(item, target)

    # --- functions ---------------------------------------------------------------------------------------------------

    def run_function(self, number: int, receiver: int | None, call: Call) -> None:
        self.edge(call.scope, call.line, number, call.module, -1 if receiver is None else receiver)
        self.enter_function(number, receiver, call)

    def enter_function(self, number: int, receiver: int | None, call: Call) -> None:
        """Arguments flow in and results out."""
        owner, function = self.hierarchy.function_of(number)
        args = call.args
        if receiver is not None:
            self.receive(owner, function, receiver)
            args = [None, *args]
        self.bind(owner, function, args, call)
        if function.flags & ir.CONTEXT:
            self.add(call.dst, self.values.intern(kinds.CONTEXT, number))
        elif function.flags & ir.GENERATOR:
            self.add(call.dst, self.values.intern(kinds.GENERATOR, number))
        else:
            self.link(owner.offset + function.returns, call.dst)
        for index, called in function.passes:
            self.hand_back(function, index, called, receiver, args, call)

    def hand_back(
        self, function: ir.Function, index: int, called: bool, receiver: int | None, args: Sequence[Any], call: Call
    ) -> None:
        """The result is the argument itself, or what calling it gives: told for this call alone."""
        name = [*function.positional, *function.keyword_only][index]
        item: Any = next((item for keyword, item in call.keywords if keyword == name), 0)
        if index < len(function.positional) and index < len(args):
            item = args[index]
        if index == 0 and receiver is not None:
            item = self.new()
            self.add(item, receiver)
        if item.__class__ is tuple and item[0] == "*":
            item = self.all_elements(item[1])
        if not called:
            self.give(item, call.dst)
        elif item.__class__ is int and item:
            self.wait(item, (APPLIED_RESULT, call.dst))

    def bind(self, owner: Module, function: ir.Function, args: Sequence[Any], call: Call) -> None:
        offset = owner.offset
        positional = function.positional
        position = 0
        for item in args:
            if item.__class__ is tuple and item[0] == "*":
                self.bind_star(owner, function, position, item[1])
                position = len(positional) + 1
            elif position < len(positional):
                if item is not None:
                    self.bind_one(offset, function, position, item)
                position += 1
            elif function.var_positional and item is not None:
                index = position - len(positional)
                self.give(item, self.content(offset + function.var_positional, index))
                position += 1
        names = {name: index for index, name in enumerate([*positional, *function.keyword_only])}
        for name, item in call.keywords:
            if name is None:
                self.bind_double_star(owner, function, names, item)
            elif name in names and names[name] >= function.posonly:
                self.bind_one(offset, function, names[name], item)
            elif function.var_keyword:
                self.give(item, self.content(offset + function.var_keyword, name))

    def bind_one(self, offset: int, function: ir.Function, index: int, item: Any) -> None:
        if item.__class__ is tuple and index not in function.keys:
            return
        if index == 0 and function.flags & ir.METHOD and not function.flags & ir.STATIC:
            if item.__class__ is int and item:
                self.wait(item, (RECEIVED, offset, function))
            return
        self.give(item, offset + function.params[index])

    def on_received(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """`self` handed over by hand: only an object of the method's class can be meant."""
        owner = self.modules[(rule[0] >> ir.NODE_BITS) - 1]
        number = owner.index << CLASS_BITS | rule[1].owner
        if what[0] in (kinds.INSTANCE, kinds.CLASS) and self.hierarchy.is_subclass(int(what[1]), number):  # type: ignore[call-overload]
            self.receive(owner, rule[1], value)

    def bind_star(self, owner: Module, function: ir.Function, position: int, source: int) -> None:
        if source and source not in self.handed_on:
            rest = [owner.offset + node for node in function.params[position : len(function.positional)]]
            var = owner.offset + function.var_positional if function.var_positional else 0
            self.wait(source, (SPREAD, tuple(rest), var))

    def bind_double_star(self, owner: Module, function: ir.Function, names: dict[str, int], source: int) -> None:
        if source and source not in self.handed_on:
            nodes = {name: owner.offset + function.params[index] for name, index in names.items()}
            var = owner.offset + function.var_keyword if function.var_keyword else 0
            self.wait(source, (SPREAD_KEYWORDS, nodes, var))

    # --- classes -----------------------------------------------------------------------------------------------------

    def instantiate(self, number: int, call: Call, certain: bool = True) -> None:
        exact = self.values.intern(kinds.INSTANCE, number, certain)
        if certain:
            self.made.add(number)
        self.add(call.dst, exact)
        new = self.find(number, "__new__")
        if new is not None:
            self.edge(call.scope, call.line, new, call.module)
            owner, function = self.hierarchy.function_of(new)
            self.bind(owner, function, [None, *call.args], call)
        init = self.find(number, "__init__")
        if init is not None:
            owner, function = self.hierarchy.function_of(init)
            self.edge(call.scope, call.line, init, call.module)
            self.receive(owner, function, exact)
            self.bind(owner, function, [None, *call.args], call)
        else:
            self.fill_fields(number, call)

    def fill_fields(self, number: int, call: Call) -> None:
        """A dataclass's or named tuple's generated `__init__` stores its arguments in order."""
        fields: list[tuple[int, str]] = []
        for item in reversed(self.hierarchy.order(number)):
            if isinstance(item, int):
                fields.extend((item, name) for name in self.hierarchy.class_of(item)[1].fields)
        for (owner, name), argument in zip(fields, call.args, strict=False):
            self.give(argument, self.field(owner, name))
        owners = {field: owner for owner, field in fields}
        for keyword, argument in call.keywords:
            if keyword in owners:
                self.give(argument, self.field(owners[keyword], keyword))

    # --- partial -----------------------------------------------------------------------------------------------------

    def run_partial(self, site: int, call: Call) -> None:
        made = self.partials[site]
        if not made.args or made.args[0].__class__ is tuple or call.depth > 3:
            return
        inner = Call(
            call.scope,
            call.line,
            [*made.args[1:], *call.args],
            [*made.keywords, *call.keywords],
            call.dst,
            call.module,
            self.new(),
        )
        inner.depth = call.depth + 1
        self.wait(made.args[0], (APPLY, inner))

    def run_stream(self, function: int, name: str, call: Call) -> None:
        """`next`, `send`, `throw` of a generator."""
        if name in ("send", "__next__", "throw", "asend", "__anext__"):
            owner, record = self.hierarchy.function_of(function)
            self.link(owner.offset + record.yields, call.dst)
            if name in ("send", "asend") and call.args:
                self.give(call.args[0], owner.offset + record.sends)

    def run_model(self, name: str, call: Call) -> None:
        raise NotImplementedError  # Models

    def run_container_method(self, site: int, name: str, call: Call) -> None:
        raise NotImplementedError  # Models

    def call_nodes(self, node: int, args: list[Any], call: Call, dst: int = 0) -> None:
        """Call what arrives at `node` from where `call` stands, as `map` and `sorted` do."""
        if node.__class__ is int and node:
            inner = Call(call.scope, call.line, args, [], dst or self.new(), call.module, self.new())
            inner.depth = call.depth + 1
            if inner.depth < 5:
                self.wait(node, (APPLY, inner))


APPLIED_RESULT, SPREAD, SPREAD_KEYWORDS = 104, 105, 106
