"""The best adapter so far, by the loss on held-out wordings, and stopping when it gets no better.

Kept beside the checkpoints: `best-<step>.safetensors`, and `history.json`, which is replaced after the weights it
speaks of are on the disk. A run that resumes forgets what lies after the checkpoint it resumes from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from utils.console import is_main_process

HISTORY = "history.json"
_GROUP = "eval_loss_"


class History(msgspec.Struct):
    """Every evaluation of the run `run`: (step, mean held-out loss); for a refresh also {step: loss by group}."""

    run: str
    evaluations: list[tuple[int, float]] = []
    groups: dict[int, dict[str, float]] = {}

    @property
    def best(self) -> tuple[int, float] | None:
        """The earliest evaluation with the lowest loss."""
        return min(self.evaluations, key=lambda item: (item[1], item[0]), default=None)


class BestAdapter(TrainerCallback):
    """Keeps the adapter of the lowest held-out loss; asks to stop after `patience` evaluations without a better one."""

    def __init__(self, folder: Path, run: str, patience: int | None) -> None:
        self.history = History(run)
        self.trainer: Any = None  # set once there is one: it owns the gathering of the adapter
        self._folder, self._patience = folder, patience

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Take up the history of the run that goes on."""
        self.take_up(state.global_step)

    def take_up(self, step: int) -> None:
        """Read the history up to `step`; what came after it will happen again."""
        try:
            stored = msgspec.json.decode((self._folder / HISTORY).read_bytes(), type=History)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        if stored.run == self.history.run:
            self.history.evaluations = [item for item in stored.evaluations if item[0] <= step]
            self.history.groups = {at: losses for at, losses in stored.groups.items() if at <= step}

    @property
    def patience_is_over(self) -> bool:
        """True after `patience` evaluations without a better one."""
        best = self.history.best
        since = [item for item in self.history.evaluations if best is not None and item[0] > best[0]]
        return self._patience is not None and len(since) >= self._patience

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **kwargs: Any) -> None:
        """Keep the adapter if it is the best one; every rank takes part in gathering it."""
        groups = {name.removeprefix(_GROUP): loss for name, loss in metrics.items() if name.startswith(_GROUP)}
        if groups:
            self.history.groups[state.global_step] = groups
        if state.global_step == 0:  # the earlier adapter as it was: a mark to measure from, not one to keep
            if is_main_process():
                self._write_history()
            return
        before = self.history.best
        if before is None or before[0] != state.global_step:
            self.history.evaluations.append((state.global_step, metrics["eval_loss"]))
        best = self.history.best
        if best is not None and best[0] == state.global_step:
            weights = self.trainer.checked_adapter()
            if is_main_process():
                self._keep(weights, state.global_step)
        elif is_main_process():
            self._write_history()
        if self.patience_is_over:
            control.should_training_stop = control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Delete what was better once: until a checkpoint is whole, a killed run goes back to the one before it."""
        best = self.history.best
        if is_main_process() and best is not None:
            for path in self._folder.glob("best-*"):
                if path != self._path(best[0]):
                    path.unlink()

    def weights(self) -> dict[str, torch.Tensor] | None:
        """The best adapter, or None when nothing was evaluated."""
        best = self.history.best
        return None if best is None else load_file(self._path(best[0]))

    def forgetting(self) -> dict[str, Any] | None:
        """For a refresh: the held-out loss on known and on new facts, before and in the adapter that is kept."""
        best = self.history.best
        if best is None or 0 not in self.history.groups:
            return None
        return {"before": self.history.groups[0], "after": self.history.groups[best[0]]}

    def _keep(self, weights: dict[str, torch.Tensor], step: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(step).with_suffix(".new")
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, draft, {"format": "pt"})
        draft.replace(self._path(step))
        self._write_history()

    def _write_history(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{HISTORY}.new"
        draft.write_bytes(msgspec.json.encode(self.history))
        draft.replace(self._folder / HISTORY)

    def _path(self, step: int) -> Path:
        return self._folder / f"best-{step}.safetensors"
