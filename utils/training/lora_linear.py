"""LoRA's linear layer with few kernels: y = x·Wᵀ + s·(x·Aᵀ)·Bᵀ and its gradients as one step of autograd.

PEFT's own layer makes a dozen small operations of it, each of which reads and writes tensors as large as the output and
is launched from Python by itself: on a fast GPU more time goes into those than into the products. Here the sum and
the factor s are part of a product, nothing is cast twice, and the frozen W gets no gradient. A backward pass of one's
own for LoRA is Unsloth's idea; the formulas follow from LoRA's definition (arXiv 2106.09685).
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora import Linear
from torch.nn import functional

from utils.training.loss import compute_dtype


class _LoraLinear(torch.autograd.Function):
    """`x` (n, in), frozen `weight` (out, in) and `bias` (out,) or None, `down` (r, in), `up` (out, r) → (n, out)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: Any, bias: Any, down: Any, up: Any, scaling: float) -> Any:
        inner = x @ down.to(x.dtype).T
        result = functional.linear(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype))
        ctx.save_for_backward(x, weight, down, up, inner)
        ctx.scaling = scaling
        return result.addmm_(inner, up.to(x.dtype).T, alpha=scaling)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        x, weight, down, up, inner = ctx.saved_tensors
        grad_inner = (grad @ up.to(grad.dtype)).mul_(ctx.scaling)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = (grad @ weight.to(grad.dtype)).addmm_(grad_inner, down.to(grad.dtype))
        grad_down = (grad_inner.T @ x).to(down.dtype)
        grad_up = (grad.T @ inner).mul_(ctx.scaling).to(up.dtype)
        return grad_x, None, None, grad_down, grad_up, None


class LoraLinear(Linear):
    """PEFT's layer, which it stays in all but how one plain adapter in training is computed."""

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """`x` (…, in) → (…, out), in the dtype that autocast asks for, else in the base weight's."""
        name = self._alone()
        if name is None or args or kwargs:
            result: torch.Tensor = super().forward(x, *args, **kwargs)
            return result
        base = self.base_layer
        dtype = compute_dtype(x, base.weight)
        result = _LoraLinear.apply(
            x.reshape(-1, x.shape[-1]).to(dtype),
            base.weight,
            base.bias,
            self.lora_A[name].weight,
            self.lora_B[name].weight,
            self.scaling[name],
        )
        return result.view(*x.shape[:-1], result.shape[-1])

    def _alone(self) -> str | None:
        """The adapter that is at work, where it is the only one and of the plain kind."""
        if self.disable_adapters or self.merged or len(self.active_adapters) != 1:
            return None
        name: str = self.active_adapters[0]
        return None if name not in self.lora_A or name in self.lora_variant else name


def use_own_layers(model: Any) -> int:
    """Turn PEFT's plain LoRA layers in `model` into ours, in place; returns how many.

    Left as they are: layers with dropout, DoRA or a bias of their own in B, quantised bases, bases that are trained.
    """
    layers = [layer for layer in model.modules() if type(layer) is Linear and _is_plain(layer)]
    for layer in layers:
        layer.__class__ = LoraLinear
    return len(layers)


def _is_plain(layer: Linear) -> bool:
    frozen = type(layer.base_layer) is torch.nn.Linear and not layer.base_layer.weight.requires_grad
    without_dropout = all(isinstance(dropout, torch.nn.Identity) for dropout in layer.lora_dropout.values())
    plain = not layer.lora_variant and not layer.fan_in_fan_out and all(up.bias is None for up in layer.lora_B.values())
    return frozen and without_dropout and plain
