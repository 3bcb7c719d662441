"""What step 02 reads: the analysis, the checkout it was made from, the wordings."""

from __future__ import annotations

from pathlib import Path

import msgspec

from utils.artifacts import sha256_file
from utils.console import ROOT, UserError, relative
from utils.generation.stale import reprove
from utils.generation.templates import TEMPLATES
from utils.records import Analysis, CodeElement, read_jsonl
from utils.settings import GenerationSettings

SHOWN = 20  # stale statements named on the terminal


def read_analysis(folder: Path) -> tuple[Analysis, list[CodeElement]]:
    """Step 01's records."""
    analysis = msgspec.json.decode((folder / "analysis.json").read_bytes(), type=Analysis)
    return analysis, list(read_jsonl(folder / "elements.jsonl", CodeElement))


def check_checkout(root: Path, analysis: Analysis, made_by: str) -> None:
    """Raise a `UserError` when the files under `root` are not those that were analysed."""
    for file in analysis.files:
        path = root / file.path
        if not path.is_file() or sha256_file(path) != file.sha256:
            raise UserError(
                f"{relative(path)} {'was changed' if path.is_file() else 'went missing'} since the analysis was made; "
                f"run: {made_by}"
            )


def wording_files(settings: GenerationSettings) -> dict[str, str]:
    """Name → SHA-256 of the template files, and of the user's own dataset, that the samples are worded from."""
    paths = {f"templates/{language}": TEMPLATES / f"{language}.yaml" for language in settings.languages}
    if settings.general_dataset is not None:
        paths["general_dataset"] = ROOT / settings.general_dataset
    return {name: sha256_file(path) if path.is_file() else "missing" for name, path in paths.items()}


def verify_dataset(folder: Path, root: Path, name: str, remake: str) -> dict[str, object]:
    """Prove every sample of an existing dataset again; the counts, or a `UserError` after naming what is stale."""
    if not root.is_dir():
        raise UserError(
            f"the checkout {relative(root)} is missing, so nothing can be proven; run scripts/01_analyze_repo.py"
        )
    found = reprove(folder, root, name)
    for each in found.stale[:SHOWN]:
        print(f"  stale: {each.split} {each.id} {each.fact}: {each.reason}")
    if found.stale:
        more = f" (the first {SHOWN} statements are named above)" if len(found.stale) > SHOWN else ""
        raise UserError(
            f"{found.stale_samples:,} of {found.samples:,} samples no longer hold{more}; "
            f"run: {remake} and then this step again"
        )
    return {"samples": found.samples, "stale": 0}
