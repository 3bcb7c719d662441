"""Flash attention over packed samples: its plumbing, with a kernel that any CPU has in the place of the GPU's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from tests import tiny_model
from tests.training import micro
from utils.chat_format import encode_sample
from utils.settings import ModelSettings
from utils.training import packed_attention
from utils.training.packing import PackedCollator

TOKENIZER = tiny_model.tokenizer()
SAMPLES = [encode_sample(TOKENIZER, micro.sample(name, micro.QUESTIONS[0]).messages) for name in micro.NAMES[:4]]
ON_GPU = ModelSettings(device="cuda", dtype="bfloat16")


def reference(
    query: Any, key: Any, value: Any, starts: Any, _: Any, longest: int, __: int, scale: float, window_size: Any
) -> torch.Tensor:
    """What the kernel's documentation says it computes: (tokens, heads, width) each, sample by sample."""
    assert longest == (starts[1:] - starts[:-1]).max()
    results = []
    for first, last in zip(starts.tolist(), starts.tolist()[1:], strict=False):
        ago = torch.arange(last - first)[:, None] - torch.arange(last - first)
        seen = (ago >= 0) & ((ago <= window_size[0]) if window_size[0] >= 0 else True)
        parts = (states[first:last].transpose(0, 1)[None] for states in (query, key, value))
        attended = functional.scaled_dot_product_attention(*parts, attn_mask=seen, scale=scale, enable_gqa=True)
        results.append(attended[0].transpose(0, 1))
    return torch.cat(results)


@pytest.fixture(autouse=True)
def _kernel_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_attention, "_kernel", lambda: reference)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))


@pytest.mark.parametrize("window", [None, 7])
def test_logits_equal_those_over_a_mask(window: int | None) -> None:
    sliding = {} if window is None else {"use_sliding_window": True, "sliding_window": window, "max_window_layers": 0}
    model = tiny_model.model(len(TOKENIZER), attn_implementation="sdpa", **sliding).eval()
    batch = PackedCollator(TOKENIZER.pad_token_id, flatten=True)([SAMPLES[:3], SAMPLES[3:]])
    ids, places = batch["input_ids"], batch["position_ids"]
    with torch.no_grad():
        masked = model(ids, position_ids=places, use_cache=False).logits
        assert packed_attention.use_packed_attention(model, ON_GPU)
        del batch["labels"]
        packed = model(**batch, use_cache=False).logits
    assert torch.allclose(packed, masked, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (ModelSettings(device="cpu", dtype="bfloat16"), {}),
        (ModelSettings(device="cuda", dtype="float32"), {}),
        (ModelSettings(device="cuda", dtype="bfloat16", attention="eager"), {}),
        (ON_GPU, {"head_dim": 512}),
        (ON_GPU, {"attn_logit_softcapping": 30.0}),
    ],
)
def test_elsewhere_the_models_own_attention_stays(settings: ModelSettings, shape: dict[str, Any]) -> None:
    model = tiny_model.model(100, attn_implementation="sdpa", **shape)
    assert not packed_attention.use_packed_attention(model, settings)
    assert model.config._attn_implementation == "sdpa"
