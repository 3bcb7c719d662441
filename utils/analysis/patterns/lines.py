"""The source lines around a call, from the modules' elements."""

from __future__ import annotations

import re
from collections.abc import Mapping

from utils.records import CodeElement, Evidence

MAX_LINES = 20  # of one call

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|#.*")


class SourceLines:
    """Lines by path, split once."""

    def __init__(self, elements: Mapping[str, CodeElement]) -> None:
        self._modules = {element.path: element for element in elements.values() if element.kind == "module"}
        self._lines: dict[str, list[str]] = {}

    def of(self, path: str) -> list[str]:
        """All lines of a module's file."""
        if path not in self._lines:
            self._lines[path] = self._modules[path].code.split("\n") if path in self._modules else []
        return self._lines[path]

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
