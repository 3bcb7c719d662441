"""Calls: what each kind of callee does, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.attributes import GETTER
from utils.analysis.resolution.binding import APPLIED_RESULT, Binding, Call, is_node, shifted
from utils.analysis.resolution.exchange import Ref
from utils.analysis.resolution.graph import BY_SUPER, NOWHERE, Place, World, on
from utils.analysis.resolution.hierarchy import Module

APPLY, CONSTRUCTED, OTHER_MADE, MEMBER_VALUE, BY_KIND, RELAYED, AROUND = 103, 94, 84, 130, 136, 138, 139


class Calls(Binding):
    """`apply(callee value, call)`; `models.py` adds builtins and well-known library functions."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.applied: set[tuple[int, int]] = set()
        self.pending: dict[int, Call] = {}
        self.unknown_kinds: list[tuple[int, int, Ref]] = []
        self.refused: dict[int, int] = {}  # site → how many functions cannot be called like this
        self.callee_of: dict[int, int] = {}  # node of a call's result → what is called

    @on(ir.CALL)
    def on_call(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        scope, line, args, keywords, dst = rule
        call = self.pending.get(offset + dst)
        if call is None:
            call = self.pending[offset + dst] = Call(
                scope,
                line,
                [shifted(item, offset) for item in args] if args else (),
                [(name, shifted(item, offset)) for name, item in keywords] if keywords else (),
                offset + dst,
                offset + dst,
                written=True,
            )
            self.callee_of[offset + dst] = self.at
        self.apply(value, what, call)

    @on(APPLY)
    def on_apply(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        self.apply(value, what, rule[0])

    @on(ir.RAISE)
    def on_raise(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.CLASS:
            node = self.new()
            self.apply(value, what, Call(rule[0], rule[1], [], [], node, node))

    @on(GETTER)
    def on_getter(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A function given to `property(...)`, read through a receiver."""
        receiver, node = rule
        if what[0] in (kinds.FUNCTION, kinds.WRAPPED):
            self.accessors.add(int(what[1]))  # type: ignore[call-overload]
            self.read_property(int(what[1]), receiver, node)  # type: ignore[call-overload]
        if what[0] == kinds.WRAPPED:
            self.follow(int(what[2]), (APPLIED_RESULT, node))  # type: ignore[call-overload]

    def apply(self, value: int, what: kinds.Value, call: Call) -> None:
        """One callee value meets one call, once."""
        if (call.site, value) in self.applied:
            return
        self.applied.add((call.site, value))
        kind = what[0]
        if kind == kinds.FUNCTION:
            self.run_function(int(what[1]), None, call)  # type: ignore[call-overload]
        elif kind == kinds.BOUND:
            self.run_function(int(what[1]), int(what[2]), call, bool(what[3]))  # type: ignore[call-overload]
        elif kind == kinds.WRAPPED:
            self.run_wrapped(what, call)
        elif kind == kinds.CLASS:
            self.instantiate(int(what[1]), call, len(what) == 2)  # type: ignore[call-overload]
        elif kind == kinds.MAKER:
            self.make(int(what[1]), call)  # type: ignore[call-overload]
        elif kind == kinds.INSTANCE:
            self.wait(self.member(value, what, "__call__"), (APPLY, call))
        elif kind == kinds.PARTIAL:
            self.run_partial(what, call)
        elif kind == kinds.CALLABLE:
            self.link(int(what[1]), call.dst)  # type: ignore[call-overload]
        elif kind == kinds.IDENTITY:
            self.give(call.args[0] if call.args else 0, call.dst)
        elif kind == kinds.METHOD:
            self.run_container_method(what, call)
        elif kind == kinds.STREAM:
            self.run_stream(int(what[1]), str(what[2]), call)  # type: ignore[call-overload]
        elif kind == kinds.READER:
            self.run_reader(what, call)
        elif kind in (kinds.BUILTIN, kinds.EXTERNAL):
            self.run_model(str(what[1]), call)
        elif kind == kinds.OBJECT and len(what) > 3:
            self.make_record(what[3], call)  # type: ignore[arg-type]
        elif kind == kinds.OBJECT:
            self.run_model(str(what[2]), call, int(what[1]))  # type: ignore[call-overload]

    def call_module(self, node: int, name: str, place: Place, dst: int) -> None:
        self.wait(node, (APPLY, Call(place[0], place[1], [("k", name)], [], dst, self.new())))

    def run_function(self, number: int, receiver: int | None, call: Call, by_super: bool = False) -> None:
        owner, function = self.hierarchy.function_of(number)
        if self.refuses(function, call, receiver is not None):
            return
        known = -1 if receiver is None else receiver
        self.edge(call.place, number, BY_SUPER - known if by_super else known)
        self.enter_function(owner, function, receiver, call)

    def refuses(self, function: ir.Function, call: Call, bound: bool) -> bool:
        """Whether a function, bound to a receiver or not, cannot be called like this: something else is meant."""
        if not call.written:
            return False
        args = [None, *call.args] if bound else call.args
        if function.flags & ir.ADAPTED or self.accepts(function, args, call.keywords):
            return False
        self.refused[call.shared] = self.refused.get(call.shared, 0) + 1
        return True

    def enter_function(self, owner: Module, function: ir.Function, receiver: int | None, call: Call) -> None:
        """Arguments flow in and results out."""
        args = call.args
        if receiver is not None:
            self.receive(owner, function, receiver)
            args = [None, *args]
        self.bind(owner, function, args, call)
        if function.flags & (ir.CONTEXT | ir.GENERATOR):
            kind = kinds.CONTEXT if function.flags & ir.CONTEXT else kinds.GENERATOR
            self.add(call.dst, self.values.intern(kind, owner.index << ir.CLASS_BITS | function.number))
        elif receiver is None or not function.flags & ir.OWN:
            self.take_result(owner, function, function.returns, args, call)
        self.take_chosen(owner, function, receiver, args, call)
        if function.stores and receiver is not None:
            self.keep(owner, function, receiver, args, call)
        for index, called in function.passes:
            self.hand_back(owner, function, index, called, receiver, args, call)
        if function.relays:
            self.wait(owner.offset + function.relays[0], (RELAYED, owner, function, receiver, args, call))

    @on(RELAYED)
    def on_relayed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A function hands something back by way of another."""
        owner, function, receiver, args, call = rule
        index, *how = what[1:]
        if len(how) == 1:
            self.hand_back(owner, function, index, bool(how[0]), receiver, args, call)  # type: ignore[arg-type]
            return
        given, source = how
        item = self.argument(function, index, args, call)  # type: ignore[arg-type]
        if is_node(item):
            self.take_by_kind(item, given, item if source == -1 else source, call.dst)  # type: ignore[arg-type]
        elif source != -1:
            self.link(source, call.dst)

    def take_chosen(
        self, owner: Module, function: ir.Function, receiver: int | None, args: Sequence[Any], call: Call
    ) -> None:
        """The results that depend on an argument come out where the call may give it."""
        for index, given, node in function.choices:
            if index < 0 or not self.fits(function, index, given, args, call):
                continue
            item = self.argument(function, index, args, call) if ir.is_of_kind(given) else 0
            if ir.is_of_kind(given) and is_node(item):
                source = item if node == function.params[index] else owner.offset + node
                self.take_by_kind(item, given, source, call.dst)
            elif node in function.params:
                self.hand_back(owner, function, function.params.index(node), False, receiver, args, call)
            else:
                self.take_result(owner, function, node, args, call)

    def take_result(self, owner: Module, function: ir.Function, node: int, args: Sequence[Any], call: Call) -> None:
        """A function's result comes out of a call. In the body of a module or class, `name = decorator(function)` does
        what a decorator does: a wrapper is one around what the call gives."""
        decorates = function.wraps >= 0 and call.scope == 0
        item = self.argument(function, function.wraps, args, call) if decorates else 0
        if is_node(item):
            self.wait(owner.offset + node, (AROUND, function.id, item, call.dst))
        else:
            self.link(owner.offset + node, call.dst)

    @on(AROUND)
    def on_around(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        around, item, dst = rule
        if what[0] == kinds.FUNCTION:
            _, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            if function.flags & ir.WRAPPER and function.id.startswith(f"{around}."):
                value = self.values.intern(kinds.WRAPPED, what[1], item, -1)
        self.add(dst, value)

    def take_by_kind(self, item: int, given: tuple[str, ...], source: int, dst: Ref) -> None:
        """A result that depends on what kind of thing an argument is, or the argument itself where it is such."""
        if self.relay(item, dst, given, -1 if source == item else source):
            return
        self.wait(item, (BY_KIND, given, source, dst))
        if not self.points.get(item):
            self.unknown_kinds.append((item, source, dst))

    @on(BY_KIND)
    def on_by_kind(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        given, source, dst = rule
        refuted = given[0] != ir.HOLDS
        if any(self.is_such(test, what) is refuted for test in given[1:]):
            return
        if source == self.at:
            self.add(dst, value)
        else:
            self.link(source, dst)

    def settle_kinds(self) -> None:
        """Arguments that nothing is known of may be coroutine functions or not."""
        waiting, self.unknown_kinds = self.unknown_kinds, []
        for item, source, dst in waiting:
            if not self.points.get(item):
                self.link(source, dst)

    def instantiate(self, number: int, call: Call, certain: bool = True) -> None:
        """A class is called: its metaclass decides what that does."""
        metaclass = self.hierarchy.metaclass_of(number)
        called = None if metaclass is None else self.find(metaclass, "__call__")
        if called is None:
            self.make(number, call, certain)
            return
        if certain:
            self.made.add(number)
        self.add(call.dst, self.values.intern(kinds.INSTANCE, number, certain))
        self.run_function(called, self.values.intern(kinds.CLASS, number), call)

    def make(self, number: int, call: Call, certain: bool = True) -> None:
        """An object is made and its constructor run; an enumeration gives one that it has."""
        if self.is_enum(number):
            self.add(call.dst, self.a_member(number))
            return
        new = self.find(number, "__new__")
        first = self.find(number, "__init__") if new is None else new
        if first is not None and self.refuses(self.hierarchy.function_of(first)[1], call, True):
            return
        if new is not None:
            self.edge(call.place, new)
            owner, function = self.hierarchy.function_of(new)
            self.bind(owner, function, [None, *call.args], call)
            if function.flags & (ir.OTHER | ir.INSTEAD):
                certain = False
                self.take_other(number, owner, function, call)
            if function.flags & ir.INSTEAD:
                return
        if len(call.args) == 3 and "type" in self.hierarchy.order(number):
            self.make_class(call)
        exact = self.values.intern(kinds.INSTANCE, number, certain)
        if certain:
            self.made.add(number)
        self.add(call.dst, exact)
        self.construct(number, exact, call)

    def make_class(self, call: Call) -> None:
        """`type(name, bases, namespace)`, and the same of a metaclass: a class that is like its first base."""
        raise NotImplementedError  # Models

    def take_other(self, number: int, owner: Module, function: ir.Function, call: Call) -> None:
        """What a `__new__` gives back may be of another class than it was asked for."""
        inner = call.part(call.args, call.keywords, self.new(), self.new())
        self.link(owner.offset + function.returns, inner.dst)
        self.take_chosen(owner, function, None, [None, *call.args], inner)
        self.link(inner.dst, call.dst)
        self.wait(int(inner.dst), (OTHER_MADE, number, inner))

    @on(OTHER_MADE)
    def on_other_made(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """Of the objects that a `__new__` gives back, Python runs the constructors of those of a class below."""
        number, call = rule
        if what[0] == kinds.INSTANCE and what[1] != number and number in self.hierarchy.order(int(what[1])):  # type: ignore[call-overload]
            self.construct(int(what[1]), value, call)  # type: ignore[call-overload]

    def construct(self, number: int, exact: int, call: Call) -> None:
        """The constructor of an object that was made."""
        init = self.find(number, "__init__")
        if init is not None:
            owner, function = self.hierarchy.function_of(init)
            self.edge(call.place, init)
            self.receive(owner, function, exact)
            self.bind(owner, function, [None, *call.args], call)
            self.keep(owner, function, exact, [None, *call.args], call)
        elif not self.look_up(self.hierarchy.order(number), "__init__", (CONSTRUCTED, exact, call)):
            self.fill_fields(number, call)
            self.fill_container(number, call)
        for node in self.given_instead(self.hierarchy.order(number), "__init__", call.shared):
            self.wait(node, (CONSTRUCTED, exact, call))

    def make_members(self, number: int) -> None:
        if not self.is_enum(number):
            return
        found = [self.find(number, name) for name in ("__new__", "__init__")]
        constructors = [item for item in found if item is not None]
        for sources in self.member_values(number).values():
            self.made.add(number)
            for source in sources:
                for item in constructors:
                    self.wait(source, (MEMBER_VALUE, number, item, source))
        if found[1] is not None:
            self.receive(*self.hierarchy.function_of(found[1]), self.a_member(number))

    @on(MEMBER_VALUE)
    def on_member_value(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """What an enumeration's member is made of: its constructor is run by the library."""
        number, constructor, source = rule
        parts = what[0] == kinds.CONTAINER and int(what[2]) >= 0  # type: ignore[call-overload]
        call = Call(NOWHERE, 0, [None, ("*", source) if parts else source], [], self.new(), self.new())
        owner, function = self.hierarchy.function_of(constructor)
        self.bind(owner, function, call.args, call)
        self.keep(owner, function, self.a_member(number), call.args, call)

    def fill_container(self, number: int, call: Call) -> None:
        """What Python's own containers are made of."""
        found = self.container_of(number)
        if found is not None and not self.record_fields(number) and self.find(number, "__new__") is None:
            self.run_container_method((kinds.METHOD, *found[0][1:], "__init__"), call)

    @on(CONSTRUCTED)
    def on_constructed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A constructor that a decorator, or an assignment to the class, puts in the place of the one written down."""
        exact, call = rule
        inner = call.part(call.args, call.keywords, self.new(), self.new())
        if what[0] == kinds.WRAPPED:
            self.run_wrapped((*what[:3], exact), inner)
        elif what[0] == kinds.FUNCTION:
            item = self.new()
            self.add(item, exact)
            inner.args = [item, *call.args]
            self.run_function(int(what[1]), None, inner)  # type: ignore[call-overload]

    def run_partial(self, what: kinds.Value, call: Call) -> None:
        args: Any = what[2]
        keywords: Any = what[3]
        if not args or args[0].__class__ is tuple or call.depth > 3:
            return
        inner = call.part([*args[1:], *call.args], [*keywords, *call.keywords], call.dst, self.new())
        inner.depth = call.depth + 1
        self.wait(args[0], (APPLY, inner))

    def run_stream(self, function: int, name: str, call: Call) -> None:
        """`next`, `send`, `throw` of a generator."""
        if name in ("send", "__next__", "throw", "asend", "__anext__"):
            owner, record = self.hierarchy.function_of(function)
            self.link(owner.offset + record.yields, call.dst)
            if name in ("send", "asend") and call.args:
                self.give(call.args[0], owner.offset + record.sends)

    def run_reader(self, what: kinds.Value, call: Call) -> None:
        """`attrgetter("a.b")`, `itemgetter(key)` and `methodcaller(name, ...)` are called with an object."""
        item = call.args[0] if call.args else 0
        if item.__class__ is not int or not item:
            return
        _, name, asked, args, keywords = what
        if name == "operator.itemgetter":
            if not args:
                self.wait(item, (ir.ITEM, ("k", asked), call.dst, call.scope, call.line))
        elif asked.__class__ is str and (name == "operator.methodcaller" or not args):
            for part in str(asked).split("."):
                found = self.new()
                self.wait(item, (ir.ATTR, part, found, call.scope, call.line))
                item = found
            if name == "operator.attrgetter":
                self.link(item, call.dst)
            else:
                inner = Call(call.scope, call.line, args, keywords, call.dst, self.new())  # type: ignore[arg-type]
                self.wait(item, (APPLY, inner))

    def call_nodes(self, node: Ref, args: list[Any], call: Call, dst: Ref = 0) -> None:
        """Call what arrives at `node` from where `call` stands, as `map` and `sorted` do."""
        if node.__class__ is int and node:
            inner = Call(call.scope, call.line, args, [], dst or self.new(), self.new())
            inner.depth = call.depth + 1
            if inner.depth < 5:
                self.wait(node, (APPLY, inner))

    def run_wrapped(self, what: kinds.Value, call: Call) -> None:
        raise NotImplementedError  # Decorating

    def run_model(self, name: str, call: Call, holder: int = 0) -> None:
        raise NotImplementedError  # Models

    def make_record(self, fields: tuple[str, ...], call: Call) -> None:
        raise NotImplementedError  # Models

    def run_container_method(self, what: kinds.Value, call: Call) -> None:
        raise NotImplementedError  # ContainerMethods
