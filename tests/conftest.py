"""The order of the tests."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first: at the end one process would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
