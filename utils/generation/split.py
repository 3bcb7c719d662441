"""Which samples are trained on, and what each test row measures.

The unit is (fact, wording, language): none of test's or val's occurs in train. Every choice compares a hash of
(seed, what is chosen) with a threshold, so one changed file of the repository moves only its own samples and the few
that a slightly shifted threshold lets through. The probes are those of DESIGN.md:

unseen_wording  a wording kept for testing, of a fact trained in other wordings (reverse: the same, asked backwards)
cross_language  all facts of some subjects are trained in one language only and asked in the other
unseen_fact     some definitions, with all that lies in them, occur nowhere in train: what is answered is guessed
absent_symbol   names, absent and real, that no training sample of the task holds
general         general knowledge that no training sample holds
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from utils.generation.near_duplicates import NearDuplicates
from utils.records import Direction, Probe, Sample, Task, split_fact

TEST_SHARE = VAL_SHARE = 0.1
LEAST_ROWS = 100  # rows that a probe should have in test, where the repository allows
MOST_HELD_OUT = 0.15  # of the subjects may be kept from training for one probe
PER_FACT = 2  # test rows asked of one held-out fact in one language
WIDELY_TOLD = 12  # training samples that would be lost by holding a definition out, beyond which it stays in

SplitName = Literal["train", "val", "test"]
Unit = tuple[str, str, str]


class Row(NamedTuple):
    """What of a sample decides its place. `tells` are the (element, path) pairs whose place its claims give away."""

    id: str
    fact: str
    wording: str
    language: str
    task: Task
    direction: Direction
    question: str
    kept: bool
    tells: tuple[tuple[str, str], ...]

    @property
    def subject(self) -> str:
        """What the fact is about."""
        return split_fact(self.fact)[1]

    @property
    def unit(self) -> Unit:
        """What no two splits share."""
        return self.fact, self.wording, self.language


class Placement(NamedTuple):
    """`split` is null for a sample that is left out, and `reason` says why."""

    split: SplitName | None
    probe: Probe | None = None
    reason: str = ""


def row_of(sample: Sample, test_wordings: Collection[str]) -> Row:
    """The row of a sample; `test_wordings` are the wording ids that are never trained on."""
    told: dict[tuple[str, str], None] = {}
    for claim in sample.metadata.claims:
        if claim.kind == "defined_in":
            told[claim.subject, str(claim.value)] = None
        elif claim.kind == "contains":
            told[str(claim.value), claim.subject] = None
    meta = sample.metadata
    question = "\n".join(message.content for message in sample.messages if message.role == "user")
    kept = meta.wording in test_wordings
    return Row(meta.id, meta.fact, meta.wording, meta.language, meta.task, meta.direction, question, kept, tuple(told))


def place(rows: Sequence[Row], seed: int, unseen_fact_share: float = 0.05) -> dict[str, Placement]:
    """Sample id → where it goes."""
    return _Splitter(rows, seed, unseen_fact_share).placements()


def order(seed: int, sample_id: str) -> int:
    """The sort key of a sample inside its split: shuffled, and the same whatever else is there."""
    return _rank(seed, "order", sample_id)


def leaks(placements: dict[str, Placement], rows: Iterable[Row]) -> list[Unit]:
    """The (fact, wording, language) that train shares with val or test; always empty, and checked before writing."""
    by_split: defaultdict[bool, set[Unit]] = defaultdict(set)
    for row in rows:
        split = placements[row.id].split
        if split is not None:
            by_split[split == "train"].add(row.unit)
    return sorted(by_split[True] & by_split[False])


class _Splitter:
    def __init__(self, rows: Sequence[Row], seed: int, unseen_fact_share: float) -> None:
        self.rows = sorted(rows, key=lambda row: row.id)
        self.seed = seed
        self.unseen_fact_share = unseen_fact_share
        self.placed: dict[str, Placement] = {}

    def placements(self) -> dict[str, Placement]:
        open_rows = self._without_repeats()
        general = [row for row in open_rows if row.task == "general_knowledge"]
        absent = [row for row in open_rows if row.task == "absent_symbol"]
        own = [row for row in open_rows if row.task not in ("general_knowledge", "absent_symbol")]
        self._by_fact(general, "general")
        self._by_fact(absent, "absent_symbol")
        own = self._hold_out_definitions(own)
        own = self._hold_out_languages(own)
        self._by_wording(own)
        self._keep_tested_facts_trained()
        self._drop_near_duplicates()
        return self.placed

    def _put(self, row: Row, split: SplitName | None, probe: Probe | None = None, reason: str = "") -> None:
        self.placed[row.id] = Placement(split, probe, reason)

    def _share(self, *key: object) -> float:
        """A number in [0, 1) that depends on the seed and `key` alone."""
        return _rank(self.seed, *key) / 2**64

    def _without_repeats(self) -> list[Row]:
        """A training question may be asked again with another answer, a question kept for testing only once."""
        seen: set[tuple[str, str, str]] = set()
        kept = []
        for row in sorted(self.rows, key=lambda row: (row.fact, order(self.seed, row.id))):
            key = (row.fact, row.language, " ".join(row.question.split()))
            if key in seen and row.kept:
                self._put(row, None, reason="repeated")
                continue
            seen.add(key)
            kept.append(row)
        return kept

    # --- whole facts -------------------------------------------------------------------------------------------------

    def _by_fact(self, rows: list[Row], probe: Probe) -> None:
        """A tenth of the facts is tested and a tenth validated; the rest is trained, but not in a test wording."""
        facts = sorted({row.fact for row in rows})
        share = _enough(TEST_SHARE, len(facts))
        asked: Counter[tuple[str, str]] = Counter()
        for row in sorted(rows, key=lambda row: (not row.kept, order(self.seed, row.id))):
            place = self._share(probe, row.fact)
            if place < share:
                asked[row.fact, row.language] += 1
                fits = asked[row.fact, row.language] <= PER_FACT
                self._put(row, "test" if fits else None, probe if fits else None, "" if fits else "held_out")
            elif place < share + VAL_SHARE or row.kept:
                self._put(row, "val")
            else:
                self._put(row, "train")

    # --- definitions that train never sees ---------------------------------------------------------------------------

    def _hold_out_definitions(self, rows: list[Row]) -> list[Row]:
        paths = {element: path for row in rows for element, path in row.tells}
        inside = _units(paths)
        chosen = self._chosen_definitions(rows, inside)
        rest = []
        asked: Counter[tuple[str, str]] = Counter()
        for row in sorted(rows, key=lambda row: (row.task != "code_location", not row.kept, order(self.seed, row.id))):
            if inside.get(row.subject) in chosen:
                asked[row.fact, row.language] += 1
                fits = row.task == "code_location" and asked[row.fact, row.language] <= PER_FACT
                self._put(row, "test" if fits else None, "unseen_fact" if fits else None, "" if fits else "held_out")
            elif any(inside.get(element) in chosen for element, _ in row.tells):
                self._put(row, None, reason="tells_held_out")
            else:
                rest.append(row)
        return rest

    def _chosen_definitions(self, rows: list[Row], inside: dict[str, str]) -> set[str]:
        """Top-level definitions, each with all that lies in it, that few samples about other things would tell of."""
        if self.unseen_fact_share == 0:
            return set()
        told: Counter[str] = Counter()
        asked = {inside[row.subject] for row in rows if row.task == "code_location" and row.subject in inside}
        for row in rows:
            told.update({inside[e] for e, _ in row.tells if e in inside} - {inside.get(row.subject, "")})
        fitting = [unit for unit in asked if told[unit] <= WIDELY_TOLD]
        share = _enough(self.unseen_fact_share, len(fitting))
        return {unit for unit in fitting if self._share("unseen_fact", unit) < share}

    # --- subjects that train sees in one language --------------------------------------------------------------------

    def _hold_out_languages(self, rows: list[Row]) -> list[Row]:
        spoken: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            spoken[row.subject].add(row.language)
        both = sorted(subject for subject, languages in spoken.items() if len(languages) > 1)
        share = _enough(TEST_SHARE / 4, len(both))
        held = {
            subject: sorted(spoken[subject])[_rank(self.seed, "language", subject) % len(spoken[subject])]
            for subject in both
            if self._share("cross_language", subject) < share
        }
        rest = []
        asked: Counter[tuple[str, str]] = Counter()
        for row in sorted(rows, key=lambda row: (not row.kept, order(self.seed, row.id))):
            if held.get(row.subject) != row.language:
                rest.append(row)
                continue
            asked[row.fact, row.language] += 1
            fits = asked[row.fact, row.language] <= PER_FACT
            self._put(row, "test" if fits else None, "cross_language" if fits else None, "" if fits else "held_out")
        return rest

    # --- wordings ----------------------------------------------------------------------------------------------------

    def _by_wording(self, rows: list[Row]) -> None:
        """Wordings kept for testing fill test and then val; val takes what it lacks from the training wordings."""
        whole = len(rows) + sum(1 for each in self.placed.values() if each.split is not None)
        kept = [row for row in rows if row.kept]
        room = TEST_SHARE * whole - Counter(each.split for each in self.placed.values())["test"]
        for probe, group in _by_direction(kept).items():
            threshold = _part(room * len(group) / len(kept), len(group), least=LEAST_ROWS)
            for row in group:
                tested = self._share("test", *row.unit) < threshold
                self._put(row, "test" if tested else "val", probe if tested else None)
        placed = Counter(each.split for each in self.placed.values())
        plain = [row for row in rows if not row.kept]
        threshold = _part(VAL_SHARE * whole - placed["val"], len(plain), least=0)
        first: dict[tuple[str, str], Unit] = {}
        for row in sorted(plain, key=lambda row: self._share("val", *row.unit), reverse=True):
            always = first.setdefault((row.fact, row.language), row.unit)
            validated = self._share("val", *row.unit) < threshold and row.unit != always
            self._put(row, "val" if validated else "train")

    def _keep_tested_facts_trained(self) -> None:
        """A test row says that its fact was trained (`cross_language`: in another language); if not, it is left out."""
        trained: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            if self.placed[row.id].split == "train":
                trained[row.fact].add(row.language)
        for row in self.rows:
            probe = self.placed[row.id].probe
            if probe in ("unseen_wording", "reverse") and row.language not in trained[row.fact]:
                self._put(row, None, reason="never_trained")
            if probe == "cross_language" and not trained[row.fact]:
                self._put(row, None, reason="never_trained")

    def _drop_near_duplicates(self) -> None:
        """A test or val question that differs from a training question in next to nothing measures nothing."""
        train = [row for row in self.rows if self.placed[row.id].split == "train"]
        index = NearDuplicates((row.language, row.question) for row in train)
        for row in self.rows:
            if self.placed[row.id].split in ("val", "test") and index.has((row.language, row.question)):
                self._put(row, None, reason="near_duplicate")


def _units(paths: dict[str, str]) -> dict[str, str]:
    """Element → the top-level definition it is or lies in; modules are not among them."""
    definitions = {element for element, path in paths.items() if not _is_module(element, path)}
    found: dict[str, str] = {}
    for element in definitions:
        unit = element
        outer = element.rpartition(".")[0]
        while outer in definitions:
            unit, outer = outer, outer.rpartition(".")[0]
        found[element] = unit
    return found


def _is_module(element: str, path: str) -> bool:
    if not path.endswith(".py"):
        return True
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return dotted == element or dotted.endswith("." + element)


def _enough(share: float, count: int) -> float:
    """`share`, raised so far that `LEAST_ROWS` of `count` are chosen, but not above `MOST_HELD_OUT`."""
    return max(share, min(MOST_HELD_OUT, LEAST_ROWS / (count * PER_FACT))) if count else share


def _part(wanted: float, available: int, least: int) -> float:
    """The threshold that lets about `wanted` of `available` through, and at least `least`."""
    return max(wanted, least) / available if available else 0.0


def _by_direction(rows: list[Row]) -> dict[Probe, list[Row]]:
    groups: dict[Probe, list[Row]] = {"unseen_wording": [], "reverse": []}
    for row in rows:
        groups["reverse" if row.direction == "reverse" else "unseen_wording"].append(row)
    return {probe: group for probe, group in groups.items() if group}


def _rank(*parts: object) -> int:
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
