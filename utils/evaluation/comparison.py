"""Asks every system every question and grades what they say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from utils.config_manager import Config
from utils.console import progress
from utils.evaluation.answering import Answer, Answerer
from utils.evaluation.cache import AnswerCache
from utils.evaluation.grading import Asked, grade
from utils.evaluation.known_names import KnownNames
from utils.evaluation.questions import Question
from utils.evaluation.results import SYSTEMS, Result, SystemAnswer
from utils.evaluation.retrieval import Retriever, build_chunks, read_documents, with_excerpts
from utils.records import Analysis, CodeElement, Message


class Speed(msgspec.Struct):
    """How fast one system answered; answers kept from an earlier run took no time and are not in `answers`."""

    answers: int
    kept: int
    seconds: float
    answers_per_second: float | None
    tokens_per_second: float | None


class Repository:
    """What grading and retrieval know of the repository: 01's records and the documents as they still are."""

    def __init__(self, root: Path, analysis: Analysis, elements: Sequence[CodeElement]) -> None:
        self.analysis = analysis
        self.elements = elements
        self.documents = read_documents(root, analysis)
        self.known = KnownNames(analysis, elements, self.documents.values())


def answers_kept(config: Config) -> Path:
    """The file that keeps all answers given so far."""
    return config.output_dir / "cache" / "answers.jsonl"


def ask_all(
    answerer: Answerer, prompts: Sequence[Sequence[Message]], cache: AnswerCache, label: str, again: bool
) -> tuple[list[Answer], Speed]:
    """One answer per prompt, in order; kept ones are not asked for again unless `again`."""
    found: dict[int, Answer] = {}
    fresh = tokens = 0
    started = time.monotonic()
    for index, answer, kept in progress(
        cache.ask(answerer, prompts, again), f"asking {label}", total=len(prompts), unit="answer"
    ):
        found[index] = answer
        if not kept:
            fresh, tokens = fresh + 1, tokens + answer.tokens
    seconds = time.monotonic() - started
    speed = Speed(
        answers=fresh,
        kept=len(found) - fresh,
        seconds=round(seconds, 2),
        answers_per_second=round(fresh / seconds, 2) if fresh else None,
        tokens_per_second=round(tokens / seconds, 1) if fresh else None,
    )
    return [found[index] for index in range(len(prompts))], speed


def retrieval_prompts(
    config: Config, questions: Sequence[Question], repository: Repository, base: Answerer
) -> tuple[list[list[Message]], list[list[str]]]:
    """The questions with the best excerpts of the source before them, and where those come from.

    The prompt leaves room for the answer in the model's context.
    """
    settings = config.evaluation.retrieval
    retriever = Retriever(build_chunks(repository.analysis, repository.elements, repository.documents))
    budget = settings.max_prompt_tokens
    if base.context is not None:
        budget = min(budget, base.context - config.evaluation.max_new_tokens)
    prompts, sources = [], []
    for question in progress(questions, "retrieving source", unit="question"):
        found = retriever.search(question.text, settings.chunks)
        prompt, used = with_excerpts(question.messages, found, question.language, base.prompt_tokens, budget)
        prompts.append(prompt)
        sources.append([f"{chunk.path}:{chunk.first}-{chunk.last}" for chunk in used])
    return prompts, sources


def grade_all(
    questions: Sequence[Question],
    answers: dict[str, list[Answer]],
    excerpts: Sequence[Sequence[str]],
    known: KnownNames,
) -> list[Result]:
    """Every question with every system's answer and its marks."""
    results = []
    for index, question in enumerate(progress(questions, "grading", unit="question")):
        asked = Asked(question.text, question.fact, question.task, question.claims, question.reference or "")
        graded = {
            system: SystemAnswer(
                text=given[index].text,
                tokens=given[index].tokens,
                finished=given[index].finished,
                grade=grade(asked, given[index].text, known),
                excerpts=list(excerpts[index]) if system == "retrieval" else [],
            )
            for system, given in answers.items()
        }
        results.append(Result(question, graded))
    return results


def compare(
    config: Config,
    questions: Sequence[Question],
    repository: Repository,
    base: Answerer,
    finetuned: Answerer,
    again: bool,
) -> tuple[list[Result], dict[str, Any], dict[str, Any]]:
    """The graded results, the speed of each system, and the perplexity on general text before and after.

    One model is in memory at a time.
    """
    cache = AnswerCache(answers_kept(config))
    prompts = [question.messages for question in questions]
    answers: dict[str, list[Answer]] = {}
    speed: dict[str, Any] = {}
    excerpts: list[list[str]] = [[] for _ in questions]
    answers["base"], speed["base"] = ask_all(base, prompts, cache, "base", again)
    if config.evaluation.retrieval.enabled:
        retrieved, excerpts = retrieval_prompts(config, questions, repository, base)
        answers["retrieval"], speed["retrieval"] = ask_all(base, retrieved, cache, "base with retrieval", again)
    before = base.perplexity()
    base.close()
    answers["finetuned"], speed["finetuned"] = ask_all(finetuned, prompts, cache, "fine-tuned", again)
    after = finetuned.perplexity()
    finetuned.close()
    ordered = {name: answers[name] for name in SYSTEMS if name in answers}
    results = grade_all(questions, ordered, excerpts, repository.known)
    return results, speed, {"before": before, "after": after}
