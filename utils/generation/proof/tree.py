"""One file read anew: a walk over its syntax tree that keeps `facts.FileFacts`, and no tree."""

from __future__ import annotations

import ast
import sys
from typing import Any

from utils.generation.proof.ending import read_ending, read_public
from utils.generation.proof.facts import CALL, MADE, PASSED, RAISED, Assignment, Definition, FileFacts, Ref, Site
from utils.generation.proof.protocols import READ, attribute_methods, implicit_calls
from utils.generation.proof.references import annotated, arguments, functions_passed, read_by_name, reference
from utils.generation.proof.syntax import called_name, children, cut, is_for_type_checkers, is_stub, place, same_shape

FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef)
OVERLOADS = frozenset({"overload", "typing.overload", "t.overload", "typing_extensions.overload"})


def read_file(path: str, lines: list[str]) -> FileFacts:
    """Parse and walk one file; raises what `ast.parse` raises."""
    reader = _Reader("\n".join(lines), lines)
    module = Definition(0, "module", "", None, end=len(lines), docstring=ast.get_docstring(reader.tree, clean=True))
    reader.definitions.append(module)
    reader.scope(module, reader.tree.body)
    by_local = _number(reader.definitions)
    by_place = {(each.line, each.column): each for each in reader.definitions if each.kind == "lambda"}
    return FileFacts(
        path,
        module,
        reader.definitions,
        by_local,
        by_place,
        reader.stars,
        reader.imported,
        reader.assigned,
        reader.fillers,
        list(read_ending(reader.tree.body)),
        read_public(reader.tree.body),
    )


def _number(definitions: list[Definition]) -> dict[str, Definition]:
    """Give every definition its dotted name inside the module: `#2` for the second of a name, lambdas by scope."""
    plain = {0: ""}
    times: dict[str, int] = {}
    lambdas: dict[int, int] = {}
    ordered = sorted(definitions[1:], key=lambda each: (each.line, each.column))
    for each in ordered:
        parent = each.parent.index if each.parent else 0
        if each.kind == "lambda":
            lambdas[parent] = lambdas.get(parent, 0) + 1
            each.name = f"<lambda{lambdas[parent]}>"
        dotted = plain[each.index] = f"{plain[parent]}.{each.name}".lstrip(".")
        times[dotted] = times.get(dotted, 0) + 1
        each.local = dotted if times[dotted] == 1 else f"{dotted}#{times[dotted]}"
    return {each.local: each for each in definitions}


class _Reader:
    """Walks one tree. `scope` is where names are bound; `runner` is whose code runs (a class body runs outside)."""

    def __init__(self, text: str, lines: list[str]) -> None:
        self.tree = ast.parse(text)
        self.lines = lines
        self.definitions: list[Definition] = []
        self.global_names: set[str] = set()
        self.assigned: set[str] = set()
        self.fillers: set[Ref] = set()
        self.stars: list[tuple[str, int]] = []
        self.imported: list[tuple[str, int, tuple[str, ...]]] = []
        self.unused: set[int] = set()  # nodes of definitions that only type checkers read
        self.declared: set[int] = set()  # and what they became

    def source(self, node: ast.AST) -> str:
        """The exact text of an expression."""
        return cut(self.lines, *place(node))

    def scope(self, owner: Definition, body: list[ast.stmt] | list[ast.expr]) -> None:
        """Walk a body; definitions in it are walked after it, so that nothing recurses."""
        waiting: list[tuple[Definition, list[Any]]] = [(owner, list(body))]
        while waiting:
            scope, nodes = waiting.pop()
            runner = scope
            while runner.kind == "class" and runner.parent:
                runner = runner.parent
            stack = nodes[::-1]
            while stack:
                node = stack.pop()
                inner = self._define(node, scope, stack)
                if inner is not None:
                    waiting.append(inner)
                    continue
                self._visit(node, scope, runner)
                stack.extend(children(node))

    def _define(self, node: ast.AST, scope: Definition, stack: list[Any]) -> tuple[Definition, list[Any]] | None:
        if isinstance(node, ast.Lambda):
            made = self._new("lambda", "", node, scope)
            self._take_arguments(made, node.args, stack)
            made.results.append(reference(node.body))
            return made, [node.body]
        if isinstance(node, FunctionNode):
            made = self._new("function", node.name, node, scope)
            made.is_async = isinstance(node, ast.AsyncFunctionDef)
            self._take_arguments(made, node.args, stack)
            if node.returns is not None:
                made.returns, made.returns_ref = self.source(node.returns), annotated(node.returns)
        elif isinstance(node, ast.ClassDef):
            made = self._new("class", node.name, node, scope)
            made.bases = [self.source(base) for base in node.bases]
            made.base_refs = [reference(base) for base in node.bases]
            made.metaclass_ref = next((reference(k.value) for k in node.keywords if k.arg == "metaclass"), None)
            stack.extend([*node.bases, *(keyword.value for keyword in node.keywords)])
        else:
            return None
        made.decorators = [self.source(each) for each in node.decorator_list]
        made.decorator_refs = [reference(each) for each in node.decorator_list]
        if node.decorator_list:
            made.start = self._at_sign(node.decorator_list[0].lineno)
        made.docstring = ast.get_docstring(node, clean=True)
        stack.extend(node.decorator_list)
        if id(node) in self.unused or not OVERLOADS.isdisjoint(made.decorators):
            self.declared.add(made.index)
        itself = ("d", made.index)
        if scope.kind != "class" or id(node) not in self.unused:  # where it runs, classes above have the name
            self._bind(scope, node.name, itself)
        runner = scope
        while runner.kind == "class" and runner.parent:
            runner = runner.parent
        runner.sites += [Site(each.lineno, reference(each), CALL, ((0, itself),)) for each in node.decorator_list]
        if isinstance(node, ast.ClassDef) and (node.bases or node.keywords):
            runner.sites.append(Site(node.lineno, itself, MADE))
        made.is_stub = made.kind == "function" and is_stub(node.body)
        return made, list(node.body)

    def _at_sign(self, line: int) -> int:
        """The line of the `@` of a decorator whose expression begins on `line`: its bracket may open further up."""
        return next((number for number in range(line, 0, -1) if self.lines[number - 1].lstrip()[:1] == "@"), line)

    def _new(self, kind: str, name: str, node: Any, scope: Definition) -> Definition:
        made = Definition(len(self.definitions), kind, name, scope, node.lineno, node.col_offset)
        made.start, made.end = node.lineno, node.end_lineno
        self.definitions.append(made)
        return made

    def _take_arguments(self, made: Definition, arguments: ast.arguments, stack: list[Any]) -> None:
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
        positional = len(arguments.posonlyargs)
        for number, (each, default) in enumerate(zip(plain, defaults, strict=True)):
            self._parameter(made, each, "positional_only" if number < positional else "positional_or_keyword", default)
        if arguments.vararg:
            self._parameter(made, arguments.vararg, "var_positional", None)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            self._parameter(made, each, "keyword_only", default)
        if arguments.kwarg:
            self._parameter(made, arguments.kwarg, "var_keyword", None)
        stack.extend(each for each in [*arguments.defaults, *arguments.kw_defaults] if each is not None)

    def _parameter(self, made: Definition, each: ast.arg, kind: str, default: ast.expr | None) -> None:
        annotation = self.source(each.annotation) if each.annotation else None
        made.parameters.append((each.arg, kind, annotation, self.source(default) if default is not None else None))
        plain = kind not in ("var_positional", "var_keyword")
        made.annotations[each.arg] = annotated(each.annotation) if each.annotation and plain else None
        if default is not None and not isinstance(default, ast.Constant):
            self._bind(made, each.arg, reference(default))

    def _visit(self, node: Any, scope: Definition, runner: Definition) -> None:
        kind = type(node)
        if kind is ast.Call:
            if read := read_by_name(node, by=("getattr", "hasattr")):
                runner.sites.append(Site(node.lineno, read, READ))
            runner.sites.append(Site(node.lineno, reference(node.func), CALL, arguments(node)))
            runner.sites.extend(Site(node.lineno, reference(each), PASSED) for each in functions_passed(node))
            if called_name(node) == "defaultdict" and node.args:
                self.fillers.add(reference(node.args[0]))
        elif kind is ast.Attribute:
            runner.sites.append(Site(node.lineno, reference(node), attribute_methods(node)))
        elif kind in _BINDERS:
            _BINDERS[kind](self, node, scope)
            if kind is ast.AugAssign and isinstance(node.target, ast.Attribute):  # reads what it then writes
                runner.sites.append(Site(node.lineno, reference(node.target), READ))
        elif kind is ast.Raise and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            runner.raises[self.source(raised)] = reference(raised)
            if raised is node.exc:
                runner.sites.append(Site(node.lineno, reference(raised), RAISED))
        elif kind is ast.Return:
            runner.results.append(reference(node.value) if node.value else None)
        elif kind in (ast.Yield, ast.YieldFrom):
            runner.is_generator = True
        elif kind.__name__ == "TypeAlias":  # `type X = …`, Python 3.12
            self._bind(scope, node.name.id, None)
            scope.assigned.setdefault(node.name.id, []).append(Assignment(*place(node)))
        elif kind in (ast.Global, ast.Nonlocal):
            scope.outer_names.update(node.names)
            self.global_names.update(node.names if kind is ast.Global else ())
        elif kind is ast.If and is_for_type_checkers(node.test):
            self.unused.update(id(each) for each in node.body if isinstance(each, FunctionNode))
        for operand, methods in implicit_calls(node):
            ref = reference(operand)
            if ref is not None and ref[0] != "k":
                runner.sites.append(Site(operand.lineno, ref, methods))  # type: ignore[attr-defined]

    def _bind(self, scope: Definition, name: str, ref: Ref) -> None:
        if name in scope.outer_names:  # `global x` or `nonlocal x`: the binding is an outer scope's
            ref, scope = ("x", scope.index, ref), self._outer(scope, name)
        bound = scope.bindings.setdefault(sys.intern(name), [])
        if self.declared and bound:
            if self._is_declared(ref):
                return  # what runs is elsewhere
            bound[:] = [each for each in bound if not self._is_declared(each)]
        bound.append(ref)

    def _is_declared(self, ref: Ref) -> bool:
        return ref is not None and ref[0] == "d" and ref[1] in self.declared

    def _outer(self, scope: Definition, name: str) -> Definition:
        owner = scope.parent
        while owner is not None and owner.parent is not None:
            is_bound = name in owner.bindings or name in owner.annotations
            if owner.kind == "function" and is_bound and name not in self.global_names:
                return owner
            owner = owner.parent
        return self.definitions[0]

    # --- what binds a name -------------------------------------------------------------------------------------------

    def _target(
        self, target: ast.expr, ref: Ref, scope: Definition, statement: ast.stmt | ast.expr, typed: str = ""
    ) -> None:
        if isinstance(target, ast.Name):
            if scope.kind == "class" and ref == ("n", target.id) and scope.parent is not None:
                ref = ("x", scope.parent.index, ref)  # `name = name` in a class takes that of the scope around it
            if typed and scope.kind == "class" and statement.value is None:  # type: ignore[union-attr]
                scope.attributes.setdefault(target.id, []).append(ref)  # of its objects: the class itself has none
            else:
                self._bind(scope, target.id, ref)
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                scope.assigned.setdefault(target.id, []).append(Assignment(*place(statement), typed))
        elif isinstance(target, ast.Tuple | ast.List):
            for each in target.elts:
                self._target(each, None, scope, statement)
        elif isinstance(target, ast.Starred):
            self._target(target.value, None, scope, statement)
        elif isinstance(target, ast.Attribute):
            self._attribute(target, ref, scope)

    def _attribute(self, target: ast.Attribute, ref: Ref, scope: Definition) -> None:
        """`self.x = …` inside a method is an attribute of the class."""
        owner: Definition | None = scope
        while owner is not None and not (owner.parent and owner.parent.kind == "class" and owner.kind == "function"):
            owner = owner.parent
        if (
            owner is None
            or owner.parent is None
            or not isinstance(target.value, ast.Name)
            or not owner.parameters
            or target.value.id != owner.parameters[0][0]
        ):
            self.assigned.add(target.attr)
        else:
            owner.parent.attributes.setdefault(target.attr, []).append(("x", scope.index, ref))

    def _assign(self, node: ast.Assign, scope: Definition) -> None:
        ref = reference(node.value)
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and same_shape(target, node.value):
                for left, right in zip(target.elts, node.value.elts, strict=True):
                    self._target(left, reference(right), scope, node)
            else:
                self._target(target, ref, scope, node)

    def _annotated(self, node: ast.AnnAssign, scope: Definition) -> None:
        ref = annotated(node.annotation)
        if node.value is not None and not isinstance(node.value, ast.Constant):
            ref = ("o", ref, reference(node.value))
        self._target(node.target, ref, scope, node, typed=self.source(node.annotation))

    def _loop(self, node: Any, scope: Definition) -> None:
        self._target(node.target, ("y", reference(node.iter)), scope, node.target)

    def _augmented(self, node: ast.AugAssign, scope: Definition) -> None:
        self._target(node.target, None, scope, node)

    def _named(self, node: ast.NamedExpr, scope: Definition) -> None:
        self._target(node.target, reference(node.value), scope, node)

    def _with_item(self, node: ast.withitem, scope: Definition) -> None:
        if node.optional_vars is not None:
            self._target(node.optional_vars, ("e", reference(node.context_expr)), scope, node.optional_vars)

    def _handler(self, node: ast.ExceptHandler, scope: Definition) -> None:
        if node.name:
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type] if node.type else []
            self._bind(scope, node.name, ("o", *(("i", reference(each)) for each in kinds)))

    def _capture(self, node: Any, scope: Definition) -> None:
        if node.name:
            self._bind(scope, node.name, None)

    def _import(self, node: ast.Import, scope: Definition) -> None:
        for alias in node.names:
            self.imported.append((alias.name, 0, ()))
            if alias.asname:
                self._bind(scope, alias.asname, ("m", alias.name, 0))
            else:
                self._bind(scope, alias.name.partition(".")[0], ("m", alias.name.partition(".")[0], 0))

    def _import_from(self, node: ast.ImportFrom, scope: Definition) -> None:
        module = node.module or ""
        self.imported.append((module, node.level, tuple(alias.name for alias in node.names)))
        for alias in node.names:
            if alias.name == "*":
                self.stars.append((module, node.level))
            else:
                self._bind(scope, alias.asname or alias.name, ("f", module, node.level, alias.name))


_BINDERS: dict[type, Any] = {
    ast.Assign: _Reader._assign,
    ast.AnnAssign: _Reader._annotated,
    ast.AugAssign: _Reader._augmented,
    ast.For: _Reader._loop,
    ast.AsyncFor: _Reader._loop,
    ast.comprehension: _Reader._loop,
    ast.NamedExpr: _Reader._named,
    ast.withitem: _Reader._with_item,
    ast.ExceptHandler: _Reader._handler,
    ast.MatchAs: _Reader._capture,
    ast.MatchStar: _Reader._capture,
    ast.Import: _Reader._import,
    ast.ImportFrom: _Reader._import_from,
}
