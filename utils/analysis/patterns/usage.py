"""How an element is used: real call sites, those meant to be read first (examples, documentation, tests)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from utils.analysis.patterns.code_blocks import document_calls
from utils.analysis.patterns.names import Names
from utils.records import CallSite, CodeElement, Document, Evidence, Pattern

MAX_SITES = 5  # per element; more would teach the same again
MAX_LINES = 20  # of one call

_EXAMPLES = re.compile(r"(^|/)(examples?|samples?|demos?|tutorials?|cookbooks?)/|(^|/)(example|demo)[^/]*\.py$")
_DOCS = re.compile(r"(^|/)docs?/")
_TESTS = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_test|conftest|tests)\.py$")
_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|#.*")


def usages(names: Names, call_sites: Sequence[CallSite], documents: Sequence[Document]) -> Iterator[Pattern]:
    """One pattern for each function, method or class that something other calls; a constructor's calls are its class's.

    `evidence` has at most MAX_SITES calls: examples first, then documents, tests, other modules, the own module.
    """
    sites: dict[str, dict[tuple[int, str, int], Evidence]] = {}
    texts = {element.path: element for element in names.elements.values() if element.kind == "module"}
    lines: dict[str, list[str]] = {}
    for callee, path, line, end_line in document_calls(names, documents):
        sites.setdefault(_subject(names, callee), {})[(1, path, line)] = Evidence(path, line, end_line)
    for site in call_sites:
        subject = _subject(names, site.callee)
        element = names.elements.get(subject)
        if element is not None and not _is_within(site.caller, subject):
            sites.setdefault(subject, {})[(_rank(site.path, element), site.path, site.line)] = Evidence(
                site.path, site.line, site.line
            )
    for subject, found in sorted(sites.items()):
        if subject not in names.elements:
            continue
        chosen = [found[key] for key in sorted(found)[:MAX_SITES]]
        for evidence in chosen:
            if evidence.path in texts:
                own = lines.setdefault(evidence.path, texts[evidence.path].code.split("\n"))
                evidence.end_line = _call_end(own, evidence.start_line)
        yield Pattern(kind="usage", subject=subject, evidence=chosen)


def _subject(names: Names, callee: str) -> str:
    owner, _, name = callee.rpartition(".")
    is_class = owner in names.elements and names.elements[owner].kind == "class"
    return owner if is_class and name in ("__init__", "__new__") else callee


def _is_within(caller: str, subject: str) -> bool:
    return caller == subject or caller.startswith(subject + ".")


def _rank(path: str, element: CodeElement) -> int:
    """Smaller is better to learn from."""
    if _EXAMPLES.search(path) or _DOCS.search(path):
        return 0
    if _TESTS.search(path):
        return 2
    return 3 if path != element.path else 4


def _call_end(lines: Sequence[str], first: int) -> int:
    """The line on which the brackets opened from line `first` on are closed, `first` itself for a call on one line."""
    depth = 0
    for number in range(first, min(first + MAX_LINES, len(lines) + 1)):
        code = _STRINGS.sub("", lines[number - 1])
        depth += sum(code.count(bracket) for bracket in "([{") - sum(code.count(bracket) for bracket in ")]}")
        if depth <= 0:
            return number
    return first
