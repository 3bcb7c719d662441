"""What a name or an expression can stand for: a resolution of its own, over `tree.FileFacts`.

A reference resolves to a set of values. `ANY` among them says that this reading cannot decide; `OUT` that it is
something from outside the repository. What it does decide it decides by Python's own rules: scopes, imports and
re-exports, star imports, method resolution order, annotations, what constructors and annotated functions return.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from utils.generation.proof.facts import Definition, Ref
from utils.generation.proof.index import Index

DEPTH = 24  # steps from an expression to what it stands for; beyond it the answer is ANY
STEPS = 5000  # references followed for one question
WIDTH = 64  # values kept for one reference


class Value(NamedTuple):
    """What an expression can be: kind "def" (that function or class), "instance" (of that class), "super" (its bases),
    "module" (a file, or a folder), "out", "any" or "anyclass" (some value's class)."""

    kind: str
    path: str = ""
    place: int = -1


ANY = Value("any")
OUT = Value("out")
ANY_CLASS = Value("anyclass")
Values = frozenset[Value]
UNKNOWN: Values = frozenset({ANY})


class Repository(Index):
    """An index that resolves what names and expressions stand for. Answers are remembered."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root, name)
        self._resolved: dict[tuple[str, int, Ref], Values] = {}
        self._mro: dict[Value, tuple[list[Value], bool]] = {}
        self._steps = 0

    def has_attribute(self, value: Value, name: str) -> bool:
        """Whether the class of an instance, or a base of it, binds `name`; a mixin may use what others define."""
        if value.kind not in ("instance", "def") or self.definition(value).kind != "class":
            return True
        line = (self.definition(each) for each in self.mro(value._replace(kind="def"))[0])
        return any(name in each.bindings or name in each.attributes for each in line)

    def definition(self, value: Value) -> Definition:
        """The definition that a "def", "instance" or "super" value is about."""
        facts = self.facts(value.path)
        assert facts is not None
        return facts.definitions[value.place]

    def _module_values(self, paths: list[str]) -> Values:
        return frozenset(Value("module", path) for path in paths) or frozenset({OUT})

    # --- names and expressions ---------------------------------------------------------------------------------------

    def resolve(
        self, path: str, scope: int, ref: Ref, depth: int = DEPTH, seen: frozenset[object] = frozenset()
    ) -> Values:
        """The values of a reference that stands in definition `scope` of `path`."""
        key = (path, scope, ref)
        if key in self._resolved:
            return self._resolved[key]
        self._steps = 0 if depth == DEPTH else self._steps + 1
        if ref is None or depth <= 0 or key in seen or self._steps > STEPS:
            return UNKNOWN
        found = self._resolve(path, scope, ref, depth - 1, seen | {key})
        if len(found) > WIDTH:
            found = UNKNOWN
        if depth == DEPTH:
            self._resolved[key] = found
        return found

    def _resolve(self, path: str, scope: int, ref: tuple, depth: int, seen: frozenset[object]) -> Values:
        kind = ref[0]
        if kind == "n":
            return self.name_values(path, scope, ref[1], depth, seen)
        if kind == "d":
            return frozenset({Value("def", path, ref[1])})
        if kind == "l":
            facts = self.facts(path)
            found = facts.by_place.get((ref[1], ref[2])) if facts else None
            return frozenset({Value("def", path, found.index)}) if found else UNKNOWN
        if kind == "x":
            return self.resolve(path, ref[1], ref[2], depth, seen)
        if kind == "m":
            return self._module_values(self.absolute(path, ref[1], ref[2]))
        if kind == "f":
            return self._imported(path, ref[1], ref[2], ref[3], depth, seen)
        if kind == "o":
            return frozenset().union(*(self.resolve(path, scope, each, depth, seen) for each in ref[1:]))
        if kind == "super":
            return self._super(path, scope)
        if kind == "k":
            return frozenset({OUT})
        inner = self.resolve(path, scope, ref[1], depth, seen)
        if kind == "a":
            return self._join(self.attribute(value, ref[2], depth, seen) for value in inner)
        if kind == "c":
            return self._join(self._called(value, depth, seen) for value in inner)
        if kind == "i":
            return frozenset(self._instance(value) for value in inner)
        if kind == "w":
            return inner
        if kind == "t":
            return frozenset(_class_of(value) for value in inner)
        if kind == "e":
            return inner | UNKNOWN
        return UNKNOWN

    @staticmethod
    def _join(parts: Iterator[Values]) -> Values:
        return frozenset().union(*parts) or UNKNOWN

    def _instance(self, value: Value) -> Value:
        """An instance of an annotation; a protocol's is anything that fits, and so is an outside class's."""
        if value.kind == "def" and self.definition(value).kind == "class":
            bases = {text.partition("[")[0].rpartition(".")[2] for text in self.definition(value).bases}
            return ANY if "Protocol" in bases else value._replace(kind="instance")
        return ANY

    def name_values(self, path: str, scope: int, name: str, depth: int, seen: frozenset[object]) -> Values:
        """What a bare name can be where definition `scope` uses it."""
        facts = self.facts(path)
        if facts is None:
            return UNKNOWN
        owner: Definition | None = facts.definitions[scope]
        first = True
        while owner is not None:
            if (first or owner.kind != "class") and name not in owner.outer_names:
                found = self._bound(path, owner, name, depth, seen)
                if found is not None:
                    return found
            first = False
            owner = owner.parent
        for module, level in facts.stars:
            for target in self.absolute(path, module, level):
                found = self.member(target, name, depth, seen)
                if found is not None:
                    return found
        if name in facts.module.bindings:
            return UNKNOWN
        if hasattr(builtins, name):
            return frozenset({OUT})
        return UNKNOWN

    def _bound(self, path: str, owner: Definition, name: str, depth: int, seen: frozenset[object]) -> Values | None:
        refs = owner.bindings.get(name)
        parameter = name in owner.annotations
        if refs is None and not parameter:
            return None
        found: set[Value] = set()
        if parameter:
            found |= self._parameter(path, owner, name, depth, seen)
        for ref in refs or ():
            where = owner.parent.index if parameter and owner.parent else owner.index
            found |= self.resolve(path, where, ref, depth, seen)
        return frozenset(found)

    def _parameter(self, path: str, owner: Definition, name: str, depth: int, seen: frozenset[object]) -> Values:
        inside = owner.parent is not None and owner.parent.kind == "class" and owner.kind == "function"
        if inside and owner.parent and owner.parameters[0][0] == name and "staticmethod" not in owner.decorators:
            own = Value("def", path, owner.parent.index)
            if "classmethod" in owner.decorators or owner.name in ("__new__", "__init_subclass__", "__class_getitem__"):
                return frozenset({own})
            return frozenset({own._replace(kind="instance")})
        ref = owner.annotations[name]
        if ref is None:
            return UNKNOWN
        return self.resolve(path, owner.parent.index if owner.parent else 0, ref, depth, seen)

    def _imported(self, path: str, module: str, level: int, name: str, depth: int, seen: frozenset[object]) -> Values:
        targets = self.absolute(path, module, level)
        found: set[Value] = set()
        for target in targets:
            values = self.member(target, name, depth, seen)
            found |= values if values is not None else UNKNOWN
        return frozenset(found) or frozenset({OUT})

    def member(self, path: str, name: str, depth: int, seen: frozenset[object]) -> Values | None:
        """What `module.name` can be; None where the module has no such name."""
        facts = None if path.endswith("/") else self.facts(path)
        if facts is not None:
            own = facts.module
            if name in own.bindings:
                found = self._bound(path, own, name, depth, seen)
                if found is not None and found != UNKNOWN:
                    return found
            if below := self.submodule(path, name):
                return self._module_values(below)
            for module, level in facts.stars:
                for target in self.absolute(path, module, level):
                    key = ("star", target, name)
                    if target != path and depth > 0 and key not in seen:
                        values = self.member(target, name, depth - 1, seen | {key})
                        if values is not None:
                            return values
            return UNKNOWN if name in own.bindings or "__getattr__" in own.bindings or facts.stars else None
        below = self.submodule(path, name)
        return self._module_values(below) if below else None

    def attribute(self, value: Value, name: str, depth: int, seen: frozenset[object]) -> Values:
        """What `value.name` can be."""
        if value.kind == "module":
            found = self.member(value.path, name, depth, seen)
            return found if found is not None else UNKNOWN
        if name == "__class__" and value.kind in ("instance", "any"):
            return frozenset({_class_of(value)})
        if value.kind not in ("def", "instance", "super"):
            return frozenset({value})
        owner = self.definition(value)
        if owner.kind != "class":
            return UNKNOWN
        order, complete = self.mro(value._replace(kind="def"))
        found_values: set[Value] = set()
        for each in order[1:] if value.kind == "super" else order:
            definition = self.definition(each)
            refs = definition.bindings.get(name)
            if refs:
                for ref in refs:
                    found_values |= self.resolve(each.path, each.place, ref, depth, seen)
                break
            for ref in definition.attributes.get(name, ()):
                found_values |= self.resolve(each.path, each.place, ref, depth, seen)
        if found_values:
            return self._properties_run(frozenset(found_values), value.kind, depth, seen)
        return UNKNOWN if complete else frozenset({OUT, ANY})

    def _properties_run(self, values: Values, kind: str, depth: int, seen: frozenset[object]) -> Values:
        """A property read on an instance gives what the property returns."""
        if kind == "def":
            return values
        out: set[Value] = set()
        for value in values:
            if value.kind == "def" and self.definition(value).kind == "function" and self.definition(value).is_property:
                out |= self._called(value, depth, seen)
            else:
                out.add(value)
        return frozenset(out)

    def _called(self, value: Value, depth: int, seen: frozenset[object]) -> Values:
        """What calling `value` gives."""
        if value.kind == "def":
            definition = self.definition(value)
            if definition.kind == "class":
                return frozenset({value._replace(kind="instance")})
            outer = definition.parent.index if definition.parent else 0
            if definition.returns_ref is not None:
                return self.resolve(value.path, outer, definition.returns_ref, depth, seen)
            if definition.is_generator or definition.decorators or not definition.results:
                return UNKNOWN
            results = [self.resolve(value.path, definition.index, ref, depth, seen) for ref in definition.results]
            return frozenset().union(*results)
        return UNKNOWN

    def _super(self, path: str, scope: int) -> Values:
        facts = self.facts(path)
        owner: Definition | None = facts.definitions[scope] if facts else None
        while owner is not None and owner.kind != "class":
            owner = owner.parent
        return frozenset({Value("super", path, owner.index)}) if owner else UNKNOWN

    # --- classes -----------------------------------------------------------------------------------------------------

    def bases(self, value: Value) -> list[Values]:
        """For each base expression of a class, the classes it can be."""
        owner = self.definition(value)
        outer = owner.parent.index if owner.parent else 0
        return [self.resolve(value.path, outer, _unsubscripted(ref)) for ref in owner.base_refs]

    def mro(self, value: Value) -> tuple[list[Value], bool]:
        """The class, then its bases within the repository in resolution order; False where a base lies outside."""
        if value not in self._mro:
            self._mro[value] = ([value], True)  # a class that is its own ancestor ends here
            self._mro[value] = self._linearize(value)
        return self._mro[value]

    def _linearize(self, value: Value) -> tuple[list[Value], bool]:
        complete = True
        lines: list[list[Value]] = []
        for candidates in self.bases(value):
            classes = [
                each for each in sorted(candidates) if each.kind == "def" and self.definition(each).kind == "class"
            ]
            complete = complete and len(classes) == len(candidates)
            for each in classes:
                line, whole = self.mro(each)
                complete = complete and whole
                lines.append(list(line))
        lines.append([line[0] for line in lines])
        return [value, *_merge([line for line in lines if line])], complete

    def subclass_of(self, value: Value, base: Value) -> bool:
        """True when `base` is `value` itself or among its ancestors."""
        return base in self.mro(value)[0]


def _class_of(value: Value) -> Value:
    """What `type(value)` is."""
    if value.kind == "instance":
        return value._replace(kind="def")
    return ANY_CLASS if value.kind == "any" else ANY


def _merge(lines: list[list[Value]]) -> list[Value]:
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


def _unsubscripted(ref: Ref) -> Ref:
    """`Generic[T]` derives from `Generic`."""
    return ref[1] if ref is not None and ref[0] == "s" else ref
