"""Which classes make fields of what their bodies assign: enumerations, record types and decorated data classes.

One file tells it by its own names and imports. What a class derives from may lie in another file, so that the last word
is `linked_forms`'.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from operator import itemgetter
from typing import Literal

from utils.analysis.blocks import statements

ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "TextChoices", "IntegerChoices"})
RECORDS = frozenset({"TypedDict", "NamedTuple", "BaseModel", "Struct", "SQLModel"})
RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
RECORD_DECORATORS_OF_ATTR = frozenset({"attr.s", "attr.attrs"})

ClassForm = Literal["plain", "enum", "record", "dataclass"]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Bound = str | ast.ClassDef | Function


@dataclass(slots=True)
class Form:
    """What a file alone tells of a class: its `form`, what each of its bases makes of it, and what it makes of others.

    `by_itself` is not empty for a class that is itself what an enumeration or record type derives from.
    """

    form: ClassForm
    by_base: list[ClassForm]
    by_itself: list[ClassForm]

    @property
    def is_open(self) -> bool:
        """True where a base in another file can make another form of it."""
        return self.form != "dataclass" and bool(self.by_base)

    @property
    def told(self) -> list[ClassForm]:
        """All that linking has to know of it; empty where that is nothing."""
        told = [*self.by_base, *self.by_itself]
        return told if any(form != "plain" for form in told) else []


class FileNames:
    """What the names of one file stand for where they are used; `scopes` has the scope that each definition lies in."""

    def __init__(self, scopes: Mapping[ast.AST, ast.AST]) -> None:
        self._scopes = scopes
        self._bound: dict[ast.AST, dict[str, list[tuple[int, Bound]]]] = {}

    def find(self, name: str, scope: ast.AST, line: int) -> Bound | None:
        """What a name stands for on a line of `scope`: the dotted name it is imported by, a class or a function.

        Of several the last one before the line counts: the second branch of an `if` or `try` binds what the first does.
        """
        current: ast.AST | None = scope
        while current is not None:
            if (current is scope or not isinstance(current, ast.ClassDef)) and (found := self._in(current).get(name)):
                return found[max(bisect_left(found, line, key=itemgetter(0)), 1) - 1][1]
            current = self._scopes.get(current)
        return None

    def origin(self, dotted: str, scope: ast.AST, line: int) -> str:
        """A dotted name with its first part as it is imported; "" for what is in a class of this file."""
        first, dot, rest = dotted.partition(".")
        bound = self.find(first, scope, line)
        if isinstance(bound, ast.ClassDef):
            return ""
        return f"{bound}{dot}{rest}" if isinstance(bound, str) else dotted

    def imported(self, name: str, scope: ast.AST) -> list[str]:
        """The dotted names that a scope imports under a name."""
        return [bound for _, bound in self._in(scope).get(name, ()) if isinstance(bound, str)]

    def _in(self, scope: ast.AST) -> dict[str, list[tuple[int, Bound]]]:
        if scope not in self._bound:
            found = self._bound[scope] = {}
            for node, _ in statements(scope.body):  # type: ignore[attr-defined]
                for name, bound in _bindings(node):
                    found.setdefault(name, []).append((node.lineno, bound))
        return self._bound[scope]


def _bindings(node: ast.stmt) -> Iterator[tuple[str, Bound]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, alias.name
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
    elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, node


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` for a chain of names, "" for any other expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def class_forms(
    classes: Sequence[ast.ClassDef], scopes: Mapping[ast.AST, ast.AST], names: FileNames
) -> dict[ast.AST, Form]:
    """What the classes of one file (in source order) are by their own decorators and bases, or a base in the file."""
    forms: dict[ast.AST, Form] = {}
    for node in classes:
        scope = scopes[node]
        by_base = [_by_base(base, scope, node.lineno, names, forms) for base in node.bases]
        is_decorated = any(_makes_a_record(item, scope, node.lineno, names) for item in node.decorator_list)
        forms[node] = Form("dataclass" if is_decorated else _of(by_base), by_base, _by_itself(node, scope, names))
    return forms


def _by_base(base: ast.expr, scope: ast.AST, line: int, names: FileNames, forms: Mapping[ast.AST, Form]) -> ClassForm:
    node = base.value if isinstance(base, ast.Subscript) else base
    bound = names.find(node.id, scope, line) if isinstance(node, ast.Name) else None
    if isinstance(bound, ast.ClassDef):
        return _of(forms[bound].told) if bound in forms else "plain"
    return _by_name(names.origin(dotted_name(node), scope, line))


def _by_name(dotted: str) -> ClassForm:
    last = dotted.rpartition(".")[2]
    return "enum" if last in ENUMS else "record" if last in RECORDS else "plain"


def _by_itself(node: ast.ClassDef, scope: ast.AST, names: FileNames) -> list[ClassForm]:
    """The form that a class gives to others by its name: it stands in for what could not be imported, or is the
    library's own, which has a metaclass to make the fields."""
    origins = names.imported(node.name, scope)
    metaclasses = [dotted_name(each.value) for each in node.keywords if each.arg == "metaclass"]
    if any(each.rpartition(".")[2] != "ABCMeta" for each in metaclasses):
        origins.append(node.name)
    return [form for form in map(_by_name, origins) if form != "plain"]


def _makes_a_record(decorator: ast.expr, scope: ast.AST, line: int, names: FileNames) -> bool:
    called = dotted_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
    dotted = names.origin(called, scope, line)
    return dotted in RECORD_DECORATORS_OF_ATTR or dotted.rpartition(".")[2] in RECORD_DECORATORS


def _of(forms: Sequence[ClassForm]) -> ClassForm:
    return "enum" if "enum" in forms else "record" if "record" in forms else "plain"


def linked_forms(
    inheritance: Mapping[str, Sequence[str]], told: Mapping[str, Sequence[ClassForm]]
) -> dict[str, ClassForm]:
    """{class id: form} of the classes that have bases (`inheritance` as in `Linked`), decorators aside.

    `told` has every class of the repository, with what its own file tells of it (`Form.told`). What that is of a base
    counts where the base is from outside; one of the repository makes of others what it is itself.
    """
    derived: dict[str, list[str]] = {}
    for name, bases in inheritance.items():
        for base in bases:
            if base in told:
                derived.setdefault(base, []).append(name)
    pending: dict[ClassForm, list[str]] = {"enum": [], "record": []}
    for name, forms_told in told.items():
        bases = inheritance.get(name, ()) if forms_told else ()
        for base, form in zip_longest(bases, forms_told):
            if form in pending and base not in told:
                pending[form] += [name] if base else derived.get(name, ())
    forms: dict[str, ClassForm] = dict.fromkeys(inheritance, "plain")
    for form, names in pending.items():
        while names:
            name = names.pop()
            if forms.get(name, "plain") == "plain":
                forms[name] = form
                names += derived.get(name, ())
    return forms
