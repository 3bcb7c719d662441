"""project_overview: purpose, structure, packages, modules, dependencies, entry points, size, how to run and test.

Each fact is quoted from a line of a file, or counted. What cannot be found in the file that is said to hold it is not
asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from utils.generation.facts import Context, Fact, is_public
from utils.generation.templates import Slot, Voice
from utils.mentions import find_mentions, is_path
from utils.records import Claim, CodeElement, Command, Dependency, Document, EntryPoint, Evidence

MOST_ITEMS = 12
LONGEST_DESCRIPTION = 400  # characters
NEAR = 12  # lines below the given one in which a quotation that was folded may end
PURPOSES = ("install", "run", "test")
STARTED = frozenset(
    {"console_scripts", "gui_scripts", "scripts", "main"}
)  # entry points that a user runs; others are plugins'


def facts(context: Context) -> Iterator[Fact]:
    """Every fact about the project as a whole, its packages, modules and documents."""
    yield from _declared(context)
    packages = [e for e in context.elements if e.kind == "module" and e.path.endswith("/__init__.py")]
    if packages:
        yield _fact(context, "structure", "packages", partial(_structure, context, packages))
    for package in packages:
        if members := _members(context, package):
            yield Fact("package", package.id, package.id, True, partial(_package, context, package, members))
        yield Fact("statistics", package.id, package.id, True, partial(_size, context, package))
    if context.python_files:
        yield _fact(context, "statistics", "modules", partial(_size, context, None))
    for element in context.elements:
        if element.kind == "module" and (context.by_path.get(element.path) or context.analysis.imports.get(element.id)):
            yield Fact.about("module_role", element, partial(_role, context, element))
    for document in context.analysis.documents:
        if document.title and is_path(document.path) and len(_headings(context, document)) > 1:
            yield _fact(context, "document", document.path, partial(_document, context, document))


def _fact(context: Context, family: str, subject: str, build: partial[dict[str, Slot]]) -> Fact:
    return Fact(family, subject, f"project {subject}", True, build)


def _declared(context: Context) -> Iterator[Fact]:
    """What the metadata files and the README say."""
    project = context.analysis.project
    for key, text in (("description", project.description), ("tagline", project.tagline)):
        found = _stated(context, key, text) if text and len(text) <= LONGEST_DESCRIPTION else None
        if found is not None:
            path = project.sources[key].path
            yield _fact(context, "purpose", context.repo, partial(_purpose, context, path, found))
            break
    yield from _dependency_facts(context)
    entries = [
        entry
        for entry in project.entry_points
        if entry.group in STARTED
        and all(quoted(context, entry.path, text, entry.line) for text in (entry.name, entry.target))
    ]
    if entries:
        yield _fact(context, "entry_points", context.repo, partial(_entry_points, context, entries))
    for number, command in enumerate(project.commands):
        if command.purpose in PURPOSES and quoted(context, command.path, command.text, command.line):
            first = command.purpose not in [other.purpose for other in project.commands[:number]]
            if first:
                yield _fact(context, "command", command.purpose, partial(_command, context, command))
    yield from _terms(context)


def _terms(context: Context) -> Iterator[Fact]:
    """Licence and Python version."""
    project = context.analysis.project
    licence, path = _stated(context, "license", project.license), project.license_path
    if licence is not None:
        path = project.sources["license"].path
    elif path:
        licence = _license_title(context, path)
    if licence is not None and path:
        yield _fact(context, "license", context.repo, partial(_license, context, path, licence))
    if (found := _stated(context, "requires_python", project.requires_python)) is not None:
        where = project.sources["requires_python"].path
        yield _fact(context, "python_version", context.repo, partial(_python, context, where, found))


def _stated(context: Context, key: str, text: str | None) -> Slot | None:
    """What the project states of itself, as its file states it; null where it is not there verbatim."""
    place = context.analysis.project.sources.get(key)
    return quoted(context, place.path, text, place.start_line) if place and text else None


def quoted(context: Context, path: str, text: str, line: int) -> Slot | None:
    """`text` with the claim that `path` says so at `line` (or where it was folded, in the lines that follow)."""
    lines = context.lines(path)
    wanted = " ".join(text.split())
    for last in (line, min(line + NEAR, len(lines))):
        if 1 <= line <= last <= len(lines) and wanted in " ".join(" ".join(lines[line - 1 : last]).split()):
            return Slot(wanted, (Claim("quotes", path, (line, last, wanted)),), (Evidence(path, line, last),))
    return None


def _purpose(context: Context, path: str, text: Slot, voice: Voice, variant: int) -> dict[str, Slot]:
    return {"repo": Slot(context.repo), "description": text, "path": Slot(path)}


def _structure(context: Context, packages: Sequence[CodeElement], voice: Voice, variant: int) -> dict[str, Slot]:
    packages = [package for package in packages if package.path not in context.supporting] or packages
    depth = min(package.id.count(".") for package in packages)
    shown = [package for package in packages if package.id.count(".") <= depth + 1]
    if len(shown) > MOST_ITEMS:
        shown = [package for package in packages if package.id.count(".") <= depth]
    shown = sorted(shown, key=lambda package: (-context.python_files_in(package), package.id))[:MOST_ITEMS]
    items = [_package_line(context, package, voice, variant) for package in sorted(shown, key=lambda each: each.id)]
    return {"repo": Slot(context.repo), "items": voice.bullets(items), "count": _count(context, None)}


def _package_line(context: Context, package: CodeElement, voice: Voice, variant: int) -> Slot:
    folder = package.path.removesuffix("__init__.py")
    name = Slot(f"`{package.id}`", (Claim("contains", folder, package.id),))
    count = _count(context, package)
    return voice.say("package_line", variant, int(count.text), name=name, path=Slot(folder), count=count)


def _count(context: Context, package: CodeElement | None) -> Slot:
    """The number of Python files in the package's folder, or in the repository."""
    number = context.python_files_in(package)
    subject = package.path.removesuffix("/__init__.py") if package else context.repo
    return Slot(str(number), (Claim("count", subject, ("python files", number)),))


def _size(context: Context, package: CodeElement | None, voice: Voice, variant: int) -> dict[str, Slot]:
    count = _count(context, package)
    if package is None:
        what = voice.say("count_modules", 0)
    else:
        what = voice.say(
            "count_modules_in", 0, name=Slot(package.path.removesuffix("__init__.py"), (), context.span(package))
        )
    return {"repo": Slot(context.repo), "count": count, "what": what}


def _members(context: Context, package: CodeElement) -> list[CodeElement]:
    return sorted(_modules_of(context.modules, package), key=lambda element: element.id)


def _modules_of(elements: Iterable[CodeElement], package: CodeElement) -> list[CodeElement]:
    prefix = package.id + "."
    modules = (each for each in elements if each.kind == "module" and each.id.startswith(prefix))
    return [each for each in modules if "." not in each.id[len(prefix) :]]


def _package(
    context: Context, package: CodeElement, members: Sequence[CodeElement], voice: Voice, variant: int
) -> dict[str, Slot]:
    folder = package.path.removesuffix("__init__.py")
    items = [Slot(f"`{each.id}`", (Claim("contains", folder, each.id),), ()) for each in members[:MOST_ITEMS]]
    listed = voice.some(items, len(_modules_of(context.all.values(), package)), variant)
    return {"repo": Slot(context.repo), "package": Slot(package.id, (), context.span(package)), "items": listed}


def _role(context: Context, element: CodeElement, voice: Voice, variant: int) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    slots["module"] = Slot(element.id, (), context.span(element))
    every = context.by_path.get(element.path, [])
    defined = [context.symbol(item.id, "contains", element.path) for item in every if is_public(item)]
    importers = context.importers.get(element.id, [])
    imports = [Slot(f"`{m}`", (Claim("imports", element.id, m),)) for m in context.analysis.imports.get(element.id, [])]
    users = [Slot(f"`{m}`", (Claim("imports", m, element.id),)) for m in importers if m in context.known]
    for slot, phrase, items, total in (
        ("defines", "defines", defined, len(every)),
        ("uses", "imports", imports, len(imports)),
        ("used_by", "imported_by", users, len(importers)),
    ):
        if items:
            listed = voice.some(items[:MOST_ITEMS], total, variant)
            slots[slot] = voice.say(phrase, variant, len(items), items=listed)
    return slots


def _on_line(path: str, line: int, text: str) -> Claim:
    return Claim("quotes", path, (line, line, text))


def _group(context: Context, item: Dependency, voice: Voice) -> Slot:
    """What a dependency's group is called: a name that its file has above it is quoted from there."""
    if item.group in voice.words:
        return Slot(voice.words[item.group])
    line = _heading(context, item)
    claims = (_on_line(item.path, line, item.group),) if line else ()
    return voice.say("extra_group", 0, name=Slot(item.group, claims))


def _heading(context: Context, item: Dependency) -> int | None:
    """The nearest line at or above a dependency that has the name of its group."""
    name = re.compile(rf"(?<![\w-]){re.escape(item.group)}(?![\w-])")
    above = range(item.line, 0, -1)
    return next((number for number in above if name.search(context.line(item.path, number))), None)


def _dependency_facts(context: Context) -> Iterator[Fact]:
    """One fact for each package and each group. A question names no file, so of several that declare the same one
    answers: the metadata before a requirements file."""
    declared = sorted(context.analysis.project.dependencies, key=lambda item: item.path.endswith(".txt"))
    groups: dict[str, list[Dependency]] = {}
    asked: set[str] = set()
    for item in declared:
        if item.name not in context.line(item.path, item.line):
            continue
        if find_mentions(item.group) and _heading(context, item) is None:  # named like code, and nothing says so
            continue
        members = groups.setdefault(item.group, [])
        if all(other.path == item.path and other.name != item.name for other in members):
            members.append(item)  # what one file declares twice, for two versions of Python, is one dependency
        if item.name not in asked:
            asked.add(item.name)
            subject = f"{item.name} {item.group} {item.path}"
            yield _fact(context, "dependency", subject, partial(_dependency, context, item))
    for group, members in groups.items():
        yield _fact(context, "dependencies", f"{group} {members[0].path}", partial(_dependencies, context, members))


def _dependency(context: Context, item: Dependency, voice: Voice, variant: int) -> dict[str, Slot]:
    claim = Claim("depends_on", context.repo, item.name)
    slots = {
        "repo": Slot(context.repo),
        "package": Slot(item.name, (claim,), (Evidence(item.path, item.line, item.line),)),
        "path": Slot(item.path),
        "group": _group(context, item, voice),
    }
    if context.line(item.path, item.line):
        slots["path"] = Slot(item.path, (_on_line(item.path, item.line, item.name),))
        if (specifier := _specifier(context, item)) is not None:
            slots["specifier"] = specifier
    return slots


def _specifier(context: Context, item: Dependency) -> Slot | None:
    """The version asked for, as the dependency's line has it or, in a table of its own, a line that follows.

    Of several tables of Poetry's each has its own.
    """
    near = range(item.line, item.line + NEAR)
    for parts in ([item.specifier], item.specifier.split(" || ")):
        lines = [next((n for n in near if part in context.line(item.path, n)), 0) for part in parts]
        if item.specifier and all(lines):
            claims = [_on_line(item.path, line, part) for line, part in zip(lines, parts, strict=True)]
            return Slot(item.specifier, tuple(claims), tuple(Evidence(item.path, line, line) for line in lines))
    return None


def _dependencies(context: Context, members: Sequence[Dependency], voice: Voice, variant: int) -> dict[str, Slot]:
    """`members` are those that one file declares in one group."""
    first, shown = members[0], members[:MOST_ITEMS]
    items = [
        Slot(f"`{m.name}`", (Claim("depends_on", context.repo, m.name),), (Evidence(m.path, m.line, m.line),))
        for m in shown
    ]
    listed = voice.some(items, len(members), variant)
    path = Slot(first.path, (_on_line(first.path, first.line, first.name),))
    return {"repo": Slot(context.repo), "items": listed, "path": path, "group": _group(context, first, voice)}


def _entry_points(context: Context, entries: Sequence[EntryPoint], voice: Voice, variant: int) -> dict[str, Slot]:
    items = []
    for entry in entries[:MOST_ITEMS]:
        name, target = (quoted(context, entry.path, text, entry.line) for text in (entry.name, entry.target))
        assert name is not None
        assert target is not None
        items.append(voice.say("entry_line", variant, name=name, target=target, path=Slot(entry.path)))
    return {"repo": Slot(context.repo), "items": voice.bullets(items)}


def _command(context: Context, command: Command, voice: Voice, variant: int) -> dict[str, Slot]:
    text = quoted(context, command.path, command.text, command.line)
    return {
        "repo": Slot(context.repo),
        "action": Slot(voice.words[command.purpose]),
        "command": text or Slot(""),
        "path": Slot(command.path),
    }


def _license_title(context: Context, path: str) -> Slot | None:
    """The licence's own title: the first line of its text, and the version line that may follow."""
    lines = [(number, line.strip()) for number, line in enumerate(context.lines(path)[:40], 1) if line.strip(" =-#\t")]
    if not lines or len(lines[0][1]) > 80:
        return None
    number, title = lines[0]
    title = title.strip("# ")
    if "licen" not in title.lower():  # a copyright line, or a file that is no licence
        return None
    if len(lines) > 1 and lines[1][1].startswith("Version"):
        return quoted(context, path, f"{title} {lines[1][1]}", number)
    return quoted(context, path, title, number)


def _license(context: Context, path: str, title: Slot, voice: Voice, variant: int) -> dict[str, Slot]:
    return {"repo": Slot(context.repo), "license": title._replace(text=f"“{title.text}”"), "path": Slot(path)}


def _python(context: Context, path: str, found: Slot, voice: Voice, variant: int) -> dict[str, Slot]:
    return {"repo": Slot(context.repo), "specifier": found, "path": Slot(path)}


def _headings(context: Context, document: Document) -> list[Slot]:
    found = []
    for section in document.sections:
        text = " ".join(section.title.split())
        plain = text and text != document.title and "`" not in text and section.level <= 3
        if plain and (slot := quoted(context, document.path, text, section.line)):
            found.append(slot._replace(text=f"“{slot.text}”"))
    return list({slot.text: slot for slot in found}.values())


def _document(context: Context, document: Document, voice: Voice, variant: int) -> dict[str, Slot]:
    headings = _headings(context, document)
    listed = voice.some(headings[:MOST_ITEMS], len(headings), variant)
    line = document.sections[0].line if document.sections else 1
    title = quoted(context, document.path, document.title, line) or quoted(context, document.path, document.title, 1)
    slots = {"repo": Slot(context.repo), "path": Slot(document.path), "items": listed}
    return {**slots, "title": title} if title else slots
