"""How often each fact is asked: shares, equal exposures, and stability when something else changes."""

from __future__ import annotations

from collections import Counter

import pytest

from utils.config_manager import GenerationSettings
from utils.generation.budget import Order, plan, wordings
from utils.generation.facts import Fact
from utils.generation.templates import Voice, load_voice

VOICES = [load_voice("en"), load_voice("zh")]


def nothing(voice: Voice, variant: int) -> dict[str, object]:
    return {}


def facts(family: str, count: int, public: bool = True) -> list[Fact]:
    names = [f"m.{'' if public else '_'}f{number}" for number in range(count)]
    return [Fact(family, name, name, public, nothing) for name in names]  # type: ignore[arg-type]


def asked(orders: list[Order]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for order in orders:
        counts[order.fact.task] += order.exposures
    return counts


ALL = [fact for family in ("explain", "call", "location", "module_role", "implement") for fact in facts(family, 300)]


def test_the_five_tasks_come_in_the_shares_of_the_original() -> None:
    counts = asked(plan(ALL, GenerationSettings(max_samples=10_000), VOICES, 1))
    total = sum(counts.values())
    shares = {task: round(count / total, 2) for task, count in counts.items()}
    assert shares == {
        "code_explanation": 0.46,
        "api_usage": 0.23,
        "code_location": 0.15,
        "project_overview": 0.08,
        "design_proposal": 0.08,
    }


def test_max_samples_holds() -> None:
    for most in (500, 2_000, 10_000):
        assert sum(asked(plan(ALL, GenerationSettings(max_samples=most), VOICES, 1)).values()) <= most


def test_public_facts_are_asked_equally_often_and_private_ones_less() -> None:
    orders = plan([*facts("location", 40), *facts("location", 40, public=False)], GenerationSettings(), VOICES, 1)
    by_fact: Counter[str] = Counter()
    for order in orders:
        by_fact[order.fact.subject] += order.exposures
    public = [count for name, count in by_fact.items() if "_" not in name]
    private = [count for name, count in by_fact.items() if "_" in name]
    assert max(public) - min(public) <= 2
    assert sum(private) < 0.5 * sum(public)


def test_a_minimum_is_kept_where_the_facts_allow_it() -> None:
    few = [*facts("explain", 200), *facts("location", 10)]
    shares = {"code_explanation": 0.97, "code_location": 0.03}
    plain, raised = (
        asked(plan(few, GenerationSettings(samples_per_fact=4, task_shares=shares, minimum=minimum), VOICES, 1))
        for minimum in ({}, {"code_location": 100})
    )
    assert plain["code_location"] < 50
    assert 90 <= raised["code_location"] <= 110


def test_one_fact_more_leaves_the_other_orders_as_they_were() -> None:
    settings = GenerationSettings(max_samples=100_000)
    before = {(o.fact.key, o.language, o.exposures) for o in plan(facts("location", 50), settings, VOICES, 1)}
    after = {(o.fact.key, o.language, o.exposures) for o in plan(facts("location", 51), settings, VOICES, 1)}
    assert before <= after


def test_a_full_budget_drops_the_same_elements_whatever_the_order_of_the_facts() -> None:
    settings = GenerationSettings(max_samples=400)
    forwards = plan(facts("location", 300), settings, VOICES, 1)
    backwards = plan(facts("location", 300)[::-1], settings, VOICES, 1)
    assert sorted((*o[1:], o.fact.key) for o in forwards) == sorted((*o[1:], o.fact.key) for o in backwards)
    assert 0 < len({order.fact.subject for order in forwards}) < 300


@pytest.mark.parametrize("exposures", [3, 12, 40])
def test_each_training_question_is_asked_before_any_is_asked_twice(exposures: int) -> None:
    voice, fact = VOICES[0], facts("location", 1)[0]
    chosen = list(wordings(Order(fact, "en", exposures), voice, 1))
    train = [item.question for item in chosen if item.question not in voice.tests["location"]]
    times = Counter(train).values()
    assert len(chosen) == min(exposures, len(chosen))
    assert max(times) - min(times) <= 1
    assert len({(item.question, item.answer) for item in chosen}) == len(chosen)
