"""Expressions and annotations as references: what can be followed later without the syntax tree."""

from __future__ import annotations

import ast
import sys

from utils.generation.proof.facts import Ref
from utils.generation.proof.syntax import called_name

CALLERS = frozenset(
    {"map", "filter", "sorted", "min", "max", "reduce", "sort", "groupby", "starmap", "takewhile", "dropwhile"}
    | {"sub", "subn"}  # of `re` and its patterns
)
WRAPPERS = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "Awaitable"})
BAGS = frozenset("list List set Set frozenset FrozenSet tuple Tuple deque Deque Generator AsyncGenerator".split())  # noqa: SIM905
ITERABLES = frozenset(
    """Sequence MutableSequence Iterable Iterator Collection AsyncIterator AsyncIterable AbstractSet KeysView
    ValuesView""".split()  # noqa: SIM905
)
MAPS = frozenset("dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict".split())  # noqa: SIM905
GIVEN_BACK = {"cast": 1, "update_wrapper": 0, "partial": 0, "deepcopy": 0, "wait_for": 0}
COPIES = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "filter"})
MOST_ITEMS = 64  # items of a display that are followed
DEEPEST = 60  # nested expressions; deeper ones are not followed


def reference(node: ast.AST | None, depth: int = 0) -> Ref:
    """The reference of an expression; None where it cannot be followed."""
    if depth > DEEPEST or node is None:
        return None
    deeper = depth + 1
    if isinstance(node, ast.Name):
        return ("n", sys.intern(node.id))
    if isinstance(node, ast.Attribute):
        return ("a", reference(node.value, deeper), sys.intern(node.attr))
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return ("super", *(reference(each, deeper) for each in node.args[:1]))
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 1:
            return ("t", reference(node.args[0], deeper))
        if read := read_by_name(node, deeper):
            return ("o", read, reference(node.args[2], deeper)) if len(node.args) > 2 else read
        return _handed_through(node, deeper) or ("c", reference(node.func, deeper))
    if isinstance(node, ast.Subscript):
        return ("s", reference(node.value, deeper))
    if isinstance(node, ast.Await):
        return ("w", reference(node.value, deeper))
    if isinstance(node, ast.BoolOp):
        return ("o", *(reference(each, deeper) for each in node.values))
    if isinstance(node, ast.IfExp):
        return ("o", reference(node.body, deeper), reference(node.orelse, deeper))
    if isinstance(node, ast.NamedExpr | ast.Starred):
        return reference(node.value, deeper)
    if isinstance(node, ast.Lambda):
        return ("l", node.lineno, node.col_offset)
    if isinstance(node, ast.Constant | ast.JoinedStr):
        return ("k",)
    if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
        return _container(node, deeper)
    return None


def _handed_through(node: ast.Call, depth: int) -> Ref:
    """The result of a library function that gives back what it is given: `cast(T, x)`, `list(x)`, `next(x)`."""
    name = called_name(node)
    place = GIVEN_BACK.get(name)
    if place is not None and len(node.args) > place and not isinstance(node.args[place], ast.Starred):
        return reference(node.args[place], depth)
    if isinstance(node.func, ast.Name) and len(node.args) >= 1:
        if name in COPIES:
            return ("b", ("y", reference(node.args[0], depth)))
        if name == "property":
            return ("p", *(reference(each, depth) for each in [*node.args, *(k.value for k in node.keywords)]))
        if name in ("next", "anext"):
            return ("y", reference(node.args[0], depth))
    return None


def _container(node: ast.List | ast.Tuple | ast.Set | ast.Dict, depth: int) -> Ref:
    """A display of items that can be followed; a long one is data."""
    items = [each for each in (node.values if isinstance(node, ast.Dict) else node.elts) if each is not None]
    refs = [reference(each, depth) for each in items[:MOST_ITEMS]]
    kept = [ref for ref in dict.fromkeys(refs) if ref is not None and ref != ("k",)]
    return ("b{" if isinstance(node, ast.Dict) else "b", *kept) if kept and len(items) <= MOST_ITEMS else ("k",)


def annotated(node: ast.expr | None, depth: int = 0) -> Ref:
    """The reference of a value that is annotated so; None where the annotation does not name one class."""
    node = _unquoted(node)
    if node is None or depth > 20:
        return None
    if isinstance(node, ast.Constant):
        return ("k",) if node.value is None else None
    if isinstance(node, ast.Name | ast.Attribute):
        return ("i", reference(node))
    if isinstance(node, ast.BinOp):
        return ("o", annotated(node.left, depth + 1), annotated(node.right, depth + 1))
    if isinstance(node, ast.Subscript):
        name = getattr(node.value, "attr", getattr(node.value, "id", ""))
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not inner:  # `tuple[()]`
            return ("o", ("i", reference(node.value)), None)
        if name in WRAPPERS:
            return annotated(inner[0], depth + 1)
        if name == "Union":
            return ("o", *(annotated(each, depth + 1) for each in inner))
        if name in ("type", "Type"):
            return reference(_unquoted(inner[0]))
        if name in BAGS:
            return ("b", annotated(inner[0], depth + 1))
        if name in MAPS:
            return ("b{", annotated(inner[-1], depth + 1))
        if name in ITERABLES:  # an instance of any class that can be iterated over fits, too
            return ("o", ("b", annotated(inner[0], depth + 1)), None)
        return ("o", ("i", reference(node.value)), None)
    return None


def _unquoted(node: ast.expr | None) -> ast.expr | None:
    """An annotation without the quotes around it; None where what is in them is no expression."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return node
    try:
        return ast.parse(node.value.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def arguments(node: ast.Call) -> tuple[tuple[int | str, Ref], ...]:
    """(position or keyword, reference) of the arguments that can be followed, up to the first starred one."""
    found: list[tuple[int | str, Ref]] = []
    for position, each in enumerate(node.args):
        if isinstance(each, ast.Starred):
            break
        found.append((position, reference(each)))
    found += [(sys.intern(each.arg), reference(each.value)) for each in node.keywords if each.arg]
    return tuple(each for each in found if each[1] is not None and each[1] != ("k",))


def functions_passed(node: ast.Call) -> list[ast.expr]:
    """The arguments of a call that an outside function may call: lambdas, and names given to `map`, `sorted`, …"""
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    name = called_name(node)
    if name in CALLERS:
        return [each for each in arguments if isinstance(each, ast.Lambda | ast.Name | ast.Attribute | ast.Call)]
    return [each for each in arguments if isinstance(each, ast.Lambda)]


def read_by_name(node: ast.Call, depth: int = 0, by: tuple[str, ...] = ("getattr",)) -> Ref:
    """`getattr(x, "name")` reads `x.name`; None for a call of any other function than `by`."""
    if isinstance(node.func, ast.Name) and node.func.id in by and len(node.args) >= 2:
        name = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
        if isinstance(name, str) and name:
            return ("a", reference(node.args[0], depth), sys.intern(name))
    return None
