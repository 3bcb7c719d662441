"""Asking: one answer or a conversation, printed safely and kept."""

from __future__ import annotations

import importlib.util
import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import save_base
from tests.training.tiny_merge import make_run, save_config
from utils.artifacts import ArtifactWriter, open_artifact
from utils.config_manager import Config
from utils.console import ROOT, UserError
from utils.evaluation.chat import Conversation, Exchange, chat, printable, show
from utils.evaluation.finetuned import finetuned_source
from utils.model_io import base_identity
from utils.records import ADAPTER_SCHEMA, MERGED_SCHEMA, Message, read_jsonl

SCRIPT = ROOT / "scripts" / "06_chat.py"


class Parrot:
    """An answerer that repeats how many messages it was given and the last one, word by word."""

    identity = {"model": "parrot"}
    context: int | None = None

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages)

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        yield f"{len(messages)}:"
        for word in messages[-1].content.split():
            yield f" {word}"


def conversation(folder: Path, answerer: Any = None) -> Conversation:
    return Conversation(answerer or Parrot(), "repo", folder / "answers.jsonl", max_new_tokens=10)


def kept(folder: Path) -> list[Exchange]:
    return list(read_jsonl(folder / "answers.jsonl", Exchange))


def script() -> Any:
    spec = importlib.util.spec_from_file_location("chat_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_turns_build_on_each_other_until_reset(tmp_path: Path) -> None:
    talk = conversation(tmp_path)
    assert "".join(talk.ask("first")) == "1: first"
    assert "".join(talk.ask("second")) == "3: second"
    talk.reset()
    assert "".join(talk.ask("third")) == "1: third"
    rows = kept(tmp_path)
    assert [(row.question, row.answer, row.turn, row.complete) for row in rows] == [
        ("first", "1: first", 1, True),
        ("second", "3: second", 2, True),
        ("third", "1: third", 1, True),
    ]
    assert rows[0].conversation == rows[1].conversation != rows[2].conversation
    assert rows[0].model == {"model": "parrot"}


def test_the_oldest_turns_make_room(tmp_path: Path) -> None:
    answerer = Parrot()
    answerer.context = 50
    talk = conversation(tmp_path, answerer)
    assert "".join(talk.ask("a" * 10)).startswith("1:")
    assert "".join(talk.ask("b" * 10)).startswith("3:")
    assert "".join(talk.ask("c" * 10)).startswith("3:")


def test_an_answer_broken_off_is_kept_as_such(tmp_path: Path) -> None:
    talk = conversation(tmp_path)
    pieces = talk.ask("one two three")
    assert [next(pieces), next(pieces)] == ["1:", " one"]
    pieces.close()
    assert [(row.answer, row.complete) for row in kept(tmp_path)] == [("1: one", False)]
    assert "".join(talk.ask("and now")) == "3: and now"


def test_a_question_that_no_model_could_answer_is_not_kept(tmp_path: Path) -> None:
    class Down(Parrot):
        def stream(self, messages: Sequence[Message]) -> Iterator[str]:
            raise UserError("the server is down")

    with pytest.raises(UserError, match="down"):
        "".join(conversation(tmp_path, Down()).ask("anyone?"))
    assert not (tmp_path / "answers.jsonl").exists()


def test_a_line_torn_by_a_crash_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_bytes(b'{"time": "2026')
    "".join(conversation(tmp_path).ask("q"))
    torn, whole = (tmp_path / "answers.jsonl").read_bytes().splitlines()
    assert torn == b'{"time": "2026'
    assert b'"question":"q"' in whole


def test_control_characters_never_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(conversation(tmp_path).ask("\x1b[2Jgone \r\x07bell"))
    assert capsys.readouterr().out == "1: \ufffd[2Jgone \ufffdbell\n"
    assert kept(tmp_path)[0].answer == "1: \x1b[2Jgone \x07bell"
    assert printable("tab\tline\n中文 é") == "tab\tline\n中文 é"


def test_a_question_that_is_not_unicode_is_asked_all_the_same(tmp_path: Path) -> None:
    assert "".join(conversation(tmp_path).ask("wo liegt \udcff")) == "1: wo liegt ?"


def test_questions_and_commands_come_from_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n\n/reset\n/jump\n/etc/passwd is what?\n/help\n/quit\nnever\n"))
    chat(conversation(tmp_path), tmp_path / "history")
    out = capsys.readouterr().out
    assert [row.question for row in kept(tmp_path)] == ["one", "/etc/passwd is what?"]
    assert "there is no command /jump" in out
    assert "the conversation starts anew" in out
    assert out.count("/quit   leave") == 2


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("evaluation.max_new_tokens=5", True),
        ("seed=3", True),
        ("x=3", False),
        ("Is evalution.x=3 a setting?", False),
        ("total.x=3 in cart.py?", False),
        ("what does seed = 3 do?", False),
        ("Is model=None allowed?", False),
    ],
)
def test_settings_are_told_from_questions(word: str, expected: bool) -> None:
    assert script().is_override(word) == expected


def test_a_misspelt_setting_is_no_question() -> None:
    with pytest.raises(
        UserError, match=r"evalution\.max_new_tokens is not a setting \(did you mean evaluation\.max_new"
    ):
        script().is_override("evalution.max_new_tokens=5")
    with pytest.raises(UserError, match="quotation marks"):
        script().is_override("x.y=z")


def test_a_refused_question_does_not_end_the_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Fussy(Parrot):
        def stream(self, messages: Sequence[Message]) -> Iterator[str]:
            if messages[-1].content == "two":
                raise UserError("the server answered 400: too long")
            yield from super().stream(messages)

    monkeypatch.setattr(sys, "stdin", io.StringIO("one\ntwo\nthree\n"))
    chat(conversation(tmp_path, Fussy()), tmp_path / "history")
    assert [(row.question, row.answer) for row in kept(tmp_path)] == [("one", "1: one"), ("three", "3: three")]
    assert capsys.readouterr().err == "error: the server answered 400: too long\n"


def test_a_server_without_a_named_model_is_refused_before_anything_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("repository: {url: ., name: shop}\nevaluation: {server: http://localhost:1/v1}\n")
    with pytest.raises(UserError, match="server_finetuned_model"):
        script().main(["--config", str(config)])
    assert "None" not in capsys.readouterr().out


def test_one_question_is_answered_by_base_and_adapter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = make_run(tmp_path, save_base(tmp_path / "base"))
    yaml = save_config(tmp_path / "config.yaml", config)
    assert script().main(["--config", str(yaml), "Where is f?", "evaluation.max_new_tokens=4"]) == 0
    (first,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("06 chat")]
    assert first.startswith(f"06 chat: tiny: {tmp_path}/base with the adapter in {config.adapter_dir} answers")
    assert "not merged" in first
    (row,) = kept(config.chat_dir)
    assert (row.question, row.repository, row.model["max_new_tokens"]) == ("Where is f?", "tiny", 4)


def test_without_a_model_the_sentence_says_what_to_run(tmp_path: Path) -> None:
    config = make_run(tmp_path, save_base(tmp_path / "base"))
    config = config.replaced(paths=config.paths.replaced(output=str(tmp_path / "empty")))
    with pytest.raises(UserError, match=r"no fine-tuned model in .*; run: python .*03_train_model\.py"):
        script().main(["--config", str(save_config(tmp_path / "config.yaml", config)), "Where?"])


def test_a_model_merged_from_another_adapter_is_not_asked(tmp_path: Path) -> None:
    config = make_run(tmp_path, save_base(tmp_path / "base"))
    merge_from(config, "an older adapter")
    with pytest.raises(UserError, match=r"was merged from another adapter than .*04_merge_weights\.py"):
        finetuned_source(config)
    merge_from(config, open_artifact(config.adapter_dir, ADAPTER_SCHEMA, "03").digest())
    assert finetuned_source(config)[:2] == (config.merged_dir, None)


def merge_from(config: Config, adapter: str) -> None:
    with ArtifactWriter(config.merged_dir, MERGED_SCHEMA, {}, {"adapter": adapter}) as writer:
        save_base(writer.path)
        writer.commit(counts={}, seconds=0.0, base_model=base_identity(config.model))


DEADLINE = 600.0  # seconds: far beyond what any answer takes, also on a busy machine


class Terminal:
    """A real terminal with 06 on it, which gives way to its reader: no answer is over before it can be stopped."""

    def __init__(self, *options: str) -> None:
        self.primary, secondary = pty.openpty()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "dumb"}
        command = ["nice", "-n", "19", sys.executable, str(SCRIPT), *options]
        outer = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        self.process = subprocess.Popen(
            command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment, start_new_session=True
        )
        signal.signal(signal.SIGINT, outer)
        os.close(secondary)
        self.text = ""

    def until(self, reached: Callable[[], bool]) -> None:
        """Read what is shown until `reached`."""
        deadline = time.monotonic() + DEADLINE
        while not reached():
            assert time.monotonic() < deadline, self.text
            if select.select([self.primary], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.primary, 1 << 16).decode("utf-8", "replace")
                except OSError:  # the program has left its terminal
                    time.sleep(0.05)

    def type(self, text: str) -> None:
        """Type `text` at the prompt: until it is shown the terminal edits lines itself and drops Ctrl-D on the way."""
        self.until(lambda: self.text.endswith("\n> "))
        self.text = ""
        os.write(self.primary, text.encode())


@pytest.mark.slow
def test_a_conversation_on_a_terminal(tmp_path: Path) -> None:
    config = make_run(tmp_path, save_base(tmp_path / "base"))
    yaml = save_config(tmp_path / "config.yaml", config)
    log = config.chat_dir / "answers.jsonl"

    def rows() -> int:
        return log.read_bytes().count(b"\n") if log.exists() else 0

    terminal = Terminal("--config", str(yaml), "evaluation.max_new_tokens=450")
    terminal.type("/help\n")
    terminal.until(lambda: "forget the conversation" in terminal.text)
    terminal.type("Where is f?\n")
    terminal.until(lambda: rows() == 1)
    terminal.type("\x1b[A\x01And \n")  # the line before, with a word put in front
    terminal.until(lambda: rows() == 2)
    terminal.type("tell me more\n")
    terminal.until(lambda: len(terminal.text) > 30)
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.until(lambda: "(stopped)" in terminal.text)
    terminal.type("\x04")
    terminal.until(lambda: terminal.process.poll() is not None)
    assert terminal.process.returncode == 0, terminal.text
    assert "Traceback" not in terminal.text
    assert [(row.question, row.complete) for row in kept(config.chat_dir)] == [
        ("Where is f?", True),
        ("And Where is f?", True),
        ("tell me more", False),
    ]
