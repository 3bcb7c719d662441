"""Calls and how their arguments reach parameters, attributes and results."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.containers import Containers
from utils.analysis.resolution.exchange import CALLED, Ref
from utils.analysis.resolution.exports import Found
from utils.analysis.resolution.graph import Place, World, on
from utils.analysis.resolution.hierarchy import CLASS_BITS, Module
from utils.analysis.resolution.outside import is_of_library, is_unknown

APPLIED_RESULT, SPREAD, SPREAD_KEYWORDS, RECEIVED, PLAIN, TYPED, HELD = 104, 105, 106, 109, 115, 116, 87
COMPARE = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
OPEN = -1  # an argument that may be in `*args` or `**kwargs`
OUTSIDE = -1  # in the place of a class: one of Python's library


class Call:
    """One call: where it stands, its arguments as global nodes (or ("k", constant)), and where its result goes.

    `args` items may be ("*", node); `keywords` are (name or None for `**`, item). `written`: these are all that the
    code gives, so that what takes others cannot be meant.
    """

    __slots__ = ("args", "depth", "dst", "keywords", "line", "scope", "shared", "site", "written")

    def __init__(
        self,
        scope: int,
        line: int,
        args: Sequence[Any],
        keywords: Sequence[Any],
        dst: Ref,
        site: int,
        written: bool = False,
    ) -> None:
        self.scope = scope
        self.line = line
        self.args = args
        self.keywords = keywords
        self.dst = dst
        self.site = site
        self.shared = site
        self.depth = 0
        self.written = written

    def part(self, args: Sequence[Any], keywords: Sequence[Any], dst: Ref, site: int) -> Call:
        """A call that is part of this one: its edges stand where those of this one do."""
        inner = Call(self.scope, self.line, args, keywords, dst, site, self.written)
        inner.shared = self.shared
        return inner

    @property
    def place(self) -> Place:
        """Where its edges stand: at its own site, or at that of the call it is part of."""
        return self.scope, self.line, self.shared


def shifted(item: Any, offset: int) -> Any:
    """An argument of a summary with a global node: 0 and None stay what they are."""
    if item.__class__ is tuple:
        return (item[0], item[1] + offset if item[1] else 0) if item[0] == "*" else item
    return item + offset if item else item


def is_node(item: Any) -> bool:
    """Whether an argument is a node."""
    return item.__class__ is int and item not in (0, OPEN)


def is_starred(item: Any) -> bool:
    """Whether an argument is `*args`."""
    return item.__class__ is tuple and item[0] == "*"


class Binding(Containers):
    """Arguments to parameters. Items of `args` are nodes, ("k", constant), ("*", node), or None for the receiver."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.called: set[int] = set()  # functions of this module
        self.handed_on: set[int] = set()
        self.promises: dict[int, frozenset[int] | None] = {}
        self.maybe_none = {  # parameters that may hand on that nothing was given for them
            self.offset + function.params[index]
            for function in module.face.functions.values()
            for index in function.optional
        }
        self.relay_of: dict[Ref, ir.Function] = {  # node of a call's result → the function whose result that is
            self.offset + node: function for function in module.face.functions.values() for node in function.relays[1:]
        }

    def give(self, item: Any, target: Ref) -> None:
        """An argument flows to a node."""
        if item.__class__ is tuple:
            if item[0] == "k" and item[1].__class__ is not bool:
                self.add(target, self.values.intern(kinds.CONSTANT, type(item[1]).__name__, item[1]))
        elif item:
            self.link(item, target)

    def argument(self, function: ir.Function, index: int, args: Sequence[Any], call: Call) -> Any:
        """What a call gives for a parameter: None for nothing, OPEN for perhaps something, 0 for what matters not."""
        starred = next((at for at, item in enumerate(args) if is_starred(item)), len(args))
        if index < len(function.positional) and index < starred:
            return args[index] or 0
        name = function.parameter(index)
        for keyword, item in call.keywords:
            if keyword == name:
                return item
        open_ended = (starred < len(args) and index < len(function.positional)) or any(
            keyword is None for keyword, _ in call.keywords
        )
        return OPEN if open_ended else None

    @staticmethod
    def accepts(function: ir.Function, args: Sequence[Any], keywords: Sequence[tuple[str | None, Any]]) -> bool:
        """Whether a function can be called with as many arguments and with these names."""
        positional, given = function.positional, len(args)
        if not keywords and function.needed <= given <= len(positional):
            return not function.needed_keywords
        starred = sum(map(is_starred, args))
        if given - starred > len(positional) and not function.var_positional:
            return False
        names = [name for name, _ in keywords]
        if not function.var_keyword:
            known = {None, *positional[function.posonly :], *function.keyword_only}
            if not known.issuperset(names):
                return False
        if None in names:
            return True
        missing = {*function.needed_keywords, *(() if starred else positional[given : function.needed])}
        return missing.issubset(names)

    def is_given(self, function: ir.Function, index: int, args: Sequence[Any], call: Call) -> bool | None:
        """Whether an argument other than None is given for a parameter; None where that can't be told."""
        item = self.argument(function, index, args, call)
        if item.__class__ is tuple and item[0] == "k" and not item[1]:
            return None  # what is tested may be whether it is true
        return False if item is None else None if item in (0, OPEN) or item in self.maybe_none else True

    def gives_none(self, function: ir.Function, index: int, args: Sequence[Any], call: Call) -> bool | None:
        """Whether a call gives None for a parameter whose default is something else; None where that can't be told."""
        item = self.argument(function, index, args, call)
        if item is not None and item != 0:
            return None if self.is_given(function, index, args, call) is None else False
        if self.is_named(function, index, call):
            return item is None
        return False if item is None else None  # left out; or by position, where None looks like what matters not

    @staticmethod
    def is_named(function: ir.Function, index: int, call: Call) -> bool:
        """Whether a call gives something for a parameter by its name."""
        name = function.parameter(index)
        return any(word == name for word, _ in call.keywords)

    def fits(self, function: ir.Function, index: int, given: ir.Held | None, args: Sequence[Any], call: Call) -> bool:
        """Whether a call may give for a parameter what a result depends on."""
        if given is None:
            return True
        if isinstance(given, bool):
            return self.is_given(function, index, args, call) in (None, given)
        item = self.argument(function, index, args, call)
        if ir.is_of_kind(given):
            return given[0] == ir.FAILS or item is not None
        if ir.NONE in given:
            return self.gives_none(function, index, args, call) in (None, given[0] == ir.IS)
        if item is None and index in function.constants and not self.is_named(function, index, call):
            item = ("k", function.constants[index])
        if item.__class__ is not tuple or item[0] != "k":
            return True
        if given[0] in (ir.MEETS, ir.MISSES):
            number = item[1]
            return not isinstance(number, int) or COMPARE[given[1]](number, int(given[2])) == (given[0] == ir.MEETS)
        if given[0] in (ir.IS, ir.IS_NOT):
            return (item[1] in given[1:]) == (given[0] == ir.IS)
        return any(part in str(item[1]) for part in given[1:]) == (given[0] == ir.HAS)

    def keep(self, owner: Module, function: ir.Function, receiver: int, args: Sequence[Any], call: Call) -> None:
        """What a constructor keeps untouched goes to the attributes of the class that is made, and no other."""
        what = self.values.table[receiver]
        if what[0] != kinds.INSTANCE:
            return
        number = int(what[1])  # type: ignore[call-overload]
        for index, name in function.stores:
            if index in function.plain:
                continue
            item = self.argument(function, index, args, call)
            if item == OPEN:  # perhaps in `*args`: what any call gives
                item = owner.offset + function.params[index]
            if item:
                setter = self.setter(number, name)
                target = self.field(number, name)
                if setter is not None:
                    module, record = self.hierarchy.function_of(setter)
                    target = module.offset + record.params[1] if len(record.params) > 1 else 0
                self.give(item, target) if target else None

    def hand_back(
        self,
        owner: Module,
        function: ir.Function,
        index: int,
        called: bool,
        receiver: int | None,
        args: Sequence[Any],
        call: Call,
    ) -> None:
        """The result is the argument itself, or what calling it gives: told for this call alone."""
        if self.argument(function, index, args, call) in (None, OPEN):
            for at, node in function.defaults:
                if at == index:
                    self.take(owner.offset + node, called, call)
        name = function.parameter(index)
        item: Any = next((item for keyword, item in call.keywords if keyword == name), 0)
        if index < len(function.positional) and index < len(args):
            item = args[index]
        if index == 0 and receiver is not None:
            item = self.new()
            self.add(item, receiver)
        if is_starred(item):
            item = self.all_elements(item[1])
        if not self.relay(item, call.dst, called):
            self.take(item, called, call)

    def relay(self, item: Any, dst: Ref, *how: Any) -> bool:
        """Whether an argument that a call hands back is a parameter of the function whose result that is: then it is
        noted how, and told for each call of that function alone."""
        function = self.relay_of.get(dst)
        if function is None or item.__class__ is not int or item - self.offset not in function.params:
            return False
        index = function.params.index(item - self.offset)
        self.add(self.offset + function.relays[0], self.values.intern(kinds.RELAY, index, *how))
        return True

    def take(self, item: Any, called: bool, call: Call) -> None:
        """The result of a call is this, or what calling it gives."""
        if not called:
            self.give(item, call.dst)
        elif item.__class__ is int and item:
            self.wait(item, (APPLIED_RESULT, call.dst))

    def bind(self, owner: Module, function: ir.Function, args: Sequence[Any], call: Call) -> None:
        offset = owner.offset
        positional = function.positional
        self.notify(CALLED, owner, function)
        for index, node in function.defaults:
            if self.argument(function, index, args, call) in (None, OPEN):
                self.link(offset + node, offset + function.params[index])
        position = 0
        for item in args:
            if is_starred(item):
                self.bind_star(owner, function, position, item[1])
                position = len(positional) + 1
            elif position < len(positional):
                if item is not None:
                    self.bind_one(offset, function, position, item, call)
                position += 1
            elif function.var_positional and item is not None:
                index = position - len(positional)
                self.give(item, self.content(offset + function.var_positional, index))
                position += 1
        if not call.keywords:
            return
        names = {name: index for index, name in enumerate([*positional, *function.keyword_only])}
        for name, item in call.keywords:
            if name is None:
                self.bind_double_star(owner, function, names, item)
            elif name in names and names[name] >= function.posonly:
                self.bind_one(offset, function, names[name], item, call)
            elif function.var_keyword:
                self.give(item, self.content(offset + function.var_keyword, name))

    def bind_one(self, offset: int, function: ir.Function, index: int, item: Any, call: Call) -> None:
        if index in function.plain:
            if index in function.keys and (item.__class__ is tuple or item):
                self.give_constants(item, offset + function.params[index])
            return
        if item.__class__ is tuple and index not in function.keys:
            return
        if index == 0 and function.flags & ir.METHOD and not function.flags & ir.STATIC:
            if item.__class__ is int and item:
                self.wait(item, (RECEIVED, offset, function, call))
            return
        allowed = self.allowed(offset, function, index)
        if allowed is None:
            self.give(item, offset + function.params[index])
        elif item.__class__ is int and item:
            self.wait(item, (TYPED, offset + function.params[index], allowed))

    def allowed(self, offset: int, function: ir.Function, index: int) -> frozenset[int] | None:
        """The classes that the annotation of a parameter, or of the result (`ir.CHECKED`), promises, with OUTSIDE for
        those of Python's library; None where it promises nothing, or what is not known."""
        key = offset + (function.returns if index == ir.CHECKED else function.params[index])
        if key not in self.promises:
            found: set[int] | None = None
            module = self.hierarchy.modules[(offset >> ir.NODE_BITS) - 1]
            for at, origins in function.types:
                if at == index:
                    found = self.classes_named([self.hierarchy.resolve(module, item) for item in origins])
                    if index == ir.CHECKED and found is not None and OUTSIDE in found:
                        found = None
            self.promises[key] = None if found is None else frozenset(found)
        return self.promises[key]

    def classes_named(self, resolved: list[Found]) -> set[int] | None:
        """The classes that an annotation names; None where it names others than ours and Python's own."""
        found = set()
        for item in resolved:
            if item is not None and item[0] == "external" and is_of_library(str(item[1])):
                found.add(OUTSIDE)
            elif item is None or item[0] != "class" or self.hierarchy.class_of(int(item[1]))[1].is_protocol:
                return None
            else:
                found.add(int(item[1]))
        return found

    def hold_to_annotations(self) -> None:
        """What functions hand back, as far as their annotations allow it."""
        for function in self.module.face.functions.values():
            for index, _, node in function.choices:
                if index == ir.CHECKED:
                    source, target = self.offset + node, self.offset + function.returns
                    allowed = self.allowed(self.offset, function, index)
                    if allowed is None:
                        self.link(source, target)
                    else:
                        self.wait(source, (HELD, target, allowed))

    @on(TYPED)
    def on_typed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        target, allowed = rule[:2]
        if what[0] == kinds.INSTANCE:
            order = self.hierarchy.order(int(what[1]))  # type: ignore[call-overload]
            if not allowed.isdisjoint(order) or (OUTSIDE in allowed and any(map(is_unknown, order))):
                self.add(target, value)
        elif OUTSIDE in allowed:
            self.add(target, value)

    @on(HELD)
    def on_held(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """An object of the promised classes, or `partial(...)`, which stands for one that is called."""
        if what[0] == kinds.PARTIAL:
            self.add(rule[0], value)
        else:
            self.on_typed(value, what, rule, offset)

    def give_constants(self, item: Any, target: Ref) -> None:
        if item.__class__ is tuple:
            self.give(item, target)
        else:
            self.wait(item, (PLAIN, target))

    @on(PLAIN)
    def on_plain(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.CONSTANT:
            self.add(rule[0], value)

    @on(RECEIVED)
    def on_received(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`self` handed over by hand: only an object of the method's class can be meant."""
        owner = self.hierarchy.modules[(rule[0] >> ir.NODE_BITS) - 1]
        number = owner.index << CLASS_BITS | rule[1].owner
        if what[0] == kinds.FUNCTION:  # a decorator in a class body
            self.add(rule[0] + rule[1].params[0], value)
        elif what[0] in (kinds.INSTANCE, kinds.CLASS) and self.hierarchy.is_subclass(int(what[1]), number):  # type: ignore[call-overload]
            self.receive(owner, rule[1], value)
            if rule[1].stores:
                self.keep(owner, rule[1], value, rule[2].args, rule[2])

    def bind_star(self, owner: Module, function: ir.Function, position: int, source: int) -> None:
        if source.__class__ is int and source and source not in self.handed_on:
            indices = range(position, len(function.positional))
            rest = [0 if index in function.plain else owner.offset + function.params[index] for index in indices]
            var = owner.offset + function.var_positional if function.var_positional else 0
            self.wait(source, (SPREAD, tuple(rest), var))

    def bind_double_star(self, owner: Module, function: ir.Function, names: dict[str, int], source: int) -> None:
        if source.__class__ is int and source and source not in self.handed_on:
            nodes = {
                name: owner.offset + function.params[index]
                for name, index in names.items()
                if index not in function.plain
            }
            var = owner.offset + function.var_keyword if function.var_keyword else 0
            self.wait(source, (SPREAD_KEYWORDS, nodes, var))

    def fill_fields(self, number: int, call: Call) -> None:
        """A dataclass's or named tuple's generated `__init__` stores its arguments in order."""
        fields: list[tuple[int, str]] = []
        for item in reversed(self.hierarchy.order(number)):
            if isinstance(item, int):
                fields.extend((item, name) for name in self.hierarchy.class_of(item)[1].fields)
        owners = {field: owner for owner, field in fields}
        given = {name: argument for (_, name), argument in zip(fields, call.args, strict=False)}
        given.update((keyword, argument) for keyword, argument in call.keywords if keyword in owners)
        for name, argument in given.items():
            self.give(argument, self.field(owners[name], name))
        after = self.find(number, "__post_init__") if given else None
        if after is not None:  # which is told what is for it alone, under the names of these fields
            module, function = self.hierarchy.function_of(after)
            for index, name in enumerate(function.positional[1:], 1):
                if name in given and index not in function.plain:
                    self.give(given[name], module.offset + function.params[index])
