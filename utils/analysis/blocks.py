"""The statements of a body in the order in which they run, those of the blocks in it that run at most once included."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt | None]]:
    """(statement, the one after it in its block), also of what stands under `if`, `try`, `with` and `match`."""
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
