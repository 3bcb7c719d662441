"""The instruction form that one file is summarized to, and that linking solves.

A file becomes a graph of value nodes (integers; 0 is "nothing that matters"). `succ` are plain copies. `uses` hang an
instruction on the node whose values it waits for: nothing runs for a node that stays empty, which is what keeps
linking cheap. Every instruction is a tuple that starts with an opcode below; nodes in it are local to the file.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any, TypeGuard

import msgspec

ATTR = 0  # (name, dst, scope, line)                 dst gets base.name
STORE = 1  # (name, src, scope, line, class)         base.name gets src; class: whose `self` base is, GIVEN, or -1
CALL = 2  # (scope, line, args, keywords, dst)       dst gets the result of base(...)
ITEM = 3  # (key, dst, scope, line)                  dst gets base[key]
SET_ITEM = 4  # (key, src, scope, line)              base[key] gets src
ITER = 5  # (dst, scope, line, asynchronous)         dst gets what `for` gives
UNPACK = 6  # (index, after, dst, scope, line)       dst gets one target of an unpacking; `after` is set for a star
ENTER = 7  # (dst, scope, line, asynchronous)        dst gets what `with ... as` gives
DUNDER = 8  # (names, other, dst, scope, line, late) dst gets the first of these special methods that exists; late:
#                                                      it is asked for only where the operand `other` has none
DECLARE = 9  # (dst,)                                dst gets an instance of each class that arrives
NARROW = 10  # (values, dst, below)                   dst gets the values of the class base; below: classes below it
RAISE = 11  # (scope, line)                          a class that arrives is instantiated
DECORATE = 12  # (src, dst, scope, line)             dst gets base(src)
SUPER = 13  # (class, dst)                           dst gets super(class, value)
MERGE = 14  # (site,)                                the container `site` gets the contents of the value
DELEGATE = 15  # (dst, yields)                       `yield from`
SLICE = 16  # (low, high, step, dst, scope, line)    dst gets base[low:high:step]
EXCLUDE = 18  # (values, dst, below)                  dst gets the values that are not
SUBCLASS = 19  # (class, scope, line)                the class that arrives is made by a class statement
TYPE = 17  # (dst,)                                  dst gets the class that arrives (`type[K]`)
HASH = 20  # (holder, test, scope, line)             base is a key in `holder`; test: it is only looked for with `in`
NAMED = 21  # (name_node, dst, scope, line)          dst gets the attributes of base that the texts at name_node name
SUPER_AFTER = 22  # (receiver_node, dst)             dst gets super(base, receiver)
SET_SLICE = 23  # (source, scope, line)              base[...:...] gets source
SUCH = 24  # (test, holds, dst)                        dst gets the values of which a test holds, or does not

STATIC, CLASS_METHOD, PROPERTY, GENERATOR, CONTEXT, ABSTRACT, METHOD = 1, 2, 4, 8, 16, 32, 64  # of a function
WRAPPER = 128  # decorated with functools.wraps: it stands in for one function each time
FIXTURE = 256  # pytest gives its result to the parameters of its name
STUB = 512  # of a protocol, or for type checkers only: it says what others have and is never run itself
OTHER = 1024  # a `__new__` that may make an object of another class than it is asked for
INSTEAD = 2048  # a `__new__` that makes no object of the class at all
VARIED = 4096  # a `__getattr__` that may give this or that: no annotation says what, and it returns in several places
AUTOMATIC = 8192  # a fixture that pytest uses for all tests near it
OWN = 16384  # its annotation promises an object of the class that it is called on, whichever is handed back
COROUTINE = 65536  # defined with `async`
ADAPTED = 131072  # a decorator may change what it is called with
ONCE = 32768  # a module's `__getattr__` that leaves what it gives in the module: it runs for the first who asks

NODE_BITS = 31  # of a node's number within its file
LOCAL = (1 << NODE_BITS) - 1  # what it is within its file
MADE = 1 << (NODE_BITS - 1)  # set in the numbers of nodes that are made while solving, clear in those of a summary
CLASS_BITS = 20  # of a function's or class's

CHECKED = -2  # in the place of a parameter's index: what is handed back, before it is held against the annotation
PROMISED = -1  # in the place of a parameter's index: the result is what the annotation says of all results
GIVEN = -2  # in the place of a class: base is the first parameter of a function, as of a class decorator
ANY = "\0any"  # the key of what may lie anywhere in a container; no code has keys such as these
KEYS = "\0keys"  # the key of a mapping's keys
MAPPING = -2  # the length of a mapping
MATCHED = "\0matched "  # before the position that an attribute has in a class's patterns, in the place of its name
BEGINS = "\0begins "  # before the ends, with a "\0" between, of the names of all attributes that are meant
DEFAULT = -3  # the length of a mapping that makes what it lacks
TAIL = "\0tail"  # the key of what was appended to a list


COROUTINE_TEST, GENERATOR_TEST, ASYNC_GENERATOR_TEST = (
    "iscoroutinefunction",
    "isgeneratorfunction",
    "isasyncgenfunction",
)
CLASS_TEST, FUNCTION_TEST, CALLABLE_TEST = "isclass", "isfunction", "callable"
ATTRIBUTE_TEST = "hasattr"  # and the attribute's name after it
IS, IS_NOT = "is", "is not"  # before the texts that a parameter is one of, or none of
NONE = "\0none"  # among those texts: None, of a parameter whose default is something else
HAS, HAS_NOT = "has", "has not"  # before the texts that a parameter, a text itself, has in it, or has not
MEETS, MISSES = "meets", "misses"  # before a comparison with a number that holds of a parameter, or does not
HOLDS, FAILS = "holds", "fails"  # before the tests that hold of a parameter, or do not
OPPOSITE = {IS: IS_NOT, HAS: HAS_NOT, MEETS: MISSES, HOLDS: FAILS}
OPPOSITE |= {otherwise: held for held, otherwise in OPPOSITE.items()}
Held = bool | tuple[str, ...]  # what holds of a parameter: it is given or not; or a tuple that begins with one of these


def is_of_kind(held: Held | None) -> TypeGuard[tuple[str, ...]]:
    """Whether this says what kind of thing a parameter is."""
    return isinstance(held, tuple) and held[0] in (HOLDS, FAILS)


MODELLED = frozenset({  # the builtins that linking knows the meaning of
    "__import__", "abs", "all", "any", "ascii", "bin", "bool", "bytes", "chr", "classmethod", "complex", "dict", "dir",
    "divmod", "enumerate", "filter", "float", "format", "frozenset", "hash", "hex", "int", "iter", "len", "list", "map",
    "max", "min", "next", "object", "oct", "open", "print", "property", "repr", "reversed", "round", "set", "sorted",
    "staticmethod", "str", "sum", "tuple", "type", "zip",
})  # fmt: skip


class ModuleSummary(msgspec.Struct, frozen=True):
    """One file's summary: its module, path, and the marshalled instruction form (`load` gives it back).

    `data` has positions in `lines` where an instruction stands, so that it stays the same while code only moves. It is
    a view, so that decoding what a cache holds does not copy it.
    """

    module: str
    path: str
    data: memoryview
    lines: list[int] = []


class Function(msgspec.Struct, array_like=True):
    """One function or lambda. `number` is its own in the file, `owner` that of its class or -1.

    Nodes of `params` stand for posonly, ordinary and keyword-only parameters, in order.

    `passes` lists what the function hands back untouched: (parameter index, called): the argument, or what calling
    the argument gives. `keys` are the indices of parameters used as container keys; `plain` of those whose annotation
    promises text, numbers or nothing, where no object of ours can be meant. `stores` lists what `__init__` keeps
    untouched: (parameter index, attribute). `choices` are results that depend on an argument: (parameter index,
    what holds of it or None for either, node), as in `if f is None: return partial(...)` and in `if kind == "a": return
    A()`; with PROMISED for an index, what the annotation says, which counts where one of the others stays unknown; with
    CHECKED, all results of an annotation that names classes only, before others are left out. `types` are the
    parameters with such an annotation, and CHECKED for the result: (index, the classes' origins). `defaults` are
    (parameter index, node), for calls that give no argument. `gives` is what a fixture assigns to attributes of
    `request.cls`: (name, node). `forwards` are the nodes of what a `__getattr__` asks for the attribute in turn.
    `relays` are the nodes of calls whose result is the function's own and that are given parameters of it untouched,
    after a node that gets what these calls hand back of them. `wraps` is the index of the parameter that functions in
    it stand in for by `functools.wraps`, or -1. `needed` is the number of positional parameters without a default,
    `needed_keywords` are the keyword-only ones; `optional` are the parameters whose default is None or a name's value,
    which may say that nothing is given, `constants` those that are texts or whole numbers, by the parameter's index.
    """

    number: int
    id: str
    name: str
    owner: int
    node: int
    positional: list[str]
    posonly: int
    keyword_only: list[str]
    params: list[int]
    var_positional: int
    var_keyword: int
    returns: int
    yields: int
    sends: int
    flags: int
    passes: list[tuple[int, bool]]
    keys: list[int]
    plain: list[int]
    stores: list[tuple[int, str]]
    choices: list[tuple[int, Held | None, int]]
    types: list[tuple[int, list[Any]]]
    defaults: list[tuple[int, int]]
    gives: list[tuple[str, int]]
    forwards: list[int]
    relays: list[int]
    wraps: int
    needed: int
    needed_keywords: list[str]
    optional: list[int]
    constants: dict[int, str | int]

    def parameter(self, index: int) -> str:
        """The name of a parameter that a call may give."""
        return [*self.positional, *self.keyword_only][index]


class Class(msgspec.Struct, array_like=True):
    """One class. `bases` are origins (see `Face`), `base_texts` their source, `metaclass` is an origin, too.

    `names` are the last bindings, `attributes` what its methods assign to on their first parameter, with the names of
    these methods (ANY_NAME: by `setattr` with a computed name, on anything), `methods` the ids of all functions in it
    by name. `fixtures` are those that it is marked to use. `declared` are the names that are bound for type checkers
    only, `matched` the attributes that patterns take by position, `assigned` the names that its body assigns to, where
    it has bases.
    """

    id: str
    name: str
    node: int
    bases: list[Any]
    metaclass: Any
    base_texts: list[str]
    names: dict[str, list[int]]
    attributes: dict[str, list[str]]
    fields: list[str]
    methods: dict[str, str]
    fixtures: list[str]
    setters: dict[str, int]
    declared: list[str]
    matched: list[str]
    assigned: list[str]
    is_protocol: bool


class Face(msgspec.Struct, array_like=True):
    """What other modules may know of a file by names alone.

    `size` is the number of its nodes. `functions` and `classes` are {number: record}, in order. `exports` are the nodes
    that a name stands for, `origins` say statically where these come from: ("class", number), ("function", number),
    ("import", module, name or None), ("star", name), ("attr", origin, name),
    ("first", origins): that of the first that the repository has. `imports` are all (module, name or None
    for the module itself) that are imported anywhere. `decorated` are the nodes of functions and classes that have
    decorators, `mixed` of those that hold more than themselves. `attributes` are the names of the attributes that are
    assigned to on anything but `self`, and `any_of` what `setattr` attaches a computed name to. `declared` are the
    names that are bound for type checkers only.
    """

    size: int
    functions: dict[int, Function]
    classes: dict[int, Class]
    exports: dict[str, list[int]]
    origins: dict[int, Any]
    public: list[str] | None
    stars: list[str]
    imports: list[tuple[str, str | None]]
    decorated: list[int]
    mixed: list[int]
    attributes: list[str]
    declared: list[str]


Import = tuple[int, str, str | None, int, int]
ANY_NAME = "*"  # of an attribute
BY_KEY = "**"  # before an attribute's name: put into the object's dictionary; before none: a dictionary of attributes


def is_private(name: str) -> bool:
    """Whether a name of a class is its own: what classes below call so is something else."""
    return name.startswith("__") and not name.endswith("__")


def any_of(name: str) -> str:
    """The name that stands for attributes of computed names of what has this name, be it dotted."""
    return f"{name.rpartition('.')[2]}.{ANY_NAME}"


Targets = int | Sequence[int]  # most nodes have one: a list around it would take more memory than all else of it


class Code(msgspec.Struct, array_like=True):
    """What a file's code does.

    `scopes` are the caller ids: the module, then its functions in order. `imports` are (node, module, name or None for
    the module itself, scope, line). `sites` are container literals: (node, length or -1 where the length is open).
    `elements` fill them: (site, key, source node). `constants` are nodes that hold a string or an integer. `versions`
    are (container, its next version, the key that was replaced). `assumed` are (what is decorated, what its name
    stands for) and (what a name's annotation promises, what it is given): the one where the other stays unknown.
    `tables` are the containers that are made once: what a module or class body makes, and literals that hold several
    things. `hollow` are the names of the module that hold None, with nodes for what others assign to them.
    """

    succ: dict[int, Targets]
    uses: dict[int, Any]  # node → instructions; once loaded, node → what `decode` reads
    scopes: list[str]
    imports: list[Import]
    star_names: dict[str, int]
    builtins: dict[str, int]
    sites: dict[int, int]
    elements: list[tuple[int, Any, int]]
    callables: dict[int, int]
    constants: dict[int, Any]
    versions: list[tuple[int, int, Any]]
    assumed: list[tuple[int, int]]
    tables: list[int]
    hollow: dict[str, int]


LINE_AT = {ATTR: 4, STORE: 4, CALL: 2, ITEM: 4, SET_ITEM: 4, ITER: 3, UNPACK: 5, ENTER: 3, DUNDER: 5, RAISE: 2}
LINE_AT |= {DECORATE: 4, SLICE: 6, SUBCLASS: 3, HASH: 4, NAMED: 4, SET_SLICE: 3}  # where an instruction keeps its line


def take_lines(uses: dict[int, list[tuple[Any, ...]]], imports: list[Import]) -> list[int]:
    """Replace each instruction's and import's line by its position in the list that is returned, the lines in order."""
    every = {item[LINE_AT[item[0]]] for items in uses.values() for item in items if item[0] in LINE_AT}
    every.update(item[4] for item in imports)
    lines = sorted(every)
    position = {line: index for index, line in enumerate(lines)}
    for items in uses.values():
        for index, item in enumerate(items):
            at = LINE_AT.get(item[0])
            if at is not None:
                items[index] = (*item[:at], position[item[at]], *item[at + 1 :])
    imports[:] = [(*item[:4], position[item[4]]) for item in imports]
    return lines


def dump(face: Face, code: Code) -> memoryview:
    """Plain tuples, lists and dicts: `marshal` reads them back several times faster than any other format.

    Each node's instructions are marshalled on their own: most nodes of a large repository stay empty or see few
    values, and all instructions decoded would take 130 MiB more for a million lines.
    """
    known = list(msgspec.structs.astuple(face))
    known[1] = {number: [part or () if part.__class__ is list else part for part in msgspec.structs.astuple(item)]
                for number, item in face.functions.items()}  # fmt: skip
    known[2] = {number: msgspec.structs.astuple(item) for number, item in face.classes.items()}
    done = list(msgspec.structs.astuple(code))
    done[0] = {node: nodes if len(nodes) > 1 else nodes[0] for node, nodes in done[0].items()}
    done[1] = {node: marshal.dumps(items, 4) for node, items in code.uses.items()}
    first = marshal.dumps(known, 4)
    return memoryview(len(first).to_bytes(4, "little") + first + marshal.dumps(done, 4))


def load_face(data: memoryview) -> Face:
    """The first part of what `dump` wrote."""
    fields = marshal.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    fields[1] = {number: Function(*item) for number, item in fields[1].items()}
    fields[2] = {number: Class(*item) for number, item in fields[2].items()}
    return Face(*fields)


def load_code(data: memoryview) -> Code:
    """The second part, but that `Code.uses` has the instructions as they are stored: see `decode`."""
    return Code(*marshal.loads(data[4 + int.from_bytes(data[:4], "little") :]))


def decode(code: Code, node: int) -> list[tuple[Any, ...]]:
    """The instructions of a node, read anew each time: see `dump`."""
    stored = code.uses.get(node)
    return marshal.loads(stored) if stored else []
