"""Answers per second: our refilled batches against one `generate` call per question, and against fixed batches.

    python benchmarks/evaluation.py --config config/demo.yaml
    python benchmarks/evaluation.py --config config/demo.yaml --questions 400 --model output/repo-tuner/merged

Reads 02's test set and a model (default: the configuration's base). Every way answers the same questions greedily with
the same limit, after one warm-up question; answers that differ from the one-by-one ones are counted. Goal: at least
6 times the answers per second of one call per question, on a CPU.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import EXIT_DONE, ROOT, run


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=ROOT / "config" / "demo.yaml", metavar="PATH")
    parser.add_argument("--model", type=Path, help="the model's folder (default: the configuration's base)")
    parser.add_argument("--questions", type=int, default=200, help="how many, drawn from the test set")
    parser.add_argument("overrides", nargs="*", metavar="section.key=value")
    options = parser.parse_args(argv)
    config = load_config(options.config, options.overrides)

    import torch

    from utils.chat_format import stop_ids
    from utils.evaluation.decoding import decode, decode_in_fixed_batches
    from utils.evaluation.questions import limited, read_test_set
    from utils.evaluation.transformers_backend import TransformersAnswerer

    questions = limited(read_test_set(config.dataset_dir / "test.jsonl"), options.questions, config.seed)
    answerer = TransformersAnswerer(config, options.model, None, "benchmark")
    prompts = [answerer.prompt_ids(question.messages) for question in questions]
    model, stop, limit = answerer.model, stop_ids(answerer.tokenizer), config.evaluation.max_new_tokens
    size = config.evaluation.batch_size
    ways: dict[str, Any] = {
        "one generate call per question": lambda rows: decode_in_fixed_batches(model, rows, stop, limit, 1),
        f"generate, fixed batches of {size}": lambda rows: decode_in_fixed_batches(model, rows, stop, limit, size),
        f"ours, refilled batches of {size}": lambda rows: decode(model, rows, stop, limit, size),
    }
    print(f"{len(prompts)} questions, at most {limit} new tokens, {torch.get_num_threads()} threads, {model.device}")
    first: list[list[int]] | None = None
    for name, way in ways.items():
        in_order(way(prompts[:1]))
        started = time.perf_counter()
        answers = in_order(way(prompts))
        seconds = time.perf_counter() - started
        if first is None:
            first, slowest = answers, seconds
        tokens = sum(len(ids) for ids in answers)
        different = sum(mine != theirs for mine, theirs in zip(answers, first, strict=True))
        print(
            f"{name:<34} {seconds:7.1f} s  {len(answers) / seconds:7.1f} answers/s  {tokens / seconds:8.0f} tokens/s  "
            f"{slowest / seconds:5.1f} x  {different} different"
        )
    return EXIT_DONE


def in_order(answers: Iterable[tuple[int, Any]]) -> list[list[int]]:
    """The token ids of the answers, in the order of the questions."""
    return [item.ids for _, item in sorted(answers, key=lambda pair: pair[0])]


if __name__ == "__main__":
    run(main)
