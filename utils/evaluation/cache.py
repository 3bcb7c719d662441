"""Answers already given: an append-only file that a killed run leaves usable.

One JSON line per answer, flushed as it is written. A last line that was torn by a kill is cut off when the file is
opened, so that the next answer starts a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from utils.console import UserError, relative
from utils.evaluation.answering import Answer, Answerer, answer_key
from utils.records import Message


class CachedAnswer(msgspec.Struct):
    """One line: the hash of model, prompt and settings, and the answer."""

    key: str
    answer: Answer


class AnswerCache:
    """The answers kept in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answers: dict[str, Answer] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        decoder = msgspec.json.Decoder(CachedAnswer)
        with path.open("rb+") as stream:
            whole = 0
            for line in stream:
                if not line.endswith(b"\n"):
                    stream.truncate(whole)
                    break
                whole += len(line)
                try:
                    row = decoder.decode(line)
                except msgspec.DecodeError:
                    raise UserError(f"{relative(path)} holds a line that is no answer; delete that file") from None
                self._answers[row.key] = row.answer

    def __len__(self) -> int:
        return len(self._answers)

    def ask(
        self, answerer: Answerer, prompts: Sequence[Sequence[Message]], again: bool = False
    ) -> Iterator[tuple[int, Answer, bool]]:
        """(index, answer, was it kept from before) for every prompt; equal prompts are asked once.

        `again` asks even where an answer is known.
        """
        waiting: dict[str, list[int]] = {}
        for index, messages in enumerate(prompts):
            key = answer_key(answerer, messages)
            if key in self._answers and not again:
                yield index, self._answers[key], True
            else:
                waiting.setdefault(key, []).append(index)
        keys = list(waiting)
        if not keys:
            return
        with self._path.open("ab") as stream:
            for position, answer in answerer.answer([prompts[waiting[key][0]] for key in keys]):
                key = keys[position]
                stream.write(msgspec.json.encode(CachedAnswer(key, answer)) + b"\n")
                stream.flush()
                self._answers[key] = answer
                for index in waiting[key]:
                    yield index, answer, False
