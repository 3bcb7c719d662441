"""Small questions about syntax trees: what lies below a node, how a text is cut, whether a body is a stub."""

from __future__ import annotations

import ast

_LEAVES = frozenset(
    {ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom}
)


def called_name(node: ast.Call) -> str:
    """The last name of what is called, such as `f` in `module.f(...)`; empty where it has none."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below, last first; an annotation's own expressions never run anything worth proving."""
    if type(node) in _LEAVES:
        return []
    found: list[ast.AST] = []
    for name, value in node.__dict__.items():
        if value.__class__ is list:
            found.extend(item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST) and name not in ("ctx", "op", "annotation"):
            found.append(value)
    found.reverse()
    return found


def is_stub(body: list[ast.stmt]) -> bool:
    """True where the body, after its docstring, only says `...` or `raise NotImplementedError`."""
    rest = body[1:] if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else body
    last = rest[-1] if len(rest) == 1 else body[0]
    if isinstance(last, ast.Raise) and last.exc is not None:
        raised = last.exc.func if isinstance(last.exc, ast.Call) else last.exc
        return len(rest) == 1 and getattr(raised, "id", "") == "NotImplementedError"
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant) and last.value.value is ...


def is_for_type_checkers(test: ast.expr) -> bool:
    """True for the test of `if TYPE_CHECKING:`, whose body never runs."""
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def same_shape(left: ast.Tuple, right: ast.Tuple) -> bool:
    return len(left.elts) == len(right.elts) and not any(isinstance(e, ast.Starred) for e in [*left.elts, *right.elts])


def place(node: ast.AST) -> tuple[int, int, int, int]:
    """Where a statement or an expression begins and ends: line, column, line, column, as `ast` counts them."""
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]


def cut(lines: list[str], line: int, column: int, end_line: int, end_column: int) -> str:
    """The text between two places of a file."""
    if line == end_line:
        return _part(lines[line - 1], column, end_column)
    first, last = _part(lines[line - 1], column, None), _part(lines[end_line - 1], 0, end_column)
    return "\n".join([first, *lines[line : end_line - 1], last])


def _part(line: str, left: int, right: int | None) -> str:
    """A piece of a line by UTF-8 byte offsets."""
    if line.isascii():
        return line[left:right]
    return line.encode("utf-8")[left:right].decode("utf-8")
