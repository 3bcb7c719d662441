"""code_relation: callers and callees, bases and subclasses, overrides, imports, and paths through two calls.

Gains from training on a text grow with the relations between its entities (EntiGraph, arXiv 2409.07431), and a
relation is only found backwards if it was trained backwards (2309.12288): each is asked from both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from utils.generation.facts import Context, Fact, is_public, rank
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

MOST_ITEMS = 10
PATHS_PER_FUNCTION = 2


def facts(context: Context) -> Iterator[Fact]:
    """Every relation between the repository's own elements."""
    graph = context.analysis.call_graph
    relations: tuple[tuple[str, Callable[[str, str], Claim], Callable[[CodeElement], Sequence[str]]], ...] = (
        ("callees", partial(Claim, "calls"), lambda e: graph.get(e.id, [])),
        ("callers", partial(Claim, "called_by"), lambda e: context.callers.get(e.id, [])),
        ("bases", partial(Claim, "inherits_from"), lambda e: context.analysis.inheritance.get(e.id, [])),
        ("subclasses", partial(Claim, "has_subclass"), lambda e: context.subclasses.get(e.id, [])),
        ("overridden_by", _overriding, lambda e: context.overridden_by.get(e.id, [])),
    )
    for element in context.elements:
        if element.kind == "module":
            yield from _module_facts(context, element)
            continue
        for family, claim, related in relations:
            others = [other for other in related(element) if other != element.id]
            found = tuple(other for other in others if _is_named(context, other))
            if found:
                yield Fact.about(family, element, partial(_listed, context, element, claim, found, len(others)))
        if element.overrides and element.overrides in context.all:
            yield Fact.about("overrides", element, partial(_overrides, context, element))
        yield from _paths(context, element)


def _overriding(method: str, other: str) -> Claim:
    return Claim("overrides", other, method)


def _is_named(context: Context, element_id: str) -> bool:
    """True for an element a reader can look up: not repeated, not inside a function, not in a test unless wanted."""
    element = context.all.get(element_id)
    if element is None or "#" in element_id or context.path_is_test[element.path]:
        return False
    return not context.is_inside_function(element)


def _listed(
    context: Context,
    element: CodeElement,
    claim: Callable[[str, str], Claim],
    others: tuple[str, ...],
    total: int,
    voice: Voice,
    variant: int,
) -> dict[str, Slot]:
    """`total` counts those in tests, too: what is left out of the list is said to be."""
    claims = {other: claim(element.id, other) for other in others}
    kept = [other for other in others if context.holds(claims[other])]
    shown = sorted(sorted(kept, key=lambda other: rank(element.id, other))[:MOST_ITEMS])
    items = [Slot(f"`{context.display(other)}`", (claims[other],)) for other in shown]
    return {**context.slots(element, voice), "items": voice.some(items, total, variant)}


def _overrides(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    base = context.symbol(element.overrides or "", "overrides", element.id)
    return {**context.slots(element, voice), "base": base}


def _module_facts(context: Context, element: CodeElement) -> Iterator[Fact]:
    for family, others in (
        ("imports", context.analysis.imports.get(element.id, [])),
        ("importers", context.importers.get(element.id, [])),
    ):
        if found := tuple(item for item in others if _is_named(context, item)):
            yield Fact.about(family, element, partial(_modules, context, element, family, found, len(others)))


def _modules(
    context: Context, element: CodeElement, family: str, others: tuple[str, ...], total: int, voice: Voice, variant: int
) -> dict[str, Slot]:
    """`total` counts those in tests, too, as in `_listed`."""
    shown = sorted(sorted(others, key=lambda other: rank(element.id, other))[:MOST_ITEMS])
    if family == "imports":
        items = [Slot(f"`{other}`", (Claim("imports", element.id, other),)) for other in shown]
    else:
        items = [Slot(f"`{other}`", (Claim("imports", other, element.id),)) for other in shown]
    slots = context.slots(element, voice)
    return {
        "repo": slots["repo"],
        "path": slots["path"],
        "module": Slot(element.id, (), context.span(element)),
        "items": voice.some(items, total, variant),
    }


def _paths(context: Context, element: CodeElement) -> Iterator[Fact]:
    """Paths element → middle → other with one middle only, so that the question has one answer."""
    graph = context.analysis.call_graph
    direct = set(graph.get(element.id, []))
    middles: dict[str, list[str]] = {}
    for middle in direct:
        for other in graph.get(middle, []):
            middles.setdefault(other, []).append(middle)
    ends = [
        (other, found[0])
        for other, found in middles.items()
        if len(found) == 1
        and other not in direct
        and other != element.id
        and found[0] != element.id
        and found[0] != other
        and _is_named(context, other)
        and _is_named(context, found[0])
    ]
    for other, middle in sorted(ends, key=lambda end: rank("path", element.id, *end))[:PATHS_PER_FUNCTION]:
        build = partial(_path, context, element, middle, other)
        yield Fact("call_path", f"{element.id}>{middle}>{other}", element.id, is_public(element), build)


def _path(
    context: Context, element: CodeElement, middle: str, other: str, voice: Voice, variant: int
) -> dict[str, Slot]:
    claims = (Claim("calls", element.id, middle), Claim("calls", middle, other))
    if not all(context.holds(claim) for claim in claims):
        return {}
    return {
        "repo": Slot(context.repo),
        "name": Slot(context.display(element.id), (), context.span(element)),
        "other": Slot(context.display(other)),
        "middle": Slot(f"`{context.display(middle)}`", claims, context.span(context.all[middle])),
    }
