"""What was found out about one module, in a form that means the same in every run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.calls import APPLY
from utils.analysis.resolution.dispatch import is_exact
from utils.analysis.resolution.fixtures import conftests, is_test_class, is_test_file, is_test_module
from utils.analysis.resolution.graph import BY_SUPER
from utils.analysis.resolution.hierarchy import Hierarchy
from utils.analysis.resolution.interpreter import Interpreter
from utils.analysis.resolution.ir import CLASS_BITS, decode
from utils.analysis.resolution.modules import Module
from utils.analysis.resolution.operators import REFLECTED
from utils.analysis.resolution.scopes import root_of
from utils.analysis.resolution.solution import Callee, Findings, Names

# How many callees one site may have. Measured on traces: of the edges of sites with more, less than two in three are
# executed.
OF_METHODS = 3
OF_EXACT = 2  # of methods of objects whose classes are all known: one run mostly meets just one of them
OF_FUNCTIONS = 2
OF_ATTRIBUTES = 1  # of what is read from an attribute's value
OF_FAMILY = 100  # of those whose names begin alike, as a visitor's do: they are there to be called there
IMPLIED = 1  # of special methods and properties, which no call names
IN_TESTS = 1  # where more than two functions may run in a test, which itself runs once and meets one of them
APART = frozenset({  # run beside what a site calls
    "__enter__", "__exit__", "__aenter__", "__aexit__", "__new__", "__setattr__", "__delattr__", "__getattribute__",
})  # fmt: skip
OF_CONTAINERS = frozenset({  # not asked of text and numbers where something else is promised beside them
    "__contains__", "__delitem__", "__getattr__", "__getitem__", "__iter__", "__len__", "__next__", "__setitem__",
})  # fmt: skip
OF_ITEMS = frozenset({"__getitem__", "__setitem__", "__delitem__"})
READ = "property"  # in the place of a name


def take_findings(module: Interpreter) -> Findings:
    """What a module that was solved leaves."""
    module.hierarchy.consulted = module.consulted
    form = module.values.form

    def callee(number: int, receiver: int) -> Callee:
        if receiver <= BY_SUPER:
            return number, form(BY_SUPER - receiver), True
        return number, form(receiver) if receiver >= 0 else None, False

    sites = []
    general, full = general_sites(module)
    foreign = strangers(module)
    for (scope, line, node), every in module.edges.items():
        pairs = [pair for pair in every if not is_replaced(module, node, *pair)] if module.instead else every
        pairs = [pair for pair in pairs if pair[0] >> CLASS_BITS not in foreign] if foreign else pairs
        if not rather_plain(module, node, pairs):
            for same in by_name(module, pairs, APART).values():
                many = general.get(node, 0) - module.refused.get(node, 0)
                limit = 0 if 2 * len(pairs) < many else limit_of(module, node, same)
                limit = ~limit if node in full else limit  # a table does not fit there
                sites.append((scope, line, limit, [callee(*pair) for pair in same]))
    for (scope, line, node), every in module.implied.items():
        pairs = [pair for pair in every if pair[0] >> CLASS_BITS not in foreign] if foreign else every
        sites += [(scope, line, IMPLIED, [callee(*pair) for pair in same])
                  for name, same in by_asked(module, node, pairs).items()
                  if is_asked(module, node, name)]  # fmt: skip
    tables = [
        (form(value), module.offset + local)
        for local in module.module.code.tables
        for value in module.inside(module.offset + local)
    ]
    return Findings(sites, sorted(module.made), tables)


def strangers(module: Interpreter) -> set[int]:
    """The modules (by index) that have what this one may call, as far as values tell, but that are no part of its
    program: what an example's program hands to the library is not what the library calls, and of two test files that do
    not import each other each runs by itself."""
    hierarchy, own = module.hierarchy, module.module
    every = (*module.edges.values(), *module.implied.values())
    called = [hierarchy.modules[index] for index in {number >> CLASS_BITS for pairs in every for number, _ in pairs}]
    if not module.is_test:
        shown = [] if own.is_example else [other for other in called if other.is_example]
        imported = imports(hierarchy, own) if shown else set()
        return {other.index for other in shown if other.name not in imported}
    tests = [other for other in called if other is not own and is_test_file(other.name) and not other.is_example]
    reached = with_imports(hierarchy, own) if tests else set()
    apart = [other for other in tests if other.name not in reached]
    return {other.index for other in apart if own.name not in with_imports(hierarchy, other)}


def with_imports(hierarchy: Hierarchy, module: Module) -> set[str]:
    """The test modules that one or its `conftest` modules import, and those that these import."""
    found: set[str] = set()
    pending = [module, *(each for name in conftests(module.name) if (each := hierarchy.by_name.get(name)) is not None)]
    while pending:
        current = pending.pop()
        hierarchy.face_of(current)
        for name in imports(hierarchy, current) - found:
            if is_test_module(name):
                found.add(name)
                pending.append(hierarchy.by_name[name])
    return found


def is_replaced(module: Interpreter, node: int, number: int, receiver: int) -> bool:
    """Whether a site runs something else in the place of a function."""
    key = BY_SUPER if receiver <= BY_SUPER else node
    return any(module.points.get(other) for other in module.instead.get((key, number), ()))


def general_sites(module: Interpreter) -> tuple[dict[int, int], set[int]]:
    """Where something is called that may be more than a node holds, and how many values that node has; and where it
    holds as many as it may, so that what else there is was refused: those that came first are no likelier."""
    found: dict[int, int] = {}
    full: set[int] = set()
    most = max(module.limits.values())
    for node, values in module.points.items():
        untested = module.points.get(whole(module, node), ()) if node in module.narrowed else values
        if len(values) < most and len(untested) < most:
            continue
        calls = [] if node & ir.MADE else decode(module.module.code, node & ir.LOCAL)
        sites = [module.offset + item[5] for item in calls if item[0] == ir.CALL]
        sites += [item[1].shared for item in module.waiting.get(node, ()) if item[0] == APPLY]
        found.update(dict.fromkeys(sites, len(values)))
        if node not in module.wide:
            full.update(sites)
    return found, full


def whole(module: Interpreter, node: int) -> int:
    """What a node has before any test of it."""
    return root_of(module.narrowed, node)


def by_name(
    module: Interpreter, pairs: Sequence[tuple[int, int]], names: Collection[str]
) -> dict[str, list[tuple[int, int]]]:
    """What runs at a site by the functions' names, those of other names than `names` together, but for properties: of
    several names none is run instead of the other, and what is read is not what is then done with it."""
    found: dict[str, list[tuple[int, int]]] = {}
    for pair in pairs:
        _, function = module.hierarchy.function_of(pair[0])
        other = READ if is_read(function) else ""
        found.setdefault(function.name if function.name in names else other, []).append(pair)
    return found


def by_asked(module: Interpreter, node: int, pairs: Sequence[tuple[int, int]]) -> dict[str, list[tuple[int, int]]]:
    """What runs at a site by the special methods that are asked for: of a decorated one, what the decorator made."""
    found: dict[str, list[tuple[int, int]]] = {}
    for pair in pairs:
        name = module.asked_as.get((node, pair[0])) or module.hierarchy.function_of(pair[0])[1].name
        found.setdefault(name, []).append(pair)
    return found


def limit_of(module: Interpreter, site: int, pairs: Sequence[tuple[int, int]]) -> int:
    """How many callees a site may have that runs these (function, receiver or -1)."""
    functions = {number for number, _ in pairs}
    if all(number in module.accessors or is_unnamed(module.hierarchy.function_of(number)[1]) for number in functions):
        return IMPLIED
    called = whole(module, module.callee_of.get(site, 0))
    if called in module.families:
        return ~OF_FAMILY  # whatever decorates them
    if is_state(module, called):
        return OF_FAMILY
    if is_of_attribute(module, site):
        return OF_ATTRIBUTES
    if called in module.kept:
        return ~OF_FUNCTIONS
    if is_of_test_classes(module, called):
        return OF_FAMILY
    if module.is_test and len(functions) > 2 and not all(is_special(module, number) for number in functions):
        return IN_TESTS
    if all(receiver == -1 for _, receiver in pairs):
        return OF_FUNCTIONS
    exact = all(receiver >= 0 and is_exact(module.values.form(receiver)) for _, receiver in pairs)
    return OF_EXACT if exact else OF_METHODS


def is_of_test_classes(module: Interpreter, called: int) -> bool:
    """Whether what is called is read from `self` of test classes that have it each: the runner makes one of each."""
    base, name = module.read_of.get(called, (0, ""))
    readers = [module.values.table[value] for value in module.points.get(base, ())]
    if any(what[0] != kinds.INSTANCE for what in readers):
        return False
    made = [int(what[1]) for what in readers if is_exact(what)]  # type: ignore[call-overload]
    hierarchy = module.hierarchy
    return bool(made) and all(hierarchy.binds(number, name) and is_test_class(hierarchy, number) for number in made)


def is_state(module: Interpreter, called: int) -> bool:
    """Whether what is called is one of many methods of one object, as the states of a machine are."""
    values = module.points.get(called, ())
    if len(values) <= OF_METHODS or not all(module.is_state(value, values[:1]) for value in values):
        return False
    functions = {int(module.values.table[value][1]) for value in values}  # type: ignore[call-overload]
    named = {module.hierarchy.function_of(function)[1].name for function in functions}
    return len(named) > max(OF_METHODS, len(functions) * 2 / 3)  # not the same methods of several classes


def is_of_attribute(module: Interpreter, site: int) -> bool:
    """Whether a site calls a method of what an attribute holds: one run mostly meets one of the objects it may be."""
    base, _ = module.read_of.get(module.callee_of.get(site, 0), (0, ""))
    return whole(module, base) in module.read_of


def is_read(function: ir.Function) -> bool:
    """Whether a function runs where an attribute is read."""
    return bool(function.flags & ir.PROPERTY) or function.name == "__get__"


def is_unnamed(function: ir.Function) -> bool:
    """Whether a function runs where an attribute is read, assigned to or deleted."""
    return is_read(function) or function.name in ("__setattr__", "__delattr__")


def is_special(module: Interpreter, number: int) -> bool:
    return module.hierarchy.function_of(number)[1].name.startswith("__")


def is_asked(module: Interpreter, node: int, name: str) -> bool:
    """Whether what arrives at a node is what a special method is asked of, as far as anything else is known there."""
    return alike(module, node, name) and not answered(module, node, name) and is_key(module, node)


def alike(module: Interpreter, node: int, name: str) -> bool:
    """Whether all that is known to arrive at a node are instances with this special method: where other kinds or
    classes come along, nothing is known of the one value that is compared or converted. Containers may come along where
    one class is promised whose objects can be filled like them: they stand for dictionaries. An object of a class that
    is all ours and has no items cannot be what an item is asked of: it is known of another place."""
    contained = False
    exact: set[Any] = set()
    promised: set[Any] = set()
    for value in module.points.get(node, ()):
        what = module.as_object(module.values.table[value])
        if what[0] == kinds.SCALAR and name in OF_CONTAINERS:
            continue
        bound = what[0] == kinds.INSTANCE and module.hierarchy.binds(int(what[1]), name)  # type: ignore[call-overload]
        if bound:
            (exact if what[2] else promised).add(what[1])
        elif module.as_container(what)[0] == kinds.CONTAINER:
            contained = True
        elif name not in OF_ITEMS or what[0] != kinds.INSTANCE or not module.closed(what):
            return False
    if not contained or name == "__getattr__":  # no container has attributes of other names
        return True
    return len(promised) == 1 and exact <= promised and module.hierarchy.binds(int(*promised), "__setitem__")


def rather_plain(module: Interpreter, node: int, pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether an attribute that is a property of some known receivers is a plain one of as many others."""
    hierarchy = module.hierarchy
    if node not in module.read_of or not all(hierarchy.function_of(pair[0])[1].flags & ir.PROPERTY for pair in pairs):
        return False
    base, name = module.read_of[node]
    plain, run, running = [], 0, set()
    for value in module.points.get(base, ()):
        what = module.values.table[value]
        if what[0] == kinds.INSTANCE:
            number = int(what[1])  # type: ignore[call-overload]
            if module.find(number, name) is None:
                plain.append(hierarchy.owner_of(number, name))
            else:
                run += 1
                running.update(hierarchy.order(number))
    return sum(owner is not None and owner not in running for owner in plain) >= run > 0


def answered(module: Interpreter, node: int, name: str) -> bool:
    """Whether the left operand has the operator itself, so that the right one is not asked for the reflected one."""
    names = (f"__{name[3:]}", f"__i{name[3:]}") if name.startswith("__r") else (REFLECTED.get(name, name),)
    for value in module.points.get(module.left_of.get(node, 0), ()):
        what = module.values.table[value]
        if what[0] == kinds.INSTANCE and any(module.hierarchy.binds(int(what[1]), own) for own in names):  # type: ignore[call-overload]
            return True
    return False


def is_key(module: Interpreter, node: int) -> bool:
    """Whether a value is a key in nothing but Python's own containers: lists and what has methods of its own, which
    cannot be told from a value that is only looked for, aside."""
    holder, test = module.held_by.get(node, (0, False))
    found = [module.values.table[value] for value in module.points.get(holder, ())]
    if test:
        return bool(found) and all(what[0] == kinds.CONTAINER and what[2] in (ir.MAPPING, ir.DEFAULT) for what in found)
    return all(what[0] == kinds.CONTAINER for what in found)


def take_names(hierarchy: Hierarchy, module: Module) -> Names:
    """What names alone decide of a module."""
    bases, inheritance, overrides = {}, {}, {}
    for local, record in module.face.classes.items():
        number = module.index << CLASS_BITS | local
        found = hierarchy.bases_of(number)
        if found:
            inheritance[record.id] = [
                base if isinstance(base, str) else hierarchy.class_of(base)[1].id for base in found
            ]
            bases[number] = [base for base in found if isinstance(base, int)]
    for function in module.face.functions.values():
        if function.owner >= 0 and not function.name.startswith("<") and not ir.is_private(function.name):
            above = overridden(hierarchy, module.index << CLASS_BITS | function.owner, function.name)
            if above is not None:
                overrides[function.id] = above
    return Names(sorted(imports(hierarchy, module)), inheritance, overrides, bases)


def overridden(hierarchy: Hierarchy, number: int, name: str) -> str | None:
    """The id of the first method of a name further on in a class's resolution order; none where that name is no method
    of the first class that has it."""
    for base in hierarchy.order(number)[1:]:
        if isinstance(base, int):
            record = hierarchy.class_of(base)[1]
            if name in record.methods or (name in record.names and name not in record.fields):
                return record.methods.get(name)
    return None


def imports(hierarchy: Hierarchy, module: Module) -> set[str]:
    """The internal modules that a module imports anywhere."""
    found = set()
    for source, name in module.face.imports:
        target = hierarchy.locate(source, module)
        if name is not None and f"{target}.{name}" in hierarchy.by_name and hierarchy.is_submodule(target, name):
            target = f"{target}.{name}"
        if target in hierarchy.by_name and target != module.name:
            found.add(target)
    return found
