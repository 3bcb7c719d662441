"""Step 02: word the facts of the analysis as questions and answers, prove every claim, and split them.

    python scripts/02_generate_data.py
    python scripts/02_generate_data.py --config config/demo.yaml generation.languages=[en]
    python scripts/02_generate_data.py --verify-only

Reads data/<repo>/analysis/ (01), the checkout it was made from, and config/templates/<language>.yaml.
Writes data/<repo>/dataset/: train.jsonl, val.jsonl, test.jsonl, metadata.json, README.md (the card), manifest.json.
`--verify-only` writes nothing: it proves an existing dataset again and names what the checkout no longer supports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import Stage, run, stage_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Generate the configured repository's dataset; returns the exit code."""
    parser = stage_parser(__doc__ or "")
    parser.add_argument("--verify-only", action="store_true", help="prove an existing dataset again, write nothing")
    arguments = parser.parse_args(argv)
    config = load_config(arguments.config, arguments.overrides)

    from utils.artifacts import ArtifactWriter, is_current, open_artifact
    from utils.generation.card import Dataset, write_card
    from utils.generation.inputs import check_checkout, read_analysis, verify_dataset, wording_files
    from utils.generation.pipeline import generate
    from utils.records import ANALYSIS_SCHEMA, DATASET_SCHEMA

    own, before = config.command("02_generate_data"), config.command("01_analyze_repo")
    if arguments.verify_only:
        open_artifact(config.dataset_dir, DATASET_SCHEMA, own)
        stage = Stage("02 verify", config.dataset_dir, config.checkout_dir)
        return stage.done(verify_dataset(config.dataset_dir, config.checkout_dir, config.repo_name, before))

    stage = Stage("02 generate", config.analysis_dir, config.dataset_dir)
    following = config.command("03_train_model", "deepspeed --num_gpus=2")
    manifest = open_artifact(config.analysis_dir, ANALYSIS_SCHEMA, before)
    settings = {"repository": config.repo_name, **config.generation.as_data()}
    inputs = {"analysis": manifest.digest(), "seed": str(config.seed), **wording_files(config.generation)}
    if not arguments.force and is_current(config.dataset_dir, DATASET_SCHEMA, settings, inputs):
        return stage.unchanged(following)

    analysis, elements = read_analysis(config.analysis_dir)
    check_checkout(config.checkout_dir, analysis, before)
    with ArtifactWriter(config.dataset_dir, DATASET_SCHEMA, settings, inputs, config.seed) as writer:
        report = generate(
            config.checkout_dir, analysis, elements, config.generation, config.repo_name, config.seed, writer.path
        )
        project = analysis.project
        made = (project.license, project.license_path, report.counts, report.drops, config.seed)
        write_card(writer.path, Dataset(config.repo_name, analysis.provenance, *made))
        notes = {"coverage": report.coverage, "secrets": report.secrets, "failed_proofs": report.examples}
        writer.commit(report.counts, stage.seconds, report.drops, notes=notes, packages=["msgspec", "pyyaml"])
    stage.say(f"  by task: {', '.join(f'{task} {count:,}' for task, count in report.counts['by_task'].items())}")
    stage.say(f"  by probe: {', '.join(f'{probe} {count:,}' for probe, count in report.counts['by_probe'].items())}")
    for line in report.remarks():
        stage.say(f"  {line}")
    return stage.done({f"{split} samples": count for split, count in report.counts["by_split"].items()}, following)


if __name__ == "__main__":
    run(main)
