"""Our LoRA layer computes what PEFT's computes, and leaves to it what is not plain."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch.nn.utils import parameters_to_vector

from tests import tiny_model
from utils.training.lora_linear import LoraLinear, use_own_layers

LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
IDS = torch.arange(40).reshape(2, 20) + 5


def tuned(dtype: torch.dtype = torch.float32, **lora: Any) -> Any:
    """The tiny model with an adapter whose B is not zero."""
    base = tiny_model.model(300, attention_bias=True).to(dtype)
    model = get_peft_model(base, LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": LAYERS, **lora}))
    torch.manual_seed(1)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.05)
    return model


def logits_and_gradients(model: Any, autocast: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Of a loss that every logit takes part in."""
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        logits = model(IDS, use_cache=False).logits.float()
    logits.square().mean().backward()
    return logits.detach(), parameters_to_vector(w.grad for w in model.parameters() if w.requires_grad)


@pytest.mark.parametrize(
    ("dtype", "autocast", "error"),
    [(torch.float32, False, 1e-5), (torch.float32, True, 3e-2), (torch.bfloat16, True, 3e-2)],
)
@pytest.mark.parametrize("recomputed", [False, True])
def test_logits_and_gradients_equal_pefts(dtype: torch.dtype, autocast: bool, error: float, recomputed: bool) -> None:
    theirs = tuned(dtype)
    ours = copy.deepcopy(theirs)
    assert use_own_layers(ours) == 2 * len(LAYERS)
    if recomputed:
        ours.gradient_checkpointing_enable({"use_reentrant": False})
        ours.enable_input_require_grads()
    for mine, other in zip(logits_and_gradients(ours, autocast), logits_and_gradients(theirs, autocast), strict=True):
        assert (mine - other).norm() / other.norm() < error


def test_the_adapters_weights_and_names_stay(tmp_path: Any) -> None:
    model = tuned()
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    use_own_layers(model)
    assert all(torch.equal(weights, before.pop(name)) for name, weights in model.state_dict().items())
    assert not before


def test_a_disabled_adapter_is_not_applied() -> None:
    model = tuned()
    use_own_layers(model)
    with torch.no_grad(), model.disable_adapter():
        plain = model(IDS, use_cache=False).logits
    assert torch.equal(plain, tiny_model.model(300, attention_bias=True)(IDS, use_cache=False).logits)


@pytest.mark.parametrize("lora", [{"lora_dropout": 0.1}, {"use_dora": True}, {"lora_bias": True}])
def test_what_is_not_plain_is_left_to_peft(lora: dict[str, Any]) -> None:
    model = tuned(**lora)
    assert use_own_layers(model) == 0
    assert not any(isinstance(layer, LoraLinear) for layer in model.modules())
