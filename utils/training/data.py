"""The samples of step 02 as token ids, with those too long set aside by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.chat_format import IGNORE_INDEX, Encoded, encode_sample
from utils.console import UserError, progress, relative
from utils.records import Sample, read_jsonl

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class EncodedSplit(NamedTuple):
    """What can be trained on, in the order of the file, and the ids of the samples that are too long for a row."""

    samples: list[Encoded]
    too_long: list[str]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample."""
        return [len(sample.input_ids) for sample in self.samples]

    @property
    def scored(self) -> int:
        """Tokens that the loss is taken on."""
        return sum(label != IGNORE_INDEX for sample in self.samples for label in sample.labels)


def read_split(folder: Path, split: str) -> list[Sample]:
    """The samples of `<folder>/<split>.jsonl`."""
    return list(read_jsonl(folder / f"{split}.jsonl", Sample))


def encode_split(
    tokenizer: PreTrainedTokenizerBase, samples: Sequence[Sample], max_length: int, name: str
) -> EncodedSplit:
    """Encode every sample; one longer than `max_length` is left out whole and named, never cut."""
    kept: list[Encoded] = []
    too_long: list[str] = []
    for sample in progress(samples, f"encoding {name}", unit="sample"):
        encoded = encode_sample(tokenizer, sample.messages)
        if len(encoded.input_ids) <= max_length:
            kept.append(encoded)
        else:
            too_long.append(sample.metadata.id)
    return EncodedSplit(kept, too_long)


def require_samples(split: EncodedSplit, folder: Path, max_length: int) -> None:
    """Raise `UserError` when nothing is left to train on."""
    if split.samples:
        return
    if split.too_long:
        raise UserError(
            f"all {len(split.too_long)} samples of {relative(folder)} are longer than training.max_length={max_length}"
            " tokens; raise it"
        )
    raise UserError(f"{relative(folder)} has no training samples; run: python scripts/02_generate_data.py --force")
