"""Which module uses which, and through which names."""

from __future__ import annotations

from collections.abc import Iterator

from utils.analysis.patterns.source import Source
from utils.analysis.places import is_test
from utils.records import Evidence, Pattern


def interactions(source: Source) -> Iterator[Pattern]:
    """One pattern for each module a file uses: `members` of `target` that `subject` imports, calls or derives from.

    `evidence` is, for each member, the line of its import, else of its first use; a call counts where it mentions the
    member's name.
    """
    used: dict[str, dict[str, Evidence]] = {}
    names, path = source.names, source.path

    def use(member: str | None, line: int) -> None:
        element = names.element(member) if member else None
        if member and element is not None and element.module != source.module and element.kind != "module":
            used.setdefault(element.module, {}).setdefault(member, Evidence(path, line, line))

    for item in source.sheet.notes.imports:
        use(names.imported(item.module, item.name), item.line)
    for child, bases in source.bases.items():
        for base in bases:
            use(base, source.own[child].line)
    in_test = is_test(path)
    for site in source.sites:
        callee = names.called(site.callee)
        element = names.element(callee)
        if element is None or element.module == source.module or site.caller.partition(".<lambda")[0] not in source.own:
            continue
        if is_test(element.path) and not in_test:
            continue  # it is the tests that hand this over, not the module that asks for it
        known = used.setdefault(element.module, {})
        if callee not in known and (last := source.lines.call(site.line, element.name)):
            known[callee] = Evidence(path, site.line, last)
    for target, members in sorted(item for item in used.items() if item[1]):
        ordered = sorted(members)
        yield Pattern(
            kind="interaction",
            subject=source.module,
            members=ordered,
            evidence=[members[member] for member in ordered],
            target=target,
        )
