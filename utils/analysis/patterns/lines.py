"""The source lines of a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MAX_LINES = 20  # of one call

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|#.*")


class SourceLines:
    """The lines of one file; `read` gives its text, and is asked once, when a line is first looked at."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._lines: list[str] | None = None
        self._ends: dict[int, int] = {}

    def call(self, first: int, name: str) -> int | None:
        """The last line of the call that begins on line `first`; null where its lines do not mention `name`."""
        lines = self._lines
        if lines is None:
            lines = self._lines = self._read().split("\n")
        if first not in self._ends:
            self._ends[first] = _end(lines, first)
        last = self._ends[first]
        return last if mentions("\n".join(lines[first - 1 : last]), name) else None


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
