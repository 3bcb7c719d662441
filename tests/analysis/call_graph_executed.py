"""Small programs by language feature, run under a trace, beside the call graph that the analysis makes of them.

`call_graph_features/<category>.txt` holds the programs: `### name` starts one, `# file: pkg/mod.py` a file of it
(`main.py`, which is run, where none is named). What a program should give is never written down: it is what happens.
"""

from __future__ import annotations

import ast
import importlib
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.call_graph import Edge, Places, Recorder, executed_calls
from utils.analysis.linking import link
from utils.analysis.summary import summarize

FOLDER = Path(__file__).parent / "call_graph_features"
CATEGORIES = sorted(path.stem for path in FOLDER.glob("*.txt"))
Edges = set[Edge]


def cases(category: str) -> dict[str, str]:
    """The programs of one category by name."""
    parts = (FOLDER / f"{category}.txt").read_text(encoding="utf-8").split("### ")[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def write(text: str, folder: Path) -> dict[str, str]:
    """Write a program's files; their modules by path."""
    current = "main.py"
    files: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("# file: "):
            current = line.removeprefix("# file: ")
        files.setdefault(current, []).append(line)
    for path, lines in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {path: path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in files}


def execute(folder: Path) -> dict[str, Any]:
    """What the trace saw when the program's `main.py` ran."""
    recorder = Recorder(folder)
    known = set(sys.modules)
    before = sys.gettrace()
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    code = compile((folder / "main.py").read_bytes(), str(folder / "main.py"), "exec", dont_inherit=True)
    main = sys.modules["main"] = ModuleType("main")
    threading.settrace(recorder.trace)
    sys.settrace(recorder.trace)
    try:
        exec(code, main.__dict__)  # a program of our own
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            if name == "main" or str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]
    return recorder.rows()


def compare_case(text: str, folder: Path) -> tuple[Edges, Edges, Edges]:
    """(our edges whose line ran, the executed ones, all of ours). What a trace cannot tell counts for neither."""
    modules = write(text, folder)
    summaries = [summarize(ast.parse((folder / path).read_bytes()), module, path) for path, module in modules.items()]
    linked = link(summaries)
    places = Places(folder, modules)
    _, relevant, lines = executed_calls(places, execute(folder))
    ours = {(site.caller, site.callee) for site in linked.call_sites if site.line in lines.get(site.caller, ())}
    every = {(caller, callee) for caller, callees in linked.call_graph.items() for callee in callees}
    return {edge for edge in ours if edge[1] not in places.untraced or edge in relevant}, relevant, every
