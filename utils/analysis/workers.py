"""Files analysed one after the other, or in parallel where there are enough of them."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from utils.analysis.packing import Packed, pack
from utils.cores import cores

CHUNK = 400_000  # bytes of source sent to a worker at once
ALONE = 600_000  # bytes below which starting processes costs more than it saves


class Task(NamedTuple):
    """One file to analyse; `module` is null for Markdown, `submodules` are those of a package's `__init__`."""

    key: str
    data: bytes
    path: str
    module: str | None
    submodules: tuple[str, ...] = ()


def analyze_all(tasks: Sequence[Task], workers: int | None = None) -> Iterator[tuple[str, Packed]]:
    """(key, packed `FileFacts`) of each task, in no order. `workers` null: one per core that we may use."""
    count = workers or cores()
    chunks = _chunks(tasks)
    if count == 1 or sum(len(task.data) for task in tasks) < ALONE:
        for chunk in chunks:
            yield from analyze_chunk(chunk)
        return
    from utils.analysis.pool import analyze_in_processes  # what runs processes takes long to import

    yield from analyze_in_processes(chunks, count)


def analyze_chunk(tasks: Sequence[Task]) -> list[tuple[str, Packed]]:
    """Analyse in this process."""
    from utils.analysis.file_analysis import analyze_file

    with collection_paused():
        return [(task.key, pack(analyze_file(*task[1:]))) for task in tasks]


def _chunks(tasks: Sequence[Task]) -> list[list[Task]]:
    """Tasks in bundles of about `CHUNK` bytes, the largest files first so that none is left for the end."""
    bundles: list[list[Task]] = []
    room = 0
    for task in sorted(tasks, key=lambda task: len(task.data), reverse=True):
        if room < len(task.data) or not bundles:
            bundles.append([])
            room = max(CHUNK, len(task.data))
        bundles[-1].append(task)
        room -= len(task.data)
    return bundles


@contextmanager
def collection_paused() -> Iterator[None]:
    """No search for reference cycles meanwhile: among millions of live objects it costs more than all other work."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
