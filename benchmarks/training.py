"""Real tokens and samples per second of step 03 against the usual way, on the same model, data and precision.

    python benchmarks/training.py --config config/demo.yaml --seconds 60
    PYTHONPATH=/tmp/trl python benchmarks/training.py --trl        (pip install --target /tmp/trl --no-deps trl==1.16.0)
    python benchmarks/training.py --gpu

`padded` is the original's way: transformers' Trainer, batches padded to their longest sample, a loss over full logits.
`ours` is the trainer of step 03: packed rows, only answers reach the output layer. Both read 02's training samples, add
the same LoRA to the configuration's base, and take steps of about as many tokens. `--trl` adds TRL's SFTTrainer,
packed; it gets our ids and labels, since its own differ (benchmarks/training_core.py). Each is a process of its own and
they take turns, so that whatever else runs here strikes all. Real tokens are those of samples, without padding; CPU is
the process's own user + system time; peak is its largest resident memory beyond what it had before the model was
loaded. `--gpu` measures Qwen3-8B's architecture with random weights instead: see benchmarks/training_gpu.py.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import Config, load_config
from utils.console import ROOT

WARM_UP = 2  # steps that are not measured


def main() -> None:
    """Take turns and print one table."""
    options = _options()
    if options.gpu:
        sys.exit(
            subprocess.run([sys.executable, str(Path(__file__).with_name("training_gpu.py"))], check=False).returncode
        )
    if options.way:
        print(json.dumps(_measure(options.way, load_config(options.config, options.overrides), options.seconds)))
        return
    ways = ["padded", "trl", "ours"] if options.trl else ["padded", "ours"]
    results: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, rows in results.items():
            command = [sys.executable, __file__, "--config", str(options.config), f"--way={way}"]
            command += [f"--seconds={options.seconds}", *options.overrides]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rows.append(json.loads(printed.splitlines()[-1]))
            print(way, rows[-1], file=sys.stderr, flush=True)
    _report(results)


def _report(results: dict[str, list[dict[str, float]]]) -> None:
    best = {way: max(rows, key=lambda row: row["tokens per cpu second"]) for way, rows in results.items()}
    others = [way for way in best if way != "ours"]
    print(f"| | {' | '.join(best)} | {' | '.join(f'ours / {way}' for way in others)} |")
    print("|---" * (1 + len(best) + len(others)) + "|")
    for name, ours_ in best["ours"].items():
        figures = [f"{best[way][name]:,.3g}" for way in best]
        ratios = [f"{ours_ / best[way][name]:.2f}" if best[way][name] else "" for way in others]
        print(f"| {name} | {' | '.join(figures + ratios)} |")


def _measure(way: str, config: Config, seconds: float) -> dict[str, float]:
    """Train for about `seconds` after a warm-up; returns the rates."""
    import torch

    from utils.model_io import load_model, load_tokenizer, quiet_libraries, resolve_base
    from utils.training.adapter import add_adapter
    from utils.training.data import encode_split, read_split

    quiet_libraries()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(config.seed)
    source = resolve_base(config.model)
    tokenizer = load_tokenizer(source, config.model)
    split = encode_split(tokenizer, read_split(config.dataset_dir, "train"), config.training.max_length, "train")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = add_adapter(load_model(source, config.model), config, None)
    clock = Clock(seconds)
    with tempfile.TemporaryDirectory() as folder:
        make = {"padded": padded, "trl": trl, "ours": ours}[way]
        trainer = make(model, tokenizer, split, config, folder, clock)
        trainer.add_callback(clock.callback())
        trainer.train()
    wall, cpu = clock.stopped[0] - clock.started[0], clock.stopped[1] - clock.started[1]
    return {
        "tokens per second": clock.tokens / wall,
        "tokens per cpu second": clock.tokens / cpu,
        "samples per second": clock.samples / wall,
        "samples per cpu second": clock.samples / cpu,
        "padding share": 1 - clock.tokens / clock.positions,
        "peak MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    }


class Clock:
    """Counts what the collator hands out between the warm-up and the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.tokens = self.samples = self.positions = 0
        self.started = self.stopped = (0.0, 0.0)

    def watch(self, collate: Callable[[Any], dict[str, Any]], sizes: Callable[[Any], tuple[int, int]]) -> Any:
        """`collate`, counting `sizes` (samples, tokens) of each batch once the warm-up is over."""

        def watched(batch: Any) -> dict[str, Any]:
            made = collate(batch)
            self.pending = (*sizes(batch), made["input_ids"].numel())
            return made

        return watched

    def callback(self) -> Any:
        """Starts and stops the measurement at step boundaries."""
        from transformers import TrainerCallback

        clock = self

        class Measure(TrainerCallback):
            def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                clock.step = clock.pending
                if state.global_step == WARM_UP:
                    clock.started = (time.perf_counter(), time.process_time())

            def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
                if state.global_step <= WARM_UP:
                    return
                clock.samples += clock.step[0]
                clock.tokens += clock.step[1]
                clock.positions += clock.step[2]
                clock.stopped = (time.perf_counter(), time.process_time())
                control.should_training_stop = clock.stopped[0] - clock.started[0] > clock._seconds

        return Measure()


def padded(model: Any, tokenizer: Any, split: Any, config: Config, folder: str, clock: Clock | None) -> Any:
    """The Trainer with padded batches and the model's own loss; as many samples a step as our rows hold on average."""
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    from utils.model_io import cpu_has_bf16

    per_row = config.training.max_length / (sum(split.lengths) / len(split.lengths))
    arguments = TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=max(1, round(per_row * config.training.batch_size)),
        learning_rate=config.training.learning_rate,
        num_train_epochs=1000,
        bf16=config.model.device == "cuda" or cpu_has_bf16(),
        use_cpu=config.model.device == "cpu",
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
    )
    rows = [{"input_ids": sample.input_ids, "labels": sample.labels} for sample in split.samples]
    collate = DataCollatorForSeq2Seq(tokenizer, padding="longest")
    sizes = lambda batch: (len(batch), sum(len(row["input_ids"]) for row in batch))  # noqa: E731
    return Trainer(model=model, args=arguments, train_dataset=rows, data_collator=_watched(clock, collate, sizes))


def ours(model: Any, tokenizer: Any, split: Any, config: Config, folder: str, clock: Clock | None) -> Any:
    """The trainer of step 03."""
    from utils.training.arguments import autocast_dtype, training_arguments
    from utils.training.distributed import world
    from utils.training.kernels import speed_up
    from utils.training.packing import PackedCollator, PackedRows, pack
    from utils.training.trainer import AnswerTrainer

    rows = pack(split.lengths, config.training.max_length, config.seed)
    arguments = training_arguments(config, Path(folder), world(), steps=1000)
    arguments.num_train_epochs = 1000
    collate = PackedCollator(tokenizer.pad_token_id, speed_up(model, config, zero_3=False).flat)
    sizes = lambda batch: (sum(map(len, batch)), sum(len(s.input_ids) for row in batch for s in row))  # noqa: E731
    return AnswerTrainer(
        model=model,
        args=arguments,
        train_dataset=PackedRows(split.samples, rows),
        data_collator=_watched(clock, collate, sizes),
        processing_class=tokenizer,
        run="benchmark",
        autocast=autocast_dtype(config),
        held_out={},
    )


def trl(model: Any, tokenizer: Any, split: Any, config: Config, folder: str, clock: Clock | None) -> Any:
    """TRL's SFTTrainer with packing and its loss without full logits, on our ids and labels."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from utils.chat_format import IGNORE_INDEX
    from utils.training.arguments import autocast_dtype

    train = config.training
    arguments = SFTConfig(
        output_dir=folder,
        packing=True,
        max_length=train.max_length,
        completion_only_loss=True,
        per_device_train_batch_size=train.batch_size,
        gradient_checkpointing=train.gradient_checkpointing is True,
        learning_rate=train.learning_rate,
        num_train_epochs=1000,
        bf16=config.model.device == "cuda" or autocast_dtype(config) is not None,
        use_cpu=config.model.device == "cpu",
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        seed=config.seed,
    )
    rows = {
        "input_ids": [sample.input_ids for sample in split.samples],
        "completion_mask": [[int(label != IGNORE_INDEX) for label in sample.labels] for sample in split.samples],
    }
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=Dataset.from_dict(rows), processing_class=tokenizer)
    sizes = lambda batch: (  # noqa: E731
        sum(len(row["seq_lengths"]) for row in batch),
        sum(len(row["input_ids"]) for row in batch),
    )
    trainer.data_collator = _watched(clock, trainer.data_collator, sizes)
    return trainer


def _watched(clock: Clock | None, collate: Any, sizes: Any) -> Any:
    return collate if clock is None else clock.watch(collate, sizes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=ROOT / "config" / "demo.yaml")
    parser.add_argument("--seconds", type=float, default=60.0, help="measured time of each turn")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trl", action="store_true", help="measure TRL's SFTTrainer, too")
    parser.add_argument("--way", choices=["padded", "trl", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("overrides", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    main()
