"""Phase two of the call graph: all summaries of a repository to resolved calls, imports, inheritance and overrides."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy
from utils.analysis.resolution.ir import ModuleSummary
from utils.records import CallSite

if TYPE_CHECKING:
    from utils.analysis.resolution.interpreter import Interpreter

__all__ = ["Linked", "Solved", "link", "place", "solve"]


class Linked(msgspec.Struct):
    """What holds between the elements of a repository; all keys and lists are sorted.

    call_graph   caller id → ids of what it calls, internal ones only
    call_sites   each resolved call by path, line, caller, callee
    imports      module → internal modules it imports
    inheritance  class id → its bases: internal ones as ids, others as their source text, in source order
    overrides    method id → the id of the method it overrides
    """

    call_graph: dict[str, list[str]]
    call_sites: list[CallSite]
    imports: dict[str, list[str]]
    inheritance: dict[str, list[str]]
    overrides: dict[str, str]


class Solved(msgspec.Struct):
    """`Linked` before its calls have lines: equal for equal `ModuleSummary.data`, wherever the code stands.

    `calls` are (caller id, callee id, path, position in the file's `ModuleSummary.lines`), sorted.
    """

    calls: list[tuple[str, str, str, int]]
    imports: dict[str, list[str]]
    inheritance: dict[str, list[str]]
    overrides: dict[str, str]


def link(summaries: Sequence[ModuleSummary]) -> Linked:
    """Resolve the calls between all files of a repository. Order of `summaries` does not matter."""
    return place(solve(summaries), {summary.path: summary.lines for summary in summaries})


def solve(summaries: Sequence[ModuleSummary]) -> Solved:
    """The part of `link` that takes time. It depends on each summary's module, path and data only."""
    from utils.analysis.resolution.interpreter import (
        solve as interpret,
    )  # where all is known already it is never needed

    collecting = gc.isenabled()
    gc.disable()  # millions of small tuples and no cycles: the collector would only walk them again and again
    try:
        ordered = sorted(summaries, key=lambda summary: (summary.module, summary.path))
        hierarchy = Hierarchy(ordered)
        modules = interpret(hierarchy)
        return Solved(calls(hierarchy, modules), imports(hierarchy), inheritance(hierarchy), overrides(hierarchy))
    finally:
        if collecting:
            gc.enable()


def place(solved: Solved, lines: Mapping[str, Sequence[int]]) -> Linked:
    """Give the calls their lines; `lines` are each summary's, by path."""
    graph: dict[str, list[str]] = {}
    sites: dict[str, list[tuple[int, str, str]]] = {}
    for caller, callee, path, position in solved.calls:
        callees = graph.setdefault(caller, [])
        if not callees or callees[-1] != callee:
            callees.append(callee)
        sites.setdefault(path, []).append((lines[path][position], caller, callee))
    return Linked(
        graph,
        [
            CallSite(caller, callee, path, line)
            for path in sorted(sites)
            for line, caller, callee in sorted(sites[path])
        ],
        solved.imports,
        solved.inheritance,
        solved.overrides,
    )


def calls(hierarchy: Hierarchy, modules: Sequence[Interpreter]) -> list[tuple[str, str, str, int]]:
    from utils.analysis.resolution.dispatch import Dispatch

    found = set()
    for index, scope, callee, position in Dispatch(hierarchy, modules).edges():
        module = hierarchy.modules[index]
        found.add((module.body.scopes[scope], hierarchy.function_of(callee)[1].id, module.path, position))
    return sorted(found)


def imports(hierarchy: Hierarchy) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for module in hierarchy.modules:
        for source, name in module.body.imported_modules:
            target = hierarchy.locate(source, module)
            if name is not None and f"{target}.{name}" in hierarchy.by_name and not hierarchy.export(target, name):
                target = f"{target}.{name}"
            if target in hierarchy.by_name and target != module.name:
                found.setdefault(module.name, set()).add(target)
    return {module: sorted(targets) for module, targets in sorted(found.items())}


def inheritance(hierarchy: Hierarchy) -> dict[str, list[str]]:
    found = {}
    for module in hierarchy.modules:
        for index, record in module.body.classes.items():
            bases = hierarchy.bases_of(module.index << CLASS_BITS | index)
            if bases:
                found[record.id] = [base if isinstance(base, str) else hierarchy.class_of(base)[1].id for base in bases]
    return dict(sorted(found.items()))


def overrides(hierarchy: Hierarchy) -> dict[str, str]:
    """A method overrides the first method of its name further on in its class's resolution order."""
    methods: dict[int, dict[str, str]] = {}
    for module in hierarchy.modules:
        for function in module.body.functions.values():
            if function.owner >= 0 and not function.name.startswith("<"):
                owner = module.index << CLASS_BITS | function.owner
                methods.setdefault(owner, {})[function.name] = function.id
    found = {}
    for module in hierarchy.modules:
        for function in module.body.functions.values():
            if function.owner < 0 or function.name.startswith("<"):
                continue
            for base in hierarchy.order(module.index << CLASS_BITS | function.owner)[1:]:
                if isinstance(base, int) and function.name in methods.get(base, {}):
                    found[function.id] = methods[base][function.name]
                    break
    return dict(sorted(found.items()))
