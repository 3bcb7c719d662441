"""What was found out about a file stays true while its content, its module name and the analyser stay the same."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from utils import records
from utils.console import UserError, relative
from utils.locks import locked
from utils.versions import package_version

T = TypeVar("T")

BATCH = 500  # below SQLite's limit on parameters
CHECK = 4  # bytes of the checksum behind each value: SQLite has none, and damaged bytes may crash who decodes them


@lru_cache(maxsize=1)
def analyser_version() -> str:
    """A digest of everything that results depend on besides the repository: this code, the record types, Python."""
    packages = [package_version(name) for name in ("griffelib", "markdown-it-py", "msgspec", "packaging")]
    digest = hashlib.sha256(" ".join([sys.version, *packages]).encode())
    for path in (records.__file__, *sorted(_sources(os.path.dirname(__file__)))):
        with open(path, "rb", buffering=0) as stream:
            digest.update(stream.read())
    return digest.hexdigest()


def _sources(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.name.endswith(".py"):
            yield entry.path
        elif entry.is_dir() and entry.name != "__pycache__":
            yield from _sources(entry.path)


def fact_key(version: str, path: str, module: str | None, submodules: Sequence[str], sha256: str) -> str:
    """The key of one file's facts: everything that they follow from."""
    return hashlib.sha256("\0".join((version, path, module or "", *submodules, sha256)).encode()).hexdigest()


@contextmanager
def exclusive(folder: Path, anew: bool = False) -> Iterator[Path]:
    """Have the cache in `folder` to oneself, emptied where `anew`; raises `UserError` where another run has it."""
    with locked(folder / "lock", f"analysing into {relative(folder.parent)}"):
        if anew and folder.is_dir():
            for path in folder.iterdir():
                if path.name != "lock":
                    path.unlink()
        yield folder


class Memory:
    """What one run finds in the cache and leaves there for the next; without a folder it leaves nothing.

    What is learnt waits in a temporary file: for a million lines it is more than should be held in memory. Where the
    cache proves damaged it is removed and `UserError` raised; so is where it cannot be read or written.
    """

    def __init__(self, folder: Path | None) -> None:
        with ExitStack() as files:
            self._store = files.enter_context(closing(FactCache(folder))) if folder else None
            self._learnt = files.enter_context(tempfile.TemporaryFile(dir=folder))
            self._files = files.pop_all()
        self._places: dict[str, tuple[int, int]] = {}
        self._current: set[str] = set()

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def read(self, keys: Iterable[str]) -> dict[str, bytes]:
        """What is known under `keys`, which are kept.

        Subscripted with a key that is not known, it raises `UserError`: something named that, so the cache is damaged.
        """
        wanted = list(keys)
        self._current.update(wanted)
        found = Found(self._store)
        found.update((key, self._learnt_data(key)) for key in wanted if key in self._places)
        if self._store and len(found) < len(wanted):
            found.update(self._store.read(key for key in wanted if key not in found))
        return found

    def recall(self, key: str, kind: type[T]) -> T | None:
        """What is known under `key`, decoded; null where nothing is."""
        known = self.read([key])
        return msgspec.msgpack.decode(known[key], type=kind) if known else None

    def know(self, key: str, kind: type[T], find_out: Callable[[], T]) -> T:
        """What is known under `key`, else what `find_out` gives, which is learnt."""
        value = self.recall(key, kind)
        if value is None:
            value = find_out()
            self.learn(key, msgspec.msgpack.encode(value))
        return value

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
            self._store.write(((key, self._learnt_data(key)) for key in self._places), self._current)

    def _learnt_data(self, key: str) -> bytes:
        offset, length = self._places[key]
        end = self._learnt.seek(0, os.SEEK_END)
        self._learnt.seek(offset)
        data = self._learnt.read(length)
        self._learnt.seek(end)
        return data


class Found(dict[str, bytes]):
    """{key: what is known}; what is taken from it and not there is missing in the `store`, which is damaged then."""

    def __init__(self, store: FactCache | None) -> None:
        self._store = store

    def __missing__(self, key: str) -> bytes:
        raise self._store.damaged("a part of it is missing") if self._store else KeyError(key)


class FactCache:
    """{key: encoded facts} in one SQLite file; a damaged file is started anew, for all in it can be found out again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "facts.sqlite"
        with self._explained():
            if not self._open():
                self._remove()
                self._open()

    def read(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The facts that are known among `keys`; raises `UserError` where the file proves damaged only now."""
        wanted = list(keys)
        found: dict[str, bytes] = {}
        with self._explained():
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                marks = ",".join("?" * len(batch))
                found.update(self._database.execute(f"SELECT key, data FROM facts WHERE key IN ({marks})", batch))
        for key, stored in found.items():
            found[key] = stored[:-CHECK]
            if stored[-CHECK:] != _check(found[key]):
                raise self.damaged("a checksum differs")
        return found

    def write(self, new: Iterable[tuple[str, bytes]], current: Collection[str]) -> None:
        """Keep `new`, forget what is not among `current` (this run's keys); raises `OSError` on a full disk."""
        with self._explained(), self._database:
            known = self._database.execute("SELECT key FROM facts")
            gone = [row for row in known if row[0] not in current]
            self._database.executemany("DELETE FROM facts WHERE key = ?", gone)
            checked = ((key, data + _check(data)) for key, data in new)
            self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", checked)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def damaged(self, how: str) -> UserError:
        """What to raise where the file proves damaged, which is removed."""
        self._remove()
        return UserError(
            f"the cache {relative(self._path)} was damaged ({how}) and is gone; run the same command again"
        )

    def _open(self) -> bool:
        """Open the file and see to its table; false where it is damaged."""
        self._database = sqlite3.connect(self._path, timeout=60)
        try:
            # Most values are tens of kilobytes: with larger pages there are fewer of them to chain.
            self._database.execute("PRAGMA page_size = 16384")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute("CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, data BLOB)")
            return self._pragma("page_count") * self._pragma("page_size") <= self._path.stat().st_size
        except sqlite3.OperationalError:  # locked, unwritable, full: not damaged
            self._database.close()
            raise
        except sqlite3.DatabaseError:
            return False

    def _pragma(self, name: str) -> int:
        return int(self._database.execute(f"PRAGMA {name}").fetchone()[0])

    def _remove(self) -> None:
        self._database.close()
        for path in (self._path, self._path.with_name(f"{self._path.name}-journal")):
            path.unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's errors as what a user can do about them."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path)) from None
            raise UserError(
                f"the cache {relative(self._path)} cannot be used ({error}); mend that, or delete the file, "
                "and run the same command again"
            ) from None
        except sqlite3.DatabaseError as error:
            raise self.damaged(str(error)) from None


def _check(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(CHECK, "little")
