"""Usage examples: they bind, import as one would, and never call a method on its class without an instance."""

from __future__ import annotations

import ast

import pytest

from tests.generation.shop import shop_context
from utils.generation.calls import binds, call_text, import_of, signature_of, usage_of, variable
from utils.generation.facts import Context
from utils.records import CodeElement, Parameter


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return shop_context(tmp_path_factory.mktemp("shop"))


def usage(context: Context, element_id: str, optional: int = 0) -> str:
    found = usage_of(context, context.all[element_id], optional)
    assert found is not None
    return found.code


def test_a_name_is_imported_from_the_package_that_exports_it(context: Context) -> None:
    store, check = (import_of(context, context.all[f"shop.store.{name}"]) for name in ("Store", "check_item"))
    assert store is not None
    assert store.code == "from shop import Store"
    assert check is not None
    assert check.code == "from shop.store import check_item"


def test_a_method_needs_an_instance_made_by_the_real_constructor(context: Context) -> None:
    code = usage(context, "shop.store.Store.restock_shelf", 1)
    assert "store = Store(shelf)" in code
    assert "await store.restock_shelf(item, count=1)" in code


def test_a_static_method_is_called_on_its_class_and_a_property_is_read(context: Context) -> None:
    assert "Store.price_of(item)" in usage(context, "shop.store.Store.price_of")
    assert usage(context, "shop.store.Store.is_cheap").endswith("store.is_cheap")


def test_an_abstract_method_has_no_example(context: Context) -> None:
    assert usage_of(context, context.all["shop.store.Shelf.put_item"], 0) is None


def test_every_example_of_a_repository_binds_to_the_real_parameters(context: Context) -> None:
    checked = 0
    for element in context.elements:
        found = usage_of(context, element, 2) if element.kind in ("function", "method") else None
        if found is None:
            continue
        calls = [node for node in ast.walk(ast.parse(found.code)) if isinstance(node, ast.Call)]
        last = calls[0] if not isinstance(calls[0].func, ast.Name) else calls[-1]
        names = {ast.unparse(call.func).rpartition(".")[2]: call for call in calls}
        call = names.get(element.name, last)
        parameters = [p for p in element.parameters if p.name != "self"]
        signature_of(parameters).bind(*call.args, **{k.arg: k.value for k in call.keywords if k.arg})
        checked += 1
    assert checked >= 4


def callable_with(*parameters: Parameter) -> CodeElement:
    return CodeElement("m.f", "function", "f", "m", "m", "python", "m.py", 1, 1, 2, "def f()", list(parameters))


def test_required_arguments_are_passed_the_way_their_kind_wants() -> None:
    element = callable_with(
        Parameter("a", "positional_only"), Parameter("rest", "var_positional"), Parameter("key", "keyword_only")
    )
    call = call_text(element, "f", 0)
    assert call is not None
    assert call.code == "f(a, key=key)"


def test_many_required_arguments_are_named() -> None:
    call = call_text(callable_with(*(Parameter(name, "positional_or_keyword") for name in "abc")), "f", 0)
    assert call is not None
    assert call.code == "f(a=a, b=b, c=c)"


def test_a_call_that_does_not_fit_is_seen() -> None:
    parameters = [Parameter("a", "positional_only"), Parameter("b", "keyword_only", default="1")]
    assert binds(parameters, "f(1, b=2)")
    assert not binds(parameters, "f(a=1)")
    assert not binds(parameters, "f(1, 2)")
    assert not binds(parameters, "f()")


def test_an_instance_gets_a_name_of_its_own() -> None:
    assert variable("HTTPClient") == "http_client"
    assert variable("store") == "store_instance"
