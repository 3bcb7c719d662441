"""Counts over what was analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from utils.analysis.outline import Outline
from utils.records import SourceFile, Statistics

DOCUMENTABLE = frozenset({"class", "function", "method"})


def count(files: Iterable[SourceFile], elements: Iterable[Outline]) -> Statistics:
    """Files and lines by language, elements by kind, and the share of public definitions with a docstring."""
    file_counts: Counter[str] = Counter()
    line_counts: Counter[str] = Counter()
    for file in files:
        file_counts[file.language] += 1
        line_counts[file.language] += file.lines
    kinds: Counter[str] = Counter()
    public = documented = 0
    for element in elements:
        kinds[element.kind] += 1
        if element.is_public and element.kind in DOCUMENTABLE:
            public += 1
            documented += element.is_documented
    return Statistics(
        files_by_language=dict(sorted(file_counts.items())),
        lines_by_language=dict(sorted(line_counts.items())),
        elements_by_kind=dict(sorted(kinds.items())),
        documented_share=round(documented / public, 4) if public else 0.0,
    )
