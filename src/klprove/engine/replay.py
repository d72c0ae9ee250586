# SPDX-License-Identifier: GPL-2.0-or-later
"""Replay: a schedule is executed again, step by step, before it is shown as a trace."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from klprove.engine.interpreter import Interpreter, Run
from klprove.engine.liveness import contradicted
from klprove.engine.machine import Choice, Machine
from klprove.engine.search import Discovery
from klprove.ir.instructions import Atomic, End, Site, visible
from klprove.source import Span
from klprove.verdict import STORE_BUFFER, Event, Start, Trace


class ReplayError(Exception):
    """The replay does not find what the search found: a bug of klprove."""


@dataclass(slots=True)
class _Frame:
    context: int
    index: int
    registers: dict[str, int] = field(default_factory=dict)
    irq_flag: int = 0
    balanced: list[int | None] = field(default_factory=list)


class Replay:
    """One execution of one schedule."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._program = machine, machine.program
        self._interpreter = Interpreter(machine.image)
        self._memory = machine.image.initial
        self._stacks: list[list[_Frame]] = [[] for _ in range(self._program.cpus)]
        self._parked: list[list[_Frame]] = [[] for _ in range(self._program.cpus)]
        self._events: list[Event] = []
        self._codes: list[tuple[str, Span]] = []
        self._boot()
        self._start = tuple(map(self._flags, range(self._program.processors)))

    def trace(self, discovery: Discovery) -> Trace:
        """The trace of `discovery`; raises ReplayError where its finding does not show in the last
        step."""
        executed = self.execute(discovery.schedule)
        wanted = (discovery.notice.code, discovery.notice.span)
        if wanted not in self._codes and not self._in_state(discovery):
            raise ReplayError(
                f"{wanted[0]} at {wanted[1]} does not show after {len(discovery.schedule)} steps"
            )
        return replace(executed, shortest=discovery.shortest)

    def execute(self, schedule: Sequence[Choice]) -> Trace:
        """What `schedule` does, whatever it finds."""
        for choice in schedule:
            self._codes = []
            self._apply(choice)
        return Trace(
            self._initial(),
            tuple(self._events),
            start=self._start,
            iret_unmasks=self._program.hardware_nmi,
        )

    def _boot(self) -> None:
        for number, context in enumerate(self._program.contexts):
            if context.kind != "task":
                continue
            frame = _Frame(number, 0)
            if self._enter(frame, []):
                self._parked[context.cpu].append(frame)
        for stack, parked in zip(self._stacks, self._parked, strict=True):
            if len(parked) == 1:
                stack.append(parked.pop())

    def _flags(self, cpu: int) -> Start:
        own = self._machine.image.machine[cpu]
        masked = own.nmi_mask >= 0 and bool(self._memory[own.nmi_mask])
        return Start(bool(self._memory[own.irq_flag]), masked)

    def _enter(self, frame: _Frame, notes: list[str]) -> bool:
        """Run what a context does before its first visible instruction."""
        context = self._program.contexts[frame.context]
        if visible(context.code.instrs[0]):
            return True
        run = self._interpreter.run(context.code, context.cpu, 0, frame.registers, self._memory, 0)
        self._memory, frame.index = bytes(run.memory), run.index
        self._codes += run.codes
        notes += run.notes
        return run.index >= 0

    def _apply(self, choice: Choice) -> None:
        what, cpu, detail = choice
        if what == "step":
            self._step(cpu, detail)
        elif what == "enter":
            self._arrive(cpu, detail)
        else:
            chosen = next(each for each in self._parked[cpu] if each.context == detail)
            self._parked[cpu].remove(chosen)
            self._parked[cpu] += self._stacks[cpu]
            self._stacks[cpu] = [chosen]
            self._event("switch", chosen, self._site(chosen), Run(bytearray()))

    def _arrive(self, cpu: int, number: int) -> None:
        entered = self._machine.arrive(self._memory, number)
        if entered is None:
            raise ReplayError(f"{self._program.contexts[number].name} cannot arrive")
        frame = _Frame(number, 0, irq_flag=self._memory[self._machine.image.machine[cpu].irq_flag])
        frame.balanced = self._balanced(cpu)
        self._memory = entered
        self._stacks[cpu].append(frame)
        notes: list[str] = []
        self._enter(frame, notes)
        run = Run(bytearray(), notes=notes)
        self._event("enter", frame, self._program.contexts[number].at, run)

    def _balanced(self, cpu: int) -> list[int | None]:
        return [
            self._interpreter.value(each.code, cpu, self._memory)
            for each, _ in self._machine.balanced[cpu]
        ]

    def _step(self, cpu: int, choice: int) -> None:
        frame = self._stacks[cpu][-1]
        context = self._program.contexts[frame.context]
        site = self._site(frame)
        if isinstance(context.code.instrs[frame.index], End):
            self._end(cpu, frame, site)
            return
        run = self._interpreter.run(
            context.code, cpu, frame.index, frame.registers, self._memory, choice
        )
        self._memory, frame.index = bytes(run.memory), run.index
        self._codes += run.codes
        self._event("step", frame, site, run)

    def _end(self, cpu: int, frame: _Frame, site: Site) -> None:
        run = Run(bytearray())
        if self._program.contexts[frame.context].kind != "task":
            now = self._balanced(cpu)
            for (each, _), was, value in zip(
                self._machine.balanced[cpu], frame.balanced, now, strict=True
            ):
                if was != value:
                    run.notes.append(f"unbalanced: {each.name} was {was}, is {value}")
                    self._codes.append(("unbalanced", each.at.span))
            self._memory = self._machine.iret(self._memory, frame.context, frame.irq_flag)
        self._event("exit", frame, site, run)
        self._stacks[cpu].pop()

    def _site(self, frame: _Frame) -> Site:
        return self._program.contexts[frame.context].code.instrs[frame.index].at

    def _event(self, action: str, frame: _Frame, site: Site, run: Run) -> None:
        context = self._program.contexts[frame.context]
        stack = self._stacks[context.cpu]
        buffer = self._program.drained(context.cpu)
        self._events.append(
            Event(
                action=action,
                cpu=context.cpu if buffer is None else buffer.cpu,
                depth=max(len(stack) - 1, 0),
                kind=context.kind if buffer is None else STORE_BUFFER,
                context=context.name,
                span=site.span,
                calls=site.calls,
                accesses=tuple(run.accesses),
                notes=tuple(run.notes),
            )
        )

    def _in_state(self, discovery: Discovery) -> bool:
        """True where the finding is about the state reached, not about the last step."""
        if discovery.notice.code == "invariant":
            return any(
                each.at.span == discovery.notice.span
                and self._interpreter.value(each.code, each.cpu or 0, self._memory) == 0
                for each, _ in self._machine.invariants
            )
        if discovery.notice.code == "stuck":
            return any(
                each.at.span == discovery.notice.span
                and not contradicted(self._machine, discovery.schedule, each)
                for each, _ in self._machine.eventual
            )
        if discovery.notice.code == "deadlock":
            return any(
                isinstance(
                    self._program.contexts[each[-1].context].code.instrs[each[-1].index], Atomic
                )
                for each in self._stacks[: self._program.processors]
                if each
            )
        return False

    def _initial(self) -> tuple[tuple[str, int], ...]:
        values: dict[str, int] = {}
        for event in self._events:
            for access in event.accesses:
                if access.kind not in ("free", "buffer", "forwarded"):
                    values.setdefault(access.name, access.before)
        return tuple(values.items())


def replayed(machine: Machine, discovery: Discovery) -> Trace:
    """The trace of a discovery, executed afresh."""
    return Replay(machine).trace(discovery)
