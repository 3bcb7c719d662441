"""What the repository says of itself: name, description, licence, dependencies, entry points, tests and commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name

from utils.analysis.commands import find_commands
from utils.analysis.documents import read_document
from utils.analysis.licences import licence_of_name, licence_of_text
from utils.analysis.manifests import FIELDS, Manifest
from utils.analysis.project_files import (
    PACKAGING,
    TASKS,
    is_foreign,
    is_guide,
    is_licence,
    is_plain_licence,
    is_readme,
    is_requirements_file,
)
from utils.analysis.pyproject import read_toml
from utils.analysis.requirements import group_of, included, read_requirements
from utils.analysis.restructured_text import read_restructured_text
from utils.analysis.setup_cfg import read_setup_cfg
from utils.analysis.setup_py import read_setup_py
from utils.analysis.test_folders import find_test_folders
from utils.records import PYTHON_SUFFIXES, Dependency, Document, EntryPoint, Evidence, Project

_INSTRUCTIONS = re.compile(
    r"install|getting.started|quick.?start|usage|contribut|licen[sc]e|requirement|prerequisite|build|testing|changelog"
    r"|news|sponsor|communit|support|donat|credit|author|contents|adoption|example",
    re.IGNORECASE,
)
PLAIN = ("runtime", "requirements")  # groups of requirements files that name no other
_READERS = {
    "pyproject.toml": read_toml,
    "setup.cfg": read_setup_cfg,
    "setup.py": read_setup_py,
    "Pipfile": read_toml,
    "pytest.ini": read_setup_cfg,
    "tox.ini": read_setup_cfg,
}


def read_project(name: str, texts: Mapping[str, str], paths: Collection[str], mains: Mapping[str, str]) -> Project:
    """The project called `name` where it does not name itself.

    `texts` are {path: text} of the files that `project_sources` names and the lists these name, `paths` all files of
    the repository (posix, relative), `mains` {path: module} of the `__main__.py` among them. The packaging file nearest
    to the root speaks for the repository; dependencies and entry points come from all of them and carry their path.
    `languages`, `modules` and `architecture` are left to the caller.
    """
    ordered = sorted(texts, key=_nearness)
    manifests = [_READERS[posixpath.basename(path)](path, texts[path]) for path in ordered if _is_manifest(path)]
    documents = _documents(ordered, texts)
    project = Project(name)
    _state_values(project, manifests, paths)
    _describe(project, documents)
    _licence(project, ordered, texts)
    project.dependencies = _dependencies(manifests, texts)
    project.entry_points = _entry_points(manifests, paths, mains)
    project.test_paths = _test_paths(manifests, paths)
    programs = {entry.name for entry in project.entry_points if entry.group in ("console_scripts", "gui_scripts")}
    distributions = {canonicalize_name(each.values["name"]) for each in manifests if "name" in each.values}
    distributions.add(canonicalize_name(name))
    tests = {*TASKS, "tox.ini", "pyproject.toml"}
    build_files = {path: texts[path] for path in ordered if posixpath.basename(path) in tests}
    project.commands = find_commands(documents, build_files, paths, programs, distributions)
    return project


def _is_manifest(path: str) -> bool:
    return posixpath.basename(path) in _READERS


def _nearness(path: str) -> tuple[int, str, int, str]:
    """Nearest to the root first; in one folder pyproject.toml before setup.cfg before setup.py."""
    folder, name = posixpath.split(path)
    return path.count("/"), folder, PACKAGING.index(name) if name in PACKAGING else len(PACKAGING), name


def _state_values(project: Project, manifests: list[Manifest], paths: Collection[str]) -> None:
    """Name, version, … of the packaging files in the folder whose project the repository is."""
    chief = next((each for each in manifests if _speaks_for_all(each, project.name, paths)), None)
    folder = chief.folder if chief else ""
    for manifest in manifests:
        if manifest.folder != folder:
            continue
        for key in FIELDS:
            if key in manifest.values and key not in project.sources:
                setattr(project, key, manifest.values[key])
                project.sources[key] = manifest.sources[key]
    if "license" in project.sources:
        project.license_path = project.sources["license"].path


def _speaks_for_all(manifest: Manifest, name: str, paths: Collection[str]) -> bool:
    """True at the root; further down where it has the repository's name or most of its Python files beside it."""
    if "name" not in manifest.values:
        return False
    if not manifest.folder or canonicalize_name(manifest.values["name"]) == canonicalize_name(name):
        return True
    modules = [path for path in paths if path.endswith(PYTHON_SUFFIXES)]
    return 2 * sum(path.startswith(manifest.folder + "/") for path in modules) > len(modules)


def _documents(ordered: list[str], texts: Mapping[str, str]) -> list[Document]:
    """READMEs first, then guides, as documents."""
    names = [path for path in ordered if is_readme(posixpath.basename(path))]
    names += [path for path in ordered if is_guide(posixpath.basename(path))]
    found = []
    for path in names:
        read = read_restructured_text if path.lower().endswith(".rst") else read_document
        found.append(read(path, texts[path]))
    return found


def _describe(project: Project, documents: list[Document]) -> None:
    named = project.sources.get("name")
    folders = [posixpath.dirname(named.path)] if named else []
    for folder in ("", *folders):
        for document in documents:
            first, last = document.summary_line, document.summary_end_line
            beside = is_readme(posixpath.basename(document.path)) and posixpath.dirname(document.path) == folder
            if not beside or first is None or last is None:
                continue
            if project.tagline and _is_instruction(document, first):
                continue
            project.description = document.summary
            project.description_path, project.description_line = document.path, first
            project.sources["description"] = Evidence(document.path, first, last)
            return
    if project.tagline:
        evidence = project.sources["tagline"]
        project.description = project.tagline
        project.description_path, project.description_line = evidence.path, evidence.start_line
        project.sources["description"] = evidence


def _is_instruction(document: Document, line: int) -> bool:
    """True where the paragraph stands under a heading that promises something other than what the project is."""
    heading = [section.title for section in document.sections if section.line <= line]
    return bool(heading and _INSTRUCTIONS.search(heading[-1]))


def _licence(project: Project, ordered: list[str], texts: Mapping[str, str]) -> None:
    """The licence by the text of a LICENSE file where no packaging file says it in a way that is understood.

    Files such as LICENSE-MIT count where there is no plain LICENSE or COPYING, and where all hold the same licence.
    """
    if project.license is not None and licence_of_name(project.license) is not None:
        return
    files = [path for path in ordered if "/" not in path and is_licence(path)]
    chief = [path for path in files if is_plain_licence(path)] or files
    found = {path: identifier for path in chief if (identifier := licence_of_text(texts[path]))}
    if len(set(found.values())) != 1:
        return
    path, identifier = next(iter(found.items()))
    lines = texts[path].split("\n")
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    project.license, project.license_path = identifier, path
    project.sources["license"] = Evidence(path, 1, last)


def _dependencies(manifests: list[Manifest], texts: Mapping[str, str]) -> list[Dependency]:
    """All declared dependencies by path and line; what a requirements file includes counts once."""
    found: dict[tuple[str, int, str], Dependency] = {}
    listed: dict[str, str] = {}
    for manifest in manifests:
        for item in manifest.dependencies:
            found.setdefault((item.path, item.line, f"{item.name} {item.group}"), item)
        listed.update(manifest.requirement_files)
    packaged = {manifest.folder for manifest in manifests if "name" in manifest.values}
    for path in sorted(path for path in texts if is_requirements_file(path) and path not in listed):
        group = group_of(path)
        # Beside a packaging file, requirements.txt is an environment to work in, not what the package needs.
        listed[path] = "requirements" if group == "runtime" and posixpath.dirname(path) in packaged else group
    reached = {target for path in listed for target in included(path, texts)}
    # A plain file speaks for itself and first, also where requirements-dev.txt includes it.
    for path, group in sorted(listed.items(), key=lambda item: item[1] not in PLAIN):
        if path not in reached or group in PLAIN:
            for item in read_requirements(path, texts, group):
                found.setdefault((item.path, item.line, item.name), item)
    return sorted(found.values(), key=lambda item: (item.path, item.line, item.name, item.group))


def _entry_points(manifests: list[Manifest], paths: Collection[str], mains: Mapping[str, str]) -> list[EntryPoint]:
    found = [entry for manifest in manifests for entry in manifest.entry_points]
    packages = {posixpath.dirname(path) for path in paths if posixpath.basename(path) == "__init__.py"}
    for path, module in sorted(mains.items()):
        package, _, last = module.rpartition(".")
        if package and last == "__main__" and not is_foreign(path, packages):
            found.append(EntryPoint(f"python -m {package}", "main", module, path, 1))
    distinct = {(entry.path, entry.line, entry.group, entry.name): entry for entry in found}
    return [distinct[key] for key in sorted(distinct)]


def _test_paths(manifests: list[Manifest], paths: Collection[str]) -> list[str]:
    declared = {posixpath.normpath(posixpath.join(each.folder, item)) for each in manifests for item in each.test_paths}
    return find_test_folders(declared, paths)
