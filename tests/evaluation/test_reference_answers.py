"""The promise between 02 and 05: every reference answer, graded, earns full marks and invents nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec

from utils.console import ROOT
from utils.evaluation.comparison import Repository
from utils.evaluation.grading import Asked, grade
from utils.evaluation.questions import from_sample
from utils.records import Analysis, CodeElement, Sample, read_jsonl

SHOP = {
    "pyproject.toml": """[project]
name = "shop"
description = "Sells things over the counter."
requires-python = ">=3.10"
dependencies = ["attrs>=21"]

[project.scripts]
shop = "shop.main:run"
""",
    "README.md": "# Shop\n\nSells things over the counter.\n\n## Install\n\n```sh\npip install shop\n```\n",
    "scripts/01_fill.py": """from shop.cart import Cart


def main() -> int:
    cart = Cart([])
    return cart.count()
""",
    "src/shop/__init__.py": '"""A shop."""\n',
    "src/shop/errors.py": '''class ShopError(Exception):
    """Raised when a sale does not exist."""
''',
    "src/shop/cart.py": '''"""Carts and what is in them."""

from shop.errors import ShopError

LIMIT = 40


class Basket:
    """Anything that can be filled."""

    def count(self) -> int:
        """Count the things in it."""
        raise NotImplementedError


class Cart(Basket):
    """Keeps what a customer wants to buy."""

    def __init__(self, items: list[str], *, owner: str = "nobody") -> None:
        self.items = items
        self.owner = owner

    def count(self) -> int:
        """Count the items in the cart."""
        return len(self.items)

    def add(self, item: str) -> None:
        """Put one more item into the cart."""
        if len(self.items) >= LIMIT:
            raise ShopError("the cart is full")
        self.items.append(item)
''',
    "src/shop/main.py": '''from shop.cart import Cart


def run(names: list[str]) -> int:
    """Fill a cart with everything that was named."""
    cart = Cart([])
    for name in names:
        cart.add(name)
    return cart.count()
''',
}


def run_script(name: str, config: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main(["--config", str(config)]) == 0


def test_every_reference_answer_of_a_generated_dataset_is_right(tmp_path: Path) -> None:
    for path, text in SHOP.items():
        (tmp_path / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / path).write_text(text)
    config = tmp_path / "config.yaml"
    config.write_text(
        f"repository: {{url: {tmp_path / 'shop'}, name: shop}}\npaths: {{data: {tmp_path / 'data'}}}\n"
        "generation: {max_samples: 3000}\n"
    )
    run_script("01_analyze_repo", config)
    run_script("02_generate_data", config)
    folder = tmp_path / "data" / "shop"
    analysis = msgspec.json.decode((folder / "analysis/analysis.json").read_bytes(), type=Analysis)
    elements = list(read_jsonl(folder / "analysis/elements.jsonl", CodeElement))
    known = Repository(tmp_path / "shop", analysis, elements).known
    tasks: set[str] = set()
    for name in ("train", "val", "test"):
        for sample in read_jsonl(folder / f"dataset/{name}.jsonl", Sample):
            question = from_sample(sample)
            assert question.reference is not None
            marks = grade(
                Asked(question.text, question.fact, question.task, question.claims), question.reference, known
            )
            tasks.add(question.task)
            assert (marks.score, marks.exact) == (1.0, True), sample
            if question.task != "general_knowledge":
                assert [mention for mention in marks.mentions if not mention.exists] == [], sample
                assert marks.denies == any(claim.kind == "absent" for claim in question.claims), sample
    assert len(tasks) >= 6
