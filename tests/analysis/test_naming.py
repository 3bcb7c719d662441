"""The id rule: nesting, `#2` for repeats, lambdas by scope."""

import ast
import textwrap

from utils.analysis.naming import assign_ids


def ids(source: str) -> list[str]:
    return list(assign_ids(ast.parse(textwrap.dedent(source)), "m").ids.values())


def test_nesting_is_part_of_the_id():
    source = """
    class A:
        class B:
            async def f(self):
                def g(): ...
    """
    assert ids(source) == ["m", "m.A", "m.A.B", "m.A.B.f", "m.A.B.f.g"]


def test_the_second_definition_of_a_name_is_marked_at_its_end():
    source = """
    if x:
        class C:
            def f(self): ...
    else:
        class C:
            def f(self): ...
            def g(self): ...
    """
    assert ids(source) == ["m", "m.C", "m.C.f", "m.C#2", "m.C.f#2", "m.C.g"]


def test_definitions_hide_in_any_statement():
    source = """
    try:
        with a:
            for b in c:
                def f(): ...
    except E:
        while d:
            def g(): ...
    else:
        match e:
            case 1:
                def h(): ...
    finally:
        def i(): ...
    """
    assert ids(source) == ["m", "m.f", "m.g", "m.h", "m.i"]


def test_lambdas_count_by_scope_in_source_order():
    source = """
    a = (lambda: 1) if (lambda: 2)() else (lambda: 3)
    def f(k=lambda: 4):
        return lambda: (lambda: 5)
    """
    assert ids(source) == [
        "m",
        "m.<lambda1>",
        "m.<lambda2>",
        "m.<lambda3>",
        "m.f",
        "m.<lambda4>",
        "m.f.<lambda1>",
        "m.f.<lambda1>.<lambda1>",
    ]


def test_decorators_and_defaults_run_outside_the_definition():
    assert ids("@d(lambda: 1)\nclass C(b(lambda: 2)): ...") == ["m", "m.<lambda1>", "m.C", "m.<lambda2>"]


def test_complexity_counts_the_branches_of_its_own_body():
    source = """
    def f(a, b):
        if a and b or 1:
            return [x for x in a if x if b]
        def g():
            while a: ...
    """
    names = assign_ids(ast.parse(textwrap.dedent(source)), "m")
    by_id = {names.ids[node]: value for node, value in names.complexity.items()}
    assert by_id == {"m": 1, "m.f": 7, "m.f.g": 2}


def test_a_chain_of_thousands_of_operators_does_not_recurse():
    assert ids("x = " + "f(lambda: 0) + " * 500 + "1")[-1] == "m.<lambda500>"
