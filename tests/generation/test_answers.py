"""What answers say of a small repository, and what they leave to who asks again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.generation.told import answers, context_of, told
from utils.records import Sample

NAMESAKES = {
    "pkg/__init__.py": "",
    "pkg/caching.py": "def cache(function):\n    return function\n\n\ndef forget(): pass\n",
    "pkg/errors.py": "class ParseError(Exception):\n    pass\n\n\ndef describe(error): pass\n",
    "pkg/outside.py": (
        "from functools import cache\nfrom xml.etree.ElementTree import ParseError\n\n"
        "import pkg.caching\nimport pkg.errors\n\n\n"
        "@cache\ndef square(number):\n    return pkg.caching.forget()\n\n\n"
        "@cache\ndef cube(number):\n    raise ParseError(pkg.errors.describe(number))\n"
    ),
}


def test_a_namesake_from_outside_is_not_taken_for_the_own_decorator_or_exception(tmp_path: Path) -> None:
    assert told(context_of(tmp_path, NAMESAKES), {"decorated_with", "raised_in"}) == {}


def test_own_decorators_and_exceptions_are_told_where_they_are_meant(tmp_path: Path) -> None:
    inside = (
        "import pkg.errors as err\nfrom pkg.caching import cache\n\n\n"
        "@cache\ndef first(number):\n    raise err.ParseError(number)\n\n\n@cache\ndef second(number): pass\n"
    )
    samples = told(context_of(tmp_path, {**NAMESAKES, "pkg/inside.py": inside}), {"decorated_with", "raised_in"})
    for answer in answers(samples["decorated_with:pkg.caching.cache"]):
        assert "`first`" in answer
        assert "square" not in answer
        assert "among others" not in answer
    for answer in answers(samples["raised_in:pkg.errors.ParseError"]):
        assert "`first`" in answer
        assert "cube" not in answer


LANES = {
    "pkg/__init__.py": (
        "from .fast import run\nfrom .slow import run, helper, walk\nfrom .first import *\nfrom .second import *\n"
        "helper(walk)\ndel helper\n\n\ndef walk(steps): pass\n"
    ),
    "pkg/fast.py": "def run(job, amount): pass\n",
    "pkg/slow.py": "def run(job, seconds): pass\n\n\ndef helper(lane): pass\n\n\ndef walk(steps): pass\n",
    "pkg/first.py": "def fetch(letter): pass\n\n\ndef first_only(letter): pass\n",
    "pkg/second.py": "__all__ = ['fetch']\n\n\ndef fetch(letter): pass\n\n\ndef second_only(letter): pass\n",
}


def test_an_import_gives_what_it_names(tmp_path: Path) -> None:
    samples = told(context_of(tmp_path, LANES), {"import", "call"})
    expected = {
        "fast.run": "pkg.fast",
        "slow.run": "pkg",
        "slow.helper": "pkg.slow",
        "slow.walk": "pkg.slow",
        "walk": "pkg",
        "first.fetch": "pkg.first",
        "first.first_only": "pkg",
        "second.fetch": "pkg",
        "second.second_only": "pkg.second",
    }
    for name, module in expected.items():
        for family in ("import", "call"):
            for answer in answers(samples[f"{family}:pkg.{name}"]):
                assert f"from {module} import {name.rpartition('.')[2]}\n" in answer


KINDS = {
    "kinds.py": (
        "import enum\nfrom abc import ABC, abstractmethod\nfrom functools import lru_cache\n"
        "from typing import Protocol\nimport click\n\n\n"
        "class Animal(ABC):\n    def __init__(self, name): pass\n"
        "    @abstractmethod\n    def make_noise(self): pass\n\n"
        "    def rename_it(self, name): pass\n\n\n"
        "class Mute(Animal):\n    def rest_awhile(self): pass\n\n\n"
        "class Parrot(Animal):\n    def make_noise(self): pass\n\n\n"
        "class Planet(enum.Enum):\n    EARTH = (1, 2)\n\n    def __init__(self, mass, radius): pass\n\n\n"
        "class Closable(Protocol):\n    def close_it(self): pass\n\n\n"
        "@click.command()\n@click.argument('person')\ndef greet_person(person): pass\n\n\n"
        "@lru_cache(maxsize=None)\ndef square_it(number): pass\n"
    )
}


def test_an_example_makes_only_objects_that_can_be_made_and_calls_what_is_declared(tmp_path: Path) -> None:
    samples = told(context_of(tmp_path, KINDS), {"call"})
    told_of = {key.removeprefix("call:kinds.") for key in samples}
    assert told_of == {
        "Animal.rename_it",
        "Mute.rest_awhile",
        "Parrot",
        "Parrot.make_noise",
        "Closable.close_it",
        "square_it",
    }
    assert all("Animal(" not in text for text in answers(samples["call:kinds.Animal.rename_it"]))
    assert all("Mute(" not in text for text in answers(samples["call:kinds.Mute.rest_awhile"]))
    assert all("parrot = Parrot(name)" in text for text in answers(samples["call:kinds.Parrot"]))


THERMOSTAT = (
    "class Thermostat:\n"
    "    @property\n    def temperature(self):\n"
    '        """The temperature that it keeps."""\n        return self._degrees\n\n'
    "    @temperature.setter\n    def temperature(self, degrees):\n        self._degrees = degrees\n\n"
    "    def warm_up(self, degrees):\n        self.temperature += degrees\n\n"
    "    def cool_down(self): pass\n\n"
    "    def cool_down(self, degrees): pass\n"
)


def test_a_property_that_can_be_set_is_one_property(tmp_path: Path) -> None:
    context = context_of(tmp_path, {"heating.py": THERMOSTAT})
    samples = told(context, {"members", "location", "explain", "call"})
    for answer in answers(samples["members:heating.Thermostat"]):
        assert "`temperature`" in answer
    assert any(
        "value = thermostat.temperature" in text for text in answers(samples["call:heating.Thermostat.temperature"])
    )
    assert "location:heating.Thermostat.temperature" in samples
    assert "location:heating.Thermostat.cool_down" not in samples


LISTED = {
    "pkg/__init__.py": "",
    "pkg/core.py": (
        "class Cache:\n    def put(self, key): pass\n\n\nclass _TimedCache(Cache): pass\n\n\ndef keep(): pass\n"
    ),
    "pkg/use.py": "from pkg.core import Cache, keep\n\n\ndef run():\n    Cache().put(1)\n    keep()\n",
    "tests/test_core.py": "from pkg.core import Cache, keep\n\n\ndef test_put():\n    Cache().put(1)\n    keep()\n",
}


def test_a_list_that_leaves_something_out_says_so(tmp_path: Path) -> None:
    samples = told(context_of(tmp_path, LISTED), {"importers", "file_contents", "change_impact", "callers"})
    for key in (
        "importers:pkg.core",
        "file_contents:pkg/core.py",
        "callers:pkg.core.keep",
        "change_impact:pkg.core.keep",
    ):
        assert all("among others" in text for text in answers(samples[key])), key
    assert all("both in" not in text for text in answers(samples["change_impact:pkg.core.keep"]))
    assert "among others" not in " ".join(answers(samples["file_contents:pkg/use.py"]))


ASKED = {
    "pyproject.toml": (
        '[project]\nname = "kit"\nversion = "1"\ndependencies = [\n    "rich",\n    "click>=8",\n'
        "    \"tomli; python_version < '3.11'\",\n    \"tomli>=2; python_version >= '3.11'\",\n]\n\n"
        '[project.scripts]\nkit = "kit:first_of"\n\n[project.entry-points."pytest11"]\nkitplugin = "kit"\n'
    ),
    "kit.py": (
        "def first_of(rows, fallback):\n    try:\n        return rows[0]\n    except IndexError:\n"
        "        return fallback\n\n\n"
        "class Row:\n    def first_of(self, rows, fallback): pass\n\n    def last_of(self, rows, /, depth): pass\n\n\n"
        "def all_of(rows, limit=3):\n    if not rows:\n        raise ValueError(rows)\n"
    ),
}


def questions(samples: Iterable[Sample]) -> str:
    return "\n".join(sample.messages[0].content for sample in samples)


def test_no_question_is_asked_that_the_answer_leaves_open(tmp_path: Path) -> None:
    families = {"exceptions", "parameters", "dependency", "dependencies", "entry_points", "by_signature"}
    samples = told(context_of(tmp_path, ASKED), families)
    assert "raise an exception" not in questions(samples["exceptions:kit.first_of"])
    assert "handle errors" in questions(samples["exceptions:kit.first_of"])
    assert "raise an exception" in questions(samples["exceptions:kit.all_of"])
    assert "defaults" not in questions(samples["parameters:kit.first_of"])
    assert "defaults" in questions(samples["parameters:kit.all_of"])
    assert "version" not in questions(samples["dependency:rich runtime pyproject.toml"])
    assert "version" in questions(samples["dependency:click runtime pyproject.toml"])
    assert all(text.count("`tomli`") == 1 for text in answers(samples["dependencies:runtime pyproject.toml"]))
    assert all("kitplugin" not in text for text in answers(samples["entry_points:kit"]))
    assert {key for key in samples if key.startswith("by_signature")} == {
        "by_signature:kit.Row.last_of",
        "by_signature:kit.all_of",
    }


def test_one_thing_and_a_count_are_worded_as_a_reader_would(tmp_path: Path) -> None:
    context = context_of(tmp_path, {**LISTED, "pkg/one.py": "class One:\n    size = 1\n\n    def put(self): pass\n"})
    assert "methods of `One` are" not in " ".join(answers(told(context, {"members"})["members:pkg.one.One"]))
    design = " ".join(answers(told(context, {"change_impact"})["change_impact:pkg.core.keep"]))
    assert "which test " not in design
    asked = questions(told(context, {"statistics"}, "zh")["statistics:modules"])
    assert "的个" not in asked
    assert "中个" not in asked
