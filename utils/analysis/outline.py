"""What finding patterns needs of a definition, so that the definition itself may stay encoded."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Sequence

import msgspec

from utils.records import CodeElement

PROTOCOLS = frozenset({"Protocol", "typing.Protocol", "t.Protocol", "typing_extensions.Protocol"})
ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})


class Outline(msgspec.Struct, array_like=True):
    """A part of one `CodeElement`: `parameters` are (name, kind) and only a method's, `header_end` is the last line of
    its signature. A method that has to be written `is_abstract`; a protocol's method that does something `has_body`.
    """

    id: str
    kind: str
    name: str
    parent: str | None
    start_line: int
    line: int
    header_end: int
    decorators: list[str]
    parameters: list[tuple[str, str]]
    is_abstract: bool
    has_body: bool


def outlines(elements: Iterable[CodeElement]) -> list[Outline]:
    """The outlines of one file's elements, which come with their code."""
    protocols: set[str] = set()
    found = []
    for element in elements:
        if element.kind == "class" and is_protocol(element.bases):
            protocols.add(element.id)
        in_class = element.kind in ("method", "property")
        found.append(
            Outline(
                element.id,
                element.kind,
                element.name,
                element.parent,
                element.start_line,
                element.line,
                element.line + element.signature.count("\n"),
                element.decorators,
                [(each.name, each.kind) for each in element.parameters] if in_class else [],
                in_class and _is_abstract(element),
                element.parent not in protocols or not in_class or _has_body(element),
            )
        )
    return found


def is_protocol(bases: Sequence[str]) -> bool:
    """True for a class that is itself a protocol; `bases` are ids, or source text for those outside the repository."""
    return any(base.partition("[")[0] in PROTOCOLS for base in bases)


def _is_abstract(method: CodeElement) -> bool:
    if any(decorator.rpartition(".")[2] in ABSTRACT for decorator in method.decorators):
        return True
    if "NotImplementedError" not in method.code:
        return False
    body = _body(method)
    raised = body[0].exc if len(body) == 1 and isinstance(body[0], ast.Raise) else None
    name = raised.func if isinstance(raised, ast.Call) else raised
    return "NotImplementedError" in (getattr(name, "id", None), getattr(name, "attr", None))


def _has_body(method: CodeElement) -> bool:
    """True where a protocol's method does something that its implementations inherit."""
    return not all(
        isinstance(node, ast.Pass | ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in _body(method)
    )


def _body(method: CodeElement) -> list[ast.stmt]:
    """The statements of a method after its docstring."""
    function = _parse(method.code)
    body: list[ast.stmt] = getattr(function, "body", [])
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body


def _parse(code: str) -> ast.stmt | None:
    """The definition whose lines `code` has, indented as in its file; null for what is no definition."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        indented = code[:1] in (" ", "\t")
        try:
            tree = ast.parse(f"if True:\n{code}" if indented else code)
        except (SyntaxError, RecursionError, MemoryError):  # part of a line, or as deep as the parser goes
            return None
    node = tree.body[0] if tree.body else None
    return node.body[0] if indented and isinstance(node, ast.If) else node
