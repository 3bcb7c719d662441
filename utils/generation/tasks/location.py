"""code_location: path, line and enclosing class of a symbol; and back: what a file holds, which file holds two names.

Path facts and line facts are kept apart: a small model learns paths only where they are not drowned in numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from utils.generation.facts import SYMBOLS, Context, Fact, is_public, rank
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

MOST_ITEMS = 12  # names in one answer; a longer list is a listing, not an answer


def facts(context: Context) -> Iterator[Fact]:
    """Every location fact."""
    for element in context.elements:
        yield Fact.about("location", element, partial(_symbol, context, element))
        if element.kind in SYMBOLS:
            yield Fact.about("line", element, partial(_line, context, element))
        owner = context.all.get(element.parent or "")
        if owner is not None and owner.kind == "class" and context.display(element.id) != element.id:
            short = element.name
            if context.is_unique(short) and (element.kind in SYMBOLS or "_" in short):
                yield Fact.about("owner", element, partial(_owner, context, element, owner))
    for path, elements in context.by_path.items():
        public = [element for element in elements if is_public(element)]
        named = sorted(public or elements, key=lambda element: element.kind not in SYMBOLS)
        yield Fact("file_contents", path, path, bool(public), partial(_contents, context, path, named, len(elements)))
        symbols = sorted((e for e in named if e.kind in SYMBOLS), key=lambda e: rank("pair", e.id))
        for first, second in zip(symbols[::2], symbols[1::2], strict=False):
            build = partial(_pair, context, path, first, second)
            yield Fact(
                "file_of_two", f"{first.id}+{second.id}", first.id, is_public(first) and is_public(second), build
            )


def _symbol(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    return context.slots(element, voice)


def _line(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    span = (Claim("spans", element.id, (element.start_line, element.end_line)),)
    return {
        **context.slots(element, voice),
        "start": Slot(str(element.start_line), span),
        "end": Slot(str(element.end_line), span),
    }


def _owner(context: Context, element: CodeElement, owner: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    return {
        **context.slots(element, voice),
        "short": Slot(element.name),
        "owner": Slot(context.display(owner.id), (Claim("is_a", owner.id, owner.kind),)),
    }


def _contents(
    context: Context, path: str, named: list[CodeElement], total: int, voice: Voice, variant: int
) -> dict[str, Slot]:
    """`total` counts the private ones, too: what is left out of the list is said to be."""
    shown = named[:MOST_ITEMS]
    items = [Slot(f"`{element.name}`", (Claim("contains", path, element.id),)) for element in shown]
    slots = {
        "repo": Slot(context.repo),
        "path": Slot(path, (), tuple(span for element in shown for span in context.span(element))),
    }
    return {**slots, "items": voice.some(items, total, variant)}


def _pair(
    context: Context, path: str, first: CodeElement, second: CodeElement, voice: Voice, variant: int
) -> dict[str, Slot]:
    claims = (Claim("contains", path, first.id), Claim("contains", path, second.id))
    return {
        "repo": Slot(context.repo),
        "name": Slot(context.display(first.id)),
        "other": Slot(context.display(second.id)),
        "path": Slot(path, claims, context.span(first) + context.span(second)),
    }
