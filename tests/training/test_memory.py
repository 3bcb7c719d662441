"""The estimate is of the right size, and what does not fit is refused with settings that do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import tiny_model
from tests.training import micro
from utils.config_manager import load_config
from utils.console import ROOT, UserError
from utils.training import memory
from utils.training.memory import (
    GIB,
    Shape,
    estimate,
    require_limits,
    require_memory,
    shape_of,
    with_recomputation_decided,
)

QWEN3_8B = Shape(8_190_735_360, 6_945_767_424, 174_587_904, 4096, 12288, 36, 151_936, 40_960)
CONFIG = load_config(ROOT / "config" / "config.yaml", ["training.batch_size=4", "training.gradient_checkpointing=true"])


def test_the_shape_is_counted_without_loading(tmp_path: Path) -> None:
    config = load_config(micro.save_config(tmp_path))
    shape = shape_of(config, config.model.base)
    model = tiny_model.model(len(tiny_model.tokenizer()))
    assert shape.parameters == model.num_parameters()
    assert shape.layers == 2
    assert shape.adapter == 4 * 2 * (4 * 32 + 2 * (32 + 16) + 3 * (32 + 64))


def test_weights_are_shared_out_over_the_ranks() -> None:
    one, two = estimate(QWEN3_8B, CONFIG, 1), estimate(QWEN3_8B, CONFIG, 2)
    assert one.weights == 2 * QWEN3_8B.parameters
    assert two.weights == one.weights / 2
    assert 15 * GIB < two.total < 30 * GIB


@pytest.mark.parametrize(("rows", "measured"), [(1, 27.6), (4, 56.3)])  # benchmarks/RESULTS.md, H100
def test_the_estimate_is_near_what_a_gpu_was_seen_to_take(
    rows: int, measured: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "uses_liger", lambda config: True)
    training = CONFIG.training.replaced(batch_size=rows, gradient_checkpointing=False)
    assert measured < estimate(QWEN3_8B, CONFIG.replaced(training=training), 1).total / GIB < 1.2 * measured


def test_activations_are_computed_again_only_where_they_do_not_fit() -> None:
    one_row = CONFIG.training.replaced(batch_size=1, gradient_checkpointing="auto")
    config = CONFIG.replaced(training=one_row)
    decided = [with_recomputation_decided(QWEN3_8B, config, 2, free * GIB) for free in (48, 24)]
    assert [choice.training.gradient_checkpointing for choice in decided] == [False, True]
    assert with_recomputation_decided(QWEN3_8B, CONFIG, 2, 48 * GIB) == CONFIG  # what is said is done


def test_what_does_not_fit_is_refused_with_settings_that_do() -> None:
    with pytest.raises(UserError, match=r"16\.0 GiB are free; this would fit: training\.batch_size=1") as raised:
        require_memory(QWEN3_8B, CONFIG, 2, 16 * GIB)
    assert "training.gradient_accumulation=4" in str(raised.value)
    changes = {"batch_size": 1, "gradient_accumulation": 4}
    fitting = CONFIG.replaced(training=CONFIG.training.replaced(**changes))
    assert require_memory(QWEN3_8B, fitting, 2, 16 * GIB).total <= 16 * GIB


def test_a_small_gpu_is_told_of_four_bits() -> None:
    with pytest.raises(UserError, match=r"training\.quantization=4bit training\.deepspeed=null"):
        require_memory(QWEN3_8B, CONFIG, 1, 14 * GIB)


def test_where_nothing_fits_more_gpus_are_asked_for() -> None:
    with pytest.raises(UserError, match="more GPUs"):
        require_memory(QWEN3_8B, CONFIG, 1, 2 * GIB)


@pytest.mark.parametrize(
    ("setting", "tokens", "told"),
    [
        ("training.max_length=40961", 151_669, r"more than the 40,960 positions .* set training\.max_length=40960"),
        ("training.max_length=2048", 151_937, r"tokenizer of Qwen/Qwen3-8B has 151,937 tokens .* 151,936"),
    ],
)
def test_rows_and_tokens_that_the_model_does_not_know_are_refused(setting: str, tokens: int, told: str) -> None:
    with pytest.raises(UserError, match=told):
        require_limits(QWEN3_8B, tokens, load_config(ROOT / "config" / "config.yaml", [setting]))
