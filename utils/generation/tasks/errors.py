"""Where the repository's own exceptions come from: function, file, line and condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from utils.generation.behaviour import Step
from utils.generation.facts import CALLABLE, Context, Fact, rank
from utils.generation.prose import condition
from utils.generation.templates import EMPTY, Slot, Voice
from utils.records import Claim, CodeElement, Evidence

MOST_PLACES = 6

Raised = tuple[CodeElement, Step]


def facts(context: Context) -> Iterator[Fact]:
    """Where each exception of the repository is raised, by which function, under which condition.

    Whether it is that one, and no other of its name, is for the verifier to say.
    """
    places: dict[str, list[Raised]] = {}
    for element in context.elements:
        if element.kind in CALLABLE or element.kind == "property":
            for step in context.behaviour(element).steps:
                if step.kind == "raise":
                    places.setdefault(step.detail.rpartition(".")[2], []).append((element, step))
    for error in context.elements:
        if error.kind == "class" and error.name in places and context.is_unique(error.name):
            found = [each for each in places[error.name] if _sees(context, each[0], error)]
            build = partial(_origins, context, error, found)
            if found:
                yield Fact.about("raised_in", error, build)


def _sees(context: Context, element: CodeElement, error: CodeElement) -> bool:
    """Whether the element's module defines the exception or imports from where it can be had."""
    imported = context.analysis.imports.get(element.module, [])
    return element.module == error.module or any(
        error.module == each or error.module.startswith(each + ".") for each in imported
    )


def _origins(
    context: Context, error: CodeElement, found: Sequence[Raised], voice: Voice, variant: int
) -> dict[str, Slot]:
    claims = {element.id: Claim("raised_by", error.id, element.id) for element, _ in found}
    verdicts = {raiser: context.guess(claim) for raiser, claim in claims.items()}
    proven = [each for each in found if verdicts[each[0].id] == "proven"]
    if not proven:
        return {}
    shown = sorted(proven, key=lambda each: rank(each[0].id, each[1].line))[:MOST_PLACES]
    items = []
    for element, step in sorted(shown, key=lambda each: (each[0].path, each[1].line)):
        at = Claim("quotes", element.path, (step.line, step.line, error.name))
        slots = {
            "name": Slot(context.display(element.id), (claims[element.id],)),
            "path": Slot(element.path, (Claim("defined_in", element.id, element.path),)),
            "line": Slot(str(step.line), (at,), (Evidence(element.path, step.line, step.line),)),
        }
        slots["test"] = condition(element, step.where, voice, variant)
        items.append(voice.say("raised_at", variant, **slots))
    total = sum(verdicts[element.id] != "refuted" for element, _ in found)
    more = voice.say("more_places", variant) if total > len(shown) else EMPTY
    return {**context.slots(error, voice), "items": voice.bullets(items), "more": more}
