"""Who answers: the base model and the fine-tuned one, built in (transformers) or behind an OpenAI-compatible server.

05 asks a whole test set at once (`answer`), 06 one question at a time (`stream`). Answers are greedy, with thinking
off, and end at the end-of-turn token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from utils.artifacts import canonical_json, open_artifact, sha256_text
from utils.config_manager import Config
from utils.console import UserError, relative
from utils.records import ADAPTER_SCHEMA, MERGED_SCHEMA, Message

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

    The fine-tuned model is 04's merged folder, or the base with 03's adapter where nothing was merged. Raises
    `UserError` where there is neither, or the merged model is not of this adapter.
    """
    settings = config.evaluation
    if settings.server is not None:
        from utils.evaluation.server_backend import ServerAnswerer

        name = settings.server_base_model if which == "base" else settings.server_finetuned_model
        if name is None:
            raise UserError(
                f"evaluation.server is set but evaluation.server_{which}_model is not: name the model to ask there"
            )
        return ServerAnswerer(settings.server, name, settings.max_new_tokens, settings.batch_size)

    from utils.evaluation.transformers_backend import TransformersAnswerer
    from utils.model_io import base_identity

    base = base_identity(config.model)
    if which == "base":
        return TransformersAnswerer(config, source=None, adapter=None, fingerprint=canonical_json(base))
    merged, adapter, digest = finetuned_source(config)
    fingerprint = digest if merged else f"{canonical_json(base)}+{digest}"
    return TransformersAnswerer(config, source=merged, adapter=adapter, fingerprint=fingerprint)


def finetuned_source(config: Config) -> tuple[Path | None, Path | None, str]:
    """(merged folder, None, digest) or (None, adapter folder, digest): what the fine-tuned model is made of."""
    train = config.command("03_train_model")
    merge = config.command("04_merge_weights")
    trained = open_artifact(config.adapter_dir, ADAPTER_SCHEMA, train) if config.adapter_dir.is_dir() else None
    if config.merged_dir.is_dir():
        manifest = open_artifact(config.merged_dir, MERGED_SCHEMA, merge)
        if trained is not None and manifest.inputs.get("adapter") != trained.digest():
            where = relative(config.merged_dir)
            raise UserError(
                f"{where} was merged from another adapter than {relative(config.adapter_dir)}; run: {merge}"
            )
        return config.merged_dir, None, manifest.digest()
    if trained is None:
        raise UserError(f"there is no fine-tuned model in {relative(config.output_dir)}; run: {train}")
    return None, config.adapter_dir, trained.digest()


def answer_key(answerer: Answerer, messages: Sequence[Message]) -> str:
    """The hash under which an answer is kept: same model, same prompt, same settings."""
    return sha256_text(canonical_json([answerer.identity, answerer.prompt_key(messages)]))
