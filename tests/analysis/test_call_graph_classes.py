# ruff: noqa: E501 - a case is one line of source
"""Calls through classes: constructors, methods, inheritance, properties, annotations, special methods."""

from __future__ import annotations

import pytest

from tests.analysis.call_graph_cases import check, link_sources

CASES = {
    "constructor": ("class C:\n    def __init__(self): pass\nC()", "main -> main.C.__init__"),
    "no constructor, no edge": ("class C: pass\nC()", ""),
    "inherited constructor": (
        "class A:\n    def __init__(self): pass\nclass B(A): pass\nB()",
        "main -> main.A.__init__",
    ),
    "method": ("class C:\n    def m(self): pass\nC().m()", "main -> main.C.m"),
    "method of an assigned instance": ("class C:\n    def m(self): pass\nc = C()\nc.m()", "main -> main.C.m"),
    "assigned method": ("class C:\n    def m(self): pass\na = C().m\na()", "main -> main.C.m"),
    "method through its class": ("class C:\n    def m(self): pass\nC.m(C())", "main -> main.C.m"),
    "self call": (
        "class C:\n    def m(self): self.n()\n    def n(self): pass\nC().m()",
        "main -> main.C.m\nmain.C.m -> main.C.n",
    ),
    "attribute set in the constructor": (
        "def f(): pass\nclass C:\n    def __init__(self): self.a = f\n    def m(self): self.a()\nC().m()",
        "main -> main.C.__init__, main.C.m\nmain.C.m -> main.f",
    ),
    "attribute set from outside": (
        "def f(): pass\nclass C:\n    def m(self): self.a()\nc = C()\nc.a = f\nc.m()",
        "main -> main.C.m\nmain.C.m -> main.f",
    ),
    "parameter kept as attribute": (
        "def f(): pass\nclass C:\n    def __init__(self, a): self.a = a\nC(f).a()",
        "main -> main.C.__init__, main.f",
    ),
    "class attribute": ("def f(): pass\nclass C:\n    a = f\nC.a()", "main -> main.f"),
    "class body runs in the enclosing scope": (
        "def f(): pass\ndef g():\n    class C:\n        a = f()\n    return C\ng()",
        "main -> main.g\nmain.g -> main.f",
    ),
    "nested class": ("class A:\n    class B:\n        def m(self): pass\nA.B().m()", "main -> main.A.B.m"),
    "class returned by a function": (
        "def f():\n    class C:\n        def m(self): pass\n    return C\nf()().m()",
        "main -> main.f, main.f.C.m",
    ),
    "instance as argument": (
        "class C:\n    def m(self): pass\ndef f(c): c.m()\nf(C())",
        "main -> main.f\nmain.f -> main.C.m",
    ),
    "instance returned": ("class C:\n    def m(self): pass\ndef f(): return C()\nf().m()", "main -> main.C.m, main.f"),
    "fluent methods": (
        "class A:\n    def a(self): return self\nclass B(A):\n    def b(self): pass\nB().a().b()",
        "main -> main.A.a, main.B.b",
    ),
    "static method": ("class C:\n    @staticmethod\n    def m(): pass\nC.m()\nC().m()", "main -> main.C.m"),
    "class method makes its class": (
        "class A:\n    @classmethod\n    def make(cls): return cls()\n    def m(self): pass\nclass B(A):\n    def m(self): pass\nB.make().m()",
        "main -> main.A.make, main.B.m",
    ),
    "inherited method": ("class A:\n    def m(self): pass\nclass B(A): pass\nB().m()", "main -> main.A.m"),
    "overriding method": (
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self): pass\nB().m()",
        "main -> main.B.m",
    ),
    "base class calls its child": (
        "class A:\n    def m(self): self.n()\nclass B(A):\n    def n(self): pass\nB().m()",
        "main -> main.A.m\nmain.A.m -> main.B.n",
    ),
    "abstract method is never what runs": (
        "class A:\n    def m(self): self.n()\n    def n(self): raise NotImplementedError\nclass B(A):\n    def n(self): pass\nB().m()",
        "main -> main.A.m\nmain.A.m -> main.B.n",
    ),
    "resolution order of two parents": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\nclass C(B, A): pass\nC().m()",
        "main -> main.B.m",
    ),
    "diamond": (
        "class A:\n    def m(self): pass\nclass B(A): pass\nclass C(A):\n    def m(self): pass\nclass D(B, C): pass\nD().m()",
        "main -> main.C.m",
    ),
    "super": (
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self): super().m()\nB().m()",
        "main -> main.B.m\nmain.B.m -> main.A.m",
    ),
    "super chain": (
        "class A:\n    def __init__(self): pass\nclass B(A):\n    def __init__(self): super().__init__()\nclass C(B):\n    def __init__(self): super().__init__()\nC()",
        "main -> main.C.__init__\nmain.B.__init__ -> main.A.__init__\nmain.C.__init__ -> main.B.__init__",
    ),
    "super with arguments": (
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self): super(B, self).m()\nB().m()",
        "main -> main.B.m\nmain.B.m -> main.A.m",
    ),
    "base named explicitly": (
        "class A:\n    def __init__(self): pass\nclass B(A):\n    def __init__(self): A.__init__(self)\nB()",
        "main -> main.B.__init__\nmain.B.__init__ -> main.A.__init__",
    ),
    "property": (
        "def f(): pass\nclass C:\n    @property\n    def p(self): return f\nC().p()",
        "main -> main.C.p, main.f",
    ),
    "property setter": (
        "class C:\n    @property\n    def p(self): pass\n    @p.setter\n    def p(self, v): pass\nc = C()\nc.p = 1",
        "main -> main.C.p#2",
    ),
    "cached property": (
        "from functools import cached_property\nclass C:\n    @cached_property\n    def p(self): pass\nC().p",
        "main -> main.C.p",
    ),
    "cached property of the repository's own": (
        "class cached_property:\n    def __init__(self, f): self.f = f\n    def __get__(self, obj, owner):\n        value = obj.__dict__['p'] = self.f(obj)\n        return value\nclass A:\n    def m(self): pass\nclass B:\n    def m(self): pass\nclass C:\n    @cached_property\n    def a(self): return A()\n    @cached_property\n    def b(self): return B()\ndef f(): C().a.m()\ndef g(): C().b.m()\nf()\ng()",
        "main -> main.cached_property.__init__, main.f, main.g\nmain.f -> main.A.m, main.cached_property.__get__\nmain.g -> main.B.m, main.cached_property.__get__\nmain.cached_property.__get__ -> main.C.a, main.C.b",
    ),
    "property derived from Python's": (
        "class lazy(property): pass\nclass A:\n    def m(self): pass\nclass C:\n    @lazy\n    def p(self): return A()\nC().p.m()",
        "main -> main.A.m, main.C.p",
    ),
    "property function": (
        "class C:\n    def get(self): pass\n    p = property(get)\nC().p",
        "main -> main.C.get",
    ),
    "descriptor": (
        "class D:\n    def __get__(self, o, t): return f\nclass C:\n    d = D()\ndef f(): pass\nC().d()",
        "main -> main.D.__get__, main.f",
    ),
    "descriptor is told its object": (
        "class D:\n    def __init__(self, f): self.f = f\n    def __get__(self, obj, owner): return self.f(obj)\nclass C:\n    @D\n    def m(self): return self.n()\n    def n(self): return g\ndef g(): pass\nC().m()",
        "main -> main.D.__get__, main.D.__init__, main.g\nmain.D.__get__ -> main.C.m\nmain.C.m -> main.C.n",
    ),
    "descriptor is told what it is set to": (
        "class D:\n    def __set__(self, obj, value): value(obj.n())\nclass C:\n    d = D()\n    def n(self): pass\ndef h(a): pass\nC().d = h",
        "main -> main.D.__set__\nmain.D.__set__ -> main.C.n, main.h",
    ),
    "descriptor read through its class": (
        "class D:\n    def __get__(self, obj, owner):\n        if obj is None: return self\n        return E()\n    def m(self): pass\nclass E:\n    def m(self): pass\nclass C:\n    d = D()\ndef f(): C.d.m()\ndef g(): C().d.m()",
        "main.f -> main.D.__get__, main.D.m\nmain.g -> main.D.__get__, main.E.m",
    ),
    "descriptor is told its name": (
        "class D:\n    def __set_name__(self, owner, name): owner.m()\nclass C:\n    d = D()\n    @classmethod\n    def m(cls): pass",
        "main -> main.D.__set_name__\nmain.D.__set_name__ -> main.C.m",
    ),
    "attributes are deleted": (
        "class D:\n    def __set__(self, o, v): pass\n    def __delete__(self, o): pass\nclass C:\n    d = D()\nclass E:\n    def __setattr__(self, n, v): pass\n    def __delattr__(self, n): pass\ndef f(): del C().d\ndef g(): del E().x",
        "main.f -> main.D.__delete__\nmain.g -> main.E.__delattr__",
    ),
    "a setter behind __setattr__": (
        "class C:\n    def __setattr__(self, n, v): super().__setattr__(n, v)\n    @property\n    def p(self): pass\n    @p.setter\n    def p(self, v): v()\ndef f(): pass\nC().p = f",
        "main -> main.C.__setattr__\nmain.C.p#2 -> main.f",
    ),
    "methods that only type checkers see": (
        "from typing import TYPE_CHECKING\nclass A:\n    def __init__(self, *a): pass\n    def m(self): pass\nclass B(A):\n    if TYPE_CHECKING:\n        def __init__(self, a: int): ...\n        def m(self): ...\nB(1).m()",
        "main -> main.A.__init__, main.A.m",
    ),
    "computed names set by __setattr__": (
        "class C(dict):\n    def __init__(self):\n        for k in self: setattr(self, k, 1)\n    def __setattr__(self, n, v): self[n] = v\n    def __getattr__(self, n): return self[n]\ndef f(): C().x",
        "main.f -> main.C.__getattr__, main.C.__init__",
    ),
    "positional patterns": (
        "from dataclasses import dataclass\nclass P:\n    __match_args__ = ('a', 'b')\n    def __init__(self, a, b): self.a, self.b = a, b\n@dataclass\nclass Q:\n    c: object\ndef f(): pass\ndef g(): pass\ndef h(): pass\ndef m(v):\n    match v:\n        case P(_, x): x()\n        case Q(x): x()\nm(P(f, g))\nm(Q(h))",
        "main -> main.P.__init__, main.m\nmain.m -> main.g, main.h",
    ),
    "property that gives its object": (
        "class C:\n    @property\n    def p(self): return self\n    def m(self): pass\nC().p.m()",
        "main -> main.C.m, main.C.p",
    ),
    "bound type variable": (
        "from typing import TypeVar\nT = TypeVar('T', bound='C')\nclass C:\n    def m(self): pass\nclass D:\n    def m(self): pass\nU = TypeVar('U', bound=D)\ndef f(a: T) -> T: a.m()\ndef g(a: U): a.m()",
        "main.f -> main.C.m\nmain.g -> main.D.m",
    ),
    "comparisons that make an object": (
        "class Q:\n    def __eq__(self, o): return T()\n    def __lt__(self, o): return T()\nclass T:\n    def __and__(self, o): return self\n    def m(self): pass\ndef f():\n    c = (Q() == 1) & (Q() < 2)\n    c.m()\ndef g(): ([1] == [2]).m()",
        "main.f -> main.Q.__eq__, main.Q.__lt__, main.T.__and__, main.T.m",
    ),
    "annotated parameter": ("class C:\n    def m(self): pass\ndef f(c: C): c.m()", "main.f -> main.C.m"),
    "quoted annotation": ("def f(c: 'C'): c.m()\nclass C:\n    def m(self): pass", "main.f -> main.C.m"),
    "optional and union": (
        "from typing import Optional, Union\nclass A:\n    def m(self): pass\nclass B:\n    def n(self): pass\n"
        "def f(a: Optional[A], b: Union[int, 'B'], c: B | None):\n    a.m()\n    b.n()\n    c.n()",
        "main.f -> main.A.m, main.B.n",
    ),
    "annotated containers": (
        "class A:\n    def m(self): pass\nclass B:\n    def n(self): pass\n"
        "def f(a: list[A], b: dict[str, B], c: dict[A, int]):\n    for x in a: x.m()\n    b['k'].n()\n    for k in c: k.m()",
        "main.f -> main.A.m, main.B.n",
    ),
    "annotated items": (
        "class A:\n    def m(self): pass\ndef f(d: dict[str, A]):\n    for k, v in d.items():\n        v.m()",
        "main.f -> main.A.m",
    ),
    "annotated class": (
        "class A:\n    def __init__(self): pass\ndef f(c: type[A]): c()",
        "main.f -> main.A.__init__",
    ),
    "annotated attribute": (
        "class A:\n    def m(self): pass\nclass B:\n    a: A\n    def n(self): self.a.m()",
        "main.B.n -> main.A.m",
    ),
    "annotated self attribute": (
        "class A:\n    def m(self): pass\nclass B:\n    def __init__(self, a):\n        self.a: A = a\n    def n(self): self.a.m()",
        "main.B.n -> main.A.m",
    ),
    "annotated result": ("class A:\n    def m(self): pass\ndef f() -> A: ...\nf().m()", "main -> main.A.m, main.f"),
    "Self": (
        "from typing import Self\nclass A:\n    def a(self) -> Self: ...\nclass B(A):\n    def b(self): pass\nB().a().b()",
        "main -> main.A.a, main.B.b",
    ),
    "dataclass field": (
        "from dataclasses import dataclass\nclass A:\n    def m(self): pass\n@dataclass\nclass B:\n    a: A\nB(A()).a.m()",
        "main -> main.A.m",
    ),
    "dataclass field that holds a function": (
        "from dataclasses import dataclass\ndef f(): pass\n@dataclass\nclass B:\n    x: int\n    a: object\nB(1, a=f).a()",
        "main -> main.f",
    ),
    "default factory": (
        "from dataclasses import dataclass, field\nclass A:\n    def m(self): pass\n@dataclass\nclass B:\n    a: object = field(default_factory=A)\nB().a.m()",
        "main -> main.A.m",
    ),
    "a model is made of data": (
        "from pydantic import BaseModel\nclass A(BaseModel):\n    def m(self): pass\n    @classmethod\n    def load(cls, data): return cls.model_validate(data)\n"
        "class C:\n    def m(self): pass\n"
        "def f(): A.model_validate({}).m()\ndef g(): A.load({}).model_copy().m()\ndef h(): C.model_validate({}).m()",
        "main.f -> main.A.m\nmain.g -> main.A.load, main.A.m",
    ),
    "isinstance narrows": (
        "class A:\n    def m(self): pass\ndef f(x):\n    if isinstance(x, A):\n        x.m()\n    else:\n        x.n()",
        "main.f -> main.A.m",
    ),
    "isinstance excludes": (
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n"
        "def f(x):\n    if isinstance(x, A):\n        return\n    x.m()\nf(A())\nf(B())",
        "main -> main.f\nmain.f -> main.B.m",
    ),
    "cast": (
        "from typing import cast\nclass A:\n    def m(self): pass\ndef f(x): cast(A, x).m()",
        "main.f -> main.A.m",
    ),
    "exception": (
        "class E(Exception):\n    def __init__(self): pass\n    def m(self): pass\ntry:\n    raise E()\nexcept E as e:\n    e.m()",
        "main -> main.E.__init__, main.E.m",
    ),
    "raise a class": ("class E(Exception):\n    def __init__(self): pass\nraise E", "main -> main.E.__init__"),
    "with": (
        "class C:\n    def __enter__(self): return D()\n    def __exit__(self, *a): pass\nclass D:\n    def m(self): pass\nwith C() as d:\n    d.m()",
        "main -> main.C.__enter__, main.C.__exit__, main.D.m",
    ),
    "context manager function": (
        "from contextlib import contextmanager\nclass D:\n    def m(self): pass\n@contextmanager\ndef f():\n    yield D()\nwith f() as d:\n    d.m()",
        "main -> main.D.m, main.f",
    ),
    "async with": (
        "class C:\n    async def __aenter__(self): return self\n    async def __aexit__(self, *a): pass\n    def m(self): pass\n"
        "async def f():\n    async with C() as c:\n        c.m()",
        "main.f -> main.C.__aenter__, main.C.__aexit__, main.C.m",
    ),
    "iteration": (
        "class C:\n    def __iter__(self): return self\n    def __next__(self): return f\ndef f(): pass\nfor a in C():\n    a()",
        "main -> main.C.__iter__, main.C.__next__, main.f",
    ),
    "iteration by generator method": (
        "class C:\n    def __iter__(self):\n        yield f\ndef f(): pass\nfor a in C():\n    a()",
        "main -> main.C.__iter__, main.f",
    ),
    "subscription": (
        "class C:\n    def __getitem__(self, k): return f\n    def __setitem__(self, k, v): v()\ndef f(): pass\ndef g(): pass\nc = C()\nc[1]()\nc[2] = g",
        "main -> main.C.__getitem__, main.C.__setitem__, main.f\nmain.C.__setitem__ -> main.g",
    ),
    "deletion and membership": (
        "class C:\n    def __delitem__(self, k): pass\n    def __contains__(self, k): pass\nc = C()\ndel c[1]\n2 in c",
        "main -> main.C.__contains__, main.C.__delitem__",
    ),
    "operators": (
        "class C:\n    def __add__(self, o): return self\n    def __radd__(self, o): pass\n    def __eq__(self, o): pass\n    def __neg__(self): pass\n    def __iadd__(self, o): return self\n"
        "c = C()\nc + 1\n1 + c\nc == 1\n-c\nc += 1",
        "main -> main.C.__add__, main.C.__eq__, main.C.__iadd__, main.C.__neg__, main.C.__radd__",
    ),
    "builtins ask": (
        "class C:\n    def __len__(self): pass\n    def __str__(self): pass\n    def __bool__(self): pass\n    def __hash__(self): pass\nc = C()\nlen(c)\nstr(c)\nhash(c)\nif c: pass",
        "main -> main.C.__bool__, main.C.__hash__, main.C.__len__, main.C.__str__",
    ),
    "callable instance": ("class C:\n    def __call__(self): pass\nC()()", "main -> main.C.__call__"),
    "getattr and setattr": (
        "def f(): pass\nclass C:\n    def m(self): pass\nc = C()\ngetattr(c, 'm')()\nsetattr(c, 'a', f)\nc.a()",
        "main -> main.C.m, main.f",
    ),
    "setter given to property": (
        "class V:\n    def go(self): pass\nclass C:\n    def g(self): pass\n    def s(self, v): v.go()\n    a = property(g, s)\n    b = property(fget=g, fset=s)\ndef f():\n    C().a = V()\ndef h():\n    C().b = V()",
        "main.C.s -> main.V.go\nmain.f -> main.C.s\nmain.h -> main.C.s",
    ),
    "property made by a function": (
        "def make(key):\n    def read(self): pass\n    def write(self, v): pass\n    return property(read, write)\nclass C:\n    a = make('a')\ndef f(c: C):\n    c.a = c.a",
        "main -> main.make\nmain.f -> main.make.read, main.make.write",
    ),
    "constructor put in the place of another": (
        "def wrap(f):\n    def w(*a): f(*a)\n    return w\ndef d(cls):\n    cls.__init__ = wrap(cls.__init__)\n    return cls\n@d\nclass A:\n    def __init__(self): pass\n    def m(self): pass\n@d\nclass B(A):\n    def __init__(self): super().__init__()\nB().m()",
        "main -> main.A.m, main.d, main.wrap.w\nmain.B.__init__ -> main.wrap.w\nmain.d -> main.wrap",
    ),
    "constructor of a class is replaced for a while": (
        "class A:\n    def __init__(self): pass\ndef other(self): pass\ndef test():\n    old = A.__init__\n    A.__init__ = other\n    A.__init__ = old\nA()",
        "main -> main.A.__init__",
    ),
    "decorated constructor": (
        "from functools import wraps\ndef d(f):\n    @wraps(f)\n    def w(self, *a): return f(self, *a)\n    return w\nclass V:\n    def go(self): pass\nclass A:\n    @d\n    def __init__(self, v): v.go()\n    def m(self): pass\nA(V()).m()",
        "main -> main.A.m, main.d, main.d.w\nmain.A.__init__ -> main.V.go\nmain.d.w -> main.A.__init__",
    ),
    "keys are asked for their hash": (
        "class K:\n    def __hash__(self): return 1\ndef a(d): d[K()]\ndef b(d): d[K()] = 1\ndef c(): return {K(): 1}\ndef e(): set().add(K())\ndef f(): return K() in {}\ndef g(): return {k for k in [K()]}\ndef h(): return set([K()])\ndef i(): return {}.get(K())",
        "\n".join(f"main.{name} -> main.K.__hash__" for name in "abcefghi"),
    ),
    "what is no key is not asked for its hash": (
        "class K:\n    def __hash__(self): return 1\nclass L:\n    def __getitem__(self, k): return k\ndef a(): return K() in []\ndef b(): return L()[K()]\ndef c(x): return K() in x\ndef d(): return [].append(K())",
        "main.b -> main.L.__getitem__",
    ),
    "room is made for what a list is made of": (
        "class A:\n    def __iter__(self): return iter(())\n    def __len__(self): return 0\nclass B:\n    def __iter__(self): return iter(())\nlist(A())\ndef f(): set(A())\ndef g(): tuple(B())",
        "main -> main.A.__iter__, main.A.__len__\nmain.f -> main.A.__iter__\nmain.g -> main.B.__iter__",
    ),
    "every attribute is asked of __getattribute__": (
        "class A:\n    def __getattribute__(self, name): return 1\nclass B: x = 1\nA().x\ndef f(): B().x",
        "main -> main.A.__getattribute__",
    ),
    "decorated special methods": (
        "def same(f): return f\ndef wrap(f):\n    def w(self, *a): return f(self, *a)\n    return w\nclass A:\n    def m(self): pass\nclass C:\n    @same\n    def __enter__(self): return A()\n    @wrap\n    def __exit__(self, *a): pass\ndef g():\n    with C() as a: a.m()",
        "main -> main.same, main.wrap\nmain.g -> main.A.m, main.C.__enter__, main.wrap.w\nmain.wrap.w -> main.C.__exit__",
    ),
    "texts that are filled in": (
        "class S:\n    def __str__(self): return ''\n    def __repr__(self): return ''\ndef a(): return '%s' % S()\ndef b(): return '%d%% %r' % (1, S())\ndef c(): return '%s' % (S(),)\ndef d(): return '%(a)s' % S()\ndef e(): return '%s %s' % S()",
        "main.a -> main.S.__str__\nmain.b -> main.S.__repr__\nmain.c -> main.S.__str__",
    ),
    "type of an instance": (
        "class C:\n    def __init__(self): pass\nc = C()\ntype(c)()\nc.__class__()",
        "main -> main.C.__init__",
    ),
    "metaclass-free generic base": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A(Generic[T]):\n    def m(self): pass\nclass B(A[int]): pass\nB().m()",
        "main -> main.A.m",
    ),
    "wrapped method": (
        "from functools import wraps\ndef d(f):\n    @wraps(f)\n    def w(self, *a): return f(self, *a)\n    return w\nclass C:\n    @d\n    def m(self): return self\n    def n(self): pass\nC().m().n()",
        "main -> main.C.n, main.d, main.d.w\nmain.d.w -> main.C.m",
    ),
    "bound method handed over": (
        "class C:\n    def m(self): self.n()\n    def n(self): pass\ndef f(a): a()\nf(C().m)",
        "main -> main.f\nmain.C.m -> main.C.n\nmain.f -> main.C.m",
    ),
    "single implementation of an abstract method": (
        "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def m(self): ...\nclass B(A):\n    def m(self): pass\ndef f(a: A): a.m()",
        "main.f -> main.B.m",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_through_classes(name: str) -> None:
    source, expected = CASES[name]
    check(source, expected)


def test_inheritance_names_internal_bases_by_id_and_others_by_source() -> None:
    linked = link_sources("import abc\nclass A(abc.ABC): pass\nclass B(A, Exception): pass")
    assert linked.inheritance == {"main.A": ["abc.ABC"], "main.B": ["main.A", "Exception"]}


def test_overrides_name_the_next_definition_in_resolution_order() -> None:
    linked = link_sources("class A:\n    def m(self): pass\nclass B(A): pass\nclass C(B):\n    def m(self): pass")
    assert linked.overrides == {"main.C.m": "main.A.m"}


def test_a_name_that_is_no_method_above_is_not_overridden_as_one_and_a_bare_annotation_is_none() -> None:
    linked = link_sources(
        "class A:\n    def m(self): pass\n    def n(self): pass\nclass B(A):\n    m = None\n    n: object\n"
        "class C(B):\n    def m(self): pass\n    def n(self): pass"
    )
    assert linked.overrides == {"main.C.n": "main.A.n"}
