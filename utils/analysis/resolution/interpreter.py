"""All rules together, and the rounds in which the modules of a repository are solved.

In each round every module takes in what the others sent it in the round before, and goes on until it has nothing more
to do. When no messages are left, what stayed unknown is assumed, and the rounds go on.
"""

from __future__ import annotations

from utils.analysis.resolution.exchange import Message
from utils.analysis.resolution.graph import World
from utils.analysis.resolution.hierarchy import Hierarchy
from utils.analysis.resolution.models import Models

PHASES = 4  # the first, and one for each time that something is assumed
Inbox = list[tuple[int, list[Message]]]  # (sender, messages), by sender


class Interpreter(Models):
    """The abstract interpreter of one module."""

    def begin(self, phase: int) -> None:
        """Start with what the code says; in later phases, with what is assumed of what stayed unknown: keys may be any
        key, and a decorator of which nothing is known gives back what it decorates."""
        if phase == 0:
            self.seed()
            return
        self.settle_keys()
        self.settle_decorators()
        self.settle_defaults()
        self.settle_absent()
        for source, target in self.module.body.decorations:
            if not self.points.get(self.offset + target):
                self.link(self.offset + source, self.offset + target)

    def settle_defaults(self) -> None:
        """A function that nothing here calls is called from outside, with its defaults."""
        for function in self.module.body.functions.values():
            if function.defaults and function.number not in self.called:
                for index, node in function.defaults:
                    self.link(self.offset + node, self.offset + function.params[index])

    def turn(self, inbox: Inbox) -> dict[int, list[Message]]:
        """Take in messages and go on until nothing is left to do; the messages for others."""
        for sender, messages in inbox:
            self.deliver(sender, messages)
        self.run()
        sent, self.outbox = self.outbox, {}
        return sent


def solve(hierarchy: Hierarchy) -> list[Interpreter]:
    """Solve all modules."""
    world = World(hierarchy)
    modules = [Interpreter(world, module) for module in hierarchy.modules]
    for phase in range(PHASES):
        inboxes: dict[int, Inbox] = {module.home: [] for module in modules}
        for module in modules:
            module.begin(phase)
        while inboxes:
            following: dict[int, Inbox] = {}
            for home in sorted(inboxes):
                for receiver, messages in modules[home - 1].turn(inboxes[home]).items():
                    following.setdefault(receiver, []).append((home, messages))
            inboxes = following
    return modules
