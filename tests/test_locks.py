"""One run at a time: the second is told so, and a run that was killed keeps nobody out."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from utils.console import ROOT, UserError
from utils.locks import locked

HOLDER = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from utils.locks import locked
with locked(Path(sys.argv[1]), "counting"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def wait_until_held(process: subprocess.Popen[bytes]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == b"held\n"


def test_the_second_is_told_and_a_killed_first_keeps_nobody_out(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as first:
        assert wait_until_held(first)
        with pytest.raises(UserError, match=r"^another run is counting; wait for it and run the same command again$"):
            locked(tmp_path / "lock", "counting").__enter__()
        os.kill(first.pid, signal.SIGKILL)
    with locked(tmp_path / "lock", "counting"):
        pass


def test_taken_twice_by_one_process_it_is_held_until_the_outer_end(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", "counting"):
        with locked(tmp_path / "lock", "counting"):
            pass
        with holder(tmp_path / "lock") as second:
            assert not wait_until_held(second)
    with holder(tmp_path / "lock") as second:
        assert wait_until_held(second)
        second.kill()


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOLCK, errno.ENOSYS])
def test_where_there_can_be_no_lock_nobody_is_kept_out(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.lockf", fail)
    with locked(tmp_path / "lock", "counting"):
        pass


def test_a_full_disk_is_not_taken_for_a_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(OSError, match="No space left"):
        locked(tmp_path / "lock", "counting").__enter__()
