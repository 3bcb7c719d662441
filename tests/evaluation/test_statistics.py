"""Intervals and tests against values known from elsewhere."""

from __future__ import annotations

import random

import pytest

from utils.evaluation.report import conclusion
from utils.evaluation.statistics import clustered_bootstrap, mcnemar, wilson


def test_mcnemar_is_the_exact_binomial_test_of_the_changed_pairs() -> None:
    before = [False] * 4 + [True] * 3
    assert mcnemar(before, [True] * 7) == pytest.approx(0.125), "the original's 0 of 5 to 4 of 5"
    assert mcnemar([True, False], [True, False]) == 1.0
    assert mcnemar([False] * 10, [True] * 10) == pytest.approx(2 / 2**10)


def test_wilson_matches_the_published_interval() -> None:
    assert wilson(0, 0) is None
    found = wilson(81, 263)
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


@pytest.mark.parametrize(
    ("facts", "interval", "told"),
    [
        (50, [0.1, 0.3], "helped"),
        (50, [-0.3, -0.1], "did harm"),
        (50, [-0.05, 0.3], "No difference"),
        (50, [0.0, 0.3], "No difference"),
        (8, [0.1, 0.3], "Too few facts"),
        (1, None, "too few"),
    ],
)
def test_the_conclusion_follows_from_the_interval(facts: int, interval: list[float] | None, told: str) -> None:
    row = {"n": 99, "facts": facts, "base": 0.1, "finetuned": 0.9, "ci95": interval}
    assert told in conclusion(row)
