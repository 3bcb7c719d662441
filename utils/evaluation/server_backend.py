"""The other backend: any server that speaks OpenAI's chat completions (vLLM, SGLang, `transformers serve`, …)."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from utils.artifacts import canonical_json, sha256_text
from utils.console import UserError
from utils.evaluation.answering import Answer
from utils.records import Message

TIMEOUT = 600.0  # seconds without a byte; a long answer of a busy server is no fault
BYTES_PER_TOKEN = 3  # of UTF-8, on the safe side for English, code and Chinese


class ServerAnswerer:
    """A model behind `address` (`http://host:port/v1`), asked with at most `concurrency` requests at a time.

    `weights` is the digest of the model it is said to serve, where that is known here. Every fault of the server is a
    `UserError` that names the address: unreachable, unknown model, no JSON.
    """

    def __init__(
        self, address: str, model: str, max_new_tokens: int, concurrency: int, weights: str | None = None
    ) -> None:
        if urlsplit(address).scheme not in ("http", "https"):
            raise UserError(f"evaluation.server: {address!r} is no http address, e.g. http://localhost:8000/v1")
        self._address = address.rstrip("/")
        self._name = model
        self._max_new_tokens = max_new_tokens
        self._concurrency = concurrency
        self._weights = weights

    @property
    def identity(self) -> dict[str, Any]:
        """Address, model name and limit; a server does not say which weights it holds, so whoever knows them does."""
        return {
            "backend": "server",
            "address": self._address,
            "model": self._name,
            "max_new_tokens": self._max_new_tokens,
            "weights": self._weights,
        }

    def prompt_key(self, messages: Sequence[Message]) -> str:
        """A hash of the messages."""
        return sha256_text(canonical_json(_rows(messages)))

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """An estimate from the number of bytes."""
        return sum(len(message.content.encode()) // BYTES_PER_TOKEN + 8 for message in messages)

    @property
    def context(self) -> int | None:
        """Not known."""
        return None

    def answer(self, prompts: Sequence[Sequence[Message]]) -> Iterator[tuple[int, Answer]]:
        """(index, answer) as they arrive."""
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            waiting = {pool.submit(self._ask, messages): index for index, messages in enumerate(prompts)}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        """One answer, in the pieces the server sends."""
        with self._open(self._body(messages) | {"stream": True}) as response:
            for line in response:
                data = line.strip().removeprefix(b"data:").strip()
                if line.startswith(b"data:") and data != b"[DONE]":
                    choices = self._parse(data).get("choices") or [{}]
                    yield _unicode((choices[0].get("delta") or {}).get("content") or "")

    def perplexity(self) -> float | None:
        """Not to be had over chat completions."""
        return None

    def close(self) -> None:
        """Nothing to give back: the server is the user's."""

    def _ask(self, messages: Sequence[Message]) -> Answer:
        with self._open(self._body(messages)) as response:
            reply = self._parse(response.read())
        try:
            choice = reply["choices"][0]
            text = choice["message"].get("content") or ""
            ended = choice.get("finish_reason") != "length"
            tokens = (reply.get("usage") or {}).get("completion_tokens", 0)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise UserError(
                f"the server at {self._address} sent no chat completion but {json.dumps(reply)[:200]}; "
                "is it an OpenAI-compatible server?"
            ) from None
        return Answer(without_thinking(_unicode(text)), tokens, ended)

    def _offer(self) -> str:
        """What the server says it has, as the end of a sentence; empty where it does not say."""
        try:
            with urllib.request.urlopen(self._address + "/models", timeout=10) as response:
                names = [str(row["id"]) for row in json.loads(response.read())["data"]]
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
            return ""
        return f"; it has: {', '.join(names[:8])}" if names else ""

    def _body(self, messages: Sequence[Message]) -> dict[str, Any]:
        return {
            "model": self._name,
            "messages": _rows(messages),
            "max_tokens": self._max_new_tokens,
            "temperature": 0.0,
            "chat_template_kwargs": {"enable_thinking": False},
        }

    @contextmanager
    def _open(self, body: dict[str, Any]) -> Iterator[http.client.HTTPResponse]:
        request = urllib.request.Request(
            self._address + "/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                yield response
        except urllib.error.HTTPError as error:
            told = " ".join(error.read().decode("utf-8", "replace").split())[:200]
            asked = f"the server at {self._address}, asked for the model {self._name!r},"
            raise UserError(f"{asked} answered {error.code}: {told}{self._offer()}") from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", None) or error
            raise UserError(
                f"the server at {self._address} cannot be reached ({reason}); start it, or set evaluation.server=null"
            ) from None

    def _parse(self, data: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(data)
        except ValueError:
            shown = " ".join(data.decode("utf-8", "replace").split())[:120]
            raise UserError(f"the server at {self._address} sent no JSON but {shown!r}") from None
        if not isinstance(reply, dict):
            raise UserError(f"the server at {self._address} sent no JSON object but {str(reply)[:120]}")
        return reply


def without_thinking(text: str) -> str:
    """The answer after a think block, for servers that leave it in."""
    head, closed, rest = text.partition("</think>")
    return (rest if closed else head).strip()


def _unicode(text: str) -> str:
    """`text` with half a surrogate pair, which JSON can say and no file can hold, as a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _rows(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]
