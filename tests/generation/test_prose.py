"""What is said of results, exceptions and steps: every condition, or none, and never less than all without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from utils.analysis.pipeline import analyze
from utils.generation.budget import Order
from utils.generation.compose import compose
from utils.generation.facts import Context
from utils.generation.tasks import errors, explanation
from utils.generation.templates import load_voice
from utils.generation.verify import Verifier
from utils.records import Provenance

SOURCE = '''\
class Jammed(Exception):
    """A part is stuck."""


def sort_thing(thing):
    if isinstance(thing, dict):
        return list(thing)
    elif isinstance(thing, set):
        return tuple(thing)
    else:
        return thing


def open_door(door, key):
    if key:
        if door.locked:
            turn(key)
            return door.open()
    return None


def turn(key):
    try:
        found = key.turn()
    except OSError:
        return 0
    return found


def read_all(parts):
    if parts is None:
        return {}
    if not parts:
        return []
    if len(parts) > 9:
        return {
            part: part.name for part in parts
        }
    return {}


def check(part):
    if part.bent:
        raise Jammed("bent")
    if part.rusty:
        raise OSError("rusty")
    elif part.old:
        raise ValueError("old")
    raise Jammed("why ever")


def weigh(part):
    if part == 1:
        raise Jammed(1)
    if part == 2:
        raise Jammed(2)
    if part == 3:
        raise Jammed(3)
    if part == 4:
        raise Jammed(4)
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[str]]:
    """(fact, language) → its answers, each proven."""
    root: Path = tmp_path_factory.mktemp("kit")
    (root / "kit.py").write_text(SOURCE)
    analysis, elements = analyze(root, "kit", Provenance("kit", None, False, "0"), workers=1)
    verifier = Verifier(root, "kit")
    context = Context("kit", analysis, elements, False, root)
    context.verifier = verifier
    found = {}
    for fact in [*explanation.facts(context), *errors.facts(context)]:
        for language in ("en", "zh"):
            samples = list(compose(Order(fact, language, 40), load_voice(language), 1, "answer", None))
            assert [reason for sample in samples for reason in verifier.check(sample)] == []
            found[fact.key, language] = [sample.messages[-1].content for sample in samples]
    return found


def test_the_last_case_of_a_chain_is_told_with_all_the_tests_before_it(told: dict[tuple[str, str], list[str]]) -> None:
    for text in told["behaviour:kit.sort_thing", "en"]:
        step = next(line for line in text.split("\n") if "returns `thing`" in line)
        assert "`isinstance(thing, dict)` and `isinstance(thing, set)` " in step
        assert any(f"{way}, it" in step for way in ("do not hold", "are false"))
    for text in told["behaviour:kit.sort_thing", "zh"]:
        assert "`isinstance(thing, dict)` 和 `isinstance(thing, set)` 都不成立" in text


def test_a_step_in_two_tests_is_told_with_both(told: dict[tuple[str, str], list[str]]) -> None:
    assert all("`key` and `door.locked` hold, it calls" in text or "`key` and `door.locked` hold, it runs" in text
               for text in told["behaviour:kit.open_door", "en"])  # fmt: skip
    assert all("`key` 和 `door.locked` 都成立" in text for text in told["behaviour:kit.open_door", "zh"])


def test_a_result_is_told_beside_the_others_with_what_it_takes(told: dict[tuple[str, str], list[str]]) -> None:
    assert all(
        f"`0` ({word} `OSError` is caught) or `found`" in text
        for text, word in ((text, "when" if "(when" in text else "if") for text in told["result:kit.turn", "en"])
    )
    assert all("`found`" in text and "`0`" in text for text in told["explain:kit.turn", "en"])


def test_equal_results_are_told_once_and_that_some_are_missing_is_said(told: dict[tuple[str, str], list[str]]) -> None:
    for text in told["result:kit.read_all", "en"]:
        assert text.count("`{}`") == 1
        assert "parts is None" not in text
        assert "among others" in text
    assert all("等" in text for text in told["result:kit.read_all", "zh"])
    assert all("among others" in text for text in told["explain:kit.read_all", "en"])


def test_an_exception_is_told_with_all_its_conditions_or_none(told: dict[tuple[str, str], list[str]]) -> None:
    for text in told["exceptions:kit.check", "en"]:
        assert "part.bent" not in text
        assert "`ValueError` (" in text
        assert "`part.rusty` does not hold and `part.old` holds" in text.replace("is false", "does not hold")
    assert all("part" not in text.replace("kit.py", "") for text in told["exceptions:kit.weigh", "en"])
    assert all(
        ", when `part == 4`" in text or ", if `part == 4`" in text for text in told["raised_in:kit.Jammed", "en"]
    )
