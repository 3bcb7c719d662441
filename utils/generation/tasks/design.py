"""design_proposal: how one would add to the repository, from what it does already.

The reasoning is a list of numbered steps, each citing what it stands on; the answer says what to write and which files
to touch. Where the steps go (answer, think block or nowhere) is `generation.reasoning`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from utils.generation.facts import CALLABLE, Context, Fact, decorator_name, is_public, rank
from utils.generation.prose import own_parameters, parameter_name, placed
from utils.generation.templates import Slot, Voice, merge
from utils.records import Claim, CodeElement

MOST_NAMED = 5
EXAMPLES = 2


def facts(context: Context) -> Iterator[Fact]:
    """Every design question that the repository's own patterns answer."""
    registries: dict[str, list[str]] = {}
    for pattern in context.analysis.patterns:
        if pattern.kind == "registration" and pattern.subject in context.known:
            registries.setdefault(pattern.subject, []).extend(pattern.members)
    for subject, found in sorted(registries.items()):
        members = _named(context, found)
        if len(members) >= EXAMPLES:
            element = context.all[subject]
            yield Fact("register", subject, subject, is_public(element), partial(_register, context, element, members))
    for element in context.elements:
        if (
            element.kind == "class"
            and len(members := _named(context, context.subclasses.get(element.id, []))) >= EXAMPLES
        ):
            yield Fact.about("implement", element, partial(_implement, context, element, members))
        elif element.kind in CALLABLE and _named(context, context.callers.get(element.id, [])):
            yield Fact.about("change_impact", element, partial(_change, context, element))
        elif element.kind == "module" and len(_definitions(context, element)) >= EXAMPLES:
            yield Fact.about("extend_module", element, partial(_extend, context, element))


def _named(context: Context, ids: Sequence[str]) -> tuple[CodeElement, ...]:
    """The elements with these ids that are asked about, in a stable order that no position decides."""
    return tuple(
        context.all[each]
        for each in sorted(set(ids), key=lambda each: rank("design", each))
        if each in context.known and not context.is_inside_function(context.all[each])
    )


def _definitions(context: Context, module: CodeElement) -> list[CodeElement]:
    return [
        item for item in context.by_path.get(module.path, []) if is_public(item) and item.kind in ("function", "class")
    ]


def _path(element: CodeElement) -> Slot:
    return Slot(element.path, (Claim("defined_in", element.id, element.path),))


def _files(voice: Voice, elements: Sequence[CodeElement], others: Iterable[str] = (), variant: int = 0) -> Slot:
    """The files of the elements, each once; `others`: all files that belong to the list."""
    paths = {element.path: element for element in elements}
    items = [Slot(f"`{path}`", _path(element).claims) for path, element in paths.items()][:MOST_NAMED]
    return voice.some(items, len({*paths, *others}), variant)


def _tests(context: Context, element: CodeElement, voice: Voice, variant: int) -> list[Slot]:
    """Which test modules import the element's module."""
    modules = [context.all[each] for each in context.importers.get(element.module, []) if each in context.all]
    last = element.module.rpartition(".")[2].strip("_")
    found = [module for module in modules if context.looks_like_test(module.path)]
    tests = sorted(found, key=lambda module: last not in module.path.rpartition("/")[2])[:MOST_NAMED]
    if not tests:
        return []
    items = [Slot(f"`{each.path}`", (*_path(each).claims, Claim("imports", each.id, element.module))) for each in tests]
    return [voice.say("design_tests", variant, len(items), items=voice.listed(items), module=Slot(element.module))]


def _users(context: Context, element: CodeElement, voice: Voice, variant: int) -> list[Slot]:
    """Which other modules import the element's module: where something new has to be made known."""
    importers = context.importers.get(element.module, [])
    found = _named(context, importers)
    modules = [each for each in found if each.path not in context.supporting][:MOST_NAMED]
    if not modules:
        return []
    items = [Slot(f"`{each.id}`", (Claim("imports", each.id, element.module),), context.span(each)) for each in modules]
    listed = voice.some(items, len(importers), variant)
    return [voice.say("design_users", variant, len(items), items=listed, module=Slot(element.module))]


def _implement(
    context: Context, base: CodeElement, members: tuple[CodeElement, ...], voice: Voice, variant: int
) -> dict[str, Slot]:
    slots = context.slots(base, voice)
    examples = members[:EXAMPLES]
    shown = voice.listed(
        [placed(context, each, voice, variant, Claim("inherits_from", each.id, base.id)) for each in examples]
    )
    steps = [
        voice.say("design_base", variant, name=slots["name"], path=slots["path"]),
        voice.say("design_examples", variant, items=shown),
    ]
    required = _required(context, base)
    methods = [
        Slot(f"`{each.name}`", (Claim("contains", base.path, each.id),), context.span(each))
        for each in context.children.get(base.id, [])
        if each.id in required
    ]
    if required:
        mark = merge(next(iter(required.values())).text, required.values())
        steps.append(voice.say("design_required", variant, len(required), items=voice.listed(methods), mark=mark))
    elif overridden := _overridden(context, base, members):
        listed = voice.some(overridden[:MOST_NAMED], len(overridden), variant)
        steps.append(voice.say("design_overridden", variant, len(overridden), items=listed))
    own = context.all.get(f"{base.id}.__init__")
    if own is not None and (passed := [parameter_name(own, each) for each in own_parameters(own)]):
        steps.append(voice.say("design_init", variant, len(passed), name=slots["name"], items=voice.listed(passed)))
    steps += _users(context, examples[0], voice, variant) + _tests(context, examples[0], voice, variant)
    files = _files(voice, [*examples])
    answer = voice.say(
        "design_implement", variant, name=slots["name"], path=slots["path"], methods=voice.listed(methods), files=files
    )
    return {**slots, "base": slots["name"], "steps": voice.bullets(steps, numbered=True), "answer": answer}


def _required(context: Context, base: CodeElement) -> dict[str, Slot]:
    """Id of each of the base's abstract methods → the decorator that makes it one."""
    found = {}
    for child in context.children.get(base.id, []):
        for decorator in child.decorators:
            if decorator.rpartition(".")[2] in ("abstractmethod", "abstractproperty"):
                found[child.id] = Slot(decorator, (Claim("decorated_by", child.id, decorator),))
    return found


def _overridden(context: Context, base: CodeElement, members: Sequence[CodeElement]) -> list[Slot]:
    """The base's methods that the existing subclasses override."""
    found: dict[str, Slot] = {}
    for member in members:
        for child in context.children.get(member.id, []):
            if child.overrides and child.overrides.rpartition(".")[0] == base.id:
                claim = Claim("overrides", child.id, child.overrides)
                found.setdefault(child.name, Slot(f"`{child.name}`", (claim,), context.span(child)))
    return list(found.values())


def _register(
    context: Context, registry: CodeElement, members: tuple[CodeElement, ...], voice: Voice, variant: int
) -> dict[str, Slot]:
    slots = context.slots(registry, voice)
    claims = {each.id: _registration(context, registry, each) for each in members}
    examples = [each for each in members if claims[each.id] is not None][:EXAMPLES]
    if not examples:
        return {}
    shown = voice.listed([placed(context, each, voice, variant, *(claims[each.id] or ())) for each in examples])
    steps = [
        voice.say("design_registry", variant, name=slots["name"], path=slots["path"]),
        voice.say("design_registered", variant, len(examples), items=shown, name=slots["name"]),
        *_users(context, examples[0], voice, variant),
        *_tests(context, examples[0], voice, variant),
    ]
    answer = voice.say(
        "design_register", variant, name=slots["name"], path=slots["path"], files=_files(voice, [*examples])
    )
    return {**slots, "steps": voice.bullets(steps, numbered=True), "answer": answer}


def _registration(context: Context, registry: CodeElement, member: CodeElement) -> tuple[Claim, ...] | None:
    """What proves that a decorator registers the member; null where its decorator is another one of that name."""
    if registry.name not in map(decorator_name, member.decorators):
        return ()  # it stands in a dict or a list, or is given to a function
    claim = Claim("decorates", registry.id, member.id)
    return (claim,) if context.guess(claim) == "proven" else None


def _change(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    every = [each for each in context.callers.get(element.id, []) if each != element.id]
    callers = [each for each in _named(context, every) if context.holds(Claim("called_by", element.id, each.id))]
    if not callers:
        return {}
    shown = [
        placed(context, each, voice, variant, Claim("called_by", element.id, each.id)) for each in callers[:MOST_NAMED]
    ]
    listed = voice.some(shown, len(every), variant)
    signature = Slot(element.signature, (Claim("has_signature", element.id, element.signature),))
    steps = [voice.say("design_definition", variant, name=slots["name"], path=slots["path"], line=slots["line"])]
    if "\n" not in element.signature and "`" not in element.signature and len(element.signature) < 160:
        steps.append(voice.say("design_signature", variant, signature=signature))
    steps.append(voice.say("design_callers", variant, len(callers), items=listed))
    overriding = [
        Slot(f"`{context.display(each)}`", (Claim("overrides", each, element.id),))
        for each in context.overridden_by.get(element.id, [])
    ]
    if overriding:
        listed = voice.some(overriding[:MOST_NAMED], len(overriding), variant)
        steps.append(voice.say("design_overriding", variant, len(overriding), items=listed))
    steps += _tests(context, element, voice, variant)
    places = [element, *callers[:MOST_NAMED]]
    paths = {context.all[each].path for each in every if each in context.all}
    if paths <= {element.path}:
        answer = voice.say("design_change_here", variant, name=slots["name"], path=slots["path"])
    else:
        answer = voice.say(
            "design_change",
            variant,
            name=slots["name"],
            path=slots["path"],
            files=_files(voice, places, paths, variant),
        )
    return {**slots, "steps": voice.bullets(steps, numbered=True), "answer": answer}


def _extend(context: Context, module: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(module, voice)
    found = sorted(_definitions(context, module), key=lambda each: rank("design", each.id))[:EXAMPLES]
    examples = voice.listed(
        [
            Slot(f"`{context.display(each.id)}`", (Claim("contains", module.path, each.id),), context.span(each))
            for each in found
        ]
    )
    name = Slot(module.id, (), context.span(module))
    steps = [
        voice.say("design_module", variant, module=name, path=slots["path"]),
        voice.say("design_neighbours", variant, items=examples),
    ]
    imported = context.analysis.imports.get(module.id, [])
    if known := [each for each in imported if each in context.known][:MOST_NAMED]:
        items = [Slot(f"`{each}`", (Claim("imports", module.id, each),)) for each in known]
        listed = voice.some(items, len(imported), variant)
        steps.append(voice.say("design_at_hand", variant, len(items), items=listed))
    steps += _users(context, module, voice, variant) + _tests(context, module, voice, variant)
    answer = voice.say("design_extend", variant, path=slots["path"], items=examples)
    return {**slots, "module": name, "steps": voice.bullets(steps, numbered=True), "answer": answer}
