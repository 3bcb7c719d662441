"""What a function's code does, read from its syntax tree: no execution, no guess, every finding with its line."""

from __future__ import annotations

import ast
import textwrap
from typing import Any, Literal, NamedTuple

from utils.records import CodeElement

StepKind = Literal["branch", "loop", "raise", "return", "yield", "with", "handle", "set", "assign", "call"]
Way = Literal["holds", "fails", "caught", "unknown"]
LONGEST_QUOTE = 90  # characters; longer expressions teach nothing in a sentence


class Condition(NamedTuple):
    """`text` at `line` holds or fails, or an exception of that name is caught. Without a text nothing can be said."""

    text: str
    line: int
    way: Way


UNKNOWN = Condition("", 0, "unknown")
Where = tuple[Condition, ...]


class Step(NamedTuple):
    """One thing the code does at `line` of its file. `text` is source; `detail` by kind:

    branch "", while or match · loop its target (text: what is iterated) · raise, handle exception name · yield "" or
    from · set the attribute (text: the statement). `where`: all that decides whether the code comes to it, outermost
    first; what a handler does is decided by what it catches. A loop or an earlier `return` is no condition.
    """

    kind: StepKind
    text: str
    line: int
    detail: str = ""
    where: Where = ()


class Behaviour(NamedTuple):
    """The steps in source order; `raises` and `handles` are exception names, each once.

    `untold`: the kinds of which a step is missing, for its source cannot be quoted or says nothing (`return`).
    """

    steps: tuple[Step, ...]
    raises: tuple[str, ...]
    handles: tuple[str, ...]
    is_generator: bool
    is_abstract: bool
    untold: frozenset[str] = frozenset()


NOTHING = Behaviour((), (), (), False, False)


def read_behaviour(element: CodeElement) -> Behaviour:
    """Read `element.code`; code that does not parse on its own (a property of a broken file) has no behaviour."""
    try:
        tree = ast.parse(textwrap.dedent(element.code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NOTHING
    node = tree.body[0] if tree.body else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return NOTHING
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    reader = _Reader(textwrap.dedent(element.code).split("\n"), element.start_line)
    try:
        reader.block(body, ())
    except RecursionError:
        return NOTHING
    raises = tuple(dict.fromkeys(step.detail for step in reader.steps if step.kind == "raise"))
    handles = tuple(dict.fromkeys(name for step in reader.steps if step.kind == "handle" for name in [step.detail]))
    is_generator = any(step.kind == "yield" for step in reader.steps) or reader.yields
    return Behaviour(tuple(reader.steps), raises, handles, is_generator, _is_stub(body), frozenset(reader.untold))


def _is_stub(body: list[ast.stmt]) -> bool:
    """True for a body that only says `pass`, `...` or `raise NotImplementedError`."""
    if len(body) != 1:
        return not body
    only = body[0]
    if isinstance(only, ast.Raise):
        return _exception_name(only.exc) == "NotImplementedError"
    return isinstance(only, ast.Pass) or (isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant))


class _Reader:
    def __init__(self, lines: list[str], first_line: int) -> None:
        self.lines = [line.encode("utf-8", "surrogatepass") for line in lines]
        self.offset = first_line - 1
        self.steps: list[Step] = []
        self.yields = False
        self.untold: set[str] = set()

    def block(self, body: list[ast.stmt], here: Where) -> None:
        for statement in body:
            self.statement(statement, here)

    def statement(self, node: ast.stmt, here: Where) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        if isinstance(node, ast.If):
            self.decide(node, here)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self.add("loop", node.iter, self.quote(node.target), here)
            self.block([*node.body, *node.orelse], here)
        elif isinstance(node, ast.While):
            self.add("branch", node.test, "while", here)
            self.block([*node.body, *node.orelse], here)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self.add("with", item.context_expr, "", here)
            self.block(node.body, here)
        elif hasattr(node, "handlers"):
            self.attempt(node, here)
        elif isinstance(node, ast.Match):
            self.add("branch", node.subject, "match", here)
            for case in node.cases:
                self.block(case.body, (*here, UNKNOWN))
        else:
            self.simple(node, here)

    def decide(self, node: ast.If, here: Where) -> None:
        """What stands after the test happens where it holds, and what follows `elif` or `else` where it fails."""
        self.add("branch", node.test, "", here)
        self.block(node.body, (*here, self.condition(node.test, "holds")))
        self.block(node.orelse, (*here, self.condition(node.test, "fails")))

    def condition(self, node: ast.expr, way: Way) -> Condition:
        """A test that cannot be quoted still decides what stands in it."""
        text = self.quote(node)
        return Condition(text, self.at(node), way) if text else UNKNOWN

    def attempt(self, node: Any, here: Where) -> None:
        """`try` with `except` or with `except*`, which Python 3.10 has no class for."""
        self.block(node.body, here)
        for handler in node.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            caught = [self.condition(kind, "caught") for kind in kinds if kind is not None]
            self.steps += [Step("handle", text, line, text) for text, line, _ in caught if text]
            self.block(handler.body, tuple(caught) if len(caught) == 1 else (UNKNOWN,))
        self.block([*node.orelse, *node.finalbody], here)

    def simple(self, node: ast.stmt, here: Where) -> None:
        if isinstance(node, ast.Raise):
            name = _exception_name(node.exc)
            if name:
                self.steps.append(Step("raise", name, node.lineno + self.offset, name, here))
        elif isinstance(node, ast.Return):
            if node.value is not None:
                self.add("return", node.value, "", here)
            else:
                self.untold.add("return")
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self.assignment(node, here)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
            self.add("call", node.value, "", here)
        for child in ast.walk(node):
            if isinstance(child, ast.Yield | ast.YieldFrom):
                self.yields = True
                if child.value is not None:
                    self.add("yield", child.value, "from" if isinstance(child, ast.YieldFrom) else "", here)
                else:
                    self.untold.add("yield")

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, here: Where) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            owner = target.value if isinstance(target, ast.Attribute) else None
            if isinstance(owner, ast.Name) and owner.id == "self":
                self.add("set", node if self.quote(node) else target, self.quote(target), here)
                return
        if isinstance(node.value, ast.Call | ast.Await):
            self.add("assign", node, "", here)

    def add(self, kind: StepKind, node: ast.expr | ast.stmt, detail: str, here: Where) -> None:
        if text := self.quote(node):
            self.steps.append(Step(kind, text, self.at(node), detail, here))
        else:
            self.untold.add(kind)

    def at(self, node: ast.expr | ast.stmt) -> int:
        return node.lineno + self.offset

    def quote(self, node: ast.expr | ast.stmt) -> str:
        """The node's source if it stands on one line and is short enough, else an empty text."""
        if node.lineno != node.end_lineno or node.lineno > len(self.lines):
            return ""
        text = self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode("utf-8", "replace")
        return text if len(text) <= LONGEST_QUOTE and "`" not in text else ""


def _exception_name(node: ast.expr | None) -> str:
    """`ValueError` of `raise ValueError(...)`, `errors.Bad` of `raise errors.Bad`; empty for a variable or nothing."""
    called = isinstance(node, ast.Call)
    target = node.func if isinstance(node, ast.Call) else node
    parts: list[str] = []
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if not isinstance(target, ast.Name):
        return ""
    name = ".".join([target.id, *reversed(parts)])
    last = name.rpartition(".")[2]
    return name if last[:1].isupper() and (called or last[0] != "_") else ""
