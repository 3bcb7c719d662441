"""A small repository, analysed by step 01's own function, for tests that need facts of every kind."""

from __future__ import annotations

from pathlib import Path

from utils.analysis.pipeline import analyze
from utils.generation.facts import Context
from utils.records import Analysis, CodeElement, Provenance

FILES = {
    "pyproject.toml": """\
[project]
name = "shop"
description = "A tiny shop that sells fruit."
requires-python = ">=3.10"
dependencies = [
    "requests>=2.31",
]

[project.scripts]
shop = "shop.cli:main"
""",
    "LICENSE": (
        "MIT License\n\nCopyright (c) nobody\n\nPermission is hereby granted, free of charge, to any person obtaining "
        "a copy of this software and associated documentation files, to use it.\n\nThe above copyright notice and this "
        "permission notice shall be included in all copies.\n"
    ),
    "README.md": "# Shop\n\nA tiny shop that sells fruit.\n\n## Installing\n\nRun it.\n\n## Using\n\nBuy.\n",
    "shop/__init__.py": '"""The shop."""\n\nfrom .store import Store\n\n__all__ = ["Store"]\n',
    "shop/store.py": '''\
"""Keeping goods."""

from abc import ABC, abstractmethod

LIMIT = 3


class Shelf(ABC):
    """A place for goods."""

    @abstractmethod
    def put_item(self, item: str) -> None:
        """Put one item on the shelf."""


class WoodenShelf(Shelf):
    def put_item(self, item: str) -> None:
        self.items = [item]


class SteelShelf(Shelf):
    def put_item(self, item: str) -> None:
        check_item(item)


class Store:
    """Sells what its shelf holds."""

    def __init__(self, shelf: Shelf, *, discount: float = 0.5) -> None:
        self.shelf = shelf
        self.discount = discount

    async def restock_shelf(self, item: str, count: int = 1):
        if count > LIMIT:
            raise ValueError(item)
        for _ in range(count):
            self.shelf.put_item(item)
        return count

    @staticmethod
    def price_of(item, /, *, currency="EUR"):
        return f"{item} {currency}"

    @property
    def is_cheap(self) -> bool:
        return self.discount > 0


def check_item(item):
    if not item:
        raise ValueError("empty")
    return item


def _hidden_helper(item):
    return check_item(item)
''',
    "shop/cli.py": '''\
"""The command line."""

from shop.store import Store, WoodenShelf, check_item


def main() -> None:
    """Run the shop from the command line."""
    store = Store(WoodenShelf())
    print(Store.price_of(check_item("pear")))
''',
    "shop/errors.py": '''\
"""What can go wrong, and where it is noted."""

import argparse
import functools
import os


class SoldOut(Exception):
    """Nothing is left."""


def noted(function):
    @functools.wraps(function)
    def noting(*arguments):
        return function(*arguments)

    return noting


@noted
def refuse_order(reason="sold out", *, code: int = 4):
    raise SoldOut(reason)


@noted
def read_ledger():
    return os.environ.get("SHOP_LEDGER", os.environ["SHOP_HOME"])


def build_parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger-file")
    parser.add_argument(
        "--opening-hours",
        default="all day",
    )
    return parser
''',
    "shop/till.py": '''\
"""Paying."""

from shop.errors import SoldOut, build_parser, read_ledger


def close_till():
    build_parser()
    # An empty ledger must not pass for a closed one,
    # because the owner would lose a day.
    if not read_ledger():
        raise SoldOut("till")
''',
    "tests/test_store.py": "from shop.store import check_item\n\n\ndef test_check():\n    assert check_item('x')\n",
}


def build_shop(root: Path) -> tuple[Analysis, list[CodeElement]]:
    """Write the shop below `root` and analyse it."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return analyze(root, "shop", Provenance("shop", "c0ffee", False, "0"), workers=1)


def shop_context(root: Path) -> Context:
    """A context over the shop."""
    analysis, elements = build_shop(root)
    return Context("shop", analysis, elements, include_tests=False, root=root)
