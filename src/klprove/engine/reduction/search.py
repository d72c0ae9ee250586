# SPDX-License-Identifier: GPL-2.0-or-later
"""The reduced search in Python: the specification of the compiled one, and its test."""

from collections.abc import Iterator

from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.points import Noted
from klprove.engine.reduction.successors import Reduced
from klprove.engine.reference import Came, Reference, broken, deadlock, stuck
from klprove.engine.search import Discovery

_LOOK = 256
"""States between two looks at the clock."""


class ReducedReference(Reference):
    """The reference engine on the successors that suffice. `off`: reductions not to use.

    It tells no schedules: runs that are shown come from a search of every state, or from compiled
    code. What is noted in a state is noted of all that it stands for.
    """

    def __init__(self, machine: Machine, meter: Meter, off: frozenset[str] = frozenset()) -> None:
        super().__init__(machine, meter)
        self.reduced = Reduced(machine, off)

    def _explore(self) -> None:
        search, parents = self._search, self._parents
        booted: list[tuple[int, Noted]] = []
        first, _ = self.reduced.settled(self._machine.initial(booted))
        for context, noted in booted:
            self._note(context, noted, None)
        parents[first] = None
        self._invariants(first)
        level, waiting = [first], list[State]()
        looked = 0
        while level:
            for state in level:
                found = self.reduced.expand(state)
                for walk in found.walks:
                    for _, context, noted in walk.notes:
                        self._note_all(context, noted)
                    if walk.after is None:
                        continue
                    search.transitions += 1
                    if walk.after not in parents:
                        parents[walk.after] = None
                        waiting.append(walk.after)
                        self._invariants(walk.after)
                if found.blocked:
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
            level, waiting = waiting, []

    def _note_all(self, context: int, noted: Noted) -> None:
        self._note(context, noted, None)
        for turn in self.reduced.turns:
            self._note(*turn.noted(context, noted), None)

    def _all(self, state: State) -> Iterator[State]:
        """All that a state stands for."""
        yield state
        for turn in self.reduced.turns:
            yield turn.state(state)

    def _invariants(self, state: State) -> None:
        for each in self._all(state):
            for found in broken(self._machine, each):
                self._found.setdefault(found, Discovery(found, []))

    def _deadlocks(self) -> None:
        hopeless: set[State] = set()
        for state in self._blocked:
            if stuck(self._machine, state, hopeless):
                for each in self._all(state):
                    found = deadlock(self._machine, each)
                    self._found.setdefault(found, Discovery(found, []))

    def _schedule(self, came: Came) -> list[Choice]:
        return []
