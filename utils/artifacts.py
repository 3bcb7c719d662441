"""Artifacts: folders that are either whole or absent, and a manifest that says how each was made.

A stage writes into `<folder>.new`, then the manifest, then swaps the folder into place. Killed at any moment it
leaves the old artifact or the new one, never a mixture: a swap that was cut short is finished by whoever opens the
folder next. Two runs that would write the same artifact at once: the second is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from utils import __version__
from utils.console import ROOT, UserError, relative, without_credentials
from utils.locks import locked
from utils.versions import package_version

MANIFEST = "manifest.json"
BUFFER = 1 << 20  # bytes; a file written in small pieces takes the system twice the time
HASHED_ON_OPEN = 256 * 2**20  # bytes; larger files (weights) are checked by size when an artifact is opened


class FileStamp(msgspec.Struct):
    """One output file: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Manifest(msgspec.Struct):
    """How an artifact was made. Equal `fingerprint` (schema, settings, inputs): nothing to redo."""

    schema: str
    fingerprint: str
    created: str
    seconds: float
    command: list[str]
    tool: dict[str, str | None]
    packages: dict[str, str]
    seed: int | None
    settings: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, FileStamp]
    counts: dict[str, Any]
    drops: dict[str, int] = {}
    base_model: dict[str, str | None] | None = None
    notes: dict[str, Any] = {}

    def digest(self) -> str:
        """One hash for the whole content, to be named as an input by the next stage."""
        return sha256_text(canonical_json({name: stamp.sha256 for name, stamp in sorted(self.outputs.items())}))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def sha256_text(text: str) -> str:
    """SHA-256 of `text` in UTF-8, as hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, as hex, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def fingerprint(schema: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """The hash that decides whether a stage must run again."""
    return sha256_text(canonical_json({"schema": schema, "tool": __version__, "settings": settings, "inputs": inputs}))


def open_artifact(folder: Path, schema: str, made_by: str) -> Manifest:
    """Read and check the manifest of `folder`.

    `made_by` is the command that makes it, named in the `UserError` raised when the artifact is missing, of another
    schema, or damaged.
    """
    manifest = _read_manifest(folder)
    where = relative(folder)
    if manifest is None:
        raise UserError(f"{where} is missing or was never finished; run: {made_by}")
    if manifest.schema != schema:
        raise UserError(f"{where} has schema {manifest.schema} where {schema} is needed; run: {made_by} --force")
    for name, stamp in manifest.outputs.items():
        if problem := _problem(folder / name, stamp):
            raise UserError(f"{where}/{name} {problem} since {where} was made; run: {made_by} --force")
    return manifest


def is_current(folder: Path, schema: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> bool:
    """True when `folder` holds a whole artifact made from exactly these settings and inputs."""
    manifest = _read_manifest(folder)
    if manifest is None or manifest.fingerprint != fingerprint(schema, settings, inputs):
        return False
    return not any(_problem(folder / name, stamp) for name, stamp in manifest.outputs.items())


def sole_writer(folder: Path) -> AbstractContextManager[None]:
    """Be the only run that makes the artifact `folder`; raises `UserError` where another one is making it.

    `ArtifactWriter` sees to it; a step that keeps more beside the folder holds it for its whole run.
    """
    return locked(folder.with_name(f".{folder.name}.lock"), f"writing {relative(folder)}")


class HashingStream:
    """A new file for writing that knows its `FileStamp` without being read again."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=BUFFER)
        self._digest = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> HashingStream:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def stamp(self) -> FileStamp:
        """The stamp of what was written."""
        return FileStamp(self._size, self._digest.hexdigest())


class ArtifactWriter:
    """Writes an artifact in a temporary folder; `commit` stamps its files, writes the manifest and swaps it into place.

    with ArtifactWriter(folder, schema, settings, inputs) as writer:
        with writer.create("train.jsonl") as stream:
            stream.write(...)
        writer.commit(counts={"samples": 10}, seconds=stage.seconds)

    A file may also be put into `writer.path` by other means: `commit` then reads it again. Left without `commit` (an
    error, a kill), the old artifact stays as it was. Entering raises `UserError` where another run writes the same.
    """

    def __init__(
        self, folder: Path, schema: str, settings: Mapping[str, Any], inputs: Mapping[str, str], seed: int | None = None
    ) -> None:
        self.folder = folder
        self.path = folder.with_name(folder.name + ".new")
        self._schema, self._settings, self._inputs, self._seed = schema, dict(settings), dict(inputs), seed
        self._streams: dict[str, HashingStream] = {}
        self._held = ExitStack()

    def __enter__(self) -> ArtifactWriter:
        with ExitStack() as stack:
            stack.enter_context(sole_writer(self.folder))
            _finish_swap(self.folder)
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(parents=True)
            self._held = stack.pop_all()
        return self

    def create(self, name: str) -> HashingStream:
        """A new file of the artifact, hashed while it is written."""
        stream = self._streams[name] = HashingStream(self.path / name)
        return stream

    def commit(
        self,
        counts: Mapping[str, Any],
        seconds: float,
        drops: Mapping[str, int] | None = None,
        base_model: dict[str, str | None] | None = None,
        notes: Mapping[str, Any] | None = None,
        packages: Iterable[str] = (),
        stamps: Mapping[str, FileStamp] | None = None,
    ) -> Manifest:
        """Stamp every file, write the manifest last and swap the folder into place; returns the manifest.

        `stamps` names files, beside those of `create`, whose bytes were hashed while they were written, so that they
        need not be read again.
        """
        known = {**(stamps or {}), **{name: stream.stamp() for name, stream in self._streams.items()}}
        files = sorted(path for path in self.path.rglob("*") if path.is_file())
        manifest = Manifest(
            schema=self._schema,
            fingerprint=fingerprint(self._schema, self._settings, self._inputs),
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seconds=round(seconds, 2),
            command=[Path(sys.argv[0]).name, *map(without_credentials, sys.argv[1:])],
            tool={"version": __version__, "commit": tool_commit()},
            packages=_versions(packages),
            seed=self._seed,
            settings=self._settings,
            inputs=self._inputs,
            outputs={
                name: known.get(name) or FileStamp(path.stat().st_size, sha256_file(path))
                for name, path in ((path.relative_to(self.path).as_posix(), path) for path in files)
            },
            counts=dict(counts),
            drops=dict(drops or {}),
            base_model=base_model,
            notes=dict(notes or {}),
        )
        _write_durably(self.path / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        _swap(self.folder)
        return manifest

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._held:
            shutil.rmtree(self.path, ignore_errors=True)


def tool_commit() -> str | None:
    """The commit of this tool's own checkout, or null where it is not one."""
    result = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return result.stdout.strip() if result.returncode == 0 else None


def _read_manifest(folder: Path) -> Manifest | None:
    _finish_swap(folder)
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def _problem(path: Path, stamp: FileStamp) -> str | None:
    if not path.is_file():
        return "went missing"
    size = path.stat().st_size
    if size != stamp.size or (size <= HASHED_ON_OPEN and sha256_file(path) != stamp.sha256):
        return "was changed"
    return None


def _swap(folder: Path) -> None:
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _finish_swap(folder: Path) -> None:
    """A kill between the two renames leaves `<folder>.old` and a whole `<folder>.new`: put one of them in place."""
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    if folder.exists() or not old.exists():
        return
    (new if (new / MANIFEST).is_file() else old).rename(folder)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _versions(names: Iterable[str]) -> dict[str, str]:
    return {"python": sys.version.split()[0], **{name: package_version(name) for name in names}}
