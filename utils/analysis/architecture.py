"""The repository's layers: strongly connected components of the import graph, the imported below the importing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from utils.records import Architecture


def architecture(
    modules: Iterable[str], imports: Mapping[str, Sequence[str]], packages: Iterable[str] = ()
) -> Architecture:
    """Layers and packages of the `modules`; `imports` maps a module to those it imports.

    `packages` are the modules that are a package's own; whatever else has modules in it is a package without one.

    A layer is a set of modules that import each other in a circle, or one module by itself. Layers come lowest first:
    each imports only from layers before it. A package counts the modules in it, at any depth and with its own.
    """
    known = sorted(set(modules))
    present = set(known)
    edges = {module: [each for each in imports.get(module, ()) if each in present] for module in known}
    components = _components(known, edges)
    member_of = {module: index for index, component in enumerate(components) for module in component}
    depth: list[int] = []
    for index, component in enumerate(components):
        below = {member_of[target] for module in component for target in edges[module]} - {index}
        depth.append(max((depth[other] + 1 for other in below), default=0))
    order = sorted(range(len(components)), key=lambda index: (depth[index], components[index]))
    return Architecture([components[index] for index in order], _packages(known, packages))


def _packages(modules: Sequence[str], packages: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(packages, 0)
    for module in modules:
        parts = module.split(".")
        for length in range(1, len(parts)):
            if parts[length - 1]:  # it is empty before the name of a hidden folder, as in `.ci.build`
                package = ".".join(parts[:length])
                counts[package] = counts.get(package, 0) + 1
    present = set(modules)
    return {package: count + (package in present) for package, count in sorted(counts.items())}


def _components(nodes: Sequence[str], edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Tarjan's algorithm (SIAM J. Comput. 1972), without recursion; a component comes after all it points to."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    components: list[list[str]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    position = stack.index(node)
                    components.append(sorted(stack[position:]))
                    on_stack.difference_update(stack[position:])
                    del stack[position:]
    return components
