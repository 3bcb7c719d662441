"""The samples of a small repository, each proven, for tests of what answers say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from utils.analysis.pipeline import analyze
from utils.generation.budget import Order
from utils.generation.compose import compose
from utils.generation.facts import Context
from utils.generation.pipeline import all_facts
from utils.generation.templates import load_voice
from utils.generation.verify import Verifier
from utils.records import Provenance, Sample

EXPOSURES = 12


def context_of(root: Path, files: Mapping[str, str]) -> Context:
    """Write the files, analyse them, and have the verifier at hand."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    analysis, elements = analyze(root, "kit", Provenance("kit", None, False, "0"), workers=1)
    context = Context("kit", analysis, elements, include_tests=False, root=root)
    context.verifier = Verifier(root, "kit")
    return context


def told(context: Context, families: Iterable[str], language: str = "en") -> dict[str, list[Sample]]:
    """Fact → its samples, of these families of facts."""
    assert context.verifier is not None
    voice = load_voice(language)
    samples: defaultdict[str, list[Sample]] = defaultdict(list)
    for fact in all_facts(context):
        if fact.family in families:
            for sample in compose(Order(fact, language, EXPOSURES), voice, 42, "answer", None):
                assert context.verifier.check(sample) == []
                samples[fact.key].append(sample)
    return dict(samples)


def answers(samples: Iterable[Sample]) -> list[str]:
    """What they answer."""
    return [sample.messages[-1].content for sample in samples]
