"""A repository solved by two processes: each has half of the modules, and after every round they swap messages.

What a module does depends on the messages that it gets and on nothing else (see `exchange`), so that it is the same in
whichever process it is solved. Half of the modules is also half of the memory.
"""

from __future__ import annotations

import marshal
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from utils.console import UserError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SMALL = 60_000  # nodes, about 50,000 lines, below which a second process costs more than it saves
FAILED = 1  # the exit code of a process that ends with a traceback
Letter = tuple[int, int, bytes]  # sender, receiver, messages


def is_worth_it(nodes: int, processes: int) -> bool:
    """Whether to solve that many nodes in two processes. Only a copy of this process knows what this one does."""
    return processes > 1 and nodes >= SMALL and sys.platform == "linux"


class Other:
    """The process that has the other half of the modules."""

    def __init__(self, connection: Connection, listens: bool) -> None:
        """`listens`: this is the one that receives before it sends; two that send at once may wait for ever."""
        self.connection = connection
        self.listens = listens

    def swap(self, letters: list[Letter], busy: bool) -> tuple[list[Letter], bool]:
        """Give and get the messages from one half to the other, and whether more is to be done in the half alone."""
        theirs: tuple[list[Letter], bool] = self.trade((letters, busy))
        return theirs

    def trade(self, item: Any) -> Any:
        """Give plain data for what the other process gives meanwhile."""
        if not self.listens:
            self.send(item)
        theirs = self.receive()
        if self.listens:
            self.send(item)
        return theirs

    def send(self, item: Any) -> None:
        """Send plain data; raises `UserError` where the other process is gone."""
        with still_there():
            self.connection.send_bytes(marshal.dumps(item))

    def receive(self) -> Any:
        """What the other process sent; raises `UserError` where it is gone."""
        with still_there():
            return marshal.loads(self.connection.recv_bytes())


@contextmanager
def still_there() -> Iterator[None]:
    """Say in one sentence that there is nobody to send to or to receive from."""
    try:
        yield
    except (EOFError, ConnectionError):
        raise UserError(
            "a process of the analysis was ended from outside, perhaps because the memory was full; free some, or set "
            "analysis.workers to 1"
        ) from None


@contextmanager
def other_half(work: Callable[[Other], None]) -> Iterator[Other]:
    """A copy of this process does `work` meanwhile; it ends with the context."""
    import multiprocessing  # takes long to import, and most runs have one process only

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(work, here, there), daemon=True)
    process.start()
    there.close()
    del work  # it may hold what only the copy needs
    try:
        yield Other(here, listens=False)
    finally:
        here.close()  # who still listens is told
        process.join()
        if process.exitcode == FAILED:
            raise RuntimeError("a process of the analysis failed with the traceback above")


def _work(work: Callable[[Other], None], here: Connection, there: Connection) -> None:
    """In the copy."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process is interrupted too, and ends this one
    here.close()  # so that this process is told when the other one ends
    try:
        work(Other(there, listens=True))
    except UserError:
        sys.exit()  # the other process is gone, or has given up
