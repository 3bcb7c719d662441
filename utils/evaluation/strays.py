"""What an answer names beside the point: places and elements that neither the question nor its claims speak of.

The claims made say how much of an answer is right; without this, who lists the whole repository would say it all, and
who tells of another function in the right file would be right as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from utils.evaluation.claims import Scope
from utils.evaluation.known_names import CheckedMention
from utils.evaluation.reading import Reading
from utils.records import REPOSITORY_SUBJECTS, Claim


class Strays(NamedTuple):
    """`paths` and `names` that have nothing to do with what was asked."""

    paths: frozenset[str]
    names: frozenset[str]

    def __len__(self) -> int:
        return len(self.paths) + len(self.names)


def find_strays(mentions: Sequence[CheckedMention], claims: Sequence[Claim], reference: str, scope: Scope) -> Strays:
    """Of what the answer names of its own accord (`mentions`): all that is no part of the claims or the reference.

    What stands in the source of a claim's subject belongs to it, and so does its file. Names that exist but are not the
    repository's own (Python's, a library's, a local variable's) say nothing about it.
    """
    subjects = {claim.subject for claim in claims if claim.kind not in REPOSITORY_SUBJECTS}
    told = [reference, *(f"{claim.subject} {claim.value}" for claim in claims)]
    told += [scope.known.code_of(subject) for subject in subjects]
    told += [scope.known.path_of(name) for name in subjects | {str(claim.value) for claim in claims}]
    belongs = Reading("\n".join(told))
    strays = [
        mention
        for mention in mentions
        if not belongs.says_text(mention.text.removeprefix("self.").removeprefix("cls."))
        and (mention.kind == "path" or not mention.exists or scope.known.is_element(mention.text))
    ]
    return Strays(
        frozenset(mention.text for mention in strays if mention.kind == "path"),
        frozenset(mention.text for mention in strays if mention.kind == "symbol"),
    )
