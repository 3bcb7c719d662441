"""Step 01 as a function: a folder in, its analysis and its elements out; equal folders give equal results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.analysis.architecture import architecture
from utils.analysis.cache import FactCache, analyser_version, fact_key
from utils.analysis.file_analysis import DECODER, FileFacts
from utils.analysis.linking import Linked, link
from utils.analysis.patterns import find_patterns
from utils.analysis.project import read_project
from utils.analysis.source_text import SourceText
from utils.analysis.sources import decode
from utils.analysis.statistics import count
from utils.analysis.survey import Survey, survey
from utils.analysis.workers import Task, analyze_all
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
    facts = _facts(found, workers, cache)
    readable = {path: fact for path, fact in facts.items() if fact.skipped is None}
    skipped = [Skipped(path, fact.skipped) for path, fact in facts.items() if fact.skipped is not None]
    elements: list[CodeElement] = []
    for path, fact in readable.items():
        attach_code(fact.elements, found.data[path])
        elements += fact.elements
    linked = link([fact.summary for fact in readable.values() if fact.summary])
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


def _facts(found: Survey, workers: int | None, cache: Path | None) -> dict[str, FileFacts]:
    """{path: its facts} in the order of paths; from the cache where neither file nor analyser has changed."""
    version = analyser_version()
    keys = {path: fact_key(version, path, found.modules.get(path), sha256) for path, sha256 in found.sha256.items()}
    store = FactCache(cache) if cache else None
    known = store.read(keys.values()) if store else {}
    tasks = [
        Task(key, found.data[path], path, found.modules.get(path)) for path, key in keys.items() if key not in known
    ]
    new: dict[str, bytes] = {}
    for key, facts in progress(analyze_all(tasks, workers), "analyze", total=len(tasks), unit="file"):
        new[key] = facts
    if store:
        store.write(new, keys.values())
        store.close()
    return {path: DECODER.decode(new.get(key) or known[key]) for path, key in keys.items()}


def attach_code(elements: list[CodeElement], data: bytes) -> None:
    """Fill in each element's source text; the facts of a file leave it out to be small."""
    if elements:
        source = SourceText(decode(data, "python"))
        for element in elements:
            element.code = source.span(element.start_line, element.end_line)
