"""Branches, loops, handlers, `with` and `match`: how control flow parts and joins."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution.assignments import Assignments
from utils.analysis.resolution.platforms import decided, for_checkers, there_for_sure
from utils.analysis.resolution.scopes import Environment, Given, bound_names, on_top, otherwise
from utils.analysis.resolution.syntax import last_name, text_of

SIGNS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
LARGEST = 1 << 31  # number that is compared: no flag or count is larger
RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "assertWarns", "assertWarnsRegex", "warns"})


def values_of(pattern: Any) -> list[ast.expr]:
    """The values that a pattern is one of; none for other patterns."""
    kind = pattern.__class__.__name__
    if kind == "MatchOr":
        found = [values_of(inner) for inner in pattern.patterns]
        return [value for inner in found for value in inner] if all(found) else []
    return [pattern.value] if kind == "MatchValue" else []


class Control(Assignments):
    """Branches, loops, handlers and `with`: `body(statements)` walks statements in order in the current scope."""

    def if_(self, node: ast.If) -> None:
        narrowed = self.condition(node.test)
        scope = self.scope
        before = self.snapshot(scope.env)
        start = len(scope.log)
        given, presence = scope.given, self.presence(node.test)
        for name, found in narrowed.items():
            scope.env[name] = found
            scope.log.append(name)
        scope.given = given if presence is None else on_top(presence, given)
        self.branch(node.body, for_checkers(node.test))
        absence = None if presence is None else otherwise(*presence, given)
        scope.given = absence or given
        goes_on = scope.live
        ends = [scope.env] if goes_on else []
        for end in ends:
            widen(end, before, narrowed)
        self.rewind(start, before)
        excluded = self.failing(node.test)
        scope.log.extend(excluded)
        scope.env = self.snapshot(before)
        scope.env.update(excluded)
        self.branch(node.orelse, for_checkers(node.test, holds=False))
        if scope.live:
            if ends:
                widen(scope.env, before, excluded)
            ends.append(scope.env)
        if goes_on or not ends:
            scope.given = given
        runs = decided(node.test) if len(ends) > 1 else None
        if runs is not None:
            taken, other = (ends[0], ends[1]) if runs else (ends[1], ends[0])
            ends = [self.snapshot({} if scope.is_class else other)]  # a class without a name has that of its base
            ends[0].update(taken)
        self.join(start, ends, (presence, absence) if len(ends) > 1 else ())

    def branch(self, statements: list[ast.stmt], checked: bool) -> None:
        """`checked`: only type checkers read these statements; they never run."""
        outer, self.checked = self.checked, self.checked or checked
        self.body(statements)
        self.checked = outer

    def presence(self, test: ast.expr) -> Given | None:
        """A test that tells whether an optional parameter is given, how a number or a flag compares, which of some
        texts a parameter is, or what kind of thing: its index, and what holds of it where the test does."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            told = self.presence(test.operand)
            return None if told is None else otherwise(*told)
        if (told := self.kind_given(test) or self.number_given(test)) is not None:
            return told
        given, by_truth = True, True
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            operator, right = test.ops[0], test.comparators[0]
            if isinstance(operator, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
                return self.text_given(test.left, operator, right)
            if not isinstance(operator, (ast.Is, ast.IsNot)):
                return None
            if isinstance(right, (ast.Name, ast.Attribute)):
                return self.stand_in_given(test.left, right, isinstance(operator, ast.IsNot))
            if not isinstance(right, ast.Constant) or right.value:
                return None
            test, given, by_truth = test.left, isinstance(operator, ast.IsNot), False
        node, index = self.parameter(test)
        if index is None:
            return None
        if not by_truth and node in self.stand_ins:
            return index, (ir.IS_NOT if given else ir.IS, ir.NONE)
        return (index, given) if node in self.optional else None

    def parameter(self, name: ast.expr) -> tuple[int, int | None]:
        """The node that a name stands for, and which parameter of the function here that is; None for no such one."""
        node = self.scope.env.get(name.id, 0) if isinstance(name, ast.Name) else 0
        record, index = self.parameters.get(node, (None, 0))
        return node, index if record is not None and record is self.scope.function else None

    def stand_in_given(self, name: ast.expr, default: ast.expr, given: bool) -> Given | None:
        """`name is MISSING` of a parameter with that default."""
        node, index = self.parameter(name)
        return (index, given) if index is not None and self.stand_ins.get(node) == ast.dump(default) else None

    def kind_given(self, test: ast.expr) -> Given | None:
        """`callable(name)`, `isclass(name)` and the like of a parameter."""
        asked = self.asked(test)
        if asked is None or asked[1].startswith(ir.ATTRIBUTE_TEST):
            return None
        record, index = self.parameters.get(self.whole(self.at(asked[0])), (None, 0))
        return (index, (ir.HOLDS, asked[1])) if record is not None and record is self.scope.function else None

    def number_given(self, test: ast.expr) -> Given | None:
        """`name > 1` and the like of a parameter whose default is a whole number or a flag, or just `name`."""
        name, sign = test, "!="
        number: Any = 0
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
            name, sign, number = test.left, SIGNS.get(test.ops[0].__class__, ""), test.comparators[0].value
        (_, index), function = self.parameter(name), self.scope.function
        if index is None or not sign or number.__class__ is not int or abs(number) > LARGEST:
            return None
        default = function.constants.get(index)
        return (index, (ir.MEETS, sign, str(number))) if isinstance(default, int) else None

    def text_given(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Given | None:
        """`name == "a"`, `name in ("a", "b")` or `"a" in name` of a parameter, or the opposite."""
        if isinstance(operator, (ast.Eq, ast.NotEq)):
            told = self.texts_given(left, [right])
        elif (part := text_of(left)) is not None:
            told = self.part_given(part, right)
        else:
            told = self.texts_given(left, getattr(right, "elts", []))
        negated = isinstance(operator, (ast.NotEq, ast.NotIn))
        return otherwise(*told) if negated and told is not None else told

    def part_given(self, part: str, name: ast.expr) -> Given | None:
        """`"a" in name` of a parameter that is a text, as its annotation or its default says."""
        (_, index), function = self.parameter(name), self.scope.function
        if index is None or function is None:
            return None
        is_text = index in function.plain or isinstance(function.constants.get(index), str)
        return (index, (ir.HAS, part)) if is_text else None

    def texts_given(self, name: ast.expr, among: list[ast.expr]) -> Given | None:
        """`name == "a"` or `name in ("a", "b")` of a parameter."""
        _, index = self.parameter(name)
        texts = [text for item in among if (text := text_of(item)) is not None]
        return (index, (ir.IS, *texts)) if index is not None and 0 < len(texts) == len(among) else None

    def for_(self, node: Any) -> None:
        source = self.expr(node.iter)

        def head() -> None:
            self.assign_iteration(source, node.target, node.iter.lineno, node.__class__ is ast.AsyncFor)

        self.loop([node.target, *node.body], node, head)

    def while_(self, node: ast.While) -> None:
        def head() -> None:
            self.truth(node.test)

        self.loop([node.test, *node.body], node, head)

    def loop(self, within: list[Any], node: Any, head: Callable[[], None]) -> None:
        scope = self.scope
        start = len(scope.log)
        outermost = scope.loop_birth is None
        if outermost:
            scope.loop_birth = self.moment
        phis = {}
        for name in bound_names(within):
            if name not in scope.outer_names:
                phi = phis[name] = self.new()
                self.copy(scope.env.get(name, 0), phi)
                self.bind(name, phi)
        entry = self.snapshot(scope.env)
        breaks: list[Environment] = []
        scope.loops.append((phis, breaks))
        head()
        self.body(node.body)
        if scope.live:
            self.back_to_head(phis)
        scope.loops.pop()
        self.rewind(start, entry)
        self.body(node.orelse)
        endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and bool(node.test.value)
        self.join(start, [*([scope.env] if scope.live and not (endless and breaks) else []), *breaks])
        scope.live = True
        if outermost:
            scope.loop_birth = None

    def back_to_head(self, phis: dict[str, int]) -> None:
        env = self.scope.env
        for name, phi in phis.items():
            self.copy(env.get(name, 0), phi)

    def break_(self, node: ast.Break) -> None:
        if self.scope.loops and self.scope.live:
            self.scope.loops[-1][1].append(self.snapshot(self.scope.env))
        self.scope.live = False

    def continue_(self, node: ast.Continue) -> None:
        if self.scope.loops and self.scope.live:
            self.back_to_head(self.scope.loops[-1][0])
        self.scope.live = False

    def try_(self, node: Any) -> None:
        scope = self.scope
        start = len(scope.log)
        began = self.moment
        before = self.snapshot(scope.env)
        self.body(node.body)
        caught = dict.fromkeys(scope.log[start:])
        entry = self.snapshot(before)
        for name in caught:
            if isinstance(name, int):
                entry.pop(name, None)
                continue
            late = takewhile(lambda bound: bound[0] > began, reversed(scope.timeline[name]))
            entry[name] = self.merged([before.get(name, 0), *reversed([found for _, found in late])])
        if scope.live:
            self.body(node.orelse)
        ends = [scope.env] if scope.live else []
        for handler in node.handlers:
            self.rewind(start, self.snapshot(entry))
            outer, scope.kept = scope.kept, there_for_sure(node.body, handler) or scope.kept
            self.handler(handler)
            scope.kept = outer
            if scope.live:
                ends.append(scope.env)
        if ends:
            self.join(start, ends)
            self.body(node.finalbody)
        else:
            self.rewind(start, self.snapshot(entry))
            self.body(node.finalbody)
            scope.live = False

    def handler(self, node: ast.ExceptHandler) -> None:
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        found = [self.expr(kind) for kind in kinds if kind is not None]
        if node.name:
            dst = self.new()
            for kind in found:
                self.use(kind, ir.DECLARE, dst)
            self.bind(node.name, dst)
        self.body(node.body)

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        asynchronous = isinstance(node, ast.AsyncWith)
        for item in node.items:
            source = self.expr(item.context_expr)
            dst = self.caught(item)
            if source:
                dst = dst or self.new()
                self.use(source, ir.ENTER, dst, self.scope.index, item.context_expr.lineno, asynchronous)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, dst)
        self.body(node.body)

    def caught(self, item: ast.withitem) -> int:
        """`with pytest.raises(K) as caught` and unittest's like: a node for `caught`, which has an instance of K."""
        call = item.context_expr
        if item.optional_vars is None or not isinstance(call, ast.Call) or last_name(call.func) not in RAISES:
            return 0
        given = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "expected_exception")]
        dst, error = self.new(), self.new()
        for kind in given[0].elts if given and isinstance(given[0], ast.Tuple) else given:
            self.use(self.expr(kind), ir.DECLARE, error)
        for name in ("value", "exception"):
            self.scope.cache[dst, name] = error
        return dst

    def match(self, node: Any) -> None:
        scope = self.scope
        subject = self.value(node.subject)
        start = len(scope.log)
        before = self.snapshot(scope.env)
        ends = [self.snapshot(before)]
        given = rest = scope.given
        for case in node.cases:
            self.rewind(start, self.snapshot(before))
            held = self.texts_given(node.subject, values_of(case.pattern))
            scope.given = held or rest
            self.pattern(case.pattern, subject)
            if case.guard is not None:
                self.truth(case.guard)
            elif held is not None:
                rest = otherwise(*held, rest)
            self.body(case.body)
            if scope.live:
                ends.append(scope.env)
        scope.given = given
        self.join(start, ends)

    def pattern(self, node: Any, subject: int) -> int:
        """Bind what a `case` captures; a class pattern narrows its subject. Returns what has matched."""
        kind = node.__class__.__name__
        if kind == "MatchAs":
            if node.pattern is not None:
                subject = self.pattern(node.pattern, subject)
            if node.name:
                self.bind(node.name, subject)
        elif kind == "MatchClass":
            found = self.expr(node.cls)
            if found:
                subject, whole = self.new(), subject
                self.use(found, ir.NARROW, whole, subject, False)
            names = [*node.kwd_attrs, *(f"{ir.MATCHED}{index}" for index in range(len(node.patterns)))]
            for name, inner in zip(names, [*node.kwd_patterns, *node.patterns], strict=True):
                self.pattern(inner, self.attribute_node(subject, name, node.lineno) if subject else 0)
        elif kind == "MatchSequence":
            self.unpack_patterns(node, subject)
        elif kind == "MatchMapping":
            for key, inner in zip(node.keys, node.patterns, strict=False):
                dst = self.new()
                self.use(subject, ir.ITEM, self.key(key), dst, self.scope.index, node.lineno)
                self.pattern(inner, dst)
            if node.rest:
                self.bind(node.rest, subject)
        elif kind == "MatchOr":
            for inner in node.patterns:
                self.pattern(inner, subject)
        elif kind == "MatchValue":
            self.expr(node.value)
        elif kind == "MatchStar" and node.name:
            self.bind(node.name, subject)
        return subject

    def unpack_patterns(self, node: Any, subject: int) -> None:
        for index, inner in enumerate(node.patterns):
            dst = self.new()
            if inner.__class__.__name__ == "MatchStar":
                self.use(subject, ir.UNPACK, index, len(node.patterns) - 1 - index, dst, self.scope.index, node.lineno)
            else:
                self.use(subject, ir.UNPACK, index, None, dst, self.scope.index, node.lineno)
            self.pattern(inner, dst)


def widen(env: Environment, before: Environment, narrowed: Environment) -> None:
    """Where branches meet, a reference that only a test narrowed stands for what it stood for."""
    for reference, node in narrowed.items():
        if env.get(reference) != node:
            continue
        if reference in before:
            env[reference] = before[reference]
        elif isinstance(reference, int):
            del env[reference]
