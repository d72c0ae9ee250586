# SPDX-License-Identifier: GPL-2.0-or-later
"""What must always be able to come: `eventually(name, cond)`.

It holds where from every reachable state one in which `cond` is true can be reached, AG EF of CTL.
In a finite system that is the same as to say: every run in which what is possible again and again
happens again and again meets `cond` again and again (Queille and Sifakis, "Fairness and related
properties in transition systems", Acta Informatica 19, 1983). What else such a run does, and in
which order, is left open; so no scheduler is assumed beyond one that is fair to every step.

Where a path ends, by `assume` or by what it found, nothing is said of what would have followed; nor
where only a bound on arrivals withholds one. Such a state counts as one from which `cond` can come.
"""

from array import array
from collections.abc import Callable, Sequence

from klprove.engine.catalogue import Notice
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.points import Noted
from klprove.ir.instructions import Halt
from klprove.ir.program import PROPERTIES, Property
from klprove.verdict import VIOLATION

_ENOUGH = 20_000
"""States that are looked at before a finding is shown: all that follow, where they are so few."""


class Graph:
    """The transitions between all states of a search, numbered in the order of their coming."""

    def __init__(self, machine: Machine, states: Sequence[State]) -> None:
        self._machine, self._states = machine, states
        self._number = {state: n for n, state in enumerate(states)}
        self._before = [array("l") for _ in states]
        """By state: the numbers of those that lead to it."""
        self._open: set[int] = set()
        """States after which something is left out."""

    def expand(self, number: int) -> None:
        """Enter the transitions of one state. To be called once for each."""
        after, is_open = onward(self._machine, self._states[number])
        for each in after:
            self._before[self._number[each]].append(number)
        if is_open:
            self._open.add(number)

    def lost(self, holds: Callable[[bytes], int | None]) -> int | None:
        """The first state from which none can be reached whose memory `holds`."""
        good = {n for n, (memory, _) in enumerate(self._states) if holds(memory)} | self._open
        work = list(good)
        while work:
            for each in self._before[work.pop()]:
                if each not in good:
                    good.add(each)
                    work.append(each)
        return next((n for n in range(len(self._states)) if n not in good), None)


def onward(machine: Machine, state: State) -> tuple[list[State], bool]:
    """The successors of a state, and whether something after it is left out."""
    found: list[State] = []
    is_open = False
    for choice in machine.choices(state):
        note: list[Noted] = []
        after = machine.apply(state, choice, note)
        if after is not None:
            found.append(after)
        elif choice[0] == "enter":
            is_open |= machine.withheld(state[0], choice[2]) or _ends(machine, state, choice)
        elif not _waits(machine, state, choice[1], note):
            is_open = True
    return found, is_open


def _waits(machine: Machine, state: State, cpu: int, note: list[Noted]) -> bool:
    """True where the running frame, which has no successor, waits or has halted."""
    running = machine.points.table[state[1][cpu][0][-1][0]]
    return isinstance(running.instr, Halt) or any(what == "blocked" for what, _, _ in note)


def _ends(machine: Machine, state: State, choice: Choice) -> bool:
    """True where an interrupt arrives, and its path ends before its first step."""
    return machine.arrive(state[0], choice[2]) is not None


def lost(wanted: Property) -> Notice:
    """The finding for a state from which what is wanted can never come."""
    text = f"from here on {wanted.name} can never hold"
    return Notice(PROPERTIES[wanted.kind], VIOLATION, text, wanted.at.span)


def contradicted(machine: Machine, schedule: Sequence[Choice], wanted: Property) -> bool:
    """True where what is wanted can come after `schedule` all the same, as far as is looked."""
    holds = next(value for each, value in machine.eventual if each is wanted)
    state: State | None = machine.initial([])
    for choice in schedule:
        state = machine.apply(state, choice, []) if state is not None else None
    if state is None:
        return True
    seen, work = {state}, [state]
    while work and len(seen) < _ENOUGH:
        state = work.pop()
        after, is_open = onward(machine, state)
        if is_open or holds(state[0]):
            return True
        fresh = [each for each in dict.fromkeys(after) if each not in seen]
        seen.update(fresh)
        work += fresh
    return False
