"""General knowledge: questions about Python's own standard library, or a dataset that the user names.

Mixed into the training data it keeps the model from forgetting what it knew (self-replay, arXiv 2502.14502). The
standard library's facts are read from its source files, so they are true by construction; their questions are worded
as those about a repository are. A `general` claim names the text that the answer must contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from utils.console import UserError, relative
from utils.generation.budget import Order
from utils.generation.compose import compose
from utils.generation.facts import Context, Fact, rank
from utils.generation.stdlib import stdlib_elements
from utils.generation.tasks import api_usage, explanation, location
from utils.generation.templates import Slot, Slots, Voice, load_voice
from utils.records import (
    ANALYSIS_SCHEMA,
    Analysis,
    Claim,
    Message,
    Project,
    Provenance,
    Sample,
    SampleMetadata,
    Statistics,
)

FAMILIES_ASKED = ("location", "explain", "signature", "by_summary", "import", "file_contents")
SHOWN_KINDS = frozenset({"defined_in", "has_signature", "documented_as", "returns"})
NAMED_KINDS = frozenset({"contains", "has_parameter"})
EXPOSURES = 8  # wordings of one fact and language before the next fact is asked, where it has to be learned
REPLAYED = 2  # the same, where it is known and only has to be kept: many facts a few times, not few facts often


def general_samples(
    limit: int,
    seed: int,
    languages: Sequence[str],
    split: Literal["train", "test"] = "train",
    exposures: int = EXPOSURES,
) -> Iterator[Sample]:
    """At most `limit` samples about Python's standard library, in a stable order by `seed`.

    `train` uses the training wordings only, `test` only those kept for testing. `exposures` is the number of wordings,
    of both kinds together, of one fact in one language.
    """
    return islice(_samples(seed, [load_voice(language) for language in languages], split, exposures), limit)


def _samples(seed: int, voices: Sequence[Voice], split: str, exposures: int) -> Iterator[Sample]:
    for fact in sorted(_facts(), key=lambda fact: rank(seed, "general", fact.key)):
        for voice in voices:
            wanted = Order(fact, voice.language, exposures)
            for sample in compose(wanted, voice, seed, "answer", None):
                number = int(sample.metadata.wording.rpartition("/")[2])
                if (number in voice.tests[fact.family]) == (split == "test"):
                    yield _as_general(sample)


@lru_cache(maxsize=1)
def _facts() -> tuple[Fact, ...]:
    context = _context()
    found = [*location.facts(context), *explanation.facts(context), *api_usage.declarations(context)]
    return tuple(
        fact._replace(build=partial(_about_the_library, fact.build))
        for fact in found
        if fact.family in FAMILIES_ASKED and fact.public and _is_worth_asking(context, fact)
    )


def _about_the_library(build: Callable[[Voice, int], Slots], voice: Voice, variant: int) -> Slots:
    """A fact's slots, with the library called as the language calls it; its lines differ between Python's releases."""
    slots = {**build(voice, variant), "repo": Slot(voice.words["stdlib"])}
    slots.pop("line", None)
    return slots


def _is_worth_asking(context: Context, fact: Fact) -> bool:
    """What the library does not document is not meant for its users."""
    element = context.all.get(fact.subject)
    return element is None or element.doc is not None


def _context() -> Context:
    analysis = Analysis(
        schema=ANALYSIS_SCHEMA,
        provenance=Provenance("", None, False, ""),
        project=Project("python"),
        statistics=Statistics(),
        files=[],
        documents=[],
        call_graph={},
        imports={},
        inheritance={},
        patterns=[],
        skipped=[],
    )
    return Context("python", analysis, stdlib_elements(), include_tests=True)


def _as_general(sample: Sample) -> Sample:
    """The same sample with `general` claims: the texts an answer must contain."""
    answer = sample.messages[-1].content
    claims: dict[Claim, None] = {}
    for claim in sample.metadata.claims:
        shown = _as_shown(claim, answer)
        if shown is not None:
            claims[Claim("general", claim.subject, shown)] = None
        elif claim.kind == "documented_as":
            claims[Claim("general", claim.subject, claim.subject.rpartition(".")[2])] = None
    metadata = msgspec.structs.replace(
        sample.metadata,
        task="general_knowledge",
        fact=f"general_{sample.metadata.fact}",
        claims=list(claims),
        evidence=[],
    )
    return Sample(sample.messages, metadata)


def _as_shown(claim: Claim, answer: str) -> str | None:
    """What of the claim's value the answer shows: a sentence without its full stop, a name by as much as is needed."""
    value = str(claim.value)
    if claim.kind in SHOWN_KINDS:
        return next((text for text in (value, value.removesuffix(".")) if text in answer), None)
    if claim.kind not in NAMED_KINDS:
        return None
    parts = value.split(".")
    return next((name for at in range(len(parts)) if (name := ".".join(parts[at:])) in answer), None)


def dataset_samples(path: Path, limit: int, seed: int) -> Iterator[Sample]:
    """Samples of the user's own JSON-lines dataset: rows with `messages`, or with `prompt` and `completion`.

    Rows are chosen by a hash of their text. Raises `UserError` naming the file and line of a row of another shape.
    """
    if not path.is_file():
        raise UserError(f"generation.general_dataset: there is no file {relative(path)}")
    rows: list[tuple[int, list[Message]]] = []
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                messages = _messages(line, path, number)
                rows.append((rank(seed, *(message.content for message in messages)), messages))
    rows.sort(key=lambda row: row[0])
    for key, messages in rows[:limit]:
        yield _user_sample(f"{key:016x}", messages)


def _messages(line: bytes, path: Path, number: int) -> list[Message]:
    try:
        row: Any = msgspec.json.decode(line)
        if isinstance(row, dict) and "messages" in row:
            messages = msgspec.convert(row["messages"], list[Message])
        else:
            messages = [Message("user", _text(row, "prompt")), Message("assistant", _text(row, "completion"))]
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError):
        messages = []
    if not messages or messages[-1].role != "assistant" or not messages[-1].content:
        raise UserError(
            f"{relative(path)} line {number} has neither `messages` that end with the assistant nor `prompt` and "
            f"`completion`; mend it or unset generation.general_dataset"
        )
    return messages


def _text(row: Any, key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _user_sample(key: str, messages: list[Message]) -> Sample:
    answer = messages[-1].content
    metadata = SampleMetadata(
        id=key,
        task="general_knowledge",
        language="zh" if any("\u4e00" <= char <= "\u9fff" for char in answer) else "en",
        direction="forward",
        fact=f"general_dataset:{key}",
        wording="general_dataset/user/00",
        probe=None,
        claims=[Claim("general", "dataset", answer)],
        evidence=[],
        commit=None,
    )
    return Sample(messages, metadata)
