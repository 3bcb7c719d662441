"""Files analysed in parallel processes; a file that kills its process is skipped, and the run goes on."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import NamedTuple

from utils.analysis.file_analysis import FileFacts, analyze_file
from utils.analysis.packing import Packed, pack

CHUNK = 400_000  # bytes of source sent to a worker at once
ALONE = 600_000  # bytes below which starting processes costs more than it saves
CRASHED = FileFacts(skipped="the parser crashed on it")


class Task(NamedTuple):
    """One file to analyse; `module` is null for Markdown, `submodules` are those of a package's `__init__`."""

    key: str
    data: bytes
    path: str
    module: str | None
    submodules: tuple[str, ...] = ()


def analyze_all(tasks: Sequence[Task], workers: int | None = None) -> Iterator[tuple[str, Packed]]:
    """(key, packed `FileFacts`) of each task, in no order. `workers` null: one per core that we may use."""
    count = workers or _cores()
    chunks = _chunks(tasks)
    if count == 1 or sum(len(task.data) for task in tasks) < ALONE:
        for chunk in chunks:
            yield from _analyze_chunk(chunk)
        return
    missing = {task.key: task for task in tasks}
    try:
        for key, facts in _in_pool(chunks, count):
            del missing[key]
            yield key, facts
    except BrokenProcessPool:
        yield from _one_by_one(list(missing.values()))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_pool(chunks: Sequence[Sequence[Task]], count: int) -> Iterator[tuple[str, Packed]]:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    pool = ProcessPoolExecutor(min(count, len(chunks)), context, _prepare_worker)
    try:
        for future in as_completed([pool.submit(_analyze_chunk, chunk) for chunk in chunks]):
            yield from future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _one_by_one(tasks: Sequence[Task]) -> Iterator[tuple[str, Packed]]:
    """Each task in a pool that may break without taking another task along."""
    for task in tasks:
        try:
            yield from _in_pool([[task]], 1)
        except BrokenProcessPool:
            yield task.key, pack(CRASHED)


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends the pool


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


def _analyze_chunk(tasks: Sequence[Task]) -> list[tuple[str, Packed]]:
    """Analyse in this process."""
    with collection_paused():
        return [(task.key, pack(analyze_file(*task[1:]))) for task in tasks]


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
