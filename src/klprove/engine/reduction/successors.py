# SPDX-License-Identifier: GPL-2.0-or-later
"""The reduced successors of a state: what has to be explored so that every finding is still found.

This is the specification of what `engine/native/moves.py` compiles. The argument is in
docs/reductions.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from klprove.engine.machine import Choice, Machine, State
from klprove.engine.points import Noted
from klprove.engine.reduction.dead import dead
from klprove.engine.reduction.names import AMPLE, CHAINS, DEAD, DELIVERY, SYMMETRY
from klprove.engine.reduction.symmetry import Symmetry, Turn
from klprove.engine.reduction.tables import MASKABLE, Tables, tables

CHAIN = 64
"""Steps of a chain after which a state is stored all the same."""

BOUND, ALONE, STEPS, ALL = range(4)
"""What may stand for everything that can happen in a state: nothing that a CPU does; its one step;
its step, whatever it chooses; its step and the arrivals on it."""


@dataclass(slots=True)
class Walk:
    """Some choices in a row, and what was noted on the way: by which context, after which choices
    (a step that was tried without a successor is not among `choices`)."""

    choices: list[Choice]
    notes: list[tuple[list[Choice], int, Noted]] = field(default_factory=list)
    after: State | None = None
    """None where the last choice has no successor."""
    turn: Turn | None = None
    """How `after` was turned once the choices had led there."""


@dataclass(slots=True)
class Expansion:
    """What is explored from a state."""

    walks: list[Walk]
    blocked: bool
    """Nothing but arrivals can happen, and somebody waits."""


class Reduced:
    """A machine, of whose successors as few are taken as suffice. `off`: reductions not to use."""

    def __init__(self, machine: Machine, off: frozenset[str] = frozenset()) -> None:
        self._machine = machine
        self._symmetry = None if SYMMETRY in off else Symmetry(machine)
        self.turns = self._symmetry.turns if self._symmetry is not None else []
        """Permutations of CPUs of which a stored state stands for all."""
        self.tables: Tables = tables(machine, self.turns)
        self._ample = AMPLE not in off
        self._chains = self._ample and CHAINS not in off
        self._delivery = DELIVERY not in off
        self._arriving = [each for own in self.tables.interrupts for each in own]
        self._dead = None if DEAD in off else dead(machine, self._arriving, self.turns)

    def expand(self, state: State) -> Expansion:
        """What is explored from `state`."""
        found = self._ample_set(state) if self._ample else None
        if found is None:
            found = self._everything(state)
        for each in found.walks:
            if each.after is not None:
                if self._chains:
                    self._follow(each)
                each.after, each.turn = self.settled(each.after)
        return found

    def settled(self, state: State) -> tuple[State, Turn | None]:
        """The state that is stored in place of `state`, and how that was turned."""
        if self._dead is not None:
            left = (each for each in self._arriving if self._left(state[0], each))
            state = self._dead.cleared(state, left)
        return (state, None) if self._symmetry is None else self._symmetry.settled(state)

    # -- what stands for everything ---------------------------------------------------

    def classes(self, state: State) -> list[int]:
        """For each CPU, BOUND, ALONE, STEPS or ALL."""
        futures = [self._future(state, cpu) for cpu in range(len(state[1]))]
        found = []
        for cpu in range(len(state[1])):
            others = 0
            for other, each in enumerate(futures):
                if other != cpu:
                    others |= each
            found.append(self._class(state, cpu, others))
        return found

    def _future(self, state: State, cpu: int) -> int:
        """What a CPU may still read and write."""
        known = self.tables
        frames, parked = state[1][cpu]
        found = known.switching[cpu]
        for point, _, _ in (*frames, *parked):
            found |= known.future[point]
        for context in known.interrupts[cpu]:
            if self._left(state[0], context):
                found |= known.later[context]
        return found

    def _left(self, memory: bytes, context: int) -> bool:
        """True where `context` has not yet arrived as often as it may."""
        arriving = self._machine.program.contexts[context]
        spent = self._machine.image.machine[arriving.cpu].spent.get(context)
        return spent is None or memory[spent] < self._machine.limits.arrivals[arriving.kind]

    def _class(self, state: State, cpu: int, others: int) -> int:
        known = self.tables
        frames, _ = state[1][cpu]
        if not frames:
            return BOUND
        point = frames[-1][0]
        if known.bound[point] or known.touches[point] & others:
            return BOUND
        coming = {each for each in known.interrupts[cpu] if self._may_come(state[0], cpu, each)}
        if not coming or (self._delivery and not coming & known.matters[point]):
            return ALONE if self._machine.points.table[point].choices == 1 else STEPS
        return BOUND if known.loud[cpu] or known.arrival[cpu] & others else ALL

    def _may_come(self, memory: bytes, cpu: int, context: int) -> bool:
        """True where `context` may arrive before the next step, as far as it is easy to see."""
        own, kind = self._machine.image.machine[cpu], self._machine.program.contexts[context].kind
        if kind in MASKABLE and not memory[own.irq_flag]:
            return False
        if kind == "nmi" and memory[own.nmi_mask]:
            return False  # unless something else unmasks it, and then it may nest in that
        return self._left(memory, context)

    def _ample_set(self, state: State) -> Expansion | None:
        classes = self.classes(state)
        tried: list[Walk] = []
        for wanted in (ALONE, STEPS, ALL):
            for cpu, each in enumerate(classes):
                if each == wanted:
                    walks = list(self._on(state, cpu, wanted == ALL))
                    if any(each.after and each.choices[0][0] == "step" for each in walks):
                        return Expansion(tried + walks, False)
                    tried += [Walk(each.choices, each.notes) for each in walks]
        return None

    def _everything(self, state: State) -> Expansion:
        classes = [BOUND] * len(state[1]) if self._ample else self.classes(state)
        found: list[Walk] = []
        moved = blocked = False
        for cpu, each in enumerate(classes):
            walks = list(self._on(state, cpu, False))
            steps = any(each.after and each.choices[0][0] == "step" for each in walks)
            if each not in (ALONE, STEPS) or not steps:
                walks = list(self._on(state, cpu, True))
            found += walks
        for walk in found:
            blocked |= any(noted[0] == "blocked" for _, _, noted in walk.notes)
            moved |= walk.after is not None and walk.choices[0][0] != "enter"
        return Expansion(found, blocked and not moved)

    def _on(self, state: State, cpu: int, arrivals: bool) -> Iterator[Walk]:
        """What can happen on one CPU; without `arrivals`, none of them."""
        machine = self._machine
        for choice in machine.choices(state):
            if choice[1] != cpu or (choice[0] == "enter" and not arrivals):
                continue
            note: list[Noted] = []
            after = machine.apply(state, choice, note)
            if note or after is not None:
                running = machine.running(state, choice)
                yield Walk([choice], [([choice], running, each) for each in note], after)

    # -- chains -----------------------------------------------------------------------------

    def _follow(self, walk: Walk) -> None:
        """Walk on while one CPU's one step stands for everything."""
        for _ in range(CHAIN):
            state = walk.after
            assert state is not None
            for cpu, each in enumerate(self.classes(state)):
                if each == ALONE:
                    choice: Choice = ("step", cpu, 0)
                    note: list[Noted] = []
                    after = self._machine.apply(state, choice, note)
                    running = self._machine.running(state, choice)
                    so_far = [*walk.choices, choice]
                    walk.notes += [(so_far, running, each) for each in note]
                    if after is not None:
                        walk.choices, walk.after = so_far, after
                        break
            else:
                return
