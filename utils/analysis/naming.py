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

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal})
BRANCHES = frozenset(
    {ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.Assert}
    | {ast.match_case}
)


@dataclass(slots=True)
class Names:
    """What one walk over a file's tree finds out.

    ids         node → id, for the module, each definition and each lambda, in source order
    complexity  definition → its cyclomatic complexity: one, and one more for each branch, loop, handler, assertion,
                `and`/`or` operand and comprehension clause in its own body (nested definitions count for themselves)
    scopes      definition or lambda → the module, class, function or lambda it lies directly in
    dotted      node → what the ids of the things inside it begin with
    """

    ids: dict[ast.AST, str]
    complexity: dict[ast.AST, int]
    scopes: dict[ast.AST, ast.AST]
    dotted: dict[ast.AST, str]


def assign_ids(tree: ast.Module, module: str, submodules: Collection[str] = ()) -> Names:
    """Name every definition and lambda of `tree`, which is the file of `module`. Never recurses.

    `submodules` are the names of the modules directly in it, where it is a package's `__init__`.
    """
    found: list[tuple[int, int, ast.AST, ast.AST]] = []
    complexity: dict[ast.AST, int] = {}
    scopes: list[ast.AST] = [tree]
    while scopes:
        scope = scopes.pop()
        branches, inner = _walk(scope)
        complexity[scope] = 1 + branches
        for node in inner:
            found.append((node.lineno, node.col_offset, node, scope))
        scopes.extend(inner)
    found.sort(key=lambda item: item[:2])
    ids, dotted = _number(tree, module, found, submodules)
    return Names(ids, complexity, {node: scope for _, _, node, scope in found}, dotted)


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


def _walk(scope: ast.AST) -> tuple[int, list[ast.expr | ast.stmt]]:
    """The branches in a scope's own code, and the definitions and lambdas directly in it (in no order)."""
    body = scope.body  # type: ignore[attr-defined]
    stack: list[ast.AST] = body[:] if body.__class__ is list else [body]
    branches = 0
    inner: list[ast.expr | ast.stmt] = []
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind in LEAVES:
            continue
        if kind in BRANCHES:
            branches += 1
            if kind is ast.comprehension:
                branches += len(node.ifs)  # type: ignore[attr-defined]
        elif kind is ast.BoolOp:
            branches += len(node.values) - 1  # type: ignore[attr-defined]
        elif isinstance(node, Definition):
            inner.append(node)
            stack.extend(_outside_body(node))
            continue
        elif kind is ast.Lambda:
            inner.append(node)  # type: ignore[arg-type]
            stack.append(node.args)  # type: ignore[attr-defined]
            continue
        for value in node.__dict__.values():
            if value.__class__ is list:
                stack.extend([item for item in value if isinstance(item, ast.AST)])
            elif isinstance(value, ast.AST):
                stack.append(value)
    return branches, inner


def _outside_body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.AST]:
    """The parts of a definition that run in the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
