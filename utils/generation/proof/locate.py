"""From an element's id to the definition or assignment it names, and what its source says of itself."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from utils.generation.proof.facts import Definition
from utils.generation.proof.resolve import Repository
from utils.generation.proof.syntax import cut
from utils.generation.proof.values import Value

FIELD_BASES = frozenset({"TypedDict", "NamedTuple", "BaseModel", "Struct", "SQLModel"})
FIELD_DECORATORS = frozenset({"dataclass", "define", "attrs", "mutable", "frozen", "s", "attributes"})
ENUMERATIONS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices"})
FIELD_MAKERS = frozenset({"attrib", "ib", "field"})  # of attrs, where no annotation is needed
_OF_THE_CLASS = re.compile(r"\bClassVar\b")
_CAPITALS = re.compile(r"_*[A-Z][A-Z0-9_]*$")


class Found(NamedTuple):
    """Where an id leads: a definition, or (`name` set) an assignment of that name directly in the definition."""

    path: str
    definition: Definition
    name: str = ""

    @property
    def value(self) -> Value:
        """The definition as a resolved value."""
        return Value("def", self.path, self.definition.index)


def find(repo: Repository, element: str) -> Iterator[Found]:
    """Every definition or assignment that an id can mean, most likely first."""
    for path, local in repo.locate(element):
        facts = repo.facts(path)
        if facts is None:
            continue
        local = _without_module(repo, path, local)
        if local in facts.by_local:
            yield Found(path, facts.by_local[local])
            continue
        outer, _, name = local.rpartition(".")
        name = name.partition("#")[0]
        for owner in _repeats(facts.by_local, outer):
            if name in owner.assigned:
                yield Found(path, owner, name)


def _without_module(repo: Repository, path: str, local: str) -> str:
    """A name that a submodule has first is the module's second, and in its file the first."""
    first, dot, rest = local.partition(".")
    name, _, number = first.partition("#")
    if not number or not repo.submodule(path, name):
        return local
    return f"{name}{f'#{int(number) - 1}' if number != '2' else ''}{dot}{rest}"


def _repeats(by_local: dict[str, Definition], local: str) -> Iterator[Definition]:
    """The definition of that name, its second, its third, …"""
    times, name = 1, local
    while name in by_local:
        yield by_local[name]
        times += 1
        name = f"{local}#{times}"


def spans(found: Found) -> list[tuple[int, int, int]]:
    """(start with decorators, line, end) of what was found; one for every time a name is assigned."""
    if not found.name:
        each = found.definition
        return [(each.start, each.line, each.end)]
    return [(each.line, each.line, each.end_line) for each in found.definition.assigned[found.name]]


def statements(lines: list[str], found: Found) -> list[str]:
    """The source text of each statement that assigns the name; others may share its lines, or a class its line."""
    return [cut(lines, *each[:4]) for each in found.definition.assigned[found.name]]


def kinds(repo: Repository, found: Found) -> set[str]:
    """The kinds of `records.ElementKind` that fit what was found."""
    owner = found.definition
    if found.name:
        plain = "constant" if owner.kind == "module" or _CAPITALS.match(found.name) else "attribute"
        return {plain} if owner.kind == "module" else _class_level(repo, found, plain)
    if owner.kind != "function":
        return {owner.kind}
    if owner.parent is None or owner.parent.kind != "class":
        return {"function"}
    return {"property"} if owner.is_property else {"method"}


def _class_level(repo: Repository, found: Found, plain: str) -> set[str]:
    """A field where the class makes fields of its assignments. Either word is right where only a base of it does, or
    where a base is merely called as if it did."""
    owner = found.definition
    outside = [
        text
        for text, values in zip(owner.bases, repo.bases(found.value), strict=True)
        if not any(value.kind == "def" for value in values)
    ]
    if _makes_fields(found, owner.decorators, [text for text in outside if _is_known(text)]):
        return {"field"} if not found.name.startswith("_") else {"field", plain}
    line = [repo.definition(each) for each in repo.mro(found.value)[0]]
    return {"field", plain} if any(_makes_fields(found, each.decorators, each.bases) for each in line) else {plain}


def _makes_fields(found: Found, decorators: list[str], bases: list[str]) -> bool:
    """Dataclasses, typed dictionaries and named tuples make fields of annotations, enumerations of every value, attrs
    also of what its own functions make."""
    values = found.definition.bindings.get(found.name, ())
    if any(_last_name(base).endswith(("Enum", "Flag", "Choices")) for base in bases):
        return bool(values)
    annotations = [each.annotation for each in found.definition.assigned[found.name] if each.annotation]
    is_annotated = any(not _OF_THE_CLASS.search(text) for text in annotations)
    if not FIELD_BASES.isdisjoint(map(_last_name, bases)):
        return is_annotated
    is_made = any(ref and ref[0] == "c" and ref[1] and ref[1][-1] in FIELD_MAKERS for ref in values)
    return (is_annotated or is_made) and not FIELD_DECORATORS.isdisjoint(map(_last_name, decorators))


def _is_known(base: str) -> bool:
    return _last_name(base) in ENUMERATIONS | FIELD_BASES


def _last_name(text: str) -> str:
    """`C` of `a.b.C[T]` and of `a.b.C(...)`."""
    return text.partition("[")[0].partition("(")[0].rpartition(".")[2]


def docstring_after(lines: list[str], found: Found) -> str | None:
    """The string literal on its own right after an assignment, which documents it (PEP 257)."""
    for _, _, end in spans(found):
        rest = iter([line + "\n" for line in lines[end:]])
        try:
            for token in tokenize.generate_tokens(lambda rest=rest: next(rest, "")):  # type: ignore[misc]
                if token.type == tokenize.STRING:
                    return inspect.cleandoc(ast.literal_eval(token.string))
                if token.type not in (tokenize.NL, tokenize.INDENT, tokenize.COMMENT):
                    break
        except (tokenize.TokenError, IndentationError, SyntaxError, ValueError):
            continue
    return None


def signature(lines: list[str], definition: Definition) -> str:
    """The source text from `def`/`async def`/`class` to before the colon, as it stands."""
    rest = iter([line + "\n" for line in lines[definition.line - 1 : definition.end]])
    depth = 0
    for token in tokenize.generate_tokens(lambda: next(rest, "")):
        if token.type != tokenize.OP:
            continue
        depth += (token.string in "([{") - (token.string in ")]}")
        if token.string == ":" and depth == 0:
            last, column = token.start
            part = lines[definition.line - 1 : definition.line - 1 + last]
            part[-1] = part[-1][:column]
            part[0] = part[0].lstrip()
            return "\n".join(part).strip()
    return ""


def same_code(left: str, right: str) -> bool:
    """True for the same tokens or the same expression: spacing, comments, quotes and a last comma do not matter."""
    return squeeze(left) == squeeze(right) or _tokens(left) == _tokens(right) or _same_expression(left, right)


def _same_expression(left: str, right: str) -> bool:
    try:
        return ast.dump(ast.parse(left, mode="eval")) == ast.dump(ast.parse(right, mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def squeeze(text: str) -> str:
    """Text with every run of white space as one space."""
    return " ".join(text.split())


def _tokens(code: str) -> list[str]:
    skipped = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(f"({code}\n)").readline):
            if token.type not in skipped:
                if token.string in ")]}" and token.string and found and found[-1] == ",":
                    found.pop()
                found.append(token.string)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return [code]
    return found
