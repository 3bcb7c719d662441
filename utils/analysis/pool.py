"""Files analysed in parallel processes; a file that kills its process is skipped, and the run goes on."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from utils.analysis.file_analysis import FileFacts  # before the processes start: each would import it for itself
from utils.analysis.packing import Packed, pack
from utils.analysis.workers import Task, analyze_chunk

CRASHED = FileFacts(skipped="the parser crashed on it")


def analyze_in_processes(chunks: Sequence[Sequence[Task]], count: int) -> Iterator[tuple[str, Packed]]:
    """(key, packed `FileFacts`) of each task, in no order, by at most `count` processes at once."""
    missing = {task.key: task for chunk in chunks for task in chunk}
    try:
        for key, facts in _in_pool(chunks, count):
            del missing[key]
            yield key, facts
    except BrokenProcessPool:
        yield from _one_by_one(list(missing.values()))


def _in_pool(chunks: Sequence[Sequence[Task]], count: int) -> Iterator[tuple[str, Packed]]:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    pool = ProcessPoolExecutor(min(count, len(chunks)), context, _prepare_worker)
    try:
        for future in as_completed([pool.submit(analyze_chunk, chunk) for chunk in chunks]):
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
