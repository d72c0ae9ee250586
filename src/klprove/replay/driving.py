# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be done to a virtual CPU that stands still between two steps, under watchpoints."""

from collections.abc import Callable, Mapping, Sequence

from klprove.lab.gdb import BREAKPOINT, WATCH_WRITE, Gdb, Stop
from klprove.lab.memory import TASK, Kernel, Memory, frame
from klprove.replay.outcome import shown
from klprove.replay.places import Places
from klprove.replay.schedule import CHECK, INJECT, RAISE, TRAP, Step
from klprove.replay.words import Pair, Words

WATCH_READ = 3
"""A kind of Z packet, beside those of klprove.lab.gdb."""
IF = 0x200
"""Of eflags."""
_SECONDS = 5.0
"""Until a step counts as not coming."""
_STOPS = 4000
"""Of one step: an excursion that is longer than that is no excursion."""
_INTRUDERS = (
    "asm_sysvec_", "asm_common_interrupt", "asm_exc_nmi", "asm_exc_debug", "asm_exc_machine_check",
)  # fmt: skip
_HANDLER = "klp_ftrace_handler"
TRAP_ARM, TRAP_REST = "trap_arm", "trap_rest"
"""Of the module `trap`."""
_FAULT = "asm_exc_page_fault"
_WITH_VECTOR = "asm_common_interrupt"
"""Its stubs have pushed the vector before (arch/x86/include/asm/idtentry.h, v6.1)."""


class Spoiled(Exception):
    """Something arrived that the trace does not have. Its text, if any: what was against the model
    until then."""


class Differs(Exception):
    """The kernel does otherwise than the model."""


class Merged(Exception):
    """The compiler made one access of several: the step has no place of its own."""


class Driver:
    """One virtual CPU, led along schedules."""

    def __init__(
        self,
        gdb: Gdb,
        places: Kernel,
        names: Places,
        found: Words,
        inject: Callable[[], None],
        disturb: Callable[[], None],
        symbols: Mapping[str, int],
        cpu: int = 0,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`inject`: send an NMI; `disturb`: make a device interrupt pending; `check`: send a
        machine check. `symbols`: addresses of the kernel and of a module."""
        self._gdb, self._memory, self._names = gdb, Memory(gdb, places), names
        self._inject, self._disturb, self.pairs = inject, disturb, found.pairs
        self._check = check
        self._symbols, self.cpu = symbols, cpu
        self._intruders = {
            address: name
            for name, address in places.named.items()
            if name.startswith(_INTRUDERS) and address >> 63
        }
        self._idle = places.variable("runqueues", ".idle")
        self._comm = places.member("task_struct", "comm")
        self._first, self._task = 0, ""
        self.patient = False
        """Interrupts that the trace does not have come and go: it cannot be begun anew."""

    def begin(self, first: str, task: str) -> None:
        """A trace begins at the entry of `first` in a task named `task` (empty: in any): whoever is
        there again has left it. No `first`: it begins where the CPU stands."""
        self._first, self._task = self._symbols.get(first, 0), task

    def stand(self, cpu: int | None = None) -> str:
        """Where the CPU stands, or another."""
        registers = self.registers() if cpu is None else self._gdb.registers(cpu)
        return self._names.text(registers["rip"])

    def registers(self) -> dict[str, int]:
        """Those of the CPU."""
        return self._gdb.registers(self.cpu)

    def value(self, pair: Pair) -> int:
        """What the kernel has for it, masked."""
        return pair.masked(self._memory.value(self.cpu, pair.word))

    def address(self, pair: Pair) -> int:
        """Where it lies, for this CPU."""
        return self._memory.address(self.cpu, pair.word)

    def addresses(self, pair: Pair) -> list[int]:
        """Where it lies; a task's word in the CPU's idle task, too."""
        found = [self.address(pair)]
        if pair.word.home == TASK and self._idle is not None:
            found.append(pair.word.at + self._memory.value(self.cpu, self._idle))
        return found

    def values(self, pairs: Sequence[Pair]) -> dict[str, int]:
        """What the kernel has for each, masked, by the model's name."""
        return {each.model: self.value(each) for each in pairs}

    def _run(self, seconds: float = _SECONDS) -> Stop | None:
        return self._gdb.run(seconds, [self.cpu])

    def reach(self, target: str, wanted: Callable[[], bool]) -> bool:
        """Run to the entry of `target`, where `wanted` holds."""
        address = self._symbols[target]
        with Stops(self._gdb, [(address, BREAKPOINT, 1)]):
            for _ in range(_STOPS):
                if self._run(4 * _SECONDS) is None:
                    return False
                if wanted():
                    return True
                self._past(address)
        return False

    def ours(self) -> bool:
        """The task that runs is the one in which the trace begins."""
        if not self._task:
            return True
        return self._comm is not None and self._memory.text(self.cpu, self._comm) == self._task

    def arrive(self, step: Step) -> tuple[int, int]:
        """Make the CPU take what arrives; where it was taken, rip and rsp."""
        target, where = self._symbols[step.target], self.registers()["rip"]
        {INJECT: self._inject, RAISE: self._disturb, TRAP: self._arm, CHECK: self._check}[step.do]()
        entry, rip, rsp = self._entry("it does not arrive")
        if entry != target and step.do == RAISE:
            # What was pending before it came first; then it is taken at the same place.
            entry, *again = self._entry("it does not arrive", rip)
            if again != [rip, rsp]:
                raise Spoiled
        if entry != target:
            raise Spoiled
        if step.do == TRAP:
            self._arm(self._symbols[TRAP_REST])
        if step.do != RAISE and rip != where:
            raise Spoiled(f"it was taken at {self._names.text(rip)}, not where it was sent")
        return rip, rsp

    def _arm(self, address: int = 0) -> None:
        """Put the guest's hardware breakpoint at `address`, by default where the CPU stands: one
        instruction of the module `trap`, with all registers as they were afterwards."""
        place = address or self.registers()["rip"]
        before = self._gdb.jump(self.cpu, self._symbols[TRAP_ARM], rdi=place)
        self._gdb.step(self.cpu)
        self._gdb.restore(self.cpu, before)

    def _entry(self, text: str, back: int | None = None) -> tuple[int, int, int]:
        """Run to the next entry of an interrupt: its address, and rip and rsp that it saved.
        Spoiled where `back` is reached before."""
        stops = self._watches((), self._intruders)
        with Stops(self._gdb, stops if back is None else [*stops, (back, BREAKPOINT, 1)]):
            if self._run() is None:
                raise Differs(text)
            registers = self.registers()
        if registers["rip"] not in self._intruders:
            raise Spoiled
        return registers["rip"], *self._frame(registers)

    def _frame(self, registers: Mapping[str, int]) -> tuple[int, int]:
        """At an entry: rip and rsp of what was interrupted."""
        pushed = 8 if self._intruders[registers["rip"]] == _WITH_VECTOR else 0
        rip, _, rsp = frame(self._gdb, self.cpu, registers["rsp"] + pushed)
        return rip, rsp

    def back(self, rip: int, rsp: int, guarded: Sequence[Pair]) -> None:
        """Run until the interrupted code goes on, no word of `guarded` changing. Another interrupt
        that is taken right there comes and goes first."""
        before = self.values(guarded)
        watches = [*self._watches(guarded, self._intruders), (rip, BREAKPOINT, 1)]
        with Stops(self._gdb, watches):
            for _ in range(_STOPS):
                if self._run() is None:
                    raise Differs("it does not return")
                registers = self.registers()
                if (registers["rip"], registers["rsp"]) == (rip, rsp):
                    return
                self._guard(before, guarded)
                if registers["rip"] in self._intruders:
                    if self._frame(registers) != (rip, rsp):
                        raise Spoiled
                    break
                self._past(rip)
            else:
                raise Differs("it does not return")
        self.pass_to(rip, rsp)

    def pass_to(self, rip: int, rsp: int) -> None:
        """Run until the CPU stands at `rip` with `rsp`, whatever comes in between."""
        with Stops(self._gdb, [(rip, BREAKPOINT, 1)]):
            for _ in range(_STOPS):
                before = self.registers()["rip"]
                if self._run() is None:
                    break
                registers = self.registers()
                if (registers["rip"], registers["rsp"]) == (rip, rsp):
                    return
                self._past(before if registers["rip"] == before else rip)
        raise Differs("it does not return")

    def _past(self, stop: int) -> None:
        """Where the CPU stands at `stop`, a step on: QEMU would stop there again, at once."""
        if self.registers()["rip"] == stop:
            self._gdb.step(self.cpu)

    def change(self, pair: Pair, value: int, guarded: Sequence[Pair]) -> None:
        """Run until `pair` has become `value`, no word of `guarded` but it changing."""
        self._depart()
        others = [each for each in guarded if each.model != pair.model]
        before, start = self.values(others), self.value(pair)
        wanted, other = f"{pair.short} does not become {shown(pair, value)}", ""
        with Stops(self._gdb, self._watches([*others, pair], self._around())):
            for _ in range(_STOPS):
                try:
                    self._expect(wanted)
                except Spoiled:
                    raise Spoiled(other) from None
                self._guard(before, others)
                now = self.value(pair)
                if now == value:
                    return
                if now != start:
                    other = f"{wanted}, but other values"
                    if pair.order:
                        text = f"{pair.short} becomes {shown(pair, now)}"
                        raise Differs(f"{text}, not {shown(pair, value)}")
        raise Differs(other or wanted)

    def read(self, pair: Pair, guarded: Sequence[Pair]) -> None:
        """Run until `pair` is read, no word of `guarded` changing."""
        self._depart()
        before, start = self.values(guarded), self.value(pair)
        address = self.address(pair)
        stops = [*self._watches(guarded, self._around()), (address, WATCH_READ, pair.word.size)]
        with Stops(self._gdb, stops):
            for _ in range(_STOPS):
                stop = self._expect(f"{pair.short} is not read")
                if self.values(guarded) != before:
                    raise Merged(f"{pair.short} is not read again before the next change")
                if stop.watched == address:
                    if self.value(pair) != start:
                        raise Merged(f"{pair.short} is read and changed by one instruction")
                    return
        raise Differs(f"{pair.short} is not read")

    def fault(self, address: int) -> None:
        """Run until the CPU faults on what it wants of `address`: to execute it, or to read it."""
        target = self._symbols[_FAULT]
        with Stops(self._gdb, [(target, BREAKPOINT, 1)]):
            if self._run() is None:
                raise Differs("no page fault comes")
        registers = self.registers()
        if registers["rip"] != target:
            raise Spoiled
        # The error code has been pushed; cr2 is not among the registers that the stub gives.
        rip, _, _ = frame(self._gdb, self.cpu, registers["rsp"] + 8)
        reads = self._names.name(rip) == _HANDLER and not self._mapped(address)
        if rip != address and not reads:
            raise Differs(f"the page fault is of {self._names.text(rip)}")

    def _mapped(self, address: int) -> bool:
        try:
            self._gdb.read(self.cpu, address, 1)
        except ValueError:
            return False
        return True

    def flag(self, on: bool) -> None:
        """Step until interrupts are on, or off. A CPU that waits in hlt is woken."""
        for _ in range(_STOPS):
            if bool(self.registers()["eflags"] & IF) == on:
                return
            if self._gdb.step(self.cpu) is None:
                self._wake()
        raise Differs(f"interrupts are not turned {'on' if on else 'off'}")

    def _wake(self) -> None:
        """Let one interrupt come and go: in the model, waiting ends by itself."""
        registers = self.registers()
        self._disturb()
        self.pass_to(registers["rip"], registers["rsp"])

    def _expect(self, text: str) -> Stop:
        for _ in range(_STOPS):
            stop = self._run()
            if stop is None:
                break
            registers = self.registers()
            if registers["rip"] == self._first and self.ours():
                raise Differs(f"{text} before the trace's beginning is reached again")
            if registers["rip"] == self._first:
                self._depart()
                continue
            if registers["rip"] not in self._intruders:
                return stop
            if not self.patient:
                raise Spoiled
            self.pass_to(*self._frame(registers))
        raise Differs(f"{text} within {_SECONDS:.0f} s")

    def _depart(self) -> None:
        """Off the trace's beginning: a stop there is to say that the trace was left."""
        if self.registers()["rip"] == self._first:
            self._gdb.step(self.cpu)

    def _around(self) -> list[int]:
        """Where a step ends that has not come: entries of interrupts, the trace's beginning."""
        return [*self._intruders, *([self._first] if self._first else [])]

    def _guard(self, before: Mapping[str, int], guarded: Sequence[Pair]) -> None:
        for each in guarded:
            now = self.value(each)
            if now != before[each.model]:
                was = shown(each, before[each.model])
                raise Differs(f"{each.short} becomes {shown(each, now)} from {was} first")

    def _watches(
        self, pairs: Sequence[Pair], entries: Mapping[int, str] | Sequence[int]
    ) -> list[tuple[int, int, int]]:
        found = [(self.address(each), WATCH_WRITE, each.word.size) for each in pairs]
        here = self.registers()["rip"]  # QEMU stops there at once, before the instruction
        return [*found, *((each, BREAKPOINT, 1) for each in entries if each != here)]


class Stops:
    """Breakpoints and watchpoints (address, kind of Z packet, bytes) that are there while the body
    runs. After Ctrl-C in it the stub may be in the middle of an answer, and is left alone."""

    def __init__(self, gdb: Gdb, stops: Sequence[tuple[int, int, int]]) -> None:
        self._gdb, self._stops = gdb, list(dict.fromkeys(stops))

    def __enter__(self) -> None:
        for address, kind, size in self._stops:
            self._gdb.insert(address, kind, size)

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        if raised is not None and issubclass(raised, KeyboardInterrupt):
            return
        for address, kind, size in self._stops:
            self._gdb.remove(address, kind, size)
