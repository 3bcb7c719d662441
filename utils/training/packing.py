"""Packing: several samples share a row, so that hardly a token is padding, and none sees another sample's tokens.

Every sample's `position_ids` begin at 0. transformers (without an attention mask and a cache) and flash attention both
take such a restart for a boundary; `tests/training/test_packing.py` proves it on logits.
"""

from __future__ import annotations

import itertools
import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import Dataset

from utils.chat_format import IGNORE_INDEX, Encoded

_OPEN_ROWS = 1024  # rows considered for a sample: enough to fill them, few enough to stay fast


def pack(lengths: Sequence[int], row_length: int, seed: int) -> list[list[int]]:
    """Rows of sample indices, best fit over a shuffled order (so that a row is no cluster of equal lengths).

    Every length must be at most `row_length`.
    """
    order = list(range(len(lengths)))
    random.Random(seed).shuffle(order)
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (tokens left, row), ascending
    for index in order:
        place = bisect_left(room, (lengths[index], -1))
        if place < len(room):
            left, row = room.pop(place)
        else:
            left, row = row_length, len(rows)
            rows.append([])
        rows[row].append(index)
        if left > lengths[index]:
            insort(room, (left - lengths[index], row))
        if len(room) > _OPEN_ROWS:
            room.pop(0)
    return rows


class PackedRows(Dataset[list[Encoded]]):
    """The training set as a trainer sees it: item i is the samples of row i."""

    def __init__(self, samples: Sequence[Encoded], rows: Sequence[Sequence[int]]) -> None:
        self._samples, self._rows = samples, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> list[Encoded]:
        return [self._samples[sample] for sample in self._rows[index]]


class PackedCollator:
    """Rows of samples → `input_ids`, `labels`, `position_ids`, each of shape (rows, longest), int64.

    `flatten` lays all rows end to end in one, which is what flash attention wants: it needs no padding at all. The
    samples' boundaries then come along under the names that transformers hands on to its attention.
    """

    def __init__(self, pad_id: int, flatten: bool = False) -> None:
        self._pad_id, self._flatten = pad_id, flatten

    def __call__(self, rows: list[list[Encoded]]) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        if self._flatten:
            rows = [[sample for row in rows for sample in row]]
            bounds = _boundaries([len(sample.input_ids) for sample in rows[0]])
        width = max(sum(len(sample.input_ids) for sample in row) for row in rows)
        batch: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "position_ids": []}
        for row in rows:
            ids = [token for sample in row for token in sample.input_ids]
            gap = width - len(ids)
            positions = [position for sample in row for position in range(len(sample.input_ids))]
            batch["input_ids"].append(ids + [self._pad_id] * gap)
            batch["labels"].append([label for sample in row for label in sample.labels] + [IGNORE_INDEX] * gap)
            batch["position_ids"].append(positions + list(range(gap)))  # padding is a sample of its own
        return {name: torch.tensor(values) for name, values in batch.items()} | bounds


def _boundaries(lengths: Sequence[int]) -> dict[str, Any]:
    """Where samples laid end to end begin, as many int32 and one more, and the longest: for queries and for keys."""
    starts = torch.tensor([0, *itertools.accumulate(lengths)], dtype=torch.int32)
    return {f"cu_seq_lens_{side}": starts for side in "qk"} | {f"max_length_{side}": max(lengths) for side in "qk"}


def padding_share(lengths: Sequence[int], rows: Sequence[Sequence[int]], row_length: int) -> float:
    """The share of all positions that hold no token, 0..1."""
    return 1 - sum(lengths) / (len(rows) * row_length) if rows else 0.0
