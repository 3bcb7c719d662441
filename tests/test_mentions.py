"""What a text names: paths, symbols, lines, numbers and code in English and Chinese prose."""

from __future__ import annotations

import pytest

from utils.mentions import find_mentions, names_in_code


def told(text: str) -> list[tuple[str, str]]:
    return [(mention.kind, mention.text) for mention in find_mentions(text)]


def lines(text: str) -> list[tuple[int, int] | None]:
    return [mention.lines for mention in find_mentions(text) if mention.kind == "line"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is at line 40.", [(40, 40)]),
        ("See lines 3-9, lines 5 to 8 and Line 12.", [(3, 9), (5, 8), (12, 12)]),
        ("from line 3 to line 9", [(3, 9)]),
        ("在第 40 行，第3-9行，第 3 行到第 9 行，第 3 至 9 行", [(40, 40), (3, 9), (3, 9), (3, 9)]),
        ("行号 17，位于 20 行", [(17, 17), (20, 20)]),
        ("src/a.py:40, `src/a.py:3-9`, src/a.py#L7-L8, L5", [(40, 40), (3, 9), (7, 8), (5, 5)]),
        ("共 40 行，12 lines of code", []),
    ],
)
def test_lines_in_both_languages(text: str, expected: list[tuple[int, int]]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`a.b.C.run()` is in `lib/a/b.py`.", [("symbol", "a.b.C.run"), ("path", "lib/a/b.py")]),
        ("函数create_app在src/app.py中", [("symbol", "create_app"), ("path", "src/app.py")]),
        ("file app.py. `tests/`, Makefile", [("path", "app.py"), ("path", "tests/"), ("path", "Makefile")]),
        ("`./x/y.py` and `.github/workflows/ci.yml`", [("path", "x/y.py"), ("path", ".github/workflows/ci.yml")]),
        ("`*args`, `@app.route` and `run`", [("symbol", "args"), ("symbol", "app.route"), ("symbol", "run")]),
        ("app.pyw, `gui/main.pyw`", [("path", "app.pyw"), ("path", "gui/main.pyw")]),
        ("`f(a)`", [("symbol", "f"), ("code", "f(a)")]),
        ("`async def f(a) -> int`", [("symbol", "f"), ("code", "async def f(a) -> int")]),
        ("HTTPServer, FooBar, response.json() and __init__",
         [("symbol", "HTTPServer"), ("symbol", "FooBar"), ("symbol", "response.json"), ("symbol", "__init__")]),
        ("`变量.名`", [("symbol", "变量.名")]),
        ("e.g. and/or i.e. GitHub, APIs, Flask-Login", []),
        ("see https://x.y/z.py.", [("url", "https://x.y/z.py")]),
        ("1. one\n2) two 12 of 1,234; Python 3.10", [("number", "12"), ("number", "1234"), ("number", "3.10")]),
        ("it takes 3 and `4`", [("number", "3"), ("number", "4")]),
    ],
)  # fmt: skip
def test_paths_symbols_and_numbers(text: str, expected: list[tuple[str, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize("text", ["`self.env`", "Response.json", "`request.json`", "`self.app.env`", "cls.conf"])
def test_attributes_that_end_as_files_do_are_symbols(text: str) -> None:
    assert [(mention.kind, mention.text) for mention in find_mentions(text)] == [("symbol", text.strip("`"))]


@pytest.mark.parametrize("text", ["`package.json`", "Cargo.lock", "`config.env`", "`src/Response.json`", "Main.go"])
def test_files_stay_paths(text: str) -> None:
    assert [(mention.kind, mention.text) for mention in find_mentions(text)] == [("path", text.strip("`"))]


def test_a_fence_is_one_code_mention_even_when_it_never_closes() -> None:
    assert told("Use:\n```python\nfrom a import b\nb(1)\n```\nthen `c`") == [
        ("code", "from a import b\nb(1)\n"),
        ("symbol", "c"),
    ]
    assert told("```\nx.y(1)\n") == [("code", "x.y(1)\n")]


def test_offsets_point_at_the_name() -> None:
    text = "先看 `pkg/mod.py:40`，再看 `@app.route`、第 7 行。"
    assert [text[m.start : m.end] for m in find_mentions(text)] == ["pkg/mod.py", "40", "app.route", "7"]


def test_backticks_mark_a_mention_as_code() -> None:
    assert [m.marked for m in find_mentions("`run_all` or run_all")] == [True, False]


def test_names_in_code_leave_keywords_out() -> None:
    assert names_in_code("from a.b import c\nc . d(x)\nreturn 1") == ["a.b", "c", "c.d", "x"]
