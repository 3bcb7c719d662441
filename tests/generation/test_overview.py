"""What is said of the project as a whole: one answer to one question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation import shop
from utils.config_manager import GenerationSettings
from utils.generation.pipeline import generate
from utils.generation.tasks import overview


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
