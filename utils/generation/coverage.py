"""Whether an answer says only what it claims: every path, symbol, line, number and piece of code needs a claim.

Code in an answer is covered when it is text that a claim quotes, or when each name in it is a claim's or is bound by
the code itself (the variables of a usage example).
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from utils.mentions import Mention, find_mentions, names_in_code
from utils.records import PYTHON_SUFFIXES, Claim, Sample

PATH_VALUES = frozenset({"defined_in"})
PATH_SUBJECTS = frozenset({"contains", "quotes", "is_a", "count"})
TEXT_VALUES = frozenset(
    {"has_signature", "returns", "decorated_by", "documented_as", "raises", "general", "inherits_from", "depends_on"}
)
FREE_NAMES = frozenset(keyword.kwlist) - {"None", "True", "False"} | {"self", "cls", "super", "print"}

_DIGITS = re.compile(r"\d+(?:\.\d+)*")
_STRINGS = re.compile(r"""('''|\"\"\").*?\1|'[^'\n]*'|"[^"\n]*"|#[^\n]*""", re.DOTALL)


@dataclass(slots=True)
class Said:
    """What the claims of one sample allow its answer to say."""

    names: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    lines: set[tuple[int, int]] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)


def uncovered(sample: Sample, repository: str) -> list[str]:
    """What the answer of `sample` says that no claim covers, as `kind text`; empty when all is covered."""
    answers = [message for message in sample.messages if message.role == "assistant"]
    texts = [text for each in answers for text in (each.content, each.reasoning_content) if text]
    return uncovered_text(texts, sample.metadata.claims, repository)


def uncovered_text(texts: Iterable[str], claims: Iterable[Claim], repository: str) -> list[str]:
    """The same for bare texts and claims."""
    said = what_is_said(claims, repository)
    found: list[str] = []
    for text in texts:
        quoted = _quoted_spans(text, said.texts)
        for mention in find_mentions(_without_prose(text, said.texts)):
            inside = any(first <= mention.start and mention.end <= last for first, last in quoted)
            if not inside and not _covers(said, mention):
                found.append(f"{mention.kind} {mention.text.strip()[:80]}")
    return list(dict.fromkeys(found))


def _without_prose(text: str, quoted: list[str]) -> str:
    """The text without the sentences it quotes: a docstring may open a backtick that it never closes."""
    for sentence in sorted((each for each in quoted if " " in each and "\n" not in each), key=len, reverse=True):
        text = text.replace(sentence, " " * len(sentence))
    return text


def what_is_said(claims: Iterable[Claim], repository: str) -> Said:
    """Collect the names, paths, lines, numbers and texts of the claims."""
    said = Said(names={repository}, paths={repository})
    for claim in claims:
        _add_subject(said, claim)
        _add_value(said, claim)
    return said


def _add_subject(said: Said, claim: Claim) -> None:
    said.names.update(parts_of(claim.subject))
    if claim.kind in PATH_SUBJECTS or "/" in claim.subject:
        said.paths.update(ways_to_say(claim.subject))


def _add_value(said: Said, claim: Claim) -> None:
    value = claim.value
    if isinstance(value, str):
        if claim.kind in PATH_VALUES:
            said.paths.update(ways_to_say(value))
        elif claim.kind in TEXT_VALUES:
            said.texts.append(value.rstrip(".。"))
            said.names.update(_names_of_text(value))
            said.numbers.update(_DIGITS.findall(value))
        else:
            said.names.update(parts_of(value))
            if claim.kind == "absent" or "/" in value or value.endswith(PYTHON_SUFFIXES):
                said.paths.update(ways_to_say(value))
    elif claim.kind == "at_line":
        said.lines.add((value, value))
    elif claim.kind == "count":
        said.numbers.add(str(value[1]))
    elif claim.kind == "spans":
        said.lines.update([(value[0], value[1]), (value[0], value[0]), (value[1], value[1])])
    elif claim.kind == "quotes":
        start, end, text = value
        said.lines.update([(start, end), (start, start), (end, end)])
        said.texts.append(text)
        said.names.update(_names_of_text(text))
        said.numbers.update(_DIGITS.findall(text))


@lru_cache(maxsize=65536)
def parts_of(dotted: str) -> frozenset[str]:
    """Every dotted piece of a dotted name: `a.b.C` gives a, b, C, a.b, b.C, a.b.C."""
    parts = dotted.split("#")[0].split(".")
    size = len(parts)
    pieces = {".".join(parts[first:last]) for first in range(size) for last in range(first + 1, size + 1)}
    return frozenset(pieces | {dotted})


@lru_cache(maxsize=16384)
def ways_to_say(path: str) -> frozenset[str]:
    """A path, its file name, and the folders it lies in."""
    parts = path.rstrip("/").split("/")
    folders = {"/".join(parts[:size]) for size in range(1, len(parts))}
    return frozenset(
        {path, path.rstrip("/"), parts[-1], *folders, *(f"{each}/" for each in [*folders, path.rstrip("/")])}
    )


@lru_cache(maxsize=16384)
def _names_of_text(text: str) -> frozenset[str]:
    return frozenset(piece for name in names_in_code(text) for piece in parts_of(name)) | _constants(text)


def _constants(text: str) -> frozenset[str]:
    return frozenset(name for name in ("None", "True", "False") if name in text)


def _quoted_spans(text: str, quoted: list[str]) -> list[tuple[int, int]]:
    """Where in `text` a claim's own text stands."""
    found = []
    for each in quoted:
        start = text.find(each) if each else -1
        while start >= 0:
            found.append((start, start + len(each)))
            start = text.find(each, start + 1)
    return found


def _covers(said: Said, mention: Mention) -> bool:
    if mention.kind == "symbol":
        return _covers_name(said, mention.text) or mention.text in said.paths
    if mention.kind == "path":
        return mention.text in said.paths or mention.text in said.names
    if mention.kind == "line":
        return mention.lines in said.lines
    if mention.kind == "number":
        return mention.text in said.numbers or any(mention.text in map(str, pair) for pair in said.lines)
    if mention.kind == "code":
        return mention.text in said.names or _covers_code(said, mention.text)
    return any(mention.text in text for text in said.texts)


def _covers_name(said: Said, name: str) -> bool:
    if name in said.names or name in FREE_NAMES:
        return True
    first, _, rest = name.partition(".")
    return first in ("self", "cls") and bool(rest) and rest in said.names


def _covers_code(said: Said, code: str) -> bool:
    squeezed = " ".join(code.split())
    if not squeezed or any(squeezed in " ".join(text.split()) for text in said.texts):
        return True
    names = _free_names(code)
    if names is not None:
        return all(_covers_name(said, name) for name in names)
    return all(_covers_line(said, line) for line in code.split("\n") if line.strip())


def _covers_line(said: Said, line: str) -> bool:
    if any(line.strip() in text for text in said.texts):
        return True
    return all(_covers_name(said, name) for name in names_in_code(_STRINGS.sub("''", line)))


@lru_cache(maxsize=4096)
def _free_names(code: str) -> frozenset[str] | None:
    """The names that a piece of Python uses but does not bind itself; None where it does not parse."""
    try:
        tree = ast.parse(code.strip())
    except (SyntaxError, ValueError, RecursionError):
        return None
    used: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.keyword):
            used.update([node.arg] if node.arg else [])
        elif isinstance(node, ast.alias):
            used.add(node.name)
            bound.update([node.asname] if node.asname else [])
        elif isinstance(node, ast.ImportFrom):
            used.update([node.module] if node.module else [])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            used.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return frozenset(used - bound)
