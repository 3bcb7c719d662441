"""Markdown as facts: title, sections with their lines, code blocks, and the first paragraph that says something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from utils.records import CodeBlock, Document, Section

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Inline text longer than this is no title and no summary, and may be built to be slow to parse.
MAX_INLINE = 4000

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|\Z)", re.DOTALL)
_HTML_TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_ANCHOR = re.compile(r"<a\s[^>]*\bhref\b")
_ADDRESS = re.compile(r"https?://\S+")
_SEPARATOR = re.compile(r"\s*[|·•]\s*|\s+/\s+")  # of links in a row
_LEAD_IN = 6  # words of a sentence that may stand alone above a list or an example and says nothing without it
_POINTS_ON = re.compile(
    r"\b(?:follow(?:s|ing)|below|here|install|run)\b|^(?:in order )?(?:to|if|you)\b|以下|如下|下面|安装|运行",
    re.IGNORECASE,
)
# Markup of documentation generators that CommonMark takes for a paragraph: admonitions, directives, template tags.
_GENERATOR_MARKUP = re.compile(r"(!!!|\?\?\?|:::|===|\{%|\{\{|\[TOC\]|\[\[|#\w)", re.IGNORECASE)


def read_document(path: str, text: str) -> Document:
    """The facts of one Markdown file; `path` is kept as it is given."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    front_title, body = _split_front_matter(text)
    environment: dict[str, Any] = {}
    tokens = _blocks().parse(body, environment)
    lines = body.split("\n")
    sections = _sections(tokens, lines, environment)
    summary, first, last = _summary(tokens, environment)
    return Document(
        path=path,
        title=_title(tokens, sections) or front_title,
        summary=summary,
        sections=sections,
        summary_line=first,
        summary_end_line=last,
    )


@lru_cache(maxsize=1)
def _blocks() -> MarkdownIt:
    """CommonMark with tables, block structure only: inline markup is parsed where it is needed, title and summary."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


@lru_cache(maxsize=1)
def _inline() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _split_front_matter(text: str) -> tuple[str, str]:
    """(title in the YAML front matter or "", the text with the front matter blanked: lines keep their numbers)."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return "", text
    title = re.search(r"^title:[ \t]*(.+?)[ \t]*$", found.group(1) or "", re.MULTILINE)
    blank = "\n" * found.group(0).count("\n")
    return (title.group(1).strip("'\"") if title else ""), blank + text[found.end() :]


def _title(tokens: Sequence[Token], sections: Sequence[Section]) -> str:
    for token in tokens:
        if token.type == "html_block" and (found := _HTML_TITLE.search(token.content[:MAX_INLINE])):
            title = " ".join(_TAG.sub(" ", found.group(1)).split())
            if title:
                return title
        if token.type == "heading_open" and token.tag == "h1" and token.level == 0 and token.map:
            line = token.map[0] + 1
            title = next((section.title for section in sections if section.line == line), "")
            if title:
                return title
    return ""


def _sections(tokens: Sequence[Token], lines: Sequence[str], environment: dict[str, Any]) -> list[Section]:
    sections = [Section(title="", level=0, line=1, end_line=len(lines))]
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.map is None:
            continue
        if token.type == "heading_open" and token.level == 0 and following is not None:
            sections[-1].end_line = _last_line(lines, sections[-1].line, token.map[0])
            title = _plain(following.content, environment)
            sections.append(Section(title=title, level=int(token.tag[1:]), line=token.map[0] + 1, end_line=len(lines)))
        elif token.type in ("fence", "code_block"):
            sections[-1].code_blocks.append(_code_block(token, lines))
    sections[-1].end_line = _last_line(lines, sections[-1].line, len(lines))
    return sections if sections[0].code_blocks else sections[1:]


def _code_block(token: Token, lines: Sequence[str]) -> CodeBlock:
    start, end = token.map or (0, 0)
    # ```python title="x", ```{code-block} python, ```{.python}: the word that names the language
    words = [word for word in re.split(r"[\s,{}]+", token.info) if word not in ("", "code-block", "code", "sourcecode")]
    language = words[0].lstrip(".").lower() if words else ""
    return CodeBlock(
        language=language, line=start + 1, end_line=_last_line(lines, start + 1, end), code=token.content.rstrip("\n")
    )


def _last_line(lines: Sequence[str], first: int, end: int) -> int:
    """The last line of `first`..`end` (1-based, inclusive) that is not blank."""
    while end > first and not lines[end - 1].strip():
        end -= 1
    return end


def _summary(tokens: Sequence[Token], environment: dict[str, Any]) -> tuple[str, int | None, int | None]:
    """(text, first line, last line) of the first top-level paragraph that is prose."""
    headings = 0
    for index, token in enumerate(tokens):
        headings += token.type == "heading_open"
        if token.type != "paragraph_open" or token.level != 0 or token.map is None:
            continue
        source = tokens[index + 1].content
        if len(source) > MAX_INLINE or _GENERATOR_MARKUP.match(source):
            continue
        after = tokens[index + 3].type if index + 3 < len(tokens) else ""
        introduces = headings <= 1 and after in ("bullet_list_open", "ordered_list_open")
        if text := _prose(source, environment, introduces):
            return text, token.map[0] + 1, token.map[1]
    return "", None, None


def _prose(source: str, environment: dict[str, Any], introduces: bool) -> str:
    """A paragraph as plain text; empty where it is mostly links, or only leads to them or to what follows."""
    plain = _plain(source, environment)
    told, own = _ADDRESS.sub("", plain), _ADDRESS.sub("", _plain(source, environment, links=False))
    if len(own) * 3 < len(told) or not says_something(told):
        return ""
    between = _SEPARATOR.split(own) if len(own) < len(told) else [own]
    if len(between) > 1 and not any(says_something(part) for part in between):  # English | [简体中文](README.zh.md)
        return ""
    leads_to_links = not without_lead_in(own.rstrip(" ,;|·•/"), introduces)
    return "" if leads_to_links else without_lead_in(plain, introduces)


def says_something(text: str, words: int = 3) -> bool:
    """True for `words` words or more (twice as many characters where words are not spaced) besides addresses."""
    text = _ADDRESS.sub(" ", text)
    unspaced = re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text)
    return len(unspaced) >= 2 * words or len(re.findall(r"[^\W\d_]{2,}", text)) >= words


def without_lead_in(text: str, introduces: bool) -> str:
    """`text` without a last sentence that only leads to what follows ("It runs on:"); empty if that is all.

    Where a text `introduces` the project and a list of what it has, a longer sentence alone stays, without its colon
    ("X is a package that offers two things").
    """
    if not text.endswith((":", "：")):
        return text
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|[。！？]", text)]
    if ends:
        return text[: ends[-1]]
    sentence = text.rstrip(":： ")
    stays = introduces and says_something(sentence, _LEAD_IN + 1) and not _POINTS_ON.search(sentence)
    return sentence if stays else ""


def _plain(source: str, environment: dict[str, Any], links: bool = True) -> str:
    """Inline Markdown as plain text on one line, without images and HTML; `links=False` leaves link texts out too."""
    parts: list[str] = []
    depth = 0
    for root in _inline().parseInline(source[:MAX_INLINE], environment):
        for token in root.children or []:
            opens = token.type == "link_open" or (token.type == "html_inline" and _ANCHOR.match(token.content))
            closes = token.type == "link_close" or (token.type == "html_inline" and token.content.startswith("</a"))
            depth = max(0, depth + bool(opens) - closes)
            if depth and not links:
                continue
            if token.type == "text":
                parts.append(token.content)
            elif token.type == "code_inline":
                parts.append(f"`{token.content}`")
            elif token.type in ("softbreak", "hardbreak"):
                parts.append(" ")
    return " ".join("".join(parts).split())
