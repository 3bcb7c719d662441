"""A model is loaded whole or refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests import tiny_model
from utils import model_io
from utils.console import UserError
from utils.model_io import attach_adapter, base_identity, load_model, load_tokenizer, resolve_base
from utils.settings import ModelSettings


def settings(base: Path | str) -> ModelSettings:
    return ModelSettings(base=str(base), device="cpu", dtype="float32")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny_model.save_base(tmp_path / "base")


def test_a_whole_base_loads_with_its_tokenizer(base: Path) -> None:
    own = load_tokenizer(resolve_base(settings(base)), settings(base))
    assert load_model(resolve_base(settings(base)), settings(base)).num_parameters() > 0
    assert own.pad_token_id != own.eos_token_id


@pytest.mark.parametrize(("harm", "what"), [("drop", "missing"), ("add", "unexpected")])
def test_missing_and_left_over_weights_are_fatal(base: Path, harm: str, what: str) -> None:
    weights = load_file(base / "model.safetensors")
    if harm == "drop":
        del weights["model.layers.0.mlp.gate_proj.weight"]
    else:
        weights["model.layers.0.mlp.extra.weight"] = torch.zeros(2)
    save_file(weights, base / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=f"1 {what} weights"):
        load_model(str(base), settings(base))


def test_an_adapter_with_a_missing_weight_is_refused(base: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    model = load_model(str(base), settings(base))
    get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(tmp_path / "adapter")
    attach_adapter(load_model(str(base), settings(base)), tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    weights = load_file(path)
    weights.pop(sorted(weights)[0])
    save_file(weights, path)
    with pytest.raises(UserError, match="1 missing weights"):
        attach_adapter(load_model(str(base), settings(base)), tmp_path / "adapter")


def test_a_base_that_is_nowhere_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        resolve_base(settings(tmp_path / "none"))
    with pytest.raises(UserError, match="holds no model"):
        resolve_base(settings(tmp_path))
    monkeypatch.setattr(model_io, "TINY_BASE", tmp_path / "tiny")
    with pytest.raises(UserError, match=r"run: python utils/tiny_base\.py"):
        resolve_base(settings(tmp_path / "tiny"))


def test_without_network_a_hub_model_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="neither in the local cache nor"):
        load_tokenizer("nobody/no-such-model", settings("nobody/no-such-model"))


def test_two_bases_of_one_shape_are_told_apart(base: Path, tmp_path: Path) -> None:
    other = tiny_model.save_base(tmp_path / "other")
    assert base_identity(settings(base))["sha256"] == base_identity(settings(other))["sha256"]
    weights = {name: tensor + 1 for name, tensor in load_file(other / "model.safetensors").items()}
    save_file(weights, other / "model.safetensors", {"format": "pt"})
    assert base_identity(settings(base))["sha256"] != base_identity(settings(other))["sha256"]
