"""A folder's files as they are at one moment: their hashes and module names. Everything else follows from it.

A file that has not been touched since the last run is not read: the `FileIndex` knows its hash and what it imports.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from utils.analysis.cache import analyser_version
from utils.analysis.discovery import discover, not_analysed
from utils.analysis.file_index import FileIndex, KnownFile
from utils.analysis.import_roots import Naming, imported_names, name_modules
from utils.analysis.project_files import BUILD_FILES, named_requirements, project_sources
from utils.analysis.reading import UnreadableError, read_bytes, regular_status
from utils.console import UserError, relative
from utils.records import Skipped


class Survey(msgspec.Struct):
    """The files to analyse, sorted by path, are those in `languages`; `modules` has the Python files only, `paths` all.

    `hashes` are the SHA-256 of every file that was read now or before, be it to be analysed or not. `project` are
    {path: SHA-256} of the files that say what the repository is: packaging, README, licence, tasks. `local_roots` are
    as in `Naming`.
    """

    root: Path
    name: str
    max_bytes: int
    index: FileIndex
    hashes: dict[str, str] = {}
    languages: dict[str, str] = {}
    modules: dict[str, str] = {}
    local_roots: list[str] = []
    paths: list[str] = []
    excluded: list[str] = []
    project: dict[str, str] = {}
    skipped: list[Skipped] = []
    held: dict[str, bytes] = {}

    def data(self, path: str) -> bytes:
        """A file's content, which must be the one that was surveyed; raises `UserError` where it is not any more."""
        data = self.held.get(path)
        if data is None:
            try:
                data = read_bytes(str(self.root), path, self.max_bytes)[0]
            except UnreadableError:
                data = b""
            if hashlib.sha256(data).hexdigest() != self.hashes[path]:
                self.index.forget()
                raise UserError(
                    f"{relative(self.root / path)} was changed while it was analysed; run the same command again"
                )
        return data

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """{path: text} of small files beside the analysed ones; what cannot be read as text says nothing."""
        from utils.analysis.sources import decode

        texts = {}
        for path in paths:
            try:
                texts[path] = decode(self.data(path), "python" if path.endswith(".py") else "text")
            except UnreadableError:
                continue
        return texts

    def submodules(self) -> dict[str, tuple[str, ...]]:
        """{path of a package's `__init__`: the names of the modules directly in the package}, sorted."""
        inside: dict[str, list[str]] = {}
        for module in sorted(self.modules.values()):
            inside.setdefault(module.rpartition(".")[0], []).append(module)
        return {path: tuple(inside[module]) for path, module in self.modules.items() if module in inside}

    def digest(self) -> str:
        """One hash for every path, content and module name, and whatever else the analysis depends on."""
        whole = hashlib.sha256()
        for path in self.languages:
            whole.update(f"{path}\0{self.hashes[path]}\0{self.modules.get(path, '')}\0".encode())
        for skipped in self.skipped:
            whole.update(f"{skipped.path}\0{skipped.reason}\0".encode())
        others = (self.local_roots, self.paths, self.excluded, self.project, self.project.values())
        whole.update("\0".join(chain.from_iterable(others)).encode())
        return whole.hexdigest()


def survey(
    root: Path,
    name: str,
    languages: Sequence[str] = ("python",),
    exclude: Sequence[str] = (),
    max_bytes: int = 2_000_000,
    listed: Iterable[str] | None = None,
    cache: Path | None = None,
) -> Survey:
    """Look at the files of `root` in `languages`, and at its Markdown.

    `listed` are the paths that git names, where it has been asked already; `cache` is the folder that keeps between
    runs what is known of the files. Raises `UserError` where there is no file in any of `languages`.
    """
    index = FileIndex(cache, analyser_version(), time.time_ns())
    files = discover(root, [*languages, "markdown"], exclude, max_bytes, listed)
    found = Survey(root, name, max_bytes, index, skipped=files.skipped, paths=files.paths, excluded=files.excluded)
    imports: dict[str, str] = {}
    for path, language in files.languages.items():
        try:
            known = _known(found, path, language, files.status[path])
        except UnreadableError as error:
            found.skipped.append(Skipped(path, str(error)))
            continue
        found.languages[path] = language
        if language == "python":
            imports[path] = known.imports
    if not imports:
        raise UserError(_nothing(found, languages))
    found.project = _project(found)
    naming = _naming(found, imports)
    found.modules, found.local_roots = naming.modules, naming.local_roots
    found.skipped.sort(key=lambda skipped: skipped.path)
    index.write()
    return found


def _known(found: Survey, path: str, language: str, status: os.stat_result) -> KnownFile:
    """What is known of a file with this status, which is read where that is nothing."""
    known = found.index.known(path, status) or _read(found, path, language)
    found.hashes[path] = known.sha256
    return known


def _read(found: Survey, path: str, language: str) -> KnownFile:
    """Read a file, note what is to be known of it, and hold its content: it may have to be analysed."""
    data, status = read_bytes(str(found.root), path, found.max_bytes)
    found.held[path] = data
    names = imported_names(data) if language == "python" else named_requirements(path, data)
    return found.index.note(path, status, hashlib.sha256(data).hexdigest(), " ".join(sorted(names)))


def _project(found: Survey) -> dict[str, str]:
    """{path: SHA-256} of the files that say what the repository is, and of the requirements files that these name."""
    hashes, pending, existing = {}, project_sources(found.paths), frozenset(found.paths)
    while pending:
        new = _hashes(found, pending)
        hashes.update(new)
        named = {name for path in new if not path.endswith(".py") for name in found.index.names(path)}
        pending = sorted((named & existing) - hashes.keys())
    return dict(sorted(hashes.items()))


def _hashes(found: Survey, paths: Iterable[str]) -> dict[str, str]:
    """{path: SHA-256} of files that may not be among those to analyse; what cannot be read says nothing."""
    hashes = {}
    for path in paths:
        try:
            if path not in found.hashes:
                _known(found, path, "text", regular_status(str(found.root), path, found.max_bytes))
            hashes[path] = found.hashes[path]
        except UnreadableError:
            continue
    return hashes


def _naming(found: Survey, imports: dict[str, str]) -> Naming:
    """How the Python files are named; `imports` are the names that each imports, with spaces between.

    It follows from all paths, from what imports what and from the build files, so it stays the same until one of them
    changes.
    """
    build_files = _hashes(found, (path for path in found.paths if os.path.basename(path) in BUILD_FILES))
    texts = (found.name, *imports, *imports.values(), *build_files, *build_files.values())
    named_by = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    naming = found.index.naming(named_by)
    if naming is None:
        from utils.analysis.build_files import declared_roots, likely_roots

        said = {path: names.split() for path, names in imports.items()}
        declared = declared_roots(found.texts(build_files))
        naming = name_modules(said, declared, found.name, likely_roots(build_files))
        found.index.name(named_by, naming)
    return naming


def _nothing(found: Survey, languages: Sequence[str]) -> str:
    wanted = " or ".join(languages)
    reasons = ""
    if found.skipped:
        first = found.skipped[0]
        reasons = f" ({len(found.skipped):,} skipped, the first being {first.path}: {first.reason})"
    elif others := not_analysed(found.paths):
        reasons = f" ({others}, which nothing here reads)"
    return (
        f"there is no {wanted} file to analyse in {relative(found.root)}{reasons}; "
        "point repository.url at another folder or address, or check repository.exclude"
    )
