"""Patterns that teach, found in small repositories written out here."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest

from utils.analysis.architecture import architecture
from utils.analysis.pipeline import analyze
from utils.records import Evidence, Pattern, Provenance


@pytest.fixture
def patterns(tmp_path: Path):
    def find(files: Mapping[str, str], kind: str) -> dict[str, Pattern]:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(dedent(text))
        provenance = Provenance("x", None, False, "0")
        analysis, _ = analyze(tmp_path, "repo", provenance, workers=1)
        found = [pattern for pattern in analysis.patterns if pattern.kind == kind]
        for pattern in found:
            assert not pattern.members or len(pattern.members) == len(pattern.evidence)
            for span in pattern.evidence:
                lines = (tmp_path / span.path).read_text().split("\n")
                assert 1 <= span.start_line <= span.end_line <= len(lines)
        return {f"{each.subject}>{each.target}" if kind == "interaction" else each.subject: each for each in found}

    return find


def test_implementation(patterns) -> None:
    found = patterns(
        {
            "pkg/__init__.py": "",
            "pkg/base.py": """\
                from abc import ABC, abstractmethod

                class Base(ABC):
                    @abstractmethod
                    def run(self): ...

                    @property
                    @abstractmethod
                    def name(self): ...

                    def stop(self):
                        '''Stop it.'''
                        raise NotImplementedError

                    def help(self):
                        return 1
                """,
            "pkg/impl.py": """\
                from pkg.base import Base

                class One(Base):
                    def run(self): return 1

                class Two(One, object):
                    pass
                """,
            "tests/test_base.py": "from pkg.base import Base\n\nclass Fake(Base): pass\nclass Faker(Fake): pass\n",
        },
        "implementation",
    )
    base = found["pkg.base.Base"]
    assert base.members == ["pkg.impl.One", "pkg.impl.Two", "tests.test_base.Fake", "tests.test_base.Faker"]
    assert base.evidence[:2] == [Evidence("pkg/impl.py", 3, 3), Evidence("pkg/impl.py", 6, 6)]
    assert base.required == ["pkg.base.Base.run", "pkg.base.Base.name", "pkg.base.Base.stop"]
    assert found["pkg.impl.One"].required == ["pkg.base.Base.name", "pkg.base.Base.stop"]
    assert sorted(found) == ["pkg.base.Base", "pkg.impl.One"]


def test_protocol_is_implemented_by_whoever_has_its_methods(patterns) -> None:
    found = patterns(
        {
            "pkg/__init__.py": "",
            "pkg/a.py": """\
                from typing import Protocol

                class Store(Protocol):
                    def get(self, key: str) -> str: ...
                    def put(self, key, value): ...

                class Memory:
                    def get(self, key): return key
                    def put(self, key, value): pass

                class Disk(Memory):
                    def sync(self): pass

                class Other:
                    def get(self, name): return name
                    def put(self, key, value): pass

                class Half:
                    def get(self, key): return key

                class Explicit(Store):
                    def get(self, key): return key
                """,
        },
        "implementation",
    )
    assert found["pkg.a.Store"].members == ["pkg.a.Disk", "pkg.a.Explicit", "pkg.a.Memory"]
    assert found["pkg.a.Store"].required == ["pkg.a.Store.get", "pkg.a.Store.put"]


USED = {
    "pkg/__init__.py": "from pkg.core import Client, fetch\n",
    "pkg/core.py": """\
        class Client:
            def __init__(self, url): self.url = url
            def get(self, path): return fetch(path)

        def fetch(path):
            return path

        def unused():
            return fetch(
                1,
            )
        """,
    "pkg/other.py": "from pkg.core import fetch\nfetch(1)\n",
    "tests/test_core.py": "from pkg import fetch\n\ndef test_fetch():\n    assert fetch(2)\n",
    "examples/demo.py": "import pkg\n\npkg.fetch(\n    3\n)\n",
    "README.md": """\
        # T

        ```python
        from pkg import Client
        client = Client("u")
        client.get("p")
        client()
        ```

        Then:

        ```pycon
        >>> import pkg as p
        >>> p.fetch(
        ...     1)
        1
        >>> missing.get("p")
        ```
        """,
}


def test_usage_prefers_what_is_meant_to_be_read(patterns) -> None:
    found = patterns(USED, "usage")
    assert found["pkg.core.fetch"].evidence == [
        Evidence("examples/demo.py", 3, 5),
        Evidence("README.md", 14, 15),
        Evidence("tests/test_core.py", 4, 4),
        Evidence("pkg/other.py", 2, 2),
        Evidence("pkg/core.py", 3, 3),
    ]
    assert found["pkg.core.Client"].evidence == [Evidence("README.md", 5, 5)]
    assert found["pkg.core.Client.get"].evidence == [Evidence("README.md", 6, 6)]
    assert "pkg.core.unused" not in found
    assert not [subject for subject in found if subject.startswith("tests")]


def test_interaction(patterns) -> None:
    found = patterns(
        {
            **USED,
            "pkg/more.py": """\
                from . import core
                from .core import Client as C

                class Sub(core.Client):
                    def go(self):
                        return core.fetch(self.get("x"))
                """,
        },
        "interaction",
    )
    assert found["pkg.more>pkg.core"].members == ["pkg.core.Client", "pkg.core.Client.get", "pkg.core.fetch"]
    assert [span.start_line for span in found["pkg.more>pkg.core"].evidence] == [2, 6, 6]
    assert found["pkg>pkg.core"].members == ["pkg.core.Client", "pkg.core.fetch"]
    assert found["tests.test_core>pkg.core"].members == ["pkg.core.fetch"]
    assert found["examples.demo>pkg.core"].members == ["pkg.core.fetch"]


def test_registration_by_decorator(patterns) -> None:
    found = patterns(
        {
            "pkg/__init__.py": "",
            "pkg/registry.py": """\
                TASKS = {}

                def task(name):
                    def keep(function):
                        TASKS[name] = function
                        return function
                    return keep

                def plain(function):
                    return function

                class App:
                    def __init__(self): self.rules = []
                    def route(self, rule):
                        def keep(f):
                            self.add_rule(rule, f)
                            return f
                        return keep
                    def add_rule(self, rule, f): self.rules.append((rule, f))
                """,
            "pkg/use.py": """\
                from pkg.registry import App, plain, task

                app = App()

                @task("a")
                def a(): pass

                @plain
                @task("b")
                def b(): pass

                @plain
                def c(): pass

                @app.route("/x")
                def x(): pass

                @app.route("/y")
                async def y(): pass
                """,
        },
        "registration",
    )
    assert {subject: pattern.members for subject, pattern in found.items()} == {
        "pkg.registry.task": ["pkg.use.a", "pkg.use.b"],
        "pkg.registry.App.route": ["pkg.use.x", "pkg.use.y"],
    }
    assert found["pkg.registry.task"].evidence == [Evidence("pkg/use.py", 5, 6), Evidence("pkg/use.py", 8, 10)]


def test_registration_in_collections_calls_and_entry_points(patterns) -> None:
    found = patterns(
        {
            "pkg/__init__.py": "",
            "pkg/models.py": "class A: pass\nclass B: pass\ndef make(): pass\ndef other(): pass\n",
            "pkg/tables.py": """\
                from collections import OrderedDict
                from pkg import models
                from pkg.models import A, B as Bee, make, other

                BY_NAME: dict[str, type] = {
                    "a": A,
                    "b": models.B,
                }
                LATER = {"a": make}
                LATER["b"] = other
                LAZY = OrderedDict({"a": "pkg.models.A", "b": "pkg.models:B"})
                STEPS = [A(), Bee(), 3]
                NUMBERS = {"a": 1, "b": 2}
                MIXED = {"a": A, "b": 1, "c": 2, "d": Bee, "e": print, "f": len}
                ONE = {"a": A}

                class Hub:
                    known = {"a": A, "b": Bee}
                    def register(self, item): pass

                hub = Hub()
                hub.register(make)
                hub.register(other)

                if __name__ == "__main__":
                    DEMO = [A(), Bee()]
                """,
            "pkg/factory.py": """\
                from pkg.models import A, B, make, other

                class App:
                    def __init__(self): self.parts = []
                    def add_part(self, part, name=""): self.parts.append(part)
                    def register(self, part): print(part)

                def build():
                    app = App()
                    app.add_part(A, "a")
                    app.add_part(
                        part=other,
                    )
                    app.add_part(B())
                    app.register(A)
                    app.register(make)
                    return app

                def more(make, app: App):
                    app.add_part(make)
                """,
            "pyproject.toml": '[project]\nname = "pkg"\n[project.scripts]\nmk = "pkg.models:make"\nno = "gone:main"\n',
        },
        "registration",
    )
    models = {"A": "pkg.models.A", "B": "pkg.models.B", "m": "pkg.models.make", "o": "pkg.models.other"}
    assert {subject: pattern.members for subject, pattern in found.items()} == {
        "console_scripts": [models["m"]],
        "pkg.tables.BY_NAME": [models["A"], models["B"]],
        "pkg.tables.LATER": [models["m"], models["o"]],
        "pkg.tables.LAZY": [models["A"], models["B"]],
        "pkg.tables.STEPS": [models["A"], models["B"]],
        "pkg.tables.MIXED": [models["A"], models["B"]],
        "pkg.tables.Hub.known": [models["A"], models["B"]],
        "pkg.tables.hub": [models["m"], models["o"]],
        "pkg.factory.App.add_part": [models["A"], models["o"]],
    }
    assert found["pkg.factory.App.add_part"].evidence == [
        Evidence("pkg/factory.py", 10, 10),
        Evidence("pkg/factory.py", 11, 13),
    ]
    assert found["pkg.tables.BY_NAME"].evidence == [Evidence("pkg/tables.py", 6, 6), Evidence("pkg/tables.py", 7, 7)]
    assert found["console_scripts"].target == "pyproject.toml"
    assert found["console_scripts"].evidence == [Evidence("pyproject.toml", 4, 4)]


def test_layers_are_the_strongly_connected_components_lowest_first() -> None:
    imports = {"app": ["a", "b"], "a": ["b", "low", "outside"], "b": ["a"], "top": ["app"], "low": ["low"]}
    found = architecture(["top", "app", "a", "b", "low", "p.q.r", "p.q", "p"], imports)
    assert found.layers == [["low"], ["p"], ["p.q"], ["p.q.r"], ["a", "b"], ["app"], ["top"]]
    assert found.packages == {"p": 3, "p.q": 2}


def test_packages_are_those_with_modules_and_those_with_an_own_one_only() -> None:
    modules = ["p", "p.m", "q", "r.s", "script", ".ci.build", "p..hidden.x", ".top"]
    assert architecture(modules, {}, ["p", "q", "r.s"]).packages == {
        ".ci": 1,
        "p": 3,
        "p..hidden": 1,
        "q": 1,
        "r": 1,
        "r.s": 1,
    }


def test_layers_of_a_long_chain_need_no_recursion() -> None:
    names = [f"m{number:05}" for number in range(5000)]
    found = architecture(names, {name: [after] for name, after in pairwise(names)})
    assert found.layers[0] == ["m04999"]
    assert len(found.layers) == 5000


def test_every_layer_imports_only_from_below() -> None:
    imports = {str(n): [str(n * 7 % 50), str((n * n + 3) % 50)] for n in range(50)}
    below: set[str] = set()
    for layer in architecture(imports, imports).layers:
        below |= set(layer)
        assert all(target in below for module in layer for target in imports[module])
