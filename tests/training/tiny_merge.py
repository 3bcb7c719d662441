"""What merge tests start from: LoRA adapters that change the tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

from utils.artifacts import ArtifactWriter
from utils.config_manager import Config
from utils.model_io import base_identity
from utils.records import ADAPTER_SCHEMA

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = {"r": 4, "lora_alpha": 8, "target_modules": LINEAR, "task_type": "CAUSAL_LM"}


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
    config = Config.from_data(
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
    path.write_text(json.dumps(config.as_data()), encoding="utf-8")  # JSON is YAML
    return path
