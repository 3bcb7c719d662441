"""Definitions read from source: fields exact, nothing missing, nothing invented."""

import textwrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.reference_walk import compare
from utils.analysis.file_analysis import analyze_file
from utils.records import CodeElement


def read(source: str) -> dict[str, CodeElement]:
    data = textwrap.dedent(source).encode()
    facts = analyze_file(data, "m.py", "m")
    assert facts.skipped is None
    return {element.id: element for element in facts.elements}


def parameters(element: CodeElement) -> list[tuple[Any, ...]]:
    return [(each.name, each.kind, each.annotation, each.default) for each in element.parameters]


def test_every_kind_of_parameter_with_annotation_and_default():
    found = read("def f(a, b: int, /, c='x', *args: str, d, e: bool = None, **kw: 'T') -> list[int]: ...")["m.f"]
    assert parameters(found) == [
        ("a", "positional_only", None, None),
        ("b", "positional_only", "int", None),
        ("c", "positional_or_keyword", None, "'x'"),
        ("args", "var_positional", "str", None),
        ("d", "keyword_only", None, None),
        ("e", "keyword_only", "bool", "None"),
        ("kw", "var_keyword", "'T'", None),
    ]
    assert found.returns == "list[int]"


def test_nothing_is_invented_where_the_source_is_silent():
    found = read("def f(a): return 1")["m.f"]
    assert (found.returns, found.docstring, found.doc, found.decorators) == (None, None, None, [])
    assert parameters(found) == [("a", "positional_or_keyword", None, None)]


@pytest.mark.parametrize(
    "decorator", ["@(\n    deco\n)", "@( # the @ of it\n\n  # @\n (a) @ b)", "@ \\\n deco\n@(\n  b)"]
)
def test_a_decorator_in_brackets_starts_at_its_sign(decorator: str):
    source = f"class C:\n    x = 1\n{textwrap.indent(decorator, '    ')}\n    def f(self): ...\n"
    found = read(source)["m.C.f"]
    assert found.start_line == 3
    assert found.code.startswith("    @")
    assert not {name for name in compare(source, "m", list(read(source).values())) if "start_line" in name}


def test_a_decorated_definition_starts_at_its_first_decorator():
    found = read(
        """
        @first
        @second(
            1,
        )
        async def f():
            pass
        """
    )["m.f"]
    assert (found.start_line, found.line, found.end_line) == (2, 6, 7)
    assert found.decorators == ["first", "second(\n    1,\n)"]
    assert found.code.startswith("@first\n@second(")
    assert (found.is_async, found.signature) == (True, "async def f()")


@pytest.mark.parametrize(
    "header",
    [
        "def f()",
        "def f(a: dict[str, int] = {1: 2}, *, key=lambda x: x) -> 'a:b'",
        "async def f(\n    a,  # first: the one\n    b: int = 3,\n) -> None",
        "def f(  # nothing: at all\n)",
        "def f(a, /)",
        "def f(*, a: str = ':')",
        "class f",
        "class f(Base, metaclass=Meta)",
        "class f(\n    Base[int],  # why: because\n)",
        "def f(a=(1)) -> (\n    int\n)",
        "def f(名: str = '：:') -> '値:'",
    ],
)
def test_the_signature_is_the_whole_header_as_written(header: str):
    assert read(f"{header}:\n    pass")["m.f"].signature == header


def test_methods_properties_and_nested_functions():
    kinds = {
        element.id: element.kind
        for element in read(
            """
            class C:
                def m(self):
                    def inner(): ...
                @property
                def p(self): ...
                @p.setter
                def p(self, value): ...
                @functools.cached_property
                def q(self): ...
                @other.setter
                def r(self): ...
                @Base.s.setter
                def s(self, value): ...
                class D:
                    if x:
                        def n(self): ...
            """
        ).values()
    }
    assert kinds == {
        "m": "module",
        "m.C": "class",
        "m.C.m": "method",
        "m.C.m.inner": "function",
        "m.C.p": "property",
        "m.C.p#2": "property",
        "m.C.q": "property",
        "m.C.r": "method",
        "m.C.s": "property",
        "m.C.D": "class",
        "m.C.D.n": "method",
    }


def test_overloads_and_conditional_definitions_are_all_there():
    found = read(
        """
        @overload
        def f(a: int) -> int: ...
        @overload
        def f(a: str) -> str: ...
        def f(a): ...
        if sys.platform == "win32":
            def g(): ...
        else:
            def g(): ...
        """
    )
    assert [each for each in found if each != "m"] == ["m.f", "m.f#2", "m.f#3", "m.g", "m.g#2"]


def test_module_constants_with_their_docstring():
    found = read(
        """
        LIMIT: int = 3
        '''How many.'''
        logger = get()
        A, b = 1, 2
        C, (D, [e, *F]), g.H, i[J] = *K, l = nested
        x = y = 0
        x += 1
        try:
            import fast
        except ImportError:
            fast = None
        for i in range(3):
            z = i
        """
    )
    assert {id for id, element in found.items() if element.kind == "constant"} == {
        "m.LIMIT",
        "m.logger",
        "m.A",
        "m.C",
        "m.D",
        "m.F",
        "m.K",
        "m.x",
        "m.y",
        "m.fast",
    }
    assert (found["m.LIMIT"].signature, found["m.LIMIT"].docstring) == ("LIMIT: int = 3", "How many.")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "@dataclass(frozen=True)\nclass C:\n    a: int = 0\n    K: ClassVar[int] = 1\n    b = 2",
            "field constant attribute",
        ),
        ("class C(TypedDict, total=False):\n    a: int", "field"),
        ("class C(typing.NamedTuple):\n    a: int\n    b: str = ''", "field field"),
        ("class C(enum.Enum):\n    RED = 1\n    blue = 2\n    _ignore_ = []", "field field attribute"),
        ("class E(IntEnum):\n    pass\nclass C(E):\n    X = 1", "field"),
        ("class C:\n    a = 1\n    LIMIT = 2\n    b: int = 3", "attribute constant attribute"),
        ("@attr.s\nclass C:\n    a = attr.ib()\n    b = 1", "field attribute"),
        ("@define\nclass C:\n    a = field()\n    b = dict()", "field attribute"),
        ("from dataclasses import dataclass as dc\n@dc\nclass C:\n    a: int", "field"),
        ("import dataclasses as d\n@d.dataclass()\nclass C:\n    a: int", "field"),
        ("from attr import s, ib as x\n@s\nclass C:\n    a = x()", "field"),
        ("from enum import Enum as E\nclass C(E):\n    a = 1", "field"),
        ("import enum as e\nclass C(str, e.Enum):\n    a = 1", "field"),
        ("from paint import Colour as Enum\nclass C(Enum):\n    a = 1", "attribute"),
        ("class Enum: ...\nclass C(Enum):\n    a = 1", "attribute"),
        (
            "try:\n    from enum import StrEnum\nexcept ImportError:\n    class StrEnum(str, Enum): ...\n"
            "class C(StrEnum):\n    a = 1",
            "field",
        ),
        ("class B:\n    class E(Enum): ...\nclass E: ...\nclass C(E):\n    a = 1", "attribute"),
        ("class E(Enum): ...\nclass B:\n    class E: ...\nclass C(E):\n    a = 1", "field"),
        ("@dataclass\nclass C:\n    a: int\n    _: KW_ONLY\n    b: int", "field field"),
        (
            "@dataclass\nclass C:\n    c: 'ClassVar[int]' = 1\n    d: 't.ClassVar' = 1\n    e: 'int'",
            "attribute attribute field",
        ),
        (
            "from typing import ClassVar as V\n@dataclass\nclass C:\n    c: V[int] = 1\n    d: MyClassVar",
            "attribute field",
        ),
        (
            "from enum import nonmember as no\ndef g(self): ...\n"
            "class C(Enum):\n    a = lambda self: 1\n    b = no(4)\n"
            "    c = g\n    d = property(g)\n    e = len\n    F = 1",
            "attribute attribute attribute attribute field field",
        ),
        (
            "class C(Enum):\n    _PRIV = 3\n    _own_ = 3\n    __private = 3\n    __dunder__ = 3\n"
            "    _a: int = 3\n    b: int",
            "field attribute attribute attribute field attribute",
        ),
    ],
)
def test_what_a_class_body_assigns(source: str, expected: str):
    inner = [element.kind for element in read(source).values() if element.parent == "m.C"]
    assert inner == expected.split()


def test_a_definition_keeps_its_id_when_a_constant_has_the_same_name():
    found = read("try:\n    def f(): ...\nexcept E:\n    f = None\n")
    assert (found["m.f"].kind, found["m.f#2"].kind) == ("function", "constant")


def test_parents_and_publicity():
    found = read(
        """
        class _Hidden:
            def shown(self): ...
        class C:
            def __init__(self): ...
            def _own(self):
                def local(): ...
        """
    )
    assert {id: (element.parent, element.is_public) for id, element in found.items()} == {
        "m": (None, True),
        "m._Hidden": ("m", False),
        "m._Hidden.shown": ("m._Hidden", False),
        "m.C": ("m", True),
        "m.C.__init__": ("m.C", True),
        "m.C._own": ("m.C", False),
        "m.C._own.local": ("m.C._own", False),
    }


def test_bases_are_source_text_without_keywords():
    assert read("class C(a.B[int], *mixins, metaclass=M): ...")["m.C"].bases == ["a.B[int]", "*mixins"]


def test_form_feeds_and_other_separators_do_not_shift_lines():
    found = read("x = '\u2028'\n\x0c\ndef f(a='\x1c'):\n    return 'ä', 1\n")["m.f"]
    assert (found.line, found.end_line, found.code) == (3, 4, "def f(a='\x1c'):\n    return 'ä', 1")


def test_windows_line_ends_are_read_as_plain_ones():
    facts = analyze_file(b"def f(\r\n    a,\r\n): pass\r\n", "m.py", "m")
    assert (facts.lines, facts.elements[1].signature) == (3, "def f(\n    a,\n)")


def test_an_empty_file_is_a_module():
    assert [(element.kind, element.start_line, element.end_line) for element in read("").values()] == [("module", 1, 1)]


def test_a_docstring_that_json_could_not_hold_is_escaped():
    assert read("def f():\n    '''\\ud800'''")["m.f"].docstring == "\\ud800"


NAMES = st.sampled_from(["f", "g", "C", "self", "x"])
EXPRESSIONS = st.sampled_from(["1", "'a:b'", "lambda q: q", "{1: 2}", "x[1:2]", "None", "(\n1)", "'ü'"])


@st.composite
def headers(draw: st.DrawFn) -> str:
    count = draw(st.integers(0, 3))
    names = [f"a{index}" for index in range(count)]
    texts = [name + draw(st.sampled_from(["", ": int", ": 'T:'"])) + " = " + draw(EXPRESSIONS) for name in names]
    tail = draw(st.sampled_from(["", "*args: int", "*, k", "**kw"]))
    inside = draw(st.sampled_from([", ", ",  # note: this\n    "])).join([*texts, tail] if tail else texts)
    returns = draw(st.sampled_from(["", " -> int", " -> 'x:y'", " -> (\n  1)"]))
    return f"{draw(st.sampled_from(['def', 'async def']))} {draw(NAMES)}({inside}){returns}"


@st.composite
def sources(draw: st.DrawFn, depth: int = 2) -> str:
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        header = draw(st.one_of(headers(), st.sampled_from(["class C", "class D(x, k=lambda: 1)", "if x", "try"])))
        body = draw(sources(depth - 1)) if depth else "pass\n"
        if not header.startswith(("if", "try")) and draw(st.booleans()):
            rows.append("@deco(\n  1)\n" if draw(st.booleans()) else "@x.setter\n")
        rows.append(f"{header}:\n{textwrap.indent(body, '    ', lambda _: True)}")
        if header == "try":
            rows.append("finally:\n    pass\n")
    return "".join(rows)


@settings(deadline=None, max_examples=60)
@given(sources())
def test_generated_nests_agree_with_the_reference_walk(source: str):
    facts = analyze_file(source.encode(), "m.py", "m")
    outcome = compare(source, "m", facts.elements)
    assert set(outcome) <= {"right", "extra"}, source
    assert outcome["extra"] == 0
