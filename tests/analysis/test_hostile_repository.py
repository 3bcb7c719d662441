"""A repository that wants its own programs run: none of them may be, whatever its configuration says.

Each case first shows that plain git would run the program, so that no case passes because its trap is broken.
"""

import os
import subprocess
from pathlib import Path

import pytest

from utils.analysis.git import read_checkout
from utils.analysis.repository import obtain
from utils.analysis.survey import survey
from utils.config_manager import Config, PathSettings, RepositorySettings
from utils.console import UserError


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=False, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "executed"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "hostile"
    folder.mkdir()
    git(folder, "init", "-q", "--template=")
    (folder / "a.py").write_text("A = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def analyse(folder: Path) -> Config:
    settings = Config(
        repository=RepositorySettings(url=str(folder)), paths=PathSettings(repos=str(folder.parent / "repos"))
    )
    obtain(settings)
    read_checkout(folder)
    return settings


def touch(path: Path) -> None:
    """Make the file's times differ from those in the index, so that git looks at its content."""
    os.utime(path, (1, 1))


def program(marker: Path, folder: Path, then: str = "cat") -> str:
    script = folder.parent / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n{then}\n")
    script.chmod(0o755)
    return str(script)


def assert_trap_works_and_is_not_sprung(hostile: Path, marker: Path, *victim: str) -> None:
    touch(hostile / "a.py")
    git(hostile, *victim)
    assert marker.exists(), "the trap does not work on plain git"
    marker.unlink()
    touch(hostile / "a.py")
    analyse(hostile)
    assert not marker.exists()


def test_fsmonitor_is_not_run(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "core.fsmonitor", program(marker, hostile))
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_clean_filter_is_not_run(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "filter.evil.clean", program(marker, hostile))
    (hostile / ".gitattributes").write_text("*.py filter=evil\n")
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_clean_filter_with_an_odd_name_is_not_run(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "filter.a=b.clean", program(marker, hostile))
    (hostile / ".git" / "info").mkdir(exist_ok=True)
    (hostile / ".git" / "info" / "attributes").write_text("*.py filter=a=b\n")
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_process_filter_is_not_run(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "filter.evil.process", program(marker, hostile))
    (hostile / ".gitattributes").write_text("*.py filter=evil\n")
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_hooks_are_not_run(hostile: Path, marker: Path) -> None:
    hooks = hostile / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "post-index-change").write_text(f"#!/bin/sh\ntouch {marker}\n")
    (hooks / "post-index-change").chmod(0o755)
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_textconv_and_external_diff_are_not_run(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "diff.evil.textconv", program(marker, hostile))
    git(hostile, "config", "diff.external", program(marker, hostile))
    (hostile / ".gitattributes").write_text("*.py diff=evil\n")
    (hostile / "a.py").write_text("A = 2\n")
    assert_trap_works_and_is_not_sprung(hostile, marker, "diff")


def test_included_configuration_is_not_followed(hostile: Path, marker: Path) -> None:
    (hostile / "more").write_text(f"[core]\n\tfsmonitor = {program(marker, hostile)}\n")
    git(hostile, "config", "include.path", "../more")
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_worktree_configuration_is_not_followed(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "extensions.worktreeConfig", "true")
    git(hostile, "config", "--worktree", "core.fsmonitor", program(marker, hostile))
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_submodule_configuration_is_not_followed(hostile: Path, marker: Path) -> None:
    inner = hostile / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "--template=")
    (inner / "b.py").write_text("")
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "inner")
    git(hostile, "add", "inner")
    git(hostile, "commit", "-q", "-m", "with submodule")
    git(inner, "config", "core.fsmonitor", program(marker, hostile))
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_a_git_file_leads_to_data_only(hostile: Path, marker: Path) -> None:
    git(hostile, "config", "core.fsmonitor", program(marker, hostile))
    (hostile / ".git").rename(hostile.parent / "elsewhere")
    (hostile / ".git").write_text("gitdir: ../elsewhere\n")
    assert_trap_works_and_is_not_sprung(hostile, marker, "status")


def test_a_foreign_work_tree_is_not_entered(hostile: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.py").write_text("")
    git(hostile, "config", "core.worktree", str(tmp_path / "secret"))
    checkout = read_checkout(hostile)
    assert checkout is not None
    assert checkout.tracked == ["a.py"]


def test_what_the_index_lists_below_a_link_is_not_read(hostile: Path, tmp_path: Path) -> None:
    blob = git(hostile, "rev-parse", "HEAD:a.py")
    (tmp_path / "secret" / "deep").mkdir(parents=True)
    for name in ("key.py", "deep/key.py", "README.md", "pyproject.toml"):
        (tmp_path / "secret" / name).write_text("SECRET = 1\n")
        git(hostile, "update-index", "--add", "--cacheinfo", f"100644,{blob},linked/{name}")
    (hostile / "linked").symlink_to(tmp_path / "secret")
    found = survey(hostile, "hostile")
    assert (list(found.hashes), "linked/pyproject.toml" in found.paths) == (["a.py"], False)
    below = [f"linked/{name}" for name in ("README.md", "deep/key.py", "key.py")]
    assert {skipped.path: skipped.reason for skipped in found.skipped} == {
        **dict.fromkeys(below, "below a symbolic link, not followed"),
        "linked": "symbolic link, not followed",
    }


@pytest.mark.parametrize("path", ["../secret.py", "sub/../../secret.py", "{}/secret.py"])
def test_what_is_listed_outside_the_folder_is_not_read(hostile: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.py").write_text("SECRET = 1\n")
    (hostile / "sub").mkdir()
    found = survey(hostile, "hostile", listed=["a.py", path.format(tmp_path)])
    assert (list(found.hashes), len(found.skipped)) == (["a.py"], 1)


def test_checkout_is_left_as_it_was(hostile: Path) -> None:
    touch(hostile / "a.py")
    before = {path: path.stat().st_mtime_ns for path in (hostile / ".git").rglob("*")}
    analyse(hostile)
    assert {path: path.stat().st_mtime_ns for path in (hostile / ".git").rglob("*")} == before


def test_cloning_a_hostile_folder_runs_nothing(hostile: Path, marker: Path, tmp_path: Path) -> None:
    (hostile / ".gitattributes").write_text("*.py filter=evil\n")
    (hostile / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch executed"\n')
    git(hostile, "add", "-A")
    git(hostile, "commit", "-q", "-m", "traps")
    head = git(hostile, "rev-parse", "HEAD")
    evil = program(marker, hostile)
    for key in ("uploadpack.packObjectsHook", "core.sshCommand", "core.fsmonitor", "filter.evil.smudge"):
        git(hostile, "config", key, evil)
    settings = RepositorySettings(url=str(hostile), revision=head, name="cloned")
    folder, provenance, _ = obtain(Config(repository=settings, paths=PathSettings(repos=str(tmp_path / "repos"))))
    assert provenance.commit == head
    assert (folder / "a.py").read_text() == "A = 1\n"
    assert not marker.exists()


def test_missing_objects_are_not_fetched_by_a_program_of_the_repository(
    hostile: Path, marker: Path, tmp_path: Path
) -> None:
    blob = git(hostile, "rev-parse", "HEAD:a.py")
    (hostile / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"file://{hostile}",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": program(marker, hostile, then="exit 1"),
    }.items():
        git(hostile, "config", key, value)
    assert_trap_works_and_is_not_sprung(hostile, marker, "cat-file", "-p", "HEAD:a.py")
    settings = RepositorySettings(url=str(hostile), revision="main", name="cloned")
    with pytest.raises(UserError):
        obtain(Config(repository=settings, paths=PathSettings(repos=str(tmp_path / "repos"))))
    assert not marker.exists()


@pytest.mark.parametrize(
    "url", ["ext::sh -c 'touch {}'", "ext::sh -c 'touch {}' x://", "--upload-pack=touch {}", "fd::17", "-x"]
)
def test_addresses_that_are_commands_are_refused(url: str, marker: Path, tmp_path: Path) -> None:
    settings = RepositorySettings(url=url.format(marker), name="x")
    with pytest.raises(UserError):
        obtain(Config(repository=settings, paths=PathSettings(repos=str(tmp_path / "repos"))))
    assert not marker.exists()


@pytest.mark.parametrize("revision", ["--upload-pack=touch x", "-x", "a b", "*", "refs/heads/../../x", "HEAD:a.py"])
def test_revisions_that_are_options_or_patterns_are_refused(revision: str, hostile: Path, tmp_path: Path) -> None:
    settings = RepositorySettings(url=f"file://{hostile}", name="x", revision=revision)
    with pytest.raises(UserError, match="no branch, tag or commit"):
        obtain(Config(repository=settings, paths=PathSettings(repos=str(tmp_path / "repos"))))
