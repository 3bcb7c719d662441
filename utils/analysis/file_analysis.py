"""What one file alone tells: a pure function of its bytes and module name, run in worker processes and cached."""

from __future__ import annotations

import msgspec

from utils.analysis.documents import read_document
from utils.analysis.naming import assign_ids
from utils.analysis.python_elements import extract_elements
from utils.analysis.source_text import SourceText
from utils.analysis.sources import UnreadableError, decode, parse
from utils.records import CodeElement, Document


class FileFacts(msgspec.Struct, omit_defaults=True):
    """One file's facts. `skipped` is the reason why there are none.

    The elements carry no `code`: their lines tell it, and the caller has the text.
    """

    lines: int = 0
    elements: list[CodeElement] = []
    document: Document | None = None
    skipped: str | None = None


ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(FileFacts)


def analyze_file(data: bytes, path: str, module: str | None) -> FileFacts:
    """The facts of one Python file (`module` is its dotted name) or Markdown file (`module` is null)."""
    try:
        if module is None:
            text = decode(data, "markdown")
            return FileFacts(len(SourceText(text).lines), document=read_document(path, text))
        text = decode(data, "python")
        tree = parse(text)
    except UnreadableError as error:
        return FileFacts(skipped=str(error))
    source = SourceText(text)
    elements = extract_elements(tree, assign_ids(tree, module), source, module, path)
    return FileFacts(len(source.lines), elements)
