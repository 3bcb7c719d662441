"""Code that nobody would write, but that Python parses: it neither stops the call graph nor takes for ever."""

import ast

import pytest

from tests.analysis.call_graph_cases import check
from utils.analysis.linking import link
from utils.analysis.resolution import container_methods, library, models
from utils.analysis.summary import summarize

METHODS = (
    container_methods.NAMED
    | container_methods.READERS
    | container_methods.VIEWS
    | set(container_methods.WRITERS)
    | {"extend", "update", "items", "sort", "discard", "__iadd__"}
)
LONG = "0x" + "f" * 5000  # more digits than Python writes in decimal

ODD = {
    "Self without a first parameter": (
        "class A:\n    def f(*args) -> Self: return args[0]\n    def h(*a, x) -> Self: pass\n"
        "    @staticmethod\n    def g() -> Self: pass\n    @staticmethod\n    def k(b) -> Self: pass\n"
        "A().f()\nA.g()\nA.k(A())\nA().h(x=1)"
    ),
    "generics of nothing": "def f() -> Iterator[()]: yield 1\ndef g() -> Generator[()]: yield 1\nf()\ng()",
    "numbers that are no index": "def f(): pass\nd = {1e999: f}\nd[1e999]()\nd[float('nan')]",
    "slices by anything": "def f(): pass\n(f, f)['a':]\n[f, f][1.5:]\n[f, f][::0]\n[f][...:2]\n[f][b'a':True]",
    "an attribute without a name": (
        "class A:\n    def __getattr__(self, n): pass\n    def f(self): return getattr(self, '')\nA().f()"
    ),
    "numbers without end": (
        f"import importlib\nif {LONG} == x: pass\nelse: pass\nclass B: pass\nclass A(B[{LONG}]): pass\n"
        f"__import__({LONG})\nimportlib.import_module({LONG})\ndef f(x: B[{LONG}] = {LONG}): pass\n"
        f"d = {{{LONG}: f}}\nd[{LONG}]()"
    ),
    "global after it was bound": (
        "class K: pass\ndef g(): return K()\n"
        "def t():\n    x = g(); global x; return 1 if isinstance(x, K) and (x := g()) else 2\n"
        "def u():\n    y = g()\n    global y\n    while isinstance(y, K) and (y := 1) and isinstance(y, K): y = y.b"
    ),
    "a with_metaclass that gives none": "class A(with_metaclass()): pass\nclass B(with_metaclass(meta=A)): pass",
    "names that come from ten names that come from ten names": (
        "\n".join(
            f"a{i}_{j} = " + " or ".join(f"a{i - 1}_{k}" if i else "g()" for k in range(10))
            for i in range(13)
            for j in range(10)
        )
        + "\nclass A(a12_0): pass"
    ),
    "tests within tests": "x = 1\nisinstance(x, " + "K if isinstance(x, " * 20 + "K" + ") else K" * 20 + ")",
    "attributes of attributes": "import os\na = os\n" + "a = a.b\n" * 10_000,
    "lists in themselves that are compared": (
        "class A:\n    def __eq__(self, o): pass\na, b = [A()], [A()]\na.append(a)\nb.append([b, {1: a}])\na == b != a"
    ),
    "fields that are no numbers": (
        f"'{{{'9' * 5000}}}{{}} {{0.x[1]}} {{²}} {{:{{}}}}'.format(x, y)\n'{{'.format(x)\n'{{0'.format(*x, **y)"
    ),
    "tables of tables": "def f(): pass\nt0 = {0: f}\n"
    + "\n".join(f"t{i} = {{{', '.join(f'{k}: t{i - 1}' for k in range(500))}}}" for i in (1, 2, 3)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_code_is_gone_through(name: str) -> None:
    link([summarize(ast.parse(ODD[name]), "main", "main.py")])


OTHERS = (
    "functools.partial functools.reduce functools.wraps contextlib.closing importlib.import_module __import__ getattr "
    "isinstance map min next property sum super type f A"
)
ARGUMENTS = [
    "", "1", "*'a'", "**1", "1, 'b', None, *2, key=3, **'c'", "f, *4, **5", "*6, f", "g, 7", "h(8), h(9), key=h(0)",
    "key=1", "f, key=f", "bound=h(1)", "default_factory=1", "default=f, factory=2", "1, 2, 3, 4, 5", "A(), A()",
]  # fmt: skip


def odd_calls() -> str:
    """Everything that is known of, called with anything, and what comes out used in every way."""
    tables = [table for module in (models, container_methods) for name, table in vars(module).items() if name.isupper()]
    every = {name for table in tables if isinstance(table, frozenset | dict) for name in table if isinstance(name, str)}
    names = (every - METHODS - library.METHODS.keys() - {"iter of a function"}) | set(OTHERS.split())
    makers = {
        model.gives.kind: name for name, model in library.MODELS.items() if isinstance(model.gives, library.Thing)
    }
    lines = [f"import {root}" for root in sorted({name.split(".")[0] for name in names if "." in name})]
    lines += ["import f.x", "def f(a, *b, c=1, **d): return a", "def h(x): return x.y", "class A: pass"]
    for given in ARGUMENTS:
        lines += [f"[f].{name}({given}); {{1: f}}.{name}({given})" for name in sorted(METHODS)]
        for kind, method in (name.split(".") for name in [*library.METHODS, "parser.add_argument"]):
            lines.append(f"w = {makers.get(kind, 'asyncio.create_task')}().{method}({given}); w(); w.x; f(w)")
        for name in sorted(names):
            lines.append(f"v = {name}({given}); v(); v(1, *2, **3); v.x; v[0]; list(v); v(h(1)); f(v)")
    return "\n".join(lines)


def test_odd_arguments_of_what_is_known() -> None:
    link([summarize(ast.parse(odd_calls()), "main", "main.py")])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "def plus(): pass\ndef times(): pass\ndef minus(): pass\n"
            "ops = {'+': plus, '*': times, '-': minus}\nops['-']()",
            "main -> main.minus",
        ),
        ("def f(): pass\ndef g(): pass\na = b, c = f, g\na[0]()\nc()", "main -> main.f, main.g"),
        ("def f(): pass\ndef g(): pass\nb, c = a = f, g\na[1]()\nb()", "main -> main.f, main.g"),
    ],
    ids=["keys that look like marks", "several targets", "several targets, the other way round"],
)
def test_rare_code_is_followed(code: str, expected: str) -> None:
    check(code, expected)
