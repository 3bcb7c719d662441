"""Counts over what was analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from utils.analysis.packing import Gist
from utils.records import SourceFile, Statistics


def count(files: Iterable[tuple[SourceFile, Gist]], changes: Mapping[str, int]) -> Statistics:
    """Files and lines by language, elements by kind, and the share of public definitions with a docstring.

    `changes` are how many elements more or less of a kind there are than the files alone could tell.
    """
    file_counts: Counter[str] = Counter()
    line_counts: Counter[str] = Counter()
    kinds = Counter(changes)
    public = documented = 0
    for file, gist in files:
        file_counts[file.language] += 1
        line_counts[file.language] += file.lines
        for kind, number in gist.kinds.items():
            kinds[kind] += number
        public += gist.public
        documented += gist.documented
    return Statistics(
        files_by_language=dict(sorted(file_counts.items())),
        lines_by_language=dict(sorted(line_counts.items())),
        elements_by_kind=dict(sorted((+kinds).items())),
        documented_share=round(documented / public, 4) if public else 0.0,
    )
