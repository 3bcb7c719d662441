"""Greedy decoding of many prompts at once: finished rows make room for waiting ones while the others go on.

Rows are padded on the left and carry their own positions, so each row sees exactly what it would see alone. The idea
of refilling at every step is that of Orca (Yu et al., OSDI 2022, "iteration-level scheduling").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache

PREFILL_TOKENS = 16_384  # prompt tokens, padding included, read in one forward pass


class Decoded(NamedTuple):
    """The ids of one answer, its end-of-turn token left out; `finished` is false when the limit cut it off."""

    ids: list[int]
    finished: bool


class _Rows:
    """The rows in flight. Tensors have one row each; `mask` is [rows, cached tokens], 1 where a token is real."""

    def __init__(
        self, owners: list[int], cache: DynamicCache, mask: torch.Tensor, positions: torch.Tensor, last: torch.Tensor
    ) -> None:
        self.owners = owners
        self.cache = cache
        self.mask = mask
        self.positions = positions
        self.last = last

    def keep(self, rows: list[int]) -> None:
        """Drop every row but `rows`, and the columns that are padding in all that stay."""
        index = torch.tensor(rows, device=self.mask.device)
        mask = self.mask[index]
        first = int(mask.any(dim=0).to(torch.uint8).argmax())
        self.owners = [self.owners[row] for row in rows]
        self.mask, self.positions, self.last = mask[:, first:], self.positions[index], self.last[index]
        for layer in self.cache.layers:
            layer.keys, layer.values = layer.keys[index, :, first:], layer.values[index, :, first:]

    def join(self, other: _Rows) -> None:
        """Append the rows of `other`; the shorter of the two is padded on the left."""
        width = max(self.mask.shape[1], other.mask.shape[1])
        self.owners += other.owners
        self.mask = torch.cat([_widen(self.mask, width, 1), _widen(other.mask, width, 1)])
        self.positions = torch.cat([self.positions, other.positions])
        self.last = torch.cat([self.last, other.last])
        for mine, theirs in zip(self.cache.layers, other.cache.layers, strict=True):
            mine.keys = torch.cat([_widen(mine.keys, width, 2), _widen(theirs.keys, width, 2)])
            mine.values = torch.cat([_widen(mine.values, width, 2), _widen(theirs.values, width, 2)])


@torch.inference_mode()
def decode(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], stop: Sequence[int], max_new_tokens: int, batch_size: int
) -> Iterator[tuple[int, Decoded]]:
    """(index of the prompt, what the model answers) for every prompt, as they are finished.

    `prompts` are token ids, none empty. Long prompts go first, so that a batch that does not fit fails at once and
    neighbours in a batch are alike in length. An eighth of the batch is replaced at a time: replacing copies the cache.
    """
    waiting = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    written: dict[int, list[int]] = {}
    stops = frozenset(stop)
    rows: _Rows | None = None
    while waiting or rows is not None:
        free = batch_size - (len(rows.owners) if rows else 0)
        if waiting and free:
            fresh = _admit(model, prompts, waiting, free)
            written.update((owner, []) for owner in fresh.owners)
            if rows is None:
                rows = fresh
            else:
                rows.join(fresh)
            if waiting and len(rows.owners) < batch_size:
                continue
        assert rows is not None
        yield from _run(model, rows, written, stops, max_new_tokens, patience=max(1, batch_size // 8))
        if not rows.owners:
            rows = None


@torch.inference_mode()
def decode_in_fixed_batches(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], stop: Sequence[int], max_new_tokens: int, batch_size: int
) -> Iterator[tuple[int, Decoded]]:
    """The same by the library's `generate`: batches sorted by length, each as long as its longest answer.

    For models whose cache is not keys and values alone (linear attention, state spaces) and cannot be joined.
    """
    order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        width = len(prompts[rows[0]])
        ids = torch.full((len(rows), width), stop[0])
        mask = torch.zeros_like(ids)
        for row, owner in enumerate(rows):
            ids[row, width - len(prompts[owner]) :] = torch.tensor(prompts[owner])
            mask[row, width - len(prompts[owner]) :] = 1
        made = model.generate(
            ids.to(model.device),
            attention_mask=mask.to(model.device),
            do_sample=False,
            max_new_tokens=max_new_tokens,
            eos_token_id=list(stop),
            pad_token_id=stop[0],
        )
        for owner, tokens in zip(rows, made[:, width:].tolist(), strict=True):
            end = next((position for position, token in enumerate(tokens) if token in stop), None)
            yield owner, Decoded(tokens[:end], end is not None)


def has_joinable_cache(model: PreTrainedModel) -> bool:
    """True when every layer caches keys and values, so that rows can be dropped and joined."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or []
    return all(kind.endswith("attention") and not kind.startswith("linear") for kind in kinds)


def _run(
    model: PreTrainedModel,
    rows: _Rows,
    written: dict[int, list[int]],
    stops: frozenset[int],
    max_new_tokens: int,
    patience: int,
) -> Iterator[tuple[int, Decoded]]:
    """Step all rows until `patience` of them (or all) are finished; those are yielded and dropped from `rows`."""
    finished: set[int] = set()
    while True:
        for row, token in enumerate(rows.last.tolist()):
            owner = rows.owners[row]
            if row in finished:
                continue
            ended = token in stops
            if not ended:
                written[owner].append(token)
            if ended or len(written[owner]) >= max_new_tokens:
                finished.add(row)
                yield owner, Decoded(written.pop(owner), ended)
        if len(finished) >= min(patience, len(rows.owners)):
            break
        _step(model, rows)
    stay = [row for row in range(len(rows.owners)) if row not in finished]
    if stay:
        # The tokens just read were recorded but not yet fed; after `keep` the next step feeds them.
        rows.keep(stay)
        _step(model, rows)
    else:
        rows.owners = []


def _step(model: PreTrainedModel, rows: _Rows) -> None:
    rows.mask = torch.cat([rows.mask, rows.mask.new_ones(len(rows.owners), 1)], dim=1)
    logits = model(
        input_ids=rows.last[:, None],
        attention_mask=rows.mask,
        position_ids=rows.positions[:, None],
        past_key_values=rows.cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits
    rows.last = logits[:, -1].argmax(dim=-1)
    rows.positions = rows.positions + 1


def _admit(model: PreTrainedModel, prompts: Sequence[Sequence[int]], waiting: list[int], free: int) -> _Rows:
    """Take up to `free` of the longest waiting prompts, as many as one forward pass may hold, and read them."""
    owners = [waiting.pop()]
    width = len(prompts[owners[0]])
    while waiting and len(owners) < free and (len(owners) + 1) * width <= PREFILL_TOKENS:
        owners.append(waiting.pop())
    ids = torch.zeros(len(owners), width, dtype=torch.long)
    mask = torch.zeros(len(owners), width, dtype=torch.long)
    for row, owner in enumerate(owners):
        ids[row, width - len(prompts[owner]) :] = torch.tensor(prompts[owner])
        mask[row, width - len(prompts[owner]) :] = 1
    ids, mask = ids.to(model.device), mask.to(model.device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    cache = DynamicCache()
    logits = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits
    return _Rows(owners, cache, mask, positions[:, -1] + 1, logits[:, -1].argmax(dim=-1))


def _widen(tensor: torch.Tensor, width: int, dim: int) -> torch.Tensor:
    """Zeros on the left of dimension `dim` until it is `width` long."""
    missing = width - tensor.shape[dim]
    if not missing:
        return tensor
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor.new_zeros(shape), tensor], dim=dim)
