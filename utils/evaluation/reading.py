"""What an answer says, read once: its paths, lines, names, numbers, code and plain prose."""

from __future__ import annotations

import re
from functools import cached_property

from utils.mentions import Mention, find_mentions, names_in_code

_SPACE = re.compile(r"\s+")
_FROM = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[\w., \t]+)", re.ASCII)
_IMPORT = re.compile(r"(?:^|`)[ \t]*import[ \t]+([\w., \t]+)", re.ASCII | re.MULTILINE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


class Reading:
    """A text and what it mentions. Everything here is independent of the text's language."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def mentions(self) -> list[Mention]:
        """What it mentions, in order."""
        return find_mentions(self.text)

    @cached_property
    def flat(self) -> str:
        """The text with every run of white space as one blank."""
        return flatten(self.text)

    @cached_property
    def prose(self) -> str:
        """The text outside code, in lower case."""
        return _CODE.sub(" ", self.text).lower()

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths it names."""
        return frozenset(mention.text for mention in self.mentions if mention.kind == "path")

    @cached_property
    def lines(self) -> list[tuple[int, int]]:
        """The lines it names, (first, last)."""
        return [mention.lines for mention in self.mentions if mention.lines is not None]

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The whole numbers it names that are not lines."""
        found = (mention.text for mention in self.mentions if mention.kind == "number")
        return frozenset(int(text) for text in found if text.isdigit() and len(text) < 10)

    @cached_property
    def codes(self) -> list[str]:
        """Its pieces of code, white space flattened."""
        return [flatten(mention.text) for mention in self.mentions if mention.kind == "code"]

    @cached_property
    def names(self) -> frozenset[str]:
        """The symbols it names, and every name and dotted name in its code."""
        found = {mention.text for mention in self.mentions if mention.kind == "symbol"}
        found |= {path for path in self.paths if "/" not in path}  # `Response.json` is an attribute as well
        return frozenset(found | self.code_names | {name.rpartition(".")[2] for name in self.code_names})

    @cached_property
    def code_names(self) -> frozenset[str]:
        """The names and dotted names in its code."""
        codes = (mention.text for mention in self.mentions if mention.kind == "code")
        return frozenset(name for code in codes for name in names_in_code(code))

    @cached_property
    def imported(self) -> frozenset[str]:
        """The dotted names that its import statements bring in (`from a.b import c` gives `a.b.c`)."""
        found = {f"{module}.{name.split()[0]}" for module, names in _FROM.findall(self.text) for name in _listed(names)}
        return frozenset(found | {name.split()[0] for names in _IMPORT.findall(self.text) for name in _listed(names)})

    def says_path(self, path: str) -> bool:
        """True when it names exactly this path (also one that does not look like a path, such as `LICENSE`)."""
        bounded = rf"(?<![A-Za-z0-9_./-]){re.escape(path)}(?![A-Za-z0-9_/-]|\.\w)"
        return path in self.paths or re.search(bounded, self.text) is not None

    def says_text(self, value: str) -> bool:
        """True when this source text stands in it, not as a part of a longer name."""
        wanted = flatten(value)
        if not wanted or wanted not in self.flat:
            return False
        before = r"(?<![A-Za-z0-9_])" if wanted[0].isalnum() or wanted[0] == "_" else ""
        after = r"(?![A-Za-z0-9_])" if wanted[-1].isalnum() or wanted[-1] == "_" else ""
        return re.search(before + re.escape(wanted) + after, self.flat) is not None


def _listed(names: str) -> list[str]:
    return [name for name in names.strip("()").split(",") if name.strip()]


def flatten(text: str) -> str:
    """`text` with every run of white space as one blank, none at the ends."""
    return _SPACE.sub(" ", text).strip()
