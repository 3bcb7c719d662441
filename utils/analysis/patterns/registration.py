"""Where a new X has to be made known: decorators that store what they decorate, dicts and lists, entry points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from utils.analysis.notes import Entry
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.source import Source
from utils.analysis.places import is_test
from utils.records import EntryPoint, Evidence, Pattern

MIN_MEMBERS = 2


class Registered(msgspec.Struct, array_like=True):
    """`member` is made known to `registry` (the id of a decorator, a dict, a list or an object) at these lines."""

    registry: str
    member: str
    line: int
    end_line: int


class Registrations(msgspec.Struct, array_like=True):
    """What one file makes known: by decorators, in collections, by calling a method that keeps what it is given."""

    decorated: list[Registered] = []
    collected: list[Registered] = []
    offered: list[Registered] = []


def registrations_in(source: Source) -> Registrations:
    """What a file makes known to anything but test code."""
    found = Registrations(list(_decorated(source)), list(_collected(source)), list(_offered(source)))
    for part in (found.decorated, found.collected, found.offered):
        part[:] = [each for each in part if not _is_test(source.names, each.registry)]
    return found


def registrations(
    found: Mapping[str, Registrations], names: Names, entry_points: Sequence[EntryPoint]
) -> Iterator[Pattern]:
    """One pattern for each registry, or entry point group, that something is made known to; `found` is by path."""
    known: dict[tuple[str, str | None], dict[str, Evidence]] = {}
    for part in ("decorated", "collected", "offered"):  # where one is known twice, the first place counts
        for path, registered in found.items():
            for each in getattr(registered, part):
                span = Evidence(path, each.line, each.end_line)
                known.setdefault((each.registry, None), {}).setdefault(each.member, span)
    for entry in entry_points:
        target = _target(names, entry.target)
        if target is not None and entry.group != "main" and not _is_test(names, entry.group):
            span = Evidence(entry.path, entry.line, entry.line)
            known.setdefault((entry.group, entry.path), {}).setdefault(target, span)
    for (subject, declared), spans in sorted(known.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        if len(spans) >= MIN_MEMBERS or declared is not None:
            ordered = sorted(spans)
            evidence = [spans[member] for member in ordered]
            yield Pattern(kind="registration", subject=subject, members=ordered, evidence=evidence, target=declared)


def _is_test(names: Names, registry: str) -> bool:
    owner = names.element(registry)
    return owner is not None and is_test(owner.path)


def _decorated(source: Source) -> Iterator[Registered]:
    """What a decorator of the repository stores, at the lines from its first decorator to its definition."""
    decorated = [outline for outline in source.sheet.outlines if outline.decorators]
    wanted = {line for outline in decorated for line in range(outline.start_line, outline.line)}
    calls: dict[int, list[str]] = {}
    for site in source.sites:
        if site.line in wanted:
            calls.setdefault(site.line, []).append(site.callee)
    for outline in decorated:
        lines = range(outline.start_line, outline.line)
        called = _by_name(callee for line in lines for callee in calls.get(line, ()))
        for text in outline.decorators:
            decorator = _decorator(source, text, called)
            if decorator is not None and source.names.keeps(decorator):
                yield Registered(decorator, outline.id, outline.start_line, outline.line)


def _by_name(callees: Iterable[str]) -> dict[str, str]:
    """{last part of its name, or of its class's where a special method runs: the first such callee}."""
    found: dict[str, str] = {}
    for callee in callees:
        found.setdefault(callee.rpartition(".")[2], callee)
        owner = callee.removesuffix(".__init__").removesuffix(".__call__")
        found.setdefault(owner.rpartition(".")[2], callee)
    return found


def _decorator(source: Source, text: str, called: Mapping[str, str]) -> str | None:
    """The function, method or class that `@text` calls, by its resolved call or else by its name."""
    match = re.match(r"[\w.]+", text)
    if match is None:
        return None
    callee = called.get(match.group().rpartition(".")[2])
    if callee is not None:
        return callee if source.names.element(callee) else None
    found = source.names.resolve(source.module, match.group())
    element = source.names.element(found) if found else None
    return found if element and element.kind in ("function", "method") else None


def _collected(source: Source) -> Iterator[Registered]:
    """What stands in a dict or a list, or is given to an object's method that registers, at module level."""
    for registry in source.sheet.notes.registries:
        names = source.names
        subject = registry.id if names.element(registry.id) else _registrar(source, registry.id)
        if subject is None:
            continue
        members: dict[str, Registered] = {}
        for entry in registry.entries:
            member = _member(names, source.module, entry)
            if member is not None:
                members.setdefault(member, Registered(subject, member, entry.line, entry.end_line))
        if 2 * len(members) >= len(registry.entries):
            yield from members.values()


def _offered(source: Source) -> Iterator[Registered]:
    """What a call gives to a method that keeps its arguments."""
    offers = {(offer.line, offer.method): offer for offer in source.sheet.notes.offers}
    for site in source.sites:
        offer = offers.get((site.line, site.callee.rpartition(".")[2]))
        if offer is None or not source.names.element(site.callee):
            continue
        members = [_member(source.names, source.module, entry) for entry in offer.entries]
        if any(members) and source.names.keeps(site.callee):
            for member in members:
                if member is not None:
                    yield Registered(site.callee, member, offer.line, offer.end_line)


def _registrar(source: Source, name: str) -> str | None:
    """The object of another module that this one registers with."""
    found = source.names.resolve(source.module, name.removeprefix(source.module + "."))
    element = source.names.element(found) if found else None
    return found if element and element.kind != "module" else None


def _member(names: Names, module: str, entry: Entry) -> str | None:
    """The function or class that an entry names; of a call only a class, of which it makes an instance."""
    found = entry.value if entry.quoted else names.resolve(module, entry.value)
    element = names.element(found) if found else None
    kinds = ("class",) if entry.called else ("class", "function", "method")
    return found if element and element.kind in kinds else None


def _target(names: Names, target: str) -> str | None:
    """The element that `pkg.mod:name` or `pkg.mod` points at."""
    module, _, name = re.sub(r"\s*\[.*\]$", "", target).partition(":")
    module, name = module.strip(), name.strip()
    if not names.element(module):
        return None
    return names.resolve(module, name) if name else module
