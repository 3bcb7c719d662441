"""Claims that may be left unsaid: unproven ones are counted and must stay few."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation import shop
from utils.config_manager import GenerationSettings
from utils.console import UserError
from utils.generation.pipeline import REFUTED, UNDECIDED, generate
from utils.generation.verdicts import Verdicts
from utils.generation.verify import Verifier
from utils.records import Claim, Sample, read_jsonl

SETTINGS = GenerationSettings(general_share=0.05, unseen_fact_share=0.0)


@pytest.mark.parametrize(
    ("body", "undecided"),
    [
        ("def run(): other()", False),
        ("def run(f): f()", True),
        ("def run():\n    other()\n    [other]", False),
        ("def run(x): x.other()", True),
        ("def run(table): table['wanted']()", True),
        ("class K:\n    def __init__(self, f): self.f = f\n    def run(self): self.f()\nrun = K.run", True),
        ("class K:\n    def g(self): pass\n    def run(self): self.g()", False),
        ("def run(x):\n    with x: pass", True),
    ],
)
def test_a_call_that_resolves_elsewhere_is_refuted(tmp_path: Path, body: str, undecided: bool) -> None:
    (tmp_path / "m.py").write_text(f"def wanted(): pass\ndef other(): pass\n{body}\n")
    caller = "m.K.run" if "class K" in body else "m.run"
    verifier = Verifier(tmp_path, "m")
    for claim in (Claim("calls", caller, "m.wanted"), Claim("called_by", "m.wanted", caller)):
        assert verifier.verdict(claim) == ("undecided" if undecided else "refuted")


def test_a_call_that_the_source_refutes_fails_the_run(tmp_path: Path) -> None:
    analysis, elements = shop.build_shop(tmp_path / "shop")
    assert analysis.call_graph["shop.store._hidden_helper"] == ["shop.store.check_item"]
    analysis.call_graph["shop.store._hidden_helper"] = [
        *("shop.store.Store.price_of", "shop.store.Store.is_cheap"),
        *("shop.errors.read_ledger", "shop.errors.build_parser", "shop.till.close_till"),
    ]
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match=r"5 of [\d]+ samples failed their proof.*_hidden_helper calls"):
        generate(tmp_path / "shop", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)


def test_one_refuted_call_among_thousands_is_counted_and_left_unsaid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.generation.pipeline.MOST_FAILED", 0.01)
    analysis, elements = shop.build_shop(tmp_path / "shop")
    analysis.call_graph["shop.store._hidden_helper"] = ["shop.store.Store.price_of"]
    (tmp_path / "out").mkdir()
    report = generate(tmp_path / "shop", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)
    assert report.drops[REFUTED] == 1
    assert "_hidden_helper" in report.examples[0]
    assert "1 refuted" in report.judged


def test_calls_that_cannot_be_followed_are_left_unsaid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = shop.FILES["shop/cli.py"] + "\n\ndef dispatch(table, name):\n    return table[name]()\n"
    monkeypatch.setitem(shop.FILES, "shop/cli.py", source)
    analysis, elements = shop.build_shop(tmp_path / "shop")
    analysis.call_graph["shop.cli.dispatch"] = ["shop.store.check_item"]
    (tmp_path / "out").mkdir()
    report = generate(tmp_path / "shop", analysis, elements, SETTINGS, "shop", 42, tmp_path / "out", workers=1)
    assert report.drops[UNDECIDED] == 2  # this one, and the shelf whose class only its base tells
    told = [s for name in ("train", "val", "test") for s in read_jsonl(tmp_path / "out" / f"{name}.jsonl", Sample)]
    claims = [claim for sample in told for claim in sample.metadata.claims]
    assert not [claim for claim in claims if claim.kind == "calls" and claim.subject == "shop.cli.dispatch"]


def test_a_claim_counts_once_however_many_processes_judged_it() -> None:
    verdicts = Verdicts()
    for _ in range(2):
        verdicts.add([("calls", "m.f calls m.g", "refuted"), ("calls", "m.f calls m.h", "proven")])
    assert verdicts.claims("refuted") == ["m.f calls m.g"]
    assert verdicts.remark() == "2 calls and docstring summaries were judged: 1 proven, 1 refuted"
    assert Verdicts().remark() == ""
