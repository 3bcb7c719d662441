"""Grades one answer by the claims of its question. No model judges, and no wording counts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from sacrebleu.metrics import CHRF

from utils.evaluation.claims import Scope, is_given, is_made, plain
from utils.evaluation.denial import denies
from utils.evaluation.known_names import CheckedMention, KnownNames
from utils.evaluation.reading import Reading, flatten
from utils.records import Claim, ClaimKind, split_fact

# What a question asks for, by family of facts. Its reference may say more, and how much depends on the wording drawn;
# only what was asked is required. Elsewhere place and kind are by the way, and required only where nothing else is.
ASKED: dict[str, frozenset[ClaimKind]] = {
    "location": frozenset({"defined_in"}),
    "line": frozenset({"at_line", "spans"}),
    "owner": frozenset({"defined_in", "contains"}),
    "file_of_two": frozenset({"defined_in"}),
    "present": frozenset({"defined_in"}),
    "call": frozenset({"defined_in", "has_parameter", "has_signature"}),
    "by_summary": frozenset({"documented_as"}),
    "by_signature": frozenset({"has_parameter", "has_signature"}),
}
PATH_TASKS = frozenset({"code_location", "absent_symbol"})
LISTED = frozenset({"code_location", "code_relation"})
OPEN = frozenset({"explain", "module_role"})  # "what is it?" asks for all of it
BY_THE_WAY: frozenset[ClaimKind] = frozenset({"defined_in", "at_line", "spans", "is_a"})
LINE_CLAIMS: frozenset[ClaimKind] = frozenset({"at_line", "spans"})
PROSE = "documented_as"
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")
_CHRF = CHRF()


class Verdict(msgspec.Struct):
    """One claim: whether it is required for the score, and whether the answer makes it."""

    claim: Claim
    required: bool
    made: bool


class Grade(msgspec.Struct):
    """One answer's marks; null where the question does not ask for it.

    `score`: share of the required claims made, 0..1. `exact`: all of them. `path`, `line`, `signature`: the answer
    gives exactly the claimed one and no other. `prose`: chrF (0..1, Popović 2015) of its best passage against the
    documented meaning, never part of the score. `denies`: it says that what was asked about does not exist.
    `scattered`: it names so much that nothing of it was said. `mentions`: what it names of its own accord.
    """

    score: float | None
    exact: bool | None
    path: bool | None
    line: bool | None
    signature: bool | None
    prose: float | None
    denies: bool
    scattered: bool
    verdicts: list[Verdict]
    mentions: list[CheckedMention]


class Asked(msgspec.Struct):
    """What grading needs of a question. `claims` is empty where a user gave none: such answers are not scored."""

    question: str
    fact: str
    task: str
    claims: list[Claim]


def grade(asked: Asked, answer: str, known: KnownNames) -> Grade:
    """Grade `answer`; the same arguments always give the same grade."""
    said, scope = Reading(answer), Scope(Reading(asked.question), known)
    required = required_claims(asked, scope)
    verdicts = [Verdict(claim, claim in required, is_made(claim, said, scope)) for claim in asked.claims]
    line = _line_is_exact(verdicts, said, scope)
    path = _path_is_exact(verdicts, said, scope) if asked.task in PATH_TASKS else None
    if asked.task == "code_location":
        # Who names five files has not said which one it is.
        wrong = {"defined_in"} if path is False else set()
        wrong |= LINE_CLAIMS if line is False else set()
        for verdict in verdicts:
            verdict.made = verdict.made and verdict.claim.kind not in wrong
    scattered = asked.task in LISTED and _is_scattered(verdicts, said, scope)
    if scattered:
        for verdict in verdicts:
            verdict.made = verdict.made and not verdict.required
    counted = [verdict.made for verdict in verdicts if verdict.required]
    signatures = [verdict.made for verdict in verdicts if verdict.claim.kind == "has_signature"]
    return Grade(
        score=sum(counted) / len(counted) if counted else None,
        exact=all(counted) if counted else None,
        path=path,
        line=line,
        signature=all(signatures) if signatures else None,
        prose=_prose(asked.claims, answer, scope),
        denies=denies(answer),
        scattered=scattered,
        verdicts=verdicts,
        mentions=known.check(said, scope.question),
    )


def required_claims(asked: Asked, scope: Scope) -> list[Claim]:
    """The claims that count: what was asked for and the question does not give away; prose is measured apart."""
    candidates = [claim for claim in asked.claims if claim.kind != PROSE or _is_quoted(claim, scope)]
    family = split_fact(asked.fact)[0]
    if family in ASKED:
        chosen = [claim for claim in candidates if claim.kind in ASKED[family]]
    elif family in OPEN:
        chosen = candidates
    else:
        chosen = [claim for claim in candidates if claim.kind not in BY_THE_WAY]
    chosen = chosen or [claim for claim in candidates if claim.kind != "is_a"] or candidates
    return [claim for claim in chosen if not is_given(claim, scope)] or chosen


def _is_quoted(claim: Claim, scope: Scope) -> bool:
    """True when the question gives the documented meaning, so that the claim asks for the name it belongs to."""
    return scope.question.says_text(str(claim.value))


def _path_is_exact(verdicts: Sequence[Verdict], said: Reading, scope: Scope) -> bool | None:
    """The paths it names, those of the question aside, are exactly the claimed ones; null where none is asked for."""
    claimed = {
        str(verdict.claim.value)
        for verdict in verdicts
        if verdict.required
        and verdict.claim.kind == "defined_in"
        and not scope.question.says_path(str(verdict.claim.value))
    }
    if not claimed:
        return None
    return all(said.says_path(path) for path in claimed) and said.paths - scope.question.paths <= claimed


def _is_scattered(verdicts: Sequence[Verdict], said: Reading, scope: Scope) -> bool:
    """It names more than three things for each one asked for: who lists the whole repository has not answered."""
    wanted = sum(verdict.required for verdict in verdicts)
    named = {mention.text for mention in scope.known.check(said, scope.question)}
    return len(named) > 3 * wanted + 6


def _line_is_exact(verdicts: Sequence[Verdict], said: Reading, scope: Scope) -> bool | None:
    """All claimed lines are said and no other line is; null where no line is asked for."""
    lines = [verdict for verdict in verdicts if verdict.claim.kind in LINE_CLAIMS]
    if not any(verdict.required for verdict in lines):
        return None
    allowed = {number for verdict in lines for number in _numbers(verdict.claim)}
    extra = {number for span in said.lines for number in span} - allowed
    extra -= {number for span in scope.question.lines for number in span}
    return all(verdict.made for verdict in lines if verdict.required) and not extra


def _numbers(claim: Claim) -> list[int]:
    return [int(number) for number in (claim.value if claim.kind == "spans" else [claim.value])]


def _prose(claims: Sequence[Claim], answer: str, scope: Scope) -> float | None:
    wanted = [flatten(str(claim.value)) for claim in claims if claim.kind == PROSE and not _is_quoted(claim, scope)]
    if not wanted:
        return None
    return sum(best_chrf(text, answer) for text in wanted) / len(wanted)


def best_chrf(wanted: str, answer: str) -> float:
    """chrF (0..1) of the passage of `answer` that comes closest: one to three of its sentences, or all of it."""
    flat = flatten(answer)
    if plain(wanted) in plain(flat):
        return 1.0
    sentences = [piece for piece in (flatten(piece) for piece in _SENTENCE.split(answer[:4000])) if piece][:40]
    passages = {" ".join(sentences[at : at + size]) for at in range(len(sentences)) for size in (1, 2, 3)}
    scores = [_CHRF.sentence_score(passage, [wanted]).score / 100 for passage in sorted(passages | {flat}) if passage]
    return float(max(scores, default=0.0))
