"""Which files of a repository say what it is: packaging, README, licence, guides, tasks.

Every run asks this of every path, so it is decided by plain names first; patterns are for the few that are left.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable

BUILD_FILES = ("pyproject.toml", "setup.cfg", "setup.py")  # these may declare import roots
PACKAGING = (*BUILD_FILES, "Pipfile", "pytest.ini", "tox.ini")  # in one folder, the first speaks first
TASKS = ("Makefile", "makefile", "GNUmakefile", "noxfile.py")
LISTS = (".txt", ".in")  # of requirements
_NAMES = frozenset(PACKAGING + TASKS)

# What lies in these folders is not about the project itself: its tests' fixtures, its examples, other people's code.
_FOREIGN = (
    r"(^|/)(tests?|fixtures?|testdata|test[-_]data|examples?|samples?|demos?|tutorials?"
    r"|node_modules|_?vendor(ed)?|third[-_]party|site-packages|benchmarks?)/"
)
_FOREIGN_OR_PACKAGE = r"(?:^|/)(?:testing|templates?|cookiecutter[^/]*)(?=/)"  # which the project may be called, too
_READMES = frozenset(["readme", "readme.md", "readme.markdown", "readme.rst", "readme.txt"])
_LICENCES = ("license", "licence", "unlicense", "unlicence", "copying")
_LICENCE = r"((un)?licen[sc]e|copying)([-_.][\w.-]+)?"
_PLAIN_LICENCE = r"[a-z]+(\.(txt|md|rst))?"
_GUIDES = frozenset(
    {"contributing", "development", "getting-started", "getting_started", "hacking", "quickstart", "testing"}
    | {"install", "installation", "installing"}
)
_REQUIREMENTS = r"(?:requirements?[-_.]?(?P<after>[\w.-]*?)|(?P<before>[\w.-]+?)[-_.]requirements?)\.(?:txt|in)"


def project_sources(paths: Iterable[str]) -> list[str]:
    """Those of the repository's files that `read_project` wants the text of, sorted."""
    return sorted(path for path in paths if _is_source(path))


def _is_source(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if name in _NAMES:
        return not is_foreign(path)
    if name.endswith(".py"):
        return False
    if is_requirements_file(path):
        return folder in ("test", "tests") or not is_foreign(path)
    if is_readme(name) or (folder in ("", "LICENSES") and is_licence(name)):
        return not is_foreign(path)
    return folder in ("", "docs", "doc", ".github") and is_guide(name)


def named_requirements(path: str, data: bytes) -> set[str]:
    """The text files that a packaging or requirements file names: its dependencies may be listed there."""
    folder, name = posixpath.split(path)
    if name not in BUILD_FILES and not name.endswith(LISTS):
        return set()
    found = re.findall(rb"[\w./-]+\.(?:txt|in)\b", data)
    return {posixpath.normpath(posixpath.join(folder, each.decode("ascii"))) for each in found}


def is_foreign(path: str, packages: Collection[str] = ()) -> bool:
    """True for a file in a folder that is not about the project itself; `packages` are the folders of its packages."""
    if "/" not in path or re.search(_FOREIGN, path):
        return "/" in path
    return any(path[: found.end()] not in packages for found in re.finditer(_FOREIGN_OR_PACKAGE, path))


def is_readme(name: str) -> bool:
    """`README.md`, `Readme.rst`, …; `name` is a file's, without its folder."""
    return name.lower() in _READMES


def is_licence(name: str) -> bool:
    """`LICENSE`, `LICENCE-MIT.txt`, `COPYING`, …"""
    return name.lower().startswith(_LICENCES) and bool(re.fullmatch(_LICENCE, name, re.IGNORECASE))


def is_plain_licence(name: str) -> bool:
    """`LICENSE`, `COPYING.txt`, …; false for `LICENSE-MIT`, which is named for one of several licences."""
    return is_licence(name) and bool(re.fullmatch(_PLAIN_LICENCE, name, re.IGNORECASE))


def is_guide(name: str) -> bool:
    """`CONTRIBUTING.md`, `install.rst`, …"""
    stem, suffix = posixpath.splitext(name.lower())
    return stem in _GUIDES and suffix in (".md", ".markdown", ".rst")


def is_requirements_file(path: str) -> bool:
    """`requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`, `requirements/tests.txt`, …"""
    if "req" not in path or not path.endswith(LISTS):
        return False
    folder, name = posixpath.split(path)
    return posixpath.basename(folder) in ("requirements", "requirement", "reqs") or _requirements(name) is not None


def requirements_group(name: str) -> str | None:
    """What a requirements file's name says besides: `dev` of `requirements-dev.txt`, "" of a plain one; else null."""
    found = _requirements(name)
    return (found.group("after") or found.group("before") or "") if found else None


def _requirements(name: str) -> re.Match[str] | None:
    return re.fullmatch(_REQUIREMENTS, name)
