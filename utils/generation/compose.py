"""One order of the budget becomes samples: question, answer, claims, evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from utils.generation.budget import Order, wordings
from utils.generation.families import FAMILIES
from utils.generation.templates import EMPTY, Slot, Voice
from utils.records import Claim, Evidence, Message, Sample, SampleMetadata

MOST_EVIDENCE = 12


def compose(order: Order, voice: Voice, seed: int, reasoning: str, commit: str | None) -> Iterator[Sample]:
    """The samples of one order. A wording whose slots the fact cannot fill gives none.

    `reasoning` (answer, thinking, none) says where the steps of a design proposal go: into the answer, into what the
    model writes between its think tags, or nowhere.
    """
    fact, family = order.fact, FAMILIES[order.fact.family]
    seen: set[tuple[str, str]] = set()
    for wording in wordings(order, voice, seed):
        slots = dict(fact.build(voice, wording.variant))
        question = voice.questions[fact.family][wording.question]
        if not question.fits(slots):
            continue
        steps = slots.get("steps", EMPTY) if family.task == "design_proposal" else EMPTY
        if steps.text and reasoning != "answer":
            slots["steps"] = EMPTY
        fitting = [template for template in voice.answers[fact.family] if template.fits(slots)]
        if not fitting:
            continue
        answer = fitting[wording.answer % len(fitting)].render(slots)
        asked = question.render(slots).text
        if not answer.text or (asked, answer.text) in seen:
            continue
        seen.add((asked, answer.text))
        yield _sample(order, wording.question, asked, answer, steps if reasoning == "thinking" else EMPTY, commit)


def _sample(order: Order, question: int, asked: str, answer: Slot, thought: Slot, commit: str | None) -> Sample:
    fact, family = order.fact, FAMILIES[order.fact.family]
    claims: tuple[Claim, ...] = tuple(dict.fromkeys(answer.claims + thought.claims))
    evidence: tuple[Evidence, ...] = answer.evidence + thought.evidence
    wording = f"{fact.family}/{order.language}/{question:02d}"
    digest = hashlib.blake2b(
        "\x1f".join((fact.key, wording, asked, answer.text)).encode("utf-8", "surrogatepass"), digest_size=8
    )
    metadata = SampleMetadata(
        id=digest.hexdigest(),
        task=family.task,
        language=order.language,
        direction=family.direction,
        fact=fact.key,
        wording=wording,
        probe=None,
        claims=list(claims),
        evidence=list(evidence[:MOST_EVIDENCE]),
        commit=commit,
    )
    messages = [Message("user", asked), Message("assistant", answer.text, thought.text or None)]
    return Sample(messages, metadata)
