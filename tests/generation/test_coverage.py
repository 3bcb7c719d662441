"""What an answer says beyond its claims is found."""

from __future__ import annotations

import pytest

from utils.generation.coverage import uncovered_text
from utils.records import Claim

ENGINE = Claim("defined_in", "pkg.core.Engine", "src/pkg/core.py")
SIGNATURE = Claim("has_signature", "pkg.core.Engine.run", "def run(self, power: int = 3) -> bool")


def missing(text: str, *claims: Claim) -> list[str]:
    return uncovered_text([text], claims, "pkg")


@pytest.mark.parametrize(
    "text",
    [
        "`Engine` is in `src/pkg/core.py`, in the folder `src/pkg/`; file `core.py`.",
        "`pkg.core.Engine`（`core.Engine`）在 `src/pkg/core.py` 中。",
        "The class lives in the module `pkg.core` of pkg.",
    ],
)
def test_every_way_to_say_a_name_or_path_is_covered(text: str) -> None:
    assert missing(text, ENGINE) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`Engine` is in `src/pkg/other.py`.", ["path src/pkg/other.py"]),
        ("`Motor` is in `src/pkg/core.py`.", ["symbol Motor"]),
        ("It is at line 40.", ["line 40"]),
        ("第 3-9 行", ["line 3-9"]),
        ("It has 12 methods and returns `None`.", ["number 12", "symbol None"]),
        ("See https://example.org/x.", ["url https://example.org/x"]),
    ],
)
def test_what_no_claim_covers_is_named(text: str, expected: list[str]) -> None:
    assert missing(text, ENGINE) == expected


def test_lines_and_counts_are_covered_by_their_own_claims() -> None:
    span, line = Claim("spans", "pkg.core.Engine", [3, 9]), Claim("at_line", "pkg.core.Engine", 4)
    assert missing("Lines 3-9, from line 3 to line 9, defined at line 4.", ENGINE, span, line) == []
    assert missing("Lines 3-8.", ENGINE, span, line) == ["line 3-8"]
    assert missing("2 parameters", Claim("count", "pkg.core.Engine.run", ["parameters", 2])) == []


def test_types_parameters_and_defaults_are_covered_by_the_signature() -> None:
    assert missing("It takes `power` (`int`, by default `3`) and returns `bool`.", SIGNATURE) == []
    assert missing("It returns `str`.", SIGNATURE) == ["symbol str"]
    assert missing("`def run(self, power: int = 3) -> bool`", SIGNATURE) == []
    assert missing("`def run(self, power: int = 3) -> str`", SIGNATURE) != []


def test_the_words_of_a_quoted_docstring_are_covered_where_they_are_quoted() -> None:
    summary = Claim("documented_as", "pkg.core.Engine", "Starts 3 wheels with start_all.")
    assert missing("In short: Starts 3 wheels with start_all.", ENGINE, summary) == []
    assert missing("It has 4 wheels.", ENGINE, summary) == ["number 4"]


def test_an_example_may_bind_names_of_its_own_but_not_use_others() -> None:
    code = "```python\nfrom pkg.core import Engine\n\nengine = Engine()\nresult = engine.run(power=5)\n```"
    assert missing(code, ENGINE, SIGNATURE) == []
    assert missing(code.replace("power=", "speed="), ENGINE, SIGNATURE) != []
    assert missing(code.replace("pkg.core", "pkg.cores"), ENGINE, SIGNATURE) != []


def test_quoted_source_is_covered_line_by_line_and_as_a_whole() -> None:
    quote = Claim("quotes", "Makefile", [3, 4, "test:\n\tpytest -q $(ARGS)"])
    assert missing("```make\ntest:\n\tpytest -q $(ARGS)\n```", quote) == []
    assert missing("```make\ntest:\n\tpytest -x $(FLAGS)\n```", quote) != []


def test_a_quoted_docstring_may_leave_a_backtick_open() -> None:
    summary = Claim("documented_as", "pkg.core.Engine", "Makes the :attr:`power available to all.")
    assert (
        missing("Docstring: “Makes the :attr:`power available to all.” It is in `src/pkg/core.py`.", ENGINE, summary)
        == []
    )
    assert missing("“Makes the :attr:`power available to all.” It is in `src/x.py`.", ENGINE, summary) == [
        "path src/x.py"
    ]
