"""Messages become the ids that the tokenizer's own template gives, and content never becomes structure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny_model
from utils.chat_format import IGNORE_INDEX, check_template, encode_prompt, encode_sample, ensure_template, stop_ids
from utils.console import UserError
from utils.records import Message

TOKENIZER = tiny_model.tokenizer()
CONTROL = TOKENIZER.get_added_vocab()
# How Qwen3's own template treats blanks and thoughts: it strips line ends around an answer and cuts at </think>.
STRIPPING = """\
{%- for m in messages -%}{{- '<|im_start|>' + m.role + '\\n' -}}
{%- if m.role == 'assistant' -%}
{%- set content = m.content.split('</think>')[-1].lstrip('\\n') -%}
{{- '<think>\\n' + (m.reasoning_content or '').strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') -}}
{%- else -%}{{- m.content -}}{%- endif -%}{{- '<|im_end|>\\n' -}}{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}
{%- if enable_thinking is defined and enable_thinking is false -%}{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}
{%- endif -%}
"""


def own_ids(messages: list[Message], opening: bool = True) -> list[int]:
    rows = [{"role": message.role, "content": message.content} for message in messages]
    ids = TOKENIZER.apply_chat_template(rows, add_generation_prompt=opening, enable_thinking=False, return_dict=False)
    return list(ids)


@pytest.fixture(params=["ours", "stripping"])
def template(request: pytest.FixtureRequest):
    before = TOKENIZER.chat_template
    if request.param == "stripping":
        TOKENIZER.chat_template = STRIPPING
    yield
    TOKENIZER.chat_template = before


@pytest.mark.parametrize(
    "text", ["Where is `f`?", "它在哪个文件里？", "  two\n\nlines \n", "x\n", "\n\ndef f():\n    pass"]
)
def test_a_prompt_equals_the_tokenizers_own(template: None, text: str) -> None:
    talk = [Message("system", "Be brief."), Message("user", text)]
    assert encode_prompt(TOKENIZER, talk) == own_ids(talk)
    longer = [Message("user", "a"), Message("assistant", text), Message("user", text)]
    assert encode_prompt(TOKENIZER, longer) == own_ids(longer)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=40).filter(lambda text: "<" not in text), min_size=1, max_size=3))
def test_any_ordinary_text_gives_the_tokenizers_own_ids(texts: list[str]) -> None:
    talk = [Message("user" if index % 2 == 0 else "assistant", text) for index, text in enumerate(texts)]
    assert encode_prompt(TOKENIZER, talk) == own_ids(talk)


@pytest.mark.parametrize("quoted", sorted(CONTROL))
def test_control_tokens_in_content_stay_text(template: None, quoted: str) -> None:
    plain = [Message("user", "what is x"), Message("assistant", "it is y")]
    hostile = [Message("user", f"what is {quoted}"), Message("assistant", f"it is {quoted} and so on")]
    count = lambda ids: sorted(token for token in ids if token in CONTROL.values())  # noqa: E731
    assert count(encode_sample(TOKENIZER, hostile).input_ids) == count(encode_sample(TOKENIZER, plain).input_ids)
    assert quoted in TOKENIZER.decode(encode_sample(TOKENIZER, hostile).input_ids)


def test_reasoning_is_part_of_the_answer() -> None:
    encoded = encode_sample(TOKENIZER, [Message("user", "q"), Message("assistant", "a", "because")])
    scored = [label for label in encoded.labels if label != IGNORE_INDEX]
    assert TOKENIZER.decode(scored) == "<think>\nbecause\n</think>\n\na<|im_end|>"
    assert CONTROL["<think>"] in scored


def test_reasoning_needs_a_template_that_has_a_place_for_it() -> None:
    before = TOKENIZER.chat_template
    TOKENIZER.chat_template = before.replace("message.reasoning_content or ''", "''").replace(
        "if not enable_thinking", "if true"
    )
    with pytest.raises(UserError, match="no place for reasoning"):
        encode_sample(TOKENIZER, [Message("user", "q"), Message("assistant", "a", "because")])
    TOKENIZER.chat_template = before


def test_answers_end_where_the_template_ends_a_turn() -> None:
    assert stop_ids(TOKENIZER) == [CONTROL["<|im_end|>"]]
    assert TOKENIZER.pad_token_id not in stop_ids(TOKENIZER)


def test_a_tokenizer_without_template_or_padding_gets_both() -> None:
    bare = tiny_model.tokenizer()
    bare.chat_template, bare.pad_token = None, bare.eos_token
    ensure_template(bare)
    check_template(bare)
    assert bare.pad_token == "<|endoftext|>"


def test_a_template_that_glues_text_to_its_tokens_is_refused() -> None:
    odd = tiny_model.tokenizer()
    odd.chat_template = "{%- for m in messages -%}{{- m.content | upper + '<|im_end|>' -}}{%- endfor -%}"
    with pytest.raises(UserError, match="piece by piece"):
        check_template(odd)
