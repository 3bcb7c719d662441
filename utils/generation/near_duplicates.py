"""Questions that differ in next to nothing: MinHash (Broder 1997) with locality-sensitive hashing, by datasketch.

Two questions are near-duplicates when they name the same things and the words around the names nearly coincide. Names
are taken out before texts are compared: a repository's questions are a few hundred wordings around many names, so only
the wordings are hashed, and `where is a.b?` never counts as a copy of `where is a.c?`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from datasketch import MinHash, MinHashLSH

THRESHOLD = 0.8  # Jaccard similarity of character 4-grams
CANDIDATE = 0.7  # the index answers a little below it, so that its estimate misses next to nothing
PERMUTATIONS = 128
GRAM = 4

_NAMED = re.compile(r"`[^`]*`|“[^”]*”|「[^」]*」|[\w.-]*[\w]/[\w./-]+\w|\w+(?:[._]\w+)+")
_QUOTES = "`“”「」"

Question = tuple[str, str]


class NearDuplicates:
    """An index over (language, question); `has` finds whether a near-duplicate of a question is in it."""

    def __init__(self, questions: Iterable[Question]) -> None:
        self._named: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        self._index = MinHashLSH(threshold=CANDIDATE, num_perm=PERMUTATIONS)
        self._near: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._grams: dict[tuple[str, str], frozenset[str]] = {}
        for language, question in questions:
            names, words = masked(question)
            key = (language, words)
            if key not in self._named:
                self._named[key] = set()
                self._index.insert(key, _hashed(self._grams_of(key)), check_duplication=False)
            self._named[key].add(names)

    def has(self, question: Question) -> bool:
        """True when the index holds a question with the same names in nearly the same words."""
        names, words = masked(question[1])
        return any(names in self._named[key] for key in self._neighbours((question[0], words)))

    def _neighbours(self, key: tuple[str, str]) -> list[tuple[str, str]]:
        if key not in self._near:
            grams = self._grams_of(key)
            found = self._index.query(_hashed(grams))
            self._near[key] = [each for each in found if each[0] == key[0] and _alike(grams, self._grams_of(each))]
        return self._near[key]

    def _grams_of(self, key: tuple[str, str]) -> frozenset[str]:
        if key not in self._grams:
            text = key[1]
            self._grams[key] = frozenset(text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1)))
        return self._grams[key]


def masked(question: str) -> tuple[tuple[str, ...], str]:
    """What a question names or quotes, sorted, and the rest of it in lower case with single spaces."""
    names = tuple(sorted(match.group().strip(_QUOTES) for match in _NAMED.finditer(question)))
    return names, re.sub(r"[\W_]+", " ", _NAMED.sub(" NAME ", question)).strip().lower()


def _hashed(grams: frozenset[str]) -> MinHash:
    sketch = MinHash(num_perm=PERMUTATIONS)
    sketch.update_batch([gram.encode("utf-8", "surrogatepass") for gram in grams])
    return sketch


def _alike(left: frozenset[str], right: frozenset[str]) -> bool:
    return len(left & right) >= THRESHOLD * len(left | right)
