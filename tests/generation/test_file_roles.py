"""Which files a project offers, and which only help it along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation.shop import build_shop
from utils.generation.facts import Context
from utils.generation.file_roles import is_supporting, is_test


@pytest.mark.parametrize(
    ("path", "supporting"),
    [
        ("docs/conf.py", True),
        ("scripts/internal/release.py", True),
        (".github/workflows/bot.py", True),
        ("setup.py", True),
        ("shop/docs/render.py", False),
        ("docs.py", False),
        ("shop/setup.py", False),
    ],
)
def test_files_that_help_a_project_along(path: str, supporting: bool) -> None:
    assert is_supporting(path) is supporting


@pytest.mark.parametrize(
    ("path", "test"),
    [("checks/a.py", True), ("a/test_b.py", True), ("a/tests/b.py", True), ("conftest.py", True), ("attest.py", False)],
)
def test_test_files(path: str, test: bool) -> None:
    assert is_test(path, ["checks"]) is test


def test_supporting_files_are_all_that_a_repository_without_others_offers(tmp_path: Path) -> None:
    analysis, elements = build_shop(tmp_path / "shop")
    for element in elements:
        element.path = f"scripts/{element.path}"
    context = Context("shop", analysis, elements, include_tests=False)
    assert context.supporting == frozenset()
    elements[0].path = "shop.py"
    context = Context("shop", analysis, elements, include_tests=False)
    assert context.is_offered(elements[0])
    assert not context.is_offered(elements[1])
