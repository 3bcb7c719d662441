"""One file's facts as workers send them and the cache keeps them: in three parts, for hardly a step needs them all.

The *head* is small and read in every run. The *summary* is read where calls must be resolved. The *block* has the
elements as they stand in elements.jsonl; what a method overrides is only known when all files are, so that each such
place is left open (`null`) and its offset noted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from utils.analysis.file_analysis import FileFacts
from utils.analysis.notes import ModuleNotes
from utils.analysis.outline import Outline, outlines
from utils.records import CodeElement, Document

OPEN = b'"overrides":null'  # inside a JSON string each quote has a backslash before it


class Packed(NamedTuple):
    """A file's three parts, encoded; `summary` and `block` are empty where the head says that there are none."""

    head: bytes
    summary: bytes
    block: bytes


class Gist(msgspec.Struct, array_like=True):
    """The beginning of a `Head`, decoded without the rest; `digest` is of the summary, empty where there is none."""

    digest: bytes


class Head(msgspec.Struct, array_like=True):
    """See `FileFacts`; `open` has (method id, offset in the block of what it overrides), `call_lines` the summary's."""

    digest: bytes
    lines: int
    skipped: str | None
    partly: str | None
    outlines: list[Outline]
    open: list[tuple[str, int]]
    call_lines: list[int]
    notes: ModuleNotes | None
    document: Document | None


GIST = msgspec.msgpack.Decoder(Gist)
DECODER = msgspec.msgpack.Decoder(Head)
_TO_BYTES = msgspec.msgpack.Encoder()
_TO_JSON = msgspec.json.Encoder()


def pack(facts: FileFacts) -> Packed:
    """The three parts of a file's facts."""
    block, open_places = _block(facts.elements)
    summary = bytes(facts.summary.data) if facts.summary else b""
    head = Head(
        hashlib.sha256(summary).digest() if facts.summary else b"",
        facts.lines,
        facts.skipped,
        facts.partly,
        outlines(facts.elements),
        open_places,
        facts.summary.lines if facts.summary else [],
        facts.notes,
        facts.document,
    )
    return Packed(_TO_BYTES.encode(head), summary, block)


def _block(elements: list[CodeElement]) -> tuple[bytes, list[tuple[str, int]]]:
    block, open_places = bytearray(), []
    for element in elements:
        encoded = _TO_JSON.encode(element)
        if element.kind in ("method", "property"):
            open_places.append((element.id, len(block) + encoded.index(OPEN) + len(OPEN) - len(b"null")))
        block += encoded
        block += b"\n"
    return bytes(block), open_places


def complete(block: bytes, open_places: list[tuple[str, int]], overrides: Mapping[str, str]) -> bytes:
    """The block with what its methods override."""
    parts, done = [], 0
    for method, offset in open_places:
        if method in overrides:
            parts += [block[done:offset], _TO_JSON.encode(overrides[method])]
            done = offset + len(b"null")
    return b"".join([*parts, block[done:]]) if parts else block
