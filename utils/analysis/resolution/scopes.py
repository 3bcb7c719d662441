"""Names and their definitions, flow-sensitively: which value nodes can a name stand for at one point of a scope.

Inside a scope every assignment makes a new node (static single assignment), merged where branches and loops meet. A
name of an enclosing scope stands for the definition that reached the function's creation, and for all later ones.
"""

from __future__ import annotations

import ast
import builtins
import zlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from utils.analysis.resolution.ir import FAILS, HAS_NOT, IS_NOT, MODELLED, NODE_BITS, OPPOSITE, Held, is_private

DULL_BUILTINS = frozenset(name for name in dir(builtins) if name not in MODELLED and not name.startswith("_"))


EFFORT = 10_000_000  # names that branches copy or go through in one file; hand-written code stays below a hundredth
MANY = 50  # definitions of a name that a function may see
SHEET_BITS = 10  # of a node's number: the nodes of one page
PAGE_BITS = NODE_BITS - 1 - SHEET_BITS
PAGES = 1 << (PAGE_BITS - 3)  # that a file may fill; an eighth of what there are, so that few names clash


class TooIntricateError(Exception):
    """Following this file's names would take more memory or time than a file may."""


class Numbers:
    """Numbers for what has a name: the same name gets the same number in the next version of the file, too.

    What an edit does not touch should keep its numbers, for whoever knows them (see `replay`) then knows the same.
    """

    def __init__(self, bits: int) -> None:
        self.mask = (1 << bits) - 1
        self.taken = {0}

    def take(self, name: str) -> int:
        """A number for a name, from 1; a free one close by where two names clash."""
        number = zlib.crc32(name.encode("utf-8", "surrogatepass")) & self.mask
        while number in self.taken:
            number = (number + 1) & self.mask
        self.taken.add(number)
        return number


class Sheet:
    """The nodes of one definition or statement: numbered in order on pages that are found by its name."""

    __slots__ = ("name", "next", "pages")

    def __init__(self, name: str) -> None:
        self.name = name
        self.next = 0
        self.pages = 0


# A local name; or, in a function, the node of an attribute: what that holds is known until it is assigned to.
Reference = str | int
Environment = dict[Reference, int]  # what they stand for
EXCLUDING = (IS_NOT, HAS_NOT, FAILS)  # what is said so of several things holds of each
Given = tuple[int, Held]  # a parameter's index, and what holds of it


def otherwise(index: int, held: Held, before: Given | None = None) -> Given:
    """What is known of a parameter where a test of it does not hold."""
    if isinstance(held, bool):
        return index, not held
    return on_top((index, (OPPOSITE[held[0]], *held[1:])), before)


def on_top(told: Given, before: Given | None) -> Given:
    """What a test tells of a parameter, of which something was known before: what was excluded stays so."""
    index, held = told
    known = before[1] if before is not None and before[0] == index else ()
    if isinstance(held, bool) or isinstance(known, bool) or held[0] not in EXCLUDING or held[:1] != known[:1]:
        return told
    return index, (*known, *held[1:])


class Scope:
    """One module, class or function body while it is walked.

    `env` maps a name to its node here and now; `timeline` keeps each (moment, node) a name was bound; `log` the names
    in the order they were bound. `birth` is the moment the function was created in its parent. `sheet` numbers the
    nodes that are made now.
    """

    __slots__ = (
        "birth", "cache", "class_index", "class_name", "env", "function", "given", "index", "is_class", "kept", "live",
        "log", "loop_birth", "loops", "narrowed", "outer_names", "parent", "plain", "promised", "sheet", "timeline",
    )  # fmt: skip

    def __init__(self, index: int, parent: Scope | None, birth: int, sheet: Sheet, is_class: bool = False) -> None:
        self.index = index
        self.parent = parent
        self.birth = birth
        self.sheet = sheet
        self.is_class = is_class
        self.env: Environment = {}
        self.timeline: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self.log: list[Reference] = []
        self.live = True
        self.outer_names: dict[str, Scope] = {}
        self.loop_birth: int | None = None
        self.loops: list[tuple[dict[str, int], list[Environment]]] = []
        self.cache: dict[tuple[int, Any], int] = {}  # attributes and items → their nodes
        self.class_index = -1
        self.class_name = ""
        self.function: Any = None
        self.given: Given | None = None  # what is known here of a parameter
        self.narrowed: dict[str, int] = {}  # names of the scope around that were narrowed where this one began
        self.kept: frozenset[str] = frozenset()  # names that keep what they stand for, whatever is bound to them here
        self.promised: dict[str, tuple[ast.expr, Scope]] = {}  # the annotations of names, and where these were written
        self.plain = False  # whether the function's annotation promises a plain result

    def names(self) -> Iterator[tuple[str, int]]:
        """What each name stands for here."""
        return ((name, node) for name, node in self.env.items() if isinstance(name, str))


class Names:
    """The value graph under construction, and the names that lead into it."""

    def __init__(self, module: str) -> None:
        self.size = 1
        self.pages = Numbers(PAGE_BITS)
        self.names: Counter[str] = Counter()
        self.succ: defaultdict[int, list[int]] = defaultdict(list)
        self.uses: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
        self.moment = 0
        self.module_scope = Scope(0, None, 0, self.sheet(module))
        self.scope = self.module_scope
        self.free: dict[tuple[Scope, str, int, int], int] = {}
        self.narrowed_from: dict[int, int] = {}  # what a name stands for where a test holds → what it stood for
        self.read_from: dict[int, list[tuple[int, int]]] = {}  # node of such a name → its definitions
        self.pending: dict[str, int] = {}
        self.builtins: dict[str, int] = {}
        self.module = module
        self.effort = 0
        self.later: dict[int, list[int]] = {}  # by the identity of a name's list of definitions
        self.phis: dict[int, list[int]] = {}
        self.held: dict[tuple[int, int], Given] = {}  # (phi, one of its nodes) → what holds where it stands for that
        self.refusing: set[int] = set()  # functions that only raise: one branch has them for want of another's

    def new(self) -> int:
        sheet = self.scope.sheet
        node = sheet.next
        if not node & ((1 << SHEET_BITS) - 1):
            node = self.turn(sheet)
        sheet.next = node + 1
        self.size += 1
        return node

    def turn(self, sheet: Sheet) -> int:
        """The first node of another page; raises `TooIntricateError` where that is too many."""
        sheet.pages += 1
        if len(self.pages.taken) > PAGES:
            raise TooIntricateError
        return self.pages.take(f"{sheet.name} {sheet.pages}") << SHEET_BITS

    def sheet(self, name: str) -> Sheet:
        """For the nodes of a definition or a statement; several of one name are told apart by their order."""
        self.names[name] += 1
        return Sheet(f"{name} {self.names[name]}")

    def use(self, node: int, *instruction: Any) -> None:
        if node:
            self.uses[node].append(instruction)

    def copy(self, source: int, target: int) -> None:
        if source and target and source != target:
            self.succ[source].append(target)

    def snapshot(self, env: Environment) -> Environment:
        """A copy for another branch."""
        self.spend(len(env))
        return dict(env)

    def spend(self, names: int) -> None:
        """Count the names gone through; raises `TooIntricateError` where it is more than one file's share."""
        self.effort += names
        if self.effort > EFFORT:
            raise TooIntricateError

    # --- binding -----------------------------------------------------------------------------------------------------

    def bind(self, name: str, node: int) -> None:
        scope = self.scope
        if name in scope.kept:
            return
        self.moment += 1
        outer = scope.outer_names.get(name)
        if outer is not None:
            outer.timeline[name].append((self.moment, node))
            if outer is self.module_scope:
                scope.env.pop(name, None)
            return
        scope.env[name] = node
        scope.timeline[name].append((self.moment, node))
        scope.log.append(name)

    def mangled(self, name: str) -> str:
        """An attribute's name as it is meant here: in a class's code, private names are the class's own."""
        scope: Scope | None = self.scope if is_private(name) else None
        while scope is not None and not scope.is_class:
            scope = scope.parent
        return name if scope is None else mangled(name, scope.class_name)

    def merged(self, nodes: list[int]) -> int:
        distinct = list(dict.fromkeys(node for node in nodes if node))
        if len(distinct) < 2:
            return distinct[0] if distinct else 0
        phi = self.new()
        self.phis[phi] = distinct
        for node in distinct:
            self.copy(node, phi)
        return phi

    def join(self, since: int, ends: list[Environment], held: Sequence[Given | None] = ()) -> None:
        """Continue after branches whose final environments are `ends`; names bound since `log[since]` are merged.

        `held` is what is known of a parameter in each of the branches.
        """
        scope = self.scope
        if not ends:
            scope.live = False
            return
        scope.live = True
        first = ends[0]
        for name in dict.fromkeys(scope.log[since:]):
            found = [end[name] for end in ends if name in end]
            if len(found) < len(ends) and isinstance(name, int):
                found = []  # an attribute that is known in some branches only
            if not found:
                first.pop(name, None)
                continue
            node = self.merged([node for node in found if node not in self.refusing] or found)
            self.hold(node, zip((end.get(name, 0) for end in ends), held, strict=False))
            first[name] = node
            if isinstance(name, str) and (len(ends) > 1 or scope.timeline[name][-1][1] != node):
                self.moment += 1
                scope.timeline[name].append((self.moment, node))
        scope.env = first

    def hold(self, phi: int, parts: Iterable[tuple[int, Given | None]]) -> None:
        """Where a node stands for the parts that were merged in it."""
        if phi in self.phis:
            self.held.update({(phi, part): given for part, given in parts if given is not None})

    def rewind(self, since: int, env: Environment) -> None:
        """Start another branch from `env`: the timeline learns that the names bound since are as before again."""
        scope = self.scope
        scope.env = env
        scope.live = True
        self.spend(len(scope.log) - since)
        for name in dict.fromkeys(scope.log[since:]):
            if name in env and isinstance(name, str):
                self.moment += 1
                scope.timeline[name].append((self.moment, env[name]))

    # --- reading -----------------------------------------------------------------------------------------------------

    def read(self, name: str) -> int:
        """The node that `name` stands for here; 0 for a builtin or unknown name that matters to no call."""
        scope: Scope | None = self.scope
        while scope is not None:
            if name in scope.env and name not in scope.outer_names:
                return scope.env[name]
            if not scope.is_class:
                return self.read_outside(scope, name)
            scope = scope.parent
        return 0

    def read_outside(self, scope: Scope, name: str) -> int:
        birth = scope.birth
        declared = scope.outer_names.get(name)
        inner, owner = scope, scope.parent
        while owner is not None:
            if (declared is None and not owner.is_class and name in owner.timeline) or owner is declared:
                return self.read_free(owner, name, birth, inner.narrowed.get(name, 0))
            if not owner.is_class:
                birth = owner.birth
            inner, owner = owner, owner.parent
        return self.read_global(name)

    def read_free(self, owner: Scope, name: str, birth: int, narrowed: int = 0) -> int:
        key = (owner, name, birth, narrowed)
        node = self.free.get(key)
        if node is None:
            node = self.free[key] = self.new()
            self.read_from[node] = owner.timeline[name]
        return node

    def whole(self, node: int) -> int:
        """What a node has before any test of it."""
        return root_of(self.narrowed_from, node)

    def bound_once(self, node: int) -> int:
        """What a name of an enclosing scope stands for, where only one thing was ever bound to it there."""
        entries = self.read_from.get(node, ())
        return entries[0][1] if len(entries) == 1 else node

    def read_global(self, name: str) -> int:
        """A name that no scope has bound so far: a builtin, a star import, or a global that is bound later."""
        if name in self.module_scope.timeline:
            if self.scope is self.module_scope and hasattr(builtins, name):
                return 0  # Python's own: in another branch, or further down, the name is bound
            return self.read_free(self.module_scope, name, self.moment)
        if name in DULL_BUILTINS:
            return 0
        node = self.pending.get(name)
        if node is None:
            node = self.pending[name] = self.new()
        return node

    def module_name(self, name: str) -> int:
        """What a name of the module stands for, wherever it is asked for."""
        if self.scope is self.module_scope and name in self.scope.env:
            return self.scope.env[name]
        return self.read_global(name)

    def close_names(self, has_stars: bool) -> dict[str, int]:
        """Connect the reads of enclosing scopes to the definitions they can see; returns the star-imported names."""
        for (owner, name, birth, narrowed), node in self.free.items():
            self.connect(owner.timeline[name], birth, node, narrowed)
        stars = {}
        for name, node in self.pending.items():
            if name in self.module_scope.timeline:
                self.connect(self.module_scope.timeline[name], -1, node)
                continue
            if has_stars:
                stars[name] = node
            if name in MODELLED:
                self.builtins[name] = node
        return stars

    def connect(self, entries: list[tuple[int, int]], birth: int, node: int, narrowed: int = 0) -> None:
        """`node` gets the definition that held at `birth`, as it was narrowed there, and all later ones."""
        start = max(0, bisect_right(entries, birth, key=itemgetter(0)) - 1)
        if len(entries) - start <= MANY:
            whole = self.whole(narrowed)
            for source in dict.fromkeys(source for _, source in entries[start:]):
                if not narrowed or self.whole(source) != whole:
                    self.copy(source, node)
            self.copy(narrowed, node)
        else:
            self.copy(self.from_here_on(entries)[start], node)

    def from_here_on(self, entries: list[tuple[int, int]]) -> list[int]:
        """A node for each definition of a name that stands for it and all later ones: many readers share them."""
        nodes = self.later.get(id(entries))
        if nodes is None:
            nodes = self.later[id(entries)] = [self.new() for _ in entries]
            for (_, source), here, after in zip(entries, nodes, [*nodes[1:], 0], strict=True):
                self.copy(source, here)
                self.copy(after, here)
        return nodes


def root_of(above: dict[int, int], node: int) -> int:
    """The node at the end of a way upwards, which is shortened for the next who ask (Tarjan, 1975)."""
    root = node
    while root in above:
        root = above[root]
    while node != root:
        above[node], node = root, above[node]
    return root


def mangled(name: str, class_name: str) -> str:
    """A private name of a class as objects have it: `_Class__name`."""
    return f"_{class_name.lstrip('_')}{name}" if is_private(name) and class_name.strip("_") else name


def bound_names(statements: list[ast.stmt]) -> list[str]:
    """The names that these statements bind in their own scope, in no particular but a fixed order."""
    names: dict[str, None] = {}
    stack: list[Any] = list(reversed(statements))
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind is ast.Name:
            if node.ctx.__class__ is not ast.Load:
                names[node.id] = None
            continue
        if kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            names[node.name] = None
            continue
        if kind in (ast.Lambda, ast.Constant, ast.Attribute):
            continue
        if kind is ast.alias:
            names[(node.asname or node.name).split(".")[0]] = None
        elif (kind is ast.ExceptHandler and node.name) or (kind.__name__ in ("MatchAs", "MatchStar") and node.name):
            names[node.name] = None
        elif kind in (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp):
            continue
        for value in node.__dict__.values():
            if value.__class__ is list:
                stack.extend(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST):
                stack.append(value)
    return list(names)
