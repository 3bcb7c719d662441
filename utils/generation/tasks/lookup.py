"""project_overview by what developers look for: a topic, an environment variable, a command line option.

Who asks for "the retry logic" knows no name of it, but names are made of such words: `RetryPolicy` and `retry_call`
answer the question, and that they do can be proven.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from utils.generation.facts import SYMBOLS, Context, Fact, is_public, rank
from utils.generation.prose import placed
from utils.generation.runtime_inputs import RuntimeInput, find_inputs
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement, Evidence

SHORTEST_WORD = 4  # letters; shorter ones are seldom a topic
MOST_NAMED = 6  # definitions that a topic may have, so that its answer is all of them
MOST_LISTED = 12
MOST_PLACES = 3
LONGEST_QUOTE = 400  # characters
VAGUE = frozenset(
    """
    additional after again args available base before call callback check class clear close code config count
    create current data default dict does done each element error errors exist existing exists extra field file
    files find first flag format from full func function generic given handle handler have helper helpers index
    info init inner input instance into item items iter json keys kind kwargs last length level line lines list
    load local main make mixin mode module name names needed next node none number object only open option optional
    options other output over pair param params parent parse part parts path paths prepare previous process provide
    read remaining remove repr required reset result results return root save self send setup show simple size sort
    source start state step stop string test text this time tmp token true type types update used user util utils
    value values with without wrap wrapper write
    """.split()  # noqa: SIM905 - prose, not a list to edit by the line
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

Place = tuple[str, RuntimeInput]


def facts(context: Context) -> Iterator[Fact]:
    """Every topic, environment variable and option."""
    yield from _topics(context)
    inputs: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    owners: dict[tuple[str, str], CodeElement] = {}
    for module in context.modules:
        for found in find_inputs(module):
            if len(found.text) <= LONGEST_QUOTE:
                inputs[found.kind, found.name].append((module.path, found))
                owners.setdefault((found.kind, found.name), module)
    for (kind, name), places in sorted(inputs.items()):
        owner = owners[kind, name]
        yield Fact(kind, name, owner.id, is_public(owner), partial(_input, context, name, tuple(places)))
    variables = {name: places[0] for (kind, name), places in sorted(inputs.items()) if kind == "environment"}
    if len(variables) > 1:
        yield Fact("environment_list", context.repo, context.repo, True, partial(_variables, context, variables))


def _topics(context: Context) -> Iterator[Fact]:
    by_word: defaultdict[str, list[CodeElement]] = defaultdict(list)
    for element in context.elements:
        if element.kind in SYMBOLS and not element.name.startswith("__"):
            for word in {found.lower() for found in _WORDS.findall(element.name)}:
                by_word[word].append(element)
    for word, found in sorted(by_word.items()):
        offered = [element for element in found if context.is_offered(element)]
        if offered and len(found) <= MOST_NAMED and len(word) >= SHORTEST_WORD and word not in VAGUE:
            yield Fact("topic", word, offered[0].id, True, partial(_topic, context, word, tuple(found)))


def _topic(context: Context, word: str, found: tuple[CodeElement, ...], voice: Voice, variant: int) -> dict[str, Slot]:
    ordered = sorted(found, key=lambda element: (element.kind != "class", rank(word, element.id)))
    items = [placed(context, element, voice, variant) for element in ordered]
    return {"repo": Slot(context.repo), "word": Slot(word), "items": voice.listed(items)}


def _input(context: Context, name: str, places: Sequence[Place], voice: Voice, variant: int) -> dict[str, Slot]:
    ordered = sorted(places, key=lambda place: rank(name, place[0], place[1].line))
    path, first = ordered[0]
    claim = _named(path, first)
    code = Claim("quotes", path, (first.line, first.end, first.text))
    slots = {
        "repo": Slot(context.repo),
        "name": Slot(name),
        "path": Slot(path, (claim,), (Evidence(path, first.line, first.end),)),
        "line": Slot(str(first.line), (claim,)),
        "code": Slot(f"```python\n{first.text}\n```", (code,)),
    }
    elsewhere = {other: found for other, found in ordered[1:] if other != path}
    if others := [Slot(f"`{other}`", (_named(other, found),)) for other, found in elsewhere.items()]:
        slots["others"] = voice.some(others[:MOST_PLACES], len(others), variant)
    return slots


def _variables(context: Context, variables: dict[str, Place], voice: Voice, variant: int) -> dict[str, Slot]:
    chosen = sorted(sorted(variables, key=lambda name: rank("environment", name))[:MOST_LISTED])
    items = []
    for name in chosen:
        path, found = variables[name]
        where = Slot(path, (_named(path, found),), (Evidence(path, found.line, found.end),))
        items.append(voice.say("name_in_path", variant, name=Slot(f"`{name}`"), path=where))
    return {"repo": Slot(context.repo), "items": voice.some(items, len(variables), variant)}


def _named(path: str, found: RuntimeInput) -> Claim:
    return Claim("quotes", path, (found.line, found.end, found.name))
