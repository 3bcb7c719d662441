"""Small indexes over ids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any


def inside(element_id: str, repeated: set[str]) -> bool:
    """True where the element or something around it is among the repeated ids."""
    while element_id:
        if element_id in repeated:
            return True
        element_id = element_id.rpartition(".")[0]
    return False


def suffixes(ids: Iterable[str]) -> Counter[str]:
    """How many ids end in each dotted end."""
    counts: Counter[str] = Counter()
    for element_id in ids:
        parts = element_id.split("#")[0].split(".")
        counts.update(".".join(parts[start:]) for start in range(len(parts)))
    return counts


def grouped(pairs: Iterable[tuple[str | None, object]]) -> dict[str, list[Any]]:
    """Values by key; no key is the empty one."""
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key or ""].append(value)
    return dict(groups)


def turned_round(graph: dict[str, list[str]]) -> dict[str, list[str]]:
    """Target → the sources that lead to it, sorted."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for source, targets in graph.items():
        for target in targets:
            found[target].add(source)
    return {target: sorted(sources) for target, sources in found.items()}
