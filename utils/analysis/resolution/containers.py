"""Containers, iteration, unpacking, `with` and operators."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.container_classes import ContainerClasses
from utils.analysis.resolution.enums import COMBINING
from utils.analysis.resolution.exchange import Ref
from utils.analysis.resolution.graph import World, on
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.library import VALUE
from utils.analysis.resolution.outside import is_plain_base

COMPARISONS = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"})  # of containers give no container
COMPARED = 4  # pairs of containers at one place: of more, nobody can say what is in those that meet
ELEMENTS, NEXT, KEYED, SET_KEYED, CLOSED, EQUAL = 111, 112, 113, 114, 96, 89


class Containers(ContainerClasses):
    """Rules of what is read from and written to containers and objects that behave like them."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.unknown_keys: list[tuple[int, int, Ref, bool]] = []  # key, container, what gets or gives, whether it gives
        self.left_of: dict[int, int] = {}  # right operand, as it is asked for a reflected operator → left operand
        # key, as it is asked for its hash → what it is a key in, `HASH`'s test
        self.held_by: dict[int, tuple[int, bool]] = {}
        # (scope, line, whether the first is on the right) → containers that are compared with each other there
        self.compared: dict[tuple[int, int, bool], set[tuple[int, Any]]] = {}
        self.keys_of: dict[tuple[int, int, int], int] = {}  # (node, what it is a key in, line) → it, as it is asked

    def invoke(self, value: int, what: kinds.Value, name: str, args: list[Any], place: Any, dst: int = 0) -> bool:
        """Run a special method of an instance; False where its class has none of ours. `place`: scope, line."""
        raise NotImplementedError  # ContainerMethods

    def closed(self, what: kinds.Value) -> bool:
        """Whether a class and all its bases are ours: else a base may have the special method that none of ours has."""
        order = self.hierarchy.order(int(what[1]))  # type: ignore[call-overload]
        return all(isinstance(item, int) or is_plain_base(item) for item in order)

    # --- items -------------------------------------------------------------------------------------------------------

    @on(ir.ITEM)
    def on_item(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        key, dst, scope, line = rule
        dst += offset
        made = self.as_object(what)
        if made is not what and self.hierarchy.binds(int(made[1]), "__getitem__"):  # type: ignore[call-overload]
            what = made
        if what[0] == kinds.CONTAINER:
            self.read_item(what, key, dst, offset)
            if (
                what[2] not in (ir.MAPPING, ir.DEFAULT)
                and key.__class__ is int
                and key
                and "__index__" in self.world.hooks
            ):
                self.wait(offset + key, (ir.DUNDER, ("__index__",), 0, 0, scope, line, False))
            if what[2] == ir.DEFAULT:
                self.make_missing(int(what[1]), (scope, line), dst)  # type: ignore[call-overload]
        elif what[0] == kinds.INSTANCE:
            argument = key if key.__class__ is tuple else key + offset if key else 0
            if not self.invoke(value, what, "__getitem__", [argument], (scope, line), dst):
                self.invoke(value, what, "__missing__", [argument], (scope, line), dst)
                self.read_held(int(what[1]), key, dst, offset)  # type: ignore[call-overload]
        elif what[0] == kinds.CLASS and self.is_enum(int(what[1])):  # type: ignore[call-overload]
            self.add(dst, self.a_member(int(what[1])))  # type: ignore[call-overload]
        elif what[0] in (kinds.CLASS, kinds.EXTERNAL):
            self.add(dst, value)
            found = self.find(int(what[1]), "__class_getitem__") if what[0] == kinds.CLASS else None  # type: ignore[call-overload]
            if found is not None:
                self.edge((scope, line, self.at), found)

    def read_held(self, number: int, key: Any, dst: int, offset: int) -> None:
        """An item of an object whose class has no method of ours for it."""
        found = self.container_of(number)
        if found is None:
            self.link(self.field(number, "[]"), dst)
        else:
            self.read_item(found[0], key, dst, offset)

    def make_missing(self, site: int, place: Any, dst: int) -> None:
        """A read of a default dictionary calls its factory."""

    def read_item(self, what: kinds.Value, key: Any, dst: int, offset: int) -> None:
        site, length = int(what[1]), int(what[2])  # type: ignore[call-overload]
        if key.__class__ is tuple:
            self.read_key(site, length, key[1], dst)
        elif not key:
            self.link(self.all_contents(site), dst)
        else:
            self.wait(offset + key, (KEYED, site, length, dst))
            if not self.points.get(offset + key):
                self.unknown_keys.append((offset + key, site, dst, False))

    def read_key(self, site: int, length: int, key: Any, dst: Ref) -> None:
        if key.__class__ is int and key < 0:
            if length < 0:
                self.link(self.all_contents(site), dst)
                return
            self.link(self.content(site, ir.TAIL), dst)
            key += length
        elif key.__class__ is int and key >= length:
            self.link(self.content(site, ir.TAIL), dst)
        self.link(self.content(site, key), dst)
        self.link(self.content(site, ir.ANY), dst)

    @on(KEYED)
    def on_keyed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        site, length, dst = rule
        if what[0] == kinds.CONSTANT:
            self.read_key(site, length, what[2], dst)
        else:
            self.link(self.all_contents(site), dst)

    @on(ir.SET_ITEM)
    def on_set_item(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        key, source, scope, line = rule
        source = source + offset if source else 0
        if what[0] == kinds.CONTAINER:
            self.write_item(int(what[1]), key, source, offset)  # type: ignore[call-overload]
        elif what[0] == kinds.INSTANCE:
            argument = key if key.__class__ is tuple else key + offset if key else 0
            if self.invoke(value, what, "__setitem__", [argument, source], (scope, line)):
                return
            found = self.container_of(int(what[1]))  # type: ignore[call-overload]
            if found is not None:
                self.write_item(int(found[0][1]), key, source, offset)  # type: ignore[call-overload]
            elif source:
                self.link(source, self.field(int(what[1]), "[]"))  # type: ignore[call-overload]

    def write_item(self, site: int, key: Any, source: int, offset: int) -> None:
        if key.__class__ is int and key:
            self.link(offset + key, self.content(site, ir.KEYS))
        if not source:
            return
        if key.__class__ is tuple:
            self.link(source, self.content(site, key[1]))
        elif not key:
            self.link(source, self.content(site, ir.ANY))
        else:
            self.wait(offset + key, (SET_KEYED, site, source))
            if not self.points.get(offset + key):
                self.unknown_keys.append((offset + key, site, source, True))

    @on(SET_KEYED)
    def on_set_keyed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        self.link(rule[1], self.content(rule[0], what[2] if what[0] == kinds.CONSTANT else ir.ANY))

    def settle_keys(self) -> None:
        """Keys that nothing is known of may be any key."""
        waiting, self.unknown_keys = self.unknown_keys, []
        for node, site, other, written in waiting:
            if not self.points.get(node):
                if written:
                    self.link(other, self.content(site, ir.ANY))
                else:
                    self.link(self.all_contents(site), other)

    @on(ir.SET_SLICE)
    def on_set_slice(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        source, scope, line = rule
        source = offset + source if source else 0
        if what[0] == kinds.INSTANCE and self.invoke(value, what, "__setitem__", [0, source], (scope, line)):
            return
        what = self.as_container(what)
        if what[0] == kinds.CONTAINER and source:
            self.wait(source, (ir.MERGE, int(what[1])))  # type: ignore[call-overload]

    @on(ir.SLICE)
    def on_slice(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        low, high, step, dst, scope, line = rule
        dst += offset
        if what[0] == kinds.INSTANCE and self.invoke(value, what, "__getitem__", [0], (scope, line), dst):
            return
        what = self.as_container(what)
        if what[0] != kinds.CONTAINER:
            return
        site, length = int(what[1]), int(what[2])  # type: ignore[call-overload]
        if length < 0 or ir.ANY in (low, high, step):
            self.add(dst, self.values.intern(kinds.CONTAINER, dst, -1))
            self.link(self.all_contents(site), self.content(dst, ir.ANY))
            return
        chosen = list(range(length))[low:high:step]
        self.add(dst, self.values.intern(kinds.CONTAINER, dst, len(chosen)))
        for position, index in enumerate(chosen):
            self.link(self.content(site, index), self.content(dst, position))
        for key in (ir.ANY, ir.TAIL):
            self.link(self.content(site, key), self.content(dst, ir.ANY))

    # --- keys --------------------------------------------------------------------------------------------------------

    @on(ir.HASH)
    def on_hash(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        holder, test, scope, line = rule
        if what[0] == kinds.INSTANCE and "__hash__" in self.world.hooks:
            found = self.find(int(what[1]), "__hash__")  # type: ignore[call-overload]
            if found is not None:
                node = self.keys_of.get((self.at, holder, line))
                if node is None:
                    node = self.keys_of[self.at, holder, line] = self.new()
                    self.link(self.at, node)
                self.held_by[node] = (holder + offset if holder else 0, test)
                self.edge((scope, line, node), found, value, implied=True)

    # --- iteration ---------------------------------------------------------------------------------------------------

    @on(ir.ITER)
    def on_iter(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        dst, scope, line, asynchronous = rule
        self.iterate(value, what, dst + offset if dst else 0, (scope, line), asynchronous)

    def iterate(self, value: int, what: kinds.Value, dst: int, place: Any, asynchronous: bool = False) -> None:
        what = self.as_object(what)
        kind = what[0]
        if kind == kinds.CONTAINER:
            site = int(what[1])  # type: ignore[call-overload]
            self.link(self.content(site, ir.KEYS) if what[2] == ir.MAPPING else self.all_contents(site), dst)
        elif kind in (kinds.GENERATOR, kinds.CONTEXT):
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            self.link(owner.offset + function.yields, dst)
        elif kind == kinds.INSTANCE:
            first, then = ("__aiter__", "__anext__") if asynchronous else ("__iter__", "__next__")
            iterator = self.new()
            if self.invoke(value, what, first, [], place, iterator):
                self.wait(iterator, (NEXT, then, dst, place))
            elif not asynchronous and self.closed(what) and self.invoke(value, what, "__getitem__", [0], place, dst):
                return
            elif (held := self.as_container(what)) is not what:
                self.iterate(value, held, dst, place)
            else:
                self.link(self.field(int(what[1]), "[]"), dst)  # type: ignore[call-overload]
        elif kind == kinds.CLASS and self.is_enum(int(what[1])):  # type: ignore[call-overload]
            self.add(dst, self.a_member(int(what[1])))  # type: ignore[call-overload]

    @on(NEXT)
    def on_next(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """What `__iter__` gave is advanced."""
        name, dst, place = rule
        if what[0] == kinds.INSTANCE:
            self.invoke(value, what, name, [], place, dst)
        else:
            self.iterate(value, what, dst, place)

    def all_elements(self, source: int) -> int:
        """The node of all that iterating over the containers and generators at `source` gives."""
        node = self.new()
        if source:
            self.wait(source, (ELEMENTS, node))
        return node

    @on(ELEMENTS)
    def on_elements(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        what = self.as_container(what)
        if what[0] in (kinds.CONTAINER, kinds.GENERATOR):
            self.iterate(value, what, rule[0], None)

    @on(ir.UNPACK)
    def on_unpack(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        index, after, dst, scope, line = rule
        dst += offset
        what = self.as_container(what)
        if what[0] != kinds.CONTAINER:
            element = dst
            if after is not None:
                self.add(dst, self.values.intern(kinds.CONTAINER, dst, -1))
                element = self.content(dst, ir.ANY)
            self.iterate(value, what, element, (scope, line))
            return
        site, length = int(what[1]), int(what[2])  # type: ignore[call-overload]
        if after is None:
            self.read_key(site, length, index, dst)
            return
        if length < 0:
            self.add(dst, self.values.intern(kinds.CONTAINER, dst, -1))
            self.link(self.all_contents(site), self.content(dst, ir.ANY))
            return
        self.add(dst, self.values.intern(kinds.CONTAINER, dst, max(0, length - after - index)))
        for position in range(index, length - after):
            self.link(self.content(site, position), self.content(dst, position - index))

    @on(ir.DELEGATE)
    def on_delegate(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.GENERATOR:
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            self.link(owner.offset + function.returns, rule[0] + offset)

    @on(ir.MERGE)
    def on_merge(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`{**other}` and `[*other]`."""
        self.merge(value, what, rule[0] + offset)

    def merge(self, value: int, what: kinds.Value, site: int) -> None:
        held = self.as_container(what)
        if held[0] != kinds.CONTAINER:
            self.iterate(value, what, self.content(site, ir.ANY), None)
        elif what[0] == kinds.INSTANCE:
            self.pour_into(int(held[1]), site)  # type: ignore[call-overload]
        else:
            self.merge_into(int(held[1]), site)  # type: ignore[call-overload]

    # --- with and operators ------------------------------------------------------------------------------------------

    @on(ir.ENTER)
    def on_enter(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        dst, scope, line, asynchronous = rule
        dst += offset
        if what[0] == kinds.INSTANCE:
            place = (scope, line)
            enter, leave = ("__aenter__", "__aexit__") if asynchronous else ("__enter__", "__exit__")
            if not self.invoke(value, what, enter, [], place, dst):
                self.add(dst, value)
            self.invoke(value, what, leave, [0, 0, 0], place)
        elif what[0] in (kinds.CONTEXT, kinds.GENERATOR):
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            self.link(owner.offset + function.yields, dst)
        elif what[0] == kinds.OBJECT:
            if what[2] == "holder":
                self.link(self.content(int(what[1]), VALUE), dst)  # type: ignore[call-overload]
            else:
                self.add(dst, value)
        elif what[0] == kinds.CLOSING:
            self.link(int(what[1]), dst)  # type: ignore[call-overload]
            self.follow(int(what[1]), (CLOSED, scope, line))  # type: ignore[call-overload]

    @on(CLOSED)
    def on_closed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`with closing(value)` ends."""
        if what[0] == kinds.INSTANCE:
            self.invoke(value, what, "close", [], rule)

    @on(EQUAL)
    def on_equal(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """Two containers are equal if what they hold is."""
        site, scope, line, late = rule
        known = self.compared.setdefault((scope, line, late), set())
        if what[0] == kinds.CONTAINER and (site, what[1]) not in known and len(known) < COMPARED:
            known.add((site, what[1]))
            element, against = self.new(), self.new()
            self.link(self.all_contents(site), element)
            self.link(self.all_contents(int(what[1])), against)  # type: ignore[call-overload]
            self.wait(element, (ir.DUNDER, ("__eq__",), against, 0, scope, line, late))

    @on(ir.DUNDER)
    def on_dunder(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        names, other, dst, scope, line, late = rule
        dst = dst + offset if dst else 0
        what = self.as_object(what)
        if what[0] == kinds.INSTANCE:
            args = [other + offset if other else 0] if other else []
            if other and late:
                self.left_of[self.at] = other + offset
            if dst and names[0] in COMBINING and self.is_flag(int(what[1])):  # type: ignore[call-overload]
                self.add(dst, value)
            for name in names:
                if self.invoke(value, what, name, args, (scope, line), dst) or not self.lacks(what, name):
                    return
        elif what[0] == kinds.CONTAINER and names[0] in ("__eq__", "__ne__"):
            known = self.compared.get((scope, line, late), ())
            if other and "__eq__" in self.world.hooks and len(known) < COMPARED:
                self.follow(other + offset, (EQUAL, int(what[1]), scope, line, late))  # type: ignore[call-overload]
        elif what[0] == kinds.CONTAINER and dst and names[0] not in COMPARISONS:
            if names[0] not in ("__add__", "__radd__", "__mul__"):
                self.add(dst, value)
                return
            self.add(dst, self.values.intern(kinds.CONTAINER, dst, -1))
            if names[0] == "__add__":  # what the left one holds stays where it is
                self.copy_into(int(what[1]), dst)  # type: ignore[call-overload]
            else:
                self.merge(value, what, dst)
