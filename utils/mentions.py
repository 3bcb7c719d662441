"""What a text names: paths, symbols, lines, numbers and code, in English or Chinese prose.

Two steps ask the same question of a text. Generation asks whether every mention in an answer is covered by one of its
claims; evaluation asks whether every mention in a model's answer exists. A fenced block is one mention of kind `code`:
quoted source and usage examples are judged as wholes, by whoever knows which of the two it is.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

MentionKind = Literal["path", "symbol", "line", "number", "code", "url"]

LANGUAGE_NAMES = frozenset([*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls"])
"""Names that every Python program has: no repository defines them and none lacks them."""

PROPER_NAMES = frozenset(
    """GitHub GitLab JavaScript TypeScript PyPI OpenAI PyTorch NumPy SciPy MySQL PostgreSQL SQLite MongoDB LaTeX macOS
    iOS YouTube LinkedIn StackOverflow DeepSpeed HuggingFace ChatGPT FastAPI PyPy CPython GraphQL WebSocket""".split()  # noqa: SIM905
)
"""Words that are spelled like class names but are ordinary words of prose (outside backticks)."""

_EXTENSIONS = (
    "pyi|pyw|pyx|py|md|rst|txt|toml|cfg|ini|jsonl|json|yaml|yml|mjs|cjs|jsx|js|tsx|ts|java|go|rs|html|css|scss|sh|bash|"
    "bat|ps1|ipynb|lock|in|xml|csv|sql|cpp|cc|hpp|c|h|proto|env|conf|tpl|jinja2|jinja|j2|svg|png|po|pot|service|vue"
)
_RECEIVERS = frozenset("self cls request response req resp".split())  # noqa: SIM905
_ATTRIBUTE_LIKE = re.compile(r"_*[A-Z]\w*[a-z]\w*\.(?:json|env|html|xml|csv|sql|conf|service|text)", re.ASCII)
_BARE_FILES = "Makefile|Dockerfile|LICENSE|NOTICE|Procfile|Jenkinsfile|CODEOWNERS|Pipfile|Justfile"
_SEGMENT = r"[\w.@+-]+"
_PATH = (
    rf"(?:(?:\.{{0,2}}/)?(?:{_SEGMENT}/)+{_SEGMENT}\.(?:{_EXTENSIONS})|\.?[\w@+-][\w.@+-]*\.(?:{_EXTENSIONS}))(?![\w/])"
)
_LINE = r"\d{1,9}(?!\d)"  # what has more digits is no line of any file
_LINES_OF = rf"(?::(?P<%s>{_LINE})(?:-(?P<%s>{_LINE}))?|[#]L(?P<%s>{_LINE})(?:-L?(?P<%s>{_LINE}))?)?"
_NAME = r"[A-Za-z_]\w*"
_TO = r"\s*(?:-|–|—|~|～|至|到|to|through|and)\s*(?:第\s*)?(?:line\s+)?L?"

_TOKEN = re.compile(
    rf"""
    (?P<fence>^[ \t]*(?P<tick>`{{3,}}|~{{3,}})[^\n]*\n(?P<block>.*?)(?:^[ \t]*(?P=tick)[ \t]*$|\Z))
  | (?P<inline>(?P<quote>`{{1,2}})(?!`)(?P<marked>.+?)(?<!`)(?P=quote)(?!`))
  | (?P<url>(?:https?|ssh|git|ftp)://[^\s`<>()\[\]，。；、）“”]+)
  | (?P<line>\b[Ll]ines?(?:\s+numbers?)?[\s:]+(?P<en>{_LINE})(?:{_TO}(?P<en_last>{_LINE}))?\b
      | 第\s*(?P<zh>{_LINE})\s*(?:行{_TO}(?P<zh_far>{_LINE})|{_TO}(?P<zh_last>{_LINE}))?\s*行
      | 行号(?:是|为)?[\s:：]*(?P<no>{_LINE})(?:{_TO}(?P<no_last>{_LINE}))?
      | (?<=[在于从到])\s*(?P<at>{_LINE})(?:{_TO}(?P<at_last>{_LINE}))?(?=\s*行)
      | (?<![\w.])L(?P<el>{_LINE})(?:-L?(?P<el_last>{_LINE}))?(?!\w))
  | (?<![\w./-])(?P<path>{_PATH}){_LINES_OF % ("p1", "p2", "p3", "p4")}(?!\()
  | (?<![\w./-])(?P<bare>(?:{_SEGMENT}/)*(?:{_BARE_FILES}))(?![\w/.-]\w)
  | (?<![\w.@-])(?P<dotted>{_NAME}(?:\.{_NAME})+)(?P<called>\(\))?
  | (?<![\w.-])(?P<name>_*[A-Za-z]\w*_\w+|_+[A-Za-z]\w*|{_NAME}(?=\(\))
      |[A-Z]+[a-z0-9]+(?:[A-Z]+[a-z0-9]*)+|[A-Z]{{2,}}[a-z][a-z0-9]+|[a-z]+[0-9]*(?:[A-Z]+[a-z0-9]+)+)
  | (?P<item>^[ \t]*(?:\d+[.)、]|[（(]\d+[)）])(?=\s|[^\d\s]))
  | (?<![\w.])(?P<number>\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+(?:\.\d+)*)(?![\w])
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL | re.ASCII,
)
_MARKED_PATH = re.compile(
    rf"(?P<path>(?:\.{{0,2}}/)?(?:[^\s`:*?\"'()\[\]{{}}<>|,;=/]+/)+(?:[^\s`:*?\"'()\[\]{{}}<>|,;=/]+)?|{_PATH}|{_BARE_FILES})"
    rf"{_LINES_OF % ('p1', 'p2', 'p3', 'p4')}"
)
_MARKED_SYMBOL = re.compile(
    r"(?P<sign>@|\*{1,2}|(?:async\s+)?def\s+|class\s+)?(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)(?P<call>\(.*)?", re.S
)
_ABBREVIATIONS = frozenset(["e.g", "i.e", "a.k.a", "u.s", "vs.the", "et.al", "Node.js", "Vue.js", "Next.js"])
_DOMAINS = frozenset(["com", "org", "net", "edu", "gov"])
_NAMES = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")


class Mention(NamedTuple):
    """One thing a text names, at `text[start:end]` of what was searched.

    `text` is the name alone: the path without `:40`, the symbol without `()` or `@`, the digits of a number. `lines`
    is (first, last) for a line. `marked`: it stood in backticks, so it is surely meant as code.
    """

    kind: MentionKind
    text: str
    start: int
    end: int
    marked: bool = False
    lines: tuple[int, int] | None = None


def find_mentions(text: str) -> list[Mention]:
    """Every mention in `text`, in order. `pkg/mod.py:40` gives a path and a line; `f(x)` a symbol and a code."""
    return [mention for match in _TOKEN.finditer(text) for mention in _read(match)]


def is_path(text: str) -> bool:
    """True where `text` in backticks is read as that path and nothing else: not so with a blank or a brace in it."""
    return [(mention.kind, mention.text) for mention in find_mentions(f"`{text}`")] == [("path", text)]


def names_in_code(code: str) -> list[str]:
    """The names and dotted names of a piece of code, in order, without keywords; strings and comments included."""
    found = (re.sub(r"\s", "", match.group()) for match in _NAMES.finditer(code))
    return [name for name in found if not keyword.iskeyword(name)]


def _read(match: re.Match[str]) -> Iterator[Mention]:
    kind = match.lastgroup
    if match["fence"] is not None:
        yield Mention("code", match["block"], match.start("block"), match.end("block"), marked=True)
    elif match["inline"] is not None:
        yield from _read_marked(match["marked"], match.start("marked"))
    elif match["url"] is not None:
        yield Mention("url", match["url"].rstrip(".,;:!?"), match.start(), match.end())
    elif match["line"] is not None:
        yield _line(
            match, ("en", "zh", "no", "at", "el"), ("en_last", "zh_far", "zh_last", "no_last", "at_last", "el_last")
        )
    elif match["path"] is not None:
        yield from _path(match, 0, marked=False)
    elif match["bare"] is not None:
        if "/" in match["bare"] or match["bare"] not in ("LICENSE", "NOTICE"):
            yield Mention("path", match["bare"], match.start(), match.end())
    elif match["dotted"] is not None:
        if match["dotted"] not in _ABBREVIATIONS and match["dotted"].rsplit(".", 1)[1] not in _DOMAINS:
            yield Mention("symbol", match["dotted"], *match.span("dotted"))
    elif match["name"] is not None:
        if match["name"] not in PROPER_NAMES:
            yield Mention("symbol", match["name"], *match.span("name"))
    elif kind == "number":
        yield Mention("number", match["number"].replace(",", ""), *match.span("number"))


def _read_marked(content: str, start: int) -> Iterator[Mention]:
    """The mentions of what stands between backticks."""
    stripped = content.strip()
    start += content.index(stripped) if stripped else 0
    if re.fullmatch(r"\d+(?:\.\d+)*", stripped):
        yield Mention("number", stripped, start, start + len(stripped), marked=True)
    elif path := _MARKED_PATH.fullmatch(stripped):
        yield from _path(path, start, marked=True)
    elif symbol := _MARKED_SYMBOL.fullmatch(stripped):
        first, last = symbol.span("name")
        yield Mention("symbol", symbol["name"], start + first, start + last, marked=True)
        if (symbol["call"] or "()") != "()" or (symbol["sign"] or "").strip().endswith(("def", "class")):
            yield Mention("code", stripped, start, start + len(stripped), marked=True)
    elif stripped:
        yield Mention("code", stripped, start, start + len(stripped), marked=True)


def _is_attribute(text: str) -> bool:
    """True for `self.env` and `Response.json`: they end as files do, but name an attribute."""
    return text.partition(".")[0] in _RECEIVERS or _ATTRIBUTE_LIKE.fullmatch(text) is not None


def _path(match: re.Match[str], offset: int, marked: bool) -> Iterator[Mention]:
    first, last = match.span("path")
    if _is_attribute(match["path"]):
        yield Mention("symbol", match["path"], offset + first, offset + last, marked)
        return
    yield Mention("path", match["path"].removeprefix("./"), offset + first, offset + last, marked)
    if match["p1"] or match["p3"]:
        line = _line(match, ("p1", "p3"), ("p2", "p4"))
        yield line._replace(start=offset + line.start, end=offset + line.end, marked=marked)


def _line(match: re.Match[str], first: tuple[str, ...], last: tuple[str, ...]) -> Mention:
    begin = next(name for name in first if match[name])
    end = next((name for name in last if match[name]), begin)
    span = int(match[begin]), int(match[end])
    return Mention(
        "line", match.string[match.start(begin) : match.end(end)], match.start(begin), match.end(end), lines=span
    )
