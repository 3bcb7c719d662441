"""The folders whose files are tests: as the build files say, else as the names say."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Collection

from utils.analysis.places import is_test

_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|tests)\.py$")
_TEST_FOLDER = re.compile(r"_*tests?")
_LIKELY = re.compile(rf"{_TEST_FOLDER.pattern}|testing")


def find_test_folders(declared: Collection[str], paths: Collection[str]) -> list[str]:
    """Those of the `declared` folders and files of `paths` that are tests; where none is, the topmost named so.

    A declared folder may be one in which tests are looked for, and hold the package, too (`testpaths = ["src"]`): a
    folder with a package counts where it is called so, or where most of its files are, but for those in such folders
    further down.
    """
    folders: set[str] = set()
    packages: set[str] = set()
    balance: Counter[str] = Counter()  # test files less other files
    for path in paths:
        above, name = _parents(path), posixpath.basename(path)
        folders.update(above)
        if name == "__init__.py":
            packages.update(above)
        elif name.endswith(".py"):
            for folder in reversed(above):
                balance[folder] += 1 if is_test(name) else -1
                if _is_named(folder):
                    break

    def holds_tests(folder: str) -> bool:
        return _is_named(folder) or balance[folder] > 0

    existing = {item for item in declared if item in folders and (item not in packages or holds_tests(item))}
    existing.update(item for item in declared if item in paths)
    if existing:
        return sorted(existing)
    found = set()
    for path in paths:
        if _TEST_FILE.search(path):
            above = _parents(path)
            likely = [folder for folder in above if _LIKELY.fullmatch(posixpath.basename(folder))] + above[-1:]
            found.add(next(filter(holds_tests, likely), path))
    return sorted(item for item in found if not any(parent in found for parent in _parents(item)))


def _is_named(folder: str) -> bool:
    return _TEST_FOLDER.fullmatch(posixpath.basename(folder)) is not None


def _parents(path: str) -> list[str]:
    """The folders above, the topmost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
