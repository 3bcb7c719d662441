"""Where a new X has to be made known: decorators that store what they decorate, dicts and lists, entry points."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from utils.analysis.notes import Entry, ModuleNotes
from utils.analysis.outline import Outline, parse_code
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.places import is_test
from utils.records import CallSite, EntryPoint, Evidence, Pattern

MIN_MEMBERS = 2

_STORING = re.compile(r"(append|insert|extend|update|setdefault|register|connect|subscribe|add|set|on)(_\w+)?")


def registrations(
    names: Names,
    lines: SourceLines,
    notes: Sequence[ModuleNotes],
    call_sites: Sequence[CallSite],
    entry_points: Sequence[EntryPoint],
) -> Iterator[Pattern]:
    """One pattern for each registry: the id of a decorator, a dict, a list or an object, or an entry point group.

    Registries in test code are left out.
    """
    found: dict[tuple[str, str | None], dict[str, Evidence]] = {}
    for element, decorator, line in _decorated(names, lines, call_sites):
        found.setdefault((decorator, None), {}).setdefault(element.id, Evidence(element.path, line, element.line))
    for registry, members in _collections(names, notes):
        found[registry, None] = members | found.get((registry, None), {})
    for method, member, span in _offered(names, lines, notes, call_sites):
        found.setdefault((method, None), {}).setdefault(member, span)
    for entry in entry_points:
        target = _target(names, entry.target)
        if target is not None and entry.group != "main":
            span = Evidence(entry.path, entry.line, entry.line)
            found.setdefault((entry.group, entry.path), {}).setdefault(target, span)
    for (subject, path), spans in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        owner = names.elements.get(subject)
        if owner is not None and is_test(owner.path):
            continue
        if len(spans) >= MIN_MEMBERS or path is not None:
            ordered = sorted(spans)
            evidence = [spans[member] for member in ordered]
            yield Pattern(kind="registration", subject=subject, members=ordered, evidence=evidence, target=path)


def _decorated(names: Names, lines: SourceLines, call_sites: Sequence[CallSite]) -> Iterator[tuple[Outline, str, int]]:
    """(element, id of a decorator of the repository that stores it, the decorators' first line)."""
    decorated = [element for element in names.elements.values() if element.decorators]
    wanted = {(element.path, line) for element in decorated for line in range(element.start_line, element.line)}
    calls: dict[tuple[str, int], list[str]] = {}
    for site in call_sites:
        if (site.path, site.line) in wanted:
            calls.setdefault((site.path, site.line), []).append(site.callee)
    stores: dict[str, bool] = {}
    for element in decorated:
        called = _by_name(
            callee for line in range(element.start_line, element.line) for callee in calls.get((element.path, line), ())
        )
        for text in element.decorators:
            decorator = _decorator(names, element, text, called)
            if decorator is None:
                continue
            if decorator not in stores:
                stores[decorator] = _stores(names.elements[decorator], lines)
            if stores[decorator]:
                yield element, decorator, element.start_line


def _by_name(callees: Iterable[str]) -> dict[str, str]:
    """{last part of its name, or of its class's where a special method runs: the first such callee}."""
    found: dict[str, str] = {}
    for callee in callees:
        found.setdefault(callee.rpartition(".")[2], callee)
        owner = callee.removesuffix(".__init__").removesuffix(".__call__")
        found.setdefault(owner.rpartition(".")[2], callee)
    return found


def _decorator(names: Names, element: Outline, text: str, called: Mapping[str, str]) -> str | None:
    """The function, method or class that `@text` calls, by its resolved call or else by its name."""
    match = re.match(r"[\w.]+", text)
    if match is None:
        return None
    callee = called.get(match.group().rpartition(".")[2])
    if callee is not None:
        return callee if callee in names.elements else None
    found = names.resolve(element.module, match.group())
    kinds = ("function", "method")
    return found if found and names.elements[found].kind in kinds else None


def _stores(decorator: Outline, lines: SourceLines) -> bool:
    """True where a function, or one inside it, keeps one of its arguments: `x[key] = f`, `x.append(f)`, …"""
    function = parse_code(lines.code(decorator))
    if function is None:
        return False
    given = {argument.arg for node in ast.walk(function) if isinstance(node, ast.arguments) for argument in _all(node)}
    given -= {"self", "cls"}
    for node in ast.walk(function):
        kept: list[ast.expr] = []
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Subscript) for target in node.targets):
            kept = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _STORING.fullmatch(node.func.attr):
            kept = [*node.args, *(keyword.value for keyword in node.keywords)]
        if _mentions(kept, given):
            return True
    return False


def _all(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _mentions(nodes: Sequence[ast.expr], given: set[str]) -> bool:
    """True where one of the values is an argument itself, alone or in a tuple or list."""
    for node in nodes:
        inner = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
        if any(isinstance(item, ast.Name) and item.id in given for item in inner):
            return True
    return False


def _collections(names: Names, notes: Sequence[ModuleNotes]) -> Iterator[tuple[str, dict[str, Evidence]]]:
    for each in notes:
        for registry in each.registries:
            members: dict[str, Evidence] = {}
            subject = registry.id if registry.id in names.elements else _registrar(names, each.module, registry.id)
            if subject is None:
                continue
            for entry in registry.entries:
                member = _member(names, each.module, entry)
                if member is not None:
                    members.setdefault(member, Evidence(each.path, entry.line, entry.end_line))
            if 2 * len(members) >= len(registry.entries):
                yield subject, members


def _offered(
    names: Names, lines: SourceLines, notes: Sequence[ModuleNotes], call_sites: Sequence[CallSite]
) -> Iterator[tuple[str, str, Evidence]]:
    """(function or method that keeps what it is given, the element given to it, the call)."""
    offers = {(each.path, offer.line, offer.method): (each, offer) for each in notes for offer in each.offers}
    for site in call_sites:
        key = (site.path, site.line, site.callee.rpartition(".")[2])
        if key in offers and site.callee in names.elements:
            module, offer = offers[key]
            members = [_member(names, module.module, entry) for entry in offer.entries]
            known = [member for member in members if member is not None]
            if known and _stores(names.elements[site.callee], lines):
                for member in known:
                    yield site.callee, member, Evidence(site.path, offer.line, offer.end_line)


def _registrar(names: Names, module: str, name: str) -> str | None:
    """The object of another module that this one registers with."""
    found = names.resolve(module, name.removeprefix(module + "."))
    return found if found and names.elements[found].kind != "module" else None


def _member(names: Names, module: str, entry: Entry) -> str | None:
    """The function or class that an entry names; of a call only a class, of which it makes an instance."""
    found = entry.value if entry.quoted else names.resolve(module, entry.value)
    element = names.elements.get(found) if found else None
    kinds = ("class",) if entry.called else ("class", "function", "method")
    return element.id if element and element.kind in kinds else None


def _target(names: Names, target: str) -> str | None:
    """The element that `pkg.mod:name` or `pkg.mod` points at."""
    module, _, name = re.sub(r"\s*\[.*\]$", "", target).partition(":")
    module, name = module.strip(), name.strip()
    if module not in names.elements:
        return None
    return names.resolve(module, name) if name else module
