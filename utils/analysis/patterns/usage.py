"""How an element is used: real call sites, those meant to be read first (examples, documentation, tests)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from utils.analysis.outline import Outline
from utils.analysis.patterns.code_blocks import document_calls
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.places import is_example, is_test
from utils.records import CallSite, Document, Evidence, Pattern

MAX_SITES = 5  # per element; more would teach the same again


def usages(
    names: Names, lines: SourceLines, call_sites: Sequence[CallSite], documents: Sequence[Document]
) -> Iterator[Pattern]:
    """One pattern for each function, method or class that something other calls; a constructor's calls are its class's.

    Test code and special methods are no subjects. `evidence` has at most MAX_SITES calls that mention the subject's
    name: examples first, then documents, tests, other modules, the own module.
    """
    sites: dict[str, dict[tuple[int, str, int], Evidence | None]] = {}
    for callee, path, line, end_line in document_calls(names, documents):
        sites.setdefault(names.called(callee), {})[(1, path, line)] = Evidence(path, line, end_line)
    for site in call_sites:
        subject = names.called(site.callee)
        element = names.elements.get(subject)
        if element is not None and site.caller != subject and not site.caller.startswith(subject + "."):
            sites.setdefault(subject, {})[(_rank(site.path, element), site.path, site.line)] = None
    for subject, found in sorted(sites.items()):
        element = names.elements.get(subject)
        if element is None or is_test(element.path) or element.name.startswith("__"):
            continue
        evidence: list[Evidence] = []
        for _, path, line in sorted(found):
            span = found[(_, path, line)] or lines.call(path, line, element.name)
            if span is not None:
                evidence.append(span)
            if len(evidence) == MAX_SITES:
                break
        if evidence:
            yield Pattern(kind="usage", subject=subject, evidence=evidence)


def _rank(path: str, element: Outline) -> int:
    """Smaller is better to learn from."""
    if is_test(path):
        return 2
    if is_example(path):
        return 0
    return 3 if path != element.path else 4
