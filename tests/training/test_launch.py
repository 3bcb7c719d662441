"""The real launcher, the real script: ZeRO-3 over two processes, kills, resumption, refusals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training import micro
from utils.artifacts import open_artifact
from utils.console import ROOT
from utils.records import ADAPTER_SCHEMA
from utils.training.checkpoints import MARKER
from utils.training.logs import read_log

pytestmark = pytest.mark.slow
ALIKE = {"packing": False, "mixed_precision": False, "max_steps": 6, "evaluations": 2, "saves": 3, "warmup_ratio": 0.0}


def adapter(root: Path) -> dict[str, torch.Tensor]:
    return load_file(root / "output" / "shop" / "adapter" / "adapter_model.safetensors")


def final_losses(root: Path) -> list[float]:
    log = read_log(root / "output" / "shop" / "adapter" / "training_log.jsonl")
    return [entry["loss"] for entry in log if "loss" in entry]


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("one")
    told = micro.run(micro.alone("--config", str(micro.save_config(root, **ALIKE, batch_size=4))))
    assert "next: python" in told
    assert "padding" in told
    return root


def test_the_adapter_folder_needs_nothing_else(one_process: Path) -> None:
    folder = one_process / "output" / "shop" / "adapter"
    manifest = open_artifact(folder, ADAPTER_SCHEMA, "-")
    assert {
        "adapter_model.safetensors",
        "adapter_config.json",
        "tokenizer.json",
        "chat_template.jinja",
        "config.yaml",
        "README.md",
        "training_log.jsonl",
        "training.png",
    } <= set(manifest.outputs)
    assert manifest.base_model is not None
    assert manifest.base_model["sha256"]
    assert "0" * 40 in (folder / "README.md").read_text()
    assert not (folder.parent / "checkpoints").exists()
    weights = adapter(one_process)
    assert all(tensor.numel() > 0 for tensor in weights.values())
    assert all(tensor.any() for name, tensor in weights.items() if ".lora_B." in name)


def test_an_unchanged_step_is_skipped(one_process: Path) -> None:
    told = micro.run(micro.alone("--config", str(one_process / "config.yaml")))
    assert "unchanged" in told


def test_two_processes_under_zero_3_learn_what_one_learns(one_process: Path, tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, **ALIKE, batch_size=2)
    micro.run(micro.launched(2, "--config", str(config)))
    theirs, ours = adapter(one_process), adapter(tmp_path)
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape for name, tensor in theirs.items()
    }
    for name, tensor in ours.items():
        assert torch.allclose(tensor, theirs[name], atol=1e-5), name
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=1e-6)


def test_a_bf16_base_under_zero_3_with_recomputation_learns(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, max_steps=4, gradient_checkpointing=True)
    micro.run(micro.launched(2, "--config", str(config), "model.dtype=bfloat16"))
    weights = adapter(tmp_path)
    assert all(tensor.numel() for tensor in weights.values())
    assert final_losses(tmp_path)[-1] < final_losses(tmp_path)[0]


def kill_after(command: list[str], folder: Path, step: int) -> None:
    """Start it, SIGKILL the whole process group once the checkpoint of `step` is whole."""
    process = subprocess.Popen(
        command, cwd="/", env=micro.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 240
    while not (folder / f"checkpoint-{step}" / MARKER).is_file():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_been(one_process: Path, tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, **ALIKE, batch_size=4)
    checkpoints = tmp_path / "output" / "shop" / "checkpoints"
    kill_after(micro.alone("--config", str(config)), checkpoints, 4)
    broken = checkpoints / "checkpoint-6"  # half written: no marker
    broken.mkdir(exist_ok=True)
    (broken / MARKER).unlink(missing_ok=True)
    (broken / "adapter_model.safetensors").write_bytes(b"half")
    refused = micro.run(micro.launched(2, "--config", str(config)), code=2)
    assert "used 1 processes" in refused
    told = micro.run(micro.alone("--config", str(config)))
    assert "going on from" in told
    assert "checkpoint-4" in told
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=1e-5)
    for name, tensor in adapter(tmp_path).items():
        assert torch.allclose(tensor, adapter(one_process)[name], atol=1e-5), name


def test_two_nodes_train_one_adapter(one_process: Path, tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, **ALIKE, batch_size=2)
    (tmp_path / "hostfile").write_text("localhost slots=1\n127.0.0.1 slots=1\n")
    nodes = []
    for rank in range(2):
        launcher = [
            sys.executable,
            "-m",
            "deepspeed.launcher.runner",
            f"--hostfile={tmp_path / 'hostfile'}",
            "--no_ssh",
        ]
        placed = [f"--node_rank={rank}", "--master_addr=127.0.0.1", "--master_port=29547"]
        command = [*launcher, *placed, str(ROOT / "scripts/03_train_model.py"), "--config", str(config)]
        nodes.append(
            subprocess.Popen(
                command, cwd="/", env=micro.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        )
    told = [node.communicate(timeout=300)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], "\n".join(told)
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=2e-3)


def test_a_mistake_ends_every_rank_with_one_sentence(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path)
    told = micro.run(micro.launched(2, "--config", str(config), "training.learning_rat=1"), code=2, timeout=120)
    assert told.count("error:") == 1
    assert "did you mean learning_rate" in told
    assert "Traceback" not in told.split("error:")[0]


def test_a_run_that_diverges_says_what_to_lower(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, learning_rate=1e30, max_grad_norm=1e30, max_steps=20, warmup_ratio=0.0)
    told = micro.run(micro.launched(2, "--config", str(config)), code=2)
    assert "lower training.learning_rate" in told


def test_the_log_has_every_step_and_the_held_out_loss(one_process: Path) -> None:
    folder = one_process / "output" / "shop" / "adapter"
    log = [json.loads(line) for line in (folder / "training_log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log if "loss" in entry] == [1, 2, 3, 4, 5, 6]
    held_out = [entry["eval_loss"] for entry in log if "eval_loss" in entry]
    assert len(held_out) == 2
    manifest = open_artifact(folder, ADAPTER_SCHEMA, "-")
    assert manifest.counts["held-out loss"] == pytest.approx(min(held_out), abs=1e-4)
