"""Abstract values, interned as integers: what can arrive at a node of the value graph."""

from __future__ import annotations

from collections.abc import Hashable

FUNCTION = 0  # (function)
CLASS = 1  # (class)
# (class, exact): exact where the code makes it, not exact where an annotation or `self` promises it; and where a class
# of the repository makes properties, the node of the function that one runs
INSTANCE = 2
BOUND = 3  # (function, receiver value, whether it was found through super())
MODULE = 4  # (module name)
CONTAINER = 5  # (node where it is made, length), and of what a `namedtuple(...)` makes the names of its fields
GENERATOR = 6  # (function)
SUPER = 7  # (class, receiver value)
# (node of the call that makes it, its arguments, its keywords), and TO_OBJECT or TO_CLASS where a class that has it
# puts what it is read through before them
PARTIAL = 8
EXTERNAL = 9  # (dotted name): something outside the repository
BUILTIN = 10  # (name)
METHOD = 11  # (container node, length, method name, fields if it has any)
CONSTANT = 12  # (string or integer)
ACCESSOR = 13  # (node of the getter, of the setter or 0, of the deleter or 0): what property(...) makes
CALLABLE = 14  # (node of its result)
IDENTITY = 15  # (): a decorator that gives its argument back
CONTEXT = 16  # (function): what calling a @contextmanager function gives
STREAM = 17  # (generator function, method name)
WRAPPED = 18  # (wrapper function, node of what it wraps, receiver value or -1): one application of a decorator

MAKER = 19  # (class): what `type.__call__` does for a class, whatever its metaclass says
CLOSING = 20  # (node of what is closed): what `contextlib.closing` makes
READER = 21  # (function of `operator`, name or key, arguments, keywords): what attrgetter and its like make
SCALAR = 22  # (): text or a number that an annotation promises among others
OBJECT = 23  # (node where it is made, kind, see `library`): what the library made, or a method of it, as
# "kind.method"; and of what `namedtuple(...)` makes the names of the fields
RELAY = 24  # what a function hands back by way of a call in it: (parameter index, whether what calling it gives), or
# (parameter index, what holds of it, node of the result, or -1 for the argument itself)

TO_OBJECT, TO_CLASS = 1, 2

Value = tuple[Hashable, ...]
# A value whose parts are values itself: where in the tuple the part is that is one (and not -1)
INNER: dict[Hashable, int] = {BOUND: 2, SUPER: 2, WRAPPED: 3}


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

    def form(self, value: int) -> Value:
        """A value as it means the same in every run: with the values in it in place of their numbers."""
        what = self.table[value]
        at = INNER.get(what[0])
        if at is None or what[at] == -1:
            return what
        return (*what[:at], self.form(int(what[at])), *what[at + 1 :])  # type: ignore[call-overload]

    def intern_form(self, form: Value) -> int:
        """The inverse of `form`."""
        at = INNER.get(form[0])
        if at is None or form[at] == -1:
            return self.intern(*form)
        return self.intern(*form[:at], self.intern_form(form[at]), *form[at + 1 :])  # type: ignore[arg-type]
