"""What merge tests start from: a Qwen3 of a few thousand random weights and LoRA adapters that change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from utils.artifacts import ArtifactWriter
from utils.chat_format import ensure_template
from utils.config_manager import Config
from utils.model_io import base_identity
from utils.records import ADAPTER_SCHEMA

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = {"r": 4, "lora_alpha": 8, "target_modules": LINEAR, "task_type": "CAUSAL_LM"}


def save_base(folder: Path, dtype: str = "float32", shard: str = "1GB", seed: int = 0, **settings: Any) -> Path:
    """Write a random model with a byte-level tokenizer; `shard` as `save_pretrained` takes it."""
    tokenizer = _tokenizer()
    torch.manual_seed(seed)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512}
    config = Qwen3Config(**{**sizes, **heads, "initializer_range": 0.2, "tie_word_embeddings": False, **settings})
    model = Qwen3ForCausalLM(config).to(getattr(torch, dtype))
    model.generation_config.max_new_tokens = 77
    model.save_pretrained(folder, max_shard_size=shard)
    tokenizer.save_pretrained(folder)
    return folder


def save_adapter(folder: Path, base: Path, **settings: Any) -> Path:
    """Write an adapter whose B is not zero, as peft saves it, with the base's tokenizer."""
    torch.manual_seed(1)
    model = Qwen3ForCausalLM.from_pretrained(base, dtype=torch.float32)
    tuned = get_peft_model(model, LoraConfig(**{**LORA, **settings}))
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name or "lora_embedding_A" in name:
            parameter.data.normal_(0, 0.2)
        if "magnitude" in name:
            parameter.data.mul_(1.1)
    tuned.save_pretrained(folder)
    PreTrainedTokenizerFast.from_pretrained(base).save_pretrained(folder)
    return folder


def make_run(root: Path, base: Path, **settings: Any) -> Config:
    """A run called `tiny` below `root` whose adapter is trained: 04 can start."""
    config = Config.model_validate(
        {
            "repository": {"url": ".", "name": "tiny"},
            "model": {"base": str(base), "device": "cpu", "dtype": "float32"},
            "paths": {"data": str(root / "data"), "output": str(root / "output")},
        }
    )
    with ArtifactWriter(config.adapter_dir, ADAPTER_SCHEMA, {}, {}) as writer:
        save_adapter(writer.path, base, **settings)
        writer.commit(counts={}, seconds=0.0, base_model=base_identity(config.model))
    return config


def save_config(path: Path, config: Config) -> Path:
    """Write the YAML a script is started with."""
    path.write_text(config.model_dump_json(), encoding="utf-8")  # JSON is YAML
    return path


def _tokenizer() -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet)
    core.train_from_iterator(["Where is `pkg.mod.f` defined?", "In `src/pkg/mod.py`."], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    ensure_template(tokenizer)
    return tokenizer
