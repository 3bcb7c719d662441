"""A verdict follows from the source alone: not from what was judged before, nor by which process."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.generation.shop import FILES, build_shop
from utils.generation.pipeline import generate
from utils.generation.proof.values import Verdict
from utils.generation.verify import Verifier
from utils.records import Claim
from utils.settings import GenerationSettings

SIZE = 24
FIRST = """\
class Thing:
    def __call__(self):
        return self


def make_00():
    return Thing()
"""
NEXT = """

def make_{this:02}():
    thing = (((((make_{last:02}() or None) or None) or None) or None) or None) or None
    thing()
    return thing
"""
CHAIN = FIRST + "".join(NEXT.format(this=number, last=number - 1) for number in range(1, SIZE))
CIRCLES = """\
import chain
from other import Left


class Left(Left):
    def turn(self, other):
        self.partner = other.turn(self)
        return self.partner.turn_back() or self.turn(other)

    def turn_back(self):
        return Right(self).turn(self)


class Right(Left if chain else chain.Thing):
    def turn(self, other):
        self.partner = other.turn_back()
        return self.partner if other else Left().turn(self)


def start(first, second):
    return first.turn(second) or start(second, first.turn_back())


def begin():
    return start(Left(), Right()).turn(start(Right(), Left()))
"""
OTHER = (
    "from circles import Left as Original\n\n\nclass Left(Original):\n    def turn_back(self):\n        return self\n"
)


def judged(root: Path, calls: list[tuple[str, str]]) -> dict[tuple[str, str], Verdict]:
    verifier = Verifier(root, "chain")
    return {call: verifier.verdict(Claim("calls", *call)) for call in calls}


def test_the_order_of_the_questions_changes_no_verdict(tmp_path: Path) -> None:
    for name, text in (("chain", CHAIN), ("circles", CIRCLES), ("other", OTHER)):
        (tmp_path / f"{name}.py").write_text(text)
    methods = ["circles.Left.turn", "circles.Left.turn_back", "circles.Right.turn", "other.Left.turn_back"]
    callers = [*methods, "circles.start", "circles.begin"]
    calls = [(f"chain.make_{number:02}", "chain.Thing.__call__") for number in range(1, SIZE)]
    calls += [(caller, callee) for caller in callers for callee in [*methods, "circles.start"]]
    alone = {call: judged(tmp_path, [call])[call] for call in calls}
    assert {"proven", "undecided"} <= set(alone.values())
    for seed in range(5):
        shuffled = random.Random(seed).sample(calls, len(calls))
        assert judged(tmp_path, shuffled) == alone


def test_the_number_of_processes_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "shop/chain.py", CHAIN)
    analysis, elements = build_shop(tmp_path / "shop")
    settings = GenerationSettings(general_share=0.0, languages=["en"])
    written = []
    for workers in (1, 2, 3):
        out = tmp_path / str(workers)
        out.mkdir()
        generate(tmp_path / "shop", analysis, elements, settings, "shop", 42, out, workers=workers)
        written.append([(out / f"{split}.jsonl").read_bytes() for split in ("train", "val", "test")])
    assert written[0] == written[1] == written[2]
