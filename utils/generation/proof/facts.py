"""What is kept of one file: its definitions, what each binds, and where each calls or reads something.

An expression is kept as a *reference*, a nested tuple that can be resolved later without the syntax tree:

    ("n", name)            a name                      ("a", ref, attribute)   an attribute
    ("c", ref)             the result of a call        ("s", ref)              an item, `ref[…]`
    ("y", ref)             what iterating gives        ("b", ref, …), ("b{", …) a container of items, of values
    ("d", index)           a definition                ("o", ref, ref, …)      one of several
    ("i", ref)             an instance of an annotation ("super",)             what `super()` gives
    ("super", ref)         what `super(ref, …)` gives
    ("w", ref)             what `await` gives          ("e", ref)              what `with … as` gives
    ("m", module, level)   an imported module          ("f", module, level, name)  a name imported from a module
    ("t", ref)             the class of a value
    ("l", line, column)    a lambda                    ("x", index, ref)       a reference inside another definition
    ("p", ref, …)          `property(get, set, …)`
    ("k",)                 a literal                   None                    nothing that can be followed

A *site* is (line, reference, how): how is ("call",) for a call, ("passed",) for a function that is given to an outside
function like `sorted`, which calls it; for an attribute it names the methods that reading or
writing may run besides a property; for an operand of syntax or of a built-in function, its methods that may run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Ref = tuple[Any, ...] | None
CALL = ("call",)
PASSED = ("passed",)
MADE = ("made",)
RAISED = ("raised",)
ATTRIBUTE_METHODS = frozenset({"__getattr__", "__setattr__", "__delattr__"})
ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})


class Site(NamedTuple):
    """One place where something may run. `args`: (position or keyword, reference) of what a call passes."""

    line: int
    ref: Ref
    how: tuple[str, ...]
    args: tuple[tuple[int | str, Ref], ...] = ()

    @property
    def is_call(self) -> bool:
        """True for `ref(...)`."""
        return self.how is CALL

    @property
    def is_passed(self) -> bool:
        """True for `ref` in `sorted(items, key=ref)`."""
        return self.how is PASSED

    @property
    def is_raised(self) -> bool:
        """True for `raise ref`, which calls a class."""
        return self.how is RAISED

    @property
    def is_class(self) -> bool:
        """True for a class statement that names bases or a metaclass."""
        return self.how is MADE

    @property
    def is_access(self) -> bool:
        """True for an attribute read, written or deleted."""
        return self.ref is not None and self.ref[0] == "a" and self.how[0] in ATTRIBUTE_METHODS


class Bound(NamedTuple):
    """One binding at module level, in the order in which the module runs. `name` is "*" for a star import; `source` is
    ("f", module, level, name) for an import, None where the name is deleted; `is_sure`: it is run in any case."""

    name: str
    source: Ref
    is_sure: bool


class Assignment(NamedTuple):
    """A statement that assigns a name: lines from 1, columns in bytes from 0, the annotation's text or ""."""

    line: int
    column: int
    end_line: int
    end_column: int
    annotation: str = ""


@dataclass(slots=True, eq=False)
class Definition:
    """A module, class, function or lambda. `local` is its name inside the module, `#n` included; "" for the module."""

    index: int
    kind: str
    name: str
    parent: Definition | None
    line: int = 1
    column: int = 0
    start: int = 1
    end: int = 1
    local: str = ""
    is_async: bool = False
    is_generator: bool = False
    is_stub: bool = False
    parameters: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    annotations: dict[str, Ref] = field(default_factory=dict)
    returns: str | None = None
    returns_ref: Ref = None
    decorators: list[str] = field(default_factory=list)
    decorator_refs: list[Ref] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    base_refs: list[Ref] = field(default_factory=list)
    metaclass_ref: Ref = None
    docstring: str | None = None
    raises: dict[str, Ref] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    bindings: dict[str, list[Ref]] = field(default_factory=dict)
    attributes: dict[str, list[Ref]] = field(default_factory=dict)
    results: list[Ref] = field(default_factory=list)
    assigned: dict[str, list[Assignment]] = field(default_factory=dict)
    outer_names: set[str] = field(default_factory=set)

    @property
    def is_property(self) -> bool:
        """True where reading the attribute runs the function."""
        return any(
            text.rpartition(".")[2]
            in ("property", "cached_property", "setter", "getter", "deleter", "abstractproperty")
            for text in self.decorators
        )

    @property
    def is_abstract(self) -> bool:
        """True for a function whose body is left to subclasses."""
        return self.is_stub or any(text.rpartition(".")[2] in ABSTRACT for text in self.decorators)


@dataclass(slots=True, eq=False)
class FileFacts:
    """What one file says. `by_local` leads from a name inside the module to its definition; `assigned_attributes` are
    the attributes assigned on anything but a method's own instance; `fillers` are what a `defaultdict` is made with, a
    name or a lambda; `ending` has the bindings at module level, in the
    order in which it runs; `public` is what its `__all__` lists, where that is one plain display."""

    path: str
    module: Definition
    definitions: list[Definition]
    by_local: dict[str, Definition]
    by_place: dict[tuple[int, int], Definition]
    stars: list[tuple[str, int]]
    imported: list[tuple[str, int, tuple[str, ...]]]
    assigned_attributes: set[str]
    fillers: set[Ref]
    ending: list[Bound]
    public: frozenset[str] | None

    def offers(self, name: str) -> bool:
        """Whether a star import may bring the name along, if the module has it and has not deleted it in the end."""
        last = next((bound for bound in reversed(self.ending) if bound.name == name), None)
        if last is not None and last.source is None and last.is_sure:
            return False
        if self.public is not None:
            return name in self.public
        return "__all__" in self.module.bindings or not name.startswith("_")


def first_parameter(function: Definition) -> str:
    """The name by which a method knows its instance or class; empty for any other function."""
    inside = function.parent is not None and function.parent.kind == "class" and function.kind == "function"
    if not inside or not function.parameters or "staticmethod" in function.decorators:
        return ""
    return function.parameters[0][0] if function.parameters[0][1].startswith("positional") else ""
