"""The source lines of a call or a definition."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from utils.analysis.outline import Outline
from utils.records import Evidence

MAX_LINES = 20  # of one call

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|#.*")


class SourceLines:
    """Lines by path; `text_of` reads a file's text, and is asked once for each."""

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of
        self._lines: dict[str, list[str]] = {}
        self._ends: dict[tuple[str, int], int] = {}

    def of(self, path: str) -> list[str]:
        """All lines of a file."""
        if path not in self._lines:
            self._lines[path] = self._text_of(path).split("\n")
        return self._lines[path]

    def code(self, element: Outline) -> str:
        """A definition's source text, decorators included."""
        return "\n".join(self.of(element.path)[element.start_line - 1 : element.end_line])

    def call(self, path: str, first: int, name: str) -> Evidence | None:
        """The lines of the call that begins on line `first`; null where they do not mention `name`."""
        key = (path, first)
        if key not in self._ends:
            self._ends[key] = _end(self.of(path), first)
        last = self._ends[key]
        return Evidence(path, first, last) if mentions("\n".join(self.of(path)[first - 1 : last]), name) else None


def _end(lines: Sequence[str], first: int) -> int:
    """The line where the brackets that are opened from line `first` on are closed again; `first` if they never are."""
    depth = 0
    for number in range(first, min(first + MAX_LINES, len(lines) + 1)):
        code = lines[number - 1]
        if "'" in code or '"' in code or "#" in code:
            code = _STRINGS.sub("", code)
        depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
        if depth <= 0:
            return number
    return first


def mentions(text: str, name: str) -> bool:
    """True where `name` stands in `text` as a word. A pattern for each name would take longer to compile."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        start = text.find(name, start + 1)
    return False
