"""The methods that syntax and built-in functions call without naming them (Python data model, section 3.3)."""

from __future__ import annotations

import ast
from typing import Any

from utils.generation.proof.syntax import called_name

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
    "min": "__iter__", "max": "__iter__", "dict": "keys", "frozenset": "__iter__", "aiter": "__aiter__",
    "anext": "__anext__", "getattr": "__getattr__", "setattr": "__setattr__", "delattr": "__delattr__",
    "isinstance": "__instancecheck__", "issubclass": "__subclasscheck__", "print": "__str__", "complex": "__complex__",
    "divmod": "__divmod__", "pow": "__pow__", "filter": "__iter__",
}  # fmt: skip

Implicit = list[tuple[ast.AST, tuple[str, ...]]]

_LENGTH = ("__bool__", "__len__")
_ITERATED = ("__iter__", "__next__", "__getitem__", "__len__")
_MAPPED = ("keys", "__getitem__", "__iter__", "__next__", "__len__")
_AWAITED = ("__aiter__", "__anext__")
_KEYED = ("__hash__", "__eq__")
_TEXT = ("__str__", "__repr__", "__format__")
_KEY_TAKERS = frozenset({"add", "discard", "remove", "get", "pop", "setdefault"})
READ = ("__getattr__", "__getattribute__", "__get__")
_ATTRIBUTE = {
    ast.Load: READ,
    ast.Store: ("__setattr__", "__set__"),
    ast.Del: ("__delattr__", "__delete__"),
}
_ITEM = {
    ast.Load: ("__getitem__", "__missing__", "__class_getitem__"),
    ast.Store: ("__setitem__",),
    ast.Del: ("__delitem__",),
}
_ALSO = {
    "__str__": ("__repr__",),
    "__bool__": ("__len__",),
    "__format__": ("__str__", "__repr__"),
    "__getattr__": ("__getattribute__",),
    "__iter__": _ITERATED,
    "keys": _MAPPED,
}
_CALLED = {name: (method, *_ALSO.get(method, ())) for name, method in _FUNCTIONS.items()}
_TAKERS = {"extend": _ITERATED, "join": _ITERATED, "update": (*_MAPPED, "__iter__"), "fromkeys": _ITERATED}
_LEFT = {name: (f"__{stem}__",) for name, stem in _BINARY.items()}
_RIGHT = {name: (f"__r{stem}__",) for name, stem in _BINARY.items()}
_IN_PLACE = {name: (f"__i{stem}__", f"__{stem}__") for name, stem in _BINARY.items()}


def implicit_calls(node: Any) -> Implicit:
    """(operand, the methods of it that may run) for every operand whose special methods `node` may run."""
    reader = _READERS.get(type(node))
    return reader(node) if reader else []


def attribute_methods(node: ast.Attribute) -> tuple[str, ...]:
    """The methods that reading, writing or deleting any attribute of a value may run."""
    return _ATTRIBUTE[type(node.ctx)]


def _with(node: Any) -> Implicit:
    names = ("__aenter__", "__aexit__") if isinstance(node, ast.AsyncWith) else ("__enter__", "__exit__")
    return [(item.context_expr, names) for item in node.items]


def _for(node: Any) -> Implicit:
    return [(node.iter, _AWAITED if isinstance(node, ast.AsyncFor) else _ITERATED)]


def _comprehension(node: Any) -> Implicit:
    return [(node.iter, _AWAITED if node.is_async else _ITERATED)]


def _subscript(node: Any) -> Implicit:
    return [(node.value, _ITEM[type(node.ctx)]), (node.slice, (*_KEYED, "__index__"))]


def _binary(node: Any) -> Implicit:
    name = type(node.op).__name__
    filled: Implicit = []
    if name == "Mod" and isinstance(node.left, ast.Constant | ast.JoinedStr):  # a text's `%`
        filled = [(each, _TEXT) for each in (node.right.elts if isinstance(node.right, ast.Tuple) else [node.right])]
    return [(node.left, _LEFT[name]), (node.right, _RIGHT[name]), *filled]


def _augmented(node: Any) -> Implicit:
    name = type(node.op).__name__
    return [(node.target, _IN_PLACE[name]), (node.value, _RIGHT[name])]


def _unary(node: Any) -> Implicit:
    method = _UNARY[type(node.op).__name__]
    return [(node.operand, _LENGTH if method == "__bool__" else (method,))]


def _compare(node: Any) -> Implicit:
    found: Implicit = []
    for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        if isinstance(operator, ast.In | ast.NotIn):
            found += [(right, ("__contains__", *_ITERATED)), (left, _KEYED)]
        elif method := _COMPARE.get(type(operator).__name__):
            mirrored = _MIRRORED.get(method, method)
            equal = ("__eq__",) if method == "__ne__" else ()
            found += [(left, (method, *equal)), (right, (mirrored, *equal))]
    return found


def _test(node: Any) -> Implicit:
    return [(node.test, _LENGTH)]


def _bool_op(node: Any) -> Implicit:
    return [(each, _LENGTH) for each in node.values]


def _formatted(node: Any) -> Implicit:
    return [(node.value, _TEXT)]


def _call(node: Any) -> Implicit:
    found: Implicit = [(each.value, _MAPPED) for each in node.keywords if each.arg is None]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        found += [(each, _TEXT) for each in (*node.args, *(each.value for each in node.keywords if each.arg))]
    first = node.args[0] if node.args else None
    if first is None or isinstance(first, ast.Starred):
        return found
    name = called_name(node)
    is_method = isinstance(node.func, ast.Attribute)
    if is_method and name in _TAKERS and len(node.args) == 1:
        found.append((first, _TAKERS[name]))
    if is_method and name in _KEY_TAKERS:
        found.append((first, _KEYED))
    if not is_method and name in _CALLED:
        found.append((first, _CALLED[name]))
    if name == "fromkeys" if is_method else name in ("set", "frozenset"):
        found.append((_element(first), _KEYED))
    return found


def _element(node: Any) -> ast.Call:
    """What iterating over an expression gives, as an expression."""
    return ast.copy_location(ast.Call(ast.Name("next"), [node], []), node)


def _dict(node: Any) -> Implicit:
    return [
        (value, _MAPPED) if key is None else (key, _KEYED) for key, value in zip(node.keys, node.values, strict=True)
    ]


def _set(node: Any) -> Implicit:
    return [(each, _KEYED) for each in node.elts if not isinstance(each, ast.Starred)]


def _set_comprehension(node: Any) -> Implicit:
    return [(node.elt, _KEYED)]


def _dict_comprehension(node: Any) -> Implicit:
    return [(node.key, _KEYED)]


def _iterated(node: Any) -> Implicit:
    return [(node.value, _ITERATED)]


def _awaited(node: Any) -> Implicit:
    return [(node.value, ("__await__",))]


_READERS = {
    ast.With: _with, ast.AsyncWith: _with, ast.For: _for, ast.AsyncFor: _for, ast.comprehension: _comprehension,
    ast.Subscript: _subscript, ast.BinOp: _binary, ast.AugAssign: _augmented, ast.UnaryOp: _unary,
    ast.Compare: _compare, ast.If: _test, ast.While: _test, ast.IfExp: _test, ast.Assert: _test, ast.BoolOp: _bool_op,
    ast.FormattedValue: _formatted, ast.Call: _call, ast.Starred: _iterated, ast.YieldFrom: _iterated,
    ast.Await: _awaited, ast.Dict: _dict, ast.Set: _set, ast.SetComp: _set_comprehension,
    ast.DictComp: _dict_comprehension,
}  # fmt: skip
