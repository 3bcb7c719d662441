"""The report on the terminal: the original's table first, ours below it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

LABELS = {
    "overall": "Overall",
    "code_location": "Code Location",
    "code_understanding": "Code Understanding",
    "project_overview": "Project Overview",
    "general_knowledge": "General Knowledge",
    "code_explanation": "Code Explanation",
    "api_usage": "API Usage",
    "design_proposal": "Design Proposal",
    "code_relation": "Code Relation",
    "absent_symbol": "Absent Symbol",
    "existing_symbol": "Existing Symbol",
    "own_question": "Own Questions",
    "unseen_wording": "unseen wording",
    "unseen_fact": "unseen fact (control)",
    "cross_language": "cross-language",
    "reverse": "reverse",
    "general": "general",
    "base": "base",
    "finetuned": "fine-tuned",
    "retrieval": "retrieval",
}


def label(name: str) -> str:
    """What a reader calls it; `code_location/reverse` gives `Code Location / reverse`."""
    return " / ".join(LABELS.get(part, part.replace("_", " ")) for part in name.split("/"))


def table(report: Mapping[str, Any]) -> str:
    """The whole terminal report."""
    retrieval = "retrieval" in report["metadata"]["systems"]
    parts = [
        "",
        _grid(["", "Base", "Fine-tuned", "Improvement"], [_original(*row) for row in report["summary"].items()]),
        "",
        _grid(_head(retrieval), [_ours(name, row, retrieval) for name, row in report["by_task"].items()]),
        "",
        _grid(_head(retrieval), [_ours(name, row, retrieval) for name, row in report["by_probe"].items()]),
        "",
        *_notes(report),
        *([f"compared: {compared_line(found)}"] if (found := report["metadata"].get("compared")) else []),
        "",
        report["conclusion"],
    ]
    return "\n".join(parts)


def compared_line(compared: Mapping[str, Any]) -> str:
    """`base Qwen/Qwen3-8B (b968826d9c46) · dataset data/x/dataset (0f3c51…, 2025-01-31)`: what there is of these."""
    parts = []
    for name, told in compared.items():
        if told is not None:
            marks = [told["digest"] and told["digest"][:12], told["created"] and told["created"][:10]]
            shown = ", ".join(mark for mark in marks if mark)
            parts.append(f"{name} {told['name']}" + (f" ({shown})" if shown else ""))
    return " · ".join(parts)


def percent(value: float | None, signed: bool = False) -> str:
    """`0.915` as `91.5 %`; `-` for null."""
    if value is None:
        return "-"
    return f"{100 * value:+.1f} %" if signed else f"{100 * value:.1f} %"


def interval(bounds: Sequence[float] | None) -> str:
    """`[+1.2, +8.0]` in points."""
    return "-" if bounds is None else f"[{100 * bounds[0]:+.1f}, {100 * bounds[1]:+.1f}]"


def against_retrieval(row: Mapping[str, Any]) -> str:
    """`+4.0 % [+1.2, +8.0]`: the fine-tuned model's score minus that of retrieval."""
    versus = row["versus_retrieval"]
    return f"{percent(versus['difference'], signed=True)} {interval(versus['ci95'])}" if row["n"] else "-"


def probability(value: float | None) -> str:
    """A p-value."""
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _original(name: str, row: Mapping[str, Any]) -> list[str]:
    return [label(name), percent(row["base"]), percent(row["finetuned"]), percent(row["improvement"], signed=True)]


def _head(retrieval: bool) -> list[str]:
    middle, versus = (["retrieval"], ["against retrieval"]) if retrieval else ([], [])
    return ["", "n", "base", "fine-tuned", *middle, "difference", "95 % interval", "p", *versus, "exact path"]


def _ours(name: str, row: Mapping[str, Any], retrieval: bool) -> list[str]:
    middle = [percent(row["retrieval"])] if retrieval else []
    versus = [against_retrieval(row)] if retrieval else []
    path = row.get("exact_path")
    exact = f"{percent(path['base'])} → {percent(path['finetuned'])}" if path and path["n"] else ""
    return [
        label(name) + (" *" if row["warning"] else ""),
        str(row["n"]),
        percent(row["base"]),
        percent(row["finetuned"]),
        *middle,
        percent(row["improvement"], signed=True),
        interval(row["ci95"]),
        probability(row["p_value"]),
        *versus,
        exact,
    ]


def _notes(report: Mapping[str, Any]) -> list[str]:
    systems = report["metadata"]["systems"]

    def line(title: str, values: Mapping[str, Any]) -> str:
        return f"{title}: " + ", ".join(f"{label(system)} {percent(values[system])}" for system in systems)

    found = [line("paths and symbols that do not exist", report["hallucination"])]
    if report["abstention"]["n"]["absent"]:
        found.append(line("absent symbols called absent", report["abstention"]["recall"]))
    if report["abstention"]["n"]["existing"]:
        found.append(line("real ones called absent", report["abstention"]["over_refusal"]))
    perplexity = report["general"].get("perplexity") or {}
    if perplexity.get("before") is not None:
        found.append(f"perplexity on general text: {perplexity['before']:.2f} -> {perplexity['after']:.2f}")
    rows = [*report["by_task"].values(), *report["by_probe"].values()]
    if any(row["warning"] for row in rows):
        found.append("* too few subjects for a firm statement")
    return found


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(row[column]) for row in [head, *rows]) for column in range(len(head))]
    ruled = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(_pad(cell, widths[column], left=column == 0) for column, cell in enumerate(row)).rstrip()
        for row in ruled
    )


def _pad(text: str, width: int, left: bool) -> str:
    blanks = " " * (width - _width(text))
    return text + blanks if left else blanks + text


def _width(text: str) -> int:
    """Columns on a terminal: East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
