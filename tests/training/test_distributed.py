"""Joining the other processes: each on its own GPU, and what fails is told as the user can mend it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from utils.config_manager import Config
from utils.console import UserError
from utils.training import distributed

CONFIG = Config.from_data({"repository": {"url": "."}, "model": {"device": "cuda"}})


@pytest.fixture(autouse=True)
def second_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the launcher sets for rank 1 of 2 on one node."""
    place = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_SIZE": "2"}
    for name, value in {**place, "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500"}.items():
        monkeypatch.setenv(name, value)


def test_fewer_gpus_than_processes_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match=r"2 processes but GPUs for 1 only on this node; run deepspeed --num_gpus=1"):
        distributed.require_devices(CONFIG)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    distributed.require_devices(CONFIG)


def test_each_process_speaks_through_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    deepspeed = pytest.importorskip("deepspeed")
    done: list[Any] = []
    monkeypatch.setattr(torch.cuda, "set_device", done.append)
    monkeypatch.setattr(deepspeed, "init_distributed", lambda **settings: done.append(settings["dist_backend"]))
    assert distributed.join(CONFIG).local_rank == 1
    assert done == [1, "nccl"]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("EADDRINUSE: address already in use", r"port 29500 is in use .* --master_port"),
        ("client socket has timed out after 600000ms", r"did not find the others at 10\.0\.0\.1:29500"),
    ],
)
def test_a_group_that_does_not_form_says_why(raised: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deepspeed = pytest.importorskip("deepspeed")

    def fail(**settings: Any) -> None:
        raise torch.distributed.DistNetworkError(raised)

    monkeypatch.setattr(torch.cuda, "set_device", lambda rank: None)
    monkeypatch.setattr(deepspeed, "init_distributed", fail)
    with pytest.raises(UserError, match=told):
        distributed.join(CONFIG)
