"""What is known of files that have not been touched since: an index of their status, as git keeps one.

A file whose size, times and inode are those in the index has the content that was read then, but for one case: it may
have been written again within one tick of the clock. So a time that is not clearly older than the reading it was noted
with vouches for nothing, and the file is read again (git calls such an entry racily clean). Whatever git would notice
is noticed here.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from utils.analysis.import_roots import Naming
from utils.locks import UNWRITABLE

CLEARLY = 3_000_000_000  # nanoseconds; the coarsest file system counts in steps of two seconds


class Stamp(msgspec.Struct, array_like=True, frozen=True):
    """What changes with every change of a file: of its times the one that programs set, and the one they cannot."""

    size: int
    modified: int
    changed: int
    inode: int
    device: int


class KnownFile(msgspec.Struct, array_like=True):
    """One file's content, seen under a stamp.

    `imports` are the names that a Python file imports, or the paths that a packaging file names, with spaces between.
    """

    stamp: Stamp
    sha256: str
    imports: str = ""


class _Index(msgspec.Struct, array_like=True):
    """`began`: when the run that wrote it began to read, in nanoseconds. `named_by`: a hash of what `naming` is by."""

    version: str
    began: int
    files: dict[str, KnownFile]
    named_by: str = ""
    naming: Naming = Naming()


class FileIndex:
    """The index in `folder` (null: none is kept) for one reading of a repository, which begins now.

    `version` is the analyser's; an index of another one, or a damaged one, is as good as none.
    """

    def __init__(self, folder: Path | None, version: str, now: int) -> None:
        self._path = folder / "files.index" if folder else None
        self._old = _read(self._path, version)
        self._new = _Index(version, now, {}, self._old.named_by, self._old.naming)
        self._has_news = False

    def known(self, path: str, status: os.stat_result) -> KnownFile | None:
        """What is known of a file with this status; null where it must be read."""
        entry = self._old.files.get(path)
        if entry is None or entry.stamp != _stamp(status):
            return None
        if max(entry.stamp.modified, entry.stamp.changed) >= self._old.began - CLEARLY:
            return None
        self._new.files[path] = entry
        return entry

    def note(self, path: str, status: os.stat_result, sha256: str, imports: str = "") -> KnownFile:
        """Know a file that was read from now on; `status` is from before that."""
        entry = self._new.files[path] = KnownFile(_stamp(status), sha256, imports)
        self._has_news = True
        return entry

    def names(self, path: str) -> list[str]:
        """What a file that is known by now imports or names."""
        return self._new.files[path].imports.split()

    def naming(self, named_by: str) -> Naming | None:
        """The names that the modules had when what they are named by hashed to this."""
        return self._new.naming if self._new.named_by == named_by else None

    def name(self, named_by: str, naming: Naming) -> None:
        """Know the modules' names."""
        self._new.named_by, self._new.naming = named_by, naming
        self._has_news = True

    def write(self) -> None:
        """Leave the index for the next run, unless it is there already: then no file was read, and none is gone.

        Where nothing can be written none is left: it only saves time. Whoever writes has the folder to themselves.
        """
        if self._path is None or not (self._has_news or len(self._new.files) < len(self._old.files)):
            return
        draft = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.msgpack.encode(self._new))
            draft.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            if error.errno not in UNWRITABLE:
                raise

    def forget(self) -> None:
        """Trust nothing of it the next time: a file was found to differ from what it says."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


def _read(path: Path | None, version: str) -> _Index:
    try:
        found = msgspec.msgpack.decode(path.read_bytes(), type=_Index) if path else None
    except (FileNotFoundError, msgspec.DecodeError):
        found = None
    return found if found and found.version == version else _Index(version, 0, {})
