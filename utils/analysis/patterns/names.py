"""What a dotted name in a module stands for, through imports and re-exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from utils.analysis.notes import Import, ModuleNotes
from utils.analysis.outline import Outline

MAX_HOPS = 20  # re-exports of re-exports


class Names:
    """Resolves names to element ids. A name that could stand for several things stands for none."""

    def __init__(
        self, elements: Iterable[Outline], notes: Iterable[ModuleNotes], inheritance: Mapping[str, Sequence[str]]
    ) -> None:
        self.elements = {element.id: element for element in elements}
        self.inheritance = inheritance
        self._bound: dict[str, dict[str, set[tuple[str, str | None]]]] = {}
        self._stars: dict[str, list[str]] = {}
        self._known: dict[tuple[str, str, int], str | None] = {}
        self._instances: dict[str, tuple[str, str]] = {}
        for each in notes:
            for instance in each.instances:
                self._instances[f"{each.module}.{instance.name}"] = (each.module, instance.of)
            bound = self._bound.setdefault(each.module, {})
            for item in each.imports:
                if item.local == "*":
                    self._stars.setdefault(each.module, []).append(item.module)
                else:
                    bound.setdefault(item.local, set()).add((item.module, item.name))

    def called(self, callee: str) -> str:
        """The id under which a reader knows what is called: the class for its constructor."""
        if not callee.endswith(("__init__", "__new__")):
            return callee
        owner, _, name = callee.rpartition(".")
        is_class = owner in self.elements and self.elements[owner].kind == "class"
        return owner if is_class and name in ("__init__", "__new__") else callee

    def resolve(self, module: str, dotted: str) -> str | None:
        """The id of what `dotted` means at the top of `module`; null where it is not of this repository."""
        head, *rest = dotted.split(".")
        found = self._lookup(module, head, MAX_HOPS)
        for part in rest:
            found = self.member(found, part) if found else None
        return found

    def imported(self, item: Import) -> str | None:
        """The id of what an import statement binds."""
        if item.name is None:
            return item.module if self._is_module(item.module) else None
        return self._lookup(item.module, item.name, MAX_HOPS)

    def member(self, owner: str, name: str) -> str | None:
        """The id of `owner.name`: a module's content, or a class's attribute, inherited ones by their definition.

        Of a constant that was made by calling a class it is the class's attribute.
        """
        if self._is_module(owner):
            return self._lookup(owner, name, MAX_HOPS)
        if owner in self._instances:
            made_by = self.resolve(*self._instances[owner])
            if made_by is None or made_by in self._instances or self.elements[made_by].kind != "class":
                return None
            owner = made_by
        seen: set[str] = set()
        pending = [owner]
        while pending:
            current = pending.pop(0)
            if f"{current}.{name}" in self.elements:
                return f"{current}.{name}"
            if current not in seen:
                seen.add(current)
                pending += self.inheritance.get(current, ())
        return None

    def _is_module(self, name: str) -> bool:
        return name in self.elements and self.elements[name].kind == "module"

    def _lookup(self, module: str, name: str, hops: int) -> str | None:
        """Remembered by its hops: modules that import all of each other would be gone through in every order."""
        key = (module, name, hops)
        if key not in self._known:
            self._known[key] = self._search(module, name, hops)
        return self._known[key]

    def _search(self, module: str, name: str, hops: int) -> str | None:
        own = f"{module}.{name}"
        if own in self.elements and self.elements[own].kind != "module":
            return own
        bindings = self._bound.get(module, {}).get(name, set())
        found = {self._follow(target, attribute, hops) for target, attribute in bindings}
        if not found and hops:
            found = {self._follow(target, name, hops) for target in self._stars.get(module, [])} - {None}
        if not found and self._is_module(own):
            return own
        return found.pop() if len(found) == 1 else None

    def _follow(self, module: str, name: str | None, hops: int) -> str | None:
        if name is None:
            return module if self._is_module(module) else None
        return self._lookup(module, name, hops - 1) if hops else None
