"""A merge's inputs: the right base, found where the config says, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import save_base
from utils.config_manager import ModelSettings
from utils.console import UserError
from utils.model_io import base_identity
from utils.training.merge_source import base_folder, leave_launcher, require_same_base

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


def test_a_snapshot_in_the_hubs_cache_is_found_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    commit = "0123456789abcdef0123456789abcdef01234567"
    model = tmp_path / "models--owner--name"
    save_base(model / "snapshots" / commit)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(commit)
    settings = ModelSettings(base="owner/name")
    found = base_folder(settings, {"name": "owner/name", "revision": commit, "sha256": None})
    assert (found / "model.safetensors").is_file()
    with pytest.raises(UserError, match="owner/other is neither in the local cache nor could it be fetched"):
        base_folder(ModelSettings(base="owner/other"), {"name": "owner/other", "revision": None, "sha256": None})


def test_a_launchers_environment_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    monkeypatch.setenv("WORLD_SIZE", "1")
    leave_launcher()
    assert "ACCELERATE_USE_DEEPSPEED" not in os.environ
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match=r"run: python scripts/04_merge_weights\.py"):
        leave_launcher()
