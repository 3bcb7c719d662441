"""The best adapter by held-out loss is kept, patience runs out, and a resumed run forgets what it has not reached."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import torch

from utils.training.best import BestAdapter


class Weights:
    """Stands in for the trainer: its adapter is the step it is asked at."""

    def __init__(self) -> None:
        self.step = 0

    def checked_adapter(self) -> dict[str, torch.Tensor]:
        return {"w": torch.tensor([float(self.step)])}


def evaluate(best: BestAdapter, step: int, loss: float, last: int = 100) -> bool:
    """One evaluation; returns whether the run is asked to stop."""
    best.trainer.step = step
    state = SimpleNamespace(global_step=step, max_steps=last)
    control = SimpleNamespace(should_training_stop=False, should_save=False)
    best.on_evaluate(None, state, control, {"eval_loss": loss})
    return control.should_training_stop


def new(folder: Path, run: str = "a", resumed_at: int = 0) -> BestAdapter:
    best = BestAdapter(folder, run, patience=2)
    best.trainer = Weights()
    best.on_train_begin(None, SimpleNamespace(global_step=resumed_at), None)
    return best


def test_the_lowest_loss_is_kept_and_patience_runs_out(tmp_path: Path) -> None:
    best = new(tmp_path)
    assert [evaluate(best, step, loss) for step, loss in ((10, 2.0), (20, 1.0), (30, 1.5), (40, 1.2))] == [
        False,
        False,
        False,
        True,
    ]
    assert best.patience_is_over
    assert best.weights() == {"w": torch.tensor([20.0])}
    best.on_save(None, None, None)
    assert len(list(tmp_path.glob("best-*"))) == 1


def test_what_was_best_at_the_last_checkpoint_is_kept_until_the_next_one(tmp_path: Path) -> None:
    first = new(tmp_path)
    evaluate(first, 10, 2.0)
    first.on_save(None, None, None)
    evaluate(first, 20, 1.0)
    assert new(tmp_path, resumed_at=10).weights() == {"w": torch.tensor([10.0])}


def test_a_run_that_had_lost_patience_is_known_again(tmp_path: Path) -> None:
    first = new(tmp_path)
    for step, loss in ((10, 1.0), (20, 1.5), (30, 1.2)):
        evaluate(first, step, loss)
    assert new(tmp_path, resumed_at=30).patience_is_over
    assert not new(tmp_path, resumed_at=20).patience_is_over


def test_a_resumed_run_forgets_what_lies_ahead(tmp_path: Path) -> None:
    first = new(tmp_path)
    evaluate(first, 10, 2.0)
    evaluate(first, 20, 1.0)
    again = new(tmp_path, resumed_at=15)
    assert again.history.best == (10, 2.0)
    evaluate(again, 20, 1.0)
    assert again.weights() == {"w": torch.tensor([20.0])}


def test_another_runs_history_is_not_taken_up(tmp_path: Path) -> None:
    evaluate(new(tmp_path), 10, 0.1)
    assert new(tmp_path, run="b", resumed_at=50).history.best is None
    assert new(tmp_path, run="b").weights() is None
