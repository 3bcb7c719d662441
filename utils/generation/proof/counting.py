"""Counts, made anew from the source.

`what` is a plural: of an element "parameters" (`self` and `cls` not counted), "required parameters", "methods",
"attributes", "members", "lines", "bases", "decorators"; of a file "lines", "classes", "functions", "definitions"; of a
folder and of the repository (its name) "files", "python files", "modules".
"""

from __future__ import annotations

from collections import Counter

from utils.generation.proof.locate import Found, find, spans
from utils.generation.proof.resolve import Repository
from utils.generation.proof.sources import PYTHON


def count_of(repo: Repository, subject: str, what: str) -> set[int] | None:
    """The counts that `subject`'s `what` can mean; None where no way to count it is known."""
    what = what.replace("_", " ")
    found = {n for each in find(repo, subject) if (n := _of_element(repo, each, what)) is not None}
    if found:
        return found
    if repo.sources.exists(subject):
        return _of_file(repo, subject, what)
    if subject.rstrip("/") in repo.sources.folders:
        found |= _of_folder(repo, subject.rstrip("/") + "/", what) or set()
    if subject == repo.name:
        found |= _of_folder(repo, "", what) or set()
    return found or None


def _of_element(repo: Repository, found: Found, what: str) -> int | None:
    definition = found.definition
    if what == "lines":
        start, _, end = spans(found)[0]
        return end - start + 1
    if found.name:
        return None
    if definition.kind == "function" and what in ("parameters", "required parameters"):
        bound = definition.parent is not None and definition.parent.kind == "class"
        skip = 1 if bound and "staticmethod" not in definition.decorators else 0
        own = definition.parameters[skip:]
        if what == "parameters":
            return len(own)
        return sum(1 for _, kind, _, default in own if default is None and not kind.startswith("var_"))
    if what == "decorators":
        return len(definition.decorators)
    if definition.kind == "class":
        return _of_class(repo, found, what)
    return None


def _of_class(repo: Repository, found: Found, what: str) -> int | None:
    facts, owner = repo.facts(found.path), found.definition
    inner = [each for each in (facts.definitions if facts else ()) if each.parent is owner and each.kind != "lambda"]
    methods = [each for each in inner if each.kind == "function"]
    counts = {
        "methods": sum(1 for each in methods if not each.is_property),
        "properties": len({each.name for each in methods if each.is_property}),
        "bases": len(owner.bases),
        "attributes": len(owner.assigned),
        "fields": len(owner.assigned),
        "members": len(inner) + len(owner.assigned),
    }
    return counts.get(what)


def _of_file(repo: Repository, path: str, what: str) -> set[int] | None:
    lines, facts = repo.sources.lines(path), repo.facts(path)
    if what == "lines" and lines is not None:
        return {len(lines) if repo.sources.text(path) else 0}
    if facts is None:
        return None
    top = [each for each in facts.definitions if each.parent is facts.module and each.kind != "lambda"]
    kinds = Counter(each.kind for each in top)
    counts = {
        "classes": kinds["class"],
        "functions": kinds["function"],
        "constants": len(facts.module.assigned),
        "definitions": len(top),
        "members": len({each.name for each in top} | set(facts.module.assigned)),
    }
    return {counts[what]} if what in counts else None


def _of_folder(repo: Repository, folder: str, what: str) -> set[int] | None:
    inside = [path for path in repo.sources.paths if path.startswith(folder)]
    if what == "files":
        return {len(inside)}
    return {sum(path.endswith(PYTHON) for path in inside)} if what in ("modules", "python files") else None
