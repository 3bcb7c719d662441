"""The built-in backend: a transformers model in this process, asked in batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteriaList,
    TextIteratorStreamer,
)

from utils.artifacts import canonical_json, sha256_text
from utils.chat_format import encode_prompt, stop_ids
from utils.config_manager import Config
from utils.console import UserError
from utils.evaluation.answering import Answer
from utils.evaluation.decoding import decode, decode_in_fixed_batches, has_joinable_cache
from utils.evaluation.perplexity import perplexity
from utils.model_io import (
    load_base_config,
    load_model,
    load_tokenizer,
    quiet_libraries,
    require_device,
    resolve_base,
)
from utils.records import Message


class TransformersAnswerer:
    """A model that is loaded when it is first asked. `source` null: the base of the configuration."""

    def __init__(self, config: Config, source: Path | None, adapter: Path | None, fingerprint: str) -> None:
        self._settings = config.model
        self._batch_size = config.evaluation.batch_size
        self._max_new_tokens = config.evaluation.max_new_tokens
        self._source = source if source is not None else resolve_base(config.model)
        self._adapter = adapter
        self._fingerprint = fingerprint
        quiet_libraries()
        self.tokenizer: PreTrainedTokenizerBase = load_tokenizer(self._source, config.model)
        self._model: PreTrainedModel | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """The model's fingerprint, its number format and the limit of an answer."""
        return {
            "backend": "transformers",
            "model": sha256_text(self._fingerprint),
            "dtype": self._settings.dtype,
            "max_new_tokens": self._max_new_tokens,
        }

    @property
    def model(self) -> PreTrainedModel:
        """The model, loaded now if it was not yet."""
        if self._model is None:
            require_device(self._settings)
            self._model = load_model(self._source, self._settings, adapter=self._adapter).eval()
        return self._model

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """The token ids the model is given to read."""
        return encode_prompt(self.tokenizer, messages)

    def prompt_key(self, messages: Sequence[Message]) -> str:
        """A hash of the token ids."""
        return sha256_text(canonical_json(self.prompt_ids(messages)))

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """The number of token ids."""
        return len(self.prompt_ids(messages))

    @property
    def context(self) -> int | None:
        """The model's positions, as its configuration says."""
        config = load_base_config(str(self._source), self._settings)
        return getattr(config.get_text_config(), "max_position_embeddings", None)

    def answer(self, prompts: Sequence[Sequence[Message]]) -> Iterator[tuple[int, Answer]]:
        """(index, answer) as they are finished; raises `UserError` where the GPU's memory does not hold the batch."""
        ids = [self.prompt_ids(messages) for messages in prompts]
        stop = stop_ids(self.tokenizer)
        try:
            way = decode if has_joinable_cache(self.model) else decode_in_fixed_batches
            for index, decoded in way(self.model, ids, stop, self._max_new_tokens, self._batch_size):
                text = self.tokenizer.decode(decoded.ids, skip_special_tokens=True)
                yield index, Answer(text.strip(), len(decoded.ids), decoded.finished)
        except torch.cuda.OutOfMemoryError:
            raise UserError(
                f"the GPU's memory does not hold evaluation.batch_size={self._batch_size} answers at once; "
                f"run again with evaluation.batch_size={max(1, self._batch_size // 2)}"
            ) from None

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        """One answer in pieces; the pieces joined are the greedy answer. Closed early, it stops writing."""
        model, stop = self.model, stop_ids(self.tokenizer)
        ids = torch.tensor([self.prompt_ids(messages)], device=model.device)
        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=True)
        failure: list[BaseException] = []
        left = threading.Event()

        def abandoned(ids: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
            return torch.full((len(ids),), left.is_set(), device=ids.device)

        def generate() -> None:
            try:
                model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=self._max_new_tokens,
                    do_sample=False,
                    eos_token_id=stop,
                    pad_token_id=stop[0],
                    streamer=streamer,
                    stopping_criteria=StoppingCriteriaList([abandoned]),
                )
            except BaseException as error:  # handed to the reader, who raises it
                failure.append(error)
                streamer.end()

        worker = threading.Thread(target=generate, daemon=True)
        worker.start()
        try:
            yield from streamer
        finally:
            left.set()
            worker.join()
        if failure:
            raise failure[0]

    def perplexity(self) -> float | None:
        """Perplexity on general text."""
        return perplexity(self.model, self.tokenizer)

    def close(self) -> None:
        """Drop the model; asking again loads it again."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
