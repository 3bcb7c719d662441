"""Where a reader would import a name from: the shortest package that re-exports it, else the module that defines it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from utils.records import CodeElement


def find_exports(elements: Mapping[str, CodeElement]) -> dict[str, str]:
    """Element id → the outermost package around it whose `__init__.py` imports it under its own name.

    `elements` are all of a repository by id; modules must carry their `code`. Chains of re-exports and `import *`
    (with `__all__` where there is one) are followed.
    """
    packages = [e for e in elements.values() if e.kind == "module" and e.path.endswith("__init__.py")]
    exported: dict[str, str] = {}
    reached: dict[str, str] = {}
    for package in sorted(packages, key=lambda each: (-each.id.count("."), each.id)):
        for name, source in _imported(package, elements, reached).items():
            target = reached.get(source, source)
            inside = target.startswith(package.id + ".")  # another package's import of it is no one's way to it
            if inside and target in elements and elements[target].kind != "module" and target.endswith("." + name):
                reached[f"{package.id}.{name}"] = target
                exported[target] = package.id
    return exported


def _imported(package: CodeElement, elements: Mapping[str, CodeElement], reached: Mapping[str, str]) -> dict[str, str]:
    """Name in the package → dotted source, by its top-level `from … import …` statements. The last binding counts."""
    found: dict[str, str] = {}
    for node in _statements(package.code):
        if not isinstance(node, ast.ImportFrom):
            for name in _bound(node):
                found.pop(name, None)
            continue
        base = _base(package.id, node)
        for alias in node.names:
            if alias.name == "*":
                found.update({name: f"{base}.{name}" for name in _star(base, elements, reached)})
            else:
                found[alias.asname or alias.name] = f"{base}.{alias.name}"
    return found


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds anew, or deletes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    else:
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store | ast.Del):
                yield each.id


def _base(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    outer = parts[: len(parts) - node.level + 1]
    return ".".join([*outer, *([node.module] if node.module else [])])


def _star(base: str, elements: Mapping[str, CodeElement], reached: Mapping[str, str]) -> Iterable[str]:
    module = elements.get(base)
    if module is None:
        return ()
    for node in _statements(module.code):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            items = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else []
            return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    prefix = base + "."
    own = (e.name for e in elements.values() if e.parent == base and not e.name.startswith("_"))
    passed = (name.removeprefix(prefix) for name in reached if name.startswith(prefix))
    return sorted({*own, *(name for name in passed if "." not in name and not name.startswith("_"))})


def _statements(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
