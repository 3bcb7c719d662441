"""Expressions to value nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution.operators import Operators
from utils.analysis.resolution.outside import RECORD_MAKERS
from utils.analysis.resolution.scopes import Scope
from utils.analysis.resolution.syntax import ends_of, is_filled_in, is_none, last_name, text_of

SAYS_ENOUGH = 2  # characters with which names begin that belong together

Arguments = tuple[list[Any], list[tuple[str | None, Any]]]

CHANGING = frozenset({  # methods after which a container may have other things at the same places
    "append", "appendleft", "clear", "extend", "extendleft", "insert", "pop", "popitem", "popleft", "remove", "reverse",
    "rotate", "sort", "update",
})  # fmt: skip


class Expressions(Operators):
    """`expr(node)` gives the value node of an expression, adding what evaluates it; 0 where nothing can come of it."""

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.stored: dict[str, None] = {}  # names of attributes that are assigned to, but for those of `self`
        self.sites: dict[int, int] = {}
        self.tables: list[int] = []
        self.elements: list[tuple[int, Any, int]] = []
        self.constants: dict[int, Any] = {}
        self.call_of: dict[int, int] = {}
        self.cast_of: dict[int, int] = {}  # what `typing.cast` gives → what it is given
        self.items_of: dict[tuple[int, int], int] = {}  # nodes of the key and the value in a loop → the dictionary's
        self.attribute_of: dict[int, tuple[int, str]] = {}
        self.handlers: dict[type, Callable[[Any], int]] = {
            ast.Name: lambda node: self.read(node.id),
            ast.Attribute: self.attribute,
            ast.Call: self.call,
            ast.Constant: lambda node: 0,
            ast.Subscript: self.subscript,
            ast.BinOp: self.binary,
            ast.UnaryOp: self.unary,
            ast.BoolOp: self.boolean,
            ast.Compare: self.compare,
            ast.IfExp: self.conditional,
            ast.List: self.sequence,
            ast.Tuple: self.sequence,
            ast.Set: self.sequence,
            ast.Dict: self.dictionary,
            ast.ListComp: self.comprehension,
            ast.SetComp: self.comprehension,
            ast.GeneratorExp: self.comprehension,
            ast.DictComp: self.comprehension,
            ast.Lambda: self.lambda_,
            ast.JoinedStr: self.joined,
            ast.FormattedValue: self.formatted,
            ast.NamedExpr: self.named,
            ast.Await: lambda node: self.expr(node.value),
            ast.Yield: self.yield_,
            ast.YieldFrom: self.yield_from,
            ast.Starred: lambda node: self.expr(node.value),
        }

    def expr(self, node: ast.expr) -> int:
        handler = self.handlers.get(node.__class__)
        return handler(node) if handler is not None else 0

    def value(self, node: ast.expr) -> int:
        """Like `expr`, and a node of its own for a string or integer, which may turn out to be a key."""
        if node.__class__ is ast.Constant:
            return self.constant(node.value)
        return self.expr(node)

    def constant(self, value: Any) -> int:
        if value.__class__ is int or (value.__class__ is str and len(value) <= 80):
            node = self.new()
            self.constants[node] = value
            return node
        return 0

    def key(self, node: ast.expr) -> Any:
        """A container key: ("k", constant) where it is known, else its node (0 for any key)."""
        if node.__class__ is ast.Constant:
            value = node.value
            whole = isinstance(value, bool) or (isinstance(value, float) and value.is_integer())
            return ("k", int(value) if whole else value)  # type: ignore[arg-type]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return ("k", -node.operand.value) if node.operand.value.__class__ is int else 0
        if isinstance(node, ast.Tuple) and all(isinstance(item, ast.Constant) for item in node.elts):
            return ("k", tuple(self.key(item)[1] for item in node.elts))
        found = self.expr(node)
        if found in self.constants:
            return ("k", self.constants[found])
        if found in self.parameters:
            function, index = self.parameters[found]
            if index not in function.keys:
                function.keys.append(index)
        return found

    # --- reads -------------------------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute) -> int:
        base = self.expr(node.value)
        if not base:
            return 0
        found = self.attribute_node(base, self.mangled(node.attr), node.end_lineno or node.lineno)
        return self.scope.env.get(found, found)

    def attribute_node(self, base: int, name: str, line: int) -> int:
        cache = self.scope.cache
        found = cache.get((base, name))
        if found is None:
            found = cache[base, name] = self.new()
            self.uses[base].append((ir.ATTR, name, found, self.scope.index, line))
            self.attribute_of[found] = (base, name)
        return found

    def store(self, base: int, name: str, source: int, line: int, how: str = "") -> None:
        raise NotImplementedError  # Assignments

    def subscript(self, node: ast.Subscript) -> int:
        if node.value.__class__ is ast.Call and is_global(node):
            return self.module_name(node.slice.value)  # type: ignore[attr-defined]
        base = self.expr(node.value)
        if node.slice.__class__ is ast.Slice:
            return self.slice(base, node.slice, node.lineno)
        key = self.key(node.slice)
        if not base:
            return 0
        found = self.item_node(base, key, node.lineno)
        return self.scope.env.get(found, found)

    def item_node(self, base: int, key: Any, line: int) -> int:
        """What an item of a container is: the same each time that it is read, where its key is known to be."""
        cache = self.scope.cache
        found = cache.get((base, key)) if key else None
        if found is None:
            self.hashed(key, base, line)
            found = cache[base, key] = self.new()
            self.items.add(found)
            self.use(base, ir.ITEM, key, found, self.scope.index, line)
        return found

    def forget_items(self, base: int) -> None:
        """What tests said of the items of a container that changes."""
        tested = self.places.get(base, ())
        self.spend(len(tested))
        for item in tested:
            self.scope.env.pop(item, None)

    def slice(self, base: int, node: ast.Slice, line: int) -> int:
        bounds: list[Any] = []
        for part in (node.lower, node.upper, node.step):
            if part is None:
                bounds.append(None)
                continue
            key = self.key(part)
            known = key.__class__ is tuple and key[1].__class__ is int and (part is not node.step or key[1] != 0)
            bounds.append(key[1] if known else ir.ANY)
        if not base:
            return 0
        dst = self.new()
        self.use(base, ir.SLICE, *bounds, dst, self.scope.index, line)
        return dst

    # --- calls -------------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call) -> int:
        if node.func.__class__ is ast.Name:
            special = self.special_call(node, node.func.id)
            if special is not None:
                return special
        func = self.expr(node.func)
        args, keywords = self.arguments(node)
        name = last_name(node.func)
        if name in CHANGING:
            self.forget_items(self.attribute_of.get(func, (0, ""))[0])
        if name == "update":
            self.update_attributes(node, args, keywords)
        elif name in RECORD_MAKERS and (fields := record_fields(node)) is not None:
            args[1:2] = [("k", " ".join(fields))]
        if not func:
            if is_filled_in(node.func):
                self.fill_in(node.func.value.value, args, dict(keywords), node.lineno)  # type: ignore[attr-defined]
                return self.text(node, 0)
            return 0
        dst = self.new()
        self.uses[func].append((ir.CALL, self.scope.index, node.func.end_lineno, args, keywords, dst))
        self.call_of[dst] = func
        if name == "cast" and len(args) == 2 and args[1].__class__ is int and self.is_cast(node.func):
            self.cast_of[dst] = args[1]
        if (asked := self.asked(node)) is not None:
            self.answers[dst] = asked[0], self.at(asked[0]), asked[1]
        return dst

    def is_cast(self, node: ast.expr) -> bool:
        """Whether this is `typing.cast`."""
        raise NotImplementedError  # Statements

    def update_attributes(self, node: ast.Call, args: list[Any], keywords: list[tuple[str | None, Any]]) -> None:
        """`self.__dict__.update(values, name=value)` and `vars(self).update(...)`."""
        owner = owner_of_names(node.func.value) if isinstance(node.func, ast.Attribute) else None
        base = self.expr(owner) if owner is not None else 0
        for name, item in [*((None, item) for item in args[:1]), *keywords] if base else ():
            if item.__class__ is int and item:
                self.store_named(base, name or "", item, node.lineno)

    def store_named(self, base: int, name: str, source: int, line: int) -> None:
        """Attributes are put into an object's dictionary: those of keys that are not known of one's own object only."""
        record, index = self.parameters.get(base, (None, 0))
        if name or (record is not None and index == 0 and record.flags & ir.METHOD):
            self.store(base, name, source, line, ir.BY_KEY)

    def arguments(self, node: ast.Call) -> Arguments:
        """Positional items are a node, ("k", constant) or ("*", node); keywords are (name or None for `**`, item),
        where the item is None if that is written."""
        args: list[Any] = []
        for item in node.args:
            if item.__class__ is ast.Starred:
                args.append(("*", self.expr(item.value)))
            else:
                args.append(self.argument(item))
        return args, [(word.arg, None if is_none(word.value) else self.argument(word.value)) for word in node.keywords]

    def argument(self, node: ast.expr) -> Any:
        if node.__class__ is ast.Constant and node.value.__class__ in (str, int, bool):
            value: Any = node.value
            return ("k", value) if value.__class__ is not str or len(value) <= 80 else 0
        return self.expr(node)

    def special_call(self, node: ast.Call, name: str) -> int | None:
        """`super()`, and `getattr` and the like of a known name, are read here; None for every other call."""
        if name not in ("super", "getattr", "setattr", "hasattr") or self.read(name) not in (0, self.pending.get(name)):
            return None
        if name == "super":
            return self.super_(node)
        if len(node.args) < 2 or node.args[1].__class__ is not ast.Constant:
            found = self.computed(node, name)
            return self.named_attribute(node) if found is None and name == "getattr" else found
        attribute = node.args[1].value
        base = self.expr(node.args[0])
        rest = [self.value(item) for item in node.args[2:]]
        if not base or attribute.__class__ is not str:
            return 0
        if name == "setattr":
            self.store(base, attribute, rest[0] if rest else 0, node.lineno)
            return 0
        found = self.attribute_node(base, attribute, node.lineno)
        return 0 if name == "hasattr" else self.merged([found, *rest])

    def computed(self, node: ast.Call, name: str) -> int | None:
        """`setattr` of a name that is not written there, and the `getattr` by which a `__getattr__` hands on."""
        if len(node.args) < 2:
            return None
        target, asked, method = node.args[0], node.args[1], self.method()
        attaches = name == "setattr" and not (copies(node) or self.names_hidden(asked))
        if attaches:
            self.stored[ir.any_of(ast.unparse(target))] = None
        if method is None or method.parent is None or method.function is None:
            return None
        params = method.function.params
        if attaches and isinstance(target, ast.Name):
            self.attach_any(method.parent.class_index)
        if attaches and len(node.args) > 2 and isinstance(asked, ast.Name) and isinstance(node.args[2], ast.Name):
            named = self.items_of.get((self.read(asked.id), self.read(node.args[2].id)), 0)
            if named:
                self.store_named(self.expr(target), "", named, node.lineno)
        if name != "getattr" or method.function.name != "__getattr__" or method is not self.scope:
            return None
        if not isinstance(asked, ast.Name) or self.read(asked.id) not in params[1:2]:
            return None
        method.function.forwards.append(self.expr(target))
        return self.merged([self.value(item) for item in node.args[2:]])

    def names_hidden(self, node: ast.expr) -> bool:
        """Whether a computed name begins with an underscore: then it is no one else's to ask for."""
        return self.ends_at(node)[0].startswith("_")

    def ends_at(self, node: ast.expr) -> tuple[str, str]:
        """How a computed name begins and ends, as far as that is known."""
        return self.ends.get(self.read(node.id), ("", "")) if isinstance(node, ast.Name) else ends_of(node)

    def named_attribute(self, node: ast.Call) -> int | None:
        """`getattr` of a name that is put together: all attributes it may mean, by how it begins and ends; or of one
        that is given: those of the texts that arrive. The default comes out, too."""
        if len(node.args) < 2 or node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            return None
        base = self.expr(node.args[0])
        first, last = self.ends_at(node.args[1])
        asked = self.key(node.args[1])
        rest = [self.value(item) for item in node.args[2:]]
        if not base:
            return self.merged(rest)
        dst = self.new()
        if len(first) >= SAYS_ENOUGH and first.isidentifier() and not first.startswith("__"):
            name = f"{ir.BEGINS}{first}\0{last}"
            self.use(base, ir.ATTR, name, dst, self.scope.index, node.lineno)
        elif asked.__class__ is tuple:
            self.use(base, ir.ATTR, str(asked[1]), dst, self.scope.index, node.lineno)
        elif asked:
            self.use(base, ir.NAMED, asked, dst, self.scope.index, node.lineno)
        else:
            return self.merged(rest)
        for item in rest:
            self.copy(item, dst)
        return dst

    def method(self) -> Scope | None:
        """The scope of the method whose code this is."""
        found = self.scope
        while found.parent is not None and not found.parent.is_class:
            found = found.parent
        return None if found.parent is None else found

    def super_(self, node: ast.Call) -> int:
        method = self.method()
        if method is None or method.parent is None or method.function is None:
            return 0
        receiver = self.expr(node.args[1]) if len(node.args) > 1 else 0
        if not receiver and method.function.params:
            receiver = method.function.params[0]
        dst = self.new()
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Name) and first.id not in (method.parent.class_name, "__class__"):
            self.use(self.expr(first), ir.SUPER_AFTER, receiver, dst)
        else:
            self.use(receiver, ir.SUPER, method.parent.class_index, dst)
        return dst

    def attach_any(self, owner: int) -> None:
        raise NotImplementedError  # Definitions

    def lambda_(self, node: ast.Lambda) -> int:
        raise NotImplementedError  # Definitions

    # --- containers --------------------------------------------------------------------------------------------------

    def site(self, length: int) -> int:
        node = self.new()
        self.sites[node] = length
        if self.scope.function is None:
            self.tables.append(node)
        return node

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> int:
        site = self.site(-1)
        position: int | None = 0
        for item in node.elts:
            if item.__class__ is ast.Starred:
                inner = self.expr(item.value)
                self.use(inner, ir.MERGE, site)
                position = None
                continue
            text = text_of(item) is not None and len(node.elts) <= 8  # as a key, a number in a list is as good as any
            source = self.value(item) if text else self.expr(item)
            if node.__class__ is ast.Set:
                self.hashed(source, site, item.lineno)
            if source:
                ordered = position is not None and node.__class__ is not ast.Set
                self.elements.append((site, position if ordered else ir.ANY, source))
            position = position + 1 if position is not None else None
        if position is not None and node.__class__ is not ast.Set:
            self.sites[site] = position
        if len(node.elts) > 1 and self.scope.function is not None:
            self.tables.append(site)
        return site

    def dictionary(self, node: ast.Dict) -> int:
        site = self.site(ir.MAPPING)
        for key, item in zip(node.keys, node.values, strict=False):
            if key is None:
                self.use(self.expr(item), ir.MERGE, site)
                continue
            known = self.key(key)
            if known.__class__ is int and known:
                self.hashed(known, site, key.lineno)
                self.elements.append((site, ir.KEYS, known))
            source = self.expr(item)
            if source:
                self.elements.append((site, known[1] if known.__class__ is tuple else ir.ANY, source))
        if len(node.values) > 1 and self.scope.function is not None:
            self.tables.append(site)
        return site

    def comprehension(self, node: Any) -> int:
        scope = self.scope
        saved = self.snapshot(scope.env)
        logged = len(scope.log)
        for part in node.generators:
            source = self.expr(part.iter)
            self.assign_iteration(source, part.target, part.iter.lineno, bool(part.is_async))
            for condition in part.ifs:
                scope.env.update(self.condition(condition))
        site = self.site(-1)
        if node.__class__ is ast.DictComp:
            self.sites[site] = ir.MAPPING
            key = self.expr(node.key)
            self.hashed(key, site, node.key.lineno)
            self.elements.append((site, ir.KEYS, key))
            source = self.expr(node.value)
        else:
            source = self.expr(node.elt)
            if node.__class__ is ast.SetComp:
                self.hashed(source, site, node.elt.lineno)
        self.elements.append((site, ir.ANY, source))
        scope.env = saved
        del scope.log[logged:]
        return site

    def assign_iteration(self, source: int, target: ast.expr, line: int, asynchronous: bool) -> None:
        item = 0
        if source:
            item = self.new()
            self.use(source, ir.ITER, item, self.scope.index, line, asynchronous)
        self.assign(target, item)
        base, name = self.attribute_of.get(self.call_of.get(source, 0), (0, ""))
        if name == "items" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            key, value = (self.read(part.id) if isinstance(part, ast.Name) else 0 for part in target.elts)
            self.items_of[key, value] = base

    def assign(self, target: ast.expr, source: int) -> None:
        raise NotImplementedError  # Statements

    # --- generators --------------------------------------------------------------------------------------------------

    def yield_(self, node: ast.Yield) -> int:
        source = self.value(node.value) if node.value is not None else 0
        function = self.scope.function
        if function is not None:
            function.flags |= ir.GENERATOR
            self.copy(source, function.yields)
            return int(function.sends)
        return 0

    def yield_from(self, node: ast.YieldFrom) -> int:
        source = self.expr(node.value)
        function = self.scope.function
        if function is None:
            return 0
        function.flags |= ir.GENERATOR
        if not source:
            return 0
        dst = self.new()
        self.use(source, ir.ITER, function.yields, self.scope.index, node.lineno, False)
        self.use(source, ir.DELEGATE, dst)
        return dst


def owner_of_names(node: ast.expr) -> ast.expr | None:
    """The object whose attributes `x.__dict__` and `vars(x)` are."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars" and node.args:
        return node.args[0]
    return None


def is_global(node: ast.Subscript) -> bool:
    """Whether this is `globals()["name"]`."""
    return is_globals(node.value) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def is_globals(node: ast.expr) -> bool:
    """Whether this is `globals()`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "globals"


def record_fields(node: ast.expr) -> list[str] | None:
    """The fields in `namedtuple("Name", "a b")`, `namedtuple("Name", ["a", "b"])`, `NamedTuple("Name", [("a", T)])`."""
    if not isinstance(node, ast.Call) or len(node.args) < 2 or last_name(node.func) not in RECORD_MAKERS:
        return None
    given = node.args[1]
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return given.value.replace(",", " ").split()
    items = [item.elts[0] if isinstance(item, ast.Tuple) and item.elts else item for item in getattr(given, "elts", ())]
    names = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return names if len(names) == len(items) > 0 else None


def copies(node: ast.Call) -> bool:
    """Whether this is `setattr(a, name, getattr(b, name))`, which gives `a` no names but those of `b`."""
    given = node.args[2] if len(node.args) > 2 else None
    if not isinstance(given, ast.Call) or not isinstance(given.func, ast.Name) or len(given.args) < 2:
        return False
    return given.func.id == "getattr" and ast.dump(given.args[1]) == ast.dump(node.args[1])
