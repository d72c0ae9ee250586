# SPDX-License-Identifier: GPL-2.0-or-later
"""Which CPU takes interrupts, which tasks there are, and whether they still run at a node."""

from klprove.engine.machine import Choice, Machine, State
from klprove.engine.nested.activations import ENDED, Node
from klprove.ir.instructions import Halt
from klprove.ir.program import Program


def home(program: Program) -> int:
    """The CPU that takes interrupts; 0 where none does."""
    return next((each.cpu for each in program.contexts if each.kind != "task"), 0)


def applicable(program: Program) -> bool:
    """True where one CPU at most takes interrupts and has at most one task, and where several CPUs
    have an interrupt at all."""
    interrupted = {each.cpu for each in program.contexts if each.kind != "task"}
    several = program.cpus > 1 and not interrupted
    return len(interrupted) <= 1 and not several and len(_tasks(program, home(program))) <= 1


def _tasks(program: Program, cpu: int) -> set[int]:
    return {
        index
        for index, each in enumerate(program.contexts)
        if each.kind == "task" and each.cpu == cpu
    }


class Cpus:
    """The CPU that takes interrupts, `home`, and the others."""

    def __init__(self, machine: Machine) -> None:
        program = machine.program
        self._table = machine.points.table
        self.home = home(program)
        self.task = _tasks(program, self.home)
        self.elsewhere = set().union(
            *(_tasks(program, each) for each in range(program.cpus) if each != self.home)
        )
        """The tasks of the other CPUs."""

    def halts(self, point: int) -> bool:
        """True where a task that has come to `point` never goes on."""
        return isinstance(self._table[point].instr, Halt)

    def is_halted(self, state: State, choice: Choice) -> bool:
        """True where the choice is a step of a task that has halted."""
        what, cpu, _ = choice
        return what == "step" and self.halts(state[1][cpu][0][-1][0])

    def context_of(self, state: State, choice: Choice) -> int:
        """Which context a choice of another CPU's lets go on."""
        what, cpu, detail = choice
        if what == "switch":
            return detail
        return self._table[state[1][cpu][0][-1][0]].context

    def is_over(self, node: Node) -> bool:
        """True where the task of this CPU has ended or halted."""
        return bool(self.task) and (node[0] == ENDED or self.halts(node[0]))

    def run_elsewhere(self, node: Node) -> bool:
        """True where no task of another CPU has ended or halted."""
        running = {
            self._table[frame[0]].context
            for frames, parked in node[3]
            for frame in (*frames, *parked)
            if not self.halts(frame[0])
        }
        return self.elsewhere <= running

    def running(self, node: Node) -> list[int]:
        """The points of the running frames, by CPU."""
        points = [frames[-1][0] if frames else ENDED for frames, _ in node[3]]
        points.insert(self.home, node[0])
        return [each for each in points if each != ENDED]
