"""One file's facts as workers send them and the cache keeps them: in four parts, for hardly a step needs them all.

The *gist* is small and read in every run. The *sheet* is read where patterns must be looked for anew, the *summary*
where calls must be resolved. The *block* has what is written as it stands: elements, or a document. What a method
overrides, and whether a class is an enumeration by a base in another file, is only known when all files are, so that
the offset of each such place is noted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from utils.analysis.assignments import LINKED_FORMS
from utils.analysis.class_forms import ClassForm
from utils.analysis.notes import ModuleNotes
from utils.analysis.outline import Outline, outlines

if TYPE_CHECKING:
    from utils.analysis.file_analysis import FileFacts
    from utils.records import CodeElement, ElementKind

DOCUMENTABLE = frozenset({"class", "function", "method"})
OPEN = b'"overrides":null'  # inside a JSON string each quote has a backslash before it
KIND = b'"kind":"'


class Packed(NamedTuple):
    """A file's parts, encoded; `sheet` and `summary` are empty where there is nothing to tell."""

    gist: bytes
    sheet: bytes
    summary: bytes
    block: bytes


class ClassLine(msgspec.Struct, array_like=True):
    """Where a class stands: `line` to `end` is its statement. `abstract`: one of its own methods is.

    `forms` are what its file tells of it, as in `python_elements.Elements`.
    """

    id: str
    line: int
    end: int
    abstract: bool
    forms: list[ClassForm] = []


class Gist(msgspec.Struct, array_like=True):
    """What every run needs of a file; see `FileFacts` for `lines`, `skipped` and `partly`.

    `digest` is of the summary (empty where there is none), `call_lines` are the summary's. `kinds` counts the elements
    (by what this file alone tells), `public` those that should be documented and `documented` those of them that are.
    `names` is a digest of all that other files can find out about this one by name, `signatures` of what its classes
    have: neither follows the lines.
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


class OpenKind(msgspec.Struct, array_like=True):
    """An element of the class `owner`: the `offset` of its kind as written, and its kind in each of LINKED_FORMS."""

    owner: str
    offset: int
    written: str
    linked: tuple[str, ...]


class Block(msgspec.Struct, array_like=True):
    """`open` has (method id, offset in `data` of what it overrides), `kinds` the elements whose kind may be another."""

    open: list[tuple[str, int]]
    data: memoryview
    kinds: list[OpenKind] = []


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
        classes=_classes(found, facts.forms),
        names=_names(found, facts.notes) if facts.notes else b"",
        signatures=_signatures(found),
    )
    sheet = _TO_BYTES.encode(Sheet(found, facts.notes)) if facts.notes else b""
    document = Block([], memoryview(_TO_JSON.encode(facts.document))) if facts.document else None
    block = _TO_BYTES.encode(document or _block(facts.elements, facts.kinds))
    return Packed(_TO_BYTES.encode(gist), sheet, summary, block)


def _classes(elements: Sequence[Outline], forms: Mapping[str, list[ClassForm]]) -> list[ClassLine]:
    found = (item for item in elements if item.kind == "class")
    classes = {item.id: ClassLine(item.id, item.line, item.header_end, False, forms.get(item.id, [])) for item in found}
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


def _block(elements: list[CodeElement], kinds: Mapping[str, tuple[ElementKind, ...]]) -> Block:
    block, open_places, open_kinds = bytearray(), [], []
    for element in elements:
        encoded = _TO_JSON.encode(element)
        if element.kind in ("method", "property"):
            open_places.append((element.id, len(block) + encoded.index(OPEN) + len(OPEN) - len(b"null")))
        elif (linked := kinds.get(element.id)) and element.parent:
            offset = len(block) + encoded.index(KIND) + len(KIND)
            open_kinds.append(OpenKind(element.parent, offset, element.kind, linked))
        block += encoded
        block += b"\n"
    return Block(open_places, memoryview(block), open_kinds)


def complete(block: Block, overrides: Mapping[str, str], forms: Mapping[str, ClassForm]) -> bytes | memoryview:
    """The elements with what their methods override, and with their kinds where `forms` has their classes."""
    data, done = block.data, 0
    parts: list[bytes | memoryview] = []
    found = [(at, b"null", _TO_JSON.encode(overrides[method])) for method, at in block.open if method in overrides]
    found += [(at, old.encode(), new.encode()) for at, old, new in changed_kinds(block, forms)]
    for offset, old, new in sorted(found):
        parts += [data[done:offset], new]
        done = offset + len(old)
    return b"".join([*parts, data[done:]]) if parts else data


def changed_kinds(block: Block, forms: Mapping[str, ClassForm]) -> Iterator[tuple[int, str, str]]:
    """(offset, kind as written, kind) of the elements of which the `forms` of their classes make another kind."""
    for each in block.kinds:
        form = forms.get(each.owner)
        if form is not None and (kind := each.linked[LINKED_FORMS.index(form)]) != each.written:
            yield each.offset, each.written, kind
