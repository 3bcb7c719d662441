"""Which module uses which, and through which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from utils.analysis.notes import ModuleNotes
from utils.analysis.patterns.names import Names
from utils.records import CallSite, Evidence, Pattern


def interactions(
    names: Names,
    notes: Sequence[ModuleNotes],
    call_sites: Sequence[CallSite],
    inheritance: Mapping[str, Sequence[str]],
) -> Iterator[Pattern]:
    """One pattern for each pair of modules: `members` of `target` that `subject` imports, calls or derives from.

    `evidence` is, for each member, the line of its import, else of its first use.
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
        if caller is not None:
            use(caller.module, site.callee, site.path, site.line)
    for (subject, target), members in sorted(used.items()):
        ordered = sorted(members)
        yield Pattern(
            kind="interaction",
            subject=subject,
            members=ordered,
            evidence=[members[member] for member in ordered],
            target=target,
        )
