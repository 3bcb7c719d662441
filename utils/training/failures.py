"""Failures that a user can mend, as sentences: a full GPU, a full disk, another process of the run that is gone."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from utils.console import UserError, is_disk_full

# How gloo and NCCL report a peer that died, torch and safetensors a full disk, and torch a machine without memory.
_PEER_GONE = re.compile(
    "Connection closed by peer|Connection reset by peer|remote process has terminated|Broken pipe"
    "|ncclRemoteError|remote process exit|NCCL communicator was aborted"
)
_DISK_FULL = re.compile(
    r"No space left on device|PytorchStreamWriter failed|file write failed|iostream error|unexpected pos \d+ vs"
)
_NO_MEMORY = re.compile("DefaultCPUAllocator: (can't allocate|not enough) memory")
_LOWER = (
    "lower training.batch_size (and raise training.gradient_accumulation as much), then training.max_length, or keep"
    " training.gradient_checkpointing=true"
)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the libraries raise into a `UserError`, or for a full disk an `OSError` that names `folder`."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise UserError(f"the GPU's memory is full: {_LOWER}") from error
    except MemoryError as error:
        raise UserError(f"the machine's memory is full: {_LOWER}") from error
    except OSError as error:
        if is_disk_full(error):
            raise OSError(error.errno, "no space left", error.filename or str(folder)) from error
        raise
    except (RuntimeError, SafetensorError) as error:
        text = str(error)
        if _PEER_GONE.search(text):
            raise UserError("another process of this run stopped; its own message says why") from error
        if _DISK_FULL.search(text):
            raise OSError(errno.ENOSPC, "no space left", str(folder)) from error
        if _NO_MEMORY.search(text):
            raise UserError(f"the machine's memory is full: {_LOWER}") from error
        raise
