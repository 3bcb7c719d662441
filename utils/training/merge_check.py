"""The check of a merge: the written files against peft, weight by weight and answer by answer.

`merge_rows` compares random rows of every merged tensor. Here the logits of the merged model are compared with those
of the base with the adapter in peft's hands, on real prompts and in float32 whatever the weights are stored in, so
that what differs is the merge and not the arithmetic of a low precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from utils.chat_format import encode_sample
from utils.console import UserError
from utils.records import Message, Sample, read_jsonl
from utils.training.merge_plan import ADAPTER_WEIGHTS, PREFIX, Adapter
from utils.training.merge_rows import check_rows, wrap
from utils.training.shards import shard_paths
from utils.training.streamed_model import Weights, empty_model, return_freed_memory, stream_weights

TEXTS, TEXT_TOKENS = 3, 40  # what is read at most: enough to see an error, and cheaper than the merge itself
LOGITS_ALLOWED = 1e-3  # largest difference where the merged model is stored in float32
# Lower precisions round every merged weight, which no implementation can avoid: bfloat16 moves a weight by 2^-9 of
# itself, and the logits of some hundred layers by a few percent at most. An adapter that was lost moves them by more.
RELATIVE_ALLOWED = 0.05
AGREEMENT_NEEDED = 0.9  # share of positions whose likeliest next token stays the same
GENERAL = [
    [Message("user", "Where is the configuration read?"), Message("assistant", "In `config.py`, by `load_config`.")],
    [Message("user", "哪些函数会调用它？"), Message("assistant", "`main` 和 `run` 会调用它。")],
    [Message("user", "What does it return?"), Message("assistant", "It returns a `dict` that maps names to values.")],
]


@dataclass(frozen=True)
class MergeErrors:
    """What the check measured.

    `row_error` is a share of the row's largest weight, `logit_error` the largest difference of two logits,
    `relative_logit_error` the root mean square of all differences over that of the logits themselves.
    """

    rows: int
    row_error: float
    tokens: int
    logit_error: float
    relative_logit_error: float
    agreement: float

    def notes(self) -> dict[str, float]:
        """For the manifest."""
        return asdict(self)

    def report(self) -> str:
        """One line for the terminal."""
        return (
            f"{self.rows:,} rows are within {self.row_error:.1e} of peft's own merge; on {self.tokens:,} tokens the "
            f"logits are within {self.logit_error:.1e} of base + adapter ({self.relative_logit_error:.3%} in the mean "
            f"square), and {self.agreement:.1%} have the same likeliest token"
        )


def check_merge(
    base: Path, adapter: Adapter, merged: Path, texts: Sequence[Sequence[int]], device: str, seed: int, trust: bool
) -> MergeErrors:
    """Compare the model in `merged` with `base` plus `adapter`; `texts` are token ids, `trust` allows custom code.

    Raises `UserError` where they differ by more than rounding to the stored dtype explains.
    """
    return_freed_memory()
    before, after = Weights(shard_paths(base)), Weights(shard_paths(merged))
    rows, row_error = check_rows(before, after, adapter, seed)
    expected = logits(base, before, texts, device, trust, adapter)
    found = logits(merged, after, texts, device, trust, None)
    agreement = float((found.argmax(-1) == expected.argmax(-1)).float().mean())
    size = (expected - expected.mean(-1, keepdim=True)).square().mean().sqrt()  # an offset changes no answer
    difference = found.sub_(expected).abs_()
    relative = float(difference.square().mean().sqrt() / size)
    errors = MergeErrors(rows, row_error, len(found), float(difference.max()), relative, round(agreement, 4))
    low = any(after.entries[name][1].dtype not in ("F32", "F64") for name in adapter.updates)
    _require_close(errors, low)
    return errors


def texts_to_check(val: Path, tokenizer: Any) -> list[list[int]]:
    """Token ids of a few questions with their answers, spread over the held-out rows of `val`.

    An adapter that came without its dataset, or without held-out rows, is checked on general questions.
    """
    rows = read_jsonl(val, Sample) if val.is_file() else ()
    talks = [sample.messages for sample in rows] or GENERAL
    chosen = talks[:: max(len(talks) // TEXTS, 1)][:TEXTS]
    return [encode_sample(tokenizer, talk).input_ids[:TEXT_TOKENS] for talk in chosen]


def _require_close(errors: MergeErrors, low_precision: bool) -> None:
    if low_precision:
        close = errors.relative_logit_error <= RELATIVE_ALLOWED and errors.agreement >= AGREEMENT_NEEDED
        limit = f"{RELATIVE_ALLOWED:.0%} and {AGREEMENT_NEEDED:.0%} are the limits; try merge.dtype=float32"
    else:
        close = errors.logit_error <= LOGITS_ALLOWED
        limit = f"{LOGITS_ALLOWED:.0e} is the limit; train the adapter again, or report this with it"
    if not close:
        raise UserError(f"the merged model is not base + adapter, so nothing was written ({errors.report()}), {limit}")


@torch.no_grad()
def logits(
    folder: Path, weights: Weights, texts: Sequence[Sequence[int]], device: str, trust: bool, adapter: Adapter | None
) -> torch.Tensor:
    """The logits at every token of every text, [tokens, vocabulary], float32 on the CPU."""
    empty = empty_model(folder, trust)
    model: nn.Module = empty
    sources = [weights]
    if adapter is not None:
        model = wrap(empty, adapter.config).eval()
        sources.append(Weights([adapter.folder / ADAPTER_WEIGHTS]))

    def fill(name: str, into: torch.Tensor) -> None:
        stored = name.removeprefix(PREFIX).replace(".base_layer.", ".")
        of_adapter = name.replace(".default", "").replace("_vector.weight", "_vector")
        for candidate in (stored, empty.all_tied_weights_keys.get(stored), of_adapter):
            for source in sources:
                if candidate in source.entries:
                    source.fill(candidate, into)
                    return
        raise RuntimeError(f"no weights for {name} in {folder}")

    stream_weights(model, fill, device)
    width = max(map(len, texts))
    ids = torch.zeros(len(texts), width, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)  # padded on the right, which no earlier token can see
    logits = model(input_ids=ids.to(device), use_cache=False).logits
    return torch.cat([logits[row, : len(text)] for row, text in enumerate(texts)]).float().cpu()
