"""Exactness of step 03's trainer against TRL's SFTTrainer, on the same base and data: what chose the core.

    pip install --target /tmp/trl --no-deps trl==1.16.0
    PYTHONPATH=/tmp/trl python benchmarks/training_core.py --config config/demo.yaml

TRL is never needed otherwise. Two questions: which tokens are trained on (TRL's two ways to say "the answer only", on
the first 500 training samples), and how far two processes differ from one that takes the same rows (the loss of each of
eight steps, float32, packed). Speed and memory are in benchmarks/training.py --trl.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.chat_format import IGNORE_INDEX, encode_sample
from utils.config_manager import Config, load_config
from utils.training.data import encode_split, read_split

SAMPLES, STEPS, ROWS = 500, 8, 4  # rows of a step, over all processes
_LOSSES = "losses:"


def main() -> None:
    """Print the two tables; with --way, run one trainer as one process of a launch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("config/demo.yaml"))
    parser.add_argument("--way", choices=["ours", "trl"], help=argparse.SUPPRESS)
    parser.add_argument("--ranks", type=int, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    config = load_config(options.config, [*options.overrides, "training.mixed_precision=false"])
    if options.way:
        _train(options.way, config, options.ranks)
        return
    print("| loss of two processes against one | largest relative difference |\n|---|---|")
    given = [str(options.config), *options.overrides]
    for way in ("ours", "trl"):
        one, two = (_launch(way, ranks, given) for ranks in (1, 2))
        print(f"| {way} | {max(abs(b - a) / a for a, b in zip(one, two, strict=True)):.1e} |")
    _compare_masks(config)


def _launch(way: str, ranks: int, given: list[str]) -> list[float]:
    launcher = [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={ranks}", "--standalone"]
    command = [*launcher, __file__, f"--way={way}", f"--ranks={ranks}", "--config", *given]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return list(json.loads(printed.rpartition(_LOSSES)[2]))


def _train(way: str, config: Config, ranks: int) -> None:
    from transformers import set_seed

    from benchmarks.training import ours, trl
    from utils.model_io import load_model, load_tokenizer, quiet_libraries, resolve_base
    from utils.training.adapter import add_adapter

    quiet_libraries()
    source = resolve_base(config.model)
    tokenizer = load_tokenizer(source, config.model)
    size = {"batch_size": ROWS // ranks, "deepspeed": None, "max_steps": STEPS}
    config = config.replaced(training=config.training.replaced(**size))
    samples = read_split(config.dataset_dir, "train")[:SAMPLES]
    split = encode_split(tokenizer, samples, config.training.max_length, "train")
    set_seed(config.seed)
    model = add_adapter(load_model(source, config.model), config, None)
    with tempfile.TemporaryDirectory() as folder:
        trainer = (ours if way == "ours" else trl)(model, tokenizer, split, config, folder, None)
        trainer.args.max_steps, trainer.args.logging_steps, trainer.args.warmup_steps = STEPS, 1, 0
        trainer.train()
        if trainer.args.process_index == 0:
            print(
                _LOSSES,
                json.dumps([entry["loss"] for entry in trainer.state.log_history if "loss" in entry]),
                flush=True,
            )


def _compare_masks(config: Config) -> None:
    from utils.model_io import load_model, load_tokenizer, resolve_base

    source = resolve_base(config.model)
    tokenizer, model = load_tokenizer(source, config.model), load_model(source, config.model)
    samples = read_split(config.dataset_dir, "train")[:SAMPLES]
    print("\n| TRL's label mask against ours | |\n|---|---|")
    talks = [[{"role": m.role, "content": m.content} for m in sample.messages] for sample in samples]
    try:
        _trl_rows({"messages": talks}, tokenizer, model, config, assistant_only_loss=True)
        print("| assistant_only_loss | accepted |")
    except ValueError as error:
        print(f"| assistant_only_loss | refused: {error} |")
    columns = {"prompt": [talk[:-1] for talk in talks], "completion": [talk[-1:] for talk in talks]}
    theirs = _trl_rows(columns, tokenizer, model, config)
    mine = [encode_sample(tokenizer, sample.messages) for sample in samples]
    pairs = list(zip(theirs, mine, strict=True))
    extra = sum(len(_scored(row["labels"])) > len(_scored(own.labels)) + 1 for row, own in pairs)
    limit = config.training.max_length
    quoted = [[{"role": "user", "content": "What ends a turn?"}], [{"role": "assistant", "content": "`<|im_end|>`"}]]
    (row,) = _trl_rows({"prompt": quoted[:1], "completion": quoted[1:]}, tokenizer, model, config)
    ends = row["input_ids"].count(tokenizer.convert_tokens_to_ids("<|im_end|>"))
    print(f"| prompt and completion: equal ids | {sum(row['input_ids'] == own.input_ids for row, own in pairs)} |")
    print(f"| equal labels | {sum(row['labels'] == own.labels for row, own in pairs)} |")
    print(f"| one token after the end of turn scored | {sum(row['labels'][:-1] == own.labels for row, own in pairs)} |")
    print(f"| more scored than that | {extra} |")
    print(f"| ends of turn in a conversation of two that quotes one more | {ends} |")
    print(f"| longer than {limit} and cut without a word | {sum(len(own.input_ids) > limit for own in mine)} |")


def _trl_rows(columns: dict[str, Any], tokenizer: Any, model: Any, config: Config, **mask: bool) -> list[Any]:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder, max_length=config.training.max_length, use_cpu=True, bf16=False, report_to="none", **mask
        )
        rows = Dataset.from_dict(columns)
        trainer = SFTTrainer(model=model, args=arguments, train_dataset=rows, processing_class=tokenizer)
        return list(trainer.train_dataset)


def _scored(labels: list[int]) -> list[int]:
    return [label for label in labels if label != IGNORE_INDEX]


if __name__ == "__main__":
    main()
