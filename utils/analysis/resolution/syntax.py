"""What an expression says as it is written."""

from __future__ import annotations

import ast
import re

PERCENT = re.compile(r"%[-#0 +]*\d*(?:\.\d+)?([a-zA-Z])")  # conversions of `%` whose arguments come in order


def ends_of(node: ast.expr) -> tuple[str, str]:
    """How a text such as `f"get_{name}_size"`, `"get_" + name` or `"get_%s" % name` begins and ends; empty where that
    is not written there."""
    if isinstance(node, ast.JoinedStr):
        return (ends_of(node.values[0])[0], ends_of(node.values[-1])[1]) if node.values else ("", "")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add):
            first = first.left
        return ends_of(first)[0], ends_of(node.right)[1]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        parts = PERCENT.split((text_of(node.left) or "").replace("%%", ""))
        return parts[0], parts[-1] if len(parts) > 1 else ""
    if isinstance(node, ast.Call) and is_filled_in(node.func):
        template = text_of(node.func.value) or ""  # type: ignore[attr-defined]
        return template.partition("{")[0], template.rpartition("}")[2]
    text = text_of(node) or ""
    return text, text


def last_name(node: ast.expr) -> str:
    if node.__class__ is ast.Name:
        return node.id
    if node.__class__ is ast.Attribute:
        return node.attr
    return ""


def is_filled_in(node: ast.expr) -> bool:
    """Whether what is called is the `format` of a text that is written there."""
    return isinstance(node, ast.Attribute) and node.attr == "format" and text_of(node.value) is not None


def text_of(node: ast.expr) -> str | None:
    """The text that is written here, if one is."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_none(node: ast.expr) -> bool:
    """Whether None is written here."""
    return isinstance(node, ast.Constant) and node.value is None


def is_dotted(node: ast.expr) -> bool:
    """Whether this names a class or a union of classes: anything else is evaluated once, with the test."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and is_dotted(node.left) and is_dotted(node.right)
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def is_place(node: ast.expr) -> bool:
    """Whether this names a variable, an attribute or an item that stays the same until it is assigned to."""
    while not isinstance(node, ast.Name):
        if not isinstance(node, ast.Attribute) and not (isinstance(node, ast.Subscript) and is_key(node.slice)):
            return False
        node = node.value
    return True


def is_key(node: ast.expr) -> bool:
    """Whether this is a variable or a constant."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, (ast.Name, ast.Constant))
