"""How much of the analysis the independent verifier proves, and how many wrong calls it would let pass.

    python benchmarks/proof.py --config config/demo.yaml
    python benchmarks/proof.py --config config/config.yaml repository.url=../django repository.name=django
    python benchmarks/proof.py --config config/config.yaml --every

Reads data/<repo>/analysis/ (run scripts/01_analyze_repo.py first) and the checkout. Prints one table row for the calls
that the analysis found, and one for each way of making a call wrong: its callee is exchanged for another function of
the same name, for one of the same file, for any function. A wrong call must not be proven; a few of those that are
happen to be true and are missing from the analysis, so the share is an upper bound.

With --every, all that the analysis says of every element is judged, of which samples only draw a part: one table row
for each kind of claim, then each claim that the verifier refutes.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import EXIT_DONE, run, stage_parser
from utils.generation.inputs import read_analysis
from utils.generation.verify import Verifier
from utils.records import Analysis, Claim, ClaimKind, CodeElement

Call = tuple[str, str]
Candidates = Callable[[str, random.Random], list[str]]


def main(argv: Sequence[str] | None = None) -> int:
    """Judge true and deliberately wrong calls."""
    parser = stage_parser(__doc__ or "")
    parser.add_argument("--most", type=int, default=5000, help="calls drawn for each row")
    parser.add_argument("--every", action="store_true", help="judge every claim about every element instead")
    arguments = parser.parse_args(argv)
    config = load_config(arguments.config, arguments.overrides)
    analysis, elements = read_analysis(config.analysis_dir)
    verifier = Verifier(config.checkout_dir, config.repo_name)
    if arguments.every:
        _judge_every(config.repo_name, every_claim(analysis, elements), verifier)
        return EXIT_DONE
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


def every_claim(analysis: Analysis, elements: Iterable[CodeElement]) -> Iterator[Claim]:
    """All that the analysis says of Python's elements and of two of them together, as claims."""
    for each in elements:
        if each.language == "python":
            yield from _about(each)
    relations: dict[ClaimKind, dict[str, list[str]]] = {
        "calls": analysis.call_graph,
        "imports": analysis.imports,
        "inherits_from": analysis.inheritance,
    }
    for kind, found in relations.items():
        yield from (Claim(kind, subject, value) for subject, values in found.items() for value in values)


def _about(element: CodeElement) -> Iterator[Claim]:
    name = element.id
    yield Claim("defined_in", name, element.path)
    yield Claim("spans", name, [element.start_line, element.end_line])
    yield Claim("is_a", name, element.kind)
    if element.kind != "module":
        yield Claim("at_line", name, element.line)
        yield Claim("has_signature", name, element.signature)
    if element.kind in ("function", "method", "property"):
        yield Claim("returns", name, element.returns)
    yield from (Claim("has_parameter", name, parameter.name) for parameter in element.parameters)
    yield from (Claim("decorated_by", name, decorator) for decorator in element.decorators)
    if element.overrides:
        yield Claim("overrides", name, element.overrides)
    if element.doc and element.doc.summary:
        yield Claim("documented_as", name, element.doc.summary)


def _judge_every(name: str, claims: Iterable[Claim], verifier: Verifier) -> None:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    refuted = []
    for claim in claims:
        verdict = verifier.verdict(claim)
        counts[claim.kind][verdict] += 1
        if verdict == "refuted":
            refuted.append(claim)
    print(f"{name}: {sum(each.total() for each in counts.values()):,} claims, {len(refuted):,} refuted")
    print("| claim | proven | undecided | refuted |")
    print("|---|---|---|---|")
    for kind, found in counts.items():
        print(f"| {kind} | {found['proven']:,} | {found['undecided']:,} | {found['refuted']:,} |")
    for claim in refuted:
        print(f"  {claim.subject} {claim.kind} {claim.value!r}")


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
