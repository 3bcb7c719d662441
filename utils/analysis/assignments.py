"""Which assignments are elements: module constants, class constants and attributes, and the fields of data classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from utils.analysis.blocks import statements
from utils.analysis.class_forms import ClassForm, FileNames, Form, dotted_name
from utils.records import ElementKind

CONSTANT_NAME = re.compile(r"_*[A-Z][A-Z0-9_]*\Z")
NO_MEMBER = re.compile(r"__|_[^_](.*[^_])?_\Z")  # names in an enumeration: those Python mangles, and its own
DESCRIPTORS = frozenset({"nonmember", "property", "classmethod", "staticmethod", "cached_property", "partialmethod"})
FIELD_MAKERS = frozenset({"ib", "attrib", "field"})  # of attrs, where no annotation is needed
LINKED_FORMS: tuple[ClassForm, ...] = ("plain", "enum", "record")  # what a base in another file can make of a class
_QUOTED = re.compile(r"\s*([\w.]+)\s*(?:\[|\Z)")


@dataclass(slots=True)
class Assigned:
    """One assigned name; `docstring` is the string literal on the statement right after it.

    `linked` are its kinds in LINKED_FORMS, where a base of the class in another file can change the kind.
    """

    name: str
    kind: ElementKind
    node: ast.stmt
    docstring: str | None
    linked: tuple[ElementKind, ...] = ()


def assigned_names(scope: ast.Module | ast.ClassDef, names: FileNames, form: Form | None = None) -> Iterator[Assigned]:
    """The names that a module's or class's body assigns, also under `if`, `try`, `with` and `match`, in source order.

    What a loop binds is no definition, and of a tuple only names in capitals are. `form` is the class's.
    """
    for node, following in statements(scope.body):
        for name, is_simple in _targets(node):
            is_constant = CONSTANT_NAME.match(name) is not None
            if not is_simple and not is_constant:
                continue
            plain: ElementKind = "constant" if form is None or is_constant else "attribute"
            assigned = Assigned(name, plain, node, _literal(following))
            if form is not None:
                reader = _Reader(name, node, scope, names)
                if form.form == "dataclass" and reader.annotation() == "KW_ONLY":
                    continue  # says how the fields after it are passed
                forms = LINKED_FORMS if form.is_open else (form.form,)
                kinds = [reader.kind(each, plain) for each in forms]
                assigned.kind = kinds[forms.index(form.form)]
                assigned.linked = tuple(kinds) if len(set(kinds)) > 1 else ()
            yield assigned


@dataclass(slots=True)
class _Reader:
    """One name that a class's body assigns."""

    name: str
    node: ast.stmt
    scope: ast.AST
    names: FileNames

    def kind(self, form: ClassForm, plain: ElementKind) -> ElementKind:
        """What a class of that form makes of it: a field (which is what an enumeration's members are), or `plain`."""
        return "field" if self._is_field(form) else plain

    def _is_field(self, form: ClassForm) -> bool:
        if form == "enum":
            return NO_MEMBER.match(self.name) is None and self._is_value()
        if isinstance(self.node, ast.AnnAssign):
            return form != "plain" and self.annotation() != "ClassVar"
        return form == "dataclass" and self._called() in FIELD_MAKERS

    def annotation(self) -> str:
        """The last name of the annotation, without quotes and what stands in brackets; "" where there is none."""
        if not isinstance(self.node, ast.AnnAssign):
            return ""
        node = self.node.annotation
        if isinstance(node, ast.Constant):
            quoted = _QUOTED.match(node.value) if isinstance(node.value, str) else None
            return self._last(quoted[1]) if quoted else ""
        return self._last(dotted_name(node.value if isinstance(node, ast.Subscript) else node))

    def _is_value(self) -> bool:
        """False where there is no value, and for functions and other descriptors, of which no member is made."""
        value = getattr(self.node, "value", None)
        if isinstance(value, ast.Name):
            found = self.names.find(value.id, self.scope, self.node.lineno)
            return not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)
        return value is not None and not isinstance(value, ast.Lambda) and self._called() not in DESCRIPTORS

    def _called(self) -> str:
        """The last name of what the value is a call of."""
        value = getattr(self.node, "value", None)
        return self._last(dotted_name(value.func)) if isinstance(value, ast.Call) else ""

    def _last(self, dotted: str) -> str:
        return self.names.origin(dotted, self.scope, self.node.lineno).rpartition(".")[2]


def _targets(node: ast.stmt) -> Iterator[tuple[str, bool]]:
    """(name, is it a plain target) for each name that a statement binds by `=`."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, True
            else:
                yield from ((name, False) for name in _unpacked(target))
    elif isinstance(node, ast.AnnAssign):
        if isinstance(node.target, ast.Name):
            yield node.target.id, True
    elif node.__class__.__name__ == "TypeAlias":  # `type X = …`, Python 3.12
        yield node.name.id, True  # type: ignore[attr-defined]


def _unpacked(target: ast.expr) -> Iterator[str]:
    """The names in a tuple or list of targets, those of `a, (b, *c)` included; attributes and items are none."""
    pending: list[ast.expr] = [target] if isinstance(target, ast.Tuple | ast.List) else []
    while pending:
        item = pending.pop()
        if isinstance(item, ast.Tuple | ast.List):
            pending += reversed(item.elts)
        elif isinstance(item, ast.Starred):
            pending.append(item.value)
        elif isinstance(item, ast.Name):
            yield item.id


def _literal(node: ast.stmt | None) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return None
