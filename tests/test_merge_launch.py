"""Step 04 as a user runs it: whole, killed at any moment, on a full disk, and with what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.tiny_model import save_base
from tests.training.tiny_merge import make_run, save_config
from utils.artifacts import Manifest, open_artifact
from utils.config_manager import Config
from utils.console import ROOT
from utils.records import MERGED_SCHEMA

SCRIPT = str(ROOT / "scripts" / "04_merge_weights.py")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Config, Path]:
    """A run whose adapter is trained, and its YAML; the base is large enough that merging takes a moment."""
    base = save_base(tmp_path / "base", dtype="bfloat16", shard="400KB", hidden_size=128, intermediate_size=1024)
    config = make_run(tmp_path, base)
    return config, save_config(tmp_path / "config.yaml", config)


def merge(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, "--config", str(config), *options]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd="/", timeout=120)


def opened(config: Config) -> Manifest:
    return open_artifact(config.merged_dir, MERGED_SCHEMA, "04")


@pytest.mark.slow
def test_the_merged_folder_needs_nothing_else(trained: tuple[Config, Path]) -> None:
    config, yaml = trained
    first = merge(yaml)
    assert first.returncode == 0, first.stderr
    assert "04 merge: 56 rows are within" in first.stdout
    assert "next: python" in first.stdout
    model, loading = AutoModelForCausalLM.from_pretrained(config.merged_dir, output_loading_info=True)
    assert not any(loading.values())
    assert model.dtype == torch.bfloat16
    talk = [{"role": "user", "content": "Where is f?"}]
    prompt = AutoTokenizer.from_pretrained(config.merged_dir).apply_chat_template(talk, tokenize=False)
    assert prompt.startswith("<|im_start|>user\nWhere is f?<|im_end|>")
    check = opened(config).notes["check"]
    assert check["rows"] == 56
    assert 0 < check["relative_logit_error"] < 0.05
    again = merge(yaml)
    assert "unchanged, skipped" in again.stdout


KILLED = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import importlib.util, signal
from pathlib import Path
from utils.training import merge_check
spec = importlib.util.spec_from_file_location("merge_script", sys.argv[2])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
merged = Path(sys.argv[4])
for delay in map(float, sys.argv[5:]):
    child = os.fork()
    if child == 0:
        script.main(["--config", sys.argv[3], "--force", "merge.dtype=float32"])
        os._exit(0)
    while not merged.with_name("merged.new").exists() and os.waitpid(child, os.WNOHANG) == (0, 0):
        pass
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(delay, sorted(path.name for path in merged.parent.glob("merged*")), flush=True)
    from utils.artifacts import open_artifact
    manifest = open_artifact(merged, "merged/1", "04")
    print("KEPT", manifest.settings["dtype"], flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_the_old_model_or_the_new_one_is_there(trained: tuple[Config, Path]) -> None:
    config, yaml = trained
    assert merge(yaml).returncode == 0
    delays = [str(delay / 1000) for delay in (0, 2, 5, 10, 20, 40, 80, 120, 160, 200, 260, 330, 400)]
    command = [sys.executable, "-c", KILLED, str(ROOT), SCRIPT, str(yaml), str(config.merged_dir), *delays]
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=240)
    assert result.returncode == 0, result.stderr
    kept = [line for line in result.stdout.splitlines() if line.startswith("KEPT")]
    assert len(kept) == len(delays)
    assert kept[0] == "KEPT base"
    assert AutoModelForCausalLM.from_pretrained(config.merged_dir, output_loading_info=True)[1]["missing_keys"] == set()


ON_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=$SIZE tmpfs "$DISK"
cp -r "$OUTPUT/." "$DISK"
free() { df --output=avail -B1 "$DISK" | tail -1; }
fill() { rm -f "$DISK/filler"; head -c $(($(free) - $1)) /dev/zero > "$DISK/filler"; }
merge() { code=0; "$PYTHON" "$SCRIPT" --config "$YAML" "paths.output=$DISK" "$@" || code=$?; echo "EXIT $code"; }
merge
fill 1000000
merge --force
fill $((WEIGHTS + 16384))  # enough for the weights, not for all that goes with them
merge --force
rm "$DISK/filler"
merge
"""


@pytest.mark.slow
def test_on_a_full_disk_the_old_model_stays(trained: tuple[Config, Path], tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    _, yaml = trained
    (tmp_path / "disk").mkdir()
    weights = sum(path.stat().st_size for path in (tmp_path / "base").glob("*.safetensors"))
    settings = {
        "DISK": str(tmp_path / "disk"),
        "OUTPUT": str(tmp_path / "output"),
        "SIZE": "12m",
        "WEIGHTS": str(weights),
    }
    programs = {"PYTHON": sys.executable, "SCRIPT": SCRIPT, "YAML": str(yaml), "WEIGHTS": str(weights)}
    result = subprocess.run(
        ["unshare", "-rm", "bash", "-c", ON_A_SMALL_DISK],
        capture_output=True,
        text=True,
        env=ENVIRONMENT | settings | programs,
        timeout=240,
    )
    print(result.stdout, result.stderr)
    exits = [line for line in result.stdout.splitlines() if line.startswith("EXIT")]
    assert exits == ["EXIT 0", "EXIT 2", "EXIT 2", "EXIT 0"]
    assert "unchanged, skipped" in result.stdout  # the last run finds the first one's model whole
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("no adapter", "run: python"),
        ("another base", "but model.base is"),
        ("changed adapter", "was changed since"),
        ("no base", "model.base: there is no folder"),
        ("two processes", "04 runs in one process"),
        ("no gpu", "no GPU is visible here; merge on the CPU with merge.device=cpu"),
        ("no converter", "merge.export=gguf needs llama.cpp's convert_hf_to_gguf.py"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    trained: tuple[Config, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, sentence: str
) -> None:
    config, yaml = trained
    options = []
    if change == "no adapter":
        shutil.rmtree(config.adapter_dir)
    elif change == "another base":
        options = [f"model.base={save_base(tmp_path / 'other', seed=5)}"]
    elif change == "changed adapter":
        (config.adapter_dir / "adapter_config.json").write_text("{}")
    elif change == "no base":
        options = [f"model.base={tmp_path / 'nowhere'}"]
    elif change == "two processes":
        monkeypatch.setitem(ENVIRONMENT, "WORLD_SIZE", "2")
    elif change == "no gpu":
        monkeypatch.setitem(ENVIRONMENT, "CUDA_VISIBLE_DEVICES", "")
        options = ["merge.device=cuda"]
    else:
        options = ["merge.export=gguf"]
    result = merge(yaml, *options)
    assert result.returncode == 2, result.stderr
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert config.merged_dir.exists() == (change == "no converter")
    assert not config.merged_dir.with_name("merged.new").exists()
