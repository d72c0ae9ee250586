# SPDX-License-Identifier: GPL-2.0-or-later
"""Effects: which bytes of the image a step reads and which it writes.

Sets of positions are integers with a bit for each, so that union and intersection are one
operation. The effect of a computed address is that of every object it may point into. Of the
machine's own bytes only the interrupt flag occurs, and as read only by a property: what else
depends on them is ruled in `engine/reduction/tables.py`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from klprove.engine.image import Image
from klprove.ir.expressions import Const
from klprove.ir.instructions import MEMORY as MEMORY_INSTRUCTIONS
from klprove.ir.instructions import (
    CmpXchg,
    Free,
    Instr,
    IrqGet,
    IrqSet,
    Load,
    Memory,
    Rmw,
    Store,
    visible,
)
from klprove.ir.liveness import successors
from klprove.ir.program import Code


class Effect(NamedTuple):
    """Positions read and positions written, a bit for each."""

    reads: int
    writes: int

    def __or__(self, other: "Effect") -> "Effect":
        return Effect(self.reads | other.reads, self.writes | other.writes)

    def conflicts(self, other: "Effect") -> bool:
        """True where the order of the two may matter."""
        return bool(self.writes & (other.reads | other.writes) or self.reads & other.writes)


NOTHING = Effect(0, 0)


def union(effects: Iterable[Effect]) -> Effect:
    """Everything that any of `effects` touches."""
    reads = writes = 0
    for each in effects:
        reads |= each.reads
        writes |= each.writes
    return Effect(reads, writes)


def bits(positions: Iterable[int]) -> int:
    """The set of `positions`."""
    found = 0
    for each in positions:
        found |= 1 << each
    return found


class Effects:
    """The effects of the instructions of one program."""

    def __init__(self, image: Image) -> None:
        self._image = image
        escaped = [each for each in image.dynamic if each.addr in image.escaped]
        self._flags = bits(
            at for each in image.dynamic for at in image.flags(each.addr, len(each.init))
        )
        self._anywhere = bits(at for each in escaped for at in image.extent(each)) & ~self._flags

    def step(self, code: Code, cpu: int, start: int) -> tuple[Effect, set[int]]:
        """The effect of what runs from instruction `start` to the next visible ones, and these."""
        found, ends = NOTHING, set[int]()
        seen: set[int] = set()
        work = [start]
        while work:
            index = work.pop()
            if index in seen:
                continue
            seen.add(index)
            found |= self.of(code.instrs[index], cpu)
            for each in successors(index, code.instrs[index]):
                if visible(code.instrs[each]):
                    ends.add(each)
                else:
                    work.append(each)
        return found, ends

    def property(self, code: Code, cpu: int) -> Effect:
        """What the value of an invariant or of a balanced expression depends on."""
        flag = 1 << self._image.machine[cpu].irq_flag
        reads = [Effect(flag, 0) for each in code.instrs if isinstance(each, IrqGet)]
        return union([*reads, *(self.of(each, cpu) for each in code.instrs)])

    def of(self, instr: Instr, cpu: int) -> Effect:
        """The effect of one instruction of a context of `cpu`."""
        if isinstance(instr, IrqSet):
            return Effect(0, 1 << self._image.machine[cpu].irq_flag)
        if isinstance(instr, MEMORY_INSTRUCTIONS):
            return self._memory(instr)
        return NOTHING

    def _memory(self, instr: Memory) -> Effect:
        addr = instr.addr
        if not isinstance(addr, Const):
            data, flags = self._anywhere, self._flags
        elif isinstance(instr, Free):
            data, flags = 0, bits(self._image.flags(addr.value, instr.size))
        else:
            start = self._image.position(addr.value)
            data = 0 if start is None else bits(range(start, start + instr.ty.size))
            flags = bits(self._image.flags(addr.value, instr.ty.size))
        match instr:
            case Load():
                return Effect(data | flags, 0)
            case Store():
                return Effect(flags, data)
            case Rmw() | CmpXchg():
                return Effect(data | flags, data)
            case Free():
                return Effect(flags, flags)
