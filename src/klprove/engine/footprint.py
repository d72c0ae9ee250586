"""Footprints: the bytes of the image that a context, and whatever may interrupt it, can read or
change.

What a context does depends on nothing else, and it changes nothing else: that is what lets one
exploration of an interrupt stand for all its arrivals with equal bytes there (`engine/nested.py`).
"""

from klprove.engine.image import Image, may_enable, may_unmask
from klprove.engine.machine import Machine
from klprove.ir.expressions import Const
from klprove.ir.instructions import MEMORY, Free, Instr
from klprove.ir.program import Code


class Footprints:
    """For each interrupt context of CPU 0, the bytes that its whole run may touch."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._image = machine.image
        own = {index: self._own(index) for index in machine.interrupts[0]}
        nested = {index: self._nested(index) for index in own}
        whole = {index: set(positions) for index, positions in own.items()}
        changed = True
        while changed:
            changed = False
            for index, others in nested.items():
                for each in others:
                    if not whole[each] <= whole[index]:
                        whole[index] |= whole[each]
                        changed = True
        self.masks: dict[int, bytes] = {}
        size = len(self._image.initial)
        for index, positions in whole.items():
            positions |= self._machine_bytes(index, nested[index])
            self.masks[index] = bytes(255 if at in positions else 0 for at in range(size))

    def _own(self, index: int) -> set[int]:
        program = self._machine.program
        positions = code_footprint(self._image, program.contexts[index].code)
        for each in program.properties:
            positions |= code_footprint(self._image, each.code)
        return positions

    def _nested(self, index: int) -> set[int]:
        """The contexts that may interrupt context `index`, directly or through another one."""
        program = self._machine.program
        found: set[int] = set()
        work = [index]
        while work:
            now = work.pop()
            context = program.contexts[now]
            for each in self._machine.interrupts[0]:
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
        own = self._image.machine[0]
        contexts = self._machine.program.contexts
        positions = {own.irq_flag, own.nmi_mask}
        positions |= {own.spent[each] for each in nested | {index} if each in own.spent}
        kinds = {contexts[each].kind for each in nested}
        return positions | {at for kind, at in own.nest.items() if kind in kinds}


def code_footprint(image: Image, code: Code) -> set[int]:
    """Positions of every byte that `code` may read, change or free, its flags of freed pieces
    included."""
    positions: set[int] = set()
    for instr in code.instrs:
        positions |= _instr_footprint(image, instr)
    return positions


def _instr_footprint(image: Image, instr: Instr) -> set[int]:
    if not isinstance(instr, MEMORY):
        return set()
    addr = instr.addr
    if not isinstance(addr, Const):
        return {
            at for each in image.dynamic if each.addr in image.escaped for at in image.extent(each)
        }
    size = instr.size if isinstance(instr, Free) else instr.ty.size
    positions = set(image.flags(addr.value, size))
    start = image.position(addr.value)
    if start is not None and not isinstance(instr, Free):
        positions |= set(range(start, start + size))
    return positions
