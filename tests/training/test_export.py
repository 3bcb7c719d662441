"""The Modelfile speaks the tokenizer's chat format, and what llama.cpp's converter cannot make is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.tiny_model import save_base
from tests.training.tiny_merge import make_run
from utils.artifacts import ArtifactWriter, open_artifact
from utils.chat_format import encode_prompt
from utils.config_manager import Config
from utils.console import Stage, UserError
from utils.records import MERGED_SCHEMA, Message
from utils.training.export import GGUF_SCHEMA, export_gguf, find_converter, go_template, modelfile

QWEN3 = """{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}"""
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}{{ messages[0].content }}"
COUNTS = "{% for message in messages %}{{ loop.index }}{{ message.content }}<|im_end|>{% endfor %}"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("export") / "base")


def speak_go(template: str, talk: list[Message]) -> str:
    """What Go's template engine makes of the few constructs that we use."""
    loop = re.fullmatch(r"\{\{ range \.Messages \}\}(.*)\{\{ end \}\}(.*)", template, re.DOTALL)
    assert loop is not None
    branches = dict(re.findall(r'\{\{ if eq \.Role "(\w+)" \}\}(.*?)\{\{ end \}\}', loop[1], re.DOTALL))
    return "".join(branches[message.role].replace("{{ .Content }}", message.content) for message in talk) + loop[2]


@pytest.mark.parametrize("template", [None, QWEN3], ids=["ours", "qwen3"])
def test_ollama_gives_the_model_the_tokens_it_was_trained_on(base: Path, template: str | None) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = template or tokenizer.chat_template
    talk = [Message("user", "Where is f?"), Message("assistant", "In m.py."), Message("user", "And g?")]
    for told in (talk, talk[:1], [Message("system", "Be brief."), *talk]):
        text = speak_go(go_template(tokenizer), told)
        assert tokenizer.encode(text, add_special_tokens=False) == encode_prompt(tokenizer, told)
    written = modelfile(go_template(tokenizer), tokenizer)
    assert written.startswith('FROM ./model.gguf\nTEMPLATE """{{ range .Messages }}')
    assert 'PARAMETER stop "<|im_end|>"\n' in written


@pytest.mark.parametrize("template", [NO_SYSTEM, COUNTS])
def test_a_template_that_go_cannot_say_is_refused(base: Path, template: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = template
    with pytest.raises(UserError, match="cannot be written as an Ollama Modelfile"):
        go_template(tokenizer)


def test_without_a_converter_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"not on the PATH; run: git clone --depth 1 https://github\.com/ggml-org"):
        find_converter(None)
    with pytest.raises(UserError, match=f"not in {tmp_path}"):
        find_converter(str(tmp_path))


def with_converter(tmp_path: Path, base: Path, ending: str) -> Config:
    """A merged model, and a converter that ends in this line."""
    config = make_run(tmp_path, base)
    with ArtifactWriter(config.merged_dir, MERGED_SCHEMA, {}, {}) as writer:
        save_base(writer.path)
        writer.commit(counts={}, seconds=0.0)
    converter = tmp_path / "llama.cpp" / "convert_hf_to_gguf.py"
    converter.parent.mkdir()
    converter.write_text(f"import sys\nassert sys.argv[2] == '--outfile'\n{ending}\n")
    merge = config.merge.replaced(export="gguf", llama_cpp=str(converter.parent))
    return config.replaced(merge=merge)


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("import no_such_package", "No module named 'no_such_package'; run: pip install no_such_package"),
        ("raise NotImplementedError('BPE pre-tokenizer was not recognized')", "use a base that is, such as Qwen"),
        ("sys.exit('tensor is odd')", "could not convert .*: tensor is odd$"),
    ],
)
def test_what_the_converter_refuses_is_told_with_its_remedy(base: Path, tmp_path: Path, ending: str, told: str) -> None:
    config = with_converter(tmp_path, base, ending)
    with pytest.raises(UserError, match=told):
        export_gguf(config, Stage("04 merge", base, tmp_path), force=False)
    assert not (config.output_dir / "gguf").exists()


def test_the_export_is_made_once(base: Path, tmp_path: Path) -> None:
    config = with_converter(tmp_path, base, "open(sys.argv[3], 'wb').write(b'GGUF')")
    converter, folder = Path(config.merge.llama_cpp or "") / "convert_hf_to_gguf.py", config.output_dir / "gguf"
    export_gguf(config, Stage("04 merge", base, folder), force=False)
    assert sorted(open_artifact(folder, GGUF_SCHEMA, "04").outputs) == ["Modelfile", "model.gguf"]
    converter.write_text("import sys; sys.exit('must not run again')")
    export_gguf(config, Stage("04 merge", base, folder), force=False)
