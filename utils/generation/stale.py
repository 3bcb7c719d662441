"""What an existing dataset says that no longer holds: its claims, proven again against a checkout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from utils.generation.collector import fewer_collections
from utils.generation.verify import Verifier
from utils.records import Sample, read_jsonl

SPLITS = ("train", "val", "test")


class Stale(NamedTuple):
    """One statement of one sample that the checkout no longer supports."""

    split: str
    id: str
    fact: str
    reason: str


class Reproof(NamedTuple):
    """How many samples were proven again, and what has gone stale, in file order."""

    samples: int
    stale: list[Stale]

    @property
    def stale_samples(self) -> int:
        """How many samples have at least one statement that no longer holds."""
        return len({(each.split, each.id) for each in self.stale})


@fewer_collections()
def reprove(dataset: Path, root: Path, name: str) -> Reproof:
    """Prove every claim of `dataset`'s samples against the checkout at `root`."""
    verifier = Verifier(root, name)
    samples = 0
    stale: list[Stale] = []
    for split in SPLITS:
        path = dataset / f"{split}.jsonl"
        for sample in read_jsonl(path, Sample) if path.is_file() else ():
            samples += 1
            stale.extend(_stale(split, sample, verifier))
    return Reproof(samples, stale)


def _stale(split: str, sample: Sample, verifier: Verifier) -> Iterator[Stale]:
    meta = sample.metadata
    for claim in meta.claims:
        if reason := verifier.prove(claim):
            yield Stale(split, meta.id, meta.fact, f"{claim.kind} of {claim.subject}: {reason}")
    for evidence in meta.evidence:
        if reason := verifier.prove_evidence(evidence):
            yield Stale(split, meta.id, meta.fact, reason)
