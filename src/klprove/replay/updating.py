# SPDX-License-Identifier: GPL-2.0-or-later
"""The second CPU of a trace: the updater, which is livepatch's own code in the kernel."""

import time
from collections.abc import Callable, Mapping, Sequence

from klprove.lab.gdb import BREAKPOINT, WATCH_WRITE, Gdb
from klprove.lab.lost import Late
from klprove.replay.driving import IF, Differs, Driver, Stops
from klprove.replay.holding import LOOP, Held
from klprove.replay.outcome import shown
from klprove.replay.words import Pair

_SECONDS = 60.0
"""Until a step counts as not coming."""
_LOOK, _SETTLE = 0.05, 0.02
"""Seconds between two looks at what no stop tells of; for what is pending to arrive."""
_CALLING = ("smp_call_function_many_cond", "smp_call_function_single")
"""Where a CPU waits for another to take an interrupt and run a function (kernel/smp.c)."""


class Updater:
    """The CPU on which a livepatch is disabled and unloaded, while the reader gets no further.

    Where the reader's interrupts are on, its CPU takes them meanwhile, and what they wake may run
    there (a worker that the updater waits for); where they are off, it stands still.
    """

    def __init__(
        self,
        gdb: Gdb,
        driver: Driver,
        cpu: int,
        symbols: Mapping[str, int],
        start: Callable[[], None],
    ) -> None:
        """`cpu`: the updater's; the reader's is the driver's. `start` has it begin."""
        self._gdb, self._driver, self.cpu = gdb, driver, cpu
        self._symbols, self._start = symbols, start
        self.started = False
        """The kernel will not again be as it was: the trace cannot be begun anew."""
        self.ran = False
        """It ran since the reader last did."""
        self._begun = False
        """It has come to the first function that it was to come to."""
        self._anywhere = False
        """It does not matter where it stands: it may hold what the reader's CPU waits for."""

    def reach(self, target: str) -> bool:
        """Run to the entry of `target`. Raises Late where it does not come to its first one: what
        was asked of the guest has not begun, which says nothing of the kernel."""
        address = self._symbols[target]
        there = self._until(lambda: self._stands() == address, [(address, BREAKPOINT, 1)])
        if not there and not self._begun:
            raise Late(f"the updater has not begun: {target}() is not entered in time")
        self._begun = self._begun or there
        return there

    def change(self, pair: Pair, value: int) -> None:
        """Run until `pair`, a word of the reader's or of no CPU, has become `value`: a task's word
        in the task that runs on the reader's CPU, and in that CPU's idle task, which is the same in
        the model."""
        for address in self._driver.addresses(pair):
            self._become(pair, address, value)

    def _become(self, pair: Pair, address: int, value: int) -> None:
        def done() -> bool:
            data = self._gdb.read(self.cpu, address, pair.word.size)
            return pair.masked(int.from_bytes(data, "little", signed=pair.word.signed)) == value

        if not done() and not self._until(done, [(address, WATCH_WRITE, pair.word.size)]):
            raise Differs(f"{pair.short} does not become {shown(pair, value)}")

    def divert(self, target: str) -> None:
        """Have it call `target` where it has just been called."""
        self._gdb.jump(self.cpu, self._symbols[target])

    def freed(self, address: int) -> None:
        """Run until nothing is mapped at `address`."""
        if self.mapped(address) and not self._until(lambda: not self.mapped(address)):
            raise Differs(f"what lies at {address:#x} is not freed")

    def mapped(self, address: int) -> bool:
        """Something can be read there."""
        try:
            self._gdb.read(self.cpu, address, 1)
        except ValueError:
            return False
        return True

    def settle(self) -> None:
        """What has become pending for the reader's CPU while it stood comes and goes, before it
        goes on."""
        if self.ran and self._interruptible():
            with self._held():
                self._gdb.run(_SETTLE, [self._driver.cpu])
        self.ran = False

    def _until(self, done: Callable[[], bool], stops: Sequence[tuple[int, int, int]] = ()) -> bool:
        """Run until `done`, which becomes true at one of `stops`, or, where there are none, at any
        time. False where it does not come; Late where the updater then waits for the reader's CPU,
        though that takes interrupts."""
        self._begin()
        self._anywhere = not stops
        if not self._interruptible():
            return self._run(done, stops, [self.cpu])
        with self._held():
            there = self._run(done, stops, [self.cpu, self._driver.cpu])
        where = self._driver.stand(self.cpu)
        if not there and where.startswith(_CALLING):
            raise Late(f"the updater still waits at {where} for the reader's CPU, interrupts on")
        return there

    def _begin(self) -> None:
        if not self.started:
            self.started = self._driver.patient = True
            self._start()
        self.ran = True
        self._driver.enter()

    def _run(
        self, done: Callable[[], bool], stops: Sequence[tuple[int, int, int]], cpus: Sequence[int]
    ) -> bool:
        if (self._stands(), BREAKPOINT, 1) in stops:
            self._gdb.step(self.cpu)
        end = time.monotonic() + _SECONDS
        with Stops(self._gdb, stops):
            while (left := end - time.monotonic()) > 0:
                stop = self._gdb.run(left if stops else _LOOK, cpus)
                if done():
                    return True
                if stop is None and stops:
                    break
                if stop is not None and stop.watched is None:
                    self._gdb.step(stop.cpu)  # somebody else comes by
        return False

    def _interruptible(self) -> bool:
        return bool(self._driver.registers()["eflags"] & IF)

    def _held(self) -> Held:
        others = [self.cpu] if self._anywhere else []
        return Held(self._gdb, self._driver.cpu, self._symbols[LOOP], others)

    def _stands(self) -> int:
        return self._gdb.registers(self.cpu)["rip"]
