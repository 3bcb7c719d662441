"""What a name or an expression can stand for: a resolution of its own, over `tree.FileFacts`.

A reference resolves to a set of values. `ANY` among them says that this reading cannot decide; `OUT` that it is
something from outside the repository. What it does decide it decides by Python's own rules: scopes, imports and
re-exports, star imports, method resolution order, annotations, what constructors and annotated functions return.
"""

from __future__ import annotations

import builtins
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from utils.generation.proof.sources import Sources, dotted_path
from utils.generation.proof.tree import Definition, FileFacts, Ref, read_file

DEPTH = 24  # steps from an expression to what it stands for; beyond it the answer is ANY
_WORD = re.compile(r"[^\W\d]\w*")
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


class Repository:
    """The facts of every file, read when first needed, and the questions that cross files."""

    def __init__(self, root: Path, name: str) -> None:
        self.sources = Sources(root)
        self.name = name
        self._facts: dict[str, FileFacts | None] = {}
        self._resolved: dict[tuple[str, int, Ref], Values] = {}
        self._modules: dict[str, list[str]] = {}
        self._decorated: dict[str, frozenset[str]] = {}
        self._values: dict[str, bool] = {}
        self._mro: dict[Value, tuple[list[Value], bool]] = {}
        self.dependencies: dict[str, list[str]] | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name-like token of every text file, and every part of every path: what can not be called absent."""
        found: set[str] = set()
        for path in self.sources.paths:
            found.update(_WORD.findall(path))
            found.update(path.split("/"))
            if text := self.sources.text(path):
                found.update(_WORD.findall(text))
                if not text.isascii():
                    found.update(_WORD.findall(unicodedata.normalize("NFKC", text)))
        return frozenset(found)

    def facts(self, path: str) -> FileFacts | None:
        """What a Python file says; None where it is none, or does not parse."""
        if path not in self._facts:
            lines = self.sources.lines(path) if path.endswith((".py", ".pyi")) else None
            try:
                self._facts[path] = read_file(path, lines) if lines is not None else None
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._facts[path] = None
        return self._facts[path]

    def is_a_value(self, name: str, first: str) -> bool:
        """Whether some file uses `name` other than by calling it; `first` is the file to look at first."""
        if name not in self._values:
            paths = [first, *(path for path in self.sources.paths if path != first and path.endswith(".py"))]
            found = (self.facts(path) for path in paths if name in (self.sources.text(path) or ""))
            self._values[name] = any(name in facts.values for facts in found if facts is not None)
        return self._values[name]

    def decorated_by(self, decorator: str) -> frozenset[str]:
        """The names that a decorator of this name stands on, and those assigned what it returns."""
        if decorator not in self._decorated:
            paths = [
                path
                for path in self.sources.paths
                if path.endswith(".py") and decorator in (self.sources.text(path) or "")
            ]
            found = [facts for path in paths if (facts := self.facts(path)) is not None]
            self._decorated[decorator] = frozenset(
                each.name
                for facts in found
                for each in facts.definitions
                if any(text.partition("(")[0].rpartition(".")[2] == decorator for text in each.decorators)
            ) | {name for facts in found for name in _made_by(facts, decorator)}
        return self._decorated[decorator]

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

    def modules(self, name: str) -> list[str]:
        """The files that a module name may stand for, best first."""
        if name not in self._modules:
            found = self.sources.modules(name)
            if not found and self.sources.exists("__init__.py"):
                own, _, rest = name.partition(".")
                if own == "".join(c if c.isalnum() else "_" for c in self.name):
                    found = [
                        p for p in self.sources.modules(rest or "__init__") if dotted_path(p) in (rest, "__init__")
                    ]
            if not found and name.endswith("_"):
                found = self.sources.modules(name.rstrip("_"))
            self._modules[name] = found
        return self._modules[name]

    def locate(self, element: str) -> Iterator[tuple[str, str]]:
        """(path, name inside the module) for every way to read a dotted id; the longest module name first."""
        parts = element.split(".")
        for size in range(len(parts), 0, -1):
            for path in self.modules(".".join(parts[:size])):
                yield path, ".".join(parts[size:])

    # --- imports -----------------------------------------------------------------------------------------------------

    def absolute(self, path: str, module: str, level: int) -> list[str]:
        """The files and folders that `from <level dots><module>` in `path` can mean."""
        if level == 0:
            return self.modules(module) or self._folders(module)
        folder = path.rpartition("/")[0]
        for _ in range(level - 1):
            folder = folder.rpartition("/")[0]
        return self._inside(folder, module)

    def _inside(self, folder: str, module: str) -> list[str]:
        base = "/".join(part for part in [folder, *module.split(".")] if part)
        files = [f"{base}/__init__.py" if base else "__init__.py", f"{base}.py", f"{base}.pyi"]
        found = [path for path in files if self.sources.exists(path)]
        return found or ([base + "/"] if base in self.sources.folders else [])

    def _folders(self, module: str) -> list[str]:
        tail = module.replace(".", "/")
        return sorted(f"{each}/" for each in self.sources.folders if each == tail or each.endswith("/" + tail))

    def _module_values(self, paths: list[str]) -> Values:
        return frozenset(Value("module", path) for path in paths) or frozenset({OUT})

    def submodule(self, path: str, name: str) -> list[str]:
        """The files of module `name` inside the package whose file or folder is `path`."""
        if path.endswith("/"):
            return self._inside(path[:-1], name)
        return self._inside(path.rpartition("/")[0], name) if path.rpartition("/")[2].startswith("__init__.") else []

    # --- names and expressions ---------------------------------------------------------------------------------------

    def resolve(
        self, path: str, scope: int, ref: Ref, depth: int = DEPTH, seen: frozenset[object] = frozenset()
    ) -> Values:
        """The values of a reference that stands in definition `scope` of `path`."""
        key = (path, scope, ref)
        if key in self._resolved:
            return self._resolved[key]
        if ref is None or depth <= 0 or key in seen:
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


def _made_by(facts: FileFacts, function: str) -> Iterator[str]:
    """The names that are assigned the result of calling `function`."""
    for definition in facts.definitions:
        for name, refs in definition.bindings.items():
            if any(ref is not None and ref[0] == "c" and ref[1] and ref[1][-1] == function for ref in refs):
                yield name


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
