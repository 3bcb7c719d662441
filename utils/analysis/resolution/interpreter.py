"""All rules together, and the order in which the fixpoint is reached."""

from __future__ import annotations

from utils.analysis.resolution.models import Models


class Interpreter(Models):
    """The abstract interpreter of a repository."""

    def settle_defaults(self) -> bool:
        """A function that nothing here calls is called from outside, with its defaults."""
        for module in self.modules:
            for function in module.body.functions.values():
                if function.defaults and module.offset + function.node not in self.bound:
                    for index, node in function.defaults:
                        self.link(module.offset + node, module.offset + function.params[index])
        return bool(self.work)

    def solve(self) -> None:
        """The fixpoint; then what stayed unknown is assumed and the fixpoint goes on: keys may be any key, and a
        decorator of which nothing is known gives back what it decorates."""
        self.seed()
        self.run()
        for _ in range(3):
            settled = self.settle_keys() | self.settle_decorators() | self.settle_defaults() | self.settle_absent()
            for module in self.modules:
                for source, target in module.body.decorations:
                    if not self.points.get(module.offset + target):
                        self.link(module.offset + source, module.offset + target)
                        settled = settled or bool(self.work)
            self.run()
            if not settled:
                break
