# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables by point, and what they say of a whole state: the parts that reductions are written of."""

from collections.abc import Mapping, Sequence

from klprove.engine.machine import Machine
from klprove.engine.native.layout import Layout
from klprove.engine.native.text import Text

_BYTE = 255


class Lookups:
    """Writes reads of such tables. `interrupts`: by CPU, those that may arrive at all."""

    def __init__(
        self, machine: Machine, layout: Layout, interrupts: Sequence[Sequence[int]]
    ) -> None:
        self._machine, self._layout, self._interrupts = machine, layout, interrupts

    def table(self, name: str, ty: str, values: Sequence[int]) -> str:
        """Text of a table: by point plus one, the first for no point."""
        listed = ", ".join(f"{ty} {each}" for each in values)
        return f"@{name} = internal constant [{len(values)} x {ty}] [{listed}]\n"

    def at(self, text: Text, name: str, ty: str, point: str) -> str:
        """What a table says. `point`: plus one, as an i64."""
        count = len(self._machine.points.table) + 1
        where = text.op(f"getelementptr [{count} x {ty}], ptr @{name}, i64 0, i64 {point}")
        return text.op(f"load {ty}, ptr {where}")

    def left(self, text: Text, context: int) -> str:
        """An i1: `context` has not yet arrived as often as it may, in the state `%s`."""
        arriving = self._machine.program.contexts[context]
        spent = self._machine.image.machine[arriving.cpu].spent.get(context)
        if spent is None:
            return "true"
        most = min(self._machine.limits.arrivals[arriving.kind], _BYTE)
        return text.op(f"icmp ult i8 {text.load('i8', '%s', spent)}, {most}")

    def union(
        self, text: Text, cpu: int, name: str, ty: str, later: Mapping[int, int], found: str
    ) -> str:
        """`found`, and what table `name` says of the frames and waiting tasks of a CPU, and `later`
        of its interrupts that may still arrive; the state is `%s`."""
        slots = self._layout.cpus[cpu]
        places = [slots.frames + slots.size * place for place in range(slots.count)]
        for at in (*places, *slots.parked.values()):
            point = text.op(f"zext i16 {text.load('i16', '%s', at)} to i64")
            found = text.op(f"or {ty} {found}, {self.at(text, name, ty, point)}")
        for context in self._interrupts[cpu]:
            left = self.left(text, context)
            more = text.op(f"select i1 {left}, {ty} {later[context]}, {ty} 0")
            found = text.op(f"or {ty} {found}, {more}")
        return found
