"""Having a place to oneself: two runs that write to one folder would destroy each other's files."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from utils.console import UserError

UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_LOCK = (*UNWRITABLE, errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # the last three: the file system knows of none
_held: set[Path] = set()  # by this process: closing a file lets go of every lock on it, so each is opened once


@contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """Hold the lock file `path`; raises `UserError` where another run, which is `doing` something, holds it.

    Held already by this process, it stays held. The system lets go of it when the process ends, however that happens;
    the empty file stays, as removing it would let two runs lock two files of one name. Nobody is kept out where there
    can be no lock.
    """
    path = path.resolve()
    if path in _held:
        yield
        return
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # `lockf`, not `flock`: workers would inherit that one, and keep it where this process is killed.
            fcntl.lockf(stack.enter_context(path.open("a")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another run is {doing}; wait for it and run the same command again") from None
        except OSError as error:
            if error.errno not in _NO_LOCK:
                raise
        _held.add(path)
        stack.callback(_held.remove, path)
        yield
