"""Where a merge's inputs come from: the base model's files, and a clean process."""

from __future__ import annotations

import os
from pathlib import Path

from utils.console import UserError
from utils.lineage import Identity
from utils.model_io import resolve_base
from utils.settings import MergeSettings, ModelSettings


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
