"""Step 01 as a function: a folder in, its analysis and its elements out; equal folders give equal results.

What is found out is kept where it follows from little: each file's facts by its content (`packing`), what it
contributes to the patterns by those and by what other files answered (`patterns.findings`), and whatever follows from
many files by a hash of all that it follows from (`Memory.know`). A run with a cache gives the bytes of a run without.

The cache folder (step 01's is data/<repo>/cache/) holds `facts.sqlite`: all of this, and the solved call graph, of
which an edit solves only a part anew (`resolution.solution`). Beside it are `files.index`, the hash of every file by
size and times, so that an untouched one is not read (`file_index`), and `lock`, which one run at a time holds.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import msgspec

from utils.analysis.architecture import architecture
from utils.analysis.cache import Memory, analyser_version, exclusive
from utils.analysis.class_forms import linked_forms
from utils.analysis.facts import SUMMARY, Facts, Sink
from utils.analysis.import_roots import roots_of
from utils.analysis.linking import Linked, Solved, Source, place, solve
from utils.analysis.patterns import Repository, find_patterns
from utils.analysis.patterns.source import Contents, File
from utils.analysis.resolution.solution import Solution
from utils.analysis.sources import decode
from utils.analysis.statistics import count
from utils.analysis.survey import Survey, survey
from utils.analysis.workers import collection_paused
from utils.cores import cores
from utils.records import (
    ANALYSIS_SCHEMA,
    Analysis,
    CodeElement,
    EntryPoint,
    Project,
    Provenance,
    Skipped,
    SourceFile,
)


class EncodedAnalysis(Analysis):
    """An `Analysis` of which much is JSON already: what is known need not be decoded to be written."""

    project: msgspec.Raw  # type: ignore[assignment]
    documents: msgspec.Raw  # type: ignore[assignment]
    patterns: msgspec.Raw  # type: ignore[assignment]
    call_sites: msgspec.Raw  # type: ignore[assignment]


class Stated(msgspec.Struct, array_like=True):
    """An encoded `Project` without languages, modules and architecture; its entry points also decoded."""

    project: msgspec.Raw
    entry_points: list[EntryPoint]


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
    per core) and `cache` the folder that keeps what was found out between runs. Nothing of the folder is executed.
    Raises `UserError` where there is no file in `languages`, or another run uses the cache.
    """
    into = io.BytesIO()
    with exclusive(cache) if cache else nullcontext():
        found = survey(root, name, languages, exclude, max_file_bytes, cache=cache)
        encoded = msgspec.json.encode(analyze_survey(found, provenance, into, workers, cache))
    element = msgspec.json.Decoder(CodeElement)
    return msgspec.json.decode(encoded, type=Analysis), [element.decode(line) for line in into.getvalue().splitlines()]


def analyze_survey(
    found: Survey, provenance: Provenance, into: Sink, workers: int | None = None, cache: Path | None = None
) -> EncodedAnalysis:
    """The same, of files already looked at. The elements are written to `into`, one JSON object a line."""
    version = analyser_version()
    with Memory(cache) as memory, collection_paused():
        facts = Facts(found, workers, memory, version)
        linked = _linked(found, facts, memory, version, workers or cores())
        named = {each.id: each.forms for gist in facts.gists.values() for each in gist.classes}
        changes = facts.write_elements(linked.overrides, linked_forms(linked.inheritance, named), into)
        analysis = _combine(found, provenance, facts, linked, changes, memory, version)
        memory.keep()
        return analysis


def _linked(found: Survey, facts: Facts, memory: Memory, version: str, processes: int) -> Linked:
    """What holds between the files. Known already where no summary has changed (other texts than code may have)."""
    whole = hashlib.sha256(version.encode())
    gists = {path: gist for path, gist in facts.gists.items() if gist.digest}
    for path, gist in gists.items():
        whole.update(f"\0{found.modules[path]}\0{path}\0".encode() + gist.digest)
    whole.update("\0".join(found.local_roots).encode())
    solution = hashlib.sha256("\0".join(["solution", version, *found.local_roots]).encode()).hexdigest()
    places = [(found.modules[path], path, gist.digest, facts.keys[path] + SUMMARY) for path, gist in gists.items()]
    sources = [
        Source(*each, partial(_read, memory, each[-1]), roots_of(each[1], found.local_roots)) for each in sorted(places)
    ]
    solved = memory.recall(whole.hexdigest(), Solved)
    if solved is None:
        solved = solve(sources, memory, solution, processes)
        memory.learn(whole.hexdigest(), msgspec.msgpack.encode(solved))
    elif kept := Solution.find(memory, solution):
        kept.follow(sources, solution)
    return place(solved, {path: gist.call_lines for path, gist in gists.items()})


def _read(memory: Memory, key: str) -> memoryview:
    return memoryview(memory.read([key])[key])


def _combine(
    found: Survey,
    provenance: Provenance,
    facts: Facts,
    linked: Linked,
    changes: Mapping[str, int],
    memory: Memory,
    version: str,
) -> EncodedAnalysis:
    readable = facts.readable()
    skipped = [Skipped(path, why) for path, gist in facts.gists.items() if (why := gist.skipped or gist.partly)]
    files = [
        SourceFile(path, found.languages[path], found.modules.get(path), gist.lines, found.hashes[path])
        for path, gist in readable.items()
    ]
    project, entry_points = _project(found, files, linked, memory, version)
    parts = _parts(found, facts, linked)
    repository = Repository(version, parts, readable, linked.inheritance, entry_points)
    contents = Contents(facts.sheet, lambda path: decode(found.data(path), "python"), facts.document)
    return EncodedAnalysis(
        schema=ANALYSIS_SCHEMA,
        provenance=provenance,
        project=project,
        statistics=count(zip(files, readable.values(), strict=True), changes),
        files=files,
        documents=_array(facts.encoded_documents()),
        call_graph=linked.call_graph,
        imports=linked.imports,
        inheritance=linked.inheritance,
        patterns=msgspec.Raw(find_patterns(repository, contents, memory)),
        excluded=found.excluded,
        skipped=sorted([*found.skipped, *skipped], key=lambda item: item.path),
        call_sites=_array(part.encoded_sites for part in parts),
    )


def _parts(found: Survey, facts: Facts, linked: Linked) -> list[File]:
    """Each file with what is linked in it."""
    sites = {path: list(group) for path, group in groupby(linked.call_sites, attrgetter("path"))}
    parts = []
    for path, gist in facts.readable().items():
        own = [each.id for each in gist.classes if each.id in linked.inheritance]
        bases = {each: linked.inheritance[each] for each in own}
        encoded = msgspec.json.encode(bases), msgspec.json.encode(sites.get(path, []))[1:-1]
        parts.append(File(path, found.modules.get(path), facts.keys[path], bases, sites.get(path, []), *encoded))
    return parts


def _array(parts: Iterable[bytes]) -> msgspec.Raw:
    """A JSON array of what each part has, with commas between."""
    return msgspec.Raw(b"[" + b",".join(part for part in parts if part) + b"]")


def _project(
    found: Survey, files: Sequence[SourceFile], linked: Linked, memory: Memory, version: str
) -> tuple[msgspec.Raw, list[EntryPoint]]:
    """(the project as JSON, its entry points).

    What the repository says of itself follows from its paths and a few texts; the rest from its modules and imports.
    """

    def read() -> Stated:
        from utils.analysis.project import read_project

        project = read_project(found.name, found.texts(found.project), found.paths, mains)
        return Stated(msgspec.Raw(msgspec.msgpack.encode(project)), project.entry_points)

    def complete() -> bytes:
        project = msgspec.msgpack.decode(stated.project, type=Project)
        project.languages, project.modules = languages, modules
        project.architecture = architecture(modules, linked.imports, packages)
        return msgspec.json.encode(project)

    mains = {path: module for path, module in found.modules.items() if path.endswith("__main__.py")}
    texts = ("project", version, found.name, *found.paths, "", *found.project, *found.project.values())
    texts = (*texts, "", *mains, *mains.values())
    stated = memory.know(_digest(texts), Stated, read)
    languages = sorted({file.language for file in files} - {"markdown"})
    modules = sorted(file.module for file in files if file.module)
    packages = sorted(file.module for file in files if file.module and os.path.basename(file.path) == "__init__.py")
    imports = msgspec.json.encode(linked.imports).decode()
    encoded = memory.know(
        _digest(("complete", *texts, *languages, "", *modules, "", *packages, imports)), bytes, complete
    )
    return msgspec.Raw(encoded), stated.entry_points


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
