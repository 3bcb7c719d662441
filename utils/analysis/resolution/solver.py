"""Seeds and names: what every node begins with, and what a module's names stand for."""

from __future__ import annotations

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.contents import Contents
from utils.analysis.resolution.exchange import MEMBER, Ref
from utils.analysis.resolution.fixtures import class_attributes, fixture_links, inherited_tests, is_test_class
from utils.analysis.resolution.graph import Place, World
from utils.analysis.resolution.hierarchy import CLASS_BITS, Module

OF_MODULES = frozenset({
    "__builtins__", "__cached__", "__class__", "__dict__", "__doc__", "__file__", "__loader__", "__name__",
    "__package__", "__spec__",
})  # fmt: skip  # every module has these


class Solver(Contents):
    """Functions, classes, containers, constants and imports."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.made: set[int] = set()  # classes of which this module makes instances
        self.names: dict[tuple[str, str], int] = {}  # (module, name) → the node here of what it stands for
        self.assigned: dict[str, int] = {}  # what other modules assign to names that this one does not have

    def seed(self) -> None:
        intern = self.values.intern
        face, code, offset, base = self.module.face, self.module.code, self.offset, self.module.index << CLASS_BITS
        for number, function in face.functions.items():
            self.add(offset + function.node, intern(kinds.FUNCTION, base | number))
            self.seed_parameters(function, base)
        for number, record in face.classes.items():
            self.add(offset + record.node, intern(kinds.CLASS, base | number))
            if is_test_class(self.hierarchy, base | number):
                self.made.add(base | number)  # by the test runner
                self.run_inherited(base | number)
        for node, length in code.sites.items():
            self.add(offset + node, intern(kinds.CONTAINER, offset + node, length))
        for node, result in code.callables.items():
            self.add(offset + node, intern(kinds.CALLABLE, offset + result))
        for node, constant in code.constants.items():
            self.add(offset + node, intern(kinds.CONSTANT, type(constant).__name__, constant))
        for node, name in ((node, name) for name, node in code.builtins.items()):
            self.add(offset + node, intern(kinds.BUILTIN, name))
        for site, key, source in code.elements:
            self.link(offset + source, self.content(offset + site, key))
        for old, version, key in code.versions:
            self.renew(offset + old, offset + version, key)
        self.seed_imports()
        for given, parameter in fixture_links(self.hierarchy, self.module):
            self.link(given, parameter)
        for given, number, name in class_attributes(self.hierarchy, self.module):
            self.link(given, self.field(number, name))
        for spent in (code.elements, code.sites, code.constants, code.versions):
            spent.clear()  # memory that the fixpoint needs

    def run_inherited(self, number: int) -> None:
        """The test runner calls the tests that a class inherits on an object of this class."""
        value = self.values.intern(kinds.INSTANCE, number, True)
        for found in inherited_tests(self.hierarchy, number):
            self.receive(*self.hierarchy.function_of(found), value)

    def field(self, owner: int, name: str) -> Ref:
        raise NotImplementedError  # Attributes

    def seed_parameters(self, function: ir.Function, base: int) -> None:
        if not function.flags & ir.METHOD or not function.params or not function.positional:
            return
        owner = base | function.owner
        node = self.offset + function.params[0]
        if function.name == "__init_subclass__":
            self.add(node, self.values.intern(kinds.CLASS, owner, False))  # never the class itself
        elif function.flags & ir.CLASS_METHOD or function.name == "__new__":
            self.add(node, self.values.intern(kinds.CLASS, owner))
        if not function.flags & (ir.STATIC | ir.CLASS_METHOD):
            self.add(node, self.values.intern(kinds.INSTANCE, owner, False))

    def seed_imports(self) -> None:
        module = self.module
        for node, source, name, scope, line in module.code.imports:
            located = self.hierarchy.locate(source, module)
            self.bring(self.offset + node, located, name)
            if name is not None and located in self.hierarchy.by_name:
                place = (scope, line, self.offset + node)
                if not self.module_fallback(located, name, place) and not self.hierarchy.by_name[located].package:
                    self.ask_module(located, "__path__", place, self.new())
        for name, node in module.code.star_names.items():
            origin = self.hierarchy.star_of(module, name)
            if origin is not None:
                self.bring(self.offset + node, origin, name)

    def bring(self, node: int, source: str, name: str | None) -> None:
        if not self.hierarchy.internal(source):
            self.add(node, self.values.intern(kinds.EXTERNAL, source if name is None else f"{source}.{name}"))
        elif name is None:
            self.add(node, self.values.intern(kinds.MODULE, source))
        else:
            self.link(self.module_member(source, name), node)

    def module_fallback(self, module: str, name: str, place: Place) -> bool:
        """Whether a module does not have a name, so that its `__getattr__` is asked for it."""
        if name in OF_MODULES:
            return False
        found = self.hierarchy.export(module, name)
        if found is not None and not self.hierarchy.is_declared(found[0], name):
            return False
        if self.hierarchy.internal(f"{module}.{name}"):
            return False
        self.ask_module(module, name, place, place[2])
        return True

    def ask_module(self, module: str, name: str, place: Place, dst: int) -> None:
        """Call a module's `__getattr__`, if it has one; `from module import name` always asks for `__path__`, too."""
        found = self.hierarchy.export(module, "__getattr__")
        if found is None:
            return
        owner, nodes = found
        for node in nodes:
            number = self.hierarchy.function_at(owner, node)
            function = self.hierarchy.function_of(number)[1] if number is not None else None
            if function is not None and function.flags & ir.ONCE:
                self.link(owner.offset + function.returns, dst)
            else:
                self.call_module(owner.offset + node, name, place, dst)

    def call_module(self, node: int, name: str, place: Place, dst: int) -> None:
        """What arrives at `node` is called with a name."""
        raise NotImplementedError  # Calls

    def module_member(self, module: str, name: str) -> int:
        """The node of `module.name`: its exports, what others assign to it, or a submodule."""
        key = (module, name)
        node = self.names.get(key)
        if node is None:
            node = self.names[key] = self.new()
            found = self.hierarchy.export(module, name)
            submodule = self.hierarchy.is_submodule(module, name)
            if found is not None:
                owner, nodes = found
                for item in nodes:
                    self.link(owner.offset + item, node)
            elif not submodule and module in self.hierarchy.by_name:
                self.link(self.assigned_name(module, name), node)
            if submodule:
                self.add(node, self.values.intern(kinds.MODULE, f"{module}.{name}"))
        return node

    def take_assigned(self, module: str, name: str, dst: int) -> None:
        """`module.name` where the module defines a function or class of that name: what others may put in its place."""
        if self.hierarchy.is_assigned(name):
            found = self.hierarchy.export(module, name)
            if found is not None and found[0] is not self.module:
                self.link((found[0].home, MEMBER, name), dst)

    def assigned_name(self, module: str, name: str) -> Ref:
        """The node that `module.name = value` gives its value to."""
        found = self.hierarchy.export(module, name)
        if found is not None:
            owner, nodes = found
            return owner.offset + nodes[0]
        other = self.hierarchy.by_name[module]
        if other is not self.module:
            return (other.home, MEMBER, name)
        node = self.assigned.get(name)
        if node is None:
            hollow = self.module.code.hollow.get(name)
            node = self.assigned[name] = self.new() if hollow is None else self.offset + hollow
        return node
