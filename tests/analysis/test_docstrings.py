"""Docstrings in three styles, auto-detected; what the signature does not have is no fact."""

import inspect

import pytest

from utils.analysis.docstrings import parse_docstring, style_of, summary_of

GOOGLE = """
Fetch rows.

Args:
    table (str): Which one.
    limit: How many,
        at most.
    *args: The rest.
    nothing: Not a parameter.

Returns:
    list[dict]: The rows
        in order.

Raises:
    KeyError: No such table.

Examples:
    >>> fetch("t")
    []
"""
NUMPY = """
Fetch rows.

Parameters
----------
table : str
    Which one.
limit : int, optional
    How many,
    at most.
*args
    The rest.
nothing : int
    Not a parameter.

Returns
-------
list[dict]
    The rows
    in order.

Raises
------
KeyError
    No such table.

Examples
--------
>>> fetch("t")
[]
"""
SPHINX = """
Fetch rows.

:param str table: Which one.
:param limit: How many,
    at most.
:param args: The rest.
:param nothing: Not a parameter.
:returns: The rows
    in order.
:rtype: list[dict]
:raises KeyError: No such table.

>>> fetch("t")
[]
"""


@pytest.mark.parametrize(("style", "text"), [("google", GOOGLE), ("numpy", NUMPY), ("sphinx", SPHINX)])
def test_each_style_gives_the_same_facts(style: str, text: str):
    text = inspect.cleandoc(text)
    assert style_of(text) == style
    doc = parse_docstring(text, {"table", "limit", "args"})
    assert doc.summary == "Fetch rows."
    assert [(item.name, " ".join(item.description.split())) for item in doc.params] == [
        ("table", "Which one."),
        ("limit", "How many, at most."),
        ("args", "The rest."),
    ]
    assert doc.params[0].annotation == "str"
    assert [(item.name, item.annotation, " ".join(item.description.split())) for item in doc.returns] == [
        (None, "list[dict]", "The rows in order.")
    ]
    assert [(item.name, item.description) for item in doc.raises] == [("KeyError", "No such table.")]
    assert doc.examples == ['>>> fetch("t")\n[]']


def test_google_sections_need_no_blank_line_above():
    for above in ("", "\n"):
        text = f"Sum.\n{above}Args:\n    a: x\nReturns:\n    int: y\nRaises:\n    ValueError: z"
        doc = parse_docstring(text, {"a"})
        assert doc.summary == "Sum."
        assert [(item.name, item.description) for item in doc.params] == [("a", "x")]
        assert [(item.annotation, item.description) for item in doc.returns] == [("int", "y")]
        assert [(item.name, item.description) for item in doc.raises] == [("ValueError", "z")]


@pytest.mark.parametrize(
    ("line", "annotation", "description"),
    [
        ("dict[str, int]: of it", "dict[str, int]", "of it"),
        ("(int, str): of it", "int, str", "of it"),
        ("int or None: of it", "int or None", "of it"),
        ("pkg.Part | None: of it", "pkg.Part | None", "of it"),
        ("`pkg.Part`: of it", "`pkg.Part`", "of it"),
        ("[`~pkg.Part`] or `None`: of it", "[`~pkg.Part`] or `None`", "of it"),
        ("The result: a dict", None, "The result: a dict"),
        ("A tuple (x, y): of it\n    and more: words", None, "A tuple (x, y): of it\nand more: words"),
        (":class:`Part`: of it", None, ":class:`Part`: of it"),
        ("True: if it is", None, "True: if it is"),
        ("{'a': 1}", None, "{'a': 1}"),
        ("no more than words", None, "no more than words"),
    ],
)
def test_what_google_returns_is_a_type_only_where_it_may_be_one(line: str, annotation: str | None, description: str):
    (item,) = parse_docstring(f"Sum.\n\nReturns:\n    {line}", ()).returns
    assert (item.annotation, item.description) == (annotation, description)


def test_a_plain_docstring_has_a_summary_only():
    doc = parse_docstring("Do it\nnow.\n\nMore words.", {"a"})
    assert (doc.summary, doc.params, doc.returns, doc.raises, doc.examples) == ("Do it now.", [], [], [], [])


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("One.\nArgs:\n    a: b", "One."),
        ("One.\n:param a: b", "One."),
        ("Title\n=====\nText.", "Title"),
        ("=====\nTitle\n=====\n\nText.", "Title"),
        ("Title\n~~~~~\nText.", "Title"),
        (
            "One line of text\nand one more that looks like this:\n-----\na",
            "One line of text and one more that looks like this:",
        ),
        (":param x: the size", ""),
        (":class:`Size` of it", ":class:`Size` of it"),
        ("**Bold** text.\n***not a line", "**Bold** text. ***not a line"),
        ("One.\n>>> f()", "One."),
        ("    Two\n    lines.\n\nRest", "Two lines."),
        ("Note: this is a sentence.", "Note: this is a sentence."),
        ("One.\nParameters\n----------\na : int", "One."),
        ("Based on\n:attr:`options` and\n:class:`C` objects.", "Based on :attr:`options` and :class:`C` objects."),
        ("The syntax is\nas follows there:\nLink: x", "The syntax is as follows there: Link: x"),
    ],
)
def test_the_summary_is_the_first_paragraph_on_one_line(text: str, summary: str):
    assert summary_of(text) == summary


def test_hostile_docstrings_do_not_raise():
    for text in (
        "Args:\n",
        "Args:\n    :\n",
        "Returns:\n",
        "Parameters\n----------\n",
        ":param:\n:type x:",
        "Raises:\n  (",
        "Returns:\n    " + "(" * 100_000 + ": x",
        "Returns:\n    \0: x",
    ):
        parse_docstring(text, {"x"})
