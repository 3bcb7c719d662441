"""An artifact is whole or absent: never a mixture, never silently stale."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from utils.artifacts import MANIFEST, ArtifactWriter, Manifest, is_current, open_artifact
from utils.console import ROOT, UserError

SCHEMA = "thing/1"


def write(folder: Path, text: str, settings: dict[str, object] | None = None) -> Manifest:
    with ArtifactWriter(folder, SCHEMA, settings or {"a": 1}, {"input": "00"}, seed=3) as writer:
        (writer.path / "rows.txt").write_text(text)
        return writer.commit(counts={"rows": 1}, seconds=0.1, packages=["pytest"])


def test_a_committed_artifact_opens_with_what_made_it(tmp_path: Path) -> None:
    write(tmp_path / "thing", "hello")
    manifest = open_artifact(tmp_path / "thing", SCHEMA, "make thing")
    assert manifest.counts == {"rows": 1}
    assert manifest.seed == 3
    assert set(manifest.packages) == {"python", "pytest"}
    assert list(manifest.outputs) == ["rows.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thing.lock", "thing"]


def test_same_settings_and_inputs_are_current_and_others_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    assert not is_current(folder, SCHEMA, {"a": 1}, {"input": "00"})
    write(folder, "hello")
    assert is_current(folder, SCHEMA, {"a": 1}, {"input": "00"})
    assert not is_current(folder, SCHEMA, {"a": 2}, {"input": "00"})
    assert not is_current(folder, SCHEMA, {"a": 1}, {"input": "01"})
    assert not is_current(folder, "thing/2", {"a": 1}, {"input": "00"})


def test_an_error_before_commit_keeps_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    write(folder, "old")

    def write_half() -> None:
        with ArtifactWriter(folder, SCHEMA, {}, {}) as writer:
            (writer.path / "rows.txt").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert (folder / "rows.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thing.lock", "thing"]


def test_the_digest_follows_content_and_not_time(tmp_path: Path) -> None:
    first, again, other = write(tmp_path / "a", "x"), write(tmp_path / "b", "x"), write(tmp_path / "c", "y")
    assert first.digest() == again.digest() != other.digest()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / MANIFEST).unlink(), "missing or was never finished"),
        (lambda folder: (folder / "rows.txt").unlink(), "rows.txt went missing"),
        (lambda folder: (folder / "rows.txt").write_text("tampered"), "rows.txt was changed"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "missing or was never finished"),
    ],
)
def test_damage_is_named_with_the_command_that_mends_it(tmp_path: Path, damage: object, told: str) -> None:
    write(tmp_path / "thing", "hello")
    damage(tmp_path / "thing")  # type: ignore[operator]
    with pytest.raises(UserError, match="run: make thing") as caught:
        open_artifact(tmp_path / "thing", SCHEMA, "make thing")
    assert told in str(caught.value)
    assert not is_current(tmp_path / "thing", SCHEMA, {"a": 1}, {"input": "00"})


def test_another_schema_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "thing", "hello")
    with pytest.raises(UserError, match="has schema thing/1 where thing/2 is needed"):
        open_artifact(tmp_path / "thing", "thing/2", "make thing")


@pytest.mark.parametrize("kept", ["old", "new"])
def test_a_swap_cut_short_is_finished_by_the_next_reader(tmp_path: Path, kept: str) -> None:
    folder = tmp_path / "thing"
    write(folder, "old")
    folder.rename(tmp_path / "thing.old")
    if kept == "new":
        write(tmp_path / "other", "new")
        (tmp_path / "other").rename(tmp_path / "thing.new")
    open_artifact(folder, SCHEMA, "make thing")
    assert (folder / "rows.txt").read_text() == kept


KILLED_WRITER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from utils.artifacts import ArtifactWriter
for n in range(10_000):
    with ArtifactWriter(Path(sys.argv[1]), "thing/1", {{}}, {{}}) as writer:
        for name in "abc":
            (writer.path / name).write_text(str(n))
        writer.commit(counts={{}}, seconds=0)
    print(n, flush=True)
"""


def test_a_killed_writer_never_leaves_a_mixture(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    for round_ in range(5):
        process = subprocess.Popen([sys.executable, "-c", KILLED_WRITER, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(3 + round_):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        open_artifact(folder, SCHEMA, "make thing")
        assert len({(folder / name).read_text() for name in "abc"}) == 1


def test_a_second_writer_of_the_same_artifact_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    with ArtifactWriter(folder, SCHEMA, {}, {}) as writer:
        (writer.path / "rows.txt").write_text("first")
        other = subprocess.run(
            [sys.executable, "-c", KILLED_WRITER, str(folder)], capture_output=True, text=True, check=False
        )
        assert f"UserError: another run is writing {folder}; wait for it" in other.stderr
        write(tmp_path / "other", "not in the way")
        writer.commit(counts={}, seconds=0)
    assert (folder / "rows.txt").read_text() == "first"
    write(folder, "later")
