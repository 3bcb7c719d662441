"""How two things relate or differ, and where an exception comes from."""

from __future__ import annotations

import pytest

from utils.analysis.pipeline import analyze
from utils.generation.budget import Order
from utils.generation.compose import compose
from utils.generation.facts import Context
from utils.generation.tasks import comparison, errors
from utils.generation.templates import load_voice
from utils.generation.verify import Verifier
from utils.records import Provenance, Sample

SOURCE = '''\
class Broken(Exception):
    """A thing is broken."""


class Other(Exception):
    pass


class Tool:
    def use(self, thing):
        raise NotImplementedError


class Hammer(Tool):
    """Hits things."""

    def __init__(self, weight):
        self.weight = weight

    def use(self, thing):
        if not thing:
            raise Broken(thing)
        return mend(thing)


class Saw(Tool):
    """Cuts things."""

    def use(self, thing):
        return thing

    def sharpen(self):
        raise Broken("dull")


def mend(thing):
    return thing
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    root = tmp_path_factory.mktemp("kit")
    (root / "kit.py").write_text(SOURCE)
    analysis, elements = analyze(root, "kit", Provenance("kit", None, False, "0"), workers=1)
    context = Context("kit", analysis, elements, include_tests=False, root=root)
    context.verifier = Verifier(root, "kit")
    voice = load_voice("en")
    samples = {}
    for fact in [*comparison.facts(context), *errors.facts(context)]:
        for sample in compose(Order(fact, "en", 1), voice, 42, "answer", None):
            assert context.verifier.check(sample) == []
            samples[fact.key] = sample
    return samples


def test_an_exception_is_told_with_every_place_and_condition(told: dict[str, Sample]) -> None:
    answer = told["raised_in:kit.Broken"].messages[-1].content
    assert "`Hammer.use`" in answer
    assert "`not thing`" in answer
    assert "`Saw.sharpen`" in answer
    assert "raised_in:kit.Other" not in told


def test_siblings_differ_by_what_each_defines(told: dict[str, Sample]) -> None:
    (sample,) = [sample for key, sample in told.items() if key.startswith("compare:")]
    answer = sample.messages[-1].content
    for text in ("`Tool`", "`use`", "`sharpen`"):
        assert text in answer


def test_a_relation_is_told_by_its_kind(told: dict[str, Sample]) -> None:
    assert "`Hammer.use` calls `mend`" in told["related:kit.Hammer.use+kit.mend"].messages[-1].content
    assert {claim.kind for claim in told["related:kit.Saw+kit.Tool"].metadata.claims} >= {"inherits_from"}
