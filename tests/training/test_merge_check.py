"""The check of a merge finds what is wrong with it, and its streamed forward pass is the model's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.tiny_model import save_base
from tests.training.tiny_merge import LINEAR, save_adapter
from utils.chat_format import encode_sample
from utils.console import UserError
from utils.records import Message, Sample, SampleMetadata, write_jsonl
from utils.training.merge import is_tied, merge
from utils.training.merge_check import GENERAL, TEXT_TOKENS, check_merge, logits, texts_to_check
from utils.training.merge_plan import Adapter
from utils.training.shards import shard_paths
from utils.training.streamed_model import Weights, empty_model

TEXTS = [[5, 9, 200, 17, 33], [260, 8, 41], list(range(10, 60))]


def merged(base: Path, adapter: Adapter, dtype: str = "base") -> Path:
    target = adapter.folder.with_name("merged")
    target.mkdir()
    merge(base, adapter, target, dtype, "cpu", False)  # type: ignore[arg-type]
    return target


def tamper(folder: Path, name: str, change: float) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors[name] = tensors[name] * change
    save_file(tensors, path, metadata={"format": "pt"})


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_dora": True},
        {"use_rslora": True, "rank_pattern": {"up_proj": 2}},
        {"target_modules": [*LINEAR, "lm_head"]},
    ],
    ids=["lora", "dora", "rslora", "head"],
)
def test_a_right_merge_passes(tmp_path: Path, settings: dict, dtype: str) -> None:
    base = save_base(tmp_path / "base", dtype="bfloat16", shard="60KB")
    adapter = Adapter(save_adapter(tmp_path / "adapter", base, **settings), tied=False)
    errors = check_merge(base, adapter, merged(base, adapter, dtype), TEXTS, "cpu", 0, False)
    assert errors.rows == 4 * len(adapter.updates)
    assert errors.tokens == sum(map(len, TEXTS))
    if dtype == "float32":
        assert errors.logit_error < 1e-4
        assert errors.row_error < 1e-6
    else:
        assert 0 < errors.row_error <= 2**-8
        assert 0 < errors.relative_logit_error < 0.05


def test_one_wrong_tensor_among_all_is_found(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base")
    adapter = Adapter(save_adapter(tmp_path / "adapter", base), tied=False)
    target = merged(base, adapter)
    tamper(target, "model.layers.1.self_attn.v_proj.weight", 1.001)
    with pytest.raises(UserError, match=r"merged model\.layers\.1\.self_attn\.v_proj\.weight differs from peft's"):
        check_merge(base, adapter, target, TEXTS, "cpu", 0, False)


@pytest.mark.parametrize(("dtype", "change"), [("float32", 1.01), ("bfloat16", 3.0), ("float32", float("nan"))])
def test_a_wrong_tensor_that_no_adapter_touches_shows_in_the_logits(tmp_path: Path, dtype: str, change: float) -> None:
    base = save_base(tmp_path / "base", dtype=dtype)
    adapter = Adapter(save_adapter(tmp_path / "adapter", base), tied=False)
    target = merged(base, adapter)
    tamper(target, "model.embed_tokens.weight", change)
    tamper(target, "model.layers.1.input_layernorm.weight", change)
    with pytest.raises(UserError, match="is not base \\+ adapter"):
        check_merge(base, adapter, target, TEXTS, "cpu", 0, False)


def test_an_adapter_full_of_nan_is_refused(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base")
    path = save_adapter(tmp_path / "adapter", base) / "adapter_model.safetensors"
    tensors = load_file(path)
    name = "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"
    save_file(tensors | {name: tensors[name] * float("nan")}, path)
    adapter = Adapter(tmp_path / "adapter", tied=False)
    with pytest.raises(UserError, match="differs from peft's own merge by nan"):
        check_merge(base, adapter, merged(base, adapter), TEXTS, "cpu", 0, False)


@pytest.mark.parametrize("tied", [True, False])
def test_streamed_logits_are_those_of_the_loaded_model(tmp_path: Path, tied: bool) -> None:
    base = save_base(tmp_path / "base", shard="50KB", tie_word_embeddings=tied)
    adapter = Adapter(save_adapter(tmp_path / "adapter", base, use_dora=True), is_tied(base))
    loaded = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    stored = Weights(shard_paths(base))
    with torch.no_grad():
        plain = torch.cat([loaded(torch.tensor([text])).logits[0] for text in TEXTS])
        tuned = PeftModel.from_pretrained(loaded, str(adapter.folder)).eval()
        adapted = torch.cat([tuned(torch.tensor([text])).logits[0] for text in TEXTS])
    torch.testing.assert_close(logits(base, stored, TEXTS, "cpu", False, None), plain, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(logits(base, stored, TEXTS, "cpu", False, adapter), adapted, atol=1e-4, rtol=1e-4)
    assert (plain - adapted).abs().max() > 0.1


def test_a_base_whose_tensors_have_other_names_is_refused(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base")
    tensors = load_file(base / "model.safetensors")
    tensors["model.layers.0.mlp.gate_up_proj.weight"] = tensors.pop("model.layers.0.mlp.up_proj.weight")
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"lack model\.layers\.0\.mlp\.up_proj\.weight \(1 in all\)"):
        empty_model(base, trust_remote_code=False)


def test_the_texts_are_held_out_rows_with_their_answers(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(save_base(tmp_path / "base"))
    about = SampleMetadata("x", "code_location", "en", "forward", "location:m.f", "w/en/01", None, [], [], None)
    rows = [
        Sample([Message("user", f"Where is `f{number}`?"), Message("assistant", "In `m.py`.")], about)
        for number in range(9)
    ]
    write_jsonl(tmp_path / "val.jsonl", rows)
    chosen = texts_to_check(tmp_path / "val.jsonl", tokenizer)
    assert chosen == [encode_sample(tokenizer, rows[place].messages).input_ids[:TEXT_TOKENS] for place in (0, 3, 6)]
    (tmp_path / "empty.jsonl").touch()
    general = texts_to_check(tmp_path / "empty.jsonl", tokenizer)
    assert general == texts_to_check(tmp_path / "absent.jsonl", tokenizer)
    assert general == [encode_sample(tokenizer, talk).input_ids[:TEXT_TOKENS] for talk in GENERAL]
