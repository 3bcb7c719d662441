"""One module's part of the value graph: values flow along it until nothing new arrives anywhere.

Each module is solved on its own; what others must know is told them in messages (see `exchange`). Every rule only ever
adds values (Andersen, 1994). Two things keep it precise: what a function hands back untouched is told per call, and
containers keep constant keys apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Set
from typing import Any

from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.hierarchy import Hierarchy, Module
from utils.analysis.resolution.ir import LOCAL, MADE, NODE_BITS, decode
from utils.analysis.resolution.values import Values

# How many values a node may hold before one of a kind is refused: what takes more is general-purpose code, and what
# comes out of it says nothing about any one call.
LIMITS: dict[Any, int] = dict.fromkeys(range(25), 12)
LARGE = 400_000  # nodes; about 350,000 lines
LARGE_LIMIT = 4
LIMITS.update({kinds.CONSTANT: 8, kinds.CONTAINER: 4})
STATES = 200  # methods of one object at one place
NOWHERE = -1  # in the place of an index into the module's scopes: what the library calls, at no place in the code
RECEIVERS = 8  # classes that `self` of one method may be
BY_SUPER = -2  # BY_SUPER - receiver: what `super()` found for a receiver
Site = tuple[int, int, int]
Place = tuple[int, int, int]  # index into the module's scopes (0: its body), line, site
# What a value does where an instruction waits for it: (self, value, what it is, the instruction without its opcode,
# what to add to the instruction's nodes)
Rule = Callable[[Any, int, kinds.Value, tuple[Any, ...], int], None]
RULES: dict[int, Rule] = {}


def on(opcode: int) -> Callable[[Rule], Rule]:
    """A method is the rule of an opcode."""

    def register(method: Rule) -> Rule:
        assert opcode not in RULES, opcode
        RULES[opcode] = method
        return method

    return register


class World:
    """What all modules share: what names alone decide, and the table of values.

    `large`: the repository is so large that values are told apart less finely. `hooks` are the special methods that
    the language calls where code shows nothing of them, as far as any class defines them.
    """

    def __init__(self, hierarchy: Hierarchy, large: bool, hooks: Set[str]) -> None:
        self.hierarchy = hierarchy
        self.values = Values()
        self.large = large
        self.hooks = hooks
        self.limits = dict.fromkeys(LIMITS, LARGE_LIMIT) if large else LIMITS


class Graph:
    """Nodes with their values, copies between them, and the edges found so far.

    `edges` are (caller's index into the scopes, line, site) → (callee function, receiver value or -1). The site is the
    node where the callees met: what one call, property read or operator may run lies together.
    """

    def __init__(self, world: World, module: Module) -> None:
        self.world = world
        self.hierarchy = world.hierarchy
        self.values = world.values
        self.limits = world.limits
        self.certain = min(world.limits.values())  # so many values of whatever kind are never refused
        self.module = module
        self.offset = module.offset
        self.home = module.home  # what the numbers of this module's nodes begin with
        self.points: dict[int, tuple[int, ...]] = {}  # small tuples: a quarter of the memory of sets
        self.dynamic: dict[int, int | tuple[int, ...] | dict[int, None]] = {}
        self.waiting: dict[int, list[tuple[Any, ...]]] = {}
        self.followed: set[tuple[int, tuple[Any, ...]]] = set()
        self.work: deque[tuple[int, int]] = deque()
        self.late: deque[tuple[tuple[Any, ...], int, int]] = deque()
        self.at = 0  # the node whose values the running rule waits for
        self.next_node = module.offset | MADE
        self.wide: set[int] = set()
        # node → who else wants to know what arrives: (receiver, message, what the receiver knows the node as)
        self.told: dict[int, list[tuple[int, int, Any]]] = {}
        self.edges: dict[Site, tuple[tuple[int, int], ...]] = {}
        self.implied: dict[Site, tuple[tuple[int, int], ...]] = {}  # special methods that no call names
        self.asked_as: dict[tuple[int, int], str] = {}  # (site, callee) → the special method that was asked for there

    def new(self) -> int:
        self.next_node += 1
        return self.next_node

    # --- nodes of this module and of others: `exchange` -------------------------------------------------------------

    def here(self, source: Any) -> int:
        """A node of this module that has what `source` has."""
        raise NotImplementedError

    def there(self, target: Any) -> int:
        """A node of this module whose values `target` gets."""
        raise NotImplementedError

    def tell(self, node: int, value: int) -> None:
        """A value arrived at a node that other modules want to know of."""
        raise NotImplementedError

    def link_elsewhere(self, source: Any, target: Any) -> bool:
        """Leave a link between two nodes of one other module to that module; whether that is what they are."""
        raise NotImplementedError

    # --- values ------------------------------------------------------------------------------------------------------

    def add(self, node: Any, value: int) -> None:
        if node.__class__ is not int or node >> NODE_BITS != self.home:
            node = self.there(node)
        known, kind = self.points.get(node), self.values.table[value][0]
        if known is None:
            self.points[node] = self.values.alone[value]
        elif value in known or (
            len(known) >= self.limits[kind]
            and node not in self.wide
            and not (kind == kinds.BOUND and self.is_state(value, known))
        ):
            return
        else:
            self.points[node] = (*known, value)
        self.work.append((node, value))

    def link(self, source: Any, target: Any) -> None:
        """`target` gets what `source` has and will have."""
        if source == target:
            return
        if source.__class__ is not int or source >> NODE_BITS != self.home:
            if self.link_elsewhere(source, target):
                return
            source = self.here(source)
        if target.__class__ is not int or target >> NODE_BITS != self.home:
            target = self.there(target)
        targets = self.dynamic.get(source)
        if targets is None:
            self.dynamic[source] = target
        elif isinstance(targets, int):
            if target == targets:
                return
            self.dynamic[source] = (targets, target)
        elif target in targets:
            return
        elif isinstance(targets, dict):
            targets[target] = None
        else:
            more = (*targets, target)
            self.dynamic[source] = more if len(more) <= 16 else dict.fromkeys(more)
        held = self.points.get(source)
        if held is not None:
            self.gather(target, held)

    def wait(self, node: Any, item: tuple[Any, ...]) -> None:
        """Follow an instruction, whose nodes are global, for each value that arrives at `node`."""
        if node.__class__ is not int or node >> NODE_BITS != self.home:
            node = self.here(node)
        self.waiting.setdefault(node, []).append(item)
        for value in self.points.get(node, ()):
            self.late.append((item, value, node))

    def follow(self, node: Any, item: tuple[Any, ...]) -> None:
        """`wait`, once: for a rule that goes on into what it meets, such as the tuples in an `isinstance`'s tuple.

        A container may hold itself, and a name may stand for a wrapper of what it stands for: such a rule comes back
        to where it was.
        """
        if (node, item) not in self.followed:
            self.followed.add((node, item))
            self.wait(node, item)

    def run(self) -> None:
        """Until nothing is left to do. Written out without calls where most of the time goes."""
        work, table, rules, late = self.work, self.values.table, RULES, self.late
        dynamic, waiting, offset, code = self.dynamic, self.waiting, self.offset, self.module.code
        succ, uses, told = code.succ, code.uses, self.told
        while work or late:
            while late:
                item, value, self.at = late.popleft()
                rules[item[0]](self, value, table[value], item[1:], 0)
            if not work:
                return
            node, value = work.popleft()
            self.at = node
            if node in dynamic:
                self.spread(dynamic[node], 0, value)
            if node in waiting:
                for item in tuple(waiting[node]):
                    rules[item[0]](self, value, table[value], item[1:], 0)
            if node in told:
                self.tell(node, value)
            if node & MADE:
                continue
            local = node & LOCAL
            if local in succ:
                self.spread(succ[local], offset, value)
            if local in uses:
                for item in decode(code, local):
                    rules[item[0]](self, value, table[value], item[1:], offset)

    def gather(self, node: int, values: tuple[int, ...]) -> None:
        """`add` one or many values to a node of this module."""
        known = self.points.get(node)
        if known is None and len(values) <= self.certain:
            self.points[node] = values
            for value in values:
                self.work.append((node, value))
        elif known is not values:
            for value in values:
                self.add(node, value)

    def spread(self, targets: int | Iterable[int], offset: int, value: int) -> None:
        """`add` a value to one or many nodes of this module, written out: most of them are full or have it."""
        points, wide, alone = self.points, self.wide, self.values.alone[value]
        kind = self.values.table[value][0]
        limit, bound = self.limits[kind], kind == kinds.BOUND
        for target in (targets,) if isinstance(targets, int) else targets:
            node = offset + target
            known = points.get(node)
            if known is None:
                points[node] = alone
            elif value in known or (
                len(known) >= limit and node not in wide and not (bound and self.is_state(value, known))
            ):
                continue
            else:
                points[node] = (*known, value)
            self.work.append((node, value))

    def is_state(self, value: int, known: tuple[int, ...]) -> bool:
        """Whether a full node takes a method, too: where it holds methods of the same object, as a machine's state is
        one of many."""
        table = self.values.table
        what, first = table[value], table[known[0]]
        if what[0] != kinds.BOUND or first[0] != kinds.BOUND or len(known) > STATES:
            return False
        one, other = table[int(what[2])], table[int(first[2])]  # type: ignore[call-overload]
        same = one[0] == other[0] == kinds.INSTANCE
        return same and self.hierarchy.related(int(one[1]), int(other[1]))  # type: ignore[call-overload]

    def edge(self, place: Place, callee: int, receiver: int = -1, implied: bool = False) -> None:
        """`receiver`: the value that `callee` is called on, -1 for none, BY_SUPER - value where `super()` found it."""
        if place[0] == NOWHERE:
            return
        edges = self.implied if implied else self.edges
        known = edges.get(place, ())
        if (callee, receiver) not in known:
            edges[place] = (*known, (callee, receiver))
