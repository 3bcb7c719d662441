"""answers.jsonl: every question with every answer and all its marks; the report can be computed again from it."""

from __future__ import annotations

import re

import msgspec

from utils.evaluation.grading import Grade
from utils.evaluation.questions import Question
from utils.records import split_fact

SYSTEMS = ("base", "finetuned", "retrieval")
CONTROL = "unseen_fact"
EXISTING = "existing_symbol"
TABLE = {
    "overall": None,
    "code_location": ("code_location",),
    "code_understanding": ("code_explanation", "api_usage", "code_relation", "design_proposal"),
    "project_overview": ("project_overview",),
    "general_knowledge": ("general_knowledge",),
}
"""The rows of the original's table, and the tasks each is made of (null: all)."""


class SystemAnswer(msgspec.Struct):
    """One system's answer. `excerpts`: the retrieved source in its prompt (`path:first-last`)."""

    text: str
    tokens: int
    finished: bool
    grade: Grade
    excerpts: list[str] = []


class Result(msgspec.Struct):
    """One line of answers.jsonl."""

    question: Question
    answers: dict[str, SystemAnswer]

    @property
    def is_control(self) -> bool:
        """True where the answer cannot be known: such questions show what is guessed and count for nothing else."""
        return self.question.probe == CONTROL

    @property
    def subject(self) -> str:
        """What its fact is about: an element, a file, a name. Of two that are told together, the first.

        Questions about one subject stand or fall together; statistics take them as one cluster.
        """
        family, subject = split_fact(self.question.fact)
        return re.split("[>+]", subject)[0] or family

    @property
    def task(self) -> str:
        """The question's task; the real twins of absent symbols, asked in the same words, are a row of their own."""
        if self.question.task == "absent_symbol" and not self.asks_absent:
            return EXISTING
        return self.question.task

    @property
    def probe(self) -> str | None:
        """The question's probe, the real twins of absent symbols apart."""
        return EXISTING if self.task == EXISTING and self.question.probe == "absent_symbol" else self.question.probe

    @property
    def asks_absent(self) -> bool:
        """True where the right answer says that there is no such thing."""
        return any(claim.kind == "absent" for claim in self.question.claims)

    @property
    def is_scored(self) -> bool:
        """True where there are claims to grade by."""
        return all(answer.grade.score is not None for answer in self.answers.values())

    def score(self, system: str) -> float:
        """Share of the required claims that the system's answer makes."""
        value = self.answers[system].grade.score
        assert value is not None, "only scored results have scores"
        return value

    def exact(self, system: str) -> bool:
        """True when it makes all of them."""
        return bool(self.answers[system].grade.exact)


def change(result: Result) -> str:
    """From base to fine-tuned: gained, lost, right (both), wrong (neither) or ungraded."""
    if not result.is_scored:
        return "ungraded"
    before, after = result.exact("base"), result.exact("finetuned")
    return {(False, True): "gained", (True, False): "lost", (True, True): "right"}.get((before, after), "wrong")
