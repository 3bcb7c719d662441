"""The Trainer with our loss, our held-out measure and checkpoints that are whole or not there.

Why transformers' Trainer and not TRL's SFTTrainer, by measurement (benchmarks/training_core.py and training.py --trl,
figures in RESULTS.md): both give the same losses on two processes as on one, and both do without full logits. But TRL
1.16 scores a token beyond the end of turn, reads a control token quoted in a sample as one, cuts long samples without a
word and refuses answer-only loss for templates it does not know; and packs into one long row, which without flash
attention costs more than twice the time for the same tokens. The mask here is explicit and the same for any template.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from utils.chat_format import Encoded
from utils.console import UserError
from utils.training import distributed
from utils.training.adapter import adapter_state, check_adapter, write_adapter
from utils.training.checkpoints import mark_complete
from utils.training.loss import AnswerLoss, check_loss
from utils.training.packing import PackedRows


class AnswerTrainer(Trainer):
    """Trains on the answers' tokens: the mean over all of a step's scored tokens, whatever rank or row they are on."""

    def __init__(
        self, *args: Any, run: str, autocast: torch.dtype | None, held_out: dict[str, PackedRows], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.held_out = held_out
        self.model_accepts_loss_kwargs = True  # so that a step's scored tokens are counted over ranks and batches
        self.loss_is_scaled_for_ga = True
        self._run, self._autocast = run, autocast
        self.answer_loss = AnswerLoss(self.model)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The rank's share of the step's mean loss; the ranks' gradients are averaged, hence their number."""
        with self._mixed_precision():
            loss, count = self.answer_loss(model, inputs)
        items = count if num_items_in_batch is None else num_items_in_batch
        loss = loss * self.args.world_size / items
        if not torch.isfinite(loss):
            raise UserError(
                f"the loss is {loss.item()} at step {self.state.global_step + 1}; lower training.learning_rate"
            )
        return loss

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The mean loss per scored token on the held-out wordings, exact over all ranks; by group for a refresh."""
        started = time.monotonic()
        sums = {name: self._summed_loss(rows) for name, rows in self.held_out.items()}
        metrics = {"eval_loss": sum(loss for loss, _ in sums.values()) / sum(count for _, count in sums.values())}
        if len(sums) > 1:
            metrics |= {f"eval_loss_{name}": loss / count for name, (loss, count) in sums.items()}
        metrics["eval_seconds"] = time.monotonic() - started
        self.log(metrics)
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _summed_loss(self, rows: PackedRows) -> tuple[float, float]:
        """Loss and scored tokens of `rows`; every rank does as many forward passes, as ZeRO-3 needs."""
        model = self.model_wrapped
        model.eval()
        size, rank, world = self.args.per_device_eval_batch_size, self.args.process_index, self.args.world_size
        mine = list(range(rank, len(rows), world))
        sums = [0.0, 0.0]
        for batch in range(math.ceil(math.ceil(len(rows) / world) / size)):
            chosen = mine[batch * size : (batch + 1) * size]
            inputs = self.on_device([rows[index] for index in chosen or [0]])
            with torch.no_grad(), self._mixed_precision():
                loss, count = self.answer_loss(model, inputs)
            if chosen:
                sums[0] += loss.item()
                sums[1] += count
        model.train()
        loss_sum, scored = distributed.total(sums, self.args.device)
        return loss_sum, scored

    def on_device(self, rows: list[list[Encoded]]) -> dict[str, torch.Tensor]:
        """A batch of `rows`, where the model is."""
        batch: dict[str, torch.Tensor] = self._prepare_inputs(self.data_collator(rows))
        return batch

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the adapter alone: the base is where it was."""
        state = self._gathered_adapter()
        if self.args.should_save:
            write_adapter(Path(output_dir or self.args.output_dir), self.model, state)

    def checked_adapter(self) -> dict[str, torch.Tensor]:
        """The whole adapter as it is now, sound if perhaps not trained yet."""
        state = self._gathered_adapter()
        check_adapter(state)
        return state

    def _gathered_adapter(self) -> dict[str, torch.Tensor]:
        """The adapter from all ranks. ZeRO-3 cannot gather a weight in flight: what it fetched ahead is let go."""
        if self.is_deepspeed_enabled:
            self.model_wrapped.empty_partition_cache()
        return adapter_state(self.accelerator.unwrap_model(self.model))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        distributed.barrier()  # every rank has written its share
        if self.args.should_save:
            folder = Path(self.args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
            mark_complete(folder, self._run, self.args.world_size, self.state.global_step)

    def _mixed_precision(self) -> AbstractContextManager[Any]:
        if self._autocast is None:
            return nullcontext()
        return torch.autocast(self.args.device.type, self._autocast)


class LossCheck(TrainerCallback):
    """Compares our loss with the model's own before the first step, on the shortest sample."""

    def __init__(self, trainer: AnswerTrainer, samples: Sequence[Encoded]) -> None:
        self._trainer = trainer
        self._row = [min(samples, key=lambda sample: len(sample.input_ids))]

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Raise `UserError` where the two differ; by now ZeRO-3 gathers the weights when they are used."""
        batch = self._trainer.on_device([self._row])
        check_loss(self._trainer.model_wrapped, self._trainer.answer_loss, batch)


class MeasureBefore(TrainerCallback):
    """Evaluates the earlier adapter before a refresh changes it: forgetting is measured from there."""

    def __init__(self, trainer: AnswerTrainer) -> None:
        self._trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Once, at the very start; a resumed run has it in its history."""
        if state.global_step == 0:
            self._trainer.evaluate()
