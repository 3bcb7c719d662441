"""The benchmark's edits leave a file that parses, or say that they cannot."""

import ast
from pathlib import Path

import pytest

from benchmarks.analysis import is_editable, with_a_call

ROOMY = "def g(a):\n    b = a\n    return b\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ROOMY, "g"),
        ("def f(): return 1\n\n\n" + ROOMY, "g"),
        ("def g(a):\n\tb = a\n\treturn b\n", "g"),
        ("def f():\n    'é'; return 1\n\n\n" + ROOMY, "g"),
        ("def f():\n    @property\n    def inside(): ...\n\n\n" + ROOMY, "g"),
    ],
)
def test_the_call_is_put_before_a_functions_last_statement(text: str, name: str):
    edited = ast.parse(with_a_call(text))
    calls = {
        node.name: ast.unparse(node.body[-2])
        for node in edited.body
        if isinstance(node, ast.FunctionDef) and len(node.body) > 1
    }
    assert calls[name] == "sorted(repr(object()))"


@pytest.mark.parametrize("data", [b"A = 1\n", b"def f(): return 1\n", b"\xff"])
def test_a_file_without_room_is_not_chosen(tmp_path: Path, data: bytes):
    (tmp_path / "a.py").write_bytes(data)
    assert not is_editable(tmp_path / "a.py")
