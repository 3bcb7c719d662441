"""The source lines of a call or a definition."""

from __future__ import annotations

import re
from collections.abc import Callable

from utils.analysis.outline import Outline
from utils.records import Evidence

MAX_LINES = 20  # of one call

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|#.*")


class SourceLines:
    """Lines by path; `text_of` reads a file's text, and is asked once for each."""

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of
        self._lines: dict[str, list[str]] = {}

    def of(self, path: str) -> list[str]:
        """All lines of a file."""
        if path not in self._lines:
            self._lines[path] = self._text_of(path).split("\n")
        return self._lines[path]

    def code(self, element: Outline) -> str:
        """A definition's source text, decorators included."""
        return "\n".join(self.of(element.path)[element.start_line - 1 : element.end_line])

    def call(self, path: str, first: int, name: str) -> Evidence | None:
        """The lines of the call that begins on line `first`; null where they do not mention `name`.

        They end where the brackets that were opened are closed again.
        """
        lines, depth, last = self.of(path), 0, first
        for number in range(first, min(first + MAX_LINES, len(lines) + 1)):
            code = lines[number - 1]
            if "'" in code or '"' in code or "#" in code:
                code = _STRINGS.sub("", code)
            depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
            if depth <= 0:
                last = number
                break
        return Evidence(path, first, last) if mentions("\n".join(lines[first - 1 : last]), name) else None


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
