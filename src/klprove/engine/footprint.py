# SPDX-License-Identifier: GPL-2.0-or-later
"""Footprints: the bytes of the image that a context, and whatever may interrupt it, can read or
change.

What a context does depends on nothing else, and it changes nothing else: that is what lets one
exploration of an interrupt stand for all its arrivals with equal bytes there (`engine/nested`).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from klprove.engine.image import Image, may_enable, may_unmask
from klprove.engine.machine import Machine
from klprove.ir.expressions import Const
from klprove.ir.instructions import MEMORY, Free, Instr
from klprove.ir.liveness import successors
from klprove.ir.program import Code


class Touched(NamedTuple):
    """Positions that some instructions may touch at constant addresses, and whether they also go to
    computed ones."""

    positions: frozenset[int]
    computed: bool

    def with_computed(self, reached: set[int]) -> set[int]:
        """All positions, where computed addresses lead to `reached`."""
        return {*self.positions, *reached} if self.computed else set(self.positions)


class Constants:
    """What code touches at constant addresses: the same wherever computed ones lead."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._instrs: dict[int, list[Touched]] = {}
        self._ahead: dict[int, Touched] = {}

    def ahead(self, point: int) -> Touched:
        """What a context may touch from a point on."""
        known = self._ahead.get(point)
        if known is None:
            here = self._machine.points.table[point]
            instrs = self._machine.program.contexts[here.context].code.instrs
            touched = self.context(here.context)
            seen = reachable(instrs, here.index)
            known = self._ahead[point] = _together(touched[index] for index in seen)
        return known

    def context(self, number: int) -> list[Touched]:
        """What each instruction of a context may touch."""
        known = self._instrs.get(number)
        if known is None:
            known = self.code(self._machine.program.contexts[number].code)
            self._instrs[number] = known
        return known

    def code(self, code: Code) -> list[Touched]:
        """What each instruction of some code may touch."""
        return [_touched(self._machine.image, instr) for instr in code.instrs]


class Footprints:
    """For each interrupt context of one CPU, the bytes that its whole run may touch; with other
    CPUs, which run tasks only, also those that they may touch meanwhile."""

    def __init__(
        self,
        machine: Machine,
        cpu: int = 0,
        here: Iterable[int] | None = None,
        elsewhere: Iterable[int] | None = None,
        constants: Constants | None = None,
    ) -> None:
        """`here` and `elsewhere`: the bytes to which computed addresses lead, on this CPU and on
        others; None: everywhere where they may. `constants`: kept from footprints made before."""
        self._machine, self._cpu = machine, cpu
        self._constants = constants or Constants(machine)
        self._image = machine.image
        self._here = anywhere(self._image) if here is None else set(here)
        self._elsewhere = anywhere(self._image) if elsewhere is None else set(elsewhere)
        own = {index: self._own(index) for index in machine.interrupts[cpu]}
        nested = {index: self._nested(index) for index in own}
        self._whole = {index: set(positions) for index, positions in own.items()}
        changed = True
        while changed:
            changed = False
            for index, others in nested.items():
                for each in others:
                    if not self._whole[each] <= self._whole[index]:
                        self._whole[index] |= self._whole[each]
                        changed = True
        for index, positions in self._whole.items():
            positions |= self._machine_bytes(index, nested[index])
        self._interrupting = nested
        self._future: dict[int, set[int]] = {}

    def nested(self, context: int) -> set[int]:
        """The contexts that may interrupt `context`, directly or through another one."""
        return self._interrupting[context]

    def mask(self, context: int, points: Iterable[int] = ()) -> bytes:
        """255 for each byte of the image that a run of `context` may touch, 0 for the others;
        `points`: where the tasks of other CPUs stand when it begins."""
        positions = set(self._whole[context])
        for each in points:
            positions |= self.future(each)
        return bytes(255 if at in positions else 0 for at in range(len(self._image.initial)))

    def future(self, point: int) -> set[int]:
        """The bytes that a task of another CPU may touch from `point` on."""
        known = self._future.get(point)
        if known is None:
            known = self._future[point] = self._from(point)
        return known

    def _from(self, point: int) -> set[int]:
        context = self._machine.program.contexts[self._machine.points.table[point].context]
        positions = self._constants.ahead(point).with_computed(self._elsewhere)
        own = self._image.machine[context.cpu]
        positions |= {own.irq_flag, own.nmi_mask}
        count = self._machine.preempt_counts[context.cpu]
        if self._machine.program.preempt and count is not None:
            positions |= set(range(count, count + 4))
        return positions

    def _own(self, index: int) -> set[int]:
        touched = list(self._constants.context(index))
        for each in self._machine.program.properties:
            touched += self._constants.code(each.code)
        return _together(touched).with_computed(self._here)

    def _nested(self, index: int) -> set[int]:
        """The contexts that may interrupt context `index`, directly or through another one."""
        program = self._machine.program
        found: set[int] = set()
        work = [index]
        while work:
            now = work.pop()
            context = program.contexts[now]
            for each in self._machine.interrupts[self._cpu]:
                kind = program.contexts[each].kind
                possible = (
                    kind == "exception"
                    or (kind == "nmi" and (context.kind != "nmi" or may_unmask(program)))
                    or (kind in ("irq", "softirq") and may_enable(context.code))
                )
                if possible and each not in found:
                    found.add(each)
                    work.append(each)
        return found

    def _machine_bytes(self, index: int, nested: set[int]) -> set[int]:
        own = self._image.machine[self._cpu]
        contexts = self._machine.program.contexts
        positions = {own.irq_flag, own.nmi_mask}
        positions |= {own.spent[each] for each in nested | {index} if each in own.spent}
        kinds = {contexts[each].kind for each in nested}
        return positions | {at for kind, at in own.nest.items() if kind in kinds}


def anywhere(image: Image) -> set[int]:
    """Positions of every byte that an access at a computed address may touch, flags of freed pieces
    included."""
    return {at for each in image.dynamic if each.addr in image.escaped for at in image.extent(each)}


def reachable(instrs: Sequence[Instr], start: int) -> set[int]:
    """Indices of the instructions that may run from `start` on."""
    seen, work = {start}, [start]
    while work:
        index = work.pop()
        for each in successors(index, instrs[index]):
            if each not in seen:
                seen.add(each)
                work.append(each)
    return seen


def _together(parts: Iterable[Touched]) -> Touched:
    parts = list(parts)
    return Touched(
        frozenset().union(*(each.positions for each in parts)), any(each.computed for each in parts)
    )


def _touched(image: Image, instr: Instr) -> Touched:
    """What an instruction may read, change or free."""
    if not isinstance(instr, MEMORY):
        return _NOTHING
    addr = instr.addr
    if not isinstance(addr, Const):
        return _ANYTHING
    size = instr.size if isinstance(instr, Free) else instr.ty.size
    positions = set(image.flags(addr.value, size))
    start = image.position(addr.value)
    if start is not None and not isinstance(instr, Free):
        positions |= set(range(start, start + size))
    return Touched(frozenset(positions), False)


_NOTHING = Touched(frozenset(), False)
_ANYTHING = Touched(frozenset(), True)
