"""Intervals and tests against values known from elsewhere."""

from __future__ import annotations

import random
from typing import Any

import pytest

from utils.evaluation.conclusion import conclusion
from utils.evaluation.statistics import clustered_bootstrap, mcnemar, sign_flip, wilson


def test_mcnemar_is_the_exact_binomial_test_of_the_changed_pairs() -> None:
    before = [False] * 4 + [True] * 3
    assert mcnemar(before, [True] * 7) == pytest.approx(0.125), "the original's 0 of 5 to 4 of 5"
    assert mcnemar([True, False], [True, False]) == 1.0
    assert mcnemar([False] * 10, [True] * 10) == pytest.approx(2 / 2**10)


def test_wilson_matches_the_published_interval() -> None:
    assert wilson([], []) is None
    found = wilson([number < 81 for number in range(263)], [str(number) for number in range(263)])
    assert found == pytest.approx((0.2553, 0.3662), abs=5e-4), "Newcombe 1998, table I"


def test_the_bootstrap_covers_a_known_mean_about_as_often_as_it_says() -> None:
    draw, covered = random.Random(3), 0
    for trial in range(200):
        facts = [(f"{fact}", draw.random() < 0.7) for fact in range(60) for _ in range(3)]
        low, high = clustered_bootstrap(
            [float(mark) for _, mark in facts], [name for name, _ in facts], 400, trial
        ) or (1, 0)
        covered += low <= 0.7 <= high
    assert 180 <= covered <= 200


def test_repeating_a_fact_is_no_new_evidence() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    once = clustered_bootstrap(values, [str(index) for index in range(8)], 4000, 1)
    tenfold = clustered_bootstrap(values * 10, [str(index) for index in range(8)] * 10, 4000, 1)
    feigned = clustered_bootstrap(values * 10, [str(index) for index in range(80)], 4000, 1)
    assert once is not None
    assert feigned is not None
    assert tenfold == pytest.approx(once, abs=0.03)
    assert feigned[1] - feigned[0] < 0.5 * (once[1] - once[0])


def test_one_fact_allows_no_interval() -> None:
    assert clustered_bootstrap([1.0, 1.0], ["a", "a"], 100, 1) is None


def in_clusters(draw: random.Random, sizes: list[int]) -> tuple[list[float], list[str]]:
    """Differences without an effect, the same for every question of a cluster."""
    found = [(float(draw.choice((-1, 0, 1))), str(name)) for name, _ in enumerate(sizes)]
    rows = [row for row, size in zip(found, sizes, strict=True) for _ in range(size)]
    return [difference for difference, _ in rows], [name for _, name in rows]


def test_without_an_effect_clusters_raise_no_more_false_alarms_than_they_may() -> None:
    draw = random.Random(5)
    sizes = [1] * 20 + [2] * 10 + [6] * 6 + [12] * 2
    alarms = feigned = 0
    for _ in range(200):
        differences, clusters = in_clusters(draw, sizes)
        alarms += sign_flip(differences, clusters, 1) < 0.05
        feigned += mcnemar([value < 0 for value in differences], [value > 0 for value in differences]) < 0.05
    assert alarms <= 0.08 * 200, "5 % and what chance adds"
    assert feigned > 0.15 * 200, "what question by question would say"


def test_one_question_per_cluster_gives_the_exact_mcnemar_test() -> None:
    draw = random.Random(7)
    for size in (1, 6, 40, 300):
        before, after = ([draw.random() < share for _ in range(size)] for share in (0.4, 0.6))
        differences = [float(new) - float(old) for old, new in zip(before, after, strict=True)]
        found = sign_flip(differences, [str(index) for index in range(size)], 1)
        assert found == pytest.approx(mcnemar(before, after), abs=1e-12)


def test_scores_are_flipped_exactly_where_it_can_be_counted_and_by_chance_where_not() -> None:
    assert sign_flip([0.5, 0.25, 0.25], ["a", "b", "c"], 1) == pytest.approx(2 / 8)
    assert sign_flip([0.5, 0.25, -0.25], ["a", "b", "c"], 1) == pytest.approx(6 / 8)
    assert sign_flip([0.5, 0.5], ["a", "a"], 1) == 1.0, "one subject is no evidence"
    draw = random.Random(2)
    odd = [draw.choice((-1, 1)) / draw.choice((7, 11, 13, 17, 19, 23)) + 0.01 for _ in range(200)]
    names = [str(index) for index in range(200)]
    assert sign_flip(odd, names, 1) == sign_flip(odd, names, 1)
    assert sign_flip([abs(value) for value in odd], names, 1) == pytest.approx(1e-4), "1 of 10,000"


def test_questions_that_stand_or_fall_together_are_worth_one() -> None:
    marks = [index % 3 > 0 for index in range(60)]
    once = wilson(marks, [str(index) for index in range(60)])
    copied = wilson([mark for mark in marks for _ in range(8)], [str(index) for index in range(60) for _ in range(8)])
    assert once is not None
    assert copied == pytest.approx(once, abs=0.005)
    assert wilson([True] * 40, [str(index // 4) for index in range(40)]) == wilson([True] * 10, list("abcdefghij"))


def row_of(subjects: int, interval: list[float] | None, versus: list[float] | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"n": 99, "facts": 70, "subjects": subjects, "base": 0.1, "finetuned": 0.9, "retrieval": 0.5}
    return row | {"ci95": interval, "versus_retrieval": None if versus is None else {"ci95": versus}}


@pytest.mark.parametrize(
    ("subjects", "interval", "told"),
    [
        (50, [0.1, 0.3], "helped"),
        (50, [-0.3, -0.1], "did harm"),
        (50, [-0.05, 0.3], "No difference"),
        (50, [0.0, 0.3], "No difference"),
        (8, [0.1, 0.3], "Too few subjects"),
        (1, None, "too few"),
    ],
)
def test_the_conclusion_follows_from_the_interval(subjects: int, interval: list[float] | None, told: str) -> None:
    assert told in conclusion(row_of(subjects, interval))
    assert "retrieval" not in conclusion(row_of(subjects, interval))


@pytest.mark.parametrize(
    ("subjects", "versus", "told"),
    [
        (50, [-0.3, -0.1], "Fine-tuning helped; the base model with retrieval does better: from"),
        (50, [0.1, 0.3], "Fine-tuning helped; the base model with retrieval does worse: from"),
        (50, [-0.1, 0.3], "Fine-tuning helped; no difference from retrieval can be shown: from"),
        (8, [0.1, 0.3], "Too few subjects were asked about for firm evidence: from"),
    ],
)
def test_the_conclusion_names_retrieval(subjects: int, versus: list[float], told: str) -> None:
    found = conclusion(row_of(subjects, [0.1, 0.3], versus))
    assert found.startswith(told)
    assert f"Against retrieval it is {100 * versus[0]:+.1f} to {100 * versus[1]:+.1f} points." in found
