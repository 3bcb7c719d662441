"""How an element is used: real call sites, those meant to be read first (examples, documentation, tests)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from utils.analysis.patterns.source import Source
from utils.analysis.places import is_example, is_test
from utils.records import PYTHON_SUFFIXES, Evidence, Pattern

MAX_SITES = 5  # per element; more would teach the same again

Spans = dict[str, list[tuple[int, int]]]  # {id of what is used: the first MAX_SITES (line, end line) of calls}
Uses = dict[str, Spans]  # {module that defines it: …}


def uses(source: Source) -> Uses:
    """What a file's calls show of each function, method or class that they call from outside it.

    Test code and special methods are not shown; a constructor's calls are its class's. A call counts where its lines
    mention the name.
    """
    lines: dict[str, set[int]] = {}
    for site in source.sites:
        subject = source.names.called(site.callee)
        if site.caller != subject and not site.caller.startswith(subject + "."):
            lines.setdefault(subject, set()).add(site.line)
    found: Uses = {}
    for subject, firsts in lines.items():
        element = source.names.element(subject)
        if element is None or is_test(element.path) or element.name.startswith("__"):
            continue
        spans: list[tuple[int, int]] = []
        for first in sorted(firsts):
            last = source.lines.call(first, element.name)
            if last is not None:
                spans.append((first, last))
            if len(spans) == MAX_SITES:
                break
        if spans:
            found.setdefault(element.module, {})[subject] = spans
    return found


def usages(path: str, users: Iterable[tuple[str, Spans]]) -> Iterator[Pattern]:
    """One pattern for each element that the file `path` defines and something uses, by id.

    `users` are (path, what it uses of this file). `evidence` has at most MAX_SITES calls: examples first, then
    documents, tests, other modules, the own module.
    """
    found: dict[str, list[tuple[int, str, int, int]]] = {}
    for user, spans in users:
        rank = _rank(user, path)
        for subject, calls in spans.items():
            found.setdefault(subject, []).extend((rank, user, first, last) for first, last in calls)
    for subject, ranked in sorted(found.items()):
        evidence = [Evidence(user, first, last) for _, user, first, last in sorted(ranked)[:MAX_SITES]]
        yield Pattern(kind="usage", subject=subject, evidence=evidence)


def _rank(user: str, path: str) -> int:
    """Smaller is better to learn from."""
    if not user.lower().endswith(PYTHON_SUFFIXES):
        return 1
    if is_test(user):
        return 2
    if is_example(user):
        return 0
    return 3 if user != path else 4
