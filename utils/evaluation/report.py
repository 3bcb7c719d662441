"""comparison_report_<repo>.json, computed from the results alone: whoever has answers.jsonl can compute it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from utils.evaluation.results import TABLE, Result, change
from utils.evaluation.statistics import clustered_bootstrap, mcnemar, wilson
from utils.records import EVALUATION_SCHEMA

FEW_FACTS = 20
GENERAL = "general_knowledge"
ORDER = (
    *("code_location", "code_explanation", "api_usage", "code_relation", "project_overview", "design_proposal"),
    *(
        "unseen_wording",
        "reverse",
        "cross_language",
        "absent_symbol",
        "existing_symbol",
        "general_knowledge",
        "general",
        "unseen_fact",
    ),
)

DEFINITIONS = {
    "score": "mean over questions of the share of required claims that the answer makes (0..1)",
    "score_guard": "an answer makes no claim when it names more things beside the point than one more than were asked "
    "for, or denies that what was asked about exists; it gives no place when it names another one as well",
    "denial": "a negation counts where it is about the question's subject and the answer gives that no place",
    "limits": "grading reads what is named, not the verb between: an answer that turns a relation round is not noticed",
    "exact": "share of questions whose answer makes all required claims, and lists nothing beside them",
    "exact_path": "share of location questions whose answer names exactly the claimed path and no other",
    "improvement": "fine-tuned score minus base score",
    "ci95": "95 % bootstrap interval of the improvement; whole facts are drawn, not single questions",
    "p_value": "exact McNemar test of base against fine-tuned on `exact`",
    "retrieval": "the base model with BM25-retrieved source in its prompt",
    "overall": "all scored questions but those of the control probe unseen_fact, which appears by probe only",
    "hallucination": "share of the paths and symbols named in the answers about the repository that it does not have; "
    "names repeated from the question and names of Python and of libraries do not count as invented",
    "existing_symbol": "the real twins of absent symbols: whether they exist is asked in the same words",
    "abstention": "recall: absent symbols that the answer says are absent; over_refusal: real ones that it denies",
}


def build_report(results: Sequence[Result], metadata: Mapping[str, Any], resamples: int, seed: int) -> dict[str, Any]:
    """The whole report as JSON-ready data; `general.perplexity` and `speed` are added by whoever measured them."""
    scored = [result for result in results if result.is_scored]
    main = [result for result in scored if not result.is_control]
    systems = list(results[0].answers)

    def row(chosen: Sequence[Result]) -> dict[str, Any]:
        return comparison(chosen, systems, resamples, seed)

    def grouped(chosen: Sequence[Result], key: Callable[[Result], str | None]) -> dict[str, Any]:
        names = sorted({name for result in chosen if (name := key(result)) is not None}, key=_place)
        return {name: row([result for result in chosen if key(result) == name]) for name in names}

    summary = {
        name: row([result for result in main if tasks is None or result.question.task in tasks])
        for name, tasks in TABLE.items()
    }
    report = {
        "schema": EVALUATION_SCHEMA,
        "metadata": {**metadata, "systems": systems, "definitions": DEFINITIONS},
        "summary": summary,
        "by_task": grouped(main, lambda result: result.task),
        "by_probe": grouped(scored, lambda result: result.probe),
        "by_language": grouped(main, lambda result: result.question.language),
        "by_direction": grouped(main, lambda result: result.question.direction),
        "by_task_and_probe": grouped(scored, _task_and_probe),
        "hallucination": {},
        "hallucination_detail": {},
        "measures": _measures(results, systems),
        "abstention": _abstention(scored, systems),
        "general": {"before": summary["general_knowledge"]["base"], "after": summary["general_knowledge"]["finetuned"]},
        "changes": _changes(main),
        "conclusion": conclusion(summary["overall"]),
    }
    detail = {system: _hallucination(results, system) for system in systems}
    report["hallucination"] = {system: found["share"] for system, found in detail.items()}
    report["hallucination_detail"] = detail
    return report


def comparison(results: Sequence[Result], systems: Sequence[str], resamples: int, seed: int) -> dict[str, Any]:
    """One row: {n, facts, base, finetuned, improvement, ci95, p_value, retrieval, exact, …}; null where n is 0."""
    facts = [result.question.fact for result in results]
    scores = {system: [result.score(system) for result in results] for system in systems}
    row: dict[str, Any] = {"n": len(results), "facts": len(set(facts))}
    row |= {system: mean(scores[system]) for system in ("base", "finetuned")}
    if results:
        differences = [after - before for before, after in zip(scores["base"], scores["finetuned"], strict=True)]
        interval = clustered_bootstrap(differences, facts, resamples, seed)
        row["improvement"] = mean(differences)
        row["ci95"] = None if interval is None else [round(bound, 6) for bound in interval]
        passed = {system: [result.exact(system) for result in results] for system in systems}
        row["p_value"] = round(mcnemar(passed["base"], passed["finetuned"]), 8)
    else:
        row |= {"improvement": None, "ci95": None, "p_value": None}
    row["retrieval"] = mean(scores["retrieval"]) if "retrieval" in scores else None
    row["exact"] = {system: rate(result.exact(system) for result in results) for system in systems}
    if results and all(result.question.task == "code_location" for result in results):
        row["exact_path"] = _exact_path(results, systems)
    row["warning"] = too_few(row)
    return row


def too_few(row: Mapping[str, Any]) -> str | None:
    """Why a row says little, or null."""
    if not row["n"]:
        return "no questions of this kind"
    if row["facts"] < FEW_FACTS:
        return f"only {row['facts']} facts: too few for a firm statement"
    return None


def conclusion(row: Mapping[str, Any]) -> str:
    """A sentence that follows from the interval, not from the point, and the interval itself."""
    if row["ci95"] is None:
        return "There are too few questions to say whether fine-tuning helped."
    low, high = (100 * bound for bound in row["ci95"])
    before, after = (f"{100 * row[name]:.1f}\u00a0%" for name in ("base", "finetuned"))
    told = f"from {before} to {after} of the claims"
    proof = f"The 95\u00a0% interval of the difference is {low:+.1f} to {high:+.1f} points"
    proof += f" ({row['n']} questions about {row['facts']} facts)."
    if row["facts"] < FEW_FACTS:
        return f"Too few facts were asked for firm evidence: {told}. {proof}"
    if low > 0:
        return f"Fine-tuning helped: {told}. {proof}"
    if high < 0:
        return f"Fine-tuning did harm: {told}. {proof}"
    return f"No difference can be shown: {told}. {proof}"


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean, rounded to 6 digits; null for none."""
    return round(sum(values) / len(values), 6) if values else None


def rate(passed: Iterable[bool]) -> dict[str, Any]:
    """{rate, passed, n, ci95}: a share with its Wilson interval."""
    marks = list(passed)
    interval = wilson(sum(marks), len(marks))
    return {
        "rate": mean([float(mark) for mark in marks]),
        "passed": sum(marks),
        "n": len(marks),
        "ci95": None if interval is None else [round(bound, 6) for bound in interval],
    }


def _place(name: str) -> list[tuple[int, str]]:
    """Sorts tasks and probes in the order a reader expects."""
    return [(ORDER.index(part) if part in ORDER else len(ORDER), part) for part in name.split("/")]


def _task_and_probe(result: Result) -> str | None:
    return f"{result.task}/{result.probe}" if result.probe else None


def _exact_path(results: Sequence[Result], systems: Sequence[str]) -> dict[str, Any]:
    asked = [result for result in results if result.answers["base"].grade.path is not None]
    marks = {system: [bool(result.answers[system].grade.path) for result in asked] for system in systems}
    found: dict[str, Any] = {system: mean([float(mark) for mark in marks[system]]) for system in systems}
    found["n"] = len(asked)
    found["ci95"] = {system: rate(marks[system])["ci95"] for system in systems}
    found["p_value"] = round(mcnemar(marks["base"], marks["finetuned"]), 8) if asked else None
    return found


def _measures(results: Sequence[Result], systems: Sequence[str]) -> dict[str, Any]:
    """Marks beside the score: exact paths, lines and signatures, and the prose metric; the control left out."""
    main = [result for result in results if not result.is_control]
    found: dict[str, Any] = {}
    for name in ("path", "line", "signature", "prose"):
        asked = [result for result in main if getattr(result.answers["base"].grade, name) is not None]
        values = {
            system: [float(getattr(result.answers[system].grade, name)) for result in asked] for system in systems
        }
        found["prose_chrf" if name == "prose" else f"exact_{name}"] = {
            "n": len(asked),
            **{system: mean(values[system]) for system in systems},
        }
    found["cut_off"] = {
        "n": len(results),
        **{system: mean([float(not result.answers[system].finished) for result in results]) for system in systems},
    }
    return found


def _hallucination(results: Sequence[Result], system: str) -> dict[str, Any]:
    named = [result.answers[system].grade.mentions for result in results if result.question.task != GENERAL]
    mentions = sum(len(found) for found in named)
    invented = sum(not mention.exists for found in named for mention in found)
    return {
        "share": round(invented / mentions, 6) if mentions else None,
        "invented": invented,
        "mentions": mentions,
        "answers_with_invented": rate(any(not mention.exists for mention in found) for found in named),
    }


def _abstention(scored: Sequence[Result], systems: Sequence[str]) -> dict[str, Any]:
    absent = [result for result in scored if result.asks_absent]
    real = [result for result in scored if not (result.asks_absent or result.is_control or result.task == GENERAL)]

    def denied(asked: Sequence[Result]) -> dict[str, float | None]:
        return {system: mean([float(result.answers[system].grade.denies) for result in asked]) for system in systems}

    return {
        "recall": denied(absent),
        "over_refusal": denied(real),
        "n": {"absent": len(absent), "existing": len(real)},
    }


def _changes(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    """Per task: questions gained, lost, right before and after, wrong before and after."""
    tasks = sorted({result.task for result in results}, key=_place)
    kinds = ("gained", "lost", "right", "wrong")
    return {
        task: {kind: sum(change(result) == kind for result in results if result.task == task) for kind in kinds}
        for task in tasks
    }
