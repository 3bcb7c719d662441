"""A file's bytes as text and as a tree, as Python reads them, and in a few words why they cannot be."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import warnings

from utils.analysis.reading import UnreadableError

__all__ = ["NOT_THIS_PYTHON", "RUNNING", "UnreadableError", "decode", "parse", "printable_message"]

RUNNING = f"Python {sys.version_info.major}.{sys.version_info.minor}"
NOT_THIS_PYTHON = f"{RUNNING} finds a syntax error"  # how the reason begins: a newer Python may know this syntax

# Patterns are compiled where they are first used: few runs meet a file that cannot be parsed.
PYTHON_2 = (
    r"^\s*(print\s+[\"'\w]|exec\s+[\"'\w]|raise\s+[\w.]+\s*,|except\s+[\w.()]+(\s*,\s*[\w.]+)+\s*:)"
    r"|<>|`|\b0[0-7]+\b|\b\d+[lL]\b|\bur[\"']"
)


def decode(data: bytes, language: str) -> str:
    """The text in its declared encoding (else UTF-8), with `\\n` line ends; raises `UnreadableError`."""
    if b"\0" in data:
        raise UnreadableError("null bytes: not a text file")
    encoding = "utf-8-sig"
    try:
        if language == "python":
            try:
                encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
            except SyntaxError:  # the first two lines are no UTF-8, or declare what does not exist
                data.decode("utf-8")
                raise UnreadableError("wrong encoding: the declared one is unknown or not the file's") from None
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"wrong encoding: not {encoding.removesuffix('-sig')} at byte {error.start:,}") from None
    except (UnicodeError, LookupError):  # Python knows codecs that are no text encodings, and some that only encode
        raise UnreadableError(f"wrong encoding: not {encoding}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def parse(text: str) -> ast.Module:
    """The file's tree; raises `UnreadableError` for what the running Python cannot parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in someone else's source
            return ast.parse(text)
    except SyntaxError as error:
        raise UnreadableError(_syntax_reason(text, error)) from None
    except (RecursionError, MemoryError):
        raise UnreadableError("nested too deeply to parse") from None
    except ValueError as error:
        raise UnreadableError(f"cannot be parsed: {error}") from None


def _syntax_reason(text: str, error: SyntaxError) -> str:
    line = error.lineno or 1
    if "too many nested parentheses" in error.msg or "too many levels of indentation" in error.msg:
        return f"nested too deeply to parse: {error.msg}"
    lines = text.split("\n")
    source = lines[line - 1] if line <= len(lines) else ""
    if "Missing parentheses in call to" in error.msg or re.search(PYTHON_2, source):
        return f"Python 2 syntax at line {line}"
    return f"{NOT_THIS_PYTHON} at line {line}: {printable_message(error.msg)}; the file may need a newer Python"


def printable_message(text: str) -> str:
    """An error's text on one line, without what could not be written as JSON."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())
