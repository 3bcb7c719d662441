"""Which module uses which, and through which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from utils.analysis.notes import ModuleNotes
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.places import is_test
from utils.records import CallSite, Evidence, Pattern


def interactions(
    names: Names,
    lines: SourceLines,
    notes: Sequence[ModuleNotes],
    call_sites: Sequence[CallSite],
    inheritance: Mapping[str, Sequence[str]],
) -> Iterator[Pattern]:
    """One pattern for each pair of modules: `members` of `target` that `subject` imports, calls or derives from.

    `evidence` is, for each member, the line of its import, else of its first use; a call counts where it mentions the
    member's name.
    """
    used: dict[tuple[str, str], dict[str, Evidence]] = {}

    def use(module: str, member: str | None, path: str, line: int) -> None:
        element = names.elements.get(member) if member else None
        if element is not None and element.module != module and element.kind != "module":
            used.setdefault((module, element.module), {}).setdefault(element.id, Evidence(path, line, line))

    for each in notes:
        for item in each.imports:
            use(each.module, names.imported(item), each.path, item.line)
    for child, bases in inheritance.items():
        element = names.elements.get(child)
        for base in bases if element is not None else ():
            use(element.module, base, element.path, element.line)  # type: ignore[union-attr]
    for site in call_sites:
        caller = names.elements.get(site.caller.partition(".<lambda")[0])
        callee = names.elements.get(names.called(site.callee))
        if caller is None or callee is None or callee.module == caller.module:
            continue
        if is_test(callee.path) and not is_test(caller.path):
            continue  # it is the tests that hand this over, not the module that asks for it
        known = used.setdefault((caller.module, callee.module), {})
        if callee.id not in known and (span := lines.call(site.path, site.line, callee.name)):
            known[callee.id] = span
    for (subject, target), members in sorted(item for item in used.items() if item[1]):
        ordered = sorted(members)
        yield Pattern(
            kind="interaction",
            subject=subject,
            members=ordered,
            evidence=[members[member] for member in ordered],
            target=target,
        )
