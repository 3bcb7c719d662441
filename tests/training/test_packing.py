"""Rows are full, and no sample sees another one's tokens."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny_model
from tests.training import micro
from utils.chat_format import Encoded, encode_sample
from utils.training.packing import PackedCollator, pack, padding_share

TOKENIZER = tiny_model.tokenizer()
SAMPLES = [encode_sample(TOKENIZER, micro.sample(name, micro.QUESTIONS[0]).messages) for name in micro.NAMES]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 64), max_size=200), st.integers(0, 3))
def test_every_sample_is_in_one_row_and_fits(lengths: list[int], seed: int) -> None:
    rows = pack(lengths, 64, seed)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in row) <= 64 for row in rows)
    assert rows == pack(lengths, 64, seed)


def test_rows_of_many_short_samples_are_nearly_full() -> None:
    lengths = [20 + index * 7919 % 90 for index in range(2000)]
    assert padding_share(lengths, pack(lengths, 512, 0), 512) < 0.03


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_logits_of_a_packed_sample_equal_those_of_it_alone(attention: str) -> None:
    model = tiny_model.model(len(TOKENIZER), attn_implementation=attention).eval()
    collate = PackedCollator(TOKENIZER.pad_token_id)
    packed = collate([SAMPLES[:3], SAMPLES[3:5]])
    with torch.no_grad():
        logits = model(packed["input_ids"], position_ids=packed["position_ids"], use_cache=False).logits
        start = 0
        for sample in SAMPLES[:3]:
            alone = model(torch.tensor([sample.input_ids]), use_cache=False).logits[0]
            assert torch.allclose(logits[0, start : start + len(sample.input_ids)], alone, atol=1e-4)
            start += len(sample.input_ids)
        glued = torch.tensor([[token for sample in SAMPLES[:3] for token in sample.input_ids]])
        last = len(SAMPLES[2].input_ids)
        leaking = model(glued, use_cache=False).logits[0, -last:]
    assert not torch.allclose(leaking, logits[0, start - last : start], atol=1e-2)  # the test would see a leak


def test_flattened_rows_hold_no_padding() -> None:
    batch = PackedCollator(TOKENIZER.pad_token_id, flatten=True)([SAMPLES[:3], SAMPLES[3:5]])
    assert batch["input_ids"].shape == (1, sum(len(sample.input_ids) for sample in SAMPLES[:5]))
    assert (batch["position_ids"] == 0).sum() == 5
    starts = (batch["position_ids"][0] == 0).nonzero().flatten().tolist()
    for side in "qk":
        assert batch[f"cu_seq_lens_{side}"].tolist() == [*starts, batch["input_ids"].shape[1]]
        assert batch[f"max_length_{side}"] == max(len(sample.input_ids) for sample in SAMPLES[:5])


def test_padding_is_never_scored() -> None:
    batch = PackedCollator(pad_id=7)([[Encoded([1, 2, 3], [-100, 2, 3])], [Encoded([1], [-100])]])
    assert batch["labels"].tolist() == [[-100, 2, 3], [-100, -100, -100]]
    assert batch["input_ids"].tolist() == [[1, 2, 3], [1, 7, 7]]
