# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code did when it expanded a state, told again in Python, for schedules."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from klprove.engine.machine import Choice, Machine, State
from klprove.engine.points import Noted
from klprove.engine.reduction.names import EVERY
from klprove.engine.reduction.successors import Reduced, Walk
from klprove.engine.reduction.symmetry import Turn


class Leg(NamedTuple):
    """From one stored state to the next: choices, the state, and how it was turned before it was
    stored."""

    choices: Sequence[Choice]
    after: State
    turn: Turn | None


class Moves(Protocol):
    """The successors of a state in the order of compiled code, and what was noted on the way."""

    turns: Sequence[Turn]
    """Permutations of CPUs of which a stored state stands for all."""

    def first(self) -> State:
        """The state at boot, as it is stored."""
        ...

    def successors(self, state: State) -> Iterator[Leg]:
        """The way to each successor."""
        ...

    def until(self, state: State, context: int, noted: Noted) -> Sequence[Choice]:
        """The choices from `state` on at the last of which `context` notes `noted`."""
        ...


def told(legs: Iterator[Leg]) -> list[Choice]:
    """The choices of a run from boot on, by the CPUs of its last state: where that was turned, so
    is all that led to it. The state at boot looks the same however it is turned."""
    found: list[Choice] = []
    for each in legs:
        found += each.choices
        if each.turn is not None:
            found = each.turn.choices(found)
    return found


class _Told:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.turns: Sequence[Turn] = ()

    def _walks(self, state: State) -> Iterator[Walk]:
        for choice in self._machine.choices(state):
            note: list[Noted] = []
            after = self._machine.apply(state, choice, note)
            running = self._machine.running(state, choice)
            yield Walk([choice], [([choice], running, each) for each in note], after)

    def first(self) -> State:
        """See Moves."""
        return self._machine.initial([])

    def successors(self, state: State) -> Iterator[Leg]:
        """See Moves."""
        for each in self._walks(state):
            if each.after is not None:
                yield Leg(each.choices, each.after, each.turn)

    def until(self, state: State, context: int, noted: Noted) -> Sequence[Choice]:
        """See Moves."""
        return next(
            choices
            for walk in self._walks(state)
            for choices, running, each in walk.notes
            if (running, each) == (context, noted)
        )


class _ToldReduced(_Told):
    def __init__(self, machine: Machine, off: frozenset[str]) -> None:
        super().__init__(machine)
        self._reduced = Reduced(machine, off)
        self.turns = self._reduced.turns

    def _walks(self, state: State) -> Iterator[Walk]:
        yield from self._reduced.expand(state).walks

    def first(self) -> State:
        """See Moves."""
        return self._reduced.settled(super().first())[0]


def moves(machine: Machine, off: frozenset[str]) -> Moves:
    """The moves of a machine, with all reductions but those in `off`."""
    return _Told(machine) if off >= EVERY else _ToldReduced(machine, off)
