"""Where a merge's inputs come from: the base model's files, proof that it is the right base, and a clean process."""

from __future__ import annotations

import os
from pathlib import Path

from utils.console import UserError, relative
from utils.model_io import resolve_base
from utils.settings import MergeSettings, ModelSettings

Identity = dict[str, str | None]


def leave_launcher() -> None:
    """Forget a training launcher's environment, under which libraries load models in pieces.

    Raises `UserError` in one of several processes: they would write the same files.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UserError("04 runs in one process; run: python scripts/04_merge_weights.py")
    for name in list(os.environ):
        if name.startswith(("ACCELERATE_", "DEEPSPEED_", "FSDP_")):
            del os.environ[name]


def require_merge_device(settings: MergeSettings) -> None:
    """Raise `UserError` where merging is to use a GPU and this process sees none."""
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("merge.device is cuda but no GPU is visible here; merge on the CPU with merge.device=cpu")


def require_same_base(trained_on: Identity | None, base: Identity, adapter: Path) -> None:
    """Raise `UserError` unless the adapter was trained on `base`: an adapter is meaningless on any other weights.

    A local base is known by the digest of its files whatever its folder is called, one of the hub by name and commit.
    """
    if trained_on is None:
        raise UserError(f"{relative(adapter)} does not say which base it was trained on; train it again with step 03")
    keys = ("sha256",) if trained_on.get("sha256") else ("name", "revision", "sha256")
    if any(trained_on.get(key) != base.get(key) for key in keys):
        raise UserError(
            f"{relative(adapter)} was trained on {_told(trained_on)}, but model.base is {_told(base)}; set model.base "
            "(and model.revision) to the former, or run 03 again"
        )


def base_folder(settings: ModelSettings, identity: Identity) -> Path:
    """The folder with the base model's files: the local one, or the hub's snapshot (fetched where it is not cached)."""
    source = resolve_base(settings)
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download

    wanted = ["config.json", "generation_config.json", "model*.safetensors", "model.safetensors.index.json"]
    wanted += ["*.py"] if settings.trust_remote_code else []
    try:
        return Path(snapshot_download(source, revision=identity["revision"], allow_patterns=wanted))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"the base model {source} is neither in the local cache nor could it be fetched ({reason}); check the "
            "name and the network, or set model.base to a folder"
        ) from error


def _told(identity: Identity) -> str:
    mark = identity.get("revision") or identity.get("sha256") or "unknown revision"
    return f"{identity.get('name')} ({mark[:12]})"
