"""What of a sample decides its place in the split, and how things are chosen by a hash."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from utils.records import (
    ELEMENT_VALUES,
    PATH_SUBJECTS,
    PYTHON_SUFFIXES,
    REPOSITORY_SUBJECTS,
    Direction,
    Probe,
    Sample,
    Task,
    split_fact,
)

SplitName = Literal["train", "val", "test"]
Unit = tuple[str, str, str]
K = TypeVar("K", bound=str)
ABOUT_NO_ELEMENT = PATH_SUBJECTS | REPOSITORY_SUBJECTS


class Row(NamedTuple):
    """What of a sample decides its place.

    `tells` are the (element, path) pairs whose place its claims give away, `names` all elements that they are about.
    """

    id: str
    fact: str
    wording: str
    language: str
    task: Task
    direction: Direction
    question: str
    kept: bool
    tells: tuple[tuple[str, str], ...]
    names: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What the fact is about."""
        return split_fact(self.fact)[1]

    @property
    def unit(self) -> Unit:
        """What no two splits share."""
        return self.fact, self.wording, self.language


class Placement(NamedTuple):
    """`split` is null for a sample that is left out, and `reason` says why."""

    split: SplitName | None
    probe: Probe | None = None
    reason: str = ""


def row_of(sample: Sample, test_wordings: Collection[str]) -> Row:
    """The row of a sample; `test_wordings` are the wording ids that are never trained on."""
    told: dict[tuple[str, str], None] = {}
    named: dict[str, None] = {}
    for claim in sample.metadata.claims:
        if claim.kind not in ABOUT_NO_ELEMENT:
            named[claim.subject] = None
        if claim.kind in ELEMENT_VALUES:
            named[str(claim.value)] = None
        if claim.kind == "defined_in":
            told[claim.subject, str(claim.value)] = None
        elif claim.kind == "contains":
            told[str(claim.value), claim.subject] = None
    meta = sample.metadata
    question = "\n".join(message.content for message in sample.messages if message.role == "user")
    kept = meta.wording in test_wordings
    place = meta.fact, meta.wording, meta.language, meta.task, meta.direction
    return Row(meta.id, *place, question, kept, tuple(told), tuple(named))


def order(seed: int, sample_id: str) -> int:
    """The sort key of a sample inside its split: shuffled, and the same whatever else is there."""
    return rank(seed, "order", sample_id)


def leaks(placements: dict[str, Placement], rows: Iterable[Row]) -> list[str]:
    """What training gives away of what a test row asks; always empty, and checked before writing.

    That is a (fact, wording, language) that train shares with val or test, and the name of what train must not tell
    of: of an `unseen_fact` nowhere, of what is asked across languages not in the language of the question.
    """
    by_split: defaultdict[bool, set[Unit]] = defaultdict(set)
    named: defaultdict[str, set[str]] = defaultdict(set)
    asked: set[tuple[Probe, str, str]] = set()
    for row in rows:
        placed = placements[row.id]
        if placed.split is not None:
            by_split[placed.split == "train"].add(row.unit)
        if placed.split == "train":
            named[row.language].update(row.names)
        if placed.probe in ("unseen_fact", "cross_language"):
            asked.add((placed.probe, row.subject, row.language))
    told = {language: {outer for name in names for outer in outwards(name)} for language, names in named.items()}
    found = {" ".join(unit) for unit in by_split[True] & by_split[False]}
    for probe, subject, language in asked:
        where = told if probe == "unseen_fact" else {language} & told.keys()
        found.update(f"{subject} {probe} {each}" for each in where if subject in told[each])
    return sorted(found)


@lru_cache(maxsize=65536)
def outwards(name: str) -> tuple[str, ...]:
    """A dotted name and all that it lies in: `a.B.c`, `a.B`, `a`."""
    outer = name.rpartition(".")[0]
    return (name, *outwards(outer)) if outer else (name,)


def units(paths: dict[str, str]) -> dict[str, str]:
    """Element → the top-level definition it is or lies in; modules are not among them."""
    definitions = {element for element, path in paths.items() if not _is_module(element, path)}
    found: dict[str, str] = {}
    for element in definitions:
        unit = element
        outer = element.rpartition(".")[0]
        while outer in definitions:
            unit, outer = outer, outer.rpartition(".")[0]
        found[element] = unit
    return found


def _is_module(element: str, path: str) -> bool:
    if not path.endswith(PYTHON_SUFFIXES):
        return True
    dotted = path.removesuffix(".py").removesuffix(".pyw").removesuffix("/__init__").replace("/", ".")
    return dotted == element or dotted.endswith("." + element)


def rank(*parts: object) -> int:
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def lowest(rows: Mapping[K, int], places: Mapping[K, float], share: float, least: int, most: float) -> set[K]:
    """The keys whose place in [0, 1) is below `share`, and the next ones until they have `least` rows together; of all
    keys at most the part `most`. A key that comes or goes moves only those at the edge."""
    chosen: set[K] = set()
    found = 0
    for key in sorted(rows, key=lambda key: (places[key], key)):
        if places[key] >= share and (found >= least or len(chosen) >= most * len(rows)):
            break
        chosen.add(key)
        found += rows[key]
    return chosen
