"""Seeds, names and attributes: the rules that the other rules build on."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.graph import RECEIVERS, Graph
from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy, Module

NARROWED, MEMBER, GETTER, EXCLUDED = 100, 101, 102, 99


class Solver(Graph):
    """Attributes, names and the seeds; calls and containers are in the subclasses."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.members: dict[tuple[int, str], int] = {}
        self.fields: dict[tuple[int, str], int] = {}
        self.loads: dict[int, list[tuple[int, int, Module]]] = {}
        self.properties: dict[int, list[int]] = {}
        self.decorated: set[int] = set()
        self.contents: dict[int, dict[Any, int]] = {}
        self.every_key: dict[int, int] = {}
        self.lengths: dict[int, int] = {}
        self.versions: dict[int, list[tuple[int, Any]]] = {}
        self.function_nodes: dict[int, dict[int, int]] = {}
        self.rules = {
            ir.ATTR: self.on_attribute,
            ir.STORE: self.on_store,
            ir.DECLARE: self.on_declare,
            ir.TYPE: self.on_type,
            ir.NARROW: self.on_narrow,
            ir.EXCLUDE: self.on_exclude,
            EXCLUDED: self.on_excluded,
            ir.SUPER: self.on_super,
            NARROWED: self.on_narrowed,
            MEMBER: self.on_member,
        }

    # --- seeds -------------------------------------------------------------------------------------------------------

    def seed(self) -> None:
        intern = self.values.intern
        for module in self.modules:
            sources = {source for source, _ in module.body.decorations}
            base = module.index << CLASS_BITS
            for index, function in enumerate(module.body.functions):
                if function.node in sources:
                    self.decorated.add(intern(kinds.FUNCTION, base | index))
            for index, record in enumerate(module.body.classes):
                if record.node in sources:
                    self.decorated.add(intern(kinds.CLASS, base | index))
        for module in self.modules:
            body, offset, base = module.body, module.offset, module.index << CLASS_BITS
            for index, function in enumerate(body.functions):
                self.add(offset + function.node, intern(kinds.FUNCTION, base | index))
                self.seed_parameters(module, function, base)
            for index, record in enumerate(body.classes):
                self.add(offset + record.node, intern(kinds.CLASS, base | index))
            for node, length in body.sites.items():
                self.lengths[offset + node] = length
                self.add(offset + node, intern(kinds.CONTAINER, offset + node))
            for node, result in body.callables.items():
                self.add(offset + node, intern(kinds.CALLABLE, offset + result))
            for node, constant in body.constants.items():
                self.add(offset + node, intern(kinds.CONSTANT, type(constant).__name__, constant))
            for node, name in ((node, name) for name, node in body.builtins.items()):
                self.add(offset + node, intern(kinds.BUILTIN, name))
            for site, key, source in body.elements:
                self.link(offset + source, self.content(offset + site, key))
            for old, version, key in body.versions:
                self.renew(offset + old, offset + version, key)
            self.seed_imports(module)
            for spent in (body.elements, body.sites, body.constants, body.versions):
                spent.clear()  # memory that the fixpoint needs

    def seed_parameters(self, module: Module, function: ir.Function, base: int) -> None:
        if not function.flags & ir.METHOD or not function.params or not function.positional:
            return
        owner = base | function.owner
        node = module.offset + function.params[0]
        if function.flags & ir.CLASS_METHOD or function.name == "__new__":
            self.add(node, self.values.intern(kinds.CLASS, owner))
        if not function.flags & (ir.STATIC | ir.CLASS_METHOD):
            self.add(node, self.values.intern(kinds.INSTANCE, owner, False))

    def seed_imports(self, module: Module) -> None:
        for node, source, name in module.body.imports:
            self.bring(module, module.offset + node, self.hierarchy.locate(source, module), name)
        for name, node in module.body.star_names.items():
            for star in reversed(module.body.stars):
                origin = self.hierarchy.locate(star, module)
                found = self.hierarchy.by_name.get(origin)
                public = found.body.public if found is not None else None
                allowed = name in public if public is not None else not name.startswith("_")
                if allowed and self.hierarchy.export(origin, name) is not None:
                    self.bring(module, module.offset + node, origin, name)
                    break

    def bring(self, module: Module, node: int, source: str, name: str | None) -> None:
        if not self.hierarchy.internal(source):
            self.add(node, self.values.intern(kinds.EXTERNAL, source if name is None else f"{source}.{name}"))
        elif name is None:
            self.add(node, self.values.intern(kinds.MODULE, source))
        else:
            self.link(self.module_member(source, name), node)

    def module_member(self, module: str, name: str) -> int:
        """The node of `module.name`: its exports, what others assign to it, or a submodule."""
        key = (self.values.intern(kinds.MODULE, module), name)
        node = self.members.get(key)
        if node is None:
            node = self.members[key] = self.new()
            found = self.hierarchy.export(module, name)
            if found is not None:
                owner, nodes = found
                for item in nodes:
                    self.link(owner.offset + item, node)
            elif self.hierarchy.internal(f"{module}.{name}"):
                self.add(node, self.values.intern(kinds.MODULE, f"{module}.{name}"))
        return node

    # --- attributes --------------------------------------------------------------------------------------------------

    def on_attribute(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        name, dst, scope, line = rule
        kind = what[0]
        dst += module.offset
        if kind == kinds.INSTANCE or kind == kinds.CLASS or kind == kinds.SUPER:
            node = self.member(value, what, name)
            self.link(node, dst)
            self.loads.setdefault(node, []).append((scope, line, module))
            for function in self.properties.get(node, ()):
                self.edge(scope, line, function, module, value)
            if kind == kinds.CLASS and len(what) > 2:
                self.link(self.member(self.values.intern(kinds.CLASS, what[1]), what[:2], name), dst)
            if name == "__class__" and kind == kinds.INSTANCE:
                self.add(dst, self.values.intern(kinds.CLASS, what[1]))
        elif kind == kinds.MODULE:
            self.link(self.module_member(str(what[1]), name), dst)
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
                self.read_property(number, receiver, node)
        elif function.flags & ir.CLASS_METHOD:
            kind = self.values.table[receiver]
            self.add(node, self.values.intern(kinds.BOUND, number, self.values.intern(kinds.CLASS, kind[1]), by_super))
        elif function.flags & ir.STATIC or on_class:
            self.add(node, value)
        else:
            self.add(node, self.values.intern(kinds.BOUND, number, receiver, by_super))

    def find(self, number: int, name: str) -> int | None:
        """The function that a class's instances run for `name`, by name alone; None where it is none of ours."""
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
                function.node: index for index, function in enumerate(module.body.functions)
            }
        index = table.get(node)
        return None if index is None else module.index << CLASS_BITS | index

    def read_property(self, number: int, receiver: int, node: int) -> None:
        owner, function = self.hierarchy.function_of(number)
        known = self.properties.setdefault(node, [])
        if number in known:
            return
        known.append(number)
        for scope, line, module in self.loads.get(node, ()):
            self.edge(scope, line, number, module, receiver)
        self.receive(owner, function, receiver)
        self.link(owner.offset + function.returns, node)

    def receive(self, owner: Module, function: ir.Function, receiver: int) -> None:
        """`self` of a method gets its receiver."""
        if not function.positional:
            return
        what = self.values.table[receiver]
        if what[1] == owner.index << CLASS_BITS | function.owner and what[0] == kinds.INSTANCE:
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
            if setter is not None:
                self.set_property(setter, value, source, scope, line, module)
            elif source:
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

    def set_property(self, setter: int, value: int, source: int, scope: int, line: int, module: Module) -> None:
        owner, function = self.hierarchy.function_of(setter)
        self.edge(scope, line, setter, module, value)
        self.receive(owner, function, value)
        if source and len(function.params) > 1:
            self.link(module.offset + source, owner.offset + function.params[1])

    # --- types -------------------------------------------------------------------------------------------------------

    def on_declare(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        if what[0] == kinds.CLASS:
            self.add(module.offset + rule[0], self.values.intern(kinds.INSTANCE, what[1], False))
        elif what[0] == kinds.CONTAINER:
            self.follow(self.all_contents(int(what[1])), (ir.DECLARE, module.offset + rule[0]))  # type: ignore[call-overload]

    def on_type(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        if what[0] == kinds.CLASS:
            self.add(module.offset + rule[0], self.values.intern(kinds.CLASS, what[1], False))

    def on_narrow(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """A class arrived at the second argument of `isinstance`: keep the values that are of it."""
        base, dst = rule[0] + module.offset, rule[1] + module.offset
        if what[0] == kinds.CLASS:
            self.wait(base, (NARROWED, what[1], dst))
            self.add(dst, self.values.intern(kinds.INSTANCE, what[1], False))
        elif what[0] == kinds.CONTAINER:
            self.follow(self.all_contents(int(what[1])), (ir.NARROW, base, dst))  # type: ignore[call-overload]
        else:
            self.link(base, dst)

    def on_narrowed(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        number, dst = rule
        if what[0] != kinds.INSTANCE or self.hierarchy.is_subclass(int(what[1]), number):  # type: ignore[call-overload]
            self.add(dst, value)

    def on_exclude(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        base, dst = rule[0] + module.offset, rule[1] + module.offset
        if what[0] == kinds.CLASS:
            self.wait(base, (EXCLUDED, what[1], dst))
        else:
            self.link(base, dst)

    def on_excluded(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        number, dst = rule
        if what[0] != kinds.INSTANCE or not self.hierarchy.is_subclass(int(what[1]), number):  # type: ignore[call-overload]
            self.add(dst, value)

    def on_super(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        if what[0] in (kinds.INSTANCE, kinds.CLASS):
            owner = module.index << CLASS_BITS | rule[0]
            self.add(module.offset + rule[1], self.values.intern(kinds.SUPER, owner, value))

    # --- contents ----------------------------------------------------------------------------------------------------

    def content(self, site: int, key: Any) -> int:
        """The node of what lies under a key of a container."""
        keys = self.contents.setdefault(site, {})
        tagged = (type(key).__name__, key)
        node = keys.get(tagged)
        if node is None:
            node = keys[tagged] = self.new()
            every = self.every_key.get(site)
            if every is not None and key != ir.KEYS:
                self.link(node, every)
            for version, replaced in self.versions.get(site, ()):
                if tagged != replaced:
                    self.link(node, self.content(version, key))
        return node

    def all_contents(self, site: int) -> int:
        """The node of everything in a container."""
        node = self.every_key.get(site)
        if node is None:
            node = self.every_key[site] = self.new()
            for (_, key), item in list(self.contents.get(site, {}).items()):
                if key != ir.KEYS:
                    self.link(item, node)
        return node

    def renew(self, old: int, version: int, key: Any) -> None:
        """`version` holds what `old` holds, but for the entry that was just replaced."""
        self.versions.setdefault(old, []).append((version, (type(key).__name__, key)))
        for tagged, node in list(self.contents.get(old, {}).items()):
            if tagged != (type(key).__name__, key):
                self.link(node, self.content(version, tagged[1]))
