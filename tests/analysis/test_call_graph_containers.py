# ruff: noqa: E501 - a case is one line of source
"""Functions kept in dicts, lists, tuples and sets, and what reads them back."""

from __future__ import annotations

import pytest

from tests.analysis.call_graph_cases import check

DEFS = "def f(): pass\ndef g(): pass\ndef h(): pass\n"

CASES = {
    "dict by key": ("d = {'a': f, 'b': g}\nd['a']()", "main -> main.f"),
    "dict entry added": ("d = {}\nd['a'] = f\nd['a']()", "main -> main.f"),
    "dict entry replaced": ("d = {'a': f, 'b': g}\nd['a'] = h\nd['a']()\nd['b']()", "main -> main.g, main.h"),
    "dict entry replaced in a branch": (
        "d = {'a': f}\nif input():\n    d['a'] = g\nd['a']()",
        "main -> main.f, main.g",
    ),
    "dict with a key in a variable": ("k = 'a'\nd = {'a': f, 'b': g}\nd[k]()", "main -> main.f"),
    "dict with a key in a parameter": (
        "d = {'a': f, 'b': g}\ndef call(k): d[k]()\ncall('b')",
        "main -> main.call\nmain.call -> main.g",
    ),
    "dict with an unknown key": ("d = {'a': f, 'b': g}\nd[input()]()", "main -> main.f, main.g"),
    "dict changed by a function": (
        "def put(d): d['a'] = f\nd = {}\nput(d)\nd['a']()",
        "main -> main.f, main.put",
    ),
    "dict returned": ("def make(): return {'a': f}\nmake()['a']()", "main -> main.f, main.make"),
    "nested dict": ("d = {'a': {'b': f, 'c': g}}\nd['a']['b']()", "main -> main.f"),
    "int and str keys differ": ("d = {1: f, '1': g}\nd[1]()", "main -> main.f"),
    "dict call": ("d = dict(a=f, b=g)\nd['a']()", "main -> main.f"),
    "dict get": ("d = {'a': f, 'b': g}\nd.get('a')()", "main -> main.f"),
    "dict get with default": ("d = {'a': f}\nd.get('x', g)()", "main -> main.g"),
    "dict update": ("d = {'a': f}\nd.update({'b': g})\nd['b']()", "main -> main.g"),
    "dict setdefault": ("d = {}\nd.setdefault('a', f)()", "main -> main.f"),
    "dict values": ("d = {'a': f, 'b': g}\nfor x in d.values():\n    x()", "main -> main.f, main.g"),
    "dict items": ("d = {'a': f, 'b': g}\nfor k, x in d.items():\n    x()", "main -> main.f, main.g"),
    "dict keys": ("d = {f: 1}\nfor x in d:\n    x()", "main -> main.f"),
    "iterating over a dict gives keys": ("d = {'a': f}\nfor x in d:\n    x()", ""),
    "iterating over known keys": (
        "d = {'a': f, 'b': g, 'c': h}\nfor k in ['a', 'b']:\n    d[k]()",
        "main -> main.f, main.g",
    ),
    "dict comprehension": ("d = {n: f for n in range(3)}\nd[0]()", "main -> main.f"),
    "merged dicts": ("a = {'a': f}\nb = {**a, 'b': g}\nb['a']()", "main -> main.f"),
    "registry filled by a decorator": (
        "R = {}\ndef reg(x):\n    R[x.__name__] = x\n    return x\n@reg\ndef k(): pass\nfor v in R.values():\n    v()",
        "main -> main.k, main.reg",
    ),
    "registry filled by a decorator with a name": (
        "R = {}\ndef reg(n):\n    def d(x):\n        R[n] = x\n        return x\n    return d\n@reg('k')\ndef k(): pass\nR['k']()",
        "main -> main.k, main.reg, main.reg.d",
    ),
    "defaultdict of lists": (
        "from collections import defaultdict\nd = defaultdict(list)\nd['a'].append(f)\nfor x in d['a']:\n    x()",
        "main -> main.f",
    ),
    "list by index": ("a = [f, g]\na[1]()", "main -> main.g"),
    "list by negative index": ("a = [f, g]\na[-1]()", "main -> main.g"),
    "list slice": ("a = [f, g, h]\nb = a[1:]\nb[0]()", "main -> main.g"),
    "list append": ("a = [f]\na.append(g)\na[0]()\na[1]()", "main -> main.f, main.g"),
    "append does not reach known places": ("a = [f]\na.append(g)\na[0]()", "main -> main.f"),
    "list extend": ("a = []\na.extend([f])\nfor x in a:\n    x()", "main -> main.f"),
    "list pop": ("a = [f]\na.pop()()", "main -> main.f"),
    "list iteration": ("for x in [f, g]:\n    x()", "main -> main.f, main.g"),
    "list comprehension": ("a = [x for x in [f, g]]\na[0]()", "main -> main.f, main.g"),
    "calls in a comprehension": ("[x() for x in (f, g)]", "main -> main.f, main.g"),
    "nested list": ("a = [[f], [g]]\na[1][0]()", "main -> main.g"),
    "list sum": ("a = [f] + [g]\nfor x in a:\n    x()", "main -> main.f, main.g"),
    "list of a list": ("a = list([f])\na[0]()", "main -> main.f"),
    "index in a parameter": ("a = [f, g]\ndef call(i): a[i]()\ncall(0)", "main -> main.call\nmain.call -> main.f"),
    "tuple": ("t = (f, g)\nt[0]()", "main -> main.f"),
    "tuple unpacked": ("t = (f, g)\na, b = t\nb()", "main -> main.g"),
    "tuple returned and unpacked": ("def k(): return f, g\na, b = k()\na()", "main -> main.f, main.k"),
    "set": ("for x in {f, g}:\n    x()", "main -> main.f, main.g"),
    "enumerate": ("for i, x in enumerate([f]):\n    x()", "main -> main.f"),
    "zip": ("for x, y in zip([f], [g]):\n    y()", "main -> main.g"),
    "reversed and sorted": ("for x in reversed(sorted([f])):\n    x()", "main -> main.f"),
    "container in an attribute": (
        "class C:\n    def __init__(self): self.a = []\n    def add(self, x): self.a.append(x)\n    def run(self):\n        for x in self.a: x()\n"
        "c = C()\nc.add(f)\nc.run()",
        "main -> main.C.__init__, main.C.add, main.C.run\nmain.C.run -> main.f",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_through_containers(name: str) -> None:
    source, expected = CASES[name]
    check(DEFS + source, expected)
