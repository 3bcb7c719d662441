"""Two things at once: what two classes of one base share and what each defines; how one thing relates to another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from utils.generation.facts import Context, Fact, is_public, rank
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

PAIRS_PER_BASE = 3
MOST_NAMED = 6


def facts(context: Context) -> Iterator[Fact]:
    """Pairs of classes that derive directly from the same class of the repository; pairs of related elements."""
    for element in context.elements:
        for other, kind in _related(context, element):
            subject = f"{element.id}+{other.id}"
            build = partial(_relation, context, element, other, kind)
            yield Fact("related", subject, element.id, is_public(element) and is_public(other), build)
    for base in context.elements:
        if base.kind != "class":
            continue
        members = [each for each in context.subclasses.get(base.id, []) if each in context.known]
        ordered = sorted(members, key=lambda each: rank("compare", each))
        for first, second in list(zip(ordered[::2], ordered[1::2], strict=False))[:PAIRS_PER_BASE]:
            one, two = context.all[first], context.all[second]
            public = is_public(one) and is_public(two)
            yield Fact("compare", f"{first}|{second}", first, public, partial(_compare, context, base, one, two))


def _compare(
    context: Context, base: CodeElement, one: CodeElement, two: CodeElement, voice: Voice, variant: int
) -> dict[str, Slot]:
    methods = [_methods(context, element) for element in (one, two)]
    slots = {
        "repo": Slot(context.repo),
        "name": Slot(context.display(one.id), (), context.span(one)),
        "other": Slot(context.display(two.id), (), context.span(two)),
        "path": Slot(one.path, (Claim("defined_in", one.id, one.path),)),
        "other_path": Slot(two.path, (Claim("defined_in", two.id, two.path),)),
        "base": Slot(
            context.display(base.id),
            (Claim("inherits_from", one.id, base.id), Claim("inherits_from", two.id, base.id)),
        ),
    }
    both = [
        Slot(item.text, item.claims + methods[1][name].claims)
        for name, item in methods[0].items()
        if name in methods[1]
    ]
    if both:
        slots["shared"] = voice.some(both[:MOST_NAMED], len(both), variant)
    for slot, own, others in (("first", methods[0], methods[1]), ("second", methods[1], methods[0])):
        if named := [item for name, item in own.items() if name not in others]:
            slots[slot] = voice.some(named[:MOST_NAMED], len(named), variant)
    return slots if {"shared", "first", "second"} & slots.keys() else {}


def _methods(context: Context, element: CodeElement) -> dict[str, Slot]:
    """Name of each method and property in the class body → it, claiming that the file contains it."""
    members = [each for each in context.children.get(element.id, []) if each.kind in ("method", "property")]
    return {each.name: Slot(f"`{each.name}`", (Claim("contains", each.path, each.id),)) for each in members}


def _related(context: Context, element: CodeElement) -> Iterator[tuple[CodeElement, str]]:
    """One element of each kind of relation: a base, an overridden method, a callee, an imported module."""
    if element.kind == "class":
        found, kind = context.analysis.inheritance.get(element.id, []), "inherits_from"
    elif element.kind == "module":
        found, kind = context.analysis.imports.get(element.id, []), "imports"
    else:
        found, kind = context.analysis.call_graph.get(element.id, []), "calls"
    known = (each for each in found if each in context.known and each != element.id and "__" not in each)
    named = [each for each in known if not context.is_inside_function(context.all[each])]
    for other in sorted(named, key=lambda each: rank("related", element.id, each))[:1]:
        yield context.all[other], kind


def _relation(
    context: Context, element: CodeElement, other: CodeElement, kind: str, voice: Voice, variant: int
) -> dict[str, Slot]:
    claim = Claim(kind, element.id, other.id)  # type: ignore[arg-type]
    if kind == "calls" and not context.holds(claim):
        return {}
    name = Slot(context.display(element.id), (), context.span(element))
    second = Slot(context.display(other.id), (), context.span(other))
    return {
        "repo": Slot(context.repo),
        "name": name,
        "other": second,
        "relation": voice.say(f"rel_{kind}", variant, name=name, other=second._replace(claims=(claim,))),
        "path": Slot(element.path, (Claim("defined_in", element.id, element.path),)),
        "other_path": Slot(other.path, (Claim("defined_in", other.id, other.path),)),
    }
