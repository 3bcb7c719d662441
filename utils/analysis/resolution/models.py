"""What builtins and a few well-known library functions do with the functions and objects they are given."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.binding import APPLIED_RESULT, Call
from utils.analysis.resolution.calls import APPLY
from utils.analysis.resolution.container_methods import COPIED, ContainerMethods
from utils.analysis.resolution.containers import NEXT
from utils.analysis.resolution.decorating import WRAP
from utils.analysis.resolution.exchange import FACTORY, Ref
from utils.analysis.resolution.graph import World, on
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.operators import TRUTH

CLASS_OF, ITERATED, MAKE, IMPORTED = 120, 121, 125, 90
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
    "list": ("__len__",),  # for how many items to make room
    "tuple": ("__len__",),
    "sorted": ("__len__",),
    "complex": ("__complex__", "__float__"),
    "ascii": ("__repr__",),
    "dir": ("__dir__",),
    "math.trunc": ("__trunc__",),
    "math.floor": ("__floor__",),
    "math.ceil": ("__ceil__",),
    "sys.getsizeof": ("__sizeof__",),
    **dict.fromkeys(("bin", "oct", "hex", "chr", "operator.index"), ("__index__",)),
    **dict.fromkeys(("open", "os.fspath", "os.listdir", "os.scandir", "os.stat", "os.mkdir"), ("__fspath__",)),
    **dict.fromkeys(("os.remove", "os.unlink", "os.rename", "os.replace", "os.chmod", "os.rmdir"), ("__fspath__",)),
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
        "inspect.unwrap",
        "functools.cache",
        "functools.singledispatch",
        "functools.total_ordering",
        "functools.cmp_to_key",
        "types.coroutine",
        "enum.member",
    ]
)
CONFIGURED = frozenset({  # decorators that, called without what they decorate, give one that gives it back
    "functools.lru_cache", "dataclasses.dataclass", "attr.s", "attr.attrs", "attr.define", "attr.frozen",
    "attr.mutable", "attrs.define", "attrs.frozen", "attrs.mutable",
})  # fmt: skip
IDENTITIES = frozenset({"functools.lru_cache", "staticmethod", "classmethod"})
FACTORIES = frozenset({"collections.defaultdict", "dataclasses.field", "attr.ib", "attrs.field"})
SORTING = frozenset({"sorted", "min", "max", "itertools.groupby", "heapq.nsmallest", "heapq.nlargest"})
FILTERING = frozenset({"filter", "itertools.filterfalse", "itertools.takewhile", "itertools.dropwhile"})
RESULTS = {"re.compile": "re.Pattern"}
CALLBACKS = {"re.sub": 1, "re.subn": 1, "re.Pattern.sub": 0, "re.Pattern.subn": 0}
ORDERED = frozenset({"sorted", "min", "max"})
PARTIALS = frozenset({"functools.partial", "functools.partialmethod", "types.MethodType"})
TYPE_VARIABLES = frozenset({"typing.TypeVar", "typing_extensions.TypeVar"})
READERS_OF = frozenset({"operator.attrgetter", "operator.itemgetter", "operator.methodcaller"})


class Models(ContainerMethods):
    """`run_model(name, call)`: the rules that name things outside the repository."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.factories: dict[int, int] = {}

    def run_model(self, name: str, call: Call) -> None:
        args = [item if item.__class__ is int else 0 for item in call.args]
        keywords = {key: item for key, item in call.keywords if item.__class__ is int}
        if name in GATHER:
            self.gather(name, args, call)
        elif name in ("map", "itertools.starmap"):
            self.map(args, call)
        elif name in ("min", "max", "next", "any", "all", "sum"):
            self.choose(name, args, keywords, call)
        elif name in FACTORIES:
            self.make_default(name, args[0] if args else 0, keywords, call)
        elif name in PARTIALS:
            self.add(call.dst, self.values.intern(kinds.PARTIAL, call.site, tuple(call.args), tuple(call.keywords)))
        elif name in ("importlib.import_module", "__import__", "pytest.importorskip"):
            self.import_module(call)
        elif name in READERS_OF and call.args and call.args[0].__class__ is tuple and call.args[0][0] == "k":
            asked = call.args[0][1]
            self.add(
                call.dst, self.values.intern(kinds.READER, name, asked, tuple(call.args[1:]), tuple(call.keywords))
            )
        elif name in TYPE_VARIABLES:
            self.bound_type(args, call)
        elif name in RESULTS:
            self.add(call.dst, self.values.intern(kinds.EXTERNAL, RESULTS[name]))
        else:
            self.hand_over(name, args, keywords, call)
        self.ask_arguments(name, args, keywords, call)
        self.call_back(name, args, keywords, call)

    def hand_over(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        """What gives back its argument, or something made of it."""
        first = args[0] if args else keywords.get("fget", 0) if name == "property" else 0
        if name == "typing.cast" and len(args) > 1 and args[1]:
            self.link(args[1], call.dst)
        if not first:
            return
        if name in SAME or name in IDENTITIES:
            self.link(first, call.dst)
        elif name == "property":
            setter = args[1] if len(args) > 1 else keywords.get("fset", 0)
            self.add(call.dst, self.values.intern(kinds.ACCESSOR, first, setter))
        elif name == "contextlib.closing":
            self.add(call.dst, self.values.intern(kinds.CLOSING, first))
        elif name == "type" and len(args) == 1:
            self.wait(first, (CLASS_OF, call.dst))
        elif name == "type.__call__":
            self.wait(first, (MAKE, call))
        elif name == "object.__new__" or name == "typing.cast":
            self.wait(first, (ir.DECLARE, call.dst))
        elif name == "functools.update_wrapper" and len(args) > 1 and args[1]:
            self.wait(first, (WRAP, args[1], call.dst))

    def ask_arguments(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        """The special methods that a builtin asks its arguments for."""
        if name in ASK:
            for item in args:
                self.ask(item, ASK[name], call)
        if name in ORDERED and args and args[0] and not keywords.get("key"):
            self.order(name, args, call)
        if name == "functools.wraps" or (name in CONFIGURED and not any(args)):
            self.add(call.dst, self.values.intern(kinds.IDENTITY))

    def call_back(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        """The functions that a library function calls before it returns, or while it is iterated over."""
        first = args[0] if args else 0
        if name in CALLBACKS and len(args) > CALLBACKS[name]:
            self.call_nodes(args[CALLBACKS[name]], [0], call)
        elif name in SORTING and keywords.get("key"):
            self.call_nodes(keywords["key"], [self.iterated(first, call)], call)
        elif name == "iter" and len(args) > 1:
            self.call_nodes(first, [], call)
        elif name in FILTERING and len(args) > 1:
            self.call_nodes(first, [self.iterated(args[1], call)], call)
        elif name == "itertools.accumulate" and len(args) > 1:
            element = self.iterated(first, call)
            self.call_nodes(args[1], [element, element], call)
        elif name == "functools.reduce" and len(args) > 1:
            element = self.iterated(args[1], call)
            self.call_nodes(first, [args[2] if len(args) > 2 else element, element], call, call.dst)

    def order(self, name: str, args: list[int], call: Call) -> None:
        """`sorted(objects)` compares them."""
        element = self.iterated(args[0], call)
        names = ("__gt__", "__lt__") if name == "max" else ("__lt__", "__gt__")
        for item in args if name in ("min", "max") and len(args) > 1 else [element]:
            self.ask(item, names, call)

    def make_missing(self, site: int, place: Any, dst: int) -> None:
        scope, line = place
        self.wait(self.factory(site), (APPLY, Call(scope, line, [], [], self.new(), dst)))

    def factory(self, site: int) -> Ref:
        if site >> ir.NODE_BITS != self.home:
            return (site >> ir.NODE_BITS, FACTORY, site)
        node = self.factories.get(site)
        if node is None:
            node = self.factories[site] = self.new()
        return node

    def ask(self, node: int, names: tuple[str, ...], call: Call) -> None:
        if node:
            self.wait(node, (ir.DUNDER, names, 0, 0, call.scope, call.line, False))

    def iterated(self, node: int, call: Call) -> int:
        """The node of what iterating over `node` gives, calling `__iter__` from where `call` stands."""
        element = self.new()
        if node:
            self.wait(node, (ITERATED, element, (call.scope, call.line)))
        return element

    def gather(self, name: str, args: list[int], call: Call) -> None:
        mapping = name in ("dict", "collections.OrderedDict")
        length = ir.MAPPING if mapping else -1
        site = self.container(call, length)
        sources = args[1:] if name == "filter" else args
        if mapping or name in ("list", "tuple"):
            for item in sources:
                if item:
                    self.wait(item, (COPIED, site, length, (call.scope, call.line)))
            for key, item in call.keywords:
                if key is not None:
                    self.give(item, self.content(site, key))
                elif item.__class__ is int and item:
                    self.wait(item, (COPIED, site, length, (call.scope, call.line)))
            return
        if name == "enumerate" or name == "zip":
            inner = self.new()
            self.add(inner, self.values.intern(kinds.CONTAINER, inner, len(sources) if name == "zip" else 2))
            self.link(inner, self.content(site, ir.ANY))
            for index, item in enumerate(sources if name == "zip" else [0, *sources[:1]]):
                self.link(self.iterated(item, call), self.content(inner, index))
            return
        for item in sources:
            element = self.iterated(item, call)
            self.link(element, self.content(site, ir.ANY))
            if name in ("set", "frozenset"):
                self.hash_key(element, call)

    def map(self, args: list[int], call: Call) -> None:
        site = self.container(call)
        elements = [self.iterated(item, call) for item in args[1:]]
        self.call_nodes(args[0] if args else 0, elements, call, self.content(site, ir.ANY))

    def choose(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        if name == "next" and args and args[0]:
            self.wait(args[0], (NEXT, "__next__", call.dst, (call.scope, call.line)))
        elif name == "sum" and args:
            self.add_up(args, keywords, call)
        elif len(args) == 1:
            element = self.iterated(args[0], call)
            if name in ("min", "max"):
                self.link(element, call.dst)
            else:
                self.ask(element, TRUTH, call)
        elif name in ("min", "max"):
            for item in args:
                if item:
                    self.link(item, call.dst)

    def add_up(self, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        """`sum(objects)`: the first is added to 0 or to what is given, each other one to what came out before."""
        element, result = self.iterated(args[0], call), self.new()
        start = args[1] if len(args) > 1 else keywords.get("start", 0)
        if start:
            self.link(start, result)
        elif len(call.args) + len(call.keywords) == 1:
            self.wait(element, (ir.DUNDER, ("__radd__",), 0, result, call.scope, call.line, False))
        self.wait(result, (ir.DUNDER, ("__add__",), element, result, call.scope, call.line, False))
        self.link(result, call.dst)

    def make_default(self, name: str, first: int, keywords: dict[str, int], call: Call) -> None:
        if name == "collections.defaultdict":
            site = self.container(call, ir.DEFAULT)
            if first:
                self.link(first, self.factory(site))
                self.wait(first, (APPLIED_RESULT, self.content(site, ir.ANY)))
            return
        for key in ("default_factory", "factory"):
            if keywords.get(key):
                self.wait(keywords[key], (APPLIED_RESULT, call.dst))
        if keywords.get("default"):
            self.link(keywords["default"], call.dst)

    def bound_type(self, args: list[int], call: Call) -> None:
        """A type variable stands for the class that it is bound to, or for those that it may be."""
        for item in args[1:]:
            if item:
                self.link(item, call.dst)
        for key, item in call.keywords:
            if key == "bound" and item.__class__ is tuple and item[1].__class__ is str and item[1].isidentifier():
                self.link(self.module_member(self.module.name, item[1]), call.dst)
            elif key == "bound":
                self.give(item, call.dst)

    def import_module(self, call: Call) -> None:
        item = call.args[0] if call.args else None
        if item.__class__ is tuple and item[1].__class__ is str and self.hierarchy.internal(item[1]):
            self.add(call.dst, self.values.intern(kinds.MODULE, item[1]))
        elif item.__class__ is int and item:
            self.wait(item, (IMPORTED, call.dst))

    @on(IMPORTED)
    def on_imported(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """The name of a module that is imported by it."""
        if what[0] == kinds.CONSTANT and what[2].__class__ is str and self.hierarchy.internal(str(what[2])):
            self.add(rule[0], self.values.intern(kinds.MODULE, str(what[2])))

    @on(MAKE)
    def on_make(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`type.__call__(cls, ...)`."""
        if what[0] == kinds.CLASS:
            call = rule[0]
            inner = call.part(call.args[1:], call.keywords, call.dst, self.new())
            self.make(int(what[1]), inner)  # type: ignore[call-overload]

    @on(CLASS_OF)
    def on_class_of(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.INSTANCE:
            self.add(rule[0], self.values.intern(kinds.CLASS, what[1]))

    @on(ITERATED)
    def on_iterated(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        self.iterate(value, what, rule[0], rule[1])
