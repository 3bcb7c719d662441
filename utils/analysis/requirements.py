"""Requirement strings and requirements files, read with their lines."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement

from utils.analysis.project_files import requirements_group
from utils.records import Dependency

MAX_DEPTH = 8  # requirements files that include each other

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*")


def dependency(text: str, group: str, path: str, line: int) -> Dependency | None:
    """`name[extra]>=1; marker` as a dependency; null for what is no requirement (a path, an option, a bare address)."""
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):  # brackets nested by the thousand
        return None
    # The specifier as it is written: `packaging` would sort its parts.
    rest = text[match.end() :] if (match := _NAME.match(text)) else ""
    specifier = requirement.url or rest.partition(";")[0].strip().removeprefix("(").removesuffix(")").strip()
    marker = str(requirement.marker) if requirement.marker else None
    return Dependency(requirement.name, specifier, group, path, line, marker)


def group_of(path: str) -> str:
    """The group a requirements file stands for: "runtime" for a plain one, `dev` for `requirements-dev.txt`."""
    folder, name = posixpath.split(path)
    group = requirements_group(name)
    if group is None:
        group = name.rpartition(".")[0]
    if not group and posixpath.basename(folder).lower() in ("docs", "doc", "tests", "test"):
        return posixpath.basename(folder).lower()
    return "runtime" if group in ("", "base", "main", "runtime", "prod", "production", "install") else group


def read_requirements(path: str, texts: Mapping[str, str], group: str) -> list[Dependency]:
    """The dependencies that the file `path` lists, those of the files it includes by `-r` among them."""
    found: dict[tuple[str, int], Dependency] = {}
    _read(path, texts, group, found, MAX_DEPTH)
    return list(found.values())


def included(path: str, texts: Mapping[str, str]) -> set[str]:
    """The files that `path` includes by `-r`, at any depth."""
    reached: set[str] = set()
    pending = [path]
    while pending:
        current = pending.pop()
        for _, line in _logical_lines(texts.get(current, "")):
            target = _include(line, current)
            if target and target not in reached:
                reached.add(target)
                pending.append(target)
    return reached


def _read(
    path: str, texts: Mapping[str, str], group: str, found: dict[tuple[str, int], Dependency], depth: int
) -> None:
    for number, line in _logical_lines(texts.get(path, "")):
        target = _include(line, path)
        if target is not None:
            if depth:
                _read(target, texts, group, found, depth - 1)
            continue
        if editable := re.match(r"(?:-e|--editable)[\s=]+(?=\S*://)", line):
            line = line[editable.end() :]
        if line.startswith("-"):
            continue
        egg = re.search(r"[#&]egg=([\w.-]+)", line)
        text = egg.group(1) if egg else re.split(r"\s--?\w", line)[0].strip()
        item = dependency(text, group, path, number)
        if item is not None:
            found.setdefault((path, number), item)


def _include(line: str, path: str) -> str | None:
    match = re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line)
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), match.group(1))) if match else None


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(first line's number, text) with continuations joined and comments removed."""
    number, pending = 0, ""
    for index, line in enumerate(text.split("\n"), start=1):
        number = number if pending else index
        stripped = re.sub(r"(^|\s)#(?!egg=).*$", "", line).rstrip()
        if stripped.endswith("\\"):
            pending += stripped[:-1] + " "
            continue
        whole = (pending + stripped).strip()
        pending = ""
        if whole:
            yield number, whole
