"""The settings of each section of a configuration, typed; `config_manager` reads them from YAML."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from utils.console import without_credentials

ORIGINAL_SHARES = {
    "code_explanation": 0.46,
    "api_usage": 0.23,
    "code_location": 0.15,
    "project_overview": 0.08,
    "design_proposal": 0.08,
}


class Settings(BaseModel):
    """Base of every section: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RepositorySettings(Settings):
    """What is analysed. A relative path in `url` is taken from this project's root."""

    url: str = Field(min_length=1)
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    revision: str | None = None
    languages: list[Literal["python"]] = Field(default=["python"], min_length=1)
    exclude: list[str] = []

    @field_serializer("url")
    def _without_credentials(self, url: str) -> str:
        """What is written down (manifests, model cards) is the address without user and password."""
        return without_credentials(url)


class AnalysisSettings(Settings):
    """Limits of step 01. A dense data file takes 500 times its size to parse: 2 MB stay below 1 GiB."""

    max_file_bytes: int = Field(default=2_000_000, gt=0)
    workers: int | None = Field(default=None, gt=0)


class GenerationSettings(Settings):
    """What step 02 asks and how often. Shares are of the samples about the repository; `general_share` is of all."""

    languages: list[str] = Field(default=["en", "zh"], min_length=1)
    task_shares: dict[str, float] = ORIGINAL_SHARES
    minimum: dict[str, int] = {}
    samples_per_fact: int = Field(default=12, ge=2)
    max_samples: int = Field(default=40_000, gt=0)
    max_elements: int | None = Field(default=None, gt=0)
    private_weight: float = Field(default=0.3, ge=0, le=1)
    relation_share: float = Field(default=0.15, ge=0, lt=1)
    absent_share: float = Field(default=0.05, ge=0, lt=1)
    general_share: float = Field(default=0.15, ge=0, lt=1)
    general_dataset: str | None = None
    reasoning: Literal["answer", "thinking", "none"] = "answer"
    include_tests: bool = False
    unseen_fact_share: float = Field(default=0.05, ge=0, lt=1)
    secrets: Literal["drop", "redact"] = "drop"

    @field_validator("task_shares")
    @classmethod
    def _known_tasks(cls, shares: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(shares) - set(ORIGINAL_SHARES))
        if unknown:
            raise ValueError(f"unknown task {', '.join(unknown)}; known: {', '.join(ORIGINAL_SHARES)}")
        if min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > 0.01:
            raise ValueError(f"the shares must be 0 or more and add up to 1, not {sum(shares.values()):g}")
        return shares


class ModelSettings(Settings):
    """The base model and where it runs. A relative path in `base` that exists is taken from this project's root."""

    base: str = "Qwen/Qwen3-8B"
    revision: str | None = None
    trust_remote_code: bool = False
    device: Literal["cuda", "cpu"] = "cuda"
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    attention: Literal["sdpa", "flash_attention_2", "eager"] = "sdpa"


class LoraSettings(Settings):
    """The adapter (LoRA, arXiv 2106.09685)."""

    r: int = Field(default=64, gt=0)
    alpha: int = Field(default=128, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: list[str] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    use_rslora: bool = False
    use_dora: bool = False


class TrainingSettings(Settings):
    """Step 03. `batch_size` counts packed rows of `max_length` tokens per device and step."""

    epochs: float = Field(default=3.0, gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    learning_rate: float = Field(default=2e-4, gt=0)
    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    max_length: int = Field(default=2048, ge=64)
    batch_size: int = Field(default=4, gt=0)
    gradient_accumulation: int = Field(default=1, gt=0)
    packing: bool = True
    mixed_precision: bool = True
    gradient_checkpointing: bool = True
    quantization: Literal["none", "4bit"] = "none"
    deepspeed: str | None = "ds_config_zero3.json"
    evaluations: int = Field(default=10, ge=0)
    early_stopping_patience: int | None = Field(default=3, gt=0)
    saves: int = Field(default=10, ge=0)
    continue_from: str | None = None
    replay_share: float = Field(default=0.3, ge=0, le=1)
    report_to: list[Literal["tensorboard", "wandb"]] = []


class MergeSettings(Settings):
    """Step 04. `llama_cpp` is a checkout of llama.cpp, whose converter `export: gguf` needs (null: on the PATH)."""

    dtype: Literal["base", "float32", "bfloat16"] = "base"
    device: Literal["cpu", "cuda"] = "cpu"
    export: Literal["none", "gguf"] = "none"
    llama_cpp: str | None = None


class RetrievalSettings(Settings):
    """The BM25 baseline of step 05: what a user would try instead of fine-tuning."""

    enabled: bool = True
    chunks: int = Field(default=4, gt=0)
    max_prompt_tokens: int = Field(default=2048, gt=0)


class EvaluationSettings(Settings):
    """Step 05 and 06. `server` is the base address of an OpenAI-compatible server, `/v1` included."""

    batch_size: int = Field(default=32, gt=0)
    max_new_tokens: int = Field(default=384, gt=0)
    limit: int | None = Field(default=None, gt=0)
    retrieval: RetrievalSettings = RetrievalSettings()
    server: str | None = None
    server_base_model: str | None = None
    server_finetuned_model: str | None = None
    bootstrap_resamples: int = Field(default=2000, ge=100)


class PathSettings(Settings):
    """Where artifacts land; relative paths are taken from this project's root."""

    data: str = "data"
    output: str = "output"
    repos: str = "repos"
