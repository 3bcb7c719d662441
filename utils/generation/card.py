"""The dataset folder's own description: README.md, a Hugging Face dataset card, and metadata.json.

The card's front matter names the three files and the type of every column (a claim's value may be text, a number or a
list, which no reader could infer), so that `datasets.load_dataset(folder)` works as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from utils.records import DATASET_SCHEMA, Provenance, Sample

SPLITS = {"train": "train.jsonl", "validation": "val.jsonl", "test": "test.jsonl"}
HUB_LICENSES = frozenset(
    {
        "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "isc", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0",
        "agpl-3.0", "mpl-2.0", "unlicense", "cc0-1.0", "bsl-1.0", "epl-2.0", "zlib", "wtfpl", "postgresql", "ncsa",
        "osl-3.0",
    }
)  # fmt: skip
EXAMPLE_LENGTH = 1200  # characters of one message in the card's example


class Dataset(NamedTuple):
    """What a card tells. `counts` maps by_split, by_task, by_language and by_probe to {name: samples}; `license_id` is
    the analysed repository's, as it declares it (SPDX), for the samples quote its source."""

    name: str
    provenance: Provenance
    license_id: str | None
    license_path: str | None
    counts: Mapping[str, Mapping[str, int]]
    drops: Mapping[str, int]
    seed: int


def write_card(folder: Path, dataset: Dataset) -> None:
    """Write README.md and metadata.json beside train.jsonl, val.jsonl and test.jsonl."""
    provenance, counts = dataset.provenance, dataset.counts
    described = {
        "schema": DATASET_SCHEMA,
        "repository": {
            "name": dataset.name,
            "url": provenance.url,
            "commit": provenance.commit,
            "dirty": provenance.dirty,
        },
        "license": dataset.license_id,
        "license_path": dataset.license_path,
        "tool_version": provenance.tool_version,
        "seed": dataset.seed,
        "samples": sum(counts.get("by_split", {}).values()),
        **{key: dict(value) for key, value in counts.items()},
        "drops": dict(sorted(dataset.drops.items())),
    }
    (folder / "metadata.json").write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n")
    header = yaml.safe_dump(_front_matter(folder, dataset), sort_keys=False, allow_unicode=True)
    text = f"---\n{header}---\n\n{_body(folder, dataset)}"
    (folder / "README.md").write_text(text, encoding="utf-8")


def _front_matter(folder: Path, dataset: Dataset) -> dict[str, Any]:
    counts = dataset.counts
    present = {split: file for split, file in SPLITS.items() if (folder / file).is_file()}
    filled = {split: file for split, file in present.items() if (folder / file).stat().st_size}
    return {
        "pretty_name": f"What {dataset.name} is made of",
        "language": sorted(counts.get("by_language", {})),
        **_license(dataset.license_id),
        "task_categories": ["question-answering", "text-generation"],
        "tags": ["code", "repository", "verified", dataset.name],
        "size_categories": [_size(sum(counts.get("by_split", {}).values()))],
        "configs": [
            {"config_name": "default", "data_files": [{"split": key, "path": file} for key, file in filled.items()]}
        ],
        "dataset_info": {"features": FEATURES},
    }


def _license(license_id: str | None) -> dict[str, str]:
    if license_id is None:
        return {"license": "unknown"}
    if license_id.lower() in HUB_LICENSES:
        return {"license": license_id.lower()}
    return {"license": "other", "license_name": license_id}


def _size(samples: int) -> str:
    limits = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
    return next((words for limit, words in limits if samples < limit), "n>1M")


def _body(folder: Path, dataset: Dataset) -> str:
    name, provenance, license_id, license_path, counts, drops, _ = dataset
    state = f"commit `{provenance.commit}`" if provenance.commit else "no commit (the folder is no git checkout)"
    changed = ", with local changes" if provenance.dirty else ""
    where = f" (`{license_path}`)" if license_path else ""
    parts = [
        f"# What {name} is made of",
        f"Questions and answers about the repository `{name}` ({provenance.url}), {state}{changed}. Every answer lists "
        "the claims it makes (`metadata.claims`), and each was proven against the source when the dataset was made; "
        "no language model wrote or judged any of it.",
        f"Licence of the repository, whose source the samples quote: {license_id or 'none declared'}{where}.",
        '```python\nfrom datasets import load_dataset\n\ndataset = load_dataset("path/to/this/folder")\n```',
        *(
            _table(title, counts.get(key, {}))
            for title, key in (
                ("Split", "by_split"),
                ("Task", "by_task"),
                ("Language", "by_language"),
                ("Probe", "by_probe"),
            )
        ),
        _table("Left out because", dict(sorted(drops.items()))),
        _example(folder / SPLITS["train"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(title: str, rows: Mapping[str, int]) -> str:
    if not rows:
        return ""
    return "\n".join([f"| {title} | samples |", "|---|---:|", *(f"| {key} | {count} |" for key, count in rows.items())])


def _example(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        first = stream.readline()
    if not first.strip():
        return ""
    sample = msgspec.json.decode(first, type=Sample)
    turns = (f"`````text\n{each.role}: {each.content[:EXAMPLE_LENGTH]}\n`````" for each in sample.messages)
    return "One training sample:\n\n" + "\n\n".join(turns)


def _columns(names: str, dtype: str = "string") -> list[dict[str, Any]]:
    return [{"name": name, "dtype": dtype} for name in names.split()]


FEATURES: list[dict[str, Any]] = [
    {"name": "messages", "list": _columns("role content reasoning_content")},
    {
        "name": "metadata",
        "struct": [
            *_columns("id task language direction fact wording probe"),
            {"name": "claims", "list": [*_columns("kind subject"), *_columns("value", "json")]},
            {"name": "evidence", "list": [*_columns("path"), *_columns("start_line end_line", "int64")]},
            *_columns("commit"),
        ],
    },
]
