"""What a user sees: stage lines, progress bars, one-sentence errors and exit codes."""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = ROOT / "config" / "config.yaml"

EXIT_DONE = 0
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130

NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR)

T = TypeVar("T")


class UserError(Exception):
    """A problem the user can mend. Its text is one sentence: what is wrong, where, and what to run."""


def run(main: Callable[[], int]) -> None:
    """Run a script's `main` and leave with its exit code; a `UserError` becomes one line and exit code 2.

    A true bug keeps its traceback. A full disk and a place that is not ours are the user's to mend, wherever met.
    """
    try:
        code = main()
    except UserError as error:
        code = fail(str(error))
    except KeyboardInterrupt:
        how = " without --force, which begins anew," if "--force" in sys.argv else ""
        print(f"\ninterrupted; run the same command again{how} to go on", file=sys.stderr)
        code = EXIT_INTERRUPTED
    except Exception as error:
        sentence = _of_the_disk(error)
        if sentence is None:
            raise
        code = fail(sentence)
    sys.exit(code)


def _of_the_disk(error: Exception) -> str | None:
    """What to do about an error of the system that the user can mend; null for any other."""
    place = error.filename if isinstance(error, OSError) else None
    if is_disk_full(error):
        where = f" while writing {place}" if place else ""
        return f"the disk is full{where}; free some space and run the same command again, nothing old was lost"
    if isinstance(error, OSError) and error.errno in NOT_OURS and place:
        return (
            f"{relative(os.fsdecode(place))} cannot be used ({os.strerror(error.errno).lower()}); mend that, or set "
            "paths.data, paths.output and paths.repos to folders of yours, nothing old was lost"
        )
    return None


def is_disk_full(error: Exception) -> bool:
    """True for a write that found no room, also where a library written in Rust (tokenizers) reports it."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return f"(os error {errno.ENOSPC})" in str(error) or f"(os error {errno.EDQUOT})" in str(error)


def fail(sentence: str) -> int:
    """Print one error line, on a line of its own, and return exit code 2."""
    if "tqdm" in sys.modules:
        for bar in list(getattr(sys.modules["tqdm"].tqdm, "_instances", ())):
            bar.close()
    # The bar of another process may stand on this line: wipe it from a terminal, leave it behind in a log.
    start = "\r\033[K" if sys.stderr.isatty() else "" if is_main_process() else "\n"
    print(f"{start}error: {sentence}", file=sys.stderr, flush=True)
    return EXIT_USER_ERROR


def config_parser(doc: str) -> argparse.ArgumentParser:
    """A parser that knows `--config`. `doc` is the script's docstring."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="PATH",
        help="the YAML to use (default: config/config.yaml)",
    )
    return parser


def stage_parser(doc: str) -> argparse.ArgumentParser:
    """The options every step has: `--config`, `--force`, `section.key=value`."""
    parser = config_parser(doc)
    parser.add_argument(
        "--force", action="store_true", help="redo the step although its inputs and settings are unchanged"
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="section.key=value", help="settings for this run, parsed as YAML"
    )
    return parser


def relative(path: Path | str) -> str:
    """`path` as a user would type it: relative to the working folder where it lies below it, else absolute."""
    text = os.path.relpath(path)
    return str(path) if text.startswith("..") else text


def without_credentials(text: str) -> str:
    """`text` with every `scheme://user:secret@host` cut down to `scheme://host` (for ssh the user stays)."""
    if "://" not in text:
        return text
    text = re.sub(r"(\bssh://)([^/@:\s]+)(:[^/@\s]*)?@", r"\1\2@", text, flags=re.IGNORECASE)
    text = re.sub(r"(\b(?!ssh\b)[a-z][a-z0-9+.-]*://)[^/\s]*@", r"\1", text, flags=re.IGNORECASE)
    return re.sub(r"(\bhttps?://[^\s?#'\"]+)[?#][^\s'\"]*", r"\1", text, flags=re.IGNORECASE)


def is_main_process() -> bool:
    """True on rank 0, and everywhere outside a distributed launch."""
    return int(os.environ.get("RANK", "0")) == 0


class Stage:
    """One step's lines on the terminal: `01 analyze: in -> out` first, counts, time and the next command last."""

    def __init__(self, name: str, source: Path | str, target: Path | str) -> None:
        self.name = name
        self.started = time.monotonic()
        shown = without_credentials(str(source)) if "://" in str(source) else relative(source)
        self.say(f"{name}: {shown} -> {relative(target)}")

    @property
    def seconds(self) -> float:
        """Seconds since the stage began."""
        return time.monotonic() - self.started

    def say(self, line: str) -> None:
        """Print one line, on rank 0 only."""
        if is_main_process():
            print(line, flush=True)

    def unchanged(self, next_command: str | None = None) -> int:
        """Say that inputs and settings have not changed; returns exit code 0."""
        self.say(f"{self.name}: inputs and settings are unchanged, skipped (--force redoes it)")
        return self._next(next_command)

    def done(self, counts: Mapping[str, object], next_command: str | None = None) -> int:
        """Print the closing line; returns exit code 0."""
        told = ", ".join(
            f"{value:,} {key}" if isinstance(value, int) else f"{key} {value}" for key, value in counts.items()
        )
        self.say(f"{self.name}: {told} in {duration(self.seconds)}")
        return self._next(next_command)

    def _next(self, command: str | None) -> int:
        if command:
            self.say(f"next: {command}")
        return EXIT_DONE


def duration(seconds: float) -> str:
    """`0.8 s`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def progress(items: Iterable[T], label: str, total: int | None = None, unit: str = "it", **options: Any) -> Iterable[T]:
    """A progress bar over `items`; silent on ranks other than 0, and gone when it took less than a second or so."""
    from tqdm import tqdm  # it takes longer to import than many a run of step 01 needs for all else

    return tqdm(
        items,
        desc=label,
        total=total,
        unit=unit,
        delay=1.0,
        dynamic_ncols=True,
        disable=not is_main_process(),
        **options,
    )
