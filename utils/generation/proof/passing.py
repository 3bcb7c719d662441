"""What the calls of a function pass for its parameters: followed where a question is read deeply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from utils.generation.proof.facts import Definition, Ref, Site, first_parameter
from utils.generation.proof.values import ANY, Seen, Value, Values

if TYPE_CHECKING:
    from utils.generation.proof.resolve import Repository

Passed = tuple[str, int, Site, int]


def passed(repo: Repository, path: str, function: Definition, name: str, depth: int, seen: Seen) -> Values:
    """What the calls of `function` pass for its parameter `name`: empty unless the question is read deeply."""
    if not repo.deep or not repo.reaches(depth - 1, None, seen):
        return frozenset()
    parts: list[Values] = []
    for where, scope, site, skipped in calls_of(repo, path, function, depth, seen):
        ref = _argument(function, name, site.args, skipped)
        if ref is not None:
            parts.append(repo.resolve(where, scope, ref, depth - 1, seen))
    return frozenset().union(*parts) - {ANY}


def calls_of(repo: Repository, path: str, function: Definition, depth: int, seen: Seen) -> Iterator[Passed]:
    """(path, scope, site, parameters that the call fills by itself) for the calls that resolve to `function`."""
    inside = function.parent is not None and function.parent.kind == "class"
    constructs = inside and function.name == "__init__"
    target = Value("def", path, function.index)
    names = [function.parent.name] if constructs and function.parent else [function.name]
    if function.parent is not None and function.parent.kind == "function":
        names.append(function.parent.name)  # a decorator's inner function is called as the factory's result
    bound = 1 if first_parameter(function) else 0
    for where, scope, site in [each for name in names for each in repo.sites_calling(name)]:
        values = repo.resolve(where, scope, site.ref, depth - 1, seen)
        if target in values and not constructs:
            through_class = inside and bound and _is_class_ref(repo, where, scope, site.ref, depth, seen)
            yield where, scope, site, 0 if through_class and "classmethod" not in function.decorators else bound
        elif constructs and any(
            value.kind == "def" and repo.is_class(value) and repo.owner_of(value, "__init__") == target
            for value in values
        ):
            yield where, scope, site, 1


def _is_class_ref(repo: Repository, path: str, scope: int, ref: Ref, depth: int, seen: Seen) -> bool:
    """Whether the receiver of a method call is the class itself, so that the instance is passed by hand."""
    if ref is None or ref[0] != "a":
        return False
    return any(value.kind == "def" for value in repo.resolve(path, scope, ref[1], depth - 1, seen))


def _argument(function: Definition, name: str, args: tuple, skipped: int) -> Ref:
    """What a call passes for the parameter `name`; None where it does not, or not visibly."""
    places = [parameter[0] for parameter in function.parameters if parameter[1].startswith("positional")]
    position = places.index(name) - skipped if name in places else -1
    for key, ref in args:
        if key == name or (key == position and position >= 0):
            return ref
    return None
