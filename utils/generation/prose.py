"""Sentences about one element's code, each with the claims it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from utils.generation.behaviour import Condition, Step
from utils.generation.facts import Context, is_public
from utils.generation.templates import EMPTY, Slot, Voice
from utils.records import Claim, CodeElement, Evidence, Parameter

MOST_CALLS = 8
MOST_STEPS = 10
MOST_CLAUSES = 4  # steps under one condition that one sentence tells
MOST_NAMES = 12
MOST_TEXTS = 3  # exceptions caught, values yielded or returned, in an explanation
MOST_CONDITIONS = 3  # that one sentence tells of one step, or of one result or exception


def quote(path: str, text: str, line: int) -> Slot:
    """Source in backticks, proven by its line."""
    return Slot(f"`{text}`", (Claim("quotes", path, (line, line, text)),), (Evidence(path, line, line),))


def placed(context: Context, element: CodeElement, voice: Voice, variant: int, *claims: Claim) -> Slot:
    """`name` (`path`), with more claims about it."""
    name = Slot(f"`{context.display(element.id)}`", claims, context.span(element))
    path = Slot(element.path, (Claim("defined_in", element.id, element.path),))
    return voice.say("name_in_path", variant, name=name, path=path)


def own_parameters(element: CodeElement) -> list[Parameter]:
    """The parameters a caller passes: without `self` or `cls`."""
    parameters = element.parameters
    bound = element.kind in ("method", "property") and not is_static(element)
    return parameters[1:] if bound and parameters and parameters[0].kind.startswith("positional") else parameters


def is_static(element: CodeElement) -> bool:
    """True for a static method."""
    return any(name.rpartition(".")[2] == "staticmethod" for name in element.decorators)


def parameter_name(element: CodeElement, parameter: Parameter) -> Slot:
    """`name`, `*args` or `**kwargs`."""
    stars = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind, "")
    return Slot(f"`{stars}{parameter.name}`", (Claim("has_parameter", element.id, parameter.name),))


def calls(context: Context, element: CodeElement, voice: Voice, variant: int) -> Slot:
    """Which of the repository's functions it calls, at most `MOST_CALLS`; empty where none is proven."""
    others = [callee for callee in context.analysis.call_graph.get(element.id, []) if callee != element.id]
    found: list[Slot] = []
    for callee in others:
        if callee not in context.known or context.is_inside_function(context.all[callee]):
            continue
        if context.holds(Claim("calls", element.id, callee)):
            found.append(context.symbol(callee, "calls", element.id))
        if len(found) == MOST_CALLS:
            break
    return voice.say("calls", variant, len(found), items=voice.some(found, len(others), variant)) if found else EMPTY


def function_shape(element: CodeElement, voice: Voice, variant: int) -> Slot:
    """What it takes and what its annotation says it returns."""
    parts = []
    if names := [parameter_name(element, parameter) for parameter in own_parameters(element)]:
        parts.append(voice.say("takes", variant, len(names), items=voice.listed(names)))
    if element.returns and "`" not in element.returns:
        returned = Slot(element.returns, (Claim("returns", element.id, element.returns),))
        parts.append(voice.say("returns_annotated", variant, type=returned))
    return voice.sentences(parts)


def class_shape(context: Context, element: CodeElement, voice: Voice, variant: int) -> Slot:
    """What it derives from, and its public methods and fields."""
    parts = []
    bases = [
        context.symbol(base, "inherits_from", element.id) for base in context.analysis.inheritance.get(element.id, [])
    ]
    if bases:
        parts.append(voice.say("derives", variant, items=voice.listed(bases)))
    children = [each for each in context.children.get(element.id, []) if is_public(each) and each.name[:2] != "__"]
    for key, kinds in (("class_methods", ("method",)), ("class_fields", ("field", "property"))):
        named = list(dict.fromkeys(child.name for child in children if child.kind in kinds))
        ids = {child.name: child.id for child in children if child.kind in kinds}
        items = [Slot(f"`{name}`", (Claim("contains", element.path, ids[name]),)) for name in named[:MOST_NAMES]]
        if items:
            parts.append(voice.say(key, variant, len(items), items=voice.some(items, len(named), variant)))
    return voice.sentences(parts)


def module_shape(context: Context, element: CodeElement, voice: Voice, variant: int) -> Slot:
    """What the module defines and which of the repository's modules it imports."""
    parts = []
    defined = context.by_path.get(element.path, [])
    public = [item for item in defined if is_public(item)]
    items = [context.symbol(item.id, "contains", element.path) for item in public[:MOST_NAMES]]
    if items:
        parts.append(voice.say("defines", variant, len(items), items=voice.some(items, len(defined), variant)))
    others = context.analysis.imports.get(element.id, [])
    if imported := [module for module in others if module in context.all]:
        modules = [context.symbol(module, "imports", element.id) for module in imported[:MOST_CALLS]]
        parts.append(voice.say("imports", variant, len(modules), items=voice.some(modules, len(others), variant)))
    return voice.sentences(parts)


def behaviour(context: Context, element: CodeElement, voice: Voice, variant: int) -> Slot:
    """The chief things the code does, in a few sentences."""
    found = context.behaviour(element)
    parts = []
    for decorator in element.decorators:
        if decorator.rpartition(".")[2] == "abstractmethod":
            parts.append(
                voice.say("abstract", variant, name=Slot(decorator, (Claim("decorated_by", element.id, decorator),)))
            )
    sets = list(
        {s.detail: quote(element.path, s.detail, s.line) for s in found.steps if s.detail and s.kind == "set"}.values()
    )
    loops, branches = _texts(element, found.steps, "loop"), _texts(element, found.steps, "branch")
    for key, items, most in (("loops", loops, 2), ("branches", branches, 3), ("sets", sets, 6)):
        if items:
            listed = voice.some(items[:most], len(items), variant)
            parts.append(voice.say(key, variant, len(items[:most]), items=listed))
    parts.append(calls(context, element, voice, variant))
    if found.raises:
        errors = [Slot(f"`{name}`", (Claim("raises", element.id, name),)) for name in found.raises]
        parts.append(voice.say("raises", variant, len(errors), items=voice.listed(errors)))
    for key, kind in (("handled", "handle"), ("yields", "yield"), ("returned", "return")):
        if items := _texts(element, found.steps, kind):
            last = voice.style.either if kind == "return" else None
            listed = voice.some(items[:MOST_TEXTS], len(items) + (kind in found.untold), variant, last)
            parts.append(voice.say(key, variant, len(items), items=listed))
    return voice.sentences(parts)


def _texts(element: CodeElement, found: tuple[Step, ...], kind: str) -> list[Slot]:
    slots = {step.text: quote(element.path, step.text, step.line) for step in found if step.kind == kind}
    return list(slots.values())


def steps(context: Context, element: CodeElement, voice: Voice, variant: int) -> list[Slot]:
    """What the code does, one sentence per step, in source order; the last one says so when there is more."""
    steps_read = context.behaviour(element).steps
    decided = {each[:2] for step in steps_read if _can_tell(step.where) for each in step.where}  # told with those steps
    found = [step for step in steps_read if not _is_logging(step) and (step.text, step.line) not in decided]
    groups = _grouped(found)
    told: dict[str, Slot] = {}
    for group in groups:
        sentence = _sentence(element, group, voice, variant)
        if sentence.text:
            told.setdefault(sentence.text, sentence)
        if len(told) == MOST_STEPS:
            break
    sentences = list(told.values())
    return [*sentences, voice.say("step_more", variant)] if groups and group is not groups[-1] else sentences


def _grouped(found: list[Step]) -> list[list[Step]]:
    """Steps that follow each other under one condition belong into one sentence."""
    groups: list[list[Step]] = []
    for step in found:
        last = groups[-1] if groups else []
        same = last and _can_tell(step.where) and last[0].where == step.where
        if same and len(last) < MOST_CLAUSES:
            last.append(step)
        else:
            groups.append([step])
    return groups


def _is_logging(step: Step) -> bool:
    return step.kind == "call" and re.match(r"(?:self\.)?_?(?:log|logger|logging)\.|print\(", step.text) is not None


def _sentence(element: CodeElement, group: list[Step], voice: Voice, variant: int) -> Slot:
    clauses = [clause for step in group if (clause := _clause(element, step, voice, variant)).text]
    if not clauses:
        return EMPTY
    clause, step = clauses[0], group[0]
    for more in {each.text: each for each in clauses[1:] if each.text != clause.text}.values():
        clause = voice.say("step_then", variant, clause=clause, more=more)
    if _can_tell(step.where):
        return voice.say("step_if", variant, test=condition(element, step.where, voice, variant), clause=clause)
    if step.where:
        return voice.say("step_some", variant, clause=clause)
    return voice.say("step_plain", variant, clause=clause._replace(text=clause.text[0].upper() + clause.text[1:]))


def _can_tell(where: Sequence[Condition]) -> bool:
    """Whether a sentence can name all that decides over a step."""
    return 0 < len(where) <= MOST_CONDITIONS and all(each.text for each in where)


def condition(element: CodeElement, where: Sequence[Condition], voice: Voice, variant: int) -> Slot:
    """All that has to be so for a step to happen; empty where nothing has to, or where not all of it can be told."""
    if not _can_tell(where):
        return EMPTY
    told = EMPTY
    for way, group in groupby(where, key=lambda each: each.way):
        tests = [quote(element.path, each.text, each.line) for each in group]
        if len(where) == 1 and way == "holds":
            return tests[0]
        said = voice.say(way, variant, len(tests), test=voice.listed(tests))
        told = voice.say("both", variant, first=told, second=said) if told.text else said
    return told


def under_conditions(
    element: CodeElement, found: Iterable[tuple[Slot, Step]], voice: Voice, variant: int
) -> list[Slot]:
    """Each value with the conditions for it, of which one is enough; without any where one is missing or unknown."""
    wheres: dict[str, dict[Sequence[Condition], None]] = {}
    values: dict[str, Slot] = {}
    for value, step in found:
        values.setdefault(value.text, value)
        wheres.setdefault(value.text, {})[step.where] = None
    told = []
    for text, value in values.items():
        tests = {test.text: test for where in wheres[text] for test in [condition(element, where, voice, variant)]}
        plain = len(wheres[text]) == 1 or all(len(where) == 1 for where in wheres[text])
        if "" in tests or len(tests) > MOST_CONDITIONS or not plain:
            told.append(value)
        else:
            test = voice.listed(list(tests.values()), voice.style.either)
            told.append(voice.say("error_when", variant, error=value, test=test))
    return told


def _clause(element: CodeElement, step: Step, voice: Voice, variant: int) -> Slot:
    text = quote(element.path, step.text, step.line)
    key = f"step_{step.kind}"
    if step.kind == "raise":
        text = Slot(f"`{step.detail}`", (Claim("raises", element.id, step.detail),), text.evidence)
    elif step.kind in ("branch", "yield") and step.detail:
        key = f"step_{step.detail}"
    elif step.kind == "loop":
        target = quote(element.path, step.detail, step.line)
        return voice.say(key, variant, text=text, target=target) if step.detail else EMPTY
    return voice.say(key, variant, text=text)
