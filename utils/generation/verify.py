"""The verifier: no sample is written unless every claim it makes is proven here, against the source itself.

It re-reads the repository by its own means (utils/generation/proof) and shares no code with the analysis.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import msgspec

from utils.generation.coverage import uncovered
from utils.generation.proof.claims import prove
from utils.generation.proof.general import StandardLibrary
from utils.generation.proof.relations import judge_calls, judge_decorates, judge_raised_by
from utils.generation.proof.resolve import Repository
from utils.generation.proof.values import Verdict
from utils.records import Claim, Evidence, Sample

_ENCODE = msgspec.json.Encoder().encode


class Verifier:
    """Proves claims about the checkout at `root`, which questions call `name`. Answers are remembered per claim."""

    def __init__(self, root: Path, name: str) -> None:
        self.repository = Repository(root, name)
        self.name = name
        self._proven: dict[bytes, str | None] = {}

    def prove(self, claim: Claim) -> str | None:
        """None when the claim is proven, else why not, in a few words."""
        key = _ENCODE(claim)
        if key not in self._proven:
            self._proven[key] = self._prove(claim)
        return self._proven[key]

    def _prove(self, claim: Claim) -> str | None:
        if claim.kind == "general":
            return self._library.prove(claim.subject, str(claim.value))
        return prove(self.repository, claim)

    def verdict(self, claim: Claim) -> Verdict:
        """Proven; undecided where the reading of a name cannot tell either way; else refuted."""
        if claim.kind == "calls":
            return judge_calls(self.repository, claim.subject, str(claim.value))
        if claim.kind == "called_by":
            return judge_calls(self.repository, str(claim.value), claim.subject)
        if claim.kind == "decorates":
            return judge_decorates(self.repository, claim.subject, str(claim.value))
        if claim.kind == "raised_by":
            return judge_raised_by(self.repository, claim.subject, str(claim.value))
        return "proven" if self.prove(claim) is None else "refuted"

    @cached_property
    def _library(self) -> StandardLibrary:
        return StandardLibrary()

    def prove_evidence(self, evidence: Evidence) -> str | None:
        """None when the lines that a sample points at are there."""
        lines = self.repository.sources.lines(evidence.path)
        if lines is None or not 1 <= evidence.start_line <= evidence.end_line <= len(lines):
            return f"{evidence.path} has no lines {evidence.start_line}-{evidence.end_line}"
        return None

    def check(self, sample: Sample) -> list[str]:
        """Every reason why the sample may not be written, as `kind: what`.

        Claims that are not proven, evidence that is not there, and what the answer says that no claim covers.
        """
        reasons = [
            f"{claim.kind}: {reason}" for claim in sample.metadata.claims if (reason := self.prove(claim)) is not None
        ]
        reasons += [f"evidence: {reason}" for each in sample.metadata.evidence if (reason := self.prove_evidence(each))]
        return reasons + [f"unclaimed: {each}" for each in uncovered(sample, self.name)]
