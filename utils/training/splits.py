"""What a run trains on and what it is measured on, encoded and packed into rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.config_manager import Config
from utils.training.data import EncodedSplit, encode_split, read_split, require_samples
from utils.training.packing import PackedRows, pack
from utils.training.refresh import Facts, Refresh, facts_of, plan_refresh, read_facts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Splits(NamedTuple):
    """`held_out` has one group, or for a refresh "known" and "new"; `facts` is what the adapter has been taught."""

    train: EncodedSplit
    rows: list[list[int]]
    held_out: dict[str, PackedRows]
    too_long: list[str]
    facts: Facts
    commit: str | None
    refresh: Refresh | None


def read_splits(config: Config, tokenizer: PreTrainedTokenizerBase, continue_from: Path | None) -> Splits:
    """Read, encode and pack the samples of step 02; for a refresh only the new and some of the known ones."""
    folder, limit = config.dataset_dir, config.training.max_length
    samples, held_out = read_split(folder, "train"), read_split(folder, "val")
    facts, refresh = facts_of(samples), None
    if continue_from is not None:
        refresh = plan_refresh(continue_from, samples, held_out, config.training.replay_share, config.seed)
        samples, facts = refresh.train, read_facts(continue_from) | facts  # a fact told anew forgets its old claims
    known = refresh.known_held_out if refresh else set()
    groups = {"known": [row for row in held_out if row.metadata.id in known]} if refresh else {}
    groups["new" if refresh else "all"] = [row for row in held_out if row.metadata.id not in known]
    train = encode_split(tokenizer, samples, limit, "train")
    encoded = {name: encode_split(tokenizer, group, limit, f"val ({name})") for name, group in groups.items()}
    require_samples(train, folder, limit)
    return Splits(
        train,
        _rows(train, config),
        {name: PackedRows(split.samples, _rows(split, config)) for name, split in encoded.items() if split.samples},
        [*train.too_long, *(sample for split in encoded.values() for sample in split.too_long)],
        facts,
        next((sample.metadata.commit for sample in samples if sample.metadata.commit), None),
        refresh,
    )


def _rows(split: EncodedSplit, config: Config) -> list[list[int]]:
    if not config.training.packing:
        return [[index] for index in range(len(split.samples))]
    return pack(split.lengths, config.training.max_length, config.seed)
