"""setup.py as a manifest, read as source: it is never executed, so what it computes stays unknown."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from utils.analysis.licences import licence_of_name
from utils.analysis.manifests import Manifest
from utils.analysis.setup_cfg import REQUIREMENTS, ini_sections

MAX_STEPS = 16  # names that stand for names

_VALUES = {
    "name": "name",
    "version": "version",
    "description": "tagline",
    "python_requires": "requires_python",
}


def read_setup_py(path: str, text: str) -> Manifest:
    """The arguments of the file's `setup(…)` call as far as they are written out; nothing if it does not parse."""
    manifest = Manifest(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return manifest
    names = _assignments(tree)
    arguments = _setup_arguments(tree, names)
    for key, field_name in _VALUES.items():
        if (node := _text(arguments.get(key), names)) is not None:
            manifest.state(field_name, node.value, node.lineno, node.end_lineno)
    for key in ("license_expression", "license"):
        if (node := _text(arguments.get(key), names)) is not None and isinstance(node.value, str):
            manifest.state("license", licence_of_name(node.value) or node.value, node.lineno)
    manifest.classify((node.value, node.lineno) for node in _texts(arguments.get("classifiers"), names))
    wanted = [(group, arguments.get(key)) for key, group in REQUIREMENTS.items()]
    wanted += [(group, value) for group, value in _pairs(arguments.get("extras_require"), names)]
    for group, value in wanted:
        for node in _texts(value, names):
            for offset, line in enumerate(str(node.value).split("\n")):
                manifest.depend(line.strip(), group.partition(":")[0] or "runtime", node.lineno + offset)
    _entry_points(manifest, arguments.get("entry_points"), names)
    for node in _texts(arguments.get("scripts"), names):
        if isinstance(node.value, str):
            manifest.enter(node.value.rpartition("/")[2], "scripts", node.value, node.lineno)
    return manifest


def _entry_points(manifest: Manifest, value: ast.expr | None, names: dict[str, ast.expr]) -> None:
    written = _text(value, names)
    if written is not None and isinstance(written.value, str):
        unindented = "\n".join(line.strip() for line in written.value.split("\n"))
        for group, items in ini_sections(unindented).items():
            for name, lines in items.items():
                for number, target in lines[:1]:
                    manifest.enter(name, group, target, written.lineno + number - 1)
        return
    for group, entries in _pairs(value, names):
        for node in _texts(entries, names):
            for offset, line in enumerate(str(node.value).split("\n")):
                name, equals, target = line.partition("=")
                if equals:
                    manifest.enter(name.strip(), group, target, node.lineno + offset)


def _assignments(tree: ast.Module) -> dict[str, ast.expr]:
    """{name: the value} of names that are assigned exactly once in the whole file."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.setdefault(node.id, [])
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).extend([node.value] * 2)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _setup_arguments(tree: ast.Module, names: dict[str, ast.expr]) -> dict[str, ast.expr]:
    """{keyword: value} of the call of `setup`, `**options` spread where `options` is a dict that is written out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "setup":
            continue
        arguments: dict[str, ast.expr] = {}
        for keyword in node.keywords:
            if keyword.arg is not None:
                arguments[keyword.arg] = keyword.value
            else:
                arguments.update(_pairs(keyword.value, names))
        return arguments
    return {}


def _resolve(node: ast.expr | None, names: dict[str, ast.expr]) -> ast.expr | None:
    for _ in range(MAX_STEPS):
        if not isinstance(node, ast.Name):
            return node
        node = names.get(node.id)
    return None


def _text(node: ast.expr | None, names: dict[str, ast.expr]) -> ast.Constant | None:
    node = _resolve(node, names)
    return node if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _texts(node: ast.expr | None, names: dict[str, ast.expr], depth: int = MAX_STEPS) -> Iterator[ast.Constant]:
    """The string constants of a list, tuple, set, sum of such, or a lone string."""
    node = _resolve(node, names)
    if depth == 0 or node is None:
        return
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        for item in node.elts:
            inner = item.value if isinstance(item, ast.Starred) else item
            if (text := _text(inner, names)) is not None:
                yield text
            elif isinstance(item, ast.Starred):
                yield from _texts(inner, names, depth - 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _texts(node.left, names, depth - 1)
        yield from _texts(node.right, names, depth - 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node


def _pairs(node: ast.expr | None, names: dict[str, ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """(key, value) of a dict that is written out, as `{…}` or as `dict(…)`."""
    node = _resolve(node, names)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
            elif key is None:
                yield from _pairs(value, {k: v for k, v in names.items() if v is not node})
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.arg, keyword.value
