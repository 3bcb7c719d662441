"""The baseline a user would try instead of fine-tuning: the base model with BM25-retrieved source in its prompt."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.artifacts import sha256_file
from utils.mentions import find_mentions
from utils.records import Analysis, CodeElement, Message

os.environ.setdefault("JAX_PLATFORMS", "cpu")  # bm25s starts jax where that is installed, and jax takes the whole GPU
import bm25s

CHUNK_LINES = 60
NAME_WEIGHT = (
    4  # a chunk's own name, and the names a question asks for, count this often: a strong baseline is a fair one
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+|[\u4e00-\u9fff]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
INSTRUCTION = {
    "en": "Answer the question with the help of these excerpts from the repository:",
    "zh": "请根据仓库中的以下片段回答问题：",
}


class Chunk(NamedTuple):
    """Lines `first`..`last` of the file `path`; `title` is the element or heading they belong to."""

    path: str
    first: int
    last: int
    title: str
    text: str


class Retriever:
    """BM25 (Robertson and Zaragoza 2009, by the library bm25s) over the chunks of one repository."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = list(chunks)
        self._vocabulary: dict[str, int] = {}
        corpus = [
            self._ids(f"{chunk.path} " + f"{chunk.title} " * NAME_WEIGHT + chunk.text, grow=True)
            for chunk in self.chunks
        ]
        self._index = bm25s.BM25(method="lucene")
        if self.chunks:
            self._index.index((corpus, self._vocabulary), show_progress=False)

    def search(self, question: str, count: int) -> list[Chunk]:
        """The `count` best chunks for the question, best first; equal scores keep the order of the source."""
        named = " ".join(mention.text for mention in find_mentions(question) if mention.kind in ("symbol", "path"))
        wanted = self._ids(f"{question} " + f"{named} " * NAME_WEIGHT, grow=False)
        if not wanted or not self.chunks:
            return []
        scores = self._index.get_scores_from_ids(wanted)
        best = np.argsort(-scores, kind="stable")[:count]
        return [self.chunks[index] for index in best if scores[index] > 0]

    def _ids(self, text: str, grow: bool) -> list[int]:
        if grow:
            return [self._vocabulary.setdefault(token, len(self._vocabulary)) for token in tokens(text)]
        return [self._vocabulary[token] for token in tokens(text) if token in self._vocabulary]


def tokens(text: str) -> list[str]:
    """Lower-case words; `fetchAll_rows` gives itself and fetch, all, rows; Chinese gives pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(text):
        if not word.isascii():
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
            continue
        parts = _PART.findall(word)
        found.append(word.lower())
        if len(parts) > 1:
            found += [part.lower() for part in parts]
    return found


def build_chunks(analysis: Analysis, elements: Iterable[CodeElement], documents: Mapping[str, str]) -> list[Chunk]:
    """Chunks of at most `CHUNK_LINES` lines: each definition (a class up to its first method) and each section."""
    ordered = sorted(elements, key=lambda element: (element.path, element.start_line))
    inner: dict[str, int] = {}
    for element in ordered:
        if element.parent and element.kind in ("method", "function", "property", "class"):
            inner.setdefault(element.parent, element.start_line)
    chunks = []
    for element in ordered:
        if element.kind in ("attribute", "field") or not element.code.strip():
            continue
        stop = element.end_line
        if element.kind in ("class", "module") and element.id in inner:
            stop = max(element.start_line, inner[element.id] - 1)
        lines = element.code.removesuffix("\n").split("\n")[: stop - element.start_line + 1]
        title = f"{element.kind} {element.id}"
        chunks += _pieces(element.path, element.start_line, title, lines)
    for document in analysis.documents:
        lines = documents.get(document.path, "").removesuffix("\n").split("\n")
        for section in document.sections:
            chunks += _pieces(document.path, section.line, section.title, lines[section.line - 1 : section.end_line])
    return chunks


def read_documents(root: Path, analysis: Analysis) -> dict[str, str]:
    """The text of each Markdown file that is still the one that was analysed."""
    known = {file.path: file.sha256 for file in analysis.files}
    found = {}
    for document in analysis.documents:
        path = root / document.path
        if path.is_file() and sha256_file(path) == known.get(document.path):
            found[document.path] = path.read_text(encoding="utf-8", errors="replace")
    return found


def with_excerpts(
    messages: Sequence[Message],
    chunks: Sequence[Chunk],
    language: str,
    count_tokens: Callable[[Sequence[Message]], int],
    budget: int,
) -> tuple[list[Message], list[Chunk]]:
    """The question with as many of the best chunks before it as `budget` tokens hold, and those chunks.

    A chunk that does not fit is cut to its first lines (half of them, and again) before the next one is tried.
    """
    used: list[Chunk] = []
    best = list(messages)
    for chunk in chunks:
        lines = chunk.text.split("\n")
        while lines:
            shorter = chunk._replace(text="\n".join(lines), last=chunk.first + len(lines) - 1)
            trial = _prompt(messages, [*used, shorter], language)
            if count_tokens(trial) <= budget:
                used.append(shorter)
                best = trial
                break
            lines = lines[: len(lines) // 2]
    return best, used


def _prompt(messages: Sequence[Message], chunks: Sequence[Chunk], language: str) -> list[Message]:
    *before, question = messages
    parts = [INSTRUCTION.get(language, INSTRUCTION["en"])]
    parts += [f"[{chunk.path}:{chunk.first}-{chunk.last}] {chunk.title}\n{chunk.text}" for chunk in chunks]
    return [*before, Message("user", "\n\n".join([*parts, question.content]))]


def _pieces(path: str, first: int, title: str, lines: Sequence[str]) -> list[Chunk]:
    pieces = [(at, lines[at : at + CHUNK_LINES]) for at in range(0, len(lines), CHUNK_LINES)]
    return [
        Chunk(path, first + at, first + at + len(piece) - 1, title, "\n".join(piece))
        for at, piece in pieces
        if any(line.strip() for line in piece)
    ]
