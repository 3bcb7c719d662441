"""Step 02 as a function: facts, their budget, their wordings, a proof of every sample, and the split into three files.

Memory stays bounded by streaming: proven samples go to a spill file as they come, and only what decides their place
(one `Row` each) is kept until the split is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from utils.console import ROOT, UserError, progress
from utils.generation.budget import Order, plan
from utils.generation.collector import fewer_collections
from utils.generation.facts import Context, Fact, rank
from utils.generation.general import REPLAYED, dataset_samples, general_samples
from utils.generation.prover import Outcome, Prover, prove_all
from utils.generation.rows import Row, leaks, order
from utils.generation.split import place
from utils.generation.tasks import (
    absent,
    api_usage,
    comparison,
    dependents,
    design,
    errors,
    explanation,
    location,
    lookup,
    overview,
    rationale,
    relation,
)
from utils.generation.templates import load_voice
from utils.generation.verdicts import Verdicts
from utils.generation.verify import Verifier
from utils.records import Analysis, CodeElement, Sample
from utils.settings import GenerationSettings

TASKS = (
    location, explanation, comparison, rationale, api_usage, overview,
    lookup, design, relation, dependents, errors, absent,
)  # fmt: skip
SPLITS = ("train", "val", "test")
MOST_FAILED = 0.001  # share of samples whose proof may fail; above it the analysis is wrong
REFUTED = "proof: the source contradicts the claim"
UNDECIDED = "left unsaid: the verifier cannot tell whether the call happens"
EXAMPLES = 5
GENERAL_TEST_SHARE = 0.1


class Report(msgspec.Struct):
    """What was written and what was not: for the manifest, the card and the terminal."""

    counts: dict[str, Any]
    drops: dict[str, int]
    examples: list[str]
    coverage: dict[str, int]
    secrets: list[dict[str, str | int]] = []
    judged: str = ""

    def remarks(self) -> list[str]:
        """What a user should know beyond the counts."""
        asked, public = self.coverage["public elements asked about"], self.coverage["public elements"]
        lines = [f"{asked:,} of {public:,} public elements are asked about"]
        if asked < public:
            lines[0] += "; raise generation.max_samples (or lift max_elements) to cover more"
        if tests := self.coverage["test files"]:
            lines.append(
                f"{tests:,} of {self.coverage['files']:,} Python files are tests, which nothing is asked about; see "
                "generation.include_tests"
            )
        if unreadable := self.coverage["unreadable paths"]:
            lines.append(f"nothing is asked about {unreadable:,} files whose path has a blank or another special sign")
        if self.secrets:
            where = ", ".join(f"{note['path']}:{note['line']}" for note in self.secrets[:3])
            lines.append(f"{len(self.secrets)} credentials were found ({where}); no sample tells one")
        return lines + ([self.judged] if self.judged else [])


@fewer_collections()
def generate(
    root: Path,
    analysis: Analysis,
    elements: list[CodeElement],
    settings: GenerationSettings,
    name: str,
    seed: int,
    folder: Path,
    workers: int | None = None,
) -> Report:
    """Write train.jsonl, val.jsonl and test.jsonl into `folder`.

    `root` is the checkout that every claim is proven against, `name` what questions call it. Raises `UserError` when
    more than `MOST_FAILED` of the samples fail their proof, or none can be made.
    """
    voices = [load_voice(language) for language in settings.languages]
    context = Context(name, analysis, elements, settings.include_tests, root)
    prover = Prover(Verifier(root, name), context, voices, settings, seed)
    orders = plan(_chosen(context, all_facts(context), settings, seed), settings, voices, seed)
    prover.scan(_quotable(analysis))
    spill = _Spill(folder / "proven.tmp")
    drops: Counter[str] = Counter()
    examples: list[str] = []
    verdicts = Verdicts()
    general: list[Outcome] = []
    wanted = sum(item.exposures for item in orders)
    with spill:
        outcomes = prove_all(prover, orders, partial(_general, settings, seed, wanted), workers)
        total = wanted + _general_count(settings, wanted)
        for outcome in progress(outcomes, "proving", total=total, unit=" samples"):
            verdicts.add(outcome.judged)
            if outcome.row and outcome.row.task == "general_knowledge":
                general.append(outcome)
            elif outcome.row:
                spill.add(outcome.encoded, outcome.row)
            elif outcome.reason:
                drops[outcome.reason] += 1
                if outcome.is_failure and len(examples) < EXAMPLES:
                    examples.append(outcome.detail)
        _count_verdicts(verdicts, drops, examples)
        _refuse_failures(drops, len(spill.rows), examples)
        for outcome in _spread(general, _general_count(settings, len(spill.rows))):
            assert outcome.row is not None
            spill.add(outcome.encoded, outcome.row)
        report = _write_splits(spill, folder, settings, seed, drops, examples, _coverage(context, orders))
    report.secrets = prover.secrets.notes()
    report.judged = verdicts.remark()
    return report


def all_facts(context: Context) -> Iterator[Fact]:
    """Every fact of every task. What the project does not offer (see `Context.is_offered`) is not public here."""
    for task in TASKS:
        for fact in task.facts(context):
            element = context.all.get(fact.element)
            if element is not None and context.is_trivial(element):
                continue
            yield fact if element is None or context.is_offered(element) else fact._replace(public=False)


def _chosen(context: Context, facts: Iterable[Fact], settings: GenerationSettings, seed: int) -> Iterator[Fact]:
    """The facts of at most `max_elements` elements, and those that belong to none."""
    if settings.max_elements is None:
        yield from facts
        return
    tiers = {"class": 0, "function": 0, "method": 1, "module": 1, "property": 1}
    ranked = sorted(
        (e for e in context.elements if e.kind in tiers),
        key=lambda e: (not context.is_offered(e), tiers[e.kind], rank(seed, e.id)),
    )
    chosen = {element.id for element in ranked[: settings.max_elements]}
    paths = {element.path for element in ranked[: settings.max_elements]}
    for fact in facts:
        if fact.element in chosen or (
            fact.element not in context.known and (fact.element in paths or "/" not in fact.element)
        ):
            yield fact


def _quotable(analysis: Analysis) -> list[str]:
    """The files that samples quote: code, documents, and where the project's metadata stands."""
    project = analysis.project
    paths = {file.path for file in analysis.files} | {document.path for document in analysis.documents}
    paths |= {dependency.path for dependency in project.dependencies} | {entry.path for entry in project.entry_points}
    paths |= {command.path for command in project.commands}
    return sorted(paths | {path for path in (project.description_path, project.license_path) if path})


def _general_count(settings: GenerationSettings, own: int) -> int:
    """How many samples of general knowledge make up `general_share` of the whole."""
    return round(own * settings.general_share / (1 - settings.general_share))


def _general(settings: GenerationSettings, seed: int, own: int) -> list[Sample]:
    """General knowledge beside `own` samples about the repository: nine in ten in training wordings."""
    limit = _general_count(settings, own)
    if settings.general_dataset is not None:
        return list(dataset_samples(ROOT / settings.general_dataset, limit, seed))
    tested = round(limit * GENERAL_TEST_SHARE)
    train = list(general_samples(limit - tested, seed, settings.languages, "train", REPLAYED))
    return [*train, *general_samples(tested, seed, settings.languages, "test")]


def _spread(outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    """`count` of the outcomes, evenly from all of them: fewer samples than planned may have been made."""
    if count >= len(outcomes):
        return list(outcomes)
    return [outcomes[number * len(outcomes) // count] for number in range(count)]


def _count_verdicts(verdicts: Verdicts, drops: Counter[str], examples: list[str]) -> None:
    """What is left unsaid because it is not proven."""
    refuted, undecided = verdicts.claims("refuted"), verdicts.claims("undecided")
    drops.update({reason: len(claims) for reason, claims in ((REFUTED, refuted), (UNDECIDED, undecided)) if claims})
    examples.extend(f"{claim}: the source contradicts it" for claim in refuted[: max(0, EXAMPLES - len(examples))])


def _refuse_failures(drops: Counter[str], proven: int, examples: list[str]) -> None:
    failed = sum(count for reason, count in drops.items() if reason.startswith("proof"))
    if failed > MOST_FAILED * (proven + failed):
        raise UserError(
            f"{failed} of {proven + failed} samples failed their proof, more than {MOST_FAILED:.1%} (first: "
            f"{examples[0]}), so the analysis does not match the checkout; leave the files in question out with "
            f"repository.exclude and run scripts/01_analyze_repo.py --force and then this step again"
        )
    if not proven:
        raise UserError("no sample could be made: the analysis has no element to ask about; see repository.exclude")


def _write_splits(
    spill: _Spill,
    folder: Path,
    settings: GenerationSettings,
    seed: int,
    drops: Counter[str],
    examples: list[str],
    coverage: dict[str, int],
) -> Report:
    placements = place(spill.rows, seed, settings.unseen_fact_share)
    if shared := leaks(placements, spill.rows):
        raise AssertionError(f"train and test share {shared[:3]}")
    counts: dict[str, Any] = {
        "by_task": Counter(),
        "by_language": Counter(),
        "by_probe": Counter(),
        "by_split": Counter(),
    }
    for row in spill.rows:
        placed = placements[row.id]
        if placed.split is None:
            drops[f"split: {placed.reason}"] += 1
            continue
        counts["by_split"][placed.split] += 1
        counts["by_task"][row.task] += 1
        counts["by_language"][row.language] += 1
        if placed.probe:
            counts["by_probe"][placed.probe] += 1
    for split in SPLITS:
        chosen = sorted(
            (row.id for row in spill.rows if placements[row.id].split == split), key=lambda k: order(seed, k)
        )
        with (folder / f"{split}.jsonl").open("wb") as stream:
            for sample_id in chosen:
                sample = spill.read(sample_id)
                sample.metadata.probe = placements[sample_id].probe
                stream.write(msgspec.json.encode(sample) + b"\n")
    return Report({key: dict(sorted(value.items())) for key, value in counts.items()}, dict(drops), examples, coverage)


def _coverage(context: Context, orders: Iterable[Order]) -> dict[str, int]:
    asked = {item.fact.element for item in orders}
    public = [element for element in context.elements if context.is_offered(element)]
    return {
        "public elements": len(public),
        "public elements asked about": sum(1 for element in public if element.id in asked),
        "elements": len(context.elements),
        "elements asked about": sum(1 for element in context.elements if element.id in asked),
        "files": len(context.path_is_test) + len(context.unreadable),
        "test files": sum(context.path_is_test.values()),
        "unreadable paths": len(context.unreadable),
    }


class _Spill:
    """Encoded samples on disk, found again by id; removed on leaving."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0
        self._decoder = msgspec.json.Decoder(Sample)

    def __enter__(self) -> _Spill:
        self._stream = self.path.open("w+b")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def add(self, encoded: bytes, row: Row) -> None:
        """Keep one proven sample; a second one with the same id is the same sample."""
        if row.id in self._places:
            return
        self.rows.append(row)
        self._places[row.id] = (self._end, len(encoded))
        self._stream.write(encoded)
        self._end += len(encoded)

    def read(self, sample_id: str) -> Sample:
        """The sample `sample_id`."""
        start, size = self._places[sample_id]
        self._stream.seek(start)
        return self._decoder.decode(self._stream.read(size))
