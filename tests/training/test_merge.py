"""Merging equals peft's merge, keeps what it does not touch, and refuses by name what it cannot do."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GenerationConfig, GPT2Config, GPT2LMHeadModel, Qwen3ForCausalLM

from tests.tiny_model import save_base
from tests.training.tiny_merge import LINEAR, save_adapter
from utils.console import UserError
from utils.training import merge as merging
from utils.training import merge_blocks
from utils.training.merge import is_tied, merge
from utils.training.merge_plan import Adapter
from utils.training.shards import shard_paths


def merged(base: Path, adapter: Path, dtype: Any = "base") -> Path:
    target = adapter.with_name("merged")
    target.mkdir()
    merge(base, Adapter(adapter, is_tied(base)), target, dtype, "cpu", trust_remote_code=False)
    return target


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for path in shard_paths(folder) for name, tensor in load_file(path).items()}


def peft_merge(base: Path, adapter: Path) -> dict[str, torch.Tensor]:
    """peft's own merge, in float32."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, str(adapter)).merge_and_unload().state_dict()


@pytest.mark.parametrize("block", [64, 2**22], ids=["small-blocks", "whole-tensors"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_rslora": True},
        {"use_dora": True},
        {"rank_pattern": {"up_proj": 2, r"layers\.0\.self_attn\.q_proj": 3}, "alpha_pattern": {"o_proj": 32}},
        {"target_modules": ["q_proj", "lm_head", "embed_tokens"], "use_rslora": True},
        {"target_modules": LINEAR, "layers_to_transform": [1]},
    ],
    ids=["lora", "rslora", "dora", "patterns", "embeddings", "one-layer"],
)
def test_the_merge_is_pefts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict, block: int) -> None:
    monkeypatch.setattr(merging, "BLOCK_BYTES", block)
    base = save_base(tmp_path / "base", shard="60KB")
    adapter = save_adapter(tmp_path / "adapter", base, **settings)
    expected, found, before = peft_merge(base, adapter), weights(merged(base, adapter)), weights(base)
    assert found.keys() == before.keys()
    changed = {name for name in found if not torch.equal(found[name], before[name])}
    assert changed == set(Adapter(adapter, tied=False).updates)
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, expected[name], atol=1e-5, rtol=1e-5)


def test_bfloat16_is_the_float32_sum_rounded_once(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", dtype="bfloat16")
    adapter = save_adapter(tmp_path / "adapter", base)
    expected, found = peft_merge(base, adapter), weights(merged(base, adapter))
    for name, tensor in found.items():
        assert tensor.dtype == torch.bfloat16
        torch.testing.assert_close(tensor.float(), expected[name], rtol=2**-8, atol=1e-6)


@pytest.mark.parametrize("tied", [True, False])
def test_the_base_keeps_its_layout_and_untouched_bytes(tmp_path: Path, tied: bool) -> None:
    base = save_base(tmp_path / "base", dtype="bfloat16", shard="40KB", tie_word_embeddings=tied)
    GenerationConfig(max_new_tokens=77).save_pretrained(base)
    target = merged(base, save_adapter(tmp_path / "adapter", base, target_modules=["q_proj"]))
    assert len(shard_paths(target)) > 1
    for name in ("config.json", "generation_config.json", "model.safetensors.index.json"):
        assert (target / name).read_bytes() == (base / name).read_bytes()
    for path in shard_paths(base):
        old, new = load_file(path), load_file(target / path.name)
        assert (target / path.name).stat().st_size == path.stat().st_size
        assert {name for name in old if not torch.equal(old[name], new[name])} == {n for n in old if "q_proj" in n}
    model, loading = AutoModelForCausalLM.from_pretrained(target, output_loading_info=True)
    assert not any(loading.values())
    assert model.generation_config.max_new_tokens == 77
    assert (model.lm_head.weight is model.model.embed_tokens.weight) == tied


def test_float32_of_a_bfloat16_base_says_so_and_loses_nothing(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", dtype="bfloat16", shard="40KB")
    adapter = save_adapter(tmp_path / "adapter", base)
    target = merged(base, adapter, "float32")
    found = weights(target)
    for name, tensor in peft_merge(base, adapter).items():
        torch.testing.assert_close(found[name], tensor, atol=1e-5, rtol=1e-5)
    index = json.loads((target / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in found.values())
    assert AutoModelForCausalLM.from_pretrained(target).dtype == torch.float32


def test_weights_that_are_stored_transposed(tmp_path: Path) -> None:
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=2, n_head=2, vocab_size=100, n_positions=32)).save_pretrained(
        tmp_path / "base"
    )
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    tuned = get_peft_model(model, LoraConfig(r=4, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True))
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(0, 0.2)
    tuned.save_pretrained(tmp_path / "adapter")
    found = weights(merged(tmp_path / "base", tmp_path / "adapter"))
    for name, tensor in peft_merge(tmp_path / "base", tmp_path / "adapter").items():
        if name in found:
            torch.testing.assert_close(found[name], tensor, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"lora_bias": True}, "lora_bias"),
        ({"bias": "all"}, "sets bias='all'"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights='pissa'"),
        ({"layer_replication": [[0, 2], [1, 2]]}, "layer_replication"),
        ({"trainable_token_indices": [3]}, "trainable_token_indices"),
        ({"use_dora": True, "target_modules": ["embed_tokens"]}, "uses DoRA on model.embed_tokens"),
    ],
)
def test_what_merging_cannot_do_is_refused_by_name(tmp_path: Path, settings: dict, reason: str) -> None:
    base = save_base(tmp_path / "base")
    if "modules_to_save" in settings or "trainable_token_indices" in settings or "target_modules" in settings:
        save_adapter(tmp_path / "adapter", base, **settings)
    else:
        save_adapter(tmp_path / "adapter", base)
        config = tmp_path / "adapter" / "adapter_config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | settings))
    with pytest.raises(UserError, match=reason):
        Adapter(tmp_path / "adapter", tied=False)


@pytest.mark.parametrize("module", ["lm_head", "embed_tokens"])
def test_a_tied_embedding_cannot_be_changed_on_one_side(tmp_path: Path, module: str) -> None:
    base = save_base(tmp_path / "base", tie_word_embeddings=True)
    save_adapter(tmp_path / "adapter", base, target_modules=[module])
    with pytest.raises(UserError, match=f"changes .*{module}.weight, but the base ties"):
        Adapter(tmp_path / "adapter", is_tied(base))


def test_an_adapter_of_another_shape_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    other = save_base(tmp_path / "other", intermediate_size=48)
    adapter = save_adapter(tmp_path / "adapter", other)
    base = save_base(tmp_path / "base")
    with pytest.raises(UserError, match="trained on another base model"):
        merged(base, adapter)
    assert list((tmp_path / "merged").iterdir()) == []


def test_a_damaged_adapter_is_named(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base")
    path = save_adapter(tmp_path / "adapter", base) / "adapter_model.safetensors"
    tensors = load_file(path)
    del tensors["base_model.model.model.layers.1.mlp.up_proj.lora_B.weight"]
    save_file(tensors, path)
    with pytest.raises(UserError, match=r"lacks a factor of model\.layers\.1\.mlp\.up_proj"):
        Adapter(tmp_path / "adapter", tied=False)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match=r"has no whole adapter_model\.safetensors"):
        Adapter(tmp_path / "adapter", tied=False)


def test_a_quantised_base_is_refused(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"quantization_config": {"quant_method": "fp8"}}))
    with pytest.raises(UserError, match="is quantised"):
        is_tied(base)


def test_a_disk_too_small_is_refused_before_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = save_base(tmp_path / "base")
    adapter = save_adapter(tmp_path / "adapter", base)
    usage = merging.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(merging.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UserError, match=r"needs 0 MB in .*make room or set paths\.output"):
        merged(base, adapter)


def test_a_shards_files_are_closed_once_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = save_base(tmp_path / "base", shard="10KB")
    adapter = save_adapter(tmp_path / "adapter", base)
    count, most = len(shard_paths(base)), 0
    real = merging.ShardWriter.finish

    def counting(writer: merging.ShardWriter) -> Any:
        nonlocal most
        most = max(most, len(opened()))
        return real(writer)

    monkeypatch.setattr(merging.ShardWriter, "finish", counting)
    monkeypatch.setattr(merging, "LANES", 2)
    target = merged(base, adapter)
    assert 0 < most < count
    assert not opened()
    assert weights(target).keys() == weights(base).keys()


def opened() -> list[str]:
    """The weight files that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(os.readlink(descriptor))
    return [path for path in found if path.endswith(".safetensors")]


def test_an_interrupt_leaves_no_thread_and_no_open_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = save_base(tmp_path / "base", shard="10KB")
    adapter = save_adapter(tmp_path / "adapter", base)
    kept, threads, computing = [], threading.active_count(), torch.get_num_threads()

    def interrupted(items: Any, *_: object) -> Any:
        kept.append(items)  # as a traceback does
        yield next(items)
        raise KeyboardInterrupt

    monkeypatch.setattr(merging, "progress", interrupted)
    monkeypatch.setattr(merge_blocks.torch, "get_num_threads", lambda: computing + 1)
    with pytest.raises(KeyboardInterrupt):
        merged(base, adapter)
    monkeypatch.undo()
    assert (threading.active_count(), torch.get_num_threads(), opened()) == (threads, computing + 1, [])
    torch.set_num_threads(computing)


def test_a_fault_in_one_shard_ends_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = save_base(tmp_path / "base", shard="10KB")
    adapter = save_adapter(tmp_path / "adapter", base)
    damaged, real, threads = shard_paths(base)[1], merging.ShardReader.read, threading.active_count()

    def read(shard: merging.ShardReader, *place: Any) -> torch.Tensor:
        if shard.path == damaged:
            raise UserError(f"{damaged.name} was cut short")
        return real(shard, *place)

    monkeypatch.setattr(merging.ShardReader, "read", read)
    with pytest.raises(UserError, match=f"{damaged.name} was cut short"):
        merged(base, adapter)
    assert (threading.active_count(), opened()) == (threads, [])


def test_merging_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", dtype="bfloat16")
    adapter = save_adapter(tmp_path / "adapter", base)
    first = merged(base, adapter).rename(tmp_path / "first")
    second = merged(base, adapter)
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()
    assert isinstance(AutoModelForCausalLM.from_pretrained(second), Qwen3ForCausalLM)
