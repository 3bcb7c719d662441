"""The whole of step 01: complete artifacts, equal bytes for equal folders, only what changed read again."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from utils.analysis import facts, pipeline
from utils.analysis.cache import exclusive
from utils.analysis.pipeline import analyze
from utils.console import ROOT, UserError
from utils.records import Analysis, CodeElement, Provenance, read_jsonl

HERE = Provenance("https://example.org/shop", "0" * 40, False, "1")

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["httpx>=0.27"]\n',
    "README.md": (
        "# Shop\n\n[![badge](x)](y)\n\nSells things to people who need them.\n\n"
        "## Usage\n\n```python\nimport shop\n```\n"
    ),
    "src/shop/__init__.py": "from shop.base import Store\n",
    "src/shop/base.py": (
        "class Store:\n    '''Keeps things.'''\n\n    def put(self, item: str) -> None:\n        check(item)\n\n"
        "    def _own(self): ...\n\n\ndef check(item):\n    return item\n"
    ),
    "src/shop/disk.py": (
        "from shop.base import Store\n\n\nclass Disk(Store):\n    def put(self, item):\n        super().put(item)\n"
    ),
    "tests/test_shop.py": "from shop.disk import Disk\n\n\ndef test_put():\n    Disk().put('a')\n",
    "broken.py": "def (\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def encoded(result: tuple[Analysis, list[CodeElement]]) -> bytes:
    return msgspec.json.encode(result)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were really analysed, not taken from the cache."""
    paths: list[str] = []
    real: Callable = facts.analyze_all

    def recording(tasks, workers):
        paths.extend(task.path for task in tasks)
        return real(tasks, workers)

    monkeypatch.setattr(facts, "analyze_all", recording)
    return paths


def test_what_is_found_out_about_a_small_project(folder: Path):
    analysis, elements = analyze(folder, "shop", HERE)
    by_id = {element.id: element for element in elements}
    assert by_id["shop.disk.Disk.put"].overrides == "shop.base.Store.put"
    assert by_id["shop.base.Store.put"].code == "    def put(self, item: str) -> None:\n        check(item)"
    assert analysis.call_graph == {
        "shop.base.Store.put": ["shop.base.check"],
        "shop.disk.Disk.put": ["shop.base.Store.put"],
        "tests.test_shop.test_put": ["shop.disk.Disk.put"],
    }
    assert analysis.imports == {
        "shop": ["shop.base"],
        "shop.disk": ["shop.base"],
        "tests.test_shop": ["shop.disk"],
    }
    assert analysis.inheritance["shop.disk.Disk"] == ["shop.base.Store"]
    assert (analysis.project.name, analysis.project.description) == ("shop", "Sells things to people who need them.")
    assert analysis.project.languages == ["python"]
    assert [dependency.name for dependency in analysis.project.dependencies] == ["httpx"]
    assert analysis.project.architecture.layers[0] == ["shop.base"]
    assert [document.title for document in analysis.documents] == ["Shop"]
    assert [each.path for each in analysis.skipped] == ["broken.py"]
    assert "finds a syntax error at line 1: invalid syntax" in analysis.skipped[0].reason


def test_statistics_count_files_kinds_and_documented_definitions(folder: Path):
    statistics = analyze(folder, "shop", HERE)[0].statistics
    assert statistics.files_by_language == {"markdown": 1, "python": 4}
    assert statistics.lines_by_language == {"markdown": 11, "python": 23}
    assert statistics.elements_by_kind == {"class": 2, "function": 2, "method": 3, "module": 4}
    assert statistics.documented_share == pytest.approx(1 / 6, abs=1e-4)  # `_own` is not public


def test_an_empty_file_has_no_line(folder: Path):
    for name in ("empty.py", "EMPTY.md"):
        (folder / name).write_text("")
    (folder / "blank.py").write_text("\n")
    analysis, _ = analyze(folder, "shop", HERE)
    lines = {file.path: file.lines for file in analysis.files}
    assert (lines["empty.py"], lines["EMPTY.md"], lines["blank.py"]) == (0, 0, 1)
    assert analysis.statistics.lines_by_language == {"markdown": 11, "python": 24}


def test_every_element_has_an_id_of_its_own_and_a_parent_that_exists(folder: Path):
    elements = analyze(folder, "shop", HERE)[1]
    ids = {element.id for element in elements}
    assert len(ids) == len(elements)
    assert {element.parent for element in elements if element.kind != "module"} <= ids


def test_a_submodule_keeps_the_name_that_its_package_defines_too(folder: Path):
    (folder / "src/shop/__init__.py").write_text(
        "disk = None\n\ndef base():\n    def base(): ...\n    base()\n\nbase()\n"
    )
    analysis, elements = analyze(folder, "shop", HERE)
    found = {element.id: element.kind for element in elements}
    assert len(found) == len(elements)
    assert (found["shop.base"], found["shop.base#2"], found["shop.base#2.base"]) == ("module", "function", "function")
    assert (found["shop.disk"], found["shop.disk#2"]) == ("module", "constant")
    assert analysis.call_graph["shop"] == ["shop.base#2"]
    assert analysis.call_graph["shop.base#2"] == ["shop.base#2.base"]


def test_equal_folders_give_equal_bytes_however_many_processes(folder: Path, monkeypatch: pytest.MonkeyPatch):
    one = encoded(analyze(folder, "shop", HERE, workers=1))
    monkeypatch.setattr("utils.analysis.workers.ALONE", 0)
    monkeypatch.setattr("utils.analysis.workers.CHUNK", 50)
    assert encoded(analyze(folder, "shop", HERE, workers=3)) == one


def test_only_the_changed_file_is_read_again_and_the_result_is_that_of_a_full_run(
    folder: Path, tmp_path: Path, parsed: list[str]
):
    cache = tmp_path / "cache"
    first = encoded(analyze(folder, "shop", HERE, cache=cache))
    assert len(parsed) == 6
    parsed.clear()
    assert encoded(analyze(folder, "shop", HERE, cache=cache)) == first
    assert parsed == []
    with (folder / "src/shop/base.py").open("a") as stream:
        stream.write("\n\ndef added():\n    check(1)\n")
    changed = encoded(analyze(folder, "shop", HERE, cache=cache))
    assert parsed == ["src/shop/base.py"]
    assert changed == encoded(analyze(folder, "shop", HERE))
    assert b"shop.base.added" in changed


def test_links_are_known_while_only_words_change(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cache = tmp_path / "cache"
    analyze(folder, "shop", HERE, cache=cache)
    for path in ("README.md", "src/shop/base.py"):
        (folder / path).write_text((folder / path).read_text().replace("things", "goods"))
    full = encoded(analyze(folder, "shop", HERE))
    monkeypatch.setattr(pipeline, "solve", None)
    assert encoded(analyze(folder, "shop", HERE, cache=cache)) == full


def test_a_file_that_moves_is_named_anew(folder: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    analyze(folder, "shop", HERE, cache=cache)
    (folder / "src/shop/disk.py").rename(folder / "src/shop/drive.py")
    found = analyze(folder, "shop", HERE, cache=cache)
    assert encoded(found) == encoded(analyze(folder, "shop", HERE))
    assert "shop.drive.Disk" in {element.id for element in found[1]}


def test_the_cache_forgets_files_that_are_gone(folder: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    (folder / "big.py").write_text("def f(): ...\n" * 20_000)
    analyze(folder, "shop", HERE, cache=cache)
    (folder / "big.py").unlink()
    analyze(folder, "shop", HERE, cache=cache)
    analyze(folder, "shop", HERE, cache=tmp_path / "fresh")
    assert parts(cache) == parts(tmp_path / "fresh")


def parts(cache: Path) -> set[str]:
    """The keys of what is kept of single files."""
    with sqlite3.connect(cache / "facts.sqlite") as database:
        return {key for (key,) in database.execute("SELECT key FROM facts WHERE key LIKE '%.%'")}


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b"", None])
def test_a_damaged_cache_is_started_anew(folder: Path, tmp_path: Path, damage: bytes | None):
    cache = tmp_path / "cache"
    expected = encoded(analyze(folder, "shop", HERE, cache=cache))
    file = cache / "facts.sqlite"
    data = file.read_bytes()
    file.write_bytes(damage if damage is not None else data[: len(data) // 2])
    assert encoded(analyze(folder, "shop", HERE, cache=cache)) == expected


@pytest.mark.parametrize("part", ["summary", "block"])
@pytest.mark.parametrize("damage", ["DELETE FROM facts", "UPDATE facts SET data = substr(data, 2)"])
def test_a_damaged_part_is_said_in_one_sentence_and_the_next_run_is_a_full_one(
    folder: Path, tmp_path: Path, part: str, damage: str
):
    cache = tmp_path / "cache"
    analyze(folder, "shop", HERE, cache=cache)
    with sqlite3.connect(cache / "facts.sqlite") as database:
        assert database.execute(f"{damage} WHERE key LIKE '%.{part}'").rowcount
    with (folder / "src/shop/base.py").open("a") as stream:
        stream.write("\n\nclass Shelf(Store):\n    def put(self, item): ...\n\n\ncheck(Shelf())\n")
    with pytest.raises(UserError, match=r"facts\.sqlite was damaged .* and is gone; run the same command again"):
        analyze(folder, "shop", HERE, cache=cache)
    assert encoded(analyze(folder, "shop", HERE, cache=cache)) == encoded(analyze(folder, "shop", HERE))


def test_another_analyser_trusts_nothing_that_is_cached(
    folder: Path, tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
):
    analyze(folder, "shop", HERE, cache=tmp_path)
    parsed.clear()
    monkeypatch.setattr(pipeline, "analyser_version", lambda: "another")
    analyze(folder, "shop", HERE, cache=tmp_path)
    assert len(parsed) == 6


def test_excluded_files_are_neither_analysed_nor_skipped(folder: Path):
    analysis, _ = analyze(folder, "shop", HERE, exclude=["tests/", "broken.py"])
    assert not [file for file in analysis.files if file.path.startswith("tests/")]
    assert analysis.skipped == []


def step(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "01_analyze_repo.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_the_script_writes_the_artifact_skips_when_nothing_changed_and_redoes_it(folder: Path, tmp_path: Path):
    chosen = [f"repository.url={folder}", "repository.name=shop", f"paths.data={tmp_path / 'data'}"]
    first = step(*chosen)
    assert first.returncode == 0, first.stderr
    assert "01 analyze: 5 files, 11 elements, 3 resolved calls, 1 skipped" in first.stdout
    running = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    assert f"skipped broken.py: {running} finds a syntax error at line 1" in first.stdout
    assert first.stdout.count(f"1 file is no valid {running}; to read what is written for a newer one") == 1
    assert "next: python " in first.stdout
    made = tmp_path / "data" / "shop" / "analysis"
    analysis = msgspec.json.decode((made / "analysis.json").read_bytes(), type=Analysis)
    assert analysis.project.name == "shop"
    assert len(list(read_jsonl(made / "elements.jsonl", CodeElement))) == 11
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    assert "unchanged, skipped" in step(*chosen).stdout
    again = step(*chosen, "--force")
    assert again.returncode == 0
    assert {name: data for name, data in before.items() if name != "manifest.json"} == {
        path.name: path.read_bytes() for path in made.iterdir() if path.name != "manifest.json"
    }


def test_the_script_waits_for_no_other_run_and_forced_begins_without_a_cache(folder: Path, tmp_path: Path):
    chosen = [f"repository.url={folder}", "repository.name=shop", f"paths.data={tmp_path / 'data'}"]
    cache = tmp_path / "data" / "shop" / "cache"
    with exclusive(cache):
        result = step(*chosen)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "error: another run is analysing into " in result.stderr
    (cache / "facts.sqlite").write_bytes(b"damaged")
    (cache / "files.index.123").write_text("left by a killed run")
    assert step(*chosen, "--force").returncode == 0
    assert {path.name for path in cache.iterdir()} == {"facts.sqlite", "files.index", "lock"}


def test_the_script_ends_with_one_sentence_where_there_is_nothing_to_analyse(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing to see")
    result = step(f"repository.url={tmp_path / 'empty'}", "repository.name=e", f"paths.data={tmp_path / 'data'}")
    assert result.returncode == 2
    assert result.stderr.startswith("error: there is no python file to analyse in ")
    assert len(result.stderr.splitlines()) == 1
    (tmp_path / "empty" / "main.rs").touch()
    result = step(f"repository.url={tmp_path / 'empty'}", "repository.name=e", f"paths.data={tmp_path / 'data'}")
    assert "empty (1 Rust file, which nothing here reads); point repository.url" in result.stderr


def test_the_script_says_what_it_does_not_read(tmp_path: Path):
    for name in ("a.py", "b.go", "c.GO", "d.tsx", "e.txt"):
        (tmp_path / name).touch()
    result = step(f"repository.url={tmp_path}", "repository.name=e", f"paths.data={tmp_path / 'data'}")
    assert "  not read, so nothing will be asked about them: 2 Go and 1 TypeScript files\n" in result.stdout


def test_each_of_two_services_means_its_own_package(tmp_path: Path) -> None:
    for service in "ab":
        folder = tmp_path / "services" / service
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "__init__.py").write_text("")
        (folder / "app" / "models.py").write_text("class User:\n    def __init__(self): pass\n")
        (folder / "app" / "main.py").write_text("from app.models import User\nUser()\n")
        (folder / "run.py").write_text("import app.models\napp.models.User()\n")
    found = analyze(tmp_path, "services", HERE)[0]
    first, second = "app", "services.b.app"
    assert found.call_graph == {
        f"{first}.main": [f"{first}.models.User.__init__"],
        f"{second}.main": [f"{second}.models.User.__init__"],
        "services.a.run": [f"{first}.models.User.__init__"],
        "services.b.run": [f"{second}.models.User.__init__"],
    }
    assert found.imports["services.b.app.main"] == ["services.b.app.models"]
