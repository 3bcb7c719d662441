"""Questions of the user's own."""

from __future__ import annotations

from pathlib import Path

from utils.evaluation.questions import read_own_questions


def test_a_line_is_what_ends_with_a_newline(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text('{"question": "What does\u2028`f` do?"}\n\n{"question": "And\x85`g`?"}\n', encoding="utf-8")
    asked = [question.messages[-1].content for question in read_own_questions(own)]
    assert asked == ["What does\u2028`f` do?", "And\x85`g`?"]
