"""Calls, one Python feature each: what runs is proven, its neighbour refuted."""

# ruff: noqa: E501  (one case, one line)

from __future__ import annotations

from pathlib import Path

import pytest

from utils.generation.verify import Verifier
from utils.records import Claim

# name, source of m.py, caller, callee that runs, callees that do not
CASES: list[tuple[str, str, str, str, list[str]]] = [
    ("parameter", "def a(): pass\ndef b(): pass\ndef run(f): f()\nrun(a)\nb()\n", "m.run", "m.a", ["m.b"]),
    ("keyword", "def a(): pass\ndef b(): pass\ndef run(f=None): f()\nrun(f=a)\n", "m.run", "m.a", ["m.b"]),
    ("default", "def a(): pass\ndef b(): pass\ndef run(f=a): f()\n", "m.run", "m.a", ["m.b"]),
    ("dict", "def a(): pass\ndef b(): pass\nT = {'a': a}\ndef run(k): T[k]()\n", "m.run", "m.a", ["m.b"]),
    ("append", "def a(): pass\ndef b(): pass\nL = []\nL.append(a)\ndef run():\n    for f in L: f()\n", "m.run", "m.a", ["m.b"]),
    ("returned", "def a(): pass\ndef b(): pass\ndef pick(): return a\ndef run(): pick()()\n", "m.run", "m.a", ["m.b"]),
    ("decorator", "def d(f):\n    def w(): f()\n    return w\n@d\ndef a(): pass\ndef b(): pass\n", "m.d.w", "m.a", ["m.b"]),
    ("wrapper", "def d(f):\n    def w(): f()\n    return w\n@d\ndef a(): pass\ndef run(): a()\n", "m.run", "m.d.w", ["m.d"]),
    ("sorted", "def a(x): return x\ndef b(x): return x\ndef run(xs): sorted(xs, key=a)\n", "m.run", "m.a", ["m.b"]),
    ("lambda", "def run(xs): xs.sort(key=lambda x: x)\ndef b(): return lambda: 1\n", "m.run", "m.run.<lambda1>", ["m.b.<lambda1>"]),
    ("super", "class A:\n    def f(self): pass\nclass B(A):\n    def f(self): super().f()\n", "m.B.f", "m.A.f", ["m.B.f"]),
    ("inherited init", "class A:\n    def __init__(self): pass\nclass B(A): pass\nclass C:\n    def __init__(self): pass\ndef run(): B()\n", "m.run", "m.A.__init__", ["m.C.__init__"]),
    ("attribute type", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\nclass B:\n    def __init__(self): self.a = A()\n    def run(self): self.a.f()\n", "m.B.run", "m.A.f", ["m.C.f"]),
    ("annotation", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run(a: 'A | None'): a.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("annotated result", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef make() -> A: ...\ndef run(): make().f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("property", "class A:\n    @property\n    def p(self): pass\n    def q(self): pass\ndef run(a: A): return a.p, a.q\n", "m.run", "m.A.p", ["m.A.q"]),
    ("with", "class K:\n    def __enter__(self): pass\n    def __exit__(self, *e): pass\n    def close(self): pass\ndef run():\n    with K(): pass\n", "m.run", "m.K.__enter__", ["m.K.close"]),
    ("item", "class A:\n    def __getitem__(self, k): pass\nclass C:\n    def __getitem__(self, k): pass\ndef run(a: A): a[0]\n", "m.run", "m.A.__getitem__", ["m.C.__getitem__"]),
    ("own class", "class A:\n    def __init__(self): pass\n    def copy(self): return self.__class__()\nclass C:\n    def __init__(self): pass\n", "m.A.copy", "m.A.__init__", ["m.C.__init__"]),
    ("mixin", "class M:\n    def run(self): self.f()\nclass A(M):\n    def f(self): pass\n    def g(self): pass\n", "m.M.run", "m.A.f", ["m.A.g"]),
    ("getattr", "class A:\n    def f(self): pass\n    def g(self): pass\ndef run(a): getattr(a, 'f')()\n", "m.run", "m.A.f", ["m.A.g"]),
    ("class body", "def a(): pass\ndef b(): pass\nclass K:\n    x = a()\n", "m", "m.a", ["m.b"]),
    ("nested body", "def a(): pass\ndef run():\n    def inner(): a()\n    return inner\n", "m.run.inner", "m.a", ["m.run"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "caller", "callee", "wrong"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_calls(tmp_path: Path, source: str, caller: str, callee: str, wrong: list[str]) -> None:
    (tmp_path / "m.py").write_text(source)
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("calls", caller, callee)) is None
    assert verifier.prove(Claim("called_by", callee, caller)) is None
    for each in wrong:
        assert verifier.prove(Claim("calls", caller, each)), each


def test_a_name_imported_from_outside_is_no_call_of_a_namesake(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("from json import dumps\ndef run(): dumps(1)\n")
    (tmp_path / "n.py").write_text("def dumps(x): pass\ndef run(): dumps(1)\n")
    verifier = Verifier(tmp_path, "m")
    assert verifier.prove(Claim("calls", "m.run", "n.dumps"))
    assert verifier.prove(Claim("calls", "n.run", "n.dumps")) is None


def test_reexports_and_star_imports_are_followed(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("from .a import *\nfrom .b import g as h\n")
    (tmp_path / "pkg" / "a.py").write_text("def f(): pass\n")
    (tmp_path / "pkg" / "b.py").write_text("def g(): pass\ndef f(): pass\n")
    (tmp_path / "use.py").write_text("import pkg\nfrom pkg import f\ndef run():\n    f()\n    pkg.h()\n")
    verifier = Verifier(tmp_path, "pkg")
    assert verifier.prove(Claim("calls", "use.run", "pkg.a.f")) is None
    assert verifier.prove(Claim("calls", "use.run", "pkg.b.g")) is None
    assert verifier.prove(Claim("calls", "use.run", "pkg.b.f"))
