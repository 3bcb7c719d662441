"""From an element's id to the definition or assignment it names, and what its source says of itself."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from utils.generation.proof.facts import Definition, Ref
from utils.generation.proof.resolve import Repository
from utils.generation.proof.syntax import cut
from utils.generation.proof.values import Value

FIELD_BASES = frozenset({"TypedDict", "NamedTuple", "BaseModel", "Struct", "SQLModel"})
FIELD_DECORATORS = frozenset({"dataclass", "define", "attrs", "mutable", "frozen", "s", "attributes"})
ENUMERATIONS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "TextChoices", "IntegerChoices"})
FIELD_MAKERS = frozenset({"attrib", "ib", "field"})  # of attrs, where no annotation is needed
NO_MEMBERS = frozenset({"nonmember", "classmethod", "staticmethod", "cached_property", "partialmethod"})
_ANNOTATION = re.compile(r"[\s'\"]*([\w.]+)")
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
    """A field where the class makes fields of its assignments, by its decorators, its bases or theirs. Either word is
    right where what it derives from can be one of several, or is outside and only called as if it did."""
    owner = found.definition
    if any(not FIELD_DECORATORS.isdisjoint(_names(repo, found.path, owner, ref)) for ref in owner.decorator_refs):
        return _of_record(repo, found, plain, decorated=True)
    line = repo.mro(found.value)[0]
    outside = {name for each in line for name in _outside_bases(repo, each)} | _field_bases(repo, line[1:])
    if repo.has_either(found.value):
        return {"field", plain}
    if not ENUMERATIONS.isdisjoint(outside):
        return _of_enumeration(repo, found, plain)
    if not FIELD_BASES.isdisjoint(outside):
        return _of_record(repo, found, plain, decorated=False)
    return {"field", plain} if any(name.endswith(("Enum", "Flag", "Choices")) for name in outside) else {plain}


def _outside_bases(repo: Repository, value: Value) -> Iterator[str]:
    """The names of a class's bases that are, or could be, no classes of the repository."""
    owner = repo.definition(value)
    for ref, values in zip(owner.base_refs, repo.bases(value), strict=True):
        if any(each.kind != "def" for each in values):
            yield from _names(repo, value.path, owner, ref)


def _field_bases(repo: Repository, values: list[Value]) -> set[str]:
    """The names of the classes that have a metaclass, which may make fields for what derives from them."""
    owners = [repo.definition(each) for each in values]
    return {each.name for each in owners if each.metaclass_ref is not None and each.metaclass_ref[-1] != "ABCMeta"}


def _of_enumeration(repo: Repository, found: Found, plain: str) -> set[str]:
    """A member where a value is assigned that is no function or descriptor, under a name that is not for Python."""
    name, owner = found.name, found.definition
    is_sunder = len(name) > 2 and name[0] == name[-1] == "_"
    if name.startswith("__") or is_sunder:
        return {plain}
    kinds = set()
    for ref in owner.bindings.get(name, ()):
        is_function = ref is not None and (ref[0] in "lp" or _names_a_function(repo, found, ref))
        is_made = ref is not None and ref[0] == "c" and not NO_MEMBERS.isdisjoint(_names(repo, found.path, owner, ref))
        kinds.add(plain if is_function or is_made else "field")
    return kinds or {plain}


def _names_a_function(repo: Repository, found: Found, ref: Ref) -> bool:
    if ref is None or ref[0] not in "nx":
        return False
    values = repo.resolve(found.path, found.definition.index, ref)
    return any(each.kind == "def" and repo.definition(each).kind in ("function", "lambda") for each in values)


def _of_record(repo: Repository, found: Found, plain: str, decorated: bool) -> set[str]:
    """A field where it is annotated as anything but the class's own, or where attrs is told to make one."""
    owner = found.definition
    values = owner.bindings.get(found.name, ()) if decorated else ()
    is_made = any(ref and ref[0] == "c" and FIELD_MAKERS & _names(repo, found.path, owner, ref) for ref in values)
    annotations = [each.annotation for each in owner.assigned[found.name] if each.annotation]
    if not is_made and all(_is_class_variable(repo, found, text) for text in annotations):
        return {plain}
    return {"field"} if not found.name.startswith("_") else {"field", plain}


def _is_class_variable(repo: Repository, found: Found, annotation: str) -> bool:
    head = _ANNOTATION.match(annotation)
    first, *rest = head[1].split(".") if head else [""]
    names = {rest[-1]} if rest else _names(repo, found.path, found.definition, ("n", first))
    return "ClassVar" in names


def _names(repo: Repository, path: str, owner: Definition, ref: Ref) -> set[str]:
    """`C` of `a.b.C`, `C[T]` and `C(...)`, and where a name is imported as another, what it is called there."""
    while ref is not None and ref[0] in "cs":
        ref = ref[1]
    if ref is None or ref[0] not in "na":
        return set()
    scope: Definition | None = owner if ref[0] == "n" else None
    while scope is not None:
        bound = scope.bindings.get(ref[1], ()) if scope is owner or scope.kind != "class" else ()
        if imported := {each[3] for each in bound if each is not None and each[0] == "f"}:
            return imported
        scope = scope.parent
    return {ref[-1]}


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
