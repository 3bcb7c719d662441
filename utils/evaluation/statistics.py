"""What the numbers can bear: intervals and tests for paired answers to the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm, sqrt

import numpy as np
from scipy.stats import binomtest, norm

CONFIDENCE = 0.95
FLIPS = 10_000  # of a sign-flip test whose flips are too many to be counted
MOST_CLAIMS = 1000  # of one question: the largest denominator of a score's difference
COUNTABLE = 10_000_000  # steps of an exact test, some 20 ms
CELLS = 4_000_000  # random numbers in memory at a time


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> float:
    """Exact two-sided McNemar test (McNemar 1947) of paired pass/fail: the p-value; 1.0 where nothing changed.

    It takes the questions for independent of each other.
    """
    gained = sum(new and not old for old, new in zip(before, after, strict=True))
    lost = sum(old and not new for old, new in zip(before, after, strict=True))
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def sign_flip(differences: Sequence[float], clusters: Sequence[str], seed: int) -> float:
    """Two-sided sign-flip test (Fisher 1935) that the mean difference is 0; whole clusters are flipped: the p-value.

    Without an effect, before and after may change places, for all questions of a cluster together. The p-value is the
    share of the flips whose mean is as far from 0 as the observed one: exact over all flips where their sums can be
    counted, else by `FLIPS` seeded ones, the observed one among them (Phipson and Smyth 2010). For pass/fail with one
    question per cluster this is the exact McNemar test.
    """
    whole, sums = _whole_sums(differences, clusters)
    reach = int(np.abs(sums).sum())
    if not reach:
        return 1.0
    observed = abs(int(sums.sum()))
    if whole and reach * len(sums) <= COUNTABLE:
        ways = np.zeros(2 * reach + 1)
        ways[reach] = 1.0
        for size in np.abs(sums):
            ways = (np.roll(ways, size) + np.roll(ways, -size)) / 2
        far = np.abs(np.arange(-reach, reach + 1)) >= observed
        return min(1.0, float(ways[far].sum()))
    draw, total = np.random.default_rng(seed), sums.sum()
    hits, step = 1, max(1, CELLS // len(sums))
    for start in range(0, FLIPS - 1, step):
        flipped = draw.integers(0, 2, size=(min(step, FLIPS - 1 - start), len(sums)), dtype=np.int8)
        hits += int((np.abs(total - 2 * (flipped @ sums.astype(float))) >= observed).sum())
    return hits / FLIPS


def _whole_sums(differences: Sequence[float], clusters: Sequence[str]) -> tuple[bool, np.ndarray]:
    """Each cluster's sum as a whole number of the same fraction, zeros left out; true where the fraction is exact.

    Scores are shares of a few claims, so that a small denominator is common to all of them.
    """
    parts = [Fraction(value).limit_denominator(MOST_CLAIMS) for value in differences]
    common = lcm(*(part.denominator for part in parts))
    whole = common <= COUNTABLE
    scale = common if whole else COUNTABLE
    sums: dict[str, Fraction] = {}
    for part, cluster in zip(parts, clusters, strict=True):
        sums[cluster] = sums.get(cluster, Fraction(0)) + part
    numbers = [round(total * scale) for total in sums.values()]
    return whole, np.asarray([number for number in numbers if number], dtype=np.int64)


def wilson(passed: Sequence[bool], clusters: Sequence[str]) -> tuple[float, float] | None:
    """Wilson's 95 % interval (1927) of a rate, over as many trials as the clustered ones are worth; null for none.

    n trials in clusters are worth n / design effect (Kish 1965): the variance of the rate over clusters against that
    over single trials, at least 1, and exactly 1 where each trial is a cluster. Where all passed or none did, nothing
    shows how much alike a cluster's trials are: then they count as copies of each other.
    """
    if not passed:
        return None
    names, index = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    sizes = np.bincount(index).astype(float)
    marks = np.bincount(index, weights=np.asarray(passed, dtype=float))
    n, k = float(sizes.sum()), len(names)
    rate = float(marks.sum()) / n
    effect = float((sizes**2).sum()) / n
    if 0 < rate < 1 and k > 1:
        between = k / (k - 1) * float(((marks - rate * sizes) ** 2).sum()) / n**2
        effect = max(1.0, between * (n - 1) / (rate * (1 - rate)))
    worth = n / effect
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    middle = (rate + z**2 / (2 * worth)) / (1 + z**2 / worth)
    half = z / (1 + z**2 / worth) * sqrt(rate * (1 - rate) / worth + z**2 / (4 * worth**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def clustered_bootstrap(
    differences: Sequence[float], clusters: Sequence[str], resamples: int, seed: int
) -> tuple[float, float] | None:
    """95 % percentile interval of the mean difference; whole clusters are drawn (Cameron, Gelbach and Miller 2008).

    Questions about one element stand or fall together: drawn one by one they would feign more evidence than there is.
    Null for fewer than two clusters: nothing can be said.
    """
    names, index = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.bincount(index, weights=np.asarray(differences, dtype=float))
    sizes = np.bincount(index).astype(float)
    means = np.empty(resamples)
    draw = np.random.default_rng(seed)
    step = max(1, CELLS // len(names))
    for start in range(0, resamples, step):
        chosen = draw.integers(0, len(names), size=(min(step, resamples - start), len(names)))
        means[start : start + step] = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
