"""Abstract values, interned as integers: what can arrive at a node of the value graph."""

from __future__ import annotations

from collections.abc import Hashable

FUNCTION = 0  # (function)
CLASS = 1  # (class)
INSTANCE = 2  # (class, exact): exact where the code makes it, not exact where an annotation or `self` promises it
BOUND = 3  # (function, receiver value, whether it was found through super())
MODULE = 4  # (module name)
CONTAINER = 5  # (node where it is made)
GENERATOR = 6  # (function)
SUPER = 7  # (class, receiver value)
PARTIAL = 8  # (node of the call that makes it)
EXTERNAL = 9  # (dotted name): something outside the repository
BUILTIN = 10  # (name)
METHOD = 11  # (container node, method name)
CONSTANT = 12  # (string or integer)
ACCESSOR = 13  # (node of the getter): what property(...) makes
CALLABLE = 14  # (node of its result)
IDENTITY = 15  # (): a decorator that gives its argument back
CONTEXT = 16  # (function): what calling a @contextmanager function gives
STREAM = 17  # (generator function, method name)
WRAPPED = 18  # (wrapper function, node of what it wraps, receiver value or -1): one application of a decorator

Value = tuple[Hashable, ...]


class Values:
    """Interning: equal values are one integer, so that sets of them are sets of integers."""

    def __init__(self) -> None:
        self.known: dict[Value, int] = {}
        self.table: list[Value] = []
        self.alone: list[tuple[int]] = []  # (value,): shared by the many nodes that hold one value only

    def intern(self, *value: Hashable) -> int:
        found = self.known.get(value)
        if found is None:
            found = self.known[value] = len(self.table)
            self.table.append(value)
            self.alone.append((found,))
        return found
