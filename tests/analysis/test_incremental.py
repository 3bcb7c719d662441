"""Whatever is edited between two runs, a run with the cache gives the bytes of a run without it."""

import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from utils.analysis.pipeline import analyze_survey
from utils.analysis.survey import survey
from utils.records import Provenance

HERE = Provenance("", None, False, "")
NAMES = ("alpha", "beta", "gamma", "delta")


def run(root: Path, cache: Path | None) -> bytes:
    elements = BytesIO()
    analysis = analyze_survey(survey(root, "r"), HERE, elements, workers=1, cache=cache)
    return msgspec.json.encode(analysis) + elements.getvalue()


def function(rng: random.Random) -> str:
    name, other = rng.sample(NAMES, 2)
    body = rng.choice([f"return {other}(value)", f"return C().{other}(value)", "return value", f"value.{other}()"])
    return f"def {name}(value: C):\n    '''Do {other}.'''\n    {body}\n\n\n"


def klass(rng: random.Random) -> str:
    base = rng.choice(["", "(C)", "(B)", "(Protocol)"])
    method = rng.choice(NAMES)
    return f"class {rng.choice('BCD')}{base}:\n    def {method}(self):\n        return self.{rng.choice(NAMES)}()\n\n\n"


def imported(rng: random.Random) -> str:
    module = f"m{rng.randrange(4)}"
    return rng.choice([f"from pkg.{module} import *\n", f"from pkg.{module} import {rng.choice(NAMES)}, C\n"])


def add(rng: random.Random, path: Path) -> None:
    parts = [path.read_text(), rng.choice([function, klass, imported])(rng)]
    path.write_text("".join(parts if rng.random() < 0.6 else reversed(parts)))


def remove(rng: random.Random, path: Path) -> None:
    blocks = path.read_text().split("\n\n\n")
    del blocks[rng.randrange(len(blocks))]
    path.write_text("\n\n\n".join(blocks))


def rename(rng: random.Random, path: Path) -> None:
    path.write_text(path.read_text().replace(*rng.sample(NAMES, 2)))


def shift(rng: random.Random, path: Path) -> None:
    lines = path.read_text().split("\n")
    lines.insert(rng.randrange(len(lines)), rng.choice(["", "# A comment.", "x = 'é'", "def broken("]))
    path.write_text("\n".join(lines))


def move(rng: random.Random, path: Path) -> None:
    path.rename(path.with_name(f"m{rng.randrange(6)}.py"))


def document(rng: random.Random, path: Path) -> None:
    name = rng.choice(NAMES)
    text = f"# Use\n\nHow to {name}.\n\n```python\nfrom pkg.m1 import {name}\n{name}(1)\n```\n"
    (path.parent.parent / "README.md").write_text(text)


EDITS: list[Callable[[random.Random, Path], None]] = [add, add, remove, rename, shift, shift, move, document]


@pytest.mark.parametrize("seed", range(5))
def test_a_run_with_the_cache_equals_a_full_run_after_any_edits(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    package = tmp_path / "repo" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for number in range(4):
        parts = [rng.choice([function, klass, imported])(rng) for _ in range(6)]
        (package / f"m{number}.py").write_text("from typing import Protocol\n" + "".join(parts))
    run(tmp_path / "repo", tmp_path / "cache")
    for _ in range(12):
        for _ in range(rng.choice([1, 1, 2])):
            rng.choice(EDITS)(rng, rng.choice(sorted(package.glob("m*.py"))))
        assert run(tmp_path / "repo", tmp_path / "cache") == run(tmp_path / "repo", None)


def test_nothing_edited_is_nothing_analysed_and_nothing_solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = tmp_path / "repo"
    root.mkdir()
    (root / "a.py").write_text("def f(): ...\n\n\nf()\n")
    first = run(root, tmp_path / "cache")
    monkeypatch.setattr("utils.analysis.pipeline.solve", None)
    monkeypatch.setattr("utils.analysis.file_analysis.analyze_file", None)
    assert run(root, tmp_path / "cache") == first
