"""What builtins and a few well-known library functions do with the functions and objects they are given."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.binding import APPLIED_RESULT, Call
from utils.analysis.resolution.calls import APPLY
from utils.analysis.resolution.container_methods import COPIED
from utils.analysis.resolution.containers import NEXT
from utils.analysis.resolution.decorating import WRAP
from utils.analysis.resolution.exchange import FACTORY, Ref
from utils.analysis.resolution.graph import NOWHERE, World, on
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.library import METHODS, MODELS, Arg
from utils.analysis.resolution.operators import BINARY, COMPARE, REFLECTED, TRUTH
from utils.analysis.resolution.shapes import Shapes, Use

CLASS_OF, MAKE, IMPORTED, BASES, LIKE, UNBOUND = 120, 125, 90, 134, 135, 140
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
    "divmod": ("__divmod__",),
    "list": ("__len__",),  # for how many items to make room
    "tuple": ("__len__",),
    "sorted": ("__len__",),
    "complex": ("__complex__", "__float__"),
    "ascii": ("__repr__",),
    "dir": ("__dir__",),
    **dict.fromkeys(("pickle.dumps", "pickle.dump"), ("__reduce_ex__", "__reduce__", "__getstate__")),
    "math.trunc": ("__trunc__",),
    "math.floor": ("__floor__",),
    "math.ceil": ("__ceil__",),
    "sys.getsizeof": ("__sizeof__",),
    **dict.fromkeys(("bin", "oct", "hex", "chr", "operator.index"), ("__index__",)),
    **dict.fromkeys(("open", "os.fspath", "os.listdir", "os.scandir", "os.stat", "os.mkdir"), ("__fspath__",)),
    **dict.fromkeys(("os.remove", "os.unlink", "os.rename", "os.replace", "os.chmod", "os.rmdir"), ("__fspath__",)),
}
CONTAINERS = {  # what makes a container of what it is given, under the same keys
    "list": -1,
    "tuple": -1,
    "dict": ir.MAPPING,
    "collections.OrderedDict": ir.MAPPING,
    "collections.ChainMap": ir.MAPPING,
    "weakref.WeakValueDictionary": ir.MAPPING,
    "weakref.WeakKeyDictionary": ir.MAPPING,
}
CONFIGURED = frozenset({  # decorators that, called without what they decorate, give one that gives it back
    "functools.lru_cache", "dataclasses.dataclass", "attr.s", "attr.attrs", "attr.define", "attr.frozen",
    "attr.mutable", "attrs.define", "attrs.frozen", "attrs.mutable",
})  # fmt: skip
FACTORIES = frozenset({"collections.defaultdict", "dataclasses.field", "attr.ib", "attrs.field"})
PARTIALS = frozenset({"functools.partial", "functools.partialmethod", "types.MethodType"})
RECORDS = frozenset({"collections.namedtuple", "typing.NamedTuple"})
TYPE_VARIABLES = frozenset({"typing.TypeVar", "typing_extensions.TypeVar"})
READERS_OF = frozenset({"operator.attrgetter", "operator.itemgetter", "operator.methodcaller"})


class Models(Shapes):
    """`run_model(name, call)`: the rules that name things outside the repository. Most are data: see `library`."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.factories: dict[int, int] = {}

    def run_model(self, name: str, call: Call, holder: int = 0) -> None:
        args = [item if item.__class__ is int else 0 for item in call.args]
        keywords = {key: item for key, item in call.keywords if item.__class__ is int}
        if name == "iter" and len(args) > 1:
            name = "iter of a function"
        model = METHODS.get(name) if holder else MODELS.get(name)
        if model is not None:
            self.use(model, Use(call, holder, name.partition(".")[0]))
        elif name in CONTAINERS:
            self.copy(CONTAINERS[name], args, call)
        elif name in ("min", "max", "next", "any", "all", "sum"):
            self.choose(name, args, keywords, call)
        elif name in FACTORIES:
            self.make_default(name, args[0] if args else 0, keywords, call)
        elif name in PARTIALS:
            how = (kinds.TO_OBJECT,) if name == "functools.partialmethod" else ()
            self.add(
                call.dst, self.values.intern(kinds.PARTIAL, call.site, tuple(call.args), tuple(call.keywords), *how)
            )
        elif name in ("importlib.import_module", "__import__", "pytest.importorskip"):
            self.import_module(call)
        elif name in READERS_OF and call.args and call.args[0].__class__ is tuple and call.args[0][0] == "k":
            asked = call.args[0][1]
            self.add(
                call.dst, self.values.intern(kinds.READER, name, asked, tuple(call.args[1:]), tuple(call.keywords))
            )
        elif name in TYPE_VARIABLES:
            self.bound_type(args, call)
        elif name.startswith("operator."):
            self.operate(name.removeprefix("operator."), args, call)
        elif name in RECORDS:
            fields = call.args[1] if len(call.args) > 1 else 0
            if fields.__class__ is tuple and fields[1].__class__ is str:
                self.add(call.dst, self.values.intern(kinds.OBJECT, call.site, "record", tuple(fields[1].split())))
        elif holder and name == "parser.add_argument":
            self.add_argument(holder, call)
        else:
            self.hand_over(name, args, call)
        self.ask_arguments(name, args, keywords, call)

    def hand_over(self, name: str, args: list[int], call: Call) -> None:
        """What gives back something made of its argument."""
        if name == "property":
            functions = [self.argument_at(Arg(index, key), call) for index, key in enumerate(("fget", "fset", "fdel"))]
            self.add(call.dst, self.values.intern(kinds.ACCESSOR, *map(self.node_of, functions)))
            return
        if name == "type" and len(args) == 3:
            self.make_class(call)
            return
        first = args[0] if args else 0
        if name == "typing.cast" and len(args) > 1 and args[1]:
            self.link(args[1], call.dst)
        if not first:
            return
        if name in ("staticmethod", "classmethod"):
            self.wait(first, (UNBOUND, call.site, call.dst, (kinds.TO_CLASS,) if name == "classmethod" else ()))
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

    @on(UNBOUND)
    def on_unbound(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """`staticmethod(function)` and `classmethod(function)`: a class that has it does not bind it to its objects."""
        site, dst, how = rule
        if what[0] == kinds.FUNCTION:
            node = self.new()
            self.add(node, value)
            value = self.values.intern(kinds.PARTIAL, site, (node,), (), *how)
        self.add(dst, value)

    def ask_arguments(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        """The special methods that a builtin asks its arguments for, or what it makes of them."""
        if name in ASK:
            for item in args:
                self.ask(item, ASK[name], call)
        if name == "pickle.loads":
            self.ask(call.dst, ("__setstate__",), call)
        if name == "print" and keywords.get("file"):
            for method in ("write", "flush") if any(key == "flush" for key, _ in call.keywords) else ("write",):
                found = self.new()
                self.wait(keywords["file"], (ir.ATTR, method, found, call.scope, call.line))
                self.call_nodes(found, [0] if method == "write" else [], call)
        if name == "functools.wraps" or (name in CONFIGURED and not any(args)):
            self.add(call.dst, self.values.intern(kinds.IDENTITY))

    def operate(self, name: str, args: list[int], call: Call) -> None:
        """The functions of the module `operator`."""
        name = name.strip("_")
        left, right = (*args, 0, 0)[:2]
        special = f"__{name}__"
        if name == "getitem" and left:
            self.wait(left, (ir.ITEM, call.args[1] if len(args) > 1 else 0, call.dst, call.scope, call.line))
        elif name in BINARY.values():
            self.ask(left, (special,), call, right, call.dst)
            self.ask_reflected(right, f"__r{name}__", left, call)
        elif name.removeprefix("i") in BINARY.values():
            self.ask(left, (special, f"__{name[1:]}__"), call, right, call.dst)
        elif special in COMPARE.values():
            self.ask(left, ("__ne__", "__eq__") if name == "ne" else (special,), call, right, call.dst)
            self.ask_reflected(right, REFLECTED.get(special, special), left, call)
        elif name in ("neg", "pos", "invert", "inv", "abs", "contains", "setitem", "delitem"):
            self.ask(left, ("__invert__",) if name == "inv" else (special,), call, right, call.dst)
        elif name in ("truth", "not"):
            self.ask(left, TRUTH, call)

    def ask_reflected(self, operand: int, name: str, left: int, call: Call) -> None:
        """The right operand is asked where the left one does not have the operator."""
        if operand:
            asked = self.new()
            self.link(operand, asked)
            self.wait(asked, (ir.DUNDER, (name,), left, call.dst, call.scope, call.line, True))

    def make_record(self, fields: tuple[str, ...], call: Call) -> None:
        """What `namedtuple(...)` made is called."""
        self.fill(call.site, call.args)
        self.add(call.dst, self.values.intern(kinds.CONTAINER, call.site, len(fields), fields))
        for name, item in call.keywords:
            if name in fields:
                self.give(item, self.content(call.site, fields.index(name)))

    def add_argument(self, holder: int, call: Call) -> None:
        """`parser.add_argument("--name", default=..., type=...)`: an attribute of what the parser gives."""
        texts = [item[1] for item in call.args if item.__class__ is tuple and item[0] == "k"]
        words = dict(call.keywords)
        long = [text for text in texts if str(text).startswith("--")]
        dest = words.get("dest", ("k", next(iter(long or texts), "")))
        if dest.__class__ is not tuple:
            return
        target = self.content(holder, str(dest[1]).lstrip("-").replace("-", "_"))
        for item in (words.get("default", 0), words.get("const", 0)):
            self.give(item, target)
        if words.get("type").__class__ is int and words["type"]:
            inner = Call(NOWHERE, 0, [0], [], target, self.new())
            self.wait(words["type"], (APPLY, inner))

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

    def ask(self, node: int, names: tuple[str, ...], call: Call, other: int = 0, dst: Ref = 0) -> None:
        if node:
            self.wait(node, (ir.DUNDER, names, other, dst, call.scope, call.line, False))

    def copy(self, length: int, args: list[int], call: Call) -> None:
        """A new list or dictionary of what lies in others, under the same keys."""
        site = self.container(call, length)
        for item in args:
            if item:
                self.wait(item, (COPIED, site, length, (call.scope, call.line)))
        for key, item in call.keywords:
            if key is not None:
                self.give(item, self.content(site, key))
            elif item.__class__ is int and item:
                self.wait(item, (COPIED, site, length, (call.scope, call.line)))

    def choose(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        if name == "next" and args:
            if args[0]:
                self.wait(args[0], (NEXT, "__next__", call.dst, (call.scope, call.line)))
            self.give(args[1] if len(args) > 1 else 0, call.dst)
        elif name == "sum" and args:
            self.add_up(args, keywords, call)
        elif name in ("min", "max"):
            self.choose_extreme(name, args, keywords, call)
        elif len(args) == 1:
            self.ask(self.iterated(args[0], call), TRUTH, call)

    def choose_extreme(self, name: str, args: list[int], keywords: dict[Any, int], call: Call) -> None:
        """`min` and `max` compare what they are given, or what lies in it, or what a key says of each."""
        every = self.iterated(args[0], call) if len(args) == 1 else self.new()
        for item in args if len(args) > 1 else ():
            self.give(item, every)
        self.link(every, call.dst)
        self.give(keywords.get("default", 0), call.dst)
        if keywords.get("key"):
            self.call_nodes(keywords["key"], [every], call)
        else:
            self.order(every, call, ("__gt__", "__lt__") if name == "max" else ("__lt__", "__gt__"))

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

    def make_class(self, call: Call) -> None:
        _, bases, namespace = call.args
        if bases.__class__ is int and bases:
            self.wait(bases, (BASES, namespace, call.dst))

    @on(BASES)
    def on_bases(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.CONTAINER:
            self.wait(self.content(int(what[1]), 0), (LIKE, *rule))  # type: ignore[call-overload]

    @on(LIKE)
    def on_like(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        """Where the namespace has nothing that the base has, too."""
        namespace, dst = rule
        held = [self.values.table[item] for item in self.points.get(namespace, ())]
        names = {key for part in held if part[0] == kinds.CONTAINER for _, key in self.contents.get(int(part[1]), ())}  # type: ignore[call-overload]
        if what[0] == kinds.CLASS and not any(self.hierarchy.binds(int(what[1]), name) for name in names):  # type: ignore[call-overload]
            self.add(dst, value)

    @on(CLASS_OF)
    def on_class_of(self, value: int, what: kinds.Value, rule: tuple[Any, ...], offset: int) -> None:
        if what[0] == kinds.INSTANCE:
            self.add(rule[0], self.values.intern(kinds.CLASS, what[1]))
