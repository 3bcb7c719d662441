"""Reading and writing safetensors files piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from utils.artifacts import FileStamp, sha256_file
from utils.console import UserError
from utils.training.shards import ShardReader, ShardWriter, shard_paths

TENSORS = {
    "a.weight": torch.arange(12, dtype=torch.float32).view(4, 3),
    "b.weight": torch.tensor([[1.5, -2.0]], dtype=torch.bfloat16),
    "c.ids": torch.tensor([7, 8, 9]),
    "d.scalar": torch.tensor(3.0),
    "e.empty": torch.zeros(0, 5),
}


def test_what_the_library_writes_is_read_row_by_row(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "x.safetensors", metadata={"format": "pt"})
    with ShardReader(tmp_path / "x.safetensors") as shard:
        entries = {entry.name: entry for entry in shard.entries}
        assert shard.metadata == {"format": "pt"}
        assert shard.tensor(entries["a.weight"], 1, 3).tolist() == [[3, 4, 5], [6, 7, 8]]
        assert shard.tensor(entries["b.weight"]).dtype == torch.bfloat16
        assert shard.tensor(entries["d.scalar"]).item() == 3.0
        assert shard.tensor(entries["e.empty"]).shape == (0, 5)


def test_what_is_written_in_pieces_the_library_reads(tmp_path: Path) -> None:
    announced = {
        "a.weight": ("F32", (4, 3), 48),
        "b.weight": ("BF16", (1, 2), 4),
        "d.scalar": ("F32", (), 4),
        "e.empty": ("F32", (0, 5), 0),
    }
    path = tmp_path / "y.safetensors"
    with ShardWriter(path, announced, {"format": "pt"}) as writer:
        writer.write(TENSORS["a.weight"][:1])
        writer.write(TENSORS["a.weight"][1:])
        for name in ("b.weight", "d.scalar", "e.empty"):
            writer.write(TENSORS[name])
        assert writer.finish() == FileStamp(path.stat().st_size, sha256_file(path))
    loaded = load_file(path)
    assert all(torch.equal(loaded[name], TENSORS[name]) for name in announced)
    with safe_open(path, "pt") as reader:
        assert reader.metadata() == {"format": "pt"}


def test_a_file_that_lacks_announced_bytes_is_a_bug(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "z.safetensors", {"a": ("F32", (2,), 8)}, {}) as writer:
        writer.write(torch.zeros(1))
        with pytest.raises(RuntimeError, match="lacks 4 bytes"):
            writer.finish()


@pytest.mark.parametrize("keep", [0, 5, 60, 300])
def test_a_file_cut_short_is_refused_with_its_name(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.safetensors"
    save_file(TENSORS, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"cut\.safetensors is not a whole safetensors file"):
        ShardReader(path)


def test_the_weight_files_are_those_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "m-2", "b": "m-1", "c": "m-2"}}')
    (tmp_path / "m-1").touch()
    with pytest.raises(UserError, match="lacks m-2"):
        shard_paths(tmp_path)
    (tmp_path / "m-2").touch()
    assert shard_paths(tmp_path) == [tmp_path / "m-1", tmp_path / "m-2"]


def test_a_folder_without_safetensors_is_named(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(UserError, match=r"has no \*\.safetensors weights"):
        shard_paths(tmp_path)


def test_a_full_disk_is_reported() -> None:
    with pytest.raises(OSError, match="No space left"):
        ShardWriter(Path("/dev/full"), {"a": ("F32", (1,), 4)}, {})
