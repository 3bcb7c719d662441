"""What was found out about a file stays true while its content, its module name and the analyser stay the same."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from utils import records

BATCH = 500  # below SQLite's limit on parameters


def analyser_version() -> str:
    """A digest of everything that a file's facts depend on besides the file: this code, the record types, Python."""
    digest = hashlib.sha256(f"{sys.version} {metadata.version('griffelib')}".encode())
    digest.update(f"{metadata.version('markdown-it-py')} {metadata.version('msgspec')}".encode())
    for path in (Path(records.__file__), *sorted(Path(__file__).parent.rglob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fact_key(version: str, path: str, module: str | None, submodules: Sequence[str], sha256: str) -> str:
    """The key of one file's facts: everything that they follow from."""
    return hashlib.sha256("\0".join((version, path, module or "", *submodules, sha256)).encode()).hexdigest()


class Memory:
    """What one run finds in the cache and leaves there for the next; without a folder it leaves nothing.

    What is learnt waits in a temporary file: for a million lines it is more than should be held in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._store = FactCache(folder) if folder else None
        self._learnt = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (`keep` closes it)
        self._places: dict[str, tuple[int, int]] = {}
        self._current: set[str] = set()

    def read(self, keys: Iterable[str]) -> dict[str, bytes]:
        """What is known under `keys`, which are kept."""
        wanted = list(keys)
        self._current.update(wanted)
        found = {key: self._recall(key) for key in wanted if key in self._places}
        if self._store and len(found) < len(wanted):
            found.update(self._store.read(key for key in wanted if key not in found))
        return found

    def learn(self, key: str, data: bytes) -> None:
        """Know `data` from now on, and have `keep` write it."""
        self._places[key] = (self._learnt.tell(), len(data))
        self._current.add(key)
        self._learnt.write(data)

    def retain(self, keys: Iterable[str]) -> None:
        """Have `keep` not forget these, though nobody has asked for them."""
        self._current.update(keys)

    def keep(self) -> None:
        """Write what was learnt, and forget what this run has not asked for."""
        if self._store:
            self._store.write(((key, self._recall(key)) for key in self._places), self._current)
            self._store.close()
        self._learnt.close()

    def _recall(self, key: str) -> bytes:
        offset, length = self._places[key]
        end = self._learnt.seek(0, os.SEEK_END)
        self._learnt.seek(offset)
        data = self._learnt.read(length)
        self._learnt.seek(end)
        return data


class FactCache:
    """{key: encoded facts} in one SQLite file; a damaged file is started anew, for all in it can be found out again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "facts.sqlite"
        self._database = sqlite3.connect(self._path, timeout=60)
        try:
            self._create()
        except sqlite3.DatabaseError as error:
            self._renew(error)

    def read(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The facts that are known among `keys`."""
        wanted = list(keys)
        found: dict[str, bytes] = {}
        try:
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                marks = ",".join("?" * len(batch))
                found.update(self._database.execute(f"SELECT key, data FROM facts WHERE key IN ({marks})", batch))
        except sqlite3.DatabaseError as error:
            self._renew(error)
            return {}
        return found

    def write(self, new: Iterable[tuple[str, bytes]], current: Iterable[str]) -> None:
        """Keep `new`, forget what is not among `current` (this run's keys); raises `OSError` on a full disk."""
        try:
            with self._database:
                self._database.execute("CREATE TEMP TABLE current (key TEXT PRIMARY KEY) WITHOUT ROWID")
                self._database.executemany("INSERT OR IGNORE INTO current VALUES (?)", [(key,) for key in current])
                self._database.execute("DELETE FROM facts WHERE key NOT IN (SELECT key FROM current)")
                self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", new)
                self._database.execute("DROP TABLE current")
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path)) from None
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _create(self) -> None:
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, data BLOB)")

    def _renew(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, sqlite3.OperationalError):  # locked, unwritable, full: not damaged
            raise error
        self._database.close()
        self._path.unlink()
        self._database = sqlite3.connect(self._path, timeout=60)
        self._create()
