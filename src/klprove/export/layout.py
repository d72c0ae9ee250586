# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of the model: one structure of bytes, without padding.

Memory as in `engine/image.py`; for each CPU the number of the task that runs and how many
interrupts are stacked on it; for each task its live registers; for each interrupt on a stack what
its iret needs and its live registers. Where each of them stands in its code is SPIN's to know.
Whatever is not in use is zero.
"""

from dataclasses import dataclass

from klprove.engine.machine import Frame, Machine
from klprove.engine.native.layout import Layout as Records
from klprove.ir.types import Int

SAVED = 8
"""Bytes of the value that a balanced expression had at the entry of an interrupt."""


@dataclass(frozen=True, slots=True)
class Field:
    """A live register in a frame."""

    register: str
    offset: int
    ty: Int


class Layout:
    """Where things are."""

    def __init__(self, machine: Machine) -> None:
        program = machine.program
        self._machine = machine
        self.memory = len(machine.image.initial)
        self.tasks = [
            [n for n, each in enumerate(program.contexts) if (each.cpu, each.kind) == (cpu, "task")]
            for cpu in range(program.cpus)
        ]
        bounds = Records(machine)
        self.levels = [
            slots.count - min(len(own), 1)
            for slots, own in zip(bounds.cpus, self.tasks, strict=True)
        ]
        """By CPU: how many interrupts may be stacked."""
        self.frame = {task: max(self._sizes(task), default=0) for own in self.tasks for task in own}
        """By task: bytes of its frame."""
        self.interrupt = [
            max((size for each in own for size in self._sizes(each)), default=0)
            for own in machine.interrupts
        ]
        """By CPU: bytes of the frame of an interrupt."""

    def _sizes(self, context: int) -> list[int]:
        table = self._machine.points.table
        points = [n for n, each in enumerate(table) if each.context == context]
        return [self.header(context), *(self.used(each) for each in points)]

    def header(self, context: int) -> int:
        """Bytes of a frame of `context` before its registers."""
        each = self._machine.program.contexts[context]
        if each.kind == "task":
            return 0
        return 1 + SAVED * len(self._machine.balanced[each.cpu])

    def fields(self, point: int) -> list[Field]:
        """The live registers of a point."""
        found = self._machine.points.table[point]
        types = self._machine.program.contexts[found.context].code.registers
        fields, at = [], self.header(found.context)
        for name in found.live:
            fields.append(Field(name, at, types[name]))
            at += types[name].size
        return fields

    def used(self, point: int) -> int:
        """Bytes of a frame that stands at `point`."""
        fields = self.fields(point)
        context = self._machine.points.table[point].context
        return fields[-1].offset + fields[-1].ty.size if fields else self.header(context)

    def waits(self, context: int) -> bool:
        """True for a task that shares its CPU with others."""
        return any(context in own and len(own) > 1 for own in self.tasks)

    # -- the structure ---------------------------------------------------------------

    def members(self) -> list[tuple[str, int, str]]:
        """Name, bytes and meaning of each member, in order; none has no bytes."""
        cpus = self._machine.program.cpus
        contexts = self._machine.program.contexts
        found = [
            ("m", self.memory, "memory, and the machine's own bytes"),
            ("running", cpus, "by CPU: the task that has it, from 1; 0: none"),
            ("depth", cpus, "by CPU: interrupts stacked on it"),
        ]
        waiting = [task for own in self.tasks for task in own if self.waits(task)]
        if waiting:
            found.append(("gone", len(contexts), "by context: a task that has ended"))
        for own in self.tasks:
            for task in own:
                found.append((f"f{task}", self.frame[task], f"registers of {contexts[task].name}"))
        for cpu, levels in enumerate(self.levels):
            size = self.interrupt[cpu]
            found.append((f"i{cpu}", levels * size, f"CPU {cpu}: {levels} frames of {size} bytes"))
        return [each for each in found if each[1]]

    def initial(self) -> bytes:
        """The structure at boot."""
        machine = self._machine
        memory, cpus = machine.initial([])
        held = {name: bytearray(size) for name, size, _ in self.members()}
        if self.memory:
            held["m"][:] = memory
        alive = set()
        for cpu, (frames, parked) in enumerate(cpus):
            for frame in (*frames, *parked):
                context = machine.points.table[frame[0]].context
                alive.add(context)
                self._put(held.get(f"f{context}", bytearray()), frame)
            for frame in frames:
                held["running"][cpu] = 1 + machine.points.table[frame[0]].context
        for own in self.tasks:
            for task in own:
                if self.waits(task) and task not in alive:
                    held["gone"][task] = 1
        return b"".join(held.values())

    def _put(self, record: bytearray, frame: Frame) -> None:
        point, values, _ = frame
        for each, number in zip(self.fields(point), values, strict=True):
            raw = (number & ((1 << each.ty.bits) - 1)).to_bytes(each.ty.size, "little")
            record[each.offset : each.offset + each.ty.size] = raw
