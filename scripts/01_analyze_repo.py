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

    from utils.analysis.cache import analyser_version
    from utils.analysis.repository import obtain
    from utils.analysis.survey import survey
    from utils.artifacts import ArtifactWriter, is_current
    from utils.records import ANALYSIS_SCHEMA

    stage = Stage("01 analyze", config.repository.url, config.analysis_dir)
    following = config.command("02_generate_data")
    source = obtain(config)
    provenance, cache = source.provenance, config.data_dir / "cache"
    repository, limit = config.repository, config.analysis.max_file_bytes
    chosen = (config.repo_name, repository.languages, repository.exclude, limit)
    found = survey(source.folder, *chosen, source.files, cache)

    settings = {"repository": repository.model_dump(), "max_file_bytes": limit}
    inputs = {"files": found.digest(), "commit": provenance.commit or "", "dirty": str(provenance.dirty)}
    inputs["analyser"] = analyser_version()
    if not arguments.force and is_current(config.analysis_dir, ANALYSIS_SCHEMA, settings, inputs):
        return stage.unchanged(following)

    import msgspec

    from utils.analysis.pipeline import analyze_survey

    with ArtifactWriter(config.analysis_dir, ANALYSIS_SCHEMA, settings, inputs) as writer:
        with writer.create("elements.jsonl") as elements:
            analysis = analyze_survey(found, provenance, elements, config.analysis.workers, cache)
        with writer.create("analysis.json") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(analysis), indent=1))
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
