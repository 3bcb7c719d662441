# ruff: noqa: E501 - a case is one line of source
"""Calls between files: every form of import, re-exports, stars, circles."""

from __future__ import annotations

import ast

import pytest

from tests.analysis.call_graph_cases import check, edges, link_sources
from utils.analysis.linking import place, solve, source
from utils.analysis.summary import summarize

PACKAGE = "# file: pkg/__init__.py\n# file: pkg/mod.py\ndef f(): pass\nclass C:\n    def m(self): pass\n"

CASES = {
    "import": ("# file: main.py\nimport pkg.mod\npkg.mod.f()", "main -> pkg.mod.f"),
    "import as": ("# file: main.py\nimport pkg.mod as m\nm.f()", "main -> pkg.mod.f"),
    "from import": ("# file: main.py\nfrom pkg.mod import f\nf()", "main -> pkg.mod.f"),
    "from import as": ("# file: main.py\nfrom pkg.mod import f as g\ng()", "main -> pkg.mod.f"),
    "from package import module": ("# file: main.py\nfrom pkg import mod\nmod.f()", "main -> pkg.mod.f"),
    "relative": ("# file: pkg/other.py\nfrom .mod import f\nf()", "pkg.other -> pkg.mod.f"),
    "relative module": ("# file: pkg/other.py\nfrom . import mod\nmod.f()", "pkg.other -> pkg.mod.f"),
    "relative parent": ("# file: pkg/sub/__init__.py\nfrom ..mod import f\nf()", "pkg.sub -> pkg.mod.f"),
    "star": ("# file: main.py\nfrom pkg.mod import *\nf()", "main -> pkg.mod.f"),
    "star in a function's module": (
        "# file: main.py\nfrom pkg.mod import *\ndef g(): f()\ng()",
        "main -> main.g\nmain.g -> pkg.mod.f",
    ),
    "import in a function": (
        "# file: main.py\ndef g():\n    from pkg.mod import f\n    f()\ng()",
        "main -> main.g\nmain.g -> pkg.mod.f",
    ),
    "imported class": ("# file: main.py\nfrom pkg.mod import C\nC().m()", "main -> pkg.mod.C.m"),
    "imported base": (
        "# file: main.py\nfrom pkg import mod\nclass D(mod.C): pass\nD().m()",
        "main -> pkg.mod.C.m",
    ),
    "module that is asked for what it lacks": (
        "# file: lazy.py\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.mod import C\ndef __getattr__(name): pass\n# file: main.py\nimport lazy\ndef g(): lazy.C().m()\ndef h(): lazy.D",
        "main.g -> lazy.__getattr__, pkg.mod.C.m\nmain.h -> lazy.__getattr__",
    ),
    "module that is asked whether it is a package": (
        "# file: lazy.py\nhere = 1\ndef __getattr__(name): pass\n# file: lazies/__init__.py\nhere = 1\ndef __getattr__(name): pass\n# file: main.py\nfrom lazies import here\nimport lazy\ndef g():\n    from lazy import here",
        "main.g -> lazy.__getattr__",
    ),
    "module that is asked by what a function made": (
        "# file: made.py\ndef make():\n    def ask(name): pass\n    return ask\n__getattr__ = make()\n# file: main.py\nimport made\nmade.x",
        "made -> made.make\nmain -> made.make.ask",
    ),
    "import_module": (
        "# file: main.py\nimport importlib\nimportlib.import_module('pkg.mod').f()",
        "main -> pkg.mod.f",
    ),
    "type checking import": (
        "# file: main.py\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.mod import C\ndef g(c: 'C'): c.m()",
        "main.g -> pkg.mod.C.m",
    ),
    "name assigned from another module": ("# file: main.py\nimport pkg.mod\na = pkg.mod.f\na()", "main -> pkg.mod.f"),
    "external base class": (
        "# file: main.py\nimport lib\nclass D(lib.Base):\n    def m(self): pass\nD().m()",
        "main -> main.D.m",
    ),
    "external function": ("# file: main.py\nimport lib\nlib.f()\nlib.C().m()", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_between_files(name: str) -> None:
    source, expected = CASES[name]
    check(PACKAGE + source, expected)


def test_names_re_exported_through_packages_resolve_to_their_definition() -> None:
    check(
        """
        # file: a/__init__.py
        from .b import f, C as D
        # file: a/b/__init__.py
        from .c import *
        # file: a/b/c.py
        __all__ = ["f", "C"]
        def f(): pass
        def hidden(): pass
        class C:
            def __init__(self): pass
        # file: main.py
        from a import f, D
        f()
        D()
        """,
        "main -> a.b.c.f, a.b.c.C.__init__",
    )


def test_star_import_brings_only_what_all_names() -> None:
    assert edges(
        "# file: m.py\n__all__ = ['f']\ndef f(): pass\ndef g(): pass\n# file: main.py\nfrom m import *\nf()\ng()"
    ) == ["main -> m.f"]


def test_a_package_that_imports_its_own_module_means_that_module() -> None:
    check(
        """
        # file: pkg/__init__.py
        from . import shapes
        # file: pkg/shapes.py
        class Shape:
            def draw(self): pass
        # file: pkg/inner/__init__.py
        # file: pkg/inner/round.py
        from .. import shapes
        class Circle(shapes.Shape):
            def show(self): self.draw()
        """,
        "pkg.inner.round.Circle.show -> pkg.shapes.Shape.draw",
    )


def test_a_star_that_leads_back_to_its_package_means_the_module() -> None:
    """The package has `core` only because `terms` took it from there."""
    linked = link_sources(
        """
        # file: pkg/__init__.py
        from pkg.terms import *
        # file: pkg/core.py
        class Query:
            def run(self): pass
        def parse(): pass
        # file: pkg/terms.py
        from pkg import core
        class Term(core.Query):
            def show(self): self.run(); core.parse()
        # file: other.py
        import pkg
        from pkg import core, Term
        def f(): pkg.core.parse(); core.parse(); Term().run()
        """
    )
    assert linked.inheritance == {"pkg.terms.Term": ["pkg.core.Query"]}
    assert linked.imports == {"other": ["pkg", "pkg.core"], "pkg": ["pkg.terms"], "pkg.terms": ["pkg.core"]}
    assert linked.call_graph == {
        "pkg.terms.Term.show": ["pkg.core.Query.run", "pkg.core.parse"],
        "other.f": ["pkg.core.Query.run", "pkg.core.parse"],
    }


def test_a_star_that_leads_back_to_its_package_leaves_the_name_to_the_star_above() -> None:
    check(
        """
        # file: pkg/__init__.py
        from pkg.base import *
        from pkg.more import *
        # file: pkg/base.py
        class Base:
            def run(self): pass
        def make(): pass
        # file: pkg/more.py
        from pkg import Base, make
        class More(Base):
            def show(self): self.run(); make()
        # file: other.py
        from pkg import Base, make
        class Other(Base):
            def show(self): self.run(); make()
        """,
        "other.Other.show -> pkg.base.Base.run, pkg.base.make\npkg.more.More.show -> pkg.base.Base.run, pkg.base.make",
    )


def test_a_value_of_the_package_comes_before_its_module() -> None:
    check(
        """
        # file: pkg/__init__.py
        from .maker import config
        # file: pkg/config.py
        def show(): pass
        # file: pkg/maker.py
        class Config:
            def show(self): pass
        config = Config()
        # file: other.py
        from pkg import config
        config.show()
        """,
        "other -> pkg.maker.Config.show",
    )


def test_modules_that_import_each_other() -> None:
    check(
        "# file: a.py\nimport b\ndef f(): b.g()\n# file: b.py\nimport a\ndef g(): a.f()",
        "a.f -> b.g\nb.g -> a.f",
    )


def test_values_stored_on_a_module_are_seen_by_its_importers() -> None:
    check(
        "# file: m.py\nhook = None\ndef run(): hook()\n# file: main.py\nimport m\ndef f(): pass\nm.hook = f\nm.hook()\nm.run()",
        "main -> main.f, m.run\nm.run -> main.f",
    )


def test_constants_of_other_modules_are_keys() -> None:
    check(
        "# file: m.py\nKEY = 'a'\n# file: main.py\nfrom m import KEY\ndef f(): pass\ndef g(): pass\n{'a': f, 'b': g}[KEY]()",
        "main -> main.f",
    )


def test_imports_name_the_modules_that_are_brought_in() -> None:
    linked = link_sources("# file: p/__init__.py\n# file: p/a.py\n# file: p/b.py\nfrom . import a\nimport os, p")
    assert linked.imports == {"p.b": ["p", "p.a"]}


def test_call_sites_have_the_line_of_the_call() -> None:
    linked = link_sources("def f(): pass\n\nf(\n)\n")
    assert [(site.path, site.line, site.caller, site.callee) for site in linked.call_sites] == [
        ("main.py", 3, "main", "main.f")
    ]


def test_result_does_not_depend_on_the_order_of_files() -> None:
    text = "# file: m.py\ndef f(): pass\n# file: main.py\nimport m\nm.f()"
    other = "# file: main.py\nimport m\nm.f()\n# file: m.py\ndef f(): pass"
    assert link_sources(text) == link_sources(other)


def test_what_is_solved_stays_the_same_while_code_only_moves() -> None:
    before = summarize(ast.parse("def f(): pass\nf()\n"), "main", "main.py")
    after = summarize(ast.parse("# why\n\ndef f():\n    '''what'''\nf()\n"), "main", "main.py")
    assert solve([source(before)]) == solve([source(after)])
    assert [site.line for site in place(solve([source(before)]), {"main.py": after.lines}).call_sites] == [5]
