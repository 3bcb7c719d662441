"""A base class or protocol, all that implement it, and the methods that have to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from utils.analysis.outline import PROTOCOLS, Outline, is_protocol
from utils.analysis.packing import ClassLine
from utils.analysis.places import is_test
from utils.records import Evidence, Pattern

FAR = 20  # steps of inheritance; without an end, a chain of n classes would make n * n / 2 statements
COMMON = 100  # classes; what more than these conform to by name says nothing about any of them

Bases = Mapping[str, Sequence[str]]  # {class id: its bases, ids or source text}
Outlines = Callable[[str], Iterable[Outline]]  # of a path


class Classes:
    """The classes of a repository, by id, with their paths. `outlines` tells more of a file, where it is needed."""

    def __init__(self, lines: Mapping[str, Iterable[ClassLine]], outlines: Outlines) -> None:
        self.lines = {each.id: each for classes in lines.values() for each in classes}
        self.paths = {each.id: path for path, classes in lines.items() for each in classes}
        self._outlines = outlines
        self._members: dict[str, dict[str, list[Outline]]] = {}

    def methods(self, owner: str) -> dict[str, Outline]:
        """{name: method or property}; of repeated definitions the first, which is where overloads begin."""
        found: dict[str, Outline] = {}
        for member in self._of(owner):
            if member.kind in ("method", "property"):
                found.setdefault(member.name, member)
        return found

    def has_data(self, owner: str) -> bool:
        """True where it has fields or attributes."""
        return any(member.kind in ("field", "attribute") for member in self._of(owner))

    def _of(self, owner: str) -> list[Outline]:
        path = self.paths.get(owner)
        if path is None:
            return []
        if path not in self._members:
            members = self._members[path] = {}
            for outline in self._outlines(path):
                if outline.parent:
                    members.setdefault(outline.parent, []).append(outline)
        return self._members[path].get(owner, [])


class Contracts(msgspec.Struct, array_like=True):
    """What follows from the methods of classes, and so stays the same while neither methods nor bases change.

    `required` are the ids of the methods that an implementation of a class has to write, where there are any;
    `conforming` the classes that have all methods of a protocol.
    """

    required: dict[str, list[str]]
    conforming: dict[str, list[str]]


def contracts(classes: Classes, bases: Bases) -> Contracts:
    """The contracts of all classes that others derive from, and of all protocols."""
    conforming = _conforming(classes, bases)
    subjects = (each for each in {*_children(classes, bases), *conforming} if not is_test(classes.paths[each]))
    required = {subject: methods for subject in subjects if (methods := _required(subject, classes, bases))}
    return Contracts(required, conforming)


def implementations(classes: Classes, bases: Bases, contracts: Contracts) -> Iterator[Pattern]:
    """One pattern for each class that others of the repository derive from or, for a protocol, conform to.

    `members` are all of them within FAR steps, those in tests last; `evidence` has their class statements. Bases that
    are themselves test code are left out.
    """
    children, conforming = _children(classes, bases), contracts.conforming
    for subject in sorted({*children, *conforming}):
        if is_test(classes.paths[subject]):
            continue
        found = {*_within_reach(subject, children)[1:], *conforming.get(subject, ())}
        members = sorted(found, key=lambda member: (is_test(classes.paths[member]), member))
        yield Pattern(
            kind="implementation",
            subject=subject,
            members=members,
            evidence=[
                Evidence(classes.paths[member], classes.lines[member].line, classes.lines[member].end)
                for member in members
            ],
            required=contracts.required.get(subject, []),
        )


def _children(classes: Classes, bases: Bases) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for child, parents in bases.items():
        for parent in parents:
            if parent in classes.lines and child in classes.lines:
                found.setdefault(parent, []).append(child)
    return found


def _conforming(classes: Classes, bases: Bases) -> dict[str, list[str]]:
    """{protocol: classes that have all its methods with the same parameters}, without deriving from it.

    A protocol with data members or with dunder methods only is left out: names alone would not justify it.
    """
    protocols = [each for each, parents in bases.items() if each in classes.lines and is_protocol(parents)]
    known = frozenset(protocols)
    own = (each for each in (classes.lines if protocols else ()) if classes.methods(each))
    complete = {each: _inherited(each, classes, bases) for each in own}
    owners: dict[str, list[str]] = {}
    for each, methods in complete.items():
        for name in methods:
            owners.setdefault(name, []).append(each)
    found: dict[str, list[str]] = {}
    for protocol in protocols:
        wanted = {name: method.parameters for name, method in classes.methods(protocol).items()}
        is_plain = not classes.has_data(protocol) and set(bases.get(protocol, ())) <= PROTOCOLS
        if not is_plain or all(name.startswith("_") for name in wanted):
            continue
        rarest = min(wanted, key=lambda name: len(owners[name]))
        conforming = (
            each
            for each in owners[rarest]
            if each != protocol
            and each not in known
            and protocol not in _within_reach(each, bases)
            and all(
                name in complete[each] and complete[each][name].parameters == names for name, names in wanted.items()
            )
        )
        members = list(islice(conforming, COMMON + 1))
        if 0 < len(members) <= COMMON:
            found[protocol] = members
    return found


def _within_reach(start: str, edges: Mapping[str, Sequence[str]]) -> list[str]:
    """`start` and what it leads to in at most FAR steps, nearest first."""
    found = {start: None}
    step = [start]
    for _ in range(FAR):
        step = list(dict.fromkeys(to for each in step for to in edges.get(each, ()) if to not in found))
        if not step:
            break
        found.update(dict.fromkeys(step))
    return list(found)


def _inherited(subject: str, classes: Classes, bases: Bases) -> dict[str, Outline]:
    """{name: the nearest method of that name}, its own first."""
    nearest: dict[str, Outline] = {}
    for each in reversed(_within_reach(subject, bases)):
        nearest.update(classes.methods(each))
    return nearest


def _required(subject: str, classes: Classes, bases: Bases) -> list[str]:
    """Ids of the methods that an implementation has to write, inherited ones included, by path and in source order."""
    as_protocol = is_protocol(bases.get(subject, ()))
    above = [classes.lines[each] for each in _within_reach(subject, bases) if each in classes.lines]
    if not as_protocol and not any(each.abstract for each in above):
        return []
    wanted = [
        method
        for method in _inherited(subject, classes, bases).values()
        if method.is_abstract or (as_protocol and method.parent == subject and not method.has_body)
    ]
    wanted.sort(key=lambda method: (classes.paths[method.parent or ""], method.line))
    return [method.id for method in wanted]
