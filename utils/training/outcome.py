"""What a run leaves: its counts and the adapter's folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml

from utils.artifacts import ArtifactWriter
from utils.console import Stage
from utils.records import ADAPTER_SCHEMA
from utils.training.adapter import write_adapter
from utils.training.card import card
from utils.training.job import Job
from utils.training.refresh import write_facts
from utils.training.splits import Splits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from utils.training.best import BestAdapter
    from utils.training.trainer import AnswerTrainer

PACKAGES = ("torch", "transformers", "peft", "accelerate", "deepspeed", "tokenizers", "safetensors")


def counts_of(trainer: AnswerTrainer, best: BestAdapter, splits: Splits) -> dict[str, Any]:
    """What the manifest counts and the terminal tells."""
    state = trainer.state
    counts: dict[str, Any] = {
        "samples": len(splits.train.samples),
        "steps": state.global_step,
        "epochs": round(state.epoch or 0.0, 2),
        "trained tokens": state.num_input_tokens_seen,
    }
    if best.history.best is not None:
        counts["best step"], loss = best.history.best
        counts["held-out loss"] = round(loss, 4)
    return counts


def told(counts: dict[str, Any]) -> dict[str, Any]:
    """The counts as the closing line says them."""
    lines = {name: value for name, value in counts.items() if name not in ("best step", "held-out loss")}
    if "best step" in counts:
        lines["held-out loss"] = f"{counts['held-out loss']:.3f} at step {counts['best step']:,} (kept)"
    return lines


def say_ending(trainer: AnswerTrainer, best: BestAdapter, steps: int, stage: Stage) -> None:
    """Why it ended before its `steps`, and for a refresh the held-out losses before and after."""
    if trainer.state.global_step < steps:
        stage.say(f"stopped early, at step {trainer.state.global_step:,}: the held-out loss got no better")
    if (forgetting := best.forgetting()) is not None:
        known, new = ({when: losses.get(name) for when, losses in forgetting.items()} for name in ("known", "new"))
        stage.say(f"held-out loss, before -> after: {_change('known facts', known)}; {_change('new facts', new)}")


def _change(what: str, losses: dict[str, float | None]) -> str:
    told = [f"{loss:.3f}" if loss is not None else "none" for loss in (losses["before"], losses["after"])]
    return f"{what} {told[0]} -> {told[1]}"


def write_outcome(
    job: Job,
    trainer: AnswerTrainer,
    best: BestAdapter,
    tokenizer: PreTrainedTokenizerBase,
    weights: dict[str, torch.Tensor],
    counts: dict[str, Any],
    splits: Splits,
    seconds: float,
) -> None:
    """The adapter folder: everything that PEFT, vLLM and step 04 need."""
    from utils.training.logs import LOG, PLOT, draw_plot

    config = job.config
    with ArtifactWriter(config.adapter_dir, ADAPTER_SCHEMA, job.settings, job.inputs, config.seed) as writer:
        write_adapter(writer.path, trainer.model, weights)
        tokenizer.save_pretrained(writer.path)
        write_facts(writer.path, splits.facts)
        resolved = yaml.safe_dump(config.as_data(), sort_keys=False, allow_unicode=True)
        (writer.path / "config.yaml").write_text(resolved, encoding="utf-8")
        log = Path(trainer.args.output_dir) / LOG
        shutil.copyfile(log, writer.path / LOG)
        draw_plot(log, writer.path / PLOT)
        text = card(config, job.dataset, splits.commit, job.base, counts, best.forgetting())
        (writer.path / "README.md").write_text(text, encoding="utf-8")
        writer.commit(
            counts,
            seconds,
            drops={"too long": len(splits.too_long)},
            base_model=job.base,
            notes={"too_long": splits.too_long, "forgetting": best.forgetting()},
            packages=PACKAGES,
        )
