"""The tests' one model: a Qwen3 of a few thousand random weights, with a byte-level tokenizer of Qwen's kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, Qwen3Config, Qwen3ForCausalLM

from utils.tiny_base import train_tokenizer

TEXTS = (
    "Where is the function `shop.cart.total` defined?",
    "Which file of shop has `Basket.refund`?",
    "It is in `src/shop/cart.py`.",
    "`price` 函数在 shop 的哪个文件里？",
)
SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 2048,
    "initializer_range": 0.25,  # wide enough that answers differ
    "tie_word_embeddings": False,
}


def tokenizer(texts: Sequence[str] = TEXTS) -> PreTrainedTokenizerBase:
    """Byte-level BPE with Qwen's control tokens and chat format."""
    return train_tokenizer(texts)


def model(vocabulary: int, seed: int = 0, **settings: Any) -> Qwen3ForCausalLM:
    """Random weights, equal each time for one seed."""
    torch.manual_seed(seed)
    return Qwen3ForCausalLM(Qwen3Config(**{"vocab_size": vocabulary, **SHAPE, **settings}))


def save_base(folder: Path, dtype: str = "float32", shard: str = "1GB", seed: int = 0, **settings: Any) -> Path:
    """A folder that `from_pretrained` loads; `shard` as `save_pretrained` takes it."""
    own = tokenizer()
    ids = {"eos_token_id": own.eos_token_id, "pad_token_id": own.pad_token_id, "bos_token_id": None}
    model(len(own), seed, **ids, **settings).to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=shard)
    own.save_pretrained(folder)
    return folder
