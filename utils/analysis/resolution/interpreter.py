"""All rules together: what solves one module."""

from __future__ import annotations

from utils.analysis.resolution import ir
from utils.analysis.resolution.exchange import Message
from utils.analysis.resolution.graph import World
from utils.analysis.resolution.models import Models
from utils.analysis.resolution.modules import Module, Question

PHASES = 4  # the first, and one for each time that something is assumed
Inbox = list[tuple[int, list[Message]]]  # (sender, messages), by sender


class Interpreter(Models):
    """The abstract interpreter of one module. `consulted` is what it asked of other modules by names alone."""

    def __init__(self, world: World, module: Module) -> None:
        self.consulted: set[Question] = set()
        world.hierarchy.consulted = self.consulted
        super().__init__(world, module)

    def begin(self, phase: int) -> None:
        """Start with what the code says; in later phases, with what is assumed of what stayed unknown: keys may be any
        key, and a decorator of which nothing is known gives back what it decorates."""
        self.hierarchy.consulted = self.consulted
        if phase == 0:
            self.seed()
            self.hold_to_annotations()
            return
        self.settle_keys()
        self.settle_kinds()
        being_made = self.settle_decorators()
        self.settle_defaults()
        if phase > 1:  # when the decorated classes are known
            self.settle_choices()
        self.settle_absent()
        for source, target in self.module.code.assumed:
            if not self.points.get(self.offset + target) and self.offset + target not in being_made:
                self.link(self.offset + source, self.offset + target)

    def settle_defaults(self) -> None:
        """A function that nothing here calls is called from outside, with its defaults."""
        for function in self.module.face.functions.values():
            if function.defaults and function.number not in self.called:
                for index, node in function.defaults:
                    self.link(self.offset + node, self.offset + function.params[index])

    def settle_choices(self) -> None:
        """A result that depends on what is given and stays unknown may be all that the annotation says."""
        for function in self.module.face.functions.values():
            for index, _, node in function.choices:
                if index == ir.PROMISED and not all(
                    self.points.get(self.offset + other) for at, _, other in function.choices if at != ir.CHECKED
                ):
                    self.link(self.offset + node, self.offset + function.returns)

    def turn(self, inbox: Inbox) -> dict[int, list[Message]]:
        """Take in messages and go on until nothing is left to do; the messages for others."""
        self.hierarchy.consulted = self.consulted
        for sender, messages in inbox:
            self.deliver(sender, messages)
        self.run()
        sent, self.outbox = self.outbox, {}
        return sent
