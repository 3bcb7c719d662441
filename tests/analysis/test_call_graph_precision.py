# ruff: noqa: E501 - a case is one line of source
"""What is left out because it cannot be justified, and what tells one call from another."""

from __future__ import annotations

import pytest

from tests.analysis.call_graph_cases import check, edges

FIVE = "".join(f"def f{i}(): pass\n" for i in range(5))
CLASSES = "".join(f"class C{i}:\n    def m(self): pass\n" for i in range(5))

CASES = {
    "an argument of many callers says nothing of one call": (
        f"{FIVE}def g(a): a()\n" + "".join(f"g(f{i})\n" for i in range(5)),
        "main -> main.g",
    ),
    "no object of another class is one of Python's library": (
        "from pathlib import Path\nimport other\nclass A:\n    def exists(self): pass\nclass B(A): pass\nclass U(other.Base):\n    def exists(self): pass\n"
        "def f(p: Path): p.exists()\ndef g(p: A | Path): p.exists()\ndef h(p: Path): p.exists()\nf(A())\ng(B())\nh(U())",
        "main -> main.f, main.g, main.h\nmain.g -> main.A.exists\nmain.h -> main.U.exists",
    ),
    "a receiver of many classes says nothing of one call": (
        f"{CLASSES}def g(a): a.m()\n" + "".join(f"g(C{i}())\n" for i in range(5)),
        "main -> main.g",
    ),
    "of two classes that are made one may be met": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(a): a.m()\ng(A())\ng(B())",
        "main -> main.g\nmain.g -> main.A.m, main.B.m",
    ),
    "of three classes that are made nothing is told": (
        f"{CLASSES}def g(a): a.m()\n" + "".join(f"g(C{i}())\n" for i in range(3)),
        "main -> main.g",
    ),
    "two classes in a with statement": (
        "".join(f"class C{i}:\n    def __enter__(self): pass\n    def __exit__(self, *a): pass\n" for i in range(2))
        + "def g(a):\n    with a: pass\ng(C0())\ng(C1())",
        "main -> main.g\nmain.g -> main.C0.__enter__, main.C0.__exit__, main.C1.__enter__, main.C1.__exit__",
    ),
    "a method that must be overridden, among others": (
        "class A:\n    def m(self): raise NotImplementedError\nclass B(A):\n    def m(self): pass\ndef g(a): a.m()\ng(A())\ng(B())",
        "main -> main.g\nmain.g -> main.B.m",
    ),
    "a general place, where little of what arrives is ours": (
        "def f(): pass\ndef g(a): a()\ng(f)\nimport x\n" + "".join(f"g(x.f{i})\n" for i in range(12)),
        "main -> main.g",
    ),
    "a getattr that gives this or that": (
        "class P:\n    def __eq__(self, o): return True\n    def __getattr__(self, n):\n        if n == 'a': return P()\n        return x(n)\ndef g():\n    return P().c == 1",
        "main.g -> main.P.__getattr__",
    ),
    "a getattr of a class that is only promised, and has others below": (
        "class P:\n    def __getattr__(self, n): return 1\n    def m(self): return self.c\nclass Q(P): c = 1\n"
        "def g(p: P): return p.d\nclass R:\n    def __getattr__(self, n): return 1\n    def m(self): return self.c",
        "main.R.m -> main.R.__getattr__",
    ),
    "objects and lists that arrive at one place": (
        "class P:\n    def __iter__(self): return iter(())\ndef g(a):\n    for b in a: pass\ng(P())\ng([1])",
        "main -> main.g",
    ),
    "dictionaries that arrive where an object like one is promised": (
        "class P:\n    def __getitem__(self, k): return k\n    def __setitem__(self, k, v): pass\nclass Q:\n    def __getitem__(self, k): return k\ndef g(a): a[1] = 2\ndef h(a: P): g(a)\ng(P())\ng({})\ndef i(a): a[1] = 2\ndef j(a: Q): i(a)\ni([1])\ni(P())\ndef k(a): a[1] = 2\nk({})\nk(P())",
        "main -> main.g, main.i, main.k\nmain.g -> main.P.__setitem__\nmain.h -> main.g\nmain.j -> main.i",
    ),
    "what a test puts in the place of methods and functions": (
        "# file: m.py\nclass C:\n    def __init__(self): self.h = None\n    def m(self): pass\n    def n(self): self.m(); self.h()\ndef f(): pass\ndef g(): f()\n# file: test_m.py\nimport m\ndef fake(): pass\ndef hook(): pass\ndef test():\n    c = m.C()\n    c.m = fake\n    c.h = hook\n    m.f = fake",
        "m.C.n -> m.C.m, test_m.hook\nm.g -> m.f\ntest_m.test -> m.C.__init__",
    ),
    "an annotation of what an argument decides": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef f(a=None) -> 'A | B':\n    if a is None: return A()\n    return B()\ndef g(): f().m()\ndef h(): f(1).m()\ndef i(a=None) -> 'A | B':\n    if a is None: return A()\n    return x(a)\ndef j(): i(1).m()",
        "main.g -> main.A.m, main.f\nmain.h -> main.B.m, main.f\nmain.j -> main.A.m, main.B.m, main.i",
    ),
    "what is handed back is of the class that the annotation names": (
        "class A:\n    def m(self): pass\nclass B:\n    def __init__(self, up): self.up = up\n    def top(self) -> A:\n        found = self\n        while x: found = found.up\n        return found\n    def m(self): self.top().m()",
        "main.B.m -> main.A.m, main.B.top",
    ),
    "an object of a class below the one that the annotation names": (
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self): pass\ndef f() -> A: return B()\ndef g(): f().m()",
        "main.g -> main.B.m, main.f",
    ),
    "partial stands for an object that is called": (
        "from functools import partial\nclass C: pass\ndef f(a): pass\ndef g() -> C: return partial(f, 1)\ndef h(): g()()",
        "main.h -> main.f, main.g",
    ),
    "a flag that is not set": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef f(a=False):\n    if a: return A()\n    return B()\ndef g(): f().m()\ndef h(): f(True).m()\ndef i(a): f(a).m()",
        "main.g -> main.B.m, main.f\nmain.h -> main.A.m, main.f\nmain.i -> main.A.m, main.B.m, main.f",
    ),
    "classes that a library's decorator gives back are there from the start": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n    b: int = 0\n    def __getattr__(self, n): pass\n    def m(self): return A()\ndef f(): A().m().b",
        "main.f -> main.A.m",
    ),
    "a test meets one of three objects, a library more": (
        f"# file: m.py\n{CLASSES}def one(a): return a\ndef two(a): a.m()\n# file: test_m.py\nimport m\ndef test(a):\n    for c in [m.C0(), m.C1(), 1 and m.C0()]: m.two(c)\n    b = m.C0() if a else m.C1()\n    b.m()\n    if a: b = m.C2()\n    b.m()",
        "m.two -> m.C0.m, m.C1.m\ntest_m.test -> m.two, m.C0.m, m.C1.m",
    ),
    "a table of more than a place holds": (
        "".join(f"def f{i}(): pass\n" for i in range(14))
        + "A = {"
        + ", ".join(f"'{i}': f{i}" for i in range(11))
        + "}\nB = {"
        + ", ".join(f"'{i}': f{i}" for i in range(14))
        + "}\ndef g(k): A[k]()\ndef h(k): B[k]()",
        "main.g -> " + ", ".join(f"main.f{i}" for i in range(11)),
    ),
    "a table tells all that it holds": (
        f"{FIVE}for f in [f0, f1, f2, f3, f4]:\n    f()",
        "main -> main.f0, main.f1, main.f2, main.f3, main.f4",
    ),
    "a dispatch dictionary tells all that it holds": (
        f"{FIVE}TABLE = {{'a': f0, 'b': f1, 'c': f2, 'd': f3, 'e': f4}}\ndef g(k): TABLE[k]()\ng(input())",
        "main -> main.g\nmain.g -> main.f0, main.f1, main.f2, main.f3, main.f4",
    ),
    "a wrapper tells all that it decorates": (
        "def d(f):\n    def w(): f()\n    return w\n" + "".join(f"@d\ndef f{i}(): pass\n" for i in range(5)),
        "main -> main.d\nmain.d.w -> main.f0, main.f1, main.f2, main.f3, main.f4",
    ),
    "text is promised, so no object of ours is meant": (
        "class C:\n    def __str__(self): return ''\n    def __len__(self): return 1\ndef g(a: str): len(a)\ng(C())",
        "main -> main.g",
    ),
    "a class is promised, so no other class is meant": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(a: A): a.m()\ng(A())\ng(B())",
        "main -> main.g\nmain.g -> main.A.m",
    ),
    "a protocol promises no class": (
        "from typing import Protocol\nclass P(Protocol):\n    def m(self): ...\nclass B:\n    def m(self): pass\ndef g(a: P): a.m()\ng(B())",
        "main -> main.g\nmain.g -> main.B.m",
    ),
    "what objects keep is told by class": (
        "def f(): pass\ndef g(): pass\nclass Base:\n    def __init__(self, a): self.a = a\nclass A(Base):\n    def m(self): self.a()\nclass B(Base):\n    def n(self): self.a()\nA(f).m()\nB(g).n()",
        "main -> main.A.m, main.B.n, main.Base.__init__\nmain.A.m -> main.f\nmain.B.n -> main.g",
    ),
    "an argument or its default is kept": (
        "def f(): pass\ndef g(): pass\nclass A:\n    def __init__(self, a=None): self.a = a or f\nA(g).a()\nA().a()",
        "main -> main.A.__init__, main.f, main.g",
    ),
    "a default that is never used": (
        "def f(): pass\ndef g(): pass\ndef h(a=f): a()\nh(g)",
        "main -> main.h\nmain.h -> main.g",
    ),
    "a result for a call without the argument": (
        "import functools\ndef w(f): return g\ndef g(): pass\ndef d(f=None):\n    if f is None:\n        return h\n    return w(f)\ndef h(f): return f\n@d\ndef a(): pass\n@d()\ndef b(): pass\na()\nb()",
        "main -> main.b, main.d, main.g, main.h\nmain.d -> main.w",
    ),
    "a decorator that gives a function or an object": (
        "class T:\n    def __init__(self, f): pass\n    def __call__(self): pass\ndef task(*a):\n    if len(a) == 1:\n        return T(a[0])\n    def inner(f): return T(f)\n    return inner\n@task(1, 2)\ndef f(): pass",
        "main -> main.task, main.task.inner\nmain.task -> main.T.__init__\nmain.task.inner -> main.T.__init__",
    ),
    "conditional expressions narrow": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(x): x.m() if isinstance(x, A) else 0\ng(A())\ng(B())",
        "main -> main.g\nmain.g -> main.A.m",
    ),
    "operands narrow": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(x): return isinstance(x, A) and x.m()\ndef h(x): return not isinstance(x, A) or x.m()\ng(A())\ng(B())\nh(B())\nh(A())",
        "main -> main.g, main.h\nmain.g -> main.A.m\nmain.h -> main.A.m",
    ),
    "comprehension conditions narrow": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n[x.m() for x in (A(), B()) if isinstance(x, A)]",
        "main -> main.A.m",
    ),
    "a negated test narrows what follows": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(x):\n    if not isinstance(x, A):\n        return\n    x.m()\ng(A())\ng(B())",
        "main -> main.g\nmain.g -> main.A.m",
    ),
    "other kinds beside an object: no special method": (
        "class A:\n    def __len__(self): return 1\ndef g(x): return len(x)\ng(A())\ng([])",
        "main -> main.g",
    ),
    "an object without the special method beside one that has it": (
        "class A:\n    def __eq__(self, o): return True\nclass B: pass\ndef g(x): return x == 1\ng(A())\ng(B())",
        "main -> main.g",
    ),
    "a setter through a promised class is no getter": (
        "class A:\n    @property\n    def p(self): pass\n    @p.setter\n    def p(self, v): pass\nclass B(A): pass\ndef g(a: A): a.p = 1\ng(B())",
        "main -> main.g\nmain.g -> main.A.p#2",
    ),
    "a base that is not ours may iterate": (
        "class A(list):\n    def __getitem__(self, i): pass\nfor x in A(): pass",
        "",
    ),
    "another platform's definition": (
        "import sys\nif sys.platform == 'win32':\n    def f(): pass\nelse:\n    def f(): pass\nf()",
        "main -> main.f#2",
    ),
    "an older version's definition": (
        "import sys\nif sys.version_info >= (3, 11):\n    def f(): pass\nelse:\n    def f(): pass\nf()",
        "main -> main.f",
    ),
    "another platform's definition, asked of a private name": (
        "import platform as _platform\nif _platform.system() == 'Windows':\n    def f(): pass\nelse:\n    def f(): pass\nf()",
        "main -> main.f#2",
    ),
    "an older version's definition, asked in other ways": (
        "import sys\nif sys.version >= '3':\n    def f(): pass\nelse:\n    def f(): pass\n"
        "if sys.version_info[0] == 2:\n    def g(): pass\nelse:\n    def g(): pass\n"
        "if sys.version_info.major != 2:\n    def h(): pass\nelse:\n    def h(): pass\n"
        "if sys.version_info[:2] == (3, 9):\n    def i(): pass\nelse:\n    def i(): pass\nf()\ng()\nh()\ni()",
        "main -> main.f, main.g#2, main.h, main.i, main.i#2",
    ),
    "what an example's program hands to the library is not what the library calls": (
        "# file: lib.py\nhooks = []\ndef register(f):\n    hooks.append(f)\n    return f\ndef run():\n    for f in hooks: f()\n"
        "# file: examples/app.py\nimport lib\n@lib.register\ndef hook(): pass\nlib.run()\n"
        "# file: tests/test_app.py\nfrom examples.app import hook\nhook()",
        "examples.app -> lib.register, lib.run\ntests.test_app -> examples.app.hook",
    ),
    "what one test file hands to the library is not what another one calls": (
        "# file: lib.py\nclass Box:\n    def put(self, x): self.x = x\n    def get(self): return self.x\nbox = Box()\n"
        "# file: tests/test_a.py\nimport lib\nclass Fake:\n    def m(self): pass\nlib.box.put(Fake())\nlib.box.get().m()\n"
        "# file: tests/test_b.py\nimport lib\nlib.box.get().m()\n"
        "# file: tests/test_c.py\nfrom tests import test_a\nclass Base:\n    def n(self): test_a.lib.box.get().m()\n"
        "# file: tests/test_d.py\nimport lib\nfrom tests.test_c import Base\nclass D(Base):\n    def o(self): lib.box.get().m()",
        "tests.test_a -> lib.Box.get, lib.Box.put, tests.test_a.Fake.m\ntests.test_b -> lib.Box.get\n"
        "tests.test_c.Base.n -> lib.Box.get, tests.test_a.Fake.m\ntests.test_d.D.o -> lib.Box.get, tests.test_a.Fake.m",
    ),
    "what one test file gives to all by way of conftest": (
        "# file: tests/test_util.py\nimport pytest\n@pytest.fixture\ndef tool():\n    def use(): pass\n    return use\n"
        "# file: tests/conftest.py\nfrom tests.test_util import tool\n# file: tests/test_e.py\ndef test_x(tool): tool()",
        "tests.test_e.test_x -> tests.test_util.tool.use",
    ),
    "a result for a number, or where a flag is not set": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n"
        "def make(n=1):\n    if n > 1: return B()\n    return A()\ndef pick(fast=True): return A() if fast else B()\n"
        "def level(n=0):\n    if not n: return A()\n    elif n == 2: return B()\n"
        "def a(): make().m()\ndef b(): make(3).m()\ndef c(): make(n=1).m()\ndef d(x): make(x).m()\ndef e(): pick().m()\n"
        "def f(): level().m()\ndef g(): level(2).m()\ndef h(): make(n=None).m()",
        "main.a -> main.make, main.A.m\nmain.b -> main.make, main.B.m\nmain.c -> main.make, main.A.m\n"
        "main.d -> main.make, main.A.m, main.B.m\nmain.e -> main.pick, main.A.m\nmain.f -> main.level, main.A.m\n"
        "main.g -> main.level, main.B.m\nmain.h -> main.make, main.A.m, main.B.m",
    ),
    "a number of thousands of digits": (
        f"def f(n=1):\n    if n > 0x{'f' * 6000}: return g()\n    return g\ndef k(n=0x{'f' * 6000}):\n    if n > 1: return f()\n    return g\n"
        f"def g(): pass\nk()()\nf(0x{'f' * 6000})()",
        "main -> main.f, main.g, main.k\nmain.f -> main.g\nmain.k -> main.f",
    ),
    "a result for None where the default is something else": (
        "import functools\ndef mark(kind=Warning):\n    if kind is None:\n        def same(f): return f\n        return same\n"
        "    def decorator(f):\n        @functools.wraps(f)\n        def wrapper(*args): return f(*args)\n        return wrapper\n    return decorator\n"
        "@mark()\ndef a(): pass\n@mark(kind=UserWarning)\ndef c(): pass\n@mark(kind=None)\ndef b(): pass\na()\nb()\nc()",
        "main -> main.mark, main.mark.decorator, main.mark.decorator.wrapper, main.mark.same, main.b\n"
        "main.mark.decorator.wrapper -> main.a, main.c",
    ),
    "a builtin's name that another version defines": (
        "import sys\nif sys.version_info < (3, 10):\n    class BaseException: pass\nelse:\n    BaseException = BaseException\nBaseException.m\n"
        "if sys.version_info < (3, 10):\n    def zip(): pass\nelse:\n    zip = zip\nzip()",
        "",
    ),
    "what several tests have excluded": (
        "import functools, inspect\ndef deco(f):\n    if inspect.isgeneratorfunction(f):\n        return f\n"
        "    if inspect.isasyncgenfunction(f):\n        return f\n    if not inspect.iscoroutinefunction(f):\n"
        "        @functools.wraps(f)\n        def plain(*args): return f(*args)\n        return plain\n    return f\n"
        "@deco\nasync def a(): yield 1\n@deco\ndef b(): yield 1\n@deco\ndef c(): pass\n@deco\nasync def d(): pass\na()\nb()\nc()\nd()",
        "main -> main.a, main.b, main.d, main.deco, main.deco.plain\nmain.deco.plain -> main.c",
    ),
    "properties that property() makes of several classes": (
        "class A:\n    p = property(lambda self: 1)\nclass B:\n    def get(self): pass\n    p = property(get)\ndef g(x): return x.p\ng(A())\ng(B())",
        "main -> main.g",
    ),
    "a function where the machine is asked for in a word": (
        "WIN32 = 1\nif WIN32:\n    def f(): pass\nelse:\n    def f(): pass\nif is_windows():\n    def g(): pass\nelse:\n    def g(): pass\nf()\ng()",
        "main -> main.f#2, main.g#2",
    ),
    "super of a class that is only derived from": (
        "class Base:\n    def m(self): pass\nclass A(Base):\n    def m(self): super().m()\nclass B(Base):\n    def m(self): pass\nclass C(A, B): pass\nC().m()",
        "main -> main.A.m\nmain.A.m -> main.B.m",
    ),
    "fixtures give tests what they make": (
        "import pytest\nclass A:\n    def m(self): pass\n@pytest.fixture\ndef a(): return A()\n@pytest.fixture(scope='module')\ndef b():\n    yield A()\ndef test_x(a, b):\n    a.m()\n    b.m()",
        "main.test_x -> main.A.m",
    ),
    "an attribute that is not there": (
        "class A:\n    def __init__(self): self.x = 1\n    def __getattr__(self, n): pass\n    def m(self): pass\na = A()\na.x\na.m\na.y",
        "main -> main.A.__getattr__, main.A.__init__",
    ),
    "an abstract method beside those of what is made": (
        "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def m(self): raise ValueError\nclass B(A):\n    def m(self): pass\nclass C(A):\n    def m(self): pass\ndef g(a: A): a.m()\ng(B())\ng(C())",
        "main -> main.g\nmain.g -> main.B.m, main.C.m",
    ),
    "a promised class that is never made beside an object of another one": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(a: A | None = None):\n    a = a or B()\n    a.m()",
        "main.g -> main.B.m",
    ),
    "a promised class that is made beside an object of another one": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef g(a: A | None = None):\n    a = a or B()\n    a.m()\nA()",
        "main.g -> main.A.m, main.B.m",
    ),
    "a protocol's stubs are never told, what it does is": (
        "from typing import Protocol\nclass P(Protocol):\n    def m(self):\n        'Do it.'\n    def n(self): pass\n    def o(self):\n        self.m()\nclass B(P):\n    def m(self): super().m()\nB().m()\nB().n()\nB().o()\ndef g(p: P): p.n()",
        "main -> main.B.m, main.P.o\nmain.P.o -> main.B.m",
    ),
    "a property where as many other classes have a plain attribute": (
        "class A:\n    @property\n    def p(self): pass\nclass B:\n    p = 1\nclass C:\n    def __init__(self): self.p = 1\ndef g(x): return x.p\ndef h(x): return x.p\ng(A())\ng(B())\nh(A())\nh(C())",
        "main -> main.C.__init__, main.g, main.h",
    ),
    "a function that may be one of three": (
        "def a(): pass\ndef b(): pass\ndef c(): pass\ndef g(f): f()\ng(a)\ng(b)\ng(c)",
        "main -> main.g",
    ),
    "what @f without arguments was given is no decorator": (
        "def f(*args):\n    def inner(function): return function\n"
        "    if callable(args[0]): return inner(args[0])\n    return inner\n"
        "@f\ndef a(): pass\n@f('name')\ndef b(): pass",
        "main -> main.f, main.f.inner\nmain.f -> main.f.inner",
    ),
    "an attribute that setattr may have attached by a computed name": (
        "class A:\n    def add(self, name): setattr(self, name, 1)\n    def __getattr__(self, name): pass\n"
        "class B:\n    def __getattr__(self, name): pass\nA().some\nB().some",
        "main -> main.B.__getattr__",
    ),
    "an attribute that setattr may have attached to a class by a computed name": (
        "# file: k.py\nclass A:\n    def __getattr__(self, name): pass\nclass B(A): pass\nclass C:\n    def __getattr__(self, name): pass\n"
        "# file: m.py\nimport k\nfor name in k.names: setattr(k.A, name, 1)\nk.A().some\nk.B().some\nk.C().some",
        "m -> k.C.__getattr__",
    ),
    "of two objects that an attribute may hold nothing is told": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\nclass C:\n    def __init__(self, a): self.a = a\n"
        "    def go(self): self.a.m()\nclass D:\n    def __init__(self): self.a = A()\n    def go(self): self.a.m()\n"
        "C(A())\nC(B())",
        "main -> main.C.__init__\nmain.D.go -> main.A.m",
    ),
    "a function that only raises is there for want of another": (
        "try: import yaml\nexcept ImportError: yaml = None\nclass A:\n    if yaml:\n        def m(self): return self.n()\n"
        "    else:\n        def m(self): raise ValueError('no yaml')\n    def n(self): raise ValueError\n"
        "if yaml:\n    def f(): raise ValueError\nelse:\n    def f(): raise TypeError\nA().m()\nf()",
        "main -> main.A.m, main.f, main.f#2\nmain.A.m -> main.A.n",
    ),
    "a class has what its base has where another version of Python has it itself": (
        "import sys\nclass A:\n    def m(self): pass\nclass B(A):\n    if sys.version_info < (3, 8):\n        def m(self): pass\n"
        "    if sys.version_info >= (3, 8):\n        def n(self): pass\nB().m()\nB().n()",
        "main -> main.A.m, main.B.n",
    ),
    "an attribute that setattr attaches to something else, or under a name of its own": (
        "class A:\n    def add(self, name): setattr(self.other, name, 1)\n    def __getattr__(self, name): pass\n"
        "class B:\n    def add(self, name):\n        hidden = f'_{name}_'\n        setattr(self, hidden, 1)\n"
        "        setattr(self, '_' + name, 1)\n    def __getattr__(self, name): pass\nA().some\nB().some",
        "main -> main.A.__getattr__, main.B.__getattr__\nmain.A.add -> main.A.__getattr__",
    ),
    "a promised method that many classes override which nothing is seen to make": (
        "class Base:\n    def m(self): pass\n    def n(self): pass\nclass Made(Base): pass\n"
        "class X(Base):\n    def m(self): pass\nclass Y(Base):\n    def m(self): pass\nclass Z(Base):\n    def m(self): pass\n"
        "def g(x: Base):\n    x.m()\n    x.n()\nMade()",
        "main.g -> main.Base.n",
    ),
    "properties of several classes": (
        "class A:\n    @property\n    def p(self): pass\nclass B:\n    @property\n    def p(self): pass\nclass C:\n    p = 1\ndef g(x): return x.p\ng(A())\ng(B())\ng(C())",
        "main -> main.g",
    ),
    "a property beside classes without such an attribute": (
        "class A:\n    @property\n    def p(self): pass\nclass B: pass\ndef g(x): return x.p\ng(A())\ng(B())",
        "main -> main.g\nmain.g -> main.A.p",
    ),
    "test runners make test classes": (
        "class Base:\n    def m(self): self.n()\n    def n(self): pass\nclass TestA(Base):\n    def n(self): pass\n    def test_m(self): self.m()",
        "main.Base.m -> main.TestA.n\nmain.TestA.test_m -> main.Base.m",
    ),
    "test runners make no class without tests": (
        "class Base:\n    def m(self): self.n()\n    def n(self): pass\nclass TestA(Base):\n    def n(self): pass\n    def run(self): pass",
        "main.Base.m -> main.Base.n",
    ),
    "fixtures give test classes what they assign": (
        "import pytest\nclass A:\n    def m(self): pass\n@pytest.fixture\ndef a(request): request.cls.a = A()\n"
        "@pytest.mark.usefixtures('a')\nclass TestA:\n    def test_m(self): self.a.m()\n"
        "class TestB:\n    def test_m(self, a): self.a.m()\nclass TestC:\n    def test_m(self): self.a.m()",
        "main.TestA.test_m -> main.A.m\nmain.TestB.test_m -> main.A.m",
    ),
    "only a fixture's request has a test class": (
        "import pytest\nclass A:\n    def m(self): pass\n@pytest.fixture\ndef a(request, other): other.cls.a = A()\ndef f(request): request.cls.a = A()\n"
        "@pytest.mark.usefixtures('a', 'f')\nclass TestA:\n    def test_m(self): self.a.m()",
        "",
    ),
    "a metaclass as six gives it": (
        "import six\nclass M(type):\n    def __call__(cls): return super().__call__()\nclass A:\n    def m(self): pass\nclass B(six.with_metaclass(M, A)):\n    def __init__(self): pass\nB().m()",
        "main -> main.A.m, main.M.__call__\nmain.M.__call__ -> main.B.__init__",
    ),
    "an object with items beside one that has none": (
        "class A:\n    def __getitem__(self, k): pass\nclass B: pass\ndef g(x): return x[0]\ng(A())\ng(B())\ng([])",
        "main -> main.g",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_only_justified_calls(name: str) -> None:
    check(*CASES[name])


def test_fixtures_of_a_conftest() -> None:
    source = """
        # file: tests/conftest.py
        import pytest
        from lib import A
        @pytest.fixture
        def a(): return A()
        # file: tests/unit/test_a.py
        def test_a(a): a.m()
        # file: lib.py
        class A:
            def m(self): pass
    """
    assert edges(source) == ["tests.unit.test_a.test_a -> lib.A.m"]


def test_fixtures_of_a_conftest_give_test_classes_what_they_assign() -> None:
    source = """
        # file: tests/conftest.py
        import pytest
        from lib import A
        @pytest.fixture
        def a(request): request.cls.a = A()
        # file: tests/unit/test_a.py
        import pytest
        @pytest.mark.usefixtures("a")
        class TestA:
            def test_a(self): self.a.m()
        # file: lib.py
        class A:
            def m(self): pass
    """
    assert edges(source) == ["tests.unit.test_a.TestA.test_a -> lib.A.m"]


def test_a_class_made_by_a_call_is_not_taken_for_its_base_where_it_has_methods_of_its_own() -> None:
    source = """
        class Base:
            def m(self): pass
            def n(self): pass
        def own(self): pass
        Made = type("Made", (Base,), {"m": own})
        def use():
            Made().m()
            Made().n()
    """
    assert edges(source) == []
