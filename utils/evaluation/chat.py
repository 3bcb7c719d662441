"""Asking the fine-tuned model: one conversation, streamed to the terminal, every answer kept.

What a model writes is data: control characters are made visible, so that no answer can move the user's cursor or
rewrite the screen.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Generator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from utils.config_manager import Config
from utils.console import UserError, fail, relative
from utils.evaluation.answering import Answerer, server_model
from utils.evaluation.finetuned import finetuned_source
from utils.records import Message

COMMANDS = {"/help": "list these commands", "/reset": "forget the conversation so far", "/quit": "leave (also Ctrl-D)"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HISTORY_LINES = 1000


class Exchange(msgspec.Struct):
    """One line of answers.jsonl. `turn` counts from 1 within a conversation; `complete`: not stopped by the user."""

    time: str
    repository: str
    model: dict[str, Any]
    conversation: str
    turn: int
    question: str
    answer: str
    complete: bool
    seconds: float


class Conversation:
    """The turns so far, and the file that keeps them. Nothing is loaded before the first question."""

    def __init__(self, answerer: Answerer, repository: str, log: Path, max_new_tokens: int) -> None:
        self._answerer, self._repository, self._log, self._reserve = answerer, repository, log, max_new_tokens
        self.reset()

    def reset(self) -> None:
        """Forget the turns so far."""
        self._messages: list[Message] = []
        self._started, self._turn = _now(), 0

    def ask(self, question: str) -> Generator[str, None, None]:
        """The answer in printable pieces, as it is written; kept in the log when it ends or is broken off."""
        question = question.encode("utf-8", "replace").decode("utf-8").strip()
        self._turn += 1
        self._messages.append(Message("user", question))
        self._forget_what_does_not_fit()
        pieces: list[str] = []
        started = time.monotonic()
        stream = self._answerer.stream(self._messages)
        try:
            for piece in stream:
                pieces.append(piece)
                if shown := printable(piece):
                    yield shown
        except Exception:
            self._messages.pop()  # no model answered: as if it had not been asked
            self._turn -= 1
            raise
        except BaseException:  # the user had read enough
            if isinstance(stream, Generator):
                stream.close()  # a model that nobody listens to any more must stop writing
            self._remember(question, pieces, started, complete=False)
            raise
        self._remember(question, pieces, started, complete=True)

    def _remember(self, question: str, pieces: list[str], started: float, complete: bool) -> None:
        answer = "".join(pieces).strip()
        self._messages.append(Message("assistant", answer))
        exchange = Exchange(
            time=_now(),
            repository=self._repository,
            model=self._answerer.identity,
            conversation=self._started,
            turn=self._turn,
            question=question,
            answer=answer,
            complete=complete,
            seconds=round(time.monotonic() - started, 2),
        )
        keep(self._log, exchange)

    def _forget_what_does_not_fit(self) -> None:
        """Drop the oldest question and answer until the rest leaves room for the next answer."""
        context = self._answerer.context
        while (
            context is not None
            and len(self._messages) > 2
            and self._answerer.prompt_tokens(self._messages) + self._reserve > context
        ):
            del self._messages[:2]


def keep(log: Path, exchange: Exchange) -> None:
    """Append one line and see it to the disk; a line that an earlier crash cut short is ended first."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a+b") as stream:
        torn = stream.tell() > 0 and _last_byte(log) != b"\n"
        stream.write(b"\n" * torn + msgspec.json.encode(exchange) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def printable(text: str) -> str:
    """`text` with control characters other than line feed and tab shown as U+FFFD."""
    return _CONTROL.sub("\ufffd", text)


def introduce(config: Config) -> str:
    """One line: which model answers, about which repository."""
    settings = config.evaluation
    if settings.server is not None:
        return f"{config.repo_name}: {server_model(settings, 'finetuned')} at {settings.server} answers"
    merged, adapter, _ = finetuned_source(config)
    if merged is not None:
        return f"{config.repo_name}: {config.model.base}, fine-tuned and merged in {relative(merged)}, answers"
    merge = config.command("04_merge_weights")
    return (
        f"{config.repo_name}: {config.model.base} with the adapter in {relative(adapter or config.adapter_dir)} "
        f"answers (not merged; to make one model of them run: {merge})"
    )


def chat(conversation: Conversation, history: Path) -> None:
    """Questions from the terminal, or one per line from a pipe, until /quit or the end of input.

    Ctrl-C breaks off an answer; at the prompt it leaves. A question that cannot be answered says why and is no turn.
    """
    terminal = sys.stdin.isatty()
    read = _line_editor(history) if terminal else (lambda: next(sys.stdin, None))
    if terminal:
        print("ask away; /help lists the commands")
    while (line := read()) is not None:
        question = line.strip()
        if re.fullmatch(r"/\w*", question):
            if question in ("/quit", "/exit"):
                return
            print(_obey(question, conversation))
        elif question:
            try:
                show(conversation.ask(question), stoppable=terminal)
            except UserError as error:  # of this one question, or of a server that may come back
                fail(str(error))


def show(pieces: Generator[str, None, None], stoppable: bool = False) -> None:
    """Print an answer as it comes. `stoppable`: Ctrl-C ends the answer and not the program."""
    begun = False
    try:
        for piece in pieces:
            print(piece if begun else piece.lstrip(), end="", flush=True)
            begun = begun or bool(piece.strip())
        print(flush=True)
    except KeyboardInterrupt:
        pieces.close()
        print(" … (stopped)", flush=True)
        if not stoppable:
            raise


def _obey(command: str, conversation: Conversation) -> str:
    if command == "/reset":
        conversation.reset()
        return "the conversation starts anew"
    listed = "\n".join(f"  {name:8}{meaning}" for name, meaning in COMMANDS.items())
    return listed if command == "/help" else f"there is no command {command}\n{listed}"


def _line_editor(history: Path) -> Callable[[], str | None]:
    """A prompt with editing keys, and with the questions of earlier sessions on the arrow keys."""
    import readline

    history.parent.mkdir(parents=True, exist_ok=True)
    if history.is_file():
        readline.read_history_file(history)
    readline.set_history_length(HISTORY_LINES)

    def read() -> str | None:
        try:
            line = input("\n> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return None
        readline.write_history_file(history)
        return line

    return read


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
