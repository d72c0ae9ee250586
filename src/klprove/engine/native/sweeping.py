# SPDX-License-Identifier: GPL-2.0-or-later
"""Sweeps over a complete search: what must be able to come, and the first state that lost it."""

from klprove.engine.limits import Meter
from klprove.engine.native import kernels
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.compiled import Compiled
from klprove.engine.native.store import Store

_SLICE = 1 << 15
"""States between two looks at the limits."""


class Sweeping:
    """The sweeps of one search, whose states are all in `store`, each still in `order`."""

    def __init__(
        self, code: Compiled, store: Store, control: Buffer, work: Buffer, meter: Meter
    ) -> None:
        self._code, self._store, self._control = code, store, control
        self._work, self._meter = work, meter

    def lost(self, wanted: int, depth: int) -> tuple[int | None, str]:
        """The first state from which property number `wanted` can never come, None where there is
        none; or why that is not known."""
        control, store = self._control, self._store
        entries = control.word(kernels.ENTRIES)
        size = entries + kernels.TAIL
        reason = self._meter.lacks(size)
        if reason:
            return None, reason
        good = Buffer(size)
        try:
            control.put(kernels.WANTED, wanted)
            while self._sweep(good, depth):
                pass
            given = store.order.address, store.table.address, good.address, entries, store.count
            first = self._code.call("lost", *given)
        except Exhausted as exhausted:
            return None, str(exhausted)
        finally:
            good.close()
            control.put(kernels.HEAD, store.count)  # all are expanded, as before
        return (None if first < 0 else first), ""

    def _sweep(self, good: Buffer, depth: int) -> int:
        """Once through all states, from the last to the first; how many were marked."""
        control, count = self._control, self._store.count
        control.put(kernels.HEAD, count)
        fresh = 0
        while (head := control.word(kernels.HEAD)) > 0:
            control.put(kernels.UNTIL, max(0, head - _SLICE))
            arrays = self._store.arrays()
            given = control.address, *arrays, self._work.address, good.address
            fresh += self._code.call("sweep", *given)
            transitions = control.word(kernels.TRANSITIONS)
            reason = self._meter.exhausted(count, transitions, head, depth)
            if reason:
                raise Exhausted(reason)
        return fresh


class Exhausted(Exception):
    """A limit was reached between two sweeps."""
