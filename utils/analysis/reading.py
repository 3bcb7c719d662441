"""Reading a file of somebody else's folder: never through a link, never waiting, and saying why where it fails."""

from __future__ import annotations

import os
import stat

LINK = "symbolic link, not followed"


class UnreadableError(Exception):
    """A file that cannot be analysed; its text is the reason."""


def read_bytes(root: str, path: str, max_bytes: int) -> tuple[bytes, os.stat_result]:
    """A regular file's content, and its status from before it was read; raises `UnreadableError`.

    Links are not followed, and a pipe is not waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(f"{root}/{path}", flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            data = stream.read(max_bytes + 1)
    except OSError as error:
        raise _unreadable(error) from None
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return data, status


def regular_status(root: str, path: str, max_bytes: int) -> os.stat_result:
    """What `lstat` says of a file that `read_bytes` would read; raises `UnreadableError` for any other."""
    try:
        status = os.lstat(f"{root}/{path}")
    except OSError as error:
        raise _unreadable(error) from None
    if stat.S_ISLNK(status.st_mode):
        raise UnreadableError(LINK)
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("not a regular file")
    if status.st_size > max_bytes:
        raise _too_large(max_bytes)
    return status


def _unreadable(error: OSError) -> UnreadableError:
    if isinstance(error, FileNotFoundError):
        return UnreadableError("vanished while the folder was read")
    return UnreadableError(f"unreadable: {(error.strerror or type(error).__name__).lower()}")


def _too_large(max_bytes: int) -> UnreadableError:
    return UnreadableError(f"larger than {max_bytes:,} bytes")
