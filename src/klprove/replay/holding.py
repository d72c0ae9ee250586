# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual CPU that runs and gets no further: its interrupts come and go, at full speed."""

from collections.abc import Sequence
from types import TracebackType

from klprove.lab.gdb import BREAKPOINT, Gdb
from klprove.replay.driving import Spoiled, Stops

LOOP = "reader_held"
"""Of the module `lower`: `pause`, and a jump back to it."""
_BACK, _ALONE, _TRIES = 0.3, 3, 40
"""Seconds that the CPU gets to come back to the loop; how often alone, and how often at all."""


class Held:
    """While the body runs, `cpu` is in the loop at `loop`, as if that had been called by the
    instruction that it stands at; afterwards it stands there again.

    So no text is changed that others run through, too, and whoever unwinds its stack finds the
    place that it has in the trace. `pause` gives the other CPU its turn (QEMU 7.2, TCG with one
    thread); a jump to itself would run for the 100 ms that a turn has there.
    """

    def __init__(self, gdb: Gdb, cpu: int, loop: int, others: Sequence[int] = ()) -> None:
        """`others`: CPUs that may go on where this one does not come back without them."""
        self._gdb, self._cpu, self._loop, self._others = gdb, cpu, loop, others
        self._place = self._stack = 0

    def __enter__(self) -> "Held":
        registers = self._gdb.registers(self._cpu)
        self._place, self._stack = registers["rip"], registers["rsp"]
        # An unwinder looks up what is before a return address (unwind_next_frame(),
        # arch/x86/kernel/unwind_orc.c, v6.1): of this one, the very place. Nobody returns to it.
        caller = (self._place + 1).to_bytes(8, "little")
        self._gdb.write(self._cpu, self._stack - 8, caller)
        self._gdb.jump(self._cpu, self._loop, rsp=self._stack - 8)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if raised is None:
            self._back()
            self._gdb.jump(self._cpu, self._place, rsp=self._stack)

    def _back(self) -> None:
        """Run it until what has come has gone. Raises Spoiled where that does not end."""
        with Stops(self._gdb, [(self._loop, BREAKPOINT, 1)]):
            for tried in range(_TRIES):
                if self._in_loop():
                    return
                self._gdb.run(_BACK, [self._cpu, *(self._others if tried >= _ALONE else ())])
        raise Spoiled

    def _in_loop(self) -> bool:
        registers = self._gdb.registers(self._cpu)
        return (registers["rip"], registers["rsp"]) == (self._loop, self._stack - 8)
