"""What is said of the project as a whole: one answer to one question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation import shop
from utils.analysis.pipeline import analyze
from utils.config_manager import GenerationSettings
from utils.generation.facts import Context
from utils.generation.pipeline import generate
from utils.generation.tasks import overview
from utils.generation.templates import load_voice
from utils.generation.verify import Verifier
from utils.records import Claim, Provenance


def test_of_two_files_that_declare_a_package_the_metadata_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = '[project]\nname = "shop"\nversion = "1"\ndependencies = [\n  "rich>=13",\n]\n'
    monkeypatch.setitem(shop.FILES, "pyproject.toml", metadata)
    monkeypatch.setitem(shop.FILES, "requirements.txt", "rich>=12\nclick\n")
    found = [
        fact.subject.split() for fact in overview.facts(shop.shop_context(tmp_path)) if fact.family == "dependency"
    ]
    assert [(name, path) for name, _, path in found] == [("rich", "pyproject.toml"), ("click", "requirements.txt")]


def test_the_version_in_a_table_of_its_own_is_proven_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[tool.poetry]\nname = "shop"\n\n[tool.poetry.dependencies.rich]\nextras = ["jupyter"]\nversion = "^13"\n'
    monkeypatch.setitem(shop.FILES, "pyproject.toml", table)
    context = shop.shop_context(tmp_path)
    slots = next(fact.build(load_voice("en"), 0) for fact in overview.facts(context) if fact.family == "dependency")
    claims = [claim for name in ("package", "path", "specifier") for claim in slots[name].claims]
    assert claims == [
        Claim("depends_on", "shop", "rich"),
        Claim("quotes", "pyproject.toml", (4, 4, "rich")),
        Claim("quotes", "pyproject.toml", (6, 6, "^13")),
    ]
    verifier = Verifier(tmp_path, "shop")
    assert [verifier.prove(claim) for claim in claims] == [None, None, None]


def test_of_several_versions_each_is_proven_by_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = '[tool.poetry.dependencies]\nrich = [\n  {version = "<13"},\n  {version = ">=13"},\n]\n'
    monkeypatch.setitem(shop.FILES, "pyproject.toml", table)
    context = shop.shop_context(tmp_path)
    slots = next(fact.build(load_voice("en"), 0) for fact in overview.facts(context) if fact.family == "dependency")
    claims = [Claim("quotes", "pyproject.toml", (3, 3, "<13")), Claim("quotes", "pyproject.toml", (4, 4, ">=13"))]
    assert (slots["specifier"].text, list(slots["specifier"].claims)) == ("<13 || >=13", claims)


def test_the_name_of_a_command_is_proven_by_the_line_that_declares_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = '[project]\nname = "shop"\nversion = "1"\n[project.scripts]\nopen_shop = "shop.till:close_till"\n'
    monkeypatch.setitem(shop.FILES, "pyproject.toml", scripts)
    analysis, elements = shop.build_shop(tmp_path / "shop")
    (tmp_path / "out").mkdir()
    settings = GenerationSettings(general_share=0.05, unseen_fact_share=0.0)
    generate(tmp_path / "shop", analysis, elements, settings, "shop", 42, tmp_path / "out", workers=1)
    rows = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert any("`open_shop`" in row and "entry_points" in row for row in rows)


def test_the_name_of_a_group_is_proven_by_the_line_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = (
        '[project]\nname = "shop"\nversion = "1"\n[project.optional-dependencies]\nold_packages = [\n  "rich",\n]\n'
    )
    monkeypatch.setitem(shop.FILES, "pyproject.toml", groups)
    monkeypatch.setitem(shop.FILES, "requirements-new_packages.txt", "click\n")
    analysis, elements = shop.build_shop(tmp_path / "shop")
    (tmp_path / "out").mkdir()
    settings = GenerationSettings(general_share=0.05, unseen_fact_share=0.0)
    report = generate(tmp_path / "shop", analysis, elements, settings, "shop", 42, tmp_path / "out", workers=1)
    assert not any(reason.startswith("proof") for reason in report.drops)
    rows = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert any("optional “old_packages” dependencies" in row and '[5,5,"old_packages"]' in row for row in rows)
    assert not any("new_packages" in row for row in rows)


def test_counts_are_of_all_files_also_those_the_analysis_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens the folder sees them all, and so does the proof."""
    monkeypatch.setitem(shop.FILES, "shop/broken.py", "def open(:\n")
    monkeypatch.setitem(shop.FILES, "shop/vendored.py", "def buy(): ...\n")
    shop.build_shop(tmp_path)
    provenance = Provenance("shop", "c0ffee", False, "0")
    analysis, elements = analyze(tmp_path, "shop", provenance, workers=1, exclude=["vendored.py"])
    assert {"shop/broken.py", "shop/vendored.py"}.isdisjoint(file.path for file in analysis.files)
    context = Context("shop", analysis, elements, include_tests=False, root=tmp_path)
    voice = load_voice("en")
    sizes = [fact.build(voice, 0)["count"] for fact in overview.facts(context) if fact.family == "statistics"]
    files = [name for name in shop.FILES if name.endswith(".py")]
    inside = [name for name in files if name.startswith("shop/")]
    assert [slot.text for slot in sizes] == [str(len(inside)), str(len(files))]
    verifier = Verifier(tmp_path, "shop")
    assert [verifier.prove(claim) for slot in sizes for claim in slot.claims] == [None, None]
