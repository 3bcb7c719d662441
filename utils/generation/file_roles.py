"""What a file is for, by its place: a test, or something that helps the project along."""

from __future__ import annotations

from collections.abc import Iterable

SUPPORTING = frozenset(
    [
        "bench",
        "benchmark",
        "benchmarks",
        "ci",
        "demo",
        "demos",
        "doc",
        "docs",
        "example",
        "examples",
        "samples",
        "script",
        "scripts",
        "tool",
        "tools",
    ]
)


def is_test(path: str, test_paths: Iterable[str]) -> bool:
    """True for a file in one of the project's test folders, or named as pytest and unittest name tests."""
    name = path.rpartition("/")[2]
    inside = any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in test_paths)
    return inside or name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py" or "/tests/" in path


def is_supporting(path: str) -> bool:
    """True for a file in a hidden or supporting top-level folder, and for the packaging script."""
    folder, slash, _ = path.partition("/")
    return path == "setup.py" or (bool(slash) and (folder.startswith(".") or folder.lower() in SUPPORTING))
