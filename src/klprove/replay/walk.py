"""Traces that nobody complains of: a model led to every place where something may arrive."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from klprove.api import question
from klprove.check.checking import program
from klprove.engine.limits import Limits
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.replay import Replay
from klprove.replay.trace import resting
from klprove.replay.words import bare
from klprove.verdict import Trace

_IDLE = "default_idle_call"
_CHOICE = "cpuidle_idle_call"
_LONGEST = 2000
HOOKS = (
    "ct_idle_enter", "ct_idle_exit", "ct_irq_enter", "ct_irq_exit", "ct_nmi_enter", "ct_nmi_exit",
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
    where: str
    """The innermost function of the model in which something arrives; empty where nothing does."""
    trace: Trace
    resting: Mapping[str, int]
    """Every word of the model at its beginning."""
    flag: bool
    """Interrupts are on at its beginning."""


class Walker:
    """The paths of one kernel model through its idle loop, with and without arrivals."""

    def __init__(self, kernel: str) -> None:
        text = program(question((), kernel=kernel))
        self._machine = Machine(text, Limits())
        self._resting = resting(text)
        self._number = {each.kind: n for n, each in enumerate(text.contexts)}

    def walks(self) -> Iterator[Walk]:
        """A pass without arrivals; one with an NMI at every step of it; one with an interrupt, and
        with an NMI at every step of that."""
        base = self._pass()
        yield self._walk("idle", "", base)
        for name, place in self._places(base, 1):
            yield from self._arriving(f"idle, NMI {name}", name, base, place)
        waiting = next(n for n, each in enumerate(base) if each.flag and _IDLE in each.calls)
        inner = self._with(base, waiting, "irq")
        yield self._walk("idle, irq", "", inner)
        for name, place in self._places(inner, 2):
            yield from self._arriving(f"idle, irq, NMI {name}", name, inner, place)

    def _arriving(
        self, name: str, where: str, steps: Sequence[_Step], place: int
    ) -> Iterator[Walk]:
        """`steps` with an NMI at `place`; nothing where it cannot arrive: a model of which a
        context has found its state corrupted takes no more."""
        found = self._with(steps, place, "nmi")
        if len(found) > len(steps):
            yield self._walk(name, where, found)

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
        calls, depth = self._calls(state), len(state[1][0][0])
        flag = bool(state[0][self._machine.image.machine[0].irq_flag])
        # choose(): the idle loop takes the way without a driver, everything else the first way.
        for value in (1, 0) if calls[-1] == _CHOICE else (0, 1):
            after = self._machine.apply(state, ("step", 0, value), [])
            if after is not None:
                return _Step(("step", 0, value), calls, depth, flag), after
        return None

    def _calls(self, state: State) -> tuple[str, ...]:
        return self._machine.points.table[state[1][0][0][-1][0]].instr.at.calls

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
        found = [*steps[:place], _Step(choice, calls, depth, False)]
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

    def _places(self, steps: Sequence[_Step], depth: int) -> Iterator[tuple[str, int]]:
        """Every step of the idle call, or of the interrupt in it, at which something may arrive:
        `ct_idle_enter 3` is before the third step of that function's."""
        seen: Counter[str] = Counter()
        for place, each in enumerate(steps):
            inside = _IDLE in each.calls if depth == 1 else each.depth == depth
            if not inside or each.choice[0] != "step":
                continue
            name = hook_of(each.calls) or each.calls[-1]
            seen[name] += 1
            if depth == 1 and not seen.total() > 1:
                continue  # at the very beginning it would come before what is looked at
            yield f"in {name} {seen[name]}", place

    def _walk(self, name: str, where: str, steps: Sequence[_Step]) -> Walk:
        events = Replay(self._machine).execute([each.choice for each in steps]).events
        first = next(n for n, each in enumerate(events) if _IDLE in each.calls)
        values = dict(self._resting)
        for event in events[:first]:
            values |= {bare(each.name): each.after for each in event.accesses}
        return Walk(name, where, Trace((), events[first:]), values, steps[first].flag)
