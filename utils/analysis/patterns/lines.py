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
            code = _STRINGS.sub("", lines[number - 1])
            depth += sum(code.count(bracket) for bracket in "([{") - sum(code.count(bracket) for bracket in ")]}")
            if depth <= 0:
                last = number
                break
        text = "\n".join(lines[first - 1 : last])
        return Evidence(path, first, last) if re.search(rf"\b{re.escape(name)}\b", text) else None
