"""code_relation, the ways round that developers ask for: who tests, is decorated by, or uses this?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from utils.generation.facts import CALLABLE, Context, Fact, is_public, rank
from utils.generation.prose import placed
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement

MOST_NAMED = 5
FEWEST_DECORATED = 2
FEWEST_USED = 2  # functions that one module uses of another, for the two to be asked about
NEIGHBOURS_PER_MODULE = 2
LANGUAGE_DECORATORS = frozenset({"property", "staticmethod", "classmethod", "abstractmethod", "overload", "setter"})

Related = tuple[tuple[CodeElement, tuple[Claim, ...]], ...]


def facts(context: Context) -> Iterator[Fact]:
    """Every such relation."""
    yield from _tested(context)
    yield from _decorated(context)
    yield from _interactions(context)


def _knows(context: Context, module: str, error: CodeElement) -> bool:
    imported = context.analysis.imports.get(module, [])
    return module == error.module or error.module in imported or context.exports.get(error.id) in imported


def _tested(context: Context) -> Iterator[Fact]:
    """The functions that tests call directly."""
    for element in context.elements:
        if element.kind not in CALLABLE:
            continue
        callers = [context.all[each] for each in context.callers.get(element.id, []) if each in context.all]
        tests = [each for each in callers if context.looks_like_test(each.path) and "#" not in each.id]
        if tests and not context.looks_like_test(element.path):
            related = tuple((test, (Claim("called_by", element.id, test.id),)) for test in tests)
            yield Fact.about("tested_by", element, partial(_listed, context, element, related))


def _decorated(context: Context) -> Iterator[Fact]:
    """What a decorator of the repository itself is put on."""
    found: defaultdict[str, list[tuple[CodeElement, tuple[Claim, ...]]]] = defaultdict(list)
    functions = {element.name: element for element in context.elements if element.kind == "function"}
    for element in context.elements:
        for text in element.decorators:
            decorator = functions.get(text.partition("(")[0].strip().rpartition(".")[2])
            if decorator is None or decorator.name in LANGUAGE_DECORATORS or not context.is_unique(decorator.name):
                continue
            if "\n" not in text and _knows(context, element.module, decorator):
                found[decorator.id].append((element, (Claim("decorated_by", element.id, text),)))
    for decorator_id, related in found.items():
        if len(related) >= FEWEST_DECORATED:
            element = context.all[decorator_id]
            yield Fact.about("decorated_with", element, partial(_listed, context, element, tuple(related)))


def _listed(context: Context, element: CodeElement, related: Related, voice: Voice, variant: int) -> dict[str, Slot]:
    ordered = sorted(related, key=lambda item: rank(element.id, item[0].id))
    kept = [item for item in ordered if all(claim.kind != "called_by" or context.holds(claim) for claim in item[1])]
    shown = kept[:MOST_NAMED]
    listed = voice.listed([placed(context, other, voice, variant, *claims) for other, claims in shown])
    if 0 < len(shown) < len(related):
        listed = voice.say("among_others", variant, items=listed)
    return {**context.slots(element, voice), "items": listed}


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
    items = voice.listed([Slot(f"`{context.display(callee)}`") for callee, _ in shown])
    return {
        "repo": Slot(context.repo),
        "module": Slot(user, imports),
        "other": Slot(used, imports),
        "items": items,
        "steps": voice.bullets(lines),
    }
