"""A folder's files as they are at one moment: their bytes, hashes and module names. Everything else follows from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from utils.analysis.build_files import NAMES as BUILD_FILES
from utils.analysis.build_files import declared_roots
from utils.analysis.discovery import discover
from utils.analysis.import_roots import imported_names, name_modules
from utils.analysis.sources import UnreadableError, decode, read_bytes
from utils.console import UserError, relative
from utils.records import Skipped


@dataclass
class Survey:
    """The files to analyse, sorted by path. `modules` has the Python files only."""

    root: Path
    name: str
    data: dict[str, bytes] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def digest(self) -> str:
        """One hash for every path, content and module name."""
        whole = hashlib.sha256()
        for path, sha256 in self.sha256.items():
            whole.update(f"{path}\0{sha256}\0{self.modules.get(path, '')}\0".encode())
        for skipped in self.skipped:
            whole.update(f"{skipped.path}\0{skipped.reason}\0".encode())
        return whole.hexdigest()


def survey(
    root: Path,
    name: str,
    languages: Sequence[str] = ("python",),
    exclude: Sequence[str] = (),
    max_bytes: int = 5_000_000,
) -> Survey:
    """Read the files of `root` in `languages`, and its Markdown.

    Raises `UserError` where there is no file in any of `languages`.
    """
    files = discover(root, [*languages, "markdown"], exclude, max_bytes)
    found = Survey(root, name, skipped=files.skipped)
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
    found.modules = name_modules(imports, declared_roots(_build_files(root, found.data, max_bytes)), name)
    found.skipped.sort(key=lambda skipped: skipped.path)
    return found


def _build_files(root: Path, data: dict[str, bytes], max_bytes: int) -> dict[str, str]:
    """{path: text} of the build files beside and above the analysed files."""
    folders = {""}
    for path in data:
        folder = os.path.dirname(path)
        while folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
    texts = {}
    for folder in folders:
        for name in sorted(BUILD_FILES):
            path = f"{folder}/{name}" if folder else name
            if os.path.lexists(root / path):
                try:
                    texts[path] = decode(read_bytes(str(root), path, max_bytes), "python")
                except UnreadableError:  # declares nothing; a setup.py is in `skipped` by its own right
                    continue
    return texts


def _nothing(found: Survey, languages: Sequence[str]) -> str:
    wanted = " or ".join(languages)
    reasons = f" ({len(found.skipped)} were skipped, the first because: {found.skipped[0].reason})" * bool(
        found.skipped
    )
    return (
        f"there is no {wanted} file to analyse in {relative(found.root)}{reasons}; "
        "point repository.url at another folder or address, or check repository.exclude"
    )
