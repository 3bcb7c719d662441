"""Patterns that teach: what implements what, how things are used, what uses what, and where a new X is made known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from utils.analysis.notes import ModuleNotes
from utils.analysis.outline import Outline
from utils.analysis.patterns.implementation import implementations
from utils.analysis.patterns.interaction import interactions
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.registration import registrations
from utils.analysis.patterns.usage import usages
from utils.records import CallSite, Document, EntryPoint, Pattern


def find_patterns(
    elements: Sequence[Outline],
    notes: Sequence[ModuleNotes],
    documents: Sequence[Document],
    entry_points: Sequence[EntryPoint],
    call_sites: Sequence[CallSite],
    inheritance: Mapping[str, Sequence[str]],
    text_of: Callable[[str], str],
) -> list[Pattern]:
    """All patterns of a repository, by kind and subject. `text_of` gives the text of a path."""
    names = Names(elements, notes, inheritance)
    lines = SourceLines(text_of)
    return [
        *implementations(names.elements, inheritance),
        *usages(names, lines, call_sites, documents),
        *interactions(names, lines, notes, call_sites, inheritance),
        *registrations(names, lines, notes, call_sites, entry_points),
    ]
