"""What modules tell each other.

A module knows its own nodes only. What it needs of another it asks for once, by the node's number or by a description
such as "what lies under this key of that container", and is told each value from then on; what it has for another it
sends there. Messages are delivered in rounds (see `rounds`), so that what a module does depends on its own code,
on what names decide (see `hierarchy`), and on the messages that it got: on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.graph import RECEIVERS, Graph, World
from utils.analysis.resolution.hierarchy import CLASS_BITS, Module
from utils.analysis.resolution.ir import NODE_BITS

ASK = 0  # (ref, 0)                   tell me what arrives at a node of yours
ANSWER = 1  # (ref, value)            this arrived at the node of mine that you asked for
GIVE = 2  # (ref, value)              a node of yours gets this
LINK = 3  # (source, target)          the one node of yours gets what the other has
RECEIVE = 4  # (number, value)        a method of yours is called on this
CALLED = 5  # (number, 0)             a function of yours is called
WIDEN = 6  # (number, 0)              a function of yours decorates: it may be given any number of functions
WRAPS = 7  # (number, 0)              a function of yours stands in for another one
MERGE = 8  # (source, target)         what lies in a container of yours lies in another one, too
COPY = 9  # (source, target)          the same, under the same keys

CONTENT, CONTENTS, FIELD, MEMBER, FACTORY = "content", "contents", "field", "member", "factory"
# A node's number, a description of one (what the module's node numbers begin with, kind, ...), or 0, which has nothing.
Ref = Any
Message = tuple[int, Any, Any]


class Exchange(Graph):
    """Nodes that stand here for nodes of other modules, and messages in and out."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.outbox: dict[int, list[Message]] = {}  # by what the receiver's node numbers begin with
        self.asked: dict[Ref, int] = {}
        self.given: dict[Ref, int] = {}
        self.sent: set[tuple[int, Any, Any]] = set()
        self.received: dict[tuple[int, int], list[int]] = {}

    def here(self, source: Ref) -> int:
        home = source >> NODE_BITS if source.__class__ is int else source[0]
        if home == self.home:
            return source if source.__class__ is int else self.described(source)
        node = self.asked.get(source)
        if node is None:
            node = self.asked[source] = self.new()
            definition = self.hierarchy.definition(source) if source.__class__ is int and source else None
            if definition is not None:
                self.add(node, self.values.intern(*definition))
            elif source:
                self.send(home, ASK, source, 0)
        return node

    def there(self, target: Ref) -> int:
        home = target >> NODE_BITS if target.__class__ is int else target[0]
        if home == self.home:
            return target if target.__class__ is int else self.described(target)
        node = self.given.get(target)
        if node is None:
            node = self.given[target] = self.new()
            self.told[node] = [(home, GIVE, target)] if target else []
        return node

    def described(self, ref: Ref) -> int:
        """The node of this module that a description means."""
        raise NotImplementedError  # Attributes

    def tell(self, node: int, value: int) -> None:
        for home, message, ref in self.told[node]:
            self.send(home, message, ref, value)

    def link_elsewhere(self, source: Ref, target: Ref) -> bool:
        home = source >> NODE_BITS if source.__class__ is int else source[0]
        if home == self.home or home != (target >> NODE_BITS if target.__class__ is int else target[0]):
            return False
        self.send_once(home, LINK, source, target)
        return True

    def send(self, home: int, message: int, ref: Ref, value: Any) -> None:
        self.outbox.setdefault(home, []).append((message, ref, value))

    def send_once(self, home: int, message: int, ref: Ref, value: Any) -> None:
        if (message, ref, value) not in self.sent:
            self.sent.add((message, ref, value))
            self.send(home, message, ref, value)

    def deliver(self, sender: int, messages: Sequence[Message]) -> None:
        """Take in what another module sent."""
        for message, ref, value in messages:
            if message == ANSWER:
                self.add(self.asked[ref], value)
            elif message == GIVE:
                self.add(ref, value)
            elif message == ASK:
                node = self.here(ref)
                self.told.setdefault(node, []).append((sender, ANSWER, ref))
                for known in self.points.get(node, ()):
                    self.send(sender, ANSWER, ref, known)
            elif message == LINK:
                self.link(ref, value)
            elif message == RECEIVE:
                self.receive(self.module, self.module.face.functions[ref], value)
            elif message == MERGE:
                self.merge_into(ref, value)
            elif message == COPY:
                self.copy_into(ref, value)
            else:
                self.note(message, self.module.face.functions[ref])

    def notify(self, message: int, owner: Module, function: ir.Function) -> None:
        """Tell a function's module something about the function, once."""
        if owner is self.module:
            self.note(message, function)
        else:
            self.send_once(owner.home, message, function.number, 0)

    def note(self, message: int, function: ir.Function) -> None:
        """Something is told about a function of this module."""
        raise NotImplementedError  # Decorating

    def merge_into(self, source: int, target: Ref) -> None:
        """What lies in a container of this module lies in another one, too."""
        raise NotImplementedError  # Contents

    def copy_into(self, source: int, target: Ref) -> None:
        """What lies in a container of this module lies in another one under the same keys, too."""
        raise NotImplementedError  # Contents

    def receive(self, owner: Module, function: ir.Function, receiver: int) -> None:
        """`self` of a method gets its receiver; only so many classes may be its receivers."""
        if not function.positional:
            return
        what = self.values.table[receiver]
        own = what[0] == kinds.INSTANCE and what[1] == owner.index << CLASS_BITS | function.owner
        if own and function.flags & ir.METHOD:
            return
        if owner is self.module:
            node = owner.offset + function.params[0]
            if len(self.points.get(node, ())) < RECEIVERS:
                self.add(node, receiver)
            return
        known = self.received.setdefault((owner.index, function.number), [])
        if receiver not in known and len(known) < RECEIVERS:
            known.append(receiver)
            self.send(owner.home, RECEIVE, function.number, receiver)
