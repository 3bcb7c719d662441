"""The settings of each section of a configuration, typed; `config_manager` reads them from YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from utils.console import without_credentials

if TYPE_CHECKING:
    from typing_extensions import Self

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
ProperShare = Annotated[float, Meta(ge=0, lt=1)]

ORIGINAL_SHARES = {
    "code_explanation": 0.46,
    "api_usage": 0.23,
    "code_location": 0.15,
    "project_overview": 0.08,
    "design_proposal": 0.08,
}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """Base of every section: frozen, made of plain data and written as such; keys that are no fields are mistakes.

    A section may note more beside its fields (`dict=True`), which copies keep; it counts for nothing in a comparison.
    """

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """The settings in `data`; texts stand for the numbers in them. Raises `msgspec.ValidationError`."""
        return msgspec.convert(data, cls, strict=False)

    def as_data(self) -> dict[str, Any]:
        """As plain dictionaries, lists and values, in the order of the fields."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: value.as_data() if isinstance(value, Settings) else msgspec.to_builtins(value)
            for name, value in values.items()
        }

    def replaced(self, **changes: Any) -> Self:
        """The same with other values for some fields."""
        copy = msgspec.structs.replace(self, **changes)
        copy.__dict__.update(self.__dict__)
        return copy


class RepositorySettings(Settings, frozen=True):
    """What is analysed. A relative path in `url` is taken from this project's root."""

    url: Annotated[str, Meta(min_length=1)]
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")] | None = None
    revision: str | None = None
    languages: Annotated[list[Literal["python"]], Meta(min_length=1)] = field(default_factory=lambda: ["python"])
    exclude: list[str] = []

    def as_data(self) -> dict[str, Any]:
        """What is written down (manifests, model cards) is the address without user and password."""
        return {**super().as_data(), "url": without_credentials(self.url)}


class AnalysisSettings(Settings, frozen=True):
    """Limits of step 01. A dense data file takes 500 times its size to parse: 2 MB stay below 1 GiB."""

    max_file_bytes: Positive = 2_000_000
    workers: Positive | None = None


class GenerationSettings(Settings, frozen=True):
    """What step 02 asks and how often. Shares are of the samples about the repository; `general_share` is of all."""

    languages: Annotated[list[str], Meta(min_length=1)] = field(default_factory=lambda: ["en", "zh"])
    task_shares: dict[str, float] = field(default_factory=lambda: dict(ORIGINAL_SHARES))
    minimum: dict[str, Count] = {}
    samples_per_fact: Annotated[int, Meta(ge=2)] = 12
    max_samples: Positive = 40_000
    max_elements: Positive | None = None
    private_weight: Share = 0.3
    relation_share: ProperShare = 0.15
    absent_share: ProperShare = 0.05
    general_share: ProperShare = 0.15
    general_dataset: str | None = None
    reasoning: Literal["answer", "thinking", "none"] = "answer"
    include_tests: bool = False
    unseen_fact_share: ProperShare = 0.05
    secrets: Literal["drop", "redact"] = "drop"

    def __post_init__(self) -> None:
        shares = self.task_shares
        for name, tasks in (("task_shares", shares), ("minimum", self.minimum)):
            if unknown := sorted(set(tasks) - set(ORIGINAL_SHARES)):
                raise ValueError(f"{name}: unknown task {', '.join(unknown)}; known: {', '.join(ORIGINAL_SHARES)}")
        total = sum(shares.values())
        if not (all(share >= 0 for share in shares.values()) and abs(total - 1) <= 0.01):  # nan is refused, too
            raise ValueError(f"task_shares: the shares must be 0 or more and add up to 1, not {total:g}")


class ModelSettings(Settings, frozen=True):
    """The base model and where it runs. A relative path in `base` that exists is taken from this project's root."""

    base: str = "Qwen/Qwen3-8B"
    revision: str | None = None
    trust_remote_code: bool = False
    device: Literal["cuda", "cpu"] = "cuda"
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    attention: Literal["sdpa", "flash_attention_2", "eager"] = "sdpa"


class LoraSettings(Settings, frozen=True):
    """The adapter (LoRA, arXiv 2106.09685)."""

    r: Positive = 64
    alpha: Positive = 128
    dropout: ProperShare = 0.0
    target_modules: list[str] = field(
        default_factory=lambda: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    )
    use_rslora: bool = False
    use_dora: bool = False


class TrainingSettings(Settings, frozen=True):
    """Step 03. `batch_size` counts packed rows of `max_length` tokens per device and step.

    `gradient_checkpointing: auto` computes again in the backward pass only what would not fit in memory otherwise;
    `liger` uses Liger's kernels on a GPU where they are installed.
    """

    epochs: Annotated[float, Meta(gt=0)] = 3.0
    max_steps: Positive | None = None
    learning_rate: Annotated[float, Meta(gt=0)] = 2e-4
    warmup_ratio: ProperShare = 0.05
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Meta(gt=0)] = 1.0
    max_length: Annotated[int, Meta(ge=64)] = 2048
    batch_size: Positive = 4
    gradient_accumulation: Positive = 1
    packing: bool = True
    mixed_precision: bool = True
    gradient_checkpointing: bool | Literal["auto"] = "auto"
    liger: bool = True
    quantization: Literal["none", "4bit"] = "none"
    deepspeed: str | None = "ds_config_zero3.json"
    evaluations: Count = 10
    early_stopping_patience: Positive | None = 3
    saves: Count = 10
    continue_from: str | None = None
    replay_share: Share = 0.3
    report_to: list[Literal["tensorboard", "wandb"]] = []


class MergeSettings(Settings, frozen=True):
    """Step 04. `llama_cpp` is a checkout of llama.cpp, whose converter `export: gguf` needs (null: on the PATH)."""

    dtype: Literal["base", "float32", "bfloat16"] = "base"
    device: Literal["cpu", "cuda"] = "cpu"
    export: Literal["none", "gguf"] = "none"
    llama_cpp: str | None = None


class RetrievalSettings(Settings, frozen=True):
    """The BM25 baseline of step 05: what a user would try instead of fine-tuning."""

    enabled: bool = True
    chunks: Positive = 4
    max_prompt_tokens: Positive = 2048


class EvaluationSettings(Settings, frozen=True):
    """Step 05 and 06. `server` is the base address of an OpenAI-compatible server, `/v1` included."""

    batch_size: Positive = 32
    max_new_tokens: Positive = 384
    limit: Positive | None = None
    retrieval: RetrievalSettings = RetrievalSettings()
    server: str | None = None
    server_base_model: str | None = None
    server_finetuned_model: str | None = None
    bootstrap_resamples: Annotated[int, Meta(ge=100)] = 2000


class PathSettings(Settings, frozen=True):
    """Where artifacts land; relative paths are taken from this project's root."""

    data: str = "data"
    output: str = "output"
    repos: str = "repos"
