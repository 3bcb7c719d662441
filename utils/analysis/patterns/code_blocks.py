"""Calls of the repository's own elements in the Python code blocks of its documents."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from utils.analysis.naming import assign_ids
from utils.analysis.notes import Import, dotted_name, take_notes
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.usage import MAX_SITES, Uses
from utils.analysis.places import is_test
from utils.records import CodeBlock, Document

INSTANCE = "()"

_PYTHON = frozenset({"", "python", "python3", "py", "pycon", "python-repl", "ipython"})


def document_uses(document: Document, names: Names) -> Uses:
    """What the calls in a document show: those that resolve through the imports shown in the same document.

    A variable that was assigned from a class is taken for an instance of it. What a document does not import itself
    is not guessed. Test code and special methods are not shown.
    """
    calls: dict[str, dict[int, int]] = {}
    for callee, first, last in _document_calls(document, names):
        calls.setdefault(names.called(callee), {})[first] = last
    found: Uses = {}
    for subject, spans in calls.items():
        element = names.element(subject)
        if element is not None and not is_test(element.path) and not element.name.startswith("__"):
            found.setdefault(element.module, {})[subject] = sorted(spans.items())[:MAX_SITES]
    return found


def _document_calls(document: Document, names: Names) -> Iterator[tuple[str, int, int]]:
    """(callee id, line, end line) of each call."""
    known: dict[str, str] = {}
    for section in document.sections:
        for block in section.code_blocks:
            tree = _parse(block)
            if tree is not None:
                offset = _first_line(block) - 1
                for callee, node in _calls(tree, names, known):
                    yield callee, node.lineno + offset, (node.end_lineno or node.lineno) + offset


def _first_line(block: CodeBlock) -> int:
    """Where the code starts: below the fence, which makes the block longer than its code."""
    return block.line + (block.end_line - block.line + 1 > block.code.count("\n") + 1)


def _parse(block: CodeBlock) -> ast.Module | None:
    """The tree of a block of Python, with its line numbers; of a session with prompts only what was typed."""
    if block.language not in _PYTHON:
        return None
    code = block.code
    if re.search(r"^\s*>>> ", code, re.MULTILINE):
        typed = [re.match(r"\s*(?:>>>|\.\.\.)(?: (.*))?$", line) for line in code.split("\n")]
        code = "\n".join((match.group(1) or "") if match else "" for match in typed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _calls(tree: ast.Module, names: Names, known: dict[str, str]) -> Iterator[tuple[str, ast.Call]]:
    """Resolved calls; `known` maps a name of the document to the id of what it is, and is added to.

    An instance is known as its class's id followed by INSTANCE.
    """
    for item in take_notes(tree, "", "", assign_ids(tree, "")).imports:
        if (found := _imported(names, item)) is not None:
            known[item.local] = found
    for node in _in_order(tree):
        if isinstance(node, ast.Call) and (callee := _resolve(names, known, node.func)) is not None:
            yield callee, node
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            _assign(names, known, node.targets[0], node.value)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            _assign(names, known, node.optional_vars, node.context_expr)


def _imported(names: Names, item: Import) -> str | None:
    return names.imported(item.module, item.name) if item.module else None


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes in the order in which they are written; without recursion, however deep they are nested."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(list(ast.iter_child_nodes(node)))


def _assign(names: Names, known: dict[str, str], target: ast.expr, value: ast.expr) -> None:
    if not isinstance(target, ast.Name):
        return
    called = _resolve(names, known, value.func) if isinstance(value, ast.Call) else None
    element = names.element(called) if called is not None else None
    if called is not None and element is not None and element.kind == "class":
        known[target.id] = called + INSTANCE
    else:
        known.pop(target.id, None)


def _resolve(names: Names, known: dict[str, str], function: ast.expr) -> str | None:
    dotted = dotted_name(function)
    if dotted is None:
        return None
    head, *rest = dotted.split(".")
    found = known.get(head)
    if found and found.endswith(INSTANCE):
        if not rest:
            return None  # calling an instance is not calling its class
        found = found.removesuffix(INSTANCE)
    for part in rest:
        found = names.member(found, part) if found else None
    element = names.element(found) if found else None
    return found if element and element.kind in ("function", "method", "class") else None
