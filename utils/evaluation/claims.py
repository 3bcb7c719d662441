"""Does an answer make a claim? One rule for all kinds, in no language in particular.

A claim has a subject and a value. An answer makes it by saying the value, or the subject where the question already
gives the value: so the same claim grades "what does `f` call?" (the callee is missing) and "who calls `g`?" (the caller
is). Where the question gives both, either must be said again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

from utils.evaluation.known_names import KnownNames
from utils.evaluation.reading import Reading, flatten
from utils.records import ELEMENT_VALUES, PATH_SUBJECTS, REPOSITORY_SUBJECTS, Claim, Dependency

KIND_WORDS = {
    "module": ("module", "模块"),
    "class": ("class", "类"),
    "function": ("function", "函数", "coroutine", "协程"),
    "method": ("method", "方法", "coroutine", "协程"),
    "property": ("property", "属性", "特性"),
    "constant": ("constant", "常量"),
    "attribute": ("attribute", "属性"),
    "field": ("field", "字段"),
}
DIGITS = "零一二三四五六七八九十"
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905


class Scope(NamedTuple):
    """What a claim is judged against: the question, and what exists."""

    question: Reading
    known: KnownNames


def is_made(claim: Claim, answer: Reading, scope: Scope) -> bool:
    """True when the answer says what the claim adds to the question."""
    if claim.kind == "quotes":
        line = (claim.subject, int(claim.value[0]))
        if declared := scope.known.declared_at(*line):
            return _says_dependencies(declared, claim.subject, answer, scope.question)
        if (target := scope.known.target_at(*line)) and not answer.says_text(str(claim.value[-1])):
            return answer.says_text(target)
    value_given = says_value(claim, scope.question, scope.known, loosely=True)
    subject_given = says_subject(claim, scope.question, scope.known, loosely=True)
    if value_given and not subject_given:
        return says_subject(claim, answer, scope.known)
    if says_value(claim, answer, scope.known, loosely=_is_placed(claim, answer, scope)):
        return True
    return value_given and says_subject(claim, answer, scope.known)


def _is_placed(claim: Claim, answer: Reading, scope: Scope) -> bool:
    """True when the file or class that the claimed element is in has been named, so that its short name will do."""
    if claim.kind not in ELEMENT_VALUES:
        return False
    owner = str(claim.value).rpartition(".")[0]
    return any(
        text.says_path(claim.subject) or (owner != "" and says_element(owner, text, scope.known, loosely=True))
        for text in (scope.question, answer)
    )


def is_given(claim: Claim, scope: Scope) -> bool:
    """True when the question itself says all of the claim: repeating it is no merit."""
    if claim.kind in ("absent", "general"):
        return False
    says = (says_subject, says_value)
    return all(part(claim, scope.question, scope.known, loosely=True) for part in says)


def says_subject(claim: Claim, text: Reading, known: KnownNames, loosely: bool = False) -> bool:
    """True when the text names the claim's subject.

    `loosely`: a question may use a short name that others share; its claims tell which one it means.
    """
    if claim.kind in REPOSITORY_SUBJECTS:
        return True
    if claim.kind in PATH_SUBJECTS:
        return text.says_path(claim.subject)
    return says_element(claim.subject, text, known, loosely) or text.says_path(claim.subject)


def says_element(element_id: str, text: Reading, known: KnownNames, loosely: bool = False) -> bool:
    """True when the text names the element: by its id, an end of it that no other element has, or a module's file."""
    if any(known.denotes(name, element_id, loosely) for name in text.names):
        return True
    path = known.path_of_module(element_id)
    if path is not None and text.says_path(path):
        return True
    return any(text.says_text(name) for name in _unusual_names(element_id) if known.denotes(name, element_id, loosely))


def _unusual_names(element_id: str) -> list[str]:
    """The whole id, and its ends where a file's name is no Python name (`04_merge_weights.main`)."""
    parts = element_id.partition("#")[0].split(".")
    starts = [at for at, part in enumerate(parts) if not part.isidentifier()]
    ends = [".".join(parts[at:]) for at in range(1, max(starts) + 1)] if starts else []
    return ([".".join(parts)] if len(parts) > 1 else []) + ends


def says_value(claim: Claim, text: Reading, known: KnownNames, loosely: bool = False) -> bool:
    """True when the text says the claim's value."""
    value = claim.value
    if claim.kind == "defined_in":
        return text.says_path(value) or any(known.path_of_module(name) == value for name in text.names)
    if claim.kind == "at_line":
        return _says_line(int(value), text)
    if claim.kind == "spans":
        first, last = value
        return (first, last) in text.lines or (_says_line(first, text) and _says_line(last, text))
    if claim.kind == "is_a":
        return any(word in text.prose for word in KIND_WORDS.get(value, (value,)))
    if claim.kind == "has_signature":
        return says_signature(value, text)
    if claim.kind == "has_parameter":
        return str(value).lstrip("*") in text.names
    if claim.kind == "count":
        return _says_number(int(value[-1]), text)
    if claim.kind == "quotes":
        return text.says_text(str(value[-1]))
    if claim.kind in ("documented_as", "general", "depends_on"):
        return _says_prose(str(value), text)
    if claim.kind in ELEMENT_VALUES and says_element(str(value), text, known, loosely):
        return True
    return text.says_text(str(value))


def _says_dependencies(declared: Sequence[Dependency], path: str, answer: Reading, question: Reading) -> bool:
    """A line that declares dependencies is told by their names.

    Where the question names one, by its version, or by its name and the file where no version is declared.
    """
    asked = [item for item in declared if _says_prose(item.name, question)]
    if not asked:
        return all(_says_prose(item.name, answer) for item in declared)
    versions = [item.specifier for item in asked if item.specifier]
    if versions:
        return all(answer.says_text(version) for version in versions)
    return answer.says_path(path) and all(_says_prose(item.name, answer) for item in asked)


def _says_line(line: int, text: Reading) -> bool:
    if text.lines:
        return any(line in span for span in text.lines)
    return line in text.numbers


def _says_number(number: int, text: Reading) -> bool:
    if number in text.numbers or re.search(rf"(?<![\d.]){number}(?![\d.]*\d)", text.prose.replace(",", "")):
        return True
    spelled = WORDS[number : number + 1] + list(DIGITS[number : number + 1])
    return any(re.search(rf"(?<![a-z]){word}(?![a-z])", text.prose) for word in spelled)


def _says_prose(value: str, text: Reading) -> bool:
    wanted = plain(value)
    if not wanted:
        return False
    if wanted.isascii():
        return re.search(rf"(?<![a-z0-9_]){re.escape(wanted)}(?![a-z0-9_])", plain(text.text)) is not None
    return wanted in plain(text.text)


def plain(text: str) -> str:
    """Lower case, without backticks, quotation marks and closing punctuation."""
    return flatten(re.sub(r"[`\"'“”‘’「」]", "", text)).casefold().rstrip(".。!！")


def says_signature(signature: str, text: Reading) -> bool:
    """True when the text shows the signature, or a call or definition with the same parameters in the same order.

    Annotations and defaults may be left out; a parameter's kind (`*`, `/`, `**`) may not.
    """
    if text.says_text(signature):
        return True
    wanted = parameters_of(signature)
    name = re.search(r"(?:def|class)\s+(\w+)", signature)
    if wanted is None or name is None:
        return False
    return any(
        parameters_of(f"def {found}") == wanted
        for code in text.codes
        for found in _calls_of(name[1], code)
        if parameters_of(f"def {found}") is not None
    )


def parameters_of(signature: str) -> list[str] | None:
    """`def f(self, a, *, b=1) -> int` → [`a`, `*`, `b`]: names and kinds in order; null where it does not parse."""
    text = signature.strip().rstrip(":").removeprefix("async ")
    if not text.startswith("def "):
        return None
    try:
        node = ast.parse(text + ": pass").body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.FunctionDef):
        return None
    given = node.args
    names = [argument.arg for argument in given.posonlyargs] + (["/"] if given.posonlyargs else [])
    names += [argument.arg for argument in given.args]
    if given.vararg or given.kwonlyargs:
        names.append("*" + (given.vararg.arg if given.vararg else ""))
    names += [argument.arg for argument in given.kwonlyargs]
    if given.kwarg:
        names.append("**" + given.kwarg.arg)
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _calls_of(name: str, code: str) -> list[str]:
    """Every `name(...)` in a piece of code, up to its closing parenthesis and return annotation."""
    found = []
    for match in re.finditer(rf"(?<!\w){re.escape(name)}\(", code):
        depth = 0
        for position in range(match.end() - 1, len(code)):
            depth += {"(": 1, ")": -1}.get(code[position], 0)
            if depth == 0:
                found.append(code[match.start() : position + 1])
                break
    return found
