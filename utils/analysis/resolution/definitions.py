"""Functions, lambdas and classes: their records, parameters, decorators and namespaces."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution.annotations import (
    CONTEXTS,
    MAPPINGS,
    SEQUENCES,
    beside_plain,
    is_plain,
    parse,
    written,
)
from utils.analysis.resolution.expressions import is_globals, record_fields
from utils.analysis.resolution.parametrized import Given, Parametrized
from utils.analysis.resolution.scopes import Numbers, Scope, Sheet, TooIntricateError, mangled, otherwise
from utils.analysis.resolution.syntax import is_none, last_name

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

FLAGS = {
    "staticmethod": ir.STATIC,
    "classmethod": ir.CLASS_METHOD,
    "property": ir.PROPERTY,
    "cached_property": ir.PROPERTY,
    "abstractproperty": ir.PROPERTY | ir.ABSTRACT,
    "abstractmethod": ir.ABSTRACT,
    "contextmanager": ir.CONTEXT,
    "asynccontextmanager": ir.CONTEXT,
    "wraps": ir.WRAPPER,
    "fixture": ir.FIXTURE,
}
TRANSPARENT = frozenset(
    {"overload", "override", "final", "wraps", "lru_cache", "cache", "total_ordering", "runtime_checkable"}
)
DEFINITIONS = 1 << (ir.CLASS_BITS - 3)  # that a file may have: an eighth of the numbers, so that few names clash
IMPLICIT_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


class Definitions(Parametrized):
    """Function bodies are walked after the scope around them, when every later definition is known."""

    def __init__(self, module: str, ids: dict[ast.AST, str]) -> None:
        super().__init__(module)
        self.ids = ids
        self.functions: dict[int, ir.Function] = {}
        self.classes: dict[int, ir.Class] = {}
        self.numbers = Numbers(ir.CLASS_BITS)
        self.function_nodes: dict[int, int] = {}
        self.class_nodes: dict[int, int] = {}
        self.deferred: deque[tuple[Any, Scope]] = deque()
        self.base_nodes: list[tuple[int, list[int], int]] = []
        self.decorations: list[tuple[int, int]] = []
        self.promised: dict[int, int] = {}  # a constructor's parameter → what its annotation and default say
        self.decorated_nodes: set[int] = set()
        self.registered: list[int] = []  # with single-dispatch functions
        self.dispatchers: dict[int, int] = {}  # what a single-dispatch function's name stands for → itself
        self.checked = False  # whether only type checkers read what is walked now
        self.declared_names: dict[str, None] = {}  # of the module, that only type checkers see bound
        self.real_names: set[str] = set()  # of the module, that are bound when it runs
        self.declared_in: set[tuple[int, str]] = set()  # (class, name that only type checkers see bound in it)
        self.protocol_names: set[str] = set()  # what `typing.Protocol` is called here
        self.given_to: dict[int, Given] = {}  # class → what pytest gives to the parameters of all tests in it
        self.optional: set[int] = set()  # parameters whose default is None
        self.stand_ins: dict[int, str] = {}  # parameter → the name that it is given by default
        self.unconditional: set[int] = set()  # functions of which some result does not depend on what is given

    def bind(self, name: str, node: int) -> None:
        if self.scope is self.module_scope or self.scope.outer_names.get(name) is self.module_scope:
            if self.checked:
                self.declared_names[name] = None
            else:
                self.real_names.add(name)
        elif self.scope.is_class:
            key = (self.scope.class_index, name)
            if not self.checked:
                self.declared_in.discard(key)
            elif name not in self.scope.env:
                self.declared_in.add(key)
        super().bind(name, node)

    # --- functions ---------------------------------------------------------------------------------------------------

    def lambda_(self, node: ast.Lambda) -> int:
        with self.numbered(node) as sheet:
            return self.function(node, "<lambda>", 0, sheet).node

    @contextmanager
    def numbered(self, node: ast.AST) -> Iterator[Sheet]:
        """All that belongs to a definition, wherever it is evaluated, is numbered on its sheet."""
        scope = self.scope
        outer, scope.sheet = scope.sheet, self.sheet(self.ids[node])
        yield scope.sheet
        scope.sheet = outer

    def function(self, node: FunctionNode | ast.Lambda, name: str, flags: int, sheet: Sheet) -> ir.Function:
        """Record a function whose body is walked later. Its defaults and annotations belong to the scope here."""
        scope = self.scope
        owner = scope.class_index if scope.is_class else -1
        if owner >= 0 and not isinstance(node, ast.Lambda):
            flags |= ir.METHOD
            if name in IMPLICIT_CLASS:
                flags |= ir.CLASS_METHOD if name != "__new__" else ir.STATIC
        args = node.args
        ordinary = [*args.posonlyargs, *args.args]
        every = [*ordinary, *args.kwonlyargs]
        keywords = zip(args.kwonlyargs, args.kw_defaults, strict=True)
        needed_keywords = [item.arg for item, maybe in keywords if maybe is None]
        record = ir.Function(
            self.number(self.ids[node]), self.ids[node], name, owner, self.new(), [item.arg for item in ordinary],
            len(args.posonlyargs), [item.arg for item in args.kwonlyargs], [self.new() for _ in every],
            self.site(-1) if args.vararg else 0, self.site(-1) if args.kwarg else 0,
            self.new(), self.new(), self.new(), flags, [], [], [], [], [], [], [], [], [], [], -1,
            len(ordinary) - len(args.defaults), needed_keywords, [], {},
        )  # fmt: skip
        self.function_nodes[record.node] = record.number
        self.functions[record.number] = record
        scope_index = len(self.functions)  # the first is the module
        if record.flags & ir.METHOD:
            self.classes[owner].methods[name] = record.id
        for index, node_id in enumerate(record.params):
            self.parameters[node_id] = (record, index)
        if name == "__init__" and owner >= 0:
            for node_id in record.params[1:]:
                self.promised[node_id] = self.new()
                self.copy(self.promised[node_id], node_id)
        self.defaults(args, ordinary, record)
        self.annotate(args, every, record)
        inner = Scope(scope_index, scope, scope.loop_birth or self.moment, sheet)
        inner.function = record
        if scope.function is not None and self.narrowed_from:
            self.spend(len(scope.env))
            inner.narrowed = {name: found for name, found in scope.names() if found in self.narrowed_from}
        inner.promised = {item.arg: (item.annotation, scope) for item in every if item.annotation is not None}
        self.deferred.append((node, inner))
        return record

    def defaults(self, args: ast.arguments, ordinary: list[ast.arg], record: ir.Function) -> None:
        first = len(ordinary) - len(args.defaults)
        for offset, default in enumerate(args.defaults):
            self.default(default, first + offset, record)
        for offset, maybe in enumerate(args.kw_defaults):
            if maybe is not None:
                self.default(maybe, len(ordinary) + offset, record)

    def default(self, value: ast.expr, index: int, record: ir.Function) -> None:
        param = record.params[index]
        if is_none(value):
            self.optional.add(param)
            record.optional.append(index)
        elif isinstance(value, ast.Constant) and isinstance(value.value, (str, int)):
            record.constants[index] = value.value if isinstance(value.value, str) else int(value.value)
        elif isinstance(value, (ast.Name, ast.Attribute)):
            self.stand_ins[param] = ast.dump(value)
            record.optional.append(index)
        source = self.value(value)
        if param in self.promised:
            self.copy(source, self.promised[param])
        elif source:
            record.defaults.append((index, source))

    def annotate(self, args: ast.arguments, every: list[ast.arg], record: ir.Function) -> None:
        for index, (item, dst) in enumerate(zip(every, record.params, strict=False)):
            if item.annotation is not None:
                self.declare(item.annotation, self.promised.get(dst, dst))
                if is_plain(item.annotation):
                    record.plain.append(index)
                elif index or record.owner < 0:
                    named = self.named_classes(item.annotation)
                    if named and all(named):
                        record.types.append((index, named))  # nodes, until `summary.take_face` traces them
        for collected, site in ((args.vararg, record.var_positional), (args.kwarg, record.var_keyword)):
            if collected is not None and collected.annotation is not None:
                element = self.new()
                self.declare(collected.annotation, element)
                self.elements.append((site, ir.ANY, element))

    def returns_annotation(self, node: FunctionNode, record: ir.Function) -> None:
        """Declared results: of the call, of what a generator yields, of what a context manager enters."""
        found: ast.expr | None = node.returns
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            found = parse(found.value)
        if found is None:
            return
        if self.promises_own(node, found) and record.owner >= 0:
            if record.positional and not record.flags & ir.STATIC:
                record.passes.append((0, bool(record.flags & ir.CLASS_METHOD)))
                record.flags |= ir.OWN
            return
        if isinstance(found, ast.Subscript) and (record.flags & (ir.GENERATOR | ir.CONTEXT)):
            if isinstance(found.slice, ast.Tuple) and not found.slice.elts:
                return
            inner = found.slice.elts[0] if isinstance(found.slice, ast.Tuple) else found.slice
            if (
                last_name(found.value) == "Generator"
                and isinstance(found.slice, ast.Tuple)
                and len(found.slice.elts) > 1
            ):
                self.declare(found.slice.elts[1], record.sends)
            if last_name(found.value) in SEQUENCES | CONTEXTS and last_name(found.value) not in MAPPINGS:
                self.declare(inner, record.yields)
                return
        named = self.named_classes(found)
        if named and all(named) and not record.flags & (ir.GENERATOR | ir.CONTEXT):
            record.choices.append((ir.CHECKED, True, record.returns))
            record.types.append((ir.CHECKED, named))
            record.returns = self.new()
        promised = record.returns
        if self.is_chosen(record):
            promised = self.new()
            record.choices.append((ir.PROMISED, True, promised))
        self.declare(found, promised)

    def promises_own(self, node: FunctionNode, found: ast.expr) -> bool:
        """`-> Self`, `-> Self | None`, and the older `def method(self: T) -> T` and `def method(cls: type[T]) -> T`."""
        found = beside_plain(found)
        first = (*node.args.posonlyargs, *node.args.args)[:1]
        said = first[0].annotation if first else None
        if isinstance(said, ast.Subscript) and last_name(said.value) in ("type", "Type"):
            said = said.slice
        if not isinstance(said, ast.Name) or not isinstance(found, ast.Name) or said.id != found.id:
            return last_name(found) == "Self"
        return found.id != self.scope.class_name

    def is_chosen(self, record: ir.Function) -> bool:
        """Whether each result is told by whether an argument is given: an annotation that names them all says less."""
        given = {(index, held) for index, held, _ in record.choices if held is not None}
        return record.number not in self.unconditional and any(otherwise(*each) in given for each in given)

    def number(self, name: str) -> int:
        """The number of a function or class; raises `TooIntricateError` where a file has too many."""
        if len(self.numbers.taken) > DEFINITIONS:
            raise TooIntricateError
        return self.numbers.take(name)

    def define_function(self, node: FunctionNode) -> None:
        with self.numbered(node) as sheet:
            self.define(node, sheet)

    def define(self, node: FunctionNode, sheet: Sheet) -> None:
        given: Given = dict(self.given_to.get(self.scope.class_index, {}) if node.name.startswith("test") else {})
        decorators = [(item, self.decorator(item, given)) for item in node.decorator_list]
        flags = ir.COROUTINE if isinstance(node, ast.AsyncFunctionDef) else 0
        accessor = ""
        for position, (item, _) in enumerate(decorators):
            name = last_name(item.func if isinstance(item, ast.Call) else item)
            if name == "fixture" and isinstance(item, ast.Call) and is_automatic(item):
                flags |= ir.AUTOMATIC
            if name != "property" or position == len(decorators) - 1 or self.untouched(decorators[position + 1 :]):
                flags |= FLAGS.get(name, 0)
            if name in ("setter", "deleter", "getter") and isinstance(item, ast.Attribute):
                accessor = name
            elif name == "wraps" and isinstance(item, ast.Call):
                self.note_wrapped(item.args[:1])
        if not self.untouched(decorators):
            flags |= ir.ADAPTED
        raised = only_raised(node)
        if raised == "NotImplementedError":
            flags |= ir.ABSTRACT
        if self.scope.is_class and self.classes[self.scope.class_index].is_protocol:
            flags |= ir.ABSTRACT | (ir.STUB if is_stub(node) else 0)
        if self.checked:
            flags |= ir.ABSTRACT | ir.STUB
        if node.name == "__new__":
            flags |= made_by(node)
        if node.name == "__getattr__":
            flags |= (ir.VARIED if gives_various(node) else 0) | (ir.ONCE if fills_module(node) else 0)
        record = self.function(node, node.name, flags, sheet)
        if node.name == "__get__" and record.flags & ir.METHOD:
            self.optional.update(record.params[1:2])  # None where a class is asked
        self.give_parameters(record, given, self.deferred[-1][1].cache)
        current = record.node
        for item, callee in reversed(decorators):
            current = self.decorate(item, callee, current)
            if last_name(item) in ("singledispatch", "singledispatchmethod"):
                self.dispatchers[current] = current
        if accessor and self.scope.is_class:
            if accessor != "getter":
                name = node.name if accessor == "setter" else f"del {node.name}"
                self.classes[self.scope.class_index].setters[name] = record.number
            return
        overload = any(last_name(item) == "overload" for item, _ in decorators)
        if raised is not None:
            self.refusing.add(current)
        self.bind(node.name, 0 if overload else current)
        if self.scope.loop_birth is None:
            self.deferred[-1][1].birth = self.moment

    def note_wrapped(self, given: list[ast.expr]) -> None:
        """`@wraps(parameter)`: what a function in this one stands in for."""
        for item in given:
            node = self.whole(self.scope.env.get(item.id, 0)) if isinstance(item, ast.Name) else 0
            record, index = self.parameters.get(node, (None, 0))
            if record is not None and record is self.scope.function:
                record.wraps = index

    @staticmethod
    def untouched(decorators: list[tuple[ast.expr, int]]) -> bool:
        """Whether these decorators leave the function as it is."""
        names = [last_name(item.func if isinstance(item, ast.Call) else item) for item, _ in decorators]
        return all(name in FLAGS or name in TRANSPARENT for name in names)

    def decorate(self, item: ast.expr, callee: int, current: int) -> int:
        name = last_name(item.func if isinstance(item, ast.Call) else item)
        if name == "property" and current in self.decorated_nodes and callee:
            dst = self.new()
            self.use(callee, ir.CALL, self.scope.index, item.lineno, [current], [], dst)
            return dst
        if name == "register" and self.registers(item, current):
            return current
        keeps = (name in FLAGS and name != "cached_property") or name in TRANSPARENT
        if keeps or name in ("setter", "deleter", "getter"):
            if callee and name not in TRANSPARENT:
                self.use(callee, ir.DECORATE, current, 0, self.scope.index, item.lineno)
            return current
        dst = self.new()
        self.use(callee, ir.DECORATE, current, dst, self.scope.index, item.lineno)
        self.decorations.append((current, dst))
        self.decorated_nodes.add(dst)
        return dst

    def registers(self, item: ast.expr, current: int) -> bool:
        """`@f.register` and `@f.register(K)`: a call of the single-dispatch function `f` may run this one, too."""
        found = item.func if isinstance(item, ast.Call) else item
        if not isinstance(found, ast.Attribute) or not isinstance(found.value, ast.Name):
            return False
        target = self.dispatchers.get(self.read(found.value.id))
        if target is not None:
            self.copy(current, target)
            self.registered.append(current)
        return target is not None

    # --- classes -----------------------------------------------------------------------------------------------------

    def define_class(self, node: ast.ClassDef) -> None:
        with self.numbered(node) as sheet:
            self.define_as(node, sheet)

    def define_as(self, node: ast.ClassDef, sheet: Sheet) -> None:
        given: Given = {}
        decorators = [(item, self.decorator(item, given)) for item in node.decorator_list]
        parents, metaclass = node.bases, 0
        if len(parents) == 1 and isinstance(parents[0], ast.Call) and last_name(parents[0].func) == "with_metaclass":
            self.expr(parents[0])
            metas, parents = parents[0].args[:1], parents[0].args[1:]  # as `six` writes it
            metaclass = self.expr(metas[0]) if metas and isinstance(metas[0], (ast.Name, ast.Attribute)) else 0
        bases = [self.base(item) for item in parents]
        for keyword in node.keywords:
            found = self.expr(keyword.value)
            metaclass = found if keyword.arg == "metaclass" else metaclass
        texts = [written(item) for item in parents]
        outer = self.scope
        index = self.number(self.ids[node])
        fixtures = used_fixtures(node)
        record = ir.Class(
            self.ids[node], node.name, self.new(), [], None, texts, {}, {}, [], {}, fixtures, {}, [], matched_by(node),
            [], any(text.partition("[")[0] in self.protocol_names for text in texts),
        )  # fmt: skip
        for item in parents:
            record.fields += record_fields(item) or ()
        self.classes[index] = record
        self.class_nodes[record.node] = index
        self.base_nodes.append((index, bases, metaclass))
        inner = Scope(outer.index, outer, self.moment, sheet, is_class=True)
        inner.class_index, inner.class_name = index, node.name
        if given:
            self.given_to[index] = given
        inner.function = outer.function
        inner.loop_birth = outer.loop_birth
        self.scope = inner
        self.body(node.body)
        self.scope = outer
        for name, found in inner.names():
            record.names[mangled(name, node.name)] = [found] if found else []
            if (index, name) in self.declared_in:
                record.declared.append(name)
        current = record.node
        for item, callee in reversed(decorators):
            current = self.decorate(item, callee, current)
        self.use(record.node, ir.SUBCLASS, index, outer.index, node.lineno)
        self.bind(node.name, current)

    def attach_any(self, owner: int) -> None:
        """A method of this class gives something an attribute of a computed name."""
        self.classes[owner].attributes[ir.ANY_NAME] = []

    def base(self, node: ast.expr) -> int:
        """`Base[K]` derives from `Base`."""
        if isinstance(node, ast.Subscript):
            self.expr(node.slice)
            return self.expr(node.value)
        return self.expr(node)

    def body(self, statements: list[ast.stmt]) -> None:
        raise NotImplementedError  # Statements


def is_stub(node: FunctionNode) -> bool:
    """Whether a function does nothing: its body is a docstring, `...` or `pass`."""
    return all(
        isinstance(item, ast.Pass) or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
        for item in node.body
    )


def gives_various(node: FunctionNode) -> bool:
    """Whether a function returns in several places, and no annotation says what."""
    if node.returns is not None and last_name(node.returns) not in ("Any", "object"):
        return False
    return sum(isinstance(item, ast.Return) for item in ast.walk(node)) > 1


def fills_module(node: FunctionNode) -> bool:
    """Whether a function writes `globals()[name] = ...` or `globals().update(...)`."""
    for item in ast.walk(node):
        if isinstance(item, ast.Subscript) and isinstance(item.ctx, ast.Store) and is_globals(item.value):
            return True
        if isinstance(item, ast.Attribute) and item.attr in ("update", "setdefault") and is_globals(item.value):
            return True
    return False


def only_raised(node: FunctionNode) -> str | None:
    """The name of the exception, where raising it is all that a function does."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise) or body[0].exc is None:
        return None
    exc = body[0].exc
    return last_name(exc.func if isinstance(exc, ast.Call) else exc)


def made_by(node: FunctionNode) -> int:
    """The flags of a `__new__`: what it makes, if that need not be an object of its first parameter."""
    own = [item.arg for item in (*node.args.posonlyargs, *node.args.args)][:1]
    every = list(ast.walk(node))
    asked = {part for item in every if isinstance(item, ast.Compare) for part in (item.left, *item.comparators)}
    names = [item for item in every if isinstance(item, ast.Name) and item.id in own and item not in asked]
    if not names:  # at most compared with other classes
        return ir.INSTEAD
    if any(isinstance(item.ctx, ast.Store) for item in names):
        return ir.OTHER
    for item in every:
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "__new__":
            given = item.args[0] if item.args else None
            if not isinstance(given, ast.Name) or given.id not in own:  # `super().__new__(other)`
                return ir.OTHER
    return 0


def is_automatic(call: ast.Call) -> bool:
    """Whether this is `fixture(autouse=True)`."""
    return any(
        word.arg == "autouse" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in call.keywords
    )


def matched_by(node: ast.ClassDef) -> list[str]:
    """The names in `__match_args__ = ("name", ...)`."""
    for item in node.body:
        if isinstance(item, ast.Assign) and last_name(item.targets[0]) == "__match_args__":
            given = item.value.elts if isinstance(item.value, ast.Tuple) else []
            return [part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return []


def used_fixtures(node: ast.ClassDef) -> list[str]:
    """The names in `@pytest.mark.usefixtures("name", ...)`."""
    marks = [
        item for item in node.decorator_list if isinstance(item, ast.Call) and last_name(item.func) == "usefixtures"
    ]
    names = [argument.value for mark in marks for argument in mark.args if isinstance(argument, ast.Constant)]
    return [name for name in names if isinstance(name, str)]
