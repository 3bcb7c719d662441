# ruff: noqa: E501 - a case is one line of source
"""Calls of functions: names, arguments, returns, closures, lambdas, decorators, generators."""

from __future__ import annotations

import pytest

from tests.analysis.call_graph_cases import check

CASES = {
    "a name of the module by globals": ("def f(): pass\ndef g(): globals()['f']()", "main.g -> main.f"),
    "readers that operator makes": (
        "import operator\nclass C:\n    @property\n    def p(self): return self\n    def m(self, a=None): return a\ndef f(): pass\ndef g(): operator.methodcaller('m', f)(C())()\ndef h(): sorted([C()], key=operator.attrgetter('p'))\ndef i(): operator.itemgetter(1)([f, g])()",
        "main.g -> main.C.m, main.f\nmain.h -> main.C.p\nmain.i -> main.g",
    ),
    "objects are added up": (
        "class C:\n    def __add__(self, o): return self\n    def __radd__(self, o): return self\nclass D:\n    def __add__(self, o): return self\ndef f(): return sum([C(), C()])\ndef g(): return sum([D(), D()], D())",
        "main.f -> main.C.__add__, main.C.__radd__\nmain.g -> main.D.__add__",
    ),
    "an object as an index": (
        "class C:\n    def __index__(self): return 0\ndef f(): [1][C()]\ndef g(): {}[C()]",
        "main.f -> main.C.__index__",
    ),
    "strategies do not run when they are made": (
        "from hypothesis import strategies as st\n@st.composite\ndef f(draw): pass\ndef g(): return f()",
        "",
    ),
    "a dictionary is made of a dictionary": (
        "class C(dict):\n    def keys(self): pass\n    def __getitem__(self, k): pass\nclass D:\n    def keys(self): return ['a']\n    def __getitem__(self, k): pass\ndef f(): dict(C())\ndef g(): dict(D())",
        "main.g -> main.D.__getitem__, main.D.keys",
    ),
    "a module by one of some names": (
        "# file: m.py\ndef f(): pass\n# file: main.py\nimport pytest\nfor n in ['m', 'k']:\n    pytest.importorskip(n).f()",
        "main -> m.f",
    ),
    "fixture that is imported": (
        "# file: tests/plugin.py\nimport pytest\nclass A:\n    def m(self): pass\n@pytest.fixture\ndef a(): return A()\n# file: tests/conftest.py\nfrom tests.plugin import a\n# file: tests/test_a.py\ndef test(a): a.m()",
        "tests.test_a.test -> tests.plugin.A.m",
    ),
    "fixture that hands on others": (
        "# file: tests/conftest.py\nimport pytest\nclass A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n@pytest.fixture\ndef a(): return A()\n@pytest.fixture\ndef b(): return B()\n@pytest.fixture\ndef c(a, b):\n    if not a: return b\n    return a\n# file: tests/one/conftest.py\nimport pytest\n@pytest.fixture\ndef a(a): return a\n# file: tests/one/test_a.py\ndef test_a(a): a.m()\ndef test_c(c): c.m()",
        "tests.one.test_a.test_a -> tests.conftest.A.m\ntests.one.test_a.test_c -> tests.conftest.A.m, tests.conftest.B.m",
    ),
    "fixture that all tests use": (
        "# file: tests/conftest.py\nimport pytest\nclass A:\n    def m(self): pass\n@pytest.fixture(autouse=True)\ndef a(request): request.instance.a = A()\n@pytest.fixture\ndef b(request): request.instance.b = A()\n# file: tests/test_a.py\nclass TestA:\n    def test(self):\n        self.a.m()\n    def test_b(self): self.b.m()",
        "tests.test_a.TestA.test -> tests.conftest.A.m",
    ),
    "fixture method that is inherited": (
        "import pytest\nclass A:\n    def m(self): pass\nclass Base:\n    @pytest.fixture(autouse=True)\n    def prepare(self): self.make().m()\nclass TestA(Base):\n    def make(self): return A()\n    def test(self): pass",
        "main.Base.prepare -> main.A.m, main.TestA.make",
    ),
    "parameters that pytest gives": (
        "import pytest\nclass A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef f(): pass\ndef g(): pass\nPAIRS = [(A, g)]\n@pytest.mark.parametrize('k, f', [(A, f), pytest.param(B, g, id='b')])\ndef test_a(k, f):\n    k().m()\n    f()\n@pytest.mark.parametrize(('k', 'f'), PAIRS)\ndef test_b(k, f):\n    k().m()\n    f()\n@pytest.mark.parametrize('k', [B])\nclass TestC:\n    def test(self, k): k().m()\n    def other(self, k): k().m()",
        "main.test_a -> main.A.m, main.B.m, main.f, main.g\nmain.test_b -> main.A.m, main.g\nmain.TestC.test -> main.B.m",
    ),
    "parameters that pytest gives to a fixture": (
        "import pytest\nclass A:\n    def m(self): pass\ndef f(): pass\n@pytest.fixture(params=[A, pytest.param(lambda: f())], ids=['a', 'b'])\ndef made(request): return request.param\ndef test(made):\n    made().m()",
        "main.<lambda1> -> main.f\nmain.test -> main.<lambda1>, main.A.m",
    ),
    "direct call": ("def f(): pass\nf()", "main -> main.f"),
    "module body and function body": ("def f(): pass\ndef g(): f()\ng()", "main -> main.g\nmain.g -> main.f"),
    "assigned name": ("def f(): pass\na = f\na()", "main -> main.f"),
    "chained assignment": ("def f(): pass\na = b = f\nb()", "main -> main.f"),
    "reassignment kills": ("def f(): pass\ndef g(): pass\na = f\na = g\na()", "main -> main.g"),
    "each call sees its own assignment": (
        "def f(): pass\ndef g(): pass\na = f\na()\na = g\na()",
        "main -> main.f, main.g",
    ),
    "branches join": (
        "import sys\ndef f(): pass\ndef g(): pass\nif sys.argv:\n    a = f\nelse:\n    a = g\na()",
        "main -> main.f, main.g",
    ),
    "returning branch does not join": (
        "def f(): pass\ndef g(): pass\ndef h(x):\n    a = f\n    if x:\n        a = g\n        return\n    a()\nh(1)",
        "main -> main.h\nmain.h -> main.f",
    ),
    "loop carries values back": (
        "def f(): pass\ndef g(): pass\na = f\nfor i in range(3):\n    a()\n    a = g",
        "main -> main.f, main.g",
    ),
    "break carries values out": (
        "def f(): pass\ndef g(): pass\nwhile True:\n    a = f\n    if input():\n        break\n    a = g\na()",
        "main -> main.f",
    ),
    "tuple assignment": ("def f(): pass\ndef g(): pass\na, b = f, g\nb()", "main -> main.g"),
    "nested tuple assignment": (
        "def f(): pass\ndef g(): pass\ndef h(): pass\n(a, (b, c)) = (f, (g, h))\nc()",
        "main -> main.h",
    ),
    "starred assignment": ("def f(): pass\ndef g(): pass\na, *b = f, g, f\nb[0]()", "main -> main.g"),
    "walrus": ("def f(): pass\nif (a := f):\n    a()", "main -> main.f"),
    "parameter": ("def f(): pass\ndef g(a): a()\ng(f)", "main -> main.g\nmain.g -> main.f"),
    "keyword argument": ("def f(): pass\ndef g(x, a=None): a()\ng(1, a=f)", "main -> main.g\nmain.g -> main.f"),
    "default argument": ("def f(): pass\ndef g(a=f): a()\ng()", "main -> main.g\nmain.g -> main.f"),
    "keyword-only argument": ("def f(): pass\ndef g(*, a): a()\ng(a=f)", "main -> main.g\nmain.g -> main.f"),
    "argument through two functions": (
        "def f(): pass\ndef g(a): a()\ndef h(b): g(b)\nh(f)",
        "main -> main.h\nmain.g -> main.f\nmain.h -> main.g",
    ),
    "star arguments": ("def f(): pass\ndef g(a, b): b()\nargs = (1, f)\ng(*args)", "main -> main.g\nmain.g -> main.f"),
    "collected positional": ("def f(): pass\ndef g(*a): a[0]()\ng(f)", "main -> main.g\nmain.g -> main.f"),
    "collected keywords": ("def f(): pass\ndef g(**k): k['a']()\ng(a=f)", "main -> main.g\nmain.g -> main.f"),
    "double star call": ("def f(): pass\ndef g(a): a()\nd = {'a': f}\ng(**d)", "main -> main.g\nmain.g -> main.f"),
    "arguments handed on": (
        "def f(): pass\ndef g(a): a()\ndef h(*a, **k): g(*a, **k)\nh(f)",
        "main -> main.h\nmain.g -> main.f\nmain.h -> main.g",
    ),
    "returned function": ("def f(): pass\ndef g(): return f\ng()()", "main -> main.f, main.g"),
    "identity keeps calls apart": (
        "def f(): pass\ndef g(): pass\ndef same(x): return x\na = same(f)\nb = same(g)\na()",
        "main -> main.f, main.same",
    ),
    "called argument's result": (
        "def f(): pass\ndef g(): return f\ndef call(x): return x()\ncall(g)()",
        "main -> main.call, main.f\nmain.call -> main.g",
    ),
    "nested function": ("def f():\n    def g(): pass\n    g()\nf()", "main -> main.f\nmain.f -> main.f.g"),
    "closure": (
        "def f(): pass\ndef g(a):\n    def h(): a()\n    return h\ng(f)()",
        "main -> main.g, main.g.h\nmain.g.h -> main.f",
    ),
    "closure sees later assignment": (
        "def f(): pass\ndef g():\n    def h(): a()\n    a = f\n    h()\ng()",
        "main -> main.g\nmain.g -> main.g.h\nmain.g.h -> main.f",
    ),
    "closure does not see what was overwritten before": (
        "def f(): pass\ndef g(): pass\na = f\na = g\ndef h(): a()\nh()",
        "main -> main.h\nmain.h -> main.g",
    ),
    "nonlocal": (
        "def f(): pass\ndef g():\n    a = None\n    def h():\n        nonlocal a\n        a = f\n    def i(): a()\n    h()\n    i()\ng()",
        "main -> main.g\nmain.g -> main.g.h, main.g.i\nmain.g.i -> main.f",
    ),
    "global": (
        "def f(): pass\na = None\ndef g():\n    global a\n    a = f\ndef h(): a()\ng()\nh()",
        "main -> main.g, main.h\nmain.h -> main.f",
    ),
    "recursion": ("def f(n): f(n - 1)\nf(1)", "main -> main.f\nmain.f -> main.f"),
    "redefinition": ("def f(): pass\ndef f(): pass\nf()", "main -> main.f#2"),
    "shadowed builtin": ("def len(x): pass\nlen([])", "main -> main.len"),
    "lambda": ("def f(): pass\na = lambda: f()\na()", "main -> main.<lambda1>\nmain.<lambda1> -> main.f"),
    "lambda as argument": (
        "def g(a): a()\ng(lambda: 1)\ng(lambda: 2)",
        "main -> main.g\nmain.g -> main.<lambda1>, main.<lambda2>",
    ),
    "lambda that returns a function": (
        "def f(): pass\na = lambda: f\na()()",
        "main -> main.<lambda1>, main.f",
    ),
    "lambda calls its parameter": (
        "def f(): pass\na = lambda x: x()\na(f)",
        "main -> main.<lambda1>\nmain.<lambda1> -> main.f",
    ),
    "lambda in a function": ("def g():\n    return (lambda: 1)()\ng()", "main -> main.g\nmain.g -> main.g.<lambda1>"),
    "decorator that returns its argument": (
        "def d(f): return f\n@d\ndef f(): pass\nf()",
        "main -> main.d, main.f",
    ),
    "decorator with a wrapper": (
        "def d(f):\n    def w(): f()\n    return w\n@d\ndef f(): pass\nf()",
        "main -> main.d, main.d.w\nmain.d.w -> main.f",
    ),
    "decorator with functools.wraps": (
        "import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(*a): return f(*a)\n    return w\n@d\ndef f(): return g\n@d\ndef h(): pass\ndef g(): pass\nf()()",
        "main -> main.d, main.d.w, main.g\nmain.d.w -> main.f, main.h",
    ),
    "decorator with arguments": (
        "def p(n):\n    def d(f): return f\n    return d\n@p(1)\ndef f(): pass\nf()",
        "main -> main.f, main.p, main.p.d",
    ),
    "nested decorators": (
        "def a(f): return f\ndef b(f): return f\n@a\n@b\ndef f(): pass\nf()",
        "main -> main.a, main.b, main.f",
    ),
    "decorator that returns another function": (
        "def g(): pass\ndef d(f): return g\n@d\ndef f(): pass\nf()",
        "main -> main.d, main.g",
    ),
    "decorator class": (
        "class D:\n    def __init__(self, f): self.f = f\n    def __call__(self): self.f()\n@D\ndef f(): pass\nf()",
        "main -> main.D.__call__, main.D.__init__\nmain.D.__call__ -> main.f",
    ),
    "library decorators keep the function": (
        "import functools\n@functools.lru_cache(maxsize=None)\ndef f(): pass\n@functools.cache\ndef g(): pass\nf()\ng()",
        "main -> main.f, main.g",
    ),
    "unknown decorator keeps the function": ("import lib\n@lib.task\ndef f(): pass\nf()", "main -> main.f"),
    "generator": ("def f(): pass\ndef g():\n    yield f\nfor a in g():\n    a()", "main -> main.f, main.g"),
    "next of a generator": ("def f(): pass\ndef g():\n    yield f\nnext(g())()", "main -> main.f, main.g"),
    "yield from": (
        "def f(): pass\ndef g():\n    yield f\ndef h():\n    yield from g()\nfor a in h():\n    a()",
        "main -> main.f, main.h\nmain.h -> main.g",
    ),
    "generator expression": ("def f(): pass\nfor a in (x for x in [f]):\n    a()", "main -> main.f"),
    "async": (
        "import asyncio\ndef f(): pass\nasync def g(): return f\nasync def h():\n    a = await g()\n    a()\nasyncio.run(h())",
        "main -> main.h\nmain.h -> main.f, main.g",
    ),
    "async generator": (
        "def f(): pass\nasync def g():\n    yield f\nasync def h():\n    async for a in g():\n        a()",
        "main.h -> main.f, main.g",
    ),
    "map": ("def f(x): pass\nlist(map(f, [1]))", "main -> main.f"),
    "map hands elements over": (
        "def f(): pass\ndef g(x): x()\nlist(map(g, [f]))",
        "main -> main.g\nmain.g -> main.f",
    ),
    "filter, sorted, max, reduce": (
        "from functools import reduce\ndef a(x): pass\ndef b(x): pass\ndef c(x): pass\ndef d(x, y): pass\n"
        "filter(a, [1])\nsorted([1], key=b)\nmax([1], key=c)\nreduce(d, [1, 2])",
        "main -> main.a, main.b, main.c, main.d",
    ),
    "partial": (
        "from functools import partial\ndef f(): pass\ndef g(a, b): a()\np = partial(g, f)\np(1)",
        "main -> main.g\nmain.g -> main.f",
    ),
    "conditional expression": (
        "def f(): pass\ndef g(): pass\na = f if input() else g\na()",
        "main -> main.f, main.g",
    ),
    "or": ("def f(): pass\na = None or f\na()", "main -> main.f"),
    "default of or": (
        "def f(): pass\ndef g(a=None):\n    a = a or f\n    a()\ng()",
        "main -> main.g\nmain.g -> main.f",
    ),
    "comprehension": ("def f(x): pass\n[f(x) for x in range(3)]", "main -> main.f"),
    "comprehension condition": ("def f(x): pass\n[x for x in range(3) if f(x)]", "main -> main.f"),
    "f-string": ("def f(): pass\nf'{f()}'", "main -> main.f"),
    "assert, delete, return": (
        "def f(): pass\ndef g():\n    assert f()\n    return f()\ng()",
        "main -> main.g\nmain.g -> main.f",
    ),
    "try and handler": (
        "try:\n    from fast import f\nexcept ImportError:\n    def f(): pass\nf()",
        "main -> main.f",
    ),
    "finally": ("def f(): pass\ntry:\n    pass\nfinally:\n    f()", "main -> main.f"),
    "match": (
        "def f(): pass\ndef g(x):\n    match x:\n        case [a, b]:\n            b()\ng([1, f])",
        "main -> main.g\nmain.g -> main.f",
    ),
    "external calls are not edges": ("import os\nos.getcwd()\nprint(len([]))", ""),
    "function attribute": ("def f(): pass\ndef g(): pass\ng.hook = f\ng.hook()", "main -> main.f"),
    "overloads": (
        "from typing import overload\n@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): pass\nf(1)",
        "main -> main.f#3",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_of_functions(name: str) -> None:
    source, expected = CASES[name]
    check(source, expected)
