"""Import roots that the build files declare: pyproject.toml, setup.cfg and setup.py, read and never run."""

from __future__ import annotations

import ast
import configparser
import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def likely_roots(build_files: Iterable[str]) -> set[str]:
    """Folders that are import roots by custom: `src` beside a build file. They need not exist."""
    return {posixpath.join(posixpath.dirname(path), "src") for path in build_files}


def declared_roots(build_files: Mapping[str, str]) -> set[str]:
    """Folders named as import roots by {path: text} of build files, relative to the repository ("" is its root).

    A build file that does not parse declares nothing: it is no Python source of the repository's packages.
    """
    roots: set[str] = set()
    for path, text in build_files.items():
        read = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py}[posixpath.basename(path)]
        for folder in read(text):
            root = posixpath.normpath(posixpath.join(posixpath.dirname(path), folder))
            if not root.startswith(("..", "/")):
                roots.add("" if root == "." else root)
    return roots


def _pyproject(text: str) -> Iterator[str]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    tools = _table(data, "tool")
    setuptools = _table(tools, "setuptools")
    yield from _package_dir(setuptools.get("package-dir"))
    yield from _strings(_table(setuptools, "packages", "find").get("where"))
    for package in _items(_table(tools, "poetry").get("packages")):
        if isinstance(package, dict):
            yield from _strings(package.get("from"))
    wheel = _table(tools, "hatch", "build", "targets", "wheel")
    for package in _strings(wheel.get("packages")):
        yield posixpath.dirname(package.rstrip("/")) or "."
    yield from _strings(wheel.get("sources"))
    yield from _strings(_table(tools, "pdm", "build").get("package-dir"))
    yield from _strings(_table(tools, "maturin").get("python-source"))
    yield from _strings(_table(tools, "uv", "build-backend").get("module-root"))
    yield from _strings(_table(tools, "pytest", "ini_options").get("pythonpath"))


def _setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    options = parser["options"] if parser.has_section("options") else {}
    folders = "\n".join(value for key, value in options.items() if key.replace("-", "_") == "package_dir")
    for line in folders.replace(",", "\n").split("\n"):
        package, equals, folder = (part.strip() for part in line.partition("="))
        if equals:
            yield from _package_dir({package: folder})
    yield from parser.get("options.packages.find", "where", fallback="").split()


def _setup_py(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "setup":
            for keyword in node.keywords:
                if keyword.arg == "package_dir":
                    yield from _package_dir(_literal(keyword.value))
        elif called in ("find_packages", "find_namespace_packages"):
            where = [keyword.value for keyword in node.keywords if keyword.arg == "where"] + node.args[:1]
            for value in where[:1]:
                yield from _strings(_literal(value))


def _package_dir(value: object) -> Iterator[str]:
    """The root that each entry of a `package_dir` means: {"": "src"} and {"pkg": "src/pkg"} both mean `src`."""
    if not isinstance(value, dict):
        return
    for package, folder in value.items():
        if not isinstance(package, str) or not isinstance(folder, str):
            continue
        parts = [part for part in package.split(".") if part]
        steps = posixpath.normpath(folder or ".").split("/")
        if steps[len(steps) - len(parts) :] == parts:
            yield "/".join(steps[: len(steps) - len(parts)]) or "."


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _table(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = data.get(key)
        data = value if isinstance(value, dict) else {}
    return data


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [item for item in _items(value) if isinstance(item, str)]
