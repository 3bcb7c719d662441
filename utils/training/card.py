"""The adapter's model card: what it is made from, how, and how far it got."""

from __future__ import annotations

from typing import Any

import yaml

from utils.artifacts import Manifest, tool_commit
from utils.config_manager import Config
from utils.console import without_credentials

_LOADING = """\
```python
from peft import AutoPeftModelForCausalLM

model = AutoPeftModelForCausalLM.from_pretrained("path/to/this/folder")
```
"""


def card(
    config: Config,
    dataset: Manifest,
    commit: str | None,
    base: dict[str, str | None],
    counts: dict[str, Any],
    forgetting: dict[str, Any] | None,
) -> str:
    """The text of README.md, with the header that model hubs read."""
    name, train, lora = config.repo_name, config.training, config.lora
    header = {
        "base_model": config.model.base,
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "language": list(config.generation.languages),
        "license": "other",
        "license_name": "base-model-and-repository",
        "tags": ["lora", "code", name],
    }
    revision = base["revision"] or (base["sha256"] or "")[:12] or "unknown"
    batch = f"{train.batch_size} rows of {train.max_length} tokens per device"
    rate = f"AdamW, learning rate {train.learning_rate:g}, {train.schedule}, warm-up {train.warmup_ratio:.0%}"
    rows = {
        "base model": f"{config.model.base} ({revision})",
        "repository": without_credentials(config.repository.url) + (f", commit {commit}" if commit else ""),
        "data": f"{counts['samples']:,} samples of step 02 (digest {dataset.digest()[:12]})",
        "adapter": f"LoRA r={lora.r}, alpha={lora.alpha}, on {', '.join(lora.target_modules)}",
        "optimizer": rate,
        "batch": batch + (f", {train.gradient_accumulation} times" if train.gradient_accumulation > 1 else ""),
        "precision": config.model.dtype + (", base in 4 bits (NF4)" if train.quantization == "4bit" else ""),
        "trained": f"{counts['steps']:,} steps, {counts['epochs']} epochs, {counts['trained tokens']:,} tokens",
        "held-out loss": _held_out(counts),
        "seed": str(config.seed),
        "made by": f"tool commit {tool_commit() or 'unknown'}; settings in config.yaml, versions in manifest.json",
    }
    if forgetting is not None:
        rows["continued from"] = f"{config.training.continue_from}; held-out loss {_forgetting(forgetting)}"
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return "\n".join(
        (
            "---",
            yaml.safe_dump(header, sort_keys=False, allow_unicode=True).strip(),
            "---",
            "",
            f"# {name}: what its code says, as a LoRA adapter",
            "",
            f"Answers questions about the repository {name} as it was at the commit below, and nothing newer. Every",
            "answer it was trained on was proven against the source; its own answers are not, so check what matters.",
            "",
            f"| | |\n|---|---|\n{table}",
            "",
            "![Training and held-out loss](training.png)",
            "",
            "The chat template is in this folder; thinking is off (`enable_thinking=False`), as in training.",
            "",
            _LOADING,
            "The licences of the base model and of the repository both apply.",
            "",
        )
    )


def _held_out(counts: dict[str, Any]) -> str:
    if "held-out loss" not in counts:
        return "not measured (no validation samples, or training.evaluations=0)"
    return f"{counts['held-out loss']} nats per scored token on unseen wordings, at step {counts['best step']} (kept)"


def _forgetting(losses: dict[str, Any]) -> str:
    """`known 0.412 before, 0.420 after; new …`."""
    return "; ".join(
        f"{name} facts {before:.3f} before, {losses['after'][name]:.3f} after"
        for name, before in losses["before"].items()
    )
