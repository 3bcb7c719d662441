"""Every kind of claim: what is true is proven, what is nearly true is refuted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from utils.generation.proof.claims import known_kinds
from utils.generation.verify import Verifier
from utils.records import Claim, Evidence, Message, Sample, SampleMetadata

FILES = {
    "src/pkg/__init__.py": '"""A package."""\nfrom .core import Engine as Motor\nfrom .helpers import *\n',
    "src/pkg/helpers.py": (
        "import json\n\nLIMIT = 3\n\n\n"
        "def log(text, *, level=1, **extra):\n"
        '    """Log a text. Twice."""\n    return json.dumps(text)\n\n\n'
        "def retry(function):\n    def inner(*args):\n        return function(*args)\n    return inner\n\n\n"
        "@retry\ndef fetch(url: str) -> 'dict[str, int]':\n    raise errors.Missing(url)\n"
    ),
    "src/pkg/core.py": (
        "from dataclasses import dataclass\nfrom enum import Enum\n"
        "from pkg import helpers\nfrom pkg.helpers import fetch, log\n\n\n"
        "class Base:\n"
        '    """The base of all.\n\n    Nothing else.\n    """\n\n'
        "    def __init__(self, size: int = 1) -> None:\n        self.size = size\n\n"
        "    def run(self):\n        log('base')\n\n"
        "    @property\n    def area(self) -> int:\n        return self.size\n\n\n"
        "class Engine(Base):\n"
        "    def run(self):\n        super().run()\n        return self.area\n\n"
        "    async def start(\n        self,\n        power,  # watts\n        *rest,\n    ) -> 'Engine':\n"
        "        if not power:\n            raise ValueError('no power')\n        return self\n\n\n"
        "class Color(Enum):\n    RED = 1\n\n\n"
        "@dataclass\nclass Point:\n    x: int = 0\n\n\n"
        "def build(engine: Engine, make, table):\n"
        "    other = Engine(2)\n    other.run()\n    engine.start(1)\n"
        "    helpers.log('x')\n    make()\n    table.lookup('k')\n\n\n"
        "def build():\n    handlers = [fetch]\n    return handlers\n\n\n"
        "def outside(log):\n    import os\n    os.path.join('a', 'b')\n    log('a parameter of that name')\n"
    ),
    "src/pkg/tables.py": (
        '"""\n======\nTables\n======\n\nAll of them.\n"""\n'
        "import pkg.core\n\nLEFT = RIGHT = ';'; RIGHT = 2; NEXT = RIGHT;\n\n\n"
        "class Table:\n    def lookup(self, key):\n        return key\n\n"
        "    def join(self, a, b):\n        return a\n\n\n"
        "class Key(Table): mark = ','; shape = ();\n\n\n"
        "class Promise:\n    lookup: object\n\n\n"
        "class Keys(Promise, Table):\n    def lookup(self, key):\n        return None\n\n\n"
        "class Missing(KeyError):\n    pass\n\n\n"
        "@pkg.core.helpers.retry\ndef demand(key):\n    raise Missing(key)\n"
    ),
    "pyproject.toml": '[project]\nname = "pkg"\ndependencies = ["Requests>=2", "numpy"]\n',
    "README.md": "# Pkg\n\nRun it with `pkg run`.\n",
}
CORE = "src/pkg/core.py"


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    root = tmp_path_factory.mktemp("repo")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Verifier(root, "pkg")


def line_of(path: str, text: str) -> int:
    return next(number for number, line in enumerate(FILES[path].split("\n"), 1) if text in line)


# kind, subject, a true value, nearly true values
CASES: list[tuple[str, str, Any, list[Any]]] = [
    ("defined_in", "pkg.core.Engine", CORE, ["src/pkg/helpers.py", "pkg/core.py"]),
    ("defined_in", "pkg.core", CORE, ["src/pkg/__init__.py"]),
    ("at_line", "pkg.core.Engine.run", line_of(CORE, "class Engine") + 1, [line_of(CORE, "class Engine"), 0]),
    ("at_line", "pkg.core.build#2", line_of(CORE, "def build():"), [line_of(CORE, "def build(engine")]),
    ("spans", "pkg.helpers.fetch", [17, 19], [[18, 19], [17, 20], [17, 18], 17]),
    ("spans", "pkg.helpers", [1, 19], [[1, 20]]),
    ("is_a", "pkg.core.Engine", "class", ["function", "module"]),
    ("is_a", "pkg.core.Engine.run", "method", ["function", "property"]),
    ("is_a", "pkg.core.Base.area", "property", ["method"]),
    ("is_a", "pkg.helpers.retry.inner", "function", ["method"]),
    ("is_a", "pkg.helpers.LIMIT", "constant", ["attribute", "field"]),
    ("is_a", "pkg.core.Color.RED", "field", ["constant", "attribute"]),
    ("is_a", "pkg.core.Point.x", "field", ["attribute"]),
    (
        "has_signature",
        "pkg.core.Engine.start",
        "async def start(self, power, *rest) -> 'Engine'",
        ["def start(self, power, *rest) -> 'Engine'", "async def start(self, power) -> 'Engine'", "async def start()"],
    ),
    ("has_signature", "pkg.core.Engine", "class Engine(Base)", ["class Engine", "class Engine(Point)"]),
    ("has_signature", "pkg.helpers.LIMIT", "LIMIT = 3", ["LIMIT = 4", "LIMIT"]),
    ("has_signature", "pkg.tables.RIGHT", "RIGHT = 2", ["RIGHT = 3", "LEFT = ';'", "NEXT = RIGHT"]),
    ("has_signature", "pkg.tables.Key.shape", "shape = ()", ["mark = ','", "class Key(Table)"]),
    ("has_parameter", "pkg.helpers.log", "level", ["levels", "json"]),
    ("has_parameter", "pkg.helpers.log", "**extra", ["*args"]),
    ("returns", "pkg.core.Base.area", "int", ["str", None, "None"]),
    ("returns", "pkg.core.Base.run", None, ["None", "int"]),
    ("raises", "pkg.core.Engine.start", "ValueError", ["TypeError"]),
    ("raises", "pkg.helpers.fetch", "errors.Missing", ["errors.Found"]),
    ("decorated_by", "pkg.helpers.fetch", "retry", ["retry()", "cached"]),
    ("raised_by", "pkg.tables.Missing", "pkg.tables.demand", ["pkg.helpers.fetch", "pkg.core.Engine.start"]),
    ("decorates", "pkg.helpers.retry", "pkg.tables.demand", ["pkg.helpers.log", "pkg.core.Point"]),
    ("documented_as", "pkg.core.Base", "The base of all.", ["The base of some.", "The base of", "Nothing else."]),
    ("documented_as", "pkg.tables", "Tables", ["======", "Tables and keys", "All of them."]),
    ("documented_as", "pkg.helpers.log", "Log a text. Twice.", ["Log a text. Thrice.", "Log a"]),
    ("calls", "pkg.core.build", "pkg.core.Engine.run", ["pkg.core.Base.run", "pkg.core.Engine", "pkg.helpers.retry"]),
    ("calls", "pkg.core.build", "pkg.core.Base.__init__", ["pkg.core.Base.area"]),
    ("calls", "pkg.core.build", "pkg.core.Engine.start", ["pkg.core.Point"]),
    ("calls", "pkg.core.build", "pkg.helpers.log", ["pkg.helpers.LIMIT"]),
    ("calls", "pkg.core.Engine.run", "pkg.core.Base.run", ["pkg.core.Engine.run", "pkg.helpers.log"]),
    ("calls", "pkg.core.Engine.run", "pkg.core.Base.area", ["pkg.core.Engine.start"]),
    ("calls", "pkg.helpers.retry.inner", "pkg.helpers.fetch", ["pkg.tables.Table.join"]),
    ("calls", "pkg.helpers", "pkg.helpers.retry", ["pkg.helpers.fetch", "pkg.helpers.log"]),
    ("called_by", "pkg.helpers.log", "pkg.core.Base.run", ["pkg.core.Engine.run", "pkg.core.outside"]),
    ("inherits_from", "pkg.core.Engine", "pkg.core.Base", ["pkg.core.Point", "Base", "object"]),
    ("inherits_from", "pkg.core.Color", "Enum", ["enum.IntEnum", "Base"]),
    ("has_subclass", "pkg.core.Base", "pkg.core.Engine", ["pkg.core.Color"]),
    ("overrides", "pkg.core.Engine.run", "pkg.core.Base.run", ["pkg.core.Base.area", "pkg.core.Base.__init__"]),
    ("overrides", "pkg.tables.Keys.lookup", "pkg.tables.Table.lookup", ["pkg.tables.Promise.lookup"]),
    ("imports", "pkg.core", "pkg.helpers", ["pkg.tables", "pkg.core"]),
    ("imports", "pkg", "pkg.core", ["pkg.tables"]),
    ("imports", "pkg.tables", "pkg.core", ["pkg.helpers"]),
    ("imported_from", "pkg.helpers.log", "pkg", ["pkg.tables", "json"]),
    ("imported_from", "pkg.helpers.LIMIT", "pkg.helpers", ["pkg.core"]),
    ("contains", CORE, "pkg.core.Engine.run", ["pkg.helpers.log", "pkg.core.missing"]),
    ("depends_on", "pkg", "requests", ["request", "pandas"]),
    ("count", "pkg.core.Engine.start", ["parameters", 2], [["parameters", 3], ["wheels", 2], 2]),
    ("count", "pkg.core.Engine", ["methods", 2], [["methods", 1], ["bases", 2]]),
    ("count", "src/pkg/helpers.py", ["functions", 3], [["functions", 4], ["lines", 20]]),
    ("quotes", "README.md", [3, 3, "pkg run"], [[1, 1, "pkg run"], [3, 3, "pkg ran"], [3, 9, "pkg run"], [3, 3, ""]]),
    ("absent", "pkg", "fetch_all", ["fetch", "power", "Motor", "core", "pkg.core.Engine", "README.md", "Twice"]),
    ("absent", "pkg", "pkg.core.Motors", ["pkg.core.Motor"]),
    ("general", "json.dumps", "json/__init__.py", ["json/decoder.py", "Deserialize"]),
    ("general", "json.dumps", "Serialize ``obj`` to a JSON formatted ``str``.", ["Serialize ``obj`` to YAML."]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "subject", "value", "wrong"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_true_claims_are_proven_and_near_misses_refuted(
    verifier: Verifier, kind: Any, subject: str, value: Any, wrong: list[Any]
) -> None:
    assert verifier.prove(Claim(kind, subject, value)) is None
    for each in wrong:
        assert verifier.prove(Claim(kind, subject, each)), each


def test_every_kind_of_claim_has_a_case() -> None:
    assert {case[0] for case in CASES} == {*known_kinds(), "general"}


@pytest.mark.parametrize("kind", ["defined_in", "calls", "overrides", "inherits_from", "imports", "has_parameter"])
def test_nothing_is_proven_of_what_does_not_exist(verifier: Verifier, kind: Any) -> None:
    assert verifier.prove(Claim(kind, "pkg.core.missing", "pkg.core.Engine"))


def test_the_import_root_is_no_part_of_a_name(verifier: Verifier) -> None:
    assert verifier.prove(Claim("defined_in", "src.pkg.core.Engine", CORE))
    assert verifier.prove(Claim("defined_in", "core.Engine", CORE))


def test_a_package_at_the_root_goes_by_its_name_and_by_what_its_files_import(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from pack.nodes import f\n")
    (tmp_path / "nodes.py").write_text("import json.decoder\ndef f(): pass\n")
    for name in ("my_copy", "pack"):
        assert Verifier(tmp_path, "my-copy").prove(Claim("defined_in", f"{name}.nodes.f", "nodes.py")) is None
    assert Verifier(tmp_path, "my-copy").prove(Claim("defined_in", "other.nodes.f", "nodes.py"))
    (tmp_path / "pack.py").write_text("")  # a module of the package's own name says nothing else
    assert Verifier(tmp_path, "my-copy").prove(Claim("defined_in", "pack.nodes.f", "nodes.py")) is None


def test_a_package_at_the_root_may_have_a_module_of_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from .pack import f\n")
    (tmp_path / "pack.py").write_text("def f(): pass\n")
    verifier = Verifier(tmp_path, "pack")
    assert verifier.prove(Claim("defined_in", "pack", "__init__.py")) is None
    assert verifier.prove(Claim("defined_in", "pack.pack.f", "pack.py")) is None
    assert verifier.prove(Claim("imports", "pack", "pack.pack")) is None


def make_sample(answer: str, claims: list[Claim], evidence: list[Evidence] | None = None) -> Sample:
    metadata = SampleMetadata(
        "1", "code_location", "en", "forward", "location:x", "location/en/00", None, claims, evidence or [], None
    )
    return Sample([Message("user", "Where?"), Message("assistant", answer)], metadata)


def test_a_sample_is_checked_for_claims_evidence_and_what_it_says_beyond_them(verifier: Verifier) -> None:
    claim = Claim("defined_in", "pkg.core.Engine", CORE)
    assert verifier.check(make_sample(f"`Engine` is in `{CORE}`.", [claim], [Evidence(CORE, 1, 3)])) == []
    assert verifier.check(make_sample(f"It is in `{CORE}` at line 9.", [claim])) == ["unclaimed: line 9"]
    assert verifier.check(make_sample("`Engine`", [claim], [Evidence(CORE, 1, 999)]))[0].startswith("evidence:")
    wrong = Claim("defined_in", "pkg.core.Engine", "README.md")
    assert verifier.check(make_sample("`Engine`", [wrong]))[0].startswith("defined_in:")


def test_dependencies_are_found_wherever_a_tool_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.hatch.envs.cov]\ndependencies = ["coverage[toml]"]\n[tool.pdm.dev-dependencies]\ntest = ["nose"]\n'
        '[tool.uv]\ndev-dependencies = ["ruff"]\n'
    )
    (tmp_path / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='m', tests_require=['hypothesis<7'])\n"
    )
    (tmp_path / "requirements.txt").write_text("git+https://example.org/it/changelog.git#egg=changelog  # ours\n")
    verifier = Verifier(tmp_path, "m")
    for name in ("coverage", "nose", "ruff", "hypothesis", "changelog"):
        assert verifier.prove(Claim("depends_on", "m", name)) is None
    assert verifier.prove(Claim("depends_on", "m", "pytest"))


def test_dependencies_are_followed_into_the_files_that_metadata_include(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[tool.setuptools.dynamic]\ndependencies = {file = ["deps.in.txt"]}\n'
        'optional-dependencies.x = {file = "x.txt"}\n[project]\nlicense-files = ["COPYING.txt"]\n',
        "deps.in.txt": "-r more/deps.txt\nsix>=1 \\\n  --hash=sha256:abc\n",
        "more/deps.txt": "-e git+https://example.org/it.git#subdirectory=s&egg=it\n-e here\n./there\nsays so\n",
        "x.txt": "attrs --hash=sha256:abc\n",
        "COPYING.txt": "nobody\n",
        "sub/setup.cfg": "[options]\ninstall_requires = file: reqs.txt\n"
        "[options.extras_require]\na = file: a.txt, b.txt\n",
        "sub/reqs.txt": "idna\n",
        "sub/a.txt": "toolz\n",
        "sub/b.txt": "cytoolz@https://example.org/it.zip\n",
        "setup.py": 'setup(setup_requires="""\nwheel\ncffi>=1\n""")\n',
        "reqs/dev.txt": "pytest\n",
        "old/setup.cfg": "[options]\nInstall-Requires =\n  regex\n",
        "old/pyproject.toml": '[tool.flit.metadata]\nrequires = ["click"]\nrequires-extra = {a = ["rich"]}\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    verifier = Verifier(tmp_path, "m")
    for name in ("six", "it", "attrs", "idna", "toolz", "cytoolz", "wheel", "cffi", "pytest", "regex", "click", "rich"):
        assert verifier.prove(Claim("depends_on", "m", name)) is None
    for name in ("nobody", "here", "there", "says", "git", "https", "file"):
        assert verifier.prove(Claim("depends_on", "m", name))


def test_ill_typed_metadata_declare_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "project = 1\ndependency-groups = {a = 2}\n[tool]\nuv = 1\npoetry.group = 2\nhatch.envs = {a = 3}\n"
        "setuptools.dynamic.dependencies = {file = 4}\n"
    )
    assert Verifier(tmp_path, "m").prove(Claim("depends_on", "m", "a"))


def test_links_and_outside_a_checkout_ignored_files_do_not_count(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "pkg/_version.py", "pkg/kept/_version.py", "build/made.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "pkg" / "link.py").symlink_to("__init__.py")
    (tmp_path / ".gitignore").write_text("_version.py\n/build/\n")
    (tmp_path / "pkg" / "kept" / ".gitignore").write_text("!_version.py\n")
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("count", "pkg", ["python files", 2])) is None
    assert verifier.prove(Claim("count", "m", ["python files", 2])) is None


def test_files_that_do_not_parse_prove_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00x = 1\n")
    broken = Verifier(tmp_path, "broken")
    assert broken.prove(Claim("defined_in", "broken.f", "broken.py"))
    assert broken.prove(Claim("absent", "broken", "g")) is None


def test_a_base_that_is_imported_or_defined_is_told_either_way(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "try:\n    from enum import StrEnum\nexcept ImportError:\n    class StrEnum(str): ...\n"
        "\nclass Color(StrEnum): ...\n"
    )
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("inherits_from", "m.Color", "m.StrEnum")) is None
    assert verifier.prove(Claim("inherits_from", "m.Color", "StrEnum")) is None
    assert verifier.prove(Claim("inherits_from", "m.Color", "Enum")) is not None


def test_a_class_that_is_called_like_its_base_outside(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class A:\n    class Exception(Exception): pass\nclass B(A): pass\n")
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("inherits_from", "m.A.Exception", "Exception")) is None
    assert verifier.prove(Claim("inherits_from", "m.A.Exception", "m.A.Exception"))
    assert verifier.prove(Claim("inherits_from", "m.B", "A"))


def test_of_one_of_two_bases_either_method_is_overridden(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "class A:\n    def f(self): ...\nclass B:\n    def f(self): ...\nclass C:\n    def f(self): ...\n"
        "try:\n    import fast\n    Base = B\nexcept ImportError:\n    Base = A\n"
        "class D(Base, C):\n    def f(self): ...\nclass E(A, C):\n    def f(self): ...\n"
    )
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("overrides", "m.D.f", "m.A.f")) is None
    assert verifier.prove(Claim("overrides", "m.D.f", "m.B.f")) is None
    assert verifier.prove(Claim("overrides", "m.E.f", "m.A.f")) is None
    assert verifier.prove(Claim("overrides", "m.E.f", "m.C.f"))


def test_a_base_goes_by_the_name_of_its_class_or_else_by_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "class A: ...\ndef make(kind):\n    chosen = A\n    class B(chosen): ...\n    return B\n"
        "class C(A): ...\nclass D(make(1)): ...\n"
    )
    verifier = Verifier(tmp_path, "m")
    for name, base in (("m.make.B", "chosen"), ("m.make.B", "m.A"), ("m.C", "m.A"), ("m.D", "make(1)")):
        assert verifier.prove(Claim("inherits_from", name, base)) is None
    for name, base in (("m.C", "A"), ("m.D", "m.A"), ("m.make.B", "A")):
        assert verifier.prove(Claim("inherits_from", name, base))


def test_a_function_of_a_package_may_have_the_name_of_a_module_in_it(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("from pkg.date import Date\n\n\ndef date(): ...\n")
    (tmp_path / "pkg" / "date.py").write_text("class Date: ...\n")
    verifier = Verifier(tmp_path, "pkg")
    assert verifier.prove(Claim("is_a", "pkg.date", "module")) is None
    assert verifier.prove(Claim("at_line", "pkg.date#2", 4)) is None
    assert verifier.prove(Claim("at_line", "pkg.date#3", 4))


def test_a_windowed_script_is_a_module(tmp_path: Path) -> None:
    (tmp_path / "tool.pyw").write_text("from gui import window\n\n\ndef start():\n    window.show()\n")
    (tmp_path / "gui").mkdir()
    (tmp_path / "gui" / "window.pyw").write_text("def show():\n    return 1\n")
    verifier = Verifier(tmp_path, "r")
    assert verifier.prove(Claim("defined_in", "gui.window.show", "gui/window.pyw")) is None
    assert verifier.prove(Claim("calls", "tool.start", "gui.window.show")) is None
    assert verifier.prove(Claim("count", "gui/", ["python files", 1])) is None


def test_a_decorator_in_brackets_and_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "blank.py").write_text("\n")
    (tmp_path / "m.py").write_text("@(\n    # @\n    deco\n)\ndef f(): ...\n")
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("spans", "m.f", [1, 5])) is None
    assert verifier.prove(Claim("spans", "m.f", [3, 5]))
    assert verifier.prove(Claim("count", "empty.py", ["lines", 0])) is None
    assert verifier.prove(Claim("count", "empty.py", ["lines", 1]))
    assert verifier.prove(Claim("count", "blank.py", ["lines", 1])) is None


FIELDS = (
    "import attr\nimport base\nfrom enum import Enum, Enum as E, nonmember\nfrom dataclasses import dataclass as data\n"
    "from typing import ClassVar, ClassVar as V\nfrom base import Colour\nfrom paint import Tone as Flag\n\n\n"
    "def call(self): ...\n\n\n"
    "class Level(Enum):\n    value: int\n    LOW = 1\n    _HIGH = 2\n    _own_ = 3\n    __kept = 4\n\n\n"
    "class ByteEnum:\n    kind = None\n\n\nclass Mode(ByteEnum):\n    kind = Level\n\n\n"
    "@data\nclass Row:\n    kept: 'ClassVarKind'\n    shared: ClassVar[int] = 1\n    plain = 2\n"
    "    quoted: 'ClassVar[int]' = 1\n    short: V[int] = 1\n\n\n"
    "@attr.s\nclass Zone:\n    name = attr.ib()\n    other = dict()\n\n\n"
    "class Odd(E):\n    one = 1\n    two = lambda self: 2\n    three = nonmember(3)\n    four = call\n"
    "    five = property(call)\n\n\n"
    "class Red(Colour):\n    dark = 1\n\n\nclass Form(base.Typed):\n    name: str\n\n\n"
    "class Sound(Flag):\n    high = 1\n\n\nclass Post(base.BaseModel):\n    text: str\n\n\n"
    "class Item(base.Struct):\n    text: str\n\n\nclass Table(base.SQLModel):\n    size: int\n"
)
BASE = (
    "import enum\nimport typing as t\n\n\nclass Colour(int, enum.Enum): ...\n\n\nclass Typed(t.TypedDict): ...\n\n\n"
    "class BaseModel: ...\n\n\nclass SQLModel(metaclass=Making): ...\n\n\n"
    "try:\n    from msgspec import Struct\nexcept ImportError:\n\n    class Struct: ...\n"
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Level.value", "attribute"),
        ("Level.LOW", "field"),
        ("Mode.kind", "attribute"),
        ("Row.kept", "field"),
        ("Row.shared", "attribute"),
        ("Row.plain", "attribute"),
        ("Zone.name", "field"),
        ("Zone.other", "attribute"),
        ("Level._HIGH", "field"),
        ("Level._own_", "attribute"),
        ("Level.__kept", "attribute"),
        ("Row.quoted", "attribute"),
        ("Row.short", "attribute"),
        ("Odd.one", "field"),
        ("Odd.two", "attribute"),
        ("Odd.three", "attribute"),
        ("Odd.four", "attribute"),
        ("Odd.five", "attribute"),
        ("Red.dark", "field"),
        ("Form.name", "field"),
        ("Sound.high", "attribute"),
        ("Post.text", "attribute"),
        ("Item.text", "field"),
        ("Table.size", "field"),
    ],
)
def test_fields_are_told_from_attributes(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "m.py").write_text(FIELDS)
    (tmp_path / "base.py").write_text(BASE)
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("is_a", f"m.{name}", kind)) is None
    assert verifier.prove(Claim("is_a", f"m.{name}", {"field": "attribute", "attribute": "field"}[kind]))
