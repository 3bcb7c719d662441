"""An estimate of the memory that training needs on each device, made before any weight is loaded.

It counts what grows with model and settings: weights, adapter with its optimizer state, activations, pieces of
logits. It is meant to tell "fits" from "does not" and to name settings that would fit, not to be exact.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import psutil
import torch

from utils.config_manager import Config
from utils.console import UserError
from utils.training.kernels import uses_liger
from utils.training.loss import LOGITS_AT_ONCE

GIB = 2**30
_LIVE = 1_000_000_000  # ZeRO-3's stage3_max_live_parameters: gathered at one time
_HEADROOM = 1.1  # fragmentation
_CONTEXT = 1.0 * GIB  # what CUDA and the libraries take for themselves


class Shape(NamedTuple):
    """What the estimate needs to know of a model."""

    parameters: int
    in_linears: int  # parameters of linear layers, which are what 4-bit quantisation packs
    adapter: int
    hidden: int
    intermediate: int
    layers: int
    vocabulary: int
    positions: int | None


class Need(NamedTuple):
    """Bytes per device, by what they are for."""

    weights: float
    adapter: float
    activations: float
    logits: float
    overhead: float

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self) * _HEADROOM

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {value / GIB:.1f}" for name, value in self._asdict().items() if value > GIB / 20)
        return f"about {self.total / GIB:.1f} GiB per device ({parts})"


def shape_of(config: Config, source: str) -> Shape:
    """Count the parameters on the meta device: nothing is loaded or allocated."""
    from transformers import AutoModelForCausalLM

    from utils.model_io import load_base_config

    settings = load_base_config(source, config.model)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(settings, trust_remote_code=config.model.trust_remote_code)
    linears = {name: layer for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear)}
    adapted = [layer for name, layer in linears.items() if name.split(".")[-1] in config.lora.target_modules]
    text = settings.get_text_config()
    return Shape(
        parameters=sum(weights.numel() for weights in model.parameters()),
        in_linears=sum(layer.weight.numel() for name, layer in linears.items() if not name.endswith("lm_head")),
        adapter=sum(config.lora.r * (layer.in_features + layer.out_features) for layer in adapted),
        hidden=text.hidden_size,
        intermediate=getattr(text, "intermediate_size", None) or 4 * text.hidden_size,
        layers=text.num_hidden_layers,
        vocabulary=text.vocab_size,
        positions=getattr(text, "max_position_embeddings", None),
    )


def require_limits(shape: Shape, tokens: int, config: Config) -> None:
    """Raise `UserError` for rows longer than the model's positions, or more `tokens` than embeddings."""
    longest = config.training.max_length
    if shape.positions is not None and longest > shape.positions:
        raise UserError(
            f"training.max_length={longest} is more than the {shape.positions:,} positions of {config.model.base};"
            f" set training.max_length={shape.positions} or less"
        )
    if tokens > shape.vocabulary:
        raise UserError(
            f"the tokenizer of {config.model.base} has {tokens:,} tokens and the model embeddings for"
            f" {shape.vocabulary:,}: they do not belong together; use another base"
        )


def estimate(shape: Shape, config: Config, shards: int) -> Need:
    """What one of `shards` devices needs (1 without ZeRO-3)."""
    train = config.training
    width = 2 if config.model.dtype == "bfloat16" else 4
    packed = shape.in_linears if train.quantization == "4bit" else 0
    weights = ((shape.parameters - packed) * width + packed * 0.55) / shards
    gathered = min(shape.parameters, _LIVE) * width if shards > 1 else 0
    adapter = shape.adapter * (18 if shards > 1 else 16) / shards  # weight, gradient, two moments, fp32 master
    tokens = train.batch_size * train.max_length
    layer = tokens * (8 * shape.hidden + 3 * shape.intermediate) * 2  # what one layer keeps for its backward pass
    if not uses_liger(config):
        layer *= 2  # PyTorch's own norms, rotations and gates keep what goes in, in float32, and what comes out
    kept = shape.layers * tokens * shape.hidden * 2 + layer if train.gradient_checkpointing else shape.layers * layer
    logits = min(tokens * shape.vocabulary, LOGITS_AT_ONCE) * 10  # bf16, fp32 and the gradient's bf16
    return Need(weights, adapter, kept, logits, gathered + _CONTEXT)


def available(config: Config, local_processes: int) -> float:
    """Free bytes for this process: its GPU's, or its share of the machine's memory."""
    if config.model.device == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    return psutil.virtual_memory().available / local_processes


def with_recomputation_decided(shape: Shape, config: Config, shards: int, there: float) -> Config:
    """`training.gradient_checkpointing: auto` as true or false: recomputation costs a third more and saves memory."""
    if config.training.gradient_checkpointing != "auto":
        return config
    without = config.replaced(training=config.training.replaced(gradient_checkpointing=False))
    if estimate(shape, without, shards).total <= there:
        return without
    return config.replaced(training=config.training.replaced(gradient_checkpointing=True))


def require_memory(shape: Shape, config: Config, shards: int, there: float) -> Need:
    """The estimate; raises `UserError` with settings that would fit when there is less than that."""
    need = estimate(shape, config, shards)
    if need.total <= there:
        return need
    advice = _what_fits(shape, config, shards, there)
    raise UserError(
        f"training needs {need} and {there / GIB:.1f} GiB are free; "
        + (f"this would fit: {advice}" if advice else "use more GPUs or a smaller base model")
    )


def _what_fits(shape: Shape, config: Config, shards: int, there: float) -> str | None:
    """Overrides in the order of what they cost: recomputation, smaller batches, 4-bit weights."""
    train: dict[str, Any] = {"gradient_checkpointing": True}
    tried = [train]
    batch, steps = config.training.batch_size, config.training.gradient_accumulation
    while batch > 1:
        batch, steps = batch // 2, steps * 2
        tried.append({**train, "batch_size": batch, "gradient_accumulation": steps})
    if config.model.device == "cuda":
        tried.append({**tried[-1], "quantization": "4bit", "deepspeed": None})
    for change in tried:
        changed = config.replaced(training=config.training.replaced(**change))
        if estimate(shape, changed, 1 if "quantization" in change else shards).total <= there:
            new = {name: value for name, value in change.items() if getattr(config.training, name) != value}
            return " ".join(f"training.{name}={_yaml(value)}" for name, value in new.items())
    return None


def _yaml(value: Any) -> str:
    return json.dumps(value).strip('"')
