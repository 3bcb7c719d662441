"""What an expression can be, and the resolution order of classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Verdict = Literal["proven", "undecided", "refuted"]


class Value(NamedTuple):
    """What an expression can be: kind "def" (that function or class), "instance" (of that class), "super" (its bases),
    "module" (a file, or a folder), "bag" or "map" (a container whose items are known), "out", "any" or "anyclass"
    (some value's class)."""

    kind: str
    path: str = ""
    place: int = -1


ANY = Value("any")
OUT = Value("out")
ANY_CLASS = Value("anyclass")
Values = frozenset[Value]
UNKNOWN: Values = frozenset({ANY})
NOTHING: Values = frozenset({OUT})
Seen = frozenset[object]


def class_of(value: Value) -> Value:
    """What `type(value)` is."""
    if value.kind == "instance":
        return value._replace(kind="def")
    return ANY_CLASS if value.kind == "any" else ANY


def ordered(values: Values) -> Iterable[Value]:
    """The values in an order of their own, so that a reading that ends too early ends at the same place each time."""
    return sorted(values) if len(values) > 1 else values


def joined(parts: list[Values]) -> Values:
    """All that the parts can be; unknown where there are none."""
    return frozenset().union(*parts) or UNKNOWN


def merge(lines: list[list[Value]]) -> list[Value]:
    """C3 linearization; where the lines contradict each other, the first head goes first all the same."""
    merged: list[Value] = []
    while lines:
        head = next(
            (line[0] for line in lines if not any(line[0] in other[1:] for other in lines)),
            lines[0][0],
        )
        merged.append(head)
        lines = [rest for line in lines if (rest := [each for each in line if each != head])]
    return merged
