"""What the verifier said of claims that may be left unsaid: calls, and the summaries of docstrings.

It refutes a call where each place that could make it resolves to something else, and is undecided where it cannot tell
(the receiver's type is unknown to it, a function comes out of a container). Neither is said. The verifier's
own reading ends somewhere, too: on eleven packages it refuted up to 7 % of the analysis's calls and was undecided on up
to 11 %, on networkx with its generated wrappers 19 % and 44 %. Single ones prove nothing against the analysis; a wrong
one shows in their share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from utils.console import UserError

Verdict = Literal["confirmed", "undecided", "refuted"]
Judged = tuple[str, str, Verdict]  # kind of claim, what it says, the verdict

MOST_REFUTED = 0.25  # of the claims of one kind; calls that are drawn by lot are refuted in 57 to 83 % of cases
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

    def refuse_unproven(self) -> None:
        """Raise a `UserError` where more claims of a kind than is borne are refuted or undecided."""
        for kind in sorted(self._kinds):
            total = sum(len(self._claims[kind, verdict]) for verdict in ("confirmed", "undecided", "refuted"))
            limits: tuple[tuple[Verdict, float], ...] = ("refuted", MOST_REFUTED), ("undecided", MOST_UNDECIDED)
            for verdict, share in limits:
                found = self._claims[kind, verdict]
                if total >= FEW_CLAIMS and len(found) > share * total:
                    raise UserError(
                        f"{len(found)} of {total} claims of the kind `{kind}` are {verdict} (first: {min(found)}), so "
                        f"the analysis cannot be trusted; leave the code that hands functions around out with "
                        f"repository.exclude and run scripts/01_analyze_repo.py and this step again"
                    )
