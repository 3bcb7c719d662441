"""The id of every module, class, function and lambda of a file: one rule for elements and call graph alike.

An id is the dotted name a reader would import the thing by, nesting included: `pkg.mod.Class.method`,
`pkg.mod.outer.inner`. Where one dotted name is defined more than once (overloads, `if`/`else`, redefinitions), the
second definition in source order ends in `#2`, the third in `#3`; what lies inside a repeated definition counts by
the same rule, so the suffix is always the last thing in an id (`pkg.mod.C.run#2`, whose parent is `pkg.mod.C#2`).
Where a package's `__init__` defines what a submodule is called too, the submodule keeps the name and the definition
counts as the second (`pkg.run#2`, and `pkg.run#2.inner` for what lies inside: nothing else can tell it apart).
A lambda is `scope.<lambdaN>`, N from 1 in source order within the innermost module, class, function or lambda.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

LEAVES = frozenset({ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.MatchSingleton})
BRANCHES = frozenset(
    {ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.Assert}
    | {ast.match_case}
)
# Fields that hold no expression or statement; to look into them would take as long as all the rest of a walk.
PLAIN = frozenset(
    [
        "arg",
        "asname",
        "attr",
        "conversion",
        "ctx",
        "id",
        "is_async",
        "kind",
        "kwd_attrs",
        "level",
        "module",
        "name",
        "names",
        "op",
        "ops",
        "rest",
        "simple",
        "str",
        "type_comment",
        "type_ignores",
    ]
)
CHILDREN = {
    kind: tuple(field for field in kind._fields if field not in PLAIN)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


@dataclass(slots=True)
class Names:
    """What one walk over a file's tree finds out.

    ids         node → id, for the module, each definition and each lambda, in source order
    complexity  definition → its cyclomatic complexity: one, and one more for each branch, loop, handler, assertion,
                `and`/`or` operand and comprehension clause in its own body (nested definitions count for themselves)
    scopes      definition or lambda → the module, class, function or lambda it lies directly in
    dotted      node → what the ids of the things inside it begin with
    imports     import statements, and `calls`, in source order
    bound       the names of all parameters and variables
    stores      (scope, node) of all that may keep a value: assignments to `x[key]`, and calls of methods
    """

    ids: dict[ast.AST, str]
    complexity: dict[ast.AST, int]
    scopes: dict[ast.AST, ast.AST]
    dotted: dict[ast.AST, str]
    imports: list[ast.Import | ast.ImportFrom]
    calls: list[ast.Call]
    bound: set[str]
    stores: list[tuple[ast.AST, ast.Assign | ast.Call]]


def assign_ids(tree: ast.Module, module: str, submodules: Collection[str] = ()) -> Names:
    """Name every definition and lambda of `tree`, which is the file of `module`. Never recurses.

    `submodules` are the names of the modules directly in it, where it is a package's `__init__`.
    """
    walk = _Walk()
    found: list[tuple[int, int, ast.AST, ast.AST]] = []
    complexity: dict[ast.AST, int] = {}
    scopes: list[ast.AST] = [tree]
    while scopes:
        scope = scopes.pop()
        branches, inner = walk.scope(scope)
        complexity[scope] = 1 + branches
        for node in inner:
            found.append((node.lineno, node.col_offset, node, scope))
        scopes.extend(inner)
    found.sort(key=_position)
    ids, dotted = _number(tree, module, found, submodules)
    walk.imports.sort(key=_place)
    walk.calls.sort(key=_place)
    owners = {node: scope for _, _, node, scope in found}
    return Names(ids, complexity, owners, dotted, walk.imports, walk.calls, walk.bound, walk.stores)


_position = itemgetter(0, 1)
_place = attrgetter("lineno", "col_offset", "end_lineno", "end_col_offset")  # calls of calls begin together


def _number(
    tree: ast.Module, module: str, found: list[tuple[int, int, ast.AST, ast.AST]], submodules: Collection[str]
) -> tuple[dict[ast.AST, str], dict[ast.AST, str]]:
    ids: dict[ast.AST, str] = {tree: module}
    plain: dict[ast.AST, str] = {tree: module}
    lambdas: defaultdict[ast.AST, int] = defaultdict(int)
    seen: defaultdict[str, int] = defaultdict(int, dict.fromkeys(submodules, 1))
    for _, _, node, scope in found:
        if isinstance(node, Definition):
            name = node.name
        else:
            lambdas[scope] += 1
            name = f"<lambda{lambdas[scope]}>"
        dotted = plain[node] = f"{plain[scope]}.{name}"
        seen[dotted] += 1
        ids[node] = dotted if seen[dotted] == 1 else f"{dotted}#{seen[dotted]}"
        if dotted in submodules:
            plain[node] = ids[node]
    return ids, plain


class _Walk:
    """Goes through one scope after the other and keeps what stands in any of them."""

    def __init__(self) -> None:
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.calls: list[ast.Call] = []
        self.bound: set[str] = set()
        self.stores: list[tuple[ast.AST, ast.Assign | ast.Call]] = []

    def scope(self, scope: ast.AST) -> tuple[int, list[Any]]:
        """The branches in a scope's own code, and the definitions and lambdas directly in it (in no order)."""
        body = scope.body  # type: ignore[attr-defined]
        stack: list[Any] = body[:] if body.__class__ is list else [body]
        branches = 0
        inner: list[Any] = []
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is ast.Name:
                if node.ctx.__class__ is ast.Store:
                    self.bound.add(node.id)
                continue
            if kind in LEAVES:
                continue
            if kind is ast.Call:
                self.calls.append(node)
                if node.func.__class__ is ast.Attribute:
                    self.stores.append((scope, node))
            elif kind is ast.Assign:
                for target in node.targets:
                    if target.__class__ is ast.Subscript:
                        self.stores.append((scope, node))
                        break
            elif kind in BRANCHES:
                branches += 1
                if kind is ast.comprehension:
                    branches += len(node.ifs)
            elif kind is ast.BoolOp:
                branches += len(node.values) - 1
            elif kind is ast.arg:
                self.bound.add(node.arg)
            elif kind in Definition:
                inner.append(node)
                stack.extend(_outside_body(node))
                continue
            elif kind is ast.Lambda:
                inner.append(node)
                stack.append(node.args)
                continue
            elif kind is ast.Import or kind is ast.ImportFrom:
                self.imports.append(node)
                continue
            for field in CHILDREN[kind]:
                value = getattr(node, field)
                if value.__class__ is list:
                    stack.extend([item for item in value if item is not None])
                elif value is not None:
                    stack.append(value)
        return branches, inner


def _outside_body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.AST]:
    """The parts of a definition that run in the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
