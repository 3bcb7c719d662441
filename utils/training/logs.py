"""What is seen of a run: one progress bar, training_log.jsonl, the schedule of evaluations and saves, the plot."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import TrainerCallback

from utils.console import is_main_process

LOG = "training_log.jsonl"
PLOT = "training.png"


class Schedule(TrainerCallback):
    """Evaluates and saves so many times, evenly spread, and always at the last step."""

    def __init__(self, evaluations: int, saves: int) -> None:
        self._evaluations, self._saves = evaluations, saves

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ask for what is due after this step."""
        control.should_evaluate = _due(state.global_step, state.max_steps, self._evaluations)
        control.should_save = _due(state.global_step, state.max_steps, self._saves)
        control.should_log = control.should_log or state.global_step == state.max_steps


def _due(step: int, steps: int, times: int) -> bool:
    return step * times // steps > (step - 1) * times // steps


class Progress(TrainerCallback):
    """One bar with loss, held-out loss and real tokens per second, and a line of JSON per log entry."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._started, self._evaluating, self._tokens_before = time.monotonic(), 0.0, 0
        self._bar: Any = None
        self._shown: dict[str, str] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the bar where the run goes on; what the log says of later steps happened before the interruption."""
        self._started, self._tokens_before = time.monotonic(), state.num_input_tokens_seen
        if not is_main_process():
            return
        keep = [entry for entry in read_log(self._log) if entry["step"] <= state.global_step]
        self._log.write_text("".join(json.dumps(entry) + "\n" for entry in keep), encoding="utf-8")
        self._bar = tqdm(total=state.max_steps, initial=state.global_step, desc="training", unit="step", leave=False)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(1)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Write the line and show the figures."""
        known = ("loss", "eval_loss", "learning_rate", "grad_norm", "eval_seconds")
        entry = {name: value for name, value in (logs or {}).items() if name.startswith(known)}
        if self._bar is None or not entry:
            return
        self._evaluating += entry.get("eval_seconds", 0.0)
        seconds, tokens = time.monotonic() - self._started, state.num_input_tokens_seen
        rate = (tokens - self._tokens_before) / (seconds - self._evaluating)  # while training
        entry = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4), **entry}
        entry |= {"tokens": tokens, "seconds": round(seconds, 2), "tokens_per_second": round(rate, 1)}
        if torch.cuda.is_available():
            entry["gpu_peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
        self._shown |= {short: f"{entry[name]:.3f}" for name, short in _SHOWN if name in entry}
        self._bar.set_postfix({**self._shown, "tok/s": f"{entry['tokens_per_second']:,.0f}"})

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


_SHOWN = (("loss", "loss"), ("eval_loss", "held-out"))


def read_log(path: Path) -> list[dict[str, Any]]:
    """The entries of a training log; a last line cut short by a kill is left out."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return entries


def draw_plot(log: Path, target: Path) -> None:
    """Training loss, held-out loss and learning rate over the steps, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    entries = read_log(log)
    figure, left = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    right = left.twinx()
    for axis, name, label, style in (
        (left, "loss", "training loss", {"color": "tab:blue", "alpha": 0.7}),
        (left, "eval_loss", "held-out wordings", {"color": "tab:red", "marker": "o"}),
        (right, "learning_rate", "learning rate", {"color": "tab:gray", "linestyle": ":"}),
    ):
        points = [(entry["step"], entry[name]) for entry in entries if name in entry]
        if points:
            axis.plot(*zip(*points, strict=True), label=label, **style)
    left.set(xlabel="step", ylabel="loss per scored token (nats)")
    right.set_ylabel("learning rate")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(target, dpi=120)
    pyplot.close(figure)
