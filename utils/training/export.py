"""The merged model for llama.cpp and Ollama: one GGUF file, and a Modelfile that speaks our chat format.

llama.cpp's own converter does the conversion; it is not a package, so the user names a checkout of it. Ollama takes a
chat template in Go's template language: it is read off the tokenizer's own, and refused where it can't be.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from utils.artifacts import ArtifactWriter, is_current, open_artifact
from utils.chat_format import encode_prompt, stop_ids
from utils.config_manager import Config
from utils.console import Stage, UserError, relative
from utils.model_io import load_tokenizer
from utils.records import MERGED_SCHEMA, Message

GGUF_SCHEMA = "gguf/1"
CONVERTER = "convert_hf_to_gguf.py"


def export_gguf(config: Config, stage: Stage, force: bool) -> None:
    """Write `output/<repo>/gguf/` from the merged model where `merge.export` asks for it, unless it is there."""
    if config.merge.export != "gguf":
        return
    folder = config.output_dir / "gguf"
    merged = open_artifact(config.merged_dir, MERGED_SCHEMA, "python scripts/04_merge_weights.py")
    inputs = {"merged": merged.digest()}
    if is_current(folder, GGUF_SCHEMA, {}, inputs) and not force:
        return
    converter = find_converter(config.merge.llama_cpp)
    tokenizer = load_tokenizer(config.merged_dir, config.model)
    template = go_template(tokenizer)
    with ArtifactWriter(folder, GGUF_SCHEMA, {}, inputs) as writer:
        _convert(converter, config.merged_dir, writer.path / "model.gguf", config.repo_name)
        (writer.path / "Modelfile").write_text(modelfile(template, tokenizer), encoding="utf-8")
        size = (writer.path / "model.gguf").stat().st_size
        writer.commit(counts={"bytes": size}, seconds=stage.seconds)
    stage.say(
        f"04 merge: {relative(folder)}; try it with: ollama create {config.repo_name} -f {relative(folder)}/Modelfile"
    )


def find_converter(llama_cpp: str | None) -> Path:
    """llama.cpp's converter: in the checkout that `merge.llama_cpp` names, else on the PATH."""
    found = shutil.which(CONVERTER) if llama_cpp is None else Path(llama_cpp).expanduser() / CONVERTER
    if found is None or not Path(found).is_file():
        where = "on the PATH" if llama_cpp is None else f"in {llama_cpp}"
        raise UserError(
            f"merge.export=gguf needs llama.cpp's {CONVERTER}, which is not {where}; run: git clone --depth 1 "
            "https://github.com/ggml-org/llama.cpp && pip install gguf sentencepiece, and set merge.llama_cpp to the "
            "folder llama.cpp"
        )
    return Path(found)


def modelfile(template: str, tokenizer: Any) -> str:
    """Ollama's Modelfile for model.gguf beside it: our chat format, our stop tokens, greedy."""
    stops = "".join(f'PARAMETER stop "{token}"\n' for token in tokenizer.convert_ids_to_tokens(stop_ids(tokenizer)))
    return f'FROM ./model.gguf\nTEMPLATE """{template}"""\n{stops}PARAMETER temperature 0\n'


def go_template(tokenizer: Any) -> str:
    """The tokenizer's chat template in Go's template language, thinking off.

    It is taken apart by rendering messages with marked contents: what stands before and after each content is what
    Go's template must write. Raises `UserError` where other conversations, put together from these parts, differ.
    """
    question = [Message("user", "U")]
    talk = [Message("system", "S"), *question, Message("assistant", "A"), Message("user", "V")]
    talks = (question, talk[:2], talk[1:], talk)
    try:
        wraps = _wraps(tokenizer)
        opening = _render(tokenizer, question, True).removeprefix(_join(wraps, question))
        texts = [_join(wraps, told) + opening for told in talks]
        same = texts == [_render(tokenizer, told, True) for told in talks]
    except TemplateError:  # some templates refuse a system message
        same = False
    if not same or any(
        tokenizer.encode(text, add_special_tokens=False) != encode_prompt(tokenizer, told)
        for text, told in zip(texts, talks, strict=True)
    ):
        raise UserError(
            "the chat template of this base cannot be written as an Ollama Modelfile; use the merged model with vLLM "
            "or llama.cpp, which read the template itself, and set merge.export=none"
        )
    turns = "".join(
        f'{{{{ if eq .Role "{role}" }}}}{before}{{{{ .Content }}}}{after}{{{{ end }}}}'
        for role, (before, after) in wraps.items()
    )
    return f"{{{{ range .Messages }}}}{turns}{{{{ end }}}}{opening}"


def _wraps(tokenizer: Any) -> dict[str, tuple[str, str]]:
    """What the template writes before and after a message's content, by role, where another message follows."""
    before, _, after = _render(tokenizer, [Message("user", "@")], False).partition("@")
    wraps = {"user": (before, after)}
    following, first = f"{before}#{after}", f"{before}%{after}"
    text = _render(tokenizer, [Message("system", "@"), Message("user", "#")], False)
    wraps["system"] = _around(text.removesuffix(following))
    talk = [Message("user", "%"), Message("assistant", "@"), Message("user", "#")]
    wraps["assistant"] = _around(_render(tokenizer, talk, False).removeprefix(first).removesuffix(following))
    return wraps


def _around(text: str) -> tuple[str, str]:
    before, _, after = text.partition("@")
    return before, after


def _join(wraps: dict[str, tuple[str, str]], talk: list[Message]) -> str:
    return "".join(wraps[message.role][0] + message.content + wraps[message.role][1] for message in talk)


def _render(tokenizer: Any, talk: list[Message], opening: bool) -> str:
    rows = [{"role": message.role, "content": message.content} for message in talk]
    rendered: str = tokenizer.apply_chat_template(
        rows, tokenize=False, add_generation_prompt=opening, enable_thinking=False
    )
    return rendered


def _convert(converter: Path, merged: Path, target: Path, name: str) -> None:
    command = [sys.executable, str(converter), str(merged), "--outfile", str(target), "--outtype", "auto"]
    command += ["--model-name", name]
    result = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if result.returncode != 0 or not target.is_file():
        lines = (result.stderr or result.stdout).strip().splitlines() or ["it said nothing"]
        reason = lines[-1].strip()
        raise UserError(f"llama.cpp's {CONVERTER} could not convert {relative(merged)}: {reason}{_remedy(reason)}")


def _remedy(reason: str) -> str:
    if package := re.search(r"No module named '(\w+)", reason):
        return f"; run: pip install {package[1]}"
    if "pre-tokenizer was not recognized" in reason:
        return (
            "; llama.cpp knows tokenizers by a list, which this base is not on: use a base that is, such as "
            "Qwen/Qwen3-8B, or set merge.export=none and serve the merged model with vLLM"
        )
    return ""
