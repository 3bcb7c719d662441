"""Seeds and names: what every node begins with, and what a module's names stand for."""

from __future__ import annotations

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.contents import Contents
from utils.analysis.resolution.fixtures import fixture_links
from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy, Module


class Solver(Contents):
    """Functions, classes, containers, constants and imports."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.members: dict[tuple[int, str], int] = {}
        self.found: dict[tuple[int, str], int | None] = {}
        self.decorated: set[int] = set()

    def seed(self) -> None:
        intern = self.values.intern
        for module in self.modules:
            sources = {source for source, _ in module.body.decorations}
            base = module.index << CLASS_BITS
            for index, function in module.body.functions.items():
                if function.node in sources:
                    self.decorated.add(intern(kinds.FUNCTION, base | index))
            for index, record in module.body.classes.items():
                if record.node in sources:
                    self.decorated.add(intern(kinds.CLASS, base | index))
        for module in self.modules:
            body, offset, base = module.body, module.offset, module.index << CLASS_BITS
            for index, function in body.functions.items():
                self.add(offset + function.node, intern(kinds.FUNCTION, base | index))
                self.seed_parameters(module, function, base)
            for index, record in body.classes.items():
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

        for source, target in fixture_links(self.hierarchy):
            self.link(source, target)

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
            itself = False
            if found is not None:
                owner, nodes = found
                for item in nodes:
                    self.link(owner.offset + item, node)
                itself = owner.name == module and (module, name) in owner.body.imported_modules  # `from . import name`
            if (found is None or itself) and self.hierarchy.internal(f"{module}.{name}"):
                self.add(node, self.values.intern(kinds.MODULE, f"{module}.{name}"))
        return node
