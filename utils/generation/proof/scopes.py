"""What a bare name means where it stands: scopes, parameters, imports, re-exports and star imports."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from utils.generation.proof.facts import Definition, Ref, first_parameter
from utils.generation.proof.passing import passed
from utils.generation.proof.values import ANY, NOTHING, UNKNOWN, Seen, Value, Values

if TYPE_CHECKING:
    from utils.generation.proof.resolve import Repository

CLASS_RECEIVERS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


def name_values(repo: Repository, path: str, scope: int, name: str, depth: int, seen: Seen) -> Values:
    """What a bare name can be where definition `scope` uses it."""
    facts = repo.facts(path)
    if facts is None:
        return UNKNOWN
    owner: Definition | None = facts.definitions[scope]
    first = True
    while owner is not None:
        if (first or owner.kind != "class") and name not in owner.outer_names:
            found = _bound(repo, path, owner, name, depth, seen)
            if found is not None:
                return found
        first = False
        owner = owner.parent
    found = _starred(repo, path, name, depth, seen)
    if found is not None:
        return found
    if name in facts.module.bindings:
        return UNKNOWN
    return NOTHING if hasattr(builtins, name) else UNKNOWN


def _bound(repo: Repository, path: str, owner: Definition, name: str, depth: int, seen: Seen) -> Values | None:
    refs = owner.bindings.get(name)
    parameter = name in owner.annotations
    if refs is None and not parameter:
        return None
    found: set[Value] = set()
    if parameter:
        found |= _parameter(repo, path, owner, name, depth, seen)
    if owner.kind == "module" and name in repo.assigned_attributes:
        found.add(ANY)  # others assign `module.name`
    for ref in refs or ():
        where = owner.parent.index if parameter and owner.parent else owner.index
        found |= repo.resolve(path, where, ref, depth, seen)
    return frozenset(found)


def _parameter(repo: Repository, path: str, owner: Definition, name: str, depth: int, seen: Seen) -> Values:
    if owner.parent is not None and first_parameter(owner) == name:
        own = Value("def", path, owner.parent.index)
        if "classmethod" in owner.decorators or owner.name in CLASS_RECEIVERS:
            return frozenset({own})
        return frozenset({own._replace(kind="instance")})
    ref = owner.annotations[name]
    if ref is not None:
        said = repo.resolve(path, owner.parent.index if owner.parent else 0, ref, depth, seen)
        return said if ANY not in said else said | passed(repo, path, owner, name, depth, seen)
    return passed(repo, path, owner, name, depth, seen) | UNKNOWN


def imported(repo: Repository, path: str, ref: Ref, depth: int, seen: Seen) -> Values:
    """What `from <module> import <name>` binds."""
    assert ref is not None
    _, module, level, name = ref
    found: set[Value] = set()
    for target in repo.absolute(path, module, level):
        values = member(repo, target, name, depth, seen)
        found |= values if values is not None else UNKNOWN
    return frozenset(found) or NOTHING


def module_values(paths: list[str]) -> Values:
    """Modules by their files; a module of no file lies outside."""
    return frozenset(Value("module", path) for path in paths) or NOTHING


def member(repo: Repository, path: str, name: str, depth: int, seen: Seen) -> Values | None:
    """What `module.name` can be; None where the module has no such name."""
    facts = None if path.endswith("/") else repo.facts(path)
    if facts is not None:
        own = facts.module
        if name in own.bindings:
            found = _bound(repo, path, own, name, depth, seen)
            if found is not None and found != UNKNOWN:
                return found
        if below := repo.submodule(path, name):
            return module_values(below)
        values = _starred(repo, path, name, depth, seen)
        if values is not None:
            return values
        return UNKNOWN if name in own.bindings or "__getattr__" in own.bindings or facts.stars else None
    below = repo.submodule(path, name)
    return module_values(below) if below else None


def _starred(repo: Repository, path: str, name: str, depth: int, seen: Seen) -> Values | None:
    """What a star import brings under the name: the last one that has it counts. One that surely has it comes before
    one that may."""
    facts = repo.facts(path)
    unsure: Values | None = None
    for module, level in reversed(facts.stars) if facts else ():
        for target in repo.absolute(path, module, level):
            key = ("star", target, name)
            source = repo.facts(target)
            if source is not None and not source.offers(name):
                continue
            if target != path and repo.reaches(depth, key, seen):
                values = member(repo, target, name, depth - 1, seen | {key})
                if values is not None and values != UNKNOWN:
                    return values
                unsure = unsure if values is None else values
    return unsure
