"""What kind of code a path holds: what is tested, what tests, what shows how."""

from __future__ import annotations

import re
from functools import lru_cache

_TESTS = re.compile(r"(^|/)tests?/|^testing/|(^|/)(test_[^/]*|[^/]*_test|conftest|tests)\.py$")
_EXAMPLES = re.compile(
    r"(^|/)(examples?|samples?|demos?|tutorials?|cookbooks?|docs?)/|(^|/)(example|demo|sample)[^/]*\.py$"
)


@lru_cache(maxsize=1 << 16)
def is_test(path: str) -> bool:
    """True for test modules and for what lies beside them."""
    return bool(_TESTS.search(path))


@lru_cache(maxsize=1 << 16)
def is_example(path: str) -> bool:
    """True for code that is there to be read: examples, tutorials, documentation."""
    return bool(_EXAMPLES.search(path))
