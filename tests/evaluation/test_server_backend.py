"""The server backend: against `transformers serve`, and against a stub that misbehaves in every way we name."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from utils.artifacts import ArtifactWriter
from utils.config_manager import Config
from utils.console import UserError
from utils.evaluation.answering import answer_key, open_answerer
from utils.evaluation.cache import AnswerCache
from utils.evaluation.compared import warnings_of
from utils.evaluation.finetuned import find_finetuned
from utils.evaluation.server_backend import ServerAnswerer, without_thinking
from utils.evaluation.transformers_backend import TransformersAnswerer
from utils.records import MERGED_SCHEMA, Message

PROMPTS = [[Message("user", f"Where is `total_{number}` of shop?")] for number in range(9)]


class Stub:
    """A server that answers each chat completion with what `reply` returns: (status, body)."""

    def __init__(self) -> None:
        self.reply: Callable[[dict[str, Any]], tuple[int, bytes]] = echo
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send(200, json.dumps({"data": [{"id": "tiny"}, {"id": "large"}]}).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send(*stub.reply(body))

            def send(self, status: int, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                """Keep the terminal clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def completion(text: str | None, reason: str = "stop") -> bytes:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": reason}
    return json.dumps({"choices": [choice], "usage": {"completion_tokens": 3}}).encode()


def echo(body: dict[str, Any]) -> tuple[int, bytes]:
    return 200, completion(body["messages"][-1]["content"])


@pytest.fixture
def stub() -> Iterator[Stub]:
    running = Stub()
    yield running
    running.server.shutdown()
    running.server.server_close()


def test_every_prompt_gets_its_own_answer_with_bounded_concurrency(stub: Stub) -> None:
    three, counting = threading.Barrier(3, timeout=30), threading.Lock()
    busy: list[str] = []
    most = 0

    def reply(body: dict[str, Any]) -> tuple[int, bytes]:
        nonlocal most
        asked = body["messages"][-1]["content"]
        with counting:
            busy.append(asked)
            most = max(most, len(busy))
        three.wait()  # nobody is answered before three have asked
        time.sleep(0.02)  # and there is time for a fourth
        with counting:
            busy.remove(asked)
        return echo(body)

    stub.reply = reply
    got = dict(ServerAnswerer(stub.address, "tiny", 16, 3).answer(PROMPTS))
    assert {index: answer.text for index, answer in got.items()} == {
        index: prompt[0].content for index, prompt in enumerate(PROMPTS)
    }
    assert most == 3


def test_it_asks_greedily_and_without_thinking(stub: Stub) -> None:
    seen: list[dict[str, Any]] = []
    stub.reply = lambda body: (seen.append(body), echo(body))[1]
    list(ServerAnswerer(stub.address + "/", "tiny", 16, 1).answer(PROMPTS[:1]))
    assert seen[0]["temperature"] == 0
    assert seen[0]["max_tokens"] == 16
    assert seen[0]["chat_template_kwargs"] == {"enable_thinking": False}


def test_a_cut_or_empty_answer_is_an_answer(stub: Stub) -> None:
    stub.reply = lambda body: (200, completion(None, "length"))
    ((_, answer),) = ServerAnswerer(stub.address, "tiny", 16, 1).answer(PROMPTS[:1])
    assert (answer.text, answer.finished, answer.tokens) == ("", False, 3)


def test_half_a_surrogate_pair_can_be_kept(stub: Stub, tmp_path: Path) -> None:
    stub.reply = lambda body: (200, completion("bad \ud83d"))
    ((_, answer, kept),) = AnswerCache(tmp_path / "a.jsonl").ask(ServerAnswerer(stub.address, "t", 9, 1), PROMPTS[:1])
    assert (answer.text, kept) == ("bad ?", False)


def test_other_weights_behind_the_same_name_are_asked_anew(tmp_path: Path) -> None:
    settings = {"server": "http://localhost:1/v1", "server_base_model": "b", "server_finetuned_model": "f"}
    paths = {"data": str(tmp_path / "data"), "output": str(tmp_path / "output")}
    config = Config.from_data({"repository": {"url": ".", "name": "shop"}, "evaluation": settings, "paths": paths})
    seen = [answer_key(open_answerer(config, "finetuned"), PROMPTS[0])]
    for weights in ("one", "two", "two"):
        with ArtifactWriter(config.merged_dir, MERGED_SCHEMA, {}, {}) as writer:
            (writer.path / "model.safetensors").write_text(weights)
            writer.commit({}, 0)
        seen.append(answer_key(open_answerer(config, "finetuned"), PROMPTS[0]))
    assert len(set(seen)) == 3
    assert seen[2] == seen[3]
    assert warnings_of(config, find_finetuned(config), None, False, Path(__file__)) == []
    shutil.rmtree(config.merged_dir)
    (told,) = warnings_of(config, find_finetuned(config), None, False, Path(__file__))
    assert "--force asks anew" in told


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((404, b'{"error": "model not found"}'), r"'tiny'.*404.*model not found.*it has: tiny, large"),
        ((500, b"boom"), "500: boom"),
        ((200, b"<html>hello</html>"), "no JSON but '<html>hello</html>'"),
        ((200, b"[1, 2]"), "no JSON object"),
        ((200, b'{"choices": []}'), "no chat completion"),
        ((200, b'{"error": {"message": "out of memory"}}'), "no chat completion.*out of memory"),
    ],
)
def test_a_fault_is_one_sentence_with_the_address(stub: Stub, reply: tuple[int, bytes], told: str) -> None:
    stub.reply = lambda body: reply
    with pytest.raises(UserError, match=told) as caught:
        list(ServerAnswerer(stub.address, "tiny", 16, 2).answer(PROMPTS))
    assert stub.address in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_connection_is_named(stub: Stub) -> None:
    stub.server.shutdown()
    stub.server.server_close()
    with pytest.raises(UserError, match=r"cannot be reached.*evaluation\.server=null"):
        list(ServerAnswerer(stub.address, "tiny", 16, 2).answer(PROMPTS))


def test_an_address_that_is_none_and_a_model_that_is_not_named() -> None:
    with pytest.raises(UserError, match="no http address"):
        ServerAnswerer("localhost:8000", "tiny", 16, 2)
    config = Config.from_data({"repository": {"url": "."}, "evaluation": {"server": "http://localhost:1/v1"}})
    with pytest.raises(UserError, match="server_finetuned_model"):
        open_answerer(config, "finetuned")


def test_a_think_block_is_no_part_of_the_answer() -> None:
    assert without_thinking("<think>\nhm\n</think>\n\nIt is here.") == "It is here."
    assert without_thinking("It is here.") == "It is here."


@pytest.fixture(scope="module")
def real_server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`transformers serve` with the tiny model; gives its address."""
    if missing := [name for name in ("fastapi", "uvicorn", "openai") if find_spec(name) is None]:
        pytest.skip(f"transformers serve needs {', '.join(missing)}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("serve") / "log").open("w+")
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(tiny_model)]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=environment)
    try:
        for _ in range(1800):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if process.poll() is not None:
                    log.seek(0)
                    pytest.fail(f"transformers serve ended: {log.read()[-2000:]}")
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=180)
        log.close()


@pytest.mark.slow
def test_a_real_server_answers_as_the_built_in_backend_does(real_server: str, tiny_model: Path) -> None:
    settings = {"base": str(tiny_model), "device": "cpu", "dtype": "float32"}
    config = Config.from_data(
        {"repository": {"url": "."}, "model": settings, "evaluation": {"max_new_tokens": 16, "batch_size": 4}}
    )
    own = dict(TransformersAnswerer(config, None, None, "tiny").answer(PROMPTS))
    server = ServerAnswerer(real_server, str(tiny_model), 16, 4)
    assert {index: answer.text for index, answer in server.answer(PROMPTS)} == {
        index: answer.text for index, answer in own.items()
    }
    assert "".join(server.stream(PROMPTS[0])).strip() == own[0].text


@pytest.mark.slow
def test_a_real_server_says_which_model_it_has_not(real_server: str) -> None:
    with pytest.raises(UserError, match="no-such-model"):
        list(ServerAnswerer(real_server, "no-such-model", 16, 1).answer(PROMPTS[:1]))
