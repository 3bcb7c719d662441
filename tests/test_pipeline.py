"""All six scripts on a repository of five files, as a user runs them; the content of each artifact is looked at."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.tiny_model import save_base
from utils.console import ROOT
from utils.records import Analysis, CodeElement, Sample, read_jsonl

FILES = {
    "README.md": "# Shop\n\nKeeps the carts of a small shop.\n\n## Run\n\n```bash\npython -m shop\n```\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\ndescription = "Carts of a small shop."\n'
    'dependencies = ["requests>=2"]\n',
    "src/shop/__init__.py": '"""Carts of a small shop."""\n\nfrom shop.cart import Cart\n',
    "src/shop/cart.py": '''"""What a customer wants to buy."""

from shop.prices import price

LIMIT = 100


class Basket:
    """Holds items."""

    def add(self, item: str, count: int = 1) -> None:
        """Put an item in.

        Raises:
            ValueError: the count is not positive.
        """
        if count < 1:
            raise ValueError(count)


class Cart(Basket):
    """A basket that can be paid for."""

    def __init__(self, owner):
        self.owner = owner
        self.items = []

    def add(self, item: str, count: int = 1) -> None:
        """Put an item in, up to the limit."""
        super().add(item, count)
        self.items.append((item, count))

    def total(self, *, tax: float = 0.2) -> float:
        """Sum all prices, tax included."""
        return sum(price(item) * count for item, count in self.items) * (1 + tax)


async def pay(cart: Cart, card: str) -> bool:
    """Charge a card with what the cart costs."""
    amount = cart.total()
    return amount > 0
''',
    "src/shop/prices.py": '''"""Prices."""

PRICES = {"tea": 3.0, "milk": 1.5}


def price(item: str) -> float:
    """Look up the price of one item."""
    return PRICES[item]
''',
}


def run(script: str, *arguments: str, code: int = 0, **environment: str) -> str:
    """Run one script as a user would, from a folder that is not the project's; returns what it printed."""
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    result = subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, timeout=600)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


HUB_NAME = "shop-lab/tiny-base"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module", autouse=True)
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base in the cache of the model hub, by whose name most users name theirs; there is no network."""
    home = tmp_path_factory.mktemp("hub")
    cached = home / "hub" / f"models--{HUB_NAME.replace('/', '--')}"
    save_base(cached / "snapshots" / COMMIT)
    (cached / "refs").mkdir()
    (cached / "refs" / "v1").write_text(COMMIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(home))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield cached / "snapshots" / COMMIT


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git checkout of five files, a base of random weights and a config that names both."""
    root = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        path = root / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git = ["git", "-C", str(root / "shop"), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "carts"]):
        subprocess.run([*git, *command], check=True)
    config = {
        "repository": {"url": str(root / "shop"), "name": "shop"},
        "generation": {"samples_per_fact": 4, "general_share": 0.1},
        "model": {"base": HUB_NAME, "revision": "v1", "device": "cpu", "dtype": "float32"},
        "lora": {"r": 8, "alpha": 16},
        "training": {"max_steps": 6, "max_length": 512, "batch_size": 2, "evaluations": 2, "saves": 2},
        "evaluation": {"limit": 40, "max_new_tokens": 16, "bootstrap_resamples": 100},
        "paths": {"data": str(root / "data"), "output": str(root / "output"), "repos": str(root / "repos")},
    }
    (root / "config.yaml").write_text(yaml.safe_dump(config))
    return root


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def config(project: Path) -> tuple[str, str]:
    return "--config", str(project / "config.yaml")


def test_a_step_before_its_predecessor_names_the_command_to_run(config: tuple[str, str]) -> None:
    for script, needed in (
        ("02_generate_data.py", "01_"),
        ("03_train_model.py", "02_"),
        ("04_merge_weights.py", "03_"),
    ):
        told = run(script, *config, code=2)
        assert f"scripts/{needed}" in told
        assert "Traceback" not in told


def test_01_finds_every_definition(project: Path, config: tuple[str, str]) -> None:
    told = run("01_analyze_repo.py", *config)
    assert "next: python" in told
    folder = project / "data" / "shop" / "analysis"
    analysis = json.loads((folder / "analysis.json").read_bytes())
    elements = {row.id: row for row in read_jsonl(folder / "elements.jsonl", CodeElement)}
    pay = elements["shop.cart.pay"]
    assert (pay.path, pay.kind, pay.is_async, pay.returns) == ("src/shop/cart.py", "function", True, "bool")
    assert pay.signature == "async def pay(cart: Cart, card: str) -> bool"
    total = elements["shop.cart.Cart.total"]
    assert [(p.name, p.kind, p.default) for p in total.parameters] == [
        ("self", "positional_or_keyword", None),
        ("tax", "keyword_only", "0.2"),
    ]
    assert elements["shop.cart.Cart.add"].overrides == "shop.cart.Basket.add"
    assert elements["shop.cart.Basket.add"].doc.raises[0].name == "ValueError"  # type: ignore[union-attr]
    assert analysis["call_graph"]["shop.cart.pay"] == ["shop.cart.Cart.total"]
    assert analysis["call_graph"]["shop.cart.Cart.add"] == ["shop.cart.Basket.add"]
    assert analysis["inheritance"]["shop.cart.Cart"] == ["shop.cart.Basket"]
    assert analysis["project"]["dependencies"][0]["name"] == "requests"
    assert analysis["provenance"]["dirty"] is False
    assert analysis["skipped"] == []


def test_02_writes_proven_samples_without_a_leak(project: Path, config: tuple[str, str]) -> None:
    run("02_generate_data.py", *config)
    folder = project / "data" / "shop" / "dataset"
    rows = {name: list(read_jsonl(folder / f"{name}.jsonl", Sample)) for name in ("train", "val", "test")}
    everything = [row for split in rows.values() for row in split]
    keys = {
        name: {(r.metadata.fact, r.metadata.wording, r.metadata.language) for r in split}
        for name, split in rows.items()
    }
    assert not keys["train"] & (keys["test"] | keys["val"])
    assert {row.metadata.language for row in everything} == {"en", "zh"}
    tasks = Counter(row.metadata.task for row in everything)
    assert set(tasks) >= {"code_explanation", "api_usage", "code_location", "project_overview", "general_knowledge"}
    assert all(row.metadata.claims for row in everything)
    assert all("shop" in row.messages[0].content for row in everything if row.metadata.task != "general_knowledge")
    where = [
        row for row in everything if row.metadata.fact == "location:shop.cart.pay" and row.metadata.language == "en"
    ]
    assert where
    assert all("src/shop/cart.py" in row.messages[-1].content for row in where)
    assert json.loads((folder / "manifest.json").read_bytes())["counts"]
    assert "stale" not in run("02_generate_data.py", *config, "--verify-only").replace("0 stale", "")


def test_02_names_what_has_gone_stale(project: Path, config: tuple[str, str]) -> None:
    source = project / "shop" / "src" / "shop" / "cart.py"
    text = source.read_text()
    source.write_text(text.replace("async def pay", "async def settle"))
    try:
        assert "shop.cart.pay" in run("02_generate_data.py", *config, "--verify-only", code=2)
    finally:
        source.write_text(text)


@pytest.mark.slow
def test_03_trains_through_the_launcher_on_two_processes(project: Path, config: tuple[str, str]) -> None:
    launcher = [
        str(Path(sys.executable).with_name("deepspeed")),
        f"--master_port={_free_port()}",
        "--num_gpus=2",
        str(ROOT / "scripts/03_train_model.py"),
    ]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run([*launcher, *config], cwd="/", env=env, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    folder = project / "output" / "shop" / "adapter"
    names = {path.name for path in folder.iterdir()}
    assert names >= {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "manifest.json", "README.md"}
    named = {"name": HUB_NAME, "revision": COMMIT, "sha256": None}
    assert json.loads((folder / "manifest.json").read_bytes())["base_model"] == named
    from safetensors.torch import load_file

    weights = load_file(folder / "adapter_model.safetensors")
    assert len(weights) == 2 * 7 * 2
    assert all(tensor.numel() > 0 for tensor in weights.values())
    assert all(tensor.abs().max() > 0 for name, tensor in weights.items() if "lora_B" in name)
    log = [json.loads(line) for line in (folder / "training_log.jsonl").read_text().splitlines()]
    assert any("loss" in row for row in log)


@pytest.mark.slow
def test_04_merges_what_plain_transformers_loads(project: Path, config: tuple[str, str], base: Path) -> None:
    run("04_merge_weights.py", *config)
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    merged, notes = AutoModelForCausalLM.from_pretrained(project / "output/shop/merged", output_loading_info=True)
    assert not notes["missing_keys"]
    assert not notes["unexpected_keys"]
    adapted = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), project / "output/shop/adapter"
    )
    ids = torch.arange(3, 40).unsqueeze(0)
    with torch.no_grad():
        assert torch.allclose(merged(ids).logits, adapted(ids).logits, atol=1e-4)


@pytest.mark.slow
def test_05_reports_base_against_fine_tuned(project: Path, config: tuple[str, str]) -> None:
    told = run("05_evaluate.py", *config)
    assert "Overall" in told
    folder = project / "output" / "shop" / "evaluation"
    report = json.loads((folder / "comparison_report_shop.json").read_bytes())
    for section in ("metadata", "summary", "by_task", "by_probe", "by_language", "by_task_and_probe", "hallucination"):
        assert section in report
    for row in report["by_task"].values():
        assert {"n", "base", "finetuned", "improvement", "ci95", "p_value", "retrieval"} <= set(row)
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert len(answers) == 40
    html = (folder / "comparison_report_shop.html").read_text()
    assert not re.search(r"""(src|href)=["']?https?://|url\(["']?https?://""", html)


@pytest.mark.slow
def test_06_answers_and_keeps_what_was_asked(project: Path, config: tuple[str, str]) -> None:
    run("06_chat.py", *config, "Where is `pay` defined in shop?")
    kept = (project / "output/shop/chat/answers.jsonl").read_text().splitlines()
    assert json.loads(kept[-1])["question"] == "Where is `pay` defined in shop?"


@pytest.mark.slow
def test_every_step_is_skipped_when_nothing_changed(config: tuple[str, str]) -> None:
    for script in ("01_analyze_repo", "02_generate_data", "03_train_model", "04_merge_weights", "05_evaluate"):
        assert "unchanged" in run(f"{script}.py", *config)


def test_analysis_json_is_the_record(project: Path) -> None:
    import msgspec

    msgspec.json.decode((project / "data/shop/analysis/analysis.json").read_bytes(), type=Analysis)
