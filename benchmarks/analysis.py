"""Speed of step 01 against a bare `ast.parse` of the same files, and against griffe, in one run.

    python benchmarks/analysis.py <folder> [<folder> ...] [--repeat 3] [--script]

Works on a copy of each folder's Python and Markdown files, which is committed to git. Six measurements, each a process
of its own: `parse` (read and `ast.parse` every file), `griffe` (its static visitor on every file; it resolves no
calls), `ours` (all of step 01 without a cache, artifacts written), `moved` (the same with a cache, after a comment at
its top moved one file's lines), `changed` (after one function was added to it) and `edited` (after a call was added to
its first function that has room for one); that file is the one of median size among those that have such a function.
With `--script` ours is what a user runs, `scripts/01_analyze_repo.py --config …`, from the configuration to the
manifest; without it the analysis alone. CPU is user + system seconds of the process and its children, peak the largest
memory of any one process, both with Python's start included and bytecode cached; of several repeats the fastest counts.
Prints ratios to `parse`, the share of a full run that each of the last three takes, and whether their files are
byte-identical to those of a full run.
"""

from __future__ import annotations

import argparse
import ast
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tokenize
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "01_analyze_repo.py"
sys.path.insert(0, str(ROOT))


OUTPUTS = ("analysis.json", "elements.jsonl")
EDITS: dict[str, Callable[[str], str]] = {
    "moved": lambda text: "# A comment.\n" + text,
    "changed": lambda text: text + f"\n\ndef added_at_{len(text)}(argument=1):\n    return argument\n",
    "edited": lambda text: with_a_call(text),
}


class Cost(NamedTuple):
    """What one process and its children took."""

    cpu: float
    wall: float
    peak: float


def main() -> int:
    """Measure each folder named on the command line, or, as a child process, do the work to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the fastest counts")
    parser.add_argument(
        "--script", action="store_true", help="measure what a user runs, git and configuration included"
    )
    parser.add_argument("--work", choices=["parse", "griffe", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        warnings.simplefilter("ignore")
        work(options.work, options.folders[0], options.into, options.cache)
        return 0
    print(f"{'folder':28} {'what':8} {'CPU s':>8} {'x':>6} {'wall s':>8} {'x':>6} {'peak MiB':>9}")
    for folder in options.folders:
        with tempfile.TemporaryDirectory(prefix="bench-analysis-") as scratch:
            measure(folder.resolve(), Path(scratch), options.repeat, options.script)
    return 0


def measure(folder: Path, scratch: Path, repeat: int, script: bool) -> None:
    """Print the measurements of one folder."""
    copy = scratch / "copy"
    count = _copy_sources(folder, copy)
    print(f"{folder.name} ({count:,} Python files, {_lines(copy):,} lines)", flush=True)
    ours = _Script(copy, scratch) if script else _Harness(copy, scratch)
    ours.full()  # what is imported has its bytecode cached from now on
    base = _best(repeat, lambda: _run("--work", "parse", str(copy)))
    griffe = _best(repeat, lambda: _run("--work", "griffe", str(copy)))
    costs = {"parse": base, "griffe": griffe, "ours": _best(repeat, ours.full)}
    time.sleep(4)  # the files shall be clearly older than the run that first reads them
    ours.incremental()
    editable = sorted(filter(is_editable, _python_files(copy)), key=lambda path: path.stat().st_size)
    if not editable:
        raise SystemExit(f"{folder} has no Python file with a function to edit; name another folder")
    chosen = editable[len(editable) // 2]
    same = {}
    for what, edit in EDITS.items():
        after: list[Cost] = []
        for _ in range(repeat):
            chosen.write_text(edit(chosen.read_text("utf-8")), "utf-8")
            after.append(ours.incremental())
        costs[what] = min(after)
        ours.full()
        same[what] = ours.is_same()
    for what, cost in costs.items():
        row = f"{cost.cpu:8.2f} {cost.cpu / base.cpu:6.1f} {cost.wall:8.2f} {cost.wall / base.wall:6.1f}"
        print(f"{'':28} {what:8} {row} {cost.peak:9.0f}")
    for what in EDITS:
        share = f"{costs[what].cpu / costs['ours'].cpu:.1%} of the CPU, {costs[what].wall / costs['ours'].wall:.1%}"
        verdict = "identical" if same[what] else "DIFFERENT"
        print(f"{'':28} one file {what}: {share} of the wall time of a full run; {verdict} result")


class _Harness:
    """The analysis alone, as a process of this program."""

    def __init__(self, copy: Path, scratch: Path) -> None:
        self.copy, self.whole, self.cached, self.cache = copy, scratch / "whole", scratch / "cached", scratch / "cache"

    def full(self) -> Cost:
        """Without a cache."""
        return _run("--work", "ours", str(self.copy), "--into", str(self.whole))

    def incremental(self) -> Cost:
        """With what the last run left in the cache."""
        return _run("--work", "ours", str(self.copy), "--into", str(self.cached), "--cache", str(self.cache))

    def is_same(self) -> bool:
        """True where both gave the same bytes the last time."""
        return all((self.whole / name).read_bytes() == (self.cached / name).read_bytes() for name in OUTPUTS)


class _Script(_Harness):
    """The script as a user runs it, on a checkout."""

    def __init__(self, copy: Path, scratch: Path) -> None:
        super().__init__(copy, scratch)
        self.whole, self.cached = scratch / "whole/bench/analysis", scratch / "cached/bench/analysis"
        for name in ("whole", "cached"):
            settings = f"repository: {{url: {copy}, name: bench}}\npaths: {{data: {scratch / name}}}\n"
            (scratch / f"{name}.yaml").write_text(settings)
        self.scratch = scratch
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
        for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "bench"]):
            subprocess.run(["git", "-C", str(copy), *command], check=True)

    def full(self) -> Cost:
        """Without a cache."""
        shutil.rmtree(self.scratch / "whole", ignore_errors=True)
        return _run("--config", str(self.scratch / "whole.yaml"), program=SCRIPT)

    def incremental(self) -> Cost:
        """With what the last run left in the cache."""
        return _run("--config", str(self.scratch / "cached.yaml"), program=SCRIPT)


def work(what: str, folder: Path, into: Path | None, cache: Path | None) -> None:
    """What one measured process does."""
    if what == "parse":
        for path in _python_files(folder):
            with tokenize.open(path) as stream:
                ast.parse(stream.read())
    elif what == "griffe":
        import griffe

        for path in _python_files(folder):
            with tokenize.open(path) as stream:
                griffe.visit(path.stem, path, stream.read())
    elif into is not None:
        import msgspec

        from utils.analysis.pipeline import analyze_survey
        from utils.analysis.survey import survey
        from utils.records import Provenance

        gc.disable()  # as the script does
        into.mkdir(exist_ok=True)
        found = survey(folder, "bench", cache=cache)
        with (into / "elements.jsonl").open("wb") as elements:
            analysis = analyze_survey(found, Provenance("", None, False, ""), elements, cache=cache)
        (into / "analysis.json").write_bytes(msgspec.json.format(msgspec.json.encode(analysis), indent=1))


def _best(repeat: int, run: Callable[[], Cost]) -> Cost:
    return min(run() for _ in range(repeat))


def _run(*arguments: str, program: Path = Path(__file__)) -> Cost:
    """What one run of a program takes; Python may keep its bytecode, as it does for a user."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(program), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(errors.decode(errors="replace"))
    wall = time.perf_counter() - started
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def _copy_sources(folder: Path, copy: Path) -> int:
    """Copy what step 01 reads, leaving out what it (or the running Python) cannot parse; returns the Python files."""
    from utils.analysis.survey import survey

    found, count = survey(folder, "bench"), 0
    into = copy / folder.name if (folder / "__init__.py").exists() else copy  # a package is imported by its name
    for path, language in found.languages.items():
        if language == "python":
            try:
                ast.parse(found.data(path))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            count += 1
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, into / path)
    return count


def with_a_call(text: str) -> str:
    """`text` with a call before the last statement of its first function that has a line of its own for it.

    Raises `ValueError` where there is none.
    """
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            last = node.body[-1]
            indent = lines[last.lineno - 1][: last.col_offset]
            if not (indent.strip() or getattr(last, "decorator_list", None)):
                lines.insert(last.lineno - 1, indent + "sorted(repr(object()))")
                return "\n".join(lines)
    raise ValueError("no function has room for a call")


def is_editable(path: Path) -> bool:
    """True where `with_a_call` has an answer that parses."""
    try:
        ast.parse(with_a_call(path.read_text("utf-8")))
    except (SyntaxError, ValueError):
        return False
    return True


def _python_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if path.is_file())


def _lines(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in _python_files(folder))


if __name__ == "__main__":
    sys.exit(main())
