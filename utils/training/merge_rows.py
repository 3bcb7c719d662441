"""Half of a merge's check: random rows of every merged tensor against what peft itself makes of them.

peft's own layer is built for just these rows, under the tensor's own name and with the adapter's own configuration, so
that ranks, scales and patterns are resolved by peft and not by us. It works in float32; the file's row may differ by
the rounding to its dtype and by nothing else.
"""

from __future__ import annotations

import random
import warnings
from copy import deepcopy

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers.pytorch_utils import Conv1D

from utils.console import UserError, progress
from utils.training.merge_plan import Adapter, Update
from utils.training.streamed_model import Weights

ROWS = 4  # compared per merged tensor
# One rounding moves a number by at most half a unit in its last place: 2^-12 of it in float16, 2^-9 in bfloat16.
TOLERANCE = {"F64": 1e-5, "F32": 1e-5, "F16": 2**-11, "BF16": 2**-8}


def check_rows(before: Weights, after: Weights, adapter: Adapter, seed: int) -> tuple[int, float]:
    """(rows compared, largest difference as a share of its row's largest weight).

    Raises `UserError` where a row differs by more than rounding explains.
    """
    draw = random.Random(seed)
    worst, compared = 0.0, 0
    for name, update in progress(adapter.updates.items(), "checking rows", unit="tensor"):
        total = before.entries[name][1].rows
        rows = sorted(draw.sample(range(total), min(ROWS, total)))
        expected = merge_by_peft(update, _rows(before, name, rows), rows, adapter)
        largest = expected.abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
        error = float(((_rows(after, name, rows) - expected).abs() / largest).max())
        allowed = TOLERANCE[after.entries[name][1].dtype]
        if not error <= allowed:  # not a number fails, too
            raise UserError(
                f"the merged {name} differs from peft's own merge by {error:.1e} of its largest weight where rounding "
                f"explains {allowed:.1e}, so nothing was written; train the adapter again, or report this with it"
            )
        worst, compared = max(worst, error), compared + len(rows)
    return compared, worst


def merge_by_peft(update: Update, weight: torch.Tensor, rows: list[int], adapter: Adapter) -> torch.Tensor:
    """What peft makes of these rows of a base tensor; `weight` and the result are [len(rows), columns], float32."""
    factors = adapter.factors(update, "cpu")
    tree = nn.Module()
    parent = tree
    *path, name = update.module.split(".")
    for part in path:
        parent.add_module(part, nn.Module())
        parent = parent.get_submodule(part)
    parent.add_module(name, _layer(update, weight))
    lora = wrap(tree, adapter.config).get_submodule(f"base_model.model.{update.module}")
    with torch.no_grad():
        if update.embedding:
            lora.lora_embedding_A["default"].copy_(factors.a[:, rows])
            lora.lora_embedding_B["default"].copy_(factors.b)
        elif update.transposed:
            lora.lora_A["default"].weight.copy_(factors.a[:, rows])
            lora.lora_B["default"].weight.copy_(factors.b)
        else:
            lora.lora_A["default"].weight.copy_(factors.a)
            lora.lora_B["default"].weight.copy_(factors.b[rows])
        if factors.magnitude is not None:
            lora.lora_magnitude_vector["default"].weight.copy_(factors.magnitude[rows])
        lora.merge()
    merged: torch.Tensor = lora.get_base_layer().weight.detach()
    return merged


def wrap(model: nn.Module, config: LoraConfig) -> PeftModel:
    """`model` with peft's layers for `config`, whose weights are still to be filled in."""
    own = deepcopy(config)
    own.base_model_name_or_path = None  # peft warns where it differs from the model at hand
    own.task_type = None  # only chooses methods around the model, which a single layer does not have
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*_pattern keys did not match.*", category=RuntimeWarning)
        return get_peft_model(model, own)


def _layer(update: Update, weight: torch.Tensor) -> nn.Module:
    count, columns = weight.shape
    layer: nn.Module
    if update.embedding:
        layer = nn.Embedding(count, columns)
    elif update.transposed:
        layer = Conv1D(columns, count)
    else:
        layer = nn.Linear(columns, count, bias=False)
    layer.weight = nn.Parameter(weight.clone(), requires_grad=False)
    return layer


def _rows(weights: Weights, name: str, rows: list[int]) -> torch.Tensor:
    return torch.cat([weights.rows(name, row, row + 1) for row in rows]).float()
