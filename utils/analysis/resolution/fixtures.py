"""What test runners do: they make instances of test classes, and a test's parameter holds what its fixture gives.

Pytest calls the fixture, so no call edge leads to it; but what a test does with it is a call of the project's code.
"""

from __future__ import annotations

from collections.abc import Iterator

from utils.analysis.resolution import ir
from utils.analysis.resolution.hierarchy import Hierarchy, Module


def fixture_links(hierarchy: Hierarchy, module: Module) -> Iterator[tuple[int, int]]:
    """(node of what a fixture gives, node of a parameter of this module that it is given to)."""
    wanting = [
        function
        for function in module.face.functions.values()
        if function.positional and (function.name.startswith("test") or function.flags & ir.FIXTURE)
    ]
    if not wanting:
        return
    near = [fixtures(hierarchy, module)]
    near += [fixtures(hierarchy, found) for name in conftests(module.name) if (found := hierarchy.by_name.get(name))]
    for function in wanting:
        for index, name in enumerate(function.positional):
            given = next((table[name] for table in near if name in table), 0)
            if given and name != function.name:
                yield given, module.offset + function.params[index]


def fixtures(hierarchy: Hierarchy, module: Module) -> dict[str, int]:
    """A module's fixtures: name → node of what it returns or yields."""
    return {
        function.name: module.offset + (function.yields if function.flags & ir.GENERATOR else function.returns)
        for function in hierarchy.fixtures_of(module)
    }


def conftests(name: str) -> Iterator[str]:
    """The `conftest` modules that a test module sees, the nearest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield f"{name}.conftest"
    yield "conftest"


def is_test_class(hierarchy: Hierarchy, number: int, record: ir.Class) -> bool:
    """Whether a test runner makes instances of a class: it has tests, and is called or derived as runners want it."""
    order = hierarchy.order(number)
    if not record.name.startswith("Test") and not any(isinstance(item, str) and "TestCase" in item for item in order):
        return False
    inside = [hierarchy.class_of(item)[1].methods for item in order if isinstance(item, int)]
    return any(name.startswith("test") for methods in inside for name in methods)
