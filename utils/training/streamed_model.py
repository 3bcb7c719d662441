"""A model whose weights are read when they are needed and dropped right after: a forward pass in little memory.

Merging must not need the memory of a whole model, so neither may its check. The model is the library's own, built
without weights; only where its weights come from is different.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from peft.tuners.lora import LoraLayer
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from utils.console import UserError, relative
from utils.training.shards import DTYPES, ShardReader, TensorEntry, find_tensors, shard_paths

Read = Callable[[str], torch.Tensor]
M_MMAP_THRESHOLD = -3  # as malloc.h numbers it


class Weights:
    """The tensors of some safetensors files by name, each read when asked for."""

    def __init__(self, paths: list[Path]) -> None:
        self.entries: dict[str, tuple[Path, TensorEntry]] = {
            entry.name: (path, entry) for path, entry in find_tensors(paths)
        }

    def rows(self, name: str, first: int, last: int) -> torch.Tensor:
        """Rows `first`..`last` (exclusive) of a tensor, as stored."""
        path, entry = self.entries[name]
        with ShardReader(path) as shard:
            return shard.tensor(entry, first, last)

    def tensor(self, name: str, device: str) -> torch.Tensor:
        """A whole tensor in float32, converted block by block."""
        path, entry = self.entries[name]
        whole = torch.empty(entry.shape, dtype=torch.float32, device=device)
        with ShardReader(path) as shard:
            if not entry.shape:
                return whole.copy_(shard.tensor(entry))
            step = max(2**20 // max((entry.end - entry.start) // max(entry.rows, 1), 1), 1)
            for first in range(0, entry.rows, step):
                last = min(first + step, entry.rows)
                whole[first:last] = shard.tensor(entry, first, last)
        return whole


def empty_model(folder: Path, trust_remote_code: bool) -> PreTrainedModel:
    """The model of `folder` in float32, its parameters without data, its computed buffers real.

    Raises `UserError` unless the folder's weights are the model's parameters one to one, tied ones aside.
    """
    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=trust_remote_code)
    with init_empty_weights(include_buffers=False):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(
            config, dtype=torch.float32, trust_remote_code=trust_remote_code
        )
    model.tie_weights()
    stored = {entry.name: entry for _, entry in find_tensors(shard_paths(folder))}
    needed = set(model.state_dict())
    tied = set(model.all_tied_weights_keys) | set(model.all_tied_weights_keys.values())
    for what, names in (("lack", needed - stored.keys() - tied), ("hold besides", stored.keys() - needed - tied)):
        if names:
            raise UserError(
                f"the weights in {relative(folder)} {what} {min(names)} ({len(names)} in all): their names are not "
                "those of the model, which merging does not handle; use another base, or peft's merge_and_unload"
            )
    if odd := [entry.name for entry in stored.values() if entry.dtype not in DTYPES]:
        raise UserError(f"{odd[0]} in {relative(folder)} is {stored[odd[0]].dtype}: merging needs a base in floats")
    return model.eval()


def return_freed_memory() -> None:
    """Let freed weights go back to the system at once, where the C library is glibc.

    It keeps freed blocks of up to 32 MB for itself, cut up as they were: reading a model layer by layer then takes more
    memory with every layer.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, 2**18)


def stream_weights(model: nn.Module, read: Read) -> None:
    """Make `model` read its data-less parameters, by their names in it, around the forward pass of who owns them."""
    for prefix, unit in _units(model):
        pending = {
            f"{prefix}.{path}.{short}" if path else f"{prefix}.{short}": (owner, short)
            for path, owner in unit.named_modules()
            for short, parameter in owner._parameters.items()
            if parameter is not None and parameter.is_meta
        }
        unit.register_forward_pre_hook(_loader(pending, read))
        unit.register_forward_hook(_dropper(pending))


def _loader(pending: dict[str, tuple[nn.Module, str]], read: Read) -> Any:
    def load(*_: Any) -> None:
        for name, (owner, short) in pending.items():
            owner._parameters[short] = nn.Parameter(read(name), requires_grad=False)

    return load


def _dropper(pending: dict[str, tuple[nn.Module, str]]) -> Any:
    def drop(*_: Any) -> None:
        for owner, short in pending.values():
            parameter = owner._parameters[short]
            assert parameter is not None
            owner._parameters[short] = nn.Parameter(parameter.to("meta"), requires_grad=False)

    return drop


def _units(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module with parameters of its own; peft's layers whole, as DoRA's factors read the weight beside them."""
    inside: tuple[str, ...] = ()
    for prefix, module in model.named_modules():
        if prefix.startswith(inside):
            continue
        if isinstance(module, LoraLayer):
            inside = (*inside, f"{prefix}.")
            yield prefix, module
        elif any(True for _ in module.parameters(recurse=False)):
            yield prefix, module
