"""How often each fact is asked: equal exposures for public elements, the tasks in their shares, nothing by position.

Facts are stored by exposures in many wordings (Physics of Language Models 3.1, arXiv 2309.14316), and a budget per fact
covers them evenly where a budget per token does not (2404.00213). Every choice is made by a hash of (seed, fact, …), so
that one changed file leaves the rest of the selection as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from utils.generation.facts import Fact, rank
from utils.generation.families import FAMILIES
from utils.generation.templates import Voice
from utils.settings import GenerationSettings

TEST_SHARE = {"forward": 0.1, "reverse": 0.15}  # of a fact's exposures are asked in a wording kept for testing
LEAST_SCALE = 1 / 3  # exposures are cut to this part of samples_per_fact before whole elements are left out
MOST_SCALE = 4.0  # a task with few facts asks each up to this many times more often, to reach its share


class Order(NamedTuple):
    """`exposures` samples of one fact in one language are wanted."""

    fact: Fact
    language: str
    exposures: int


class Wording(NamedTuple):
    """Question and answer template of one sample, by index; `variant` varies the sentences inside."""

    question: int
    answer: int
    variant: int


def plan(facts: Iterable[Fact], settings: GenerationSettings, voices: Sequence[Voice], seed: int) -> list[Order]:
    """What to ask of these facts, within `max_samples` and in the shares of `settings`."""
    by_task: dict[str, list[Fact]] = {}
    for fact in facts:
        by_task.setdefault(fact.task, []).append(fact)
    for task_facts in by_task.values():
        task_facts.sort(key=lambda fact: (not fact.public, rank(seed, fact.element), fact.key))
    wanted = {task: sum(_wanted(fact, settings) for fact in found) for task, found in by_task.items()}
    budgets = _budgets(wanted, settings)
    orders: list[Order] = []
    for task, found in by_task.items():
        orders.extend(_orders(found, budgets.get(task, 0.0), wanted[task], settings, voices, seed))
    return orders


def wordings(order: Order, voice: Voice, seed: int) -> Iterator[Wording]:
    """The wordings of one order: kept-for-testing ones for about a tenth, then each training question once before any
    is asked again with another answer."""
    fact, language, exposures = order
    questions, answers = voice.questions[fact.family], voice.answers[fact.family]
    ranked = sorted(range(len(questions)), key=lambda index: rank(seed, fact.key, language, index))
    tests = [index for index in ranked if index in voice.tests[fact.family]]
    train = [index for index in ranked if index not in voice.tests[fact.family]]
    tested = min(
        _whole(exposures * TEST_SHARE[FAMILIES[fact.family].direction], seed, "test", fact.key, language), len(tests)
    )
    start = rank(seed, "answer", fact.key, language)
    chosen = tests[:tested]
    room = len(train) * len(answers)
    chosen += [train[number % len(train)] for number in range(min(exposures - tested, room))]
    for number, question in enumerate(chosen):
        shift = (number - tested) // len(train) if number >= tested else 0
        yield Wording(question, (start + question + shift) % len(answers), start % 1009 + number)


def _wanted(fact: Fact, settings: GenerationSettings) -> float:
    weight = FAMILIES[fact.family].weight
    return settings.samples_per_fact * weight * (1.0 if fact.public else settings.private_weight)


def _budgets(wanted: Mapping[str, float], settings: GenerationSettings) -> dict[str, float]:
    """Samples by task. The five original tasks share what relations and absent symbols leave."""
    shares = {task: share for task, share in settings.task_shares.items() if wanted.get(task)}
    most = settings.max_samples * (1 - settings.general_share)
    original = 1 - settings.relation_share - settings.absent_share
    five = min(most * original, sum(wanted[task] for task in shares))
    budgets = _fill(five, shares, {task: wanted[task] * MOST_SCALE for task in shares})
    for task, least in settings.minimum.items():
        if task in budgets:
            budgets[task] = max(budgets[task], min(least, wanted[task] * MOST_SCALE))
    total = sum(budgets.values()) / original
    for task, share in (("code_relation", settings.relation_share), ("absent_symbol", settings.absent_share)):
        budgets[task] = min(share * total, wanted.get(task, 0.0) * MOST_SCALE)
    return budgets


def _fill(total: float, shares: Mapping[str, float], most: Mapping[str, float]) -> dict[str, float]:
    """Divide `total` by `shares`; what a task cannot use (`most`) goes to the others."""
    given = dict.fromkeys(shares, 0.0)
    open_tasks = {task for task, share in shares.items() if share > 0}
    while open_tasks and total > 1e-6:
        weight = sum(shares[task] for task in open_tasks)
        parts = {task: min(total * shares[task] / weight, most[task] - given[task]) for task in open_tasks}
        for task, part in parts.items():
            given[task] += part
        total -= sum(parts.values())
        open_tasks = {task for task in open_tasks if given[task] < most[task] - 1e-6}
    return given


def _orders(
    facts: Sequence[Fact],
    budget: float,
    wanted: float,
    settings: GenerationSettings,
    voices: Sequence[Voice],
    seed: int,
) -> Iterator[Order]:
    scale = max(budget / wanted, LEAST_SCALE) if wanted else 0.0
    spent = 0.0
    for fact in facts:
        each = _wanted(fact, settings) * scale
        if spent + each > budget + 1e-6:
            return
        spent += each
        for voice in voices:
            exposures = _whole(each / len(voices), seed, "exposures", fact.key, voice.language)
            if exposures:
                yield Order(fact, voice.language, exposures)


def _whole(number: float, *key: object) -> int:
    """`number` rounded up or down by a hash of `key`, so that it is right on average and stable for each key."""
    return int(number + rank(*key) / 2**64)
