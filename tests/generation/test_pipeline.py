"""Step 02 as a whole on a small repository: what it asks, that it proves it, and what changes when a file does."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.generation.shop import build_shop
from utils.config_manager import GenerationSettings
from utils.console import UserError
from utils.evaluation.grading import Asked, grade
from utils.evaluation.known_names import KnownNames
from utils.generation.pipeline import Report, generate
from utils.generation.verify import Verifier
from utils.records import CodeElement, Sample, read_jsonl, split_fact

SETTINGS = GenerationSettings(general_share=0.05, unseen_fact_share=0.0)


def run(root: Path, out: Path, settings: GenerationSettings = SETTINGS, seed: int = 42) -> tuple[Report, list[Sample]]:
    out.mkdir()
    analysis, elements = build_shop(root)
    report = generate(root, analysis, elements, settings, "shop", seed, out, workers=1)
    rows = [sample for split in ("train", "val", "test") for sample in read_jsonl(out / f"{split}.jsonl", Sample)]
    return report, rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list[Sample]]:
    folder = tmp_path_factory.mktemp("made")
    return folder / "shop", *run(folder / "shop", folder / "out")


def answers(samples: list[Sample], fact: str, language: str = "en") -> list[str]:
    found = [s for s in samples if s.metadata.fact == fact and s.metadata.language == language]
    assert found, fact
    return [sample.messages[-1].content for sample in found]


def test_nothing_is_written_that_the_verifier_refuses(made: tuple[Path, Report, list[Sample]]) -> None:
    root, report, samples = made
    verifier = Verifier(root, "shop")
    assert len(samples) > 300
    assert not any(reason.startswith("proof") for reason in report.drops)
    assert [reason for sample in samples for reason in verifier.check(sample)] == []


def test_every_kind_of_fact_is_asked_in_both_languages(made: tuple[Path, Report, list[Sample]]) -> None:
    families: defaultdict[str, set[str]] = defaultdict(set)
    for sample in made[2]:
        families[split_fact(sample.metadata.fact)[0]].add(sample.metadata.language)
    expected = """location line file_contents explain behaviour exceptions members by_summary source value call
        signature parameters import call_site purpose structure package module_role dependency dependencies entry_points
        license python_version document implement change_impact extend_module callees callers bases subclasses overrides
        overridden_by imports importers absent present raised_in tested_by decorated_with interaction compare result
        default topic environment environment_list option rationale"""
    assert set(expected.split()) - set(families) == set()
    assert {family for family in expected.split() if families[family] != {"en", "zh"}} == set()


def test_the_repository_is_named_in_every_question_of_its_own(made: tuple[Path, Report, list[Sample]]) -> None:
    own = [sample for sample in made[2] if sample.metadata.task != "general_knowledge"]
    assert [sample.messages[0].content for sample in own if "shop" not in sample.messages[0].content] == []


def test_answers_say_what_the_source_says(made: tuple[Path, Report, list[Sample]]) -> None:
    samples = made[2]
    assert all("shop/store.py" in text for text in answers(samples, "location:shop.store.check_item"))
    assert any("40" in text or "41" in text for text in answers(samples, "line:shop.store.Store.price_of"))
    explained = "\n".join(answers(samples, "explain:shop.store._hidden_helper", "zh"))
    assert "check_item" in explained
    raised = answers(samples, "exceptions:shop.store.Store.restock_shelf")
    assert all("`ValueError`" in text and "`count > LIMIT`" in text for text in raised)
    assert not any("None" in text for text in answers(samples, "explain:shop.store.check_item"))
    assert all("`read_ledger`" in text for text in answers(samples, "decorated_with:shop.errors.noted"))
    assert all("tests/test_store.py" in text for text in answers(samples, "tested_by:shop.store.check_item", "zh"))
    assert all("shop/till.py" in text for text in answers(samples, "raised_in:shop.errors.SoldOut"))
    assert all("shop/errors.py" in text and "33" in text for text in answers(samples, "option:--opening-hours"))
    assert all("because the owner" in text for text in answers(samples, "rationale:shop.till.close_till", "zh"))
    steps = answers(samples, "implement:shop.store.Shelf")
    assert all("WoodenShelf" in text and "SteelShelf" in text and "put_item" in text for text in steps)


def test_every_reference_answer_grades_as_right(made: tuple[Path, Report, list[Sample]], tmp_path: Path) -> None:
    analysis, elements = build_shop(tmp_path)
    known = KnownNames(analysis, elements)
    for sample in made[2]:
        meta = sample.metadata
        asked = Asked(sample.messages[0].content, meta.fact, meta.task, meta.claims)
        assert grade(asked, sample.messages[-1].content, known).score == 1.0, sample


def test_equal_inputs_give_equal_bytes(made: tuple[Path, Report, list[Sample]], tmp_path: Path) -> None:
    run(tmp_path / "shop", tmp_path / "out")
    for split in ("train", "val", "test"):
        assert (tmp_path / "out" / f"{split}.jsonl").read_bytes() == (
            made[0].parent / "out" / f"{split}.jsonl"
        ).read_bytes()


def test_another_seed_asks_otherwise(made: tuple[Path, Report, list[Sample]], tmp_path: Path) -> None:
    other = {sample.metadata.id for sample in run(tmp_path / "shop", tmp_path / "out", seed=7)[1]}
    assert other != {sample.metadata.id for sample in made[2]}


@pytest.mark.parametrize("reasoning", ["thinking", "none"])
def test_design_steps_go_where_the_config_says(tmp_path: Path, reasoning: str) -> None:
    settings = SETTINGS.replaced(reasoning=reasoning, languages=["en"])
    samples = [s for s in run(tmp_path / "shop", tmp_path / "out", settings)[1] if s.metadata.task == "design_proposal"]
    assert samples
    for sample in samples:
        assert "1. " not in sample.messages[-1].content
        assert bool(sample.messages[-1].reasoning_content) == (reasoning == "thinking")


def test_max_elements_limits_what_is_asked_about(tmp_path: Path) -> None:
    settings = SETTINGS.replaced(max_elements=2, languages=["en"])
    samples = run(tmp_path / "shop", tmp_path / "out", settings)[1]
    located = {s.metadata.fact for s in samples if s.metadata.fact.startswith("location:")}
    assert len(located) == 2


def test_an_analysis_that_does_not_match_its_checkout_fails_the_run(tmp_path: Path) -> None:
    analysis, elements = build_shop(tmp_path / "shop")
    for element in elements:
        element.line += 1
        element.start_line += 1
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="failed their proof"):
        generate(tmp_path / "shop", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)


def test_a_repository_without_anything_to_ask_says_so(tmp_path: Path) -> None:
    analysis, _ = build_shop(tmp_path / "shop")
    analysis.documents, analysis.files = [], []
    analysis.project = type(analysis.project)("shop")
    elements: list[CodeElement] = []
    (tmp_path / "out").mkdir()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no sample could be made"):
        generate(tmp_path / "empty", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)


def test_files_whose_path_an_answer_cannot_name_are_not_asked_about(tmp_path: Path) -> None:
    caller = "from shop.store import check_item\n\n\ndef run_template():\n    check_item(1)\n"
    for path in ("shop/{{ name }}/start.py", "shop/my parts/start.py"):
        (tmp_path / "shop" / path).parent.mkdir(parents=True)
        (tmp_path / "shop" / path).write_text(caller)
    (tmp_path / "shop" / "my notes.md").write_text("# Notes\n\n## One\n\nText.\n\n## Two\n\nText.\n")
    report, samples = run(tmp_path / "shop", tmp_path / "out")
    assert not any(reason.startswith("proof") for reason in report.drops)
    told = "".join(message.content for sample in samples for message in sample.messages)
    assert "run_template" not in told
    assert "my notes" not in told
    told_of = "\n".join(report.remarks())
    assert "1 of 8 Python files are tests" in told_of
    assert "2 files whose path" in told_of


def test_a_name_in_a_text_file_is_not_called_absent(tmp_path: Path) -> None:
    endings = ("async", "all", "cached", "by_id", "or_none", "safe", "batch", "once")
    (tmp_path / "shop" / "shop").mkdir(parents=True)
    (tmp_path / "shop" / "shop" / "weigh.py").write_text("def weigh_pears(count):\n    return count\n")
    (tmp_path / "shop" / "HISTORY.txt").write_text(" ".join(f"weigh_pears_{ending}" for ending in endings))
    report, samples = run(tmp_path / "shop", tmp_path / "out", SETTINGS.replaced(languages=["en"]))
    assert not any(reason.startswith("proof") for reason in report.drops)
    asked = [sample.metadata.fact for sample in samples if sample.metadata.task == "absent_symbol"]
    assert "present:shop.weigh.weigh_pears" in asked
    assert not any(fact.startswith("absent:weigh") for fact in asked)


@pytest.mark.parametrize("sign", ["\f", "\x1c", "\x85", "\u2028"])
def test_what_is_no_line_end_to_python_moves_no_line(tmp_path: Path, sign: str) -> None:
    (tmp_path / "shop" / "shop").mkdir(parents=True)
    (tmp_path / "shop" / "shop" / "pages.py").write_text(
        "def break_pages(\n"
        "    text,  # " + sign + "\n"
        '    mark="page",\n'
        "):\n"
        '    """Break the pages.\n'
        "\n"
        "    Args:\n"
        "        text: What is" + sign + "broken.\n"
        "        mark: What stands between.\n"
        '    """\n'
        '    first = text.lower()  # "' + sign + '"\n'
        "    # It must be done because of this.\n"
        "    if not first:\n"
        "        raise KeyError(first)\n"
        "    return first.upper()\n"
        "\n\n"
        "def print_pages(text):\n"
        '    """Print" them' + sign + '."""\n'
        "    return break_pages(text)\n"
    )
    (tmp_path / "shop" / "NOTES.md").write_text(
        f"# Notes\n\nA{sign}B\n\n## Pears at work\n\nText.\n\n## Apples\n\nText.\n"
    )
    report, samples = run(tmp_path / "shop", tmp_path / "out", SETTINGS.replaced(max_samples=100_000))
    assert not any(reason.startswith("proof") for reason in report.drops), report.examples
    assert any("`KeyError`" in text for text in answers(samples, "exceptions:shop.pages.break_pages"))
    assert any('mark="page"' in text for text in answers(samples, "default:shop.pages.break_pages"))
    assert any("return break_pages(text)" in text for text in answers(samples, "call_site:shop.pages.break_pages"))
    assert any("Pears at work" in text for text in answers(samples, "document:NOTES.md"))
    means = answers(samples, "parameters:shop.pages.break_pages")
    assert any("What stands between" in text for text in means)


def test_a_changed_file_leaves_the_samples_about_others_alone(
    made: tuple[Path, Report, list[Sample]], tmp_path: Path
) -> None:
    build_shop(tmp_path / "shop")
    extra = "\n\ndef show_help():\n    return main()\n"
    settings = SETTINGS.replaced(max_samples=100_000)
    before = {s.metadata.id for s in run(tmp_path / "shop", tmp_path / "before", settings)[1]}
    import tests.generation.shop as shop

    original = shop.FILES["shop/cli.py"]
    shop.FILES["shop/cli.py"] = original + extra
    try:
        after = {s.metadata.id for s in run(tmp_path / "shop", tmp_path / "after", settings)[1]}
    finally:
        shop.FILES["shop/cli.py"] = original
    assert len(before & after) > 0.75 * len(before)
