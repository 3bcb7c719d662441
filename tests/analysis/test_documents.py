"""Markdown and reStructuredText: titles, sections, code blocks, the first paragraph that says something."""

import time

import pytest

from utils.analysis.documents import read_document
from utils.analysis.restructured_text import read_restructured_text
from utils.records import CodeBlock

PROSE = "Turns one thing into another thing."


def summary(text: str) -> str:
    return read_document("README.md", text).summary


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# Title\n",
        "[![Build](https://x/b.svg)](https://x) [![PyPI](https://x/p.svg)](https://y)\n\n",
        "![Logo of the project in bright colours](logo.png)\n\n",
        '<p align="center"><b>A framework for all of us</b></p>\n\n',
        '<div align="center">\n\n<img src="x.svg">\n\n',
        "<!-- A comment that says many words about nothing -->\n\n",
        "[Quick start](#a) • [Features of it](#b) • [Contributing to it](#c)\n\n",
        "[English readme](a) | [简体中文](b) | [Deutsche Fassung](c)\n\n",
        "English | [简体中文](b) | [日本語](c)\n\n",
        "简体中文 | [English](a) | [日本語](c)\n\n",
        "Read this in other languages: [English](a), [简体中文](b), [日本語](c)\n\n",
        "Documentation: https://x.readthedocs.io/en/latest\n\n",
        "**Documentation**: [https://x.readthedocs.io](https://x.readthedocs.io)\n\n",
        '**Source Code**: <a href="https://y" target="_blank">the code of it</a>\n\n',
        "https://user-images.x.com/some-long-name/of-a-film.mp4\n\n",
        "Install it like this now:\n\n```sh\npip install x\n```\n\n",
        "Clone the repository and make a new environment for it:\n\n```sh\ngit clone x\n```\n\n",
        "You need all of the programs that are named:\n\n- make\n\n",
        "It runs on systems such as:\n\n- Linux\n\n",
        "- a list of several words\n- another item of words\n\n",
        "> Note: this quotation has several words too.\n\n",
        "---\ntitle: A page with a title\nlayout: default\n---\n\n",
        '!!! note "Words in an admonition"\n\n',
        "{% include header.html with several words %}\n\n",
        "| badge one | badge two |\n|---|---|\n| several words here | and here |\n\n",
        "---\n\n",
    ],
)
def test_first_real_paragraph_is_found_behind_decoration(before: str) -> None:
    assert summary(f"{before}{PROSE}\n\nMore words that come later.\n") == PROSE


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("Makes *very* **good** things of `x`.", "Makes very good things of `x`."),
        ("A [WSGI] thing for [all of us](https://x).\n\n[WSGI]: https://wsgi", "A WSGI thing for all of us."),
        ("First line of words\nand the second.", "First line of words and the second."),
        ("Some words <b>in bold</b> &amp; others.", "Some words in bold & others."),
        ("It keeps things. It is for these systems:", "It keeps things."),
        ("*X* is the package that does two things at once:\n- a\n- b", "X is the package that does two things at once"),
        ("Unions such as `int | None`.", "Unions such as `int | None`."),
        ('<a id="top"/>A thing for all of [us](https://x).', "A thing for all of us."),
        ("It keeps things, see https://x.readthedocs.io", "It keeps things, see https://x.readthedocs.io"),
        ("一个用于构建智能体系统的框架。", "一个用于构建智能体系统的框架。"),
    ],
)
def test_summary_is_plain_text(source: str, plain: str) -> None:
    assert summary(f"# T\n\n{source}\n") == plain


def test_a_lead_in_under_a_further_heading_is_no_summary() -> None:
    assert summary(f"# T\n\n## Needs\n\nThe machine has to have all of these parts:\n\n- a\n\n{PROSE}\n") == PROSE


def test_document_without_prose_has_no_summary() -> None:
    document = read_document("a.md", "# Title\n\n[![b](c)](d)\n\n- one item\n")
    assert (document.title, document.summary, document.summary_line) == ("Title", "", None)
    assert read_document("a.md", "").sections == []


LINES = """\
---
title: Front
---

# One

Words of the first
paragraph here.

```python
x = 1
```

Two
---

    indented()
    code()

1. item

   ~~~
   y
   ~~~
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_are_those_of_the_file(newline: str) -> None:
    document = read_document("a.md", LINES.replace("\n", newline))
    assert document.title == "One"
    assert (document.summary_line, document.summary_end_line) == (7, 8)
    one, two = document.sections
    assert (one.title, one.level, one.line, one.end_line) == ("One", 1, 5, 12)
    assert one.code_blocks == [CodeBlock("python", 10, 12, "x = 1")]
    assert (two.title, two.level, two.line, two.end_line) == ("Two", 2, 14, 24)
    assert two.code_blocks == [CodeBlock("", 17, 18, "indented()\ncode()"), CodeBlock("", 22, 24, "y")]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Contents\n\n# Real\n", "Real"),
        ('<h1 align="center">\n  <b>Big</b> Name\n</h1>\n\n## Rest\n', "Big Name"),
        ("# ![logo](x.png)\n\n# Name\n", "Name"),
        ("---\ntitle: 'Front page'\n---\ntext\n", "Front page"),
        ("## Only a section\n", ""),
    ],
)
def test_title(text: str, title: str) -> None:
    assert read_document("a.md", text).title == title


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("python", "python"),
        ("Python title=x", "python"),
        ("{.python}", "python"),
        ("{code-block} python", "python"),
        ("", ""),
    ],
)
def test_language_of_a_fence(info: str, language: str) -> None:
    assert read_document("a.md", f"```{info}\nx\n```\n").sections[0].code_blocks[0].language == language


def test_what_stands_before_the_first_heading_is_a_section_if_it_has_code() -> None:
    assert [section.level for section in read_document("a.md", "words\n\n```\nx\n```\n\n# T\n").sections] == [0, 1]
    assert [section.level for section in read_document("a.md", "words\n\n# T\n").sections] == [1]


def test_unclosed_fence_runs_to_the_end() -> None:
    block = read_document("a.md", "# T\n\n```py\nx = 1\n# no heading\n").sections[0].code_blocks[0]
    assert (block.line, block.end_line, block.code) == (3, 5, "x = 1\n# no heading")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "> " * 50_000 + "x",
        "- " * 20_000 + "x",
        "*a " * 50_000,
        "# " + "[" * 50_000,
        "`" * 50_000,
        "<h1>" * 50_000,
        "<" * 50_000,
        "[a]: <" * 20_000,
        "|" * 50_000 + "\n|-|-|\n",
        "---\n" * 20_000,
        "<!--" * 20_000,
    ],
)
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    read_document("a.md", text)
    assert time.process_time() - started < 5  # CPU seconds, whatever else the machine does: a fraction of one is used


RST = """\
.. image:: https://x/b.svg
   :target: https://x

|badge| |other|

====
Name
====

.. note::
   Some words in a note.

- a list of several words

Keeps ``things`` in **good** order; see `the docs <https://x>`_ and
:ref:`this <that>`.

Install
-------

Type this::

    pip install name

.. code-block:: python

   import name
"""


def test_restructured_text() -> None:
    document = read_restructured_text("README.rst", RST)
    assert document.title == "Name"
    assert document.summary == "Keeps `things` in good order; see the docs and this."
    assert (document.summary_line, document.summary_end_line) == (15, 16)
    install = document.sections[-1]
    assert (install.title, install.level, install.line) == ("Install", 2, 18)
    assert install.code_blocks == [
        CodeBlock("", 23, 23, "pip install name"),
        CodeBlock("python", 27, 27, "import name"),
    ]


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        (
            "x is a parser module\nwith a set of its own features:\n\n* one",
            "x is a parser module with a set of its own features",
        ),
        (f"It has features such as:\n\n* one\n\n{PROSE}", PROSE),
        (f"Docs: https://x.readthedocs.io/en/latest\n\n{PROSE}", PROSE),
        (f"Needs\n-----\n\nThe machine has to have all of these parts:\n\n* one\n\n{PROSE}", PROSE),
    ],
)
def test_summary_of_restructured_text(source: str, plain: str) -> None:
    assert read_restructured_text("README.rst", f"Name\n====\n\n{source}\n").summary == plain
