"""Hallucination: what an answer names of its own accord must exist."""

from __future__ import annotations

import msgspec
import pytest

from utils.evaluation.known_names import KnownNames
from utils.evaluation.reading import Reading
from utils.records import Analysis, CodeElement


def invented(answer: str, known: KnownNames, question: str = "") -> list[str]:
    return [mention.text for mention in known.check(Reading(answer), Reading(question)) if not mention.exists]


@pytest.mark.parametrize(
    "answer",
    [
        "`shop.cart.total` in `src/shop/cart.py`",
        "`cart.total`, `Cart.add()`, `total(items)`",
        "the folder `src/shop/` and `cart.py`",
        "the parameter `tax` and the local name `price`",
        "`self.add`, `list.append`, `os.path.join`, `ValueError`, `None`, `asyncio`",
        "OpenAI and JavaScript are words of prose",
        "```python\nmy_basket = Cart()\nmy_basket.add(1)\n```",
        "```python\nfrom shop.cart import total\n```",
    ],
)
def test_what_exists_is_not_invented(answer: str, known: KnownNames) -> None:
    assert invented(answer, known) == []


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("`shop.cart.totals`", ["shop.cart.totals"]),
        ("`src/shop/basket.py` and `shop/cart.py`", ["src/shop/basket.py"]),
        ("`Cart.remove`", ["Cart.remove"]),
        ("call compute_total", ["compute_total"]),
        ("```python\nfrom shop.basket import Basket\n```", ["shop.basket"]),
        ("在 `src/cart/total.py` 里", ["src/cart/total.py"]),
    ],
)
def test_what_does_not_exist_is_invented(answer: str, names: list[str], known: KnownNames) -> None:
    assert invented(answer, known) == names


def test_repeating_the_question_is_no_invention(known: KnownNames) -> None:
    assert invented("shop has no `fetch_totals`.", known, "Where is `fetch_totals` in shop?") == []


def test_a_name_counts_once(known: KnownNames) -> None:
    found = known.check(Reading("`fetch_it`, `fetch_it` and `total`"), Reading(""))
    assert [(mention.text, mention.exists) for mention in found] == [("fetch_it", False), ("total", True)]


def test_only_an_unambiguous_end_of_an_id_denotes_it(known: KnownNames) -> None:
    assert known.denotes("total", "shop.cart.total")
    assert known.denotes("cart.total", "shop.cart.total")
    assert not known.denotes("otal", "shop.cart.total")
    assert known.denotes("check", "shop.check.check"), "a module of this name is another sort of thing"


def test_a_shared_end_of_two_ids_denotes_neither(analysis: Analysis, elements: list[CodeElement]) -> None:
    twin = msgspec.structs.replace(elements[3], id="shop.check.total", module="shop.check", parent="shop.check")
    both = KnownNames(analysis, [*elements, twin])
    assert not both.denotes("total", "shop.cart.total")
    assert both.denotes("total", "shop.cart.total", loosely=True)
    assert both.denotes("cart.total", "shop.cart.total")


def test_a_derived_class_may_inherit_its_members(analysis: Analysis, elements: list[CodeElement]) -> None:
    child = msgspec.structs.replace(elements[1], id="shop.cart.Basket", name="Basket", bases=["Cart"])
    both = KnownNames(analysis, [*elements, child])
    assert invented("`Basket.add` and `Basket.fly`", both) == ["Basket.fly"]


def test_a_variable_may_be_called_like_the_package(known: KnownNames) -> None:
    code = "```python\nfrom shop.cart import Cart\n\nshop = Cart()\nshop.fly()\n```"
    assert invented(code, known) == []
    assert invented("```python\nimport shop.fly\n```", known) == ["shop.fly"]
