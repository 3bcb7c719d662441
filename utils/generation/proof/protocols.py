"""The methods that syntax and built-in functions call without naming them (Python data model, section 3.3)."""

from __future__ import annotations

import ast
from typing import Any

_BINARY = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "MatMult": "matmul", "Div": "truediv", "Mod": "mod", "Pow": "pow",
    "FloorDiv": "floordiv", "LShift": "lshift", "RShift": "rshift", "BitOr": "or", "BitXor": "xor", "BitAnd": "and",
}  # fmt: skip
_UNARY = {"USub": "__neg__", "UAdd": "__pos__", "Invert": "__invert__", "Not": "__bool__"}
_COMPARE = {"Eq": "__eq__", "NotEq": "__ne__", "Lt": "__lt__", "LtE": "__le__", "Gt": "__gt__", "GtE": "__ge__"}
_MIRRORED = {"__lt__": "__gt__", "__gt__": "__lt__", "__le__": "__ge__", "__ge__": "__le__"}
_FUNCTIONS = {
    "len": "__len__", "str": "__str__", "repr": "__repr__", "bool": "__bool__", "int": "__int__", "hash": "__hash__",
    "float": "__float__", "iter": "__iter__", "next": "__next__", "abs": "__abs__", "format": "__format__",
    "reversed": "__reversed__", "bytes": "__bytes__", "round": "__round__", "dir": "__dir__", "index": "__index__",
    "list": "__iter__", "tuple": "__iter__", "set": "__iter__", "sum": "__iter__", "sorted": "__iter__",
    "enumerate": "__iter__", "zip": "__iter__", "map": "__iter__", "any": "__iter__", "all": "__iter__",
    "min": "__iter__", "max": "__iter__", "dict": "__iter__", "frozenset": "__iter__", "aiter": "__aiter__",
    "anext": "__anext__", "getattr": "__getattr__", "setattr": "__setattr__", "delattr": "__delattr__",
    "isinstance": "__instancecheck__", "issubclass": "__subclasscheck__", "print": "__str__", "complex": "__complex__",
    "divmod": "__divmod__", "pow": "__pow__", "filter": "__iter__",
}  # fmt: skip

Implicit = list[tuple[int, ast.AST, str]]


def implicit_calls(node: Any) -> Implicit:
    """(line, operand, method) for every special method that `node` may run."""
    reader = _READERS.get(type(node))
    return reader(node) if reader else []


def _with(node: Any) -> Implicit:
    names = ("__aenter__", "__aexit__") if isinstance(node, ast.AsyncWith) else ("__enter__", "__exit__")
    return [(node.lineno, item.context_expr, name) for item in node.items for name in names]


def _for(node: Any) -> Implicit:
    names = ("__aiter__", "__anext__") if isinstance(node, ast.AsyncFor) else ("__iter__", "__next__", "__getitem__")
    return [(node.lineno, node.iter, name) for name in names]


def _comprehension(node: Any) -> Implicit:
    names = ("__aiter__", "__anext__") if node.is_async else ("__iter__", "__next__", "__getitem__")
    return [(node.iter.lineno, node.iter, name) for name in names]


def _subscript(node: Any) -> Implicit:
    method = {ast.Load: "__getitem__", ast.Store: "__setitem__", ast.Del: "__delitem__"}[type(node.ctx)]
    found = [(node.lineno, node.value, method)]
    if method == "__getitem__":
        found += [(node.lineno, node.value, "__missing__"), (node.lineno, node.value, "__class_getitem__")]
    return found


def _binary(node: Any) -> Implicit:
    stem = _BINARY[type(node.op).__name__]
    return [(node.lineno, node.left, f"__{stem}__"), (node.lineno, node.right, f"__r{stem}__")]


def _augmented(node: Any) -> Implicit:
    stem = _BINARY[type(node.op).__name__]
    return [
        (node.lineno, node.target, f"__i{stem}__"),
        (node.lineno, node.target, f"__{stem}__"),
        (node.lineno, node.value, f"__r{stem}__"),
    ]


def _unary(node: Any) -> Implicit:
    method = _UNARY[type(node.op).__name__]
    return [
        (node.lineno, node.operand, method),
        *([(node.lineno, node.operand, "__len__")] if method == "__bool__" else []),
    ]


def _compare(node: Any) -> Implicit:
    found: Implicit = []
    for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        if isinstance(operator, ast.In | ast.NotIn):
            found += [(node.lineno, right, name) for name in ("__contains__", "__iter__")]
        elif method := _COMPARE.get(type(operator).__name__):
            found += [(node.lineno, left, method), (node.lineno, right, _MIRRORED.get(method, method))]
            if method == "__ne__":
                found += [(node.lineno, left, "__eq__"), (node.lineno, right, "__eq__")]
    return found


def _test(node: Any) -> Implicit:
    return [(node.test.lineno, node.test, "__bool__"), (node.test.lineno, node.test, "__len__")]


def _bool_op(node: Any) -> Implicit:
    return [(node.lineno, each, name) for each in node.values for name in ("__bool__", "__len__")]


def _formatted(node: Any) -> Implicit:
    return [(node.lineno, node.value, name) for name in ("__format__", "__str__", "__repr__")]


def _call(node: Any) -> Implicit:
    if isinstance(node.func, ast.Name) and node.args and node.func.id in _FUNCTIONS:
        method = _FUNCTIONS[node.func.id]
        extra = {"__str__": ["__repr__"], "__bool__": ["__len__"], "__getattr__": ["__getattribute__"]}
        extra |= {"__iter__": ["__next__", "__getitem__", "__len__"]}
        return [(node.lineno, node.args[0], name) for name in [method, *extra.get(method, [])]]
    return []


def _attribute(node: Any) -> Implicit:
    names = {ast.Load: ("__getattr__", "__getattribute__"), ast.Store: ("__setattr__",), ast.Del: ("__delattr__",)}
    return [(node.lineno, node.value, name) for name in names[type(node.ctx)]]


def _starred(node: Any) -> Implicit:
    return [(node.lineno, node.value, "__iter__")]


def _awaited(node: Any) -> Implicit:
    return [(node.lineno, node.value, "__await__")]


_READERS = {
    ast.With: _with, ast.AsyncWith: _with, ast.For: _for, ast.AsyncFor: _for, ast.comprehension: _comprehension,
    ast.Subscript: _subscript, ast.BinOp: _binary, ast.AugAssign: _augmented, ast.UnaryOp: _unary,
    ast.Compare: _compare, ast.If: _test, ast.While: _test, ast.IfExp: _test, ast.Assert: _test, ast.BoolOp: _bool_op,
    ast.FormattedValue: _formatted, ast.Call: _call, ast.Attribute: _attribute, ast.Starred: _starred,
    ast.YieldFrom: _starred, ast.Await: _awaited,
}  # fmt: skip
