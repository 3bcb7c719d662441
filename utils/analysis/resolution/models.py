"""What builtins, container methods and a few well-known library functions do with the functions they are given."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.calls import APPLIED_RESULT, SPREAD, SPREAD_KEYWORDS, Call, Calls
from utils.analysis.resolution.containers import ELEMENTS, KEYED, NEXT, SET_KEYED
from utils.analysis.resolution.hierarchy import Hierarchy, Module

ASK = {  # builtin → the special methods it asks its argument for, first found first
    "len": ("__len__",),
    "str": ("__str__", "__repr__"),
    "repr": ("__repr__",),
    "print": ("__str__", "__repr__"),
    "format": ("__format__", "__str__"),
    "bool": ("__bool__", "__len__"),
    "int": ("__int__", "__index__"),
    "float": ("__float__",),
    "bytes": ("__bytes__",),
    "hash": ("__hash__",),
    "abs": ("__abs__",),
    "round": ("__round__",),
    "reversed": ("__reversed__",),
    "divmod": ("__divmod__",),
}
GATHER = frozenset(
    [
        "list",
        "tuple",
        "set",
        "frozenset",
        "sorted",
        "reversed",
        "iter",
        "enumerate",
        "zip",
        "filter",
        "dict",
        "itertools.chain",
        "collections.deque",
        "itertools.islice",
        "itertools.cycle",
        "itertools.takewhile",
        "itertools.dropwhile",
        "collections.OrderedDict",
        "collections.Counter",
        "itertools.chain.from_iterable",
        "types.MappingProxyType",
        "collections.ChainMap",
        "tqdm.tqdm",
    ]
)
SAME = frozenset(
    [
        "copy.copy",
        "copy.deepcopy",
        "dataclasses.replace",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.run",
        "asyncio.wait_for",
        "asyncio.shield",
        "weakref.proxy",
        "contextlib.closing",
        "inspect.unwrap",
        "functools.cache",
        "functools.singledispatch",
        "functools.total_ordering",
        "types.coroutine",
    ]
)
IDENTITIES = frozenset({"functools.wraps", "functools.lru_cache"})
READERS = frozenset({"get", "pop", "setdefault", "popitem", "popleft", "__getitem__", "__next__"})
WRITERS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "setdefault": 1, "__setitem__": 1}
CONTAINER_TYPES = {"list": -1, "set": -1, "deque": -1, "dict": ir.MAPPING, "OrderedDict": ir.MAPPING}
VIEWS = frozenset({"values", "copy", "keys", "__iter__"})


class Models(Calls):
    """The rules that name things outside the repository."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.unknown_keys = []
        self.decorators = frozenset({"functools.singledispatch", "functools.partial"})
        self.rules.update(
            {
                APPLIED_RESULT: self.on_applied_result,
                SPREAD: self.on_spread,
                SPREAD_KEYWORDS: self.on_spread_keywords,
                ELEMENTS: self.on_elements,
                NEXT: self.on_next,
                KEYED: self.on_keyed,
                SET_KEYED: self.on_set_keyed,
            }
        )

    def invoke(self, value: int, what: kinds.Value, name: str, args: list[Any], place: Any, dst: int = 0) -> bool:
        found = self.find(int(what[1]), name)  # type: ignore[call-overload]
        if found is None:
            return False
        target = dst or self.new()
        if place is None:
            owner, function = self.hierarchy.function_of(found)
            self.link(owner.offset + function.returns, target)
            return True
        scope, line, module = place
        self.run_function(found, value, Call(scope, line, args, [], target, module, target))
        return True

    # --- what calls give ---------------------------------------------------------------------------------------------

    def on_applied_result(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """The result of calling a value, without the call itself, which stands elsewhere."""
        dst = rule[0]
        if what[0] == kinds.CLASS:
            self.add(dst, self.values.intern(kinds.INSTANCE, what[1], True))
        elif what[0] in (kinds.FUNCTION, kinds.BOUND):
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            if function.flags & ir.CONTEXT:
                self.add(dst, self.values.intern(kinds.CONTEXT, what[1]))
            elif function.flags & ir.GENERATOR:
                self.add(dst, self.values.intern(kinds.GENERATOR, what[1]))
            else:
                self.link(owner.offset + function.returns, dst)
        elif what[0] == kinds.CALLABLE:
            self.link(int(what[1]), dst)  # type: ignore[call-overload]
        elif what[0] in (kinds.BUILTIN, kinds.EXTERNAL) and str(what[1]).rpartition(".")[2] in CONTAINER_TYPES:
            self.lengths[dst] = CONTAINER_TYPES[str(what[1]).rpartition(".")[2]]
            self.add(dst, self.values.intern(kinds.CONTAINER, dst))

    def on_spread(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """`f(*value)`: known positions first, then the rest."""
        rest, var = rule
        if what[0] != kinds.CONTAINER:
            return
        site = int(what[1])  # type: ignore[call-overload]
        for index, node in enumerate(rest):
            self.read_key(site, index, node)
        if var:
            self.shift(site, var, len(rest))

    def shift(self, site: int, target: int, by: int) -> None:
        """`*args` handed on: what lies from position `by` on."""
        if by == 0:
            for index in range(8):
                self.link(self.content(site, index), self.content(target, index))
            self.link(self.content(site, ir.ANY), self.content(target, ir.ANY))
            return
        for index in range(by, by + 8):
            self.link(self.content(site, index), self.content(target, index - by))
        self.link(self.content(site, ir.ANY), self.content(target, ir.ANY))

    def on_spread_keywords(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        nodes, var = rule
        if what[0] != kinds.CONTAINER:
            return
        site = int(what[1])  # type: ignore[call-overload]
        for name, node in nodes.items():
            self.link(self.content(site, name), node)
        if var:
            self.merge(value, what, var)

    # --- builtins and library ----------------------------------------------------------------------------------------

    def run_model(self, name: str, call: Call) -> None:
        args = [item if item.__class__ is int else 0 for item in call.args]
        first = args[0] if args else 0
        keywords = {key: item for key, item in call.keywords if item.__class__ is int}
        if name in ASK:
            for item in args:
                self.ask(item, ASK[name], call)
        if name in GATHER:
            self.gather(name, args, call)
        elif name in SAME:
            self.link(first, call.dst) if first else None
        elif name in IDENTITIES:
            self.identity(name, first, call)
        elif name in ("map", "itertools.starmap"):
            self.map(args, call)
        elif name == "functools.reduce" and len(args) > 1:
            element = self.iterated(args[1], call)
            self.call_nodes(first, [args[2] if len(args) > 2 else element, element], call, call.dst)
        elif name in ("min", "max", "next", "any", "all", "sum"):
            self.choose(name, args, call)
        elif name in ("functools.partial", "functools.partialmethod"):
            self.partials[call.site] = call
            self.add(call.dst, self.values.intern(kinds.PARTIAL, call.site))
        elif name == "property" and (first or "fget" in keywords):
            self.add(call.dst, self.values.intern(kinds.ACCESSOR, first or keywords["fget"]))
        elif name in ("staticmethod", "classmethod") and first:
            self.link(first, call.dst)
        elif name == "type" and len(args) == 1 and first:
            self.wait(first, (CLASS_OF, call.dst))
        elif name == "functools.update_wrapper" and len(args) > 1 and args[0] and args[1]:
            self.wait(first, (WRAP, args[1], call.dst))
        elif name == "typing.cast" and len(args) > 1:
            self.link(args[1], call.dst) if args[1] else None
            self.wait(first, (ir.DECLARE, call.dst)) if first else None
        elif name in ("collections.defaultdict", "dataclasses.field", "attr.ib", "attrs.field"):
            self.make_default(name, first, keywords, call)
        elif name == "object.__new__" and first:
            self.wait(first, (ir.DECLARE, call.dst))
        elif name in ("importlib.import_module", "__import__"):
            self.import_module(call)
        sorts = name in ("sorted", "min", "max", "itertools.groupby", "heapq.nsmallest", "heapq.nlargest")
        if sorts and keywords.get("key"):
            self.call_nodes(keywords["key"], [self.iterated(first, call)], call)
        if name in ("filter", "itertools.filterfalse", "itertools.takewhile", "itertools.dropwhile") and len(args) > 1:
            self.call_nodes(first, [self.iterated(args[1], call)], call)

    def ask(self, node: int, names: tuple[str, ...], call: Call) -> None:
        if node:
            self.wait(node, (ir.DUNDER, names, 0, 0, call.scope, call.line, call.module))

    def identity(self, name: str, first: int, call: Call) -> None:
        if name == "functools.wraps" or not first:
            self.add(call.dst, self.values.intern(kinds.IDENTITY))
        else:
            self.link(first, call.dst)

    def iterated(self, node: int, call: Call) -> int:
        """The node of what iterating over `node` gives, calling `__iter__` from where `call` stands."""
        element = self.new()
        if node:
            self.wait(node, (ITERATED, element, (call.scope, call.line, call.module)))
        return element

    def container(self, call: Call) -> int:
        site = call.dst
        self.add(call.dst, self.values.intern(kinds.CONTAINER, site))
        return site

    def gather(self, name: str, args: list[int], call: Call) -> None:
        site = self.container(call)
        sources = args[1:] if name == "filter" else args
        if name in ("list", "tuple", "dict", "collections.OrderedDict"):
            if name not in ("list", "tuple"):
                self.lengths[site] = ir.MAPPING
            for item in sources:
                if item:
                    self.wait(item, (COPIED, site, (call.scope, call.line, call.module)))
            for key, item in call.keywords:
                if key is not None:
                    self.give(item, self.content(site, key))
                elif item:
                    self.wait(item, (COPIED, site, (call.scope, call.line, call.module)))
            return
        if name == "enumerate" or name == "zip":
            inner = self.new()
            self.add(inner, self.values.intern(kinds.CONTAINER, inner))
            self.lengths[inner] = len(sources) if name == "zip" else 2
            self.link(inner, self.content(site, ir.ANY))
            for index, item in enumerate(sources if name == "zip" else [0, *sources[:1]]):
                self.link(self.iterated(item, call), self.content(inner, index))
            return
        for item in sources:
            self.link(self.iterated(item, call), self.content(site, ir.ANY))

    def map(self, args: list[int], call: Call) -> None:
        site = self.container(call)
        elements = [self.iterated(item, call) for item in args[1:]]
        self.call_nodes(args[0] if args else 0, elements, call, self.content(site, ir.ANY))

    def choose(self, name: str, args: list[int], call: Call) -> None:
        if name == "next" and args and args[0]:
            self.wait(args[0], (NEXT, "__next__", call.dst, (call.scope, call.line, call.module)))
        elif len(args) == 1:
            element = self.iterated(args[0], call)
            if name in ("min", "max"):
                self.link(element, call.dst)
        elif name in ("min", "max"):
            for item in args:
                if item:
                    self.link(item, call.dst)

    def make_default(self, name: str, first: int, keywords: dict[str, int], call: Call) -> None:
        if name == "collections.defaultdict":
            site = self.container(call)
            if first:
                self.wait(first, (APPLIED_RESULT, self.content(site, ir.ANY)))
            return
        for key in ("default_factory", "factory"):
            if keywords.get(key):
                self.wait(keywords[key], (APPLIED_RESULT, call.dst))
        if keywords.get("default"):
            self.link(keywords["default"], call.dst)

    def import_module(self, call: Call) -> None:
        item = call.args[0] if call.args else None
        if item.__class__ is tuple and item[0] == "k" and self.hierarchy.internal(str(item[1])):
            self.add(call.dst, self.values.intern(kinds.MODULE, str(item[1])))

    # --- methods of containers ---------------------------------------------------------------------------------------

    def run_container_method(self, site: int, name: str, call: Call) -> None:
        args = call.args
        if name in WRITERS and len(args) > WRITERS[name]:
            key: Any = ir.TAIL if name == "append" else ir.ANY
            if name in ("setdefault", "__setitem__") and args[0].__class__ is tuple:
                key = args[0][1]
            self.give(args[WRITERS[name]], self.content(site, key))
        if name in READERS:
            self.read_method(site, name, call)
        elif name in VIEWS:
            if name == "copy":
                self.lengths.setdefault(call.dst, min(-1, self.lengths.get(site, -1)))
                self.merge(0, (kinds.CONTAINER, site), self.container(call))
            elif name == "values":
                self.link(self.all_contents(site), self.content(self.container(call), ir.ANY))
            elif name == "keys":
                self.link(self.content(site, ir.KEYS), self.content(self.container(call), ir.ANY))
        elif name == "items":
            outer, pair = self.container(call), self.new()
            self.add(pair, self.values.intern(kinds.CONTAINER, pair))
            self.lengths[pair] = 2
            self.link(pair, self.content(outer, ir.ANY))
            self.link(self.content(site, ir.KEYS), self.content(pair, 0))
            self.link(self.all_contents(site), self.content(pair, 1))
        elif name in ("extend", "update", "__iadd__"):
            for item in args:
                if item.__class__ is int and item:
                    self.wait(item, (COPIED, site, (call.scope, call.line, call.module)))
            for key, item in call.keywords:
                if key is not None:
                    self.give(item, self.content(site, key))
        elif name == "sort":
            for key, item in call.keywords:
                if key == "key":
                    self.call_nodes(item, [self.all_contents(site)], call)

    def read_method(self, site: int, name: str, call: Call) -> None:
        item = call.args[0] if call.args else 0
        if item.__class__ is tuple and item[0] == "k":
            self.read_key(site, item[1], call.dst)
        else:
            self.link(self.all_contents(site), call.dst)
        if name in ("get", "pop", "setdefault") and len(call.args) > 1:
            self.give(call.args[1], call.dst)


CLASS_OF, ITERATED, COPIED, WRAP = 120, 121, 122, 123


class Interpreter(Models):
    """The whole set of rules."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.rules[CLASS_OF] = self.on_class_of
        self.rules[ITERATED] = self.on_iterated
        self.rules[COPIED] = self.on_copied
        self.rules[WRAP] = self.on_wrap
        plain = self.rules[ir.DUNDER]

        def asked(value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
            plain(value, what, rule[:5], rule[5] if len(rule) > 5 else module)

        self.rules[ir.DUNDER] = asked

    def on_class_of(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        if what[0] == kinds.INSTANCE:
            self.add(rule[0], self.values.intern(kinds.CLASS, what[1]))

    def on_wrap(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """`update_wrapper(value, wrapped)`."""
        if what[0] == kinds.FUNCTION:
            owner, function = self.hierarchy.function_of(int(what[1]))  # type: ignore[call-overload]
            self.handed_on.update({owner.offset + function.var_positional, owner.offset + function.var_keyword})
            value = self.values.intern(kinds.WRAPPED, what[1], rule[0], -1)
        self.add(rule[1], value)

    def on_iterated(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        self.iterate(value, what, rule[0], rule[1])

    def on_copied(self, value: int, what: kinds.Value, rule: tuple[Any, ...], module: Module) -> None:
        """`list(value)`, `dict(value)`, `extend` and `update`."""
        site, place = rule
        if what[0] == kinds.CONTAINER:
            self.merge(value, what, site)
        elif self.lengths.get(site) == ir.MAPPING and what[0] == kinds.INSTANCE:
            self.invoke(value, what, "keys", [], place)
            self.invoke(value, what, "__getitem__", [0], place, self.content(site, ir.ANY))
        else:
            self.iterate(value, what, self.content(site, ir.ANY), place)

    def solve(self) -> None:
        """The fixpoint; then what stayed unknown is assumed and the fixpoint goes on: keys may be any key, and a
        decorator of which nothing is known gives back what it decorates."""
        self.seed()
        self.run()
        for _ in range(3):
            settled = self.settle_keys()
            for module in self.modules:
                for source, target in module.body.decorations:
                    if not self.points.get(module.offset + target):
                        self.link(module.offset + source, module.offset + target)
                        settled = settled or bool(self.work)
            self.run()
            if not settled:
                break
