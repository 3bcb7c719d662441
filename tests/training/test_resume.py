"""A run that was killed when all was trained but nothing written has nothing left to train."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import TrainerState

from utils.training.best import BestAdapter
from utils.training.pipeline import _run


class Trainer:
    """Records whether it was asked to train."""

    def __init__(self) -> None:
        self.state: Any = None
        self.went_on_from: str | None = None

    def train(self, resume_from_checkpoint: str | None) -> None:
        self.went_on_from = resume_from_checkpoint

    def checked_adapter(self) -> dict[str, torch.Tensor]:
        return {"w": torch.tensor([-1.0])}


def checkpoint(root: Path, step: int) -> Path:
    folder = root / f"checkpoint-{step}"
    folder.mkdir()
    TrainerState(global_step=step, num_input_tokens_seen=70).save_to_json(str(folder / "trainer_state.json"))
    save_file({"w": torch.tensor([float(step)])}, folder / "adapter_model.safetensors")
    return folder


def test_after_the_last_step_the_checkpoints_adapter_is_taken(tmp_path: Path) -> None:
    trainer: Any = Trainer()
    weights = _run(trainer, BestAdapter(tmp_path / "best", "a", 2), checkpoint(tmp_path, 6), steps=6)
    assert weights == {"w": torch.tensor([6.0])}
    assert trainer.went_on_from is None
    assert (trainer.state.global_step, trainer.state.num_input_tokens_seen) == (6, 70)


def test_after_early_stopping_the_best_adapter_is_taken(tmp_path: Path) -> None:
    before = BestAdapter(tmp_path / "best", "a", 1)
    before.trainer = Trainer()
    for step, loss in ((2, 1.0), (4, 1.5)):
        state, control = SimpleNamespace(global_step=step, max_steps=20), SimpleNamespace()
        before.on_evaluate(None, state, control, {"eval_loss": loss})
    trainer: Any = Trainer()
    weights = _run(trainer, BestAdapter(tmp_path / "best", "a", 1), checkpoint(tmp_path, 4), steps=20)
    assert weights == {"w": torch.tensor([-1.0])}
    assert trainer.went_on_from is None


def test_before_the_end_it_trains_on(tmp_path: Path) -> None:
    trainer: Any = Trainer()
    _run(trainer, BestAdapter(tmp_path / "best", "a", 1), checkpoint(tmp_path, 4), steps=20)
    assert trainer.went_on_from == str(tmp_path / "checkpoint-4")
