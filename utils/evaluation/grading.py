"""Grades one answer by the claims of its question. No model judges, and no wording counts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from sacrebleu.metrics import CHRF

from utils.evaluation.claims import Scope, is_given, is_made, plain
from utils.evaluation.denial import affirmed, denies
from utils.evaluation.known_names import CheckedMention, KnownNames
from utils.evaluation.reading import Reading, flatten
from utils.evaluation.strays import Strays, find_strays
from utils.records import ELEMENT_VALUES, PATH_SUBJECTS, REPOSITORY_SUBJECTS, Claim, ClaimKind, split_fact

# What a question asks for, by family of facts. Its reference may say more, and how much depends on the wording drawn;
# only what was asked is required. Elsewhere place and kind are by the way, and required only where nothing else is.
ASKED: dict[str, frozenset[ClaimKind]] = {
    "location": frozenset({"defined_in"}),
    "line": frozenset({"at_line", "spans"}),
    "owner": frozenset({"defined_in", "contains"}),
    "file_of_two": frozenset({"defined_in"}),
    "present": frozenset({"defined_in"}),
    "call": frozenset({"defined_in", "has_parameter", "has_signature"}),
    "import": frozenset({"defined_in"}),  # any import that works will do: see `_is_imported`
    "by_summary": frozenset({"documented_as"}),
    "by_signature": frozenset({"has_parameter", "has_signature"}),
}
PATH_TASKS = frozenset({"code_location", "absent_symbol"})
OPEN = frozenset({"explain", "module_role"})  # "what is it?" asks for all of it
BY_THE_WAY: frozenset[ClaimKind] = frozenset({"defined_in", "at_line", "spans", "is_a"})
LINE_CLAIMS: frozenset[ClaimKind] = frozenset({"at_line", "spans"})
GENERAL = "general_knowledge"
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
    `strays`: what it names beside the point; `scattered`: so much of it that nothing was said. `mentions`: all that it
    names of its own accord.
    """

    score: float | None
    exact: bool | None
    path: bool | None
    line: bool | None
    signature: bool | None
    prose: float | None
    denies: bool
    strays: list[str]
    scattered: bool
    verdicts: list[Verdict]
    mentions: list[CheckedMention]


class Asked(msgspec.Struct):
    """What grading needs of a question. `claims` is empty where a user gave none: such answers are not scored.

    `reference`: what it names beside its claims is not beside the point.
    """

    question: str
    fact: str
    task: str
    claims: list[Claim]
    reference: str = ""


def grade(asked: Asked, answer: str, known: KnownNames) -> Grade:
    """Grade `answer`; the same arguments always give the same grade."""
    said, scope = Reading(affirmed(answer)), Scope(Reading(asked.question), known)
    required = required_claims(asked, scope)
    denied = denies(answer, _subjects(asked, scope))
    verdicts = [
        Verdict(claim, claim in required, denied if claim.kind == "absent" else is_made(claim, said, scope))
        for claim in asked.claims
    ]
    strays = _strays(asked, required, known.check(said, scope.question), scope)
    line = _line_is_exact(verdicts, said, scope)
    path = _path_is_exact(verdicts, said, scope) if asked.task in PATH_TASKS else None
    undone = _undone(asked, required, said, scope, strays)
    undone |= {"defined_in"} if path is False else set()
    undone |= LINE_CLAIMS if line is False and asked.task == "code_location" else set()
    scattered = len(strays) > len(required) + 1
    contradicted = denied and asked.task != GENERAL and not any(claim.kind == "absent" for claim in required)
    nothing = scattered or contradicted
    for verdict in verdicts:
        verdict.made = verdict.made and verdict.claim.kind not in undone and not (nothing and verdict.required)
    counted = [verdict.made for verdict in verdicts if verdict.required]
    listed = any(claim.kind in ELEMENT_VALUES for claim in required)
    signatures = [verdict.made for verdict in verdicts if verdict.claim.kind == "has_signature"]
    return Grade(
        score=sum(counted) / len(counted) if counted else None,
        exact=all(counted) and not (listed and strays) if counted else None,
        path=None if path is None else path and not nothing,
        line=None if line is None else line and not nothing,
        signature=all(signatures) if signatures else None,
        prose=_prose(asked.claims, answer, scope),
        denies=denied,
        strays=sorted(strays.paths | strays.names),
        scattered=scattered,
        verdicts=verdicts,
        mentions=known.check(Reading(answer), scope.question),
    )


def _subjects(asked: Asked, scope: Scope) -> set[str]:
    """The names of what was asked about: the absent one and those of its parts that do not exist either, or all that
    the question names and its claims are about.
    """
    absent = {str(claim.value) for claim in asked.claims if claim.kind == "absent"}
    if absent:
        parts = {part for name in absent for part in name.split(".")}
        return absent | {part for part in parts if not scope.known.has_symbol(part)}
    about = {claim.subject for claim in asked.claims if claim.kind not in REPOSITORY_SUBJECTS}
    about |= {name.rpartition(".")[2] for name in about if "/" not in name}
    return about | scope.question.names | scope.question.paths


def _strays(asked: Asked, required: Sequence[Claim], mentions: Sequence[CheckedMention], scope: Scope) -> Strays:
    """None where anything may be named: general knowledge, and the near misses of what is absent."""
    if asked.task == GENERAL or not required or any(claim.kind == "absent" for claim in required):
        return Strays(frozenset(), frozenset())
    return find_strays(mentions, asked.claims, asked.reference, scope)


def _undone(asked: Asked, required: Sequence[Claim], said: Reading, scope: Scope, strays: Strays) -> set[str]:
    """Kinds of claims that the answer does not make although it says their values.

    Who names another place as well has not said which one it is; who speaks of another element, and not of the one
    in question, has said nothing of that.
    """
    kinds = {claim.kind for claim in required}
    undone: set[str] = {"defined_in"} if strays.paths or not _is_imported(asked, said, scope) else set()
    if any(scope.known.is_element(name) for name in strays.names):
        subjects = {claim.subject for claim in required if claim.kind not in REPOSITORY_SUBJECTS | PATH_SUBJECTS}
        named = {name for name in scope.question.names if scope.known.is_element(name)}
        if named and not any(said.says_text(name) for name in named | subjects):
            undone |= kinds - ELEMENT_VALUES
    return undone


def _is_imported(asked: Asked, said: Reading, scope: Scope) -> bool:
    """False where an import was asked for and the answer gives none that works: the file's path alone is no import."""
    family, element = split_fact(asked.fact)
    if family != "import":
        return True
    if said.imported:
        return any(scope.known.can_import(brought, element) for brought in said.imported)
    return any(scope.known.path_of_module(name) == scope.known.path_of(element) for name in said.names)


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
