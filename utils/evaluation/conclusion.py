"""The report's one sentence: what can be said of fine-tuning, and how firmly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEW_SUBJECTS = 20


def conclusion(row: Mapping[str, Any]) -> str:
    """What follows from the intervals, not from the points; then the figures themselves.

    Fine-tuning is held against the base model, and against the base model with retrieval where that was asked.
    """
    if row["ci95"] is None:
        return "There are too few questions to say whether fine-tuning helped."
    before, after = (_percent(row[name]) for name in ("base", "finetuned"))
    told = f"from {before} to {after} of the claims"
    proof = f"The 95\u00a0% interval of the difference is {_points(row)}"
    proof += f" ({row['n']} questions about {row['facts']} facts of {row['subjects']} subjects)."
    verdict = "No difference can be shown"
    if row["subjects"] < FEW_SUBJECTS:
        verdict = "Too few subjects were asked about for firm evidence"
    elif row["ci95"][0] > 0:
        verdict = "Fine-tuning helped"
    elif row["ci95"][1] < 0:
        verdict = "Fine-tuning did harm"
    if (versus := row["versus_retrieval"]) is not None:
        verdict += _against_retrieval(row, versus)
        told += f" (with retrieval: {_percent(row['retrieval'])})"
        proof += f" Against retrieval it is {_points(versus)}."
    return f"{verdict}: {told}. {proof}"


def _against_retrieval(row: Mapping[str, Any], versus: Mapping[str, Any]) -> str:
    """How the fine-tuned model does against retrieval, as the end of a verdict; empty where it cannot be firm."""
    if row["subjects"] < FEW_SUBJECTS:
        return ""
    if versus["ci95"][1] < 0:
        return "; the base model with retrieval does better"
    if versus["ci95"][0] > 0:
        return "; the base model with retrieval does worse"
    return "; no difference from retrieval can be shown"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\u00a0%"


def _points(difference: Mapping[str, Any]) -> str:
    low, high = (100 * bound for bound in difference["ci95"])
    return f"{low:+.1f} to {high:+.1f} points"
