"""What a report compares: the digest and date of each model and of the dataset, and whether they belong together."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from utils.artifacts import Manifest, open_artifact
from utils.config_manager import Config
from utils.console import UserError, relative
from utils.evaluation.answering import server_model
from utils.evaluation.finetuned import Finetuned
from utils.records import DATASET_SCHEMA


def open_dataset(config: Config) -> Manifest | None:
    """02's manifest; null where there is no dataset."""
    if not config.dataset_dir.is_dir():
        return None
    return open_artifact(config.dataset_dir, DATASET_SCHEMA, config.command("02_generate_data"))


def compared(config: Config, found: Finetuned, dataset: Manifest | None) -> dict[str, Any]:
    """{base, dataset, adapter, merged}, each {name, digest, created}; null for what is not there."""
    return {
        "base": _base(config),
        "dataset": _told(dataset, config.dataset_dir),
        "adapter": _told(found.adapter, config.adapter_dir),
        "merged": _told(found.merged, config.merged_dir),
    }


def warnings_of(config: Config, found: Finetuned, dataset: Manifest | None, is_own: bool, cache: Path) -> list[str]:
    """What a reader must know of these models.

    Raises `UserError` where the fine-tuned model was trained on another dataset than the test set belongs to: what a
    probe says of a question (its fact was trained, its wording was not) would be false. A user's own questions say no
    such thing.
    """
    warnings = []
    if dataset is not None and found.dataset not in (None, dataset.digest()):
        told = (
            f"the fine-tuned model in {relative(config.output_dir)} was trained on another dataset "
            f"({found.dataset[:12]}) than {relative(config.dataset_dir)} ({dataset.digest()[:12]})"
        )
        if not is_own:
            merge = f", then: {config.command('04_merge_weights')}" if found.merged else ""
            raise UserError(f"{told}; run: {config.command('03_train_model')}{merge}")
        warnings.append(told)
    if config.evaluation.server is not None and found.digest is None and cache.is_file():
        day = datetime.fromtimestamp(cache.stat().st_mtime, timezone.utc).date()
        warnings.append(
            f"nothing here tells whether {config.evaluation.server} still serves the same weights; answers of earlier "
            f"runs, the last of {day}, are used again (--force asks anew)"
        )
    return warnings


def _base(config: Config) -> dict[str, str | None]:
    if config.evaluation.server is not None:
        return {"name": server_model(config.evaluation, "base"), "digest": None, "created": None}
    from utils.model_io import base_identity

    base = base_identity(config.model)
    return {"name": base["name"], "digest": base["revision"] or base["sha256"], "created": None}


def _told(manifest: Manifest | None, folder: Path) -> dict[str, str | None] | None:
    if manifest is None:
        return None
    return {"name": relative(folder), "digest": manifest.digest(), "created": manifest.created}
