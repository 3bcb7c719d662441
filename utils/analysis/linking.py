"""Phase two of the call graph: all summaries of a repository to resolved calls, imports, inheritance and overrides."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from utils.analysis.resolution.ir import ModuleSummary
from utils.analysis.resolution.solution import Source, Store
from utils.records import CallSite

__all__ = ["Linked", "Solved", "Source", "link", "place", "solve"]


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
    return place(solve(map(source, summaries)), {summary.path: summary.lines for summary in summaries})


def source(summary: ModuleSummary) -> Source:
    """A summary that is at hand."""
    return Source(summary.module, summary.path, b"", "", lambda: summary.data)


def solve(sources: Iterable[Source], store: Store | None = None, name: str = "", processes: int = 1) -> Solved:
    """The part of `link` that takes time.

    It depends on the sources only; `store` keeps under `name` what the next run needs not find out again. Two
    `processes` share the work where there is much.
    """
    from utils.analysis.resolution import replay  # where all is known already it is never needed

    collecting = gc.isenabled()
    gc.disable()  # millions of small tuples and no cycles: the collector would only walk them again and again
    try:
        ordered = sorted(sources, key=lambda source: source[:2])
        results = replay.solve(ordered, store, name, processes)
    finally:
        if collecting:
            gc.enable()
    calls: list[tuple[str, str, str, int]] = []
    imports: dict[str, list[str]] = {}
    inheritance: dict[str, list[str]] = {}
    overrides: dict[str, str] = {}
    for source, names, found in zip(ordered, results.names, results.calls, strict=True):
        calls += [(caller, callee, source.path, line) for caller, callee, line in found]
        if names.imports:
            imports[source.module] = sorted({*imports.get(source.module, ()), *names.imports})
        inheritance.update(names.inheritance)
        overrides.update(names.overrides)
    calls.sort()
    return Solved(calls, imports, dict(sorted(inheritance.items())), dict(sorted(overrides.items())))


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
