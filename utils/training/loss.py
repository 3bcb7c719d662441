"""The loss on answers, without logits for anything else and never for all answers at once.

Only positions whose label counts reach the output layer, and those in pieces: with a vocabulary of 150,000 the logits
of 8,192 tokens alone would take 5 GB in fp32, and as much again for their gradient. Each piece's gradient is taken as
soon as its loss is known, so neither is kept (after Liger Kernel's fused linear cross-entropy, arXiv 2410.10989).
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from utils.chat_format import IGNORE_INDEX
from utils.console import UserError

LOGITS_AT_ONCE = 1 << 26  # entries of a piece: 256 MiB in fp32


class _LinearCrossEntropy(torch.autograd.Function):
    """Summed cross-entropy of `hidden @ weight.T`, in pieces of `piece` rows."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, piece: int) -> Any:
        wants_hidden, wants_weight = ctx.needs_input_grad[:2]
        grad_hidden = torch.empty_like(hidden) if wants_hidden else None
        grad_weight = torch.zeros_like(weight, dtype=torch.float32) if wants_weight else None
        dtype = compute_dtype(hidden, weight)
        compute_weight = weight.to(dtype)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        with torch.autocast(hidden.device.type, enabled=False):
            for part, wanted in zip(torch.arange(len(hidden)).split(piece), targets.split(piece), strict=True):
                rows = slice(int(part[0]), int(part[-1]) + 1)
                inputs = hidden[rows].to(dtype)
                logits = (inputs @ compute_weight.T).float()
                norm = logits.logsumexp(-1, keepdim=True)
                total += (norm.squeeze(-1) - logits.gather(-1, wanted[:, None]).squeeze(-1)).sum()
                if grad_hidden is None and grad_weight is None:
                    continue
                slope = logits.sub_(norm).exp_()  # d loss / d logits: softmax minus one-hot
                slope.scatter_add_(-1, wanted[:, None], torch.full_like(norm, -1.0))
                if grad_hidden is not None:
                    grad_hidden[rows] = (slope.to(dtype) @ compute_weight).to(hidden.dtype)
                if grad_weight is not None:
                    grad_weight += (slope.to(dtype).T @ inputs).float()
        ctx.save_for_backward(grad_hidden, None if grad_weight is None else grad_weight.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, scale: torch.Tensor) -> Any:
        grads = [None if grad is None else grad * scale.to(grad.dtype) for grad in ctx.saved_tensors]
        return *grads, None, None


def compute_dtype(hidden: torch.Tensor, weight: torch.Tensor) -> torch.dtype:
    """What products of the two are computed in: autocast's dtype where it is on, else the weight's."""
    kind = hidden.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype


def linear_cross_entropy(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, piece: int | None = None
) -> torch.Tensor:
    """The summed loss of `targets` (n,) under the logits of `hidden` (n, width) and `weight` (vocabulary, width)."""
    rows = piece or max(1, LOGITS_AT_ONCE // len(weight))
    loss: torch.Tensor = _LinearCrossEntropy.apply(hidden, weight, targets, rows)
    return loss


class AnswerLoss:
    """Calls a causal language model and returns the summed loss of its scored positions.

    The model's output layer is taught to answer with that loss instead of logits while labels lie ready. The model's
    own `forward` stays in charge, so PEFT, ZeRO-3's gathering and gradient checkpointing work as they do with logits.
    """

    def __init__(self, model: Any) -> None:
        head = model.get_output_embeddings()
        if type(head) is not torch.nn.Linear or head.bias is not None:
            raise UserError(
                "the loss needs a plain output layer and this model's is not (is lm_head in lora.target_modules?);"
                " take it out or use another base model"
            )
        self._head, self._plain = head, head.forward
        self._labels: torch.Tensor | None = None
        head.forward = self._forward

    def __call__(self, model: Any, batch: dict[str, Any]) -> tuple[torch.Tensor, int]:
        """The summed loss and how many positions it is over; `batch` is what `PackedCollator` makes."""
        self._labels = batch["labels"]
        try:
            output = model(**_inputs(batch))
        finally:
            self._labels = None
        return output.logits, int((batch["labels"][:, 1:] != IGNORE_INDEX).sum())

    def _forward(self, hidden: torch.Tensor) -> torch.Tensor:
        if self._labels is None:
            return self._plain(hidden)
        wanted = self._labels[:, 1:]  # position t predicts token t + 1
        scored = wanted != IGNORE_INDEX
        return linear_cross_entropy(hidden[:, :-1][scored], self._head.weight, wanted[scored])


def _inputs(batch: dict[str, Any]) -> dict[str, Any]:
    """What the model itself takes of a batch: all but the labels, with which it would compute its own loss."""
    return {name: value for name, value in batch.items() if name != "labels"} | {"use_cache": False}


def check_loss(model: Any, answer_loss: AnswerLoss, batch: dict[str, Any]) -> None:
    """Compare with the loss from the model's full logits; raise `UserError` where the model does more to them.

    Some models scale or cap their logits after the output layer: this loss would train another model than is served.
    """
    with torch.no_grad():
        total, count = answer_loss(model, batch)
        logits = model(**_inputs(batch)).logits
    plain = functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), batch["labels"][:, 1:].flatten(), ignore_index=IGNORE_INDEX
    )
    if total.dim() != 0 or not torch.isclose(total / count, plain, rtol=2e-2, atol=1e-3):
        raise UserError("this base model changes its logits after the output layer, which training cannot follow here")
