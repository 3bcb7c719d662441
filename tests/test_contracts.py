"""Promises between the parts: who may import whom, and that the documents name what exists."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from utils.console import ROOT

SUBJECTS = ("analysis", "generation", "training", "evaluation")
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
HEAVY = {"torch", "transformers", "peft", "deepspeed", "accelerate", "datasets"}


def imported(path: Path) -> set[str]:
    """Every module that `path` imports anywhere, functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_imports_no_other_subject(subject: str) -> None:
    for path in (ROOT / "utils" / subject).rglob("*.py"):
        for other in set(SUBJECTS) - {subject}:
            assert not any(name.startswith(f"utils.{other}") for name in imported(path)), path


@pytest.mark.parametrize("subject", ["analysis", "generation"])
def test_analysis_and_generation_never_load_torch(subject: str) -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "utils" / subject).rglob("*.py")
        if path.name != "__init__.py"
    ]
    code = f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
    code += f"print(sorted({HEAVY!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_verifier_shares_no_code_with_the_analysis() -> None:
    for path in (ROOT / "utils" / "generation").rglob("*.py"):
        assert not any(name.startswith("utils.analysis") for name in imported(path)), path


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_explains_itself_from_any_folder(script: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, str(script), "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert f"scripts/{script.name}" in result.stdout
    assert "section.key=value" in result.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_typo_in_the_settings_fails_at_once_with_exit_code_2(script: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(script), "--config", str(ROOT / "config/demo.yaml"), "lora.rank=3"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2, result.stderr
    assert "lora.rank is not a setting" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("readme", sorted(ROOT.glob("README*.md")), ids=lambda path: path.name)
def test_commands_in_the_readme_exist(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z_]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for target in re.findall(r"^make ([a-z_]+)", text, flags=re.MULTILINE):
        assert target in targets
    files = re.findall(r"\b((?:scripts|utils|benchmarks|config)/[\w/]+\.(?:py|yaml))\b", text)
    assert files
    for file in files:
        assert (ROOT / file).is_file(), file


def test_the_readmes_give_the_same_files_and_figures() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")]
    for pattern in (r"[\w/]+/[\w.]+\.(?:py|yaml|md|jsonl)\b", r"--\w+", r"\d*[.,]\d+", r"(?m)^\|", r"(?m)^```"):
        english, chinese = (sorted(re.findall(pattern, text)) for text in texts)
        assert english == chinese, pattern


def test_ci_runs_the_readmes_test_command() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake test")
    assert "\nmake test\n" in (ROOT / "README.md").read_text(encoding="utf-8")
