"""The LoRA adapter: laid onto the base, gathered from all ranks, checked and written as PEFT and vLLM read it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from utils.config_manager import Config
from utils.console import UserError, relative
from utils.model_io import attach_adapter
from utils.settings import LoraSettings

WEIGHTS = "adapter_model.safetensors"


def add_adapter(model: Any, config: Config, continue_from: Path | None) -> Any:
    """A fresh adapter on every layer that `lora.target_modules` names, or the one to continue from, trainable.

    Raises `UserError` when the base has no such layers or the earlier adapter is of another shape.
    """
    from peft import LoraConfig, get_peft_model

    if continue_from is not None:
        _require_same_shape(continue_from, config.lora)
        return attach_adapter(model, continue_from, trainable=True)
    settings = LoraConfig(
        task_type="CAUSAL_LM",
        r=config.lora.r,
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=list(config.lora.target_modules),
        use_rslora=config.lora.use_rslora,
        use_dora=config.lora.use_dora,
    )
    try:
        tuned = get_peft_model(model, settings)
    except ValueError as error:
        raise UserError(f"lora.target_modules does not fit {config.model.base}: {error}") from error
    for peft_config in tuned.peft_config.values():
        peft_config.base_model_name_or_path = config.model.base
        peft_config.revision = config.model.revision
    return tuned


def trainable(model: Any) -> dict[str, torch.nn.Parameter]:
    """The adapter's parameters by name."""
    return {name: weights for name, weights in model.named_parameters() if weights.requires_grad}


def adapter_state(model: Any) -> dict[str, torch.Tensor]:
    """The whole adapter as PEFT names it, on the CPU. Every rank must call it: under ZeRO-3 each holds a share.

    Only the adapter is gathered, never the base.
    """
    from peft import get_peft_model_state_dict

    parameters = trainable(model)
    with _gathered(list(parameters.values())):
        state = {name: weights.detach().to("cpu", copy=True) for name, weights in parameters.items()}
    whole: dict[str, torch.Tensor] = get_peft_model_state_dict(model, state_dict=state, save_embedding_layers=False)
    return whole


def write_adapter(folder: Path, model: Any, state: dict[str, torch.Tensor]) -> None:
    """Write the weights and PEFT's config to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    model.peft_config["default"].save_pretrained(str(folder))
    save_file({name: weights.contiguous() for name, weights in state.items()}, folder / WEIGHTS, {"format": "pt"})


def check_adapter(state: dict[str, torch.Tensor]) -> None:
    """Raise `RuntimeError` unless all weights have a shape and are finite.

    ZeRO-3 leaves empty tensors where a gather was forgotten: an adapter of those loads silently and does nothing.
    """
    if not state:
        raise RuntimeError("the adapter has no weights")
    for name, weights in state.items():
        if weights.numel() == 0 or not torch.isfinite(weights).all():
            raise RuntimeError(f"{name} of the adapter is {'empty' if weights.numel() == 0 else 'not finite'}")


def check_trained(state: dict[str, torch.Tensor]) -> None:
    """Raise unless every B of the adapter that is kept has learned something; they begin as zeros.

    `UserError` where none has: it is that of a warm-up's first step, and no later one did better.
    """
    zero = {name: not weights.any() for name, weights in state.items() if ".lora_B." in name}
    if zero and all(zero.values()):
        raise UserError(
            "the adapter to keep is that of the first step, whose learning rate is 0, as no later one has a lower"
            " held-out loss; lower training.learning_rate or train for more steps"
        )
    if any(zero.values()):
        names = [name for name, untouched in zero.items() if untouched]
        raise RuntimeError(f"{names[0]} of the adapter is still all zero: it was never trained")


def _gathered(parameters: list[torch.nn.Parameter]) -> Any:
    if not any(hasattr(weights, "ds_id") for weights in parameters):
        return nullcontext()
    import deepspeed

    return deepspeed.zero.GatheredParameters(parameters)


def _require_same_shape(adapter: Path, lora: LoraSettings) -> None:
    from peft import LoraConfig

    old = LoraConfig.from_pretrained(str(adapter))
    theirs = {"r": old.r, "alpha": old.lora_alpha, "target_modules": sorted(old.target_modules)}
    theirs |= {"use_rslora": old.use_rslora, "use_dora": old.use_dora}
    ours = lora.as_data() | {"target_modules": sorted(lora.target_modules)}
    for name, value in theirs.items():
        if value != ours[name]:
            raise UserError(
                f"the adapter to continue, {relative(adapter)}, has {name} {value} but lora.{name} is {ours[name]};"
                f" set lora.{name} to the adapter's"
            )
