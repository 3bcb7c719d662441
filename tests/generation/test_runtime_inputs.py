"""Environment variables and command line options are found in code, and nowhere else."""

from __future__ import annotations

import pytest

from tests.generation.shop import build_shop
from utils.generation.runtime_inputs import find_inputs
from utils.records import CodeElement


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> CodeElement:
    elements = build_shop(tmp_path_factory.mktemp("shop"))[1]
    return next(element for element in elements if element.kind == "module")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('import os\nos.environ["A_HOME"]', ["A_HOME"]),
        ('from os import environ\nenviron.get("A_HOME", "x")', ["A_HOME"]),
        ('import os\nos.getenv("A_HOME")', ["A_HOME"]),
        ('import os as system\nsystem.environ["A_HOME"]', ["A_HOME"]),
        ('import os.path\nhome = os.environ.pop("A_HOME")', ["A_HOME"]),
        ('import os\nos.environ.pop("A_HOME", None)', []),
        ('from os import environ as e, getenv as g\ng("A_HOME", e["B_HOME"])', ["A_HOME", "B_HOME"]),
        ('import os\nos.environ["A_HOME"] = "1"', []),
        ('import os\ndel os.environ["A_HOME"]', []),
        ('import os\nself.environ["REQUEST_METHOD"]', []),
        ('import os\ndef app(environ): return environ.get("PATH_INFO")', []),
        ('from .os import environ\nenviron["A_HOME"]', []),
        ('parser.add_argument("-v", "--verbose", help="more")', ["--verbose"]),
        ('@click.option("--name/--no-name")\n@click.option("--out")\ndef f(): ...', ["--out"]),
        ('def f(x: int = typer.Option(3, "--count")): ...', ["--count"]),
        ('"""os.environ["A_HOME"]"""', []),
        ('# os.getenv("A_HOME")', []),
        ('settings.get("A_HOME")', []),
        ('run(["git", "--quiet"])', []),
        ("import os\nos.environ[name]", []),
        ("def broken(:  # --x environ", []),
    ],
)
def test_what_code_reads(module: CodeElement, code: str, names: list[str]) -> None:
    module.code = code
    assert [found.name for found in find_inputs(module)] == names


def test_a_call_over_several_lines_is_quoted_whole(module: CodeElement) -> None:
    module.code = 'if True:\n    add_option(\n        "--deep",\n    )\n'
    (found,) = find_inputs(module)
    assert (found.line, found.end, found.text) == (2, 4, 'add_option(\n    "--deep",\n)')
