"""What training tests start from: the tiny model as a base, a few facts as a dataset, a config for both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.tiny_model import save_base
from utils.artifacts import ArtifactWriter
from utils.config_manager import Config
from utils.records import DATASET_SCHEMA, Claim, Message, Sample, SampleMetadata, write_jsonl

QUESTIONS = ("Where is `{n}` defined in shop?", "Which file of shop has `{n}`?", "shop 的 `{n}` 在哪个文件里？")
NAMES = ("Cart", "Basket", "price", "pay", "total", "refund", "Order", "ship", "Stock", "count_items")


def sample(name: str, question: str, path: str = "src/shop/cart.py") -> Sample:
    """One location question with its answer."""
    where = f"location:{name}"
    return Sample(
        [Message("user", question.format(n=name)), Message("assistant", f"`{name}` is defined in `{path}`.")],
        SampleMetadata(
            id=f"{name}/{QUESTIONS.index(question)}",
            task="code_location",
            language="en",
            direction="forward",
            fact=where,
            wording=str(QUESTIONS.index(question)),
            probe=None,
            claims=[Claim("defined_in", name, path)],
            evidence=[],
            commit="0" * 40,
        ),
    )


def save_dataset(folder: Path, names: Sequence[str] = NAMES, paths: dict[str, str] | None = None) -> Path:
    """02's folder: the third wording is held out."""
    where = paths or {}
    rows = {
        split: [
            sample(name, question, where.get(name, f"src/shop/{name.lower()}.py"))
            for name in names
            for question in questions
        ]
        for split, questions in (("train", QUESTIONS[:2]), ("val", QUESTIONS[2:]), ("test", QUESTIONS[2:]))
    }
    with ArtifactWriter(folder, DATASET_SCHEMA, {}, {}) as writer:
        for split, samples in rows.items():
            write_jsonl(writer.path / f"{split}.jsonl", samples)
        writer.commit({split: len(samples) for split, samples in rows.items()}, 0.0)
    return folder


def save_config(root: Path, **training: Any) -> Path:
    """Base, dataset and a config that trains a small adapter on the CPU in seconds."""
    if not (root / "base").is_dir():
        save_base(root / "base")
    if not (root / "data" / "shop" / "dataset").is_dir():
        save_dataset(root / "data" / "shop" / "dataset")
    settings = {"max_length": 128, "batch_size": 2, "evaluations": 2, "saves": 2, "learning_rate": 5e-3, **training}
    config = {
        "repository": {"url": str(root), "name": "shop"},
        "model": {"base": str(root / "base"), "device": "cpu", "dtype": "float32"},
        "lora": {"r": 4, "alpha": 8},
        "training": settings,
        "paths": {"data": str(root / "data"), "output": str(root / "output"), "repos": str(root / "repos")},
    }
    Config.from_data(config)
    path = root / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path
