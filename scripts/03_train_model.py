"""Step 03: teach the base model the samples of step 02, as a LoRA adapter.

    deepspeed --num_gpus=2 scripts/03_train_model.py
    python scripts/03_train_model.py                                                          one device, no launcher
    deepspeed --num_gpus=2 scripts/03_train_model.py --config config/demo.yaml                two CPU processes

Reads data/<repo>/dataset and the base model, writes output/<repo>/adapter. Interrupted, it goes on from its last whole
checkpoint in output/<repo>/checkpoints when the same command is run again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.artifacts import is_current
from utils.config_manager import load_config
from utils.console import Stage, UserError, is_main_process, run, stage_parser
from utils.records import ADAPTER_SCHEMA

PATIENCE = 10  # seconds that rank 0 has to say what every rank has found; the launcher then ends the others


def main(argv: Sequence[str] | None = None) -> int:
    """Train, unless an adapter of the same settings and inputs is there already."""
    parser = stage_parser(__doc__ or "")
    parser.add_argument("--local_rank", type=int, default=-1, help=argparse.SUPPRESS)  # the launcher passes it
    try:
        return _train(parser.parse_args(argv))
    except (UserError, OSError):
        if not is_main_process():
            time.sleep(PATIENCE)
        raise


def _train(options: argparse.Namespace) -> int:
    config = load_config(options.config, options.overrides)
    stage = Stage("03 train", config.dataset_dir, config.adapter_dir)
    from utils.model_io import require_device

    require_device(config.model)
    from utils.training.job import prepare
    from utils.training.pipeline import train

    job = prepare(config)
    following = config.command("04_merge_weights")
    if not options.force and is_current(config.adapter_dir, ADAPTER_SCHEMA, job.settings, job.inputs):
        return stage.unchanged(following)
    return stage.done(train(job, stage, options.force), following)


if __name__ == "__main__":
    run(main)
