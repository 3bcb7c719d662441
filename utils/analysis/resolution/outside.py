"""Bases of classes from outside, as they are written: what is known of those that are Python's own types."""

from __future__ import annotations

import builtins
import collections.abc
from collections.abc import Iterator, Sequence
from functools import lru_cache

MADE_IN_PYTHON = frozenset({"ABC", "Protocol", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
RECORD_MAKERS = frozenset({"namedtuple", "NamedTuple"})
PLAIN_BASES = frozenset({"object", "Generic", "Protocol", "ABC"})
MODELS = frozenset({"BaseModel", "BaseSettings", "SQLModel"})  # of pydantic and what is built on it
FROM_CLASS = frozenset({
    "construct", "from_orm", "model_construct", "model_validate", "model_validate_json", "model_validate_strings",
    "parse_file", "parse_obj", "parse_raw",
})  # fmt: skip
FROM_OBJECT = frozenset({"copy", "model_copy"})
# Modules of Python's library that have neither protocols nor classes that others are registered with.
OF_THEIR_OWN = frozenset({
    "argparse", "array", "ast", "configparser", "csv", "datetime", "decimal", "email", "fractions", "http", "inspect",
    "ipaddress", "json", "logging", "optparse", "pathlib", "queue", "random", "re", "sqlite3", "ssl", "string",
    "struct", "subprocess", "tarfile", "tempfile", "threading", "time", "urllib", "uuid", "xml", "zipfile",
})  # fmt: skip
TYPES = {  # what `typing` calls Python's own
    "Dict": "dict",
    "List": "list",
    "Tuple": "tuple",
    "Set": "set",
    "FrozenSet": "frozenset",
    "NamedTuple": "tuple",
}


def base_name(text: str) -> str:
    return text.partition("[")[0].rpartition(".")[2]


def is_plain_base(text: str) -> bool:
    """Whether a base has nothing of its own that objects are asked for."""
    return base_name(text) in PLAIN_BASES


def has_metaclass(text: str) -> bool:
    """Whether Python's library has a metaclass, written in Python, for the classes that derive from a base."""
    known = known_type(text)
    return base_name(text) in MADE_IN_PYTHON or (known is not None and type(known) is not type)


@lru_cache(maxsize=1000)
def known_type(text: str) -> type | None:
    """The type of Python's own that is meant."""
    base = base_name(text)
    for module in (builtins, collections, collections.abc):
        found = getattr(module, TYPES.get(base, base), None)
        if isinstance(found, type):
            return found
    return None


def makes_own(text: str, name: str, of_class: bool) -> bool:
    """Whether a base has a method by which a class, or an object, makes an object of the same class."""
    return base_name(text) in MODELS and name in (FROM_CLASS if of_class else FROM_OBJECT)


def is_of_library(dotted: str) -> bool:
    """Whether a class is one of Python's library that only its own objects, and those of classes below it, are of."""
    return dotted.partition(".")[0] in OF_THEIR_OWN


def is_unknown(item: int | str) -> bool:
    """Whether a class of a resolution order is one that nothing is known of."""
    return isinstance(item, str) and derives(item, "object") is None


def derives(text: str, name: str) -> bool | None:
    """Whether objects of what has this base are of a type of Python's own; None where the base is not known."""
    if is_plain_base(text):
        return False
    known = known_type(text)
    return None if known is None else issubclass(known, getattr(builtins, name))


def may_have(text: str, name: str) -> bool:
    """Whether a base may have an attribute: what Python's own types have is known."""
    if is_plain_base(text):
        return False
    known = known_type(text)
    return known is None or hasattr(known, name)


def has_own(text: str, name: str) -> bool:
    """Whether a base may have a special method that not any object has."""
    if is_plain_base(text):
        return False
    known = known_type(text)
    return known is None or getattr(known, name, None) is not getattr(object, name, None)


def holders(order: Sequence[int | str], name: str) -> Iterator[int]:
    """The classes of a resolution order that are ours and may be asked for a name: none behind a base of Python's own
    that has it, as `list` has `__iter__`."""
    for place, item in enumerate(order):
        if isinstance(item, int):
            yield item
        elif place + 1 < len(order):
            known = known_type(item)
            giver = next((each for each in known.__mro__[:-1] if name in vars(each)), None) if known else None
            later = order[place + 1 :] if giver is not None and giver is not known else ()
            if giver is not None and all(isinstance(each, int) or known_type(each) is not giver for each in later):
                return
