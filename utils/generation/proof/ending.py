"""What a module's names are once it has run: the statements of its top level that bind, rebind and delete them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from utils.generation.proof.facts import Bound, Ref
from utils.generation.proof.syntax import is_for_type_checkers

if TYPE_CHECKING:
    from utils.generation.proof.index import Index

STAR = "*"
HERE = ("here",)
ELSEWHERE = ("", "")  # a module, or something from outside the repository


def read_ending(body: Iterable[ast.stmt], is_sure: bool = True) -> Iterator[Bound]:
    """Every binding of the statements, in their order."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                source = ("f", node.module or "", node.level, alias.name)
                yield Bound(sys.intern(alias.asname or alias.name), source, is_sure)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield Bound(alias.asname or alias.name.partition(".")[0], HERE, is_sure)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield Bound(node.name, HERE, is_sure)
        elif isinstance(node, ast.Delete):
            yield from (Bound(each.id, None, is_sure) for each in node.targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.Assign):
            yield from (Bound(name, HERE, is_sure) for target in node.targets for name in _names(target))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            if node.value is not None:
                yield from (Bound(name, HERE, is_sure) for name in _names(node.target))
        elif isinstance(node, ast.With):
            yield from read_ending(node.body, is_sure)
        else:
            yield from _maybe(node, is_sure)


def _maybe(node: ast.stmt, is_sure: bool) -> Iterator[Bound]:
    """What one of the branches of a statement binds."""
    if isinstance(node, ast.If) and is_for_type_checkers(node.test):
        yield from read_ending(node.orelse, is_sure)
        return
    if isinstance(node, ast.For):
        yield from (Bound(name, HERE, False) for name in _names(node.target))
    for part in ("body", "handlers", "cases", "orelse"):
        for each in getattr(node, part, ()):
            yield from read_ending(each.body if isinstance(each, ast.ExceptHandler | ast.match_case) else [each], False)
    yield from read_ending(getattr(node, "finalbody", ()), is_sure)


def _names(target: ast.expr) -> Iterator[str]:
    for each in ast.walk(target):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id


def read_public(body: Iterable[ast.stmt]) -> frozenset[str] | None:
    """What `__all__` lists, where it is one plain display of strings; None where it is anything else or not there."""
    found: frozenset[str] | None = None
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(each, ast.Name) and each.id == "__all__" for each in targets):
            continue
        value = getattr(node, "value", None)
        items = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [None]
        names = [each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if len(names) < len(items) or (isinstance(node, ast.AugAssign) and found is None):
            return None
        found = frozenset(names) | (found or frozenset() if isinstance(node, ast.AugAssign) else frozenset())
    return found


def origins(index: Index, path: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> set[tuple[str, str]]:
    """Where what `name` stands for at the end of a module may have been bound first: (path, name) of modules, or
    `ELSEWHERE`. Empty where the module has no such name, or may have lost it."""
    facts = index.facts(path)
    if facts is None or (path, name) in seen:
        return set()
    found: set[tuple[str, str]] = set()
    for bound in reversed(facts.ending):
        if bound.name == STAR:
            reached = _starred(index, path, bound.source, name, seen | {(path, name)})
            if not reached:
                continue
        elif bound.name != name:
            continue
        elif bound.source is None:
            return set()
        elif bound.source == HERE:
            reached = {(path, name)}
        else:
            reached = _imported(index, path, bound.source, seen | {(path, name)})
        found |= reached
        if bound.is_sure:
            break
    return found


def _starred(index: Index, path: str, source: Ref, name: str, seen: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    assert source is not None
    reached: set[tuple[str, str]] = set()
    for target in index.absolute(path, source[1], source[2]):
        facts = index.facts(target)
        if facts is not None and facts.offers(name):
            reached |= origins(index, target, name, seen)
    return reached


def _imported(index: Index, path: str, source: Ref, seen: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    assert source is not None
    reached: set[tuple[str, str]] = set()
    for target in index.absolute(path, source[1], source[2]):
        reached |= origins(index, target, source[3], seen)
    return reached or {ELSEWHERE}
