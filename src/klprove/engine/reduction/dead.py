# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is dead in a state: whose value nobody reads before it is written, come what may.

A backward may-analysis of each context's code, as for registers (`ir/liveness.py`), over *units*:
bytes that some access with a constant address takes together. What is live in a state is the union
over all frames, where they stand, and over all interrupts that may still arrive, at their entry:
whoever comes first to a unit in none of these sets writes it. A write whose result depends on the
old value, which goes nowhere else, is no read of its own (*faint* variables: Giegerich, Moencke,
Wilhelm 1981).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from klprove.engine.image import Image
from klprove.engine.machine import Machine, State
from klprove.engine.reduction.effects import Effects, bits
from klprove.engine.reduction.symmetry import Turn
from klprove.ir.expressions import Const
from klprove.ir.instructions import CmpXchg, Instr, Load, Rmw, Store
from klprove.ir.liveness import live_registers, successors
from klprove.ir.program import Code


@dataclass(slots=True)
class Dead:
    """Sets of positions of the image, a bit for each."""

    spared: int
    """Never cleared: the machine's own bytes, and what properties or the choice of a task read."""
    live: list[int]
    """By point: what its context may read, from there on, before it writes it."""
    later: dict[int, int]
    """By context that interrupts: the same at its beginning."""
    initial: bytes
    """What is dead is as at boot."""

    def parts(self) -> list[int]:
        """Positions that may be dead, in sets of such as are dead together."""
        found = [((1 << len(self.initial)) - 1) & ~self.spared]
        for live in {*self.live, *self.later.values()}:
            split = [(each & live, each & ~live) for each in found]
            found = [half for halves in split for half in halves if half]
        return sorted(found)

    def cleared(self, state: State, left: Iterable[int]) -> State:
        """`state` with what is dead in it as at boot. `left`: interrupts that may still arrive."""
        memory, cpus = state
        live = self.spared
        for frames, parked in cpus:
            for point, _, _ in (*frames, *parked):
                live |= self.live[point]
        for context in left:
            live |= self.later[context]
        found = bytearray(memory)
        dead = ((1 << len(memory)) - 1) & ~live
        while dead:
            low = dead & -dead
            at = low.bit_length() - 1
            found[at] = self.initial[at]
            dead ^= low
        return bytes(found), cpus


class _Analysis:
    def __init__(self, machine: Machine) -> None:
        self._image = machine.image
        self._effects = Effects(machine.image)
        self._units = units(machine)
        self.whole = cache(self._whole)
        self.covered = cache(self._covered)

    def code(self, code: Code, cpu: int) -> list[int]:
        """For each instruction, what is live when it is about to run."""
        registers = live_registers(code)
        follows = [successors(n, each) for n, each in enumerate(code.instrs)]
        before: list[list[int]] = [[] for _ in code.instrs]
        for n, nexts in enumerate(follows):
            for each in nexts:
                before[each].append(n)
        live = [0] * len(code.instrs)
        work = list(range(len(code.instrs)))
        while work:
            n = work.pop()
            after, wanted = 0, frozenset[str]()
            for each in follows[n]:
                after |= live[each]
                wanted |= registers[each]
            found = self._before(code.instrs[n], cpu, after, wanted)
            if found != live[n]:
                live[n] = found
                work += before[n]
        return live

    def _before(self, instr: Instr, cpu: int, after: int, wanted: frozenset[str]) -> int:
        """What is live before an instruction. `wanted`: the registers that are live after it."""
        effect = self._effects.of(instr, cpu)
        if not isinstance(instr, Load | Store | Rmw | CmpXchg) or not isinstance(instr.addr, Const):
            return after | self.whole(effect.reads)
        data = _constant(self._image, instr)
        flags = effect.reads & ~data
        used = not isinstance(instr, Store) and instr.dst in wanted
        if used:
            return after | flags | self.whole(data)
        if isinstance(instr, Store) or (isinstance(instr, Rmw) and instr.op == "xchg"):
            return after & ~self.covered(data) | flags
        return after | flags  # the old value goes into the new one, or nowhere

    def _whole(self, some: int) -> int:
        """`some` bytes, and the units that they are of."""
        found = some
        for each in self._units:
            if each & some:
                found |= each
        return found

    def _covered(self, data: int) -> int:
        """The units of which `data` is all."""
        found = 0
        for each in self._units:
            if not each & ~data:
                found |= each
        return found


def units(machine: Machine) -> list[int]:
    """Bytes that an access with a constant address takes together, directly or through others."""
    found: list[int] = []
    constants = {
        _constant(machine.image, instr)
        for context in machine.program.contexts
        for instr in context.code.instrs
    }
    for data in constants - {0}:
        for met in [each for each in found if each & data]:
            found.remove(met)
            data |= met
        found.append(data)
    return sorted(found)


def _constant(image: Image, instr: Instr) -> int:
    """The bytes of an access with a constant address; none for any other instruction."""
    if not isinstance(instr, Load | Store | Rmw | CmpXchg) or not isinstance(instr.addr, Const):
        return 0
    start = image.position(instr.addr.value)
    return 0 if start is None else bits(range(start, start + instr.ty.size))


def dead(machine: Machine, interrupts: Iterable[int], turns: Sequence[Turn] = ()) -> Dead:
    """What is dead, by point. `interrupts`: those that may arrive at all; `turns`: permutations of
    CPUs, for each of which somebody looks at a state."""
    analysis, program, image = _Analysis(machine), machine.program, machine.image
    codes = [analysis.code(each.code, each.cpu) for each in program.contexts]
    return Dead(
        spared=analysis.whole(_spared(machine, turns)),
        live=[codes[each.context][each.index] for each in machine.points.table],
        later={each: codes[each][0] for each in interrupts},
        initial=image.initial,
    )


def _spared(machine: Machine, turns: Sequence[Turn]) -> int:
    """What is read without a step."""
    image, program = machine.image, machine.program
    data = bits(at for each in image.dynamic for at in image.extent(each))
    found = ~data & (1 << len(image.initial)) - 1
    for each in program.properties:
        found |= Effects(image).property(each.code, each.cpu or 0).reads
    for count in machine.preempt_counts:
        if program.preempt and count is not None:
            found |= 0xF << count
    here = [at for at in range(len(image.initial)) if found >> at & 1]
    return found | bits(turn.positions.index(at) for turn in turns for at in here)
