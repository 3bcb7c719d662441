"""What the Trainer is told: one device a process, and bfloat16 where it was asked for or a sentence why not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import training_args
from transformers.training_args import ParallelMode

from utils.config_manager import Config
from utils.console import Stage, UserError
from utils.training import arguments
from utils.training.arguments import autocast_dtype, deepspeed_config, training_arguments
from utils.training.distributed import World
from utils.training.pipeline import _say_idle_gpus

ALONE, FIRST_OF_TWO = World(0, 1, 0, 1, False), World(0, 2, 0, 2, True)


def config(device: str, **training: object) -> Config:
    model = {"device": device, "dtype": "float32"}
    return Config.from_data({"repository": {"url": "."}, "model": model, "training": training})


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this machine had two, of which nothing is asked but their number."""
    state = SimpleNamespace(distributed_type="NO", device=torch.device("cuda:0"), num_processes=1, process_index=0)
    monkeypatch.setattr(training_args, "PartialState", lambda **options: state)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


@pytest.mark.usefixtures("two_gpus")
def test_without_the_launcher_one_gpu_is_used_and_the_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = training_arguments(config("cuda", batch_size=3), tmp_path, ALONE, 10)
    assert alone.device == torch.device("cuda:0")
    assert (alone.n_gpu, alone.train_batch_size, alone.parallel_mode) == (1, 3, ParallelMode.NOT_PARALLEL)
    _say_idle_gpus(Stage("03 train", "in", "out"), config("cuda"), ALONE)
    said = capsys.readouterr().out.splitlines()[1]
    assert said.startswith("one of 2 GPUs is used; all of them with: deepspeed --num_gpus=2 ")
    assert said.endswith("03_train_model.py")


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(("device", "me"), [("cuda", FIRST_OF_TWO), ("cpu", ALONE)])
def test_launched_or_on_a_cpu_no_gpu_is_idle(device: str, me: World, capsys: pytest.CaptureFixture[str]) -> None:
    _say_idle_gpus(Stage("03 train", "in", "out"), config(device), me)
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("device", ["cuda", "cpu"])
@pytest.mark.parametrize("able", [True, False])
def test_float32_weights_are_multiplied_in_bfloat16_where_the_device_can(
    device: str, able: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: able and device == "cuda")
    monkeypatch.setattr(arguments, "cpu_has_bf16", lambda: able and device == "cpu")
    assert autocast_dtype(config(device)) == (torch.bfloat16 if able else None)
    assert autocast_dtype(config(device, mixed_precision=False)) is None


def test_mixed_precision_that_deepspeed_would_turn_off_is_refused() -> None:
    with pytest.raises(UserError, match=r"does not go with DeepSpeed on GPUs; add training\.mixed_precision=false"):
        deepspeed_config(config("cuda"), FIRST_OF_TWO)
    assert deepspeed_config(config("cuda"), ALONE) is None
    assert deepspeed_config(config("cuda", mixed_precision=False), FIRST_OF_TWO) is not None
    assert deepspeed_config(config("cpu"), FIRST_OF_TWO) is not None
