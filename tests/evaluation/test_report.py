"""What the report counts where: absent symbols and their real twins are two things."""

from __future__ import annotations

import pytest

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


def test_the_fine_tuned_model_is_held_against_retrieval_question_by_question(known: KnownNames) -> None:
    questions = [asked("total", f"present:shop.cart.total#{number}", REAL) for number in range(6)]
    right, wrong = (Answer(f"Yes, in `{path}`.", 5, True) for path in ("src/shop/cart.py", "src/shop/check.py"))
    answers = {"base": [wrong] * 6, "finetuned": [right] * 4 + [wrong] * 2, "retrieval": [wrong] * 5 + [right]}
    row = build_report(grade_all(questions, answers, [[]] * 6, known), {}, 200, 1)["summary"]["overall"]
    assert row["versus_retrieval"]["difference"] == pytest.approx(0.5)
    assert row["versus_retrieval"]["p_value"] == pytest.approx(2 * 6 / 2**5), "five changed, one of them against"
    assert row["p_value"] == row["mcnemar"] == pytest.approx(2 / 2**4), "each question is of its own subject"


def test_questions_about_one_element_are_one_subject_whatever_the_fact(known: KnownNames) -> None:
    facts = ["location:shop.cart.total", "signature:shop.cart.total", "call_path:shop.cart.total>shop.check.check"]
    questions = [asked("total", fact, REAL) for fact in [*facts, "file_contents:src/shop/cart.py"]]
    right, wrong = (Answer(f"Yes, in `{path}`.", 5, True) for path in ("src/shop/cart.py", "src/shop/check.py"))
    results = grade_all(questions, {"base": [wrong] * 4, "finetuned": [right] * 4}, [[]] * 4, known)
    row = build_report(results, {}, 200, 1)["summary"]["overall"]
    assert (row["n"], row["facts"], row["subjects"]) == (4, 4, 2)
    assert row["p_value"] == pytest.approx(2 / 2**2)
    assert row["mcnemar"] == pytest.approx(2 / 2**4)
    assert row["exact"]["finetuned"]["ci95"][0] < 0.35, "four of four, but of two subjects"
