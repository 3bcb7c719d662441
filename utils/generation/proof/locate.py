"""From an element's id to the definition or assignment it names, and what its source says of itself."""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from utils.generation.proof.facts import Definition
from utils.generation.proof.resolve import Repository
from utils.generation.proof.values import Value

FIELD_BASES = frozenset({"TypedDict", "NamedTuple", "BaseModel", "Struct", "SQLModel"})
FIELD_DECORATORS = frozenset({"dataclass", "define", "attrs", "mutable", "frozen", "s", "attributes"})
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
        if local in facts.by_local:
            yield Found(path, facts.by_local[local])
            continue
        outer, _, name = local.rpartition(".")
        name = name.partition("#")[0]
        for owner in _repeats(facts.by_local, outer):
            if name in owner.assigned:
                yield Found(path, owner, name)


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
    times = found.definition.assigned[found.name]
    return [(first, first, last) for first, last, _ in times]


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
    """A field where the class makes fields of its assignments; where only a base of it does, either word is right."""
    typed = any(
        annotation and "ClassVar" not in annotation for _, _, annotation in found.definition.assigned[found.name]
    )
    own, *inherited = repo.mro(found.value)[0]
    if _makes_fields(repo, own, typed):
        return {"field"} if not found.name.startswith("_") else {"field", plain}
    return {"field", plain} if any(_makes_fields(repo, each, typed) for each in inherited) else {plain}


def _makes_fields(repo: Repository, value: Value, typed: bool) -> bool:
    """Dataclasses, typed dictionaries and named tuples make fields of annotations, enumerations of every assignment."""
    definition = repo.definition(value)
    decorators = {text.partition("(")[0].rpartition(".")[2] for text in definition.decorators}
    bases = {text.partition("[")[0].partition("(")[0].rpartition(".")[2] for text in definition.bases}
    if any(base.endswith(("Enum", "Flag", "Choices")) for base in bases):
        return True
    return typed and bool(decorators & FIELD_DECORATORS or bases & FIELD_BASES)


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


def assignments(text: str, name: str) -> list[str]:
    """Whole lines as they are, and each statement on them that assigns the name, where a `;` parts or ends them."""
    text = textwrap.dedent(text).strip()
    if ";" not in text:
        return [text]
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [text]
    own = [each for each in body if name in _assigned(each)]
    return [text, *(ast.get_source_segment(text, each) or text for each in own)]


def _assigned(statement: ast.stmt) -> set[str]:
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


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
