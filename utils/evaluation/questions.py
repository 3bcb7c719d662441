"""What is asked: 02's test set, or a file of the user's own questions."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from utils.console import UserError, relative
from utils.records import Claim, Evidence, Message, Sample, read_jsonl

OWN = "own_question"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Question(msgspec.Struct):
    """One question with all that grading needs. `reference` is null and `claims` empty where a user gave none."""

    id: str
    task: str
    language: str
    direction: str | None
    probe: str | None
    fact: str
    wording: str | None
    messages: list[Message]
    reference: str | None
    claims: list[Claim]
    evidence: list[Evidence]

    @property
    def text(self) -> str:
        """What the user asks last."""
        return self.messages[-1].content


class OwnQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """One line of a user's file, the short form."""

    question: str
    claims: list[Claim] = []
    reference: str | None = None


def from_sample(sample: Sample) -> Question:
    """A row of test.jsonl: all messages but the last are asked, the last is the reference."""
    *asked, answer = sample.messages
    data = sample.metadata
    return Question(
        id=data.id,
        task=data.task,
        language=data.language,
        direction=data.direction,
        probe=data.probe,
        fact=data.fact,
        wording=data.wording,
        messages=asked,
        reference=answer.content,
        claims=data.claims,
        evidence=data.evidence,
    )


def read_test_set(path: Path) -> list[Question]:
    """The questions of 02's test.jsonl."""
    return [from_sample(sample) for sample in read_jsonl(path, Sample)]


def read_own_questions(path: Path) -> list[Question]:
    """A user's questions, one JSON object per line: {"question", "claims"?, "reference"?} or a row as 02 writes it.

    Raises `UserError` naming the first line that is neither.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # a string may hold what else ends a line in Unicode
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the questions in {path} cannot be read: {error}") from None
    questions = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            questions.append(_own(line, number, path))
    if not questions:
        raise UserError(f"{relative(path)} holds no question; write one JSON object per line, e.g. " + EXAMPLE)
    return questions


SHAPES: dict[str, tuple[Any, str]] = {
    "at_line": (int, "a number"),
    "spans": (tuple[int, int], "[first line, last line]"),
    "count": (tuple[str, int], "[what, how many]"),
    "quotes": (tuple[int, int, str], "[first line, last line, text]"),
}
"""Of a claim's value, where it is more than a string, and how a user is told of it."""
EXAMPLE = '{"question": "Where is f defined?"}'


def _check(claims: Sequence[Claim]) -> None:
    """Raise `ValueError` for a claim whose value is not of the shape its kind has."""
    for claim in claims:
        kind, shown = SHAPES.get(claim.kind, (str, "a string"))
        try:
            msgspec.convert(claim.value, kind)
        except msgspec.ValidationError:
            raise ValueError(f"the value of a claim {claim.kind} is {shown}, not {claim.value!r}") from None


def _own(line: str, number: int, path: Path) -> Question:
    try:
        row: Any = msgspec.json.decode(line)
        if isinstance(row, dict) and "messages" in row:
            sample = msgspec.convert(row, Sample)
            _check(sample.metadata.claims)
            if [message.role for message in sample.messages[-2:]] != ["user", "assistant"]:
                raise ValueError("its messages do not end with a question and its answer")
            return from_sample(sample)
        own = msgspec.convert(row, OwnQuestion)
        _check(own.claims)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise UserError(
            f"{relative(path)} line {number} is no question ({error}); it should look like {EXAMPLE}"
        ) from None
    name = f"own/{number:04d}"
    return Question(
        id=name,
        task=OWN,
        language="zh" if _CHINESE.search(own.question) else "en",
        direction=None,
        probe=None,
        fact=f"own:{number}",
        wording=None,
        messages=[Message("user", own.question)],
        reference=own.reference,
        claims=own.claims,
        evidence=[],
    )


def limited(questions: list[Question], limit: int | None, seed: int) -> list[Question]:
    """A random `limit` of the questions, in their old order; all of them where there is no limit."""
    if limit is None or limit >= len(questions):
        return questions
    chosen = sorted(random.Random(seed).sample(range(len(questions)), limit))
    return [questions[index] for index in chosen]
