"""A base class or protocol, all that implement it, and the methods that have to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from utils.analysis.outline import PROTOCOLS, Outline, is_protocol
from utils.analysis.patterns.places import is_test
from utils.records import Evidence, Pattern

FAR = 20  # steps of inheritance; without an end, a chain of n classes would make n * n / 2 statements
COMMON = 100  # classes; what more than these conform to by name says nothing about any of them


def implementations(elements: Mapping[str, Outline], inheritance: Mapping[str, Sequence[str]]) -> Iterator[Pattern]:
    """One pattern for each class that others of the repository derive from or, for a protocol, conform to.

    `members` are all of them within FAR steps, those in tests last; `evidence` has their class statements. Bases that
    are themselves test code are left out.
    """
    children: dict[str, list[str]] = {}
    for child, bases in inheritance.items():
        for base in bases:
            if base in elements and child in elements:
                children.setdefault(base, []).append(child)
    methods = _methods(elements)
    protocols = [each for each, bases in inheritance.items() if each in elements and is_protocol(bases)]
    conforming = _conforming(protocols, elements, methods, inheritance)
    for subject in sorted({*children, *conforming}):
        if is_test(elements[subject].path):
            continue
        found = {*_within_reach(subject, children)[1:], *conforming.get(subject, ())}
        members = sorted(found, key=lambda member: (is_test(elements[member].path), member))
        yield Pattern(
            kind="implementation",
            subject=subject,
            members=members,
            evidence=[_statement(elements[member]) for member in members],
            required=_required(subject, elements, methods, inheritance, subject in protocols),
        )


def _statement(element: Outline) -> Evidence:
    return Evidence(element.path, element.line, element.header_end)


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


def _methods(elements: Mapping[str, Outline]) -> dict[str, dict[str, Outline]]:
    """{class id: {name: method or property}}; of repeated definitions the first, which is where overloads begin."""
    found: dict[str, dict[str, Outline]] = {}
    for element in elements.values():
        if element.kind in ("method", "property") and element.parent:
            found.setdefault(element.parent, {}).setdefault(element.name, element)
    return found


def _required(
    subject: str,
    elements: Mapping[str, Outline],
    methods: Mapping[str, Mapping[str, Outline]],
    inheritance: Mapping[str, Sequence[str]],
    is_protocol: bool,
) -> list[str]:
    """Ids of the methods that an implementation has to write, inherited ones included, in source order."""
    nearest: dict[str, Outline] = {}
    for each in reversed(_within_reach(subject, inheritance)):
        nearest.update(methods.get(each, {}))
    wanted = [
        method
        for method in nearest.values()
        if method.is_abstract or (is_protocol and method.parent == subject and not method.has_body)
    ]
    return [method.id for method in sorted(wanted, key=lambda method: (method.path, method.line))]


def _conforming(
    protocols: Sequence[str],
    elements: Mapping[str, Outline],
    methods: Mapping[str, Mapping[str, Outline]],
    inheritance: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """{protocol: classes that have all its methods with the same parameters}, without deriving from it.

    A protocol with data members or with dunder methods only is left out: names alone would not justify it.
    """
    data = {element.parent for element in elements.values() if element.kind in ("field", "attribute")}
    known = frozenset(protocols)
    complete = {
        each: {
            name: method
            for base in reversed(_within_reach(each, inheritance))
            for name, method in methods.get(base, {}).items()
        }
        for each in (methods if protocols else ())
    }
    owners: dict[str, list[str]] = {}
    for each, own in complete.items():
        for name in own:
            owners.setdefault(name, []).append(each)
    found: dict[str, list[str]] = {}
    for protocol in protocols:
        wanted = {name: method.parameters for name, method in methods.get(protocol, {}).items()}
        is_plain = protocol not in data and set(inheritance.get(protocol, ())) <= PROTOCOLS
        if not is_plain or all(name.startswith("_") for name in wanted):
            continue
        rarest = min(wanted, key=lambda name: len(owners[name]))
        conforming = (
            each
            for each in owners[rarest]
            if each != protocol
            and each not in known
            and protocol not in _within_reach(each, inheritance)
            and all(
                name in complete[each] and complete[each][name].parameters == names for name, names in wanted.items()
            )
        )
        members = list(islice(conforming, COMMON + 1))
        if 0 < len(members) <= COMMON:
            found[protocol] = members
    return found
