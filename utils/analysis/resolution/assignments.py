"""Assignments to names, attributes, items and unpacked targets."""

from __future__ import annotations

import ast

from utils.analysis.resolution import ir
from utils.analysis.resolution.annotations import is_plain
from utils.analysis.resolution.definitions import FLAGS, Definitions
from utils.analysis.resolution.expressions import owner_of_names
from utils.analysis.resolution.operators import BINARY
from utils.analysis.resolution.scopes import Scope
from utils.analysis.resolution.syntax import last_name


class Assignments(Definitions):
    """`assign(target, node)` binds a target to the value node of its source."""

    def __init__(self, module: str, ids: dict[ast.AST, str]) -> None:
        super().__init__(module, ids)
        self.versions: list[tuple[int, int, object]] = []
        self.depths: dict[int, int] = {}
        self.hollow: dict[str, int] = {}  # name of the module that holds None → its node
        self.assumed: list[tuple[int, int]] = []  # what a name's annotation promises → what it is given

    # --- assignment --------------------------------------------------------------------------------------------------

    def assignment(self, node: ast.Assign) -> None:
        if len(node.targets) == 1 and self.pairwise(node.targets[0], node.value):
            return
        source = self.second_name(node.value, self.value(node.value)) or self.unset(node.targets[0], node.value)
        if self.scope.is_class and isinstance(node.value, ast.Call) and len(node.value.args) == 1:
            source = self.old_form(node.value, source)
        for target in node.targets:
            self.assign(target, self.kept_to(target, source))

    def kept_to(self, target: ast.expr, source: int) -> int:
        """A node for what an annotated name is given next: where that stays unknown, the annotation says what it is."""
        promise = self.scope.promised.get(target.id) if isinstance(target, ast.Name) else None
        if promise is None or not source or source in self.constants or is_plain(promise[0]):
            return source
        declared = self.new()
        if not self.declares_in(*promise, declared):
            return source
        found = self.new()
        self.copy(source, found)
        self.assumed.append((declared, found))
        return found

    def declares_in(self, annotation: ast.expr, scope: Scope, dst: int) -> bool:
        """`declares` of an annotation of another scope: its names are read there, and nowhere else."""
        inner, sheet = self.scope, scope.sheet
        self.scope, scope.sheet = scope, inner.sheet
        promises = self.declares(annotation, dst)
        self.scope, scope.sheet = inner, sheet
        return promises

    def unset(self, target: ast.expr, value: ast.expr | None) -> int:
        """`hook = None` in a module: a node for what others may assign to `module.hook`; 0 for anything else."""
        if self.scope is not self.module_scope or not isinstance(target, ast.Name):
            return 0
        if not isinstance(value, ast.Constant) or value.value is not None:
            return 0
        if target.id not in self.hollow:
            self.hollow[target.id] = self.new()
        return self.hollow[target.id]

    def second_name(self, value: ast.expr, source: int) -> int:
        """`hook = function` in a module: what others assign to `module.hook` is not what the function is."""
        if not isinstance(value, ast.Name) or self.scope is not self.module_scope:
            return source
        if source not in self.function_nodes and source not in self.class_nodes:
            return source
        found = self.new()
        self.copy(source, found)
        if source in self.refusing:
            self.refusing.add(found)
        return found

    def old_form(self, call: ast.Call, result: int) -> int:
        """`f = classmethod(f)` in a class body: what the decorator does."""
        flags = FLAGS.get(last_name(call.func), 0) & (ir.CLASS_METHOD | ir.STATIC)
        if not flags or not isinstance(call.args[0], ast.Name):
            return result
        found = self.scope.env.get(call.args[0].id, 0)
        record = self.functions.get(self.function_nodes.get(found, 0))
        if record is None or record.owner != self.scope.class_index:
            return result
        record.flags |= flags
        return found

    def pairwise(self, target: ast.expr, value: ast.expr) -> bool:
        """`a, b = f, g` without a container in between, so that each name keeps its own value."""
        sequences = (ast.Tuple, ast.List)
        if not isinstance(target, sequences) or not isinstance(value, sequences):
            return False
        if len(target.elts) != len(value.elts):
            return False
        if any(isinstance(item, ast.Starred) for item in [*target.elts, *value.elts]):
            return False
        if any(isinstance(item, sequences) for item in target.elts):
            return False
        for item, source in zip(target.elts, [self.value(item) for item in value.elts], strict=False):
            self.assign(item, source)
        return True

    def assign(self, target: ast.expr, source: int) -> None:
        kind = target.__class__
        if kind is ast.Name:
            if self.scope.is_class:
                self.note_assigned(target.id)  # type: ignore[attr-defined]
            self.bind(target.id, source)  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            base = self.expr(target.value)  # type: ignore[attr-defined]
            if target.attr == "__dict__" and source:  # type: ignore[attr-defined]
                self.store_named(base, "", source, target.lineno)
            name = self.mangled(target.attr)  # type: ignore[attr-defined]
            self.store(base, name, self.kept(base, name, source), target.lineno)
        elif kind is ast.Subscript:
            self.assign_item(target, source)  # type: ignore[arg-type]
        elif kind is ast.Tuple or kind is ast.List:
            self.unpack(target.elts, source, target.lineno)  # type: ignore[attr-defined]
        elif kind is ast.Starred:
            self.assign(target.value, source)  # type: ignore[attr-defined]

    def note_assigned(self, name: str) -> None:
        """The members of an enumeration are what its body assigns to; whether a class is one is told by its bases."""
        record = self.classes[self.scope.class_index]
        if record.base_texts and name not in record.assigned:
            record.assigned.append(name)

    def store(self, base: int, name: str, source: int, line: int, how: str = "") -> None:
        """`self.name = ...` in a method says that the class has such an attribute; elsewhere any class may have it.

        `how` comes before the name where it is not assigned to but put into the object's dictionary.
        """
        self.scope.env.pop(self.scope.cache.get((base, name), 0), None)
        record, index = self.parameters.get(self.bound_once(base), (None, 0))
        owner = -1
        if record is not None and index == 0 and record.flags & ir.METHOD and not record.flags & ir.STATIC:
            owner = record.owner
            methods = self.classes[owner].attributes.setdefault(name or how, [])
            if record.name not in methods:
                methods.append(record.name)
        elif base:
            owner = ir.GIVEN if record is not None and index == 0 else owner
            self.stored[name] = None
            self.store_for_class(base, name, source)
        self.use(base, ir.STORE, how + name, source, self.scope.index, line, owner)

    def store_for_class(self, base: int, name: str, source: int) -> None:
        """`request.cls.name = ...` in a fixture."""
        request, attribute = self.attribute_of.get(base, (0, ""))
        record, index = self.parameters.get(request, (None, 0))
        if record is None or not record.flags & ir.FIXTURE or attribute not in ("cls", "instance") or not source:
            return
        if record.parameter(index) == "request":
            record.gives.append((name, source))

    def kept(self, base: int, name: str, source: int) -> int:
        """`self.name = parameter` in a constructor is told for each object that is made (see `Function.stores`); the
        node of what else may be stored there: the parameter's default and what its annotation promises."""
        function = self.scope.function
        if function is None or function.name != "__init__" or not function.params or base != function.params[0]:
            return source
        parts = self.phis.get(source, [source])
        rest = []
        for part in parts:
            record, index = self.parameters.get(part, (None, 0))
            if record is function and part in self.promised:
                function.stores.append((index, name))
                rest.append(self.promised[part])
            else:
                rest.append(part)
        return source if rest == parts else self.merged(rest)

    def assign_item(self, target: ast.Subscript, source: int) -> None:
        """`d[k] = v`. A literal in a local name gets a new version, so that a replaced entry is really gone."""
        owner = owner_of_names(target.value)
        if owner is not None and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            self.store_named(self.expr(owner), target.slice.value, source, target.lineno)
            return
        base = self.expr(target.value)
        self.forget_items(base)
        if isinstance(target.slice, ast.Slice):
            self.assign_slice(target, base, source)
            return
        key = self.key(target.slice)
        self.hashed(key, base, target.lineno)
        self.use(base, ir.SET_ITEM, key, source, self.scope.index, target.lineno)
        if key.__class__ is not tuple or base not in self.sites or not isinstance(target.value, ast.Name):
            return
        depth = self.depths.get(base, 0) + 1
        if depth > 16:
            return
        version = self.site(self.sites[base])
        self.depths[version] = depth
        self.versions.append((base, version, key[1]))
        if source:
            self.elements.append((version, key[1], source))
        if self.scope.env.get(target.value.id) == base:
            self.bind(target.value.id, version)

    def assign_slice(self, target: ast.Subscript, base: int, source: int) -> None:
        """`l[a:b] = values`; of a literal in a local name, `l[:] = values` makes a new version."""
        bounds = target.slice
        if not isinstance(bounds, ast.Slice):
            return
        for part in (bounds.lower, bounds.upper, bounds.step):
            if part is not None:
                self.expr(part)
        self.use(base, ir.SET_SLICE, source, self.scope.index, target.lineno)
        whole = bounds.lower is None and bounds.upper is None and bounds.step is None
        if whole and isinstance(target.value, ast.Name) and base in self.sites:
            version = self.site(-1)
            self.use(source, ir.MERGE, version)
            if self.scope.env.get(target.value.id) == base:
                self.bind(target.value.id, version)

    def unpack(self, targets: list[ast.expr], source: int, line: int) -> None:
        star = next((i for i, item in enumerate(targets) if isinstance(item, ast.Starred)), None)
        for index, item in enumerate(targets):
            dst = 0
            if source:
                dst = self.new()
                after: int | None = None
                position = index
                if star is not None and index >= star:
                    position = index if index == star else index - len(targets)
                    after = len(targets) - 1 - star if index == star else None
                self.use(source, ir.UNPACK, position, after, dst, self.scope.index, line)
            self.assign(item, dst)

    def augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            old = self.read(target.id)
        elif isinstance(target, ast.Attribute):
            old = self.attribute(target)
        else:
            old = self.subscript(target)
        right = self.expr(node.value)
        if not old and not right:
            if isinstance(target, ast.Name):
                self.bind(target.id, 0)
            return
        name = BINARY[node.op.__class__]
        dst = self.new()
        self.dunder(old, (f"__i{name}__", f"__{name}__"), right, dst, node.lineno)
        self.dunder(right, (f"__r{name}__",), old, dst, node.lineno, late=True)
        self.assign(target, dst)

    def annotated(self, node: ast.AnnAssign) -> None:
        source = self.value(node.value) if node.value is not None else 0
        if is_plain(node.annotation) and source not in self.constants:
            source = 0
        if isinstance(node.target, ast.Name):
            self.scope.promised[node.target.id] = node.annotation, self.scope
        declared = self.new()
        if not self.declares(node.annotation, declared):
            declared = 0
        scope = self.scope
        if isinstance(node.target, ast.Name) and scope.is_class:
            self.classes[scope.class_index].fields.append(node.target.id)
        if node.value is None and not declared and isinstance(node.target, ast.Name):
            return
        self.assign(node.target, self.merged([source, declared]) or self.unset(node.target, node.value))
