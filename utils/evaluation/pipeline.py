"""Step 05 from its inputs to its artifact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from utils.artifacts import ArtifactWriter, is_current, open_artifact, sha256_file, sha256_text
from utils.config_manager import Config
from utils.console import ROOT, Stage, UserError, relative
from utils.evaluation.answering import Answerer, open_answerer
from utils.evaluation.compared import compared, open_dataset, warnings_of
from utils.evaluation.comparison import Repository, answers_kept, compare
from utils.evaluation.finetuned import find_finetuned
from utils.evaluation.html import write_html
from utils.evaluation.questions import Question, limited, read_own_questions, read_test_set
from utils.evaluation.report import build_report
from utils.evaluation.table import table
from utils.records import (
    ANALYSIS_SCHEMA,
    DATASET_SCHEMA,
    EVALUATION_SCHEMA,
    Analysis,
    CodeElement,
    read_jsonl,
    write_jsonl,
)

PACKAGES = ("bm25s", "sacrebleu", "scipy", "matplotlib")


@dataclass
class Plan:
    """Everything step 05 needs, opened and checked before a model is loaded."""

    config: Config
    source: Path
    folder: Path
    questions: list[Question]
    asked_of: int
    settings: dict[str, Any]
    inputs: dict[str, str]
    base: Answerer
    finetuned: Answerer
    commit: str | None
    lineage: dict[str, Any]
    warnings: list[str]

    def is_current(self) -> bool:
        """True when the report in place was made from exactly these inputs and settings."""
        return is_current(self.folder, EVALUATION_SCHEMA, self.settings, self.inputs)


def prepare(config: Config, own: Path | None) -> Plan:
    """Open the inputs; raises `UserError` where one is missing or not what it should be."""
    analysis = open_artifact(config.analysis_dir, ANALYSIS_SCHEMA, config.command("01_analyze_repo"))
    inputs = {"analysis": analysis.digest()}
    if own is None:
        generate = config.command("02_generate_data")
        dataset = open_artifact(config.dataset_dir, DATASET_SCHEMA, generate)
        if (made_from := dataset.inputs.get("analysis")) not in (None, inputs["analysis"]):
            raise UserError(
                f"{relative(config.dataset_dir)} was made from another analysis ({made_from[:12]}); run: {generate}"
            )
        inputs["dataset"] = dataset.digest()
        source = config.dataset_dir / "test.jsonl"
        questions = read_test_set(source)
        if not questions:
            raise UserError(f"{relative(source)} holds no question; run: {generate} --force")
        folder = config.evaluation_dir
    else:
        source, questions = own, read_own_questions(own)
        inputs["questions"] = sha256_file(own)
        folder = config.evaluation_dir.with_name(f"evaluation_{own.stem}")
    base = open_answerer(config, "base")
    finetuned = open_answerer(config, "finetuned")
    found, trained_on = find_finetuned(config), open_dataset(config)
    warnings = warnings_of(config, found, trained_on, own is not None, answers_kept(config))
    settings = {
        "evaluation": config.evaluation.as_data(),
        "seed": config.seed,
        "base": base.identity,
        "finetuned": finetuned.identity,
        "grader": grader_version(),
    }
    chosen = limited(questions, config.evaluation.limit, config.seed)
    commit = _commit(config)
    lineage = compared(config, found, trained_on)
    return Plan(
        config, source, folder, chosen, len(questions), settings, inputs, base, finetuned, commit, lineage, warnings
    )


def grader_version() -> str:
    """A hash of the code that grades and reports: a report by an older grader is made anew from the answers kept."""
    sources = [
        *Path(__file__).parent.glob("*.py"),
        *Path(__file__).parent.glob("page/*"),
        ROOT / "utils" / "mentions.py",
    ]
    return sha256_text("".join(sha256_file(path) for path in sorted(sources)))


def evaluate(plan: Plan, stage: Stage, again: bool) -> dict[str, Any]:
    """Ask, grade, report; returns the counts for the closing line."""
    config = plan.config
    if len(plan.questions) < plan.asked_of:
        stage.say(_limit_warning(plan))
    elements = list(read_jsonl(config.analysis_dir / "elements.jsonl", CodeElement))
    repository = Repository(config.checkout_dir, _analysis(config), elements)
    results, speed, perplexity = compare(config, plan.questions, repository, plan.base, plan.finetuned, again)
    report = build_report(results, _metadata(plan), config.evaluation.bootstrap_resamples, config.seed)
    report["general"]["perplexity"] = perplexity
    report["speed"] = speed
    stem = f"comparison_report_{config.repo_name}"
    with ArtifactWriter(plan.folder, EVALUATION_SCHEMA, plan.settings, plan.inputs, config.seed) as writer:
        write_jsonl(writer.path / "answers.jsonl", results)
        encoded = msgspec.json.format(msgspec.json.encode(report), indent=2)
        (writer.path / f"{stem}.json").write_bytes(encoded + b"\n")
        write_html(writer.path / f"{stem}.html", report, results)
        counts = {"questions": len(results), "answers": sum(len(result.answers) for result in results)}
        writer.commit(counts, stage.seconds, packages=PACKAGES)
    show(plan, stage)
    return counts


def show(plan: Plan, stage: Stage) -> None:
    """Print the report in place, and where its page is."""
    for warning in plan.warnings:
        stage.say(f"warning: {warning}")
    path = plan.folder / f"comparison_report_{plan.config.repo_name}.json"
    stage.say(table(msgspec.json.decode(path.read_bytes())))
    stage.say(f"report: {relative(path.with_suffix('.html'))}")


def _metadata(plan: Plan) -> dict[str, Any]:
    config = plan.config
    return {
        "repository": config.repo_name,
        "commit": plan.commit,
        "base_model": config.evaluation.server_base_model if config.evaluation.server else config.model.base,
        "questions": relative(plan.source),
        "n": len(plan.questions),
        "limited_from": plan.asked_of if len(plan.questions) < plan.asked_of else None,
        "settings": plan.settings,
        "decoding": "greedy, thinking off",
        "inputs": plan.inputs,
        "compared": plan.lineage,
    }


def _limit_warning(plan: Plan) -> str:
    line = "!" * 100
    return (
        f"{line}\nWARNING: evaluation.limit={plan.config.evaluation.limit}: only {len(plan.questions)} of "
        f"{plan.asked_of} questions are asked. These numbers are for trying things out, not for reporting.\n{line}"
    )


def _analysis(config: Config) -> Analysis:
    return msgspec.json.decode((config.analysis_dir / "analysis.json").read_bytes(), type=Analysis)


def _commit(config: Config) -> str | None:
    return _analysis(config).provenance.commit
