"""The environment variables and command line options that a module reads, from its syntax tree."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple

from utils.records import CodeElement

InputKind = Literal["environment", "option"]

LONGEST_CALL = 8  # lines; of a longer one the line with the name is shown
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_ENVIRON = "os.environ"
_READERS = frozenset({"os.environ.get", "os.environ.pop", "os.environ.setdefault", "os.getenv"})
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
    names = _names_of_os(tree)
    removals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and _is_pop(node.value, names)}
    for node in ast.walk(tree):
        if node in removals:
            continue
        for kind, constant, start, end in _inputs_of(node, names):
            text = textwrap.dedent("\n".join(lines[start - 1 : end])).strip()
            if constant in text and "`" not in text:
                found[RuntimeInput(kind, constant, start, end, text)] = None
    return sorted(found, key=lambda item: (item.line, item.name))


def _names_of_os(tree: ast.Module) -> dict[str, str]:
    """What the module calls `os` and what it imports from it → its full name."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "os" or (alias.name.startswith("os.") and not alias.asname):
                    names[alias.asname or "os"] = "os"
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and not node.level:
            names.update({alias.asname or alias.name: f"os.{alias.name}" for alias in node.names})
    return names


def _inputs_of(node: ast.AST, names: Mapping[str, str]) -> Iterator[tuple[InputKind, str, int, int]]:
    """(kind, name, first line, last line) of what a node reads or declares. To set or delete a variable is no reading,
    and no other `environ` (a WSGI request has one) is the environment."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _full_name(node.value, names) == _ENVIRON:
        yield from _named("environment", node, [node.slice], _VARIABLE)
    elif isinstance(node, ast.Call) and _full_name(node.func, names) in _READERS:
        yield from _named("environment", node, node.args[:1], _VARIABLE)
    elif isinstance(node, ast.Call) and _ends(node.func, _OPTION_CALLS):
        yield from _named("option", node, node.args, _LONG_OPTION)


def _is_pop(node: ast.expr, names: Mapping[str, str]) -> bool:
    return isinstance(node, ast.Call) and _full_name(node.func, names) == "os.environ.pop"


def _full_name(node: ast.expr, names: Mapping[str, str]) -> str:
    """The dotted name `node` with its first part by its full name; empty where that is not of `names`."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    owner = _full_name(node.value, names) if isinstance(node, ast.Attribute) else ""
    return f"{owner}.{node.attr}" if owner and isinstance(node, ast.Attribute) else ""


def _ends(node: ast.expr, names: Collection[str]) -> bool:
    """True where the dotted name `node` ends in one of `names`."""
    return (isinstance(node, ast.Attribute) and node.attr in names) or (isinstance(node, ast.Name) and node.id in names)


def _named(
    kind: InputKind, node: ast.Call | ast.Subscript, names: list[ast.expr], form: re.Pattern[str]
) -> Iterator[tuple[InputKind, str, int, int]]:
    for name in names:
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and form.fullmatch(name.value):
            end = node.end_lineno or node.lineno
            whole = end - node.lineno < LONGEST_CALL
            yield kind, name.value, *((node.lineno, end) if whole else (name.lineno, name.lineno))
