"""Wordings: every shipped language is complete, and a mistake in a file is told by name."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from tests.generation.shop import FILES, shop_context
from utils.console import UserError
from utils.generation.families import FAMILIES
from utils.generation.near_duplicates import NearDuplicates
from utils.generation.pipeline import all_facts
from utils.generation.templates import TEMPLATES, Slot, Template, load_voice
from utils.records import Claim

LANGUAGES = ["en", "zh"]
PATH = Claim("defined_in", "m.f", "m.py")


WAREHOUSE = '''
"""Where the goods come from."""

import os
from dataclasses import dataclass

from shop.errors import SoldOut, noted
from shop.store import _hidden_helper

PLACES = {
    "north": 1,
}
HOME = os.environ["SHOP_HOME"]
parser.add_argument("--opening-hours")
REGISTRY = {}


def register_place(function):
    REGISTRY[function.__name__] = function
    return function


@register_place
def north_place():
    return 1


@register_place
def south_place():
    return 2


@dataclass
class Crate:
    size: int = 3

    def open_crate(self, how: str = "slowly"):
        """Open the crate.

        Args:
            how: In which way.
        """
        try:
            yield self.size
        except KeyError:
            _hidden_helper(how)


class GlassCrate(Crate):
    def clean_crate(self):
        pass


class StoneCrate(Crate):
    def carve_crate(self):
        pass
'''


def test_every_slot_that_a_wording_may_use_is_one_that_some_fact_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = "".join(f"\n\ndef refuse_{number}():\n    raise SoldOut\n" for number in range(7))
    monkeypatch.setitem(FILES, "shop/warehouse.py", WAREHOUSE + refusals)
    monkeypatch.setitem(FILES, "README.md", FILES["README.md"].replace("Run it.", "    pip install shop"))
    filled: defaultdict[str, set[str]] = defaultdict(set)
    for fact in all_facts(shop_context(tmp_path)):
        filled[fact.family].update(name for name, slot in fact.build(load_voice("en"), 0).items() if slot.text)
    assert set(FAMILIES) == set(filled)
    assert [
        (family, sorted(FAMILIES[family].fields - names))
        for family, names in filled.items()
        if FAMILIES[family].fields - names
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_family_has_ten_questions_some_kept_for_testing_and_three_answers(language: str) -> None:
    voice = load_voice(language)
    for family in FAMILIES:
        assert len(voice.questions[family]) >= 10, family
        assert 2 <= len(voice.tests[family]) <= len(voice.questions[family]) - 7, family
        assert len(voice.answers[family]) >= 3, family


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_wording_is_no_near_copy_of_a_training_wording(language: str) -> None:
    voice = load_voice(language)
    for family, questions in voice.questions.items():
        texts = [re.sub(r"\{\w+\}", "`x`", question.text) for question in questions]
        tests = voice.tests[family]
        trained = NearDuplicates((language, text) for index, text in enumerate(texts) if index not in tests)
        assert not [texts[index] for index in tests if trained.has((language, texts[index]))], family


def test_both_languages_have_the_same_sentences_with_the_same_slots() -> None:
    files = [yaml.safe_load((TEMPLATES / f"{language}.yaml").read_text("utf-8")) for language in LANGUAGES]
    assert files[0]["phrases"].keys() == files[1]["phrases"].keys()
    for key, forms in files[0]["phrases"].items():
        fields = [set(re.findall(r"\{(\w+)\}", str(file["phrases"][key]))) for file in files]
        assert fields[0] == fields[1], (key, forms)


def test_rendering_collects_the_claims_of_the_slots_it_used_and_of_no_other() -> None:
    slots = {"name": Slot("f"), "path": Slot("m.py", (PATH,)), "line": Slot("3", (Claim("at_line", "m.f", 3),))}
    assert Template("`{name}` is in `{path}`.").render(slots) == Slot("`f` is in `m.py`.", (PATH,))


def test_an_optional_part_goes_with_its_slot() -> None:
    template = Template("`{name}`[ in `{path}`].")
    assert template.render({"name": Slot("f")}).text == "`f`."
    assert template.render({"name": Slot("f"), "path": Slot("m.py")}).text == "`f` in `m.py`."
    assert not template.fits({"path": Slot("m.py")})


def test_spaces_stand_beside_latin_names_but_not_between_chinese_words() -> None:
    voice = load_voice("zh")
    assert Template("{repo} 中的 `{name}`").render({"repo": Slot("标准库"), "name": Slot("f")}).text == "标准库中的 `f`"
    assert voice.listed([Slot("`a`"), Slot("`b`")]).text == "`a` 和 `b`"
    assert voice.listed([Slot("“甲”"), Slot("“乙”")]).text == "“甲”和“乙”"
    assert load_voice("en").listed([Slot("a"), Slot("b"), Slot("c")]).text == "a, b and c"


def _broken(tmp_path: Path, **changes: object) -> str:
    content = yaml.safe_load((TEMPLATES / "en.yaml").read_text("utf-8"))
    content["families"]["location"].update(changes)
    (tmp_path / "en.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_voice("en", tmp_path)
    return str(error.value)


def test_an_unknown_slot_and_a_question_without_the_repository_are_both_named(tmp_path: Path) -> None:
    text = _broken(tmp_path, questions=["Where in {repo} is {nmae}?", "Where is {name}?"])
    assert "{nmae} is not a slot" in text
    assert "does not name {repo}" in text


def test_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    assert "unknown field" in _broken(tmp_path, answer=["x"])


def test_a_language_without_a_file_says_which_there_are() -> None:
    with pytest.raises(UserError, match=r"xx\.yaml is missing \(there: en, zh\)"):
        load_voice("xx")
