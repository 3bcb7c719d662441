"""A model whose weights are read when they are needed and dropped right after: a forward pass in little memory.

Merging must not need the memory of a whole model, so neither may its check. The model is the library's own, built
without weights; only where its weights come from is different.
"""

from __future__ import annotations

import ctypes
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from peft.tuners.lora import LoraLayer
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from utils.console import UserError, relative
from utils.training.shards import DTYPES, ShardReader, TensorEntry, find_tensors, shard_paths

Fill = Callable[[str, torch.Tensor], None]
M_MMAP_THRESHOLD = -3  # as malloc.h numbers it
READ_BYTES = 2**24  # converted at a time


class Weights:
    """The tensors of some safetensors files by name, each read when asked for."""

    def __init__(self, paths: list[Path]) -> None:
        self.entries: dict[str, tuple[Path, TensorEntry]] = {
            entry.name: (path, entry) for path, entry in find_tensors(paths)
        }
        self._raw = torch.empty(0, dtype=torch.uint8)

    def rows(self, name: str, first: int, last: int) -> torch.Tensor:
        """Rows `first`..`last` (exclusive) of a tensor, as stored."""
        path, entry = self.entries[name]
        with ShardReader(path) as shard:
            return shard.tensor(entry, first, last)

    def fill(self, name: str, into: torch.Tensor) -> None:
        """Write a whole tensor to `into`, which has its shape and may be of another dtype and on another device."""
        path, entry = self.entries[name]
        step = max(READ_BYTES // max(entry.row_bytes, 1), 1)
        rows = into.view(entry.rows, -1)
        with ShardReader(path) as shard:
            for first in range(0, entry.rows, step):
                last = min(first + step, entry.rows)
                self._raw = _at_least((last - first) * entry.row_bytes, self._raw)
                part = shard.tensor(entry, first, last, self._raw).to(into.device)
                rows[first:last] = part.view(last - first, -1)


def _at_least(size: int, memory: torch.Tensor) -> torch.Tensor:
    """`memory`, or new one where that is smaller than `size` bytes."""
    return memory if memory.numel() >= size else torch.empty(size, dtype=torch.uint8)


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


def stream_weights(model: nn.Module, fill: Fill, device: str) -> None:
    """Give `model` its data-less parameters around the forward pass of who owns them.

    `fill` is told a parameter's name in the model and what to fill with it.
    """
    units = [_Unit(*found) for found in _units(model)]
    memory = _Memory(device, [parameter.shape for unit in units for parameter in unit.parameters()])
    for unit in units:
        unit.module.register_forward_pre_hook(lambda *_, unit=unit: unit.load(fill, memory))
        unit.module.register_forward_hook(lambda *_, unit=unit: unit.drop(memory))


class _Memory:
    """Float32 tensors for weights of the given shapes, used again: to be given fresh memory takes as long as to read.

    Kept is only what several weights are still to come for: an embedding would wait for the output layer, and both are
    larger than all else.
    """

    def __init__(self, device: str, shapes: Iterable[torch.Size]) -> None:
        self._device = device
        self._to_come = Counter(shapes)
        self._free: defaultdict[torch.Size, list[torch.Tensor]] = defaultdict(list)

    def take(self, shape: torch.Size) -> torch.Tensor:
        self._to_come[shape] -= 1
        if self._free[shape]:
            return self._free[shape].pop()
        return torch.empty(shape, dtype=torch.float32, device=self._device)

    def give_back(self, tensor: torch.Tensor) -> None:
        if self._to_come[tensor.shape] > 1:
            self._free[tensor.shape].append(tensor)


class _Unit:
    """A module whose weights are read and dropped together."""

    def __init__(self, prefix: str, module: nn.Module) -> None:
        self.module = module
        self._places = {
            f"{prefix}.{path}.{short}" if path else f"{prefix}.{short}": (owner, short)
            for path, owner in module.named_modules()
            for short, parameter in owner._parameters.items()
            if parameter is not None and parameter.is_meta
        }

    def parameters(self) -> list[Any]:
        return [owner._parameters[short] for owner, short in self._places.values()]

    def load(self, fill: Fill, memory: _Memory) -> None:
        for (name, (owner, short)), parameter in zip(self._places.items(), self.parameters(), strict=True):
            weight = memory.take(parameter.shape)
            fill(name, weight)
            owner._parameters[short] = nn.Parameter(weight, requires_grad=False)

    def drop(self, memory: _Memory) -> None:
        for (owner, short), parameter in zip(self._places.values(), self.parameters(), strict=True):
            memory.give_back(parameter.data)
            owner._parameters[short] = nn.Parameter(parameter.to("meta"), requires_grad=False)


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
