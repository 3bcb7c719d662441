"""What test runners do: they make instances of test classes, and give fixtures to tests.

Pytest calls the fixture, so no call edge leads to it; but what a test does with it is a call of the project's code.
"""

from __future__ import annotations

from collections.abc import Iterator

from utils.analysis.resolution import ir
from utils.analysis.resolution.hierarchy import Hierarchy, Module

PREPARING = ("setUp", "tearDown", "asyncSetUp", "asyncTearDown", "setup_method", "teardown_method")
Found = tuple[Module, ir.Function]
Near = list[tuple[Module, dict[str, Found]]]  # the modules whose fixtures a module sees by name, the nearest first


def fixtures_near(hierarchy: Hierarchy, module: Module) -> Near:
    """The fixtures of a module and of the `conftest` modules above it."""
    above = (hierarchy.by_name.get(name) for name in conftests(module.name) if name != module.name)
    found = [module, *filter(None, above)]
    return [(owner, {item.name: (owner, item) for item in hierarchy.fixtures_of(owner)}) for owner in found]


def find(hierarchy: Hierarchy, near: Near, name: str) -> Found | None:
    """The fixture of a name, which may be one that a module imports."""
    for module, table in near:
        found = table.get(name) or imported(hierarchy, module, name)
        if found is not None:
            return found
    return None


def imported(hierarchy: Hierarchy, module: Module, name: str) -> Found | None:
    """The fixture that a module imports under a name."""
    for node in hierarchy.exports_of(module, name) or ():
        resolved = hierarchy.resolve(module, module.face.origins.get(node))
        if resolved is not None and resolved[0] == "function":
            owner, function = hierarchy.function_of(resolved[1])
            if function.flags & ir.FIXTURE:
                return owner, function
    return None


def fixture_links(hierarchy: Hierarchy, module: Module) -> Iterator[tuple[int, int]]:
    """(node of what a fixture gives, node of a parameter of this module that it is given to)."""
    wanting = [
        function
        for function in module.face.functions.values()
        if function.positional and (function.name.startswith("test") or function.flags & ir.FIXTURE)
    ]
    near = fixtures_near(hierarchy, module) if wanting else []
    for function in wanting:
        for index, name in enumerate(function.positional):
            within = near[name == function.name :]  # a fixture that asks for its own name means the one it replaces
            if (found := find(hierarchy, within, name)) is not None:
                owner, fixture = found
                for node in given_by(fixture):
                    yield owner.offset + node, module.offset + function.params[index]


def given_by(fixture: ir.Function) -> list[int]:
    """The nodes of what a fixture gives: other fixtures, too, that it hands on."""
    if fixture.flags & ir.GENERATOR:
        return [fixture.yields]
    handed = [fixture.params[index] for index, called in fixture.passes if not called]
    return [fixture.returns, *handed, *(node for index, _, node in fixture.choices if index >= 0)]


def class_attributes(hierarchy: Hierarchy, module: Module) -> Iterator[tuple[int, int, str]]:
    """(node of what a fixture assigns to `request.cls.name`, number of a class of this module in question, name)."""
    wanted: dict[tuple[int, str], None] = {}
    for number, record in module.face.classes.items():
        wanted.update(dict.fromkeys((number, name) for name in record.fixtures))
    for function in module.face.functions.values():
        if function.owner >= 0 and function.name.startswith("test"):
            wanted.update(dict.fromkeys((function.owner, name) for name in function.positional[1:]))
    tested = [number for number, record in module.face.classes.items() if has_tests(record)]
    near = fixtures_near(hierarchy, module) if wanted or tested else []
    for name in (name for _, table in near for name, (_, fixture) in table.items() if fixture.flags & ir.AUTOMATIC):
        wanted.update(dict.fromkeys((number, name) for number in tested))
    for number, name in wanted:
        found = find(hierarchy, near, name)
        for attribute, node in found[1].gives if found is not None else ():
            yield found[0].offset + node, module.index << ir.CLASS_BITS | number, attribute  # type: ignore[index]


def has_tests(record: ir.Class) -> bool:
    return any(name.startswith("test") for name in record.methods)


def conftests(name: str) -> Iterator[str]:
    """The `conftest` modules that a test module sees, the nearest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield f"{name}.conftest"
    yield "conftest"


def is_test_module(name: str) -> bool:
    """Whether a module is there for test runners."""
    parts = name.lower().split(".")
    return any(part in ("test", "tests", "conftest") or is_test_file(part) for part in parts)


def is_test_file(name: str) -> bool:
    """Whether test runners look for tests in a module, which then runs by itself."""
    last = name.lower().rpartition(".")[2]
    return last.startswith("test_") or last.endswith("_test")


def is_test_class(hierarchy: Hierarchy, number: int) -> bool:
    """Whether a test runner makes instances of a class: it has tests, and is called or derived as runners want it."""
    order = hierarchy.order(number)
    name = hierarchy.class_of(number)[1].name
    called = name.startswith("Test") or name.endswith(("Test", "Tests"))
    if not called and not any(isinstance(item, str) and "TestCase" in item for item in order):
        return False
    return any(has_tests(hierarchy.class_of(item)[1]) for item in order if isinstance(item, int))


def inherited_tests(hierarchy: Hierarchy, number: int) -> list[int]:
    """The functions that a test runner calls on objects of a test class, those of its own body aside."""
    own = hierarchy.class_of(number)[1].methods
    above = [hierarchy.class_of(item)[1].methods for item in hierarchy.order(number)[1:] if isinstance(item, int)]
    names = dict.fromkeys(name for methods in above for name in methods if name not in own)
    found = [function for name in names if (function := hierarchy.find(number, name)) is not None]
    return [function for function in found if is_run(hierarchy.function_of(function)[1])]


def is_run(function: ir.Function) -> bool:
    """Whether a test runner calls a method of a test class."""
    return function.name.startswith("test") or function.name in PREPARING or bool(function.flags & ir.FIXTURE)
