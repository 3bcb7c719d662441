"""Solving a repository: all of it, or after an edit only the modules for which something is different.

What a module does follows from its own code, from what others answer to its questions by names alone, and from what
they tell it. So a module is solved anew where its code changed, where one of the answers that it got would be another
one now, or where it hears something new (see `rounds`). All others would do what they did: the solution is the one
that solving everything gives.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import msgspec

from utils.analysis.resolution.dispatch import Dispatch, closure
from utils.analysis.resolution.findings import take_findings, take_names
from utils.analysis.resolution.graph import LARGE, World
from utils.analysis.resolution.halves import Other, is_worth_it, other_half
from utils.analysis.resolution.hierarchy import Hierarchy
from utils.analysis.resolution.interpreter import Interpreter
from utils.analysis.resolution.ir import Face
from utils.analysis.resolution.modules import Module, Question, module_of
from utils.analysis.resolution.rounds import Rounds
from utils.analysis.resolution.solution import (
    Askers,
    Calls,
    Contents,
    Findings,
    Form,
    Mask,
    Names,
    Results,
    Solution,
    Source,
    State,
    Store,
    Transcript,
    as_part,
    files_of,
)

HOOKS = frozenset(
    {"__eq__", "__index__", "__getattr__", "__getattribute__", "__hash__", "__init_subclass__", "__set_name__"}
)
MANY = 4  # where more than one module in so many changed, everything is solved
LATER = 50_000  # questions asked since everything was solved; where there are more, it is again


def solve(sources: Sequence[Source], store: Store | None = None, name: str = "", processes: int = 1) -> Results:
    """The solution of these summaries, which are sorted by module and path; kept in `store` under `name` for the next
    run. Two `processes` share the work where there is much."""
    before = Solution.find(store, name) if store else None
    if before is not None and (results := Edited(before, sources).solve(name)) is not None:
        return results
    return solve_all(sources, store, name, processes)


class Run:
    """One run: the modules, what is known of the repository as a whole, and what was found out so far (by index)."""

    def __init__(self, sources: Sequence[Source], state: State | None) -> None:
        """`state` is what holds of the modules; null: find out."""
        self.modules = [Module(index, *source[:2], source.read, source.roots) for index, source in enumerate(sources)]
        self.state = state or State([], {}, {}, {}, {})
        if state is None:
            for module in self.modules:
                self.state.sizes.append(module.face.size)
                count_face(self.state, module.face, 1)
        self.hierarchy = Hierarchy(self.modules, self.state.assigned)
        self.world = World(self.hierarchy, is_large(self.state), set(self.state.hooks))
        self.findings: dict[int, Findings] = {}
        self.names: dict[int, Names] = {}
        self.transcripts: dict[int, Transcript] = {}
        self.parts: dict[int, bytes] = {}  # in place of findings and transcript, where the other process has these
        self.questions: dict[int, set[Question]] = {}
        self.asked: dict[int, set[int | Form]] = {}

    def solve_all(self, keep: bool, processes: int) -> dict[int, Calls]:
        """Solve every module, one half of them in another process where that is worth it; returns their calls."""
        every = range(len(self.modules))
        if not is_worth_it(sum(self.state.sizes), processes):
            self.solve(every, None, keep)
            return self.conclude(None)
        theirs = every[1::2]
        summaries = {index: self.modules[index].read() for index in theirs}  # two processes must not read one file
        with other_half(partial(self.solve_for, theirs, summaries, keep)) as other:
            del summaries
            self.solve(every[::2], None, keep, other)
            return self.conclude(other) | self.take_over(other, len(theirs))

    def solve_for(self, theirs: Sequence[int], summaries: dict[int, memoryview], keep: bool, other: Other) -> None:
        """In the other process: solve these modules, and send what was found."""
        for index, summary in summaries.items():
            self.modules[index].have(summary)
        self.solve(theirs, None, keep, other)
        calls = self.conclude(other)
        for index in theirs:
            names = msgspec.structs.astuple(self.names[index])
            kept = (self.part(index), self.questions[index], self.asked[index]) if keep else (b"", set(), set())
            other.send((index, calls[index], names, *kept))
        other.send((self.hierarchy.bases, self.hierarchy.grounds) if keep else ({}, {}))

    def conclude(self, other: Other | None) -> dict[int, Calls]:
        """The calls of the modules solved here, once all are; `state` has what was found about all from now on."""
        found = [(index, msgspec.structs.astuple(each)[1:]) for index, each in self.findings.items()]
        bases = bases_in(self.names.values())
        if other is not None:
            their_findings, their_bases = other.trade((found, bases))
            found, bases = found + their_findings, bases | their_bases
        count(self.state, {index: Findings([], *rest) for index, rest in found}, 1)
        return self.dispatch(self.findings, bases)

    def part(self, index: int) -> bytes:
        """What was found out about a module, as it is kept."""
        known = self.parts.get(index)
        return as_part(self.transcripts[index], self.findings[index]) if known is None else known

    def take_over(self, other: Other, modules: int) -> dict[int, Calls]:
        """What the other process found out about its modules; returns their calls."""
        calls = {}
        for _ in range(modules):
            index, calls[index], names, self.parts[index], self.questions[index], self.asked[index] = other.receive()
            self.names[index] = Names(*names)
        bases, grounds = other.receive()
        self.hierarchy.bases = bases | self.hierarchy.bases
        self.hierarchy.grounds = grounds | self.hierarchy.grounds
        return calls

    def solve(
        self,
        first: Iterable[int],
        earlier: Callable[[int], Transcript] | None,
        keep: bool,
        other: Other | None = None,
    ) -> None:
        """Solve these modules and all that hear something new because of them; `other` has all the rest."""

        def wake(home: int) -> Interpreter:
            return Interpreter(self.world, self.modules[home - 1])

        before = None if earlier is None else lambda home: earlier(home - 1)
        rounds = Rounds(self.world.values, wake, before, keep, other)
        rounds.solve(index + 1 for index in first)
        for home in sorted(rounds.awake):
            interpreter, index = rounds.awake.pop(home), home - 1
            self.findings[index] = take_findings(interpreter)
            self.names[index] = take_names(self.hierarchy, interpreter.module)
            self.questions[index] = interpreter.consulted
            self.transcripts[index] = rounds.transcripts.pop(home)
            self.modules[index].forget_code()

    def dispatch(self, findings: Mapping[int, Findings], bases: Mapping[int, Sequence[int]]) -> dict[int, Calls]:
        """The calls of modules by what was found about them."""
        dispatch = Dispatch(self.hierarchy, bases, self.state.made, self.state.tables)
        calls = {}
        for index, found in findings.items():
            self.hierarchy.consulted = self.questions.setdefault(index, set())
            dispatch.asked = self.asked[index] = set()
            scopes = self.modules[index].code.scopes
            self.modules[index].forget_code()
            calls[index] = sorted(
                (scopes[scope], self.hierarchy.function_of(callee)[1].id, line)
                for scope, callee, line in dispatch.calls(found.sites)
            )
        return calls


def solve_all(sources: Sequence[Source], store: Store | None, name: str, processes: int) -> Results:
    """Solve every module."""
    run = Run(sources, None)
    calls = run.solve_all(store is not None, processes)
    every = range(len(sources))
    results = Results([run.names[index] for index in every], [calls[index] for index in every])
    if store is not None:
        keep_all(run, sources, results, store, name)
    return results


def keep_all(run: Run, sources: Sequence[Source], results: Results, store: Store, name: str) -> None:
    mark = hashlib.sha256(b"".join(source.digest for source in sources)).hexdigest()
    indices = range(len(sources))
    contents = Contents(
        files_of(sources), [f"{mark} {i}" for i in indices], [f"{mark} asked {i}" for i in indices], f"{mark} all "
    )
    solution = Solution(store, contents)
    masks: dict[Question, Mask] = {}
    made: dict[int, Mask] = {}
    tables: dict[Form, Mask] = {}
    for index in indices:
        note(masks, run.questions[index], index)
        note(made, (asked for asked in run.asked[index] if isinstance(asked, int)), index)
        note(tables, (asked for asked in run.asked[index] if not isinstance(asked, int)), index)
        solution.keep_part(index, run.part(index))
    trace_back(run.hierarchy, masks)
    of_modules: list[dict[Question, Mask]] = [{} for _ in indices]
    assigned: dict[str, Mask] = {}
    for question, mask in masks.items():
        if isinstance(question, str):
            assigned[question] = mask
        elif not is_derived(question):
            of_modules[module_of(question)][question] = mask
    for index in indices:
        solution.keep_askers_of(index, of_modules[index])
    solution.keep_results(results)
    solution.keep_state(run.state)
    solution.keep_askers(Askers(assigned, made, tables, {}))
    solution.save(name)


def note(masks: dict[Any, Mask], items: Iterable[Any], index: int) -> None:
    """A module asked for these."""
    for item in items:
        masks[item] = masks.get(item, 0) | 1 << index


def is_derived(question: Question) -> bool:
    """Whether it is about more than one module: see `Exports.grounds`."""
    return isinstance(question, tuple) and isinstance(question[0], str)


def trace_back(hierarchy: Hierarchy, masks: dict[Question, Mask]) -> None:
    """Who asked something also asked what the answer follows from."""
    pending = deque(question for question in masks if is_derived(question))
    while pending:
        question = pending.popleft()
        mask = masks[question]
        for ground in hierarchy.grounds_of(question):
            known = masks.get(ground, 0)
            if known | mask != known:
                masks[ground] = known | mask
                if is_derived(ground):
                    pending.append(ground)


def count_face(state: State, face: Face, by: int) -> None:
    """Add what a module says by names alone to what holds of the repository, or take it away."""
    tally(state.assigned, face.attributes, by)
    tally(state.hooks, HOOKS & {function.name for function in face.functions.values()}, by)


def count(state: State, findings: Mapping[int, Findings], by: int) -> None:
    """Add what was found about modules to what holds of the repository, or take it away."""
    for index in sorted(findings):
        tally(state.made, findings[index].made, by)
        for value, node in findings[index].tables:
            nodes = state.tables.setdefault(value, [])
            nodes.append(node) if by > 0 else nodes.remove(node)
            if not nodes:
                del state.tables[value]


def tally(counts: dict[Any, int], items: Iterable[Any], by: int) -> None:
    for item in items:
        counts[item] = counts.get(item, 0) + by
        if not counts[item]:
            del counts[item]


def is_large(state: State) -> bool:
    return sum(state.sizes) > LARGE


class Edited:
    """The run after an edit."""

    def __init__(self, before: Solution, sources: Sequence[Source]) -> None:
        self.before = before
        self.sources = sources
        self.changed = [
            index
            for index, (source, file) in enumerate(zip(sources, before.contents.files, strict=False))
            if source.digest != file[2]
        ]

    @cached_property
    def state(self) -> State:
        """What held of the repository before, and holds now once the changed modules and all findings are counted."""
        return self.before.state()

    @cached_property
    def askers(self) -> Askers:
        """Who asked what before, and who does now once the run is kept."""
        return self.before.askers()

    def solve(self, name: str) -> Results | None:
        """The solution; None where so much is different that everything should be solved."""
        before = self.before
        if [source[:2] for source in self.sources] != [file[:2] for file in before.contents.files]:
            return None
        if not self.changed:
            before.follow(self.sources, name)
            return before.results()
        first = self.first()
        if first is None or len(first) * MANY > len(self.sources) or len(self.askers.later) > LATER:
            return None
        run = Run(self.sources, self.state)
        run.solve(first, lambda index: before.part(index)[0], True)
        results = self.tell(run)
        self.keep(run, results, name)
        return results

    def first(self) -> set[int] | None:
        """The modules whose code is another one, or that would get another answer by names alone; None for all."""
        state, first = self.state, set(self.changed)
        large, hooks, assigned = is_large(state), set(state.hooks), set(state.assigned)
        for index in self.changed:
            source = self.sources[index]
            old, new = self.old_module(index), Module(index, *source[:2], source.read)
            if old is None:
                return None
            count_face(state, old.face, -1)
            count_face(state, new.face, 1)
            state.sizes[index] = new.face.size
            asked = self.before.askers_of(index)
            later = [question for question in self.askers.later if module_of(question) == index]
            for question in {*asked, *later}:
                if old.answer(question) != new.answer(question):
                    first |= members(asked.get(question, 0) | self.askers.later.get(question, 0))
        if is_large(state) != large or set(state.hooks) != hooks:
            return None
        for name in assigned ^ set(state.assigned):
            first |= members(self.askers.assigned.get(name, 0))
        return first

    def old_module(self, index: int) -> Module | None:
        """The module as it was in the run before."""
        module, path, _, key = self.before.contents.files[index]
        data = self.before.store.read([key]).get(key)
        return None if data is None else Module(index, module, path, lambda: memoryview(data))

    def tell(self, run: Run) -> Results:
        """The results of the run before, with what is different now."""
        before, state = self.before, self.state
        results = before.results()
        old = {index: before.part(index)[1] for index in run.findings}
        values = {value for found in (*old.values(), *run.findings.values()) for value, _ in found.tables}
        held = {value: set(state.tables.get(value, ())) for value in values}
        made, above = set(state.made), bases_in(results.names)
        count(state, old, -1)
        count(state, run.findings, 1)
        for index, names in run.names.items():
            results.names[index] = names
        bases = bases_in(results.names)
        different = made ^ set(state.made)
        different |= {number for number in above.keys() | bases.keys() if above.get(number) != bases.get(number)}
        again: set[int] = set()
        for number in closure(different, above) | closure(different, bases):
            again |= members(self.askers.made.get(number, 0))
        for value in values:
            if held[value] != set(state.tables.get(value, ())):
                again |= members(self.askers.tables.get(value, 0))
        findings = {index: before.part(index)[1] for index in sorted(again - run.findings.keys())}
        for index, calls in run.dispatch(run.findings | findings, bases).items():
            results.calls[index] = calls
        return results

    def keep(self, run: Run, results: Results, name: str) -> None:
        """Leave the solution for the next run."""
        mark = hashlib.sha256(b"".join(source.digest for source in self.sources)).hexdigest()
        old = self.before.contents
        parts = [f"{mark} {index}" if index in run.findings else key for index, key in enumerate(old.parts)]
        solution = Solution(self.before.store, Contents(files_of(self.sources), parts, old.askers, f"{mark} all "))
        askers = self.askers
        for index, questions in run.questions.items():
            basis, asked = run.hierarchy.basis(questions), run.asked[index]
            note(askers.assigned, (question for question in basis if isinstance(question, str)), index)
            note(askers.later, (question for question in basis if not isinstance(question, str)), index)
            note(askers.made, (about for about in asked if isinstance(about, int)), index)
            note(askers.tables, (about for about in asked if not isinstance(about, int)), index)
        for index in run.findings:
            solution.keep_part(index, run.part(index))
        solution.keep_results(results)
        solution.keep_state(self.state)
        solution.keep_askers(askers)
        solution.save(name)
        solution.retain()


def bases_in(names: Iterable[Names]) -> dict[int, list[int]]:
    """The internal bases of all classes that have any."""
    return {number: above for found in names for number, above in found.bases.items()}


def members(mask: Mask) -> set[int]:
    """The indices whose bits are set."""
    found = set()
    while mask:
        lowest = mask & -mask
        found.add(lowest.bit_length() - 1)
        mask ^= lowest
    return found
