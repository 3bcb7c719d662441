"""The facts of all files of a repository: found out where file or analyser is new, read part by part from the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Protocol

import msgspec

from utils.analysis.cache import Memory, fact_key
from utils.analysis.class_forms import ClassForm
from utils.analysis.packing import Block, Gist, Sheet, changed_kinds, complete
from utils.analysis.survey import Survey
from utils.analysis.workers import ALONE, Task, analyze_all
from utils.console import progress
from utils.records import Document

SHEET, SUMMARY, BLOCK = ".sheet", ".summary", ".block"  # what the parts of `Packed` are kept under, after a file's key
AT_ONCE = 50  # blocks held in memory


class Sink(Protocol):
    """What elements are written to."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Write all of `data`."""


class Facts:
    """`keys` and `gists` are by path; the gists are kept together, for every run needs them all.

    `found` is the folder as it is, `version` the analyser's. Raises `UserError` where a file has changed meanwhile.
    """

    def __init__(self, found: Survey, workers: int | None, memory: Memory, version: str) -> None:
        self._found, self._memory = found, memory
        submodules = found.submodules()
        self.keys = {
            path: fact_key(version, path, found.modules.get(path), submodules.get(path, ()), found.hashes[path])
            for path in found.languages
        }
        memory.retain(key + part for key in self.keys.values() for part in (SHEET, SUMMARY, BLOCK))
        place = f"{version}.gists"
        known = memory.recall(place, dict[str, msgspec.Raw]) or {}
        gists = {key: known[key] for key in self.keys.values() if key in known}
        tasks = [
            Task(key, found.data(path), path, found.modules.get(path), submodules.get(path, ()))
            for path, key in self.keys.items()
            if key not in gists
        ]
        gists.update(self._find_out(tasks, workers))
        if gists.keys() != known.keys():
            memory.learn(place, msgspec.msgpack.encode(gists))
        decoder = msgspec.msgpack.Decoder(Gist)
        self.gists = {path: decoder.decode(gists[key]) for path, key in self.keys.items()}
        self._sheets: dict[str, Sheet] = {}

    def readable(self) -> dict[str, Gist]:
        """The gists of the files that have facts."""
        return {path: gist for path, gist in self.gists.items() if gist.skipped is None}

    def sheet(self, path: str) -> Sheet:
        """A Python file's outlines and notes."""
        if path not in self._sheets:
            key = self.keys[path] + SHEET
            self._sheets[path] = msgspec.msgpack.decode(self._memory.read([key])[key], type=Sheet)
        return self._sheets[path]

    def document(self, path: str) -> Document:
        """A Markdown file's document."""
        return msgspec.json.decode(next(iter(self._blocks([path]))).data, type=Document)

    def encoded_documents(self) -> list[bytes]:
        """All documents as JSON, by path."""
        paths = [path for path in self.readable() if path not in self._found.modules]
        return [bytes(block.data) for block in self._blocks(paths)]

    def write_elements(self, overrides: Mapping[str, str], forms: Mapping[str, ClassForm], into: Sink) -> Counter[str]:
        """Write all elements, by path and in source order, with the methods that they override by method id.

        Where the `forms` of classes make another kind of an element than its file could tell, it is that; returns by
        how much this changes the number of each kind.
        """
        changes: Counter[str] = Counter()
        for block in self._blocks([path for path in self.readable() if path in self._found.modules]):
            into.write(complete(block, overrides, forms))
            for _, old, new in changed_kinds(block, forms):
                changes[old] -= 1
                changes[new] += 1
        return changes

    def _find_out(self, tasks: list[Task], workers: int | None) -> Iterator[tuple[str, msgspec.Raw]]:
        results = analyze_all(tasks, workers)
        if sum(len(task.data) for task in tasks) > ALONE:  # a bar for less would be gone before it is seen
            results = iter(progress(results, "analyze", total=len(tasks), unit="file"))
        for key, packed in results:
            for part, data in ((SHEET, packed.sheet), (SUMMARY, packed.summary), (BLOCK, packed.block)):
                self._memory.learn(key + part, data)
            yield key, msgspec.Raw(packed.gist)

    def _blocks(self, paths: list[str]) -> Iterator[Block]:
        decoder, pending = msgspec.msgpack.Decoder(Block), iter(paths)
        while chunk := [self.keys[path] + BLOCK for path in islice(pending, AT_ONCE)]:
            data = self._memory.read(chunk)
            for key in chunk:
                yield decoder.decode(data[key])
                del data[key]
