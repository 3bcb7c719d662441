"""Get the repository to analyse: the user's own folder as it stands, or a clone under `repos/`.

A clone is made in a folder of its own and renamed into place, so that a killed run leaves the old clone or none. It
holds one commit (no history), at the revision that the configuration names; when the remote has moved on, it is made
anew. Nothing of the repository is executed on the way: see `git.py`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from utils import __version__
from utils.analysis.git import NETWORK_PROTOCOLS, GitError, find_checkout, read_checkout, run_git, sealed
from utils.config_manager import Config, is_url, repository_path
from utils.console import UserError, relative, without_credentials
from utils.records import Provenance

# Patterns for `re.search`, ignoring case: compiled only where something went wrong.
_UNREACHABLE = (
    r"could not resolve (host|proxy)|failed to connect|couldn't connect|connection (refused|timed out|reset|closed)"
    r"|network is unreachable|no route to host|name resolution|operation timed out|unable to connect"
    r"|received HTTP code \d+ from proxy|too slow|Operation too slow"
)
_DENIED = (
    r"not found|does not appear to be a git repository|does not exist|could not read (username|password)"
    r"|authentication failed|permission denied|access denied|invalid username|returned error: 40[0-4]"
    r"|not a git repository|is this a git repository"
)


class Source(NamedTuple):
    """The folder to analyse, where its content comes from, and the files git lists there (null: git knows of none)."""

    folder: Path
    provenance: Provenance
    files: list[str] | None


def obtain(config: Config) -> Source:
    """The folder to analyse and where its content comes from.

    A local path without a revision is used as it stands; everything else becomes a clone in `config.checkout_dir`.
    Raises `UserError` for whatever the user can mend: no such address, path or revision, an empty repository, a
    folder in the way, no git, no network.
    """
    repository, folder = config.repository, config.checkout_dir
    if not is_url(repository.url):
        _require_folder(repository_path(repository.url), repository.url)
        if repository.revision is None:
            return _source(folder, repository.url)
    update_clone(_address(repository.url), repository.revision, folder)
    return _source(folder, repository.url)


def update_clone(address: str, revision: str | None, folder: Path) -> None:
    """Make `folder` a clone of `address` at `revision` (branch, tag or commit; null: the default branch).

    Does nothing where it already is one, not even ask the remote when `revision` is the commit that is checked out.
    Raises `UserError`; never touches a folder that is not a clone of `address` or that holds changes.
    """
    current = _current_commit(folder, address)
    if current and revision and re.fullmatch(r"[0-9a-f]{7,64}", revision) and current.startswith(revision):
        return
    name, commit = _resolve(address, revision)
    if current and current == commit:
        return
    if current and _is_dirty(folder):
        raise UserError(
            f"{relative(folder)} holds changes of yours and has to move to another commit; "
            f"keep them elsewhere, delete the folder and run the same command again"
        )
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        _download(address, name, revision, draft)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _require_folder(folder: Path, given: str) -> None:
    if not folder.exists():
        raise UserError(f"repository.url: there is no folder {given} (looked at {folder}); set it to one that exists")
    if not folder.is_dir():
        raise UserError(f"repository.url: {given} is a file; set it to the folder that holds the repository")
    if not any(path.name != ".git" for path in folder.iterdir()):
        raise UserError(f"repository.url: {given} is empty; set it to a folder that holds a repository")
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    if bare and find_checkout(folder) is None:
        raise UserError(f"repository.url: {given} is a bare repository; set it to file://{folder} to have it cloned")


def _address(url: str) -> str:
    """What git is to fetch from; raises `UserError` for a transport this tool does not use."""
    if not is_url(url):
        return str(repository_path(url))
    scheme, separator, _ = url.partition("://")
    if separator and scheme not in (*NETWORK_PROTOCOLS, "file"):
        raise UserError(
            f"repository.url: {without_credentials(url)} is not an https, ssh, git or file address; set it to one"
        )
    return url


def _protocols(address: str) -> tuple[str, ...]:
    return NETWORK_PROTOCOLS if is_url(address) and not address.startswith("file://") else ("file",)


def _source(folder: Path, url: str) -> Source:
    try:
        checkout = read_checkout(folder)
    except GitError as error:
        raise UserError(
            f"git cannot read the checkout at {relative(folder)} ({_last_line(str(error))}); "
            "repair it, or take its .git away to have the files analysed as they are"
        ) from None
    commit, dirty = (checkout.commit, checkout.dirty) if checkout and checkout.tracked else (None, False)
    provenance = Provenance(url=without_credentials(url), commit=commit, dirty=dirty, tool_version=__version__)
    return Source(folder, provenance, [*checkout.tracked, *checkout.others] if checkout else None)


def _last_line(said: str) -> str:
    return " ".join(said.splitlines()[-1].split()) if said else "no reason given"


def _is_dirty(folder: Path) -> bool:
    checkout = read_checkout(folder)
    return checkout is not None and checkout.dirty


def _current_commit(folder: Path, address: str) -> str | None:
    """The commit that the clone in `folder` is at; null where there is none yet."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    found = find_checkout(folder)
    if found is None or found[0] != folder:
        raise UserError(
            f"{relative(folder)} is in the way and no clone of ours; move it or choose another repository.name"
        )
    origin = run_git(
        "config", "--file", str(found[1] / "config"), "--default", "", "--get", "remote.origin.url"
    ).strip()
    if origin != without_credentials(address):
        raise UserError(
            f"{relative(folder)} is a clone of {without_credentials(origin) or 'something else'}, not of "
            f"{without_credentials(address)}; choose another repository.name or delete that folder"
        )
    try:
        with sealed(folder) as git:
            return git("rev-parse", "--verify", "HEAD^{commit}").strip() if git is not None else None
    except GitError:
        raise UserError(f"{relative(folder)} is a broken clone; delete it and run the same command again") from None


def _resolve(address: str, revision: str | None) -> tuple[str | None, str | None]:
    """(what to fetch, the commit it is) as the remote says; (null, null) for a commit that no ref names."""
    shown = without_credentials(address)
    try:
        listed = run_git("ls-remote", "--", address, protocols=_protocols(address))
    except GitError as error:
        raise UserError(_sentence(address, str(error))) from None
    refs = {name: commit for commit, _, name in (line.partition("\t") for line in listed.splitlines())}
    if not refs:
        raise UserError(f"repository.url: {shown} is an empty repository, without any commit; name another one")
    wanted = ["HEAD"] if revision is None else [f"refs/tags/{revision}", f"refs/heads/{revision}", revision]
    for name in wanted:
        if name in refs and (revision is None or name.startswith("refs/")):
            return name, refs.get(name + "^{}", refs[name])
    if revision is None:
        raise UserError(f"repository.url: {shown} has no default branch; set repository.revision to a branch or tag")
    if not re.fullmatch(r"[0-9a-f]{4,64}", revision):
        raise UserError(_no_revision(shown, revision, refs))
    return None, None


def _no_revision(shown: str, revision: str, refs: dict[str, str]) -> str:
    heads = sorted(name.removeprefix("refs/heads/") for name in refs if name.startswith("refs/heads/"))
    some = f" (branches: {', '.join(heads[:5])}{', …' if len(heads) > 5 else ''})" if heads else ""
    return f"repository.revision: {shown} has no branch, tag or commit {revision}{some}; name one it has"


def _download(address: str, name: str | None, revision: str | None, folder: Path) -> None:
    """Fill the empty `folder` with the one commit that is wanted."""
    run_git("init", "--quiet", "--template=", cwd=folder)
    # The address without credentials is what a later run compares with; with them it is never written to disk.
    run_git("config", "remote.origin.url", without_credentials(address), cwd=folder)
    run_git("config", "core.autocrlf", "false", cwd=folder)
    try:
        commit = _fetch(address, name, revision, folder)
        run_git("checkout", "--quiet", "--detach", commit, cwd=folder)
    except GitError as error:
        raise UserError(_sentence(address, str(error))) from None


def _fetch(address: str, name: str | None, revision: str | None, folder: Path) -> str:
    """Fetch into `folder` what `name` (a ref of the remote) or else `revision` (a commit) means; returns the commit."""
    protocols, options = _protocols(address), ("--no-tags", "--no-recurse-submodules", "--progress")

    def fetch(*arguments: str) -> None:
        run_git("fetch", *options, *arguments, cwd=folder, protocols=protocols, show_progress=True)

    def commit_of(expression: str) -> str:
        return run_git("rev-parse", "--verify", "--quiet", f"{expression}^{{commit}}", cwd=folder).strip()

    source = name or revision or "HEAD"
    if name is not None or len(source) in (40, 64):
        try:
            fetch("--depth=1", "--", address, f"+{source}:refs/wanted")
            return commit_of("refs/wanted")
        except GitError as error:
            # Old servers offer no shallow fetch, or no commit by its number: then everything is fetched.
            if not re.search(r"shallow|unadvertised|not our ref|remote ref", str(error)):
                raise
    fetch("--", address, "+refs/heads/*:refs/remote/heads/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/remote/HEAD")
    local = source.replace("refs/heads/", "refs/remote/heads/") if name != "HEAD" else "refs/remote/HEAD"
    try:
        return commit_of(local)
    except GitError:
        raise UserError(_no_revision(without_credentials(address), source, {})) from None


def _sentence(address: str, said: str) -> str:
    """What git said, as one sentence for the user."""
    shown = without_credentials(address)
    if "No space left on device" in said:
        return f"the disk is full while cloning {shown}; free some space and run the same command again"
    if re.search(_UNREACHABLE, said, re.IGNORECASE):
        return f"{shown} cannot be reached; check the network, or set repository.url to a folder you already have"
    if "dubious ownership" in said:
        return f"another user owns {shown}; to trust it, run: git config --global --add safe.directory {shown}"
    if re.search(_DENIED, said, re.IGNORECASE):
        return (
            f"repository.url: there is no repository at {shown}, or it is private; "
            "check the address, or clone it yourself and set repository.url to that folder"
        )
    return f"git could not get {shown}: {_last_line(said)}"
