"""Whether a function can be what an undecided call runs, by how the repository hands functions around.

The reading does not follow values through calls and containers. It asks instead, by name, whether the callee takes the
same way as the call: a parameter is called, so something must pass the callee to that function (or decorate it so);
an item of a container, so the callee must be put into one; the result of a call, so a function must return it.
"""

from __future__ import annotations

from utils.generation.proof.facts import Definition, Ref
from utils.generation.proof.handing import LAMBDA
from utils.generation.proof.locate import Found
from utils.generation.proof.resolve import Repository

STEPS = 6
CONSTRUCTORS = ("__init__", "__new__", "__post_init__", "__attrs_post_init__", "__init_subclass__")


def value_name(callee: Definition) -> str:
    """The name under which the callee is handed around: a constructor's is its class's."""
    if callee.kind == "lambda":
        return LAMBDA
    if callee.name in CONSTRUCTORS and callee.parent is not None:
        return callee.parent.name
    return callee.name


def could_be(repo: Repository, path: str, scope: int, ref: Ref, callee: Found, steps: int = STEPS) -> bool:
    """Whether what `ref` stands for in definition `scope` of `path` can be `callee`."""
    if ref is None or steps == 0:
        return False
    kind, fewer = ref[0], steps - 1
    if kind == "n":
        return _variable(repo, path, scope, ref[1], callee, fewer)
    if kind == "a":
        return _attribute(repo, path, scope, ref, callee, fewer)
    if kind == "c":
        return _result(repo, path, scope, ref[1], callee, fewer)
    if kind == "s":
        name = value_name(callee.definition)
        return any(repo.is_handed(callee.path, name, each) for each in ["stored", *sorted(repo.keepers(path))])
    if kind == "o":
        return any(could_be(repo, path, scope, each, callee, fewer) for each in ref[1:])
    if kind == "x":
        return could_be(repo, path, ref[1], ref[2], callee, fewer)
    if kind in ("w", "e", "i"):
        return could_be(repo, path, scope, ref[1], callee, fewer)
    return any(value == callee.value for value in repo.resolve(path, scope, ref))


def _variable(repo: Repository, path: str, scope: int, name: str, callee: Found, steps: int) -> bool:
    facts = repo.facts(path)
    owner = facts.definitions[scope] if facts else None
    while owner is not None:
        if name in owner.annotations and _passed_to(repo, owner, callee):
            return True
        if name in owner.bindings or name in owner.annotations:
            return any(could_be(repo, path, owner.index, ref, callee, steps) for ref in owner.bindings.get(name, ()))
        owner = owner.parent
    return False


def _passed_to(repo: Repository, function: Definition, callee: Found) -> bool:
    """Whether the callee is given to the function: in a call or as what it decorates, directly or by one that passes
    its own parameter on. A function inside a decorator is given what the decorator is."""
    outer: Definition | None = function
    name = value_name(callee.definition)
    while outer is not None and outer.kind != "module":
        given = value_name(outer)
        if any(repo.is_handed(callee.path, name, each) for each in [given, *sorted(repo.passers(given))]):
            return True
        outer = outer.parent
    return False


def _attribute(repo: Repository, path: str, scope: int, ref: tuple, callee: Found, steps: int) -> bool:
    """A method by its name, or an attribute that instances keep a function in."""
    if ref[2] == callee.definition.name and callee.definition.name not in CONSTRUCTORS:
        return True
    for value in repo.resolve(path, scope, ref[1]):
        if value.kind not in ("instance", "def") or repo.definition(value).kind != "class":
            continue
        for each in repo.mro(value._replace(kind="def"))[0]:
            owner = repo.definition(each)
            kept = owner.attributes.get(ref[2], ())
            if any(could_be(repo, each.path, owner.index, other, callee, steps) for other in kept):
                return True
            if ref[2] in owner.assigned and _passed_to(repo, owner, callee):
                return True
    return False


def _result(repo: Repository, path: str, scope: int, function: Ref, callee: Found, steps: int) -> bool:
    """The result of a call: what the function returns, or a wrapper of what it is given."""
    name = value_name(callee.definition)
    if function is None or not isinstance(function[-1], str):
        return False
    if repo.is_handed(callee.path, name, "returned") or repo.is_handed(callee.path, name, function[-1]):
        return True
    for value in repo.resolve(path, scope, function):
        if value.kind == "def" and repo.definition(value).kind == "function":
            made = repo.definition(value)
            if any(could_be(repo, value.path, made.index, ref, callee, steps) for ref in made.results):
                return True
    return False
