"""What one file's tree tells about patterns: what it imports by name, and where it lists functions or classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import msgspec

from utils.analysis.naming import Names

MIN_ENTRIES = 2  # fewer functions or classes are no registry

_STORING = re.compile(r"(append|insert|extend|update|setdefault|register|connect|subscribe|add|set|on)(_\w+)?")
_REGISTERING = re.compile(r"(add|register|include|mount|connect|subscribe|append|use)(_\w+)?")


class Import(msgspec.Struct, array_like=True):
    """`local` stands for `name` of `module` (absolute), or for the module itself where `name` is null; `*` for all."""

    local: str
    module: str
    name: str | None
    line: int


class Entry(msgspec.Struct, array_like=True):
    """One value of a registry: a dotted name in its module, `called` there, or `quoted`: a string that is a full id."""

    value: str
    line: int
    end_line: int
    quoted: bool = False
    called: bool = False


class Registry(msgspec.Struct, array_like=True):
    """A module- or class-level dict or list by the name it is assigned to, with its scope, as `id`; or the object
    whose `add…`, `register…`, … method the module calls with functions or classes.
    """

    id: str
    entries: list[Entry]


class Instance(msgspec.Struct, array_like=True):
    """A module-level name that is assigned once, from a call of `of` (a dotted name)."""

    name: str
    of: str


class Offer(msgspec.Struct, array_like=True):
    """A call of a method like `register`: `method` is what is called, `entries` what it is given by name."""

    method: str
    line: int
    end_line: int
    entries: list[Entry]


class ModuleNotes(msgspec.Struct, array_like=True):
    """One Python file. `main_line` is where `if __name__ == "__main__":` stands.

    `keepers` are the ids of functions that keep one of their arguments, or that have one inside which does:
    `x[key] = f`, `x.append(f)`, …
    """

    module: str
    path: str
    imports: list[Import] = []
    registries: list[Registry] = []
    main_line: int | None = None
    instances: list[Instance] = []
    offers: list[Offer] = []
    keepers: list[str] = []


def take_notes(tree: ast.Module, module: str, path: str, names: Names) -> ModuleNotes:
    """The notes of the file `path` (posix), which is imported as `module`. Imports inside functions count too."""
    package = module if path.rsplit("/", 1)[-1] == "__init__.py" else module.rpartition(".")[0]
    notes = ModuleNotes(module, path)
    notes.imports = [item for node in names.imports for item in _imports(node, package)]
    notes.offers = [offer for node in names.calls if (offer := _offer(node))]
    # A parameter or variable of that name may be meant instead: what is not sure is left out.
    for offer in notes.offers:
        offer.entries = [each for each in offer.entries if each.value.partition(".")[0] not in names.bound]
    notes.registries = _registries(tree, module)
    notes.instances = _instances(tree)
    notes.keepers = _keepers(names)
    notes.main_line = next((node.lineno for node in tree.body if _is_main_guard(node)), None)
    return notes


def _imports(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            # `import a.b` binds `a`; `import a.b as c` binds the submodule.
            target = alias.name if alias.asname else alias.name.partition(".")[0]
            yield Import(alias.asname or target, target, None, node.lineno)
        return
    base = node.module or ""
    if node.level:
        parts = package.split(".") if package else []
        kept = parts[: len(parts) - node.level + 1]
        if len(kept) < len(parts) - node.level + 1 or (node.level > 1 and not kept):
            return
        base = ".".join([*kept, *([node.module] if node.module else [])])
    for alias in node.names:
        yield Import(alias.asname or alias.name, base, alias.name, alias.lineno)


def _offer(call: ast.Call) -> Offer | None:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if not _REGISTERING.fullmatch(name):
        return None
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    found = [entry for item in given if (entry := _entry(item))]
    if name.startswith(("add", "append")):  # `add(f(x))` is about the result, not about f
        found = [entry for entry in found if not entry.called]
    return Offer(name, call.lineno, call.end_lineno or call.lineno, found) if found else None


def _keepers(names: Names) -> list[str]:
    stored = [(scope, kept) for scope, node in names.stores if (kept := _kept(node))]
    if not stored:
        return []
    given: dict[ast.AST, set[str]] = {}
    for node in names.scopes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            own = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
            for around in _around(node, names):
                given.setdefault(around, set()).update(own - {"self", "cls"})
    keepers = {around for scope, kept in stored for around in _around(scope, names) if kept & given[around]}
    return [names.ids[node] for node in names.scopes if node in keepers and not isinstance(node, ast.Lambda)]


def _kept(node: ast.Assign | ast.Call) -> set[str]:
    """The names that a statement or call puts somewhere, alone or in a tuple or list."""
    if isinstance(node, ast.Assign):
        values = [node.value]
    elif isinstance(node.func, ast.Attribute) and _STORING.fullmatch(node.func.attr):
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
    else:
        return set()
    inner = [item for value in values for item in (value.elts if isinstance(value, ast.Tuple | ast.List) else [value])]
    return {item.id for item in inner if isinstance(item, ast.Name)}


def _around(scope: ast.AST, names: Names) -> Iterator[ast.AST]:
    """The functions that a scope lies in, itself included."""
    current: ast.AST | None = scope
    while current is not None and not isinstance(current, ast.Module):
        if not isinstance(current, ast.ClassDef):
            yield current
        current = names.scopes.get(current)


def _registries(tree: ast.Module, module: str) -> list[Registry]:
    found: dict[str, Registry] = {}
    for scope, node in _statements(tree.body, module):
        target, values = _filled(node)
        entries = [entry for item in values if (entry := _entry(item))]
        if target is None or not entries:
            continue
        name = f"{scope}.{target}"
        if isinstance(node, ast.Assign | ast.AnnAssign) and not isinstance(_target(node), ast.Subscript):
            found[name] = Registry(name, entries)
        else:
            found.setdefault(name, Registry(name, [])).entries.extend(each for each in entries if not each.quoted)
    return [registry for registry in found.values() if len(registry.entries) >= MIN_ENTRIES]


def _target(node: ast.Assign | ast.AnnAssign) -> ast.expr:
    return node.targets[0] if isinstance(node, ast.Assign) else node.target


def _filled(node: ast.stmt) -> tuple[str | None, list[ast.expr]]:
    """(name, values that the statement puts into it) of `X = {…}`, `X[key] = v` and `X.register(…, v)`."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = _target(node)
        if isinstance(target, ast.Name):
            return target.id, _values(node.value)
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and node.value is not None:
            return target.value.id, [node.value]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Attribute) and _REGISTERING.fullmatch(call.func.attr):
            return dotted_name(call.func.value), call.args
    return None, []


def _instances(tree: ast.Module) -> list[Instance]:
    values: dict[str, list[ast.expr | None]] = {}
    for _, node in _statements([item for item in tree.body if not isinstance(item, ast.ClassDef)], ""):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                values.setdefault(target.id, []).append(getattr(node, "value", None))
    return [
        Instance(name, of)
        for name, (value, *others) in values.items()
        if not others and isinstance(value, ast.Call) and (of := dotted_name(value.func))
    ]


def _statements(body: Sequence[ast.stmt], scope: str) -> Iterator[tuple[str, ast.stmt]]:
    """(scope, statement) at module level and in class bodies, those under `if` and `try` included, in source order."""
    pending = [(scope, node) for node in reversed(body)]
    while pending:
        scope, node = pending.pop()
        inner: list[ast.stmt] = []
        if isinstance(node, ast.ClassDef):
            scope, inner = f"{scope}.{node.name}", node.body
        elif isinstance(node, ast.If):
            inner = [*([] if _is_main_guard(node) else node.body), *node.orelse]
        elif isinstance(node, ast.Try):
            inner = [*node.body, *(item for handler in node.handlers for item in handler.body), *node.orelse]
        else:
            yield scope, node
        pending += [(scope, item) for item in reversed(inner)]


def _values(value: ast.expr | None) -> list[ast.expr]:
    """The values of `{…}`, `[…]`, `dict(…)` or a mapping class called with one of them (`OrderedDict({…})`)."""
    if isinstance(value, ast.Dict):
        return [item for key, item in zip(value.keys, value.values, strict=True) if key is not None]
    if isinstance(value, ast.List | ast.Set):
        return value.elts
    if isinstance(value, ast.Call):
        if isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args:
            return [keyword.value for keyword in value.keywords if keyword.arg]
        if len(value.args) == 1 and isinstance(value.args[0], ast.Dict):
            return _values(value.args[0])
    return []


def _entry(node: ast.expr) -> Entry | None:
    """A value that names something: `f`, `mod.f`, `Class()` or `"pkg.mod.Class"`."""
    end = node.end_lineno or node.lineno
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value.replace(":", ".")
        is_dotted = "." in text and all(part.isidentifier() for part in text.split("."))
        return Entry(text, node.lineno, end, quoted=True) if is_dotted else None
    name = dotted_name(node.func if isinstance(node, ast.Call) else node)
    return Entry(name, node.lineno, end, called=isinstance(node, ast.Call)) if name else None


def dotted_name(node: ast.expr) -> str | None:
    """`a.b.c` of names and attributes; null for any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _is_main_guard(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
        and isinstance(node.test.comparators[0], ast.Constant)
        and node.test.comparators[0].value == "__main__"
    )
