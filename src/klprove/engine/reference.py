# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference engine: breadth-first over whole states, nothing left out, nothing hashed away.

It is the oracle that every faster engine is compared with, so it does the plain thing: every state
is kept whole, every choice of every state is tried, and the first path that reaches a finding is a
shortest one.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from klprove.engine.catalogue import Notice, notice
from klprove.engine.limits import Meter
from klprove.engine.liveness import Graph, lost
from klprove.engine.machine import Choice, Frame, Machine, State
from klprove.engine.points import Noted
from klprove.engine.search import Discovery, Search
from klprove.ir.instructions import Atomic, Halt
from klprove.ir.program import Property
from klprove.verdict import VIOLATION

Came: TypeAlias = tuple[State, Sequence[Choice]] | None
"""Where a state was reached from, and by which choices; None at boot."""

_LOOK = 2048
"""States between two looks at the clock."""


class Reference:
    """One exploration of one machine."""

    def __init__(self, machine: Machine, meter: Meter) -> None:
        self._machine, self._meter = machine, meter
        self._parents: dict[State, Came] = {}
        self._found: dict[Notice, Discovery] = {}
        self._blocked: list[State] = []
        self._search = Search()

    def run(self) -> Search:
        """Explore until nothing is left or a limit is reached. Ctrl-C counts as a limit."""
        try:
            self._explore()
            if not self._search.reasons:
                self._deadlocks()
            if not self._search.reasons:
                self._liveness()
        except KeyboardInterrupt:
            self._search.reasons.append("interrupted")
        self._search.discoveries = list(self._found.values())
        self._search.states = len(self._parents)
        return self._search

    def _explore(self) -> None:
        machine, search, parents = self._machine, self._search, self._parents
        booted: list[tuple[int, Noted]] = []
        first = machine.initial(booted)
        for context, noted in booted:
            self._note(context, noted, None)
        parents[first] = None
        self._invariants(first)
        level, waiting = deque([first]), deque[State]()
        looked = 0
        while level:
            for state in level:
                note: list[Noted] = []
                stepped = blocked = False
                for choice in machine.choices(state):
                    after = machine.apply(state, choice, note)
                    if note:
                        context = machine.running(state, choice)
                        for each in note:
                            blocked |= each[0] == "blocked"
                            self._note(context, each, (state, [choice]))
                        note.clear()
                    if after is None:
                        continue
                    stepped |= choice[0] != "enter"
                    search.transitions += 1
                    if after not in parents:
                        parents[after] = (state, [choice])
                        waiting.append(after)
                        if after[0] is not state[0]:
                            self._invariants(after)
                if blocked and not stepped:
                    self._blocked.append(state)
                looked += 1
                if looked % _LOOK == 0:
                    reason = self._meter.exhausted(
                        len(parents), search.transitions, len(waiting), search.depth
                    )
                    if reason:
                        search.reasons.append(reason)
                        return
                if self._machine.limits.first and self._violated():
                    search.reasons.append("stopped at the first violation")
                    return
            if waiting:
                search.depth += 1
            level, waiting = waiting, deque()

    def _violated(self) -> bool:
        return any(each.severity == VIOLATION for each in self._found)

    def _note(self, context: int, noted: Noted, came: Came) -> None:
        program = self._machine.program
        found = notice(program, context, noted)
        if found is not None and found not in self._found:
            self._found[found] = Discovery(found, self._schedule(came))
        self._search.keep(program, context, noted)

    def _invariants(self, state: State) -> None:
        for found in broken(self._machine, state):
            if found not in self._found:
                self._found[found] = Discovery(found, self._schedule(self._parents[state]))

    def _schedule(self, came: Came) -> list[Choice]:
        choices: list[Choice] = []
        while came is not None:
            state, taken = came
            choices += reversed(taken)
            came = self._parents[state]
        choices.reverse()
        return choices

    def _deadlocks(self) -> None:
        """A state in which every frame on top is blocked is a deadlock unless some later arrival
        frees one."""
        hopeless: set[State] = set()
        for state in self._blocked:
            if stuck(self._machine, state, hopeless):
                found = deadlock(self._machine, state)
                if found not in self._found:
                    self._found[found] = Discovery(found, self._schedule(self._parents[state]))

    def _liveness(self) -> None:
        """Every state from which something wanted can never come: the first of each."""
        machine, states = self._machine, list(self._parents)
        if not machine.eventual:
            return
        graph = Graph(machine, states)
        for number in range(len(states)):
            graph.expand(number)
            if number % _LOOK == 0:
                reason = self._meter.exhausted(
                    len(states), self._search.transitions, len(states) - number, self._search.depth
                )
                if reason:
                    self._search.reasons.append(reason)
                    return
        for each, holds in machine.eventual:
            first = graph.lost(holds)
            if first is not None:
                schedule = self._schedule(self._parents[states[first]])
                self._found.setdefault(lost(each), Discovery(lost(each), schedule))


def broken(machine: Machine, state: State) -> Iterator[Notice]:
    """The findings for the invariants that do not hold in `state`."""
    for each, value in machine.invariants:
        if value(state[0]) == 0:
            yield violated(each)


def violated(invariant: Property) -> Notice:
    """The finding for an invariant that does not hold."""
    text = f"invariant {invariant.name} does not hold"
    return Notice("invariant", VIOLATION, text, invariant.at.span)


def stuck(machine: Machine, start: State, hopeless: set[State]) -> bool:
    """True where every task of `start`, a state in which no frame can go on, waits for ever.

    A task that has ended, or halted, does not wait: what is left may wait for it in vain, which is
    how a model says "this never comes". `hopeless` holds states whose frames never go on.
    """
    if not _all_wait(machine, start):
        return False
    depths = [len(frames) for frames, _ in start[1]]
    seen, work = {start}, [start]
    while work:
        state = work.pop()
        if state in hopeless:
            continue
        for choice in machine.choices(state):
            note: list[Noted] = []
            after = machine.apply(state, choice, note)
            what, cpu, detail = choice
            running = state[1][cpu][0]
            level = what == "step" and len(running) <= depths[cpu]
            if after is None:
                if level and not _waits(machine, running[-1], note):
                    return False
                balanced = [len(frames) for frames, _ in state[1]] == depths
                if what == "enter" and balanced and machine.withheld(state[0], detail):
                    return False
                continue
            if what == "switch" or level:
                return False
            if after not in seen:
                seen.add(after)
                work.append(after)
    hopeless.add(start)
    return True


def _all_wait(machine: Machine, state: State) -> bool:
    """True where no task has ended or halted. What drains a store buffer is none of them."""
    tasks = [
        machine.points.table[frame[0]]
        for frames, parked in state[1][: machine.program.processors]
        for frame in (*frames[:1], *parked)
    ]
    waiting = {each.context for each in tasks if not isinstance(each.instr, Halt)}
    own = machine.program.processors
    wanted = {
        n
        for n, each in enumerate(machine.program.contexts)
        if each.kind == "task" and each.cpu < own
    }
    return bool(wanted) and wanted <= waiting


def _waits(machine: Machine, frame: Frame, note: list[Noted]) -> bool:
    """True where a step without a successor was not taken, rather than ended by what it found."""
    halted = isinstance(machine.points.table[frame[0]].instr, Halt)
    return halted or any(what == "blocked" for what, _, _ in note)


def deadlock(machine: Machine, state: State) -> Notice:
    """The finding for a state in which nothing can go on for ever: at the first blocked await."""
    running = (frames[-1][0] for frames, _ in state[1] if frames)
    return waiting(machine, running)  # what drains a store buffer comes last


def waiting(machine: Machine, running: Iterable[int]) -> Notice:
    """The same, given the points of the running frames by CPU."""
    instrs = (machine.points.table[each].instr for each in running)
    at = next(each.at for each in instrs if isinstance(each, Atomic))
    return Notice("deadlock", VIOLATION, "every task waits for ever", at.span)
