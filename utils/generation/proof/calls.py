"""Whether one function's own code can run another: proven, refuted, or undecided.

A call or attribute in the caller's span *proves* the call when what it names resolves to the callee: by scopes,
imports, the classes of receivers and what calls pass. It leaves the call *undecided* when it has the callee's name (or
calls a variable, an item, a result) and the reading can not tell what stands there. What resolves to something else, or
to something outside the repository, is no evidence; a call for which there is neither is *refuted* where all that the
caller calls and reads is known, and undecided else. A common name is never proof.
"""

from __future__ import annotations

from collections.abc import Iterable

from utils.generation.proof.facts import Definition, Ref, Site, first_parameter
from utils.generation.proof.locate import Found
from utils.generation.proof.resolve import Repository
from utils.generation.proof.values import Value, Verdict, ordered

CONSTRUCTORS = ("__init__", "__new__", "__post_init__", "__attrs_post_init__", "__init_subclass__")
CLASS_MAKERS = frozenset({"__new__", "__init__", "__prepare__", "__init_subclass__"})
DESCRIPTOR = frozenset({"__get__", "__set__", "__delete__"})
USES = ("__getattr__", "__setattr__", "__delattr__")  # of an attribute, in the order of what `property(…)` takes
ACCESSORS = {"setter": 1, "deleter": 2}  # decorators, and for which of these uses
OPEN_KINDS = frozenset({"any", "anyclass"})
FOLLOWED = frozenset({"def", "instance"})  # a function, a class or an object of the repository


def judge(repo: Repository, caller: Found, callee: Found) -> Verdict:
    """The verdict on `caller` calls `callee`; a question left open is read again with parameters followed."""
    verdict = _judge(repo, caller, callee)
    if verdict == "undecided":
        repo.deep = True
        try:
            verdict = _judge(repo, caller, callee)
        finally:
            repo.deep = False
    return verdict


def _judge(repo: Repository, caller: Found, callee: Found) -> Verdict:
    if callee.value in repo.module_getters:
        return "undecided"  # asked where an import or an attribute of the module finds no name: no one place says so
    names = _names_of(callee.definition)
    verdict: Verdict = "undecided" if _is_implicit(repo, callee, names) else "refuted"
    scopes = _scopes(repo, caller)
    sites = [site for site in caller.definition.sites if site.ref is not None]
    for site in sorted(sites, key=lambda site: not _names(site.ref, names)):
        for scope in scopes:
            found = _at(repo, caller, scope, site, callee)
            if found == "proven":
                return found
            verdict = "undecided" if found == "undecided" else verdict
    if verdict == "refuted" and any(_is_open(repo, caller, scope, site) for site in sites for scope in scopes):
        return "undecided"
    return verdict


def _is_open(repo: Repository, caller: Found, scope: int, site: Site) -> bool:
    """Whether a call or an attribute of the caller may be anything: what it then runs, nobody can say."""
    entered = "__enter__" in site.how  # what is not ours may do anything at the end, as `contextlib.closing` closes
    if not (entered or site.is_call or site.is_access or site.is_passed):
        return False
    values = repo.resolve(caller.path, scope, site.ref)
    if any(value.kind in OPEN_KINDS or (entered and value.kind == "out") for value in values):
        return True
    called = site.is_call or site.is_passed
    return any(_is_replaced(repo, value) or (called and _calls_unseen(repo, value)) for value in values)


def _is_replaced(repo: Repository, value: Value) -> bool:
    """Whether a decorator of the repository may put in a function's place what the reading cannot follow, such as an
    object of which its `__get__` decides what is read."""
    if value.kind != "def" or repo.is_class(value):
        return False
    refs = repo.definition(value).decorator_refs
    own = [ref for ref in refs if any(each.kind in FOLLOWED for each in _around(repo, value, [ref]))]
    made = _around(repo, value, [("c", ref) for ref in own])
    return any(each.kind not in FOLLOWED or repo.owner_of(each, "__get__") is not None for each in made)


def _calls_unseen(repo: Repository, value: Value) -> bool:
    """Whether an instance that is called has no `__call__` that can be read: `__call__ = staticmethod(f)`."""
    return value.kind == "instance" and repo.owner_of(value, "__call__") is None


def _is_implicit(repo: Repository, callee: Found, names: set[str]) -> bool:
    """Whether it may run where nothing names it: a special method (sorting runs `__lt__`), a lambda of a class, what a
    function of several implementations registers, what a `defaultdict` is made with, or the constructor of what a
    `__new__` makes instead."""
    special = {name for name in names if name.startswith("__") and name.endswith("__")}
    function = callee.definition
    in_class = function.kind == "lambda" and function.parent is not None and function.parent.kind == "class"
    registered = any(text.partition("(")[0].endswith(".register") for text in function.decorators)
    is_special = bool(special - {*CONSTRUCTORS, "__call__"})
    unnamed = in_class or registered or is_special or _may_fill(repo, callee)
    return unnamed or _may_be_accessor(repo, callee) or _may_be_made_instead(repo, callee)


def _may_fill(repo: Repository, callee: Found) -> bool:
    """Whether a `defaultdict` may be made with it: then it runs wherever an item is asked for that is not there."""
    function = callee.definition
    if function.kind != "lambda":
        return function.name in repo.fillers
    facts = repo.facts(callee.path)
    return facts is not None and ("l", function.line, function.column) in facts.fillers


def _may_be_made_instead(repo: Repository, callee: Found) -> bool:
    """Whether a class above that of a constructor has a `__new__`, which may make objects of the classes below."""
    owner = callee.definition.parent
    if callee.definition.name != "__init__" or owner is None or owner.kind != "class":
        return False
    return repo.owner_of(Value("super", callee.path, owner.index), "__new__") is not None


def _may_be_accessor(repo: Repository, callee: Found) -> bool:
    """Whether a `property(…)` takes a function of its name that is not of the same class."""
    owner = callee.definition.parent
    in_class = owner is not None and owner.kind == "class"
    return callee.definition.name in repo.of_properties and not (in_class and _read_as(repo, callee))


def _names(ref: Ref, names: set[str]) -> bool:
    return ref is not None and ref[0] in "an" and ref[-1] in names


def _scopes(repo: Repository, caller: Found) -> list[int]:
    """The caller itself and the class bodies that run in it."""
    facts = repo.facts(caller.path)
    assert facts is not None
    found = [caller.definition.index]
    for each in facts.definitions:
        if each.kind == "class" and each.parent is not None and each.parent.index in found:
            found.append(each.index)
    return found


def _at(repo: Repository, caller: Found, scope: int, site: Site, callee: Found) -> Verdict:
    """What one site says."""
    ref = site.ref
    assert ref is not None
    if site.is_passed:
        values = repo.resolve(caller.path, scope, ref)
        runs = any(_runs(repo, value, callee) for value in values)
        return "proven" if runs else _open_if(ref[-1] in _names_of(callee.definition), values)
    if site.is_call:
        return _called(repo, caller, scope, ref, callee)
    if site.is_raised:
        values = repo.resolve(caller.path, scope, ref)
        constructs = any(
            repo.is_class(value) and value.kind == "def" and _runs(repo, value, callee) for value in values
        )
        return "proven" if constructs else _open_if(callee.definition.name in CONSTRUCTORS, values)
    if site.is_class:
        return _makes_class(repo, Value("def", caller.path, ref[1]), callee)
    if _is_inner(callee.definition) and _makes_special(repo, caller, scope, site, callee):
        return "proven"
    if site.is_access and site.how[0] == USES[0] and _may_be_accessor(repo, callee):
        receivers = repo.resolve(caller.path, scope, ref[1])
        return "proven" if any(repo.owner_of(each, ref[2]) == callee.value for each in receivers) else "refuted"
    if site.is_access and ref[2] in _read_as(repo, callee):
        return _accessed(repo, caller, scope, site, callee)
    name = next((name for name in site.how if name in _names_of(callee.definition)), None)
    if name is None or _is_read(repo, callee):
        return "refuted"
    if not site.is_access:
        return _looked_up(repo, caller, scope, ref, name, callee)
    receivers = repo.resolve(caller.path, scope, ref[1])
    if name in DESCRIPTOR:
        return _described(repo, receivers, ref[2], callee)
    missing = {value for value in receivers if repo.is_class(value) and not _has(repo, value, ref[2])}
    if name == "__getattr__" and not missing:  # runs where nothing else is found
        return _open_if(True, receivers)
    return _looked_up(repo, caller, scope, ref[1], name, callee)


def _makes_class(repo: Repository, made: Value, callee: Found) -> Verdict:
    """Whether a class statement runs the callee: of its metaclass, or as the `__init_subclass__` of what is above."""
    name = callee.definition.name
    if name not in CLASS_MAKERS:
        return "refuted"
    if name == "__init_subclass__":
        runs = _defines(repo, made._replace(kind="super"), callee)
    else:
        runs = any(_defines(repo, meta, callee) for meta in repo.metaclasses(made))
    return "proven" if runs else "refuted" if repo.mro(made)[1] else "undecided"


def _is_inner(definition: Definition) -> bool:
    """Whether it is a function in a function, as what a decorator returns."""
    return definition.parent is not None and definition.parent.kind == "function"


def _makes_special(repo: Repository, caller: Found, scope: int, site: Site, callee: Found) -> bool:
    """Whether the callee is what a decorator made of a special method that runs at the site."""
    assert site.ref is not None
    values = repo.resolve(caller.path, scope, site.ref[1] if site.is_access else site.ref)
    return any(_made_of_method(repo, value, site.how, callee) for value in values)


def _made_of_method(repo: Repository, value: Value, names: Iterable[str], callee: Found) -> bool:
    """Whether the callee is what a decorator made of one of these methods of a class or object."""
    found = (repo.owner_of(value, name) for name in names if repo.is_class(value))
    return any(_wrapped_by(repo, method, callee) for method in found if method is not None)


def _is_remade(repo: Repository, value: Value) -> bool:
    """Whether a decorator, unless it is known to be from outside, may change a class or one above it."""
    for each in repo.mro(value._replace(kind="def"))[0] if repo.is_class(value) else ():
        if any(
            found.kind in ("def", *OPEN_KINDS) for found in _around(repo, each, repo.definition(each).decorator_refs)
        ):
            return True
    return False


def _described(repo: Repository, receivers: frozenset[Value], name: str, callee: Found) -> Verdict:
    """Whether the attribute is a descriptor of the callee's class: assigned in the class, or made by a decorator."""
    for value in receivers:
        for each in repo.mro(value._replace(kind="def"))[0] if repo.is_class(value) else ():
            for ref in repo.definition(each).bindings.get(name, ()):
                found = repo.resolve(each.path, each.place, ref)
                made = {m for f in found if f.kind == "def" for m in _decorated_to(repo, f)}
                if any(m.kind == "instance" and _defines(repo, m, callee) for m in found | made):
                    return "proven"
    return _open_if(True, receivers)


def _open_if(fits: bool, values: frozenset[Value]) -> Verdict:
    return "undecided" if fits and any(value.kind in OPEN_KINDS for value in values) else "refuted"


def _has(repo: Repository, value: Value, name: str) -> bool:
    line = (repo.definition(each) for each in repo.mro(value._replace(kind="def"))[0])
    return any(name in each.bindings or name in each.attributes for each in line)


def _looked_up(repo: Repository, caller: Found, scope: int, receiver: Ref, name: str, callee: Found) -> Verdict:
    """A property read, or a special method that syntax runs: found on the receiver's class, never on the instance."""
    values = repo.resolve(caller.path, scope, receiver)
    verdict: Verdict = "refuted"
    for value in ordered(values):
        if value.kind in ("instance", "super") or (value.kind == "def" and name in ("__class_getitem__",)):
            found = repo.owner_of(value, name)
            if found == callee.value:
                return _not_abstract(callee, ("a", receiver))
            if _may_be(repo, value, callee):
                return "proven" if _must_be_below(repo, caller, receiver, value, found, callee) else "undecided"
            if (found is None and not repo.mro(value._replace(kind="def"))[1]) or _is_remade(repo, value):
                verdict = "undecided"
        elif value.kind == "any":
            verdict = "undecided"
    return verdict


def _accessed(repo: Repository, caller: Found, scope: int, site: Site, callee: Found) -> Verdict:
    """Whether reading, writing or deleting an attribute runs the callee, one of the functions of a property."""
    assert site.ref is not None
    use = USES.index(site.how[0])
    if _is_read(repo, callee) and use != _use(callee.definition):
        return "refuted"
    for value in repo.resolve(caller.path, scope, site.ref[1]):
        if value.kind in ("instance", "super") and _is_accessor(repo, value, site.ref[2], use, callee):
            return "proven"
    if not _is_read(repo, callee):
        return "undecided"
    return _looked_up(repo, caller, scope, site.ref[1], site.ref[2], callee)


def _use(function: Definition) -> int:
    """Which of `USES` a property's function is for, by its decorators."""
    return max(ACCESSORS.get(text.rpartition(".")[2], 0) for text in function.decorators)


def _is_accessor(repo: Repository, value: Value, name: str, use: int, callee: Found) -> bool:
    """Whether the first class that has the attribute made it a property which runs the callee for this use."""
    function = callee.definition
    for each in repo.mro(value._replace(kind="def"))[0][value.kind == "super" :] if repo.is_class(value) else ():
        refs = repo.definition(each).bindings.get(name)
        if refs is None:
            continue
        if each.path != callee.path or function.parent is not repo.definition(each):
            return False
        if _is_read(repo, callee):
            return ("d", function.index) in refs
        given = [ref[1:] for ref in refs if ref is not None and ref[0] == "p"]
        return any(len(parts) > use and parts[use] == ("n", function.name) for parts in given)
    return False


def _called(repo: Repository, caller: Found, scope: int, ref: tuple, callee: Found) -> Verdict:
    """`ref(…)`."""
    values = repo.resolve(caller.path, scope, ref)
    if any(_runs(repo, value, callee) for value in values):
        return _not_abstract(callee, ref)
    if ref[0] == "a" and ref[2] == "__call__" and _is_metaclass_of(repo, caller, callee):
        return "proven"
    if callee.definition.name in CONSTRUCTORS and any(_is_partly_known(repo, value) for value in values):
        return "undecided"
    if "__call__" in _names_of(callee.definition) and any(_may_be(repo, value, callee) for value in values):
        return "undecided"
    is_inner = _is_inner(callee.definition)
    if is_inner and any(_is_remade(repo, value) for value in (*values, *_receivers(repo, caller, scope, ref))):
        return "undecided"
    if ref[0] != "a" or ref[2] == "__class__":
        if any(_is_below(repo, caller, ref, value, callee) for value in values):
            return "undecided"
        return _open_if(not _is_read(repo, callee), values)
    matches = _names_match(ref[2], callee.definition)
    receivers = _receivers(repo, caller, scope, ref) if matches else []
    for value in receivers:
        if _must_be_below(repo, caller, ref[1], value, repo.owner_of(value, ref[2]), callee):
            return "proven"
    if any(_may_be(repo, value, callee) for value in receivers):
        return "undecided"
    if matches and _derives_from_outside(repo, callee) and _is_container(repo, caller, scope, ref[1]):
        return "undecided"
    has_other_name = callee.definition.name in (*CONSTRUCTORS, "__call__") or callee.definition.kind == "lambda"
    is_given = ref[2] == "param"  # what pytest gives to a fixture, under that name
    fits = matches or is_inner or has_other_name or is_given or _is_kept(repo, caller.path, scope, ref)
    return _open_if(fits, values)


def _is_metaclass_of(repo: Repository, caller: Found, callee: Found) -> bool:
    """Whether the caller's class makes the callee's: `type.__call__(cls)` in a metaclass runs a class's constructor."""
    above, owner = caller.definition.parent, callee.definition.parent
    if callee.definition.name not in CONSTRUCTORS or above is None or owner is None or owner.kind != "class":
        return False
    line = (each for meta in repo.metaclasses(Value("def", callee.path, owner.index)) for each in repo.mro(meta)[0])
    return any(each == Value("def", caller.path, above.index) for each in line)


def _receivers(repo: Repository, caller: Found, scope: int, ref: tuple) -> list[Value]:
    """What `x` in `x.f(…)` can be of which a class is known: a class method's own class, too, may be one derived."""
    values = repo.resolve(caller.path, scope, ref[1]) if ref[0] == "a" else ()
    is_own = ref[0] == "a" and ref[1] == ("n", first_parameter(caller.definition))
    return [value for value in values if value.kind in ("instance", "super") or (is_own and repo.is_class(value))]


def _derives_from_outside(repo: Repository, callee: Found) -> bool:
    owner = callee.definition.parent
    if owner is None or owner.kind != "class":
        return False
    return not repo.mro(Value("def", callee.path, owner.index))[1]


def _is_container(repo: Repository, caller: Found, scope: int, ref: Ref) -> bool:
    """Whether a receiver is what the reading knows as a list or dictionary: by an annotation, it may be one derived."""
    return any(value.kind in ("bag", "map") for value in repo.resolve(caller.path, scope, ref))


def _is_partly_known(repo: Repository, value: Value) -> bool:
    """A class with a base that the reading can not follow."""
    return value.kind == "def" and repo.is_class(value) and not repo.mro(value)[1]


def _not_abstract(callee: Found, ref: tuple) -> Verdict:
    """A method without a body of its own does not run: what runs is a subclass's."""
    is_named = ref[0] != "a" or (ref[1] is not None and ref[1][0] == "super")
    return "undecided" if callee.definition.is_abstract and not is_named else "proven"


def _is_below(repo: Repository, caller: Found, ref: tuple, value: Value, callee: Found) -> bool:
    """Whether a called variable can be the callee, for it is a method that the callee overrides, or a class above."""
    if value.kind != "def":
        return False
    definition, owner = repo.definition(value), callee.definition.parent
    if definition.kind == "class":
        by_name = ref[0] == "n" and all(ref[1] != name for name, *_ in caller.definition.parameters)
        return not by_name and callee.definition.name in CONSTRUCTORS and _may_be(repo, value, callee)
    if definition.parent is None or definition.parent.kind != "class" or owner is None or owner.kind != "class":
        return False
    same = definition.name == callee.definition.name
    return same and _may_be(repo, Value("instance", value.path, definition.parent.index), callee)


def _is_kept(repo: Repository, path: str, scope: int, ref: tuple) -> bool:
    """Whether a module or the repository's own class may keep a function under this name, whoever gave it that."""
    return any(value.kind == "module" or repo.is_class(value) for value in repo.resolve(path, scope, ref[1]))


def _may_be(repo: Repository, value: Value, callee: Found) -> bool:
    """Whether the receiver, known as an instance of one class, can be one of a subclass that defines the callee."""
    owner = callee.definition.parent
    if owner is None or owner.kind != "class" or not repo.is_class(value):
        return False
    below, above = Value("def", callee.path, owner.index), value._replace(kind="def")
    if below == above or repo.subclass_of(below, above):
        return below != above
    both = {id(each) for each in repo.derived(owner.name)}  # a mixin's method, where a class has both as bases
    return any(id(each) in both for each in repo.derived(repo.definition(value).name))


def _must_be_below(
    repo: Repository, caller: Found, receiver: Ref, value: Value, found: Value | None, callee: Found
) -> bool:
    """A method that calls `self.f()` where its own class leaves `f` to subclasses, on a subclass that inherits it.

    `found` is what the class itself has under the name: nothing, or a method without a body of its own.
    """
    method, owner = caller.definition, callee.definition.parent
    first = first_parameter(method)
    if not first or receiver != ("n", first) or method.parent is None or owner is None:
        return False
    below = Value("def", callee.path, owner.index)
    if (
        value.kind == "super"
        or below == value._replace(kind="def")
        or not repo.subclass_of(below, value._replace(kind="def"))
    ):
        return False
    if found is not None and not repo.definition(found).is_abstract:
        return False
    return repo.owner_of(below, method.name) == caller.value


def _names_match(name: str, callee: Definition) -> bool:
    """Whether an attribute of this name can be the callee, or the class that the callee constructs."""
    constructed = callee.parent.name if callee.parent is not None and callee.name in CONSTRUCTORS else None
    return name == constructed or name in _names_of(callee)


def _read_as(repo: Repository, callee: Found) -> set[str]:
    """The attributes whose reading runs the callee: a property's own name, or `x` of `x = property(callee)`."""
    function = callee.definition
    around = function.parent.bindings if function.parent is not None else {}
    own = _names_of(function) if _is_read(repo, callee) else set()
    return own | {
        name
        for name, refs in around.items()
        if any(ref is not None and ref[0] == "p" and ("n", function.name) in ref for ref in refs)
    }


def _is_read(repo: Repository, callee: Found) -> bool:
    """Whether reading an attribute runs the callee itself. Where the repository has a `cached_property` of its own,
    that is a class whose `__get__` runs it."""
    function = callee.definition
    if not function.is_property:
        return False
    named = zip(function.decorators, function.decorator_refs, strict=True)
    refs = [ref for text, ref in named if text.rpartition(".")[2] == "cached_property"]
    return not any(value.kind == "def" for value in _around(repo, callee.value, refs))


def _names_of(callee: Definition) -> set[str]:
    """The callee's name, and those its own scope binds to it (`tag = to_json` in a class)."""
    around = callee.parent.bindings if callee.parent is not None else {}
    return {callee.name, *(name for name, refs in around.items() if ("n", callee.name) in refs)}


def _runs(repo: Repository, value: Value, callee: Found) -> bool:
    """Whether calling `value` runs `callee`."""
    if value.kind == "def":
        if repo.definition(value).kind == "class":
            return _constructs(repo, value, callee)
        return value == callee.value or _wrapped_by(repo, value, callee)
    is_made = value.kind == "instance" and _is_inner(callee.definition)
    return _is_call_of(repo, value, callee) or (is_made and _made_of_method(repo, value, ("__call__",), callee))


def _is_call_of(repo: Repository, value: Value, callee: Found) -> bool:
    """Whether calling an object runs the callee, its class's `__call__`."""
    is_call = "__call__" in _names_of(callee.definition)
    return is_call and value.kind == "instance" and repo.owner_of(value, "__call__") == callee.value


def _constructs(repo: Repository, value: Value, callee: Found) -> bool:
    """`C()` runs the first `__init__` (and `__new__`, `__post_init__`) in C's resolution order, or what decorators made
    of them or of C; a metaclass's call."""
    if callee.definition.name in CONSTRUCTORS:
        return _defines(repo, value, callee)
    if callee.definition.name == "__call__":
        return any(_defines(repo, meta, callee) for meta in repo.metaclasses(value))
    is_inner = _is_inner(callee.definition)
    return _wrapped_by(repo, value, callee) or (is_inner and _made_of_method(repo, value, CONSTRUCTORS, callee))


def _defines(repo: Repository, value: Value, callee: Found) -> bool:
    """Whether looking `callee`'s name up on `value` finds `callee`."""
    return repo.owner_of(value, callee.definition.name) == callee.value


def _decorated_to(repo: Repository, value: Value) -> frozenset[Value]:
    """What the decorators of a definition make of it."""
    return _around(repo, value, [("c", ref) for ref in repo.definition(value).decorator_refs]) - {value}


def _around(repo: Repository, value: Value, refs: Iterable[Ref]) -> frozenset[Value]:
    """What references are where a definition is written, as those of its decorators."""
    outer = repo.definition(value).parent
    return frozenset().union(*(repo.resolve(value.path, outer.index if outer else 0, ref) for ref in refs))


def _wrapped_by(repo: Repository, value: Value, callee: Found) -> bool:
    """A decorated function's name calls what the decorator returned: a function inside it, or its instance."""
    made = _decorated_to(repo, value)
    return callee.value in made or any(_is_call_of(repo, each, callee) for each in made)
