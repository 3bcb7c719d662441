"""Which files are analysed: git's view in a checkout, the same ignore rules elsewhere."""

import subprocess
from pathlib import Path

import pytest

from utils.analysis.discovery import discover, not_analysed, printable
from utils.analysis.import_roots import name_modules
from utils.console import UserError


def tree(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x = 1\n")
    return root


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
def test_ignore_rules_hold_with_and_without_git(tmp_path: Path, git: bool):
    tree(tmp_path, "a.py", "build/b.py", "pkg/c.py", "pkg/gen/d.py", "pkg/gen/keep.py", "README.md", "data.json")
    (tmp_path / ".gitignore").write_text("build/\n")
    (tmp_path / "pkg" / ".gitignore").write_text("gen/*\n!gen/keep.py\n")
    if git:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    files = discover(tmp_path, ["python", "markdown"])
    assert files.languages == {
        "README.md": "markdown",
        "a.py": "python",
        "pkg/c.py": "python",
        "pkg/gen/keep.py": "python",
    }
    assert "data.json" in files.paths
    assert "build/b.py" not in files.paths


def test_a_tracked_file_counts_although_it_is_ignored(tmp_path: Path):
    tree(tmp_path, "build/b.py")
    for command in (["init", "-q"], ["add", "build/b.py"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    (tmp_path / ".gitignore").write_text("build/\n")
    assert list(discover(tmp_path, ["python"]).languages) == ["build/b.py"]


def test_virtual_environments_and_tool_folders_are_passed_over(tmp_path: Path):
    tree(tmp_path, "a.py", "__pycache__/b.py", "node_modules/c/d.py", ".tox/e.py", "env/lib/f.py")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert list(discover(tmp_path, ["python"]).languages) == ["a.py"]


def test_windowed_scripts_are_python(tmp_path: Path):
    tree(tmp_path, "app.pyw", "app.py", "gui/main.PYW", "stub.pyi")
    assert set(discover(tmp_path, ["python"]).languages) == {"app.py", "app.pyw", "gui/main.PYW"}
    assert name_modules({"app.py": [], "app.pyw": [], "gui/main.pyw": []}).modules == {
        "app.py": "app",
        "app.pyw": "app_",
        "gui/main.pyw": "gui.main",
    }


def test_the_users_patterns_exclude(tmp_path: Path):
    tree(tmp_path, "a.py", "vendor/b.py", "pkg/c_pb2.py")
    assert list(discover(tmp_path, ["python"], ["vendor/", "*_pb2.py"]).languages) == ["a.py"]


def test_each_folder_is_asked_once_whether_it_is_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tree(tmp_path, "a/b/c.py", "a/b/d.py", "a/e.py", "f.py")
    asked: list[str] = []
    monkeypatch.setattr("os.path.islink", lambda path: asked.append(path))
    assert len(discover(tmp_path, ["python"], listed=["a/b/c.py", "a/b/d.py", "a/e.py", "f.py"]).languages) == 4
    assert asked == [f"{tmp_path}/a", f"{tmp_path}/a/b"]


def test_files_in_languages_that_nothing_reads_are_counted():
    assert not_analysed(["a.py", "b.md", "c.txt", "rs"]) == ""
    assert not_analysed(["a.py", "b/c.rs"]) == "1 Rust file"
    assert not_analysed(["a.pyi", "b.pyi", "c.pyw"]) == "2 Python stub files"
    assert not_analysed(["a.c", "b.rs", "c.h", "d.js", "e.c"]) == "3 C, 1 Rust and 1 JavaScript files"


def test_a_name_is_printed_on_one_line():
    assert printable("a\nb\udcff\u200b.py") == "a\\nb\\xff\\u200b.py"


def test_a_line_of_a_gitignore_that_is_no_pattern_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("!\nbuild/\n")
    (tmp_path / "build").mkdir()
    for name in ("a.py", "build/b.py"):
        (tmp_path / name).touch()
    assert list(discover(tmp_path, ["python"]).languages) == ["a.py"]
    with pytest.raises(UserError, match=r"repository\.exclude has '!', which is no \.gitignore pattern"):
        discover(tmp_path, ["python"], ["docs/", "!"])
