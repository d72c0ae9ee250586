# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames as bytes, and the steps of a whole machine over them: what compiled engines share."""

from collections.abc import Iterator

from klprove.engine.machine import Machine
from klprove.engine.native.events import Events
from klprove.engine.native.steps import Frames, Steps
from klprove.ir.instructions import End, Halt, visible
from klprove.ir.types import Int

POINT = 2
"""Bytes of a point."""
BALANCED = 8
"""Bytes of the value of a balanced expression."""


class FrameLayout:
    """Where everything stands in a frame: its point plus one, for an interrupt what its return
    needs, then the live registers at their own widths."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def header(self, context: int) -> int:
        """Bytes of a frame of `context` before its registers."""
        each = self._machine.program.contexts[context]
        if each.kind == "task":
            return POINT
        return POINT + 1 + BALANCED * len(self._machine.balanced[each.cpu])

    def registers(self, point: int) -> list[tuple[str, int, Int]]:
        """The live registers of a point: name, offset in the frame, type."""
        found = self._machine.points.table[point]
        types = self._machine.program.contexts[found.context].code.registers
        fields, at = [], self.header(found.context)
        for name in found.live:
            fields.append((name, at, types[name]))
            at += types[name].size
        return fields

    def used(self, point: int) -> int:
        """Bytes of a frame that stands at `point`."""
        held = self._machine.points.table[point]
        types = self._machine.program.contexts[held.context].code.registers
        return self.header(held.context) + sum(types[name].size for name in held.live)

    def steps(self, events: Events) -> Iterator[str]:
        """Text of every step of every context, and of what a context does before its first one."""
        for number in range(len(self._machine.program.contexts)):
            yield from self._context(number, events)

    def _context(self, number: int, events: Events) -> Iterator[str]:
        context, table = self._machine.program.contexts[number], self._machine.points.table
        points = {each.index: n for n, each in enumerate(table) if each.context == number}
        frames: Frames = {
            index: (self.registers(point), self.used(point)) for index, point in points.items()
        }
        image = self._machine.image
        steps = Steps(context.code, image, context.cpu, points, frames, events, number)
        for index, point in points.items():
            if not isinstance(table[point].instr, End | Halt):
                yield steps.function(f"step{point}", index, False)
        if not visible(context.code.instrs[0]):
            yield steps.function(f"prefix{number}", 0, True)

    def values(self) -> Iterator[str]:
        """Text of the invariants and balanced expressions."""
        for number, each in enumerate(self._machine.program.properties):
            steps = Steps(each.code, self._machine.image, each.cpu or 0, {}, {}, None, -1)
            yield steps.function(f"value{number}", 0, True, silent=True)
