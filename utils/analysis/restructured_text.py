"""reStructuredText as far as a project's README needs it: title, sections, code blocks, the first real paragraph."""

from __future__ import annotations

import re

from utils.analysis.documents import says_something, without_lead_in
from utils.records import CodeBlock, Document, Section

_ADORNMENT = re.compile(r"([=\-~^\"'`#*+.:_<>])\1{2,}\s*")
_CODE_DIRECTIVE = re.compile(r"\.\.\s+(?:code-block|code|sourcecode|prompt|doctest)::\s*([\w+-]*)")
_LIST = re.compile(r"\s+(?:[-*+•]|\(?(?:\d+|#)[.)])\s")
_NO_PARAGRAPH = re.compile(r"(\.\.(\s|$)|:[\w -]+:(\s|$)|[-*+•]\s|\(?[\w#]+[.)]\s|\||\+[-=]|=+\s+=|>>>|__\s)")


def read_restructured_text(path: str, text: str) -> Document:
    """The facts of one .rst file, by its blank lines and indentation; inline markup is removed from the summary."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").expandtabs(8).split("\n")
    sections = _sections(lines)
    summary, first, last = _summary(lines)
    title = next((section.title for section in sections if section.level == 1), "")
    sections = [section for section in sections if section.title or section.code_blocks]
    return Document(path, title, summary, sections, first, last)


def _is_title(lines: list[str], index: int) -> bool:
    """True where line `index` is a title: text above an adornment at least as long."""
    text = lines[index].rstrip()
    under = lines[index + 1].rstrip() if index + 1 < len(lines) else ""
    if not text.strip() or _ADORNMENT.fullmatch(text) or not _ADORNMENT.fullmatch(under):
        return False
    before = lines[index - 1].strip() if index else ""
    return len(under) >= len(text.strip()) and (not before or bool(_ADORNMENT.fullmatch(before)))


def _sections(lines: list[str]) -> list[Section]:
    sections = [Section("", 0, 1, len(lines))]
    styles: list[tuple[str, bool]] = []
    index = 0
    while index < len(lines):
        if _is_title(lines, index):
            overlined = index > 0 and lines[index - 1].strip()[:1] == lines[index + 1][:1]
            style = (lines[index + 1][0], overlined)
            if style not in styles:
                styles.append(style)
            sections[-1].end_line = max(index - overlined, sections[-1].line)
            sections.append(Section(lines[index].strip(), styles.index(style) + 1, index + 1, len(lines)))
            index += 2
            continue
        block, after = _code_block(lines, index)
        if block:
            sections[-1].code_blocks.append(block)
        index = after
    return sections


def _code_block(lines: list[str], index: int) -> tuple[CodeBlock | None, int]:
    """The code block that line `index` introduces, if any, and the index to go on from."""
    stripped = lines[index].strip()
    directive = _CODE_DIRECTIVE.match(stripped)
    if directive is None and (not stripped.endswith("::") or stripped.startswith("..")):
        return None, index + 1
    indent = len(lines[index]) - len(lines[index].lstrip())
    start = index + 1
    while start < len(lines) and (not lines[start].strip() or re.match(r"\s+:[\w-]+:", lines[start])):
        start += 1
    end = start
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if end == start:
        return None, index + 1
    margin = min(len(line) - len(line.lstrip()) for line in lines[start:end] if line.strip())
    code = "\n".join(line[margin:] for line in lines[start:end])
    return CodeBlock(directive.group(1).lower() if directive else "", start + 1, end, code), end


def _summary(lines: list[str]) -> tuple[str, int | None, int | None]:
    index = titles = 0
    while index < len(lines):
        line = lines[index]
        if not line.strip() or line[0] == " " or _ADORNMENT.fullmatch(line.rstrip()):
            index += 1
            continue
        if _is_title(lines, index):
            titles += 1
            index += 2
            continue
        end = index
        while end < len(lines) and lines[end].strip():
            end += 1
        text = _plain(" ".join(part.strip() for part in lines[index:end]))
        whole = all(part[:1] != " " for part in lines[index:end])
        prose = whole and not _NO_PARAGRAPH.match(line) and says_something(text)
        introduces = titles <= 1 and _LIST.match("\n".join(lines[end : end + 3])) is not None
        if prose and (text := without_lead_in(text, introduces)):
            return text, index + 1, end
        index = end
    return "", None, None


def _plain(text: str) -> str:
    """Inline markup as plain text: links as their text, literals in single backticks, substitutions left out."""
    text = re.sub(r"``(.+?)``", "\x00\\1\x00", text)
    text = re.sub(r"\|[^|\s][^|]*\|_{0,2}", "", text)
    text = re.sub(r":[\w:+.-]+:`~?([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", text)
    text = re.sub(r"`([^`<]*?)\s*(?:<[^>]*>)?`_{0,2}", r"\1", text)
    text = re.sub(r"(\*\*|\*)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?<=\w)_{1,2}(?=[\s.,;:!?)]|$)", "", text)
    return " ".join(text.replace("\x00", "`").split())
