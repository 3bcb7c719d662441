"""What transformers, DeepSpeed and bitsandbytes are told, from our config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from utils.config_manager import Config
from utils.console import ROOT, UserError
from utils.model_io import cpu_has_bf16
from utils.training.distributed import World
from utils.training.kernels import LIGER, uses_liger

_LOG_LINES = 500


class _OneDevice(TrainingArguments):
    """A process trains on one device: on more, the Trainer would wrap the model in `DataParallel`.

    That splits a batch's rows over threads, which know nothing of our loss and of rows end to end in one.
    """

    @property
    def n_gpu(self) -> int:
        """At most one."""
        return min(1, super().n_gpu)


def deepspeed_config(config: Config, me: World) -> dict[str, Any] | None:
    """The ZeRO settings for a launched run, None for plain `python` (one process has nothing to share out).

    Raises `UserError` for a file that is missing or not JSON, for 4-bit weights, which ZeRO-3 does not shard, and for
    float32 weights in mixed precision on GPUs, where DeepSpeed turns autocast off.
    """
    if not me.launched or config.training.deepspeed is None:
        return None
    if config.training.quantization == "4bit":
        raise UserError(
            "training.quantization=4bit does not go with DeepSpeed; run python scripts/03_train_model.py on one GPU,"
            " or add training.deepspeed=null"
        )
    if config.training.mixed_precision and config.model.device == "cuda" and config.model.dtype == "float32":
        raise UserError(
            "training.mixed_precision with model.dtype=float32 does not go with DeepSpeed on GPUs; add"
            " training.mixed_precision=false, model.dtype=bfloat16 or training.deepspeed=null"
        )
    path = ROOT / config.training.deepspeed
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"training.deepspeed: there is no file {path}; name one or set it to null") from None
    except json.JSONDecodeError as error:
        raise UserError(f"training.deepspeed: {path} is not JSON: {error}") from None
    return settings


def training_arguments(config: Config, folder: Path, me: World, steps: int) -> TrainingArguments:
    """The Trainer's arguments. Under ZeRO-3 they must live before the model is loaded, which is sharded by them."""
    train = config.training
    on_cpu = config.model.device == "cpu"
    deepspeed = deepspeed_config(config, me)
    recomputed = train.gradient_checkpointing is True
    return _OneDevice(
        output_dir=str(folder),
        num_train_epochs=train.epochs,
        max_steps=train.max_steps or -1,
        per_device_train_batch_size=train.batch_size,
        per_device_eval_batch_size=train.batch_size,
        gradient_accumulation_steps=train.gradient_accumulation,
        learning_rate=train.learning_rate,
        lr_scheduler_type=train.schedule,
        warmup_steps=round(train.warmup_ratio * steps),
        weight_decay=train.weight_decay,
        max_grad_norm=train.max_grad_norm,
        optim="adamw_torch" if on_cpu else "adamw_torch_fused",
        bf16=not on_cpu and config.model.dtype == "bfloat16" and train.mixed_precision,
        use_cpu=on_cpu,
        ddp_backend="gloo" if on_cpu and me.launched and deepspeed is None else None,
        deepspeed=deepspeed,
        activation_checkpointing=recomputed,
        activation_checkpointing_kwargs={"use_reentrant": False} if recomputed else None,
        use_liger_kernel=uses_liger(config),
        liger_kernel_config=LIGER,
        average_tokens_across_devices=True,
        eval_strategy="no",  # Schedule says when, for both
        save_strategy="no",
        save_total_limit=2,
        logging_steps=max(1, steps // _LOG_LINES),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="non_padding",  # on all ranks; kept in checkpoints
        disable_tqdm=True,
        report_to=list(train.report_to) or "none",
        remove_unused_columns=False,
        dataloader_pin_memory=not on_cpu,
        seed=config.seed,
        data_seed=config.seed,
    )


def autocast_dtype(config: Config) -> torch.dtype | None:
    """bfloat16 for float32 weights where the device multiplies it in hardware; for others the Trainer sees to it."""
    if not config.training.mixed_precision or config.model.dtype != "float32":
        return None
    on_cpu = config.model.device == "cpu"
    able = cpu_has_bf16() if on_cpu else torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if able else None


def quantization(config: Config) -> Any:
    """QLoRA's 4-bit NormalFloat with double quantisation (arXiv 2305.14314), or None."""
    if config.training.quantization == "none":
        return None
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
