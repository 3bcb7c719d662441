"""code_explanation by comparison: what two classes of one base share, and what each defines itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from utils.generation.facts import Context, Fact, is_public, rank
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

PAIRS_PER_BASE = 3
MOST_NAMED = 6


def facts(context: Context) -> Iterator[Fact]:
    """Pairs of classes that derive directly from the same class of the repository."""
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
    shared = [name for name in methods[0] if name in methods[1]][:MOST_NAMED]
    if shared:
        both = [Slot(f"`{name}`", methods[0][name].claims + methods[1][name].claims) for name in shared]
        slots["shared"] = voice.listed(both)
    for slot, own, others in (("first", methods[0], methods[1]), ("second", methods[1], methods[0])):
        if named := [item for name, item in own.items() if name not in others][:MOST_NAMED]:
            slots[slot] = voice.listed(named)
    return slots if {"shared", "first", "second"} & slots.keys() else {}


def _methods(context: Context, element: CodeElement) -> dict[str, Slot]:
    """Name of each method and property in the class body → it, claiming that the file contains it."""
    members = [each for each in context.children.get(element.id, []) if each.kind in ("method", "property")]
    return {each.name: Slot(f"`{each.name}`", (Claim("contains", each.path, each.id),)) for each in members}
