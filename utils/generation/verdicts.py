"""What the verifier said of claims that may be left unsaid: calls, and the summaries of docstrings.

A claim is *refuted* where the source contradicts it: each place that could make a call resolves to something else. That
is a failed proof, for then the analysis is wrong. It is *undecided* where the verifier's reading ends: a receiver whose
class nothing tells, a function out of a registry. Neither is said; what is undecided is counted with its reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from utils.generation.verify import Verdict

Judged = tuple[str, str, Verdict]  # kind of claim, what it says, the verdict


class Verdicts:
    """The verdicts of all processes; each claim counts once, however often it was asked about."""

    def __init__(self) -> None:
        self._claims: defaultdict[Verdict, set[str]] = defaultdict(set)

    def add(self, judged: Iterable[Judged]) -> None:
        """Take over what one process judged."""
        for _, text, verdict in judged:
            self._claims[verdict].add(text)

    def claims(self, verdict: Verdict) -> list[str]:
        """What was judged so, sorted."""
        return sorted(self._claims[verdict])

    def remark(self) -> str:
        """How far the verifier's reading of what may be left unsaid went; empty where it was asked nothing."""
        counts = {verdict: len(claims) for verdict, claims in self._claims.items() if claims}
        total = sum(counts.values())
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items()))
        return f"{total:,} calls and docstring summaries were judged: {told}" if total else ""
