"""What each file contributes to the patterns, found anew only where something it follows from has changed.

A file's findings follow from three things: the file itself, the resolved calls and bases in it, and what other files
answered when its names were looked up. The first two are hashed into the key the findings are kept under. For the third
the last run left a `Ledger`: a digest of every module's names, and which modules each file's answers came from. Where
one of those has changed, the same questions are asked again; only where an answer differs is the file looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from utils.analysis.cache import Memory
from utils.analysis.patterns.names import Definitions, Looked, Names, prefixes
from utils.analysis.patterns.registration import Registrations
from utils.analysis.patterns.source import Contents, File

FOUND, LOOKED = ".found", ".looked"


class Findings(msgspec.Struct, array_like=True):
    """`uses` are {module: encoded `Spans`}, `interactions` the JSON objects of patterns with commas between."""

    uses: dict[str, bytes] = {}
    interactions: bytes = b""
    registrations: Registrations = msgspec.field(default_factory=Registrations)


class Ledger(msgspec.Struct, array_like=True):
    """`names` is a digest of each module's names, `consulted` the modules that each file's answers came from.

    The latter is by the key of the file's findings, and stays encoded: most runs need little of it.
    """

    names: dict[str, bytes] = {}
    consulted: dict[str, msgspec.Raw] = {}


class Finder:
    """Finds what the files contribute. `names` is a digest of what other files can find out of each module by name."""

    def __init__(
        self, memory: Memory, version: str, names: Mapping[str, bytes], definitions: Definitions, contents: Contents
    ) -> None:
        self._memory, self._definitions, self._contents = memory, definitions, contents
        self._place = f"{version}.ledger"
        self._old = memory.recall(self._place, Ledger) or Ledger()
        self._new = Ledger(dict(names))
        self._changed = _changed(self._old.names, names)

    def find(self, files: Sequence[File]) -> dict[str, Findings]:
        """{path: its findings}, in the order of `files`."""
        keys = {file.path: _key(file) for file in files}
        known = self._memory.read(key + FOUND for key in keys.values() if key in self._old.consulted)
        self._memory.retain(key + LOOKED for key in keys.values())
        found = {}
        for file in files:
            key = keys[file.path]
            if key + FOUND in known and self._still_holds(key):
                found[file.path] = msgspec.msgpack.decode(known[key + FOUND], type=Findings)
            else:
                found[file.path] = self._look(file, key)
        if self._new != self._old:
            self._memory.learn(self._place, msgspec.msgpack.encode(self._new))
        return found

    def _still_holds(self, key: str) -> bool:
        """True where all that other files answered is what they would answer now."""
        consulted = self._old.consulted[key]
        if self._changed and not self._changed.isdisjoint(msgspec.msgpack.decode(consulted, type=list[str])):
            looked, names = self._memory.recall(key + LOOKED, list[Looked]), Names(self._definitions)
            if looked is None or not names.still(looked):
                return False
            consulted = _consulted(names)
        self._new.consulted[key] = consulted
        return True

    def _look(self, file: File, key: str) -> Findings:
        from utils.analysis.patterns.looking import look  # most runs look at no file, or at one

        names = Names(self._definitions)
        found = look(file, names, self._contents)
        looked = [(*question, answer) for question, answer in names.looked.items()]
        self._memory.learn(key + FOUND, msgspec.msgpack.encode(found))
        self._memory.learn(key + LOOKED, msgspec.msgpack.encode(looked))
        self._new.consulted[key] = _consulted(names)
        return found


def _key(file: File) -> str:
    return hashlib.sha256(b"\0".join((file.key.encode(), file.encoded_bases, file.encoded_sites))).hexdigest()


def _changed(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> set[str]:
    """The modules whose names have changed, and all packages around those that came or went."""
    changed = {module for module, _ in old.items() ^ new.items()}
    return changed.union(*(prefixes(module) for module in changed if module not in old or module not in new))


def _consulted(names: Names) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(sorted(names.consulted)))
