"""No credential reaches a sample: bc-detect-secrets scans the repository, and what a sample would tell is stopped.

The scanner's two dozen detectors take a tenth of a millisecond a line, so a generous test of our own first picks the
lines that could hold anything: key words, addresses with a password, private keys, long runs of letters and digits.
"""

from __future__ import annotations

import re
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import msgspec
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from utils.records import Claim, CodeElement, Evidence, Message, Sample, split_fact

REDACTED = "<redacted>"
LONGEST_LINE = 5000  # characters; the scanner reads no longer ones, and no sample quotes them
SURE_LENGTH = 10  # characters; a shorter value is an ordinary word everywhere but on its own line
ASSIGNED = frozenset({"constant", "attribute", "field"})

_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "credential",
    "key",
    "_pass",
    "bearer",
    "contrase",
    "token",
)
_NAMED = r"(?:pass|pwd|secret|credential|key|bearer|token)"
_ASSIGNED = re.compile(rf"""{_NAMED}\w*["']?\]?\s*(?::[^=]*)?[=:(]+\s*[brf]{{0,2}}["'\w]""", re.I)
_ANNOTATION = re.compile(  # where it can be none, as in `if token: kind = "x"`, no name alone stands before the colon
    rf"""((?:^|[(,])\s*[\w.]*{_NAMED}\w*)\s*:[^=:!<>(]*(?==\s*[bru]{{0,2}}["'])""",
    re.I,
)
_BESIDE = re.compile(  # `get("SECRET_KEY", "...")` and `auth=("name", "...")`: the name, if there is one, and the value
    rf"""\b(?:get\w*|setdefault|pop|env\w*|config)\(\s*["'](?P<name>\w*{_NAMED}\w*)["']\s*,"""
    r"""\s*(?:default\s*=\s*)?(?P<given>[bru]{0,2}["'][^"']+["'])"""
    r"""|\bauth\s*=\s*\(\s*["'][^"']*["']\s*,\s*(?P<password>[bru]{0,2}["'][^"']+["'])""",
    re.I,
)
_BYTES = re.compile(r"""(?<=[=:(\[{,\s])[bru]{1,2}(?=["'])""", re.I)
_OPENING = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_KEY_LINE = re.compile(  # bare, quoted, indented, or behind a comment's sign; or a header, or a blank line
    r"""[^\w+/]*(?:[bru]{1,2}["'])?(?:([A-Za-z0-9+/]{10,}={0,3})(?:\\[nr])*[^\w+/]*|(?:[A-Z][A-Za-z]+-[A-Z].*)?)"""
)
_ADDRESS = re.compile(r"://[^/\s:@]+:[^/\s@]+@|-----BEGIN")
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_PLAUSIBLE = re.compile(r"[A-Za-z0-9]{3}")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.-]+")
_DENSE = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}")


class Secret(NamedTuple):
    """A credential in the repository. `value` never leaves this process."""

    path: str
    line: int
    kind: str
    value: str


def scan_lines(path: str, lines: Sequence[str]) -> Iterator[Secret]:
    """The credentials in the lines of `path` (its name tells the scanner the file's kind).

    The scanner sees the picked lines without what stood between them, so a value over several lines means nothing.
    """
    candidates = sorted(_candidates(lines))
    yield from _private_keys(path, lines, candidates)
    copies = [(number, text) for number in candidates for text in _copies(lines[number])]
    if not copies:
        return
    with tempfile.TemporaryDirectory() as folder, default_settings():
        copy = Path(folder) / f"scanned{Path(path).suffix}"
        copy.write_text("\n".join(text for _, text in copies), encoding="utf-8", errors="replace")
        for found in scan_file(str(copy)):
            value = found.secret_value
            if value and "\n" not in value and _PLAUSIBLE.search(value):
                number = copies[found.line_number - 1][0]
                yield Secret(path, number + 1, found.type, _whole(lines[number], found.type, value))


def _private_keys(path: str, lines: Sequence[str], candidates: Sequence[int]) -> Iterator[Secret]:
    """Each line of a private key below the line that opens it: a value of its own, for a sample may quote a part."""
    for opening in candidates:
        if _OPENING.search(lines[opening]):
            for number in range(opening + 1, len(lines)):
                found = _KEY_LINE.fullmatch(lines[number])
                if found is None:
                    break
                if found.group(1):
                    yield Secret(path, number + 1, "Private Key", found.group(1))


def _copies(line: str) -> Iterator[str]:
    """The line as the scanner knows such lines, without annotations and the `b` of bytes; and once more from each
    further assignment on, for of several it tells the first; and what stands beside a name as an assignment to it."""
    plain = _BYTES.sub("", _ANNOTATION.sub(r"\1 ", line))
    yield plain
    for found in list(_ASSIGNED.finditer(plain))[1:]:
        yield plain[found.start() :]
    for found in _BESIDE.finditer(line):
        yield _BYTES.sub("", f"{found['name'] or 'password'} = {found['given'] or found['password']}")


def _whole(line: str, kind: str, value: str) -> str:
    """Some detectors name a token by its first letters: the whole run of letters and digits around them is meant."""
    if kind in ("Secret Keyword", "Basic Auth Credentials"):
        return value
    return next((run for run in _TOKEN.findall(line) if value in run), value)


def _candidates(lines: Sequence[str]) -> set[int]:
    """The indices of the lines that could hold a credential."""
    text = "\n".join(lines)
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found = {bisect_right(starts, at) - 1 for at in _places(text)}
    return {index for index in found if len(lines[index]) <= LONGEST_LINE}


def _places(text: str) -> Iterator[int]:
    lowered = text.lower()
    for word in _WORDS:
        at = lowered.find(word)
        while at >= 0:
            if _ASSIGNED.match(text, at) or word in ("bearer", "_pass"):
                yield at
            at = lowered.find(word, at + 1)
    for pattern in (_ADDRESS, _BESIDE):
        for match in pattern.finditer(text):
            yield match.start()
    for match in _RUN.finditer(text):
        if _DENSE.search(match.group()):
            yield match.start()


class Secrets:
    """The credentials of one repository, and which samples would tell them.

    A short one, or one that is also the name of one of the `elements` (a key called `secret_key`), is an ordinary word
    outside its own line. A sample may tell of the lines that it quotes or points at, and of each element around them
    that it makes a claim about: a signature, a default or a docstring needs no quotation.
    """

    def __init__(self, found: Iterable[Secret], elements: Iterable[CodeElement] = ()) -> None:
        self.found = sorted(set(found))
        elements = list(elements) if self.found else []
        self._places = _places_of(elements)
        names = {element.name for element in elements}
        sure = (each for each in self.found if len(each.value) >= SURE_LENGTH and each.value not in names)
        self._sure = {secret.value: secret for secret in sure}
        self._pattern = re.compile("|".join(map(re.escape, sorted(self._sure, key=len, reverse=True))) or r"(?!)")
        self._by_path: dict[str, list[Secret]] = {}
        for secret in self.found:
            self._by_path.setdefault(secret.path, []).append(secret)

    def told_by(self, sample: Sample) -> list[Secret]:
        """The credentials that the sample's text or claims hold; of ordinary words those of the lines it tells of."""
        texts = _texts(sample)
        told = {self._sure[value] for text in texts for value in self._pattern.findall(text)}
        for span in self._spans(sample):
            for secret in self._by_path.get(span.path, ()):
                inside = span.start_line <= secret.line <= span.end_line
                if inside and any(_as_a_word(secret.value).search(text) for text in texts):
                    told.add(secret)
        return sorted(told)

    def _spans(self, sample: Sample) -> Iterator[Evidence]:
        """The lines that a sample may tell of: evidence, quotations, what its question and its claims are about."""
        yield from sample.metadata.evidence
        subjects = {split_fact(sample.metadata.fact)[1]: None}
        for claim in sample.metadata.claims:
            subjects[claim.subject] = None
            if claim.kind == "quotes":
                yield Evidence(claim.subject, claim.value[0], claim.value[1])
        yield from (self._places[subject] for subject in subjects if subject in self._places)

    def redact(self, sample: Sample) -> Sample:
        """The sample without its credentials; a claim whose value held one is no longer made."""
        values = sorted({secret.value for secret in self.told_by(sample)}, key=len, reverse=True)
        if not values:
            return sample
        pattern = re.compile(
            "|".join(re.escape(each) if each in self._sure else _as_a_word(each).pattern for each in values)
        )
        messages = [
            Message(
                message.role,
                pattern.sub(REDACTED, message.content),
                pattern.sub(REDACTED, message.reasoning_content) if message.reasoning_content else None,
            )
            for message in sample.messages
        ]
        claims = [claim for claim in sample.metadata.claims if not pattern.search(_text_of(claim))]
        return Sample(messages, msgspec.structs.replace(sample.metadata, claims=claims))

    def notes(self) -> list[dict[str, str | int]]:
        """What the manifest says of them: path, line and kind, never the value."""
        return [
            {"path": path, "line": line, "kind": kind}
            for path, line, kind in sorted({(each.path, each.line, each.kind) for each in self.found})
        ]


def _texts(sample: Sample) -> list[str]:
    messages = [text for each in sample.messages for text in (each.content, each.reasoning_content) if text]
    return messages + [_text_of(claim) for claim in sample.metadata.claims]


def _text_of(claim: Claim) -> str:
    return "\n".join(map(str, claim.value)) if isinstance(claim.value, list | tuple) else str(claim.value)


@lru_cache(maxsize=4096)
def _as_a_word(value: str) -> re.Pattern[str]:
    """The value where it is no part of a longer word; Chinese stands beside a word without a space."""
    before, after = (r"(?<![A-Za-z0-9_])" * value[0].isalnum(), r"(?![A-Za-z0-9_])" * value[-1].isalnum())
    return re.compile(before + re.escape(value) + after)


def _places_of(elements: Sequence[CodeElement]) -> dict[str, Evidence]:
    """Element → the lines that can be told of it. A module's are those above its first definition, for the rest belongs
    to others; what documents an assignment stands below it."""
    definitions = [element for element in elements if element.kind != "module"]
    first: dict[str, int] = {}
    for element in definitions:
        first[element.path] = min(element.start_line, first.get(element.path, element.start_line))
    places = {
        element.id: Evidence(element.path, 1, first.get(element.path, element.end_line + 1) - 1)
        for element in elements
        if element.kind == "module"
    }
    for element in definitions:
        below = element.docstring.count("\n") + 2 if element.docstring and element.kind in ASSIGNED else 0
        places[element.id] = Evidence(element.path, element.start_line, element.end_line + below)
    return places
