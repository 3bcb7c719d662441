"""What a repository's metadata files declare: its dependencies, by their canonical names."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import sys
from collections.abc import Iterator
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from packaging.utils import canonicalize_name

from utils.generation.proof.sources import Sources

_REQUIREMENT = re.compile(
    r"\s*(?:(?:(?:-e|--editable)[\s=]+)?\S+://\S*[#&]egg=)?(?![\w+.-]+:)"  # an address, but only one that names it
    r"([A-Za-z0-9][A-Za-z0-9._-]*)(?![\w.-])(?=\s*(?:$|[\[(<>=!~;@,&\\])|\s+-)"
)
_INCLUDE = re.compile(r"\s*(?:-r|--requirement)[\s=]*(\S+)")
_FILES = re.compile(
    r"(^|/)(pyproject\.toml|setup\.cfg|setup\.py|Pipfile|[\w.-]*requirements?[\w.-]*\.(txt|in)"
    r"|(requirements?|reqs)/.+\.(txt|in))$"
)


def declared_dependencies(sources: Sources) -> dict[str, list[str]]:
    """Canonical distribution name → the metadata files that declare it, and the files that these include."""
    found: dict[str, list[str]] = {}
    pending = [path for path in sources.paths if _FILES.search(path)]
    for path in pending:  # which grows
        lines = sources.lines(path)
        for written in set(_written(path, lines)) if lines is not None else ():
            if include := _INCLUDE.match(written):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), include.group(1)))
                pending += [target] if target not in pending else []
            elif name := _REQUIREMENT.match(written):
                found.setdefault(canonicalize_name(name.group(1)), []).append(path)
    return found


def _written(path: str, lines: list[str]) -> Iterator[str]:
    """The requirements that a file lists, and the files it includes as in `-r path`."""
    base = path.rpartition("/")[2]
    text = "\n".join(lines)
    if base in ("pyproject.toml", "Pipfile"):
        found = _from_toml(text)
    elif base == "setup.cfg":
        found = _from_cfg(text)
    elif base == "setup.py":
        found = _from_setup(text)
    else:
        found = [re.sub(r"(^|\s)#.*", "", line) for line in lines]
    return (each for each in found if isinstance(each, str))


def _from_toml(text: str) -> list[Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []
    lists = [_in(data, "project").get("dependencies"), _in(data, "build-system").get("requires")]
    lists += [*_in(data, "project", "optional-dependencies").values(), *_in(data, "dependency-groups").values()]
    for tool in ("uv", "pdm"):
        lists += [
            _in(data, "tool", tool).get("dev-dependencies"),
            *_in(data, "tool", tool, "dev-dependencies").values(),
        ]
    for name in _in(data, "tool", "hatch", "envs"):
        environment = _in(data, "tool", "hatch", "envs", name)
        lists += [environment.get("dependencies"), environment.get("extra-dependencies")]
    flit = _in(data, "tool", "flit", "metadata")
    lists += [flit.get("requires"), flit.get("dev-requires"), *_in(flit, "requires-extra").values()]
    poetry = _in(data, "tool", "poetry")
    tables = [_in(poetry, "dependencies"), _in(poetry, "dev-dependencies")]
    tables += [_in(poetry, "group", name, "dependencies") for name in _in(poetry, "group")]
    tables += [_in(data, "packages"), _in(data, "dev-packages")]
    dynamic = _in(data, "tool", "setuptools", "dynamic")
    for table in [_in(dynamic, "dependencies"), *_in(dynamic, "optional-dependencies").values()]:
        files = _in(table).get("file")
        named = files if isinstance(files, list) else [files]
        lists.append([f"-r {name}" for name in named if isinstance(name, str)])
    return [item for each in [*lists, *map(list, tables)] if isinstance(each, list) for item in each]


def _in(data: Any, *keys: str) -> dict[str, Any]:
    """The table at the end of `keys`; empty where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _from_cfg(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    options = dict(parser.items("options")) if parser.has_section("options") else {}
    values = [value for key, value in options.items() if re.fullmatch(r"(install|setup|tests)[-_]requires?", key)]
    if parser.has_section("options.extras_require"):
        values += [value for _, value in parser.items("options.extras_require")]
    found: list[str] = []
    for value in values:
        if value.strip().startswith("file:"):
            found += [f"-r {name.strip()}" for name in value.strip().removeprefix("file:").split(",")]
        else:
            found += re.split(r"[\n;]", value)
    return found


def _from_setup(text: str) -> list[str]:
    """Every string literal of a setup.py that reads as a requirement, where a requirements keyword is used."""
    if not re.search(r"\b(install_requires|extras_require|setup_requires|tests_require|requires)\b", text):
        return []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [line for string in strings for line in string.split("\n")]
