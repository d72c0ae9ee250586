"""What compiled code did when it expanded a state, told again in Python, for schedules."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from klprove.engine.machine import Choice, Machine, State
from klprove.engine.points import Noted
from klprove.engine.reduction.names import EVERY
from klprove.engine.reduction.successors import Reduced, Walk


class Moves(Protocol):
    """The successors of a state in the order of compiled code, and what was noted on the way."""

    def successors(self, state: State) -> Iterator[tuple[Sequence[Choice], State]]:
        """Each successor, and the choices that lead there."""
        ...

    def until(self, state: State, context: int, noted: Noted) -> Sequence[Choice]:
        """The choices from `state` on at the last of which `context` notes `noted`."""
        ...


class _Told:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def _walks(self, state: State) -> Iterator[Walk]:
        for choice in self._machine.choices(state):
            note: list[Noted] = []
            after = self._machine.apply(state, choice, note)
            running = self._machine.running(state, choice)
            yield Walk([choice], [([choice], running, each) for each in note], after)

    def successors(self, state: State) -> Iterator[tuple[Sequence[Choice], State]]:
        """See Moves."""
        for each in self._walks(state):
            if each.after is not None:
                yield each.choices, each.after

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

    def _walks(self, state: State) -> Iterator[Walk]:
        yield from self._reduced.expand(state).walks


def moves(machine: Machine, off: frozenset[str]) -> Moves:
    """The moves of a machine, with all reductions but those in `off`."""
    return _Told(machine) if off >= EVERY else _ToldReduced(machine, off)
