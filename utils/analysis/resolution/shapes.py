"""The rules of `library`: what its shapes mean for the arguments of one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir, library
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.binding import Call, is_starred
from utils.analysis.resolution.calls import APPLY
from utils.analysis.resolution.container_methods import COPIED, ContainerMethods
from utils.analysis.resolution.containers import NEXT
from utils.analysis.resolution.graph import NOWHERE, on
from utils.analysis.resolution.library import VALUE, Model, Shape

ITERATED, FILLED, REVERSED = 121, 131, 132


class Use:
    """A call of something that has a model. `holder` is the node of the object whose method it is, `kind` its kind."""

    __slots__ = ("call", "holder", "kind", "known")

    def __init__(self, call: Call, holder: int, kind: str) -> None:
        self.call = call
        self.holder = holder
        self.kind = kind
        self.known: dict[int, Any] = {}  # by the identity of a shape, what it stands for


class Shapes(ContainerMethods):
    """`use(model, ...)`: what a call gives, keeps and runs."""

    def use(self, model: Model, use: Use) -> None:
        call = use.call
        self.give(self.shaped(model.gives, use), call.dst)
        self.shaped(model.runs, use)
        if model.keeps:
            self.give(self.shaped(model.keeps, use), self.content(use.holder, VALUE))
        if model.words:
            self.keep_words(use.holder, call)
        if model.fills is not None:
            into, source = self.node_of(self.shaped(model.fills[0], use)), self.shaped(model.fills[1], use)
            if into and source:
                self.wait(into, (FILLED, source))
        if model.orders and all(name != "key" for name, _ in call.keywords):
            self.order(self.shaped(model.orders, use), call)
        if model.hashes:
            self.hash_key(self.shaped(model.hashes, use), call)

    def shaped(self, shape: Shape, use: Use) -> Any:
        """An argument (see `Binding`) or a node with what a shape stands for; 0 for nothing."""
        if shape == ():
            return 0
        found = use.known.get(id(shape))
        if found is None:
            found = use.known[id(shape)] = self.realized(shape, use)
        return found

    def realized(self, shape: Shape, use: Use) -> Any:
        call = use.call
        match shape:
            case library.Arg():
                return self.argument_at(shape, call)
            case library.Either():
                return self.shaped(shape.given, use) or self.shaped(shape.default, use)
            case library.Each():
                return self.iterated(self.shaped(shape.of, use), call, shape.backwards)
            case library.Inside():
                return self.all_elements(self.node_of(self.shaped(shape.of, use)))
            case library.Run():
                return self.result_of(shape, use)
            case library.Kept():
                return self.here(self.content(use.holder, VALUE)) if use.holder else 0
            case library.Same():
                return self.holding(kinds.OBJECT, use.holder, shape.kind or use.kind) if use.holder else 0
        node = self.new()
        match shape:
            case tuple():
                for part in shape:
                    self.give(self.shaped(part, use), node)
            case library.Many():
                self.add(node, self.values.intern(kinds.CONTAINER, node, -1))
                self.give(self.shaped(shape.of, use), self.content(node, ir.ANY))
            case library.Parts():
                self.fill(node, [self.shaped(part, use) for part in shape.of])
            case library.Rest():
                self.fill(node, self.rest(shape, call))
            case library.Mapping():
                self.add(node, self.values.intern(kinds.CONTAINER, node, ir.MAPPING))
                self.give(self.shaped(shape.keys, use), self.content(node, ir.KEYS))
                self.give(self.shaped(shape.of, use), self.content(node, ir.ANY))
            case library.Entered():
                source = self.node_of(self.shaped(shape.of, use))
                if source:
                    self.wait(source, (ir.ENTER, node, call.scope, call.line, shape.asynchronous))
            case library.Called():
                self.add(node, self.values.intern(kinds.CALLABLE, self.node_of(self.shaped(shape.of, use))))
            case library.Thing():
                self.add(node, self.values.intern(kinds.OBJECT, node, shape.kind))
                self.give(self.shaped(shape.value, use), self.content(node, VALUE))
                if shape.words:
                    self.keep_words(node, call)
        return node

    def holding(self, *value: Any) -> int:
        """A new node that has one value."""
        node = self.new()
        self.add(node, self.values.intern(*value))
        return node

    @staticmethod
    def node_of(item: Any) -> int:
        """The node of an argument; 0 for a constant and for nothing."""
        return item if item.__class__ is int else 0

    def argument_at(self, shape: library.Arg, call: Call) -> Any:
        """An argument; where it may be in `*args`, what that has."""
        for index, item in enumerate(call.args[: shape.at + 1]):
            if is_starred(item):
                return self.all_elements(item[1])
            if index == shape.at:
                return item
        return next((item for name, item in call.keywords if name == shape.name), 0) if shape.name else 0

    def rest(self, shape: library.Rest, call: Call) -> list[Any]:
        """The arguments that a shape stands for, `*` among them as it is."""
        items = call.args[shape.start :]
        if not shape.each:
            return list(items)
        return [
            ("*", self.inside_of(item[1], call)) if is_starred(item) else self.iterated(self.node_of(item), call)
            for item in items
        ]

    def inside_of(self, source: int, call: Call) -> int:
        """The node of a container of what iterating over each item gives."""
        node = self.new()
        self.fill(node, [])
        self.link(self.iterated(self.all_elements(source), call), self.content(node, ir.ANY))
        return node

    def fill(self, node: int, items: Sequence[Any]) -> None:
        """A new tuple of arguments at a node."""
        starred = next((index for index, item in enumerate(items) if is_starred(item)), len(items))
        whole = starred == len(items)
        self.add(node, self.values.intern(kinds.CONTAINER, node, len(items) if whole else -1))
        for index, item in enumerate(items):
            source = self.all_elements(item[1]) if is_starred(item) else item
            self.give(source, self.content(node, index if index < starred else ir.ANY))

    def result_of(self, shape: library.Run, use: Use) -> int:
        """Call something; the node of what that gives."""
        called = self.node_of(self.shaped(shape.of, use))
        call = use.call
        if not called or call.depth > 3:
            return 0
        args = [self.shaped(part, use) for part in shape.args]
        keywords: list[Any] = []
        if isinstance(shape.spread, library.Rest):
            args += self.rest(shape.spread, call)
            keywords = [] if shape.spread.each else list(call.keywords)
        elif shape.spread:
            args.append(("*", self.node_of(self.shaped(shape.spread, use))))
        if shape.words:
            keywords.append((None, self.node_of(self.shaped(shape.words, use))))
        place = (NOWHERE, 0) if shape.hidden else (call.scope, call.line)
        inner = Call(*place, args, keywords, self.new(), self.new())
        inner.depth = call.depth + 1
        self.wait(called, (APPLY, inner))
        return int(inner.dst)

    def keep_words(self, site: int, call: Call) -> None:
        """An object keeps what is given by keyword under these names."""
        for name, item in call.keywords:
            if name is not None:
                self.give(item, self.content(site, name))
            elif item.__class__ is int and item:
                self.wait(item, (COPIED, site, -1, (call.scope, call.line)))

    def iterated(self, node: Any, call: Call, backwards: bool = False) -> int:
        """The node of what iterating over `node` gives, calling `__iter__` from where `call` stands."""
        element = self.new()
        if node.__class__ is int and node:
            self.wait(node, (REVERSED if backwards else ITERATED, element, (call.scope, call.line)))
        return element

    @on(REVERSED)
    def on_reversed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`reversed(value)`."""
        element, place = rule
        iterator = self.new()
        if what[0] != kinds.INSTANCE:
            self.iterate(value, what, element, place)
        elif self.invoke(value, what, "__reversed__", [], place, iterator):
            self.wait(iterator, (NEXT, "__next__", element, place))
        elif self.invoke(value, what, "__len__", [], place):
            self.invoke(value, what, "__getitem__", [0], place, element)
        else:
            self.iterate(value, self.as_container(what), element, None)

    @on(ITERATED)
    def on_iterated(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        self.iterate(value, what, rule[0], rule[1])

    @on(FILLED)
    def on_filled(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """Something is put into a container."""
        what = self.as_container(what)
        if what[0] == kinds.CONTAINER:
            self.give(rule[0], self.content(int(what[1]), ir.ANY))  # type: ignore[call-overload]
