"""Adapters that do nothing, or cannot be, are not written; the settings that guard against known traps are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests import tiny_model
from tests.training import micro
from utils.config_manager import load_config
from utils.console import ROOT, UserError
from utils.training.adapter import adapter_state, add_adapter, check_adapter, check_trained, write_adapter


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        ({}, "no weights"),
        ({"q.lora_A.weight": torch.ones(0)}, "empty"),
        ({"q.lora_A.weight": torch.tensor([1.0, float("nan")])}, "not finite"),
    ],
)
def test_an_adapter_that_cannot_be_is_refused(weights: dict[str, torch.Tensor], what: str) -> None:
    with pytest.raises(RuntimeError, match=what):
        check_adapter(weights)


def test_an_adapter_that_does_nothing_is_refused_in_the_end() -> None:
    zero, some = torch.zeros(3, 2), torch.ones(3, 2)
    check_adapter({"q.lora_B.weight": zero})  # as it is after the first step of a warm-up
    with pytest.raises(UserError, match=r"whose learning rate is 0.*; lower training\.learning_rate"):
        check_trained({"q.lora_B.weight": zero, "v.lora_B.weight": zero})
    with pytest.raises(RuntimeError, match=r"v\.lora_B\.weight .* never trained"):
        check_trained({"q.lora_B.weight": some, "v.lora_B.weight": zero})
    check_trained({"q.lora_A.weight": zero, "q.lora_B.weight": some})


def test_every_linear_layer_gets_an_adapter_and_only_that_is_written(tmp_path: Path) -> None:
    config = load_config(micro.save_config(tmp_path))
    model = add_adapter(tiny_model.model(len(tiny_model.tokenizer())), config, None)
    state = adapter_state(model)
    assert len(state) == 2 * 7 * 2
    assert not any("embed" in name for name in state)
    write_adapter(tmp_path / "adapter", model, state)
    written = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert written["base_model_name_or_path"] == config.model.base
    assert written["r"] == 4


def test_layers_that_the_base_lacks_are_one_sentence(tmp_path: Path) -> None:
    config = load_config(micro.save_config(tmp_path), ["lora.target_modules=[no_such_proj]"])
    with pytest.raises(UserError, match=r"lora\.target_modules does not fit"):
        add_adapter(tiny_model.model(len(tiny_model.tokenizer())), config, None)


def test_the_shipped_zero_settings_avoid_the_known_traps() -> None:
    zero = json.loads((ROOT / "ds_config_zero3.json").read_text())["zero_optimization"]
    assert zero["stage"] == 3
    assert zero["overlap_comm"] is False  # true gives a loss of 0 or NaN
    assert zero["stage3_gather_16bit_weights_on_model_save"] is True
    assert "offload_param" not in zero
    assert "offload_optimizer" not in zero
