"""The tests' tiny model in a folder, and a five-element repository with its questions, all made here."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.tiny_model import save_base
from utils.evaluation.known_names import KnownNames
from utils.evaluation.questions import Question, from_sample
from utils.records import (
    ANALYSIS_SCHEMA,
    Analysis,
    Claim,
    CodeElement,
    Message,
    Parameter,
    Project,
    Provenance,
    Sample,
    SampleMetadata,
    SourceFile,
    Statistics,
)

CART = '''
class Cart:
    """Keeps what a customer wants to buy."""

    def add(self, item, *, count=1):
        """Put an item into the cart."""
        check(count)

def total(items: list, tax: float = 0.2) -> float:
    """Sum the prices of all items, tax included."""
    return sum(price(item) for item in items) * (1 + tax)
'''


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `from_pretrained` loads: model and tokenizer."""
    return save_base(tmp_path_factory.mktemp("tiny") / "base")


def element(element_id: str, kind: str, path: str, line: int, signature: str = "", **more: object) -> CodeElement:
    """A `CodeElement` with the fields that matter here."""
    module, parent = ("shop." + path.split("/")[-1].removesuffix(".py")), element_id.rpartition(".")[0]
    row = {"id": element_id, "kind": kind, "name": element_id.rpartition(".")[2], "module": module, "parent": parent}
    row |= {"language": "python", "path": path, "start_line": line, "line": line, "end_line": line + 3}
    return msgspec.convert({**row, "signature": signature, **msgspec.to_builtins(more)}, CodeElement)


@pytest.fixture(scope="session")
def elements() -> list[CodeElement]:
    """Two modules of a small shop."""
    items = [Parameter("items", "positional_or_keyword"), Parameter("tax", "positional_or_keyword", "float", "0.2")]
    cart, check = "src/shop/cart.py", "src/shop/check.py"
    return [
        element("shop.cart", "module", cart, 1, code=CART),
        element("shop.cart.Cart", "class", cart, 2, "class Cart"),
        element("shop.cart.Cart.add", "method", cart, 5, "def add(self, item, *, count=1)"),
        element(
            "shop.cart.total",
            "function",
            cart,
            9,
            "def total(items: list, tax: float = 0.2) -> float",
            parameters=items,
            code="\n".join(CART.splitlines()[8:]),
        ),
        element("shop.check", "module", check, 1),
        element("shop.check.check", "function", check, 3, "def check(count)", code="def check(n):\n    assert n"),
    ]


@pytest.fixture(scope="session")
def analysis() -> Analysis:
    """The small shop's analysis.json."""
    files = [SourceFile(f"src/shop/{name}.py", "python", f"shop.{name}", 20, "0") for name in ("cart", "check")]
    return Analysis(
        schema=ANALYSIS_SCHEMA,
        provenance=Provenance("https://example.org/shop", "0" * 40, False, "0"),
        project=Project("shop"),
        statistics=Statistics(),
        files=files,
        documents=[],
        call_graph={"shop.cart.Cart.add": ["shop.check.check"]},
        imports={"shop.cart": ["shop.check"]},
        inheritance={},
        patterns=[],
        skipped=[],
    )


@pytest.fixture(scope="session")
def known(analysis: Analysis, elements: list[CodeElement]) -> KnownNames:
    """What exists in the small shop."""
    return KnownNames(analysis, elements)


def sample(number: int, task: str, fact: str, question: str, answer: str, claims: list[Claim], **more: str) -> Sample:
    """One row of a test set."""
    data = {"language": "en", "direction": "forward", "probe": "unseen_wording", **more}
    metadata = SampleMetadata(
        id=f"{task}/{number}",
        task=task,  # type: ignore[arg-type]
        fact=fact,
        wording=f"test/{number:02d}",
        claims=claims,
        evidence=[],
        commit=None,
        **data,  # type: ignore[arg-type]
    )
    return Sample([Message("user", question), Message("assistant", answer)], metadata)


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    """Questions of every kind that grading tells apart, in both languages."""
    total, cart = "shop.cart.total", "src/shop/cart.py"
    where, absent = Claim("defined_in", total, cart), Claim("absent", "shop", "totals")
    calls = Claim("calls", "shop.cart.Cart.add", "shop.check.check")
    signature = Claim("has_signature", total, "def total(items: list, tax: float = 0.2) -> float")
    shown = "```python\ndef total(items: list, tax: float = 0.2) -> float\n```"
    zh, location = "zh", f"location:{total}"
    return [
        sample(1, "code_location", location, "Which file of shop holds `total`?", f"It is in `{cart}`.", [where]),
        sample(2, "code_location", location, "shop 的 `total` 在哪？", f"在 `{cart}` 里。", [where], language=zh),
        sample(3, "api_usage", f"signature:{total}", "Signature of `total` in shop?", shown, [signature]),
        sample(4, "code_relation", "callers:shop.check.check", "What calls `check` in shop?", "`Cart.add`.", [calls]),
        sample(
            5,
            "absent_symbol",
            "absent:totals",
            "Where is `totals` in shop?",
            "shop has no `totals`.",
            [absent],
            probe="absent_symbol",
        ),
        sample(
            6,
            "absent_symbol",
            "absent:totals",
            "shop 的 `totals` 在哪？",
            "shop 中没有名为 `totals` 的符号。",
            [absent],
            probe="absent_symbol",
            language=zh,
        ),
        sample(
            7,
            "general_knowledge",
            "general:json",
            "Which function parses JSON?",
            "`json.loads`",
            [Claim("general", "json", "json.loads")],
            probe="general",
        ),
        sample(
            8,
            "code_location",
            "location:shop.check.check",
            "Where is `check` in shop?",
            "In `src/shop/check.py`.",
            [Claim("defined_in", "shop.check.check", "src/shop/check.py")],
            probe="unseen_fact",
        ),
    ]


@pytest.fixture(scope="session")
def questions(samples: list[Sample]) -> list[Question]:
    """The same, as evaluation reads them."""
    return [from_sample(row) for row in samples]
