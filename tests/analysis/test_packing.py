"""A file's facts in parts: elements written as they will stand, with what is not known yet left open."""

import msgspec

from utils.analysis.class_forms import ClassForm
from utils.analysis.file_analysis import analyze_file
from utils.analysis.packing import Block, Gist, Sheet, complete, pack
from utils.records import CodeElement

SOURCE = b'''class C:
    def f(self):
        """Says "overrides":null and \\\\"overrides":null."""
        return 'overrides":null'

    def g(self): ...


def f(): ...
'''


def read(block: bytes | memoryview) -> dict[str, CodeElement]:
    lines = bytes(block).splitlines()
    return {element.id: element for line in lines if (element := msgspec.json.decode(line, type=CodeElement))}


def gist(source: bytes, path: str = "m.py") -> Gist:
    return msgspec.msgpack.decode(pack(analyze_file(source, path, "m")).gist, type=Gist)


def sheet(source: bytes) -> Sheet:
    return msgspec.msgpack.decode(pack(analyze_file(source, "m.py", "m")).sheet, type=Sheet)


def test_only_methods_are_open_and_each_is_filled_in_its_own_place():
    facts = analyze_file(SOURCE, "m.py", "m")
    block = msgspec.msgpack.decode(pack(facts).block, type=Block)
    assert [method for method, _ in block.open] == ["m.C.f", "m.C.g"]
    assert read(complete(block, {}, {})) == {element.id: element for element in facts.elements}
    found = read(complete(block, {"m.C.g": 'b."B".g', "m.C.f": "b.B.f", "m.f": "x"}, {}))
    assert {element.id: element.overrides for element in found.values() if element.overrides} == {
        "m.C.f": "b.B.f",
        "m.C.g": 'b."B".g',
    }
    for element in found.values():
        element.overrides = None
    assert found == {element.id: element for element in facts.elements}


def test_a_kind_that_a_base_elsewhere_decides_is_filled_in_its_own_place():
    source = b"class C(Base):\n    a = 'kind'\n    B = 1\n\n    def f(self): ...\n\n    c: int\n"
    block = msgspec.msgpack.decode(pack(analyze_file(source, "m.py", "m")).block, type=Block)

    def kinds(form: ClassForm) -> list[str]:
        found = read(complete(block, {"m.C.f": "b.B.f"}, {"m.C": form}))
        assert found["m.C.f"].overrides == "b.B.f"
        return [element.kind for element in found.values() if element.parent == "m.C"]

    assert kinds("plain") == ["attribute", "constant", "method", "attribute"]
    assert kinds("enum") == ["field", "field", "method", "attribute"]
    assert kinds("record") == ["attribute", "constant", "method", "field"]


def test_outlines_tell_what_patterns_ask():
    source = b"""from typing import Protocol
class P(Protocol):
    def a(self, x): ...
    def b(self):
        return 1
class K:
    def c(self):
        'Doc.'
        raise NotImplementedError("c")
    def d(self,
          y): raise errors.NotImplementedError
    def e(self): raise ValueError(NotImplementedError)
"""
    found = {outline.id: outline for outline in sheet(source).outlines}
    assert [name for name, outline in found.items() if not outline.has_body] == ["m.P.a"]
    assert [name for name, outline in found.items() if outline.is_abstract] == ["m.K.c", "m.K.d"]
    assert found["m.P.a"].parameters == [("self", "positional_or_keyword"), ("x", "positional_or_keyword")]
    assert (found["m.K.d"].line, found["m.K.d"].header_end) == (10, 11)
    assert [(each.id, each.line, each.end, each.abstract) for each in gist(source).classes] == [
        ("m.P", 2, 2, False),
        ("m.K", 6, 6, True),
    ]


def test_functions_that_keep_an_argument_are_noted():
    source = b"""def plain(f): return f
def into(f): REGISTRY[f.name] = f
def named(f): REGISTRY["x"] = other
def outer(name):
    class Inside:
        def method(self, *args, keyword):
            self.all.append((1, keyword))
    return Inside
def around(name):
    def inner(f):
        registry.register_all(f)
        return f
    return inner
class C:
    def own(self): kept.append(self)
    def add(self, item): self.items.add_item(item=item)
"""
    keepers = sheet(source).notes.keepers
    assert keepers == ["m.into", "m.outer", "m.outer.Inside.method", "m.around", "m.around.inner", "m.C.add"]


def test_a_digest_follows_names_and_not_lines():
    moved, renamed, called = b"\n\n" + SOURCE, SOURCE.replace(b"def g", b"def h"), SOURCE + b"f()\n"
    assert gist(moved).names == gist(called).names == gist(SOURCE).names != gist(renamed).names
    assert gist(SOURCE + b"import a\n").names != gist(SOURCE + b"import b\n").names
    assert gist(moved).signatures == gist(SOURCE).signatures
    assert gist(SOURCE.replace(b"g(self)", b"g(self, x)")).signatures != gist(SOURCE).signatures


def test_a_file_without_facts_says_why():
    found = gist(b"def (")
    assert (found.digest, found.kinds) == (b"", {})
    assert found.skipped is not None
    assert "finds a syntax error at line 1: invalid syntax" in found.skipped
