# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces that nobody complains of: a model led to every place where something may arrive."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from klprove.api import question
from klprove.check.checking import program
from klprove.engine.limits import Limits
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.replay import Replay
from klprove.replay.trace import resting
from klprove.replay.words import bare
from klprove.verdict import Event, Trace

IDLE, TASK, USER, TRACED = "idle", "task", "user", "traced"
"""Where a walk is: the idle loop's way without a driver; a reader in its system call; a reader in
user mode, which the model does not have: to it, that is the reader before its next call; a task in
which a tracepoint tells RCU (traced.c)."""
SCENES: Mapping[str, str] = {
    IDLE: "default_idle_call", TASK: "sys_read", USER: "sys_read", TRACED: "tracepoint",
}  # fmt: skip
"""And the function of the model that it begins with."""
_TEXT = Path(__file__).parent / "traced.c"
_IDLE = SCENES[IDLE]
_CHOICE = "cpuidle_idle_call"
_LONGEST = 2000
HOOKS = (
    "ct_idle_enter", "ct_idle_exit", "ct_irq_enter", "ct_irq_exit", "ct_nmi_enter", "ct_nmi_exit",
    "ct_irq_enter_irqson", "ct_irq_exit_irqson",
)  # fmt: skip
"""What tells RCU, from v6.0 (kernel/context_tracking.c)."""


def hook_of(calls: Sequence[str]) -> str:
    """The hook that was called, which may call another; empty for none."""
    return next((each for each in calls if each in HOOKS), "")


class _Step(NamedTuple):
    choice: Choice
    calls: tuple[str, ...]
    depth: int
    """Frames on the CPU, the task's too."""
    flag: bool
    """Interrupts are on before it."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One trace of a model, from where the kernel can be stopped."""

    name: str
    """`idle`, `idle, NMI in ct_idle_enter 3`, ..."""
    scene: str
    """IDLE, TASK, USER or TRACED."""
    where: str
    """The innermost function of the model in which something arrives; empty where nothing does."""
    trace: Trace
    resting: Mapping[str, int]
    """Every word of the model at its beginning."""
    flag: bool
    """Interrupts are on at its beginning."""


class Walker:
    """The paths of one kernel model through its idle loop and a system call, with and without
    arrivals."""

    def __init__(self, kernel: str, text: Path | None = None) -> None:
        """`text`: a file whose functions replace the model's."""
        files = () if text is None else (str(text),)
        made = program(question(files, kernel=kernel))
        self._machine = Machine(made, Limits())
        self._resting = resting(made)
        self._number = {each.kind: n for n, each in enumerate(made.contexts)}

    def idle(self) -> Iterator[Walk]:
        """A pass of the idle loop without arrivals; one with an NMI at every step of it; one with
        an interrupt at the wait, and with an NMI at every step of that."""
        base = self._pass()
        waiting = next(n for n, each in enumerate(base) if each.flag and _IDLE in each.calls)
        yield from self._scene(IDLE, base, [("", waiting)])

    def task(self) -> Iterator[Walk]:
        """The same in a system call, with an interrupt at every step; and both in user mode."""
        base, first = self._inside(TASK)
        yield from self._scene(TASK, base, self._interruptible(TASK, base))
        for kind, shown in (("nmi", "NMI"), ("irq", "irq")):
            steps = self._with(base, first, kind)
            yield self._walk(f"{USER}, {shown}", "", USER, steps)

    def traced(self) -> Iterator[Walk]:
        """The same in a tracepoint; for a Walker of traced.c."""
        base, _ = self._inside(TRACED)
        yield from self._scene(TRACED, base, self._interruptible(TRACED, base))

    def _inside(self, scene: str) -> tuple[list[_Step], int]:
        """From boot to the end of the scene, and where it begins."""
        base = self._pass()
        inside = [n for n, each in enumerate(base) if SCENES[scene] in each.calls]
        return base[: inside[-1] + 1], inside[0]

    def _interruptible(self, scene: str, base: Sequence[_Step]) -> list[tuple[str, int]]:
        return [
            (f" {name}", place) for name, place in self._places(scene, base, 1) if base[place].flag
        ]

    def _scene(
        self, scene: str, base: Sequence[_Step], waits: Sequence[tuple[str, int]]
    ) -> Iterator[Walk]:
        """`waits`: names and places of the steps at which an interrupt comes."""
        yield self._walk(scene, "", scene, base)
        for name, place in self._places(scene, base, 1):
            yield from self._arriving(f"{scene}, NMI {name}", name, scene, base, place)
        for name, place in waits:
            yield self._walk(f"{scene}, irq{name}", "", scene, self._with(base, place, "irq"))
        inner = self._with(base, waits[0][1], "irq")
        for name, place in self._places(scene, inner, 2):
            yield from self._arriving(f"{scene}, irq, NMI {name}", name, scene, inner, place)

    def _arriving(
        self, name: str, where: str, scene: str, steps: Sequence[_Step], place: int
    ) -> Iterator[Walk]:
        """`steps` with an NMI at `place`; nothing where it cannot arrive: a model of which a
        context has found its state corrupted takes no more."""
        found = self._with(steps, place, "nmi")
        if len(found) > len(steps):
            yield self._walk(name, where, scene, found)

    def _pass(self) -> list[_Step]:
        """From boot to the end of one pass of the idle loop, by default_idle_call()."""
        state = self._machine.initial([])
        return list(self._until(state, lambda calls, been: been and _IDLE not in calls))

    def _until(self, state: State, ends: Callable[[Sequence[str], bool], bool]) -> Iterator[_Step]:
        """Steps without arrivals until `ends` says of the calls, and of having been idle, that it
        is enough."""
        been = False
        for _ in range(_LONGEST):
            took = self._one(state)
            if took is None:
                return
            step, state = took
            been = been or _IDLE in step.calls
            if ends(step.calls, been):
                return
            yield step
        raise ValueError("no pass of the idle loop ends")

    def _one(self, state: State) -> tuple[_Step, State] | None:
        """The next step without an arrival; None where the model goes no further."""
        calls, depth, flag = self._calls(state), len(state[1][0][0]), self._flag(state)
        # choose(): the idle loop takes the way without a driver, everything else the first way.
        for value in (1, 0) if calls[-1] == _CHOICE else (0, 1):
            after = self._machine.apply(state, ("step", 0, value), [])
            if after is not None:
                return _Step(("step", 0, value), calls, depth, flag), after
        return None

    def _calls(self, state: State) -> tuple[str, ...]:
        return self._machine.points.table[state[1][0][0][-1][0]].instr.at.calls

    def _flag(self, state: State) -> bool:
        return bool(state[0][self._machine.image.machine[0].irq_flag])

    def _state(self, steps: Sequence[_Step]) -> State:
        state = self._machine.initial([])
        for each in steps:
            after = self._machine.apply(state, each.choice, [])
            assert after is not None
            state = after
        return state

    def _with(self, steps: Sequence[_Step], place: int, kind: str) -> list[_Step]:
        """`steps` with an arrival of `kind` before the one at `place`, run to its return; as they
        are where it cannot arrive."""
        state = self._state(steps[:place])
        calls, depth = self._calls(state), len(state[1][0][0])
        choice: Choice = ("enter", 0, self._number[kind])
        entered = self._machine.apply(state, choice, [])
        if entered is None:
            return [*steps]
        found = [*steps[:place], _Step(choice, calls, depth, self._flag(state))]
        while len(entered[1][0][0]) > depth:
            took = self._one(entered)
            if took is None:
                return found
            step, entered = took
            found.append(step)
        return [*found, *self._possible(entered, steps[place:])]

    def _possible(self, state: State, steps: Sequence[_Step]) -> Iterator[_Step]:
        """`steps`, up to the first that cannot be taken: what arrived before has left its mark."""
        for each in steps:
            after = self._machine.apply(state, each.choice, [])
            if after is None:
                return
            yield each
            state = after

    def _places(self, scene: str, steps: Sequence[_Step], depth: int) -> Iterator[tuple[str, int]]:
        """Every step of the scene, or of the interrupt in it, at which something may arrive:
        `in ct_idle_enter 3` is before the third step of that function's."""
        seen: Counter[str] = Counter()
        for place, each in enumerate(steps):
            inside = SCENES[scene] in each.calls if depth == 1 else each.depth == depth
            if not inside or each.choice[0] != "step":
                continue
            name = hook_of(each.calls) or each.calls[-1]
            seen[name] += 1
            if depth == 1 and not seen.total() > 1:
                continue  # at the very beginning it would come before what is looked at
            yield f"in {name} {seen[name]}", place

    def _walk(self, name: str, where: str, scene: str, steps: Sequence[_Step]) -> Walk:
        events = Replay(self._machine).execute([each.choice for each in steps]).events
        outer = SCENES[scene]
        first = next(n for n, each in enumerate(steps) if outer in each.calls)
        values = dict(self._resting)
        for event in events[:first]:
            values |= {bare(each.name): each.after for each in event.accesses}
        shown = tuple(_from(outer, each) for each in events[first:])
        return Walk(name, scene, where, Trace((), shown), values, steps[first].flag)


def _from(outer: str, event: Event) -> Event:
    """`event` without what has called the function that a walk begins with."""
    calls = event.calls
    return replace(event, calls=calls[calls.index(outer) :]) if outer in calls else event


def walks(kernel: str) -> dict[str, list[Walk]]:
    """Every walk of the model `kernel`, by scene: USER's among TASK's."""
    model, traced = Walker(kernel), Walker(kernel, _TEXT)
    return {IDLE: [*model.idle()], TASK: [*model.task()], TRACED: [*traced.traced()]}
