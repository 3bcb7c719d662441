"""What a repository's metadata files declare: its dependencies, by their canonical names."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from packaging.utils import canonicalize_name

from utils.generation.proof.sources import Sources

_REQUIREMENT = re.compile(r"^\s*(?:\S+://\S*#egg=)?([A-Za-z0-9][A-Za-z0-9._-]*)")
_FILES = re.compile(
    r"(^|/)(pyproject\.toml|setup\.cfg|setup\.py|Pipfile|[\w.-]*requirements?[\w.-]*\.(txt|in)|requirements/.+\.(txt|in))$"
)


def declared_dependencies(sources: Sources) -> dict[str, list[str]]:
    """Canonical distribution name → the metadata files that declare it."""
    found: dict[str, list[str]] = {}
    for path in sources.paths:
        lines = sources.lines(path) if _FILES.search(path) else None
        for name in set(_names(path, lines)) if lines is not None else ():
            found.setdefault(name, []).append(path)
    return found


def _names(path: str, lines: list[str]) -> list[str]:
    base = path.rpartition("/")[2]
    text = "\n".join(lines)
    if base in ("pyproject.toml", "Pipfile"):
        return _from_toml(text)
    if base == "setup.cfg":
        return _from_cfg(text)
    if base == "setup.py":
        return _from_setup(text)
    return _canonical(re.sub(r"(^|\s)#.*", "", line) for line in lines)


def _canonical(requirements: Any) -> list[str]:
    matches = (_REQUIREMENT.match(each) for each in requirements if isinstance(each, str))
    return [canonicalize_name(match.group(1)) for match in matches if match]


def _from_toml(text: str) -> list[str]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []
    found: list[str] = []
    project, build = data.get("project", {}), data.get("build-system", {})
    found += _canonical([*project.get("dependencies", []), *build.get("requires", [])])
    for group in [*project.get("optional-dependencies", {}).values(), *data.get("dependency-groups", {}).values()]:
        found += _canonical(group)
    tools = data.get("tool", {})
    for tool in ("uv", "pdm"):
        dev = tools.get(tool, {}).get("dev-dependencies", [])
        for group in dev.values() if isinstance(dev, dict) else [dev]:
            found += _canonical(group)
    for environment in tools.get("hatch", {}).get("envs", {}).values():
        found += _canonical([*environment.get("dependencies", []), *environment.get("extra-dependencies", [])])
    poetry = tools.get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    tables += [data.get("packages", {}), data.get("dev-packages", {})]
    return found + [canonicalize_name(name) for table in tables if isinstance(table, dict) for name in table]


def _from_cfg(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    values = [
        parser.get("options", key, fallback="") for key in ("install_requires", "setup_requires", "tests_require")
    ]
    if parser.has_section("options.extras_require"):
        values += [value for _, value in parser.items("options.extras_require")]
    return _canonical(line for value in values for line in re.split(r"[\n;]", value))


def _from_setup(text: str) -> list[str]:
    """Every string literal of a setup.py that reads as a requirement, where a requirements keyword is used."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return (
        _canonical(strings) if re.search(r"\b(install_requires|extras_require|tests_require|requires)\b", text) else []
    )
