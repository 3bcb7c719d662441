"""Where functions are handed on: passed to a call, decorated, put into a container, returned. By name only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

LAMBDA = "<lambda>"
KEEPERS = frozenset(
    {"append", "add", "insert", "extend", "setdefault", "register", "update", "put", "push", "appendleft"}
)
HANDING = frozenset({ast.Call, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Assign, ast.Return, ast.Yield})


def handed_on(node: Any) -> Iterator[tuple[str, str]]:
    """(where, name): `where` is the function a name is passed to, "stored" or "returned"."""
    if isinstance(node, ast.Call):
        where = last_name(node.func)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            for name in _names(argument):
                yield where, name
                if where in KEEPERS:
                    yield "stored", name
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from (("stored", name) for each in node.elts for name in _names(each))
    elif isinstance(node, ast.Dict):
        yield from (("stored", name) for each in node.values for name in _names(each))
    elif isinstance(node, ast.Assign):
        if any(isinstance(target, ast.Subscript) for target in node.targets):
            yield from (("stored", name) for name in _names(node.value))
    elif isinstance(node, ast.Return | ast.Yield):
        yield from (("returned", name) for name in _names(node.value))


def decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[tuple[str, str]]:
    """A decorated definition is passed to its decorator."""
    for each in node.decorator_list:
        yield last_name(each.func if isinstance(each, ast.Call) else each), node.name


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`; empty for what is no name."""
    return getattr(node, "attr", getattr(node, "id", ""))


def _names(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Name | ast.Attribute):
        yield last_name(node)
    elif isinstance(node, ast.Lambda):
        yield LAMBDA
    elif isinstance(node, ast.IfExp):
        yield from (*_names(node.body), *_names(node.orelse))
    elif isinstance(node, ast.Starred | ast.Await):
        yield from _names(node.value)
