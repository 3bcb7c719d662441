"""Step 01 as a function: a folder in, its analysis and its elements out; equal folders give equal results."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from utils.analysis.architecture import architecture
from utils.analysis.cache import Memory, analyser_version, fact_key
from utils.analysis.linking import Linked, Solved, Source, place, solve
from utils.analysis.outline import Outline
from utils.analysis.packing import DECODER, GIST, Head, complete
from utils.analysis.patterns import find_patterns
from utils.analysis.project import read_project
from utils.analysis.resolution.solution import Solution
from utils.analysis.sources import decode
from utils.analysis.statistics import count
from utils.analysis.survey import Survey, survey
from utils.analysis.workers import Task, analyze_all, collection_paused
from utils.console import progress
from utils.records import ANALYSIS_SCHEMA, Analysis, CodeElement, Project, Provenance, Skipped, SourceFile

HEAD, SUMMARY, BLOCK = ".head", ".summary", ".block"  # the parts of a file's facts: see `Packed`
ELEMENT = msgspec.json.Decoder(CodeElement)


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
    into = io.BytesIO()
    found = survey(root, name, languages, exclude, max_file_bytes)
    analysis = analyze_survey(found, provenance, into, workers, cache)
    return analysis, [ELEMENT.decode(line) for line in into.getvalue().splitlines()]


def analyze_survey(
    found: Survey, provenance: Provenance, into: BinaryIO, workers: int | None = None, cache: Path | None = None
) -> Analysis:
    """The same, of files already read. The elements are written to `into`, one JSON object a line."""
    version = analyser_version()
    memory = Memory(cache)
    with collection_paused():
        keys = _facts(found, workers, memory, version)
        linked, heads = _linked(found, keys, memory, version)
        for path, head in heads.items():
            if head.outlines:
                block = keys[path] + BLOCK
                into.write(complete(memory.read([block])[block], head.open, linked.overrides))
        memory.keep()
        return _combine(found, provenance, heads, linked)


def _combine(found: Survey, provenance: Provenance, heads: dict[str, Head], linked: Linked) -> Analysis:
    readable = {path: head for path, head in heads.items() if head.skipped is None}
    skipped = [Skipped(path, why) for path, head in heads.items() if (why := head.skipped or head.partly)]
    elements: list[Outline] = []
    for path, head in readable.items():
        for element in head.outlines:
            element.path, element.module = path, found.modules[path]
        elements += head.outlines
    files = [
        SourceFile(path, found.languages[path], found.modules.get(path), head.lines, found.sha256[path])
        for path, head in readable.items()
    ]
    documents = [head.document for head in readable.values() if head.document]
    notes = [head.notes for head in readable.values() if head.notes]
    project = _project(found, files, linked)
    return Analysis(
        schema=ANALYSIS_SCHEMA,
        provenance=provenance,
        project=project,
        statistics=count(files, elements),
        files=files,
        documents=documents,
        call_graph=linked.call_graph,
        imports=linked.imports,
        inheritance=linked.inheritance,
        patterns=find_patterns(
            elements,
            notes,
            documents,
            project.entry_points,
            linked.call_sites,
            linked.inheritance,
            lambda path: decode(found.data[path], "python"),
        ),
        skipped=sorted([*found.skipped, *skipped], key=lambda item: item.path),
        call_sites=linked.call_sites,
    )


def _project(found: Survey, files: list[SourceFile], linked: Linked) -> Project:
    project = read_project(found.name, found.project_texts, found.paths)
    project.languages = sorted({file.language for file in files} - {"markdown"})
    project.modules = sorted(file.module for file in files if file.module)
    project.architecture = architecture(project.modules, linked.imports)
    return project


def _facts(found: Survey, workers: int | None, memory: Memory, version: str) -> dict[str, str]:
    """{path: the key of its facts}, by path; analysed only where either file or analyser is not known."""
    submodules = found.submodules()
    keys = {
        path: fact_key(version, path, found.modules.get(path), submodules.get(path, ()), sha256)
        for path, sha256 in found.sha256.items()
    }
    known = memory.read(key + HEAD for key in keys.values())
    memory.retain(key + part for key in keys.values() for part in (SUMMARY, BLOCK))
    tasks = [
        Task(key, found.data[path], path, found.modules.get(path), submodules.get(path, ()))
        for path, key in keys.items()
        if key + HEAD not in known
    ]
    for key, packed in progress(analyze_all(tasks, workers), "analyze", total=len(tasks), unit="file"):
        for part, data in zip((HEAD, SUMMARY, BLOCK), packed, strict=True):
            memory.learn(key + part, data)
    return keys


def _linked(found: Survey, keys: dict[str, str], memory: Memory, version: str) -> tuple[Linked, dict[str, Head]]:
    """What holds between the files, and their heads.

    It is known already where no summary has changed (other texts than code may have). The heads are decoded after it
    is solved, for that takes much memory of its own.
    """
    encoded = memory.read(key + HEAD for key in keys.values())
    digests = {path: gist.digest for path, key in keys.items() if (gist := GIST.decode(encoded[key + HEAD])).digest}
    whole = hashlib.sha256(version.encode())
    for path, digest in digests.items():
        whole.update(f"\0{found.modules[path]}\0{path}\0".encode() + digest)
    known = memory.read([whole.hexdigest()])
    solution = hashlib.sha256(f"solution {version}".encode()).hexdigest()
    if known:
        solved = msgspec.msgpack.decode(known[whole.hexdigest()], type=Solved)
        if kept := Solution.find(memory, solution):
            kept.retain()
    else:
        summaries = [(path, digest, keys[path] + SUMMARY) for path, digest in digests.items()]
        sources = [Source(found.modules[path], path, digest, key, partial(_read, memory, key))
                   for path, digest, key in summaries]  # fmt: skip
        solved = solve(sources, memory, solution)
        memory.learn(whole.hexdigest(), msgspec.msgpack.encode(solved))
    heads = {path: DECODER.decode(encoded.pop(key + HEAD)) for path, key in keys.items()}
    return place(solved, {path: heads[path].call_lines for path in digests}), heads


def _read(memory: Memory, key: str) -> memoryview:
    return memoryview(memory.read([key])[key])
