"""Proofs about two elements: calls, inheritance, overrides, imports; and what the metadata files declare."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from utils.generation.proof import calls as reading
from utils.generation.proof.ending import origins
from utils.generation.proof.facts import Ref
from utils.generation.proof.locate import Found, find, same_code
from utils.generation.proof.metadata import declared_dependencies
from utils.generation.proof.resolve import Repository
from utils.generation.proof.values import ANY, Value, Verdict

BEST_FIRST: tuple[Verdict, ...] = ("proven", "undecided", "refuted")
_DENIAL = {"undecided": "is not surely", "refuted": "is not"}


def calls(repo: Repository, caller: str, callee: str) -> str | None:
    """Some call or property read in the caller's own code runs the callee."""
    verdict = judge_calls(repo, caller, callee)
    if verdict == "proven":
        return None
    missing = next((each for each in (caller, callee) if not _definitions(repo, each)), None)
    if missing is not None:
        return f"{missing} is not defined"
    return f"nothing in {caller} {'leads' if verdict == 'refuted' else 'surely leads'} to {callee}"


def judge_calls(repo: Repository, caller: str, callee: str) -> Verdict:
    """The best verdict over the definitions that the two ids can mean; remembered."""
    if (caller, callee) not in repo.judged:
        found: set[Verdict] = set()
        for source in _definitions(repo, caller):
            for target in _definitions(repo, callee):
                if target.definition.kind in ("function", "lambda"):
                    found.add(reading.judge(repo, source, target))
        repo.judged[caller, callee] = min(found, key=BEST_FIRST.index, default="refuted")
    return repo.judged[caller, callee]


def decorates(repo: Repository, decorator: str, decorated: str) -> str | None:
    """A decorator of the second, or the function that makes it, is the first."""
    verdict = judge_decorates(repo, decorator, decorated)
    return None if verdict == "proven" else f"{decorator} {_DENIAL[verdict]} a decorator of {decorated}"


def judge_decorates(repo: Repository, decorator: str, decorated: str) -> Verdict:
    """Whether one of its decorators resolves to the decorator and to nothing else."""
    refs = [(found, ref) for found in _definitions(repo, decorated) for ref in found.definition.decorator_refs]
    return _judge_names(repo, decorator, [(_around(found), _made_by(ref)) for found, ref in refs])


def raised_by(repo: Repository, error: str, function: str) -> str | None:
    """A `raise` in the function's own code names the exception."""
    verdict = judge_raised_by(repo, error, function)
    return None if verdict == "proven" else f"{error} {_DENIAL[verdict]} what {function} raises"


def judge_raised_by(repo: Repository, error: str, function: str) -> Verdict:
    """Whether one of its `raise` statements resolves to the exception and to nothing else."""
    refs = [(found, ref) for found in _definitions(repo, function) for ref in found.definition.raises.values()]
    return _judge_names(repo, error, [(found, ref) for found, ref in refs])


def _judge_names(repo: Repository, element: str, named: list[tuple[Found, Ref]]) -> Verdict:
    """Whether one of the references, each in its scope, stands for the element."""
    wanted = {found.value for found in _definitions(repo, element)}
    unsure = False
    for scope, ref in named:
        values = repo.resolve(scope.path, scope.definition.index, ref)
        if values and values <= wanted:
            return "proven"
        unsure = unsure or ANY in values or not wanted.isdisjoint(values)
    return "undecided" if unsure else "refuted"


def _made_by(ref: Ref) -> Ref:
    """`f` of the decorators `f` and `f(…)`."""
    while ref is not None and ref[0] == "c":
        ref = ref[1]
    return ref


def _around(found: Found) -> Found:
    """What a definition stands in: its decorators are read there."""
    outer = found.definition.parent
    return found._replace(definition=outer) if outer is not None else found


def inherits_from(repo: Repository, subclass: str, base: str) -> str | None:
    """`base` is one of the class's bases: an element id, or the source text of a base that is no class's own name."""
    classes = [found for found in _definitions(repo, subclass) if found.definition.kind == "class"]
    if not classes:
        return f"{subclass} is not a class"
    wanted = {found.value for found in _definitions(repo, base)}
    for found in classes:
        for text, values in zip(found.definition.bases, repo.bases(found.value), strict=True):
            others = values - {found.value}  # `class Exception(Exception)`
            names = {repo.definition(value).name if value.kind == "def" else "" for value in others}
            is_surely_own = names == {text.rpartition(".")[2]} and not text.startswith("self.")
            if wanted & others or (not is_surely_own and same_code(text, base)):
                return None
    return f"its bases are {', '.join(classes[0].definition.bases) or 'none'}"


def overrides(repo: Repository, method: str, base: str) -> str | None:
    """The next class in resolution order that defines the method's name is the base method's class."""
    targets = {found.value for found in _definitions(repo, base)}
    reason = f"{method} is not a method"
    for found in _definitions(repo, method):
        owner = found.definition.parent
        if owner is None or owner.kind != "class" or found.definition.kind != "function":
            continue
        reason = f"no base of {owner.name} defines {found.definition.name}"
        own = Value("def", found.path, owner.index)
        for each in repo.mro(own)[0][1:]:
            above = repo.definition(each)
            values = above.bindings.get(found.definition.name, ())
            bound = {value for ref in values for value in repo.resolve(each.path, each.place, ref)}
            if not values:  # what a class only declares, for type checkers, is no binding
                bound = {target for target in targets if repo.definition(target).parent is above}
            if bound & targets:
                return None
            if (bound or values) and not repo.has_either(own):
                reason = f"it overrides that of {above.name}"
                break
    return reason


def imports(repo: Repository, module: str, imported: str) -> str | None:
    """An import statement anywhere in the module's file names the imported module (or something in it)."""
    targets = {*repo.modules(imported), *repo.namespaces(imported)}
    paths = repo.modules(module)
    if not paths:
        return f"{module} is not a module"
    for path in paths:
        facts = repo.facts(path)
        for name, level, members in facts.imported if facts else ():
            if not targets and level == 0 and (name == imported or name.startswith(imported + ".")):
                return None
            files = repo.absolute(path, name, level)
            reached = set(files)
            for member in members:
                reached.update(each for file in files for each in repo.submodule(file, member))
            if reached & targets:
                return None
    return f"{module} has no import of {imported}"


def imported_from(repo: Repository, element: str, module: str) -> str | None:
    """`from module import name` gives the element: of the names that the module has in the end, that is the one."""
    for found in find(repo, element):
        name = found.name or found.definition.name
        outer = found.definition if found.name else found.definition.parent
        if outer is None or outer.kind != "module":
            continue
        own = (found.path, name)
        for path in repo.modules(module):
            reached = origins(repo, path, name)
            if reached == {own} or (path == found.path and own in reached):
                return None
    return f"{module} does not surely have it under its name"


def depends_on(repo: Repository, name: str) -> str | None:
    """A metadata file declares the distribution."""
    if repo.dependencies is None:
        repo.dependencies = declared_dependencies(repo.sources)
    declared = canonicalize_name(name) in repo.dependencies
    return None if declared else f"no metadata file declares {name}"


def _definitions(repo: Repository, element: str) -> list[Found]:
    return [found for found in find(repo, element) if not found.name]
