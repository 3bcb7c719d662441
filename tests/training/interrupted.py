"""Step 03 with something added at the moment that MOMENT names, mostly a SIGKILL of its whole process group."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))


def die(*ignored: Any, **named: Any) -> None:
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    import torch

    from utils.training import pipeline, trainer

    save, mark, step_of = torch.save, trainer.mark_complete, trainer.AnswerTrainer.training_step

    def half_a_shard(state: Any, target: Any, *more: Any, **named: Any) -> None:
        if "checkpoint-4" in str(target) and os.environ.get("RANK") == "1":
            Path(target).write_bytes(b"half")
            die()
        save(state, target, *more, **named)

    def unmarked(folder: Path, run: str, world_size: int, step: int) -> None:
        if step == 6:
            die()
        mark(folder, run, world_size, step)

    def no_memory(*arguments: Any, **named: Any) -> Any:
        if os.environ.get("RANK") == "1":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return step_of(*arguments, **named)

    load = pipeline.load_model

    def sharded(*arguments: Any, **named: Any) -> Any:
        model = load(*arguments, **named)
        print(f"sharded while it loaded: {all(not weights.numel() for weights in model.parameters())}")
        return model

    if os.environ["MOMENT"] == "half a shard of checkpoint 4":
        torch.save = half_a_shard
    elif os.environ["MOMENT"] == "checkpoint 6 unmarked":
        trainer.mark_complete = unmarked
    elif os.environ["MOMENT"] == "before the adapter is written":
        pipeline.write_outcome = die
    elif os.environ["MOMENT"] == "no memory on one rank":  # not a kill, but as sudden
        trainer.AnswerTrainer.training_step = no_memory
    elif os.environ["MOMENT"] == "after the base is loaded":  # only looks
        pipeline.load_model = sharded
    else:
        raise ValueError(os.environ["MOMENT"])
    runpy.run_path(str(ROOT / "scripts" / "03_train_model.py"), run_name="__main__")


if __name__ == "__main__":
    main()
