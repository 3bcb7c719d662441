"""Patterns that teach: what implements what, how things are used, what uses what, and where a new X is made known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from utils.analysis.notes import ModuleNotes
from utils.analysis.patterns.implementation import implementations
from utils.analysis.patterns.interaction import interactions
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.registration import registrations
from utils.analysis.patterns.usage import usages
from utils.records import CallSite, CodeElement, Document, EntryPoint, Pattern


def find_patterns(
    elements: Sequence[CodeElement],
    notes: Sequence[ModuleNotes],
    documents: Sequence[Document],
    entry_points: Sequence[EntryPoint],
    call_sites: Sequence[CallSite],
    inheritance: Mapping[str, Sequence[str]],
) -> list[Pattern]:
    """All patterns of a repository, by kind and subject. The elements must carry their `code`."""
    names = Names(elements, notes, inheritance)
    lines = SourceLines(names.elements)
    return [
        *implementations(names.elements, inheritance),
        *usages(names, lines, call_sites, documents),
        *interactions(names, lines, notes, call_sites, inheritance),
        *registrations(names, notes, call_sites, entry_points),
    ]
