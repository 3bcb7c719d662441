"""What the libraries raise when memory, disk or a peer fails becomes a sentence; bugs stay bugs."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch

from utils.console import UserError, is_disk_full
from utils.training.failures import explained

CPU_FULL = "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
GLOO = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:2731"
NCCL = "NCCL error: remote process exited or there was a network error, ncclRemoteError: A call failed possibly"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), r"GPU.* full: lower training\.batch"),
        (RuntimeError(CPU_FULL), r"machine.* full: lower training\.batch_size"),
        (MemoryError(), r"machine.* full: lower training\.batch_size"),
        (RuntimeError(GLOO), "another process of this run stopped"),
        (RuntimeError(NCCL), "another process of this run stopped"),
    ],
)
def test_the_sentence_says_what_to_do(error: Exception, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told), explained(tmp_path):
        raise error


def test_memory_that_is_really_full_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the machine's memory is full"), explained(tmp_path):
        torch.empty(1 << 60)


def test_a_disk_that_is_really_full_is_known_behind_torch(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space left") as caught, explained(tmp_path):
        torch.save({"w": torch.zeros(100_000)}, "/dev/full")
    assert is_disk_full(caught.value)
    assert caught.value.errno == errno.ENOSPC


def test_a_bug_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shape mismatch"), explained(tmp_path):
        raise RuntimeError("shape mismatch")
