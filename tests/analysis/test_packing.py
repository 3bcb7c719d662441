"""A file's facts in parts: elements written as they will stand, with what is not known yet left open."""

import msgspec

from utils.analysis.file_analysis import analyze_file
from utils.analysis.packing import DECODER, complete, pack
from utils.records import CodeElement

SOURCE = b'''class C:
    def f(self):
        """Says "overrides":null and \\\\"overrides":null."""
        return 'overrides":null'

    def g(self): ...


def f(): ...
'''


def read(block: bytes) -> dict[str, CodeElement]:
    return {
        element.id: element for line in block.splitlines() if (element := msgspec.json.decode(line, type=CodeElement))
    }


def test_only_methods_are_open_and_each_is_filled_in_its_own_place():
    facts = analyze_file(SOURCE, "m.py", "m")
    packed = pack(facts)
    head = DECODER.decode(packed.head)
    assert [method for method, _ in head.open] == ["m.C.f", "m.C.g"]
    assert read(complete(packed.block, head.open, {})) == {element.id: element for element in facts.elements}
    found = read(complete(packed.block, head.open, {"m.C.g": 'b."B".g', "m.C.f": "b.B.f", "m.f": "x"}))
    assert {element.id: element.overrides for element in found.values() if element.overrides} == {
        "m.C.f": "b.B.f",
        "m.C.g": 'b."B".g',
    }
    for element in found.values():
        element.overrides = None
    assert found == {element.id: element for element in facts.elements}


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
    head = DECODER.decode(pack(analyze_file(source, "m.py", "m")).head)
    found = {outline.id: outline for outline in head.outlines}
    assert [name for name, outline in found.items() if not outline.has_body] == ["m.P.a"]
    assert [name for name, outline in found.items() if outline.is_abstract] == ["m.K.c", "m.K.d"]
    assert found["m.P.a"].parameters == [("self", "positional_or_keyword"), ("x", "positional_or_keyword")]
    assert (found["m.K.d"].line, found["m.K.d"].header_end) == (10, 11)


def test_a_file_without_facts_says_why():
    head = DECODER.decode(pack(analyze_file(b"def (", "m.py", "m")).head)
    assert (head.digest, head.outlines, head.skipped) == (b"", [], "syntax error at line 1: invalid syntax")
