"""Operators, conditions and conversions: the special methods that they ask objects for."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from string import Formatter
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution.narrowing import Narrowing
from utils.analysis.resolution.scopes import Environment, Given, otherwise
from utils.analysis.resolution.syntax import PERCENT, ends_of, text_of

BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitOr: "or", ast.BitXor: "xor", ast.BitAnd: "and",
    ast.MatMult: "matmul",
}  # fmt: skip
UNARY = {ast.USub: ("__neg__",), ast.UAdd: ("__pos__",), ast.Invert: ("__invert__",)}
COMPARE = {
    ast.Eq: "__eq__", ast.NotEq: "__ne__", ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__", ast.GtE: "__ge__",
}  # fmt: skip
REFLECTED = {"__lt__": "__gt__", "__gt__": "__lt__", "__le__": "__ge__", "__ge__": "__le__"}
TRUTH = ("__bool__", "__len__")
CONVERSIONS = {
    -1: ("__format__", "__str__", "__repr__"),
    115: ("__str__", "__repr__"),
    114: ("__repr__",),
    97: ("__repr__",),
}


class Operators(Narrowing):
    """Each method gives the value node of an expression, 0 where nothing can come of it."""

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.ends: dict[int, tuple[str, str]] = {}  # texts that are put together → how they begin and end

    def dunder(self, base: int, names: tuple[str, ...], other: int, dst: int, line: int, late: bool = False) -> None:
        if base and base not in self.items:
            if late and other:  # whatever else the operand is asked for, it is asked for it by another node
                operand = self.new()
                self.copy(base, operand)
                base = operand
            self.uses[base].append((ir.DUNDER, names, other, dst, self.scope.index, line, late))

    def hashed(self, key: Any, holder: int, line: int, test: bool = False) -> None:
        """What is a key in a dictionary, or lies in a set, is asked for its hash."""
        if key.__class__ is int:
            self.use(key, ir.HASH, holder, test, self.scope.index, line)

    def truth(self, node: ast.expr) -> int:
        """Evaluate a condition; an instance that arrives is asked for its truth."""
        if node.__class__ is ast.UnaryOp and node.op.__class__ is ast.Not:
            self.truth(node.operand)
            return 0
        if node.__class__ is ast.BoolOp:
            return self.boolean(node, last=self.truth)
        if node.__class__ is ast.Compare:
            return self.compare(node, plain=True)
        found = self.expr(node)
        self.dunder(found, TRUTH, 0, 0, node.lineno)
        return found

    def binary(self, node: ast.BinOp) -> int:
        """Left-leaning chains of operators can be thousands long: they are walked without recursion."""
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        left = self.expr(chain[-1].left)
        for part in reversed(chain):
            if isinstance(part.op, ast.Mod) and (template := text_of(part.left)) is not None:
                left = self.filled(template, part.right, part.lineno)
                continue
            right = self.expr(part.right)
            if left or right:
                name = BINARY[part.op.__class__]
                dst = self.new()
                self.dunder(left, (f"__{name}__",), right, dst, part.lineno)
                self.dunder(right, (f"__r{name}__",), left, dst, part.lineno, late=True)
                left = dst
        return self.text(node, left)

    def filled(self, template: str, given: ast.expr, line: int) -> int:
        """`"%s %r" % (a, b)` asks what is filled in for its text."""
        conversions = PERCENT.findall(template.replace("%%", ""))
        items = given.elts if isinstance(given, ast.Tuple) else [given]
        fit = len(conversions) == len(items)
        for index, item in enumerate(items):
            self.convert(self.expr(item), conversions[index] if fit else "", line)
        return 0

    def convert(self, node: int, conversion: str, line: int) -> None:
        if conversion in ("s", "r", "a"):
            self.dunder(node, CONVERSIONS[ord(conversion)], 0, 0, line)

    def fill_in(self, template: str, args: list[Any], keywords: dict[Any, Any], line: int) -> None:
        """`"{} {name!r}".format(a, name=b)` asks what is filled in for its text."""
        try:
            fields = [item for item in Formatter().parse(template) if item[1] is not None]
        except ValueError:
            return
        known = itertools.takewhile(lambda item: item.__class__ is not tuple or item[0] != "*", args)
        given = {**{str(index): item for index, item in enumerate(known)}, **keywords}
        numbers = itertools.count()
        for _, field, _, conversion in fields:
            name = field or str(next(numbers))
            item = given.get(name, 0)
            if item.__class__ is int:
                self.dunder(item, CONVERSIONS[ord(conversion) if conversion in ("s", "r", "a") else -1], 0, 0, line)

    def unary(self, node: ast.UnaryOp) -> int:
        if node.op.__class__ is ast.Not:
            self.truth(node.operand)
            return 0
        base = self.expr(node.operand)
        if not base:
            return 0
        dst = self.new()
        self.dunder(base, UNARY[node.op.__class__], 0, dst, node.lineno)
        return dst

    def boolean(self, node: ast.BoolOp, last: Callable[[ast.expr], int] | None = None) -> int:
        """Each operand is evaluated where those before it hold (`and`) or do not (`or`)."""
        tell = self.holding if node.op.__class__ is ast.And else self.failing
        before: Environment = {}
        narrowed: Environment = {}
        found = []
        told = self.presence(node.values[0]) if node.op.__class__ is ast.Or and len(node.values) == 2 else None
        for part in node.values[:-1]:
            found.append(self.truth(part))
            for name, rest in tell(part).items():
                before.setdefault(name, self.scope.env.get(name, 0))
                self.scope.env[name] = narrowed[name] = rest
        found.append((last or self.value)(node.values[-1]))
        self.restore(before, narrowed)
        return self.chosen(told, found)

    def chosen(self, told: Given | None, nodes: list[int]) -> int:
        """The first node where something holds of a parameter, and the second where it does not."""
        phi = self.merged(nodes)
        if told is not None:
            self.hold(phi, zip(nodes, (told, otherwise(*told, self.scope.given)), strict=True))
        return phi

    def presence(self, test: ast.expr) -> Given | None:
        raise NotImplementedError  # Control

    def compare(self, node: ast.Compare, plain: bool = False) -> int:
        """What comes out is told where one comparison's value is used: some classes make an object of it."""
        left = self.expr(node.left)
        dst = 0
        for operator, item in zip(node.ops, node.comparators, strict=False):
            right = self.expr(item)
            kind = operator.__class__
            if kind in COMPARE:
                name = COMPARE[kind]
                names = ("__ne__", "__eq__") if name == "__ne__" else (name,)
                dst = self.new() if not plain and len(node.ops) == 1 and (left or right) else 0
                self.dunder(left, names, right, dst, node.lineno)
                self.dunder(
                    right, (REFLECTED[name],) if name in REFLECTED else names, left, dst, node.lineno, late=True
                )
            elif kind in (ast.In, ast.NotIn):
                self.dunder(right, ("__contains__", "__iter__"), left, 0, node.lineno)
                self.hashed(left, right, node.lineno, test=True)
            left = right
        return dst

    def conditional(self, node: ast.IfExp) -> int:
        narrowed = self.condition(node.test)
        told = self.presence(node.test)
        return self.chosen(
            told, [self.value_where(narrowed, node.body), self.value_where(self.failing(node.test), node.orelse)]
        )

    def joined(self, node: ast.JoinedStr) -> int:
        for part in node.values:
            self.expr(part)
        return self.text(node, 0)

    def text(self, node: ast.expr, found: int) -> int:
        """The node of an expression, which is noted where it is a text that may be a name."""
        ends = ends_of(node)
        if ends[0].isidentifier():
            found = found or self.new()
            self.ends[found] = ends
        return found

    def formatted(self, node: ast.FormattedValue) -> int:
        self.dunder(self.expr(node.value), CONVERSIONS.get(node.conversion, ("__str__",)), 0, 0, node.lineno)
        if node.format_spec is not None:
            self.expr(node.format_spec)
        return 0

    def named(self, node: ast.NamedExpr) -> int:
        found = self.value(node.value)
        self.bind(node.target.id, found)
        return found
