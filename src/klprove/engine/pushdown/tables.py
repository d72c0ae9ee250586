# SPDX-License-Identifier: GPL-2.0-or-later
"""What the loops look up: which bytes an interrupt may touch, what conflicts, what may be turned
round. It depends on where computed addresses lead, and is written anew when more of that is known.
"""

from collections.abc import Callable, Sequence

from klprove.engine.footprint import Constants, Footprints
from klprove.engine.machine import Machine
from klprove.engine.pushdown import counters, store
from klprove.engine.pushdown.accesses import Accesses, Regions
from klprove.engine.pushdown.layout import WORD, Layout

Write = Callable[[str, int, bytes], None]
"""Puts bytes at a place of the array of a name."""

_WORD = (1 << 64) - 1


class Tables:
    """The tables of one machine."""

    def __init__(self, machine: Machine, home: int, layout: Layout) -> None:
        self._machine, self._home, self._layout = machine, home, layout
        self._constants = Constants(machine)
        self._several = machine.program.cpus > 1
        self._regions = Regions(machine) if self._several else None
        self._symmetries = counters.find(machine, home) if self._several else []

    def write(self, here: set[int], elsewhere: set[int], write: Write) -> None:
        """Write all of them. `here` and `elsewhere`: the bytes to which computed addresses lead, on
        the CPU with interrupts and on others."""
        machine = self._machine
        footprints = Footprints(machine, self._home, here, elsewhere, self._constants)
        write("masks", 0, self._masks(footprints))
        if not self._several:
            return
        allowed = [
            store.HERE * (at in here) | store.ELSEWHERE * (at in elsewhere)
            for at in range(len(machine.image.initial))
        ]
        write("allowed", 0, b"".join(each.to_bytes(4, "little") for each in allowed))
        self._conflicts(footprints, here, elsewhere, write)
        self._turns(here | elsewhere, write)

    def _masks(self, footprints: Footprints) -> bytes:
        machine, layout = self._machine, self._layout
        own = [footprints.mask(context) for context in machine.interrupts[self._home]]
        contexts = machine.program.contexts
        theirs: set[int] = set()
        for number, point in enumerate(machine.points.table):
            if contexts[point.context].cpu != self._home:
                theirs |= footprints.future(number)
        size = len(machine.image.initial)
        other = bytes(255 if at in theirs else 0 for at in range(size))
        standing = [b"\xff" * WORD * layout.frame] * (machine.program.cpus - 1)
        both = [bytes(a | b for a, b in zip(each, other, strict=True)) for each in own]
        only = [bytes(b & ~a for a, b in zip(each, other, strict=True)) for each in own]
        worlds = [layout.memory(each) for each in own]
        worlds += [layout.memory(each, standing) for each in (*both, *only, other)]
        return b"".join(worlds)

    def _conflicts(
        self, footprints: Footprints, here: set[int], elsewhere: set[int], write: Write
    ) -> None:
        machine = self._machine
        contexts = machine.program.contexts
        accesses = Accesses(machine, self._home, here, elsewhere, self._regions)
        write("places", 0, _words(accesses.places))
        steps = [accesses.sets(each, False) for each in accesses.steps]
        may = [accesses.sets(each, True) for each in accesses.steps]
        future = [
            accesses.future(number) if contexts[point.context].cpu != self._home else (0, 0)
            for number, point in enumerate(machine.points.table)
        ]
        whole = [
            accesses.contexts([context, *footprints.nested(context)])
            for context in machine.interrupts[self._home]
        ]
        nothing = [(0, 0)]  # points are numbered from 1
        for name, sets in (
            ("", nothing + steps),
            ("may_", nothing + may),
            ("future_", nothing + future),
            ("context_", whole),
            ("arrival_", accesses.arrivals(machine.interrupts[self._home])),
        ):
            write(f"{name}reads", 0, _words([read for read, _ in sets]))
            write(f"{name}writes", 0, _words([written for _, written in sets]))

    def _turns(self, computed: set[int], write: Write) -> None:
        layout = self._layout
        found = next((each for each in self._symmetries if computed.isdisjoint(each.counter)), None)
        if found is None:
            return
        image = bytes(found.bit if at == min(found.counter) else 0 for at in range(layout.image))
        write("turns", 0, layout.memory(image))
        for point, names in found.registers.items():
            record = bytearray(WORD * layout.frame)
            for name, at, _ in layout.registers(point):
                record[at] = found.bit if name in names else 0
            write("frame_turns", len(record) * (point + 1), bytes(record))


def _words(values: Sequence[int]) -> bytes:
    return b"".join((each & _WORD).to_bytes(8, "little") for each in values)
