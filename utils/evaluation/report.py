"""comparison_report_<repo>.json, computed from the results alone: whoever has answers.jsonl can compute it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from utils.evaluation.conclusion import FEW_SUBJECTS, conclusion
from utils.evaluation.results import TABLE, Result, change
from utils.evaluation.statistics import FLIPS, clustered_bootstrap, mcnemar, sign_flip, wilson
from utils.records import EVALUATION_SCHEMA

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
    "subjects": "what the facts are about: an element, a file, a name. Questions about one subject stand or fall "
    "together, so that it is subjects and not questions that count as evidence",
    "ci95": "95 % percentile bootstrap interval of a difference; whole subjects are drawn, not single questions "
    "(Cameron, Gelbach and Miller 2008). Of a rate: Wilson's interval (1927) with the number of questions divided "
    "by the design effect of the subjects (Kish 1965)",
    "p_value": "two-sided sign-flip test (Fisher 1935) of the difference it stands beside; whole subjects are flipped. "
    f"Exact where the flips' sums can be counted, else {FLIPS:,} seeded flips",
    "mcnemar": "exact McNemar test (1947) of base against fine-tuned on `exact`; it takes every question for "
    "independent of the others and is too sure of itself where several ask about one subject",
    "retrieval": "the base model with BM25-retrieved source in its prompt",
    "versus_retrieval": "fine-tuned score minus that of retrieval on the same questions, with its interval and p-value",
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
    subjects = [result.subject for result in results]
    scores = {system: [result.score(system) for result in results] for system in systems}
    row: dict[str, Any] = {"n": len(results), "facts": len({result.question.fact for result in results})}
    row["subjects"] = len(set(subjects))
    row |= {system: mean(scores[system]) for system in ("base", "finetuned")}
    improvement = paired(scores["base"], scores["finetuned"], subjects, resamples, seed)
    row |= {"improvement": improvement.pop("difference"), **improvement}
    passed = {system: [result.exact(system) for result in results] for system in systems}
    row["mcnemar"] = round(mcnemar(passed["base"], passed["finetuned"]), 8) if results else None
    row["retrieval"] = mean(scores["retrieval"]) if "retrieval" in scores else None
    row["versus_retrieval"] = (
        paired(scores["retrieval"], scores["finetuned"], subjects, resamples, seed) if "retrieval" in scores else None
    )
    row["exact"] = {system: rate(passed[system], subjects) for system in systems}
    if results and all(result.question.task == "code_location" for result in results):
        row["exact_path"] = _exact_path(results, systems, seed)
    row["warning"] = too_few(row)
    return row


def paired(
    before: Sequence[float], after: Sequence[float], subjects: Sequence[str], resamples: int, seed: int
) -> dict[str, Any]:
    """{difference, ci95, p_value} of two systems' marks for the same questions; null where there are none."""
    if not before:
        return {"difference": None, "ci95": None, "p_value": None}
    differences = [new - old for old, new in zip(before, after, strict=True)]
    interval = clustered_bootstrap(differences, subjects, resamples, seed)
    return {
        "difference": mean(differences),
        "ci95": None if interval is None else [round(bound, 6) for bound in interval],
        "p_value": round(sign_flip(differences, subjects, seed), 8),
    }


def too_few(row: Mapping[str, Any]) -> str | None:
    """Why a row says little, or null."""
    if not row["n"]:
        return "no questions of this kind"
    if row["subjects"] < FEW_SUBJECTS:
        return f"only {row['subjects']} subjects: too few for a firm statement"
    return None


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean, rounded to 6 digits; null for none."""
    return round(sum(values) / len(values), 6) if values else None


def rate(passed: Iterable[bool], subjects: Sequence[str]) -> dict[str, Any]:
    """{rate, passed, n, ci95}: a share with its Wilson interval, corrected for several questions about one subject."""
    marks = list(passed)
    interval = wilson(marks, subjects)
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


def _exact_path(results: Sequence[Result], systems: Sequence[str], seed: int) -> dict[str, Any]:
    asked = [result for result in results if result.answers["base"].grade.path is not None]
    subjects = [result.subject for result in asked]
    marks = {system: [bool(result.answers[system].grade.path) for result in asked] for system in systems}
    found: dict[str, Any] = {system: mean([float(mark) for mark in marks[system]]) for system in systems}
    found["n"] = len(asked)
    found["ci95"] = {system: rate(marks[system], subjects)["ci95"] for system in systems}
    differences = [float(new) - float(old) for old, new in zip(marks["base"], marks["finetuned"], strict=True)]
    found["p_value"] = round(sign_flip(differences, subjects, seed), 8) if asked else None
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
    about = [result for result in results if result.question.task != GENERAL]
    named = [result.answers[system].grade.mentions for result in about]
    with_invented = [any(not mention.exists for mention in found) for found in named]
    mentions = sum(len(found) for found in named)
    invented = sum(not mention.exists for found in named for mention in found)
    return {
        "share": round(invented / mentions, 6) if mentions else None,
        "invented": invented,
        "mentions": mentions,
        "answers_with_invented": rate(with_invented, [result.subject for result in about]),
    }


def _abstention(scored: Sequence[Result], systems: Sequence[str]) -> dict[str, Any]:
    absent = [result for result in scored if result.asks_absent]
    real = [result for result in scored if not (result.asks_absent or result.is_control or result.task == GENERAL)]

    def denied(asked: Sequence[Result]) -> dict[str, dict[str, Any]]:
        subjects = [result.subject for result in asked]
        return {system: rate((result.answers[system].grade.denies for result in asked), subjects) for system in systems}

    found = {"recall": denied(absent), "over_refusal": denied(real)}
    return {
        **{name: {system: told["rate"] for system, told in by.items()} for name, by in found.items()},
        "ci95": {name: {system: told["ci95"] for system, told in by.items()} for name, by in found.items()},
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
