"""The loss in pieces is the plain cross-entropy on the answers, and only they reach the output layer."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from tests import tiny_model
from tests.training import micro
from utils.chat_format import IGNORE_INDEX, encode_sample
from utils.console import UserError
from utils.training.loss import AnswerLoss, check_loss, linear_cross_entropy
from utils.training.packing import PackedCollator

TOKENIZER = tiny_model.tokenizer()
SAMPLES = [encode_sample(TOKENIZER, micro.sample(name, micro.QUESTIONS[1]).messages) for name in micro.NAMES]


def batch() -> dict[str, torch.Tensor]:
    return PackedCollator(TOKENIZER.pad_token_id)([SAMPLES[:4], SAMPLES[4:7]])


@pytest.mark.parametrize("piece", [1, 5, 100])
def test_loss_and_gradients_equal_those_of_full_logits(piece: int) -> None:
    torch.manual_seed(1)
    hidden = torch.randn(13, 8, requires_grad=True)
    weight = torch.randn(50, 8, requires_grad=True)
    targets = torch.randint(50, (13,))
    plain = functional.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    expected = torch.autograd.grad(plain * 0.5, [hidden, weight])
    ours = linear_cross_entropy(hidden, weight, targets, piece)
    got = torch.autograd.grad(ours * 0.5, [hidden, weight])
    assert torch.isclose(ours, plain)
    assert all(torch.allclose(left, right, atol=1e-5) for left, right in zip(got, expected, strict=True))


def test_a_models_gradients_equal_those_of_its_own_loss() -> None:
    plain, ours = tiny_model.model(len(TOKENIZER)), tiny_model.model(len(TOKENIZER))
    rows = batch()
    logits = plain(rows["input_ids"], position_ids=rows["position_ids"], use_cache=False).logits[:, :-1]
    functional.cross_entropy(
        logits.flatten(0, 1), rows["labels"][:, 1:].flatten(), ignore_index=IGNORE_INDEX, reduction="sum"
    ).backward()
    total, count = AnswerLoss(ours)(ours, rows)
    total.backward()
    assert count == int((rows["labels"] != IGNORE_INDEX).sum())
    for (name, left), right in zip(plain.named_parameters(), ours.parameters(), strict=True):
        assert torch.allclose(left.grad, right.grad, atol=1e-4), name  # type: ignore[arg-type]


def test_only_scored_positions_reach_the_output_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        "utils.training.loss.linear_cross_entropy", lambda hidden, *rest: seen.append(hidden) or hidden.sum()
    )
    model, rows = tiny_model.model(len(TOKENIZER)), batch()
    AnswerLoss(model)(model, rows)
    assert seen[0].shape == (int((rows["labels"] != IGNORE_INDEX).sum()), 32)


def test_no_tensor_of_full_logits_is_ever_made() -> None:
    model, rows = tiny_model.model(len(TOKENIZER)), batch()
    loss = AnswerLoss(model)
    sizes: list[int] = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor) and result.dim() > 1 and result.shape[-1] == len(TOKENIZER):
                sizes.append(result.numel() // len(TOKENIZER))
            return result

    with Watch():
        loss(model, rows)[0].backward()
    assert sizes
    assert max(sizes) <= max(int((rows["labels"] != IGNORE_INDEX).sum()), 32)  # 32: the output layer's own gradient


def test_without_labels_the_model_gives_logits_as_ever() -> None:
    model, rows = tiny_model.model(len(TOKENIZER)), batch()
    before = model(rows["input_ids"]).logits
    loss = AnswerLoss(model)
    loss(model, rows)
    assert torch.equal(model(rows["input_ids"]).logits, before)
    check_loss(model, loss, rows)


def test_a_model_that_scales_its_logits_is_refused() -> None:
    from transformers import GraniteConfig, GraniteForCausalLM

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    model = GraniteForCausalLM(GraniteConfig(vocab_size=len(TOKENIZER), logits_scaling=8.0, **sizes))
    with pytest.raises(UserError, match="changes its logits"):
        check_loss(model, AnswerLoss(model), batch())


def test_an_adapted_output_layer_is_refused() -> None:
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(tiny_model.model(len(TOKENIZER)), LoraConfig(r=2, target_modules=["lm_head"]))
    with pytest.raises(UserError, match=r"lm_head in lora\.target_modules"):
        AnswerLoss(model)
