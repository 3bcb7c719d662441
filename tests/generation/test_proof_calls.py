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
    ("returned", "def a(): pass\ndef b(): pass\ndef pick(): return a\ndef run(): pick()()\n", "m.run", "m.a", ["m.b"]),
    ("decorator", "def d(f):\n    def w(): f()\n    return w\n@d\ndef a(): pass\ndef b(): pass\n", "m.d.w", "m.a", ["m.b"]),
    ("wrapper", "def d(f):\n    def w(): f()\n    return w\n@d\ndef a(): pass\ndef run(): a()\n", "m.run", "m.d.w", ["m.d"]),
    ("sorted", "def a(x): return x\ndef b(x): return x\ndef run(xs): sorted(xs, key=a)\n", "m.run", "m.a", ["m.b"]),
    ("replacement", "import re\ndef a(m): return ''\ndef b(m): return ''\ndef run(t): return re.sub('x', a, t)\n", "m.run", "m.a", ["m.b"]),
    ("lambda", "def run(xs): xs.sort(key=lambda x: x)\ndef b(): return lambda: 1\n", "m.run", "m.run.<lambda1>", ["m.b.<lambda1>"]),
    ("super behind another class", "class A:\n    def f(self): pass\nclass B(A):\n    def f(self): pass\nclass C(B):\n    def f(self): super(B, self).f()\n", "m.C.f", "m.A.f", ["m.B.f"]),
    ("super of its own class", "class A:\n    def f(self): pass\nclass B(A):\n    def f(self): super(B, self).f()\n", "m.B.f", "m.A.f", ["m.B.f"]),
    ("super", "class A:\n    def f(self): pass\nclass B(A):\n    def f(self): super().f()\n", "m.B.f", "m.A.f", ["m.B.f"]),
    ("inherited init", "class A:\n    def __init__(self): pass\nclass B(A): pass\nclass C:\n    def __init__(self): pass\ndef run(): B()\n", "m.run", "m.A.__init__", ["m.C.__init__"]),
    ("attribute type", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\nclass B:\n    def __init__(self): self.a = A()\n    def run(self): self.a.f()\n", "m.B.run", "m.A.f", ["m.C.f"]),
    ("annotation", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run(a: 'A | None'): a.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("annotation of a class in quotes", "class A:\n    def __init__(self): pass\nclass C:\n    def __init__(self): pass\ndef run(a: type['A']): a()\n", "m.run", "m.A.__init__", ["m.C.__init__"]),
    ("annotated result", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef make() -> A: ...\ndef run(): make().f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("cached property", "from functools import cached_property\nclass A:\n    @cached_property\n    def p(self): pass\n    def q(self): pass\ndef run(a: A): return a.p, a.q\n", "m.run", "m.A.p", ["m.A.q"]),
    ("own cached property", "class cached_property:\n    def __init__(self, f): self.f = f\n    def __get__(self, obj, owner): return self.f(obj)\nclass A:\n    @cached_property\n    def p(self): pass\ndef run(a: A): return a.p\n", "m.run", "m.cached_property.__get__", ["m.A.p"]),
    ("property", "class A:\n    @property\n    def p(self): pass\n    def q(self): pass\ndef run(a: A): return a.p, a.q\n", "m.run", "m.A.p", ["m.A.q"]),
    ("with", "class K:\n    def __enter__(self): pass\n    def __exit__(self, *e): pass\n    def close(self): pass\ndef run():\n    with K(): pass\n", "m.run", "m.K.__enter__", ["m.K.close"]),
    ("item", "class A:\n    def __getitem__(self, k): pass\nclass C:\n    def __getitem__(self, k): pass\ndef run(a: A): a[0]\n", "m.run", "m.A.__getitem__", ["m.C.__getitem__"]),
    ("own class", "class A:\n    def __init__(self): pass\n    def copy(self): return self.__class__()\nclass C:\n    def __init__(self): pass\n", "m.A.copy", "m.A.__init__", ["m.C.__init__"]),
    ("mixin", "class M:\n    def run(self): self.f()\nclass A(M):\n    def f(self): pass\n    def g(self): pass\n", "m.M.run", "m.A.f", ["m.A.g"]),
    ("hasattr", "class A:\n    @property\n    def f(self): pass\n    @property\n    def g(self): pass\ndef run(a: A): return hasattr(a, 'f')\n", "m.run", "m.A.f", ["m.A.g"]),
    ("format", "class A:\n    def __str__(self): pass\n    def __len__(self): pass\ndef run(a: A): return '{} {!r}'.format(1, a)\n", "m.run", "m.A.__str__", []),
    ("getattr", "class A:\n    def f(self): pass\n    def g(self): pass\ndef run(a: A): getattr(a, 'f')()\n", "m.run", "m.A.f", ["m.A.g"]),
    ("default of getattr", "import sys\ndef a(): pass\ndef b(): pass\nf = getattr(sys, 'f', a)\ndef run(): f()\n", "m.run", "m.a", ["m.b"]),
    ("literal list", "def a(): pass\ndef b(): pass\ndef run():\n    for f in [a]: f()\n", "m.run", "m.a", ["m.b"]),
    ("list of instances", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run(xs: list[A]):\n    for x in xs: x.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("global", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\nx = None\ndef start():\n    global x\n    x = A()\ndef run(): x.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("passed instance", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run(x): x.f()\nrun(A())\n", "m.run", "m.A.f", ["m.C.f"]),
    ("passed to a constructor", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\nclass B:\n    def __init__(self, a): self.a = a\n    def run(self): self.a.f()\nB(A())\n", "m.B.run", "m.A.f", ["m.C.f"]),
    ("returns self", "class A:\n    def on(self): return self\n    def f(self): pass\nclass B(A):\n    def f(self): pass\ndef run(): B().on().f()\n", "m.run", "m.B.f", ["m.A.f"]),
    ("factory", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef make(): return A()\ndef run():\n    a = make()\n    a.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("class method", "class A:\n    @classmethod\n    def new(cls): return cls()\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run(): A.new().f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("context manager", "class A:\n    def __enter__(self): return self\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run():\n    with A() as a: a.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("wrapped result", "def d(f):\n    def w(*a): return f(*a)\n    return w\nclass A:\n    def f(self): pass\nclass C:\n    def f(self): pass\n@d\ndef make(): return A()\ndef run(): make().f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("property call", "class A:\n    def get(self): pass\n    def g(self): pass\n    x = property(get)\ndef run(a: A): return a.x\n", "m.run", "m.A.get", ["m.A.g"]),
    ("property of a module", "def get(self): pass\ndef g(self): pass\np = property(get)\nclass A:\n    x = p\ndef run(a: A): return a.x\n", "m.run", "m.get", ["m.g"]),
    ("template method", "class A:\n    def run(self): self.f()\n    def f(self): raise NotImplementedError\nclass B(A):\n    def f(self): pass\nclass C:\n    def f(self): pass\n", "m.A.run", "m.B.f", ["m.C.f", "m.A.f"]),
    ("empty tuple", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\nnothing: tuple[()] = ()\ndef run(a: A, n: 'tuple[()]'): a.f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("cast", "from typing import cast\nclass A:\n    def f(self): pass\nclass C:\n    def f(self): pass\ndef run(): cast('X', A()).f()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("alias", "class A:\n    def f(self): pass\nclass C:\n    def f(self): pass\nB = A\ndef run():\n    g = B().f\n    g()\n", "m.run", "m.A.f", ["m.C.f"]),
    ("class body", "def a(): pass\ndef b(): pass\nclass K:\n    x = a()\n", "m", "m.a", ["m.b"]),
    ("key of a display", "class A:\n    def __hash__(self): return 1\nclass C:\n    def __hash__(self): return 1\ndef run(): return {A(): 1}\n", "m.run", "m.A.__hash__", ["m.C.__hash__"]),
    ("item of a set", "class A:\n    def __hash__(self): return 1\nclass C:\n    def __hash__(self): return 1\ndef run(): return {A()}\n", "m.run", "m.A.__hash__", ["m.C.__hash__"]),
    ("set of", "class A:\n    def __hash__(self): return 1\nclass C:\n    def __hash__(self): return 1\ndef run(): return set([A()])\n", "m.run", "m.A.__hash__", ["m.C.__hash__"]),
    ("key looked for", "class A:\n    def __hash__(self): return 1\nclass C:\n    def __hash__(self): return 1\ndef run(d, c: C): return d[A()], d.get(A()), c\n", "m.run", "m.A.__hash__", ["m.C.__hash__"]),
    ("keys of a comprehension", "class A:\n    def __hash__(self): return 1\nclass C:\n    def __hash__(self): return 1\ndef run(xs: list[A]): return {x: 1 for x in xs}\n", "m.run", "m.A.__hash__", ["m.C.__hash__"]),
    ("text filled", "class A:\n    def __str__(self): return ''\nclass C:\n    def __str__(self): return ''\ndef run(c: C): return '%s %s' % (A(), 1), c\n", "m.run", "m.A.__str__", ["m.C.__str__"]),
    ("class given to map", "class A:\n    def __init__(self, x): pass\nclass C:\n    def __init__(self, x): pass\ndef run(): return list(map(A, 'ab'))\n", "m.run", "m.A.__init__", ["m.C.__init__"]),
    ("called by another name", "class A:\n    def make(self): pass\n    __call__ = make\nclass C:\n    def make(self): pass\ndef run(): A()()\n", "m.run", "m.A.make", ["m.C.make"]),
    ("decorated by an object called by another name", "class D:\n    def __init__(self, f): self.f = f\n    def make(self): pass\n    __call__ = make\n    def other(self): pass\n@D\ndef a(): pass\ndef run(): a()\n", "m.run", "m.D.make", ["m.D.other"]),
    ("name for type checkers in a class", "from typing import TYPE_CHECKING\nclass A:\n    def __new__(cls): return object.__new__(cls)\nclass B(A):\n    if TYPE_CHECKING:\n        def __new__(cls): ...\ndef run(): B()\n", "m.run", "m.A.__new__", []),
    ("put in a method's place above", "class A:\n    def put(self): self.f = self.g\n    def g(self): pass\n    def h(self): pass\nclass B(A):\n    def f(self): pass\ndef run(): B().f()\n", "m.run", "m.A.g", ["m.A.h"]),
    ("decorated constructor", "def d(f):\n    def w(self): f(self)\n    return w\nclass A:\n    @d\n    def __init__(self): pass\n    @classmethod\n    def make(cls): return cls()\n", "m.A.make", "m.d.w", ["m.d"]),
    ("decorated call of an object", "def d(f):\n    def w(self): return f(self)\n    return w\nclass A:\n    @d\n    def __call__(self): return 1\nclass B(A): pass\ndef run(): B()()\n", "m.run", "m.d.w", ["m.d"]),
    ("decorated special method", "def d(f):\n    def w(self): return f(self)\n    return w\nclass A:\n    @d\n    def __len__(self): return 1\ndef run(): len(A())\n", "m.run", "m.d.w", ["m.d"]),
    ("overloads", "from typing import overload\nclass A:\n    @overload\n    def f(self, x: int) -> int: ...\n    @overload\n    def f(self, x: str) -> str: ...\n    def f(self, x): return x\n    def g(self): pass\ndef run(): A().f(1)\n", "m.run", "m.A.f#3", ["m.A.f", "m.A.g"]),
    ("for type checkers", "from typing import TYPE_CHECKING\nclass A:\n    if TYPE_CHECKING:\n        def f(self): ...\n    else:\n        def f(self): pass\ndef run(): A().f()\n", "m.run", "m.A.f#2", ["m.A.f"]),
    ("metaclass", "class M(type):\n    def __new__(cls, *a): return super().__new__(cls, *a)\nclass N(type):\n    def __new__(cls, *a): return super().__new__(cls, *a)\nclass A(metaclass=M): pass\n", "m", "m.M.__new__", ["m.N.__new__"]),
    ("object made by a metaclass", "class M(type):\n    def make(cls): return type.__call__(cls)\nclass A(metaclass=M):\n    def __init__(self): pass\nclass C:\n    def __init__(self): pass\n", "m.M.make", "m.A.__init__", ["m.C.__init__"]),
    ("a name taken into a class", "class A:\n    def __init__(self): pass\nclass C:\n    def __init__(self): pass\nclass K:\n    A = A\ndef run(): K.A()\n", "m.run", "m.A.__init__", ["m.C.__init__"]),
    ("class below", "class A:\n    def __init_subclass__(cls): pass\nclass C:\n    def __init_subclass__(cls): pass\nclass B(A): pass\n", "m", "m.A.__init_subclass__", ["m.C.__init_subclass__"]),
    ("what an object has in a method's place", "class A:\n    def __init__(self): self.f = self.g\n    def f(self): pass\n    def g(self): pass\n    def run(self): self.f()\n", "m.A.run", "m.A.g", ["m.A.__init__"]),
    ("setter", "class A:\n    @property\n    def p(self): pass\n    @p.setter\n    def p(self, v): pass\ndef run(a: A): a.p = 1\n", "m.run", "m.A.p#2", ["m.A.p"]),
    ("read and set", "class A:\n    @property\n    def p(self): pass\n    @p.setter\n    def p(self, v): pass\n    def q(self): pass\ndef run(a: A): a.p += 1\n", "m.run", "m.A.p", ["m.A.q"]),
    ("setter of a property call", "class A:\n    def get(self): pass\n    def put(self, v): pass\n    x = property(get, put)\ndef run(a: A): a.x = 1\n", "m.run", "m.A.put", ["m.A.get"]),
    ("operator by another name", "class A:\n    def join(self, o): pass\n    def meet(self, o): pass\n    __or__ = join\ndef run(a: A, b: A): return a | b\n", "m.run", "m.A.join", ["m.A.meet"]),
    ("raised class", "class E(Exception):\n    def __init__(self): pass\nclass F(Exception):\n    def __init__(self): pass\ndef run(): raise E\n", "m.run", "m.E.__init__", ["m.F.__init__"]),
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


def test_the_last_star_import_counts_and_brings_what_its_module_offers(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(): pass\ndef g(): pass\ndef _h(): pass\n")
    (tmp_path / "b.py").write_text("__all__ = ['f', '_h']\ndef f(): pass\ndef g(): pass\ndef _h(): pass\n")
    (tmp_path / "c.py").write_text("def _h(): pass\n")
    (tmp_path / "m.py").write_text(
        "from a import *\nfrom b import *\nfrom c import *\ndef run():\n    f()\n    g()\n    _h()\n"
    )
    verifier = Verifier(tmp_path, "m")
    for true, wrong in (("b.f", "a.f"), ("a.g", "b.g"), ("b._h", "c._h")):
        assert verifier.verdict(Claim("calls", "m.run", true)) == "proven"
        assert verifier.verdict(Claim("calls", "m.run", wrong)) == "refuted"


def test_a_star_import_does_not_bring_what_its_module_deletes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class K:\n    def __init__(self): pass\n")
    (tmp_path / "b.py").write_text("K = None\ndef f(k: K): pass\ndel K\n")
    (tmp_path / "m.py").write_text("from a import *\nfrom b import *\ndef run():\n    return K()\n")
    assert Verifier(tmp_path, "m").verdict(Claim("calls", "m.run", "a.K.__init__")) == "proven"


# what the reading cannot tell is neither proven nor refuted
OPEN = [
    ("appended", "def a(): pass\nL = []\nL.append(a)\ndef run():\n    for f in L: f()\n", "m.run", "m.a"),
    ("unknown receiver", "class A:\n    def f(self): pass\ndef run(x): x.f()\n", "m.run", "m.A.f"),
    ("subclass of an annotation", "class A:\n    def f(self): pass\nclass B(A):\n    def f(self): pass\ndef run(a: A): a.f()\n", "m.run", "m.B.f"),
    ("abstract", "class A:\n    def f(self): raise NotImplementedError\ndef run(a: A): a.f()\n", "m.run", "m.A.f"),
    ("assigned from outside", "def a(): pass\nclass K:\n    f = None\n    def run(self): self.f()\ndef put(k): k.f = a\n", "m.K.run", "m.a"),
    ("assigned to a module", "import m\ndef a(): pass\nhook = None\ndef run(): hook()\ndef put(): m.hook = a\n", "m.run", "m.a"),
    ("assigned to a module in a function's place", "import m\ndef a(): pass\ndef hook(): pass\ndef run(): m.hook()\ndef put(): m.hook = a\n", "m.run", "m.a"),
    ("given another name from outside", "def a(): pass\nclass K:\n    def run(self): self.g()\ndef put(k): k.g = a\n", "m.K.run", "m.a"),
    ("constructor of a decorated class", "def d(c):\n    def new(self): pass\n    c.__init__ = new\n    return c\n@d\nclass A: pass\ndef run(): A()\n", "m.run", "m.d.new"),
    ("class that a descriptor of ours gives", "class D(property):\n    def __get__(self, x, owner): return self.fget(owner)\nclass B:\n    def __init__(self, x): pass\nclass A:\n    @D\n    def other(cls): return B\n    def run(self): return self.other(self)\n", "m.A.run", "m.B.__init__"),
    ("constructor above in a decorated class", "def d(c):\n    def new(self): pass\n    c.__init__ = new\n    return c\n@d\nclass A: pass\nclass B(A):\n    def __init__(self): super().__init__()\n", "m.B.__init__", "m.d.new"),
    ("sorted by itself", "class A:\n    def __lt__(self, other): pass\ndef run(xs): return sorted(xs)\n", "m.run", "m.A.__lt__"),
    ("a class method of a subclass", "class A:\n    @classmethod\n    def run(cls): cls.f()\n    @classmethod\n    def f(cls): pass\nclass B(A):\n    @classmethod\n    def f(cls): pass\n", "m.A.run", "m.B.f"),
    ("a dictionary of its own as a Mapping", "from typing import Any, Mapping\nclass A(dict):\n    def get(self, k): pass\ndef run(a: Mapping[str, Any]): return a.get(1)\n", "m.run", "m.A.get"),
    ("property of its own kind", "def kept(f):\n    def get(self): return f(self)\n    return property(get)\nclass K:\n    def __call__(self): pass\nclass A:\n    @kept\n    def k(self): return K()\ndef run(a: A): a.k()\n", "m.run", "m.K.__call__"),
    ("replaced by what an object gives", "from functools import wraps\nclass D:\n    def __call__(self, f):\n        def w(*a): return f(*a)\n        return wraps(f)(w)\n@D()\ndef a(): pass\ndef run(): a()\n", "m.run", "m.D.__call__.w"),
    ("a static call", "def f(x): pass\nclass A:\n    __call__ = staticmethod(f)\nS = A()\ndef run(): S(1)\n", "m.run", "m.f"),
    ("registered", "from functools import singledispatch\n@singledispatch\ndef f(x): pass\n@f.register\ndef _(x: int): pass\ndef run(): f(1)\n", "m.run", "m._"),
    ("subclass of a class that is given", "class A:\n    def __init__(self): pass\nclass B(A):\n    def __init__(self): pass\ndef run(c: type[A]): c()\n", "m.run", "m.B.__init__"),
    ("made instead", "class A:\n    def __new__(cls): return object.__new__(B)\nclass B(A):\n    def __init__(self): pass\ndef run(): A()\n", "m.run", "m.B.__init__"),
    ("assigned by a subclass", "class A:\n    def f(self): pass\nclass B:\n    def f(self): pass\nclass T:\n    def start(self): self.x = A()\n    def run(self): self.x.f()\nclass U(T):\n    def start(self): self.x = B()\n", "m.T.run", "m.B.f"),
    ("method that its object replaces", "class A:\n    def __init__(self): self.f = self.g\n    def f(self): pass\n    def g(self): pass\n    def run(self): self.f()\n", "m.A.run", "m.A.f"),
    ("one of two bases", "try:\n    import fast\n    class A:\n        def f(self): pass\n    class B:\n        def f(self): pass\n    Base = B\nexcept ImportError:\n    Base = A\nclass K(Base): pass\ndef run(): K().f()\n", "m.run", "m.B.f"),
    ("assigned to a class", "class A:\n    def f(self): pass\nclass K:\n    x = None\n    def start(): K.x = A()\n    def run(): K.x.f()\n", "m.K.run", "m.A.f"),
    ("called object of a subclass", "class A:\n    def __call__(self): raise NotImplementedError\nclass B(A):\n    def __call__(self): pass\nclass K:\n    def __init__(self, a: A): self.a = a\n    def run(self): self.a()\n", "m.K.run", "m.B.__call__"),
    ("made to be asked of a module", "def make(name):\n    def w(asked): pass\n    return w\n__getattr__ = make('m')\ndef run():\n    import m\n    m.x\n", "m.run", "m.make.w"),
    ("what fills a dictionary", "from collections import defaultdict\ndef make(): return 1\ndef run(d): return d['a']\nrun(defaultdict(make))\n", "m.run", "m.make"),
    ("a lambda that fills a dictionary", "import collections\ndef run(d): return d['a']\ndef go(): run(collections.defaultdict(lambda: 1, {}))\n", "m.run", "m.go.<lambda1>"),
    ("asked of a module", "def __getattr__(name): pass\ndef run():\n    import m\n    m.x\n", "m.run", "m.__getattr__"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "caller", "callee"), [case[1:] for case in OPEN], ids=[c[0] for c in OPEN])
def test_what_cannot_be_told_is_undecided(tmp_path: Path, source: str, caller: str, callee: str) -> None:
    (tmp_path / "m.py").write_text(source)
    verifier = Verifier(tmp_path, "m")
    assert verifier.verdict(Claim("calls", caller, callee)) == "undecided"
    assert verifier.verdict(Claim("called_by", callee, caller)) == "undecided"
    assert verifier.prove(Claim("calls", caller, callee)) is not None


def test_a_stub_beside_a_module_is_not_what_runs(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class A:\n    def f(self): pass\n")
    (tmp_path / "m.pyi").write_text("class A:\n    def f(self) -> None: ...\n")
    (tmp_path / "n.py").write_text("from m import A\ndef run(): A().f()\n")
    assert Verifier(tmp_path, "m").verdict(Claim("calls", "n.run", "m.A.f")) == "proven"


def test_a_namesake_of_another_owner_is_never_proven(tmp_path: Path) -> None:
    """Each true call's callee is exchanged for every other function of its name."""
    wrong = 0
    for number, (_, source, caller, callee, _) in enumerate(CASES):
        root = tmp_path / str(number)
        root.mkdir()
        (root / "m.py").write_text(source)
        name = callee.rpartition(".")[2]
        (root / "other.py").write_text(
            f"class Twin:\n    def {name.strip('<>')}(self): pass\ndef {name.strip('<>')}(): pass\n"
        )
        verifier = Verifier(root, "m")
        for twin in (f"other.Twin.{name.strip('<>')}", f"other.{name.strip('<>')}"):
            assert verifier.prove(Claim("calls", caller, twin)), (source, twin)
            wrong += 1
    assert wrong == 2 * len(CASES)
