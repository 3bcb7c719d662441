"""The dataset folder describes itself and loads as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from utils.generation.card import Dataset, write_card
from utils.records import Claim, Evidence, Message, Provenance, Sample, SampleMetadata, write_jsonl

COUNTS = {"by_split": {"train": 1, "val": 1, "test": 1}, "by_language": {"en": 3}, "by_task": {"code_location": 3}}
VALUES = ["src/m.py", 7, [1, 3, "def f(): ..."], None]


def sample(number: int) -> Sample:
    metadata = SampleMetadata(
        id=str(number),
        task="code_location",
        language="en",
        direction="forward",
        fact="location:m.f",
        wording=f"location/en/{number:02d}",
        probe=None if number else "unseen_wording",
        claims=[Claim("defined_in", "m.f", value) for value in VALUES],
        evidence=[Evidence("src/m.py", 1, 3)] if number else [],
        commit="c0ffee",
    )
    return Sample([Message("user", "Where is `m.f`?"), Message("assistant", "In `src/m.py`.")], metadata)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, split in enumerate(("train", "val", "test")):
        write_jsonl(tmp_path / f"{split}.jsonl", [sample(number)])
    provenance = Provenance("https://example.org/m", "c0ffee", False, "1.0")
    write_card(tmp_path, Dataset("m", provenance, "MIT", "LICENSE", COUNTS, {"split: held_out": 2}, 42))
    return tmp_path


def front_matter(folder: Path) -> dict[str, object]:
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def test_metadata_tells_licence_commit_and_counts(folder: Path) -> None:
    told = json.loads((folder / "metadata.json").read_text())
    assert told["license"] == "MIT"
    assert told["repository"]["commit"] == "c0ffee"
    assert told["samples"] == 3
    assert told["drops"] == {"split: held_out": 2}
    assert front_matter(folder)["license"] == "mit"


def test_a_licence_the_hub_does_not_know_is_named_as_other(folder: Path) -> None:
    provenance = Provenance("x", None, True, "1.0")
    write_card(folder, Dataset("m", provenance, "LicenseRef-Own", None, COUNTS, {}, 42))
    assert front_matter(folder)["license"] == "other"
    assert "with local changes" in (folder / "README.md").read_text()


def test_the_folder_loads_as_a_dataset_with_claims_of_every_type(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(folder), cache_dir=str(folder / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 1, "validation": 1, "test": 1}
    row = loaded["validation"][0]
    assert row["messages"][1]["content"] == "In `src/m.py`."
    assert [claim["value"] for claim in row["metadata"]["claims"]] == VALUES
    assert row["metadata"]["evidence"] == [{"path": "src/m.py", "start_line": 1, "end_line": 3}]
