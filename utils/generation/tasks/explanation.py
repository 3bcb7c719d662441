"""code_explanation: what a symbol is and what its code shows, with and without a docstring, and the way back.

Nothing is said that the source does not: the docstring's summary in its own words, parameters and return annotation
as written, and the behaviour that the syntax tree shows (`behaviour.py`), resolved calls included.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from functools import partial

from utils.generation.behaviour import Step
from utils.generation.facts import CALLABLE, Context, Fact, is_public, summary_of
from utils.generation.prose import (
    behaviour,
    calls,
    class_shape,
    function_shape,
    module_shape,
    quote,
    steps,
    under_conditions,
)
from utils.generation.templates import EMPTY, Slot, Voice
from utils.records import Claim, CodeElement

LONGEST_SOURCE = 14  # lines; longer source is not quoted whole
FEWEST_STEPS = 2
MOST_RESULTS = 4
LONGEST_FIELD = 160  # characters of a quoted declaration


def facts(context: Context) -> Iterator[Fact]:
    """Every explanation fact."""
    summaries = Counter(summary_of(element) for element in context.all.values())
    for element in context.elements:
        if element.kind in ("attribute", "field"):
            if element.parent and _has_plain_value(element.signature):
                yield Fact.about("field_default", element, partial(_field, context, element))
            continue
        if element.kind == "constant":
            said = element.signature.partition("=")[2].strip()
            if len(element.signature) < 200 and "`" not in element.signature and said not in ("", "None"):
                yield Fact.about("value", element, partial(_value, context, element))
            continue
        if element.kind != "module" or summary_of(element) or context.by_path.get(element.path):
            yield Fact.about("explain", element, partial(_explain, context, element))
        if (text := summary_of(element)) and summaries[text] == 1 and len(text) > 15 and element.name not in text:
            yield Fact.about("by_summary", element, partial(_described, context, element))
        if element.kind == "class":
            yield from _class_facts(context, element)
        elif element.kind in CALLABLE or element.kind == "property":
            yield from _function_facts(context, element)


def _has_plain_value(declaration: str) -> bool:
    """True for a declaration on one line with a value that is no call: what `Column(...)` makes is no default."""
    value = declaration.partition("=")[2]
    return bool(value) and not set(declaration) & set("`\n(") and len(declaration) <= LONGEST_FIELD


def _field(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    owner = context.all[element.parent or ""]
    return {
        **context.slots(element, voice),
        "owner": Slot(context.display(owner.id), (Claim("is_a", owner.id, owner.kind),)),
    }


def _function_facts(context: Context, element: CodeElement) -> Iterator[Fact]:
    found = context.behaviour(element)
    if len(found.steps) + len(context.analysis.call_graph.get(element.id, [])) >= FEWEST_STEPS and found.steps:
        yield Fact.about("behaviour", element, partial(_behaviour, context, element))
    if found.raises or found.handles:
        yield Fact.about("exceptions", element, partial(_exceptions, context, element))
    if any(_tells(step) for step in found.steps):
        yield Fact.about("result", element, partial(_result, context, element))
    lines = element.end_line - element.start_line + 1
    if 2 <= lines <= LONGEST_SOURCE and "```" not in element.code and element.code:
        yield Fact.about("source", element, partial(_source, context, element))


def _class_facts(context: Context, element: CodeElement) -> Iterator[Fact]:
    members = [child for child in context.children.get(element.id, []) if is_public(child) or child.name == "__init__"]
    if any(not child.name.startswith("__") for child in members):
        yield Fact.about("members", element, partial(_members, context, element))


def _described(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    """Asked backwards, the name answers: it is what the claim about the docstring is about."""
    slots = context.slots(element, voice)
    if "summary" not in slots:
        return {}
    slots["name"] = slots["name"]._replace(claims=slots["summary"].claims)
    slots["summary"] = slots["summary"]._replace(text=summary_of(element))
    return slots


def _value(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    if "\n" in element.signature:
        signature = slots.pop("signature")
        slots["block"] = signature._replace(text=f"```python\n{signature.text}\n```")
    return slots


def _explain(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    if element.kind == "module":
        slots["shape"] = module_shape(context, element, voice, variant)
    elif element.kind == "class":
        slots["shape"] = class_shape(context, element, voice, variant)
    else:
        slots["shape"] = function_shape(element, voice, variant)
        slots["behaviour"] = behaviour(context, element, voice, variant)
    says_nothing = not (slots["shape"].text or "summary" in slots or slots.get("behaviour", EMPTY).text)
    if says_nothing and "signature" in slots:
        slots["shape"] = voice.say("bare", variant, signature=slots["signature"])
    return slots


def _behaviour(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    slots["steps"] = voice.bullets(steps(context, element, voice, variant), numbered=True)
    slots["calls"] = calls(context, element, voice, variant)
    return slots


def _exceptions(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    found = context.behaviour(element)
    errors = [
        (Slot(f"`{step.detail}`", (Claim("raises", element.id, step.detail),)), step)
        for step in found.steps
        if step.kind == "raise"
    ]
    if raised := under_conditions(element, errors, voice, variant):
        slots["raises"] = voice.listed(raised)
    caught = {step.text: quote(element.path, step.text, step.line) for step in found.steps if step.kind == "handle"}
    if caught:
        slots["handles"] = voice.listed(list(caught.values()))
    return slots


def _tells(step: Step) -> bool:
    """Whether a step gives back something that a reader learns from: a local variable's name alone says nothing."""
    named = step.text.isidentifier() and step.text not in ("None", "True", "False", "self", "cls")
    return step.kind in ("return", "yield") and not named


def _result(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    slots["name"] = slots["name"]._replace(claims=slots["kind"].claims)
    if element.returns and "`" not in element.returns:
        slots["annotated"] = Slot(element.returns, (Claim("returns", element.id, element.returns),))
    found = context.behaviour(element)
    for slot, kind in (("returned", "return"), ("yields", "yield")):
        values = [(quote(element.path, step.text, step.line), step) for step in found.steps if step.kind == kind]
        if items := under_conditions(element, values, voice, variant):
            total = len(items) + (kind in found.untold)
            slots[slot] = voice.some(items[:MOST_RESULTS], total, variant, voice.style.either)
    return slots


def _members(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    children = context.children.get(element.id, [])
    for slot, kinds in (("methods", ("method",)), ("fields", ("property", "field", "attribute", "constant"))):
        named = [child for child in children if child.kind in kinds and (is_public(child) or child.name == "__init__")]
        items = [Slot(f"`{child.name}`", (Claim("contains", element.path, child.id),)) for child in named]
        if items:
            slots[slot] = voice.listed(list({item.text: item for item in items}.values()))
    bases = context.analysis.inheritance.get(element.id, [])
    if bases:
        slots["bases"] = voice.listed([context.symbol(base, "inherits_from", element.id) for base in bases])
    return slots


def _source(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    code = textwrap.dedent(element.code)
    claim = Claim("quotes", element.path, (element.start_line, element.end_line, code))
    slots["source"] = Slot(f"```python\n{code}\n```", (claim,))
    return slots
