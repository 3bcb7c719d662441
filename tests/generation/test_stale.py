"""An existing dataset, proven again: what a change of the repository made untrue is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from utils.generation.stale import reprove
from utils.records import Claim, Evidence, Message, Sample, SampleMetadata, write_jsonl

SOURCE = 'def start(power):\n    """Start it."""\n    return power\n\n\ndef stop():\n    return start(0)\n'


def make_sample(number: str, claims: list[Claim], lines: tuple[int, int]) -> Sample:
    metadata = SampleMetadata(
        number, "code_location", "en", "forward", "location:engine.start", "location/en/00", None, claims,
        [Evidence("engine.py", *lines)], "c0ffee",
    )  # fmt: skip
    return Sample([Message("user", "Where?"), Message("assistant", "There.")], metadata)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    root, dataset = tmp_path / "repo", tmp_path / "dataset"
    root.mkdir()
    dataset.mkdir()
    (root / "engine.py").write_text(SOURCE)
    line = make_sample(
        "1", [Claim("at_line", "engine.stop", 6), Claim("defined_in", "engine.stop", "engine.py")], (6, 7)
    )
    call = make_sample("2", [Claim("calls", "engine.stop", "engine.start")], (6, 7))
    doc = make_sample("3", [Claim("documented_as", "engine.start", "Start it.")], (1, 3))
    write_jsonl(dataset / "train.jsonl", [line, call])
    write_jsonl(dataset / "test.jsonl", [doc])
    return dataset, root


def test_nothing_is_stale_in_the_checkout_the_dataset_was_made_from(folders: tuple[Path, Path]) -> None:
    found = reprove(*folders, "engine")
    assert found.samples == 3
    assert found.stale == []


def test_what_moved_vanished_or_reads_otherwise_is_named(folders: tuple[Path, Path]) -> None:
    dataset, root = folders
    (root / "engine.py").write_text(SOURCE.replace("Start it.", "Begin.").replace("\n\n\ndef stop", "\n\ndef stop"))
    found = reprove(dataset, root, "engine")
    assert [(each.split, each.id) for each in found.stale] == [
        ("train", "1"),
        ("train", "1"),
        ("train", "2"),
        ("test", "3"),
    ]
    assert found.stale[0].reason == "at_line of engine.stop: at line 5"
    assert found.stale_samples == 3


def test_a_file_that_is_gone_makes_everything_stale(folders: tuple[Path, Path]) -> None:
    dataset, root = folders
    (root / "engine.py").unlink()
    assert reprove(dataset, root, "engine").stale_samples == 3
