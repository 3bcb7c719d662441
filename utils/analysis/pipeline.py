"""Step 01 as a function: a folder in, its analysis and its elements out; equal folders give equal results."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from utils.analysis.architecture import architecture
from utils.analysis.cache import Memory, analyser_version, fact_key
from utils.analysis.file_analysis import DECODER, LINKABLE
from utils.analysis.linking import Linked, Solved, place, solve
from utils.analysis.patterns import find_patterns
from utils.analysis.project import read_project
from utils.analysis.source_text import SourceText
from utils.analysis.sources import decode
from utils.analysis.statistics import count
from utils.analysis.survey import Survey, survey
from utils.analysis.workers import Task, analyze_all, collection_paused
from utils.console import progress
from utils.records import ANALYSIS_SCHEMA, Analysis, CodeElement, Project, Provenance, Skipped, SourceFile


def analyze(
    root: Path,
    name: str,
    provenance: Provenance,
    *,
    languages: Sequence[str] = ("python",),
    exclude: Sequence[str] = (),
    max_file_bytes: int = 2_000_000,
    workers: int | None = None,
    cache: Path | None = None,
) -> tuple[Analysis, list[CodeElement]]:
    """Everything that step 01 finds out about the folder `root`.

    `name` is the repository's, `exclude` has gitignore-style patterns, `workers` is the number of processes (null: one
    per core) and `cache` the folder that keeps each file's facts between runs. Nothing of the folder is executed.
    Raises `UserError` where there is no file in `languages`.
    """
    return analyze_survey(survey(root, name, languages, exclude, max_file_bytes), provenance, workers, cache)


def analyze_survey(
    found: Survey, provenance: Provenance, workers: int | None = None, cache: Path | None = None
) -> tuple[Analysis, list[CodeElement]]:
    """The same, of files already read."""
    version = analyser_version()
    memory = Memory(cache)
    encoded = _facts(found, workers, memory, version)
    linked = _linked(encoded, memory, version)
    memory.keep()
    with collection_paused():
        return _combine(found, provenance, encoded, linked)


def _combine(
    found: Survey, provenance: Provenance, encoded: dict[str, bytes], linked: Linked
) -> tuple[Analysis, list[CodeElement]]:
    facts = {path: DECODER.decode(data) for path, data in encoded.items()}
    readable = {path: fact for path, fact in facts.items() if fact.skipped is None}
    skipped = [Skipped(path, why) for path, fact in facts.items() if (why := fact.skipped or fact.partly)]
    elements: list[CodeElement] = []
    for path, fact in readable.items():
        attach_code(fact.elements, found.data[path])
        elements += fact.elements
    for element in elements:
        element.overrides = linked.overrides.get(element.id)

    files = [
        SourceFile(path, found.languages[path], found.modules.get(path), fact.lines, found.sha256[path])
        for path, fact in readable.items()
    ]
    documents = [fact.document for fact in readable.values() if fact.document]
    notes = [fact.notes for fact in readable.values() if fact.notes]
    project = _project(found, files, linked)
    analysis = Analysis(
        schema=ANALYSIS_SCHEMA,
        provenance=provenance,
        project=project,
        statistics=count(files, elements),
        files=files,
        documents=documents,
        call_graph=linked.call_graph,
        imports=linked.imports,
        inheritance=linked.inheritance,
        patterns=find_patterns(elements, notes, documents, project.entry_points, linked.call_sites, linked.inheritance),
        skipped=sorted([*found.skipped, *skipped], key=lambda item: item.path),
        call_sites=linked.call_sites,
    )
    return analysis, elements


def _project(found: Survey, files: list[SourceFile], linked: Linked) -> Project:
    project = read_project(found.name, found.project_texts, found.paths)
    project.languages = sorted({file.language for file in files} - {"markdown"})
    project.modules = sorted(file.module for file in files if file.module)
    project.architecture = architecture(project.modules, linked.imports)
    return project


def _facts(found: Survey, workers: int | None, memory: Memory, version: str) -> dict[str, bytes]:
    """{path: its encoded `FileFacts`}, by path; analysed only where neither file nor analyser is known."""
    submodules = found.submodules()
    keys = {
        path: fact_key(version, path, found.modules.get(path), submodules.get(path, ()), sha256)
        for path, sha256 in found.sha256.items()
    }
    known = memory.read(keys.values())
    tasks = [
        Task(key, found.data[path], path, found.modules.get(path), submodules.get(path, ()))
        for path, key in keys.items()
        if key not in known
    ]
    for key, facts in progress(analyze_all(tasks, workers), "analyze", total=len(tasks), unit="file"):
        memory.learn(key, facts)
        known[key] = facts
    return {path: known[key] for path, key in keys.items()}


def _linked(encoded: dict[str, bytes], memory: Memory, version: str) -> Linked:
    """What holds between the files. It is known already where no summary has changed (other texts than code may have).

    Runs before the elements are decoded, for it takes much memory of its own.
    """
    summaries = [summary for data in encoded.values() if (summary := LINKABLE.decode(data).summary)]
    digest = hashlib.sha256(version.encode())
    for summary in summaries:
        digest.update(f"\0{summary.module}\0{summary.path}\0{len(summary.data)}\0".encode() + summary.data)
    key = digest.hexdigest()
    known = memory.read([key])
    if known:
        return place(msgspec.msgpack.decode(known[key], type=Solved), summaries)
    with collection_paused():
        solved = solve(summaries)
    gc.collect()
    memory.learn(key, msgspec.msgpack.encode(solved))
    return place(solved, summaries)


def attach_code(elements: list[CodeElement], data: bytes) -> None:
    """Fill in each element's source text; the facts of a file leave it out to be small."""
    if elements:
        source = SourceText(decode(data, "python"))
        for element in elements:
            element.code = source.span(element.start_line, element.end_line)
