"""Which files of a folder are analysed: what git tracks or would track, else a walk under the same ignore rules.

Nothing outside the folder is read: symbolic links are never followed, so they cannot loop, and listed as skipped where
there may be something to analyse behind them. File names may be anything.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from utils.analysis.git import GitError, read_checkout
from utils.analysis.reading import LINK, UnreadableError, regular_status
from utils.console import UserError
from utils.records import Skipped

if TYPE_CHECKING:
    import pathspec

SUFFIXES = {".py": "python", ".pyw": "python", ".md": "markdown", ".markdown": "markdown"}
NOT_ANALYSED = {
    **dict.fromkeys([".c", ".h"], "C"),
    **dict.fromkeys([".cc", ".cpp", ".cxx", ".hpp"], "C++"),
    **dict.fromkeys([".js", ".jsx", ".mjs", ".cjs"], "JavaScript"),
    **dict.fromkeys([".ts", ".tsx"], "TypeScript"),
    **dict.fromkeys([".pyx", ".pxd"], "Cython"),
    ".pyi": "Python stub",  # beside a module it defines all its names again
    ".cs": "C#", ".go": "Go", ".ipynb": "notebook", ".java": "Java", ".jl": "Julia", ".kt": "Kotlin", ".php": "PHP",
    ".rb": "Ruby", ".rs": "Rust", ".scala": "Scala", ".sh": "shell", ".swift": "Swift",
}  # fmt: skip
TOOL_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".eggs", ".venv", "__pycache__", "node_modules", "__pypackages__"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}
)


class Files(msgspec.Struct):
    """`languages` has the files to analyse, by posix path relative to the root and sorted, `paths` all files there are.

    `excluded` are those that would be analysed if they were not left out, `skipped` those that would if they could,
    `status` what `lstat` says of those that will be.
    """

    languages: dict[str, str] = {}
    paths: list[str] = []
    excluded: list[str] = []
    skipped: list[Skipped] = []
    status: dict[str, os.stat_result] = {}


def discover(
    root: Path,
    languages: Iterable[str],
    exclude: Sequence[str] = (),
    max_bytes: int = 2_000_000,
    listed: Iterable[str] | None = None,
) -> Files:
    """The files below `root` in one of `languages` ("python", "markdown"), but for those `exclude` matches.

    A file that cannot be analysed as it lies there (a link or below one, too large, no regular file, an unprintable
    name) goes to `skipped` at once, and so does a link to a folder. `listed` are the paths that git names, where it has
    been asked already.
    """
    listed = _listed_by_git(root) if listed is None else listed
    is_elsewhere = _linked_folders(root) if listed is not None else lambda folder: False  # a walk follows no link
    wanted, files, is_excluded = set(languages), Files(), _excluder(exclude)
    for path in sorted(set(_walk(root) if listed is None else listed)):
        language = SUFFIXES.get(os.path.splitext(path)[1].lower())
        if is_excluded(path):
            files.excluded += [printable(path)] if language in wanted else []
            continue
        fault = None if path.isascii() and path.isprintable() else _name_fault(path)
        is_below = "/" in path and is_elsewhere(path.rpartition("/")[0])
        if is_below:
            fault = "below a symbolic link, not followed"
        if fault is None:
            files.paths.append(path)
        if language not in wanted:
            if not is_below and _hides_files(f"{root}/{path}"):
                files.skipped.append(Skipped(printable(path), LINK))
            continue
        try:
            if fault:
                raise UnreadableError(fault)
            files.status[path] = regular_status(str(root), path, max_bytes)
            files.languages[path] = language
        except UnreadableError as error:
            files.skipped.append(Skipped(printable(path), str(error)))
    return files


def not_analysed(paths: Iterable[str]) -> str:
    """How many of these files are code that nothing here reads, as in "12 Rust and 3 C files"; empty where none is."""
    found = Counter(NOT_ANALYSED.get(os.path.splitext(path)[1].lower()) for path in paths)
    del found[None]
    counts = [f"{number:,} {language}" for language, number in found.most_common()]
    named = " and ".join([", ".join(counts[:-1]), counts[-1]] if counts[1:] else counts)
    return f"{named} file{'s' if found.total() > 1 else ''}" if counts else ""


def _excluder(patterns: Sequence[str]) -> Callable[[str], bool]:
    if not patterns:
        return lambda path: False
    import pathspec  # few name any pattern

    if wrong := [pattern for pattern in patterns if not _is_pattern(pattern)]:
        raise UserError(f"repository.exclude has {wrong[0]!r}, which is no .gitignore pattern; correct or remove it")
    return pathspec.GitIgnoreSpec.from_lines(patterns).match_file


def _linked_folders(root: Path) -> Callable[[str], bool]:
    """Tells of a folder's path whether it leads through a link, or in another way out of `root`; asks for each once.

    Git may say so: its index lists what lay there before, or whatever somebody has written into it.
    """
    is_link = cache(lambda folder: os.path.islink(f"{root}/{folder}"))

    @cache
    def is_elsewhere(folder: str) -> bool:
        names = folder.split("/")
        return "" in names or ".." in names or any(map(is_link, accumulate(names, "{}/{}".format)))

    return is_elsewhere


def _hides_files(path: str) -> bool:
    """True for a link to a folder (but a tool's), and for one that leads back to itself."""
    if not os.path.islink(path) or os.path.basename(path) in TOOL_FOLDERS:
        return False
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        return error.errno == errno.ELOOP


def printable(path: str) -> str:
    """`path` as valid UTF-8 text on one line: bytes that are no UTF-8 and control characters are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _name_fault(path: str) -> str | None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "the file name is not UTF-8"
    return None if path.isprintable() else "the file name has control characters"


def _listed_by_git(root: Path) -> list[str] | None:
    """The paths below `root` that git tracks or would; null where `root` is in no sound checkout."""
    try:
        checkout = read_checkout(root)
    except GitError:
        return None
    return [*checkout.tracked, *checkout.others] if checkout else None


def _walk(root: Path) -> Iterator[str]:
    """Every file below `root` that no `.gitignore` on its way ignores; links to folders come as they are."""
    pending: list[tuple[str, list[tuple[str, pathspec.GitIgnoreSpec]]]] = [("", [])]
    while pending:
        folder, rules = pending.pop()
        try:
            entries = {entry.name: entry for entry in os.scandir(f"{root}/{folder}")}
        except OSError:  # an unreadable folder hides its files from everyone, git included
            continue
        if "pyvenv.cfg" in entries:
            continue
        if ".gitignore" in entries and (own := _read_gitignore(entries[".gitignore"].path)):
            rules = [*rules, (folder, own)]
        for name, entry in entries.items():
            path = f"{folder}/{name}" if folder else name
            is_folder = entry.is_dir(follow_symlinks=False)
            if (is_folder and name in TOOL_FOLDERS) or _is_ignored(path + "/" * is_folder, rules):
                continue
            if is_folder:
                pending.append((path, rules))
            else:
                yield path


def _read_gitignore(path: str) -> pathspec.GitIgnoreSpec | None:
    """The rules of such a file; null where it cannot be read."""
    import pathspec  # not needed where git lists the files

    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return pathspec.GitIgnoreSpec.from_lines(filter(_is_pattern, stream))
    except OSError:
        return None


def _is_pattern(line: str) -> bool:
    """False for what git passes over, too, such as a lone `!`."""
    import pathspec

    try:
        pathspec.GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _is_ignored(path: str, rules: list[tuple[str, pathspec.GitIgnoreSpec]]) -> bool:
    """The innermost `.gitignore` that has something to say decides, as in git."""
    for folder, spec in reversed(rules):
        verdict = spec.check_file(path[len(folder) + 1 :] if folder else path).include
        if verdict is not None:
            return bool(verdict)
    return False
