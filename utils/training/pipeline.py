"""Step 03 from end to end: samples in, adapter out."""

from __future__ import annotations

import math
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from utils.artifacts import sole_writer
from utils.chat_format import check_template
from utils.config_manager import Config
from utils.console import Stage, UserError, is_main_process, relative
from utils.model_io import load_model, load_tokenizer, quiet_libraries, resolve_base
from utils.training import distributed
from utils.training.adapter import WEIGHTS, add_adapter, check_trained
from utils.training.failures import explained
from utils.training.job import Job
from utils.training.memory import (
    GIB,
    available,
    require_limits,
    require_memory,
    shape_of,
    with_recomputation_decided,
)
from utils.training.outcome import counts_of, say_ending, told, write_outcome
from utils.training.packing import PackedCollator, PackedRows, padding_share
from utils.training.splits import Splits, read_splits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainingArguments

    from utils.training.best import BestAdapter
    from utils.training.trainer import AnswerTrainer

NAMED = 5  # samples that are too long and named on the terminal; the manifest names all


def train(job: Job, stage: Stage, force: bool) -> dict[str, Any]:
    """Train the adapter and write it; returns what to tell."""
    distributed.require_devices(job.config)
    me = distributed.join(job.config)
    _say_idle_gpus(stage, job.config, me)
    quiet_libraries()
    folder = job.config.output_dir / "checkpoints"
    with explained(folder), sole_writer(job.config.adapter_dir) if is_main_process() else nullcontext():
        source = resolve_base(job.config.model)
        tokenizer = load_tokenizer(source, job.config.model)
        check_template(tokenizer)
        shape = shape_of(job.config, source)
        require_limits(shape, len(tokenizer), job.config)
        splits = read_splits(job.config, tokenizer, job.continue_from)
        resume = _resume_point(folder, job, me.size, force)
        steps = _steps(job.config, len(splits.rows), me.size)
        _say_what(stage, splits, steps, job.config)
        there = available(job.config, me.local_size)
        shards = me.size if me.launched and job.config.training.deepspeed else 1
        job = job._replace(config=with_recomputation_decided(shape, job.config, shards, there))
        need = require_memory(shape, job.config, shards, there)
        stage.say(f"memory: {need} of {there / GIB:.1f} GiB free{_recomputing(job.config)}")
        if resume is not None:
            stage.say(f"going on from {relative(resume)} of the interrupted run")
        trainer, best = _trainer(job, tokenizer, splits, folder, me, steps, stage)
        weights = _run(trainer, best, resume, steps)
        check_trained(weights)
        counts = counts_of(trainer, best, splits)
        say_ending(trainer, best, steps, stage)
        if is_main_process():
            write_outcome(job, trainer, best, tokenizer, weights, counts, splits, stage.seconds)
            shutil.rmtree(folder)
        distributed.leave()
    return told(counts)


def _say_idle_gpus(stage: Stage, config: Config, me: distributed.World) -> None:
    there = torch.cuda.device_count() if config.model.device == "cuda" and not me.launched else 1
    if there > 1:
        launched = config.command("03_train_model", f"deepspeed --num_gpus={there}")
        stage.say(f"one of {there} GPUs is used; all of them with: {launched}")


def _recomputing(config: Config) -> str:
    return "; activations are computed again in the backward pass" if config.training.gradient_checkpointing else ""


def _steps(config: Config, rows: int, world_size: int) -> int:
    """Optimizer steps of the whole run, as the Trainer counts them."""
    if config.training.max_steps is not None:
        return config.training.max_steps
    batches = math.ceil(math.ceil(rows / config.training.batch_size) / world_size)
    return math.ceil(config.training.epochs * max(1, math.ceil(batches / config.training.gradient_accumulation)))


def _resume_point(folder: Path, job: Job, world_size: int, force: bool) -> Path | None:
    """The checkpoint to go on from; the others are gone once this returns. Raises `UserError`, the same everywhere."""
    from utils.training.checkpoints import discard, newest

    resume = None if force else newest(folder, job.run, world_size)
    distributed.barrier()  # every rank has looked before rank 0 tidies up
    if is_main_process():
        discard(folder, None if force else job.run)
        folder.mkdir(parents=True, exist_ok=True)
    distributed.barrier()
    if not distributed.agree(folder.is_dir(), resume.name if resume else ""):
        raise UserError(f"the nodes do not share {folder}; set paths.output to a folder that all of them see")
    return resume


def _say_what(stage: Stage, splits: Splits, steps: int, config: Config) -> None:
    share = padding_share(splits.train.lengths, splits.rows, config.training.max_length)
    tokens, scored = sum(splits.train.lengths), splits.train.scored
    stage.say(
        f"{len(splits.train.samples):,} samples, {tokens:,} tokens ({scored / tokens:.0%} scored) in"
        f" {len(splits.rows):,} rows of {config.training.max_length} ({share:.1%} padding); {steps:,} steps"
    )
    if splits.refresh is not None:
        stage.say(f"{splits.refresh.new:,} of them are new or changed, {splits.refresh.replayed:,} repeat known facts")
    if splits.too_long:
        names = ", ".join(splits.too_long[:NAMED]) + (", …" if len(splits.too_long) > NAMED else "")
        stage.say(f"{len(splits.too_long)} samples are longer than training.max_length and left out: {names}")


def _trainer(
    job: Job,
    tokenizer: PreTrainedTokenizerBase,
    splits: Splits,
    folder: Path,
    me: distributed.World,
    steps: int,
    stage: Stage,
) -> tuple[AnswerTrainer, BestAdapter]:
    """The Trainer over base and adapter. The arguments come first: ZeRO-3 shards the base by them while it loads."""
    from transformers import PrinterCallback, set_seed

    from utils.training.arguments import autocast_dtype, quantization, training_arguments
    from utils.training.best import BestAdapter
    from utils.training.kernels import speed_up
    from utils.training.logs import LOG, Progress, Schedule
    from utils.training.trainer import AnswerTrainer, LossCheck, MeasureBefore

    config = job.config
    arguments: TrainingArguments = training_arguments(config, folder, me, steps)
    device = f"cuda:{me.local_rank}" if config.model.device == "cuda" else "cpu"
    model = load_model(resolve_base(config.model), config.model, device=device, quantization=quantization(config))
    set_seed(config.seed)
    model = add_adapter(model, config, job.continue_from)
    kernels = speed_up(model, config, zero_3=arguments.deepspeed is not None)
    stage.say(f"kernels: {', '.join(kernels.names) or 'those of the libraries'}")
    best = BestAdapter(folder / "best", job.run, config.training.early_stopping_patience)
    trainer = AnswerTrainer(
        model=model,
        args=arguments,
        train_dataset=PackedRows(splits.train.samples, splits.rows),
        data_collator=PackedCollator(int(tokenizer.pad_token_id), kernels.flat),
        processing_class=tokenizer,
        run=job.run,
        autocast=autocast_dtype(config),
        held_out=splits.held_out,
    )
    trainer.remove_callback(PrinterCallback)  # Progress says it better
    best.trainer = trainer
    evaluations = config.training.evaluations if splits.held_out else 0
    trainer.add_callback(Progress(folder / LOG))
    trainer.add_callback(Schedule(evaluations, config.training.saves))
    trainer.add_callback(best)
    trainer.add_callback(LossCheck(trainer, splits.train.samples))
    if splits.refresh is not None and evaluations:
        trainer.add_callback(MeasureBefore(trainer))
    return trainer, best


def _run(trainer: AnswerTrainer, best: BestAdapter, resume: Path | None, steps: int) -> dict[str, torch.Tensor]:
    """Train to the end, unless the interrupted run had got there; returns the adapter to keep."""
    from transformers import TrainerState
    from transformers.trainer import TRAINER_STATE_NAME

    if resume is not None:
        state = TrainerState.load_from_json(str(resume / TRAINER_STATE_NAME))
        best.take_up(state.global_step)
        if state.global_step >= steps or best.patience_is_over:
            trainer.state = state
            return best.weights() or load_file(resume / WEIGHTS)
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    return best.weights() or trainer.checked_adapter()
