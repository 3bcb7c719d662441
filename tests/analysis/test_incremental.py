"""Whatever is edited between two runs, a run with the cache gives the bytes of a run without it."""

import os
import random
import sqlite3
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from utils.analysis import survey as surveying
from utils.analysis.pipeline import analyze_survey
from utils.analysis.resolution import replay
from utils.analysis.resolution.graph import World
from utils.analysis.resolution.interpreter import Interpreter
from utils.analysis.resolution.modules import Module
from utils.analysis.survey import survey
from utils.records import Provenance

HERE = Provenance("", None, False, "")
NAMES = ("alpha", "beta", "gamma", "delta")
START = (
    "from typing import Protocol\nimport pytest\n\n\nKEPT = {}\n\n\n"
    "def keep(function):\n    KEPT[function.__name__] = function\n    return function\n\n\n"
)


def run(root: Path, cache: Path | None) -> tuple[bytes, bytes]:
    elements = BytesIO()
    analysis = analyze_survey(survey(root, "r", cache=cache), HERE, elements, workers=1, cache=cache)
    return msgspec.json.encode(analysis), elements.getvalue()


def function(rng: random.Random) -> str:
    name, other = rng.sample(NAMES, 2)
    decorator = rng.choice(["", "", "@keep\n", f"@{other}\n"])
    body = rng.choice([f"return {other}(value)", f"return C().{other}(value)", "return value", f"value.{other}()"])
    return f"{decorator}def {name}(value: C):\n    '''Do {other}.'''\n    {body}\n\n\n"


def klass(rng: random.Random) -> str:
    base = rng.choice(["", "(C)", "(B)", "(Protocol)"])
    method, other = rng.choice(NAMES), rng.choice(NAMES)
    body = rng.choice([f"return self.{other}()", "raise NotImplementedError", "self.kept.append(self)"])
    return f"class {rng.choice('BCD')}{base}:\n    def {method}(self, given=1):\n        {body}\n\n\n"


def special(rng: random.Random) -> str:
    """A class that more than its own code says something about."""
    name, other = rng.sample(NAMES, 2)
    base, hook = rng.choice(["C", "B", "other.C"]), rng.choice(["__call__", "__init__", name])
    operator = rng.choice(["__eq__", "__add__", "__radd__"])
    head, body = rng.choice(
        [
            ("M(type)", f"def {hook}(cls, *given):\n        {other}(cls)"),
            (f"D({base}, metaclass=M)", f"{name} = 1"),
            (f"C({base})", f"@property\n    def {name}(self):\n        return self.{other}"),
            (f"B({base})", f"def {name}(self):\n        self.{other} = {other}\n        super().{name}()"),
            (f"C({base})", f"def {operator}(self, value):\n        return value == self or self + value"),
            (f"B({base})", f"def __init_subclass__(cls):\n        cls().{name}()"),
        ]
    )
    return f"class {head}:\n    {body}\n\n\n"


def runner(rng: random.Random) -> str:
    name, other = rng.sample(NAMES, 2)
    fixture = f"@pytest.fixture\ndef {name}(request):\n    request.cls.{other} = C()\n\n\n"
    test = f"class TestB(B):\n    def test(self, {name}):\n        self.{other}.{name}()\n\n\n"
    hook = f"def __getattr__(name):\n    return {name}\n\n\n"
    return rng.choice([fixture, test, f"@pytest.mark.usefixtures('{other}')\n{test}", hook])


def imported(rng: random.Random) -> str:
    module = f"pkg.m{rng.randrange(4)}"
    names = f"{rng.choice(NAMES)}, C, keep"
    return rng.choice([f"from {module} import *\n", f"from {module} import {names}\n", f"import {module} as other\n"])


def used(rng: random.Random) -> str:
    name, other = rng.sample(NAMES, 2)
    table = f"TABLE = {{1: {name}, 2: {other}, 3: other.{name}}}\n\n\n"
    return rng.choice([table, f"app = C()\napp.register({name})\n\n\n", f"keep({name})\n\n\n", f"{name}(1)\n\n\n"])


PARTS = [function, function, klass, imported, used, special, runner]


def add(rng: random.Random, path: Path) -> None:
    parts = [path.read_text(), rng.choice(PARTS)(rng)]
    path.write_text("".join(parts if rng.random() < 0.6 else reversed(parts)))


def remove(rng: random.Random, path: Path) -> None:
    blocks = path.read_text().split("\n\n\n")
    del blocks[rng.randrange(len(blocks))]
    path.write_text("\n\n\n".join(blocks))


def rename(rng: random.Random, path: Path) -> None:
    path.write_text(path.read_text().replace(*rng.sample(NAMES, 2)))


def swap(rng: random.Random, path: Path) -> None:
    """Another content of the same size."""
    path.write_text(path.read_text().replace("beta", "zeta").replace("gamma", "delta").replace("zeta", "beta"))


def touch(rng: random.Random, path: Path) -> None:
    path.touch()


def shift(rng: random.Random, path: Path) -> None:
    lines = path.read_text().split("\n")
    lines.insert(rng.randrange(len(lines)), rng.choice(["", "# A comment.", "x = 'é'", "def broken(", "\0"]))
    path.write_text("\n".join(lines))


def move(rng: random.Random, path: Path) -> None:
    path.rename(path.with_name(f"m{rng.randrange(6)}.py"))


def copy(rng: random.Random, path: Path) -> None:
    """A module that did not exist: beside the others, called what they define, in a folder of its own, outside."""
    name = rng.choice([f"m{rng.randrange(6)}.py", f"{rng.choice(NAMES)}.py", "sub/m1.py", "../m1.py", "../src/m2.py"])
    text, target = path.read_text(), path.parent / name
    target.parent.mkdir(exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_text(text)


def delete(rng: random.Random, path: Path) -> None:
    found = sorted(path.parent.parent.rglob("*.*"))
    victim = rng.choice(found)
    if victim.name not in ("__init__.py", path.name):
        victim.unlink()


def link(rng: random.Random, path: Path) -> None:
    target = path.with_name("real.txt")
    path.rename(target)
    path.symlink_to(target)


def export(rng: random.Random, path: Path) -> None:
    (path.parent / "__init__.py").write_text(imported(rng) + rng.choice(["", function(rng)]))


def document(rng: random.Random, path: Path) -> None:
    name = rng.choice(NAMES)
    code = rng.choice([f"from pkg.m1 import {name}\n{name}(1)", f"import pkg\npkg.C().{name}()\npkg.{name}(2)"])
    (path.parent.parent / "README.md").write_text(f"# Use\n\nHow to {name}.\n\n```python\n{code}\n```\n")


def declare(rng: random.Random, path: Path) -> None:
    root, name = rng.choice(["src", ".", "pkg"]), rng.choice(NAMES)
    (path.parent.parent / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\n[project.scripts]\nrun = "pkg.m1:{name}"\n'
        f'[tool.setuptools.packages.find]\nwhere = ["{root}"]\n'
    )


EDITS: list[Callable[[random.Random, Path], None]] = [
    *(add, add, remove, rename, shift, shift, move, document),
    *(swap, touch, copy, delete, link, export, declare),
]


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index trusts what was written just before it: the clock is fine enough for what a test does."""
    monkeypatch.setattr("utils.analysis.file_index.CLEARLY", 0)


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(("seed", "many"), [(seed, 1 if seed % 3 else replay.MANY) for seed in range(15)])
def test_a_run_with_the_cache_equals_a_full_run_after_any_edits(
    tmp_path: Path, seed: int, many: int, monkeypatch: pytest.MonkeyPatch
):
    """Where `many` is 1, modules are solved on their own whatever share of them is affected."""
    monkeypatch.setattr(replay, "MANY", many)
    rng = random.Random(seed)
    package = tmp_path / "repo" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for number in range(4):
        (package / f"m{number}.py").write_text(START + "".join(rng.choice(PARTS)(rng) for _ in range(7)))
    run(tmp_path / "repo", tmp_path / "cache")
    for _ in range(12):
        for _ in range(rng.choice([1, 1, 2])):
            files = [path for path in sorted(package.glob("m*.py")) if not path.is_symlink()]
            if files:
                rng.choice(EDITS)(rng, rng.choice(files))
        assert run(tmp_path / "repo", tmp_path / "cache") == run(tmp_path / "repo", None)


@pytest.mark.usefixtures("trusting")
def test_nothing_edited_is_nothing_read_analysed_or_solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = tmp_path / "repo"
    root.mkdir()
    (root / "a.py").write_text("def f(): ...\n\n\nf()\n")
    (root / "README.md").write_text("# A\n\nSays what it is.\n")
    (root / "setup.cfg").write_text("[metadata]\nname = a\n")
    first = run(root, tmp_path / "cache")
    for name in ("survey.read_bytes", "survey.name_modules", "file_analysis.analyze_file", "pipeline.solve"):
        monkeypatch.setattr(f"utils.analysis.{name}", None)
    monkeypatch.setattr("utils.analysis.patterns.looking.look", None)
    monkeypatch.setattr("utils.analysis.project.read_project", None)
    assert run(root, tmp_path / "cache") == first


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all files that are read."""
    paths: list[str] = []
    real = surveying.read_bytes

    def recording(root: str, path: str, max_bytes: int) -> tuple[bytes, os.stat_result]:
        paths.append(path)
        return real(root, path, max_bytes)

    monkeypatch.setattr(surveying, "read_bytes", recording)
    return paths


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all files that are looked at for patterns."""
    from utils.analysis.patterns import looking

    paths: list[str] = []
    real = looking.look

    def recording(file, *rest):
        paths.append(file.path)
        return real(file, *rest)

    monkeypatch.setattr(looking, "look", recording)
    return paths


@pytest.mark.usefixtures("trusting")
def test_a_file_is_looked_at_again_only_where_a_name_it_asked_for_means_something_else(
    tmp_path: Path, read: list[str], looked_at: list[str]
):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    (root / "pkg").mkdir(parents=True)
    for path, text in {
        "pkg/__init__.py": "from pkg.a import f\n",
        "pkg/a.py": "def f(): ...\n",
        "pkg/b.py": "def f(): ...\n",
        "user.py": "from pkg import f\n",
        "other.py": "X = 1\n",
    }.items():
        (root / path).write_text(text)
    run(root, cache)
    read.clear()
    looked_at.clear()
    (root / "pkg/a.py").write_text("def f(): ...\ndef g(): ...\n")
    assert run(root, cache) == run(root, None)
    assert read[0] == "pkg/a.py"
    assert looked_at[0] == "pkg/a.py"
    assert read.count("user.py") == looked_at.count("user.py") == 1  # by the full run
    looked_at.clear()
    (root / "pkg/__init__.py").write_text("from pkg.b import f\n")
    assert run(root, cache) == run(root, None)
    assert looked_at[:2] == ["pkg/__init__.py", "user.py"]
    assert looked_at.count("other.py") == 1


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg"])
def test_a_build_file_that_is_not_about_the_project_is_read_again_where_modules_are_named_anew(
    tmp_path: Path, name: str
):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    (root / "examples").mkdir(parents=True)
    (root / "examples" / name).write_text("[metadata]\nname = 'example'\n")
    (root / "a.py").write_text("A = 1\n")
    run(root, cache)
    (root / "a.py").write_text("import b\n")
    assert run(root, cache) == run(root, None)
    (root / "b.py").write_text("B = 1\n")
    assert run(root, cache) == run(root, None)


@pytest.mark.usefixtures("trusting")
def test_without_the_evidence_for_it_nothing_still_holds(tmp_path: Path):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {"pkg/__init__.py": "from pkg.a import f, g\n", "pkg/a.py": F_AND_G, "pkg/b.py": F_AND_G})
    put(root, {"user.py": "import pkg\n" + TABLE % ("pkg", "pkg")})
    run(root, cache)
    with sqlite3.connect(cache / "facts.sqlite") as database:
        assert database.execute("DELETE FROM facts WHERE key LIKE '%.looked'").rowcount
    put(root, {"pkg/__init__.py": "from pkg.b import f, g\n"})
    assert run(root, cache) == run(root, None)


TABLE = "TABLE = {1: %s.f, 2: %s.g}\n"
F_AND_G = "def f(): ...\n\n\ndef g(): ...\n"
DOCUMENT = "# A\n\n```python\nfrom pkg.a import %s\n\n%s\n```\n"
TWO_CLASSES = "class B:\n    def run(self): ...\n\n\nclass D:\n    def run(self): ...\n"
ELSEWHERE = {  # what changes somewhere changes what another file contributes, in which nothing does
    "a module appears": ({"user.py": "from pkg import x\n" + TABLE % ("x", "x")}, "pkg/x.py", F_AND_G),
    "what was foreign is here": (
        {"user.py": "from ext import mod\n" + TABLE % ("mod", "mod")},
        "ext/mod.py",
        F_AND_G,
    ),
    "a quoted name is here": ({"user.py": 'TABLE = {1: "ext.mod.f", 2: "ext.mod.g"}\n'}, "ext/mod.py", F_AND_G),
    "a module at the top appears": ({"user.py": "import x\n" + TABLE % ("x", "x")}, "x.py", F_AND_G),
    "a module is called like a method": (
        {"user.py": "from pkg.a import C\n\n\nC().f()\n", "pkg/a.py": "class C:\n    def f(self): ...\n"},
        "pkg/a/C/f.py",
        "",
    ),
    "a quoted name goes": (
        {"user.py": 'TABLE = {1: "pkg.a.f", 2: "pkg.a.g"}\n', "pkg/a.py": F_AND_G},
        "pkg/a.py",
        "X = 1\n",
    ),
    "modules are named otherwise": (
        {"src/lib/__init__.py": "", "src/lib/a.py": F_AND_G + "ALL = [f, g]\n", "user.py": "X = 1\n"},
        "user.py",
        "import src.lib.a\n",
    ),
    "a module goes": (
        {"user.py": "from pkg.a import *\n" + TABLE % ("f", "g") + "ALL = [f, g]\n", "pkg/a.py": F_AND_G},
        "pkg/a.py",
        None,
    ),
    "a name is exported from elsewhere": (
        {
            "user.py": "from pkg.a import f, g\nALL = [f, g]\n",
            "pkg/a.py": "from pkg.b import f, g\n",
            "pkg/b.py": F_AND_G,
            "pkg/c.py": F_AND_G,
        },
        "pkg/a.py",
        "from pkg.c import f, g\n",
    ),
    "a decorator keeps nothing any more": (
        {
            "user.py": "from pkg.a import keep\n\n\n@keep\ndef f(): ...\n\n\n@keep\ndef g(): ...\n",
            "pkg/a.py": "ALL = {}\n\n\ndef keep(f):\n    ALL[1] = f\n    return f\n",
        },
        "pkg/a.py",
        "ALL = {}\n\n\ndef keep(f):\n    ALL[1] = 1\n    return f\n",
    ),
    "a class has another base": (
        {
            "README.md": DOCUMENT % ("C", "C().run()\nc = C()\nc.run()"),
            "pkg/a.py": "from pkg.b import B, D\n\n\nclass C(B): ...\n",
            "pkg/b.py": TWO_CLASSES,
        },
        "pkg/a.py",
        "from pkg.b import B, D\n\n\nclass C(D): ...\n",
    ),
    "an instance is of another class": (
        {
            "README.md": DOCUMENT % ("app", "app.run()"),
            "pkg/a.py": TWO_CLASSES + "\n\napp = B()\n",
        },
        "pkg/a.py",
        TWO_CLASSES + "\n\napp = D()\n",
    ),
    "a class conforms": (
        {
            "pkg/a.py": "from typing import Protocol\n\n\nclass P(Protocol):\n    def run(self, x): ...\n",
            "pkg/b.py": TWO_CLASSES,
        },
        "pkg/b.py",
        TWO_CLASSES.replace("self", "self, x"),
    ),
    "a base's line moves": (
        {"pkg/a.py": "class C: ...\n", "user.py": "from pkg.a import C\n\n\nclass D(C): ...\n"},
        "user.py",
        "from pkg.a import C\n\n\n\nclass D(C): ...\n",
    ),
}


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_changes_elsewhere_counts(tmp_path: Path, case: str):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    files, path, text = ELSEWHERE[case]
    for name, content in {"pkg/__init__.py": "", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    before, _ = run(root, cache)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text) if text is not None else (root / path).unlink()
    after = run(root, cache)
    assert after == run(root, None)
    assert msgspec.json.decode(after[0])["patterns"] != msgspec.json.decode(before)["patterns"]


@pytest.mark.usefixtures("trusting")
def test_a_module_becomes_a_package(tmp_path: Path):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {"a.py": "A = 1\n", "b.py": "A = 1\n"})
    run(root, cache)
    (root / "b").mkdir()
    (root / "b.py").rename(root / "b/__init__.py")
    after = run(root, cache)
    assert after == run(root, None)
    assert msgspec.json.decode(after[0])["project"]["architecture"]["packages"] == {"b": 1}


@pytest.mark.usefixtures("trusting")
def test_kinds_follow_a_base_in_another_file(tmp_path: Path):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(
        root, {"pkg/__init__.py": "", "pkg/user.py": "from pkg.base import B\n\n\nclass C(B):\n    a = 1\n    b: int\n"}
    )
    seen = []
    for base in ("Enum", "TypedDict", "object"):
        put(root, {"pkg/base.py": f"from typing import *\nfrom enum import *\n\n\nclass B({base}): ...\n"})
        after = run(root, cache)
        assert after == run(root, None)
        elements = [msgspec.json.decode(line) for line in after[1].splitlines()]
        seen.append([each["kind"] for each in elements if each["parent"] == "pkg.user.C"])
    assert seen == [["field", "attribute"], ["attribute", "field"], ["attribute", "attribute"]]


def test_a_file_written_just_before_is_read_again(tmp_path: Path, read: list[str]):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    root.mkdir()
    (root / "a.py").write_text("A = 1\n")
    run(root, cache)
    read.clear()
    run(root, cache)
    assert read == ["a.py"]


@pytest.mark.usefixtures("trusting")
@pytest.mark.usefixtures("trusting")
def test_how_a_package_is_run_follows_what_it_is_imported_as(tmp_path: Path):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {"in/company/pkg/__main__.py": "", "in/company/pkg/a.py": "", "use.py": ""})
    for name in ("company.pkg", "pkg"):
        (root / "use.py").write_text(f"import {name}.a\n")
        analysis, _ = run(root, cache)
        assert [each["name"] for each in msgspec.json.decode(analysis)["project"]["entry_points"]] == [
            f"python -m {name}"
        ]
        assert run(root, None) == run(root, cache)


@pytest.mark.usefixtures("trusting")
def test_a_list_that_a_packaging_file_names_counts_under_any_name(tmp_path: Path):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    lists = {"setup.cfg": "[options]\ninstall_requires = file: deps.txt\n", "deps.txt": "-r more/deps.txt\nsix\n"}
    put(root, {"a.py": "", **lists, "more/deps.txt": "ruff\n"})
    for text in ("ruff\n", "attrs\nidna\n"):
        (root / "more" / "deps.txt").write_text(text)
        analysis, elements = run(root, cache)
        names = [each["name"] for each in msgspec.json.decode(analysis)["project"]["dependencies"]]
        assert names == ["six", *text.split()]
        assert run(root, None) == run(root, cache) == (analysis, elements)


def test_a_change_that_hides_its_time_and_size_is_seen(tmp_path: Path):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    root.mkdir()
    (root / "a.py").write_text("A = 1\n")
    before = (root / "a.py").stat()
    run(root, cache)
    (root / "a.py").write_text("B = 1\n")
    os.utime(root / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert b"a.B" in run(root, cache)[1]


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that are solved, in order."""
    modules: list[str] = []

    def recording(world: World, module: Module) -> Interpreter:
        modules.append(module.name)
        return Interpreter(world, module)

    monkeypatch.setattr(replay, "Interpreter", recording)
    return modules


CALLS_F = "from pkg.a import f\n\n\ndef call():\n    f()\n"
STARS = {
    "pkg/a.py": "from pkg.b import *\nfrom pkg.c import *\n",
    "pkg/b.py": "def f(): ...\n\n\ndef g(): ...\n",
    "pkg/c.py": "def f(): ...\n",
    "pkg/d.py": CALLS_F,
}
CLASSES = {
    "pkg/a.py": "class A:\n    def run(self):\n        self.step()\n\n    def step(self): ...\n",
    "pkg/b.py": "from pkg.a import A\n\n\nclass B(A):\n    def step(self): ...\n",
    "pkg/c.py": "from pkg.b import B\n\n\nclass C(B): ...\n\n\nC().run()\n",
    "pkg/d.py": "def call(x): ...\n",
}
TABLES = {
    "pkg/a.py": "TABLE = {}\n\n\ndef register(f):\n    TABLE[f.__name__] = f\n\n\ndef run(key):\n    TABLE[key]()\n",
    "pkg/b.py": "from pkg.a import register\n\n\ndef f(): ...\n\n\nregister(f)\n",
    "pkg/c.py": "from pkg.a import register\n\n\ndef g(): ...\n",
    "pkg/d.py": "import pkg.a\n\n\ndef call():\n    pkg.a.run('f')\n",
}
PROMISED = {
    "pkg/a.py": "class A:\n    def m(self): ...\n",
    "pkg/e.py": "from pkg.a import A\n\n\ndef call(x: A):\n    x.m()\n",
}
DERIVED = "from pkg.a import A\n\n\nclass B(A):\n    def m(self): ...\n"
SETUP = "class A:\n    def setup(self):\n        self.b = B()\n"
SETUP += "\n\nclass C(A):\n    def setup(self):\n        self.b = D()\n\n    def call(self):\n        self.b.run()\n"
FIVE = [f"f{number}" for number in range(5)]
METACLASS = "class M(type):\n    def __call__(cls):\n        return super().__call__()\n"
MARKED = "import pytest\n\n\n@pytest.mark.usefixtures('a')\nclass TestA:\n    def test_a(self):\n        self.a.run()\n"
FIXTURE = "import pytest\nfrom pkg.a import A, B\n\n\n@pytest.fixture\ndef a(request):\n    request.cls.a = %s()\n"
REPLAYED = {  # files, the one that is edited, its new text, the modules that are solved for it
    "a body": ({"pkg/a.py": F_AND_G, "pkg/b.py": CALLS_F}, "pkg/a.py", F_AND_G + "\n\ng()\n", "pkg.a"),
    "a function has another name": (
        {"pkg/a.py": F_AND_G, "pkg/b.py": CALLS_F, "pkg/c.py": CALLS_F.replace("f", "g")},
        "pkg/a.py",
        F_AND_G.replace("f()", "h()"),
        "pkg.a pkg.b",
    ),
    "a function returns another one": (
        {
            "pkg/a.py": F_AND_G + "\n\ndef make():\n    return f\n",
            "pkg/b.py": "from pkg.a import make\n\nmade = make()\n",
            "pkg/c.py": "from pkg.b import made\n\nmade()\n",
            "pkg/d.py": CALLS_F,
        },
        "pkg/a.py",
        F_AND_G + "\n\ndef make():\n    return g\n",
        "pkg.a pkg.b pkg.c",
    ),
    "a class that others derive from goes": (CLASSES, "pkg/a.py", "X = 1\n", "pkg.a pkg.b pkg.c"),
    "a method is overridden": (
        CLASSES,
        "pkg/c.py",
        CLASSES["pkg/c.py"].replace("C(B): ...", "C(B):\n    def step(self): ..."),
        "pkg.a pkg.b pkg.c",
    ),
    "a class is made": (
        {**CLASSES, "pkg/c.py": "from pkg.b import B\n\n\ndef call(b: B):\n    b.run()\n"},
        "pkg/d.py",
        "from pkg.b import B\n\nB()\n",
        "pkg.d",
    ),
    "a class has another base": (
        {**CLASSES, "pkg/d.py": "class D:\n    def run(self): ...\n"},
        "pkg/b.py",
        "from pkg.d import D\n\n\nclass B(D): ...\n",
        "pkg.a pkg.b pkg.c pkg.d",
    ),
    "an attribute is assigned from elsewhere": (
        CLASSES,
        "pkg/d.py",
        "from pkg.a import A\n\n\ndef g(): ...\n\n\ndef call(x: A):\n    x.step = g\n",
        "pkg.a pkg.b pkg.c pkg.d",
    ),
    "an attribute that is read elsewhere is assigned to on anything": (
        {"pkg/a.py": f"{SETUP}\n\n{TWO_CLASSES}", "pkg/d.py": "def call(x): ...\n"},
        "pkg/d.py",
        "def call(x):\n    x.b = 1\n",
        "pkg.a pkg.d",
    ),
    "a class that is made derives from another one": (
        {**PROMISED, "pkg/b.py": DERIVED.replace("(A)", ""), "pkg/c.py": "from pkg.b import B\n\nB()\n"},
        "pkg/b.py",
        DERIVED,
        "pkg.b pkg.c",
    ),
    "a promised class is made, and one of another kind comes along": (
        {
            "pkg/a.py": PROMISED["pkg/a.py"],
            "pkg/b.py": DERIVED,
            "pkg/e.py": "from pkg.b import B\n\n" + PROMISED["pkg/e.py"] + "\n\ncall(B())\n",
            "pkg/d.py": "X = 1\n",
        },
        "pkg/d.py",
        "from pkg.a import A\n\nA()\n",
        "pkg.d",
    ),
    "a class further down is made": (
        {
            **PROMISED,
            "pkg/b.py": DERIVED,
            "pkg/c.py": DERIVED.replace("B", "C").replace("A", "B").replace("pkg.a", "pkg.b"),
            "pkg/d.py": "X = 1\n",
        },
        "pkg/d.py",
        "from pkg.c import C\n\nC()\n",
        "pkg.d",
    ),
    "what is called is in a table of another module": (
        {
            "pkg/a.py": "def call(f):\n    f()\n",
            "pkg/b.py": "".join(f"def {name}(): ...\n\n\n" for name in FIVE),
            "pkg/c.py": "from pkg.a import call\nfrom pkg.b import *\n\n" + "".join(f"call({f})\n" for f in FIVE),
            "pkg/d.py": "X = 1\n",
        },
        "pkg/d.py",
        f"from pkg.b import {', '.join(FIVE)}\n\nTABLE = [{', '.join(FIVE)}]\n",
        "pkg.d",
    ),
    "a star brings less": (STARS, "pkg/c.py", "__all__ = []\n" + STARS["pkg/c.py"], "pkg.b pkg.c pkg.d"),
    "a star brings more": (STARS, "pkg/c.py", STARS["pkg/b.py"], "pkg.c"),
    "stars have another order": (
        STARS,
        "pkg/a.py",
        "from pkg.c import *\nfrom pkg.b import *\n",
        "pkg.a pkg.b pkg.c pkg.d",
    ),
    "one more is in a table": (TABLES, "pkg/c.py", TABLES["pkg/c.py"] + "\n\nregister(g)\n", "pkg.a pkg.c"),
    "none is in a table any more": (TABLES, "pkg/b.py", "X = 1\n", "pkg.a pkg.b"),
    "modules import each other": (
        {
            "pkg/a.py": "import pkg.b\n\n\ndef f():\n    pkg.b.g(f)\n",
            "pkg/b.py": "from pkg.a import *\n\n\ndef g(x):\n    x()\n\n\ndef h():\n    f()\n",
            "pkg/c.py": "from pkg.b import *\n\n\nh()\n",
        },
        "pkg/a.py",
        "import pkg.b\n\n\ndef k(): ...\n\n\ndef f():\n    pkg.b.g(k)\n",
        "pkg.a pkg.b",
    ),
    "a class gets a metaclass": (
        {"pkg/a.py": "class A: ...\n", "pkg/b.py": METACLASS, "pkg/c.py": "from pkg.a import A\n\nA()\n"},
        "pkg/a.py",
        "from pkg.b import M\n\n\nclass A(metaclass=M): ...\n",
        "pkg.a pkg.b pkg.c",
    ),
    "a property becomes a plain attribute": (
        {
            "pkg/a.py": "class A:\n    @property\n    def p(self): ...\n",
            "pkg/b.py": "from pkg.a import A\n\n\ndef call(x: A):\n    x.p\n",
            "pkg/c.py": "from pkg.a import A\n",
        },
        "pkg/a.py",
        "class A:\n    p = 1\n",
        "pkg.a pkg.b",
    ),
    "a fixture gives a test class something else": (
        {"pkg/a.py": TWO_CLASSES.replace("D", "A"), "tests/conftest.py": FIXTURE % "A", "tests/test_a.py": MARKED},
        "tests/conftest.py",
        FIXTURE % "B",
        "pkg.a tests.conftest tests.test_a",
    ),
    "a module answers for what it does not have": (
        {"pkg/a.py": F_AND_G, "pkg/b.py": "from pkg.a import h\n\nh()\n", "pkg/c.py": "def __getattr__(name): ...\n"},
        "pkg/a.py",
        F_AND_G + "\n\ndef __getattr__(name):\n    return g\n",
        "pkg.a pkg.b",
    ),
    "the first of all modules defines a hook": (
        {"pkg/a.py": F_AND_G, "pkg/b.py": CALLS_F},
        "pkg/a.py",
        F_AND_G + "\n\ndef __getattr__(name):\n    return g\n",
        None,
    ),
}


@pytest.fixture
def replaying(monkeypatch: pytest.MonkeyPatch, solved: list[str]) -> list[str]:
    """Even in a small repository only what is affected is solved again: the modules that are."""
    monkeypatch.setattr(replay, "MANY", 1)
    return solved


def put(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("case", REPLAYED)
@pytest.mark.parametrize("late", [False, True])
def test_only_what_an_edit_affects_is_solved_again(tmp_path: Path, case: str, late: bool, replaying: list[str]):
    """Where it is `late`, the code is not there yet when everything is solved, and comes in an edit of its own."""
    root, cache = tmp_path / "repo", tmp_path / "cache"
    files, path, text, affected = REPLAYED[case]
    empty = {"pkg/__init__.py": "", "other.py": "from pkg import a\n\n\ndef f():\n    a\n"}
    put(root, {**empty, **(dict.fromkeys(files, "X = 1\n") if late else files)})
    before = run(root, cache)
    every = sorted(replaying)
    if late:
        put(root, files)
        before = run(root, cache)
    replaying.clear()
    put(root, {path: text})
    after = run(root, cache)
    assert sorted(replaying) == (every if affected is None else affected.split())
    assert after == run(root, None) != before
    put(root, {path: files[path]})
    assert run(root, cache) == before


@pytest.mark.usefixtures("trusting")
def test_an_edit_tells_other_calls_of_modules_that_are_not_solved_again(tmp_path: Path, replaying: list[str]):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {"pkg/__init__.py": "", **CLASSES, "pkg/c.py": "import pkg.a\n\npkg.a.A()\n"})

    def callees() -> list[str]:
        return msgspec.json.decode(run(root, cache)[0])["call_graph"].get("pkg.a.A.run", [])

    assert callees() == ["pkg.a.A.step"]
    replaying.clear()
    put(root, {"pkg/c.py": "import pkg.b\n\npkg.b.B()\n"})
    assert callees() == ["pkg.b.B.step"]
    assert "pkg.a" not in replaying
    assert run(root, cache) == run(root, None)


@pytest.mark.usefixtures("trusting")
def test_modules_come_and_go(tmp_path: Path, replaying: list[str]):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {"pkg/__init__.py": "", **CLASSES})
    first = run(root, cache)
    put(root, {"pkg/aa.py": CLASSES["pkg/b.py"] + "\n\nB().run()\n"})
    assert run(root, cache) == run(root, None) != first
    put(root, {"pkg/d.py": "from pkg.aa import B\n\nB().step()\n"})
    replaying.clear()
    assert run(root, cache) == run(root, None)
    assert replaying[0] == "pkg.d"
    (root / "pkg/aa.py").unlink()
    assert run(root, cache) == run(root, None)
    put(root, {"pkg/d.py": CLASSES["pkg/d.py"]})
    assert run(root, cache) == first


@pytest.mark.usefixtures("trusting")
def test_where_much_is_edited_everything_is_solved(tmp_path: Path, solved: list[str]):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {f"m{number}.py": "X = 1\n" for number in range(2 * replay.MANY)})
    run(root, cache)
    for edited in (2, 3):
        put(root, {f"m{number}.py": f"Y = {edited}\n" for number in range(edited)})
        solved.clear()
        run(root, cache)
        assert len(solved) == (2 if edited == 2 else 2 * replay.MANY)


@pytest.mark.usefixtures("trusting")
def test_code_that_only_moves_is_not_solved_and_the_next_edit_is_solved_alone(tmp_path: Path, replaying: list[str]):
    root, cache = tmp_path / "repo", tmp_path / "cache"
    put(root, {"pkg/__init__.py": "", "pkg/a.py": F_AND_G, "pkg/b.py": CALLS_F, "pkg/c.py": CALLS_F})
    run(root, cache)
    for text, affected in (
        ("# Why.\n\n" + F_AND_G, []),
        ("# Why.\n\n" + F_AND_G + "\n\ng()\n", ["pkg.a"]),
        ("# Why.\n" + F_AND_G + "\n\ng()\n", []),
        (F_AND_G + "\n\nf()\n", ["pkg.a"]),
    ):
        put(root, {"pkg/a.py": text})
        replaying.clear()
        after = run(root, cache)
        assert replaying == affected
        assert after == run(root, None)
