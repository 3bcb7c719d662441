"""What a class's assignments are where another file says what the class is."""

from collections import Counter
from pathlib import Path

import pytest

from utils.analysis.class_forms import linked_forms
from utils.analysis.pipeline import analyze
from utils.records import Provenance

BASES = """import enum
from typing import TypedDict


class Base(enum.Enum):
    def label(self): ...


class Struct:
    kept = 1


class Typed(TypedDict): ...


class Far(Base): ...


if typing.TYPE_CHECKING or available():
    from pydantic import BaseModel
else:

    class BaseModel:
        def __init__(self, *given):
            raise ImportError


class SQLModel(metaclass=Making): ...


class Flag(metaclass=abc.ABCMeta): ...
"""


def kinds(root: Path, source: str) -> str:
    """The kinds of what `source`, a module beside BASES, assigns in its class `C`."""
    (root / "pkg").mkdir(exist_ok=True)
    for name, text in {"__init__": "from pkg.bases import Base as Exported\n", "bases": BASES, "m": source}.items():
        (root / "pkg" / f"{name}.py").write_text(text)
    analysis, elements = analyze(root, "r", Provenance("", None, False, ""))
    assert analysis.statistics.elements_by_kind == Counter(element.kind for element in elements)
    return " ".join(element.kind for element in elements if element.parent == "pkg.m.C")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from pkg.bases import Base\nclass C(Base):\n    a = 1\n    B = 2\n    _own_ = 3\n", "field field attribute"),
        ("from pkg.bases import Far as F\nclass C(int, F):\n    a = 1\n", "field"),
        ("import pkg\nclass C(pkg.Exported):\n    a = 1\n    b: int\n", "field attribute"),
        ("from pkg.bases import Base\nclass D(Base): ...\nclass C(D):\n    a = 1\n", "field"),
        ("from pkg.bases import Typed\nclass C(Typed):\n    a: int\n    b: 'ClassVar[int]'\n", "field attribute"),
        ("from pkg.bases import Struct\nclass C(Struct):\n    a: int\n    B = 1\n", "attribute constant"),
        ("from pkg.bases import BaseModel\nclass C(BaseModel):\n    a: int\n", "field"),
        ("from pkg.bases import SQLModel\nclass C(SQLModel):\n    a: int\n", "field"),
        ("from pkg.bases import Flag\nclass C(Flag):\n    a = 1\n", "attribute"),
        ("class B:\n    class E(Enum): ...\nclass C(B.E):\n    a = 1\n", "field"),
    ],
)
def test_a_base_in_another_file_counts(tmp_path: Path, source: str, expected: str):
    assert kinds(tmp_path, source) == expected


def test_a_class_that_makes_enumerations_of_others_is_none_itself(tmp_path: Path):
    (tmp_path / "m.py").write_text("class Enum(object, metaclass=Making):\n    a = 1\nclass C(Enum):\n    b = 1\n")
    _, elements = analyze(tmp_path, "r", Provenance("", None, False, ""))
    assert {element.id: element.kind for element in elements if element.kind != "class"} == {
        "m": "module",
        "m.Enum.a": "attribute",
        "m.C.b": "field",
    }


def test_circles_and_chains_of_bases_end():
    circle = {"a": ["b"], "b": ["a", "c"], "c": ["Enum"], "d": ["d"]}
    forms = linked_forms(circle, {"a": [], "b": [], "c": ["enum"], "d": []})
    assert forms == {"a": "enum", "b": "enum", "c": "enum", "d": "plain"}
    chain = {f"c{number}": [f"c{number - 1}"] for number in range(1, 50_000)} | {"c0": ["TypedDict"]}
    forms = linked_forms(chain, {name: [] for name in chain} | {"c0": ["record"]})
    assert set(forms.values()) == {"record"}
