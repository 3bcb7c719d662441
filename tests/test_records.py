"""Records survive the way to disk and back, and refuse rows of another shape."""

from pathlib import Path

import msgspec
import pytest

from utils.records import (
    Analysis,
    Claim,
    CodeElement,
    Evidence,
    Message,
    Parameter,
    Project,
    Provenance,
    Sample,
    SampleMetadata,
    Statistics,
    read_jsonl,
    split_fact,
    write_jsonl,
)

ELEMENT = CodeElement(
    id="pkg.mod.f",
    kind="function",
    name="f",
    module="pkg.mod",
    parent="pkg.mod",
    language="python",
    path="src/pkg/mod.py",
    start_line=1,
    line=2,
    end_line=3,
    signature="def f(a, /, *b: int)",
    parameters=[Parameter("a", "positional_only"), Parameter("b", "var_positional", "int")],
)
SAMPLE = Sample(
    [Message("user", "在 demo 中，f 定义在哪里？"), Message("assistant", "`src/pkg/mod.py`")],
    SampleMetadata(
        "1", "code_location", "zh", "forward", "location:pkg.mod.f", "where/01", None,
        [Claim("spans", "pkg.mod.f", [1, 3])], [Evidence("src/pkg/mod.py", 1, 3)], None,
    ),
)  # fmt: skip


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    for name, record in (("elements", ELEMENT), ("samples", SAMPLE)):
        assert write_jsonl(tmp_path / name, [record, record]) == 2
        assert list(read_jsonl(tmp_path / name, type(record))) == [record, record]


def test_a_sample_row_is_what_trainers_read(tmp_path: Path) -> None:
    row = msgspec.to_builtins(SAMPLE)
    assert row["messages"][1] == {"role": "assistant", "content": "`src/pkg/mod.py`"}


def test_a_row_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text('{"messages": "no"}\n')
    with pytest.raises(msgspec.ValidationError):
        list(read_jsonl(tmp_path / "rows", Sample))


def test_analysis_round_trips() -> None:
    provenance = Provenance("u", None, False, "0")
    graph = {"a": ["b"]}
    analysis = Analysis("analysis/1", provenance, Project("p"), Statistics(), [], [], graph, {}, {}, [], [])
    assert msgspec.json.decode(msgspec.json.encode(analysis), type=Analysis) == analysis


def test_a_fact_splits_into_family_and_subject() -> None:
    assert split_fact("location:pkg.mod.f") == ("location", "pkg.mod.f")
