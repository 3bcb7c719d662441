"""Who answers: the base model and the fine-tuned one, built in (transformers) or behind an OpenAI-compatible server.

05 asks a whole test set at once (`answer`), 06 one question at a time (`stream`). Answers are greedy, with thinking
off, and end at the end-of-turn token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from utils.artifacts import canonical_json, sha256_text
from utils.config_manager import Config, EvaluationSettings
from utils.console import UserError
from utils.evaluation.finetuned import find_finetuned, finetuned_source
from utils.records import Message

Which = Literal["base", "finetuned"]


class Answer(msgspec.Struct):
    """One answer. `tokens` counts what was generated before the end of turn; `finished`: it was not cut off."""

    text: str
    tokens: int
    finished: bool


class Answerer(Protocol):
    """One model that can be asked. It loads when it is first asked, not before."""

    @property
    def identity(self) -> dict[str, Any]:
        """What an answer depends on besides its prompt: the model's fingerprint and the settings of the decoding."""

    def prompt_key(self, messages: Sequence[Message]) -> str:
        """One hash for exactly what the model is given to read."""

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """The prompt's length in tokens (estimated where only the server knows)."""

    @property
    def context(self) -> int | None:
        """How many tokens prompt and answer may have together; null where it is not known."""

    def answer(self, prompts: Sequence[Sequence[Message]]) -> Iterator[tuple[int, Answer]]:
        """(index of the prompt, its answer) for every prompt, as they are finished: in no order."""

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        """One answer, in pieces, as it is written."""

    def perplexity(self) -> float | None:
        """Perplexity on general text; null where the tokens' probabilities cannot be had."""

    def close(self) -> None:
        """Give back the memory the model takes."""


def open_answerer(config: Config, which: Which) -> Answerer:
    """The base or the fine-tuned model of `config`, by `evaluation.server` where that is set, else built in.

    The fine-tuned model is 04's merged folder, or the base with 03's adapter where nothing was merged; raises
    `UserError` where there is neither, or they do not belong together (see `finetuned_source`).
    """
    settings = config.evaluation
    if settings.server is not None:
        from utils.evaluation.server_backend import ServerAnswerer

        name = server_model(settings, which)
        weights = find_finetuned(config).digest if which == "finetuned" else None
        return ServerAnswerer(settings.server, name, settings.max_new_tokens, settings.batch_size, weights)

    from utils.evaluation.transformers_backend import TransformersAnswerer
    from utils.model_io import base_identity

    base = base_identity(config.model)
    if which == "base":
        return TransformersAnswerer(config, source=None, adapter=None, fingerprint=canonical_json(base))
    merged, adapter, digest = finetuned_source(config)
    fingerprint = digest if merged else f"{canonical_json(base)}+{digest}"
    return TransformersAnswerer(config, source=merged, adapter=adapter, fingerprint=fingerprint)


def server_model(settings: EvaluationSettings, which: Which) -> str:
    """The name that `evaluation.server` has for the model; raises `UserError` where none is set."""
    name = settings.server_base_model if which == "base" else settings.server_finetuned_model
    if name is None:
        raise UserError(
            f"evaluation.server is set but evaluation.server_{which}_model is not: name the model to ask there"
        )
    return name


def answer_key(answerer: Answerer, messages: Sequence[Message]) -> str:
    """The hash under which an answer is kept: same model, same prompt, same settings."""
    return sha256_text(canonical_json([answerer.identity, answerer.prompt_key(messages)]))
