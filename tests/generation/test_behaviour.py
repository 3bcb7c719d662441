"""What the code of a function is seen to do."""

from __future__ import annotations

import re
import textwrap
from itertools import count, product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from utils.generation.behaviour import Behaviour, read_behaviour
from utils.records import CodeElement


def behaviour(code: str, start: int = 10) -> Behaviour:
    lines = code.count("\n") + 1
    return read_behaviour(
        CodeElement(
            "m.f", "function", "f", "m", "m", "python", "m.py", start, start, start + lines, "def f()", code=code
        )
    )


def conditions(found: Behaviour) -> list[tuple[str, list[str]]]:
    """What is returned, with the conditions for it."""
    return [
        (step.text, [f"{each.text} {each.way}" for each in step.where]) for step in found.steps if step.kind == "return"
    ]


def test_a_raise_is_told_with_the_condition_around_it_and_its_line() -> None:
    found = behaviour("def f(x):\n    if x is None:\n        raise errors.Missing(x)\n    return x")
    step = next(step for step in found.steps if step.kind == "raise")
    assert (step.detail, step.line, step.where) == ("errors.Missing", 12, (("x is None", 11, "holds"),))
    assert found.raises == ("errors.Missing",)


def test_a_raised_variable_is_no_exception_name() -> None:
    assert behaviour("def f(error):\n    raise error").raises == ()


def test_handlers_loops_attributes_and_yields_are_read() -> None:
    code = """\
    def f(self, items):
        try:
            self.seen = set(items)
        except (KeyError, OSError):
            pass
        for item in items:
            yield item
    """
    found = behaviour(textwrap.dedent(code))
    assert found.handles == ("KeyError", "OSError")
    assert found.is_generator
    assert [(step.kind, step.text, step.detail) for step in found.steps if step.kind in ("set", "loop")] == [
        ("set", "self.seen = set(items)", "self.seen"),
        ("loop", "items", "item"),
    ]


def test_the_else_branch_is_told_as_such() -> None:
    found = behaviour("def f(x):\n    if x:\n        return 1\n    else:\n        return 2")
    assert conditions(found) == [("1", ["x holds"]), ("2", ["x fails"])]


def test_what_an_elif_chain_and_nested_tests_decide_is_told_with_all_of_them() -> None:
    chain = behaviour(
        "def f(x):\n    if a:\n        return 1\n    elif b:\n        return 2\n    else:\n        return 3"
    )
    assert conditions(chain) == [
        ("1", ["a holds"]),
        ("2", ["a fails", "b holds"]),
        ("3", ["a fails", "b fails"]),
    ]
    nested = behaviour("def f(x):\n    if a:\n        while b:\n            if c:\n                return 1")
    assert conditions(nested) == [("1", ["a holds", "c holds"])]


@st.composite
def decision_trees(draw: st.DrawFn, depth: int = 2, indent: str = "    ") -> list[str]:
    """The lines of a block of nested `if`, `elif` and `else` over four names, each leaf of which returns `LEAF`."""
    if depth == 0 or draw(st.booleans()):
        return [f"{indent}return LEAF"]
    lines = []
    for word in ["if", *["elif"] * draw(st.integers(0, 2))]:
        lines.append(f"{indent}{word} {draw(st.sampled_from('abcd'))}:")
        lines += draw(decision_trees(depth - 1, indent + "    "))
    return [*lines, f"{indent}else:", *draw(decision_trees(depth - 1, indent + "    "))]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(decision_trees())
def test_the_conditions_told_of_a_result_are_those_under_which_python_gives_it(tree: list[str]) -> None:
    leaves = count()
    code = "def f(a, b, c, d):\n" + "\n".join(re.sub("LEAF", lambda _: str(next(leaves)), line) for line in tree)
    scope: dict[str, Any] = {}
    exec(code, scope)
    for values in product((True, False), repeat=4):
        named = dict(zip("abcd", values, strict=True))
        told = [
            step.text
            for step in behaviour(code).steps
            if step.kind == "return" and all(named[each.text] == (each.way == "holds") for each in step.where)
        ]
        assert told == [str(scope["f"](**named))]


def test_a_match_around_a_test_leaves_the_conditions_unknown() -> None:
    found = behaviour("def f(x):\n    match x:\n        case 1:\n            if a:\n                return 1")
    assert conditions(found) == [("1", [" unknown", "a holds"])]


def test_a_result_that_cannot_be_told_is_noted() -> None:
    assert "return" in behaviour("def f(x):\n    if x:\n        return\n    return 1").untold
    assert (
        "return" in behaviour("def f(x):\n    if x:\n        return [\n            1\n        ]\n    return 1").untold
    )
    assert "yield" in behaviour("def f(x):\n    yield\n    yield 1").untold
    assert not behaviour("def f(x):\n    return 1").untold


def test_what_a_condition_over_several_lines_decides_is_not_told_as_if_it_always_happened() -> None:
    found = behaviour("def f(x):\n    if (\n        x\n        and 1\n    ):\n        return 1\n    return 2")
    assert conditions(found) == [("1", [" unknown"]), ("2", [])]


def test_what_a_handler_does_is_told_with_the_exception_it_catches() -> None:
    found = behaviour(
        "def f(x):\n    try:\n        g()\n    except KeyError:\n        return 1\n    except (A, B):\n        return 2"
    )
    assert conditions(found) == [("1", ["KeyError caught"]), ("2", [" unknown"])]


def test_what_a_nested_function_does_is_not_what_the_outer_does() -> None:
    assert behaviour("def f():\n    def g():\n        raise ValueError\n    return g").raises == ()


def test_an_expression_over_several_lines_is_not_quoted() -> None:
    assert [step.kind for step in behaviour("def f():\n    return [\n        1,\n    ]").steps] == []


def test_columns_are_bytes_in_the_tree_and_characters_in_the_quote() -> None:
    assert behaviour('def f():\n    return "é", x').steps[0].text == '"é", x'


def test_an_indented_method_and_code_that_does_not_parse() -> None:
    assert behaviour("    def f(self):\n        return self.x").steps[0].text == "self.x"
    assert behaviour("def f(:").steps == ()
