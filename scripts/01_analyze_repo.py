"""Step 01: read a repository and write down every definition in it, how they relate, and where they stand.

    python scripts/01_analyze_repo.py
    python scripts/01_analyze_repo.py --config config/demo.yaml repository.url=../my-project repository.name=my-project

Reads the repository that config.yaml names (cloned into repos/ if it is an address or a revision is set).
Writes data/<repo>/analysis/: analysis.json, elements.jsonl, manifest.json. Nothing of the repository is executed.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import Stage, run, stage_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Analyse the configured repository; returns the exit code."""
    arguments = stage_parser(__doc__ or "").parse_args(argv)
    config = load_config(arguments.config, arguments.overrides)

    import msgspec

    from utils.analysis.cache import analyser_version
    from utils.analysis.pipeline import analyze_survey
    from utils.analysis.repository import obtain
    from utils.analysis.survey import survey
    from utils.artifacts import ArtifactWriter, is_current
    from utils.records import ANALYSIS_SCHEMA

    stage = Stage("01 analyze", config.repository.url, config.analysis_dir)
    following = config.command("02_generate_data")
    root, provenance = obtain(config)
    repository, limits = config.repository, config.analysis
    found = survey(root, config.repo_name, repository.languages, repository.exclude, limits.max_file_bytes)

    settings = {"repository": repository.model_dump(), "max_file_bytes": limits.max_file_bytes}
    inputs = {"files": found.digest(), "commit": provenance.commit or "", "dirty": str(provenance.dirty)}
    inputs["analyser"] = analyser_version()
    if not arguments.force and is_current(config.analysis_dir, ANALYSIS_SCHEMA, settings, inputs):
        return stage.unchanged(following)

    with ArtifactWriter(config.analysis_dir, ANALYSIS_SCHEMA, settings, inputs) as writer:
        with (writer.path / "elements.jsonl").open("wb") as elements:
            analysis = analyze_survey(found, provenance, elements, limits.workers, config.data_dir / "cache")
        (writer.path / "analysis.json").write_bytes(msgspec.json.format(msgspec.json.encode(analysis), indent=1))
        counts = {
            "files": len(analysis.files),
            "elements": sum(analysis.statistics.elements_by_kind.values()),
            "resolved calls": sum(map(len, analysis.call_graph.values())),
            "skipped": len(analysis.skipped),
        }
        writer.commit(counts, stage.seconds, packages=["griffelib", "markdown-it-py", "msgspec"])
    for skipped in analysis.skipped[:5]:
        stage.say(f"  skipped {skipped.path}: {skipped.reason}")
    return stage.done(counts, following)


if __name__ == "__main__":
    gc.disable()  # one short run that keeps most of what it makes: the collector would search it for nothing
    run(main)
