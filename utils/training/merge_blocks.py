"""The work of a merge, cut into blocks of rows that threads read and change side by side, while others write and hash.

All cores are at work from beginning to end, so that a merge takes little more than a copy. Memory is used again instead
of freed: to be given fresh memory takes as long as to fill it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import torch

from utils.cores import cores
from utils.training.merge_plan import Factors
from utils.training.shards import DTYPES, ShardReader, TensorEntry

AHEAD = 4  # blocks that each worker may be ahead of the writing
LANES = 8  # shards worked on side by side, on few cores, too: one that is left alone at the end keeps one core waiting


@dataclass(frozen=True)
class Block:
    """Rows `first`..`last` of a tensor of `shard`, which as `dtype` are `size` bytes.

    `factors` are what is added to them, null where the tensor stays as it is.
    """

    shard: ShardReader
    entry: TensorEntry
    first: int
    last: int
    dtype: str
    size: int
    factors: Future[Factors] | None

    @property
    def ends_tensor(self) -> bool:
        """Whether these are the tensor's last rows."""
        return self.last == self.entry.rows


class Workers:
    """A thread per core, each with scratch memory of its own; torch does not split what one of them computes."""

    def __init__(self, device: str) -> None:
        self._device = device
        count = cores()
        self.pool = ThreadPoolExecutor(count, "merge")
        self._ahead = max(AHEAD * count // LANES, 2)
        self._scratch = threading.local()
        self._threads = torch.get_num_threads()

    def __enter__(self) -> Workers:
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)

    def run(self, blocks: Iterable[Block]) -> Generator[tuple[Block, torch.Tensor], None, None]:
        """Each block, in order, with its bytes, which are good until the next step; one such iteration per lane."""
        free = [torch.empty(0, dtype=torch.uint8) for _ in range(self._ahead)]
        waiting: deque[tuple[Block, Future[torch.Tensor], torch.Tensor]] = deque()
        try:
            for block in blocks:
                if not free:
                    first, done, memory = waiting.popleft()
                    yield first, done.result()
                    free.append(memory)
                memory = free.pop()
                if memory.numel() < block.size:
                    memory = torch.empty(block.size, dtype=torch.uint8)
                waiting.append((block, self.pool.submit(self._work, block, memory[: block.size]), memory))
            while waiting:
                first, done, _ = waiting.popleft()
                yield first, done.result()
        finally:  # left early, the shard is closed next
            wait([done for _, done, _ in waiting if not done.cancel()])

    def _work(self, block: Block, into: torch.Tensor) -> torch.Tensor:
        """Read one block and change it; returns `into` with the bytes to write."""
        entry = block.entry
        if block.factors is None and block.dtype == entry.dtype:
            block.shard.read(entry, block.first, block.last, into)
        else:
            raw = self._memory("raw", entry.row_bytes * (block.last - block.first), torch.uint8)
            weight = block.shard.tensor(entry, block.first, block.last, raw)
            if block.factors is not None:
                factors = block.factors.result()
                total = self._memory("total", weight.numel(), torch.float32, self._device)
                weight = factors.apply(weight.to(self._device), block.first, total.view(weight.shape))
            into.view(DTYPES[block.dtype]).view(weight.shape).copy_(weight)
        return into

    def _memory(self, name: str, size: int, dtype: torch.dtype, device: str = "cpu") -> torch.Tensor:
        """This thread's memory of that name, as `size` elements."""
        memory = getattr(self._scratch, name, None)
        if memory is None or memory.numel() < size:
            memory = torch.empty(size, dtype=dtype, device=device)
            setattr(self._scratch, name, memory)
        found: torch.Tensor = memory[:size]
        return found
