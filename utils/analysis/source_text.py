"""Exact source text by syntax-tree position: `ast` counts columns in UTF-8 bytes, so text is cut from bytes."""

from __future__ import annotations

import ast
from itertools import accumulate

Header = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class SourceText:
    """A file's lines, and the text of any of its nodes. Only `\\n` ends a line, as in the parser.

    An empty file has one line to look at, but its `count` of lines is 0.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        if self.lines[-1] == "" and len(self.lines) > 1:
            self.lines.pop()
        self.count = len(self.lines) if text else 0
        self._ends = [0, *accumulate(map(len, self.lines))]
        self._is_ascii = text.isascii()

    def span(self, start_line: int, end_line: int) -> str:
        """Whole lines, 1-based and inclusive, without the last line's end."""
        return "\n".join(self.lines[start_line - 1 : end_line])

    def size(self, start_line: int, end_line: int) -> int:
        """About how many characters `span` gives."""
        return self._ends[end_line] - self._ends[start_line - 1]

    def of(self, node: ast.expr | ast.stmt | ast.arg) -> str:
        """The text of one node, as written."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.between(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def between(self, line: int, column: int, end_line: int, end_column: int) -> str:
        """The text from one position to another; columns are UTF-8 bytes."""
        lines = self.lines
        if line == end_line:
            return self._cut(lines[line - 1], column, end_column)
        first = self._cut(lines[line - 1], column, None)
        last = self._cut(lines[end_line - 1], 0, end_column)
        return "\n".join([first, *lines[line : end_line - 1], last])

    def header(self, node: Header) -> str:
        """A definition's text from its keyword up to the colon that opens its body, as written."""
        line, column = _last_position(node)
        end_line, end_column = self._colon(line, column)
        return self.between(node.lineno, node.col_offset, end_line, end_column).rstrip()

    def decorator_line(self, decorator: ast.expr) -> int:
        """The line of a decorator's `@`, which comes first on it; brackets and comments may be between."""
        line, column = decorator.lineno, decorator.col_offset
        row = self._cut(self.lines[line - 1], 0, column)
        while not row.lstrip().startswith("@"):
            line -= 1
            row = self.lines[line - 1]
        return line

    def _colon(self, line: int, column: int) -> tuple[int, int]:
        """The first colon at or after a position behind which only `)`, `,`, `/`, comments and the like can come."""
        while True:
            row = self.lines[line - 1]
            tail = self._cut(row, column, None)
            code = tail.partition("#")[0]
            found = code.find(":")
            if found >= 0:
                return line, column + len(code[:found].encode())
            line, column = line + 1, 0

    def _cut(self, row: str, start: int, end: int | None) -> str:
        if self._is_ascii or row.isascii():
            return row[start:end]
        return row.encode()[start:end].decode()


def _last_position(node: Header) -> tuple[int, int]:
    """Where the last expression of a definition's header ends, or the definition starts if there is none."""
    parts: list[ast.AST] = list(getattr(node, "type_params", ()))
    if isinstance(node, ast.ClassDef):
        parts += [*node.bases, *node.keywords]
    else:
        arguments = node.args
        every = (*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg)
        parts += [argument for argument in every if argument]
        parts += [default for default in (*arguments.defaults, *arguments.kw_defaults) if default]
        parts += [node.returns] if node.returns else []
    ends = [(part.end_lineno, part.end_col_offset) for part in parts]  # type: ignore[attr-defined]
    return max(ends, default=(node.lineno, node.col_offset))
