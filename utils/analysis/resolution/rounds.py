"""The rounds in which the modules of a repository are solved, and which modules need not be solved.

In each round every module takes in what the others sent it in the round before, and goes on until it has nothing more
to do. When no messages are left, the next phase begins: what stayed unknown is assumed, and the rounds go on.

A module does the same as in an earlier run as long as its code, what names decide for it, and what it hears are the
same. Such a module sleeps: what it says is known from its transcript. It is woken when it hears anything else than it
did, and then first does again what it did until that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter

from utils.analysis.resolution.exchange import Message
from utils.analysis.resolution.halves import Letter, Other
from utils.analysis.resolution.interpreter import PHASES, Inbox, Interpreter
from utils.analysis.resolution.solution import Transcript
from utils.analysis.resolution.transcript import decode, digest, encode
from utils.analysis.resolution.values import Values

ROUND_BITS = 32  # of a moment: (phase << ROUND_BITS) + round
NEVER = -1
NOTHING = Transcript()
Sent = dict[tuple[int, int], tuple[bytes, list[Message]]]  # (sender, receiver) → messages, encoded and not


class Rounds:
    """Modules are named by what the numbers of their nodes begin with, which is also the order of their turns.

    `awake` are the interpreters at work, `transcripts` what each of them heard and said.
    """

    def __init__(
        self,
        values: Values,
        wake: Callable[[int], Interpreter],
        earlier: Callable[[int], Transcript] | None = None,
        keep: bool = True,
        other: Other | None = None,
    ) -> None:
        """`wake` makes a module's interpreter; `earlier` gives its transcript of the run before, if there was one.

        Nobody will ask for the transcripts where `keep` is false. `other` has all modules that are not solved here.
        """
        self.values = values
        self.keep = keep or earlier is not None
        self.wake = wake
        self.earlier = earlier
        self.other = other
        self.awake: dict[int, Interpreter] = {}
        self.transcripts: dict[int, Transcript] = {}
        self.woken: dict[int, int] = {}  # the moment up to which a module did what it did in the run before
        self.heard: dict[tuple[int, int], list[tuple[int, bytes]]] = {}  # in the run before, by receiver and moment
        self.said: dict[tuple[int, int], list[tuple[int, bytes]]] = {}  # in the run before, by sender and moment
        self.until = [0] * PHASES  # the last moment of each phase at which a known transcript has something

    def solve(self, first: Iterable[int]) -> None:
        """Solve these modules, and all that hear something new because of them."""
        for home in sorted(first):
            self.start(home, NEVER)
        for phase in range(PHASES):
            moment = phase << ROUND_BITS
            for home in sorted(self.awake):
                self.awake[home].begin(phase)
            sent = self.take_turns(moment, {home: [] for home in self.awake})
            while True:
                moment += 1
                self.wake_by(moment, sent)
                arrived, busy = self.swap(sent)
                inboxes = self.deliver(moment, sent, arrived)
                if not inboxes and not busy and moment > self.until[phase]:
                    break
                sent = self.take_turns(moment, inboxes)

    def take_turns(self, moment: int, inboxes: dict[int, Inbox]) -> Sent:
        sent: Sent = {}
        for home in sorted(inboxes):
            for receiver, messages in self.awake[home].turn(inboxes[home]).items():
                data = encode(self.values, messages) if self.keep or receiver not in self.awake else b""
                sent[home, receiver] = (data, messages)
                self.transcripts[home].said.append((moment + 1, receiver, digest(data)))
        return sent

    def swap(self, sent: Sent) -> tuple[list[Letter], bool]:
        """What the other process's modules send to those here, and whether it has more to do than these know of."""
        if self.other is None:
            return [], False
        leaving = [(*pair, data) for pair, (data, _) in sent.items() if pair[1] not in self.awake]
        arrived, busy = self.other.swap(leaving, len(leaving) < len(sent))
        return arrived, busy or bool(leaving)

    def deliver(self, moment: int, sent: Sent, arrived: Iterable[Letter] = ()) -> dict[int, Inbox]:
        """What each module that is awake hears at a moment: of those that are awake, and of those that are not."""
        letters: dict[int, list[tuple[int, bytes, list[Message]]]] = {}
        for (sender, receiver), (data, messages) in sent.items():
            if receiver in self.awake:
                letters.setdefault(receiver, []).append((sender, data, messages))
        for sender, receiver, data in arrived:
            letters.setdefault(receiver, []).append((sender, data, decode(self.values, data)))
        for receiver in self.awake:
            for sender, data in self.heard.get((receiver, moment), ()):
                if self.woken.get(sender, moment) >= moment:
                    letters.setdefault(receiver, []).append((sender, data, decode(self.values, data)))
        inboxes = {}
        for receiver, found in letters.items():
            found.sort(key=itemgetter(0))
            self.transcripts[receiver].heard += [(moment, sender, data) for sender, data, _ in found]
            inboxes[receiver] = [(sender, messages) for sender, _, messages in found]
        return inboxes

    def wake_by(self, moment: int, sent: Sent) -> None:
        """Wake who hears something else than in the run before."""
        if self.earlier is None:
            return
        said = {(sender, receiver): digest(data) for (sender, receiver), (data, _) in sent.items()}
        before = {
            (sender, receiver): told
            for sender in self.awake
            if self.woken[sender] < moment
            for receiver, told in self.said.get((sender, moment), ())
        }
        for home in sorted({pair[1] for pair in said.keys() | before.keys() if said.get(pair) != before.get(pair)}):
            if home not in self.awake:
                self.start(home, moment)
                self.catch_up(home, moment)

    def start(self, home: int, moment: int) -> None:
        """A module does what it did before up to a moment, and may do something else from then on."""
        known = self.earlier(home) if self.earlier else NOTHING
        self.awake[home] = self.wake(home)
        self.woken[home] = moment
        self.transcripts[home] = Transcript(
            [item for item in known.heard if item[0] < moment], [item for item in known.said if item[0] <= moment]
        )
        for at, sender, data in known.heard:
            self.heard.setdefault((home, at), []).append((sender, data))
        for at, receiver, told in known.said:
            self.said.setdefault((home, at), []).append((receiver, told))
        for at, _, _ in (*known.heard, *known.said):
            phase = at >> ROUND_BITS
            self.until[phase] = max(self.until[phase], at)

    def catch_up(self, home: int, moment: int) -> None:
        """Do again what a module did before a moment; what it says is known already."""
        module, heard = self.awake[home], self.transcripts[home].heard
        for phase in range((moment >> ROUND_BITS) + 1):
            module.begin(phase)
            module.turn([])
            now = (item for item in heard if item[0] >> ROUND_BITS == phase)
            for _, letters in groupby(now, itemgetter(0)):
                module.turn([(sender, decode(self.values, data)) for _, sender, data in letters])
