"""Which fine-tuned model there is: 04's merged folder, or 03's adapter where nothing was merged."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from utils.artifacts import Manifest, open_artifact
from utils.config_manager import Config
from utils.console import UserError, relative
from utils.lineage import require_same_base
from utils.records import ADAPTER_SCHEMA, MERGED_SCHEMA


class Finetuned(NamedTuple):
    """The manifests of the adapter and of what was merged from it; null for what is not there."""

    adapter: Manifest | None
    merged: Manifest | None

    @property
    def digest(self) -> str | None:
        """What tells these weights from any others: the merged model's digest, else the adapter's; null for neither."""
        manifest = self.merged or self.adapter
        return manifest.digest() if manifest else None

    @property
    def dataset(self) -> str | None:
        """The digest of the dataset it was trained on; null where neither manifest says."""
        if self.adapter is not None:
            return self.adapter.inputs.get("dataset")
        return self.merged.notes.get("dataset") if self.merged else None


def find_finetuned(config: Config) -> Finetuned:
    """What is there; raises `UserError` for a damaged artifact."""
    adapter, merged = config.adapter_dir, config.merged_dir
    train, merge = config.command("03_train_model"), config.command("04_merge_weights")
    return Finetuned(
        open_artifact(adapter, ADAPTER_SCHEMA, train) if adapter.is_dir() else None,
        open_artifact(merged, MERGED_SCHEMA, merge) if merged.is_dir() else None,
    )


def finetuned_source(config: Config) -> tuple[Path | None, Path | None, str]:
    """(merged folder, None, digest) or (None, adapter folder, digest): what the fine-tuned model is made of.

    Raises `UserError` where there is neither, the merged model is not of this adapter, or it is not of `model.base`.
    """
    from utils.model_io import base_identity

    found = find_finetuned(config)
    manifest, folder = (found.merged, config.merged_dir) if found.merged else (found.adapter, config.adapter_dir)
    if manifest is None:
        train = config.command("03_train_model")
        raise UserError(f"there is no fine-tuned model in {relative(config.output_dir)}; run: {train}")
    if found.merged and found.adapter and found.merged.inputs.get("adapter") != found.adapter.digest():
        raise UserError(
            f"{relative(folder)} was merged from another adapter than {relative(config.adapter_dir)}; "
            f"run: {config.command('04_merge_weights')}"
        )
    require_same_base(manifest.base_model, base_identity(config.model), folder)
    return (folder, None, manifest.digest()) if found.merged else (None, folder, manifest.digest())
