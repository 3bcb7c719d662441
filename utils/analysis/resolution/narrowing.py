"""What a condition says of the names and attributes in it.

`isinstance(name, K)`, `callable(self.attribute)` and their like narrow them where they hold and where they do not.
"""

from __future__ import annotations

import ast
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution.scopes import Environment, Names, Reference, Scope
from utils.analysis.resolution.syntax import is_dotted, is_place, last_name, text_of

# What functions of one value ask, by their names in lower case without underscores.
TESTS = {
    **{test: test for test in (ir.GENERATOR_TEST, ir.ASYNC_GENERATOR_TEST)},
    **{test: test for test in (ir.CLASS_TEST, ir.FUNCTION_TEST, ir.CALLABLE_TEST, ir.COROUTINE_TEST)},
    "iscoroutinecallable": ir.COROUTINE_TEST,
    "isasynccallable": ir.COROUTINE_TEST,
    "isasyncfunction": ir.COROUTINE_TEST,
}


class Narrowing(Names):
    """Conditions of statements and expressions."""

    def __init__(self, module: str) -> None:
        super().__init__(module)
        # What a test gives → what it asks about, what that stood for, and which test it is.
        self.answers: dict[int, tuple[Reference, int, str]] = {}
        self.known: dict[int, tuple[str, bool]] = {}  # what a test lets through → the test, and whether it holds
        self.parameters: dict[int, tuple[Any, int]] = {}
        self.items: set[int] = set()  # what containers gave: it may be anything, so no special method is told
        self.places: dict[int, dict[int, None]] = {}  # container → nodes of its items that are tested

    def expr(self, node: ast.expr) -> int:
        raise NotImplementedError  # Expressions

    def value(self, node: ast.expr) -> int:
        raise NotImplementedError  # Expressions

    def truth(self, node: ast.expr) -> int:
        raise NotImplementedError  # Operators

    def condition(self, test: ast.expr) -> Environment:
        """Evaluate a test; what its names stand for where it holds."""
        if not (isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)):
            self.truth(test)
            return self.holding(test)
        before: Environment = {}
        found: Environment = {}
        for part in test.values:
            narrowed = self.condition(part)
            for name, node in narrowed.items():
                before.setdefault(name, self.scope.env.get(name, 0))
                self.scope.env[name] = found[name] = node
        self.restore(before, found)
        return found

    def holding(self, test: ast.expr) -> Environment:
        """What a test's names stand for where it holds; the test itself was evaluated."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.failing(test.operand)
        found = self.instance_test(test) or self.type_test(test)
        if found is None:
            return self.such(test, holds=True)
        reference, kinds, below = found
        nodes = [self.expr(item) if is_dotted(item) else 0 for item in kinds]
        if not all(nodes):
            return {}
        dst = self.new()
        self.narrowed_from[dst] = self.at(reference)
        for node in nodes:
            self.use(node, ir.NARROW, self.at(reference), dst, below)
        return {reference: dst}

    def failing(self, test: ast.expr) -> Environment:
        """What a test's names stand for where it does not hold."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.holding(test.operand)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
            return {reference: node for part in test.values for reference, node in self.failing(part).items()}
        found = self.instance_test(test)
        if found is None:
            return self.such(test, holds=False)
        reference, kinds, below = found
        rest = self.at(reference)
        for kind in kinds:
            node = self.expr(kind) if is_dotted(kind) else 0
            if node:
                before, rest = rest, self.new()
                self.use(node, ir.EXCLUDE, before, rest, below)
        if rest == self.at(reference):
            return {}
        self.narrowed_from[rest] = self.at(reference)
        self.note_rest(rest)
        return {reference: rest}

    def reference(self, node: ast.expr) -> Reference | None:
        """The reference that an expression reads, where that may be narrowed."""
        if isinstance(node, ast.Name):
            return node.id if self.scope.env.get(node.id) else None
        if self.scope.function is None or self.scope.is_class or not is_place(node):
            return None
        base = self.expr(node.value)  # type: ignore[attr-defined]
        if not base:
            return None
        if isinstance(node, ast.Subscript):
            key = self.key(node.slice)
            if not key:  # each time another item
                return None
            found = self.item_node(base, key, node.lineno)
            self.places.setdefault(base, {})[found] = None
            return found
        return self.attribute_node(base, self.mangled(node.attr), node.end_lineno or node.lineno)  # type: ignore[attr-defined]

    def attribute_node(self, base: int, name: str, line: int) -> int:
        raise NotImplementedError  # Expressions

    def item_node(self, base: int, key: Any, line: int) -> int:
        raise NotImplementedError  # Expressions

    def key(self, node: ast.expr) -> Any:
        raise NotImplementedError  # Expressions

    def at(self, reference: Reference) -> int:
        """What a reference stands for here."""
        return self.scope.env.get(reference, reference if isinstance(reference, int) else 0)

    def instance_test(self, test: ast.expr) -> tuple[Reference, list[ast.expr], bool] | None:
        """What `isinstance(name, classes)` asks about, the classes, and whether it is `issubclass`."""
        if not isinstance(test, ast.Call) or not isinstance(test.func, ast.Name) or len(test.args) != 2:
            return None
        if test.func.id not in ("isinstance", "issubclass") or (found := self.reference(test.args[0])) is None:
            return None
        kind = test.args[1]
        return found, list(kind.elts) if isinstance(kind, ast.Tuple) else [kind], test.func.id == "issubclass"

    def type_test(self, test: ast.expr) -> tuple[Reference, list[ast.expr], bool] | None:
        """The same of `type(name) is K` and `name.__class__ == K`."""
        if not isinstance(test, ast.Compare) or len(test.ops) > 1 or not isinstance(test.ops[0], ast.Is | ast.Eq):
            return None
        asked, whose = test.left, None
        if isinstance(asked, ast.Call) and last_name(asked.func) == "type" and len(asked.args) == 1:
            whose = asked.args[0]
        elif isinstance(asked, ast.Attribute) and asked.attr == "__class__":
            whose = asked.value
        found = None if whose is None else self.reference(whose)
        return None if found is None else (found, [test.comparators[0]], False)

    def asked(self, test: ast.expr) -> tuple[Reference, str] | None:
        """The reference and the test of `isclass(name)` and its like, or of what a name says that keeps its answer."""
        if isinstance(test, ast.Name):
            kept, node, name = self.answers.get(self.scope.env.get(test.id, 0), (0, 0, ""))
            return (kept, name) if node and self.at(kept) == node else None
        if not isinstance(test, ast.Call) or not test.args:
            return None
        called = last_name(test.func)
        name = TESTS.get(called.lower().replace("_", ""), "")
        if called == ir.ATTRIBUTE_TEST and len(test.args) == 2:
            name = f"{called} {text_of(test.args[1]) or ''}"
        reference = self.reference(test.args[0]) if name else None
        return None if reference is None else (reference, name)

    def such(self, test: ast.expr, holds: bool) -> Environment:
        """What the name in such a test stands for where it holds, or does not."""
        found = self.asked(test)
        if found is None:
            return {}
        reference, name = found
        if self.known.get(self.at(reference)) == (name, holds):
            return {}
        if holds and name.startswith(ir.ATTRIBUTE_TEST):  # the others have no such attribute anyway
            return {}
        record, index = self.parameters.get(self.whole(self.at(reference)), (None, 0))
        if record is not None and not index and record.flags & ir.METHOD:  # `self` stays what it is
            return {}
        narrowed = self.such_as(self.at(reference), name, holds)
        self.known[narrowed] = name, holds
        return {reference: narrowed}

    def such_as(self, node: int, test: str, holds: bool) -> int:
        """The values of a node of which a test holds, or the others."""
        found = self.new()
        self.use(node, ir.SUCH, test, holds, found)
        self.narrowed_from[found] = node
        self.note_rest(found)
        return found

    def note_rest(self, narrowed: int) -> None:
        """What is not of a class, of what a container gave, may be anything else."""
        if self.whole(narrowed) in self.items:
            self.items.add(narrowed)

    def narrow_by_choice(self, scope: Scope) -> None:
        """What is handed back only where a parameter of the function around it is a coroutine function, say, has to do
        with no others."""
        if scope.parent is None or scope.parent.is_class or scope.parent.function is None:
            return
        around: ir.Function = scope.parent.function
        told = {(index, held) for index, held, node in around.choices if node == scope.function.node}
        for index, held in told if len(told) == 1 else ():
            if ir.is_of_kind(held):
                node = around.params[index]
                for test in held[1:]:
                    node = self.such_as(node, test, held[0] == ir.HOLDS)
                scope.narrowed[around.parameter(index)] = node

    def restore(self, before: Environment, narrowed: Environment) -> None:
        """Names stand for what they stood for, unless they were bound in between."""
        env = self.scope.env
        for name, node in before.items():
            if env.get(name) != narrowed.get(name):
                continue
            if node:
                env[name] = node
            else:
                env.pop(name, None)  # it was declared global after it was bound

    def value_where(self, narrowed: Environment, node: ast.expr) -> int:
        """The value of an expression that is evaluated only where names are narrowed."""
        before = {name: self.scope.env.get(name, 0) for name in narrowed}
        self.scope.env.update(narrowed)
        found = self.value(node)
        self.restore(before, narrowed)
        return found
