# SPDX-License-Identifier: GPL-2.0-or-later
"""A state as a record of fixed size, and back.

    record = memory image | for each CPU, at a whole word: depth, frames, waiting tasks | a zero

A frame is a slot of its CPU: its point plus one (16 bits, so that an empty slot is all zeros), for
an interrupt what its return needs (interrupt flag, then the balanced values at 64 bits), then the
live registers at their own widths. Whatever is not in use is zero, so equal states are equal bytes.
The number of slots follows from what bounds nesting, so a record has room for every state.
"""

from dataclasses import dataclass

from klprove.engine.image import may_enable, may_unmask
from klprove.engine.machine import Cpu, Frame, Machine, State
from klprove.engine.native.frames import BALANCED, POINT, FrameLayout
from klprove.engine.native.tree import shape
from klprove.engine.points import Values
from klprove.ir.expressions import type_of
from klprove.ir.instructions import Result
from klprove.ir.program import Property
from klprove.ir.types import I64, Int

WORD = 8


@dataclass(frozen=True, slots=True)
class Slots:
    """Offsets, in the record, of what belongs to one CPU."""

    depth: int
    frames: int
    size: int
    """Bytes of a frame."""
    count: int
    parked: dict[int, int]
    """By index of the context: where a task waits for the CPU; empty where there is one task."""


class Layout(FrameLayout):
    """Where everything stands in the record of a state of one machine."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.image = len(machine.image.initial)
        self.cpus: list[Slots] = []
        end = self.image
        shared, *groups = [
            list(range(each.start // WORD, -(-each.stop // WORD))) for each in machine.image.groups
        ]
        for cpu, group in enumerate(groups):
            end = -(-end // WORD) * WORD
            slots = self._slots(cpu, end)
            self.cpus.append(slots)
            first = end // WORD
            end = slots.frames + slots.size * slots.count + slots.size * len(slots.parked)
            group += range(first, -(-end // WORD))
        self.words = -(-end // WORD) + 1
        """Of a record; the last is always zero, and fills up parts."""
        self.bytes = self.words * WORD
        self.shape = shape([*groups, shared], self.words - 1)

    def _slots(self, cpu: int, at: int) -> Slots:
        machine = self._machine
        points = [
            number
            for number, each in enumerate(machine.points.table)
            if machine.program.contexts[each.context].cpu == cpu
        ]
        size = max((self.used(number) for number in points), default=POINT)
        tasks = [
            index
            for index, each in enumerate(machine.program.contexts)
            if each.cpu == cpu and each.kind == "task"
        ]
        count = min(len(tasks), 1) + self._nesting(cpu)
        parked = at + 1 + count * size
        waiting = tasks if len(tasks) > 1 else []
        return Slots(
            depth=at,
            frames=at + 1,
            size=size,
            count=count,
            parked={index: parked + place * size for place, index in enumerate(waiting)},
        )

    def _nesting(self, cpu: int) -> int:
        """How many frames of interrupts may be stacked on a CPU."""
        program, limits = self._machine.program, self._machine.limits
        of: dict[str, int] = {}
        enabling = False
        for index in self._machine.interrupts[cpu]:
            context = program.contexts[index]
            of[context.kind] = of.get(context.kind, 0) + 1
            enabling |= may_enable(context.code)
        frames = 0
        for kind, contexts in of.items():
            most = limits.nesting(kind) if kind != "nmi" or may_unmask(program) else 1
            if kind in limits.arrivals:
                most = min(most, contexts * limits.arrivals[kind])
            of[kind] = most
            if kind not in ("irq", "softirq"):
                frames += most
        maskable = of.get("irq", 0) + of.get("softirq", 0)
        return frames + (maskable if enabling else min(maskable, 1))

    # -- whole states ---------------------------------------------------------

    def encode(self, state: State) -> bytes:
        """The record of a state."""
        memory, cpus = state
        record = bytearray(self.bytes)
        record[: self.image] = memory
        for slots, (frames, parked) in zip(self.cpus, cpus, strict=True):
            record[slots.depth] = len(frames)
            for place, frame in enumerate(frames):
                self._put(record, slots.frames + place * slots.size, frame)
            for frame in parked:
                context = self._machine.points.table[frame[0]].context
                self._put(record, slots.parked[context], frame)
        return bytes(record)

    def decode(self, record: bytes) -> State:
        """The state of a record."""
        cpus: list[Cpu] = []
        for slots in self.cpus:
            frames = tuple(
                self._get(record, slots.frames + place * slots.size)
                for place in range(record[slots.depth])
            )
            waiting = (at for at in slots.parked.values() if any(record[at : at + POINT]))
            cpus.append((frames, tuple(self._get(record, at) for at in waiting)))
        return record[: self.image], tuple(cpus)

    def _put(self, record: bytearray, at: int, frame: Frame) -> None:
        point, values, saved = frame
        record[at : at + POINT] = (point + 1).to_bytes(POINT, "little")
        if saved:
            record[at + POINT] = saved[0]
            for place, value in enumerate(saved[1:]):
                start = at + POINT + 1 + BALANCED * place
                record[start : start + BALANCED] = _raw(value, I64)
        for (_, offset, ty), value in zip(self.registers(point), values, strict=True):
            record[at + offset : at + offset + ty.size] = _raw(value, ty)

    def _get(self, record: bytes, at: int) -> Frame:
        point = int.from_bytes(record[at : at + POINT], "little") - 1
        values = tuple(_value(record, at + offset, ty) for _, offset, ty in self.registers(point))
        return point, values, self._saved(record, at, point)

    def _saved(self, record: bytes, at: int, point: int) -> Values:
        context = self._machine.program.contexts[self._machine.points.table[point].context]
        if context.kind == "task":
            return ()
        saved = [record[at + POINT]]
        for place, (each, _) in enumerate(self._machine.balanced[context.cpu]):
            ty = Int(64, result_type(each).signed)
            saved.append(_value(record, at + POINT + 1 + BALANCED * place, ty))
        return tuple(saved)


def result_type(prop: Property) -> Int:
    """The type of the value of an invariant or a balanced expression."""
    types = (type_of(each.value) for each in prop.code.instrs if isinstance(each, Result))
    return next(types, I64)


def _raw(value: int, ty: Int) -> bytes:
    return (value & ((1 << ty.bits) - 1)).to_bytes(ty.size, "little")


def _value(record: bytes, at: int, ty: Int) -> int:
    return int.from_bytes(record[at : at + ty.size], "little", signed=ty.signed)
