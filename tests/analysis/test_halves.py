"""Two processes that solve half of a repository each find what one finds, and neither outlives the other."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from utils.analysis.pipeline import analyze_survey
from utils.analysis.resolution import halves
from utils.analysis.resolution.halves import Other, is_worth_it, other_half
from utils.analysis.survey import survey
from utils.console import UserError
from utils.records import Provenance

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there does one process solve half")
OURS = Path(__file__).resolve().parents[2] / "utils" / "analysis" / "patterns"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(halves, "SMALL", 0)
    shutil.copytree(OURS, tmp_path / "r" / "utils" / "analysis" / "patterns")
    return tmp_path / "r"


def run(root: Path, workers: int, cache: Path | None = None) -> tuple[bytes, bytes]:
    elements = BytesIO()
    found = survey(root, "r", cache=cache)
    analysis = analyze_survey(found, Provenance("", None, False, ""), elements, workers, cache)
    return msgspec.json.encode(analysis), elements.getvalue()


def test_two_processes_find_what_one_finds(root: Path) -> None:
    whole = run(root, workers=1)
    assert len(msgspec.json.decode(whole[0])["call_graph"]) > 50
    assert run(root, workers=2) == whole


def test_what_nobody_knows_is_not_asked_of_the_other_process(root: Path) -> None:
    odd = "from functools import partial\nfor block in iter(partial(open('x').read, 4096), b''):\n    print(block)\n"
    for number in range(4):
        (root / f"odd{number}.py").write_text(odd)
    assert run(root, workers=2) == run(root, workers=1)


def test_an_edit_is_solved_with_what_two_processes_left(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run(root, workers=2, cache=cache) == run(root, workers=1)
    names = root / "utils" / "analysis" / "patterns" / "names.py"
    names.write_text(names.read_text() + "\n\ndef added(found):\n    return added(found) or words_of(found)\n")
    assert run(root, workers=2, cache=cache) == run(root, workers=1)


def test_little_is_solved_by_one_process() -> None:
    assert not is_worth_it(halves.SMALL - 1, 2)
    assert not is_worth_it(halves.SMALL, 1)
    assert is_worth_it(halves.SMALL, 2)


def test_messages_are_swapped() -> None:
    def echo(other: Other) -> None:
        letters, busy = other.swap([(2, 1, b"first")], True)
        other.swap([(2, 1, b"".join(data for _, _, data in letters))], busy)

    with other_half(echo) as other:
        assert other.swap([(1, 2, b"a" * 10_000_000)], False) == ([(2, 1, b"first")], True)
        assert other.swap([], False) == ([(2, 1, b"a" * 10_000_000)], False)


def test_a_process_that_is_killed_is_said() -> None:
    def die(other: Other) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(UserError, match=r"ended from outside.*analysis\.workers to 1"), other_half(die) as other:
        other.receive()


def test_a_fault_in_the_other_process_is_not_taken_for_an_end_from_outside() -> None:
    def fail(other: Other) -> None:
        raise KeyError("theirs")

    with pytest.raises(RuntimeError, match="failed with the traceback above"), other_half(fail) as other:
        other.receive()


def test_a_process_that_is_gone_is_said_to_who_sends() -> None:
    def leave(other: Other) -> None:
        other.send("ready")

    def send() -> None:
        with other_half(leave) as other:
            other.receive()
            for _ in range(100):
                other.send(b"a" * 1_000_000)

    with pytest.raises(UserError, match=r"analysis\.workers to 1"):
        send()


def test_the_other_process_ends_where_this_one_fails(tmp_path: Path) -> None:
    def wait(other: Other) -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        other.send("ready")
        other.swap([], True)

    def fail() -> None:
        with other_half(wait) as other:
            assert other.receive() == "ready"
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
