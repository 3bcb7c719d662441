"""Exactly the answer and its end-of-turn token are trained, nothing before and nothing after."""

from __future__ import annotations

import pytest

from tests import tiny_model
from utils.chat_format import IGNORE_INDEX, encode_prompt, encode_sample
from utils.records import Message

TOKENIZER = tiny_model.tokenizer()


@pytest.mark.parametrize(
    "talk",
    [
        [Message("user", "Where is `f`?"), Message("assistant", "In `a.py`.")],
        [
            Message("system", "Be brief."),
            Message("user", "它在哪？"),
            Message("assistant", "在 `a.py`。\n\n```\nx\n```"),
        ],
        [Message("user", "a"), Message("assistant", "b"), Message("user", "c"), Message("assistant", "d e f")],
        [Message("user", ""), Message("assistant", "x")],
    ],
)
def test_the_answer_and_its_end_are_scored(talk: list[Message]) -> None:
    encoded = encode_sample(TOKENIZER, talk)
    prompt = encode_prompt(TOKENIZER, talk[:-1])
    assert encoded.input_ids[: len(prompt)] == prompt
    assert encoded.labels[: len(prompt)] == [IGNORE_INDEX] * len(prompt)
    answer = encoded.labels[len(prompt) :]
    assert answer == encoded.input_ids[len(prompt) :]
    assert TOKENIZER.decode(answer) == talk[-1].content + "<|im_end|>"
    assert answer[-1] == TOKENIZER.convert_tokens_to_ids("<|im_end|>")


def test_the_empty_think_block_is_prompt() -> None:
    encoded = encode_sample(TOKENIZER, [Message("user", "q"), Message("assistant", "a")])
    unscored = [token for token, label in zip(encoded.input_ids, encoded.labels, strict=True) if label == IGNORE_INDEX]
    assert TOKENIZER.decode(unscored).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


def test_a_sample_must_end_in_an_answer() -> None:
    with pytest.raises(ValueError, match="assistant"):
        encode_sample(TOKENIZER, [Message("user", "q")])
