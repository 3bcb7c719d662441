"""What is kept of one run for the next one: what was found out about every module, and who asked what for it."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import msgspec

Form = tuple[Any, ...]  # a value, see `Values.form`
Callee = tuple[int, Form | None, bool]  # function, what it is called on, whether super() found it
Question = Any  # see `modules`
Mask = int  # a bit for each module, by its index


class Transcript(msgspec.Struct, array_like=True):
    """`heard` is what other modules sent: (moment, sender, messages); `said` what was sent: (moment, receiver, digest
    of the messages). A moment is that of the delivery. Senders and receivers are named by what their nodes begin with.
    """

    heard: list[tuple[int, int, bytes]] = []
    said: list[tuple[int, int, bytes]] = []


class Names(msgspec.Struct, array_like=True):
    """What names alone decide of a module. `imports` are internal modules, `inheritance` has for each class with bases
    the id of internal ones and the text of others, `overrides` for each method the one that it overrides. `bases` are
    the internal ones, all by number."""

    imports: list[str]
    inheritance: dict[str, list[str]]
    overrides: dict[str, str]
    bases: dict[int, list[int]]


class Findings(msgspec.Struct, array_like=True):
    """What solving a module found.

    `sites` are the places where something is called: (caller's index into the scopes, line, how many callees may be
    told, callees). `made` are the classes that the module makes instances of, `tables` the values in containers that
    are made once: (value, node of the container).
    """

    sites: list[tuple[int, int, int, list[Callee]]]
    made: list[int]
    tables: list[tuple[Form, int]]


class Store(Protocol):
    """Where it is kept: see `utils.analysis.cache.Memory`."""

    def read(self, keys: Iterable[str]) -> dict[str, bytes]:
        """What is there under these keys."""

    def learn(self, key: str, data: bytes) -> None:
        """Keep something."""

    def retain(self, keys: Iterable[str]) -> None:
        """Do not throw these away."""


Calls = list[tuple[str, str, int]]  # (caller id, callee id, line) of one module


class Source(NamedTuple):
    """One file's summary. `digest` is of what `read` gives; `key` names that in the store. `roots` are the names of the
    packages whose modules it imports as if they were at the top, the innermost first."""

    module: str
    path: str
    digest: bytes
    key: str
    read: Callable[[], memoryview]
    roots: tuple[str, ...] = ()


def files_of(sources: Iterable[Source]) -> list[tuple[str, str, bytes, str]]:
    """See `Contents`."""
    return [(source.module, source.path, source.digest, source.key) for source in sources]


class Contents(NamedTuple):
    """What a solution is of, and under which keys its parts lie; all lists are by the modules' indices.

    `files` are (module, path, digest, key of the summary), `parts` the keys of what was found out about each module
    (a transcript and `Findings`), `askers` those of who asked each module what ({question: mask}), `shared` that of
    `Results`, `State` and `Askers` (in this order, with a number behind it).
    """

    files: list[tuple[str, str, bytes, str]]
    parts: list[str]
    askers: list[str]
    shared: str


class Results(NamedTuple):
    """What is told of each module: what names decide, and its calls."""

    names: list[Names]
    calls: list[Calls]


class State(NamedTuple):
    """What holds for the repository as a whole.

    `sizes` are the numbers of each module's nodes. `assigned` and `hooks` count the modules that assign to an attribute
    of a name, or define a special method, `made` those that make instances of a class. `tables` are the nodes of the
    containers that hold a value.
    """

    sizes: list[int]
    assigned: dict[str, int]
    hooks: dict[str, int]
    made: dict[int, int]
    tables: dict[Form, list[int]]


class Askers(NamedTuple):
    """Who asked what of the repository as a whole: whether an attribute's name is assigned to, which subclasses of a
    class are made, which tables hold a value. `later` are questions to single modules of the runs since the first."""

    assigned: dict[str, Mask]
    made: dict[int, Mask]
    tables: dict[Form, Mask]
    later: dict[Question, Mask]


def as_part(transcript: Transcript, findings: Findings) -> bytes:
    """What was found out about one module, as it is kept."""
    astuple = msgspec.structs.astuple
    return marshal.dumps((*astuple(transcript), *astuple(findings)))


class Solution:
    """A solution in a store; what is not asked for is not read."""

    def __init__(self, store: Store, contents: Contents) -> None:
        self.store = store
        self.contents = contents

    @classmethod
    def find(cls, store: Store, name: str) -> Solution | None:
        """The solution that was kept last under a name."""
        found = store.read([name]).get(name)
        return cls(store, Contents(*marshal.loads(found))) if found else None

    def save(self, name: str) -> None:
        """Be found under this name from now on."""
        self.store.learn(name, marshal.dumps(tuple(self.contents)))

    def follow(self, sources: Iterable[Source], name: str) -> None:
        """Find the summaries where they lie now: where only lines are different, all is solved as it was."""
        files = files_of(sources)
        if files != self.contents.files:
            Solution(self.store, self.contents._replace(files=files)).save(name)
        self.retain()

    def retain(self) -> None:
        """Keep all parts though not all were read."""
        contents = self.contents
        self.store.retain([*contents.parts, *contents.askers, *(f"{contents.shared}{part}" for part in range(3))])

    def _load(self, key: str) -> Any:
        return marshal.loads(self.store.read([key])[key])

    def _keep(self, key: str, value: Any) -> None:
        self.store.learn(key, marshal.dumps(value))

    def part(self, index: int) -> tuple[Transcript, Findings]:
        """What was found out about one module."""
        heard, said, *findings = self._load(self.contents.parts[index])
        return Transcript(heard, said), Findings(*findings)

    def keep_part(self, index: int, part: bytes) -> None:
        """Keep what `as_part` made of one module."""
        self.store.learn(self.contents.parts[index], part)

    def askers_of(self, index: int) -> dict[Question, Mask]:
        """Who asked one module what."""
        found: dict[Question, Mask] = self._load(self.contents.askers[index])
        return found

    def keep_askers_of(self, index: int, askers: dict[Question, Mask]) -> None:
        self._keep(self.contents.askers[index], askers)

    def results(self) -> Results:
        names, calls = self._load(f"{self.contents.shared}0")
        return Results([Names(*item) for item in names], calls)

    def keep_results(self, results: Results) -> None:
        names = [msgspec.structs.astuple(item) for item in results.names]
        self._keep(f"{self.contents.shared}0", (names, results.calls))

    def state(self) -> State:
        return State(*self._load(f"{self.contents.shared}1"))

    def keep_state(self, state: State) -> None:
        self._keep(f"{self.contents.shared}1", tuple(state))

    def askers(self) -> Askers:
        return Askers(*self._load(f"{self.contents.shared}2"))

    def keep_askers(self, askers: Askers) -> None:
        self._keep(f"{self.contents.shared}2", tuple(askers))
