"""Which files of a folder are analysed: what git tracks or would track, else a walk under the same ignore rules.

Nothing outside the folder is reached: symbolic links are listed as skipped, never followed, so they cannot loop. File
names may be anything.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pathspec

from utils.analysis.git import GitError, list_files
from utils.records import Skipped

SUFFIXES = {".py": "python", ".md": "markdown", ".markdown": "markdown"}
TOOL_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".eggs", ".venv", "__pycache__", "node_modules", "__pypackages__"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}
)


@dataclass
class Files:
    """`languages` has the files to analyse, by posix path relative to the root and sorted, `paths` all files there are.

    `skipped` has those that would be analysed if they could.
    """

    languages: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def discover(root: Path, languages: Iterable[str], exclude: Sequence[str] = (), max_bytes: int = 2_000_000) -> Files:
    """The files below `root` in one of `languages` ("python", "markdown"), but for those `exclude` matches.

    A file that cannot be analysed as it lies there (a link, too large, no regular file, an unprintable name) goes to
    `skipped` at once.
    """
    wanted, files = set(languages), Files()
    ignored = pathspec.GitIgnoreSpec.from_lines(exclude)
    for path in sorted(_listed(root)):
        language = SUFFIXES.get(os.path.splitext(path)[1].lower())
        if ignored.match_file(path):
            continue
        reason = _unfit_name(path)
        if reason is None:
            files.paths.append(path)
        if language not in wanted:
            continue
        reason = reason or _unfit(os.path.join(root, path), max_bytes)
        if reason:
            files.skipped.append(Skipped(printable(path), reason))
        else:
            files.languages[path] = language
    return files


def printable(path: str) -> str:
    """`path` as valid UTF-8 text on one line: bytes that are no UTF-8 and control characters are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _unfit_name(path: str) -> str | None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "the file name is not UTF-8"
    return None if path.isprintable() else "the file name has control characters"


def _unfit(path: str, max_bytes: int) -> str | None:
    try:
        status = os.lstat(path)
    except OSError as error:
        return unreadable(error)
    if stat.S_ISLNK(status.st_mode):
        return "symbolic link, not followed"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return f"larger than {max_bytes:,} bytes" if status.st_size > max_bytes else None


def unreadable(error: OSError) -> str:
    """Why a file could not be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "vanished while the folder was read"
    return f"unreadable: {(error.strerror or type(error).__name__).lower()}"


def _listed(root: Path) -> set[str]:
    """Paths below `root`: from git where `root` is in a sound checkout, else by walking under the same ignore rules."""
    try:
        listed = list_files(root)
    except GitError:
        listed = None
    return set(_walk(root) if listed is None else listed)


def _walk(root: Path) -> Iterator[str]:
    """Every file below `root` that no `.gitignore` on its way ignores; links to folders come as they are."""
    pending: list[tuple[str, list[tuple[str, pathspec.GitIgnoreSpec]]]] = [("", [])]
    while pending:
        folder, rules = pending.pop()
        try:
            entries = sorted(os.scandir(os.path.join(root, folder)), key=lambda entry: entry.name)
        except OSError:  # an unreadable folder hides its files from everyone, git included
            continue
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        if own := _read_gitignore(os.path.join(root, folder)):
            rules = [*rules, (folder, own)]
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if (is_folder and entry.name in TOOL_FOLDERS) or _is_ignored(path + "/" * is_folder, rules):
                continue
            if is_folder:
                pending.append((path, rules))
            else:
                yield path


def _read_gitignore(folder: str) -> pathspec.GitIgnoreSpec | None:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as stream:
            return pathspec.GitIgnoreSpec.from_lines(stream)
    except OSError:
        return None


def _is_ignored(path: str, rules: list[tuple[str, pathspec.GitIgnoreSpec]]) -> bool:
    """The innermost `.gitignore` that has something to say decides, as in git."""
    for folder, spec in reversed(rules):
        verdict = spec.check_file(path[len(folder) + 1 :] if folder else path).include
        if verdict is not None:
            return bool(verdict)
    return False
