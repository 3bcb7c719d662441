"""What names alone decide, whatever is asked first: re-exports, stars, orders of classes, and circles of these."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from utils.analysis.resolution.hierarchy import Hierarchy
from utils.analysis.resolution.modules import Module
from utils.analysis.summary import summarize

Files = dict[str, str]


def hierarchy(files: Files) -> Hierarchy:
    """Files by the names of their modules."""
    data = [summarize(ast.parse(text), name, f"{name}.py").data for name, text in sorted(files.items())]
    return Hierarchy(
        [
            Module(index, name, f"{name}.py", lambda index=index: data[index])  # type: ignore[misc]
            for index, name in enumerate(sorted(files))
        ],
        (),
    )


def class_id(found: Hierarchy, number: Any) -> str:
    return number if isinstance(number, str) else found.class_of(number)[1].id


def meaning(found: Hierarchy, name: str) -> str | None:
    """The id of the class, or what else, that `module.name` stands for."""
    module, _, name = name.partition(".")
    resolved = found.resolve(found.modules[0], ("import", module, name))
    return None if resolved is None else class_id(found, resolved[1])


def order(found: Hierarchy, name: str) -> list[str]:
    """The resolution order of the one class in a module."""
    module = found.by_name[name]
    (record,) = module.face.classes.values()
    number = found.class_at(module, record.node)
    assert number is not None
    return [class_id(found, item) for item in found.order(number)]


def answers(files: Files, ask: Callable[[Hierarchy, str], Any], names: Sequence[str]) -> dict[str, Any]:
    """What is found out for each name, which is the same whatever is asked before."""
    alone = {name: ask(hierarchy(files), name) for name in names}
    for seed in range(4):
        found = hierarchy(files)
        assert {name: ask(found, name) for name in random.Random(seed).sample(names, len(names))} == alone
    return alone


LATER = "def load():\n    global K\n    from c import K\n"  # another thing that a name stands for
EXPORTS: dict[str, tuple[Files, dict[str, str | None]]] = {
    "the last star import counts": (
        {"a": "from b import *\nfrom c import *", "b": "class K: ...\nclass L: ...", "c": "class K: ..."},
        {"a.K": "c.K", "a.L": "b.L"},
    ),
    "what is defined counts before stars": (
        {"a": "class K: ...\nfrom b import *", "b": "class K: ..."},
        {"a.K": "a.K"},
    ),
    "a star's own stars count before the star above it": (
        {"a": "from b import *\nfrom c import *", "b": "class K: ...", "c": "from d import *", "d": "class K: ..."},
        {"a.K": "d.K"},
    ),
    "names with an underscore only by __all__": (
        {"a": "from b import *\nfrom c import *", "b": "class _K: ...\nclass _L: ...", "c": "__all__ = ['_K']\n_K = 1"},
        {"a._K": None, "a._L": None},
    ),
    "__all__ names what a star brings": (
        {
            "a": "from b import *",
            "b": "__all__ = ['K', 'L']\nclass K: ...\nclass M: ...\nfrom c import *",
            "c": "class L: ...",
        },
        {"a.K": "b.K", "a.L": "c.L", "a.M": None, "b.M": "b.M"},
    ),
    "a circle of stars": (
        {"a": "from b import *", "b": "from c import *\nclass K: ...", "c": "from a import *\nclass L: ..."},
        {"a.K": "b.K", "b.K": "b.K", "c.K": "b.K", "a.L": "c.L", "c.L": "c.L", "b.M": None},
    ),
    "a circle of imports of one name": (
        {"a": "from b import K", "b": "from c import K", "c": "from a import K"},
        {"a.K": None, "b.K": None, "c.K": None},
    ),
    "a way out of a circle": (
        {"a": "from b import K", "b": f"from a import K\n{LATER}", "c": "class K: ...", "d": "from a import K"},
        {"a.K": "c.K", "b.K": "c.K", "d.K": "c.K"},
    ),
    "a way out of two circles": (
        {
            "a": f"from b import K\n{LATER.replace('from c', 'from d')}",
            "b": f"from a import K\n{LATER.replace('from c', 'from e')}",
            "d": "class K: ...",
            "e": "from a import K",
        },
        {"a.K": "d.K", "b.K": "d.K", "e.K": "d.K"},
    ),
    "a name that leads outside": (
        {"a": "from b import *", "b": "from lib import K"},
        {"a.K": "lib.K", "lib.L": "lib.L"},
    ),
}


@pytest.mark.parametrize("case", EXPORTS)
def test_what_names_stand_for(case: str) -> None:
    files, expected = EXPORTS[case]
    assert answers(files, meaning, list(expected)) == expected


ORDERS: dict[str, tuple[Files, dict[str, list[str]]]] = {
    "two that derive from each other": (
        {"a": "from b import B\nclass A(B): ...", "b": "from a import A\nclass B(A): ..."},
        {"a": ["a.A", "b.B"], "b": ["b.B", "a.A"]},
    ),
    "one that derives from a circle": (
        {
            "a": "from b import B\nclass A(B): ...",
            "b": "from a import A\nclass B(A): ...",
            "c": "from a import A\nclass C(A): ...",
        },
        {"c": ["c.C", "a.A", "b.B"]},
    ),
    "a circle with a base outside of it": (
        {
            "a": "from b import B\nclass A(B): ...",
            "b": "from a import A\nfrom c import C\nclass B(A, C): ...",
            "c": "class C: ...",
        },
        {"a": ["a.A", "b.B", "c.C"], "b": ["b.B", "a.A", "c.C"], "c": ["c.C"]},
    ),
    "two circles with a class in common": (
        {
            "a": "from b import B\nclass A(B): ...",
            "b": "from a import A\nfrom c import C\nclass B(A, C): ...",
            "c": "from b import B\nclass C(B): ...",
        },
        {"a": ["a.A", "b.B", "c.C"], "b": ["b.B", "a.A", "c.C"], "c": ["c.C", "b.B", "a.A"]},
    ),
}


@pytest.mark.parametrize("case", ORDERS)
def test_the_orders_of_classes(case: str) -> None:
    files, expected = ORDERS[case]
    assert {name: answers(files, order, sorted(files))[name] for name in expected} == expected


@pytest.mark.parametrize("seed", range(40))
def test_no_order_depends_on_what_was_asked_before(seed: int) -> None:
    rng = random.Random(seed)
    names = "abcdef"[: rng.randrange(3, 7)]
    files = {}
    for name in names:
        bases = [base for base in rng.sample(names, rng.randrange(4) % len(names)) if base != name]
        imports = "".join(f"from {base} import {base.upper()}\n" for base in bases)
        files[name] = f"{imports}class {name.upper()}({', '.join(bases).upper()}): ...\n"
    answers(files, order, names)
