"""What the numbers can bear: intervals and tests for paired answers to the same questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

CONFIDENCE = 0.95


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> float:
    """Exact two-sided McNemar test (McNemar 1947) of paired pass/fail: the p-value; 1.0 where nothing changed."""
    gained = sum(new and not old for old, new in zip(before, after, strict=True))
    lost = sum(old and not new for old, new in zip(before, after, strict=True))
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def wilson(passed: int, total: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval (1927) of a rate; null for no trials."""
    if not total:
        return None
    interval = binomtest(passed, total).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def clustered_bootstrap(
    differences: Sequence[float], clusters: Sequence[str], resamples: int, seed: int
) -> tuple[float, float] | None:
    """95 % percentile interval of the mean difference; whole clusters are drawn (Cameron, Gelbach and Miller 2008).

    Questions about one fact stand or fall together: drawn one by one they would feign more evidence than there is.
    Null for fewer than two clusters: nothing can be said.
    """
    names, index = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.bincount(index, weights=np.asarray(differences, dtype=float))
    sizes = np.bincount(index).astype(float)
    means = np.empty(resamples)
    draw = np.random.default_rng(seed)
    step = max(1, 4_000_000 // len(names))
    for start in range(0, resamples, step):
        chosen = draw.integers(0, len(names), size=(min(step, resamples - start), len(names)))
        means[start : start + step] = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
