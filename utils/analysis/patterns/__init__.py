"""Patterns that teach: what implements what, how things are used, what uses what, and where a new X is made known.

Each file is looked at for what it contributes (`findings`), and the contributions are put together. What a file
contributes and how each module is used are remembered from run to run; the rest is small enough to be made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from utils.analysis.cache import Memory
from utils.analysis.packing import Gist
from utils.analysis.patterns.findings import Finder, Findings
from utils.analysis.patterns.implementation import Classes, Contracts, contracts, implementations
from utils.analysis.patterns.names import Definitions, Names
from utils.analysis.patterns.registration import registrations
from utils.analysis.patterns.source import Contents, File
from utils.analysis.patterns.usage import Spans, usages
from utils.records import EntryPoint


class Repository(NamedTuple):
    """What patterns are looked for in. `gists` are by path, of all `files`; `bases` are those of all classes by id."""

    version: str
    files: Sequence[File]
    gists: Mapping[str, Gist]
    bases: Mapping[str, Sequence[str]]
    entry_points: Sequence[EntryPoint]


def find_patterns(repository: Repository, contents: Contents, memory: Memory) -> bytes:
    """All patterns of a repository, by kind and subject, as a JSON array."""
    gists, bases = repository.gists, repository.bases
    modules = {file.module: file.path for file in repository.files if file.module}
    definitions = Definitions(modules, contents.sheet, bases)
    names = {
        file.module: gists[file.path].names + hashlib.sha256(file.encoded_bases).digest()
        for file in repository.files
        if file.module
    }
    found = Finder(memory, repository.version, names, definitions, contents).find(repository.files)
    classes = Classes({path: gist.classes for path, gist in gists.items()}, lambda path: contents.sheet(path).outlines)
    registered = {path: each.registrations for path, each in found.items()}
    parts = [
        _encoded(implementations(classes, bases, _contracts(repository, classes, memory))),
        _usages(repository.version, modules, found, memory),
        *(found[modules[module]].interactions for module in sorted(modules)),
        _encoded(registrations(registered, Names(definitions), repository.entry_points)),
    ]
    return b"[" + b",".join(part for part in parts if part) + b"]"


def _encoded(patterns: Iterable[object]) -> bytes:
    return msgspec.json.encode(list(patterns))[1:-1]


def _contracts(repository: Repository, classes: Classes, memory: Memory) -> Contracts:
    whole = hashlib.sha256(f"{repository.version}\0contracts".encode())
    for file in repository.files:
        whole.update(file.path.encode() + repository.gists[file.path].signatures + file.encoded_bases)
    return memory.know(whole.hexdigest(), Contracts, lambda: contracts(classes, repository.bases))


def _usages(version: str, modules: Mapping[str, str], found: Mapping[str, Findings], memory: Memory) -> bytes:
    """How the elements of each module are used follows from what its users have of it."""
    users: dict[str, list[tuple[str, bytes]]] = {}
    for path, each in found.items():
        for module, spans in each.uses.items():
            users.setdefault(module, []).append((path, spans))
    keys = {module: _usage_key(version, modules[module], of) for module, of in users.items()}
    known = memory.read(keys.values())
    uses: dict[str, bytes] = {}
    for module, key in keys.items():
        if key not in known:
            of_module = ((path, msgspec.msgpack.decode(data, type=Spans)) for path, data in users[module])
            patterns = {each.subject: msgspec.json.encode(each) for each in usages(modules[module], of_module)}
            known[key] = msgspec.msgpack.encode(patterns)
            memory.learn(key, known[key])
        uses.update(msgspec.msgpack.decode(known[key], type=dict[str, bytes]))
    return b",".join(uses[subject] for subject in sorted(uses))


def _usage_key(version: str, path: str, users: Iterable[tuple[str, bytes]]) -> str:
    whole = hashlib.sha256(f"{version}\0usage\0{path}".encode())
    for user, spans in users:
        whole.update(f"\0{user}\0".encode() + spans)
    return whole.hexdigest()
