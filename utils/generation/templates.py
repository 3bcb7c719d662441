"""Wordings: the YAML files of `config/templates/`, one per language, and how a template becomes text with claims.

A template is text with `{slots}`; a part in square brackets is left out when one of its slots has nothing to say:
`` `{name}` is in `{path}`[, line {line}]. ``. A slot carries the claims that its text makes, so what an answer claims
is always what it says. A sentence (`phrases`) may have a `one` and an `other` form for counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec
import yaml

from utils.console import ROOT, UserError, relative
from utils.generation.families import FAMILIES
from utils.records import Claim, Evidence

TEMPLATES = ROOT / "config" / "templates"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, in C where it was built: a fifth of a second each
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{([a-z_]+)\}")


class Slot(NamedTuple):
    """A piece of text, what it claims, and the lines that prove it."""

    text: str
    claims: tuple[Claim, ...] = ()
    evidence: tuple[Evidence, ...] = ()


Slots = Mapping[str, Slot]
EMPTY = Slot("")


class Template:
    """One parsed template. `fields` are all its slots, `required` those outside square brackets and what it `needs`."""

    def __init__(self, text: str, needs: Iterable[str] = ()) -> None:
        self.text = text
        self._segments: list[tuple[bool, list[str]]] = []
        for position, part in enumerate(_OPTIONAL.split(text)):
            if part:
                self._segments.append((position % 2 == 1, _FIELD.split(part)))
        self.fields = {name for _, parts in self._segments for name in parts[1::2]} | set(needs)
        self.required = {name for optional, parts in self._segments if not optional for name in parts[1::2]} | set(
            needs
        )

    def fits(self, slots: Slots) -> bool:
        """True when every required slot is there."""
        return all(name in slots and slots[name].text for name in self.required)

    def render(self, slots: Slots) -> Slot:
        """The text, with the claims and evidence of the slots it used, each once, in order of appearance."""
        text: list[str] = []
        claims: dict[Claim, None] = {}
        evidence: dict[tuple[str, int, int], Evidence] = {}
        for optional, parts in self._segments:
            if optional and not all(name in slots and slots[name].text for name in parts[1::2]):
                continue
            for position, part in enumerate(parts):
                if position % 2 == 0:
                    text.append(part)
                    continue
                slot = slots[part]
                text.append(slot.text)
                claims.update(dict.fromkeys(slot.claims))
                evidence.update({(item.path, item.start_line, item.end_line): item for item in slot.evidence})
        return Slot(_spaced(text).strip(), tuple(claims), tuple(evidence.values()))


def _spaced(pieces: Sequence[str]) -> str:
    """The pieces in a row, without the space that a template puts beside a name where the name is Chinese or quoted."""
    text = ""
    for piece in pieces:
        if text[-1:] == " " and piece and _is_wide(text[-2:-1]) and _is_wide(piece[0]):
            text = text[:-1]
        elif piece[:1] == " " and _is_wide(text[-1:]) and _is_wide(piece[1:2]):
            piece = piece[1:]
        text += piece
    return text


def _is_wide(char: str) -> bool:
    return char > "\u2e7f" or (char != "" and char in "“”")


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """A question wording; `test: true` keeps it out of training for good. It is asked only where all that it `needs` is
    there to be answered: slots that it does not show."""

    text: str
    test: bool = False
    needs: list[str] = []


class Wordings(msgspec.Struct, forbid_unknown_fields=True):
    """The wordings of one family of facts."""

    questions: list[str | Question]
    answers: list[str]


class Counted(msgspec.Struct, forbid_unknown_fields=True):
    """A sentence in its forms for one and for several."""

    one: list[str]
    other: list[str]


class Style(msgspec.Struct, forbid_unknown_fields=True):
    """How the language joins: items of a list (`comma`, then `last` or `or`) and sentences (`space`)."""

    comma: str
    last: str
    space: str
    either: str = msgspec.field(name="or")


class TemplateFile(msgspec.Struct, forbid_unknown_fields=True):
    """One language's YAML file."""

    language: str
    style: Style
    words: dict[str, str]
    families: dict[str, Wordings]
    phrases: dict[str, list[str] | Counted]


class Voice:
    """One language: its question and answer templates by family, its sentences, and how it joins them."""

    def __init__(self, file: TemplateFile) -> None:
        self.language = file.language
        self.words = file.words
        self.style = file.style
        self.questions: dict[str, list[Template]] = {}
        self.answers: dict[str, list[Template]] = {}
        self.tests: dict[str, frozenset[int]] = {}
        for family, wordings in file.families.items():
            questions = [item if isinstance(item, Question) else Question(item) for item in wordings.questions]
            self.questions[family] = [Template(question.text, question.needs) for question in questions]
            self.answers[family] = [Template(text) for text in wordings.answers]
            self.tests[family] = frozenset(index for index, question in enumerate(questions) if question.test)
        self._phrases: dict[tuple[str, bool], list[Template]] = {}
        for key, forms in file.phrases.items():
            one, other = (forms.one, forms.other) if isinstance(forms, Counted) else (forms, forms)
            self._phrases[key, True] = [Template(text) for text in one]
            self._phrases[key, False] = [Template(text) for text in other]

    def say(self, key: str, variant: int, count: int = 2, /, **slots: Slot) -> Slot:
        """The sentence `key` in one of its wordings; `count` picks its form for one or for several."""
        forms = self._phrases[key, count == 1]
        return forms[(variant + crc32(key.encode())) % len(forms)].render(slots)

    def listed(self, items: Sequence[Slot], last: str | None = None) -> Slot:
        """`a`, `b` and `c`; `last` stands before the last item."""
        texts = [item.text for item in items]
        before = self.style.last if last is None else last
        text = "".join(texts)
        if len(texts) > 1:
            text = _spaced([self.style.comma.join(texts[:-1]), before, texts[-1]])
            text = _spaced([text[: -len(texts[-1])], texts[-1]])
        return merge(text, items)

    def some(self, items: Sequence[Slot], total: int, variant: int, last: str | None = None) -> Slot:
        """A list of some of `total` things, which says so where it leaves any out; `last` as in `listed`."""
        listed = self.listed(items, last)
        return self.say("among_others", variant, items=listed) if 0 < len(items) < total else listed

    def sentences(self, items: Iterable[Slot]) -> Slot:
        """Sentences in a row."""
        kept = [item for item in items if item.text]
        return merge(self.style.space.join(item.text for item in kept), kept)

    def paragraphs(self, items: Sequence[Slot]) -> Slot:
        """One item per paragraph."""
        return merge("\n\n".join(item.text for item in items), items)

    def bullets(self, items: Sequence[Slot], numbered: bool = False) -> Slot:
        """One item per line."""
        marks = (f"{number}. " for number in range(1, len(items) + 1)) if numbered else ("- " for _ in items)
        return merge("\n".join(mark + item.text for mark, item in zip(marks, items, strict=True)), items)


def merge(text: str, items: Iterable[Slot]) -> Slot:
    """`text` with the claims and evidence of `items`."""
    claims: dict[Claim, None] = {}
    evidence: list[Evidence] = []
    for item in items:
        claims.update(dict.fromkeys(item.claims))
        evidence.extend(item.evidence)
    return Slot(text, tuple(claims), tuple(evidence))


@lru_cache(maxsize=32)
def load_voice(language: str, folder: Path = TEMPLATES) -> Voice:
    """Read and check `<folder>/<language>.yaml`; every mistake in it is one `UserError` that names them all."""
    path = folder / f"{language}.yaml"
    try:
        file = msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), _LOADER), TemplateFile)
    except FileNotFoundError:
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml")))
        raise UserError(
            f"no wordings for language {language!r}: {relative(path)} is missing (there: {known})"
        ) from None
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise UserError(f"{relative(path)}: {' '.join(str(error).split())}") from None
    voice = Voice(file)
    if mistakes := _mistakes(voice):
        raise UserError(f"{relative(path)}: " + "; ".join(mistakes))
    return voice


def _mistakes(voice: Voice) -> list[str]:
    found = [f"family {name} is missing" for name in FAMILIES if name not in voice.questions]
    for family, questions in voice.questions.items():
        if family not in FAMILIES:
            found.append(f"family {family} is not known")
            continue
        known = FAMILIES[family].fields | {"repo"}
        for template in [*questions, *voice.answers[family]]:
            if unknown := sorted(template.fields - known):
                found.append(f"{family}: {{{unknown[0]}}} is not a slot of this family, in {template.text!r}")
        if len(voice.tests[family]) >= len(questions) or not voice.answers[family]:
            found.append(f"{family}: at least one question that is not a test wording, and one answer, are needed")
        found.extend(
            f"{family}: the question {template.text!r} does not name {{repo}}"
            for template in questions
            if "repo" not in template.required
        )
    return found
