"""Attributes: methods bound to their receivers, properties, descriptors, and all that is assigned to objects."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.graph import BY_SUPER, RECEIVERS, Place
from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy, Module
from utils.analysis.resolution.solver import Solver

MEMBER, GETTER, DESCRIBED = 101, 102, 98
PLAIN_BASES = frozenset({"object", "Generic", "Protocol", "ABC"})


class Attributes(Solver):
    """Reads and writes of attributes of instances, classes, modules and functions."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.fields: dict[tuple[int, str], int] = {}
        self.loads: dict[int, list[Place]] = {}
        self.properties: dict[int, list[int]] = {}
        self.stored: set[tuple[int, str]] = set()
        self.absent: list[tuple[int, int, str, Place]] = []
        self.function_nodes: dict[int, dict[int, int]] = {}
        self.rules[ir.ATTR] = self.on_attribute
        self.rules[ir.STORE] = self.on_store
        self.rules[MEMBER] = self.on_member
        self.rules[DESCRIBED] = self.on_described

    def on_attribute(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        name, dst, scope, line = rule
        kind = what[0]
        dst += module.offset
        if kind == kinds.INSTANCE or kind == kinds.CLASS or kind == kinds.SUPER:
            node = self.member(value, what, name)
            self.link(node, dst)
            self.loads.setdefault(node, []).append((scope, line, module, dst))
            for function in self.properties.get(node, ()):
                self.edge((scope, line, module, dst), function, value)
            if kind == kinds.CLASS and len(what) > 2:
                self.link(self.member(self.values.intern(kinds.CLASS, what[1]), what[:2], name), dst)
            if kind == kinds.INSTANCE and "__getattr__" in self.hierarchy.method_names and name[0] != "_":
                self.absent.append((value, node, name, (scope, line, module, self.at)))
            if name == "__class__" and kind == kinds.INSTANCE:
                self.add(dst, self.values.intern(kinds.CLASS, what[1]))
        elif kind == kinds.MODULE:
            self.link(self.module_member(str(what[1]), name), dst)
            self.module_fallback(str(what[1]), name, (scope, line, module, dst))
        elif kind == kinds.EXTERNAL:
            self.add(dst, self.values.intern(kinds.EXTERNAL, f"{what[1]}.{name}"))
        elif kind == kinds.CONTAINER:
            self.add(dst, self.values.intern(kinds.METHOD, what[1], name))
        elif kind == kinds.BUILTIN:
            self.add(dst, self.values.intern(kinds.BUILTIN, f"{what[1]}.{name}"))
        elif kind == kinds.GENERATOR:
            self.add(dst, self.values.intern(kinds.STREAM, what[1], name))
        elif kind in (kinds.FUNCTION, kinds.BOUND) and not name.startswith("__"):
            self.link(self.field(-1 - value, name), dst)
        elif kind == kinds.BOUND and name == "__func__":
            self.add(dst, self.values.intern(kinds.FUNCTION, what[1]))

    def module_fallback(self, module: str, name: str, place: Place) -> None:
        """A name that a module does not have is asked of its `__getattr__`."""
        if self.hierarchy.export(module, name) is not None or self.hierarchy.internal(f"{module}.{name}"):
            return
        owner, nodes = self.hierarchy.export(module, "__getattr__") or (None, [])
        for node in nodes:
            found = self.function_at(owner, node) if owner is not None else None
            if owner is not None and found is not None:
                self.edge(place, found)
                self.link(owner.offset + self.hierarchy.function_of(found)[1].returns, place[3])

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
        else:
            order = self.hierarchy.order(int(what[1]))  # type: ignore[call-overload]
        found = False
        for number in order:
            if isinstance(number, str):
                continue
            owner, record = self.hierarchy.class_of(number)
            if what[0] != kinds.SUPER:
                self.link(self.field(number, name), node)
            if not found and name in record.names:
                found = True
                for item in record.names[name]:
                    self.wait(owner.offset + item, (MEMBER, receiver, node, what[0] == kinds.SUPER))
        return node

    def field(self, owner: int, name: str) -> int:
        """What is assigned to an attribute of a class's instances (or of a function) from anywhere."""
        node = self.fields.get((owner, name))
        if node is None:
            node = self.fields[owner, name] = self.new()
        return node

    def on_member(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """A value in a class body is read through a receiver: functions are bound, properties run."""
        receiver, node, by_super = rule
        on_class = self.values.table[receiver][0] == kinds.CLASS
        if what[0] == kinds.ACCESSOR:
            if not on_class:
                self.wait(int(what[1]), (GETTER, receiver, node))  # type: ignore[call-overload]
            return
        if what[0] == kinds.INSTANCE and self.find(int(what[1]), "__get__") is not None:  # type: ignore[call-overload]
            found = self.find(int(what[1]), "__get__")  # type: ignore[call-overload]
            self.read_property(int(found or 0), value, node)
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
        elif function.flags & ir.CLASS_METHOD:
            kind = self.values.table[receiver]
            self.add(node, self.values.intern(kinds.BOUND, number, self.values.intern(kinds.CLASS, kind[1]), by_super))
        elif function.flags & ir.STATIC or on_class:
            self.add(node, value)
        else:
            self.add(node, self.values.intern(kinds.BOUND, number, receiver, by_super))

    def find(self, number: int, name: str) -> int | None:
        """The function that a class's instances run for `name`, by name alone; None where it is none of ours."""
        key = (number, name)
        if key not in self.found:
            self.found[key] = self.look_up(number, name)
        return self.found[key]

    def look_up(self, number: int, name: str) -> int | None:
        for item in self.hierarchy.order(number):
            if isinstance(item, str):
                continue
            module, record = self.hierarchy.class_of(item)
            if name in record.names:
                for node in record.names[name]:
                    found = self.function_at(module, node)
                    if found is not None:
                        return found
                return None
        return None

    def function_at(self, module: Module, node: int) -> int | None:
        table = self.function_nodes.get(module.index)
        if table is None:
            table = self.function_nodes[module.index] = {
                function.node: index for index, function in module.body.functions.items()
            }
        index = table.get(node)
        return None if index is None else module.index << CLASS_BITS | index

    def read_property(self, number: int, receiver: int, node: int, by_super: bool = False) -> None:
        owner, function = self.hierarchy.function_of(number)
        known = self.properties.setdefault(node, [])
        if number in known:
            return
        known.append(number)
        for place in self.loads.get(node, ()):
            self.edge(place, number, BY_SUPER - receiver if by_super else receiver)
        self.receive(owner, function, receiver)
        self.link(owner.offset + function.returns, node)

    def receive(self, owner: Module, function: ir.Function, receiver: int) -> None:
        """`self` of a method gets its receiver."""
        if not function.positional:
            return
        what = self.values.table[receiver]
        own = what[1] == owner.index << CLASS_BITS | function.owner and what[0] == kinds.INSTANCE
        if own and function.flags & ir.METHOD:
            return
        node = owner.offset + function.params[0]
        if len(self.points.get(node, ())) < RECEIVERS:
            self.add(node, receiver)

    def on_store(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        name, source, scope, line = rule
        kind = what[0]
        if kind in (kinds.INSTANCE, kinds.CLASS):
            owner = int(what[1])  # type: ignore[call-overload]
            setter = self.setter(owner, name) if kind == kinds.INSTANCE else None
            hook = self.find(owner, "__setattr__") if kind == kinds.INSTANCE else None
            if hook is not None:
                self.edge((scope, line, module, self.at), hook, value)
            if kind == kinds.INSTANCE and "__set__" in self.hierarchy.method_names:
                self.describe(value, owner, name, (scope, line, module, self.at))
            if setter is not None:
                self.set_property(setter, value, source, (scope, line, module, self.at))
            else:
                self.stored.add((owner, name))
                if source:
                    self.link(module.offset + source, self.field(owner, name))
        elif kind == kinds.MODULE and source:
            self.link(module.offset + source, self.module_member(str(what[1]), name))
        elif kind in (kinds.FUNCTION, kinds.BOUND) and source:
            self.link(module.offset + source, self.field(-1 - value, name))

    def setter(self, number: int, name: str) -> int | None:
        for item in self.hierarchy.order(number):
            if isinstance(item, int):
                module, record = self.hierarchy.class_of(item)
                if name in record.setters:
                    return module.index << CLASS_BITS | record.setters[name]
                if name in record.names:
                    return None
        return None

    def set_property(self, setter: int, value: int, source: int, place: Place) -> None:
        owner, function = self.hierarchy.function_of(setter)
        self.edge(place, setter, value)
        self.receive(owner, function, value)
        if source and len(function.params) > 1:
            self.link(place[2].offset + source, owner.offset + function.params[1])

    def describe(self, value: int, number: int, name: str, place: Place) -> None:
        """An assignment to an attribute whose class holds a descriptor there."""
        for item in self.hierarchy.order(number):
            if isinstance(item, int):
                owner, record = self.hierarchy.class_of(item)
                if name in record.names:
                    for node in record.names[name]:
                        self.wait(owner.offset + node, (DESCRIBED, place))
                    return

    def on_described(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        found = self.find(int(what[1]), "__set__") if what[0] == kinds.INSTANCE else None  # type: ignore[call-overload]
        if found is not None:
            self.edge(rule[0], found, value)

    def settle_absent(self) -> bool:
        """Attributes that nothing was found for are asked of `__getattr__`."""
        waiting, self.absent = self.absent, []
        found = False
        for value, node, name, place in waiting:
            number = int(self.values.table[value][1])  # type: ignore[call-overload]
            hook = self.find(number, "__getattr__")
            if hook is None or self.points.get(node) or self.properties.get(node) or self.closed_name(number, name):
                continue
            owner, function = self.hierarchy.function_of(hook)
            self.edge(place, hook, value, implied=True)
            self.receive(owner, function, value)
            found = True
        return found

    def closed_name(self, number: int, name: str) -> bool:
        """Whether a class or its bases have a name, or bases that are not ours may have it."""
        for item in self.hierarchy.order(number):
            if isinstance(item, str):
                if item.partition("[")[0].rpartition(".")[2] not in PLAIN_BASES:
                    return True
            elif name in self.hierarchy.class_of(item)[1].names or (item, name) in self.stored:
                return True
        return False
