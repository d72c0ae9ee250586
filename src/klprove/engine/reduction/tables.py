# SPDX-License-Identifier: GPL-2.0-or-later
"""What the reductions know of a program before it runs, point by point.

`touches` and `future` are sets over classes of bytes, two bits a class: "somebody may yet read it"
and "somebody may yet write it". `touches` of a step has the bits that must not be in `future` of
anybody else for the step to be independent of all that they may still do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from klprove.engine.image import may_enable, may_unmask
from klprove.engine.machine import Machine
from klprove.engine.reduction.cycles import cut
from klprove.engine.reduction.effects import NOTHING, Effect, Effects, union
from klprove.engine.reduction.symmetry import Turn
from klprove.ir.instructions import Atomic, End, Halt, IrqSet, visible

MASKABLE = ("irq", "softirq")


@dataclass(slots=True)
class Tables:
    """By number of a point, but where it says otherwise."""

    interrupts: list[list[int]]
    """By CPU: the contexts that may interrupt it at all."""
    touches: list[int]
    future: list[int]
    """Of everything that the code of the point's context may still do from there on."""
    bound: list[bool]
    """The step may not go alone: it writes what an invariant reads, or cuts a cycle, or a switch of
    tasks may come between."""
    matters: list[frozenset[int]]
    """Interrupts of the same CPU that must be delivered before the step, not only after it."""
    arrival: list[int]
    """By CPU: what the arrivals of its interrupts touch."""
    loud: list[bool]
    """By CPU: an arrival writes what an invariant reads."""
    later: dict[int, int]
    """By context that interrupts: the future of it before it has arrived."""
    switching: list[int]
    """By CPU: the future of the choice of a task to run."""
    width: int
    """Bits of a set."""


class _Analysis:
    def __init__(self, machine: Machine) -> None:
        self.machine, self.program = machine, machine.program
        self.effects = Effects(machine.image)
        self.points = machine.points.table
        self.interrupts = [
            [each for each in own if self._arrives(each)] for own in machine.interrupts
        ]
        self.cpu = [self.program.contexts[each.context].cpu for each in self.points]
        self.balanced = [
            union(self.effects.property(each.code, cpu) for each, _ in machine.balanced[cpu])
            for cpu in range(self.program.cpus)
        ]
        self.steps: list[Effect] = []
        self.follows: dict[int, set[int]] = {}
        at = {(each.context, each.index): n for n, each in enumerate(self.points)}
        for n, each in enumerate(self.points):
            effect, ends = NOTHING, set[int]()
            if not self._arrives(each.context):
                pass
            elif isinstance(each.instr, End):
                effect = self._returning(each.context)
            elif each.run is not None:
                code = self.program.contexts[each.context].code
                effect, ends = self.effects.step(code, self.cpu[n], each.index)
            self.steps.append(effect)
            self.follows[n] = {at[each.context, index] for index in ends}
        self.arrivals = {
            context: self._arrival(context) for own in self.interrupts for context in own
        }
        self.watched = union(
            self.effects.property(each.code, each.cpu or 0) for each, _ in machine.invariants
        ).reads
        self.wholes = {context: self._whole(context) for context in self.arrivals}

    def _arrives(self, context: int) -> bool:
        """False for an interrupt of which no arrival is asked for."""
        kind = self.program.contexts[context].kind
        return self.machine.limits.arrivals.get(kind, 1) > 0

    def _returning(self, context: int) -> Effect:
        each = self.program.contexts[context]
        if each.kind == "task":
            return NOTHING
        flag = 1 << self.machine.image.machine[each.cpu].irq_flag
        return self.balanced[each.cpu] | Effect(0, flag)

    def _arrival(self, context: int) -> Effect:
        each = self.program.contexts[context]
        flag = 1 << self.machine.image.machine[each.cpu].irq_flag
        found = self.balanced[each.cpu] | Effect(0, flag)
        if not visible(each.code.instrs[0]):
            found |= self.effects.step(each.code, each.cpu, 0)[0]
        return found

    def own(self, context: int) -> Effect:
        """Everything that the code of `context` may do."""
        here = (n for n, each in enumerate(self.points) if each.context == context)
        return union(self.steps[n] for n in here) | self.arrivals.get(context, NOTHING)

    def nested(self, context: int) -> set[int]:
        """`context`, and all that may interrupt it, directly or through another one."""
        program = self.program
        found, work = {context}, [context]
        while work:
            under = program.contexts[work.pop()]
            for each in self.interrupts[under.cpu]:
                kind = program.contexts[each].kind
                possible = (
                    kind == "exception"
                    or (kind == "nmi" and (under.kind != "nmi" or may_unmask(program)))
                    or (kind in MASKABLE and may_enable(under.code))
                )
                if possible and each not in found:
                    found.add(each)
                    work.append(each)
        return found

    def _whole(self, context: int) -> Effect:
        """All that happens between the arrival of `context` and its return. The interrupt flag is
        as before, and nothing there depends on what it was."""
        found = union(self.own(each) for each in self.nested(context))
        flag = 1 << self.machine.image.machine[self.program.contexts[context].cpu].irq_flag
        return Effect(found.reads, found.writes & ~flag)

    # -- delivery ---------------------------------------------------------------------

    def matters(self, n: int) -> frozenset[int]:
        """The interrupts that must be delivered before the step of point `n`."""
        return frozenset(each for each in self.interrupts[self.cpu[n]] if self._matters(n, each))

    def _matters(self, n: int, arriving: int) -> bool:
        if self.steps[n].conflicts(self.wholes[arriving]):
            return True
        program, instr = self.program, self.points[n].instr
        kind = program.contexts[arriving].kind
        inside = self.nested(arriving)
        if any(self._waits(each) for each in inside):
            return True  # it may stay there for ever, with this step not taken
        if isinstance(instr, IrqSet):
            return kind in MASKABLE
        leaving = program.contexts[self.points[n].context]
        if not isinstance(instr, End) or leaving.kind == "task":
            return False
        if kind in MASKABLE and may_enable(leaving.code):
            return True  # the return may disable interrupts again
        kinds = {program.contexts[each].kind for each in inside}
        return leaving.kind in kinds and self._deniable(leaving.kind)

    def _waits(self, context: int) -> bool:
        code = self.program.contexts[context].code
        return any(isinstance(each, Atomic | Halt) for each in code.instrs)

    def _deniable(self, kind: str) -> bool:
        """True where a bound on nesting that nobody asked for may be noticed."""
        return kind not in self.machine.limits.nest and kind != "exception"

    # -- independence -------------------------------------------------------------------

    def classes(self) -> list[int]:
        """Sets of bytes that every step of the program treats alike, of those that a CPU writes and
        another one accesses."""
        by_cpu = [NOTHING] * self.program.cpus
        for n, step in enumerate(self.steps):
            by_cpu[self.cpu[n]] |= step
        for context, arrival in self.arrivals.items():
            by_cpu[self.program.contexts[context].cpu] |= arrival
        for cpu in range(self.program.cpus):
            by_cpu[cpu] |= self.counted(cpu)
        shared = 0
        for one in range(self.program.cpus):
            for other in range(one):
                a, b = by_cpu[one], by_cpu[other]
                shared |= a.writes & (b.reads | b.writes) | b.writes & a.reads
        parts = [shared] if shared else []
        counted = [self.counted(cpu) for cpu in range(self.program.cpus)]
        for effect in {*self.steps, *self.arrivals.values(), *counted}:
            for found in effect:
                split = [(each & found, each & ~found) for each in parts]
                parts = [half for halves in split for half in halves if half]
        return sorted(parts)

    def counted(self, cpu: int) -> Effect:
        """What the choice of a task to run depends on."""
        count = self.machine.preempt_counts[cpu]
        if count is None or not self.program.preempt or not self.several(cpu):
            return NOTHING
        return Effect(0xF << count, 0)

    def several(self, cpu: int) -> bool:
        """True where several tasks share a CPU."""
        kinds = [each.kind for each in self.program.contexts if each.cpu == cpu]
        return kinds.count("task") > 1


def tables(machine: Machine, turns: Sequence[Turn] = ()) -> Tables:
    """The tables of a program under given limits. `turns`: permutations of CPUs of which a state
    stands for all; then what is bound on one CPU is so on all that may stand for it."""
    found = _Analysis(machine)
    classes = found.classes()
    steps = [found.steps[n] for n in range(len(found.points))]
    touches = [_touches(each, classes) for each in steps]
    own = [_future(each, classes) for each in steps]
    future = _reached(own, found.follows)
    later = {context: _future(found.own(context), classes) for context in found.arrivals}
    whole = [0] * machine.program.cpus
    for n, each in enumerate(own):
        whole[found.cpu[n]] |= each
    shared = [
        any(touches[n] & each for cpu, each in enumerate(whole) if cpu != found.cpu[n])
        for n in range(len(steps))
    ]
    loud = [bool(each.writes & found.watched) for each in steps]
    nodes = [n for n, each in enumerate(found.points) if each.run is not None]
    cuts = cut(nodes, found.follows, lambda n: int(shared[n] or loud[n]))
    bound = [
        loud[n]
        or n in cuts
        or (machine.program.contexts[each.context].kind == "task" and found.several(found.cpu[n]))
        for n, each in enumerate(found.points)
    ]
    arrivals = [
        union(found.arrivals[each] for each in own_interrupts)
        for own_interrupts in found.interrupts
    ]
    noisy = [bool(each.writes & found.watched) for each in arrivals]
    return Tables(
        interrupts=found.interrupts,
        touches=touches,
        future=future,
        bound=[
            each or any(bound[turn.points[n]] for turn in turns) for n, each in enumerate(bound)
        ],
        matters=[found.matters(n) for n in range(len(steps))],
        arrival=[_touches(each, classes) for each in arrivals],
        loud=[each or any(noisy[turn.cpus[n]] for turn in turns) for n, each in enumerate(noisy)],
        later=later,
        switching=[_future(found.counted(cpu), classes) for cpu in range(machine.program.cpus)],
        width=2 * len(classes),
    )


def _touches(effect: Effect, classes: list[int]) -> int:
    found = 0
    for place, each in enumerate(classes):
        if effect.writes & each:
            found |= 3 << 2 * place
        elif effect.reads & each:
            found |= 2 << 2 * place
    return found


def _future(effect: Effect, classes: list[int]) -> int:
    found = 0
    for place, each in enumerate(classes):
        found |= bool(effect.reads & each) << 2 * place
        found |= bool(effect.writes & each) << 2 * place + 1
    return found


def _reached(own: list[int], follows: dict[int, set[int]]) -> list[int]:
    """For each point, the union over all points that can be reached from it."""
    before: dict[int, list[int]] = {}
    for n, nexts in follows.items():
        for each in nexts:
            before.setdefault(each, []).append(n)
    found = list(own)
    work = list(range(len(own)))
    while work:
        n = work.pop()
        for each in before.get(n, ()):
            if found[n] & ~found[each]:
                found[each] |= found[n]
                work.append(each)
    return found
