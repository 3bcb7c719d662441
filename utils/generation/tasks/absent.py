"""absent_symbol: names that look as if they belonged and provably do not exist, and as many that do.

Refusal can be taught (R-Tuning, arXiv 2311.09677), but only where the symbol is provably absent: contradictory labels
cause over-refusal (2410.06913). Each absent name is guarded by a real one of the same look.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import partial

from utils.generation.facts import SYMBOLS, Context, Fact, is_public, rank
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

NEAREST = 2
SWAPS = (
    ("get", "fetch"), ("create", "build"), ("load", "read"), ("run", "execute"), ("add", "register"),
    ("delete", "remove"), ("update", "modify"), ("parse", "decode"), ("write", "save"), ("start", "launch"),
    ("stop", "halt"), ("send", "dispatch"), ("set", "assign"), ("is", "check"), ("make", "construct"),
    ("Error", "Exception"), ("Config", "Settings"), ("Manager", "Handler"), ("Client", "Connector"),
    ("Base", "Abstract"), ("Request", "Query"), ("Response", "Reply"), ("init", "setup"), ("list", "enumerate"),
    ("find", "locate"), ("name", "label"), ("file", "document"), ("path", "location"), ("data", "payload"),
    ("message", "notice"), ("handler", "processor"), ("to", "into"), ("from", "out_of"), ("key", "token"),
)  # fmt: skip
ENDINGS = ("async", "all", "cached", "by_id", "or_none", "safe", "batch", "once")
CLASS_ENDINGS = ("Factory", "Proxy", "Builder", "Registry", "Adapter", "Mixin", "Pool", "Cache")


def facts(context: Context) -> Iterator[Fact]:
    """One absent name for each well-named symbol, and the symbol itself as its guard."""
    real = context.words
    lowered = {name.replace("_", "").lower() for name in real}
    for element in context.elements:
        if element.kind not in SYMBOLS or element.name.startswith("_") or not context.is_unique(element.name):
            continue
        if len(element.name) < 6:
            continue
        yield Fact.about("present", element, partial(_present, context, element))
        name = _near_miss(element, real, lowered)
        if name is not None:
            near = _nearest(context, element, name)
            yield Fact("absent", name, element.id, is_public(element), partial(_absent, context, name, near))


def _near_miss(element: CodeElement, real: frozenset[str], lowered: set[str]) -> str | None:
    """A name one word away from the element's that nothing in the repository has, in any spelling."""
    candidates = list(_candidates(element.name, element.kind == "class"))
    candidates.sort(key=lambda name: rank("near miss", element.id, name))
    for name in candidates:
        if name not in real and name.replace("_", "").lower() not in lowered:
            return name
    return None


def _candidates(name: str, is_class: bool) -> Iterator[str]:
    for pair in SWAPS:
        for old, new in (pair, pair[::-1]):
            if is_class:
                old, new = old[:1].upper() + old[1:], "".join(part.title() for part in new.split("_"))
                if re.search(rf"{old}(?![a-z])", name):
                    yield re.sub(rf"{old}(?![a-z])", new, name, count=1)
            elif re.search(rf"(?:^|_){old.lower()}(?:_|$)", name):
                yield re.sub(rf"(^|_){old.lower()}(_|$)", rf"\g<1>{new.lower()}\g<2>", name, count=1)
    parts = name.split("_")
    if not is_class and len(parts) > 2:
        yield "_".join([*parts[1:], parts[0]])
    for ending in CLASS_ENDINGS if is_class else ENDINGS:
        yield name + ending if is_class else f"{name}_{ending}"


def _nearest(context: Context, element: CodeElement, name: str) -> tuple[CodeElement, ...]:
    """The real symbol the name was made from, and the most similar of its neighbours."""
    siblings: Sequence[CodeElement] = [
        other
        for other in context.children.get(element.parent or "", [])
        if other.id != element.id and other.kind in SYMBOLS and is_public(other)
    ]
    close = difflib.get_close_matches(name, [other.name for other in siblings], n=NEAREST - 1, cutoff=0.5)
    return (element, *(other for other in siblings if other.name in close))[:NEAREST]


def _absent(context: Context, name: str, near: tuple[CodeElement, ...], voice: Voice, variant: int) -> dict[str, Slot]:
    claim = Claim("absent", context.repo, name)
    nearest = [Slot(f"`{context.display(e.id)}`", (), context.span(e)) for e in near]
    placed = [
        voice.say(
            "name_in_path",
            variant,
            name=item,
            path=Slot(e.path, (Claim("defined_in", e.id, e.path),)),
        )
        for item, e in zip(nearest, near, strict=True)
    ]
    return {
        "repo": Slot(context.repo),
        "name": Slot(name, (claim,)),
        "near": voice.listed(placed),
        "near_or": voice.listed(placed, voice.style.either),
    }


def _present(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    return context.slots(element, voice)
