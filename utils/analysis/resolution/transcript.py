"""What a module heard and said in one run, in a form that means the same in the next one.

Values are interned anew in each run, so that their numbers mean nothing in another one: messages are kept with the
values themselves.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Sequence
from typing import Any

from utils.analysis.resolution.exchange import ANSWER, GIVE, RECEIVE, Message
from utils.analysis.resolution.values import Values

WITH_VALUE = frozenset({ANSWER, GIVE, RECEIVE})
PLAIN = 2  # marshal's last version in which equal objects are always written as equal bytes


def encode(values: Values, messages: Sequence[Message]) -> bytes:
    """Messages as bytes: equal messages as equal bytes."""
    form = values.form
    return marshal.dumps(
        [(kind, ref, form(value)) if kind in WITH_VALUE else (kind, ref, value) for kind, ref, value in messages], PLAIN
    )


def decode(values: Values, data: bytes) -> list[Message]:
    """The inverse of `encode`."""
    found: list[tuple[int, Any, Any]] = marshal.loads(data)
    return [
        (kind, ref, values.intern_form(value)) if kind in WITH_VALUE else (kind, ref, value)
        for kind, ref, value in found
    ]


def digest(data: bytes) -> bytes:
    """Tells whether messages are the same as in another run."""
    return hashlib.blake2b(data, digest_size=16).digest()
