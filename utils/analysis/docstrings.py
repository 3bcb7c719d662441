"""A docstring's parts, read by griffe in whichever of the three styles it is written, checked with the signature."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from utils.records import Doc, DocItem

if TYPE_CHECKING:
    import griffe

Style = Literal["google", "numpy", "sphinx"]

GOOGLE_TITLE = (
    r"(?:(?:Other |Keyword )?(?:Args|Arguments|Params|Parameters)|Returns|Raises|Exceptions|Examples?):[ \t]*"
)
GOOGLE = re.compile(rf"^[ \t]*{GOOGLE_TITLE}$", re.MULTILINE)
# A section without a blank line above. Here and below, what looks back stands behind a literal, which `re` finds fast.
CROWDED = re.compile(rf"\n(?<=[^\n]\n)(?={GOOGLE_TITLE}\n[ \t]+\S)")
RETURNED = re.compile(r"(Returns:(?<![^\n]Returns:)[ \t]*\n[ \t]+)([^\n:]*)(?=:)")
MARKUP = re.compile(r"(?<!\w)\[`~?([^`\]]*)`\]|`")
LONGEST_TYPE = 200  # characters
NUMPY = re.compile(r"^[ \t]*(?:(?:Other )?Parameters|Returns|Raises|Examples)[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)
SPHINX = re.compile(
    r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?|except|exception)\b[^:\n]*:",
    re.MULTILINE,
)
FIELD = (
    r":(?:param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?|except|exception|[ic]?var|yields?|ytype|meta)"
    r"\b[^:`\n]*:(?!`)"
)
RULE = r"([-=~*^#+_])\1{2,}[ \t]*$"
SECTION_MARK = re.compile(rf"[ \t]*(?:[A-Z][a-z]+(?: [A-Z][a-z]+)?:[ \t]*$|{FIELD}|{RULE}|\.\. \w|>>> |@\w+ )")
TITLE_LINE = rf"[ \t]*{RULE}"  # below a title, and above it, too, if its writer likes
TITLE_WORDS = 3  # a longer line above a line of dashes is rather text
DOCTEST = r"(?m)^[ \t]*>>> .*(?:\n[ \t]*\S.*)*"
AT_MARGIN = r"\n[ \t]*\n(?=\S)"  # where a Sphinx field has ended; griffe lets it run to the next one
OPTIONS: dict[Style, dict[str, bool]] = {
    "google": {"warnings": False, "returns_multiple_items": False, "returns_named_value": False},
    "numpy": {"warnings": False},
    "sphinx": {"warnings": False},
}


def style_of(text: str) -> Style | None:
    """The style that most of a docstring's section marks belong to; null where there is none."""
    counts: dict[Style, int] = {
        "numpy": len(NUMPY.findall(text)),
        "google": len(GOOGLE.findall(text)),
        "sphinx": len(SPHINX.findall(text)),
    }
    best = max(counts, key=lambda style: counts[style])
    return best if counts[best] else None


def summary_of(text: str) -> str:
    """The first paragraph or the title on one line: the lines up to the first blank one, section mark or example.

    Empty where a docstring begins with a field (`:param x: …`).
    """
    lines: list[str] = []
    for line in text.strip().split("\n"):
        if not lines and re.match(TITLE_LINE, line):
            continue
        if not line.strip() or (lines and SECTION_MARK.match(line)) or re.match(FIELD, line.lstrip()):
            if len(lines) > 1 and re.match(TITLE_LINE, line) and len(lines[-1].split()) <= TITLE_WORDS:
                lines.pop()  # `Parameters` right below the summary
            break
        lines.append(line.strip())
    return " ".join(lines)


def parse_docstring(text: str, parameters: Collection[str]) -> Doc:
    """The parts of a cleaned docstring; a documented name that is none of `parameters` (no stars) is left out."""
    doc = Doc(summary=summary_of(text), params=[], returns=[], raises=[], examples=[])
    style = style_of(text)
    if style is not None:
        for section in _sections(_plainer_google(text) if style == "google" else text, style):
            _add(doc, section, parameters)
        if style == "sphinx":
            for item in (*doc.params, *doc.returns, *doc.raises):
                item.description = re.split(AT_MARGIN, item.description)[0].rstrip()
    if not doc.examples and ">>>" in text:
        doc.examples = [match.group().strip() for match in re.finditer(DOCTEST, text)]
    return doc


def _plainer_google(text: str) -> str:
    """`text` as griffe understands it: a blank line above each section, no colon behind words that are no type."""
    text = CROWDED.sub("\n\n", text)
    return RETURNED.sub(lambda found: found[0] if _may_be_type(found[2]) else f"{found[1]}: {found[2]}", text)


def _may_be_type(text: str) -> bool:
    """True for what annotations look like, also in `backticks`, as [`link`] and with `or`; not for words or values."""
    if len(text) > LONGEST_TYPE or "\\" in text:
        return False
    try:
        return _is_type(ast.parse(MARKUP.sub(r"\1", text).strip(), mode="eval").body)
    except (SyntaxError, ValueError):
        return False


def _is_type(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Constant(value):
            return value is None or isinstance(value, str)
        case ast.Attribute(inner) | ast.Subscript(inner):
            return _is_type(inner)
        case ast.BinOp(left, ast.BitOr(), right):
            return _is_type(left) and _is_type(right)
        case ast.BoolOp(ast.Or(), parts) | ast.Tuple(parts) | ast.List(parts):
            return all(_is_type(part) for part in parts)
    return False


def _sections(text: str, style: Style) -> list[griffe.DocstringSection]:
    try:
        return _reader()(text).parse(style, **OPTIONS[style])
    except (IndexError, AttributeError, TypeError, ValueError):
        return []  # griffe stumbles over some malformed sections (`Returns:` with nothing in it); they state nothing


@lru_cache(maxsize=1)
def _reader() -> type[griffe.Docstring]:
    import logging

    import griffe  # only now: many a file needs none of it

    logging.getLogger("griffe").setLevel(logging.CRITICAL)  # its remarks are about someone else's docstrings
    return griffe.Docstring


def _add(doc: Doc, section: griffe.DocstringSection, parameters: Collection[str]) -> None:
    kind, value = section.kind.value, section.value
    if kind in ("parameters", "other parameters"):
        known = [item for item in value if item.name.lstrip("*") in parameters]
        doc.params += [DocItem(item.name.lstrip("*"), _text(item.annotation), _words(item)) for item in known]
    elif kind == "returns":
        doc.returns += [DocItem(item.name or None, _text(item.annotation), _words(item)) for item in value]
    elif kind == "raises":
        doc.raises += [DocItem(_text(item.annotation), None, _words(item)) for item in value]
    elif kind == "examples":
        doc.examples += [text for _, text in value]


def _words(item: griffe.DocstringElement) -> str:
    return inspect.cleandoc(item.description).strip()


def _text(annotation: object) -> str | None:
    return None if annotation is None else str(annotation) or None
