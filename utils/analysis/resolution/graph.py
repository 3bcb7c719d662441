"""The fixpoint: values flow along the graph until nothing new arrives anywhere.

Every rule only ever adds values, so the result does not depend on the order of work (Andersen, 1994). Two things keep
it precise: what a function hands back untouched is told per call, and containers keep constant keys apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.hierarchy import CLASS_BITS, Hierarchy, Module
from utils.analysis.resolution.ir import NODE_BITS, decode
from utils.analysis.resolution.values import Values

LOCAL = (1 << NODE_BITS) - 1
# How many values a node may hold before one of a kind is refused: what takes more is general-purpose code, and what
# comes out of it says nothing about any one call.
LIMITS: dict[Any, int] = dict.fromkeys(range(20), 12)
LARGE = 400_000  # nodes; about 350,000 lines
LARGE_LIMIT = 4
LIMITS.update({kinds.FUNCTION: 24, kinds.WRAPPED: 24, kinds.BOUND: 16, kinds.CONSTANT: 8})
RECEIVERS = 8  # classes that `self` of one method may be
BY_SUPER = -2  # BY_SUPER - receiver: what `super()` found for a receiver
Site = tuple[int, int, int]
Place = tuple[int, int, Module, int]  # index into the module's scopes (0: its body), line, module, site
Rule = Callable[[int, kinds.Value, tuple[Any, ...], Module], None]


class Graph:
    """Nodes with their values, copies between them, and the edges found so far.

    `edges` are (caller function or -1 - module index, line, site) → (callee function, receiver value or -1). The site
    is the node where the callees met: what one call, property read or operator may run lies together.
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.hierarchy = hierarchy
        self.modules = hierarchy.modules
        self.values = Values()
        self.points: dict[int, tuple[int, ...]] = {}  # small tuples: a quarter of the memory of sets
        self.dynamic: dict[int, tuple[int, ...] | dict[int, None]] = {}
        self.waiting: dict[int, list[tuple[Any, ...]]] = {}
        self.followed: set[tuple[int, tuple[Any, ...]]] = set()
        self.work: deque[tuple[int, int]] = deque()
        self.late: deque[tuple[tuple[Any, ...], int, int]] = deque()
        self.at = 0  # the node whose values the running rule waits for
        self.next_node = 1 << 58
        self.wide: set[int] = set()
        large = sum(module.body.size for module in hierarchy.modules) > LARGE
        self.limits = dict.fromkeys(LIMITS, LARGE_LIMIT) if large else LIMITS
        self.edges: dict[Site, tuple[tuple[int, int], ...]] = {}
        self.implied: dict[Site, tuple[tuple[int, int], ...]] = {}  # special methods that no call names
        self.rules: dict[int, Rule] = {}

    def new(self) -> int:
        self.next_node += 1
        return self.next_node

    def add(self, node: int, value: int) -> None:
        known = self.points.get(node)
        if known is None:
            self.points[node] = self.values.alone[value]
        elif value in known or (len(known) >= self.limits[self.values.table[value][0]] and node not in self.wide):
            return
        else:
            self.points[node] = (*known, value)
        self.work.append((node, value))

    def link(self, source: int, target: int) -> None:
        """`target` gets what `source` has and will have."""
        if source == target:
            return
        targets = self.dynamic.get(source, ())
        if target in targets:
            return
        if isinstance(targets, dict):
            targets[target] = None
        elif len(targets) < 16:
            self.dynamic[source] = (*targets, target)
        else:
            self.dynamic[source] = dict.fromkeys((*targets, target))
        for value in self.points.get(source, ()):
            self.add(target, value)

    def wait(self, node: int, rule: tuple[Any, ...]) -> None:
        """Run a rule whose nodes are global for each value that arrives at `node`."""
        self.waiting.setdefault(node, []).append(rule)
        for value in self.points.get(node, ()):
            self.late.append((rule, value, node))

    def follow(self, node: int, rule: tuple[Any, ...]) -> None:
        """`wait`, once: for a rule that goes on into what it meets, such as the tuples in an `isinstance`'s tuple.

        A container may hold itself, and a name may stand for a wrapper of what it stands for: such a rule comes back
        to where it was.
        """
        if (node, rule) not in self.followed:
            self.followed.add((node, rule))
            self.wait(node, rule)

    def run(self) -> None:
        """Until nothing is left to do. Written out without calls where most of the time goes."""
        modules, work, table, rules, late = self.modules, self.work, self.values.table, self.rules, self.late
        while work or late:
            while late:
                rule, value, self.at = late.popleft()
                rules[rule[0]](value, table[value], rule[1:], GLOBAL)
            if not work:
                return
            node, value = work.popleft()
            self.at = node
            if node in self.dynamic:
                self.spread(self.dynamic[node], 0, value)
            if node in self.waiting:
                for rule in tuple(self.waiting[node]):
                    rules[rule[0]](value, table[value], rule[1:], GLOBAL)
            if node >> 58:
                continue
            module = modules[(node >> NODE_BITS) - 1]
            body = module.body
            local = node & LOCAL
            if local in body.succ:
                self.spread(body.succ[local], module.offset, value)
            if local in body.uses:
                for rule in decode(body, local):
                    rules[rule[0]](value, table[value], rule[1:], module)

    def spread(self, targets: Iterable[int], offset: int, value: int) -> None:
        """`add` a value to many nodes."""
        points, alone = self.points, self.values.alone[value]
        for target in targets:
            node = offset + target
            known = points.get(node)
            if known is None:
                points[node] = alone
                self.work.append((node, value))
            elif value not in known:
                self.add(node, value)

    def edge(self, place: Place, callee: int, receiver: int = -1, implied: bool = False) -> None:
        """`receiver`: the value that `callee` is called on, -1 for none, BY_SUPER - value where `super()` found it."""
        scope, line, module, site = place
        caller = -1 - module.index if scope == 0 else module.index << CLASS_BITS | (scope - 1)
        edges = self.implied if implied else self.edges
        known = edges.get((caller, line, site), ())
        if (callee, receiver) not in known:
            edges[caller, line, site] = (*known, (callee, receiver))


class GlobalModule:
    """Stands for no module: nodes of rules made while solving are global already."""

    offset = 0
    index = 0


GLOBAL: Any = GlobalModule()
