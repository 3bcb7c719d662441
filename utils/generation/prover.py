"""Compose and prove samples, over several processes; the order of the results is that of the orders."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from utils.cores import cores
from utils.generation.budget import Order
from utils.generation.compose import compose
from utils.generation.facts import Context
from utils.generation.rows import Row, row_of
from utils.generation.secrets import Secrets, scan_lines
from utils.generation.templates import Voice
from utils.generation.verdicts import Judged
from utils.generation.verify import Verifier
from utils.records import Sample
from utils.settings import GenerationSettings

CHUNK = 64  # orders handed to a process at once
FEW_ORDERS = 200  # below this a second process costs more than it saves

_ENCODE = msgspec.json.Encoder().encode


class Outcome(NamedTuple):
    """One proven sample (`encoded`, `row`), or why it was dropped, or verdicts on claims that may be left unsaid."""

    encoded: bytes
    row: Row | None
    reason: str = ""
    detail: str = ""
    judged: tuple[Judged, ...] = ()

    @property
    def is_failure(self) -> bool:
        """True where a claim was refuted; other drops are choices."""
        return self.reason.startswith("proof")


class Prover:
    """Everything a process needs to turn orders into proven samples."""

    def __init__(
        self,
        verifier: Verifier,
        context: Context,
        voices: Sequence[Voice],
        settings: GenerationSettings,
        seed: int,
    ) -> None:
        self.verifier = verifier
        self.voices = {voice.language: voice for voice in voices}
        self.settings = settings
        self.seed = seed
        self.commit = context.analysis.provenance.commit
        self.context = context
        context.verifier = verifier
        self._told: set[tuple[str, str]] = set()
        self.secrets = Secrets(())
        self.test_wordings = frozenset(
            f"{family}/{voice.language}/{index:02d}"
            for voice in voices
            for family, tests in voice.tests.items()
            for index in tests
        )

    def scan(self, paths: Iterable[str]) -> None:
        """Find the credentials in these files of the checkout; samples that would tell one are dropped or redacted."""
        sources = self.verifier.repository.sources
        found = (secret for path in paths for secret in scan_lines(path, sources.lines(path) or []))
        self.secrets = Secrets(found, self.context.all.values())

    def taken_over(self, samples: Iterable[Sample]) -> Iterator[Outcome]:
        """Samples that need no proof of this repository."""
        for sample in samples:
            yield Outcome(_ENCODE(sample), row_of(sample, self.test_wordings))

    def outcomes(self, order: Order) -> Iterator[Outcome]:
        """The samples of one order, each proven or dropped; the last one brings what was judged on the way."""
        made = [self._outcome(sample) for sample in self._composed(order)]
        if fresh := self.context.judged.keys() - self._told:
            self._told |= fresh
            judged = tuple((*claim, self.context.judged[claim]) for claim in sorted(fresh))
            made = [*made[:-1], (made[-1] if made else Outcome(b"", None))._replace(judged=judged)]
        self.context.judged.clear()
        yield from made

    def _composed(self, order: Order) -> Iterator[Sample]:
        return compose(order, self.voices[order.language], self.seed, self.settings.reasoning, self.commit)

    def _outcome(self, sample: Sample) -> Outcome:
        if reasons := self.verifier.check(sample):
            kind = reasons[0].partition(":")[0]
            return Outcome(b"", None, f"proof: {kind}", f"{sample.metadata.fact}: {reasons[0]}")
        if self.secrets.found and self.secrets.told_by(sample):
            if self.settings.secrets == "drop":
                return Outcome(b"", None, "secret: dropped", sample.metadata.fact)
            sample = self.secrets.redact(sample)
        return Outcome(_ENCODE(sample), row_of(sample, self.test_wordings))


_shared: tuple[Prover, Sequence[Order], Callable[[], list[Sample]]] | None = None


def prove_all(
    prover: Prover, orders: Sequence[Order], general: Callable[[], list[Sample]], workers: int | None = None
) -> Iterator[Outcome]:
    """The outcomes of all orders, in order, by `workers` processes (null: one per core); then those of `general`.

    General samples are true by construction, so they are not proven here; making them takes a process a few seconds
    in which the others go on.
    """
    global _shared
    count = workers or cores()
    ordered = sorted(orders, key=lambda order: (order.fact.element, order.fact.key, order.language))
    if count < 2 or len(ordered) < FEW_ORDERS or "fork" not in multiprocessing.get_all_start_methods():
        for order in ordered:
            yield from prover.outcomes(order)
        yield from prover.taken_over(general())
        return
    _shared = (prover, ordered, general)
    starts = range(0, len(ordered), CHUNK)
    try:
        with multiprocessing.get_context("fork").Pool(count) as pool:
            known = pool.apply_async(_make_general)
            for outcomes in pool.imap(_prove_chunk, starts):
                yield from outcomes
            yield from known.get()
    finally:
        _shared = None


def _make_general() -> list[Outcome]:
    assert _shared is not None
    prover, _, general = _shared
    return list(prover.taken_over(general()))


def _prove_chunk(start: int) -> list[Outcome]:
    assert _shared is not None
    prover, orders, _ = _shared
    return [outcome for order in orders[start : start + CHUNK] for outcome in prover.outcomes(order)]
