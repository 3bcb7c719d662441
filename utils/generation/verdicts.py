"""What the verifier said of claims that may be left unsaid: calls, and the summaries of docstrings.

A claim that the verifier refutes shows a wrong analysis and counts as a failed proof. One that it can neither confirm
nor refute (the receiver's type is unknown to it, a function comes out of a container) is left unsaid; when that
happens to too many claims of a kind, the proofs no longer guard them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from utils.console import UserError

Verdict = Literal["confirmed", "undecided", "refuted"]
Judged = tuple[str, str, Verdict]  # kind of claim, what it says, the verdict

MOST_UNDECIDED = 0.5  # of the claims of one kind; mixins and views behind registries reach .15
FEW_CLAIMS = 50  # below this a share says nothing


class Verdicts:
    """The verdicts of all processes; each claim counts once, however often it was asked about."""

    def __init__(self) -> None:
        self._claims: defaultdict[tuple[str, Verdict], set[str]] = defaultdict(set)
        self._kinds: set[str] = set()

    def add(self, judged: Iterable[Judged]) -> None:
        """Take over what one process judged."""
        for kind, text, verdict in judged:
            self._claims[kind, verdict].add(text)
            self._kinds.add(kind)

    def claims(self, verdict: Verdict) -> list[str]:
        """What was judged so, sorted."""
        return sorted(text for (_, found), texts in self._claims.items() if found == verdict for text in texts)

    def refuse_undecided(self) -> None:
        """Raise a `UserError` where the verifier could not follow more than `MOST_UNDECIDED` of a kind of claims."""
        for kind in sorted(self._kinds):
            undecided = self._claims[kind, "undecided"]
            total = sum(len(self._claims[kind, verdict]) for verdict in ("confirmed", "undecided", "refuted"))
            if total >= FEW_CLAIMS and len(undecided) > MOST_UNDECIDED * total:
                raise UserError(
                    f"the verifier could follow neither way {len(undecided)} of {total} claims of the kind `{kind}` "
                    f"(first: {min(undecided)}), so too little of the analysis is proven; leave the code that hands "
                    f"functions around out with repository.exclude and run scripts/01_analyze_repo.py again"
                )
