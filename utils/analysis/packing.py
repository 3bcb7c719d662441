"""One file's facts as workers send them and the cache keeps them: in four parts, for hardly a step needs them all.

The *gist* is small and read in every run. The *sheet* is read where patterns must be looked for anew, the *summary*
where calls must be resolved. The *block* has what is written as it stands: elements, or a document. What a method
overrides is only known when all files are, so that each such place is left open (`null`) and its offset noted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from utils.analysis.notes import ModuleNotes
from utils.analysis.outline import Outline, outlines

if TYPE_CHECKING:
    from utils.analysis.file_analysis import FileFacts
    from utils.records import CodeElement

DOCUMENTABLE = frozenset({"class", "function", "method"})
OPEN = b'"overrides":null'  # inside a JSON string each quote has a backslash before it


class Packed(NamedTuple):
    """A file's parts, encoded; `sheet` and `summary` are empty where there is nothing to tell."""

    gist: bytes
    sheet: bytes
    summary: bytes
    block: bytes


class ClassLine(msgspec.Struct, array_like=True):
    """Where a class stands: `line` to `end` is its statement. `abstract`: one of its own methods is."""

    id: str
    line: int
    end: int
    abstract: bool


class Gist(msgspec.Struct, array_like=True):
    """What every run needs of a file; see `FileFacts` for `lines`, `skipped` and `partly`.

    `digest` is of the summary (empty where there is none), `call_lines` are the summary's. `kinds` counts the elements,
    `public` those that should be documented and `documented` those of them that are. `names` is a digest of all that
    other files can find out about this one by name, `signatures` of what its classes have: neither follows the lines.
    """

    digest: bytes
    lines: int
    skipped: str | None
    partly: str | None
    call_lines: list[int]
    kinds: dict[str, int]
    public: int
    documented: int
    classes: list[ClassLine]
    names: bytes
    signatures: bytes


class Sheet(msgspec.Struct, array_like=True):
    """A Python file's outlines and notes."""

    outlines: list[Outline]
    notes: ModuleNotes


class Block(msgspec.Struct, array_like=True):
    """`open` has (method id, offset in `data` of what it overrides)."""

    open: list[tuple[str, int]]
    data: memoryview


_TO_BYTES = msgspec.msgpack.Encoder()
_TO_JSON = msgspec.json.Encoder()


def pack(facts: FileFacts) -> Packed:
    """The parts of a file's facts."""
    summary = bytes(facts.summary.data) if facts.summary else b""
    found = outlines(facts.elements)
    public = [element for element in facts.elements if element.is_public and element.kind in DOCUMENTABLE]
    gist = Gist(
        digest=hashlib.sha256(summary).digest() if facts.summary else b"",
        lines=facts.lines,
        skipped=facts.skipped,
        partly=facts.partly,
        call_lines=facts.summary.lines if facts.summary else [],
        kinds=dict(Counter(element.kind for element in facts.elements)),
        public=len(public),
        documented=sum(element.docstring is not None for element in public),
        classes=_classes(found),
        names=_names(found, facts.notes) if facts.notes else b"",
        signatures=_signatures(found),
    )
    sheet = _TO_BYTES.encode(Sheet(found, facts.notes)) if facts.notes else b""
    block = Block([], memoryview(_TO_JSON.encode(facts.document))) if facts.document else _block(facts.elements)
    return Packed(_TO_BYTES.encode(gist), sheet, summary, _TO_BYTES.encode(block))


def _classes(elements: Sequence[Outline]) -> list[ClassLine]:
    found = (item for item in elements if item.kind == "class")
    classes = {item.id: ClassLine(item.id, item.line, item.header_end, False) for item in found}
    for item in elements:
        if item.is_abstract and item.parent in classes:
            classes[item.parent].abstract = True
    return list(classes.values())


def _names(elements: Iterable[Outline], notes: ModuleNotes) -> bytes:
    defined = [(item.id, item.kind, item.name) for item in elements]
    imported = [(item.local, item.module, item.name) for item in notes.imports]
    return _digest((notes.path, defined, imported, notes.instances, notes.keepers))


def _signatures(elements: Iterable[Outline]) -> bytes:
    return _digest(
        [
            (item.id, item.kind, item.parent, item.parameters, item.is_abstract, item.has_body)
            for item in elements
            if item.kind in ("method", "property", "field", "attribute")
        ]
    )


def _digest(value: object) -> bytes:
    return hashlib.sha256(_TO_BYTES.encode(value)).digest()


def _block(elements: list[CodeElement]) -> Block:
    block, open_places = bytearray(), []
    for element in elements:
        encoded = _TO_JSON.encode(element)
        if element.kind in ("method", "property"):
            open_places.append((element.id, len(block) + encoded.index(OPEN) + len(OPEN) - len(b"null")))
        block += encoded
        block += b"\n"
    return Block(open_places, memoryview(block))


def complete(block: Block, overrides: Mapping[str, str]) -> bytes | memoryview:
    """The elements with what their methods override."""
    data, done = block.data, 0
    parts: list[bytes | memoryview] = []
    for method, offset in block.open:
        if method in overrides:
            parts += [data[done:offset], _TO_JSON.encode(overrides[method])]
            done = offset + len(b"null")
    return b"".join([*parts, data[done:]]) if parts else data
