"""Step 03 from end to end: samples in, adapter out."""

from __future__ import annotations

import errno
import math
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import yaml
from safetensors import SafetensorError

from utils.artifacts import ArtifactWriter, Manifest, fingerprint, open_artifact, sha256_file
from utils.chat_format import check_template
from utils.config_manager import Config
from utils.console import ROOT, Stage, UserError, is_main_process, relative
from utils.model_io import base_identity, load_model, load_tokenizer, quiet_libraries, resolve_base
from utils.records import ADAPTER_SCHEMA, DATASET_SCHEMA
from utils.training import distributed
from utils.training.card import card
from utils.training.memory import GIB, available, require_memory, shape_of
from utils.training.packing import PackedCollator, PackedRows, padding_share
from utils.training.refresh import open_earlier, write_facts
from utils.training.splits import Splits, read_splits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainingArguments

    from utils.training.best import BestAdapter
    from utils.training.trainer import AnswerTrainer

PACKAGES = ("torch", "transformers", "peft", "accelerate", "deepspeed", "tokenizers", "safetensors")
# How gloo and NCCL report a peer that died, and torch and safetensors a full disk.
_PEER_GONE = re.compile("Connection closed by peer|Connection reset by peer|remote process has terminated")
_DISK_FULL = re.compile("No space left on device|PytorchStreamWriter failed|file write failed|iostream error")
NAMED = 5  # samples that are too long and named on the terminal; the manifest names all


class Job(NamedTuple):
    """What a run is made of, decided before anything heavy happens; equal `run` means the same run."""

    config: Config
    dataset: Manifest
    base: dict[str, str | None]
    settings: dict[str, Any]
    inputs: dict[str, str]
    continue_from: Path | None
    run: str


def prepare(config: Config) -> Job:
    """Check dataset and base, and fix what the run depends on. Raises `UserError`, the same on every rank."""
    dataset = open_artifact(config.dataset_dir, DATASET_SCHEMA, config.command("02_generate_data"))
    base = base_identity(config.model)
    sections = {name: getattr(config, name).model_dump(mode="json") for name in ("model", "lora", "training")}
    settings = {**sections, "seed": config.seed}
    inputs = {"dataset": dataset.digest(), "base": base["sha256"] or base["revision"] or str(base["name"])}
    if config.training.deepspeed is not None and (ROOT / config.training.deepspeed).is_file():
        inputs["deepspeed"] = sha256_file(ROOT / config.training.deepspeed)
    earlier = None
    if config.training.continue_from is not None:
        earlier, manifest = open_earlier(config.training.continue_from, base)
        inputs["continue_from"] = manifest.digest()
    run = fingerprint(ADAPTER_SCHEMA, settings, inputs)
    return Job(config, dataset, base, settings, inputs, earlier, run)


def train(job: Job, stage: Stage, force: bool) -> dict[str, Any]:
    """Train the adapter and write it; returns the counts."""
    me = distributed.join(job.config)
    distributed.require_devices(job.config)
    quiet_libraries()
    tokenizer = load_tokenizer(resolve_base(job.config.model), job.config.model)
    check_template(tokenizer)
    splits = read_splits(job.config, tokenizer, job.continue_from)
    folder = job.config.output_dir / "checkpoints"
    resume = _resume_point(folder, job, me.size, force)
    steps = _steps(job.config, len(splits.rows), me.size)
    _say_what(stage, splits, steps, job.config)
    _say_memory(stage, job, me)
    trainer, best = _trainer(job, tokenizer, splits, folder, me, steps)
    if resume is not None:
        stage.say(f"going on from {relative(resume)} of the interrupted run")
    _run(trainer, resume)
    counts = _counts(trainer, best, splits, stage)
    weights = best.weights() or trainer.checked_adapter()
    if is_main_process():
        _write(job, trainer, best, tokenizer, weights, counts, splits, stage)
        shutil.rmtree(folder)
    distributed.leave()
    return counts


def _steps(config: Config, rows: int, world_size: int) -> int:
    """Optimizer steps of the whole run, as the Trainer counts them."""
    if config.training.max_steps is not None:
        return config.training.max_steps
    batches = math.ceil(math.ceil(rows / config.training.batch_size) / world_size)
    return math.ceil(config.training.epochs * max(1, math.ceil(batches / config.training.gradient_accumulation)))


def _resume_point(folder: Path, job: Job, world_size: int, force: bool) -> Path | None:
    from utils.training.checkpoints import discard, newest

    if not force:
        resume = newest(folder, job.run, world_size)
    distributed.barrier()  # every rank has looked before rank 0 tidies up
    if is_main_process():
        discard(folder, None if force else job.run)
        folder.mkdir(parents=True, exist_ok=True)
    distributed.barrier()
    return None if force else resume


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


def _say_memory(stage: Stage, job: Job, me: distributed.World) -> None:
    config = job.config
    shape = shape_of(config, resolve_base(config.model))
    there = available(config, me.local_size)
    need = require_memory(shape, config, me.size if me.launched and config.training.deepspeed else 1, there)
    stage.say(f"memory: {need} of {there / GIB:.1f} GiB free")


def _trainer(
    job: Job,
    tokenizer: PreTrainedTokenizerBase,
    splits: Splits,
    folder: Path,
    me: distributed.World,
    steps: int,
) -> tuple[AnswerTrainer, BestAdapter]:
    """The Trainer over base and adapter. The arguments come first: ZeRO-3 shards the base by them while it loads."""
    from transformers import PrinterCallback, set_seed

    from utils.training.adapter import add_adapter
    from utils.training.arguments import autocast_dtype, quantization, training_arguments
    from utils.training.best import BestAdapter
    from utils.training.logs import LOG, Progress, Schedule
    from utils.training.trainer import AnswerTrainer, LossCheck, MeasureBefore

    config = job.config
    arguments: TrainingArguments = training_arguments(config, folder, me, steps)
    model = load_model(
        resolve_base(config.model), config.model, device=_device(config, me), quantization=quantization(config)
    )
    set_seed(config.seed)
    model = add_adapter(model, config, job.continue_from)
    if config.training.gradient_checkpointing:
        model.enable_input_require_grads()
    best = BestAdapter(folder / "best", job.run, config.training.early_stopping_patience)
    trainer = AnswerTrainer(
        model=model,
        args=arguments,
        train_dataset=PackedRows(splits.train.samples, splits.rows),
        data_collator=PackedCollator(_pad(tokenizer), config.model.attention == "flash_attention_2"),
        processing_class=tokenizer,
        run=job.run,
        autocast=autocast_dtype(config),
        held_out=splits.held_out,
    )
    trainer.remove_callback(PrinterCallback)  # Progress says it better
    best.trainer = trainer
    evaluations = config.training.evaluations if splits.held_out else 0
    trainer.add_callback(Progress(folder / LOG, lambda: trainer.tokens))
    trainer.add_callback(Schedule(evaluations, config.training.saves))
    trainer.add_callback(best)
    trainer.add_callback(LossCheck(trainer, splits.train.samples))
    if splits.refresh is not None and evaluations:
        trainer.add_callback(MeasureBefore(trainer))
    return trainer, best


def _device(config: Config, me: distributed.World) -> str:
    return f"cuda:{me.local_rank}" if config.model.device == "cuda" else "cpu"


def _pad(tokenizer: PreTrainedTokenizerBase) -> int:
    return int(tokenizer.pad_token_id)


def _run(trainer: AnswerTrainer, resume: Path | None) -> None:
    try:
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    except torch.OutOfMemoryError as error:
        raise UserError(
            "the GPU's memory is full: lower training.batch_size (and raise training.gradient_accumulation as much),"
            " then training.max_length, or keep training.gradient_checkpointing=true"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(error.errno, "no space left", trainer.args.output_dir) from error
        raise
    except (RuntimeError, SafetensorError) as error:
        if _PEER_GONE.search(str(error)):
            raise UserError("another process of this run stopped; its own message says why") from error
        if _DISK_FULL.search(str(error)):
            raise OSError(errno.ENOSPC, "no space left", trainer.args.output_dir) from error
        raise


def _counts(trainer: AnswerTrainer, best: BestAdapter, splits: Splits, stage: Stage) -> dict[str, Any]:
    if (forgetting := best.forgetting()) is not None:
        known, new = ({when: losses.get(name) for when, losses in forgetting.items()} for name in ("known", "new"))
        stage.say(f"held-out loss, before -> after: {_change('known facts', known)}; {_change('new facts', new)}")
    (tokens,) = distributed.total([trainer.tokens], trainer.args.device)
    counts: dict[str, Any] = {
        "samples": len(splits.train.samples),
        "steps": trainer.state.global_step,
        "epochs": round(trainer.state.epoch or 0.0, 2),
        "trained tokens": int(tokens),
    }
    if best.history.best is not None:
        counts["best step"], loss = best.history.best
        counts["held-out loss"] = round(loss, 4)
    return counts


def _change(what: str, losses: dict[str, float | None]) -> str:
    told = [f"{loss:.3f}" if loss is not None else "none" for loss in (losses["before"], losses["after"])]
    return f"{what} {told[0]} -> {told[1]}"


def _write(
    job: Job,
    trainer: AnswerTrainer,
    best: BestAdapter,
    tokenizer: PreTrainedTokenizerBase,
    weights: dict[str, torch.Tensor],
    counts: dict[str, Any],
    splits: Splits,
    stage: Stage,
) -> None:
    """The adapter folder: everything that PEFT, vLLM and step 04 need."""
    from utils.training.adapter import write_adapter
    from utils.training.logs import LOG, PLOT, draw_plot

    config = job.config
    with ArtifactWriter(config.adapter_dir, ADAPTER_SCHEMA, job.settings, job.inputs, config.seed) as writer:
        write_adapter(writer.path, trainer.model, weights)
        tokenizer.save_pretrained(writer.path)
        write_facts(writer.path, splits.facts)
        resolved = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        (writer.path / "config.yaml").write_text(resolved, encoding="utf-8")
        log = Path(trainer.args.output_dir) / LOG
        shutil.copyfile(log, writer.path / LOG)
        draw_plot(log, writer.path / PLOT)
        text = card(config, job.dataset, splits.commit, job.base, counts, best.forgetting())
        (writer.path / "README.md").write_text(text, encoding="utf-8")
        writer.commit(
            counts,
            stage.seconds,
            drops={"too long": len(splits.too_long)},
            base_model=job.base,
            notes={"too_long": splits.too_long, "forgetting": best.forgetting()},
            packages=PACKAGES,
        )
