"""A base model is known by its weights, wherever it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import save_base
from utils.config_manager import ModelSettings
from utils.console import UserError
from utils.lineage import require_same_base
from utils.model_io import base_identity

LOCAL = {"name": "models/a", "revision": None, "sha256": "aa11"}
HUB = {"name": "Qwen/Qwen3-8B", "revision": "c0ffee", "sha256": None}


@pytest.mark.parametrize("base", [LOCAL, HUB, LOCAL | {"name": "elsewhere/a"}])
def test_the_same_base_is_accepted_wherever_it_lies(base: dict) -> None:
    require_same_base(HUB if base is HUB else LOCAL, base, Path("adapter"))


@pytest.mark.parametrize(
    ("trained_on", "base"),
    [(LOCAL, LOCAL | {"sha256": "bb22"}), (HUB, HUB | {"revision": "decaf"}), (HUB, LOCAL), (LOCAL, HUB)],
)
def test_another_base_is_refused_with_both_names(trained_on: dict, base: dict) -> None:
    with pytest.raises(UserError, match=f"trained on {trained_on['name']} .* but model.base is {base['name']}"):
        require_same_base(trained_on, base, Path("adapter"))


def test_an_adapter_that_does_not_say_its_base_is_refused() -> None:
    with pytest.raises(UserError, match="does not say which base"):
        require_same_base(None, LOCAL, Path("adapter"))


def test_one_changed_weight_makes_another_base(tmp_path: Path) -> None:
    before = base_identity(ModelSettings(base=str(save_base(tmp_path / "one"))))
    after = base_identity(ModelSettings(base=str(save_base(tmp_path / "two", seed=1))))
    with pytest.raises(UserError, match="was trained on"):
        require_same_base(before, after, tmp_path)
