"""Step 05 from its command: real artifacts in, a report out, resumed where it was interrupted."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from tests.tiny_model import save_base
from utils.artifacts import ArtifactWriter, open_artifact
from utils.config_manager import ModelSettings
from utils.console import ROOT, UserError
from utils.evaluation.questions import read_own_questions
from utils.evaluation.report import build_report
from utils.evaluation.results import Result
from utils.model_io import base_identity
from utils.records import (
    ADAPTER_SCHEMA,
    ANALYSIS_SCHEMA,
    DATASET_SCHEMA,
    MERGED_SCHEMA,
    Analysis,
    CodeElement,
    Message,
    Sample,
    read_jsonl,
    write_jsonl,
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("evaluate_script", ROOT / "scripts" / "05_evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(
    tmp_path: Path, tiny_model: Path, analysis: Analysis, elements: list[CodeElement], samples: list[Sample]
) -> Path:
    """A config whose artifacts are all in place: analysis, dataset, merged model."""
    with ArtifactWriter(tmp_path / "data/shop/analysis", ANALYSIS_SCHEMA, {}, {}) as writer:
        (writer.path / "analysis.json").write_bytes(msgspec.json.encode(analysis))
        write_jsonl(writer.path / "elements.jsonl", elements)
        made = writer.commit({}, 0).digest()
    with ArtifactWriter(tmp_path / "data/shop/dataset", DATASET_SCHEMA, {}, {"analysis": made}) as writer:
        write_jsonl(writer.path / "test.jsonl", samples)
        dataset = writer.commit({}, 0).digest()
    base = base_identity(ModelSettings(base=str(tiny_model)))
    with ArtifactWriter(tmp_path / "output/shop/merged", MERGED_SCHEMA, {}, {}) as writer:
        save_base(writer.path, seed=1)
        writer.commit({}, 0, base_model=base, notes={"dataset": dataset})
    config = tmp_path / "config.yaml"
    config.write_text(
        f"repository: {{url: {tmp_path}, name: shop}}\n"
        f"paths: {{data: {tmp_path}/data, output: {tmp_path}/output}}\n"
        f"model: {{base: {tiny_model}, device: cpu, dtype: float32}}\n"
        "evaluation: {batch_size: 4, max_new_tokens: 12, bootstrap_resamples: 100}\n"
    )
    return config


def report_of(project: Path, folder: str = "evaluation") -> dict:
    return json.loads((project.parent / "output/shop" / folder / "comparison_report_shop.json").read_text())


def test_the_report_has_the_shape_that_was_promised(
    script: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--config", str(project)]) == 0
    report = report_of(project)
    assert report["schema"] == "evaluation/1"
    assert list(report["summary"]) == [
        "overall",
        "code_location",
        "code_understanding",
        "project_overview",
        "general_knowledge",
    ]
    row = report["by_task_and_probe"]["code_location/unseen_wording"]
    assert {"n", "base", "finetuned", "improvement", "ci95", "p_value", "retrieval", "exact_path"} <= set(row)
    assert report["summary"]["overall"]["n"] == 7, "the control probe does not count"
    assert report["by_probe"]["unseen_fact"]["n"] == 1
    assert set(report["hallucination"]) == {"base", "finetuned", "retrieval"}
    assert report["general"]["perplexity"]["before"] > 1
    shown = capsys.readouterr().out
    assert shown.index("Overall") < shown.index("Code Location") < shown.index("unseen wording")
    assert "comparison_report_shop.html" in shown


def test_answers_jsonl_is_all_the_report_needs(script: ModuleType, project: Path) -> None:
    script.main(["--config", str(project)])
    report = report_of(project)
    results = list(read_jsonl(project.parent / "output/shop/evaluation/answers.jsonl", Result))
    again = build_report(results, report["metadata"], 100, 42)
    for key in ("summary", "by_task", "by_probe", "by_language", "hallucination", "abstention", "conclusion"):
        assert json.loads(json.dumps(again[key])) == report[key], key


def test_a_stranger_gets_the_headline_from_the_lines_alone(script: ModuleType, project: Path) -> None:
    script.main(["--config", str(project)])
    report = report_of(project)
    lines = (project.parent / "output/shop/evaluation/answers.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    main = [row for row in rows if row["question"]["probe"] != "unseen_fact"]
    for system in ("base", "finetuned", "retrieval"):
        graded = {row["question"]["id"]: row["answers"][system]["grade"] for row in rows}
        shares = []
        for row in main:
            made = [verdict["made"] for verdict in graded[row["question"]["id"]]["verdicts"] if verdict["required"]]
            shares.append(sum(made) / len(made))
        assert report["summary"]["overall"][system] == pytest.approx(sum(shares) / len(shares), abs=1e-6)
        about = [graded[row["question"]["id"]] for row in rows if row["question"]["task"] != "general_knowledge"]
        named = [mention["exists"] for marks in about for mention in marks["mentions"]]
        assert report["hallucination_detail"][system]["mentions"] == len(named)
        assert report["hallucination_detail"][system]["invented"] == named.count(False)
        absent = [row for row in rows if any(claim["kind"] == "absent" for claim in row["question"]["claims"])]
        denied = [graded[row["question"]["id"]]["denies"] for row in absent]
        assert report["abstention"]["recall"][system] == pytest.approx(sum(denied) / len(denied))


def test_a_report_by_another_grader_is_made_anew_from_the_answers_kept(
    script: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.main(["--config", str(project)])
    monkeypatch.setattr("utils.evaluation.pipeline.grader_version", lambda: "another")
    script.main(["--config", str(project)])
    speed = report_of(project)["speed"]
    assert all(row["answers"] == 0 and row["kept"] for row in speed.values())


def test_unchanged_is_skipped_and_interrupted_is_resumed(
    script: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = project.parent / "output/shop/cache/answers.jsonl"
    script.main(["--config", str(project)])
    whole = cache.read_bytes()
    script.main(["--config", str(project)])
    assert "unchanged" in capsys.readouterr().out
    lines = whole.splitlines(keepends=True)
    cache.write_bytes(b"".join(lines[:5]) + lines[5][:20])  # killed while writing
    (project.parent / "output/shop/evaluation/manifest.json").unlink()
    script.main(["--config", str(project)])
    speed = report_of(project)["speed"]
    assert sum(row["kept"] for row in speed.values()) == 5
    assert sorted(cache.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_own_questions_need_no_claims(script: ModuleType, project: Path) -> None:
    own = project.parent / "mine.jsonl"
    claim = {"kind": "defined_in", "subject": "shop.cart.total", "value": "src/shop/cart.py"}
    rows = [{"question": "你好？"}, {"question": "Where is `total` of shop?", "claims": [claim], "reference": "cart"}]
    own.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert script.main(["--config", str(project), "--questions", str(own)]) == 0
    report = report_of(project, "evaluation_mine")
    assert report["metadata"]["n"] == 2
    assert report["summary"]["overall"]["n"] == 1, "what has no claims is shown, not scored"


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "holds no question"), ('{"q": 1}\n', "line 1"), ('{"question": "a"}\n{"question": 1}\n', "line 2")],
)
def test_a_bad_question_file_is_named_with_its_line(script: ModuleType, project: Path, text: str, told: str) -> None:
    own = project.parent / "mine.jsonl"
    own.write_text(text)
    with pytest.raises(UserError, match=told):
        script.main(["--config", str(project), "--questions", str(own)])


def own_claim(kind: str, value: object) -> str:
    claim = {"kind": kind, "subject": "shop.cart.total", "value": value}
    return json.dumps({"question": "Where is `total`?", "claims": [claim]})


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("spans", "10-20", r"\[first line, last line\], not '10-20'"),
        ("at_line", "line 10", "a number, not 'line 10'"),
        ("count", "two", r"\[what, how many\], not 'two'"),
        ("count", ["modules", "two"], r"\[what, how many\]"),
        ("quotes", "class Cart", r"\[first line, last line, text\]"),
        ("defined_in", ["src/shop/cart.py"], "a string, not"),
    ],
)
def test_a_claim_of_the_wrong_shape_is_named_before_a_model_is_asked(
    tmp_path: Path, kind: str, value: object, told: str
) -> None:
    own = tmp_path / "mine.jsonl"
    own.write_text('{"question": "a"}\n' + own_claim(kind, value) + "\n")
    with pytest.raises(UserError, match=f"line 2 is no question .*claim {kind} is {told}"):
        read_own_questions(own)


@pytest.mark.parametrize("messages", [[], [Message("user", "hi")], [Message("assistant", "hi")]])
def test_a_row_without_a_question_and_its_answer_is_refused(
    tmp_path: Path, samples: list[Sample], messages: list[Message]
) -> None:
    own = tmp_path / "mine.jsonl"
    write_jsonl(own, [samples[0], Sample(messages, samples[0].metadata)])
    with pytest.raises(UserError, match=r"line 2 .*do not end with a question and its answer"):
        read_own_questions(own)


def test_a_byte_order_mark_and_the_line_ends_of_unicode_are_no_lines(tmp_path: Path) -> None:
    own = tmp_path / "mine.jsonl"
    own.write_bytes('\ufeff{"question": "one\u2028and?"}\r\n{"question": "two"}\n'.encode())
    assert [question.text for question in read_own_questions(own)] == ["one\u2028and?", "two"]


def test_a_limit_warns_loudly(script: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.main(["--config", str(project), "evaluation.limit=3", "evaluation.retrieval.enabled=false"])
    assert "only 3 of 8 questions" in capsys.readouterr().out
    report = report_of(project)
    assert report["metadata"]["limited_from"] == 8
    assert report["metadata"]["systems"] == ["base", "finetuned"]


def test_a_missing_model_says_what_to_run(script: ModuleType, project: Path) -> None:
    (project.parent / "output/shop/merged").rename(project.parent / "output/shop/elsewhere")
    with pytest.raises(UserError, match="03_train_model"):
        script.main(["--config", str(project)])


def test_a_dataset_of_another_analysis_is_refused(script: ModuleType, project: Path) -> None:
    with ArtifactWriter(project.parent / "data/shop/dataset", DATASET_SCHEMA, {}, {"analysis": "f" * 64}) as writer:
        (writer.path / "test.jsonl").write_text("")
        writer.commit({}, 0)
    with pytest.raises(UserError, match="02_generate_data"):
        script.main(["--config", str(project)])


def save_adapter(project: Path, dataset: str, tiny_model: Path) -> None:
    """An adapter alone, which says what it was trained on; nothing is merged."""
    (project.parent / "output/shop/merged").rename(project.parent / "output/elsewhere")
    with ArtifactWriter(project.parent / "output/shop/adapter", ADAPTER_SCHEMA, {}, {"dataset": dataset}) as writer:
        writer.commit({}, 0, base_model=base_identity(ModelSettings(base=str(tiny_model))))


def change_dataset(project: Path) -> None:
    folder = project.parent / "data/shop/dataset"
    made_from = open_artifact(folder, DATASET_SCHEMA, "").inputs
    rows = list(read_jsonl(folder / "test.jsonl", Sample))
    with ArtifactWriter(folder, DATASET_SCHEMA, {}, made_from) as writer:
        write_jsonl(writer.path / "test.jsonl", rows[:5])
        writer.commit({}, 0)


def test_a_model_of_another_dataset_is_refused_for_the_test_set(script: ModuleType, project: Path) -> None:
    change_dataset(project)
    with pytest.raises(UserError, match=r"trained on another dataset .*03_train_model.*, then: .*04_merge_weights"):
        script.main(["--config", str(project)])


def test_an_adapter_of_another_dataset_is_refused_too(script: ModuleType, project: Path, tiny_model: Path) -> None:
    save_adapter(project, "f" * 64, tiny_model)
    with pytest.raises(UserError, match=r"trained on another dataset \(f{12}\).*03_train_model[^,]*$"):
        script.main(["--config", str(project)])


def test_own_questions_of_a_model_of_another_dataset_are_asked_with_a_warning(
    script: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_dataset(project)
    own = project.parent / "mine.jsonl"
    own.write_text('{"question": "Where is `total` of shop?"}\n')
    assert script.main(["--config", str(project), "--questions", str(own)]) == 0
    assert "warning: the fine-tuned model" in capsys.readouterr().out


@pytest.mark.parametrize("is_merged", [True, False])
def test_a_model_of_another_base_is_refused(
    script: ModuleType, project: Path, tiny_model: Path, is_merged: bool
) -> None:
    if not is_merged:
        save_adapter(project, "f" * 64, tiny_model)
    other = save_base(project.parent / "other", seed=5)
    with pytest.raises(UserError, match=r"was trained on .*, but model\.base is .*other"):
        script.main(["--config", str(project), f"model.base={other}"])


def test_the_report_says_what_it_compares(script: ModuleType, project: Path, tiny_model: Path) -> None:
    script.main(["--config", str(project)])
    told = report_of(project)["metadata"]["compared"]
    merged = open_artifact(project.parent / "output/shop/merged", MERGED_SCHEMA, "")
    assert told["merged"] == {
        "name": str(project.parent / "output/shop/merged"),
        "digest": merged.digest(),
        "created": merged.created,
    }
    assert told["dataset"]["digest"] == open_artifact(project.parent / "data/shop/dataset", DATASET_SCHEMA, "").digest()
    assert told["base"]["name"] == str(tiny_model)
    assert told["adapter"] is None
    page = (project.parent / "output/shop/evaluation/comparison_report_shop.html").read_text()
    assert merged.digest()[:12] in page
    assert merged.created[:10] in page
