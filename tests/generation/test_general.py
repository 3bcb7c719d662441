"""General knowledge: true of the standard library, worded as ours, and a user's own dataset read with care."""

from __future__ import annotations

import inspect
import json
from itertools import islice
from pathlib import Path

import pytest

from utils.console import UserError
from utils.generation.general import REPLAYED, dataset_samples, general_samples
from utils.generation.stdlib import stdlib_elements
from utils.generation.templates import load_voice
from utils.generation.verify import Verifier


def test_the_standard_library_is_read_as_python_itself_sees_it() -> None:
    elements = {element.id: element for element in stdlib_elements()}
    element = elements["json.decoder.JSONDecoder.raw_decode"]
    assert (element.path, element.kind) == ("json/decoder.py", "method")
    assert element.line == inspect.getsourcelines(json.JSONDecoder.raw_decode)[1]
    assert [parameter.name for parameter in element.parameters] == ["self", "s", "idx"]
    assert not any(part.startswith("_") for element in elements.values() for part in element.name.split("."))


def test_train_and_test_wordings_are_kept_apart() -> None:
    voice = load_voice("en")
    for split in ("train", "test"):
        for sample in general_samples(200, 1, ["en"], split):  # type: ignore[arg-type]
            family, _, number = sample.metadata.wording.split("/")
            assert (int(number) in voice.tests[family]) == (split == "test")


def test_every_sample_names_the_library_and_says_what_it_claims() -> None:
    for sample in general_samples(400, 1, ["en", "zh"]):
        question, answer = (message.content for message in sample.messages)
        assert load_voice(sample.metadata.language).words["stdlib"] in question
        assert sample.metadata.claims
        assert all(claim.value in answer for claim in sample.metadata.claims), sample


def test_what_is_said_of_the_library_is_proven_from_its_source(tmp_path: Path) -> None:
    verifier = Verifier(tmp_path, "shop")
    assert [reasons for sample in general_samples(250, 3, ["en", "zh"]) if (reasons := verifier.check(sample))] == []


def test_a_longer_run_begins_with_the_shorter_one() -> None:
    short, long = ([s.metadata.id for s in general_samples(limit, 7, ["en"])] for limit in (50, 120))
    assert long[:50] == short


def test_a_dataset_of_the_users_own_is_read_in_both_forms(tmp_path: Path) -> None:
    path = tmp_path / "general.jsonl"
    rows = [
        {"prompt": "2 + 2?", "completion": "4"},
        {"messages": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好！"}]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    samples = list(dataset_samples(path, 10, 1))
    assert {sample.metadata.language for sample in samples} == {"en", "zh"}
    assert {sample.messages[-1].content for sample in samples} == {"4", "你好！"}
    assert len(list(islice(dataset_samples(path, 1, 1), 5))) == 1


@pytest.mark.parametrize("row", ['{"question": "x"}', "not json", '{"messages": [{"role": "user", "content": "x"}]}'])
def test_a_row_of_another_shape_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "general.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n' + row, encoding="utf-8")
    with pytest.raises(UserError, match="line 2"):
        list(dataset_samples(path, 10, 1))


def test_what_is_only_to_be_kept_is_asked_broadly() -> None:
    facts = {
        exposures: {sample.metadata.fact for sample in general_samples(200, 1, ["en", "zh"], exposures=exposures)}
        for exposures in (REPLAYED, 8)
    }
    assert len(facts[REPLAYED]) > 3 * len(facts[8])
    assert facts[8] < facts[REPLAYED]
