"""code_explanation of reasons: what the comments inside a function say about why it is written as it is.

A quarter of what developers ask about a repository begins with "why" (SWE-QA, arXiv 2509.14635). No reason can be
proven from code, but that a comment gives one can be: it is quoted, with the line that it stands above.
"""

from __future__ import annotations

import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from utils.generation.facts import CALLABLE, Context, Fact
from utils.generation.templates import Slot, Voice
from utils.records import Claim, CodeElement, Evidence

MOST_COMMENTS = 2
FEWEST_WORDS = 5
LONGEST_COMMENT = 8  # lines
LONGEST_LINE = 110  # characters of the line of code shown below a comment
_REASON = re.compile(
    r"\b(?:because|since|so that|so we|otherwise|avoids?|avoiding|work ?around|hack|prevents?|ensures?|make sure|must"
    r"|in order to|needed|needs to|instead of|note|due to|unless|in case|cannot|can't|don't|do not|should|only if"
    r"|in theory|technically|to keep|to allow|to support|for compatibility|backwards?|deprecated|unfortunately|bug)\b",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"#\s*(?:noqa|type:|pragma|pylint|mypy|fmt:|isort|ruff|nosec|todo|fixme|xxx)", re.IGNORECASE)


class Comment(NamedTuple):
    """A comment and what stands right below it: lines `start` to `end` (1-based) of the file read `text`, dedented."""

    start: int
    end: int
    text: str


def facts(context: Context) -> Iterator[Fact]:
    """The functions whose comments give reasons."""
    for element in context.elements:
        if element.kind in CALLABLE and "#" in element.code and (comments := find_reasons(element)):
            build = partial(_rationale, context, element, tuple(comments[:MOST_COMMENTS]))
            yield Fact.about("rationale", element, build)


def find_reasons(element: CodeElement) -> list[Comment]:
    """The comments inside a function that give a reason, in source order; none where the code has no tokens."""
    lines = element.code.split("\n")
    own: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(textwrap.dedent(element.code)).readline):
            if token.type == tokenize.COMMENT and lines[token.start[0] - 1].lstrip().startswith("#"):
                own[token.start[0]] = token.string
    except (tokenize.TokenError, SyntaxError, IndexError):
        return []
    found = []
    for first in (line for line in own if line - 1 not in own):
        last = first
        while last + 1 in own:
            last += 1
        text = " ".join(own[line].lstrip("#! ") for line in range(first, last + 1))
        is_short = last - first < LONGEST_COMMENT and len(text.split()) >= FEWEST_WORDS
        if is_short and _REASON.search(text) and not any(_DIRECTIVE.match(own[n]) for n in range(first, last + 1)):
            found.append(_with_code(element, lines, first, last))
    return [comment for comment in found if "```" not in comment.text]


def _with_code(element: CodeElement, lines: list[str], first: int, last: int) -> Comment:
    below = lines[last] if last < len(lines) else ""
    end = last + 1 if below.strip() and len(below) <= LONGEST_LINE else last
    text = textwrap.dedent("\n".join(lines[first - 1 : end]))
    return Comment(element.start_line + first - 1, element.start_line + end - 1, text)


def _rationale(
    context: Context, element: CodeElement, comments: tuple[Comment, ...], voice: Voice, variant: int
) -> dict[str, Slot]:
    slots = context.slots(element, voice)
    blocks = []
    for comment in comments:
        claim = Claim("quotes", element.path, (comment.start, comment.end, comment.text))
        code = Slot(f"```python\n{comment.text}\n```", (claim,), (Evidence(element.path, comment.start, comment.end),))
        blocks.append(voice.say("comment_at", variant, line=Slot(str(comment.start), (claim,)), code=code))
    slots["comments"] = voice.paragraphs(blocks)
    return slots
