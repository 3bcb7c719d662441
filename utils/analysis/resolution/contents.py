"""What lies in containers: a node for each constant key, and one for what may lie anywhere."""

from __future__ import annotations

from typing import Any

from utils.analysis.resolution import ir
from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.exchange import CONTENT, CONTENTS, COPY, MERGE, Exchange, Ref
from utils.analysis.resolution.graph import World
from utils.analysis.resolution.hierarchy import Module
from utils.analysis.resolution.ir import NODE_BITS


class Contents(Exchange):
    """`site` is the node at which a container is made, in this module or another one."""

    def __init__(self, world: World, module: Module) -> None:
        super().__init__(world, module)
        self.contents: dict[int, dict[Any, int]] = {}
        self.every_key: dict[int, int] = {}
        self.versions: dict[int, list[tuple[int, Any]]] = {}
        self.merged_into: dict[int, list[Ref]] = {}

    def content(self, site: int, key: Any) -> Ref:
        """The node of what lies under a key of a container."""
        tagged = (type(key).__name__, key)
        if site >> NODE_BITS != self.home:
            return (site >> NODE_BITS, CONTENT, site, *tagged)
        keys = self.contents.setdefault(site, {})
        node = keys.get(tagged)
        if node is None:
            node = keys[tagged] = self.new()
            every = self.every_key.get(site)
            if every is not None and key != ir.KEYS:
                self.link(node, every)
            for version, replaced in self.versions.get(site, ()):
                if tagged != replaced:
                    self.link(node, self.content(version, key))
            for target in self.merged_into.get(site, ()):
                self.link(node, self.content(target, key if key.__class__ is str else ir.ANY))
        return node

    def all_contents(self, site: int) -> Ref:
        """The node of everything in a container."""
        if site >> NODE_BITS != self.home:
            return (site >> NODE_BITS, CONTENTS, site)
        node = self.every_key.get(site)
        if node is None:
            node = self.every_key[site] = self.new()
            for (_, key), item in list(self.contents.get(site, {}).items()):
                if key != ir.KEYS:
                    self.link(item, node)
        return node

    def inside(self, site: int) -> list[int]:
        """All values in a container of this module and in the containers of this module in it, at most two deep."""
        found: dict[int, None] = {}
        sites = {site: 0}  # how deep each lies
        for current in (order := [site]):
            for node in self.contents.get(current, {}).values():
                values = self.points.get(node, ())
                for value in values:
                    what = self.values.table[value]
                    if len(values) == 1 or what[0] == kinds.FUNCTION:  # an instance of many is not what the table holds
                        found[value] = None
                    if what[0] == kinds.CONTAINER and sites[current] < 2 and int(what[1]) not in sites:  # type: ignore[call-overload]
                        sites[int(what[1])] = sites[current] + 1  # type: ignore[call-overload]
                        order.append(int(what[1]))  # type: ignore[call-overload]
        return list(found)

    def renew(self, old: int, version: int, key: Any) -> None:
        """`version` holds what `old` holds, but for the entry that was just replaced."""
        self.versions.setdefault(old, []).append((version, (type(key).__name__, key)))
        for tagged, node in list(self.contents.get(old, {}).items()):
            if tagged != (type(key).__name__, key):
                self.link(node, self.content(version, tagged[1]))

    def merge_into(self, source: int, target: int) -> None:
        """What lies in a container lies in another one, too."""
        if source >> NODE_BITS != self.home:
            self.send_once(source >> NODE_BITS, MERGE, source, target)
            return
        if source == target or target in self.merged_into.setdefault(source, []):
            return
        self.merged_into[source].append(target)
        for (_, key), node in list(self.contents.get(source, {}).items()):
            self.link(node, self.content(target, key if key.__class__ is str else ir.ANY))

    def pour_into(self, source: int, target: int) -> None:
        """What lies in a container lies in another one, under whatever key: one link for all of its keys."""
        self.link(self.all_contents(source), self.content(target, ir.ANY))
        self.link(self.content(source, ir.KEYS), self.content(target, ir.KEYS))

    def copy_into(self, source: int, target: int) -> None:
        """What lies in a container lies in another one under the same keys, too."""
        if source >> NODE_BITS != self.home:
            self.send_once(source >> NODE_BITS, COPY, source, target)
        elif source != target and (target, None) not in self.versions.get(source, ()):
            self.versions.setdefault(source, []).append((target, None))
            for (_, key), node in list(self.contents.get(source, {}).items()):
                self.link(node, self.content(target, key))
