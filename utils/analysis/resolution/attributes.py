"""Attributes: methods bound to their receivers, and all that is assigned to objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.descriptors import DELETED, OF_PROPERTY, OWNING, Descriptors
from utils.analysis.resolution.exchange import CONTENT, CONTENTS, FACTORY, FIELD, Ref
from utils.analysis.resolution.fixtures import is_test_module
from utils.analysis.resolution.graph import BY_SUPER, Place, World, on
from utils.analysis.resolution.hierarchy import CLASS_BITS, Module
from utils.analysis.resolution.library import KEEPING
from utils.analysis.resolution.outside import may_have

MEMBER_OF, GETTER, FORWARDED = 101, 102, 97
NAMED_BY, ASSIGNED, KEYED_BY = 83, 82, 133
OF_CLASS = "class "  # before the name of an attribute: it is assigned to on the class, which binds functions
INSTEAD = "def "  # before the name of a special method: what a decorator of the class puts in its place
FUNCTIONS = (kinds.FUNCTION, kinds.BOUND, kinds.WRAPPED)
LONGEST = 200  # characters of a name outside the repository that is worth knowing


class Attributes(Descriptors):
    """Reads and writes of attributes of instances, classes, modules and functions."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.is_test = is_test_module(module.name)  # what it puts in the place of methods holds for a test only
        self.members: dict[tuple[int, str], int] = {}
        self.fields: dict[tuple[int, str], int] = {}
        self.narrowed: dict[int, int] = {}  # node of what a test lets through → the node that it is asked of
        self.read_of: dict[int, tuple[int, str]] = {}  # node of an attribute → the node that it is read from, its name
        self.families: set[int] = set()  # nodes of attributes of which only how their names begin is known
        self.by_key: dict[int, list[int]] = {}
        # class → attributes that are asked of it, with their nodes, and the containers that its objects are filled from
        self.by_key_asked: dict[int, tuple[list[tuple[str, int]], list[int]]] = {}
        self.kept: set[int] = set()  # nodes of attributes of objects that the library makes and the code fills
        self.absent: list[tuple[int, int, str, Place]] = []
        # (site or BY_SUPER, what it would run) → nodes of what it runs instead, if anything
        self.instead: dict[tuple[int, int | None], list[int]] = {}

    @on(ir.ATTR)
    def on_attribute(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        name, dst, scope, line = rule
        kind = what[0]
        dst += offset
        if name.startswith(ir.MATCHED):
            name = self.matched(what, int(name.removeprefix(ir.MATCHED)))
            if not name:
                return
        elif name.startswith(ir.BEGINS):
            first, _, last = name.removeprefix(ir.BEGINS).partition("\0")
            self.families.add(dst)
            self.wide.add(dst)
            for each in self.names_of(what):
                if each.startswith(first) and each.endswith(last) and len(each) >= len(first) + len(last):
                    self.on_attribute(value, what, (each, *rule[1:]), offset)
            return
        if kind == kinds.INSTANCE or kind == kinds.CLASS or kind == kinds.SUPER:
            node = self.member(value, what, name)
            self.link(node, dst)
            self.read_of[dst] = (self.at, name)
            hook = None
            if kind == kinds.INSTANCE and "__getattribute__" in self.world.hooks:
                hook = self.find(int(what[1]), "__getattribute__")  # type: ignore[call-overload]
            if hook is not None:  # which runs the property
                self.edge((scope, line, self.at), hook, value, implied=True)
            else:
                self.loads.setdefault(node, []).append((scope, line, dst))
                for function in self.properties.get(node, ()):
                    self.edge((scope, line, dst), function, value)
            if kind == kinds.CLASS and len(what) > 2:
                self.link(self.member(self.values.intern(kinds.CLASS, what[1]), what[:2], name), dst)
            if kind == kinds.INSTANCE and "__getattr__" in self.world.hooks and not name.startswith("_"):
                self.absent.append((value, node, name, (scope, line, self.at)))
            if name == "__class__" and kind == kinds.INSTANCE:
                self.add(dst, self.values.intern(kinds.CLASS, what[1]))
        elif kind == kinds.MODULE:
            self.link(self.module_member(str(what[1]), name), dst)
            self.take_assigned(str(what[1]), name, dst)
            self.module_fallback(str(what[1]), name, (scope, line, dst))
        elif kind == kinds.EXTERNAL and len(str(what[1])) < LONGEST:
            self.add(dst, self.values.intern(kinds.EXTERNAL, f"{what[1]}.{name}"))
        elif kind == kinds.CONTAINER:
            fields: Any = what[3] if len(what) > 3 else ()
            if name in fields:
                self.link(self.content(int(what[1]), fields.index(name)), dst)  # type: ignore[call-overload]
                self.link(self.content(int(what[1]), ir.ANY), dst)  # type: ignore[call-overload]
                return
            self.add(dst, self.values.intern(kinds.METHOD, what[1], what[2], name, *what[3:]))
        elif kind == kinds.BUILTIN:
            self.add(dst, self.values.intern(kinds.BUILTIN, f"{what[1]}.{name}"))
        elif kind == kinds.GENERATOR:
            self.add(dst, self.values.intern(kinds.STREAM, what[1], name))
        elif kind in (kinds.FUNCTION, kinds.BOUND) and not name.startswith("__"):
            self.link(self.field(~int(what[1]), name), dst)  # type: ignore[call-overload]
        elif kind == kinds.OBJECT:
            self.add(dst, self.values.intern(kinds.OBJECT, what[1], f"{what[2]}.{name}"))
            if what[2] in KEEPING:
                self.kept.add(dst)
                self.link(self.content(int(what[1]), name), dst)  # type: ignore[call-overload]
        elif kind == kinds.WRAPPED and name == "__wrapped__":
            self.link(int(what[2]), dst)  # type: ignore[call-overload]
        elif kind == kinds.BOUND and name == "__func__":
            self.add(dst, self.values.intern(kinds.FUNCTION, what[1]))

    @on(ir.NAMED)
    def on_named(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """An object arrived of which attributes are asked for by texts: wait for these."""
        asked, dst, scope, line = rule
        self.follow(offset + asked, (NAMED_BY, value, offset + dst, scope, line))

    @on(NAMED_BY)
    def on_named_by(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        base, dst, scope, line = rule
        if what[0] == kinds.CONSTANT and what[2].__class__ is str:
            node = self.new()
            self.add(node, base)
            self.wait(node, (ir.ATTR, what[2], dst, scope, line))

    def names_of(self, what: kinds.Value) -> list[str]:
        """The names that the classes of an object define; none for anything else."""
        if what[0] in OWNING:
            classes = [item for item in self.hierarchy.order(int(what[1])) if isinstance(item, int)]  # type: ignore[call-overload]
            return list(dict.fromkeys(name for item in classes for name in self.hierarchy.class_of(item)[1].names))
        return []

    def matched(self, what: kinds.Value, index: int) -> str:
        """The name of the attribute that a class pattern takes by position: as the class says, or of its fields."""
        if what[0] != kinds.INSTANCE:
            return ""
        fields: list[str] = []
        for item in self.hierarchy.order(int(what[1])):  # type: ignore[call-overload]
            if isinstance(item, int):
                record = self.hierarchy.class_of(item)[1]
                if record.matched:
                    return record.matched[index] if index < len(record.matched) else ""
                fields = [*record.fields, *fields]
        return fields[index] if index < len(fields) else ""

    def member(self, value: int, what: kinds.Value, name: str) -> int:
        """The node of an attribute of an instance, a class or super(): MRO first, and all that is assigned to it."""
        key = (value, name)
        node = self.members.get(key)
        if node is not None:
            return node
        node = self.members[key] = self.new()
        receiver, order = value, []
        if what[0] == kinds.SUPER:
            receiver = int(what[2])  # type: ignore[call-overload]
            start = self.values.table[receiver]
            whole = self.hierarchy.order(int(start[1]))
            order = whole[whole.index(what[1]) + 1 :] if what[1] in whole else []
            if what[1] not in whole and start[0] == kinds.CLASS:
                self.member_of_metaclass(receiver, int(start[1]), name, node, int(what[1]))  # type: ignore[call-overload]
                return node
        else:
            order = self.hierarchy.order(int(what[1]))  # type: ignore[call-overload]
            if self.is_enum(int(what[1])) and self.take_from_enum(what, name, node):  # type: ignore[call-overload]
                return node
        by_super = what[0] == kinds.SUPER
        on_classes = not by_super and self.hierarchy.is_assigned(name)
        for owning in () if by_super else self.hierarchy.assigned(order, name):
            self.link(self.field(owning, name), node)
            if on_classes:
                self.wait(self.field(owning, OF_CLASS + name), (MEMBER_OF, receiver, node, name, False, False))
        for owning in () if by_super or name.startswith("__") else self.filled_by_key(int(what[1])):  # type: ignore[call-overload]
            self.take_by_key(owning, name, node)
        for assigned in self.given_instead(order, name, BY_SUPER) if by_super and name.startswith("__") else ():
            self.wait(assigned, (MEMBER_OF, receiver, node, name, by_super, False))
        if not self.look_up(order, name, (MEMBER_OF, receiver, node, name, by_super, False)):
            self.take_inherited(receiver, name, node)
            if what[0] == kinds.CLASS:
                self.member_of_metaclass(value, int(what[1]), name, node)  # type: ignore[call-overload]
        return node

    def take_inherited(self, receiver: int, name: str, node: int) -> None:
        """What an object, or a class, has from a container of Python's own that its class derives from."""
        raise NotImplementedError  # ContainerClasses

    def filled_by_key(self, number: int) -> list[int]:
        """The classes among one and its bases whose objects are given all that is in a dictionary as attributes."""
        found = self.by_key.get(number)
        if found is None:
            found = self.by_key[number] = self.hierarchy.assigned(self.hierarchy.order(number), ir.BY_KEY)
        return found

    def take_by_key(self, owning: int, name: str, node: int) -> None:
        """An attribute may lie in the dictionaries that objects of a class are filled from."""
        if owning not in self.by_key_asked:
            self.by_key_asked[owning] = ([], [])
            self.wait(self.field(owning, ir.BY_KEY), (KEYED_BY, owning))
        asked, sites = self.by_key_asked[owning]
        asked.append((name, node))
        for site in sites:
            self.link(self.content(site, name), node)

    @on(KEYED_BY)
    def on_keyed_by(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A dictionary whose keys name attributes."""
        if what[0] == kinds.CONTAINER:
            asked, sites = self.by_key_asked[rule[0]]
            sites.append(int(what[1]))  # type: ignore[call-overload]
            for name, node in asked:
                self.link(self.content(sites[-1], name), node)

    def given_instead(self, order: Sequence[int | str], name: str, site: int) -> list[int]:
        """The nodes of what takes the place of a special method of a class; what it had is not run at `site` then."""
        nodes = [self.here(self.field(owning, INSTEAD + name)) for owning in self.hierarchy.replaced(order, name)]
        if nodes:
            self.instead.setdefault((site, self.hierarchy.first(order, name)), []).extend(nodes)
        return nodes

    def member_of_metaclass(self, value: int, number: int, name: str, node: int, after: int | None = None) -> None:
        """What a class itself is asked for is looked up in the class that makes it (where `super()` found it: behind
        the class `after`)."""
        metaclass = self.hierarchy.metaclass_of(number)
        if metaclass is not None:
            order = self.hierarchy.order(metaclass)
            if after is not None:
                order = order[order.index(after) + 1 :] if after in order else []
            found = self.look_up(order, name, (MEMBER_OF, value, node, name, after is not None, True))
            if not found and after is not None and name == "__call__":
                self.add(node, self.values.intern(kinds.MAKER, number))

    def field(self, owner: int, name: str) -> Ref:
        """What is assigned to an attribute of a class's instances (or of a function, as ~number) from anywhere."""
        home = ((owner if owner >= 0 else ~owner) >> CLASS_BITS) + 1
        if home != self.home:
            return (home, FIELD, owner, name)
        node = self.fields.get((owner, name))
        if node is None:
            node = self.fields[owner, name] = self.new()
        return node

    def described(self, ref: Ref) -> int:
        kind = ref[1]
        if kind == FIELD:
            found = self.field(ref[2], ref[3])
        elif kind == CONTENT:
            found = self.content(ref[2], ref[4])
        elif kind == CONTENTS:
            found = self.all_contents(ref[2])
        elif kind == FACTORY:
            found = self.factory(ref[2])
        else:
            found = self.assigned_name(self.module.name, ref[2])
        return int(found)

    def factory(self, site: int) -> Ref:
        """The node of what a default dictionary calls for a key that it lacks."""
        raise NotImplementedError  # Models

    @on(MEMBER_OF)
    def on_member(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A value in a class body is read through a receiver: functions are bound, properties run."""
        receiver, node, name, by_super, of_metaclass = rule
        source = self.values.table[receiver]
        on_class = source[0] == kinds.CLASS and not of_metaclass
        if what[0] == kinds.ACCESSOR:
            if not on_class:
                self.wait(int(what[1]), (GETTER, receiver, node))  # type: ignore[call-overload]
            return
        getter = self.find(int(what[1]), "__get__") if what[0] == kinds.INSTANCE else None  # type: ignore[call-overload]
        if getter is not None:
            if len(what) > 3 and not on_class:
                self.run_property(getter, value, node)
                self.tell_descriptor(*self.hierarchy.function_of(getter), value, [receiver])
                self.follow(int(what[3]), (OF_PROPERTY, receiver, node))  # type: ignore[call-overload]
            else:
                self.read_property(getter, value, node)
                self.read_descriptor(getter, value, receiver, on_class, node)
            return
        if what[0] == kinds.PARTIAL and len(what) > 4:
            self.add(node, self.bound_partial(what, receiver, on_class))
            return
        if what[0] == kinds.WRAPPED and not on_class:
            value = self.values.intern(kinds.WRAPPED, what[1], what[2], receiver)
        if what[0] != kinds.FUNCTION:
            self.add(node, value)
            return
        number = int(what[1])  # type: ignore[call-overload]
        _owner, function = self.hierarchy.function_of(number)
        if function.flags & ir.PROPERTY:
            if not on_class:
                self.read_property(number, receiver, node, by_super)
            return
        if function.flags & ir.CLASS_METHOD:
            own = self.values.intern(kinds.CLASS, source[1])
            self.add(node, self.values.intern(kinds.BOUND, number, own, by_super))
            return
        if function.flags & ir.STATIC or on_class:
            self.add(node, value)
            return
        self.add(node, self.values.intern(kinds.BOUND, number, receiver, by_super))
        if not function.flags & ir.METHOD and source[0] == kinds.INSTANCE and self.is_field(int(source[1]), name):
            self.add(node, value)  # the number of arguments tells which it is

    def is_field(self, number: int, name: str) -> bool:
        """Whether each object may be given an attribute of its own, with what the class has for a default."""
        classes = [self.hierarchy.class_of(item)[1] for item in self.hierarchy.order(number) if isinstance(item, int)]
        holder = next((record for record in classes if name in record.names), None)
        return holder is not None and name in holder.fields and self.find(number, "__init__") is None

    def bound_partial(self, what: kinds.Value, receiver: int, on_class: bool) -> int:
        """What `partialmethod(...)` and `classmethod(...)` made is read through a receiver, which comes first."""
        args: Any = what[2]
        if what[4] == kinds.TO_CLASS:
            receiver = self.values.intern(kinds.CLASS, self.values.table[receiver][1])
        elif on_class:
            return self.values.intern(*what[:4])
        first = self.new()
        self.add(first, receiver)
        return self.values.intern(kinds.PARTIAL, what[1], (*args[:1], first, *args[1:]), what[3])

    @on(ir.STORE)
    def on_store(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        name, source, scope, line, method_of = rule
        kind = what[0]
        direct, name = name.startswith(ir.BY_KEY), name.removeprefix(ir.BY_KEY)
        if direct and not (source and (name or kind in OWNING)):
            return
        if kind in (kinds.INSTANCE, kinds.CLASS):
            owner = int(what[1])  # type: ignore[call-overload]
            if direct:
                self.link(offset + source, self.field(self.assigning(owner, method_of), name or ir.BY_KEY))
                return
            setter = self.setter(owner, name) if kind == kinds.INSTANCE else None
            asked = "__delattr__" if name.startswith(DELETED) else "__setattr__"
            place: Place | None = (scope, line, self.at)
            given = offset + source if source else 0
            if kind == kinds.INSTANCE and self.invoke(value, what, asked, [0, given], (scope, line)):
                place = None  # what the hook does with the value is done from there
            if setter is not None:
                self.set_property(setter, value, given, place)
                return
            if kind == kinds.INSTANCE:
                self.describe(value, owner, name, given, place)
            if source and not (method_of < 0 and self.is_test and self.find(owner, name) is not None):
                own = OF_CLASS + name if kind == kinds.CLASS and method_of < 0 else name
                self.link(offset + source, self.field(self.assigning(owner, method_of), own))
            if source and kind == kinds.CLASS and self.find(owner, name) is None:
                self.follow(offset + source, (ASSIGNED, owner))
            if source and method_of == ir.GIVEN and kind == kinds.CLASS and name.startswith("__"):
                self.link(offset + source, self.field(owner, INSTEAD + name))
        elif kind == kinds.MODULE and source and str(what[1]) in self.hierarchy.by_name:
            if not (self.is_test and self.hierarchy.export(str(what[1]), name) is not None):
                self.link(offset + source, self.assigned_name(str(what[1]), name))
        elif kind == kinds.OBJECT and what[2] in KEEPING and source:
            self.link(offset + source, self.content(int(what[1]), name))  # type: ignore[call-overload]
        elif kind in (kinds.FUNCTION, kinds.BOUND) and source:
            self.link(offset + source, self.field(~int(what[1]), name))  # type: ignore[call-overload]

    @on(ASSIGNED)
    def on_assigned(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """A function that a class is given as a method is called on its objects."""
        if what[0] == kinds.FUNCTION:
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            if not function.flags & ir.METHOD:
                self.receive(owner, function, self.values.intern(kinds.INSTANCE, rule[0], False))

    def assigning(self, number: int, method_of: int) -> int:
        """The class that an assignment counts for: that of the method, which says the same for all who inherit it."""
        own = self.module.index << CLASS_BITS | method_of
        return own if method_of >= 0 and self.hierarchy.is_subclass(number, own) else number

    def settle_absent(self) -> None:
        """Attributes that nothing was found for are asked of `__getattr__`."""
        waiting, self.absent = self.absent, []
        others: dict[tuple[int, str], bool] = {}
        for value, node, name, place in waiting:
            number = int(self.values.table[value][1])  # type: ignore[call-overload]
            if not self.hierarchy.binds(number, "__getattr__"):
                continue
            if self.is_found(node, number, name) and not self.is_only_declared(node):
                continue
            if (place[2], name) not in others:
                others[place[2], name] = self.is_of_others(place[2], name)
            if others[place[2], name]:
                continue
            hook = self.find(number, "__getattr__")
            if hook is None:  # a decorator made it: of one for many methods, what comes out is not told apart
                self.at = place[2]
                self.invoke(value, self.values.table[value], "__getattr__", [0], place[:2])
                continue
            owner, function = self.hierarchy.function_of(hook)
            self.edge(place, hook, value, implied=True)
            self.receive(owner, function, value)
            if not function.flags & ir.VARIED:
                self.link(owner.offset + function.returns, node)
            for source in function.forwards:
                self.follow(owner.offset + source, (FORWARDED, name, node))

    @on(FORWARDED)
    def on_forwarded(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """What a `__getattr__` asks in turn for the attribute that it was asked for."""
        name, node = rule
        if what[0] in (kinds.INSTANCE, kinds.CLASS):
            self.link(self.member(value, what, name), node)
        elif what[0] == kinds.MODULE:
            self.link(self.module_member(str(what[1]), name), node)

    def is_found(self, node: int, number: int, name: str) -> bool:
        """Whether an attribute is there, or may be."""
        return bool(self.points.get(node) or self.properties.get(node)) or self.closed_name(number, name)

    def is_of_others(self, node: int, name: str) -> bool:
        """Whether other objects that arrive at a node have a method of a name: these are meant."""
        members = (self.members.get((value, name), 0) for value in self.points.get(node, ()))
        return any(
            self.values.table[found][0] in FUNCTIONS for member in members for found in self.points.get(member, ())
        )

    def is_only_declared(self, node: int) -> bool:
        """Whether an attribute is a property that is written down for type checkers only."""
        found = self.properties.get(node, ())
        return bool(found) and all(self.hierarchy.function_of(number)[1].flags & ir.STUB for number in found)

    def closed_name(self, number: int, name: str) -> bool:
        """Whether a class or its bases have a name, or may have it: by a computed name, or from bases not ours."""
        for item in self.hierarchy.order(number):
            if isinstance(item, str):
                if may_have(item, name):
                    return True
                continue
            record = self.hierarchy.class_of(item)[1]
            if name in record.names or name in record.attributes or self.hierarchy.is_extended(record):
                return True
        return False
