"""Batched, padded, refilled decoding must be the one-by-one decoding."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel, Qwen3NextConfig, Qwen3NextForCausalLM

from tests.tiny_model import SHAPE
from utils.evaluation.decoding import decode, decode_in_fixed_batches, has_joinable_cache

STOP = list(range(3, 300, 9))  # a random model never ends a turn by itself: let many tokens end it


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()


def prompts(count: int, longest: int) -> list[list[int]]:
    draw = random.Random(7)
    return [[draw.randrange(5, 300) for _ in range(draw.randint(1, longest))] for _ in range(count)]


def alone(model: PreTrainedModel, prompt: list[int], limit: int) -> list[int]:
    """What `generate` answers to one prompt, its stop token left out."""
    ids = torch.tensor([prompt])
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=limit,
        eos_token_id=STOP,
        pad_token_id=0,
    )
    answer = out[0, len(prompt) :].tolist()
    return answer[:-1] if answer[-1] in STOP else answer


@pytest.mark.parametrize("batch_size", [1, 3, 16, 64])
def test_answers_equal_generate_one_by_one(model: PreTrainedModel, batch_size: int) -> None:
    asked = prompts(40, 60)
    expected = [alone(model, prompt, 24) for prompt in asked]
    got = dict(decode(model, asked, STOP, 24, batch_size))
    assert [got[index].ids for index in range(40)] == expected
    assert len({len(answer) for answer in expected}) > 5, "the test needs answers of many lengths"


def test_fixed_batches_give_the_same_answers(model: PreTrainedModel) -> None:
    asked = prompts(20, 60)
    assert dict(decode_in_fixed_batches(model, asked, STOP, 24, 8)) == dict(decode(model, asked, STOP, 24, 8))


def test_a_model_with_linear_attention_is_answered_in_fixed_batches() -> None:
    config = Qwen3NextConfig(
        **{**SHAPE, "initializer_range": 0.02},
        vocab_size=300,
        layer_types=["linear_attention", "full_attention"],
        num_experts=2,
        num_experts_per_tok=1,
        moe_intermediate_size=16,
        shared_expert_intermediate_size=16,
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
    )
    torch.manual_seed(0)
    hybrid = Qwen3NextForCausalLM(config).eval()
    assert not has_joinable_cache(hybrid)
    asked = prompts(6, 20)
    together = dict(decode_in_fixed_batches(hybrid, asked, STOP, 8, 3))
    assert [together[index].ids for index in range(6)] == [alone(hybrid, prompt, 8) for prompt in asked]


def test_finished_says_whether_the_limit_cut_the_answer(model: PreTrainedModel) -> None:
    got = dict(decode(model, prompts(30, 20), STOP, 4, 8))
    assert {item.finished for item in got.values()} == {True, False}
    assert all(len(item.ids) == 4 for item in got.values() if not item.finished)
    assert all(not set(item.ids) & set(STOP) for item in got.values())


def test_answers_come_as_they_are_finished(model: PreTrainedModel) -> None:
    stream = decode(model, prompts(30, 20), STOP, 24, 4)
    first, _ = next(stream)
    rest = [index for index, _ in stream]
    assert sorted([first, *rest]) == list(range(30))
    assert [first, *rest] != list(range(30))
