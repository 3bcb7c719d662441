"""The one place where messages become token ids: training, evaluation and chat all go through it.

Structure and content are tokenised apart. The tokenizer's own chat template is rendered with a placeholder for each
message, its control tokens are looked up by id, and everything between two of them is encoded as plain text. So a
`<|im_end|>` or `<think>` that an answer quotes stays text, and for ordinary text the ids are exactly those of
`tokenizer.apply_chat_template(..., enable_thinking=False)`, which `check_template` proves before a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tokenizers import Tokenizer

from utils.console import UserError
from utils.records import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORE_INDEX = -100

# ChatML as Qwen3 speaks it: the answer that is being written opens with a think block, empty unless there is a
# reasoning to show; answers further back in the conversation carry none. END is the end-of-turn token.
CHAT_TEMPLATE = """\
{%- set ns = namespace(last_user=-1) -%}
{%- for message in messages -%}
{%- if message.role == 'user' -%}{%- set ns.last_user = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- if message.role == 'assistant' and loop.index0 > ns.last_user -%}
{{- '<think>\\n' + (message.reasoning_content or '') + '\\n</think>\\n\\n' -}}
{%- endif -%}
{{- message.content + 'END\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- if not enable_thinking -%}{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}
{%- endif -%}
"""
END_OF_TURN = "<|im_end|>"

_PLACEHOLDER = re.compile("(\ue000\\d+\ue001)")  # private-use characters: no template holds them


class Encoded(NamedTuple):
    """One sample; both lists have one entry per token, `labels` is `IGNORE_INDEX` wherever no loss is taken."""

    input_ids: list[int]
    labels: list[int]


def ensure_template(tokenizer: PreTrainedTokenizerBase) -> None:
    """Give a tokenizer without a chat template ours, and one without a padding token of its own one.

    Padding must differ from the end of turn: whoever masks padding in labels would teach the model never to stop.
    """
    added = tokenizer.get_added_vocab()
    if not tokenizer.chat_template:
        end = END_OF_TURN if END_OF_TURN in added else tokenizer.eos_token
        if end is None:
            raise UserError(
                f"the tokenizer of {tokenizer.name_or_path} has no token that ends a turn; use another base"
            )
        tokenizer.chat_template = CHAT_TEMPLATE.replace("END", end)
    taken = {tokenizer.eos_token_id, _end_of_turn(tokenizer)}
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id in taken:
        free = [token for token in sorted(added, key=added.__getitem__) if added[token] not in taken]
        named = [token for token in free if re.search("pad|endoftext|unk", token)]
        if not free:
            raise UserError(f"the tokenizer of {tokenizer.name_or_path} has no token to pad with; use another base")
        tokenizer.pad_token = (named or free)[0]


def encode_prompt(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], thinking: bool = False) -> list[int]:
    """The ids of a conversation up to where the model's answer begins; thinking is off unless asked for."""
    return _encode(tokenizer, _render(tokenizer, messages, True, thinking), messages)


def encode_sample(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> Encoded:
    """The ids and labels of a conversation that ends in the answer to learn.

    Scored are the last message and its end-of-turn token, nothing else; what came before is the prompt exactly as
    `encode_prompt` gives it, the empty think block included. A `reasoning_content` is part of the answer: it is scored.
    """
    *history, answer = messages
    if answer.role != "assistant":
        raise ValueError(f"the last message of a sample must be the assistant's, not {answer.role}'s")
    thinking = bool(answer.reasoning_content)
    opening = _render(tokenizer, history, True, thinking)
    whole = _render(tokenizer, messages, False, thinking)
    place = _placeholder(2 * len(history))
    if thinking and not (whole.startswith(opening) and _placeholder(2 * len(history) + 1) in whole):
        raise UserError(f"the chat template of {tokenizer.name_or_path} has no place for reasoning before the answer")
    rest = whole[len(opening) :] if whole.startswith(opening) else whole[whole.index(place) :]
    prompt = _encode(tokenizer, opening, messages)
    before, _, after = rest.partition(place)
    target = [*_encode(tokenizer, before + place, messages), _first_control(tokenizer, after)]
    return Encoded(prompt + target, [IGNORE_INDEX] * len(prompt) + target)


def stop_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The ids that end an answer: the template's end of turn and the tokenizer's end of text."""
    return sorted({_end_of_turn(tokenizer), tokenizer.eos_token_id} - {None})


def check_template(tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise a `UserError` unless our ids equal the tokenizer's own for an ordinary conversation."""
    talk = [
        Message("user", "Where is `pkg.mod.f` defined? 它在哪个文件里？"),
        Message("assistant", "In `src/pkg/mod.py`.\n\n    def f(): ..."),
        Message("user", "  And its callers?\n"),
    ]
    own = tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in talk],
        add_generation_prompt=True,
        enable_thinking=False,
        return_dict=False,
    )
    if encode_prompt(tokenizer, talk) != list(own):
        raise UserError(
            f"the chat template of {tokenizer.name_or_path} cannot be tokenised piece by piece; use another base model"
        )


def _placeholder(index: int) -> str:
    return f"\ue000{index}\ue001"


def _render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], opening: bool, thinking: bool) -> str:
    """The template's text with placeholder 2i for message i's content and 2i+1 for its reasoning.

    Blanks around a text stay in place, so that a template which strips them strips ours too.
    """
    rendered: Any = tokenizer.apply_chat_template(
        [_masked(index, message) for index, message in enumerate(messages)],
        tokenize=False,
        add_generation_prompt=opening,
        enable_thinking=thinking,
    )
    return str(rendered)


def _masked(index: int, message: Message) -> dict[str, str]:
    row = {"role": message.role, "content": _mask(message.content, 2 * index)}
    if message.reasoning_content:
        row["reasoning_content"] = _mask(message.reasoning_content, 2 * index + 1)
    return row


def _mask(text: str, index: int) -> str:
    core = text.strip()
    before, _, after = text.partition(core) if core else ("", "", text)
    return before + _placeholder(index) + after


def _encode(tokenizer: PreTrainedTokenizerBase, rendered: str, messages: Sequence[Message]) -> list[int]:
    controls, splitter, plain = _parts(tokenizer)
    ids: list[int] = []
    run = ""
    for position, piece in enumerate(_PLACEHOLDER.split(rendered)):
        if position % 2:
            index = int(piece[1:-1])
            text = messages[index // 2].reasoning_content if index % 2 else messages[index // 2].content
            run += (text or "").strip()
            continue
        for part in splitter.split(piece):
            if part not in controls:
                run += part
                continue
            ids += [*plain.encode(run, add_special_tokens=False).ids, controls[part]]
            run = ""
    return ids + plain.encode(run, add_special_tokens=False).ids


def _first_control(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    controls, splitter, _ = _parts(tokenizer)
    for part in splitter.split(text):
        if part in controls:
            return controls[part]
    if tokenizer.eos_token_id is None:
        raise UserError(f"the chat template of {tokenizer.name_or_path} does not end its turns; use another base model")
    return int(tokenizer.eos_token_id)


def _end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int:
    talk = [Message("user", "a"), Message("assistant", "b")]
    return _first_control(tokenizer, _render(tokenizer, talk, False, False).partition(_placeholder(2))[2])


@lru_cache(maxsize=4)
def _parts(tokenizer: PreTrainedTokenizerBase) -> tuple[dict[str, int], re.Pattern[str], Tokenizer]:
    """Its control tokens, a pattern that finds them, and a twin of its model that knows none of them."""
    controls = dict(tokenizer.get_added_vocab())
    alternatives = "|".join(re.escape(token) for token in sorted(controls, key=len, reverse=True))
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    state |= {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    return controls, re.compile(f"({alternatives})" if alternatives else "(?!)"), Tokenizer.from_str(json.dumps(state))
