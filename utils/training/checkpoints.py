"""Checkpoints that can be trusted: a marker, written last, lists every file and the run that it belongs to.

A checkpoint without its marker, or whose files differ from it, was cut short while it was written or deleted. It is
never used.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from utils.console import UserError, relative

MARKER = "complete.json"
PREFIX = "checkpoint-"


class Marker(msgspec.Struct):
    """`run` is the fingerprint of settings and inputs, `files` the size in bytes of each file."""

    run: str
    world_size: int
    step: int
    files: dict[str, int]


def mark_complete(folder: Path, run: str, world_size: int, step: int) -> None:
    """Flush every file of `folder` to the disk, then write its marker."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARKER):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            files[path.relative_to(folder).as_posix()] = os.fstat(stream.fileno()).st_size
    draft = folder / f"{MARKER}.new"
    with draft.open("wb") as stream:
        stream.write(msgspec.json.encode(Marker(run, world_size, step, files)))
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(folder / MARKER)


def read_marker(folder: Path) -> Marker | None:
    """The marker of a whole checkpoint; None when it is missing or a file is not as it says."""
    try:
        marker = msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker)
        sound = all((folder / name).stat().st_size == size for name, size in marker.files.items())
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
    return marker if sound else None


def newest(folder: Path, run: str, world_size: int) -> Path | None:
    """The latest whole checkpoint of this very run, or None.

    Raises `UserError` when it was made by another number of processes: each holds a share of the optimizer's state.
    """
    found = [(marker.step, path, marker) for path in _checkpoints(folder) if (marker := read_marker(path))]
    found = [item for item in found if item[2].run == run]
    if not found:
        return None
    step, path, marker = max(found, key=lambda item: item[0])
    if marker.world_size != world_size:
        raise UserError(
            f"the interrupted run in {relative(folder)} (at step {step}) used {marker.world_size} processes and this"
            f" one {world_size}; start as many to go on, or begin anew with --force"
        )
    return path


def discard(folder: Path, keep_run: str | None) -> int:
    """Delete what cannot be used: broken checkpoints and those of other runs (all, without `keep_run`)."""
    gone = 0
    for path in _checkpoints(folder):
        marker = read_marker(path)
        if keep_run is None or marker is None or marker.run != keep_run:
            shutil.rmtree(path, ignore_errors=True)
            gone += 1
    return gone


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{PREFIX}*") if path.is_dir()) if folder.is_dir() else []
