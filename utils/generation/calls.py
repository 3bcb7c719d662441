"""Usage examples: imports as one would write them, and calls proven to bind to the real signature."""

from __future__ import annotations

import ast
import inspect
import re
from typing import NamedTuple

from utils.generation.facts import Context, decorator_name, importable
from utils.generation.prose import is_static, own_parameters
from utils.records import Claim, CodeElement, Parameter

KINDS = {
    "positional_only": inspect.Parameter.POSITIONAL_ONLY,
    "positional_or_keyword": inspect.Parameter.POSITIONAL_OR_KEYWORD,
    "var_positional": inspect.Parameter.VAR_POSITIONAL,
    "keyword_only": inspect.Parameter.KEYWORD_ONLY,
    "var_keyword": inspect.Parameter.VAR_KEYWORD,
}
FEW = 2  # arguments passed by position; more are clearer by keyword
CONTEXT_MANAGERS = frozenset({"contextmanager", "asynccontextmanager"})
BINDING = frozenset({"classmethod", "staticmethod", "property", "cached_property"})
TRANSPARENT = frozenset({"override", "final", "wraps", "cache", "lru_cache", "deprecated"})  # called as it is declared
ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})
ENUMERATIONS = ("Enum", "Flag", "Choices")  # how the names of their bases end


class Usage(NamedTuple):
    """A snippet; `passed`: the (element, parameter) pairs of its calls; `instance`: the class it needs one of;
    `imported`: what its import claims."""

    code: str
    passed: tuple[tuple[CodeElement, Parameter], ...]
    instance: CodeElement | None = None
    imported: tuple[Claim, ...] = ()


class Import(NamedTuple):
    """An import statement, and that it gives what it names."""

    code: str
    claims: tuple[Claim, ...] = ()


def import_of(context: Context, element: CodeElement) -> Import | None:
    """`from pkg.mod import name` (the outermost class of a nested one), or None where nothing can be imported."""
    if not importable(element.module):
        return None
    top: CodeElement = element
    if element.kind == "module":
        outer, _, name = element.module.rpartition(".")
        return Import(_from(outer, name) if outer else f"import {name}")
    while top.parent and top.parent != element.module:
        parent = context.all.get(top.parent)
        if parent is None or parent.kind != "class":
            return None
        top = parent
    for module in dict.fromkeys((context.exports.get(top.id, element.module), element.module)):
        claim = Claim("imported_from", top.id, module)
        if context.guess(claim) == "proven":  # what a package imports it may delete or bind anew
            return Import(_from(module, top.name), (claim,))
    return None


def usage_of(context: Context, element: CodeElement, optional: int) -> Usage | None:
    """How to use a function, class, method or property; None where it cannot be used from outside.

    `optional`: how many parameters with literal defaults are passed as well.
    """
    imported = import_of(context, element)
    if imported is None or (element.name.startswith("__") and element.kind != "class"):
        return None
    usage = _usage(context, element, imported.code, optional)
    return usage and usage._replace(imported=imported.claims)


def _usage(context: Context, element: CodeElement, line: str, optional: int) -> Usage | None:
    if _is_changed(element):
        return None
    if element.kind == "function":
        call = call_text(element, element.name, optional)
        return call and Usage(f"{line}\n\n{_awaited(context, element, call.code)}", call.passed)
    if element.kind == "class":
        made = constructor(context, element, optional)
        return made and Usage(f"{line}\n\n{variable(element.name)} = {made.code}", made.passed)
    owner = context.all.get(element.parent or "")
    if owner is None or owner.kind != "class" or owner.id not in context.known:
        return None
    return _member(context, element, owner, line, optional)


def _member(context: Context, element: CodeElement, owner: CodeElement, line: str, optional: int) -> Usage | None:
    path = owner.id.removeprefix(owner.module + ".")
    if element.kind not in ("method", "property"):
        return None
    if "classmethod" in _decorators(element) or is_static(element):
        call = call_text(element, f"{path}.{element.name}", optional)
        return call and Usage(f"{line}\n\n{_awaited(context, element, call.code)}", call.passed)
    subject = variable(owner.name)
    made = constructor(context, owner, 0)
    head = f"{line}\n\n{subject} = {made.code}\n" if made else f"{line}\n\n{subject}: {path}\n"
    before = made.passed if made else ()
    instance = None if made else owner
    if element.kind == "property":
        return Usage(f"{head}value = {subject}.{element.name}", before, instance)
    call = call_text(element, f"{subject}.{element.name}", optional)
    return call and Usage(head + _awaited(context, element, call.code), before + call.passed, instance)


def constructor(context: Context, element: CodeElement, optional: int) -> Usage | None:
    """A call of the class: by its own or inherited `__init__`, or without arguments where it has no base at all.

    None where calling it makes no object: an enumeration, a protocol, a class with abstract methods left.
    """
    if _makes_none(context, element):
        return None
    path = element.id.removeprefix(element.module + ".")
    own = context.all.get(f"{element.id}.__init__")
    if own is not None:
        return call_text(own, path, optional) if own.id in context.known else None
    base = inherited_constructor(context, element)
    if base is not None:
        return call_text(base, path, optional)
    if element.bases or element.decorators or f"{element.id}.__new__" in context.all:
        return None
    return Usage(f"{path}()", ())


def _makes_none(context: Context, element: CodeElement) -> bool:
    """Whether the class is there to be derived from, or its objects are all made already."""
    line, seen = [element.id], {element.id}
    for each in line:  # grows: the bases follow their subclass
        fresh = [base for base in context.analysis.inheritance.get(each, []) if base not in seen]
        line += fresh
        seen.update(fresh)
    classes = [context.all[each] for each in line if each in context.all]
    bases = {_last(text.partition("[")[0]) for each in classes for text in each.bases}
    if any(base.endswith(ENUMERATIONS) for base in bases):
        return True
    if any(_last(text.partition("[")[0]) == "Protocol" for text in element.bases):
        return True
    first: dict[str, CodeElement] = {}
    for owner in classes:
        for child in context.children.get(owner.id, []):
            first.setdefault(child.name, child)
    return any(_decorators(child) & ABSTRACT for child in first.values())


def _decorators(element: CodeElement) -> set[str]:
    return set(map(decorator_name, element.decorators))


def _is_changed(element: CodeElement) -> bool:
    """Whether a decorator may leave something that is called otherwise than what is declared, or not at all."""
    if element.kind == "class":
        return False
    return bool(_decorators(element) - BINDING - TRANSPARENT - CONTEXT_MANAGERS)


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def inherited_constructor(context: Context, element: CodeElement) -> CodeElement | None:
    """The `__init__` of the nearest base, along single inheritance inside the repository."""
    while len(element.bases) == 1 and len(bases := context.analysis.inheritance.get(element.id, [])) == 1:
        if bases[0] not in context.known or element.decorators:
            return None
        element = context.all[bases[0]]
        if (found := context.all.get(f"{element.id}.__init__")) is not None:
            return found if found.id in context.known else None
    return None


def call_text(element: CodeElement, target: str, optional: int) -> Usage | None:
    """A call of `target` with every required argument of `element`, checked to bind; None where it would not."""
    parameters = own_parameters(element)
    required = [p for p in parameters if p.default is None and not p.kind.startswith("var_")]
    shown = [p for p in parameters if p.default is not None and p.kind != "positional_only" and _is_literal(p.default)]
    by_position = len([p for p in required if p.kind != "keyword_only"]) <= FEW
    arguments = [
        p.name if p.kind == "positional_only" or (by_position and p.kind != "keyword_only") else f"{p.name}={p.name}"
        for p in required
    ]
    arguments += [f"{p.name}={p.default}" for p in shown[:optional]]
    code = f"{target}({', '.join(arguments)})"
    if not binds(parameters, code):
        return None
    return Usage(code, tuple((element, p) for p in [*required, *shown[:optional]]))


def signature_of(parameters: list[Parameter]) -> inspect.Signature:
    """The signature rebuilt from its parameters; raises ValueError where Python would."""
    return inspect.Signature(
        [
            inspect.Parameter(
                parameter.name,
                KINDS[parameter.kind],
                default=inspect.Parameter.empty if parameter.default is None else parameter.default,
            )
            for parameter in parameters
        ]
    )


def binds(parameters: list[Parameter], code: str) -> bool:
    """True when the call in `code` fits the parameters, as `inspect.Signature.bind` judges it."""
    try:
        call = ast.parse(code, mode="eval").body
        assert isinstance(call, ast.Call)
        signature_of(parameters).bind(
            *call.args, **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        )
    except (TypeError, ValueError, SyntaxError):
        return False
    return True


def variable(name: str) -> str:
    """`HTTPClient` → `http_client`: a name for an instance."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip("_")).lower()
    return words if words.isidentifier() and words != name else f"{words}_instance"


def _awaited(context: Context, element: CodeElement, call: str) -> str:
    decorators = _decorators(element)
    if "contextmanager" in decorators:
        return f"with {call} as value:\n    ..."
    if "asynccontextmanager" in decorators:
        return f"async with {call} as value:\n    ..."
    generator = context.behaviour(element).is_generator
    if generator:
        return f"{'async ' if element.is_async else ''}for item in {call}:\n    ..."
    if element.is_async:
        return f"result = await {call}"
    return f"result = {call}" if element.returns not in (None, "None") else call


def _from(module: str, name: str) -> str:
    return f"from {module} import {name}"


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return len(text) <= 30
