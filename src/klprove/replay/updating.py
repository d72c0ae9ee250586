# SPDX-License-Identifier: GPL-2.0-or-later
"""The second CPU of a trace: the updater, which is livepatch's own code in the kernel."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from klprove.lab.gdb import BREAKPOINT, WATCH_WRITE, Gdb
from klprove.lab.lost import Lost
from klprove.replay.driving import IF, Differs, Driver, Spoiled, Stops
from klprove.replay.outcome import shown
from klprove.replay.words import Pair

_ALONE, _AFTER, _BOTH = 0.1, 0.005, 0.3
"""Seconds that the updater runs by itself; where it only comes from one call to the next; that the
other CPU gets to come back."""
_TURNS = 200
"""Of the two CPUs, until a step counts as not coming."""
_CALLS = 50000
"""Turns with new calls among them, at most. From v6.4 a transition rewrites every call of
cond_resched(), one after the other, with up to three calls of all CPUs each (commit e3ff7c609f39;
text_poke_bp_batch(), arch/x86/kernel/alternative.c, v6.12): some 14,000 turns in 6.12.117."""
_CALLING = ("smp_call_function_many_cond", "smp_call_function_single")
"""Where a CPU waits for another to take an interrupt and run a function (kernel/smp.c)."""
_STACK = 384
"""Bytes of it by which two calls are told apart."""
_PENDING = 4
"""Interrupts of one CPU that come and go one after the other, at most."""


class Updater:
    """The CPU on which a livepatch is disabled and unloaded, while the reader's stands still.

    The reader's CPU may take interrupts where it stands, and what they wake may run there (a worker
    thread that the updater waits for); the reader itself goes no further: each turn ends with it
    at the same instruction and the same stack.
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

    def reach(self, target: str) -> bool:
        """Run to the entry of `target`. Raises Lost where it does not come to its first one: what
        was asked of the guest has not begun, which says nothing of the kernel."""
        there = self._until([(self._symbols[target], BREAKPOINT, 1)])
        if not there and not self._begun:
            raise Lost(f"the updater has not begun: {target}() is not entered in time")
        self._begun = self._begun or there
        return there

    def change(self, pair: Pair, value: int) -> None:
        """Run until `pair`, a word of the reader's or of no CPU, has become `value`: a task's word
        in the task that runs on the reader's CPU, and in that CPU's idle task, which is the same in
        the model."""
        for address in self._driver.addresses(pair):
            stops = [(address, WATCH_WRITE, pair.word.size)]
            while self._value(pair, address) != value:
                if not self._until(stops):
                    raise Differs(f"{pair.short} does not become {shown(pair, value)}")

    def _value(self, pair: Pair, address: int) -> int:
        data = self._gdb.read(self.cpu, address, pair.word.size)
        return pair.masked(int.from_bytes(data, "little", signed=pair.word.signed))

    def divert(self, target: str) -> None:
        """Have it call `target` where it has just been called."""
        self._gdb.jump(self.cpu, self._symbols[target])

    def freed(self, address: int) -> None:
        """Run until nothing is mapped at `address`."""
        for _ in self._turns():
            if not self.mapped(address):
                return
            self._turn(())
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
        if self.ran:
            self._pass((), True)
        self.ran = False

    def _until(self, stops: Sequence[tuple[int, int, int]]) -> bool:
        return any(self._turn(stops) for _ in self._turns())

    def _turns(self) -> Iterator[None]:
        """Until a step counts as not coming; begun anew at each new call of the reader's CPU. Lost
        where the updater then waits for that CPU, though it takes interrupts."""
        left, last = _TURNS, b""
        for _ in range(_CALLS):
            yield
            call = self._call()
            left = _TURNS if call and call != last else left - 1
            last = call or last
            if not left:
                break
        if self._call() and self._driver.registers()["eflags"] & IF:
            where = self._driver.stand(self.cpu)
            raise Lost(f"the updater still waits at {where} for the reader's CPU, interrupts on")

    def _call(self) -> bytes:
        """What tells the call of the reader's CPU from others that the updater waits for; empty
        where it does not wait so."""
        if not self._driver.stand(self.cpu).startswith(_CALLING):
            return b""
        return self._gdb.read(self.cpu, self._gdb.registers(self.cpu)["rsp"], _STACK)

    def _turn(self, stops: Sequence[tuple[int, int, int]]) -> bool:
        """The updater alone for a while, then the reader's interrupts; whether it has come to one
        of `stops`."""
        if not self.started:
            self.started = self._driver.patient = True
            self._start()
        self.ran = True
        here = self._gdb.registers(self.cpu)["rip"]
        if any((here, BREAKPOINT) == each[:2] for each in stops):
            self._gdb.step(self.cpu)
        with Stops(self._gdb, stops):
            stop = self._gdb.run(_AFTER if self._call() else _ALONE, [self.cpu])
        return stop is not None or self._pass(stops)

    def _pass(self, stops: Sequence[tuple[int, int, int]], came: bool = False) -> bool:
        """Let interrupts of the reader's CPU come and go; whether the updater, which may be needed
        for that, has come to one of `stops`. `came`: it is to go no further."""
        home = self._home()
        with Stops(self._gdb, [(home[0], BREAKPOINT, 1)]):
            for _ in range(_PENDING):
                self._gdb.run(_BOTH, [self._driver.cpu])
                for _ in range(_TURNS):
                    if self._home() == home:
                        break
                    came = self._closer(home[0], () if came else stops, came) or came
                else:
                    raise Spoiled
        return came

    def _closer(self, rip: int, stops: Sequence[tuple[int, int, int]], came: bool) -> bool:
        """One more run towards there: of both CPUs, as one may wait for the other; of the reader's
        alone once the updater `came` where it is to stay. Whether it comes to one of `stops`."""
        cpus = [self._driver.cpu] if came else [self._driver.cpu, self.cpu]
        for cpu in cpus:
            if self._gdb.registers(cpu)["rip"] == rip:
                self._gdb.step(cpu)
        with Stops(self._gdb, stops):
            stop = self._gdb.run(_BOTH, cpus)
        if stop is None or stop.cpu != self.cpu:
            return False
        here = self._gdb.registers(self.cpu)["rip"]
        return stop.watched is not None or any(here == each[0] for each in stops)

    def _home(self) -> tuple[int, int]:
        registers = self._driver.registers()
        return registers["rip"], registers["rsp"]
