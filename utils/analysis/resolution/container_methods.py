"""The methods of lists, dictionaries and sets, and what copies one container into another."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.binding import APPLIED_RESULT, SPREAD, SPREAD_KEYWORDS, Call, is_starred
from utils.analysis.resolution.decorating import Decorating
from utils.analysis.resolution.exchange import Ref
from utils.analysis.resolution.graph import on

COPIED, PAIRED, INVOKED = 122, 124, 93
NAMED = frozenset(
    ["__enter__", "__exit__", "__aenter__", "__aexit__", "__next__", "__anext__", "__setattr__", "__delattr__", "keys"]
)
CONTAINER_TYPES = {"list": -1, "set": -1, "deque": -1, "dict": ir.MAPPING, "OrderedDict": ir.MAPPING}
READERS = frozenset({"get", "get_nowait", "pop", "setdefault", "popleft", "__getitem__", "__next__"})
WRITERS = {
    "append": 0,
    "add": 0,
    "appendleft": 0,
    "put": 0,
    "put_nowait": 0,
    "insert": 1,
    "setdefault": 1,
    "__setitem__": 1,
}
VIEWS = frozenset({"values", "copy", "keys", "__iter__"})


class ContainerMethods(Decorating):
    """What is called on a container, and how arguments are spread out of one."""

    def invoke(self, value: int, what: kinds.Value, name: str, args: list[Any], place: Any, dst: int = 0) -> bool:
        number = int(what[1])  # type: ignore[call-overload]
        found = self.find(number, name)
        target = dst or self.new()
        if found is None:
            order = self.hierarchy.order(number)
            return self.look_up(order, name, (INVOKED, value, name, self.at, args, place, target))
        owner, function = self.hierarchy.function_of(found)
        if place is None:
            self.link(owner.offset + function.returns, target)
            return True
        scope, line = place
        self.edge((scope, line, self.at), found, value, name not in NAMED)
        if name not in NAMED and function.name != name:
            self.asked_as[self.at, found] = name
        self.enter_function(owner, function, value, Call(scope, line, args, [], target, self.there(target)))
        return True

    @on(INVOKED)
    def on_invoked(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A special method that a decorator made, or that is a function from elsewhere."""
        receiver, name, site, args, place, target = rule
        if place is None or what[0] not in (kinds.FUNCTION, kinds.WRAPPED):
            return
        call = Call(place[0], place[1], args, [], target, self.there(target))
        call.shared = site
        number = int(what[1])  # type: ignore[call-overload]
        self.edge(call.place, number, receiver if what[0] == kinds.FUNCTION else -1, name not in NAMED)
        if name not in NAMED:
            self.asked_as[site, number] = name
        if what[0] == kinds.FUNCTION:
            self.enter_function(*self.hierarchy.function_of(number), receiver, call)
        else:
            self.enter_wrapped((*what[:3], receiver), call)

    @on(APPLIED_RESULT)
    def on_applied_result(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """The result of calling a value, without the call itself, which stands elsewhere."""
        dst = rule[0]
        if what[0] == kinds.CLASS:
            self.add(dst, self.values.intern(kinds.INSTANCE, what[1], True))
        elif what[0] in (kinds.FUNCTION, kinds.BOUND):
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            if function.flags & ir.CONTEXT:
                self.add(dst, self.values.intern(kinds.CONTEXT, what[1]))
            elif function.flags & ir.GENERATOR:
                self.add(dst, self.values.intern(kinds.GENERATOR, what[1]))
            else:
                self.link(owner.offset + function.returns, dst)
        elif what[0] == kinds.CALLABLE:
            self.link(int(what[1]), dst)  # type: ignore[call-overload]
        elif what[0] in (kinds.BUILTIN, kinds.EXTERNAL) and str(what[1]).rpartition(".")[2] in CONTAINER_TYPES:
            site, length = self.there(dst), CONTAINER_TYPES[str(what[1]).rpartition(".")[2]]
            self.add(dst, self.values.intern(kinds.CONTAINER, site, length))

    @on(SPREAD)
    def on_spread(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`f(*value)`: known positions first, then the rest."""
        rest, var = rule
        if what[0] != kinds.CONTAINER:
            return
        site = int(what[1])  # type: ignore[call-overload]
        for index, node in enumerate(rest):
            if node:
                self.read_key(site, int(what[2]), index, node)  # type: ignore[call-overload]
        if var:
            self.shift(site, var, len(rest))

    def shift(self, site: int, target: int, by: int) -> None:
        """`*args` handed on: what lies from position `by` on."""
        for index in range(by, by + 8):
            self.link(self.content(site, index), self.content(target, index - by))
        self.link(self.content(site, ir.ANY), self.content(target, ir.ANY))

    @on(SPREAD_KEYWORDS)
    def on_spread_keywords(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        nodes, var = rule
        if what[0] != kinds.CONTAINER:
            return
        site = int(what[1])  # type: ignore[call-overload]
        for name, node in nodes.items():
            self.link(self.content(site, name), node)
        if var:
            self.merge(value, what, var)

    def container(self, call: Call, length: int = -1) -> int:
        """A new container as a call's result."""
        self.add(call.dst, self.values.intern(kinds.CONTAINER, call.site, length))
        return call.site

    def run_container_method(self, what: kinds.Value, call: Call) -> None:
        site, length, name = int(what[1]), int(what[2]), str(what[3])  # type: ignore[call-overload]
        args = call.args
        if name in WRITERS and len(args) > WRITERS[name]:
            key: Any = ir.TAIL if name == "append" else ir.ANY
            if name in ("setdefault", "__setitem__") and args[0].__class__ is tuple:
                key = args[0][1]
            self.give(args[WRITERS[name]], self.content(site, key))
        if name in ("add", "discard") or (length in (ir.MAPPING, ir.DEFAULT) and name in ("get", "pop", "setdefault")):
            self.hash_key(args[0] if args else 0, call)
        if name in READERS:
            self.read_method(site, length, name, call)
        elif name in VIEWS:
            if name == "copy":
                self.merge_into(site, self.container(call, min(-1, length)))
            elif name == "keys" or (name == "__iter__" and length == ir.MAPPING):
                self.link(self.content(site, ir.KEYS), self.content(self.container(call), ir.ANY))
            else:
                self.link(self.all_contents(site), self.content(self.container(call), ir.ANY))
        elif name == "items":
            self.link(self.pair(site), self.content(self.container(call), ir.ANY))
        elif name == "popitem":
            self.link(self.pair(site), call.dst)
        elif name in ("most_common", "elements"):
            found = self.new()
            self.add(found, self.values.intern(kinds.CONTAINER, found, 2))
            self.link(self.all_contents(site), self.content(found, 0))
            counted = found if name == "most_common" else self.all_contents(site)
            self.link(counted, self.content(self.container(call), ir.ANY))
        elif name == "_replace" and len(what) > 4:
            fields: Any = what[4]
            self.copy_into(site, call.site)
            self.add(call.dst, self.values.intern(kinds.CONTAINER, call.site, length, fields))
            for key, item in call.keywords:
                self.give(item, self.content(call.site, fields.index(key))) if key in fields else None
        elif name == "new_child":
            self.merge_into(site, self.container(call, ir.MAPPING))
            for item in args[:1]:
                if item.__class__ is int and item:
                    self.wait(item, (COPIED, call.site, ir.MAPPING, (call.scope, call.line)))
        elif name in ("extend", "update", "__iadd__", "__init__"):
            for item in args:
                source = self.all_elements(item[1]) if is_starred(item) else item
                if source.__class__ is int and source:
                    self.wait(source, (COPIED, site, length, (call.scope, call.line)))
            for key, item in call.keywords:
                if key is not None:
                    self.give(item, self.content(site, key))
        elif name == "sort":
            element = self.here(self.all_contents(site))
            key = dict(call.keywords).get("key")
            self.order(element, call) if key is None else self.call_nodes(key, [element], call)

    def pair(self, site: int) -> int:
        """The node of a key of a mapping and what lies under it."""
        found = self.new()
        self.add(found, self.values.intern(kinds.CONTAINER, found, 2))
        self.link(self.content(site, ir.KEYS), self.content(found, 0))
        self.link(self.all_contents(site), self.content(found, 1))
        return found

    def order(self, item: Ref, call: Call, names: tuple[str, ...] = ("__lt__", "__gt__")) -> None:
        """Objects are compared with each other."""
        if item.__class__ is int and item:
            self.wait(item, (ir.DUNDER, names, item, 0, call.scope, call.line, False))

    def hash_key(self, item: Any, call: Call) -> None:
        if item.__class__ is int and item:
            self.wait(item, (ir.HASH, 0, False, call.scope, call.line))

    def read_method(self, site: int, length: int, name: str, call: Call) -> None:
        item = call.args[0] if call.args else 0
        if item.__class__ is tuple and item[0] == "k":
            self.read_key(site, length, item[1], call.dst)
        else:
            self.link(self.all_contents(site), call.dst)
        if name in ("get", "pop", "setdefault") and len(call.args) > 1:
            self.give(call.args[1], call.dst)

    @on(COPIED)
    def on_copied(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`list(value)`, `dict(value)`, `extend` and `update`."""
        site, length, place = rule
        held = self.as_container(what)
        if held[0] == kinds.CONTAINER:
            self.merge(value, what, site)
            if length == ir.MAPPING and held[2] != ir.MAPPING:
                self.follow(self.all_contents(int(held[1])), (PAIRED, site))  # type: ignore[call-overload]
        elif length == ir.MAPPING and what[0] == kinds.INSTANCE:
            self.invoke(value, what, "keys", [], place)
            self.invoke(value, what, "__getitem__", [0], place, self.content(site, ir.ANY))
        else:
            self.iterate(value, what, self.content(site, ir.ANY), place)

    @on(PAIRED)
    def on_paired(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`dict([(key, value), ...])`."""
        if what[0] == kinds.CONTAINER:
            self.link(self.content(int(what[1]), 0), self.content(rule[0], ir.KEYS))  # type: ignore[call-overload]
            self.link(self.content(int(what[1]), 1), self.content(rule[0], ir.ANY))  # type: ignore[call-overload]
