"""The retrieval baseline: the right source is found and fits into the prompt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from utils.analysis.pipeline import analyze
from utils.evaluation.retrieval import Chunk, Retriever, build_chunks, read_documents, tokens, with_excerpts
from utils.records import Analysis, CodeElement, Message, Provenance


def words(messages: Sequence[Message]) -> int:
    return sum(len(message.content.split()) for message in messages)


def test_names_are_found_whole_and_in_parts() -> None:
    assert tokens("fetchAll_rows") == ["fetchall_rows", "fetch", "all", "rows"]
    assert tokens("读取文件") == ["读取", "取文", "文件"]


def test_a_question_in_either_language_finds_the_definition(analysis: Analysis, elements: list[CodeElement]) -> None:
    retriever = Retriever(build_chunks(analysis, elements, {}))
    for question in ("Where is `shop.check.check` defined in shop?", "shop 的 `check` 在哪个文件？"):
        best = retriever.search(question, 3)[0]
        assert (best.path, best.first) == ("src/shop/check.py", 3)


def test_chunks_are_source_lines(analysis: Analysis, elements: list[CodeElement]) -> None:
    for chunk in build_chunks(analysis, elements, {}):
        assert chunk.last - chunk.first + 1 == len(chunk.text.split("\n"))


def test_what_is_no_line_end_to_python_moves_no_chunk(tmp_path: Path) -> None:
    (tmp_path / "pages.py").write_text("class Pages:\n    mark = '\u2028'\n\f\n    def turn(self):\n        return 1\n")
    (tmp_path / "README.md").write_text("# Pages\n\nA\u2028B\n\n## Turning\n\nTurn them.\n")
    found, elements = analyze(tmp_path, "pages", Provenance("pages", "c0ffee", False, "0"), workers=1)
    chunks = build_chunks(found, elements, read_documents(tmp_path, found))
    assert [(chunk.first, chunk.last) for chunk in chunks if chunk.title == "class pages.Pages"] == [(1, 3)]
    assert [chunk.text for chunk in chunks if chunk.title == "class pages.Pages"] == [
        "class Pages:\n    mark = '\u2028'\n\f"
    ]
    assert [chunk.first for chunk in chunks if chunk.text.startswith("## Turning")] == [5]


def test_nothing_in_common_finds_nothing(analysis: Analysis, elements: list[CodeElement]) -> None:
    assert Retriever(build_chunks(analysis, elements, {})).search("zebra?", 3) == []
    assert Retriever([]).search("zebra?", 3) == []


def test_the_prompt_keeps_to_its_budget_and_cuts_what_is_too_long() -> None:
    question = [Message("user", "where is x ?")]
    long = Chunk("a.py", 1, 40, "function x", "\n".join("word word" for _ in range(40)))
    short = Chunk("b.py", 5, 5, "function y", "word")
    prompt, used = with_excerpts(question, [long, short], "en", words, 50)
    assert words(prompt) <= 50
    assert used[0].path == "a.py"
    assert used[0].last == len(used[0].text.splitlines()) < 40
    assert prompt[-1].content.endswith("where is x ?")
    assert with_excerpts(question, [long], "en", words, 10) == (question, [])


def test_the_gpu_is_left_to_the_models(tmp_path: Path) -> None:
    """bm25s starts jax where it finds it, which by itself takes three quarters of a GPU's memory."""
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").touch()
    (tmp_path / "jax" / "lax.py").write_text(
        "import os\nprint(os.environ.get('JAX_PLATFORMS'))\ndef top_k(scores, k): pass\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "JAX_PLATFORMS"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *sys.path])
    command = [sys.executable, "-c", "import utils.evaluation.retrieval"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["cpu"]
