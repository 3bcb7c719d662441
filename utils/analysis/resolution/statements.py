"""Every kind of statement: what it binds and what it evaluates."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution.control import Control
from utils.analysis.resolution.scopes import Given
from utils.analysis.resolution.syntax import last_name

PARTS = 12  # that are told apart in what a function gives back


class Statements(Control):
    """The remaining statements, and the table of them all."""

    def __init__(self, module: str, ids: dict[ast.AST, str], package: str) -> None:
        super().__init__(module, ids)
        self.package = package
        self.imports: list[ir.Import] = []
        self.imported_modules: dict[tuple[str, str | None], None] = {}
        self.stars: list[str] = []
        self.statements: dict[str, Callable[[Any], None]] = {
            "Expr": self.expression, "Assign": self.assignment, "AugAssign": self.augmented,
            "AnnAssign": self.annotated, "Return": self.return_, "If": self.if_, "For": self.for_,
            "AsyncFor": self.for_, "While": self.while_, "Try": self.try_, "TryStar": self.try_, "With": self.with_,
            "AsyncWith": self.with_, "FunctionDef": self.define_function, "AsyncFunctionDef": self.define_function,
            "ClassDef": self.define_class, "Raise": self.raise_, "Assert": self.assert_, "Delete": self.delete,
            "Import": self.import_, "ImportFrom": self.import_from, "Global": self.global_,
            "Nonlocal": self.nonlocal_, "Break": self.break_, "Continue": self.continue_, "Match": self.match,
        }  # fmt: skip

    def body(self, statements: list[ast.stmt]) -> None:
        table, scope = self.statements, self.scope
        outer = scope.sheet
        for node in statements:
            handler = table.get(node.__class__.__name__)
            if handler is not None:
                if scope.function is None and (name := title(node)):
                    scope.sheet = self.sheet(f"{outer.name} {name}")
                handler(node)
                scope.sheet = outer

    def expression(self, node: ast.Expr) -> None:
        if node.value.__class__ is not ast.Constant:
            self.expr(node.value)

    def return_(self, node: ast.Return) -> None:
        function = self.scope.function
        if node.value is not None and function is not None:
            self.result(function, node.value)
        self.scope.live = False

    def result(self, function: ir.Function, node: ast.expr) -> None:
        """An expression whose value a function gives back."""
        source = self.value(node)
        if isinstance(node, ast.Call):
            self.note_relay(function, self.cast_of.get(source, source))
        self.give_back(function, source)

    def note_relay(self, function: ir.Function, source: int) -> None:
        """`return f(parameter)`: what `f` hands back of it is what this function hands back."""
        for item in reversed(self.uses.get(self.call_of.get(source, 0), ())):
            if item[0] == ir.CALL and item[5] == source:
                given = (*item[3], *(value for _, value in item[4]))
                if any(value.__class__ is int and self.parameters.get(value, (0,))[0] is function for value in given):
                    function.relays += [source] if function.relays else [self.new(), source]
                return

    def give_back(self, function: ir.Function, source: int) -> None:
        """A parameter that is returned untouched (or called, and that returned) is told per call, not merged."""
        if self.scope.plain and source not in self.constants and not function.flags & ir.GENERATOR:
            return
        for part, given in self.parts_of(source, function) or [(source, self.scope.given)]:
            self.give_part(function, part, given)

    def parts_of(self, source: int, function: ir.Function) -> list[tuple[int, Given | None]]:
        """What was merged in a node, and what holds where it stands for that; nothing where no part is a parameter or
        depends on one, or there are too many to tell them apart at each `return`."""
        found: dict[int, Given | None] = {}
        seen: set[tuple[int, Given | None]] = set()
        stack = [(source, self.scope.given)]
        while stack:
            node, given = stack.pop()
            node = self.before_cast(node)
            parts = self.phis.get(node)
            if parts is None:
                found[node] = given if found.get(node, given) == given else None
            elif (node, given) not in seen:
                seen.add((node, given))
                if len(seen) + len(parts) > PARTS:
                    return []
                stack += [(part, self.held.get((node, part), given)) for part in reversed(parts)]
        own = any(self.parameters.get(node, (None,))[0] is function for node in found)
        told = any(given != self.scope.given for given in found.values())
        return list(found.items()) if own or told else []

    def before_cast(self, node: int) -> int:
        """A function that `typing.cast` was given, or a name's several ones: the type says less."""
        source = node
        while source in self.cast_of:
            source = self.cast_of[source]
        return source if source in self.function_nodes or source in self.phis else node

    def give_part(self, function: ir.Function, source: int, given: Given | None) -> None:
        record, index = self.parameters.get(self.whole(source), (None, 0))
        if record is function and source in self.known:  # a test let the parameter through
            test, holds = self.known[source]
            function.choices.append((index, (ir.HOLDS if holds else ir.FAILS, test), function.params[index]))
            return
        if given is not None and source:
            function.choices.append((*given, source))
            return
        self.unconditional.add(function.number)
        record, index = self.parameters.get(source, (None, 0))
        if record is function:
            if (index, False) not in function.passes:
                function.passes.append((index, False))
            return
        record, index = self.parameters.get(self.call_of.get(source, 0), (None, 0))
        if record is function:
            if (index, True) not in function.passes:
                function.passes.append((index, True))
            return
        self.copy(source, function.returns)

    def raise_(self, node: ast.Raise) -> None:
        if node.exc is not None:
            self.use(self.expr(node.exc), ir.RAISE, self.scope.index, node.lineno)
        if node.cause is not None:
            self.expr(node.cause)
        self.scope.live = False

    def assert_(self, node: ast.Assert) -> None:
        narrowed = self.condition(node.test)
        for reference, found in narrowed.items():
            if isinstance(reference, str):
                self.bind(reference, found)
            else:
                self.scope.env[reference] = found
                self.scope.log.append(reference)
        if node.msg is not None:
            self.expr(node.msg)

    def delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.env.pop(target.id, None)
            elif isinstance(target, ast.Subscript):
                base = self.expr(target.value)
                self.forget_items(base)
                if not isinstance(target.slice, ast.Slice):
                    self.key(target.slice)
                self.dunder(base, ("__delitem__",), 0, 0, target.lineno)
            elif isinstance(target, ast.Attribute):
                base = self.expr(target.value)
                self.use(base, ir.STORE, f"del {self.mangled(target.attr)}", 0, self.scope.index, target.lineno, -1)

    def global_(self, node: ast.Global) -> None:
        if self.scope is not self.module_scope:
            for name in node.names:
                self.scope.outer_names[name] = self.module_scope

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        for name in node.names:
            owner = self.scope.parent
            while owner is not None and (owner.is_class or name not in owner.timeline):
                owner = owner.parent
            if owner is not None and owner is not self.module_scope:
                self.scope.outer_names[name] = owner

    # --- imports -----------------------------------------------------------------------------------------------------

    def import_(self, node: ast.Import) -> None:
        for item in node.names:
            self.imported_modules[item.name, None] = None
            found = self.imported(item.name)
            name = item.name if item.asname else item.name.split(".")[0]
            self.imports.append((found, name, None, self.scope.index, node.lineno))
            self.bind(item.asname or name, found)
            if is_typing(item.name):
                self.protocol_names.add(f"{item.asname or item.name}.Protocol")

    def imported(self, name: str) -> int:
        """A node for what is imported."""
        scope = self.scope
        if scope.function is not None:
            return self.new()
        outer, scope.sheet = scope.sheet, self.sheet(f"import {name}")
        found = self.new()
        scope.sheet = outer
        return found

    def import_from(self, node: ast.ImportFrom) -> None:
        source = self.absolute(node)
        if source is None:
            return
        for item in node.names:
            if item.name == "*":
                self.imported_modules[source, None] = None
                self.stars.append(source)
                self.protocol_names.update(["Protocol"] if is_typing(source) else [])
                continue
            self.imported_modules[source, item.name] = None
            found = self.imported(f"{source} {item.name}")
            self.imports.append((found, source, item.name, self.scope.index, node.lineno))
            self.bind(item.asname or item.name, found)
            if is_typing(item.name):
                self.protocol_names.add(f"{item.asname or item.name}.Protocol")
            elif item.name == "Protocol" and is_typing(source):
                self.protocol_names.add(item.asname or item.name)

    def is_cast(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return last_name(node.value) in ("t", "typing", "typing_extensions")
        return any((module, "cast") in self.imported_modules for module in ("typing", "typing_extensions"))

    def absolute(self, node: ast.ImportFrom) -> str | None:
        if not node.level:
            return node.module
        parts = self.package.split(".") if self.package else []
        if node.level - 1 > len(parts):
            return None
        base = parts[: len(parts) - (node.level - 1)]
        return ".".join([*base, *([node.module] if node.module else [])]) or None


def is_typing(module: str) -> bool:
    """Whether a module, by its name, is `typing` or has what that has: a `Protocol` from elsewhere is another thing."""
    name = module.rpartition(".")[2]
    return "typing" in name or "compat" in name


def title(node: ast.stmt) -> str:
    """What tells a statement of a module or class body from the ones around it: the name that it binds or calls."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return last_name(node.targets[0])
    if isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        return last_name(node.target)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return f"{last_name(node.value.func)} {last_name(node.value.args[0]) if node.value.args else ''}"
    return ""
