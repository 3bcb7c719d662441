"""The environment variables and command line options that a module reads, from its syntax tree."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from utils.records import CodeElement

InputKind = Literal["environment", "option"]

LONGEST_CALL = 8  # lines; of a longer one the line with the name is shown
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_READERS = frozenset({"environ.get", "environ.pop", "environ.setdefault", "getenv"})
_OPTION_CALLS = frozenset({"add_argument", "add_option", "option", "Option"})
_LONG_OPTION = re.compile(r"--[a-z][\w-]*")


class RuntimeInput(NamedTuple):
    """Where code reads `name` or declares it: lines `line` to `end` (1-based) of its file read `text`, dedented."""

    kind: InputKind
    name: str
    line: int
    end: int
    text: str


def find_inputs(module: CodeElement) -> list[RuntimeInput]:
    """What `module`, an element of that kind, reads or declares, in source order."""
    if "environ" not in module.code and "getenv" not in module.code and "--" not in module.code:
        return []
    try:
        tree = ast.parse(module.code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = module.code.split("\n")
    found: dict[RuntimeInput, None] = {}
    for node in ast.walk(tree):
        for kind, constant, start, end in _inputs_of(node):
            text = textwrap.dedent("\n".join(lines[start - 1 : end])).strip()
            if constant in text and "`" not in text:
                found[RuntimeInput(kind, constant, start, end, text)] = None
    return sorted(found, key=lambda item: (item.line, item.name))


def _inputs_of(node: ast.AST) -> Iterator[tuple[InputKind, str, int, int]]:
    """(kind, name, first line, last line) of what a node reads or declares."""
    if isinstance(node, ast.Subscript) and _ends(node.value, {"environ"}):
        yield from _named("environment", node, [node.slice], _VARIABLE)
    elif isinstance(node, ast.Call) and _ends(node.func, _READERS):
        yield from _named("environment", node, node.args[:1], _VARIABLE)
    elif isinstance(node, ast.Call) and _ends(node.func, _OPTION_CALLS):
        yield from _named("option", node, node.args, _LONG_OPTION)


def _ends(node: ast.expr, names: Iterable[str]) -> bool:
    """True where the dotted name `node` ends in one of `names`, each of one or two parts."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 2:
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.insert(0, node.id)
    return bool(parts) and (parts[-1] in names or ".".join(parts[-2:]) in names)


def _named(
    kind: InputKind, node: ast.Call | ast.Subscript, names: list[ast.expr], form: re.Pattern[str]
) -> Iterator[tuple[InputKind, str, int, int]]:
    for name in names:
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and form.fullmatch(name.value):
            end = node.end_lineno or node.lineno
            whole = end - node.lineno < LONGEST_CALL
            yield kind, name.value, *((node.lineno, end) if whole else (name.lineno, name.lineno))
