"""How the call graph's cases are written: sources and the exact graph that must come out, both as plain text."""

from __future__ import annotations

import ast
import textwrap

from utils.analysis.linking import Linked, link
from utils.analysis.summary import summarize


def link_sources(text: str) -> Linked:
    """Link one or several files; a line `# file: pkg/mod.py` starts a new one (`main.py` where none is named)."""
    sources: dict[str, list[str]] = {"main.py": []}
    current = "main.py"
    for line in textwrap.dedent(text).splitlines():
        if line.startswith("# file: "):
            current = line.removeprefix("# file: ").strip()
        sources.setdefault(current, []).append(line)
    summaries = []
    for path, lines in sources.items():
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        summaries.append(summarize(ast.parse("\n".join(lines)), module, path))
    return link(summaries)


def edges(text: str) -> list[str]:
    """The call graph as sorted `caller -> callee` lines."""
    graph = link_sources(text).call_graph
    return [f"{caller} -> {callee}" for caller, callees in graph.items() for callee in callees]


def check(source: str, expected: str) -> None:
    """Exactly the expected edges, written as `caller -> callee, callee` lines."""
    wanted = []
    for line in filter(None, textwrap.dedent(expected).strip().splitlines()):
        caller, _, callees = line.partition(" -> ")
        wanted.extend(f"{caller.strip()} -> {callee.strip()}" for callee in callees.split(","))
    assert edges(source) == sorted(wanted)
