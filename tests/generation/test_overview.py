"""What is said of the project as a whole: one answer to one question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation import shop
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
