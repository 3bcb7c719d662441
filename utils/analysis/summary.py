"""Phase one of the call graph: one file's syntax tree to a compact, picklable summary."""

from __future__ import annotations

import ast
import itertools
from typing import Any

from utils.analysis.blocks import statements
from utils.analysis.naming import assign_ids
from utils.analysis.resolution import ir
from utils.analysis.resolution.annotations import is_plain
from utils.analysis.resolution.ir import ModuleSummary
from utils.analysis.resolution.scopes import Scope, TooIntricateError
from utils.analysis.resolution.statements import Statements

__all__ = ["ModuleSummary", "TooIntricateError", "summarize", "summarize_imports"]

DEEP = 12  # names that a base class may go through
LOOPS = (ast.For, ast.While)
ALTERNATIVES = 4  # imports that a base class may come from, such as one in `try` and one in `except ImportError`


def summarize(tree: ast.Module, module: str, path: str, ids: dict[ast.AST, str] | None = None) -> ModuleSummary:
    """Summarize the file `path` (posix, from the root), which is imported as `module`.

    `ids` are `assign_ids(tree, module).ids` where the caller has them already. Raises RecursionError for expressions
    nested deeper than the interpreter's stack, `TooIntricateError` where names alone would take too long.
    """
    package = module if path.rsplit("/", 1)[-1] == "__init__.py" else module.rpartition(".")[0]
    builder = Statements(module, assign_ids(tree, module).ids if ids is None else ids, package)
    builder.body(tree.body)
    walk_functions(builder)
    star_names = builder.close_names(bool(builder.stars))
    exports = {name: last_bindings(builder.module_scope, name) for name in builder.module_scope.timeline}
    face = take_face(builder, tree, exports, star_names)
    lines = ir.take_lines(builder.uses, builder.imports)
    data = ir.dump(face, take_code(builder, exports, star_names))
    builder.handlers.clear()  # tables of bound methods: a cycle that would keep the tree alive
    builder.statements.clear()
    return ModuleSummary(module, path, data, lines)


def summarize_imports(tree: ast.Module, module: str, path: str) -> ModuleSummary:
    """Only what the top of the file imports: for a file whose calls are not followed."""
    body: list[ast.stmt] = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return summarize(ast.Module(body, []), module, path)


def walk_functions(builder: Statements) -> None:
    while builder.deferred:
        node, scope = builder.deferred.popleft()
        record: ir.Function = scope.function
        builder.scope = scope
        builder.narrow_by_choice(scope)
        args = node.args
        for item, param in zip([*args.posonlyargs, *args.args, *args.kwonlyargs], record.params, strict=False):
            scope.env[item.arg] = param
            scope.timeline[item.arg].append((builder.moment, param))
        for item, site in ((args.vararg, record.var_positional), (args.kwarg, record.var_keyword)):
            if item is not None:
                scope.env[item.arg] = site
                scope.timeline[item.arg].append((builder.moment, site))
        if isinstance(node, ast.Lambda):
            builder.result(record, node.body)
            continue
        scope.plain = is_plain(node.returns)
        builder.body(node.body)
        builder.scope = scope.parent or builder.module_scope
        outer, builder.scope.sheet = builder.scope.sheet, scope.sheet
        builder.returns_annotation(node, record)
        builder.scope.sheet = outer
        builder.scope = builder.module_scope


def take_face(
    builder: Statements, tree: ast.Module, exports: dict[str, list[int]], star_names: dict[str, int]
) -> ir.Face:
    origins = Origins(builder, star_names)
    for index, bases, metaclass in builder.base_nodes:
        builder.classes[index].bases = [origins.trace(node) for node in bases]
        builder.classes[index].metaclass = origins.trace(metaclass)
    for record in builder.functions.values():
        record.types = [(index, [origins.trace(node) for node in nodes]) for index, nodes in record.types]
        record.types = [item for item in record.types if all(item[1])]
    known = {}
    for nodes in exports.values():
        for node in nodes:
            origin = origins.trace(node)
            if origin is not None:
                known[node] = origin
    definitions = {*builder.function_nodes, *builder.class_nodes}
    return ir.Face(
        size=builder.size,
        functions=builder.functions,
        classes=builder.classes,
        exports={name: nodes for name, nodes in exports.items() if nodes and nodes != [builder.hollow.get(name)]},
        origins=known,
        public=public_names(tree),
        stars=list(dict.fromkeys(reversed(builder.stars)))[::-1],  # of repeated ones the last counts
        imports=list(builder.imported_modules),
        decorated=[node for node in (*dict(builder.decorations), *builder.registered) if node in definitions],
        mixed=sorted({node for nodes in builder.succ.values() for node in nodes} & definitions),
        attributes=list(builder.stored),
        declared=[name for name in builder.declared_names if name not in builder.real_names],
    )


def take_code(builder: Statements, exports: dict[str, list[int]], star_names: dict[str, int]) -> ir.Code:
    return ir.Code(
        succ=dict(builder.succ),
        uses=dict(builder.uses),
        scopes=[builder.module, *(record.id for record in builder.functions.values())],
        imports=builder.imports,
        star_names=star_names,
        builtins=builder.builtins,
        sites=builder.sites,
        elements=builder.elements,
        callables=builder.callables,
        constants=travelling_constants(builder, exports),
        versions=builder.versions,
        assumed=[*builder.decorations, *builder.assumed],
        tables=builder.tables,
        hollow=builder.hollow,
    )


def last_bindings(scope: Scope, name: str) -> list[int]:
    """What a module's name stands for after its body ran, and what functions assign to it by `global`."""
    entries = scope.timeline[name]
    last = scope.env.get(name)
    if last is None:
        return list(dict.fromkeys(node for _, node in entries if node))
    at = max((position for position, (_, node) in enumerate(entries) if node == last), default=0)
    return list(dict.fromkeys(node for node in [last, *(node for _, node in entries[at + 1 :])] if node))


def travelling_constants(builder: Statements, exports: dict[str, list[int]]) -> dict[int, Any]:
    """The constants that another node or module can see; where they are used on the spot they are known already."""
    seen = {node for nodes in exports.values() for node in nodes}
    stored = {source for _, _, source in builder.elements}
    return {
        node: value
        for node, value in builder.constants.items()
        if node in seen or node in builder.succ or node in stored
    }


class Origins:
    """Where a node comes from as far as names alone tell: what class hierarchies are built from."""

    def __init__(self, builder: Statements, star_names: dict[str, int]) -> None:
        self.builder = builder
        self.starred = {node: name for name, node in star_names.items()}
        self.imports = {node: (module, name) for node, module, name, _, _ in builder.imports}
        self.sources: dict[int, list[int]] = {}
        for source, targets in builder.succ.items():
            for target in targets:
                self.sources.setdefault(target, []).append(source)
        self.undecorated = {dst: src for src, dst in builder.decorations}
        self.traced: dict[int, Any] = {}

    def trace(self, node: int, depth: int = 0) -> Any:
        """An origin as `Face.origins` describes it, or None: also for what leads back to itself."""
        if not node or depth > DEEP:
            return None
        if node not in self.traced:
            self.traced[node] = None
            self.traced[node] = self.follow(node, depth)
        return self.traced[node]

    def follow(self, node: int, depth: int) -> Any:
        builder = self.builder
        if node in builder.class_nodes:
            return ("class", builder.class_nodes[node])
        if node in builder.function_nodes:
            return ("function", builder.function_nodes[node])
        if node in self.imports:
            return ("import", *self.imports[node])
        if node in self.starred:
            return ("star", self.starred[node])
        if node in self.undecorated:
            return self.trace(self.undecorated[node], depth + 1)
        if node in builder.attribute_of:
            base, name = builder.attribute_of[node]
            origin = self.trace(base, depth + 1)
            return None if origin is None else ("attr", origin, name)
        found: list[Any] = []
        for source in self.sources.get(node, ()):
            origin = self.trace(source, depth + 1)
            if origin is not None and origin not in found:
                found += origin[1] if origin[0] == "first" else [origin]
                if origin[0] not in ("import", "first") or len(found) >= ALTERNATIVES:
                    break
        del found[ALTERNATIVES:]
        return found[0] if len(found) == 1 else ("first", found) if found else None


def public_names(tree: ast.Module) -> list[str] | None:
    """`__all__`, where the module has one; with ANY_NAME in it where some of it is not spelled out, which then may be
    all that other modules see of the module without it."""
    found: list[str] | None = None
    parts = (ast.walk(node) if isinstance(node, LOOPS) else (node,) for node, _ in statements(tree.body))
    for node in itertools.chain.from_iterable(parts):
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and any(is_all(target) for target in node.targets):
            value, found = node.value, None
        elif isinstance(node, ast.AugAssign | ast.AnnAssign) and is_all(node.target):
            value = node.value
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and called.attr in ("append", "extend") and is_all(called.value):
                value = ast.Tuple(node.value.args)
        if value is not None:
            found = [*(found or []), *listed(value)]
    return found


def is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def listed(value: ast.expr) -> list[str]:
    """The texts that a list is made of; ANY_NAME for what is not written there."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return [*listed(value.left), *listed(value.right)]
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return [text for item in value.elts for text in listed(item)]
    return [ir.ANY_NAME]
