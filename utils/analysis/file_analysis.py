"""What one file alone tells: a pure function of its bytes and module name, run in worker processes and cached."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from utils.analysis.class_forms import ClassForm
from utils.analysis.naming import assign_ids
from utils.analysis.notes import ModuleNotes, take_notes
from utils.analysis.python_elements import extract_elements
from utils.analysis.source_text import SourceText
from utils.analysis.sources import UnreadableError, decode, parse
from utils.analysis.summary import ModuleSummary, TooIntricateError, summarize, summarize_imports
from utils.records import CodeElement, Document, ElementKind

T = TypeVar("T")

TOO_INTRICATE = "too large or intricate to follow its names: its calls, bases and overrides are left out"

DEEP_CALLS = 100_000  # nested calls; the parser gives up long before
DEEP_STACK = 512 * 2**20  # bytes of address space, of which only what is used becomes memory


class FileFacts(msgspec.Struct):
    """One file's facts. `skipped` is the reason why there are none, `partly` why some are missing.

    `summary` is what resolving calls needs of the file, `notes` what finding patterns needs; `forms` and `kinds` are as
    in `python_elements.Elements`.
    """

    lines: int = 0
    elements: list[CodeElement] = []
    summary: ModuleSummary | None = None
    notes: ModuleNotes | None = None
    document: Document | None = None
    skipped: str | None = None
    partly: str | None = None
    forms: dict[str, list[ClassForm]] = {}
    kinds: dict[str, tuple[ElementKind, ...]] = {}


def analyze_file(data: bytes, path: str, module: str | None, submodules: Collection[str] = ()) -> FileFacts:
    """The facts of one Python file (`module` is its dotted name) or Markdown file (`module` is null).

    `submodules` are the names of the modules directly in it, where it is a package's `__init__`.
    """
    try:
        if module is None:
            from utils.analysis.documents import read_document  # most runs read none again

            text = decode(data, "markdown")
            return FileFacts(SourceText(text).count, document=read_document(path, text))
        text = decode(data, "python")
        tree = parse(text)
        try:
            return _python_facts(tree, text, path, module, submodules)
        except RecursionError:
            return deeply(lambda: _python_facts(tree, text, path, module, submodules))
    except UnreadableError as error:
        return FileFacts(skipped=str(error))


def _python_facts(tree: ast.Module, text: str, path: str, module: str, submodules: Collection[str]) -> FileFacts:
    source, names = SourceText(text), assign_ids(tree, module, submodules)
    found = extract_elements(tree, names, source, module, path, submodules)
    partly = None
    try:
        summary = summarize(tree, module, path, names.ids)
    except TooIntricateError:
        summary, partly = summarize_imports(tree, module, path), TOO_INTRICATE
    return FileFacts(
        source.count,
        found.elements,
        summary,
        take_notes(tree, module, path, names),
        partly=partly,
        forms=found.forms,
        kinds=found.kinds,
    )


def deeply(function: Callable[[], T]) -> T:
    """Run a recursive function with room for whatever the parser has let through (chains of thousands of operators)."""
    from concurrent.futures import Future  # rarely needed

    limit, size = sys.getrecursionlimit(), threading.stack_size(DEEP_STACK)
    result: Future[T] = Future()

    def target() -> None:
        try:
            result.set_result(function())
        except BaseException as error:
            result.set_exception(error)

    sys.setrecursionlimit(DEEP_CALLS)
    try:
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    return result.result()
