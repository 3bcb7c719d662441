"""Whether one function's own code can run another.

A call or attribute in the caller's span leads to the callee when what it names resolves to it. Where the reading can
not decide what the receiver is, an attribute must at least have the callee's name, and a called variable, parameter or
container item is accepted only for a callee that the repository hands around on that way (see `flow`). A special method
that syntax runs needs a receiver whose class is known. What resolves to something else, or to something outside the
repository, is no evidence.
"""

from __future__ import annotations

from utils.generation.proof.facts import Definition, Ref, Site
from utils.generation.proof.flow import CONSTRUCTORS, could_be
from utils.generation.proof.locate import Found
from utils.generation.proof.resolve import Repository, Value


def leads_to(repo: Repository, caller: Found, callee: Found) -> bool:
    """True when some site in `caller` can run `callee`."""
    return site_of(repo, caller, callee) is not None


def site_of(repo: Repository, caller: Found, callee: Found) -> Site | None:
    """The first site in `caller`'s own code that can run `callee`: sites that name it first."""
    names = _names_of(callee.definition)
    sites = [site for site in caller.definition.sites if site.ref is not None]
    by_name = [site for site in sites if site.ref and site.ref[0] in "an" and site.ref[-1] in names]
    for site in [
        *by_name,
        *(site for site in sites if site.is_call or site.is_passed or callee.definition.name in site.how),
    ]:
        if _reaches(repo, caller, site, callee):
            return site
    return None


def undecided(repo: Repository, caller: Found, callee: Found) -> bool:
    """True when some site in `caller` runs what this reading cannot tell, so that it refutes no call of `callee`."""
    sites = [site for site in caller.definition.sites if site.ref is not None]
    return any(_is_open(repo, caller.path, scope, site, callee) for scope in _scopes(repo, caller) for site in sites)


def _is_open(repo: Repository, path: str, scope: int, site: Site, callee: Found) -> bool:
    ref = site.ref
    assert ref is not None
    if not site.is_call and not site.is_passed:
        read = site.is_access and ref[2] in _names_of(callee.definition)
        receiver = ref[1] if site.is_access else ref
        return (read or callee.definition.name in site.how) and _is_unknown(repo, path, scope, receiver)
    if ref[0] == "a" and not _names_match(ref[2], callee.definition):
        # a method of another name is another method, unless the repository's own class keeps a function in it
        kept = any(
            value.kind == "module" or (value.kind in ("instance", "def", "super") and repo.has_attribute(value, ref[2]))
            for value in repo.resolve(path, scope, ref[1])
        )
        return kept and _is_unknown(repo, path, scope, ref)
    return _is_unknown(repo, path, scope, ref)


def _is_unknown(repo: Repository, path: str, scope: int, ref: Ref) -> bool:
    return any(value.kind in ("any", "anyclass") for value in repo.resolve(path, scope, ref))


def _reaches(repo: Repository, caller: Found, site: Site, callee: Found) -> bool:
    scopes = _scopes(repo, caller)
    return any(_from(repo, caller.path, scope, site, callee) for scope in scopes)


def _scopes(repo: Repository, caller: Found) -> list[int]:
    """The caller itself and the class bodies that run in it."""
    facts = repo.facts(caller.path)
    assert facts is not None
    found = [caller.definition.index]
    for each in facts.definitions:
        if each.kind == "class" and each.parent is not None and each.parent.index in found:
            found.append(each.index)
    return found


def _from(repo: Repository, path: str, scope: int, site: Site, callee: Found) -> bool:
    ref = site.ref
    assert ref is not None
    if site.is_passed:
        return callee.value in repo.resolve(path, scope, ref)
    if not site.is_call:
        if site.is_access and callee.definition.is_property:
            return _reads(repo, path, scope, ref, callee)
        if callee.definition.name not in site.how:
            return False
        ref = ("a", ref[1] if site.is_access else ref, callee.definition.name)
    values = repo.resolve(path, scope, ref)
    if any(_runs(repo, value, callee) for value in values):
        return True
    if callee.definition.is_property and ref[0] == "a" and _reads(repo, path, scope, ref, callee):
        return True
    if any(value.kind == "anyclass" for value in values) and callee.definition.name in CONSTRUCTORS:
        return True
    if not any(value.kind == "any" for value in values):
        return ref[0] == "a" and _overridden(repo, path, scope, ref, callee)
    return site.is_call and _undecided(repo, path, scope, ref, callee)


def _names_match(name: str, callee: Definition) -> bool:
    """Whether an attribute of this name can be the callee, or the class that the callee constructs."""
    constructed = callee.parent.name if callee.parent is not None and callee.name in CONSTRUCTORS else None
    return name == constructed or name in _names_of(callee)


def _names_of(callee: Definition) -> set[str]:
    """The callee's name, and those its own scope binds to it (`tag = to_json` in a class)."""
    around = callee.parent.bindings if callee.parent is not None else {}
    return {callee.name, *(name for name, refs in around.items() if ("n", callee.name) in refs)}


def _runs(repo: Repository, value: Value, callee: Found) -> bool:
    """Whether calling `value` runs `callee`."""
    if value.kind == "def":
        definition = repo.definition(value)
        if definition.kind == "class":
            return _constructs(repo, value, callee)
        return value == callee.value or _wrapped_by(repo, value, callee)
    if value.kind == "instance":
        return callee.definition.name == "__call__" and _defines(repo, value, callee)
    return False


def _constructs(repo: Repository, value: Value, callee: Found) -> bool:
    """`C()` runs the first `__init__` (and `__new__`, `__post_init__`) in C's resolution order."""
    if callee.definition.name in CONSTRUCTORS:
        return _defines(repo, value, callee)
    return callee.definition.name == "__call__" or _wrapped_by(repo, value, callee)


def _defines(repo: Repository, value: Value, callee: Found) -> bool:
    """Whether looking `callee`'s name up on `value` finds `callee`, or an override of it in a subclass."""
    name, owner = callee.definition.name, callee.definition.parent
    if owner is None or owner.kind != "class":
        return False
    target = Value("def", callee.path, owner.index)
    order = repo.mro(value._replace(kind="def"))[0]
    if value.kind == "super":
        order = order[1:]
    for each in order:
        if name in repo.definition(each).bindings:
            return each == target
    return False


def _wrapped_by(repo: Repository, value: Value, callee: Found) -> bool:
    """A decorated function's name calls what the decorator made: a function inside the decorator, or its `__call__`."""
    definition = repo.definition(value)
    outer = definition.parent.index if definition.parent else 0
    for ref in definition.decorator_refs:
        while ref is not None and ref[0] == "c":
            ref = ref[1]
        for decorator in repo.resolve(value.path, outer, ref):
            if (
                decorator.kind == "def"
                and decorator.path == callee.path
                and _within(callee.definition, decorator.place)
            ):
                return True
    return False


def _within(definition: Definition, index: int) -> bool:
    owner: Definition | None = definition.parent
    while owner is not None:
        if owner.index == index:
            return True
        owner = owner.parent
    return False


def _reads(repo: Repository, path: str, scope: int, ref: tuple, callee: Found) -> bool:
    """Whether the attribute `ref` reads the property `callee`."""
    if ref[2] != callee.definition.name:
        return False
    for value in repo.resolve(path, scope, ref[1]):
        if value.kind == "any":
            return True
        if value.kind in ("instance", "super") and (_defines(repo, value, callee) or _below(repo, value, callee)):
            return True
    return False


def _overridden(repo: Repository, path: str, scope: int, ref: tuple, callee: Found) -> bool:
    """Whether `ref` is an attribute of an instance whose subclass defines `callee`."""
    if ref[2] not in _names_of(callee.definition):
        return False
    return any(_below(repo, value, callee) for value in repo.resolve(path, scope, ref[1]))


def _below(repo: Repository, value: Value, callee: Found) -> bool:
    owner = callee.definition.parent
    if owner is None or owner.kind != "class" or value.kind not in ("instance", "def"):
        return False
    if repo.definition(value).kind != "class":
        return False
    return repo.subclass_of(Value("def", callee.path, owner.index), value._replace(kind="def"))


def _undecided(repo: Repository, path: str, scope: int, ref: tuple, callee: Found) -> bool:
    """The call's target is not known: by name for an attribute, by being handed around for anything else."""
    if ref[0] != "a":
        return not callee.definition.is_property and could_be(repo, path, scope, ref, callee)
    receivers = repo.resolve(path, scope, ref[1])
    if ref[2] in _decorated_with(repo, callee):
        return True
    if not _names_match(ref[2], callee.definition):
        return could_be(repo, path, scope, ref, callee)
    owner = callee.definition.parent
    if owner is None or owner.kind != "class" or ref[2] not in _names_of(callee.definition):
        return True
    return any(
        value.kind in ("any", "super", "module") or _below(repo, value, callee) or not repo.has_attribute(value, ref[2])
        for value in receivers
    )


def _decorated_with(repo: Repository, callee: Found) -> frozenset[str]:
    """The names of the functions around which a decorator puts `callee`, a function defined inside the decorator."""
    outer = callee.definition.parent
    names: frozenset[str] = frozenset()
    while outer is not None and outer.kind != "module":
        decorator = outer.parent.name if outer.name == "__call__" and outer.parent is not None else outer.name
        names |= repo.decorated_by(decorator)
        outer = outer.parent
    return names
