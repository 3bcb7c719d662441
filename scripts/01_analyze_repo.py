"""Step 01: read a repository and write down every definition in it, how they relate, and where they stand.

    python scripts/01_analyze_repo.py
    python scripts/01_analyze_repo.py --config config/demo.yaml repository.url=../my-project repository.name=my-project

Reads the repository that config.yaml names (cloned into repos/ if it is an address or a revision is set).
Writes data/<repo>/analysis/: analysis.json, elements.jsonl, manifest.json. Nothing of the repository is executed.
Keeps in data/<repo>/cache/ what the next run need not find out again: each file's facts and the solved call graph
(facts.sqlite), and the files' sizes, times and hashes (files.index). --force begins without it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import Stage, run, stage_parser

if TYPE_CHECKING:
    from utils.analysis.repository import Source
    from utils.config_manager import Config


def main(argv: Sequence[str] | None = None) -> int:
    """Analyse the configured repository; returns the exit code."""
    arguments = stage_parser(__doc__ or "").parse_args(argv)
    config = load_config(arguments.config, arguments.overrides)

    from utils.analysis.cache import exclusive
    from utils.analysis.repository import obtain

    stage = Stage("01 analyze", config.repository.url, config.analysis_dir)
    source = obtain(config)
    with exclusive(config.data_dir / "cache", anew=arguments.force) as cache:
        return _analyze(config, source, stage, cache, arguments.force)


def _analyze(config: Config, source: Source, stage: Stage, cache: Path, force: bool) -> int:
    from utils.analysis.cache import analyser_version
    from utils.analysis.discovery import not_analysed
    from utils.analysis.survey import survey
    from utils.artifacts import ArtifactWriter, is_current
    from utils.records import ANALYSIS_SCHEMA

    following = config.command("02_generate_data")
    repository, limit = config.repository, config.analysis.max_file_bytes
    chosen = (config.repo_name, repository.languages, repository.exclude, limit)
    found = survey(source.folder, *chosen, source.files, cache)

    settings = {"repository": repository.as_data(), "max_file_bytes": limit}
    inputs = {"files": found.digest(), "commit": source.provenance.commit or "", "dirty": str(source.provenance.dirty)}
    inputs["analyser"] = analyser_version()
    if not force and is_current(config.analysis_dir, ANALYSIS_SCHEMA, settings, inputs):
        return stage.unchanged(following)

    import msgspec

    from utils.analysis.pipeline import analyze_survey
    from utils.analysis.sources import NOT_THIS_PYTHON, RUNNING

    with ArtifactWriter(config.analysis_dir, ANALYSIS_SCHEMA, settings, inputs) as writer:
        with writer.create("elements.jsonl") as elements:
            analysis = analyze_survey(found, source.provenance, elements, config.analysis.workers, cache)
        with writer.create("analysis.json") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(analysis), indent=1))
        counts = {
            "files": len(analysis.files),
            "elements": sum(analysis.statistics.elements_by_kind.values()),
            "resolved calls": sum(map(len, analysis.call_graph.values())),
            "skipped": len(analysis.skipped),
        }
        writer.commit(counts, stage.seconds, packages=["griffelib", "markdown-it-py", "msgspec"])
    if others := not_analysed(found.paths):
        stage.say(f"  not read, so nothing will be asked about them: {others}")
    for skipped in analysis.skipped[:5]:
        stage.say(f"  skipped {skipped.path}: {skipped.reason}")
    if unparsed := sum(skipped.reason.startswith(NOT_THIS_PYTHON) for skipped in analysis.skipped):
        files = "1 file is" if unparsed == 1 else f"{unparsed:,} files are"
        stage.say(f"  {files} no valid {RUNNING}; to read what is written for a newer one, run this step with that")
    return stage.done(counts, following)


if __name__ == "__main__":
    gc.disable()  # one short run that keeps most of what it makes: the collector would search it for nothing
    run(main)
