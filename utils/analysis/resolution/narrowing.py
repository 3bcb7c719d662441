"""What a condition says of the names in it: `isinstance(name, K)` narrows them where it holds and where it does not."""

from __future__ import annotations

import ast

from utils.analysis.resolution import ir
from utils.analysis.resolution.scopes import Names

Narrowed = dict[str, int]  # name → the node that it stands for


class Narrowing(Names):
    """Conditions of statements and expressions."""

    def expr(self, node: ast.expr) -> int:
        raise NotImplementedError  # Expressions

    def value(self, node: ast.expr) -> int:
        raise NotImplementedError  # Expressions

    def truth(self, node: ast.expr) -> int:
        raise NotImplementedError  # Operators

    def condition(self, test: ast.expr) -> Narrowed:
        """Evaluate a test; what its names stand for where it holds."""
        if not (isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)):
            self.truth(test)
            return self.holding(test)
        before: Narrowed = {}
        found: Narrowed = {}
        for part in test.values:
            narrowed = self.condition(part)
            for name, node in narrowed.items():
                before.setdefault(name, self.scope.env.get(name, 0))
                self.scope.env[name] = found[name] = node
        self.restore(before, found)
        return found

    def holding(self, test: ast.expr) -> Narrowed:
        """What a test's names stand for where it holds; the test itself was evaluated."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.failing(test.operand)
        found = self.instance_test(test)
        if found is None:
            return {}
        name, kinds = found
        nodes = [self.expr(item) if is_dotted(item) else 0 for item in kinds]
        if not all(nodes):
            return {}
        dst = self.new()
        for node in nodes:
            self.use(node, ir.NARROW, self.scope.env[name], dst)
        return {name: dst}

    def failing(self, test: ast.expr) -> Narrowed:
        """What a test's names stand for where it does not hold."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.holding(test.operand)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
            return {name: node for part in test.values for name, node in self.failing(part).items()}
        found = self.instance_test(test)
        if found is None:
            return {}
        name, kinds = found
        rest = self.scope.env[name]
        for kind in kinds:
            node = self.expr(kind) if is_dotted(kind) else 0
            if node:
                before, rest = rest, self.new()
                self.use(node, ir.EXCLUDE, before, rest)
        return {} if rest == self.scope.env[name] else {name: rest}

    def instance_test(self, test: ast.expr) -> tuple[str, list[ast.expr]] | None:
        """The local name and the classes of `isinstance(name, classes)`."""
        if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"):
            return None
        if len(test.args) != 2 or not isinstance(test.args[0], ast.Name):
            return None
        name, kind = test.args[0].id, test.args[1]
        if not self.scope.env.get(name):
            return None
        return name, list(kind.elts) if isinstance(kind, ast.Tuple) else [kind]

    def restore(self, before: Narrowed, narrowed: Narrowed) -> None:
        """Names stand for what they stood for, unless they were bound in between."""
        env = self.scope.env
        for name, node in before.items():
            if env.get(name) != narrowed.get(name):
                continue
            if node:
                env[name] = node
            else:
                env.pop(name, None)  # it was declared global after it was bound

    def value_where(self, narrowed: Narrowed, node: ast.expr) -> int:
        """The value of an expression that is evaluated only where names are narrowed."""
        before = {name: self.scope.env.get(name, 0) for name in narrowed}
        self.scope.env.update(narrowed)
        found = self.value(node)
        self.restore(before, narrowed)
        return found


def is_dotted(node: ast.expr) -> bool:
    """Whether this names a class or a union of classes: anything else is evaluated once, with the test."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and is_dotted(node.left) and is_dotted(node.right)
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
