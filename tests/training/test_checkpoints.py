"""Only a whole checkpoint of this very run is ever used."""

from __future__ import annotations

from pathlib import Path

import pytest

from utils.console import UserError
from utils.training.checkpoints import MARKER, discard, mark_complete, newest


def checkpoint(root: Path, step: int, run: str = "a", world_size: int = 1) -> Path:
    folder = root / f"checkpoint-{step}"
    (folder / f"global_step{step}").mkdir(parents=True)
    (folder / f"global_step{step}" / "shard.pt").write_bytes(b"optimizer")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    mark_complete(folder, run, world_size, step)
    return folder


def test_the_newest_whole_one_is_used(tmp_path: Path) -> None:
    checkpoint(tmp_path, 5)
    best = checkpoint(tmp_path, 10)
    unmarked = checkpoint(tmp_path, 15)
    (unmarked / MARKER).unlink()
    assert newest(tmp_path, "a", 1) == best


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "global_step10/shard.pt"])
@pytest.mark.parametrize("harm", ["gone", "shorter"])
def test_a_checkpoint_with_a_damaged_file_is_passed_over(tmp_path: Path, name: str, harm: str) -> None:
    older = checkpoint(tmp_path, 5)
    newer = checkpoint(tmp_path, 10)
    if harm == "gone":
        (newer / name).unlink()
    else:
        (newer / name).write_bytes(b"w")
    assert newest(tmp_path, "a", 1) == older
    assert discard(tmp_path, "a") == 1
    assert not newer.exists()


def test_a_marker_cut_short_counts_for_nothing(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 5)
    (folder / MARKER).write_bytes((folder / MARKER).read_bytes()[:20])
    assert newest(tmp_path, "a", 1) is None


def test_another_runs_checkpoint_is_not_taken_up(tmp_path: Path) -> None:
    checkpoint(tmp_path, 5, run="other settings")
    assert newest(tmp_path, "a", 1) is None


def test_another_number_of_processes_is_refused_with_both_ways_out(tmp_path: Path) -> None:
    checkpoint(tmp_path, 5, world_size=2)
    with pytest.raises(UserError, match=r"used 2 processes and this one 1; .* with --force"):
        newest(tmp_path, "a", 1)


def test_without_a_folder_there_is_nothing_to_resume(tmp_path: Path) -> None:
    assert newest(tmp_path / "none", "a", 1) is None
