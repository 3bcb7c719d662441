"""A base class or protocol, all that implement it, and the methods that have to be written."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from utils.analysis.patterns.places import is_test
from utils.records import CodeElement, Evidence, Pattern

ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})
FAR = 20  # steps of inheritance; without an end, a chain of n classes would make n * n / 2 statements
COMMON = 100  # classes; what more than these conform to by name says nothing about any of them
PROTOCOLS = frozenset({"Protocol", "typing.Protocol", "t.Protocol", "typing_extensions.Protocol"})


def implementations(elements: Mapping[str, CodeElement], inheritance: Mapping[str, Sequence[str]]) -> Iterator[Pattern]:
    """One pattern for each class that others of the repository derive from or, for a protocol, conform to.

    `members` are all of them within FAR steps, those in tests last; `evidence` has their class statements. Bases that
    are themselves test code are left out.
    """
    children: dict[str, list[str]] = {}
    for child, bases in inheritance.items():
        for base in bases:
            if base in elements and child in elements:
                children.setdefault(base, []).append(child)
    methods = _methods(elements)
    protocols = [each for each, bases in inheritance.items() if each in elements and _is_protocol(bases)]
    conforming = _conforming(protocols, elements, methods, inheritance)
    for subject in sorted({*children, *conforming}):
        if is_test(elements[subject].path):
            continue
        found = {*_within_reach(subject, children)[1:], *conforming.get(subject, ())}
        members = sorted(found, key=lambda member: (is_test(elements[member].path), member))
        yield Pattern(
            kind="implementation",
            subject=subject,
            members=members,
            evidence=[_statement(elements[member]) for member in members],
            required=_required(subject, elements, methods, inheritance, subject in protocols),
        )


def _is_protocol(bases: Sequence[str]) -> bool:
    return any(base.partition("[")[0] in PROTOCOLS for base in bases)


def _statement(element: CodeElement) -> Evidence:
    return Evidence(element.path, element.line, element.line + element.signature.count("\n"))


def _within_reach(start: str, edges: Mapping[str, Sequence[str]]) -> list[str]:
    """`start` and what it leads to in at most FAR steps, nearest first."""
    found = {start: None}
    step = [start]
    for _ in range(FAR):
        step = list(dict.fromkeys(to for each in step for to in edges.get(each, ()) if to not in found))
        if not step:
            break
        found.update(dict.fromkeys(step))
    return list(found)


def _methods(elements: Mapping[str, CodeElement]) -> dict[str, dict[str, CodeElement]]:
    """{class id: {name: method or property}}; of repeated definitions the first, which is where overloads begin."""
    found: dict[str, dict[str, CodeElement]] = {}
    for element in elements.values():
        if element.kind in ("method", "property") and element.parent:
            found.setdefault(element.parent, {}).setdefault(element.name, element)
    return found


def _required(
    subject: str,
    elements: Mapping[str, CodeElement],
    methods: Mapping[str, Mapping[str, CodeElement]],
    inheritance: Mapping[str, Sequence[str]],
    is_protocol: bool,
) -> list[str]:
    """Ids of the methods that an implementation has to write, inherited ones included, in source order."""
    nearest: dict[str, CodeElement] = {}
    for each in reversed(_within_reach(subject, inheritance)):
        nearest.update(methods.get(each, {}))
    wanted = [
        method
        for method in nearest.values()
        if _is_abstract(method) or (is_protocol and method.parent == subject and not _has_body(method))
    ]
    return [method.id for method in sorted(wanted, key=lambda method: (method.path, method.line))]


def _is_abstract(method: CodeElement) -> bool:
    if any(decorator.rpartition(".")[2] in ABSTRACT for decorator in method.decorators):
        return True
    if "NotImplementedError" not in method.code:
        return False
    body = _body(method)
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.dump(body[0])


def _has_body(method: CodeElement) -> bool:
    """True where a protocol's method does something that its implementations inherit."""
    return not all(
        isinstance(node, ast.Pass | ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in _body(method)
    )


def _body(method: CodeElement) -> list[ast.stmt]:
    """The statements of a method after its docstring."""
    function = parse_code(method.code)
    body: list[ast.stmt] = getattr(function, "body", [])
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body


def parse_code(code: str) -> ast.stmt | None:
    """The definition whose lines `code` has, indented as in its file; null for what is no definition."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        indented = code[:1] in (" ", "\t")
        try:
            tree = ast.parse(f"if True:\n{code}" if indented else code)
        except SyntaxError:
            return None
    node = tree.body[0] if tree.body else None
    return node.body[0] if indented and isinstance(node, ast.If) else node


def _conforming(
    protocols: Sequence[str],
    elements: Mapping[str, CodeElement],
    methods: Mapping[str, Mapping[str, CodeElement]],
    inheritance: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """{protocol: classes that have all its methods with the same parameters}, without deriving from it.

    A protocol with data members or with dunder methods only is left out: names alone would not justify it.
    """
    data = {element.parent for element in elements.values() if element.kind in ("field", "attribute")}
    known = frozenset(protocols)
    complete = {
        each: {
            name: method
            for base in reversed(_within_reach(each, inheritance))
            for name, method in methods.get(base, {}).items()
        }
        for each in (methods if protocols else ())
    }
    owners: dict[str, list[str]] = {}
    for each, own in complete.items():
        for name in own:
            owners.setdefault(name, []).append(each)
    found: dict[str, list[str]] = {}
    for protocol in protocols:
        wanted = {name: _parameters(method) for name, method in methods.get(protocol, {}).items()}
        is_plain = protocol not in data and set(inheritance.get(protocol, ())) <= PROTOCOLS
        if not is_plain or all(name.startswith("_") for name in wanted):
            continue
        rarest = min(wanted, key=lambda name: len(owners[name]))
        conforming = (
            each
            for each in owners[rarest]
            if each != protocol
            and each not in known
            and protocol not in _within_reach(each, inheritance)
            and all(
                name in complete[each] and _parameters(complete[each][name]) == names for name, names in wanted.items()
            )
        )
        members = list(islice(conforming, COMMON + 1))
        if 0 < len(members) <= COMMON:
            found[protocol] = members
    return found


def _parameters(method: CodeElement) -> list[tuple[str, str]]:
    return [(parameter.name, parameter.kind) for parameter in method.parameters]
