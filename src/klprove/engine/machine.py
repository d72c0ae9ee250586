# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine: when an interrupt may arrive, what its arrival and its iret do, and who runs next.

Rules (docs/language.md, "Contexts"): irqs and softirqs arrive while the CPU's interrupt flag is
set, NMIs while they are not masked, exceptions always; each arrival clears the flag, and the iret
restores it. The arrival of an NMI masks NMIs, its iret unmasks them; `iret_reenables_nmi()` unmasks
them earlier, and so does every exception's iret under `hardware_nmi`. All of it is bytes of the
memory image.
"""

from collections.abc import Iterator
from typing import TypeAlias

from klprove.engine.image import Image
from klprove.engine.limits import Limits
from klprove.engine.points import Noted, Points, Values
from klprove.ir.instructions import End, Halt, Yield
from klprove.ir.program import Program

Frame: TypeAlias = tuple[int, Values, Values]
"""Point, live values, and for an interrupt what its return needs: the saved interrupt flag, then
the values of the balanced expressions at its entry."""
Cpu: TypeAlias = tuple[tuple[Frame, ...], tuple[Frame, ...]]
"""Frames of the CPU, the running one last, and the tasks that wait for the CPU, by context."""
State: TypeAlias = tuple[bytes, tuple[Cpu, ...]]
Choice: TypeAlias = tuple[str, int, int]
"""("step", cpu, choice), ("enter", cpu, context) or ("switch", cpu, context)."""


class Machine:
    """A program made executable under given limits."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self.program = program
        self.limits = limits
        self.image = Image(program, limits)
        self.points = Points(program, self.image)
        self.interrupts: list[list[int]] = [
            [
                index
                for index, each in enumerate(program.contexts)
                if each.cpu == cpu and each.kind != "task"
            ]
            for cpu in range(program.cpus)
        ]
        self.invariants = [
            (each, value) for each, value in self.points.properties if each.kind == "invariant"
        ]
        self.eventual = [
            (each, value) for each, value in self.points.properties if each.kind == "eventually"
        ]
        self.balanced = [
            [
                (each, value)
                for each, value in self.points.properties
                if each.kind == "balanced" and each.cpu in (None, cpu)
            ]
            for cpu in range(program.cpus)
        ]
        self.preempt_counts = [self._preempt_count(cpu) for cpu in range(program.cpus)]
        self.denied: set[str] = set()
        """Kinds of which an arrival was refused because of the default bound on nesting."""

    def _preempt_count(self, cpu: int) -> int | None:
        for each in self.program.objects:
            if each.name == "__preempt_count" and each.cpu in (None, cpu):
                return self.image.position(each.addr)
        return None

    # -- arrivals and returns ---------------------------------------------

    def arrive(self, memory: bytes, context: int) -> bytes | None:
        """Memory after `context` has been delivered; None where it cannot be."""
        arriving = self.program.contexts[context]
        own = self.image.machine[arriving.cpu]
        kind = arriving.kind
        if kind in ("irq", "softirq"):
            if not memory[own.irq_flag]:
                return None
        elif kind == "nmi" and memory[own.nmi_mask]:
            return None
        spent = own.spent.get(context)
        if spent is not None and memory[spent] >= self.limits.arrivals[kind]:
            return None
        nest = own.nest.get(kind)
        if nest is not None and memory[nest] >= self.limits.nesting(kind):
            if kind not in self.limits.nest and kind != "exception":
                self.denied.add(kind)
            return None
        changed = bytearray(memory)
        changed[own.irq_flag] = 0
        if kind == "nmi":
            changed[own.nmi_mask] = 1
        if spent is not None:
            changed[spent] += 1
        if nest is not None:
            changed[nest] += 1
        return bytes(changed)

    def withheld(self, memory: bytes, context: int) -> bool:
        """True where only a bound on arrivals keeps `context` from being delivered."""
        arriving = self.program.contexts[context]
        spent = self.image.machine[arriving.cpu].spent.get(context)
        if spent is None or not memory[spent]:
            return False
        afresh = memory[:spent] + b"\0" + memory[spent + 1 :]
        return self.arrive(afresh, context) is not None

    def iret(self, memory: bytes, context: int, irq_flag: int) -> bytes:
        """Memory after `context` has returned to code that ran with `irq_flag`."""
        leaving = self.program.contexts[context]
        own = self.image.machine[leaving.cpu]
        changed = bytearray(memory)
        changed[own.irq_flag] = irq_flag
        if leaving.kind == "nmi" or (leaving.kind == "exception" and self.program.hardware_nmi):
            changed[own.nmi_mask] = 0
        nest = own.nest.get(leaving.kind)
        if nest is not None and changed[nest]:
            changed[nest] -= 1
        return bytes(changed)

    def saved(self, memory: bytes, context: int) -> Values:
        """What an interrupt's frame remembers of the moment before it arrives."""
        cpu = self.program.contexts[context].cpu
        flag = memory[self.image.machine[cpu].irq_flag]
        return (flag, *(value(memory) or 0 for _, value in self.balanced[cpu]))

    def unbalanced(self, memory: bytes, context: int, saved: Values) -> Iterator[int]:
        """Indices of the balanced expressions that `context` leaves other than it found them."""
        cpu = self.program.contexts[context].cpu
        for place, (_, value) in enumerate(self.balanced[cpu]):
            if (value(memory) or 0) != saved[1 + place]:
                yield self.program.properties.index(self.balanced[cpu][place][0])

    def begin(
        self, memory: bytes, context: int, note: list[Noted]
    ) -> tuple[int, Values, bytes] | None:
        """Where `context` first stops: its entry point, after the local instructions before it."""
        entry = self.points.entries[context]
        if entry.prefix is None:
            return entry.point, entry.values, memory
        return entry.prefix(memory, (), note, 0)

    # -- whole states -------------------------------------------------------

    def initial(self, note: list[tuple[int, Noted]]) -> State:
        """The state at boot. The local beginning of each task has run, in their order."""
        memory = self.image.initial
        tasks: list[list[Frame]] = [[] for _ in range(self.program.cpus)]
        for index, each in enumerate(self.program.contexts):
            if each.kind != "task":
                continue
            heard: list[Noted] = []
            began = self.begin(memory, index, heard)
            note += [(index, what) for what in heard]
            if began is not None:
                point, values, memory = began
                tasks[each.cpu].append((point, values, ()))
        cpus: list[Cpu] = [((own[0],), ()) if len(own) == 1 else ((), tuple(own)) for own in tasks]
        return memory, tuple(cpus)

    def choices(self, state: State) -> Iterator[Choice]:
        """Everything that may happen next. A step listed here may turn out not to be enabled."""
        memory, cpus = state
        for number, (frames, parked) in enumerate(cpus):
            if frames:
                for value in range(self.points.table[frames[-1][0]].choices):
                    yield ("step", number, value)
            if parked and self.may_switch(memory, number, frames):
                for frame in parked:
                    yield ("switch", number, self.points.table[frame[0]].context)
            for context in self.interrupts[number]:
                yield ("enter", number, context)

    def running(self, state: State, choice: Choice) -> int:
        """The context in which `choice` happens."""
        what, cpu, detail = choice
        if what != "step":
            return detail
        frames, _ = state[1][cpu]
        return self.points.table[frames[-1][0]].context

    def may_switch(self, memory: bytes, cpu: int, frames: tuple[Frame, ...]) -> bool:
        """True where another task of this CPU may go on instead of the running one."""
        if not frames:
            return True
        if len(frames) > 1 or frames[0][2]:  # an interrupt runs, perhaps on top of no task
            return False
        if isinstance(self.points.table[frames[0][0]].instr, Yield):
            return True
        if not self.program.preempt or not memory[self.image.machine[cpu].irq_flag]:
            return False
        count = self.preempt_counts[cpu]
        return count is None or not any(memory[count : count + 4])

    def apply(self, state: State, choice: Choice, note: list[Noted]) -> State | None:
        """The state after `choice`; None where it is not enabled or its path ends."""
        memory, cpus = state
        what, number, detail = choice
        frames, parked = cpus[number]
        if what == "step":
            moved = self._step(memory, frames, detail, note)
            if moved is None:
                return None
            memory, frames = moved
        elif what == "switch":
            chosen = next(each for each in parked if self.points.table[each[0]].context == detail)
            rest = [each for each in parked if each is not chosen] + list(frames)
            parked = tuple(sorted(rest, key=lambda each: self.points.table[each[0]].context))
            frames = (chosen,)
        else:
            entered = self.arrive(memory, detail)
            if entered is None:
                return None
            saved = self.saved(memory, detail)
            began = self.begin(entered, detail, note)
            if began is None:
                return None
            point, values, memory = began
            frames = (*frames, (point, values, saved))
        return memory, (*cpus[:number], (frames, parked), *cpus[number + 1 :])

    def _step(
        self, memory: bytes, frames: tuple[Frame, ...], choice: int, note: list[Noted]
    ) -> tuple[bytes, tuple[Frame, ...]] | None:
        number, values, saved = frames[-1]
        point = self.points.table[number]
        if point.run is not None:
            after = point.run(memory, values, note, choice)
            if after is None:
                return None
            return after[2], (*frames[:-1], (after[0], after[1], saved))
        if isinstance(point.instr, Halt):
            return None
        assert isinstance(point.instr, End)
        if saved:
            note += [
                ("unbalanced", each, 0) for each in self.unbalanced(memory, point.context, saved)
            ]
            memory = self.iret(memory, point.context, saved[0])
        return memory, frames[:-1]
