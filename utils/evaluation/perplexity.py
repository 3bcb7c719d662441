"""How well a model still predicts general text: forgetting shows here before it shows in answers."""

from __future__ import annotations

import math
from functools import cache
from pydoc_data.topics import topics

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

SOURCE = "the Python language reference as shipped with this Python (pydoc_data.topics)"
PASSAGES = 24
CHARACTERS = 1500
WINDOW = 512  # tokens


@cache
def passages() -> tuple[str, ...]:
    """The opening of every n-th topic of the language reference, in alphabetical order."""
    long = [topics[name][:CHARACTERS] for name in sorted(topics) if len(topics[name]) >= CHARACTERS]
    return tuple(long[:: max(1, len(long) // PASSAGES)][:PASSAGES])


@torch.inference_mode()
def perplexity(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> float:
    """exp of the mean loss per token over the passages, each read alone, at most `WINDOW` tokens of it."""
    loss, count = 0.0, 0
    for text in passages():
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids[:, :WINDOW].to(model.device)
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits.float()
        targets = ids[:, 1:]
        loss += torch.nn.functional.cross_entropy(logits[0], targets[0], reduction="sum").item()
        count += targets.numel()
    return round(math.exp(loss / count), 4)
