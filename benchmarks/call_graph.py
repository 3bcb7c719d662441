"""How right the resolved call graph is: our edges against the calls a repository's own test suite really makes.

    python benchmarks/call_graph.py <checkout> --source src --python <interpreter with its test needs> -- tests -q

Reads the checkout; runs `pytest` on it with the arguments after `--`, in a process of its own under `sys.settrace`
(which is why this is a benchmark: the product never runs a repository's code). Prints

precision  share of our edges that were executed, of those whose call's line was executed in their caller
strict     the same over all edges of executed callers, whether or not the line was reached
recall     share of the executed calls between the project's own functions that we have

A generator's frame is first entered by its consumer, so the trace cannot say who called it: an edge to a generator or
coroutine that ran (and to a cached function, which runs once for all its callers) counts as executed, and generators
are left out of recall. Frames of contextlib, functools,
typing and re are seen through.
"""

from __future__ import annotations

import argparse
import ast
import dis
import json
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

INLINE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
GENERATING, AWAITABLE = 0x20 | 0x200, 0x80
SEE_THROUGH = ("/contextlib.py", "/functools.py", "/typing.py", "/re/__init__.py", "/re.py")
Edge = tuple[str, str]


Traced = tuple[str, CodeType]  # code objects of two files are equal where their lines are


def traced(code: CodeType) -> Traced:
    return code.co_filename, code


class Recorder:
    """Collects (caller, callee) code pairs and executed lines of the files under `source`."""

    def __init__(self, source: Path) -> None:
        self.prefix = str(source) + "/"
        self.pairs: set[tuple[Traced, Traced]] = set()
        self.lines: defaultdict[Traced, set[int]] = defaultdict(set)
        self.starts: dict[CodeType, int] = {}

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(self.prefix):
            return None
        resumed = code.co_flags & (GENERATING | AWAITABLE) and frame.f_lasti > self.start(code)
        caller = frame.f_back
        while caller is not None and caller.f_code.co_filename.endswith(SEE_THROUGH):
            caller = caller.f_back
        if caller is not None and not resumed and caller.f_code.co_filename.startswith(self.prefix):
            self.pairs.add((traced(caller.f_code), traced(code)))
        self.lines[traced(code)].add(frame.f_lineno)
        return self.line

    def start(self, code: CodeType) -> int:
        """The offset up to which a generator or coroutine has not begun (it is first entered by its consumer)."""
        found = self.starts.get(code)
        if found is None:
            offsets = (item.offset for item in dis.get_instructions(code) if item.opname == "RETURN_GENERATOR")
            found = self.starts[code] = next(offsets, -1)
        return found

    def line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self.lines[traced(frame.f_code)].add(frame.f_lineno)
        return self.line

    def key(self, code: CodeType) -> list[Any]:
        """A code object as its file, first line, name, and 1 for a coroutine, 2 for a generator, else 0."""
        suspended = 2 if code.co_flags & GENERATING else 1 if code.co_flags & AWAITABLE else 0
        return [code.co_filename[len(self.prefix) :], code.co_firstlineno, code.co_name, suspended]

    def rows(self) -> dict[str, Any]:
        return {
            "pairs": [[self.key(caller), self.key(callee)] for (_, caller), (_, callee) in self.pairs],
            "lines": [[self.key(code), sorted(lines)] for (_, code), lines in self.lines.items()],
        }

    def dump(self, path: Path) -> None:
        path.write_text(json.dumps(self.rows()), encoding="utf-8")


def record(source: Path, output: Path, arguments: list[str]) -> int:
    """Run pytest in this process and write what was called."""
    import pytest

    recorder = Recorder(source)
    threading.settrace(recorder.trace)
    sys.settrace(recorder.trace)
    code = pytest.main(arguments)
    sys.settrace(None)
    recorder.dump(output)
    return int(code)


class Places:
    """From a code object's file, first line and name to the id our call graph uses."""

    def __init__(self, source: Path, modules: dict[str, str]) -> None:
        from utils.analysis.naming import assign_ids

        self.at: dict[tuple[str, int, str], str] = {}
        self.cached: set[str] = set()
        self.untraced: set[str] = set()
        self.spans: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for path, module in modules.items():
            tree = ast.parse((source / path).read_bytes())
            for node, name in assign_ids(tree, module).ids.items():
                if isinstance(node, ast.ClassDef):
                    continue
                if isinstance(node, ast.Module):
                    self.spans[path].append((0, 1 << 30, name))
                    continue
                decorators = getattr(node, "decorator_list", [])
                if any("cache" in ast.unparse(item) for item in decorators):
                    self.cached.add(name)
                first = decorators[0].lineno if decorators else node.lineno  # type: ignore[attr-defined]
                label = "<lambda>" if isinstance(node, ast.Lambda) else node.name  # type: ignore[attr-defined]
                self.at.setdefault((path, first, label), name)
                self.spans[path].append((node.lineno, node.end_lineno or 0, name))  # type: ignore[attr-defined]

    def find(self, key: list[Any]) -> str | None:
        """Comprehensions and class bodies belong to the function around them; None for generated code."""
        path, line, name, _ = key
        if name == "<module>":
            line = 0
        found = self.at.get((path, line, name))
        if found is not None or path not in self.spans:
            return found
        around = [span for span in self.spans[path] if span[0] <= line <= span[1]]
        return max(around, key=lambda span: (span[0], -span[1]))[2] if around else None


def executed_calls(places: Places, rows: dict[str, Any]) -> tuple[set[Edge], set[Edge], dict[str, set[int]]]:
    """(all executed calls, those whose caller is known for sure, executed lines by caller).

    Fills `places.untraced`: what ran, but whose caller the trace cannot tell.
    """
    defined = set(places.at.values())
    executed, by_consumer = set(), set()
    for caller, callee in rows["pairs"]:
        if callee[2] in INLINE or tuple(callee[:3]) not in places.at:
            continue
        pair = places.find(caller) or "", places.find(callee) or ""
        if pair[0] and (pair[0] != pair[1] or caller == callee or caller[2] in INLINE):
            executed.add(pair)
            if callee[3] == 2:
                by_consumer.add(pair)
    lines: defaultdict[str, set[int]] = defaultdict(set)
    for key, found in rows["lines"]:
        name = places.find(key) or ""
        lines[name].update(found)
        if key[3] or name in places.cached:
            places.untraced.add(name)
    return executed, {edge for edge in executed if edge[1] in defined} - by_consumer, dict(lines)


def compare(source: Path, rows: dict[str, Any], show: int) -> dict[str, float]:
    """Both call graphs side by side; prints the first `show` differences of either kind."""
    from utils.analysis.linking import link
    from utils.analysis.summary import summarize

    modules = {}
    summaries = []
    for path in sorted(source.rglob("*.py")):
        relative = path.relative_to(source).as_posix()
        module = relative[:-3].replace("/", ".").removesuffix(".__init__")
        try:
            summaries.append(summarize(ast.parse(path.read_bytes()), module, relative))
        except (SyntaxError, ValueError):
            continue
        modules[relative] = module
    linked = link(summaries)
    places = Places(source, modules)
    executed, relevant, lines = executed_calls(places, rows)
    ours = {(caller, callee) for caller, callees in linked.call_graph.items() for callee in callees}
    reached = {(s.caller, s.callee) for s in linked.call_sites if s.line in lines.get(s.caller, ())}
    strict = {edge for edge in ours if edge[0] in lines}
    executed |= {edge for edge in ours if edge[1] in places.untraced}
    false, missed = sorted(reached - executed), sorted(relevant - ours)
    for title, edges in (("not executed", false), ("missed", missed)):
        print(f"-- {title}: {len(edges)}")
        for caller, callee in edges[:show]:
            print(f"   {caller} -> {callee}")
    return {
        "executed calls": len(relevant),
        "our edges reached": len(reached),
        "precision": len(reached & executed) / max(1, len(reached)),
        "strict": len(strict & executed) / max(1, len(strict)),
        "recall": len(relevant & ours) / max(1, len(relevant)),
    }


def main() -> int:
    arguments = sys.argv[1:]
    rest: list[str] = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, rest = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--source", default=".", help="the import root inside the checkout")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--trace", type=Path, help="a trace to read, or to write where it is missing")
    parser.add_argument("--record", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    source = (options.checkout / options.source).resolve()
    if options.record:
        return record(source, options.trace, rest)
    trace = options.trace or Path(tempfile.mkdtemp()) / "trace.json"
    if not trace.exists():
        me = [
            options.python,
            str(Path(__file__).resolve()),
            str(options.checkout.resolve()),
            "--source",
            options.source,
        ]
        subprocess.run(
            [*me, "--record", "--trace", str(trace.resolve()), "--", *rest], cwd=options.checkout, check=False
        )
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    for name, value in compare(source, json.loads(trace.read_text()), options.show).items():
        print(f"{name:18} {value:.3f}" if isinstance(value, float) else f"{name:18} {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
