"""The answer cache: what was answered once is kept, whatever happens to the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from utils.console import UserError
from utils.evaluation.answering import Answer
from utils.evaluation.cache import AnswerCache
from utils.records import Message


class Parrot:
    """An answerer that repeats the question, last question first, and counts how often it is asked."""

    def __init__(self, name: str = "parrot") -> None:
        self.identity: dict[str, Any] = {"model": name}
        self.asked: list[str] = []

    def prompt_key(self, messages: Sequence[Message]) -> str:
        return messages[-1].content

    def answer(self, prompts: Sequence[Sequence[Message]]) -> Iterator[tuple[int, Answer]]:
        for index in reversed(range(len(prompts))):
            text = prompts[index][-1].content
            self.asked.append(text)
            yield index, Answer(text, 1, True)


def ask(cache: AnswerCache, parrot: Any, texts: list[str], again: bool = False) -> dict[int, str]:
    prompts = [[Message("user", text)] for text in texts]
    return {index: answer.text for index, answer, _ in cache.ask(parrot, prompts, again)}


def test_every_prompt_gets_its_own_answer_and_equal_ones_are_asked_once(tmp_path: Path) -> None:
    parrot = Parrot()
    assert ask(AnswerCache(tmp_path / "c.jsonl"), parrot, ["a", "b", "a"]) == {0: "a", 1: "b", 2: "a"}
    assert sorted(parrot.asked) == ["a", "b"]


def test_a_second_run_asks_only_what_is_new(tmp_path: Path) -> None:
    ask(AnswerCache(tmp_path / "c.jsonl"), Parrot(), ["a", "b"])
    parrot = Parrot()
    assert ask(AnswerCache(tmp_path / "c.jsonl"), parrot, ["a", "b", "c"]) == {0: "a", 1: "b", 2: "c"}
    assert parrot.asked == ["c"]
    assert ask(AnswerCache(tmp_path / "c.jsonl"), parrot, ["a"], again=True) == {0: "a"}
    assert parrot.asked == ["c", "a"]


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    cache, other = AnswerCache(tmp_path / "c.jsonl"), Parrot("other")
    ask(cache, Parrot(), ["a"])
    ask(cache, other, ["a"])
    assert other.asked == ["a"]


@pytest.mark.parametrize("kept", [1, 15, -1])
def test_a_torn_last_line_is_forgotten_and_nothing_else(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "c.jsonl"
    ask(AnswerCache(path), Parrot(), ["a", "b", "c"])
    *whole, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole) + last[:kept])
    cache, parrot = AnswerCache(path), Parrot()
    assert len(cache) == 2
    assert ask(cache, parrot, ["a", "b", "c"]) == {0: "a", 1: "b", 2: "c"}
    assert len(parrot.asked) == 1
    assert len(AnswerCache(path)) == 3


def test_answers_given_before_an_interruption_are_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    stream = AnswerCache(path).ask(Parrot(), [[Message("user", text)] for text in "abc"])  # type: ignore[arg-type]
    next(stream)
    assert len(AnswerCache(path)) == 1


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text("hello\n")
    with pytest.raises(UserError, match=r"c\.jsonl"):
        AnswerCache(path)
