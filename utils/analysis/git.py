"""The `git` program as this tool runs it: nothing that a repository brings along is ever executed or asked.

Two ways in. `run_git` is for our own clones and for the network: no prompts, no hooks, no `ext::` or other command
transports, no submodules, no LFS downloads. `sealed` is for a checkout that somebody else made: its `.git/config` may
name programs to run (`core.fsmonitor`, hooks, `filter.*.clean`, `diff.*.textconv`, `core.sshCommand`, …), so git is
given a throw-away git directory that links to the checkout's data and to none of its configuration.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from utils.console import UserError, without_credentials

NETWORK_PROTOCOLS = ("https", "http", "ssh", "git")

# Variables by which a calling git (a hook, an alias) would point us at another repository than the one asked for.
_REPOSITORY_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
    "GIT_EXTERNAL_DIFF",
)
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "core.pager": "cat",
    "credential.interactive": "false",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}
# What a git directory holds besides configuration; `sealed` links to these and to nothing else.
_DATA = ("objects", "refs", "packed-refs", "reftable", "info", "shallow")
_WORKTREE_DATA = ("index",)
# Settings that say how the files on disk relate to the objects; none of them can name a program.
_HARMLESS = frozenset(
    [
        "core.repositoryformatversion",
        "core.filemode",
        "core.symlinks",
        "core.ignorecase",
        "core.precomposeunicode",
        "core.autocrlf",
        "core.eol",
        "core.sparsecheckout",
        "core.sparsecheckoutcone",
        "extensions.objectformat",
        "extensions.refstorage",
    ]
)
_HEAD_LINE = "# branch.oid "

Git = Callable[..., str]


class Checkout(NamedTuple):
    """A folder of a work tree: its commit (null before the first one), and posix paths below it, each list sorted.

    `changed`: what is tracked differs from the commit. `others` are the files that git does not track but would offer
    to add, so not the ignored ones.
    """

    commit: str | None
    changed: bool
    tracked: list[str]
    others: list[str]

    @property
    def dirty(self) -> bool:
        """True where the files are not those of the commit."""
        return self.changed or bool(self.others)


class GitError(Exception):
    """git said no; the text is what it said, without credentials."""


def run_git(
    *arguments: str,
    cwd: Path | None = None,
    protocols: Sequence[str] = (),
    environment: dict[str, str] | None = None,
    show_progress: bool = False,
) -> str:
    """Run git and return its standard output; raises `GitError` when it fails, `UserError` where there is no git.

    `protocols` are the transports allowed in this call (none by default).
    """
    command = ["git"]
    for key, value in _SETTINGS.items():
        command += ["-c", f"{key}={value}"]
    try:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=cwd,
            env=_environment(protocols) | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise UserError("git is not installed or not on the PATH; install it (https://git-scm.com) and retry") from None
    return _finish(process, show_progress and sys.stderr.isatty())


def _finish(process: subprocess.Popen[bytes], show: bool) -> str:
    if show and process.stderr is not None:
        said = bytearray()
        while piece := process.stderr.read1(4096):  # type: ignore[attr-defined]
            said += piece
            sys.stderr.write(without_credentials(piece.decode("utf-8", "replace")))
            sys.stderr.flush()
        output = process.stdout.read() if process.stdout else b""
        process.wait()
    else:
        output, errors = process.communicate()
        said = bytearray(errors)
    if process.returncode != 0:
        raise GitError(without_credentials(said.decode("utf-8", "replace")).strip())
    return output.decode("utf-8", "surrogateescape")


def _environment(protocols: Sequence[str]) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key not in _REPOSITORY_VARIABLES}
    environment.update(
        GIT_TERMINAL_PROMPT="0",
        GIT_ASKPASS="",
        SSH_ASKPASS="",
        GCM_INTERACTIVE="never",
        GIT_ALLOW_PROTOCOL=":".join(protocols) or "none",
        GIT_LFS_SKIP_SMUDGE="1",
        GIT_OPTIONAL_LOCKS="0",
        GIT_NO_LAZY_FETCH="1",
        LC_ALL="C",
        LANGUAGE="",
    )
    if "GIT_SSH" not in environment:
        environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=30")
    return environment


def find_checkout(folder: Path) -> tuple[Path, Path] | None:
    """The (work tree, git directory) that `folder` belongs to, found by walking up; null outside a checkout."""
    for top in (folder, *folder.parents):
        dot_git = top / ".git"
        if dot_git.is_file():
            pointer = dot_git.read_text(encoding="utf-8", errors="surrogateescape").strip()
            git_dir = (top / pointer.removeprefix("gitdir:").strip()).resolve()
            return (top, git_dir) if (git_dir / "HEAD").is_file() else None
        if (dot_git / "HEAD").is_file():
            return top, dot_git
    return None


@contextmanager
def sealed(folder: Path) -> Iterator[Git | None]:
    """A function `git(*arguments) -> str` that sees the checkout around `folder` without its configuration.

    It runs in `folder`, never writes to the checkout, and raises `GitError` when git fails. Null outside a checkout.
    """
    found = find_checkout(folder)
    if found is None:
        yield None
        return
    top, git_dir = found
    with tempfile.TemporaryDirectory(prefix="sealed-git-") as name:
        _link_data(git_dir, Path(name))
        environment = {"GIT_DIR": name, "GIT_WORK_TREE": str(top)}
        yield lambda *arguments: run_git(*arguments, cwd=folder, environment=environment)


def _link_data(git_dir: Path, target: Path) -> None:
    pointer = git_dir / "commondir"
    common = (git_dir / pointer.read_text().strip()).resolve() if pointer.is_file() else git_dir
    (target / "HEAD").write_bytes((git_dir / "HEAD").read_bytes())
    for name in _DATA:
        if (common / name).exists():
            (target / name).symlink_to((common / name).resolve())
    for path in (*(git_dir / name for name in _WORKTREE_DATA), *git_dir.glob("sharedindex.*")):
        if path.exists():
            (target / path.name).symlink_to(path.resolve())
    (target / "refs").mkdir(exist_ok=True)
    (target / "config").write_text(_harmless_settings(common / "config"), encoding="utf-8")


def _harmless_settings(config: Path) -> str:
    """The few settings of `config` that matter for comparing files, as a configuration of their own."""
    if not config.is_file():
        return ""
    lines = []
    for entry in run_git("config", "--file", str(config), "--no-includes", "--list", "-z").split("\0"):
        key, _, value = entry.partition("\n")
        if key in _HARMLESS and re.fullmatch(r"\w*", value):
            section, name = key.split(".")
            lines.append(f"[{section}]\n\t{name} = {value or 'true'}\n")
    return "".join(lines)


def read_checkout(folder: Path) -> Checkout | None:
    """What git says of `folder`; raises `GitError` where it cannot read the checkout.

    Null outside a checkout, and where the checkout around `folder` does not track anything in it (an unpacked archive
    below somebody's home repository): then git's ignore rules are not about these files.
    """
    with sealed(folder) as git:
        if git is None:
            return None
        # One process lists all files and one compares the tracked ones: each that is started takes milliseconds.
        listed = git("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", "--", ".").split("\0")
        others = {line[2:] for line in listed if line.startswith("? ")}
        tracked = {line[2:] for line in listed if line} - others
        own = find_checkout(folder)
        if not tracked and own is not None and own[0] != folder:
            return None
        compare = ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules=all")
        said = git(*compare, "--no-renames", "--", ".").split("\0")
        commit = next(line for line in said if line.startswith(_HEAD_LINE)).removeprefix(_HEAD_LINE)
        changed = any(line and not line.startswith("# ") for line in said)
    return Checkout(None if commit == "(initial)" else commit, changed, sorted(tracked), sorted(others))
