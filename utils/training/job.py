"""What a run of step 03 is made of, checked before anything heavy happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from utils.artifacts import Manifest, fingerprint, open_artifact, sha256_file
from utils.config_manager import Config
from utils.console import ROOT
from utils.model_io import base_identity
from utils.records import ADAPTER_SCHEMA, DATASET_SCHEMA
from utils.training.refresh import open_earlier


class Job(NamedTuple):
    """What a run is made of, decided before anything heavy happens; equal `run` means the same run."""

    config: Config
    dataset: Manifest
    base: dict[str, str | None]
    settings: dict[str, Any]
    inputs: dict[str, str]
    continue_from: Path | None
    run: str


def prepare(config: Config) -> Job:
    """Check dataset and base, and fix what the run depends on. Raises `UserError`, the same on every rank."""
    dataset = open_artifact(config.dataset_dir, DATASET_SCHEMA, config.command("02_generate_data"))
    base = base_identity(config.model)
    sections = {name: getattr(config, name).as_data() for name in ("model", "lora", "training")}
    settings = {**sections, "seed": config.seed}
    inputs = {"dataset": dataset.digest(), "base": base["sha256"] or base["revision"] or str(base["name"])}
    if config.training.deepspeed is not None and (ROOT / config.training.deepspeed).is_file():
        inputs["deepspeed"] = sha256_file(ROOT / config.training.deepspeed)
    earlier = None
    if config.training.continue_from is not None:
        earlier, manifest = open_earlier(config.training.continue_from, base)
        inputs["continue_from"] = _continued(manifest, settings, inputs)
    run = fingerprint(ADAPTER_SCHEMA, settings, inputs)
    return Job(config, dataset, base, settings, inputs, earlier, run)


def _continued(manifest: Manifest, settings: dict[str, Any], inputs: dict[str, str]) -> str:
    """The digest of the adapter to continue, or where that is what this very run has made of one, of the one before.

    A refresh in place replaces the adapter that it continues: run once more, it is to find itself done.
    """
    before = manifest.inputs.get("continue_from")
    if before is None:
        return manifest.digest()
    this_run = fingerprint(ADAPTER_SCHEMA, settings, {**inputs, "continue_from": before})
    return before if manifest.fingerprint == this_run else manifest.digest()
