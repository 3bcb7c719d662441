"""The call graph of small programs, one per language feature, beside what really happens when they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.call_graph_executed import CATEGORIES, Edges, cases, compare_case

UNKNOWN = {  # what runs and is not told: a value that only the running program knows
    "assignments: global rebinding",
    "classes: what __getattribute__ runs is not run by who reads",  # but by it, whatever the name says
    "classes: a property of the class",  # what `self.fget` of such a property calls
    "operators: items of objects and containers",  # measured: where lists come along, two of five such edges run
    "testing: unittest runs inherited tests",  # measured: of two methods of what an attribute holds, one runs
}
FALSE = {"assignments: global rebinding", "classes: instance attribute shadows a method"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Edges, Edges, Edges]]:
    """Every program's (edges whose line ran, executed edges, all edges)."""
    return {
        f"{category}: {name}": compare_case(text, tmp_path_factory.mktemp("case"))
        for category in CATEGORIES
        for name, text in cases(category).items()
    }


@pytest.mark.parametrize("category", CATEGORIES)
def test_programs_of_a_category_give_what_they_execute(
    category: str, compared: dict[str, tuple[Edges, Edges, Edges]]
) -> None:
    for name, (reached, executed, every) in compared.items():
        if name.startswith(f"{category}: "):
            assert reached <= executed or name in FALSE, f"{name}: false {sorted(reached - executed)}"
            assert executed <= every or name in UNKNOWN, f"{name}: missed {sorted(executed - every)}"


def test_precision_and_recall_over_all_programs(compared: dict[str, tuple[Edges, Edges, Edges]]) -> None:
    reached = sum(len(found) for found, _, _ in compared.values())
    right = sum(len(found & executed) for found, executed, _ in compared.values())
    executed = sum(len(found) for _, found, _ in compared.values())
    told = sum(len(found & every) for _, found, every in compared.values())
    assert right / reached >= 0.99
    assert told / executed >= 0.95


def test_every_category_has_programs() -> None:
    assert len(CATEGORIES) == 23
    assert all(cases(category) for category in CATEGORIES)


def test_programs_are_written_where_they_are_told(tmp_path: Path) -> None:
    reached, executed, _ = compare_case(
        "# file: main.py\nimport a.b\na.b.f()\n# file: a/b.py\ndef f(): pass\n", tmp_path
    )
    assert reached == executed == {("main", "a.b.f")}
