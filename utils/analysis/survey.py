"""A folder's files as they are at one moment: their bytes, hashes and module names. Everything else follows from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from utils.analysis.build_files import NAMES as BUILD_FILES
from utils.analysis.build_files import declared_roots
from utils.analysis.discovery import discover
from utils.analysis.import_roots import imported_names, name_modules
from utils.analysis.project import project_sources
from utils.analysis.sources import UnreadableError, decode, read_bytes
from utils.console import UserError, relative
from utils.records import Skipped


@dataclass
class Survey:
    """The files to analyse, sorted by path. `modules` has the Python files only, `paths` all files there are.

    `project_texts` are {path: text} of the files that say what the repository is: packaging, README, licence, tasks.
    """

    root: Path
    name: str
    data: dict[str, bytes] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    project_texts: dict[str, str] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def submodules(self) -> dict[str, tuple[str, ...]]:
        """{path of a package's `__init__`: the names of the modules directly in the package}, sorted."""
        inside: dict[str, list[str]] = {}
        for module in sorted(self.modules.values()):
            inside.setdefault(module.rpartition(".")[0], []).append(module)
        return {path: tuple(inside[module]) for path, module in self.modules.items() if module in inside}

    def digest(self) -> str:
        """One hash for every path, content and module name, and whatever else the analysis depends on."""
        whole = hashlib.sha256()
        for path, sha256 in self.sha256.items():
            whole.update(f"{path}\0{sha256}\0{self.modules.get(path, '')}\0".encode())
        for skipped in self.skipped:
            whole.update(f"{skipped.path}\0{skipped.reason}\0".encode())
        whole.update("\0".join([*self.paths, *self.project_texts, *self.project_texts.values()]).encode())
        return whole.hexdigest()


def survey(
    root: Path,
    name: str,
    languages: Sequence[str] = ("python",),
    exclude: Sequence[str] = (),
    max_bytes: int = 2_000_000,
) -> Survey:
    """Read the files of `root` in `languages`, and its Markdown.

    Raises `UserError` where there is no file in any of `languages`.
    """
    files = discover(root, [*languages, "markdown"], exclude, max_bytes)
    found = Survey(root, name, skipped=files.skipped, paths=files.paths)
    imports: dict[str, set[str]] = {}
    for path, language in files.languages.items():
        try:
            data = read_bytes(str(root), path, max_bytes)
        except UnreadableError as error:
            found.skipped.append(Skipped(path, str(error)))
            continue
        found.data[path], found.languages[path] = data, language
        found.sha256[path] = hashlib.sha256(data).hexdigest()
        if language == "python":
            imports[path] = imported_names(data)
    if not imports:
        raise UserError(_nothing(found, languages))
    build_files = [path for path in found.paths if os.path.basename(path) in BUILD_FILES]
    found.modules = name_modules(imports, declared_roots(_texts(found, build_files, max_bytes)), name)
    found.project_texts = _texts(found, project_sources(found.paths), max_bytes)
    found.skipped.sort(key=lambda skipped: skipped.path)
    return found


def _texts(found: Survey, paths: Iterable[str], max_bytes: int) -> dict[str, str]:
    """{path: text} of small files beside the analysed ones; what cannot be read as text says nothing."""
    texts = {}
    for path in paths:
        try:
            data = found.data[path] if path in found.data else read_bytes(str(found.root), path, max_bytes)
            texts[path] = decode(data, "python" if path.endswith(".py") else "text")
        except UnreadableError:
            continue
    return texts


def _nothing(found: Survey, languages: Sequence[str]) -> str:
    wanted = " or ".join(languages)
    reasons = ""
    if found.skipped:
        first = found.skipped[0]
        reasons = f" ({len(found.skipped):,} skipped, the first being {first.path}: {first.reason})"
    return (
        f"there is no {wanted} file to analyse in {relative(found.root)}{reasons}; "
        "point repository.url at another folder or address, or check repository.exclude"
    )
