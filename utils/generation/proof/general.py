"""General claims: what Python's own standard library says, read from its source files; nothing is imported."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

from utils.generation.proof import locate
from utils.generation.proof.claims import is_summary
from utils.generation.proof.locate import Found, find, same_code
from utils.generation.proof.resolve import Repository

OWN_DATASET = "dataset"  # the subject of a claim from a dataset that the user names: theirs to vouch for


class StandardLibrary:
    """Proves what is said of the standard library of the running Python."""

    def __init__(self) -> None:
        self._repository = Repository(Path(sysconfig.get_paths()["stdlib"]), "python")

    def prove(self, subject: str, value: str) -> str | None:
        """None when `value` is the subject's path, header, return type or summary, or a name in it."""
        if subject == OWN_DATASET:
            return None
        name = subject.partition(":")[2] or subject
        found = [each for wanted in (name, f"{name}#2") for each in find(self._repository, wanted)]  # 2: a fallback's
        if found and value in (subject, subject.rpartition(".")[2]):
            return None
        if any(self._says(each, value) for each in found):
            return None
        if self._contains(subject, value):
            return None
        return f"the standard library's {subject} does not say {value[:80]!r}" if found else f"no {subject} in it"

    def _says(self, found: Found, value: str) -> bool:
        lines = self._repository.sources.lines(found.path) or []
        if value in (found.path, found.name):
            return True
        if found.name:
            return any(same_code(text, value) for text in locate.statements(lines, found))
        definition = found.definition
        if value == definition.name or value in {parameter[0] for parameter in definition.parameters}:
            return True
        if definition.docstring and any(is_summary(text, definition.docstring) for text in (value, f"{value}.")):
            return True  # in the middle of a sentence it is quoted without its full stop
        if definition.returns is not None and same_code(definition.returns, value):
            return True
        is_headed = definition.kind in ("function", "class")
        return is_headed and _same_header(locate.signature(lines, definition), value)

    def _contains(self, path: str, name: str) -> bool:
        """Whether the file at `path` binds `name`, which may be told with the module or class that it is in."""
        facts = self._repository.facts(path)
        if facts is None:
            return False
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        bound = [*facts.module.assigned, *(each.local for each in facts.definitions[1:])]
        return any(f".{module}.{each}".endswith(f".{name}") for each in bound)


def _same_header(left: str, right: str) -> bool:
    """The same syntax, whatever quotes and spaces it is written with."""
    try:
        return ast.dump(ast.parse(f"{left}: pass")) == ast.dump(ast.parse(f"{right}: pass"))
    except (SyntaxError, ValueError):
        return False
