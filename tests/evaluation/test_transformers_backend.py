"""The built-in backend: what it streams, what it caches by, and what it says when there is no model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import SHAPE
from utils.chat_format import encode_prompt
from utils.config_manager import Config
from utils.evaluation.answering import answer_key
from utils.evaluation.transformers_backend import TransformersAnswerer
from utils.records import Message

PROMPTS = [[Message("user", f"Where is `total_{number}` of shop?" * (1 + number % 3))] for number in range(7)]


def answerer(tiny_model: Path, **evaluation: Any) -> TransformersAnswerer:
    config = Config.from_data(
        {
            "repository": {"url": "."},
            "model": {"base": str(tiny_model), "device": "cpu", "dtype": "float32"},
            "evaluation": {"max_new_tokens": 10, **evaluation},
        }
    )
    return TransformersAnswerer(config, None, None, "tiny")


def test_a_batch_answers_as_each_alone(tiny_model: Path) -> None:
    together = dict(answerer(tiny_model, batch_size=7).answer(PROMPTS))
    alone = dict(answerer(tiny_model, batch_size=1).answer(PROMPTS))
    assert together == alone


def test_the_stream_joined_is_the_answer(tiny_model: Path) -> None:
    asked = answerer(tiny_model)
    ((_, answer),) = asked.answer(PROMPTS[:1])
    pieces = list(asked.stream(PROMPTS[0]))
    assert len(pieces) > 1
    assert "".join(pieces).strip() == answer.text


def test_the_model_reads_the_shared_chat_format(tiny_model: Path) -> None:
    asked = answerer(tiny_model)
    ids = asked.prompt_ids(PROMPTS[0])
    assert ids == encode_prompt(asked.tokenizer, PROMPTS[0])
    assert asked.prompt_tokens(PROMPTS[0]) == len(ids)
    assert asked.context == SHAPE["max_position_embeddings"]


def test_an_answer_is_kept_by_model_prompt_and_settings(tiny_model: Path) -> None:
    one, longer = answerer(tiny_model), answerer(tiny_model, max_new_tokens=11)
    wider = answerer(tiny_model, batch_size=3)
    assert answer_key(one, PROMPTS[0]) == answer_key(wider, PROMPTS[0]), "the batch does not change an answer"
    assert answer_key(one, PROMPTS[0]) != answer_key(longer, PROMPTS[0])
    assert answer_key(one, PROMPTS[0]) != answer_key(one, PROMPTS[1])


def test_perplexity_of_a_random_model_is_at_least_about_its_vocabulary(tiny_model: Path) -> None:
    assert answerer(tiny_model).perplexity() == pytest.approx(answerer(tiny_model).perplexity())
    assert (answerer(tiny_model).perplexity() or 0) > 250
