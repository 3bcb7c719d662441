"""What merging an adapter changes: for every base tensor that it targets, its factors and its scale.

LoRA (arXiv 2106.09685) adds scale * B @ A to a weight, with scale = alpha / r, or alpha / sqrt(r) for rsLoRA
(arXiv 2312.03732); DoRA (arXiv 2402.09353) then rescales every row to a learned length. Whatever else an adapter can
hold is refused by name: a merge that ignored it would be a different model.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig
from peft.utils.other import get_pattern_key
from safetensors import SafetensorError, safe_open

from utils.console import UserError, relative

ADAPTER_WEIGHTS = "adapter_model.safetensors"
PREFIX = "base_model.model."
COPY = ".base_layer.weight"
FACTORS = {
    ".lora_A.weight": "a",
    ".lora_B.weight": "b",
    ".lora_magnitude_vector": "magnitude",
    ".lora_embedding_A": "a",
    ".lora_embedding_B": "b",
}
UNDERSTOOD = {  # what merging handles, or what says nothing about the weights; any other field must have its default
    *("task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision"),
    *("inference_mode", "r", "target_modules", "exclude_modules", "lora_alpha", "lora_dropout", "fan_in_fan_out"),
    *("use_rslora", "use_dora", "init_lora_weights", "layers_to_transform", "layers_pattern"),
    *("rank_pattern", "alpha_pattern", "runtime_config", "megatron_core"),
}
PLAIN_STARTS = (True, False, "gaussian", "orthogonal")  # the others also change the base model's own weights


@dataclass(frozen=True)
class Update:
    """How one base tensor changes. `a`, `b`, `magnitude` name tensors of the adapter; `transposed`: W is [in, out]."""

    module: str
    a: str
    b: str
    scale: float
    magnitude: str | None = None
    transposed: bool = False
    embedding: bool = False


@dataclass(frozen=True)
class Factors:
    """An update's tensors in float32: `a` [r, in], `b` [out, r] and, for DoRA, `magnitude` [out]."""

    a: torch.Tensor
    b: torch.Tensor
    scale: float
    magnitude: torch.Tensor | None
    transposed: bool

    def apply(self, weight: torch.Tensor, first: int, into: torch.Tensor) -> torch.Tensor:
        """The merged rows `first`.. of the base tensor, given those rows (`weight`, any floating dtype).

        `into` becomes the result: float32, of the shape and on the device of `weight`.
        """
        left, right = self._sides
        last = first + len(weight)
        merged = into.copy_(weight).addmm_(left[first:last], right)
        if self.magnitude is not None:
            lengths = torch.linalg.vector_norm(merged, dim=1, keepdim=True)
            merged.mul_(self.magnitude[first:last, None] / lengths)
        return merged

    @cached_property
    def _sides(self) -> tuple[torch.Tensor, torch.Tensor]:
        """[rows of W, r], scaled, and [r, columns of W], whose product is what W gets."""
        left, right = (self.a.T, self.b.T) if self.transposed else (self.b, self.a)
        return (left * self.scale).contiguous(), right.contiguous()


class Adapter:
    """An adapter folder as PEFT writes it; `updates` maps the base's tensor names to what is added to them.

    Raises `UserError` where the folder is no whole LoRA adapter or holds something that merging does not handle.
    """

    def __init__(self, folder: Path, tied: bool) -> None:
        """`tied`: the base's output layer is its embedding, so that neither can change without the other."""
        self.folder = folder
        self.config = _read_config(folder)
        try:
            with safe_open(folder / ADAPTER_WEIGHTS, "pt") as tensors:
                names = list(tensors.keys())
                self._shapes = {name: tuple(tensors.get_slice(name).get_shape()) for name in names}
        except (FileNotFoundError, SafetensorError):
            raise UserError(f"{relative(folder)} has no whole {ADAPTER_WEIGHTS}; train the adapter again") from None
        # where an embedding is targeted peft adds a copy of the one it was trained on: its shape must be the base's
        self._copies = [name for name in names if name.endswith(COPY)]
        factors = [name for name in names if not name.endswith(COPY)]
        self.updates = {f"{module}.weight": self._update(module, keys) for module, keys in _by_module(factors, folder)}
        if tied and (shared := [name for name in self.updates if "lm_head" in name or "embed" in name]):
            raise UserError(
                f"{relative(folder)} changes {shared[0]}, but the base ties its embedding and output layer, so a merge "
                "would change both; take it out of lora.target_modules and train again"
            )

    def factors(self, update: Update, device: str) -> Factors:
        """Read one update's tensors, in float32."""
        with safe_open(self.folder / ADAPTER_WEIGHTS, "pt") as tensors:

            def read(name: str) -> torch.Tensor:
                return tensors.get_tensor(name).to(device, torch.float32)

            magnitude = None if update.magnitude is None else read(update.magnitude)
            return Factors(read(update.a), read(update.b), update.scale, magnitude, update.transposed)

    def require_fits(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Raise `UserError` unless every update finds its tensor, with the right shape, among the base's."""
        for copy in self._copies:
            if self._shapes[copy] != shapes.get(f"{copy[len(PREFIX) : -len(COPY)]}.weight"):
                raise UserError(f"{relative(self.folder)} comes with an embedding of another size than model.base has")
        for name, update in self.updates.items():
            (rank, inner), outer = self._shapes[update.a], self._shapes[update.b][0]
            wanted = (inner, outer) if update.transposed else (outer, inner)
            if shapes.get(name) != wanted or self._shapes[update.b] != (outer, rank):
                found = f"is of shape {list(shapes[name])} there" if name in shapes else "is not there"
                raise UserError(
                    f"{relative(self.folder)} changes {name} of shape {list(wanted)}, which {found}: "
                    "it was trained on another base model than model.base"
                )

    def _update(self, module: str, keys: dict[str, str]) -> Update:
        config = self.config
        embedding = "lora_embedding" in keys.get("a", "")
        if not {"a", "b"} <= keys.keys() or ("magnitude" in keys) != bool(config.use_dora):
            raise UserError(f"{relative(self.folder)} lacks a factor of {module}; train the adapter again")
        transposed = bool(config.fan_in_fan_out) or embedding
        if transposed and config.use_dora:
            raise UserError(
                f"{relative(self.folder)} uses DoRA on {module}, whose weight is stored transposed, which merging does "
                "not handle; train without lora.use_dora"
            )
        rank = config.rank_pattern.get(get_pattern_key(list(config.rank_pattern), module), config.r)
        alpha = config.alpha_pattern.get(get_pattern_key(list(config.alpha_pattern), module), config.lora_alpha)
        if self._shapes[keys["a"]][0] != rank:
            raise UserError(
                f"{relative(self.folder)} has rank {self._shapes[keys['a']][0]} for {module} where its config says "
                f"{rank}; train the adapter again"
            )
        scale = alpha / math.sqrt(rank) if config.use_rslora else alpha / rank
        return Update(module, keys["a"], keys["b"], scale, keys.get("magnitude"), transposed, embedding)


def _read_config(folder: Path) -> LoraConfig:
    try:
        raw: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        raise UserError(f"{relative(folder)} has no readable adapter_config.json; train the adapter again") from None
    if raw.get("peft_type") != "LORA":
        raise UserError(f"{relative(folder)} is a {raw.get('peft_type')} adapter; only LoRA adapters can be merged")
    if unknown := sorted(raw.keys() - {field.name for field in dataclasses.fields(LoraConfig)}):
        raise UserError(
            f"{relative(folder)}/adapter_config.json sets {unknown[0]}, which the installed peft does not know; "
            "install the version of peft that wrote it"
        )
    config = PeftConfig.from_pretrained(str(folder))
    plain = LoraConfig()
    for field in dataclasses.fields(LoraConfig):
        value = getattr(config, field.name)
        if field.name not in UNDERSTOOD and value and value != getattr(plain, field.name):
            raise UserError(
                f"{relative(folder)}/adapter_config.json sets {field.name}={value!r}, which merging does not handle; "
                "train without it, or serve the base with the adapter"
            )
    if config.init_lora_weights not in PLAIN_STARTS:
        raise UserError(
            f"{relative(folder)} was started with init_lora_weights={config.init_lora_weights!r}, which also changes "
            "the base; convert it to plain LoRA with peft's path_initial_model_for_weight_conversion first"
        )
    return config


def _by_module(names: Collection[str], folder: Path) -> list[tuple[str, dict[str, str]]]:
    """[(module, {"a": tensor name, "b": …})] in name order; every tensor of the adapter must have its place."""
    modules: dict[str, dict[str, str]] = {}
    for name in sorted(names):
        ending = next((ending for ending in FACTORS if name.endswith(ending)), None)
        if ending is None or not name.startswith(PREFIX):
            raise UserError(
                f"{relative(folder)} holds {name}, which is no LoRA factor; merging handles LoRA, rsLoRA and DoRA on "
                "linear and embedding layers only"
            )
        modules.setdefault(name[len(PREFIX) : -len(ending)], {})[FACTORS[ending]] = name
    if not modules:
        raise UserError(f"{relative(folder)} holds no LoRA factors; train the adapter again")
    return sorted(modules.items())
