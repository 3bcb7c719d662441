"""What modules ask each other for is a node or a description of one, in all tests: anything else would get lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from utils.analysis.resolution.exchange import Exchange


def checked(reach: Callable[[Exchange, Any], int]) -> Callable[[Exchange, Any], int]:
    def check(self: Exchange, ref: Any) -> int:
        assert ref == 0 or isinstance(ref if isinstance(ref, int) else ref[0], int), ref
        return reach(self, ref)

    return check


@pytest.fixture(autouse=True)
def _refs_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exchange, "here", checked(Exchange.here))
    monkeypatch.setattr(Exchange, "there", checked(Exchange.there))
