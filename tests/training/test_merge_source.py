"""A merge's inputs: the right base, found where the config says, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import save_base
from utils.config_manager import ModelSettings
from utils.console import UserError
from utils.training.merge_source import base_folder, leave_launcher


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
