"""Obtaining a repository: local folders, clones, revisions, and one sentence for each mistake."""

import functools
import http.server
import subprocess
import threading
from pathlib import Path

import pytest

from utils.analysis.repository import obtain
from utils.config_manager import Config, RepositorySettings
from utils.config_manager import PathSettings as Paths
from utils.console import UserError, without_credentials


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, "a.py", "A = 1\n")
    return folder


def config(tmp_path: Path, url: str, revision: str | None = None, name: str | None = None) -> Config:
    settings = RepositorySettings(url=url, revision=revision, name=name)
    return Config(repository=settings, paths=Paths(repos=str(tmp_path / "repos")))


def test_local_folder_is_used_as_it_stands(tmp_path: Path, source: Path) -> None:
    folder, provenance, _ = obtain(config(tmp_path, str(source)))
    assert folder == source
    assert (provenance.commit, provenance.dirty) == (git(source, "rev-parse", "HEAD"), False)
    assert not (tmp_path / "repos").exists()


@pytest.mark.parametrize(("name", "text"), [("a.py", "A = 2\n"), ("new.py", "")])
def test_changed_and_untracked_files_make_it_dirty(tmp_path: Path, source: Path, name: str, text: str) -> None:
    (source / name).write_text(text)
    assert obtain(config(tmp_path, str(source)))[1].dirty


def test_ignored_files_do_not_make_it_dirty(tmp_path: Path, source: Path) -> None:
    commit(source, ".gitignore", "*.log\n")
    (source / "x.log").write_text("")
    assert not obtain(config(tmp_path, str(source)))[1].dirty


def test_dirt_outside_the_analysed_subfolder_does_not_count(tmp_path: Path, source: Path) -> None:
    (source / "lib").mkdir()
    commit(source, "lib/b.py", "")
    (source / "a.py").write_text("A = 2\n")
    folder, provenance, _ = obtain(config(tmp_path, str(source / "lib")))
    assert (folder, provenance.dirty) == (source / "lib", False)
    assert provenance.commit == git(source, "rev-parse", "HEAD")


def test_folder_outside_git_has_no_commit(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.py").write_text("")
    provenance = obtain(config(tmp_path, str(tmp_path / "plain")))[1]
    assert (provenance.commit, provenance.dirty) == (None, False)


def test_folder_that_the_surrounding_checkout_does_not_track_has_no_commit(tmp_path: Path, source: Path) -> None:
    commit(source, ".gitignore", "unpacked/\n")
    (source / "unpacked").mkdir()
    (source / "unpacked" / "a.py").write_text("")
    assert obtain(config(tmp_path, str(source / "unpacked")))[1].commit is None


def test_checkout_before_its_first_commit_is_analysed(tmp_path: Path) -> None:
    (tmp_path / "young").mkdir()
    git(tmp_path / "young", "init", "-q")
    (tmp_path / "young" / "a.py").write_text("")
    git(tmp_path / "young", "add", "a.py")
    provenance = obtain(config(tmp_path, str(tmp_path / "young")))[1]
    assert (provenance.commit, provenance.dirty) == (None, True)


def test_worktree_of_a_checkout_has_its_own_commit(tmp_path: Path, source: Path) -> None:
    first = git(source, "rev-parse", "HEAD")
    commit(source, "b.py", "")
    git(source, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"), first)
    folder, provenance, _ = obtain(config(tmp_path, str(tmp_path / "tree")))
    assert (provenance.commit, provenance.dirty) == (first, False)
    assert not (folder / "b.py").exists()


def test_an_enclosing_git_variable_does_not_lead_astray(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    commit(other, "z.py", "")
    expected = git(source, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert obtain(config(tmp_path, str(source)))[1].commit == expected


def test_clone_follows_branch_tag_and_commit(tmp_path: Path, source: Path) -> None:
    first = git(source, "rev-parse", "HEAD")
    git(source, "tag", "-a", "v1", "-m", "one")
    second = commit(source, "b.py", "B = 1\n")
    git(source, "branch", "side", first)
    url = f"file://{source}"
    for revision, expected in ((None, second), ("v1", first), ("main", second), ("side", first), (second, second)):
        folder, provenance, _ = obtain(config(tmp_path, url, revision))
        assert provenance.commit == expected, revision
        assert (folder / "b.py").exists() == (expected == second)
    assert folder == tmp_path / "repos" / "source"
    assert obtain(config(tmp_path, url, first[:9]))[1].commit == first


def test_local_path_with_a_revision_is_cloned(tmp_path: Path, source: Path) -> None:
    first = git(source, "rev-parse", "HEAD")
    commit(source, "b.py", "")
    folder, provenance, _ = obtain(config(tmp_path, str(source), first[:10]))
    assert folder != source
    assert provenance.commit == first


def test_clone_follows_the_remote(tmp_path: Path, source: Path) -> None:
    chosen = config(tmp_path, f"file://{source}")
    obtain(chosen)
    moved = commit(source, "b.py", "")
    assert obtain(chosen)[1].commit == moved
    assert (chosen.checkout_dir / "b.py").exists()


def test_known_commit_needs_no_remote(tmp_path: Path, source: Path) -> None:
    first = git(source, "rev-parse", "HEAD")
    url = f"file://{source}"
    obtain(config(tmp_path, url, first))
    source.rename(tmp_path / "gone")
    assert obtain(config(tmp_path, url, first))[1].commit == first


def test_changes_in_the_clone_are_not_overwritten(tmp_path: Path, source: Path) -> None:
    chosen = config(tmp_path, f"file://{source}")
    folder, _, _ = obtain(chosen)
    (folder / "a.py").write_text("mine\n")
    assert obtain(chosen)[1].dirty
    commit(source, "b.py", "")
    with pytest.raises(UserError, match="changes of yours"):
        obtain(chosen)
    assert (folder / "a.py").read_text() == "mine\n"


def test_leftover_of_a_killed_clone_is_in_nobodys_way(tmp_path: Path, source: Path) -> None:
    chosen = config(tmp_path, f"file://{source}")
    chosen.checkout_dir.with_name("source.new").mkdir(parents=True)
    (chosen.checkout_dir.with_name("source.new") / "half").write_text("")
    folder, _, _ = obtain(chosen)
    assert sorted(path.name for path in folder.iterdir()) == [".git", "a.py"]


def test_names_of_files_may_be_anything(tmp_path: Path, source: Path) -> None:
    commit(source, "ü \n-x.py", "")
    assert not obtain(config(tmp_path, str(source)))[1].dirty


def sentence(chosen: Config) -> str:
    with pytest.raises(UserError) as caught:
        obtain(chosen)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_mistakes_are_one_sentence(tmp_path: Path, source: Path) -> None:
    (tmp_path / "void").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "fresh").mkdir()
    git(tmp_path / "fresh", "init", "-q")
    git(tmp_path, "clone", "-q", "--bare", str(source), "bare.git")
    url = f"file://{source}"
    assert "there is no folder" in sentence(config(tmp_path, str(tmp_path / "nowhere")))
    assert "is a file" in sentence(config(tmp_path, str(tmp_path / "file")))
    assert "is empty" in sentence(config(tmp_path, str(tmp_path / "void")))
    assert "is empty" in sentence(config(tmp_path, str(tmp_path / "fresh")))
    assert "bare repository" in sentence(config(tmp_path, str(tmp_path / "bare.git")))
    assert "without any commit" in sentence(config(tmp_path, f"file://{tmp_path / 'fresh'}"))
    assert "there is no repository" in sentence(config(tmp_path, f"file://{tmp_path / 'nowhere'}"))
    assert "there is no repository" in sentence(config(tmp_path, f"file://{tmp_path / 'void'}"))
    assert "no branch, tag or commit nope (branches: main)" in sentence(config(tmp_path, url, "nope"))
    assert "no branch, tag or commit abcdef0" in sentence(config(tmp_path, url, "abcdef0"))
    assert "no branch, tag or commit" in sentence(config(tmp_path, url, "0" * 40))
    assert "cannot be reached" in sentence(config(tmp_path, "https://nowhere.invalid/a/b"))
    assert not (tmp_path / "repos" / "source").exists()


def test_clone_of_another_address_and_foreign_folder_are_left_alone(tmp_path: Path, source: Path) -> None:
    obtain(config(tmp_path, f"file://{source}", name="x"))
    git(tmp_path, "clone", "-q", str(source), "second")
    assert "is a clone of" in sentence(config(tmp_path, f"file://{tmp_path / 'second'}", name="x"))
    (tmp_path / "repos" / "y").mkdir()
    (tmp_path / "repos" / "y" / "mine").write_text("")
    assert "in the way" in sentence(config(tmp_path, f"file://{source}", name="y"))
    assert (tmp_path / "repos" / "y" / "mine").exists()


def test_without_git_it_says_what_to_install(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in sentence(config(tmp_path, f"file://{source}"))


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def test_credentials_are_neither_shown_nor_stored(tmp_path: Path, source: Path) -> None:
    text = sentence(config(tmp_path, "https://user:s3cret@nowhere.invalid/a/b?token=s3cret"))
    assert "s3cret" not in text
    assert "https://nowhere.invalid/a/b" in text

    git(tmp_path, "clone", "-q", "--bare", str(source), "served.git")
    git(tmp_path / "served.git", "update-server-info")
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://user:s3cret@127.0.0.1:{server.server_address[1]}/served.git"
        folder, provenance, _ = obtain(config(tmp_path, url))
        server.shutdown()
    assert provenance.commit == git(source, "rev-parse", "HEAD")
    assert provenance.url == f"http://127.0.0.1:{server.server_address[1]}/served.git"
    assert "s3cret" not in str(config(tmp_path, url).as_data())
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert (folder / "a.py") in files
    assert not [path for path in files if b"s3cret" in path.read_bytes()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:p@ss@host/a/b.git", "https://host/a/b.git"),
        ("https://token@host/a", "https://host/a"),
        ("fatal: unable to access 'https://x:y@host/a/': no", "fatal: unable to access 'https://host/a/': no"),
        ("ssh://git:pw@host:22/a", "ssh://git@host:22/a"),
        ("ssh://git@host/a", "ssh://git@host/a"),
        ("HTTPS://user:pw@host/a?token=x", "HTTPS://host/a"),
        ("SSH://git:pw@host/a", "SSH://git@host/a"),
        ("s3://key:pw@host/a", "s3://host/a"),
        ("git@host:a/b", "git@host:a/b"),
        ("https://host/a?private_token=x#y", "https://host/a"),
        ("/home/me/a@b", "/home/me/a@b"),
    ],
)
def test_credentials_are_cut_out_of_addresses(text: str, shown: str) -> None:
    assert without_credentials(text) == shown
