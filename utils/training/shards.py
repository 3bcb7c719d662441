"""Safetensors files read and written piece by piece, so that no shard is ever held in memory.

A file is an 8-byte little-endian length, a JSON header {tensor: {dtype, shape, data_offsets}}, and the tensors' bytes
one after the other (https://huggingface.co/docs/safetensors). The library reads headers and whole tensors lazily but
can only write a whole file from memory; merging needs the opposite, so both ends of the copy are here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from utils.artifacts import FileStamp
from utils.console import UserError, relative

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
FLUSHED = 32 * 2**20  # bytes after which the system is told to begin putting them on the disk

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of a shard: its header entry, and its bytes' place counted from the file's start."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def rows(self) -> int:
        """Length of the first axis; 1 for a scalar."""
        return self.shape[0] if self.shape else 1

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return (self.end - self.start) // max(self.rows, 1)


class ShardReader:
    """One safetensors file; `entries` in the order of their bytes. Raises `UserError` where it is no whole one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        try:
            header_size = int.from_bytes(self._file.read(8), "little")
            size = path.stat().st_size
            if not 2 <= header_size <= size - 8:
                raise ValueError("the header does not fit in the file")
            header: dict[str, Any] = json.loads(self._file.read(header_size))
            self.metadata: dict[str, str] = header.pop("__metadata__", {})
            self.entries = sorted((_entry(name, item, 8 + header_size) for name, item in header.items()), key=_place)
            if self.entries and self.entries[-1].end != size:
                raise ValueError(f"it ends at byte {size} instead of {self.entries[-1].end}")
        except (ValueError, KeyError, TypeError) as error:
            self._file.close()
            raise UserError(
                f"{relative(path)} is not a whole safetensors file ({error}); fetch or make it again"
            ) from None

    def __enter__(self) -> ShardReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, entry: TensorEntry, first: int, last: int, into: torch.Tensor | None = None) -> torch.Tensor:
        """Rows `first`..`last` (exclusive) of a tensor as raw bytes: shape [(last - first) * bytes of a row], uint8.

        They are the beginning of `into` where that is given. Threads may read side by side.
        """
        size, at = (last - first) * entry.row_bytes, entry.start + first * entry.row_bytes
        buffer = torch.empty(size, dtype=torch.uint8) if into is None else into[:size]
        view = memoryview(buffer.numpy())
        while len(view):
            got = os.preadv(self._file.fileno(), [view], at)
            if not got:
                raise UserError(f"{relative(self.path)} was cut short while it was read; fetch or make it again")
            view, at = view[got:], at + got
        return buffer

    def tensor(
        self, entry: TensorEntry, first: int = 0, last: int | None = None, into: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Rows `first`..`last` of a floating tensor, in its own dtype; shape [rows, ...]; `into` as for `read`."""
        stop = entry.rows if last is None else last
        shape = (stop - first, *entry.shape[1:]) if entry.shape else ()
        return self.read(entry, first, stop, into).view(DTYPES[entry.dtype]).view(shape)


class ShardWriter:
    """Writes a safetensors file front to back: the header when it is opened, then every tensor's bytes in order.

    `finish` puts them on the disk and gives the file's size and SHA-256.
    """

    def __init__(self, path: Path, tensors: Mapping[str, tuple[str, tuple[int, ...], int]], metadata: dict[str, str]):
        """`tensors`: name → (safetensors dtype, shape, bytes), in the order in which they will be written."""
        header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
        offset = 0
        for name, (dtype, shape, size) in tensors.items():
            header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
            offset += size
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 8)  # the format asks for data that begins on a multiple of 8
        self.path = path
        self._missing = offset
        self._digest = hashlib.sha256()
        self._written = self._started = 0  # bytes, and those that the system was told to put on the disk
        self._file = path.open("wb", buffering=0)
        self._append(memoryview(len(text).to_bytes(8, "little") + text))

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, tensor: torch.Tensor) -> None:
        """Append a contiguous CPU tensor's bytes."""
        data = memoryview(tensor.reshape(-1).view(torch.uint8).numpy())
        self._missing -= len(data)
        self._append(data)

    def finish(self) -> FileStamp:
        """Wait until the file is on the disk; returns its size and SHA-256."""
        if self._missing:
            raise RuntimeError(f"{self.path} lacks {self._missing} bytes of what its header announces")
        os.fsync(self._file.fileno())
        return FileStamp(self._written, self._digest.hexdigest())

    def _append(self, data: memoryview) -> None:
        self._digest.update(data)
        while len(data):
            count = self._file.write(data)
            self._written += count
            data = data[count:]
        if self._written - self._started >= FLUSHED and hasattr(os, "posix_fadvise"):
            # Begins to write these bytes out, and drops none as none is clean yet: else the end waits for all of them.
            length = self._written - self._started
            os.posix_fadvise(self._file.fileno(), self._started, length, os.POSIX_FADV_DONTNEED)
            self._started = self._written


def shard_paths(folder: Path) -> list[Path]:
    """The weight files of a model folder: the index's files, or the single one; raises `UserError` if there is none."""
    if (folder / INDEX).is_file():
        weight_map = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"]
        paths = [folder / name for name in sorted(set(weight_map.values()))]
        if missing := [path.name for path in paths if not path.is_file()]:
            raise UserError(f"{relative(folder)} lacks {missing[0]}, which its index names; fetch the model again")
        return paths
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    raise UserError(f"{relative(folder)} has no *.safetensors weights; name a base model in that format in model.base")


def find_tensors(paths: list[Path]) -> Iterator[tuple[Path, TensorEntry]]:
    """Every tensor of the given shards with the file that holds it."""
    for path in paths:
        with ShardReader(path) as shard:
            for entry in shard.entries:
                yield path, entry


def _entry(name: str, item: dict[str, Any], base: int) -> TensorEntry:
    first, last = item["data_offsets"]
    return TensorEntry(name, item["dtype"], tuple(item["shape"]), base + first, base + last)


def _place(entry: TensorEntry) -> tuple[int, int]:
    return entry.start, entry.end
