"""The cache between runs: one run at a time has it, what is damaged in it is found, and nothing of it is left open."""

import errno
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.analysis.cache import FactCache, Memory, exclusive
from utils.analysis.file_index import FileIndex
from utils.console import ROOT, UserError

NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
READ_ONLY = OSError(errno.EROFS, os.strerror(errno.EROFS))


def failing(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(owner, name, fail)


def filled(folder: Path) -> Path:
    """A cache that knows `a` and `b`."""
    with Memory(folder) as memory:
        memory.learn("a", b"1" * 100_000)
        memory.learn("b", b"2" * 100_000)
        memory.keep()
    return folder / "facts.sqlite"


def another_run(folder: Path) -> str:
    """What a process says that wants the cache to itself."""
    program = "import pathlib, sys, utils.analysis.cache as c; c.exclusive(pathlib.Path(sys.argv[1])).__enter__()"
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr


def test_a_second_run_is_kept_out_until_the_first_is_done(tmp_path: Path):
    with exclusive(tmp_path / "cache"):
        assert "UserError: another run is analysing into " in another_run(tmp_path / "cache")
    assert another_run(tmp_path / "cache") == ""


def test_a_worker_that_outlives_its_run_keeps_nobody_out(tmp_path: Path):
    worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    with exclusive(tmp_path):
        worker.start()
    try:
        assert another_run(tmp_path) == ""
    finally:
        worker.kill()
        worker.join()


def test_begun_anew_nothing_is_known(tmp_path: Path):
    filled(tmp_path)
    with exclusive(tmp_path, anew=True), Memory(tmp_path) as memory:
        assert memory.read(["a", "b"]) == {}


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOLCK])
def test_where_there_can_be_no_lock_nobody_is_kept_out(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, Path, "open", OSError(code, os.strerror(code)))
    with exclusive(tmp_path), exclusive(tmp_path) as folder:
        assert folder == tmp_path


def test_a_value_that_is_not_what_was_written_is_found_and_the_cache_removed(tmp_path: Path):
    path = filled(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"2" * 1000, b"2" * 999 + b"0"))
    with Memory(tmp_path) as memory:
        assert memory.read(["a"]) == {"a": b"1" * 100_000}
        with pytest.raises(UserError, match=r"facts\.sqlite was damaged .* and is gone; run the same command again"):
            memory.read(["b"])
    assert not path.exists()


def test_a_part_that_is_missing_is_found_and_the_cache_removed(tmp_path: Path):
    path = filled(tmp_path)
    with Memory(tmp_path) as memory, pytest.raises(UserError, match=r"was damaged .* and is gone"):
        memory.read(["a", "c"])["c"]
    assert not path.exists()


def use(folder: Path) -> None:
    cache = FactCache(folder)
    cache.read(["a"])
    cache.write([("a", b"")], {"a"})


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("database or disk is full", OSError, "No space left"),
        ("database is locked", UserError, r"facts\.sqlite cannot be used \(database is locked\)"),
        (
            "attempt to write a readonly database",
            UserError,
            r"facts\.sqlite cannot be used \(attempt to write a readonly",
        ),
    ],
)
@pytest.mark.parametrize("statement", ["PRAGMA", "SELECT", "DELETE"])
def test_whatever_statement_fails_is_explained(
    tmp_path: Path, said: str, kind: type[Exception], told: str, statement: str, monkeypatch: pytest.MonkeyPatch
):
    class Failing(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            if sql.startswith(statement):
                raise sqlite3.OperationalError(said)
            return super().execute(sql, *rest)

        def executemany(self, sql: str, *rest: object) -> sqlite3.Cursor:
            return self.execute(sql) if sql.startswith(statement) else super().executemany(sql, *rest)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: real(path, timeout, factory=Failing))
    with pytest.raises(kind, match=told):
        use(tmp_path)


def test_an_error_leaves_no_file_open(tmp_path: Path):
    before = set(os.listdir("/proc/self/fd"))
    memory = Memory(tmp_path)
    with pytest.raises(ValueError, match="a bug"), memory:
        raise ValueError("a bug")
    assert set(os.listdir("/proc/self/fd")) <= before


def index(folder: Path) -> FileIndex:
    """One that has something to write."""
    index = FileIndex(folder, "1", 0)
    index.note("a.py", os.stat(__file__), "")
    return index


def test_where_nothing_can_be_written_the_index_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, Path, "write_bytes", READ_ONLY)
    index(tmp_path).write()
    failing(monkeypatch, Path, "mkdir", READ_ONLY)
    index(tmp_path / "absent").write()
    assert list(tmp_path.iterdir()) == []


def test_an_index_that_was_cut_short_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, Path, "replace", NO_ROOM)
    with pytest.raises(OSError, match="No space left"):
        index(tmp_path).write()
    assert list(tmp_path.iterdir()) == []


def test_drafts_of_killed_runs_do_not_gather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, Path, "replace", KeyboardInterrupt())
    for process in (1, 2):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        with pytest.raises(KeyboardInterrupt):
            index(tmp_path).write()
    assert len(list(tmp_path.iterdir())) == 1
