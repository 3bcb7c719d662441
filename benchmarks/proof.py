"""How much of the call graph the independent verifier proves, and how many wrong calls it would let pass.

    python benchmarks/proof.py --config config/demo.yaml
    python benchmarks/proof.py --config config/config.yaml repository.url=../django repository.name=django

Reads data/<repo>/analysis/ (run scripts/01_analyze_repo.py first) and the checkout. Prints one table row for the calls
that the analysis found, and one for each way of making a call wrong: its callee is exchanged for another function of
the same name, for one of the same file, for any function. A wrong call must not be proven; a few of those that are
happen to be true and are missing from the analysis, so the share is an upper bound.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import EXIT_DONE, run, stage_parser
from utils.generation.inputs import read_analysis
from utils.generation.verify import Verifier
from utils.records import Claim, CodeElement

Call = tuple[str, str]
Candidates = Callable[[str, random.Random], list[str]]


def main(argv: Sequence[str] | None = None) -> int:
    """Judge true and deliberately wrong calls."""
    parser = stage_parser(__doc__ or "")
    parser.add_argument("--most", type=int, default=5000, help="calls drawn for each row")
    arguments = parser.parse_args(argv)
    config = load_config(arguments.config, arguments.overrides)
    analysis, elements = read_analysis(config.analysis_dir)
    verifier = Verifier(config.checkout_dir, config.repo_name)
    draw = random.Random(config.seed)
    graph = {caller: callees for caller, callees in analysis.call_graph.items() if "#" not in caller}
    calls = [(caller, callee) for caller, callees in graph.items() for callee in callees if "#" not in callee]
    callers = [draw.choice(calls)[0] for _ in range(arguments.most)] if calls else []
    others = _alternatives(graph, elements)
    print(f"{config.repo_name}: {len(analysis.files)} files, {len(calls):,} calls")
    print("| callee | calls | proven | undecided | refuted | CPU s |")
    print("|---|---|---|---|---|---|")
    _row("as the analysis found it", draw.sample(calls, min(len(calls), arguments.most)), verifier)
    for name, candidates in others.items():
        wrong = {(caller, draw.choice(found)) for caller in callers if (found := candidates(caller, draw))}
        _row(name, sorted(wrong), verifier)
    return EXIT_DONE


def _alternatives(graph: dict[str, list[str]], elements: Iterable[CodeElement]) -> dict[str, Candidates]:
    functions = [each for each in elements if each.kind in ("function", "method") and "#" not in each.id]
    paths = {each.id: each.path for each in functions}
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    by_path: defaultdict[str, list[str]] = defaultdict(list)
    for each in functions:
        by_name[each.name].append(each.id)
        by_path[each.path].append(each.id)
    every = sorted(paths)

    def wrong(caller: str, found: Iterable[str]) -> list[str]:
        return [each for each in found if each != caller and each not in graph[caller]]

    return {
        "another function of the same name": lambda caller, draw: wrong(
            caller, by_name[draw.choice(graph[caller]).rpartition(".")[2]]
        ),
        "another function of the same file": lambda caller, draw: wrong(caller, by_path[paths.get(caller, "")]),
        "any other function": lambda caller, draw: wrong(caller, [draw.choice(every)]),
    }


def _row(name: str, calls: Sequence[Call], verifier: Verifier) -> None:
    started = time.process_time()
    counts = Counter(verifier.verdict(Claim("calls", caller, callee)) for caller, callee in calls)
    shares = " | ".join(f"{counts[key] / max(1, len(calls)):.2%}" for key in ("proven", "undecided", "refuted"))
    print(f"| {name} | {len(calls):,} | {shares} | {time.process_time() - started:.1f} |")


if __name__ == "__main__":
    run(main)
