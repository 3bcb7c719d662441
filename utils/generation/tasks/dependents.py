"""code_relation, the ways round that developers ask for: who tests, is decorated by, or uses this?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from utils.generation.facts import CALLABLE, Context, Fact, decorator_name, is_public, rank
from utils.generation.prose import placed
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

MOST_NAMED = 5
FEWEST_DECORATED = 2
FEWEST_USED = 2  # functions that one module uses of another, for the two to be asked about
NEIGHBOURS_PER_MODULE = 2
LANGUAGE_DECORATORS = frozenset({"property", "staticmethod", "classmethod", "abstractmethod", "overload", "setter"})


def facts(context: Context) -> Iterator[Fact]:
    """Every such relation."""
    yield from _tested(context)
    yield from _decorated(context)
    yield from _interactions(context)


def _knows(context: Context, module: str, decorator: CodeElement) -> bool:
    imported = context.analysis.imports.get(module, [])
    return module == decorator.module or decorator.module in imported or context.exports.get(decorator.id) in imported


def _tested(context: Context) -> Iterator[Fact]:
    """The functions that tests call directly."""
    for element in context.elements:
        if element.kind not in CALLABLE:
            continue
        callers = [context.all[each] for each in context.callers.get(element.id, []) if each in context.all]
        tests = [each for each in callers if context.looks_like_test(each.path) and "#" not in each.id]
        if tests and not context.looks_like_test(element.path):
            yield Fact.about("tested_by", element, partial(_tests, context, element, tests))


def _tests(
    context: Context, element: CodeElement, tests: Sequence[CodeElement], voice: Voice, variant: int
) -> dict[str, Slot]:
    claims = {test.id: Claim("called_by", element.id, test.id) for test in tests}
    proven = [test for test, claim in claims.items() if context.holds(claim)]
    return _listed(context, element, claims, proven, voice, variant)


def _decorated(context: Context) -> Iterator[Fact]:
    """What a decorator of the repository itself is put on. Whether it is that one, and no other of its name, is for the
    verifier to say."""
    found: defaultdict[str, list[CodeElement]] = defaultdict(list)
    functions = {element.name: element for element in context.elements if element.kind == "function"}
    for element in context.elements:
        for text in element.decorators:
            decorator = functions.get(decorator_name(text))
            if decorator is None or decorator.name in LANGUAGE_DECORATORS or not context.is_unique(decorator.name):
                continue
            if _knows(context, element.module, decorator):
                found[decorator.id].append(element)
    for decorator_id, decorated in found.items():
        if len(decorated) >= FEWEST_DECORATED:
            element = context.all[decorator_id]
            yield Fact.about("decorated_with", element, partial(_bearers, context, element, decorated))


def _bearers(
    context: Context, element: CodeElement, decorated: Sequence[CodeElement], voice: Voice, variant: int
) -> dict[str, Slot]:
    claims = {other.id: Claim("decorates", element.id, other.id) for other in decorated}
    verdicts = {other: context.guess(claim) for other, claim in claims.items()}
    open_or_true = {other: claims[other] for other, verdict in verdicts.items() if verdict != "refuted"}
    proven = [other for other, verdict in verdicts.items() if verdict == "proven"]
    return _listed(context, element, open_or_true, proven, voice, variant)


def _listed(
    context: Context,
    element: CodeElement,
    claims: Mapping[str, Claim],
    proven: Sequence[str],
    voice: Voice,
    variant: int,
) -> dict[str, Slot]:
    """Some of the `proven` ids; `claims` has all that belong to the list, what is left out included."""
    shown = sorted(proven, key=lambda other: rank(element.id, other))[:MOST_NAMED]
    items = [placed(context, context.all[other], voice, variant, claims[other]) for other in shown]
    return {**context.slots(element, voice), "items": voice.some(items, len(claims), variant)}


def _interactions(context: Context) -> Iterator[Fact]:
    """Pairs of modules of which one imports the other and calls several of its functions."""
    calls: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for caller, callees in context.analysis.call_graph.items():
        user = context.all.get(caller)
        for callee in callees if user is not None and caller in context.known else ():
            used = context.all.get(callee)
            if user is not None and used is not None and callee in context.known and used.module != user.module:
                calls[user.module, used.module].setdefault(callee, caller)
    by_user: defaultdict[str, list[str]] = defaultdict(list)
    for (user_module, used_module), uses in calls.items():
        if len(uses) >= FEWEST_USED and used_module in context.analysis.imports.get(user_module, []):
            by_user[user_module].append(used_module)
    for user_module, others in by_user.items():
        if user_module not in context.all:
            continue
        for other in sorted(others, key=lambda each: rank(user_module, each))[:NEIGHBOURS_PER_MODULE]:
            build = partial(_interaction, context, user_module, other, tuple(calls[user_module, other].items()))
            yield Fact("interaction", f"{user_module}>{other}", user_module, is_public(context.all[user_module]), build)


def _interaction(
    context: Context, user: str, used: str, uses: Sequence[tuple[str, str]], voice: Voice, variant: int
) -> dict[str, Slot]:
    proven = [(callee, caller) for callee, caller in uses if context.holds(Claim("calls", caller, callee))]
    shown = sorted(sorted(proven, key=lambda pair: rank(user, *pair))[:MOST_NAMED])
    lines = []
    for callee, caller in shown:
        name = Slot(
            f"`{context.display(caller)}`", (Claim("calls", caller, callee),), context.span(context.all[caller])
        )
        lines.append(voice.say("one_calls", 0, caller=name, callee=Slot(f"`{context.display(callee)}`")))
    if not lines:
        return {}
    imports = (Claim("imports", user, used),)
    items = voice.some([Slot(f"`{context.display(callee)}`") for callee, _ in shown], len(uses), variant)
    more = [voice.say("more_places", variant)] if len(shown) < len(uses) else []
    return {
        "repo": Slot(context.repo),
        "module": Slot(user, imports),
        "other": Slot(used, imports),
        "items": items,
        "steps": voice.paragraphs([voice.bullets(lines), *more]),
    }
