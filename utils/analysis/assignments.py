"""Which assignments are elements: module constants, class constants and attributes, and the fields of data classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from utils.records import ElementKind

CONSTANT_NAME = re.compile(r"_*[A-Z][A-Z0-9_]*\Z")
ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "TextChoices", "IntegerChoices"})
RECORDS = frozenset({"TypedDict", "NamedTuple", "BaseModel", "Struct", "SQLModel"})
RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "attr.s", "attr.attrs"})

ClassForm = Literal["plain", "enum", "record", "dataclass"]


@dataclass(slots=True)
class Assigned:
    """One assigned name; `docstring` is the string literal on the statement right after it."""

    name: str
    kind: ElementKind
    node: ast.stmt
    docstring: str | None


def class_forms(classes: Sequence[ast.ClassDef]) -> dict[ast.AST, ClassForm]:
    """What the classes of one file (in source order) are by their own decorators and bases, or a base in the file."""
    forms: dict[ast.AST, ClassForm] = {}
    by_name: dict[str, ClassForm] = {}
    for node in classes:
        form = forms[node] = _class_form(node, by_name)
        by_name[node.name] = form
    return forms


def _class_form(node: ast.ClassDef, by_name: dict[str, ClassForm]) -> ClassForm:
    for decorator in node.decorator_list:
        dotted = dotted_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if dotted in RECORD_DECORATORS or dotted.rpartition(".")[2] in RECORD_DECORATORS:
            return "dataclass"
    for base in node.bases:
        dotted = dotted_name(base.value if isinstance(base, ast.Subscript) else base)
        last = dotted.rpartition(".")[2]
        if last in ENUMS:
            return "enum"
        if last in RECORDS:
            return "record"
        if (inherited := by_name.get(dotted, "plain")) in ("enum", "record"):
            return inherited
    return "plain"


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` for a chain of names, "" for any other expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def assigned_names(scope: ast.Module | ast.ClassDef, form: ClassForm = "plain") -> Iterator[Assigned]:
    """The names that a module's or class's body assigns, also under `if`, `try`, `with` and `match`, in source order.

    What a loop binds is no definition, and of a tuple only names in capitals are.
    """
    for node, following in _statements(scope.body):
        for name, is_simple in _targets(node):
            is_constant = CONSTANT_NAME.match(name) is not None
            if isinstance(scope, ast.Module):
                kind: ElementKind | None = "constant" if is_simple or is_constant else None
            elif is_simple or is_constant:
                kind = "field" if _is_field(name, node, form) else "constant" if is_constant else "attribute"
            else:
                kind = None
            if kind:
                yield Assigned(name, kind, node, _literal(following))


def _is_field(name: str, node: ast.stmt, form: ClassForm) -> bool:
    if isinstance(node, ast.AnnAssign):
        if form not in ("record", "dataclass"):
            return form == "enum" and node.value is not None and not name.startswith("_")
        annotation = node.annotation.value if isinstance(node.annotation, ast.Subscript) else node.annotation
        return not dotted_name(annotation).endswith("ClassVar")
    if form == "dataclass":
        value = node.value if isinstance(node, ast.Assign) else None
        return isinstance(value, ast.Call) and dotted_name(value.func).rpartition(".")[2] in ("ib", "attrib", "field")
    return form == "enum" and not name.startswith("_")


def _targets(node: ast.stmt) -> Iterator[tuple[str, bool]]:
    """(name, is it a plain target) for each name that a statement binds by `=`."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, True
            elif isinstance(target, (ast.Tuple, ast.List)):
                for item in target.elts:
                    if isinstance(item, ast.Name):
                        yield item.id, False
    elif isinstance(node, ast.AnnAssign):
        if isinstance(node.target, ast.Name):
            yield node.target.id, True
    elif node.__class__.__name__ == "TypeAlias":  # `type X = …`, Python 3.12
        yield node.name.id, True  # type: ignore[attr-defined]


def _statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt | None]]:
    """(statement, the one after it in its block) of a body and of the blocks that run at most once in it."""
    pending = list(reversed(list(zip(body, [*body[1:], None], strict=False))))
    while pending:  # no recursion: an `elif` chain nests as deep as it is long
        node, following = pending.pop()
        yield node, following
        for block in reversed(_blocks(node)):
            pending += reversed(list(zip(block, [*block[1:], None], strict=False)))


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    kind = node.__class__.__name__
    if kind == "If":
        return [node.body, node.orelse]  # type: ignore[attr-defined]
    if kind in ("Try", "TryStar"):
        handlers = [handler.body for handler in node.handlers]  # type: ignore[attr-defined]
        return [node.body, *handlers, node.orelse, node.finalbody]  # type: ignore[attr-defined]
    if kind == "With":
        return [node.body]  # type: ignore[attr-defined]
    if kind == "Match":
        return [case.body for case in node.cases]  # type: ignore[attr-defined]
    return []


def _literal(node: ast.stmt | None) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return None
