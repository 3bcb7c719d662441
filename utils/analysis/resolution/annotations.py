"""Annotations to the instances, classes and containers they promise."""

from __future__ import annotations

import ast

from utils.analysis.resolution import ir
from utils.analysis.resolution.expressions import Expressions
from utils.analysis.resolution.syntax import last_name

ONE_OF = frozenset({"Optional", "Union", "Annotated", "ClassVar", "Final", "Required", "NotRequired", "InitVar"})
RESULT = frozenset({"Awaitable", "Coroutine", "Task", "Future"})
SEQUENCES = frozenset(
    [
        "List",
        "list",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Set",
        "set",
        "FrozenSet",
        "frozenset",
        "Collection",
        "Deque",
        "deque",
        "Generator",
        "AsyncIterator",
        "AsyncIterable",
        "AsyncGenerator",
        "AbstractSet",
        "MutableSet",
        "Container",
        "Reversible",
        "KeysView",
        "ValuesView",
    ]
)
MAPPINGS = frozenset(
    [
        "Dict",
        "dict",
        "Mapping",
        "MutableMapping",
        "DefaultDict",
        "defaultdict",
        "OrderedDict",
        "WeakValueDictionary",
        "ChainMap",
        "ItemsView",
    ]
)
CONTEXTS = frozenset({"ContextManager", "AbstractContextManager", "AsyncContextManager", "AbstractAsyncContextManager"})
PLAIN = frozenset(
    [
        "int",
        "str",
        "float",
        "bool",
        "bytes",
        "object",
        "Any",
        "None",
        "complex",
        "bytearray",
        "memoryview",
        "Callable",
        "Literal",
        "NoReturn",
        "Never",
        "Hashable",
        "list",
        "dict",
        "set",
        "tuple",
        "frozenset",
        "List",
        "Dict",
        "Set",
        "Tuple",
        "type",
        "Type",
        "Iterable",
        "Sequence",
        "Mapping",
        "Iterator",
    ]
)


def written(node: ast.expr) -> str:
    """The source of an expression; empty where it holds a number of more digits than Python writes."""
    try:
        return ast.unparse(node)
    except ValueError:
        return ""


SCALARS = frozenset({"int", "str", "float", "bool", "bytes", "complex", "None", "Literal"})


def is_plain(node: ast.expr | None) -> bool:
    """Whether an annotation promises text, numbers or nothing, and nothing else."""
    if isinstance(node, ast.Constant):
        return node.value is None or (isinstance(node.value, str) and is_plain(parse(node.value)))
    if isinstance(node, ast.BinOp):
        return is_plain(node.left) and is_plain(node.right)
    if isinstance(node, ast.Subscript):
        name = last_name(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return name == "Literal" or (name in ("Optional", "Union", "Final") and all(is_plain(item) for item in inner))
    return node is not None and last_name(node) in SCALARS


def beside_plain(node: ast.expr) -> ast.expr:
    """What an annotation promises if it is not text, a number or nothing; all of it where that is more than one."""
    if isinstance(node, ast.BinOp):
        items = [node.left, node.right]
    elif isinstance(node, ast.Subscript) and last_name(node.value) in ("Optional", "Union"):
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    else:
        return node
    rest = [item for item in map(beside_plain, items) if not is_plain(item)]
    return rest[0] if len(rest) == 1 else node


class Annotations(Expressions):
    """`declare(annotation, dst)`: `dst` gets an instance of what the annotation names."""

    def declare(self, node: ast.expr | None, dst: int) -> None:
        kind = node.__class__
        if node is None or not dst:
            return
        if kind is ast.Name or kind is ast.Attribute:
            if last_name(node) not in PLAIN:
                self.use(self.forward(node), ir.DECLARE, dst)
        elif kind is ast.Constant:
            text = node.value  # type: ignore[attr-defined]
            if text.__class__ is str and text not in PLAIN and len(text) < 400:
                self.declare(parse(text), dst)
        elif kind is ast.BinOp:
            self.declare_union([node.left, node.right], dst)  # type: ignore[attr-defined]
        elif kind is ast.Subscript:
            self.declare_generic(node, dst)  # type: ignore[arg-type]

    def declare_union(self, items: list[ast.expr], dst: int) -> None:
        """One of these; that it may be text or a number is noted, so that no special method is asked of the others."""
        for item in items:
            self.declare(item, dst)
            if len(items) > 1 and isinstance(item, ast.Name) and item.id in SCALARS:
                self.use(self.read(item.id), ir.DECLARE, dst)

    def declare_generic(self, node: ast.Subscript, dst: int) -> None:
        name = last_name(node.value)
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not inner:
            return
        if name in ONE_OF:
            self.declare_union(inner if name == "Union" else inner[:1], dst)
        elif name in RESULT:
            self.declare(inner[-1], dst)
        elif name in SEQUENCES:
            self.declare_elements(dst, [(ir.ANY, inner[0])])
        elif name in MAPPINGS:
            self.declare_elements(dst, [(ir.KEYS, inner[0]), (ir.ANY, inner[-1])], ir.MAPPING)
        elif name in ("Tuple", "tuple"):
            endless = isinstance(inner[-1], ast.Constant)
            pairs: list[tuple[object, ast.expr]] = [(ir.ANY, inner[0])] if endless else [*enumerate(inner)]
            self.declare_elements(dst, pairs)
        elif name in ("Type", "type"):
            self.declare_class(inner[0], dst)
        elif name == "Callable":
            result = self.new()
            self.declare(inner[-1], result)
            target = self.new()
            self.callables[target] = result
            self.copy(target, dst)
        elif name not in PLAIN and name not in CONTEXTS:
            self.use(self.forward(node.value), ir.DECLARE, dst)

    def named_classes(self, node: ast.expr | None) -> list[int]:
        """The nodes of the classes that an annotation names, nothing else allowed; with a 0 where it allows more."""
        if isinstance(node, ast.Constant):
            if node.value is None:
                return []
            return self.named_classes(parse(node.value)) if isinstance(node.value, str) else [0]
        if isinstance(node, ast.BinOp):
            return [*self.named_classes(node.left), *self.named_classes(node.right)]
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if last_name(node.value) in ("Optional", "Union"):
                return [found for item in inner for found in self.named_classes(item)]
            return [0]
        if is_plain(node):
            return []
        return [self.forward(node) if isinstance(node, (ast.Name, ast.Attribute)) else 0]

    def declare_class(self, node: ast.expr, dst: int) -> None:
        if node.__class__ is ast.Constant and node.value.__class__ is str:
            parsed = parse(node.value)
            if parsed is None:
                return
            node = parsed
        if node.__class__ is ast.BinOp:
            self.declare_class(node.left, dst)
            self.declare_class(node.right, dst)
        elif last_name(node) and last_name(node) not in PLAIN:
            self.use(self.forward(node), ir.TYPE, dst)

    def declare_elements(self, dst: int, pairs: list[tuple[object, ast.expr]], length: int = -1) -> None:
        site = 0
        for key, item in pairs:
            element = self.new()
            if self.declares(item, element):
                site = site or self.site(length)
                self.elements.append((site, key, element))
        self.copy(site, dst)

    def declares(self, node: ast.expr, dst: int) -> bool:
        """`declare`, and whether the annotation promises anything."""
        size = self.size
        self.declare(node, dst)
        return self.size > size or dst in self.declared

    def use(self, node: int, *instruction: object) -> None:
        if node and instruction[0] in (ir.DECLARE, ir.TYPE):
            self.declared.add(instruction[1])
        super().use(node, *instruction)

    def forward(self, node: ast.expr) -> int:
        """The node of a name in an annotation, which may be defined later or quoted."""
        if node.__class__ is ast.Name:
            return self.read(node.id)
        if node.__class__ is ast.Attribute:
            base = self.forward(node.value)
            return self.attribute_node(base, node.attr, node.lineno) if base else 0
        return 0

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.callables: dict[int, int] = {}
        self.declared: set[object] = set()


def parse(text: str) -> ast.expr | None:
    """A quoted annotation as an expression, or None where it is none (a Literal's value, prose)."""
    if text.isidentifier():
        return ast.Name(id=text, ctx=ast.Load(), lineno=1, end_lineno=1, col_offset=0)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
