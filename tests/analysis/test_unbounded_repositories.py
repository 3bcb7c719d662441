"""What a repository chooses the length of: chains, circles and crowds end in an answer or in a stated reason."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from utils.analysis.pipeline import analyze
from utils.analysis.resolution.hierarchy import merge
from utils.records import Analysis, CodeElement, Provenance

Analyze = Callable[[Mapping[str, str]], tuple[Analysis, dict[str, CodeElement]]]


@pytest.fixture
def analyzed(tmp_path: Path) -> Analyze:
    def run(files: Mapping[str, str]) -> tuple[Analysis, dict[str, CodeElement]]:
        for path, text in {**files, "sound.py": "def f(): ...\n\n\nf()\n"}.items():
            (tmp_path / path).write_text(text)
        analysis, elements = analyze(tmp_path, "r", Provenance("", None, False, ""), workers=1)
        assert analysis.call_graph["sound"] == ["sound.f"]
        return analysis, {element.id: element for element in elements}

    return run


def test_a_chain_of_thousands_of_classes(analyzed: Analyze):
    chain = "".join(f"class C{n}(C{n - 1}):\n    def m{n}(self): ...\n" for n in range(1, 3000))
    source = "class C0:\n    def m0(self): ...\n" + chain
    analysis, elements = analyzed({"a.py": source + "class D(C2999):\n    def m2900(self): ...\nD().m2950()\n"})
    assert analysis.inheritance["a.C2999"] == ["a.C2998"]
    assert elements["a.D.m2900"].overrides == "a.C2900.m2900"
    assert analysis.call_graph["a"] == ["a.C2950.m2950"]


def test_a_chain_of_thousands_of_files(analyzed: Analyze):
    files = {f"m{n}.py": f"from m{n - 1} import C as B\n\n\nclass C(B): ...\n" for n in range(1, 1500)}
    analysis, _ = analyzed({**files, "m0.py": "class C: ...\n"})
    assert analysis.inheritance["m1499.C"] == ["m1498.C"]


@pytest.mark.parametrize("form", ["from m{} import C\n", "from m{} import *\n"])
def test_a_name_handed_on_by_a_thousand_files(analyzed: Analyze, form: str):
    files = {f"m{n}.py": form.format(n + 1) for n in range(1200)}
    files["m1200.py"] = "class C:\n    def run(self): ...\n"
    analysis, _ = analyzed({**files, "use.py": "from m0 import C\n\n\nclass D(C): ...\n\n\nD().run()\n"})
    assert analysis.inheritance["use.D"] == ["m1200.C"]
    assert analysis.call_graph["use"] == ["m1200.C.run"]


def test_files_that_star_import_all_of_each_other(analyzed: Analyze):
    names = [f"m{n}" for n in range(40)]
    files = {f"{name}.py": "".join(f"from {other} import *\n" for other in names if other != name) for name in names}
    files["m7.py"] += "def run(): ...\n"
    analysis, _ = analyzed({**files, "use.py": "from m0 import run, nothing\n\n\nrun()\nnothing()\n"})
    assert analysis.call_graph["use"] == ["m7.run"]


def test_classes_that_derive_from_each_other_in_a_circle(analyzed: Analyze):
    source = "".join(f"class C{n}(C{(n + 1) % 900}):\n    def m{n}(self): ...\n" for n in range(900))
    analysis, _ = analyzed({"a.py": source + "C899().m5()\n"})
    assert analysis.call_graph["a"] == ["a.C5.m5"]


def test_more_functions_than_sixteen_bits_number(analyzed: Analyze):
    source = "def called(): ...\n\n\n" + "f = lambda: 0\n" * 66_000 + "def last():\n    called()\n\n\nlast()\n"
    analysis, _ = analyzed({"a.py": source, "b.py": "from a import last\n\n\nlast()\n"})
    assert (analysis.call_graph["a.last"], analysis.call_graph["b"]) == (["a.called"], ["a.last"])


def test_a_file_too_intricate_to_follow_loses_its_calls_and_no_other_file_loses_any(analyzed: Analyze):
    names = "".join(f"v{n} = 1\n" for n in range(5000))
    branches = "".join(f"if v{n}:\n    w = {n}\n" for n in range(3000))
    analysis, elements = analyzed({"a.py": f"import sound\n\n\ndef f(): ...\n\n\nf()\n{names}{branches}"})
    assert [(each.path, each.reason.partition(":")[0]) for each in analysis.skipped] == [
        ("a.py", "too large or intricate to follow its names")
    ]
    assert "a" not in analysis.call_graph
    assert analysis.imports["a"] == ["sound"]
    assert "a.f" in elements


def test_definitions_that_would_quote_one_line_thousands_of_times_are_not_written(analyzed: Analyze):
    analysis, elements = analyzed({"a.py": "x = " * 20_000 + "1\n", "b.py": "x=1;" * 20_000 + "\n"})
    assert {each.path: each.reason for each in analysis.skipped} == {
        "a.py": "too many definitions share their lines",
        "b.py": "too many definitions share their lines",
    }
    assert not {element.module for element in elements.values()} & {"a", "b"}


def test_a_name_bound_and_read_thousands_of_times(analyzed: Analyze):
    source = "".join(f"def f{n}(): ...\nx = f{n}\ndef g{n}(): x()\n" for n in range(4000))
    analysis, _ = analyzed({"a.py": source})
    assert analysis.call_graph["a.g3999"] == ["a.f3999"]
    assert analysis.call_graph["a.g3998"] == ["a.f3998", "a.f3999"]
    assert "a.g3997" not in analysis.call_graph  # one of three says nothing of any call


def test_what_everything_conforms_to_is_no_protocol_to_teach(analyzed: Analyze):
    protocols = "".join(f"class P{n}(Protocol):\n    def run(self): ...\n" for n in range(150))
    classes = "".join(f"class K{n}:\n    def run(self): ...\n" for n in range(150))
    analysis, _ = analyzed({"a.py": f"from typing import Protocol\n{protocols}{classes}"})
    assert [pattern for pattern in analysis.patterns if pattern.kind == "implementation"] == []


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        ([[2, 5], [3, 5], [2, 3]], [2, 3, 5]),
        ([[2, 4, 5], [3, 4, 6], [2, 3]], [2, 3, 4, 5, 6]),
        ([[2, 3], [3, 2], [2, 3]], [2, 3]),  # they contradict each other
        ([[2, 1], [3, 1], [2, 3]], [2, 3]),  # 1 is the class itself
        ([[2], [2], [2, 2]], [2]),
    ],
)
def test_the_resolution_order(sequences: list[list[int | str]], expected: list[int]):
    assert merge(sequences, 1) == expected
