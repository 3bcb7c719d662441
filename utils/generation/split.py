"""Which samples are trained on, and what each test row measures.

The unit is (fact, wording, language): none of test's or val's occurs in train. Every choice compares a hash of
(seed, what is chosen) with a threshold, so one changed file of the repository moves only its own samples and the few
that a slightly shifted threshold lets through. The probes are those of DESIGN.md:

unseen_wording  a wording kept for testing, of a fact trained in other wordings (reverse: the same, asked backwards)
cross_language  some definitions, with all that lies in them, are trained in one language only and asked in the other,
                in which no training sample names them
unseen_fact     some definitions, with all that lies in them, occur nowhere in train: what is answered is guessed
absent_symbol   names, absent and real, that no training sample of the task holds
general         general knowledge that no training sample holds
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from utils.generation.near_duplicates import NearDuplicates
from utils.generation.rows import Placement, Row, SplitName, Unit, lowest, order, outwards, rank, units
from utils.records import Probe

TEST_SHARE = VAL_SHARE = 0.1
LEAST_ROWS = 100  # rows that a probe should have in test, where the repository allows
CHOSEN_ROWS = 115  # are chosen for it, for some will be near-duplicates of what is trained
LEAST_SHARE, MOST_SHARE = 0.02, 0.025  # of all samples, for a probe whose facts are kept from training as a whole
LANGUAGE_SHARE = 0.025  # of the definitions are trained in one language only
MOST_HELD_OUT = 0.15  # of the definitions (or facts) may be kept from training for one probe
WIDELY_TOLD = 40  # training samples in one language, or
WIDELY_TOLD_SHARE = 0.003  # of all in it, that would be lost by holding a definition out, beyond which it stays in


def place(rows: Sequence[Row], seed: int, unseen_fact_share: float = 0.05) -> dict[str, Placement]:
    """Sample id → where it goes."""
    return _Splitter(rows, seed, unseen_fact_share).placements()


class _Splitter:
    def __init__(self, rows: Sequence[Row], seed: int, unseen_fact_share: float) -> None:
        self.rows = sorted(rows, key=lambda row: row.id)
        self.seed = seed
        self.unseen_fact_share = unseen_fact_share
        self.placed: dict[str, Placement] = {}
        self.languages = frozenset(row.language for row in rows if row.task != "general_knowledge")
        self.inside = units({element: path for row in self.rows for element, path in row.tells})
        self.most_lost = max(WIDELY_TOLD, WIDELY_TOLD_SHARE * len(rows) / max(1, len(self.languages)))

    def placements(self) -> dict[str, Placement]:
        open_rows = self._without_repeats()
        general = [row for row in open_rows if row.task == "general_knowledge"]
        own = [row for row in open_rows if row.task != "general_knowledge"]
        own = self._hold_out_definitions(own)
        own = self._hold_out_languages(own)
        self._by_fact(general, "general")
        self._by_fact([row for row in own if row.task == "absent_symbol"], "absent_symbol")
        self._by_wording([row for row in own if row.task != "absent_symbol"])
        self._keep_tested_facts_trained()
        self._drop_near_duplicates()
        return self.placed

    def _put(self, row: Row, split: SplitName | None, probe: Probe | None = None, reason: str = "") -> None:
        self.placed[row.id] = Placement(split, probe, reason)

    def _share(self, *key: object) -> float:
        """A number in [0, 1) that depends on the seed and `key` alone."""
        return rank(self.seed, *key) / 2**64

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
        facts = Counter(row.fact for row in rows)
        tested = self._lowest(facts, probe, TEST_SHARE, CHOSEN_ROWS)
        share = max((self._share(probe, fact) for fact in tested), default=0.0)
        self._test([row for row in rows if row.fact in tested], probe)
        for row in rows:
            if row.fact not in tested:
                validated = self._share(probe, row.fact) < share + VAL_SHARE or row.kept
                self._put(row, "val" if validated else "train")

    def _lowest(self, rows: Counter[str], what: str, share: float, least: int) -> set[str]:
        """What is kept from training for one probe: `share` of it, and as much as the probe needs, within reason."""
        needed = min(least, round(LEAST_SHARE * len(self.rows)))
        return lowest(rows, {key: self._share(what, key) for key in rows}, share, needed, MOST_HELD_OUT)

    def _test(self, rows: Iterable[Row], probe: Probe) -> None:
        """Ask each held-out fact in each language in turn, test wordings first, until the probe has rows enough."""
        turns: Counter[tuple[str, str]] = Counter()
        ranked = []
        for row in sorted(rows, key=lambda row: (not row.kept, order(self.seed, row.id))):
            turns[row.fact, row.language] += 1
            ranked.append((turns[row.fact, row.language], order(self.seed, row.id), row))
        ranked.sort(key=lambda item: item[:2])
        most = round(max(LEAST_ROWS, MOST_SHARE * len(self.rows)))
        for number, (_, _, row) in enumerate(ranked):
            if number < most:
                self._put(row, "test", probe)
            else:
                self._put(row, None, reason="held_out")

    # --- definitions that train never sees ---------------------------------------------------------------------------

    def _hold_out_definitions(self, rows: list[Row]) -> list[Row]:
        chosen = dict.fromkeys(self._chosen_definitions(rows), self.languages)
        rest, about = self._apart(rows, chosen)
        tested = [row for row in about if row.task == "code_location"]
        for row in about:
            self._put(row, None, reason="held_out")
        self._test(tested, "unseen_fact")
        return rest

    def _chosen_definitions(self, rows: list[Row]) -> set[str]:
        """Top-level definitions, each with all that lies in it, that few samples about other things would tell of."""
        if self.unseen_fact_share == 0:
            return set()
        told = self._told_of(rows, dict.fromkeys(self.inside, self.languages))
        located = [row.subject for row in rows if row.task == "code_location" and row.subject in self.inside]
        most = self.most_lost * len(self.languages)
        fitting = Counter(unit for unit in map(self.inside.__getitem__, located) if told[unit] <= most)
        return self._lowest(fitting, "unseen_fact", self.unseen_fact_share, CHOSEN_ROWS)

    def _apart(self, rows: list[Row], held: Mapping[str, frozenset[str]]) -> tuple[list[Row], list[Row]]:
        """Rows that tell nothing of what is held back in their language, and those about it; the others go.

        `held`: definition → the languages in which train must not name it, nor anything in it.
        """
        rest: list[Row] = []
        about: list[Row] = []
        names = {name for row in rows for name in (row.subject, *row.names)}
        within = {name: {each for outer in outwards(name) for each in held.get(outer, ())} for name in names}
        for row in rows:
            if row.language in within[row.subject]:
                about.append(row)
            elif any(row.language in within[name] for name in row.names):
                self._put(row, None, reason="tells_held_out")
            else:
                rest.append(row)
        return rest, about

    def _told_of(self, rows: list[Row], languages: Mapping[str, frozenset[str]]) -> Counter[str]:
        """Definition → how many rows about other things name it, or anything in it, in one of its `languages`."""
        told: Counter[str] = Counter()
        for row in rows:
            named = {outer for name in row.names for outer in outwards(name) if outer in languages}
            told.update(each for each in named.difference(outwards(row.subject)) if row.language in languages[each])
        return told

    # --- definitions that train sees in one language -----------------------------------------------------------------

    def _hold_out_languages(self, rows: list[Row]) -> list[Row]:
        rest, about = self._apart(rows, self._chosen_languages(rows))
        tested = [row for row in about if row.task != "absent_symbol"]
        for row in about:
            self._put(row, None, reason="held_out")
        self._test(tested, "cross_language")
        return rest

    def _chosen_languages(self, rows: list[Row]) -> dict[str, frozenset[str]]:
        """Definition → the language it is asked in and not trained in, the same for all in one top-level definition."""
        spoken: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            spoken[row.subject].add(row.language)
        languages = sorted(self.languages)
        held = {
            element: frozenset({languages[rank(self.seed, "language", unit) % len(languages)]})
            for element, unit in self.inside.items()
            if len(spoken[element]) > 1
        }
        told = self._told_of(rows, held)
        asked = Counter(
            row.subject
            for row in rows
            if row.task != "absent_symbol" and row.language in held.get(row.subject, ())
            if told[row.subject] <= self.most_lost
        )
        chosen = self._lowest(asked, "cross_language", LANGUAGE_SHARE, CHOSEN_ROWS)
        return {element: held[element] for element in chosen}

    # --- wordings ----------------------------------------------------------------------------------------------------

    def _by_wording(self, rows: list[Row]) -> None:
        """Wordings kept for testing fill test, then val, and are else left out; training wordings fill val up."""
        kept, plain = [row for row in rows if row.kept], [row for row in rows if not row.kept]
        placed = Counter(each.split for each in self.placed.values() if each.split)
        trained = len(plain) + placed["train"]
        whole = min(len(rows) + sum(placed.values()), trained / (1 - TEST_SHARE - VAL_SHARE))
        in_test, in_val = TEST_SHARE * whole - placed["test"], VAL_SHARE * whole - placed["val"]
        for probe, group in _by_probe(kept):
            tested = _part(in_test * len(group) / len(kept), len(group), least=CHOSEN_ROWS)
            validated = tested + _part(in_val * len(group) / len(kept), len(group), least=0)
            for row in group:
                place = self._share("kept", *row.unit)
                if place < tested:
                    self._put(row, "test", probe)
                elif place < validated:
                    self._put(row, "val")
                else:
                    self._put(row, None, reason="surplus")
        self._validate(plain, VAL_SHARE * whole)

    def _validate(self, rows: list[Row], wanted: float) -> None:
        """Train on `rows`, but for what val still lacks; a fact keeps at least one training wording per language."""
        lacking = wanted - sum(1 for each in self.placed.values() if each.split == "val")
        threshold = _part(lacking, len(rows), least=0)
        first: dict[tuple[str, str], Unit] = {}
        for row in sorted(rows, key=lambda row: self._share("val", *row.unit), reverse=True):
            always = first.setdefault((row.fact, row.language), row.unit)
            validated = self._share("val", *row.unit) < threshold and row.unit != always
            self._put(row, "val" if validated else "train")

    def _keep_tested_facts_trained(self) -> None:
        """A test row says that its fact was trained (`cross_language`: in another language); if not, val takes it."""
        trained: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            if self.placed[row.id].split == "train":
                trained[row.fact].add(row.language)
        for row in self.rows:
            probe = self.placed[row.id].probe
            if probe in ("unseen_wording", "reverse") and row.language not in trained[row.fact]:
                self._put(row, "val")
            if probe == "cross_language" and not trained[row.fact]:
                self._put(row, "val")

    def _drop_near_duplicates(self) -> None:
        """A test or val question that differs from a training question in next to nothing measures nothing."""
        train = [row for row in self.rows if self.placed[row.id].split == "train"]
        index = NearDuplicates((row.language, row.question) for row in train)
        for row in self.rows:
            if self.placed[row.id].split in ("val", "test") and index.has((row.language, row.question)):
                self._put(row, None, reason="near_duplicate")


def _part(wanted: float, available: int, least: int) -> float:
    """The threshold that lets about `wanted` of `available` through, and at least `least`."""
    return max(wanted, least, 0.0) / available if available else 0.0


def _by_probe(rows: list[Row]) -> list[tuple[Probe, list[Row]]]:
    """The rows of each probe; those about a place apart, for the exact path is what a report is first read for."""
    groups: defaultdict[tuple[Probe, bool], list[Row]] = defaultdict(list)
    for row in rows:
        probe: Probe = "reverse" if row.direction == "reverse" else "unseen_wording"
        groups[probe, row.task == "code_location"].append(row)
    return [(probe, group) for (probe, _), group in sorted(groups.items())]
