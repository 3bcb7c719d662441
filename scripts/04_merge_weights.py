"""Merge the adapter into the base model: one model that needs neither peft nor this project.

    python scripts/04_merge_weights.py
    python scripts/04_merge_weights.py --config config/demo.yaml merge.dtype=float32
    python scripts/04_merge_weights.py merge.export=gguf

Reads  output/<repo>/adapter/ (03), the base model, and data/<repo>/dataset/val.jsonl (prompts to check the merge on)
Writes output/<repo>/merged/ : weights in the base's own layout, tokenizer with chat template, manifest.json
       output/<repo>/gguf/ where merge.export=gguf: model.gguf and a Modelfile for Ollama
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.artifacts import ArtifactWriter, canonical_json, is_current, open_artifact
from utils.config_manager import load_config
from utils.console import Stage, run, stage_parser
from utils.lineage import require_same_base
from utils.records import ADAPTER_SCHEMA, MERGED_SCHEMA


def main(argv: Sequence[str] | None = None) -> int:
    """Merge, check, and only then put the merged model in place."""
    options = stage_parser(__doc__ or "").parse_args(argv)
    config = load_config(options.config, options.overrides)
    trained = open_artifact(config.adapter_dir, ADAPTER_SCHEMA, config.command("03_train_model"))

    from utils.training.merge_source import base_folder, leave_launcher, require_merge_device

    leave_launcher()
    require_merge_device(config.merge)
    from utils.model_io import base_identity, load_tokenizer, quiet_libraries
    from utils.training.export import export_gguf
    from utils.training.merge import is_tied, merge
    from utils.training.merge_check import check_merge, texts_to_check
    from utils.training.merge_plan import Adapter
    from utils.training.streamed_model import empty_model

    quiet_libraries()
    base_model = base_identity(config.model)
    require_same_base(trained.base_model, base_model, config.adapter_dir)
    stage = Stage("04 merge", config.adapter_dir, config.merged_dir)
    settings = {"dtype": config.merge.dtype}
    inputs = {"adapter": trained.digest(), "base": canonical_json(base_model)}
    following = config.command("05_evaluate")
    if is_current(config.merged_dir, MERGED_SCHEMA, settings, inputs) and not options.force:
        export_gguf(config, stage, options.force)
        return stage.unchanged(following)

    base = base_folder(config.model, base_model)
    device, trust = config.merge.device, config.model.trust_remote_code
    adapter = Adapter(config.adapter_dir, is_tied(base))
    empty_model(base, trust)  # a base whose weights are not the model's one to one is refused before any is written
    tokenizer = load_tokenizer(config.adapter_dir, config.model)
    texts = texts_to_check(config.dataset_dir / "val.jsonl", tokenizer)
    with ArtifactWriter(config.merged_dir, MERGED_SCHEMA, settings, inputs, config.seed) as writer:
        counts = merge(base, adapter, writer.path, config.merge.dtype, device, trust)
        tokenizer.save_pretrained(writer.path)
        errors = check_merge(base, adapter, writer.path, texts, device, config.seed, trust)
        stage.say(f"04 merge: {errors.report()}")
        writer.commit(
            counts=counts.told(),
            seconds=stage.seconds,
            base_model=base_model,
            notes={"check": errors.notes(), "dataset": trained.inputs.get("dataset")},
            packages=("torch", "transformers", "peft", "safetensors"),
            stamps=counts.stamps,
        )
    export_gguf(config, stage, options.force)
    return stage.done(counts.told(), following)


if __name__ == "__main__":
    run(main)
