"""Claims that may be left unsaid: unproven ones are counted and must stay few."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation import shop
from utils.config_manager import GenerationSettings
from utils.console import UserError
from utils.generation.pipeline import REFUTED, UNDECIDED, generate
from utils.generation.verdicts import FEW_CLAIMS, MOST_REFUTED, MOST_UNDECIDED, Judged, Verdict, Verdicts
from utils.generation.verify import Verifier
from utils.records import Claim, Sample, read_jsonl

SETTINGS = GenerationSettings(general_share=0.05, unseen_fact_share=0.0)


@pytest.mark.parametrize(
    ("body", "undecided"),
    [
        ("def run(): other()", False),
        ("def run(f): f()", True),
        ("def run(x): x.other()", False),
        ("def run(x): x.wanted2()", False),
        ("def run(table): table['wanted']()", True),
        ("class K:\n    def __init__(self, f): self.f = f\n    def run(self): self.f()\nrun = K.run", True),
        ("class K:\n    def g(self): pass\n    def run(self): self.g()", False),
        ("def run(x):\n    with x: pass", False),
    ],
)
def test_a_call_that_resolves_elsewhere_is_refuted(tmp_path: Path, body: str, undecided: bool) -> None:
    (tmp_path / "m.py").write_text(f"def wanted(): pass\ndef other(): pass\n{body}\n")
    caller = "m.K.run" if "class K" in body else "m.run"
    verifier = Verifier(tmp_path, "m")
    for claim in (Claim("calls", caller, "m.wanted"), Claim("called_by", "m.wanted", caller)):
        assert verifier.prove(claim) is not None
        assert verifier.is_undecided(claim) == undecided


def test_a_call_that_the_source_refutes_is_counted_and_named(tmp_path: Path) -> None:
    analysis, elements = shop.build_shop(tmp_path / "shop")
    assert analysis.call_graph["shop.store._hidden_helper"] == ["shop.store.check_item"]
    analysis.call_graph["shop.store._hidden_helper"] = ["shop.store.Store.price_of"]
    (tmp_path / "out").mkdir()
    report = generate(tmp_path / "shop", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)
    assert report.drops[REFUTED] == 2
    assert "_hidden_helper" in report.examples[0]


def test_calls_that_cannot_be_followed_are_left_unsaid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = shop.FILES["shop/cli.py"] + "\n\ndef dispatch(table, name):\n    return table[name]()\n"
    monkeypatch.setitem(shop.FILES, "shop/cli.py", source)
    analysis, elements = shop.build_shop(tmp_path / "shop")
    analysis.call_graph["shop.cli.dispatch"] = ["shop.store.check_item"]
    (tmp_path / "out").mkdir()
    report = generate(tmp_path / "shop", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)
    assert report.drops[UNDECIDED] == 2  # that it calls, and that it is called by
    told = [s for name in ("train", "val", "test") for s in read_jsonl(tmp_path / "out" / f"{name}.jsonl", Sample)]
    claims = [claim for sample in told for claim in sample.metadata.claims]
    assert not [claim for claim in claims if claim.kind == "calls" and claim.subject == "shop.cli.dispatch"]


def judged(verdict: Verdict, number: int, total: int = 100) -> list[Judged]:
    return [("calls", f"m.f calls m.g{n}", verdict if n < number else "confirmed") for n in range(total)]


@pytest.mark.parametrize(("verdict", "share"), [("refuted", MOST_REFUTED), ("undecided", MOST_UNDECIDED)])
def test_too_many_unproven_claims_fail_the_run(verdict: Verdict, share: float) -> None:
    most = round(100 * share)
    verdicts = Verdicts()
    verdicts.add(judged(verdict, most))
    verdicts.add(judged(verdict, most))  # another process judged the same
    verdicts.refuse_unproven()
    worse = Verdicts()
    worse.add(judged(verdict, most + 1))
    with pytest.raises(UserError, match=rf"{most + 1} of 100 claims of the kind `calls` are {verdict}"):
        worse.refuse_unproven()


def test_a_handful_of_claims_is_no_sample_to_judge_by() -> None:
    verdicts = Verdicts()
    verdicts.add(judged("refuted", 20, FEW_CLAIMS - 1))
    verdicts.refuse_unproven()
