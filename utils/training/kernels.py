"""What makes a training step quick without changing what it computes: fewer, larger kernels and gathers."""

from __future__ import annotations

from typing import Any, NamedTuple

from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.utils import is_liger_kernel_available

from utils.config_manager import Config
from utils.training.lora_linear import use_own_layers
from utils.training.packed_attention import use_packed_attention

# The loss is ours: it needs no logits for what is not scored, and Liger's would replace the model's own forward.
LIGER = {"rope": True, "rms_norm": True, "swiglu": True, "cross_entropy": False, "fused_linear_cross_entropy": False}


def uses_liger(config: Config) -> bool:
    """Whether Liger's Triton kernels are wanted, at home here (on a GPU) and installed; the Trainer applies them."""
    return config.training.liger and config.model.device == "cuda" and is_liger_kernel_available()


class Kernels(NamedTuple):
    """What is at work, in words, and whether its attention wants a step's rows end to end in one."""

    names: list[str]
    flat: bool


def speed_up(model: Any, config: Config, zero_3: bool) -> Kernels:
    """Prepare a base with its adapter, in place."""
    names = []
    if zero_3 or config.training.gradient_checkpointing:
        model.enable_input_require_grads()  # both tell by gradients of its inputs when a layer's backward pass is over
    layers = {type(layer) for layer in model.modules() if isinstance(layer, GradientCheckpointingLayer)}
    if zero_3 and layers:
        _gather_by_layer(model, layers)
    if (not zero_3 or layers) and use_own_layers(model):
        names.append("LoRA in one step of autograd")
    packed = use_packed_attention(model.get_base_model(), config.model)
    if packed:
        names.append("PyTorch's flash attention")
    if uses_liger(config):
        names.append("Liger's kernels")
    return Kernels(names, packed or config.model.attention == "flash_attention_2")


def _gather_by_layer(model: Any, layers: set[type]) -> None:
    """Have ZeRO-3 gather each decoder layer's weights at once: a layer has dozens of modules, each with its hooks.

    Our LoRA layers rely on it, too: they use the weights of modules within them, whose own hooks do not run.
    """
    from deepspeed.utils import set_z3_leaf_modules

    set_z3_leaf_modules(model, list(layers))
