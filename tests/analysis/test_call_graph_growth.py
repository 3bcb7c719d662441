"""Sources whose values grow without end unless linking bounds them."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.analysis.call_graph_cases import check
from utils.analysis.resolution.graph import Graph
from utils.analysis.resolution.scopes import root_of
from utils.analysis.summary import summarize

CASES = {
    "a container of types that holds itself": (
        "class C:\n    def m(self): pass\n"
        "types = [C]\n"
        "types.append(types)\n"
        "def k(x):\n    if isinstance(x, types):\n        x.m()\n"
        "k(1)",
        "main -> main.k\nmain.k -> main.C.m",
    ),
    "two containers of types that hold each other": (
        "class C:\n    def m(self): pass\n"
        "a, b = [C], []\n"
        "a.append(b)\n"
        "b.append(a)\n"
        "def k(x):\n    if isinstance(x, b):\n        x.m()\n"
        "k(1)",
        "main -> main.k\nmain.k -> main.C.m",
    ),
    "a cast to a container that holds itself": (
        "from typing import cast\n"
        "class C:\n    def m(self): pass\n"
        "types = [C]\n"
        "types.append(types)\n"
        "cast(types, 1).m()",
        "main -> main.C.m",
    ),
    "a wrapper of itself": (
        "from functools import update_wrapper\n"
        "def g(): pass\n"
        "def w(*a): return g()\n"
        "f = g\n"
        "for _ in range(3):\n    f = update_wrapper(w, f)\n"
        "f()",
        "main -> main.g, main.w\nmain.w -> main.g",
    ),
    "a partial of itself": (
        "from functools import partial\ndef g(): pass\nf = g\nwhile True:\n    f = partial(f, f)\nf()",
        "main -> main.g",
    ),
    "methods made of themselves": (
        "from functools import partialmethod\n"
        "def f(*a): pass\n"
        "class A:\n    p = partialmethod(f, 1)\n"
        "while True:\n"
        "    A.p = A().p\n"
        "    A.q = partialmethod(A.p, A().q)\n"
        "    A.c = partialmethod(classmethod(A().c), A().c)\n"
        "    f = staticmethod(f)\n"
        "    A.s = classmethod(f)\n"
        "    A().p()\n    A().q()\n    A().c()\n    A().s()",
        "main -> main.f",
    ),
    "a container made of its own items": (
        "def g(): pass\nx = {'a': g}\nwhile True:\n    x = list(x.items())[0]\nx()",
        "",
    ),
    "a list of slices of itself": (
        "def g(): pass\nx = [g]\nwhile True:\n    x = [x[1:], *x, x]\n    a, *x = x\na()",
        "main -> main.g",
    ),
    "functions that hand on to each other": (
        "import inspect\ndef a(): pass\n"
        "def f(x):\n    if inspect.isclass(x): return g(x)\n    return g(x)\n"
        "def g(x):\n    if callable(x): return f(x)\n    return f\n"
        "f(f)(g)\nf(a)()",
        "main -> main.f\nmain.f -> main.g\nmain.g -> main.f",
    ),
    "wrappers of each other": (
        "import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(*a): return f(*a)\n    return w\n"
        "a = d(b)\nb = d(a)\na = d(b)\na()",
        "main -> main.d, main.d.w\nmain.d.w -> main.d.w",
    ),
    "an outside name that lengthens itself": (
        "import outside\nx = outside\nwhile True:\n    x = x.y\n    x = x.z()",
        "",
    ),
}


@pytest.fixture(autouse=True)
def _bounded_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case of a few lines needs a few dozen nodes and rules; one that grows is stopped here."""
    left = iter(range(2000))

    def count(method: str) -> None:
        original = getattr(Graph, method)

        def counted(*args: Any) -> Any:
            assert next(left, None) is not None, "the case grows"
            return original(*args)

        monkeypatch.setattr(Graph, method, counted)

    count("new")
    count("wait")


@pytest.mark.parametrize("name", CASES)
def test_growth_is_bounded(name: str) -> None:
    source, expected = CASES[name]
    check(source, expected)


def test_the_way_to_what_was_tested_first_is_walked_once() -> None:
    above = {node: node + 1 for node in range(10_000)}

    assert root_of(above, 0) == root_of(above, 10_000) == 10_000
    assert set(above.values()) == {10_000}


def test_many_returns_of_a_name_with_many_definitions() -> None:
    """What each of them hands back is told apart only where it is little: the summary grows with the source."""

    def size(branches: int) -> int:
        lines = (f"    if a[{i}]: y = a[{i}]()\n    elif a[-{i}]: return y\n" for i in range(branches))
        source = f"def f(x, *a):\n    y = x\n{''.join(lines)}    return y\n"
        return len(summarize(ast.parse(source), "main", "main.py").data)

    assert size(400) < 5 * size(100)
