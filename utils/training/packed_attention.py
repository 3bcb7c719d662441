"""PyTorch's own flash attention over packed samples: none sees another, and nothing is computed for what is masked.

The way over a mask computes every pair of tokens of a row and throws most of them away. On a GPU this takes its place
for `model.attention: sdpa`; the samples' boundaries come from `PackedCollator`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface

from utils.settings import ModelSettings

NAME = "packed_varlen"  # transformers takes a name with "flash" in it for a package that it must import
_LARGEST_HEAD = 256  # dimensions of a head that the kernel takes
_AMPERE = 8  # the compute capability that it needs
_BEYOND = ("attn_logit_softcapping", "attention_sink", "sinks")  # settings of models that do more to the scores


def use_packed_attention(model: Any, settings: ModelSettings) -> bool:
    """Let `model` (not a PEFT one) attend by it where GPU, dtype and architecture allow; returns whether it does."""
    text = model.config.get_text_config()
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    able = (
        settings.attention == "sdpa"
        and settings.device == "cuda"
        and settings.dtype == "bfloat16"
        and torch.cuda.get_device_capability()[0] >= _AMPERE
        and model._supports_sdpa
        and head <= _LARGEST_HEAD
        and all(getattr(text, name, None) is None for name in _BEYOND)
        and all(kind in ("full_attention", "sliding_attention") for kind in getattr(text, "layer_types", None) or ())
    )
    if able:
        AttentionInterface.register(NAME, _attend)
        AttentionMaskInterface.register(NAME, _no_mask)
        model.set_attn_implementation(NAME)
    return able


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    *,
    cu_seq_lens_q: torch.Tensor,
    max_length_q: int,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """`query` (1, heads, tokens, width), `key` and `value` with as many heads or fewer → (1, tokens, heads, width)."""
    result = _kernel()(
        *(states.transpose(1, 2).squeeze(0) for states in (query, key, value)),
        cu_seq_lens_q,
        cu_seq_lens_q,
        max_length_q,
        max_length_q,
        scale=scaling,
        window_size=(-1 if sliding_window is None else sliding_window - 1, 0),
    )
    return result.unsqueeze(0), None


@functools.cache
def _kernel() -> Callable[..., torch.Tensor]:
    """PyTorch's function, told of fewer key heads in releases that want to be; the older ones need not be told."""
    from torch.nn.attention.varlen import varlen_attn

    told = {"enable_gqa": True} if "enable_gqa" in inspect.signature(varlen_attn).parameters else {}
    return functools.partial(varlen_attn, **told)


def _no_mask(*_: Any, **__: Any) -> None:
    return None
