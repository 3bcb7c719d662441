"""Merging against peft's own way and against copying the files: seconds and peak memory, on a random checkpoint.

    python benchmarks/merge.py
    python benchmarks/merge.py --gigabytes 8 --folder /scratch/merge

Makes a Qwen3 of random bfloat16 weights in several shards and an adapter (r=64, all linear layers), runs every way in a
process of its own, in turn, and deletes all of it. All start with the base in the page cache and memory for the target
touched, and end when their files are on the disk (fsync). The quickest round counts: other work on the machine only
ever slows one down. Memory is the process's largest resident set, mapped files included. Goal: at most a quarter of
peft's memory, at most 1.5 times the copy's seconds. `floor` is what any merge must compute, all cores at it: the sums
in float32 and the checksums of as many bytes, without a byte read or written.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WAYS = ("copy", "floor", "peft", "ours")
SHARD_BYTES = 600 * 2**20
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=3.0, help="size of the checkpoint")
    parser.add_argument("--rounds", type=int, default=3, help="times each way is run")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where ours takes the sums")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.way:
        print(json.dumps(measure(options.way, options.folder, options.device)))
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="merge-benchmark-") as name:
        folder = Path(name)
        size, shards = make_checkpoint(folder / "base", folder / "adapter", options.gigabytes)
        print(f"{size / 1e9:.2f} GB in {shards} shards, {options.rounds} rounds, {os.cpu_count()} cores")
        results = [run_way(way, folder, options.device) for _ in range(options.rounds) for way in WAYS]
    copy, memory = least(results, "copy", "seconds"), least(results, "peft", "peak_mib")
    print("| way | seconds | of the copy | CPU seconds | peak MiB | of peft's |\n|---|---|---|---|---|---|")
    rows = [(way, way, "") for way in WAYS] + [("ours", "ours: the check", "check_")]
    for way, label, figures in rows:
        seconds, cpu, peak = (least(results, way, figures + key) for key in ("seconds", "cpu", "peak_mib"))
        print(f"| {label} | {seconds:.1f} | {seconds / copy:.2f} | {cpu:.1f} | {peak:,.0f} | {peak / memory:.2f} |")
    start = least(results, "ours", "import_mib")
    print(f"{start:,.0f} MiB of ours and of peft's are the imported libraries")
    return 0


def least(results: list[dict[str, Any]], way: str, key: str) -> float:
    """The smallest of one figure over the rounds of one way."""
    return min(result[key] for result in results if result["way"] == way)


def run_way(way: str, folder: Path, device: str) -> dict[str, Any]:
    """One way in a process of its own, on an empty target and a warm source."""
    shutil.rmtree(folder / "target", ignore_errors=True)
    for path in sorted((folder / "base").iterdir()):
        with path.open("rb", buffering=0) as stream:
            while stream.read(1 << 24):
                pass
    os.sync()
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder), "--device", device]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return figures


def measure(way: str, folder: Path, device: str) -> dict[str, Any]:
    """Do it, in this process; returns the figures."""
    base, adapter, target = folder / "base", folder / "adapter", folder / "target"
    ours = partial(merge_with_ours, device=device)
    work = {"copy": copy_files, "floor": compute_only, "peft": merge_with_peft, "ours": ours}[way]
    if way != "copy":
        import_libraries()
    figures: dict[str, Any] = {"way": way, "import_mib": peak_mib()}
    touch_memory(base)
    figures |= timed(lambda: work(base, adapter, target), target)
    if way == "ours":
        checked = timed(lambda: check_ours(base, adapter, target, device), target)
        figures |= {f"check_{key}": value for key, value in checked.items()}
    return figures


def touch_memory(base: Path) -> None:
    """Make a virtual machine have as much free memory at hand as the target needs: it may return what lies idle.

    It does so within seconds, fewer than the libraries need to be imported, so this comes last.
    """
    touch = f"bytearray(b'1') * {sum(path.stat().st_size for path in base.iterdir())}"
    subprocess.run([sys.executable, "-c", touch], check=True)


def timed(work: Callable[[], None], target: Path) -> dict[str, float]:
    """Seconds until the target's files are on the disk, CPU seconds of all threads, and the peak so far."""
    started, cpu = time.monotonic(), time.process_time()
    work()
    for path in target.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    return {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "peak_mib": peak_mib()}


def import_libraries() -> None:
    """What every merging program must load first; not counted in its seconds."""
    for name in ("peft", "transformers.models.qwen3.modeling_qwen3", "utils.training.merge_check"):
        importlib.import_module(name)


def copy_files(base: Path, adapter: Path, target: Path) -> None:
    """The floor: the base's files as they are."""
    shutil.copytree(base, target)


def compute_only(base: Path, adapter: Path, target: Path) -> None:
    """Every block's sum, computed again and again in the same memory, beside SHA-256 over as many bytes."""
    import hashlib

    import torch

    from utils.training.merge import BLOCK_BYTES, row_blocks
    from utils.training.merge_blocks import Workers
    from utils.training.merge_plan import Adapter
    from utils.training.shards import TensorEntry, find_tensors, shard_paths

    target.mkdir()
    plan = Adapter(adapter, tied=False)
    entries = [entry for _, entry in find_tensors(shard_paths(base))]

    def add(entry: TensorEntry) -> None:
        factors = plan.factors(plan.updates[entry.name], "cpu")
        blocks = list(row_blocks(entry))
        weight = torch.zeros(blocks[0][1], entry.shape[1], dtype=torch.bfloat16)
        total = torch.empty(weight.shape)
        for first, last in blocks:
            factors.apply(weight[: last - first], first, total[: last - first])

    with Workers("cpu") as workers:
        sums = [workers.pool.submit(add, entry) for entry in entries if entry.name in plan.updates]
        digest, block = hashlib.sha256(), bytes(BLOCK_BYTES)
        for _ in range(sum(entry.end - entry.start for entry in entries) // BLOCK_BYTES):
            digest.update(block)
        for done in sums:
            done.result()


def merge_with_peft(base: Path, adapter: Path, target: Path) -> None:
    """What peft's documentation says to do."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    PeftModel.from_pretrained(model, str(adapter)).merge_and_unload().save_pretrained(
        target, max_shard_size=SHARD_BYTES
    )


def merge_with_ours(base: Path, adapter: Path, target: Path, device: str) -> None:
    """What step 04 does, checksums and manifest included."""
    from utils.artifacts import ArtifactWriter
    from utils.training.merge import is_tied, merge
    from utils.training.merge_plan import Adapter

    with ArtifactWriter(target, "merged/1", {}, {}) as writer:
        counts = merge(base, Adapter(adapter, is_tied(base)), writer.path, "base", device, False)
        writer.commit(counts=counts.told(), seconds=0.0, stamps=counts.stamps)


def check_ours(base: Path, adapter: Path, target: Path, device: str) -> None:
    """Step 04's check, on as much text as it reads at most."""
    from utils.training.merge import is_tied
    from utils.training.merge_check import TEXT_TOKENS, TEXTS, check_merge
    from utils.training.merge_plan import Adapter

    texts = [list(range(start, start + TEXT_TOKENS)) for start in range(100, 100 + 100 * TEXTS, 100)]
    check_merge(base, Adapter(adapter, is_tied(base)), target, texts, device, 0, False)


def peak_mib() -> float:
    """The largest resident set of this process so far, its parent's (which getrusage would count) left out."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def make_checkpoint(base: Path, adapter: Path, gigabytes: float) -> tuple[int, int]:
    """Write the base and the adapter; returns the base's bytes and its number of shards."""
    import torch
    from accelerate import init_empty_weights
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, Qwen3Config

    layer = 2 * (2560 * (32 + 8 + 8) * 128 + 32 * 128 * 2560 + 3 * 2560 * 9728)  # bytes, as in Qwen3-4B
    count = max(round((gigabytes * 1e9 - 2 * 2 * 32000 * 2560) / layer), 1)
    sizes = {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": count, "vocab_size": 32000}
    heads = {"num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128}
    config = Qwen3Config(**sizes, **heads, tie_word_embeddings=False, dtype="bfloat16")
    config.architectures = ["Qwen3ForCausalLM"]
    config.save_pretrained(base)
    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(config)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    weight_map: dict[str, str] = {}
    shard: dict[str, torch.Tensor] = {}
    torch.manual_seed(0)
    for position, (name, shape) in enumerate(shapes.items(), start=1):
        fresh = torch.ones(shape) if len(shape) == 1 else torch.empty(shape).normal_(0, 0.02)
        shard[name] = fresh.to(torch.bfloat16)
        if sum(tensor.nbytes for tensor in shard.values()) > SHARD_BYTES or position == len(shapes):
            file = f"model-{len(set(weight_map.values())) + 1:05d}.safetensors"
            save_file(shard, base / file, metadata={"format": "pt"})
            weight_map |= dict.fromkeys(shard, file)
            shard = {}
    total = 2 * sum(shape.numel() for shape in shapes.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (base / "model.safetensors.index.json").write_text(json.dumps(index))
    tuned = get_peft_model(model, LoraConfig(r=64, lora_alpha=128, target_modules=LINEAR), low_cpu_mem_usage=True)
    factors = {
        name: torch.empty(tensor.shape).normal_(0, 0.02 if "lora_A" in name else 0.002)
        for name, tensor in get_peft_model_state_dict(tuned).items()
    }
    adapter.mkdir()
    save_file(factors, adapter / "adapter_model.safetensors")
    tuned.peft_config["default"].save_pretrained(adapter)
    return total, len(set(weight_map.values()))


if __name__ == "__main__":
    sys.exit(main())
