"""What patterns are looked for in: the files of a repository, with what is known of each and of the calls in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from utils.analysis.outline import Outline
from utils.analysis.packing import Sheet
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.records import CallSite, Document


class File(NamedTuple):
    """One file. `key` is that of its facts, `module` its name (null for a document).

    `bases` are those of its classes by class id and `sites` the resolved calls in it by line; both also come as JSON,
    the latter without its brackets.
    """

    path: str
    module: str | None
    key: str
    bases: Mapping[str, Sequence[str]]
    sites: Sequence[CallSite]
    encoded_bases: bytes
    encoded_sites: bytes


class Contents(NamedTuple):
    """What is read of a file, by its path, where more must be known of it."""

    sheet: Callable[[str], Sheet]
    text: Callable[[str], str]
    document: Callable[[str], Document]


class Source(NamedTuple):
    """A Python file that is looked at; see `File`. `own` are its definitions by id.

    Whatever of other files plays a part is asked of `names`, which keeps account of it.
    """

    path: str
    module: str
    sheet: Sheet
    own: Mapping[str, Outline]
    bases: Mapping[str, Sequence[str]]
    sites: Sequence[CallSite]
    lines: SourceLines
    names: Names
