"""What the report counts where: absent symbols and their real twins are two things."""

from __future__ import annotations

from utils.evaluation.answering import Answer
from utils.evaluation.comparison import grade_all
from utils.evaluation.known_names import KnownNames
from utils.evaluation.questions import Question
from utils.evaluation.report import build_report
from utils.records import Claim, Message

REAL = Claim("defined_in", "shop.cart.total", "src/shop/cart.py")


def asked(name: str, fact: str, claim: Claim) -> Question:
    talk = [Message("user", f"Does shop have `{name}`?")]
    task = "absent_symbol"
    return Question(fact, task, "en", "forward", task, fact, "w", talk, "`src/shop/cart.py`", [claim], [])


def test_a_twin_is_no_absent_symbol_and_denying_it_is_over_refusal(known: KnownNames) -> None:
    questions = [
        asked("totals", "absent:totals", Claim("absent", "shop", "totals")),
        asked("total", "present:shop.cart.total", REAL),
    ]
    credulous = [Answer("Yes, in `src/shop/cart.py`.", 5, True)] * 2
    timid = [Answer("There is no such symbol in shop.", 5, True)] * 2
    results = grade_all(questions, {"base": credulous, "finetuned": timid}, [[], []], known)
    report = build_report(results, {}, 100, 1)
    for rows in (report["by_task"], report["by_probe"]):
        assert (rows["absent_symbol"]["base"], rows["absent_symbol"]["finetuned"]) == (0.0, 1.0)
        assert (rows["existing_symbol"]["base"], rows["existing_symbol"]["finetuned"]) == (1.0, 0.0)
    assert report["abstention"]["recall"] == {"base": 0.0, "finetuned": 1.0}
    assert report["abstention"]["over_refusal"] == {"base": 0.0, "finetuned": 1.0}
    assert report["abstention"]["n"] == {"absent": 1, "existing": 1}
