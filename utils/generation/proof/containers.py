"""Items: what containers hold, what iterating, indexing and entering give."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from utils.generation.proof.values import UNKNOWN, Seen, Value, Values, joined, ordered

if TYPE_CHECKING:
    from utils.generation.proof.resolve import Repository

OF_MAPS = {"values": "bag", "get": "item", "pop": "item", "setdefault": "item", "copy": "same"}
OF_BAGS = {"pop": "item", "copy": "same", "popleft": "item"}


def from_container(repo: Repository, path: str, scope: int, target: tuple, depth: int, seen: Seen) -> Values:
    """What `d.get(k)`, `d.values()` or `items.pop()` give."""
    parts: list[Values] = []
    if target[2] in OF_MAPS:
        for value in ordered(repo.resolve(path, scope, target[1], depth, seen)):
            what = (OF_MAPS if value.kind == "map" else OF_BAGS if value.kind == "bag" else {}).get(target[2], "")
            if what == "item":
                parts.append(items_of(repo, value, depth, seen))
            elif what:
                parts.append(frozenset({value._replace(kind="bag" if what == "bag" else value.kind)}))
    return frozenset().union(*parts)


def item(repo: Repository, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
    """`x[k]`."""
    parts = []
    for value in ordered(repo.resolve(path, scope, ref[1], depth, seen)):
        if value.kind in ("bag", "map"):
            parts.append(items_of(repo, value, depth, seen))
        elif value.kind == "instance":
            parts.append(repo.method_gives(value, "__getitem__", depth, seen))
        else:
            parts.append(frozenset({value}) if value.kind == "def" and repo.is_class(value) else UNKNOWN)
    return joined(parts)


def iterated(repo: Repository, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
    """What iterating over `x` gives: items of a container, not the values of a dictionary."""
    parts = []
    for value in ordered(repo.resolve(path, scope, ref[1], depth, seen)):
        if value.kind == "bag":
            parts.append(items_of(repo, value, depth, seen))
        elif value.kind == "instance":
            for made in ordered(repo.method_gives(value, "__iter__", depth, seen)):
                parts.append(items_of(repo, made, depth, seen))
                if made.kind == "instance":
                    parts.append(repo.method_gives(made, "__next__", depth, seen))
    return joined(parts) if parts else UNKNOWN


def container(repo: Repository, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
    """A list, tuple, set or dictionary, kept by a number that follows from its place alone."""
    key = (path, scope, ref)
    place = repo.bags.get(key)
    if place is None:
        digest = hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        place = repo.bags[key] = int.from_bytes(digest, "big")
        repo.bag_places[place] = key
    return frozenset({Value("map" if ref[0] == "b{" else "bag", path, place)})


def items_of(repo: Repository, value: Value, depth: int, seen: Seen) -> Values:
    """What a container holds."""
    if value.kind not in ("bag", "map"):
        return UNKNOWN
    path, scope, ref = repo.bag_places[value.place]
    return repo.one_of(path, scope, ref, depth, seen) if len(ref) > 1 else UNKNOWN


def entered(repo: Repository, path: str, scope: int, ref: tuple, depth: int, seen: Seen) -> Values:
    """What `with x as y` binds: what `__enter__` returns, or what a context manager's generator yields."""
    parts = []
    for value in ordered(repo.resolve(path, scope, ref[1], depth, seen)):
        if value.kind == "bag":
            parts.append(items_of(repo, value, depth, seen))
        elif value.kind == "instance":
            names = [name for name in ("__enter__", "__aenter__") if repo.owner_of(value, name)]
            parts.append(repo.method_gives(value, names[0], depth, seen) if names else UNKNOWN)
        else:
            parts.append(UNKNOWN)
    return joined(parts)
