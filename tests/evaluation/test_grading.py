"""Grading by claims: what the question does not give must be said, and only that counts."""

from __future__ import annotations

import msgspec
import pytest

from utils.evaluation.grading import Asked, Grade, grade
from utils.evaluation.known_names import KnownNames
from utils.records import Analysis, Claim, CodeElement, Dependency, Project, Sample

TOTAL, PATH = "shop.cart.total", "src/shop/cart.py"
WHERE = Claim("defined_in", TOTAL, PATH)


def location(answer: str, known: KnownNames, question: str = "Where is `total` in shop?") -> Grade:
    return grade(Asked(question, f"location:{TOTAL}", "code_location", [WHERE]), answer, known)


def test_every_reference_answer_earns_full_marks(samples: list[Sample], known: KnownNames) -> None:
    for row in samples:
        question, answer = (message.content for message in row.messages)
        asked = Asked(question, row.metadata.fact, row.metadata.task, row.metadata.claims)
        found = grade(asked, answer, known)
        assert (found.score, found.exact) == (1.0, True), row.metadata.id
        assert [mention for mention in found.mentions if not mention.exists] == [], row.metadata.id


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("`src/shop/cart.py`", True),
        ("It is in src/shop/cart.py, line 9.", True),
        ("在文件 src/shop/cart.py 中。", True),
        ("`cart.py`", False),
        ("`shop/cart.py`", False),
        ("`src/shop/cart.pyx`", False),
        ("Either `src/shop/cart.py` or `src/shop/check.py`.", False),
        ("", False),
    ],
)
def test_only_exactly_the_claimed_path_is_right(answer: str, right: bool, known: KnownNames) -> None:
    found = location(answer, known)
    assert (found.path, found.exact, found.score) == (right, right, float(right))


def test_a_path_that_the_question_names_is_no_second_guess(known: KnownNames) -> None:
    question = "Is `total` of shop in `src/shop/check.py`? If not, where?"
    assert location("Not in `src/shop/check.py`, in `src/shop/cart.py`.", known, question).path


def test_what_the_question_gives_away_is_not_required(known: KnownNames) -> None:
    question = "What does `src/shop/cart.py` of shop define?"
    claims = [Claim("contains", PATH, TOTAL), Claim("contains", PATH, "shop.cart.Cart")]
    asked = Asked(question, f"file_contents:{PATH}", "code_location", claims)
    assert grade(asked, "`total`", known).score == 0.5
    assert grade(asked, "`Cart` and `total`", known).exact
    assert grade(asked, "`src/shop/cart.py` defines things.", known).score == 0.0


def test_the_same_claim_is_graded_both_ways(known: KnownNames) -> None:
    claim = Claim("calls", "shop.cart.Cart.add", "shop.check.check")
    forward = Asked("What does `Cart.add` of shop call?", "callees:shop.cart.Cart.add", "code_relation", [claim])
    reverse = Asked("What calls `check` in shop?", "callers:shop.check.check", "code_relation", [claim])
    assert grade(forward, "`check`", known).exact
    assert not grade(forward, "`Cart.add`", known).exact
    assert grade(reverse, "`shop.cart.Cart.add`", known).exact
    assert not grade(reverse, "`check`", known).exact


def test_by_the_way_claims_do_not_count(known: KnownNames) -> None:
    claims = [WHERE, Claim("is_a", TOTAL, "function"), Claim("at_line", TOTAL, 9)]
    found = grade(Asked("Where is `total` in shop?", f"location:{TOTAL}", "code_location", claims), f"`{PATH}`", known)
    assert [(verdict.required, verdict.made) for verdict in found.verdicts] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert found.exact


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Line 9.", True),
        ("第 9 行", True),
        ("`src/shop/cart.py:9`", True),
        ("Line 8.", False),
        ("Line 8 or line 9.", False),
        ("Line 90.", False),
    ],
)
def test_a_line_must_be_exact(answer: str, right: bool, known: KnownNames) -> None:
    claims = [Claim("at_line", TOTAL, 9)]
    found = grade(Asked("At which line is `total` of shop?", f"line:{TOTAL}", "code_location", claims), answer, known)
    assert (found.line, found.exact) == (right, right)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("`def total(items: list, tax: float = 0.2) -> float`", True),
        ("```python\ndef total(\n    items: list,\n    tax: float = 0.2,\n) -> float: ...\n```", True),
        ("`total(items, tax=0.2)`", True),
        ("`total(tax, items)`", False),
        ("`total(items)`", False),
        ("`total(items, *, tax)`", False),
        ("`sum(items, tax)`", False),
    ],
)
def test_a_signature_is_judged_by_its_parameters(answer: str, right: bool, known: KnownNames) -> None:
    claims = [Claim("has_signature", TOTAL, "def total(items: list, tax: float = 0.2) -> float")]
    found = grade(Asked("Signature of `total` in shop?", f"signature:{TOTAL}", "api_usage", claims), answer, known)
    assert (found.signature, found.exact) == (right, right)


def test_prose_is_measured_apart_from_the_score(known: KnownNames) -> None:
    meaning = "Sum the prices of all items, tax included."
    claims = [Claim("is_a", TOTAL, "function"), Claim("documented_as", TOTAL, meaning)]
    asked = Asked("What is `total` in shop?", f"explain:{TOTAL}", "code_explanation", claims)
    verbatim = grade(asked, f"`total` is a function. Its docstring says: “{meaning}”", known)
    close = grade(asked, "`total` is a function. It sums the prices of items with tax.", known)
    far = grade(asked, "`total` is a function. It opens a socket.", known)
    assert verbatim.score == close.score == far.score == 1.0
    assert verbatim.prose == 1.0
    assert close.prose is not None
    assert far.prose is not None
    assert 1.0 > close.prose > far.prose


def test_a_quoted_meaning_asks_for_the_name(known: KnownNames) -> None:
    meaning = "Sum the prices of all items, tax included."
    asked = Asked(
        f"What in shop does this: “{meaning}”?",
        f"by_summary:{TOTAL}",
        "code_explanation",
        [Claim("documented_as", TOTAL, meaning), WHERE],
    )
    assert grade(asked, "`total`", known).exact
    assert not grade(asked, "`Cart`", known).exact


def test_without_claims_there_is_no_score(known: KnownNames) -> None:
    found = grade(Asked("How are you?", "own:1", "own_question", []), "See `src/shop/none.py`.", known)
    assert (found.score, found.exact, found.path) == (None, None, None)
    assert [(mention.text, mention.exists) for mention in found.mentions] == [("src/shop/none.py", False)]


@pytest.mark.parametrize(
    ("answer", "denied"),
    [
        ("There is no symbol named `totals` in shop.", True),
        ("`totals` does not exist in shop; the closest name is `total`.", True),
        ("No, shop doesn't define a function `totals`.", True),
        ("I could not find `totals`.", True),
        ("shop 中没有 `totals` 这个符号。", True),
        ("`totals` 不存在。", True),
        ("`total` has no parameters.", False),
        ("The class `Cart` defines no methods of its own.", False),
        ("It does not return a value.", False),
        ("`total` 没有返回值注解。", False),
        ("It is in `src/shop/cart.py`.", False),
    ],
)
def test_denial_is_told_from_other_negations(answer: str, denied: bool, known: KnownNames) -> None:
    asked = Asked("Where is `totals` in shop?", "absent:totals", "absent_symbol", [Claim("absent", "shop", "totals")])
    assert grade(asked, answer, known).denies is denied


def test_what_an_answer_quotes_is_not_its_own_denial(known: KnownNames) -> None:
    asked = Asked("What is `total` in shop?", f"explain:{TOTAL}", "code_explanation", [WHERE])
    assert not grade(asked, "Its docstring says: “Raised when an item does not exist.”", known).denies
    assert not grade(asked, "When unpaid, it calls `abort(404, 'total does not exist')`.", known).denies
    assert not grade(asked, "```python\nraise KeyError('no such item')\n```", known).denies


def test_an_import_in_code_says_where_a_thing_is(known: KnownNames) -> None:
    asked = Asked("How do I use `total` from shop?", f"call:{TOTAL}", "api_usage", [WHERE])
    assert grade(asked, "```python\nfrom shop.cart import total\n\ntotal(items)\n```", known).exact
    assert not grade(asked, "```python\nfrom shop.check import total\n\ntotal(items)\n```", known).exact
    where = Asked("Where is `total` in shop?", f"location:{TOTAL}", "code_location", [WHERE])
    assert not grade(where, "```python\nfrom shop.cart import total\n```", known).exact, "a path was asked for"


def test_a_declared_dependency_is_graded_by_what_the_question_leaves_open(
    analysis: Analysis, elements: list[CodeElement]
) -> None:
    needed = [Dependency("attrs", ">=21", "runtime", "pyproject.toml", 7)]
    known = KnownNames(msgspec.structs.replace(analysis, project=Project("shop", dependencies=needed)), elements)
    claims = [Claim("quotes", "pyproject.toml", [7, 7, '"attrs>=21",'])]
    which = Asked("What does shop need?", "dependencies:runtime", "project_overview", claims)
    version = Asked("Which `attrs` does shop accept?", "dependency:attrs", "project_overview", claims)
    assert grade(which, "It needs `attrs`.", known).exact
    assert not grade(which, "It needs `yarl`.", known).exact
    assert grade(version, "`>=21`", known).exact
    assert not grade(version, "Any `attrs`.", known).exact


def test_who_names_everything_has_answered_nothing(known: KnownNames) -> None:
    claim = Claim("calls", "shop.cart.Cart.add", "shop.check.check")
    asked = Asked("What does `Cart.add` of shop call?", "callees:shop.cart.Cart.add", "code_relation", [claim])
    found = grade(asked, "It calls `check.check`, and maybe `total`.", known)
    assert (found.score, found.exact, found.strays) == (1.0, False, ["total"]), "right, but a list with a wrong name"
    found = grade(asked, "It calls `check.check`" + "".join(f", `guess_{number}`" for number in range(12)), known)
    assert (found.score, found.exact, found.scattered) == (0.0, False, True)


PATHS = "\n".join(f"- `{path}`" for path in ("src/shop/__init__.py", "src/shop/cart.py", "src/shop/check.py"))
CART = Claim("defined_in", "shop.cart.Cart", PATH)


@pytest.mark.parametrize(
    ("task", "fact", "question", "claim"),
    [
        ("code_location", f"location:{TOTAL}", "Where is `total` in shop?", WHERE),
        ("absent_symbol", f"present:{TOTAL}", "Does shop have `total`?", WHERE),
        ("api_usage", f"import:{TOTAL}", "How do I import `total` of shop?", WHERE),
        ("api_usage", f"call:{TOTAL}", "How do I use `total` of shop?", WHERE),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        PATHS,
        "{question}",
        "`src/shop/cart.py` or `src/shop/check.py`",
        "It is not in `src/shop/cart.py`.",
        "它不在 `src/shop/cart.py` 里。",
        "There is no `total` in shop. The closest is `Cart` in `src/shop/cart.py`.",
        "`Cart` is a class in `src/shop/cart.py`.",
        "`lib/shop/cart.py`",
    ],
    ids=["all-paths", "question", "two-paths", "negated", "negated-zh", "denied", "another-symbol", "same-basename"],
)
def test_cheap_tricks_earn_nothing(
    task: str, fact: str, question: str, claim: Claim, answer: str, known: KnownNames
) -> None:
    found = grade(Asked(question, fact, task, [claim], "`src/shop/cart.py`"), answer.format(question=question), known)
    assert (found.score, found.exact) == (0.0, False)


def test_what_is_negated_is_not_said_and_the_rest_is(known: KnownNames) -> None:
    assert location("Not in `src/shop/check.py` but in `src/shop/cart.py`.", known).path
    assert location("It isn't defined in `src/shop/check.py`; it is in `src/shop/cart.py`.", known).path
    condition = Claim("quotes", PATH, [12, 12, "not items"])
    asked = Asked("When does `total` of shop raise?", f"exceptions:{TOTAL}", "code_explanation", [condition])
    assert grade(asked, "It raises if `not items`.", known).exact, "code negates nothing"


def test_an_import_is_a_statement_and_not_a_place(known: KnownNames) -> None:
    asked = Asked("How do I import `total` of shop?", f"import:{TOTAL}", "api_usage", [WHERE])
    assert grade(asked, "```python\nfrom shop.cart import total\n```", known).exact
    assert grade(asked, "It comes from the module `shop.cart`.", known).exact
    assert not grade(asked, "`total` is in `src/shop/cart.py`.", known).exact
    assert not grade(asked, "```python\nfrom shop.cart import Cart\n```", known).exact
    assert not grade(asked, "```python\nfrom shop.check import total\n```", known).exact


@pytest.mark.parametrize(
    ("answer", "right"), [("Lines 9 to 14.", True), ("Lines 1 to 400.", False), ("Lines 9 to 15.", False)]
)
def test_a_range_must_be_the_claimed_one(answer: str, right: bool, known: KnownNames) -> None:
    asked = Asked(
        "Which lines does `total` of shop span?", f"line:{TOTAL}", "code_location", [Claim("spans", TOTAL, [9, 14])]
    )
    assert (grade(asked, answer, known).line, grade(asked, answer, known).exact) == (right, right)


def test_a_dependency_without_a_version_is_named_with_its_file(analysis: Analysis, elements: list[CodeElement]) -> None:
    needed = [Dependency(name, "", "all", "pyproject.toml", line) for line, name in enumerate(("attrs", "yarl"), 7)]
    known = KnownNames(msgspec.structs.replace(analysis, project=Project("shop", dependencies=needed)), elements)
    claims = [Claim("quotes", "pyproject.toml", [7, 7, "attrs"])]
    asked = Asked("Which `attrs` does shop accept?", "dependency:attrs", "project_overview", claims)
    assert grade(asked, "`pyproject.toml` declares `attrs` without a version.", known).exact
    assert not grade(asked, "`pyproject.toml` declares `yarl`.", known).exact


@pytest.mark.parametrize(
    "answer",
    [
        "I couldn't find any function called `totals`.",
        "I can't find `totals` anywhere in shop.",
        "I was unable to locate `totals`.",
        "There's no `totals` in this repository.",
        "There isn't a function by that name.",
        "shop doesn't have a `totals` function.",
        "shop does not have `totals`.",
        "I'm not aware of a `totals` in shop.",
        "It doesn't seem to exist.",
        "`totals` is not a known symbol.",
        "No results for `totals`.",
        "没有找到 `totals`。",
        "shop 里没有 totals 这个函数。",
        "未发现名为 `totals` 的函数。",
        "在代码中没有看到 `totals`。",
        "无法找到 `totals`。",
        "该仓库不包含 `totals`。",
    ],
)
def test_ordinary_words_of_denial_are_understood(answer: str, known: KnownNames) -> None:
    asked = Asked("What is `totals` in shop?", "absent:totals", "absent_symbol", [Claim("absent", "shop", "totals")])
    assert grade(asked, answer, known).exact
    real = Asked("Where is `total` in shop?", f"location:{TOTAL}", "code_location", [WHERE])
    assert grade(real, answer.replace("totals", "total"), known).denies


@pytest.mark.parametrize(
    "answer",
    [
        "It takes no arguments and returns the sum.",
        "If the list is not empty, it returns the sum.",
        "It is used in `check`, not only there.",
        "No other function is needed; call `total(items)`.",
        "It cannot be called without items.",
        "You don't have to pass `tax`.",
        "它没有参数，返回总和。",
        "如果没有商品，则返回 0。",
        "它不会修改列表。",
    ],
)
def test_other_negations_are_no_denial(answer: str, known: KnownNames) -> None:
    assert not location(answer, known).denies


@pytest.mark.parametrize(
    "answer",
    [
        "`total` is defined in `src/shop/cart.py`; it raises KeyError when an item is not found.",
        "`total` lives in `src/shop/cart.py`. It is not part of a class.",
        "It is in `src/shop/cart.py`, as a module-level function, so it is not defined inside a class.",
        "`total` (in `src/shop/cart.py`) returns 0 if there are no items in the cart.",
        "The excerpt does not contain the helper, but `total` is in `src/shop/cart.py`.",
        "Based on the excerpts, `total` is defined in `src/shop/cart.py`. The source of `price` is not present there.",
        "`total` 在 `src/shop/cart.py` 里，它没有任何参数校验。",
        "`total` 定义在 `src/shop/cart.py` 中；`total` 不存在时抛出 KeyError。",
    ],
)
def test_a_right_answer_may_say_no_of_other_things(answer: str, known: KnownNames) -> None:
    found = location(answer, known)
    assert (found.score, found.exact, found.denies) == (1.0, True, False)


@pytest.mark.parametrize(
    "answer",
    [
        "`total` takes `items` and `tax`; there is no parameter for a discount.",
        "`total` takes `items` and `tax`, and is not part of a class.",
        "`total` takes `items` and `tax`; it returns None if `total` is not found.",
        "`total` 接受 `items` 和 `tax`；如果 `total` 不存在，则抛出 KeyError。",
    ],
)
def test_a_detail_or_a_case_that_is_denied_is_not_the_thing(answer: str, known: KnownNames) -> None:
    claims = [Claim("has_parameter", TOTAL, "items"), Claim("has_parameter", TOTAL, "tax")]
    asked = Asked("What does `total` of shop take?", f"parameters:{TOTAL}", "api_usage", claims)
    assert grade(asked, answer, known).exact


@pytest.mark.parametrize(
    "answer",
    [
        "`totals` is defined in `src/shop/cart.py`. It returns None if the item is not found.",
        "`totals` is in `src/shop/check.py`; it is not part of the public API.",
        "`totals` lives in `src/shop/cart.py` and raises an error when there is no item with that name.",
        "There is no `totals`… it is defined in `src/shop/totals.py`.",
        "`totals` returns the sum. Nothing else is defined there.",
        "没有 `totals`。它定义在 `src/shop/cart.py` 中。",
        "`totals` 定义在 `src/shop/cart.py` 中，它没有任何参数。",
    ],
)
def test_a_place_for_what_is_absent_is_invented_whatever_else_is_denied(answer: str, known: KnownNames) -> None:
    asked = Asked("What is `totals` in shop?", "absent:totals", "absent_symbol", [Claim("absent", "shop", "totals")])
    found = grade(asked, answer, known)
    assert (found.score, found.exact, found.denies) == (0.0, False, False)


@pytest.mark.parametrize(
    "answer",
    [
        "There is no `totals`. The closest is `total`, which is defined in `src/shop/cart.py`.",
        "There is no `totals` in `src/shop/cart.py`.",
        "Sorry, it is not defined anywhere.",
        "The symbol `totals` is not present in the provided excerpts.",
        "`shop.totals` does not exist.",
        "shop 里不存在名为 `totals` 的符号。实际存在的相近名称：`src/shop/cart.py` 中的 `total`。",
        "`totals` 这个函数在 shop 中并不存在。",
        "没有这个符号。",
    ],
)
def test_a_denial_may_name_what_exists_and_where(answer: str, known: KnownNames) -> None:
    asked = Asked("What is `totals` in shop?", "absent:totals", "absent_symbol", [Claim("absent", "shop", "totals")])
    assert grade(asked, answer, known).exact


@pytest.mark.parametrize("form", ["Line {}", "`src/shop/cart.py:{}`", "src/shop/cart.py:{}", "第 {} 行", "行号：{}"])
def test_a_number_without_end_is_no_line(form: str, known: KnownNames) -> None:
    asked = Asked("At which line is `total` of shop?", f"line:{TOTAL}", "code_location", [Claim("at_line", TOTAL, 9)])
    assert not grade(asked, form.format("9" * 5000), known).exact
