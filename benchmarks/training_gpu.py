"""Tokens per second, peak memory and model FLOP utilisation on one GPU: step 03's trainer against TRL's SFTTrainer.

    python benchmarks/training_gpu.py                 (needs `pip install trl liger-kernel`, and no model hub)
    python benchmarks/training_gpu.py --smoke         the same code in seconds on a CPU, to see that it runs

The model has Qwen3-8B's architecture with random weights, in bf16 with LoRA r=64 on all linear layers, and rows of
2,048 tokens packed from samples of 40 to 600 random tokens. Each way runs with 1 and 4 rows a step, with and without
gradient checkpointing; `libraries` is our trainer without what `utils/training/kernels.py` does, `zero3` ours as the
DeepSpeed launcher starts it, on one GPU. Model FLOPs count what training needs once: 4 per frozen weight and token
(forward, and the gradient of the inputs), 6 per adapter weight, and attention within the samples; what checkpointing
computes again does not count. Goal: 50 % of the peak, and ahead of TRL.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.chat_format import IGNORE_INDEX, Encoded
from utils.config_manager import Config
from utils.training.distributed import join, world

WAYS = ("ours", "libraries", "trl", "zero3")
PEAK = 989e12  # dense bf16 FLOP/s of an H100 or H200 by its data sheet
WARM_UP, STEPS = 3, 20
SMOKE_STEPS = 2
QWEN3_8B = {
    "vocab_size": 151_936,
    "hidden_size": 4096,
    "intermediate_size": 12_288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40_960,
    "tie_word_embeddings": False,
}
SMALL = {"vocab_size": 512, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
SMOKE = {**QWEN3_8B, **SMALL, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}


def main() -> None:
    """One process per way and kind of step; prints one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS, help="only this one")
    parser.add_argument("--rows", type=int, choices=[1, 4], help="only with as many rows a step")
    parser.add_argument("--recompute", choices=["yes", "no"], help="only with or without gradient checkpointing")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--local_rank", help=argparse.SUPPRESS)  # the launcher passes it
    options = parser.parse_args()
    ready = world().launched or options.way != "zero3"
    if options.way and options.rows and options.recompute and ready:
        told = {"way": options.way, "rows": options.rows, "checkpointing": options.recompute}
        print(json.dumps(told | _measure(options.way, options.rows, options.recompute == "yes", options.smoke)))
        return
    for way, rows, recompute in itertools.product(
        [options.way] if options.way else WAYS,
        [options.rows] if options.rows else [1, 4],
        [options.recompute] if options.recompute else ["no", "yes"],
    ):
        launcher = ["-m", "deepspeed.launcher.runner", "--num_gpus=1"] if way == "zero3" else []
        command = [sys.executable, *launcher, __file__, f"--way={way}", f"--rows={rows}", f"--recompute={recompute}"]
        if subprocess.run(command + ["--smoke"] * options.smoke, check=False).returncode:
            print(json.dumps({"way": way, "rows": rows, "checkpointing": recompute, "failed": "see above"}))


def _measure(way: str, batch: int, recompute: bool, smoke: bool) -> dict[str, Any]:
    import torch
    from peft import LoraConfig
    from transformers import Qwen3Config, Qwen3ForCausalLM

    device = "cpu" if smoke else "cuda"
    shape = SMOKE if smoke else QWEN3_8B
    training = {"batch_size": batch, "gradient_checkpointing": recompute, "liger": way != "libraries"}
    config = Config.from_data({"repository": {"url": "."}, "model": {"device": device}, "training": training})
    if way == "zero3":
        join(config)
    with torch.device(device):
        base = Qwen3ForCausalLM._from_config(Qwen3Config(**shape), dtype=torch.bfloat16, attn_implementation="sdpa")
    lora = LoraConfig(r=config.lora.r, lora_alpha=config.lora.alpha, target_modules=list(config.lora.target_modules))
    samples = _samples(config.training.max_length, shape["vocab_size"], count=200 if smoke else 6000)
    clock = _clock(torch, device)
    steps = SMOKE_STEPS if smoke else STEPS
    with tempfile.TemporaryDirectory() as folder:
        make = _trl if way == "trl" else functools.partial(_ours, way)
        trainer = make(base, lora, samples, config, folder, WARM_UP + steps)
        trainer.add_callback(clock)
        trainer.train()
    lengths = [len(sample.input_ids) for sample in samples]
    tokens = trainer.benchmark_tokens_per_step * steps
    seconds = clock.stopped - clock.started
    weights = trainer.accelerator.unwrap_model(trainer.model).parameters()
    sizes = [(getattr(weight, "ds_numel", weight.numel()), weight.requires_grad) for weight in weights]
    adapter = sum(size for size, trained in sizes if trained)
    frozen = sum(size for size, trained in sizes if not trained) - shape["vocab_size"] * shape["hidden_size"]
    mean_square = sum(length * length for length in lengths) / sum(lengths)
    attend = 12 * shape["num_hidden_layers"] * shape["num_attention_heads"] * shape["head_dim"] * mean_square / 2
    rate = tokens / seconds
    return {
        "tokens per second": round(rate),
        "model FLOP utilisation": round(rate * (4 * frozen + 6 * adapter + attend) / PEAK, 4),
        "peak GiB": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device == "cuda" else None,
    }


def _samples(longest: int, vocabulary: int, count: int) -> list[Encoded]:
    chance = random.Random(0)
    samples = []
    for _ in range(count):
        length = chance.randint(40, min(600, longest))
        ids = [chance.randrange(10, vocabulary) for _ in range(length)]
        prompt = chance.randint(20, length // 2 + 1)
        samples.append(Encoded(ids, [IGNORE_INDEX] * prompt + ids[prompt:]))
    return samples


def _ours(way: str, base: Any, lora: Any, samples: list[Encoded], config: Config, folder: str, steps: int) -> Any:
    from peft import get_peft_model

    from utils.tiny_base import train_tokenizer
    from utils.training.arguments import training_arguments
    from utils.training.kernels import Kernels, speed_up
    from utils.training.packing import PackedCollator, PackedRows, pack
    from utils.training.trainer import AnswerTrainer

    lengths = [len(sample.input_ids) for sample in samples]
    rows = pack(lengths, config.training.max_length, 0)
    arguments = training_arguments(config, Path(folder), world(), steps)
    arguments.max_steps = steps
    model = get_peft_model(base, lora)
    if way == "libraries":
        kernels = Kernels([], flat=False)
        model.enable_input_require_grads()
    else:
        kernels = speed_up(model, config, zero_3=way == "zero3")
    trainer = AnswerTrainer(
        model=model,
        args=arguments,
        train_dataset=PackedRows(samples, rows),
        data_collator=PackedCollator(0, kernels.flat),
        processing_class=train_tokenizer(["tokens are random here"]),
        run="benchmark",
        autocast=None,
        held_out={},
    )
    trainer.benchmark_tokens_per_step = config.training.batch_size * sum(lengths) / len(rows)
    return trainer


def _trl(base: Any, lora: Any, samples: list[Encoded], config: Config, folder: str, steps: int) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from utils.tiny_base import train_tokenizer
    from utils.training.kernels import uses_liger

    rows = {
        "input_ids": [sample.input_ids for sample in samples],
        "completion_mask": [[int(label != IGNORE_INDEX) for label in sample.labels] for sample in samples],
    }
    train = config.training
    arguments = SFTConfig(
        output_dir=folder,
        packing=True,
        max_length=train.max_length,
        completion_only_loss=True,
        per_device_train_batch_size=train.batch_size,
        gradient_checkpointing=train.gradient_checkpointing,
        use_liger_kernel=uses_liger(config),
        bf16=True,
        use_cpu=config.model.device == "cpu",
        max_steps=steps,
        learning_rate=train.learning_rate,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
    )
    trainer = SFTTrainer(
        model=base,
        args=arguments,
        train_dataset=Dataset.from_dict(rows),
        peft_config=lora,
        processing_class=train_tokenizer(["tokens are random here"]),
    )
    tokens = sum(len(sample.input_ids) for sample in samples)
    trainer.benchmark_tokens_per_step = train.batch_size * tokens / len(trainer.train_dataset)
    return trainer


def _clock(torch: Any, device: str) -> Any:
    from transformers import TrainerCallback

    def now() -> float:
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    class Clock(TrainerCallback):
        started = stopped = 0.0

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == WARM_UP:
                self.started = now()
            self.stopped = now()

    return Clock()


if __name__ == "__main__":
    main()
