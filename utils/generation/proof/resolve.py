"""What an expression can stand for: a resolution of its own, over `tree.FileFacts`.

A reference resolves to a set of values. `ANY` among them says that this reading cannot decide; `OUT` that it is
something from outside the repository. What it does decide it decides by Python's own rules: scopes, imports and
re-exports, star imports, method resolution order, annotations, what constructors and annotated functions return.

A question is read twice where it must be: plainly, and, where that leaves it open, with parameters followed to the
calls that pass them (`deep`).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from utils.generation.proof.containers import container, entered, from_container, item, iterated
from utils.generation.proof.facts import Definition, Ref, first_parameter
from utils.generation.proof.hierarchy import DEPTH, Hierarchy
from utils.generation.proof.scopes import imported, member, module_values, name_values
from utils.generation.proof.values import (
    ANY,
    NOTHING,
    OUT,
    UNKNOWN,
    Seen,
    Value,
    Values,
    Verdict,
    class_of,
    joined,
    ordered,
)

Key = tuple[bool, str, int, tuple]
STEPS = 3000  # references followed for one question
WIDTH = 256  # values kept for one reference
TRANSPARENT = frozenset(
    """property cached_property classmethod staticmethod abstractmethod abstractproperty override final wraps cache
    lru_cache overload""".split()  # noqa: SIM905
)  # decorators of the standard library that leave what a function returns as it is
SELF_TYPES = frozenset({"Self", '"Self"', "'Self'", "typing.Self", "typing_extensions.Self"})


class Known(NamedTuple):
    """What is remembered of a reference. `height`, `steps`: how many levels deep and how many references far its
    reading went; height 0 where a limit cut it short."""

    values: Values
    height: int
    steps: int
    is_cyclic: bool = False


class Repository(Hierarchy):
    """An index that resolves what names and expressions stand for. Answers are remembered."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root, name)
        self._resolved: dict[Key, Known] = {}
        self.judged: dict[tuple[str, str], Verdict] = {}
        self.bags: dict[tuple[str, int, tuple], int] = {}
        self.bag_places: dict[int, tuple[str, int, tuple]] = {}
        self._steps = 0  # of the question that is being read
        self._cuts = 0  # times that a limit ended its reading
        self._lowest = DEPTH  # the least depth that it came to

    @cached_property
    def module_getters(self) -> Values:
        """What the `__getattr__` of some module stands for: a function, or what a call of one gave back."""
        return frozenset(
            value
            for facts in self._every_file()
            for ref in facts.module.bindings.get("__getattr__", ())
            for value in self.resolve(facts.path, 0, ref)
        )

    # --- expressions -------------------------------------------------------------------------------------------------

    def resolve(self, path: str, scope: int, ref: Ref, depth: int = DEPTH, seen: Seen = frozenset()) -> Values:
        """The values of a reference that stands in definition `scope` of `path`.

        They follow from the arguments alone, whatever was asked before: on the way to another answer (`depth` below
        `DEPTH`) only an answer that no limit cut short is taken from memory, and only where no limit would cut it here.
        """
        if ref is None:
            return UNKNOWN
        key = (self.deep, path, scope, ref)
        if depth == DEPTH:
            return self._asked(key)
        known = self._resolved.get(key)
        if known is not None and 0 < known.height <= depth and self._steps + known.steps <= STEPS:
            self._steps += known.steps
            self._lowest = min(self._lowest, depth - known.height + 1)
            return known.values
        above, self._lowest = self._lowest, DEPTH
        before, limits = self._steps, (self._cuts, self.cycles)
        if not self.reaches(depth, key, seen):
            self._lowest = above
            return UNKNOWN
        found = self._read(key, depth, seen)
        if limits == (self._cuts, self.cycles):
            self._resolved[key] = Known(found, depth - self._lowest + 1, self._steps - before)
        self._lowest = min(self._lowest, above)
        return found

    def _asked(self, key: Key) -> Values:
        """The answer to a question of its own, with all the steps it may take, also where it comes up on the way to
        another one: there, one that leads back to itself may meet what is still open, so it is not remembered."""
        known = self._resolved.get(key)
        if known is not None and (not known.is_cyclic or not self.open):
            return known.values
        if self.is_open(key):
            return UNKNOWN
        outer, cycles = (self._steps, self._cuts, self._lowest), self.cycles
        self._steps, self._cuts, self._lowest = 0, 0, DEPTH
        self.open.add(key)
        found = self._read(key, DEPTH, frozenset())
        self.open.remove(key)
        is_cyclic = self.cycles != cycles
        if not is_cyclic or not self.open:
            is_cut = is_cyclic or self._cuts > 0
            self._resolved[key] = Known(found, 0 if is_cut else DEPTH - self._lowest + 1, self._steps, is_cyclic)
        self._steps, self._cuts, self._lowest = outer
        return found

    def _read(self, key: Key, depth: int, seen: Seen) -> Values:
        if self._steps >= STEPS:
            self._cuts += 1
            return UNKNOWN
        self._steps += 1
        _, path, scope, ref = key
        found = _READERS[ref[0]](self, path, scope, ref, depth - 1, seen | {key})
        return found if len(found) <= WIDTH else UNKNOWN

    def reaches(self, depth: int, key: object, seen: Seen) -> bool:
        """Whether the reading may go on; where it may not, what comes of it holds for this question only."""
        if depth <= 0 or key in seen:
            self._cuts += 1
            return False
        self._lowest = min(self._lowest, depth)
        return True

    def _name(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return name_values(self, path, scope, ref[1], depth, seen)

    def _defined(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return frozenset({Value("def", path, ref[1])})

    def _lambda(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        facts = self.facts(path)
        found = facts.by_place.get((ref[1], ref[2])) if facts else None
        return frozenset({Value("def", path, found.index)}) if found else UNKNOWN

    def _elsewhere(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return self.resolve(path, ref[1], ref[2], depth, seen)

    def _module(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return module_values(self.absolute(path, ref[1], ref[2]))

    def _imported(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return imported(self, path, ref, depth, seen)

    def one_of(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return joined([self.resolve(path, scope, each, depth, seen) for each in ref[1:]])

    def _literal(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return NOTHING

    def _attribute(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        inner = self.resolve(path, scope, ref[1], depth, seen)
        return joined([self.attribute(value, ref[2], depth, seen) for value in ordered(inner)])

    def _call(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        """What a call gives. A method that returns `self` or `cls()` gives what it was called on."""
        target = ref[1]
        parts = [from_container(self, path, scope, target, depth, seen)] if target and target[0] == "a" else []
        for value in ordered(self.resolve(path, scope, target, depth, seen)):
            if value.kind == "def" and self.definition(value).kind == "function":
                parts.append(self._returned(value, depth, seen, (path, scope, target)))
            else:
                parts.append(self._called(value, depth, seen))
        return joined(parts)

    def _annotated(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return frozenset(self._instance(value) for value in self.resolve(path, scope, ref[1], depth, seen))

    def _same(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return self.resolve(path, scope, ref[1], depth, seen)

    def _type(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        return frozenset(class_of(value) for value in self.resolve(path, scope, ref[1], depth, seen))

    def _super(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        facts = self.facts(path)
        owner: Definition | None = facts.definitions[scope] if facts else None
        while owner is not None and owner.kind != "class":
            owner = owner.parent
        if len(ref) == 1 or (owner is not None and ref[1] == ("n", owner.name)):
            return frozenset({Value("super", path, owner.index)}) if owner else UNKNOWN
        after = self.resolve(path, scope, ref[1], depth, seen)  # `super(Base, self)` goes on behind another class
        known = bool(after) and all(self.is_class(value) for value in after)
        return frozenset(value._replace(kind="super") for value in after) if known else UNKNOWN

    def _instance(self, value: Value) -> Value:
        """An instance of an annotation; a protocol's is anything that fits, and so is an outside class's."""
        if value.kind == "def" and self.definition(value).kind == "class":
            bases = {text.partition("[")[0].rpartition(".")[2] for text in self.definition(value).bases}
            return ANY if "Protocol" in bases else value._replace(kind="instance")
        return value if value.kind in ("bag", "map") else ANY

    # --- attributes and results --------------------------------------------------------------------------------------

    def attribute(self, value: Value, name: str, depth: int, seen: Seen) -> Values:
        """What `value.name` can be."""
        if value.kind == "module":
            found = member(self, value.path, name, depth, seen)
            return found if found is not None else UNKNOWN
        if name == "__class__" and value.kind in ("instance", "any"):
            return frozenset({class_of(value)})
        if value.kind in ("bag", "map"):
            return NOTHING
        if not self.is_class(value):
            return UNKNOWN if value.kind == "def" else frozenset({value})
        order, complete = self.mro(value._replace(kind="def"))
        found_values: set[Value] = set()
        literal, is_bound = True, False
        for each in order[1:] if value.kind == "super" else order:
            definition = self.definition(each)
            bindings = () if is_bound else definition.bindings.get(name, ())
            for ref in [*bindings, *definition.attributes.get(name, ())]:
                found_values |= self.resolve(each.path, each.place, ref, depth, seen)
                literal = literal and ref is not None and ("k",) in (ref, ref[-1])
            is_bound = is_bound or name in definition.bindings
            if is_bound and value.kind != "instance":  # what any class assigns to an object goes before all names
                break
        if found_values:
            if value.kind == "instance":
                found_values = self._unless_replaced(found_values, order, name)
            if value.kind != "super" and (
                literal or name in self.assigned_attributes or self.is_overridden(value, name)
            ):
                found_values.add(ANY)  # others, or subclasses, assign it
            return self._properties_run(frozenset(found_values), value, depth, seen)
        return UNKNOWN if complete else frozenset({OUT, ANY})

    def _unless_replaced(self, values: set[Value], order: list[Value], name: str) -> set[Value]:
        """The values without the methods of that name, where the object may be given something else in their place."""
        if not any(name in self.definition(each).attributes for each in order):
            return values
        methods = {each for each in values if self._is_method(each, name)}
        return (values - methods) | UNKNOWN if methods else values

    def _is_method(self, value: Value, name: str) -> bool:
        """Whether it is a function in a class body, under its own name, that an assignment to an object hides."""
        function = self.definition(value) if value.kind == "def" else None
        if function is None or function.kind != "function" or function.name != name or function.is_property:
            return False
        return function.parent is not None and function.parent.kind == "class"

    def _properties_run(self, values: Values, owner: Value, depth: int, seen: Seen) -> Values:
        """A property read on an instance gives what the property returns."""
        if owner.kind == "def":
            bound = any(value.kind == "instance" and self.owner_of(value, "__get__") for value in values)
            return values | UNKNOWN if bound else values
        out: set[Value] = set()
        for value in ordered(values):
            made = value._replace(kind="def") if value.kind == "property" else value
            is_function = made.kind == "def" and self.definition(made).kind == "function"
            if is_function and (value != made or self.definition(made).is_property):
                out |= self._returned(made, depth, seen, owner)
            else:
                out.add(value)
            if value.kind == "instance" and self.owner_of(value, "__get__"):
                out.add(ANY)  # a descriptor gives what it likes
        return frozenset(out)

    def method_gives(self, value: Value, name: str, depth: int, seen: Seen) -> Values:
        """What a special method of an instance gives when syntax calls it."""
        parts = []
        for each in ordered(self.attribute(value, name, depth, seen)):
            is_function = each.kind == "def" and self.definition(each).kind == "function"
            parts.append(self._returned(each, depth, seen, value) if is_function else UNKNOWN)
        return joined(parts)

    def _called(self, value: Value, depth: int, seen: Seen) -> Values:
        """What calling a class or an instance gives; an outside function's result is anything."""
        if value.kind == "instance":
            return self.method_gives(value, "__call__", depth, seen)
        return frozenset({value._replace(kind="instance")}) if value.kind == "def" else UNKNOWN

    def _property(self, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
        """`property(get)`: reading it gives what `get` returns."""
        found = self.resolve(path, scope, ref[1], depth, seen)
        return frozenset(value._replace(kind="property") if value.kind == "def" else ANY for value in found)

    def _returned(self, value: Value, depth: int, seen: Seen, on: tuple[str, int, Ref] | Value | None) -> Values:
        """What a function returns; `on`: what it was called on, an expression `receiver.method` or the receiver."""
        definition = self.definition(value)
        if definition.kind == "class":
            return frozenset({value._replace(kind="instance")})
        first = first_parameter(definition)
        own = (("n", first), ("c", ("n", first)), ("c", ("a", ("n", first), "__class__"))) if first else ()
        if first and (definition.returns in SELF_TYPES or any(ref in own for ref in definition.results)):
            receivers = self._receivers(on, depth, seen)
        else:
            receivers = frozenset()
        outer = definition.parent.index if definition.parent else 0
        if definition.returns in SELF_TYPES and first:
            return receivers or UNKNOWN
        said: Values = frozenset()
        if definition.returns_ref is not None:
            said = self.resolve(value.path, outer, definition.returns_ref, depth, seen)
            if ANY not in said:
                return said
        if (
            definition.is_generator
            or not self._is_plain(value, depth, seen)
            or not definition.results
            or definition.is_stub
        ):
            return said or UNKNOWN
        rest = [ref for ref in definition.results if not (receivers and ref in own)]
        found = [self.resolve(value.path, definition.index, ref, depth, seen) for ref in rest]
        return frozenset().union(said, receivers, *found)

    def _is_plain(self, value: Value, depth: int, seen: Seen) -> bool:
        """True where the decorators give back what the function returns: a wrapper ends with `return f(…)`."""
        definition = self.definition(value)
        outer = definition.parent.index if definition.parent else 0
        for text, ref in zip(definition.decorators, definition.decorator_refs, strict=True):
            if _last(text) in TRANSPARENT:
                continue
            made = self.resolve(value.path, outer, ("c", ref), depth - 1, seen)
            if not made or not all(each == value or self._passes_through(each) for each in made):
                return False
        return True

    def _passes_through(self, value: Value) -> bool:
        if value.kind != "def" or self.definition(value).kind != "function":
            return False
        wrapper = self.definition(value)
        given = wrapper.parent.annotations if wrapper.parent is not None else {}
        bare = [ref[1] if ref is not None and ref[0] == "w" else ref for ref in wrapper.results]
        return any(ref is not None and ref[0] == "c" and ref[1] is not None and ref[1][1] in given for ref in bare)

    def _receivers(self, on: tuple[str, int, Ref] | Value | None, depth: int, seen: Seen) -> Values:
        """The instances that a method called on `on` works on."""
        if on is None:
            return frozenset()
        if isinstance(on, Value):
            return frozenset({on})
        path, scope, target = on
        if target is None or target[0] != "a":
            return frozenset()
        values = self.resolve(path, scope, target[1], depth, seen)
        return frozenset(value._replace(kind="instance") if self.is_class(value) else ANY for value in values)


_READERS = {
    "n": Repository._name,
    "a": Repository._attribute,
    "c": Repository._call,
    "s": item,
    "y": iterated,
    "b": container,
    "b{": container,
    "d": Repository._defined,
    "o": Repository.one_of,
    "i": Repository._annotated,
    "super": Repository._super,
    "w": Repository._same,
    "e": entered,
    "m": Repository._module,
    "f": Repository._imported,
    "t": Repository._type,
    "l": Repository._lambda,
    "x": Repository._elsewhere,
    "p": Repository._property,
    "k": Repository._literal,
}


def _last(decorator: str) -> str:
    return decorator.partition("(")[0].rpartition(".")[2]
