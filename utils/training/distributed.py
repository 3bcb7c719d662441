"""One process or many: joining the group that the launcher made, and leaving it cleanly."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import torch
import torch.distributed

from utils.config_manager import Config
from utils.console import UserError
from utils.cores import cores


class World(NamedTuple):
    """This process among its peers; alone it is rank 0 of 1."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    launched: bool


def world() -> World:
    """What the launcher says in the environment."""
    rank, size, local_rank = (int(os.environ.get(name, "0")) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    local_size = int(os.environ.get("LOCAL_SIZE") or os.environ.get("LOCAL_WORLD_SIZE") or 1)
    return World(rank, max(1, size), local_rank, local_size, "WORLD_SIZE" in os.environ)


def require_devices(config: Config) -> None:
    """Raise `UserError` when this node has fewer GPUs than processes were started on it."""
    if config.model.device != "cuda":
        return
    there, wanted = torch.cuda.device_count(), max(world().local_size, world().local_rank + 1)
    if wanted > there:
        raise UserError(f"{wanted} processes but GPUs for {there} only on this node; run deepspeed --num_gpus={there}")


def join(config: Config) -> World:
    """Join the launcher's process group; on a CPU it speaks gloo, and one thread per process unless told otherwise."""
    me = world()
    if config.model.device == "cpu":
        os.environ["DS_ACCELERATOR"] = "cpu"  # else DeepSpeed warns that it found no other
    if not me.launched:
        return me
    if config.model.device == "cpu":
        share_cores(me)
    else:
        torch.cuda.set_device(me.local_rank)  # NCCL talks through the current device
    import deepspeed

    if config.model.device == "cpu":
        # Its shared-memory collectives are compiled on first use, for which a fresh machine may have no compiler.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    try:
        deepspeed.init_distributed(dist_backend="gloo" if config.model.device == "cpu" else "nccl", verbose=False)
    except torch.distributed.DistError as error:
        raise _not_joined(error) from error
    return me


def _not_joined(error: torch.distributed.DistError) -> Exception:
    """What to do about a port that is taken, or a first node that does not answer; other failures stay as they are."""
    address, port = (os.environ.get(name, "?") for name in ("MASTER_ADDR", "MASTER_PORT"))
    if "EADDRINUSE" in str(error):
        return UserError(f"port {port} is in use on this machine; choose another: deepspeed --master_port=<port> ...")
    if isinstance(error, torch.distributed.DistNetworkError | torch.distributed.DistStoreError):
        return UserError(
            f"this process did not find the others at {address}:{port}; start every node with the same --hostfile,"
            " --master_addr (of node 0) and --master_port, and let the nodes reach that port"
        )
    return error


def share_cores(me: World) -> None:
    """Give each process its part of the cores, unless OMP_NUM_THREADS says otherwise.

    Threads beyond the cores wait for each other by spinning: two processes of two threads on two cores take many
    times as long as two of one.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return
    threads = max(1, cores() // me.local_size)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # accelerate looks here, too
    torch.set_num_threads(threads)


def leave() -> None:
    """Wait for the others and dissolve the group: a rank that just exits makes its peers fail."""
    barrier()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def barrier() -> None:
    """Wait until every process is here."""
    if not torch.distributed.is_initialized():
        return
    on_gpus = torch.distributed.get_backend() == "nccl"  # which guesses the device by the rank unless it is told
    torch.distributed.barrier(device_ids=[torch.cuda.current_device()] if on_gpus else None)


def agree(mine: bool, what: str) -> bool:
    """True on every process when `mine` is true and `what` the same on all of them."""
    if not torch.distributed.is_initialized():
        return mine
    said: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(said, (mine, what))
    return all(said[0] == other and other[0] for other in said)


def total(values: list[float], device: Any) -> list[float]:
    """The sums of `values` over all processes."""
    if not torch.distributed.is_initialized():
        return values
    tensor = torch.tensor(values, dtype=torch.float64, device=device)
    torch.distributed.all_reduce(tensor)
    return list(tensor.tolist())
