"""Merging: the base model's files are copied, and on the way an adapter's change is added to the tensors it targets.

A few blocks of rows are in memory at a time, whatever the size of the model or of its shards. The sum is taken in
float32 and rounded once, to the dtype of the base (or the one asked for); tensors that the adapter does not touch keep
their bytes. Shards, tied weights, config and generation config stay as the base has them.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

import torch

from utils.artifacts import FileStamp
from utils.console import UserError, progress, relative
from utils.training.merge_blocks import LANES, Block, Workers
from utils.training.merge_plan import Adapter
from utils.training.shards import (
    DTYPE_NAMES,
    DTYPES,
    INDEX,
    ShardReader,
    ShardWriter,
    TensorEntry,
    find_tensors,
    shard_paths,
)

BLOCK_BYTES = 2**20  # read at a time: what fits the caches is quickest

Dtype = Literal["base", "float32", "bfloat16"]


@dataclass(frozen=True)
class MergeCounts:
    """What was written: tensors, how many of them the adapter changed, and the weight files with their checksums."""

    tensors: int
    merged_tensors: int
    stamps: dict[str, FileStamp]

    def told(self) -> dict[str, int]:
        """For the manifest and the closing line."""
        return {"weight files": len(self.stamps), "tensors": self.tensors, "of them merged": self.merged_tensors}


def is_tied(base: Path) -> bool:
    """True where the base's output layer is its embedding; raises `UserError` for a base that can't be merged into."""
    config = _read_config(base)
    if config.get("quantization_config"):
        raise UserError(
            f"{relative(base)} is quantised, and a merge would round every changed weight anew; name the "
            "full-precision model in model.base"
        )
    return bool({**config, **config.get("text_config", {})}.get("tie_word_embeddings", False))


def merge(
    base: Path, adapter: Adapter, target: Path, dtype: Dtype, device: str, trust_remote_code: bool
) -> MergeCounts:
    """Write the base model in `base` plus `adapter` to the folder `target`, which exists and is empty.

    Raises `UserError` where the adapter does not fit the base or the disk is too small; tokenizer not included.
    """
    paths = shard_paths(base)
    tensors = [entry for _, entry in find_tensors(paths)]
    adapter.require_fits({entry.name: entry.shape for entry in tensors})
    size = sum(_size(entry, dtype) for entry in tensors)
    _require_space(target, size)
    stamps: dict[str, FileStamp] = {}
    with closing(_write_shards(paths, adapter, target, dtype, device, stamps)) as written:
        for _ in progress(written, "merging", len(tensors), "tensor"):
            pass
    _copy_side_files(base, target, dtype, size, trust_remote_code)
    return MergeCounts(len(tensors), len(adapter.updates), stamps)


def _write_shards(
    paths: list[Path], adapter: Adapter, target: Path, dtype: Dtype, device: str, stamps: dict[str, FileStamp]
) -> Generator[str, None, None]:
    """Write every shard and note its checksum in `stamps`; yields the name of each tensor that is done.

    A few shards are written side by side: one core hashes and writes a shard, and at its end waits for the disk.
    Closed, or left on an error, it leaves no thread behind.
    """
    names: SimpleQueue[str | None] = SimpleQueue()  # a shard ends with None
    stopped = threading.Event()

    def write(path: Path) -> None:
        try:
            with (
                ShardReader(path) as shard,
                _open_writer(shard, target / path.name, dtype) as writer,
                closing(workers.run(_blocks(shard, adapter, dtype, device, workers.pool))) as blocks,
            ):
                for block, data in blocks:
                    if stopped.is_set():
                        return
                    writer.write(data)
                    if block.ends_tensor:
                        names.put(block.entry.name)
                stamps[path.name] = writer.finish()
        except BaseException:
            stopped.set()
            raise
        finally:
            names.put(None)

    with Workers(device) as workers, ThreadPoolExecutor(LANES, "shard") as lanes:
        shards = [lanes.submit(write, path) for path in paths]
        try:
            for _ in shards:
                yield from iter(names.get, None)
        finally:
            stopped.set()
        for shard in shards:
            shard.result()


def _open_writer(shard: ShardReader, path: Path, dtype: Dtype) -> ShardWriter:
    """A file for the tensors of `shard`, as `dtype`."""
    tensors = {entry.name: (_dtype(entry, dtype), entry.shape, _size(entry, dtype)) for entry in shard.entries}
    return ShardWriter(path, tensors, shard.metadata)


def _blocks(shard: ShardReader, adapter: Adapter, dtype: Dtype, device: str, pool: Executor) -> Iterator[Block]:
    """All tensors of a shard, cut into blocks."""
    for entry in shard.entries:
        update = adapter.updates.get(entry.name)
        factors = None if update is None else pool.submit(adapter.factors, update, device)
        row = _size(entry, dtype) // max(entry.rows, 1)
        for first, last in row_blocks(entry):
            yield Block(shard, entry, first, last, _dtype(entry, dtype), (last - first) * row, factors)


def row_blocks(entry: TensorEntry) -> Iterator[tuple[int, int]]:
    """(first, last) row of blocks of about `BLOCK_BYTES`."""
    step = max(BLOCK_BYTES // max(entry.row_bytes, 1), 1)
    for first in range(0, max(entry.rows, 1), step):
        yield first, min(first + step, entry.rows)


def _dtype(entry: TensorEntry, dtype: Dtype) -> str:
    """The safetensors dtype that a tensor gets: only floating ones are converted, and only where asked for."""
    return entry.dtype if dtype == "base" or entry.dtype not in DTYPES else DTYPE_NAMES[getattr(torch, dtype)]


def _size(entry: TensorEntry, dtype: Dtype) -> int:
    size = entry.end - entry.start
    if _dtype(entry, dtype) == entry.dtype:
        return size
    return size // DTYPES[entry.dtype].itemsize * DTYPES[_dtype(entry, dtype)].itemsize


def _require_space(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target).free
    if free < needed:
        raise UserError(
            f"the merged model needs {needed / 1e6:,.0f} MB in {relative(target.parent)}, where {free / 1e6:,.0f} MB "
            "are free; make room or set paths.output to another disk"
        )


def _copy_side_files(base: Path, target: Path, dtype: Dtype, total_size: int, trust_remote_code: bool) -> None:
    names = ["generation_config.json", *(path.name for path in base.glob("*.py") if trust_remote_code)]
    for name in names:
        if (base / name).is_file():
            shutil.copyfile(base / name, target / name)
    if dtype == "base":
        for name in ("config.json", INDEX):
            if (base / name).is_file():
                shutil.copyfile(base / name, target / name)
        return
    config = _read_config(base)
    config.pop("torch_dtype", None)  # what transformers 4 called it
    _write_json(target / "config.json", config | {"dtype": dtype})
    if (base / INDEX).is_file():
        index = json.loads((base / INDEX).read_text(encoding="utf-8"))
        index["metadata"] = {**index.get("metadata", {}), "total_size": total_size}
        _write_json(target / INDEX, index)


def _read_config(base: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((base / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        raise UserError(f"{relative(base)} has no readable config.json; name a model folder in model.base") from None
    return config


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
