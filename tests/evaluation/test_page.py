"""The HTML report in a real browser: it filters, stays within its own file, and hostile text stays text."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from utils.evaluation.answering import Answer
from utils.evaluation.comparison import grade_all
from utils.evaluation.html import write_html
from utils.evaluation.known_names import KnownNames
from utils.evaluation.questions import Question
from utils.evaluation.report import build_report

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><!--<script>"
METADATA = {
    "repository": HOSTILE,
    "commit": None,
    "base_model": HOSTILE,
    "n": 8,
    "limited_from": 9,
    "decoding": "greedy, thinking off",
}


@pytest.fixture(scope="module")
def page(questions: list[Question], known: KnownNames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with 8 × 40 questions: the base answers nothing right, the fine-tuned model all of it but one."""
    many = []
    for number in range(40):
        for question in copy.deepcopy(questions):
            question.id += f"/{number}"
            many.append(question)
    silent = [Answer(f"{HOSTILE} `src/none.py`", 9, False) for _ in many]
    right = [Answer(question.reference or "", 9, True) for question in many]
    right[0] = Answer("I do not know.", 4, True)
    results = grade_all(many, {"base": silent, "finetuned": right}, [[] for _ in many], known)
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_html(path, build_report(results, METADATA, 100, 1), results)
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium with its driver."""
    program, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium with chromedriver is installed here")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    profile = tmp_path_factory.mktemp("profile")
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
        *("disable-component-update", "disable-sync", f"user-data-dir={profile}", "window-size=1200,900"),
    ):
        options.add_argument(f"--{flag}")
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


@pytest.fixture
def opened(browser: Any, page: Path) -> Any:
    browser.get(page.as_uri())
    return browser


def count_line(browser: Any) -> str:
    return browser.find_element("id", "count").text


def choose(browser: Any, name: str, value: str) -> None:
    browser.find_element("css selector", f"#filter-{name} option[value='{value}']").click()


def test_the_filters_narrow_the_questions(opened: Any) -> None:
    assert count_line(opened) == "320 of 320 questions"
    choose(opened, "task", "code_location")
    assert count_line(opened) == "120 of 320 questions"
    choose(opened, "probe", "unseen_fact")
    assert count_line(opened) == "40 of 320 questions"
    choose(opened, "probe", "")
    choose(opened, "change", "wrong")
    assert count_line(opened) == "1 of 320 questions"
    assert "Which file of shop holds" in opened.find_element("css selector", ".card .question").text
    choose(opened, "change", "lost")
    assert count_line(opened) == "0 of 320 questions"


def test_a_word_finds_its_questions(opened: Any) -> None:
    opened.find_element("id", "filter-text").send_keys("PARSES json")
    assert count_line(opened) == "40 of 320 questions"


def test_answers_stand_side_by_side_with_their_claims_ticked(opened: Any) -> None:
    choose(opened, "change", "gained")
    first = opened.find_element("css selector", ".card")
    base, tuned = first.find_elements("css selector", ".answer")
    assert base.find_elements("css selector", ".claims .missed")
    assert tuned.find_elements("css selector", ".claims .made")
    assert "does not exist: document.title, src/none.py" in base.text
    assert base.find_elements("css selector", "mark")[-1].text == "src/none.py"
    assert "cut off" in base.text


def test_cards_are_built_as_they_come_into_view(opened: Any) -> None:
    built = len(opened.find_elements("css selector", ".card"))
    assert built < 100
    opened.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    for _ in range(1800):
        if len(opened.find_elements("css selector", ".card")) > built:
            break
        time.sleep(0.1)
    assert len(opened.find_elements("css selector", ".card")) > built


def test_hostile_text_stays_text(opened: Any) -> None:
    assert opened.title != "owned"
    assert HOSTILE in opened.find_element("css selector", ".answer .text").text.replace("\n", "")
    assert not opened.find_elements("css selector", "img")
    assert [entry for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_phone_shows_it_without_scrolling_sideways(opened: Any) -> None:
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    )
    opened.refresh()
    widths = "return [document.documentElement.scrollWidth, document.querySelector('.summary').offsetWidth]"
    whole, summary = opened.execute_script(widths)
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert whole <= 390
    assert summary <= 362


def test_the_file_needs_no_network(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    head = text[: text.index('<script type="application/json"')]
    assert "default-src 'none'" in head
    assert "src=" not in head.replace("&lt;img src=x", "")
    assert "<link" not in head
    assert "@import" not in head
    assert "url(http" not in head
