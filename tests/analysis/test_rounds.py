"""Who is solved again when a module says something else, and that what is heard means the same in the next run."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from utils.analysis.resolution import values as kinds
from utils.analysis.resolution.exchange import ANSWER, ASK, GIVE, LINK, Message
from utils.analysis.resolution.interpreter import PHASES, Inbox
from utils.analysis.resolution.rounds import Rounds
from utils.analysis.resolution.solution import Transcript
from utils.analysis.resolution.transcript import decode, encode
from utils.analysis.resolution.values import Values

Says = Callable[[int, list[int]], dict[int, int]]  # (phase, all that was heard so far) → what to say to whom, once


class Scripted:
    """A module that says numbers, each one once."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.phase = 0
        self.heard: list[int] = []
        self.said: set[tuple[int, int]] = set()

    def begin(self, phase: int) -> None:
        self.phase = phase

    def turn(self, inbox: Inbox) -> dict[int, list[Message]]:
        self.heard += [message[1] for _, messages in inbox for message in messages]
        new = [item for item in self.says(self.phase, self.heard).items() if item not in self.said]
        self.said.update(new)
        return {receiver: [(ASK, number, 0)] for receiver, number in new}


def solve(
    modules: dict[int, Says], first: list[int], earlier: dict[int, Transcript] | None = None
) -> tuple[dict[int, list[int]], dict[int, Transcript]]:
    """What each module that was solved heard in all, and its transcript."""

    def wake(home: int) -> Scripted:
        return Scripted(modules[home])

    rounds = Rounds(Values(), wake, None if earlier is None else earlier.__getitem__)  # type: ignore[arg-type]
    rounds.solve(first)
    return {home: module.heard for home, module in rounds.awake.items()}, rounds.transcripts  # type: ignore[attr-defined]


def says(number: int, receiver: int, phase: int = 0) -> Says:
    return lambda now, heard: {receiver: number} if now >= phase else {}


def hands_on(receiver: int, limit: int = 100) -> Says:
    """Says the sum of what it heard, up to a limit."""
    return lambda now, heard: {receiver: min(sum(heard), limit)} if heard else {}


def silent(now: int, heard: list[int]) -> dict[int, int]:
    return {}


def check(before: dict[int, Says], after: dict[int, Says], changed: list[int], awake: list[int]) -> None:
    """Solving `changed` wakes `awake`, which do and hear what they do where everything is solved."""
    _, transcripts = solve(before, list(before))
    found, again = solve(after, changed, transcripts)
    assert sorted(found) == awake
    whole, every = solve(after, list(after))
    assert found == {home: whole[home] for home in awake}
    merged = {**transcripts, **again}
    assert list(map(plain, (merged[home] for home in after))) == list(map(plain, (every[home] for home in after)))


def plain(transcript: Transcript) -> tuple[object, ...]:
    return tuple(map(sorted, msgspec.structs.astuple(transcript)))


def test_who_hears_the_same_sleeps() -> None:
    before = {1: says(3, 2), 2: hands_on(3), 3: silent}
    check(before, before, [1], [1])
    check(before, {**before, 2: hands_on(3, 3)}, [2], [2])


def test_who_hears_something_else_is_solved_again_and_so_are_those_that_it_tells_something_else() -> None:
    before = {1: says(3, 2), 2: hands_on(3), 3: silent, 4: says(1, 3)}
    check(before, {**before, 1: says(4, 2)}, [1], [1, 2, 3])
    bounded = {**before, 2: hands_on(3, 2)}
    check(bounded, {**bounded, 1: says(4, 2)}, [1], [1, 2])


def test_who_hears_nothing_any_more_or_for_the_first_time_is_solved_again() -> None:
    before = {1: says(3, 2), 2: hands_on(3), 3: silent}
    check(before, {**before, 1: silent}, [1], [1, 2, 3])
    check({**before, 1: silent}, before, [1], [1, 2, 3])


def test_who_hears_it_in_another_phase_is_solved_again() -> None:
    before = {1: says(3, 2), 2: hands_on(3), 3: says(5, 2)}
    check(before, {**before, 1: says(3, 2, PHASES - 1)}, [1], [1, 2, 3])


def test_who_wakes_late_does_all_phases_before_again() -> None:
    before = {1: silent, 2: lambda now, heard: {3: 10 * now + sum(heard)}, 3: silent, 4: says(1, 2, 1)}
    check(before, {**before, 1: says(5, 2, PHASES - 1)}, [1], [1, 2, 3])


def test_modules_that_tell_each_other() -> None:
    before = {1: hands_on(2, 40), 2: hands_on(1, 50), 3: says(1, 1), 4: silent}
    check(before, {**before, 3: says(2, 1)}, [3], [1, 2, 3])
    check(before, {**before, 1: hands_on(2, 30)}, [1], [1, 2])


def test_messages_mean_the_same_in_a_run_that_numbers_values_otherwise() -> None:
    def messages(values: Values, key: str) -> list[Message]:
        method = values.intern(kinds.BOUND, 7, values.intern(kinds.INSTANCE, 5, True))
        text = values.intern(kinds.CONSTANT, key)
        return [(GIVE, 1 << 31, method), (ANSWER, (2, "field", 3, "name"), text), (LINK, 4, 5), (ASK, 6, 0)]

    one, other = Values(), Values()
    other.intern(kinds.CONSTANT, "something else")
    sent, again = messages(one, "key"), messages(other, "".join(["k", "ey"]))  # equal, not the same
    assert sent != again
    assert encode(one, sent) == encode(other, again)
    assert decode(other, encode(one, sent)) == again
