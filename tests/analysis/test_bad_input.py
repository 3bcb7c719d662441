"""Whatever a repository holds: each unfit file is listed with its reason, and the run goes on."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from utils.analysis import file_analysis, workers
from utils.analysis.pipeline import analyze
from utils.analysis.survey import survey
from utils.console import UserError
from utils.records import Provenance

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HERE = Provenance("", None, False, "")


def reasons(root: Path) -> dict[str, str]:
    """The skipped files of a folder, which also holds a sound file that must be analysed."""
    (root / "sound.py").write_text("def f(): ...\n")
    analysis, elements = analyze(root, "r", HERE, max_file_bytes=100_000)
    assert "sound.f" in {element.id for element in elements}
    msgspec.json.encode(analysis)
    return {skipped.path: skipped.reason for skipped in analysis.skipped}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def f(:\n", f"Python {PYTHON} finds a syntax error at line 1: invalid syntax; the file may need a newer"),
        (b"print 'hello'\n", "Python 2 syntax at line 1"),
        (b"x = 1\ntry:\n    pass\nexcept A, e:\n    pass\n", "Python 2 syntax at line 4"),
        (b"raise E, 'text'\n", "Python 2 syntax at line 1"),
        (b"x = 0777\n", "Python 2 syntax at line 1"),
        (b"x = 1\0\n", "null bytes"),
        (b"x = '\xff\xfe'\n", "wrong encoding: not utf-8 at byte 5"),
        (b"# coding: no-such-thing\n", "wrong encoding: the declared one is unknown"),
        (b"# coding: rot13\nqrs s(): ...\n", "wrong encoding: not rot13"),
        (b"# coding: undefined\nx = 1\n", "wrong encoding: not undefined"),
        (b"# coding: punycode\nx = 1-!\n", "wrong encoding: not punycode"),
        (b"# coding: utf-7\nx = '+2AA-'\n", "cannot be parsed"),
        (b"x = " + b"(" * 5000 + b")" * 5000 + b"\n", "nested too deeply"),
        (b"x = " + b"-" * 5000 + b"1\n", "nested too deeply"),
        (b"".join(b" " * n + b"if x:\n" for n in range(200)) + b" " * 200 + b"pass\n", "nested too deeply"),
        (b"X = [" + b"1," * 60_000 + b"]\n", "larger than 100,000 bytes"),
    ],
)
def test_an_unfit_file_is_skipped_with_its_reason(tmp_path: Path, content: bytes, reason: str):
    (tmp_path / "bad.py").write_bytes(content)
    found = reasons(tmp_path)
    assert list(found) == ["bad.py"]
    assert found["bad.py"].startswith(reason)


def test_a_declared_encoding_is_obeyed(tmp_path: Path):
    (tmp_path / "latin.py").write_bytes("# -*- coding: latin-1 -*-\ndef f(a='é'): ...\n".encode("latin-1"))
    (tmp_path / "marked.py").write_bytes(b"\xef\xbb\xbfdef g(): ...\n")
    _, elements = analyze(tmp_path, "r", HERE)
    found = {element.id: element.signature for element in elements}
    assert (found["latin.f"], found["marked.g"]) == ("def f(a='é')", "def g()")


def test_thousands_of_operators_or_branches_are_no_obstacle(tmp_path: Path):
    (tmp_path / "sum.py").write_text("def f(a):\n    return " + "a + " * 2500 + "1\n")
    (tmp_path / "branches.py").write_text("if a:\n    pass\n" + "elif a:\n    X = 1\n" * 900)
    assert reasons(tmp_path) == {}


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
def test_links_are_listed_and_not_followed(tmp_path: Path, git: bool):
    root = tmp_path / "root"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg/a.py").write_text("def f(): ...\n")
    links = {"loop": ".", "pkg/up": "..", "self": "self", "self.py": "self.py", "outside.py": "/etc/passwd"}
    links |= {"out": str(tmp_path), "v1.0": "pkg"}
    for name, target in {
        **links,
        "LICENCE": "pkg/a.py",
        "gone": "nowhere",
        ".venv": "..",
    }.items():  # these hide nothing
        (root / name).symlink_to(target)
    if git:
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        subprocess.run(["git", "-C", str(root), "add", "loop", "out"], check=True)
    assert reasons(root) == dict.fromkeys(links, "symbolic link, not followed")


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.py")
    assert reasons(tmp_path) == {"pipe.py": "not a regular file"}


def test_a_file_that_vanishes_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "gone.py").write_text("x = 1\n")
    real = os.lstat

    def vanishing(path, *arguments, **options):
        status = real(path, *arguments, **options)
        if str(path).endswith("gone.py"):
            os.unlink(path)
        return status

    monkeypatch.setattr(os, "lstat", vanishing)
    assert reasons(tmp_path) == {"gone.py": "vanished while the folder was read"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_listed(tmp_path: Path):
    (tmp_path / "locked.py").write_text("x = 1\n")
    (tmp_path / "locked.py").chmod(0)
    assert reasons(tmp_path) == {"locked.py": "unreadable: permission denied"}


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
def test_hostile_file_names(tmp_path: Path, git: bool):
    for name in (b"-rf.py", b"line\nbreak.py", b"\xff\xfe.py", b"tab\t.md", b"quo'te.py", "名.py".encode()):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(b"def f(): ...\n")
    if git:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert reasons(tmp_path) == {
        "line\\nbreak.py": "the file name has control characters",
        "\\xff\\xfe.py": "the file name is not UTF-8",
        "tab\\t.md": "the file name has control characters",
    }


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0"])
def test_an_unreadable_document_is_listed(tmp_path: Path, content: bytes):
    (tmp_path / "README.md").write_bytes(content)
    assert list(reasons(tmp_path)) == ["README.md"]


def test_no_python_file_is_the_users_to_mend(tmp_path: Path):
    (tmp_path / "README.md").write_text("# Hello\n")
    with pytest.raises(UserError, match=r"no python file to analyse in .*repository\.url"):
        survey(tmp_path, "r")


def test_stubs_alone_are_named_in_the_error(tmp_path: Path):
    (tmp_path / "a.pyi").write_text("def f(): ...\n")
    with pytest.raises(UserError, match=r"1 Python stub file, which nothing here reads"):
        survey(tmp_path, "r")


def test_only_unfit_files_are_named_in_the_error(tmp_path: Path):
    (tmp_path / "a.py").symlink_to("a.py")
    with pytest.raises(UserError, match=r"1 skipped, the first being a.py: symbolic link"):
        survey(tmp_path, "r")


def test_a_file_that_kills_its_process_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("a", "deadly", "z"):
        (tmp_path / f"{name}.py").write_text(f"{name} = 1\n")
    real = file_analysis.analyze_file

    def deadly(data: bytes, path: str, *rest) -> file_analysis.FileFacts:
        if path == "deadly.py":
            os._exit(139)
        return real(data, path, *rest)

    monkeypatch.setattr(workers, "ALONE", 0)
    monkeypatch.setattr(file_analysis, "analyze_file", deadly)
    analysis, elements = analyze(tmp_path, "r", HERE, workers=2)
    assert [(skipped.path, skipped.reason) for skipped in analysis.skipped] == [
        ("deadly.py", "the parser crashed on it")
    ]
    assert {element.id for element in elements} >= {"a.a", "z.z"}
