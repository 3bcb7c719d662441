"""The real launcher, the real script: ZeRO-3 over two processes, refusals."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from tests import tiny_model
from tests.training import launch, micro
from tests.training.launch import ALIKE, adapter, final_losses
from utils.artifacts import open_artifact, sole_writer
from utils.chat_format import encode_prompt
from utils.records import ADAPTER_SCHEMA, Message

pytestmark = pytest.mark.slow


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
    talk = [Message("user", "Where is `Cart` defined in shop?")]
    served = AutoTokenizer.from_pretrained(folder).apply_chat_template(
        [{"role": "user", "content": talk[0].content}],
        add_generation_prompt=True,
        enable_thinking=False,
        return_dict=False,
    )
    assert served == encode_prompt(tiny_model.tokenizer(), talk)
    weights = adapter(one_process)
    assert all(tensor.numel() > 0 for tensor in weights.values())
    assert all(tensor.any() for name, tensor in weights.items() if ".lora_B." in name)


def test_an_unchanged_step_is_skipped(one_process: Path) -> None:
    told = launch.run(launch.alone("--config", str(one_process / "config.yaml")))
    assert "unchanged" in told


def test_two_processes_under_zero_3_learn_what_one_learns(one_process: Path, tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, **ALIKE, batch_size=2)
    launch.run(launch.launched(2, "--config", str(config)))
    theirs, ours = adapter(one_process), adapter(tmp_path)
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape for name, tensor in theirs.items()
    }
    for name, tensor in ours.items():
        assert torch.allclose(tensor, theirs[name], atol=1e-5), name
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=1e-6)


def test_a_bf16_base_under_zero_3_with_recomputation_learns(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, max_steps=4, gradient_checkpointing=True)
    command = launch.launched(2, "--config", str(config), "model.dtype=bfloat16", script=launch.INTERRUPTED)
    told = launch.run(command, MOMENT="after the base is loaded")
    assert told.count("sharded while it loaded: True") == 2
    weights = adapter(tmp_path)
    assert all(tensor.numel() for tensor in weights.values())
    assert final_losses(tmp_path)[-1] < final_losses(tmp_path)[0]


def test_two_nodes_train_one_adapter(one_process: Path, tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, **ALIKE, batch_size=2)
    own = launch.in_own_namespace("--net")
    if own is None or shutil.which("ip") is None:
        launch.two_launchers_on_loopback(tmp_path, "--config", str(config))
    else:
        launch.two_network_namespaces(own, tmp_path, "--config", str(config))
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=2e-3)


def test_an_evaluation_in_the_first_step_of_the_warm_up_stops_nothing(tmp_path: Path) -> None:
    """The learning rate is 0 there, so that every B is still as it began."""
    config = micro.save_config(tmp_path, max_steps=3, evaluations=3, warmup_ratio=0.4)
    assert "held-out loss" in launch.run(launch.alone("--config", str(config)))


def test_a_run_that_only_gets_worse_says_what_to_lower(tmp_path: Path) -> None:
    worse = {"max_steps": 3, "evaluations": 3, "warmup_ratio": 0.4, "learning_rate": 10.0, "max_grad_norm": 1e9}
    told = launch.run(launch.alone("--config", str(micro.save_config(tmp_path, **worse))), code=2)
    assert "no later one has a lower held-out loss; lower training.learning_rate" in told
    assert "Traceback" not in told


def test_a_second_run_for_the_same_adapter_is_refused_and_leaves_the_firsts_checkpoints(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path)
    checkpoint = tmp_path / "output" / "shop" / "checkpoints" / "checkpoint-2"
    checkpoint.mkdir(parents=True)
    with sole_writer(tmp_path / "output" / "shop" / "adapter"):
        told = launch.run(launch.launched(2, "--config", str(config)), code=2)
    assert "error: another run is writing " in told
    assert "/output/shop/adapter; wait for it" in told
    assert "Traceback" not in told
    assert checkpoint.is_dir()


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = launch.run(launch.launched(2, "--config", str(micro.save_config(tmp_path)), port=port), code=2)
    assert f"error: port {port} is in use" in told
    assert "Traceback" not in told


def test_a_rank_without_memory_ends_all_with_one_sentence(tmp_path: Path) -> None:
    command = launch.launched(2, "--config", str(micro.save_config(tmp_path)), script=launch.INTERRUPTED)
    told = launch.run(command, code=2, MOMENT="no memory on one rank")
    assert "\nerror: the GPU's memory is full: lower training.batch_size" in told
    assert "Traceback" not in told


def test_a_mistake_ends_every_rank_with_one_sentence(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path)
    told = launch.run(launch.launched(2, "--config", str(config), "training.learning_rat=1"), code=2)
    mistakes = {line for line in told.splitlines() if line.startswith("error: ")}
    assert len(mistakes) == 1
    assert "did you mean learning_rate" in mistakes.pop()
    assert "Traceback" not in told


def test_a_base_with_a_weight_missing_is_refused_under_zero_3(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path)
    weights = tmp_path / "base" / "model.safetensors"
    left = load_file(weights)
    del left["model.layers.1.mlp.up_proj.weight"]
    save_file(left, weights, {"format": "pt"})
    told = launch.run(launch.launched(2, "--config", str(config)), code=2)
    assert "1 missing weights (model.layers.1.mlp.up_proj.weight" in told
    assert "Traceback" not in told


def test_a_run_that_diverges_says_what_to_lower(tmp_path: Path) -> None:
    config = micro.save_config(tmp_path, learning_rate=1e30, max_grad_norm=1e30, max_steps=20, warmup_ratio=0.0)
    told = launch.run(launch.launched(2, "--config", str(config)), code=2)
    assert "lower training.learning_rate" in told


def test_the_log_has_every_step_and_the_held_out_loss(one_process: Path) -> None:
    folder = one_process / "output" / "shop" / "adapter"
    log = [json.loads(line) for line in (folder / "training_log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log if "loss" in entry] == [1, 2, 3, 4, 5, 6]
    held_out = [entry["eval_loss"] for entry in log if "eval_loss" in entry]
    assert len(held_out) == 2
    manifest = open_artifact(folder, ADAPTER_SCHEMA, "-")
    assert manifest.counts["held-out loss"] == pytest.approx(min(held_out), abs=1e-4)
