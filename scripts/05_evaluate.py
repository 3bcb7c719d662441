"""Step 05: ask the base model, the fine-tuned model and a retrieval baseline the same questions; grade by claims.

    python scripts/05_evaluate.py
    python scripts/05_evaluate.py --config config/demo.yaml evaluation.limit=50
    python scripts/05_evaluate.py --questions my_questions.jsonl

Reads data/<repo>/dataset/test.jsonl (or your questions), data/<repo>/analysis/, the base model, output/<repo>/merged/
(or the adapter). Writes output/<repo>/evaluation/: comparison_report_<repo>.json and .html, answers.jsonl. Your own
questions are lines of {"question": "...", "claims": [...], "reference": "..."}; claims and reference may be left out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import Stage, run, stage_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run step 05."""
    parser = stage_parser(__doc__ or "")
    parser.add_argument("--questions", type=Path, metavar="JSONL", help="ask these instead of the test set")
    options = parser.parse_args(argv)
    config = load_config(options.config, options.overrides)

    from utils.evaluation.pipeline import evaluate, prepare, show

    run_plan = prepare(config, options.questions)
    stage = Stage("05 evaluate", run_plan.source, run_plan.folder)
    following = config.command("06_chat")
    if not options.force and run_plan.is_current():
        show(run_plan, stage)
        return stage.unchanged(following)
    counts = evaluate(run_plan, stage, again=options.force)
    return stage.done(counts, following)


if __name__ == "__main__":
    run(main)
