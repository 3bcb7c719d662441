"""What pytest gives to the parameters of a test, and to `request.param` of a fixture, by a decorator."""

from __future__ import annotations

import ast

from utils.analysis.resolution import ir
from utils.analysis.resolution.annotations import Annotations
from utils.analysis.resolution.syntax import last_name

Given = dict[str, int]  # name → node of what it is given


class Parametrized(Annotations):
    """`@pytest.mark.parametrize(names, values)` and `@pytest.fixture(params=values)`."""

    def decorator(self, item: ast.expr, given: Given) -> int:
        """The node of a decorator; what it gives to the function's parameters is added to `given`."""
        if not isinstance(item, ast.Call):
            return self.expr(item)
        if last_name(item.func) == "parametrize" and len(item.args) > 1:
            names = names_in(item.args[0])
            if names and all(names):
                return self.parametrize(item, names, item.args[1], given)
        for word in item.keywords if last_name(item.func) == "fixture" else ():
            if word.arg == "params":
                return self.parametrize(item, ["request.param"], word.value, given)
        return self.expr(item)

    def parametrize(self, item: ast.Call, names: list[str], values: ast.expr, given: Given) -> int:
        """Evaluate a decorator, of whose arguments `values` are what is given for the names, one after the other."""
        func = self.expr(item.func)
        args: list[int] = []
        for part in [*item.args, *(word.value for word in item.keywords)]:
            args.append(self.values_for(part, names, given) if part is values else self.expr(part))
        dst = self.new()
        self.use(func, ir.CALL, self.scope.index, item.lineno, args[: len(item.args)], [], dst)
        return dst if func else 0

    def values_for(self, values: ast.expr, names: list[str], given: Given) -> int:
        if isinstance(values, (ast.List, ast.Tuple)):
            return self.written_for(values, names, given)
        source = self.expr(values)
        if source:
            item = self.new()
            self.use(source, ir.ITER, item, self.scope.index, values.lineno, False)
            for index, name in enumerate(names):
                given[name] = item if len(names) == 1 else self.new()
                if len(names) > 1:
                    self.use(item, ir.UNPACK, index, None, given[name], self.scope.index, values.lineno)
        return source

    def written_for(self, values: ast.List | ast.Tuple, names: list[str], given: Given) -> int:
        """Of values that are written down each name gets its own."""
        columns: list[list[ast.expr]] = [[] for _ in names]
        for value in values.elts:
            parts = parts_of(value, len(names))
            for column, part in zip(columns, parts or [], strict=False):
                column.append(part)
            if not parts:
                self.expr(value)
        source = 0
        for name, column in zip(names, columns, strict=True):
            source = self.sequence(ast.copy_location(ast.List(column, ast.Load()), values))
            given[name] = self.new()
            self.use(source, ir.ITER, given[name], self.scope.index, values.lineno, False)
        return source

    def give_parameters(self, record: ir.Function, given: Given, cache: dict[tuple[int, str], int]) -> None:
        """`cache` has what attributes stand for in the function's body."""
        names = [*record.positional, *record.keyword_only]
        for index, name in enumerate(names):
            if name in given and index not in record.plain:
                self.copy(given[name], record.params[index])
            if name == "request" and "request.param" in given:
                cache[record.params[index], "param"] = given["request.param"]


def names_in(node: ast.expr) -> list[str]:
    """The names of `"a, b"` or `["a", "b"]`; an empty one for what is not written down."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return [
            item.value if isinstance(item, ast.Constant) and isinstance(item.value, str) else "" for item in node.elts
        ]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.strip().strip(",").split(",")]
    return []


def parts_of(value: ast.expr, count: int) -> list[ast.expr] | None:
    """What is given for each of the names: `value` itself, its items, or the arguments of `pytest.param`."""
    if isinstance(value, ast.Starred):
        return None
    if isinstance(value, ast.Call) and last_name(value.func) == "param":
        parts = value.args
    elif count > 1 and isinstance(value, (ast.List, ast.Tuple)):
        parts = value.elts
    else:
        parts = [value]
    return parts if len(parts) == count and not any(isinstance(item, ast.Starred) for item in parts) else None
