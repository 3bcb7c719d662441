"""Going on from an earlier adapter after the repository moved: learn what is new, repeat some of what is known.

An adapter's folder keeps a hash of every fact that it was trained on, and of the claims that it was last told of it. A
sample all of whose claims are among those of its fact is known; any other is new, be it a new fact or one whose answer
changed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from utils.artifacts import Manifest, open_artifact
from utils.console import ROOT, UserError, relative
from utils.lineage import told
from utils.records import ADAPTER_SCHEMA, Sample

FACTS = "facts.json"


class Refresh(NamedTuple):
    """What to train on, and which held-out samples ask for known facts."""

    adapter: Path
    train: list[Sample]
    new: int
    replayed: int
    known_held_out: set[str]


Facts = dict[str, set[str]]  # the hash of a fact: the hashes of its claims


def facts_of(samples: Iterable[Sample]) -> Facts:
    """What `samples` tell."""
    facts: Facts = {}
    for sample in samples:
        facts.setdefault(_fact(sample), set()).update(_claims(sample))
    return facts


def write_facts(folder: Path, facts: Facts) -> None:
    """Keep them with the adapter."""
    (folder / FACTS).write_bytes(msgspec.json.encode(facts, order="deterministic"))


def read_facts(folder: Path) -> Facts:
    """What an adapter was trained on; raises `UserError` where it does not say."""
    try:
        return msgspec.json.decode((folder / FACTS).read_bytes(), type=Facts)
    except (FileNotFoundError, msgspec.DecodeError):
        raise UserError(
            f"{relative(folder)} does not say which facts it was trained on (no {FACTS}, or one of another version);"
            " train anew, without training.continue_from"
        ) from None


def open_earlier(continue_from: str, base: dict[str, str | None]) -> tuple[Path, Manifest]:
    """The adapter to continue and its manifest; raises `UserError` when it belongs to another base."""
    folder = (ROOT / Path(continue_from).expanduser()).resolve()
    manifest = open_artifact(
        folder, ADAPTER_SCHEMA, "python scripts/03_train_model.py (without training.continue_from)"
    )
    if manifest.base_model != base:
        raise UserError(
            f"{relative(folder)} was trained on {told(manifest.base_model or {})} and model.base is"
            f" {told(base)}; continue with the same base, or train anew"
        )
    return folder, manifest


def plan_refresh(
    adapter: Path, train: Sequence[Sample], held_out: Sequence[Sample], replay_share: float, seed: int
) -> Refresh:
    """All new samples, and of the known ones so many that they make up `replay_share` of the whole.

    Known samples are drawn fact by fact in turn, so that each fact is repeated as often as any other.
    Raises `UserError` when nothing is new.
    """
    facts = read_facts(adapter)
    new = [sample for sample in train if not _is_known(sample, facts)]
    known = [sample for sample in train if _is_known(sample, facts)]
    if not new:
        raise UserError(
            f"{relative(adapter)} already knows every fact of this dataset; there is nothing to continue for"
        )
    wanted = len(known) if replay_share == 1 else round(len(new) * replay_share / (1 - replay_share))
    replayed = _by_turns(known, seed)[:wanted]
    held = {sample.metadata.id for sample in held_out if _is_known(sample, facts)}
    return Refresh(adapter, new + replayed, len(new), len(replayed), held)


def _by_turns(samples: Sequence[Sample], seed: int) -> list[Sample]:
    chance = random.Random(seed)
    turn: dict[str, int] = {}
    order: list[tuple[int, int, Sample]] = []
    for sample in chance.sample(samples, len(samples)):
        fact = sample.metadata.fact
        order.append((turn.setdefault(fact, 0), len(order), sample))
        turn[fact] += 1
    return [sample for _, _, sample in sorted(order, key=lambda item: item[:2])]


def _is_known(sample: Sample, facts: Facts) -> bool:
    return _claims(sample) <= facts.get(_fact(sample), set())


def _fact(sample: Sample) -> str:
    return _hash(sample.metadata.fact.encode())


def _claims(sample: Sample) -> set[str]:
    """A sample without claims (a user's own data) is known by its question and answer."""
    parts = [msgspec.json.encode(claim) for claim in sample.metadata.claims] or [msgspec.json.encode(sample.messages)]
    return {_hash(part) for part in parts}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
