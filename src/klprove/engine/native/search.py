"""The native engine: breadth-first as the reference engine is, in compiled code.

States are found in the order in which the reference engine finds them, so counts, findings and the
lengths of their schedules are the same. Compiled code runs in slices of some tens of milliseconds;
between two of them Python looks at limits, makes room, and reads what was noted.
"""

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

from klprove.engine.catalogue import Notice, bound, notice, witness
from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.native import kernels
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.compiled import Better, Compiled
from klprove.engine.native.events import BLOCKED, DEEP
from klprove.engine.native.model import Model
from klprove.engine.native.store import Store
from klprove.engine.points import Noted
from klprove.engine.reference import deadlock, stuck
from klprove.engine.search import Discovery, Search
from klprove.verdict import VIOLATION

_FIRST_SLICE = 1 << 10
_SLICE_SECONDS = 0.05
_WORTH = 6
"""Optimised code is made once a search has taken so many times what compilation took; that is about
what optimisation takes."""


class Native:
    """One exploration of one machine; `level` says how far its code is optimised before it runs."""

    def __init__(self, machine: Machine, meter: Meter, level: int = 0) -> None:
        self._machine, self._meter = machine, meter
        self._found: dict[Notice, Discovery] = {}
        self._blocked: dict[int, int] = {}
        """States in which nothing goes on by itself: number and key."""
        self._search = Search()
        self._model = Model(machine)
        self._code = Compiled(self._model.text, level)
        self._better: Better | None = None
        self._ran = 0.0
        """Seconds spent in compiled code."""
        self._batch = kernels.BATCH * max(self._model.fanout, 1)
        """States that one batch may add."""
        self._work = Buffer(self._model.work * 8)
        self._control = Buffer((self._model.seen + len(self._model.events)) * 8)
        self._store = Store(self._model, self._control, self._batch)

    def run(self) -> Search:
        """Explore until nothing is left or a limit is reached. Ctrl-C counts as a limit."""
        search = self._search
        try:
            self._begin()
            self._explore()
            if not search.reasons:
                self._deadlocks()
        except KeyboardInterrupt:
            search.reasons.append("interrupted")
        finally:
            search.discoveries = list(self._found.values())
            search.states = self._control.word(kernels.COUNT)
            search.transitions = self._control.word(kernels.TRANSITIONS)
            self._store.close()
        return search

    # -- exploration ------------------------------------------------------------------

    def _begin(self) -> None:
        booted: list[tuple[int, Noted]] = []
        first = self._machine.initial(booted)
        for context, noted in booted:
            self._note(context, noted, 0, None)
        self._work.write(self._model.out * 8, self._model.layout.encode(first))
        self._call("begin")

    def _explore(self) -> None:
        control, search = self._control, self._search
        size, level = _FIRST_SLICE, 1
        while True:
            head, count = control.word(kernels.HEAD), control.word(kernels.COUNT)
            if head == level:
                if count == level:
                    return
                search.depth += 1
                level = count
            control.put(kernels.UNTIL, min(level, head + size))
            began = time.monotonic()
            outcome = self._call("search")
            took = time.monotonic() - began
            self._improve(took)
            if took < _SLICE_SECONDS and size < 1 << 20:
                size *= 2
            else:
                size = max(size // 2, kernels.BATCH)
            self._read_log()
            self._store.trim()
            reason = self._exhausted()
            if not reason and outcome == kernels.FULL:
                reason = self._store.grow(self._code, self._meter)
            if not reason and outcome == kernels.CROWDED:
                reason = self._store.make_room(self._code, self._meter)
            if not reason and self._machine.limits.first and self._violated():
                reason = "stopped at the first violation"
            if reason:
                search.reasons.append(reason)
                return

    def _call(self, name: str) -> int:
        """A function of `kernels.py` that takes the whole search; what it returns."""
        arrays = self._store.arrays()
        return self._code.call(name, self._control.address, *arrays, self._work.address)

    def _improve(self, took: float) -> None:
        """Go over to optimised code where a search is long enough for it."""
        self._ran += took
        if self._better is None:
            if not self._code.level and self._ran > _WORTH * self._code.seconds:
                self._better = Better(self._model.text)
        elif self._better.code is not None:
            self._code = self._better.code

    def _exhausted(self) -> str:
        control = self._control
        count, head = control.word(kernels.COUNT), control.word(kernels.HEAD)
        transitions = control.word(kernels.TRANSITIONS)
        return self._meter.exhausted(count, transitions, count - head, self._search.depth)

    def _violated(self) -> bool:
        return any(each.severity == VIOLATION for each in self._found)

    # -- what was noted ------------------------------------------------------------------

    def _read_log(self) -> None:
        control = self._control
        for place in range(control.word(kernels.LOGGED)):
            at = kernels.LOG + 3 * place
            number, state, choice = (control.word(at + offset) for offset in range(3))
            if number == BLOCKED:
                self._blocked[state] = choice
                continue
            if number == DEEP:
                raise RuntimeError("a state has more frames than its record has room for")
            context, noted = self._model.events.noted(number)
            if noted[0] == "denied":
                self._machine.denied.add(self._machine.program.contexts[context].kind)
            elif noted[0] == "invariant":
                self._broken(noted[1], state)
            else:
                self._note(context, noted, state, self._model.choices[choice])
        control.put(kernels.LOGGED, 0)

    def _note(self, context: int, noted: Noted, state: int, choice: Choice | None) -> None:
        program = self._machine.program
        found = notice(program, context, noted)
        if found is not None and found not in self._found:
            schedule = [] if choice is None else [*self._schedule(state), choice]
            self._found[found] = Discovery(found, schedule)
        name = witness(program, context, noted)
        if name:
            self._search.witnesses.add(name)
        reason = bound(program, context, noted)
        if reason and reason not in self._search.reasons:
            self._search.reasons.append(reason)

    def _broken(self, place: int, state: int) -> None:
        each, _ = self._machine.invariants[place]
        found = Notice("invariant", VIOLATION, f"invariant {each.name} does not hold", each.at.span)
        if found not in self._found:
            self._found[found] = Discovery(found, self._schedule(state))

    def _schedule(self, index: int) -> list[Choice]:
        """The choices that lead to a state, told again by the machine."""
        return [choice for choice, _ in self._run(index)]

    def _run(self, index: int) -> Iterator[tuple[Choice, State]]:
        """The run that found a state: each choice, and the state after it."""
        machine = self._machine
        state = machine.initial([])
        for place in self._store.path(self._code, index):
            enabled = (
                (each, after)
                for each in machine.choices(state)
                if (after := machine.apply(state, each, [])) is not None
            )
            choice, state = next(islice(enabled, place, None))
            yield choice, state

    def _state(self, index: int, key: int) -> State:
        """A state by its number and, in an exact search, its key."""
        if key:
            return self._model.layout.decode(self._store.record(key))
        last = deque(self._run(index), maxlen=1)
        return last[0][1] if last else self._machine.initial([])

    def _deadlocks(self) -> None:
        """As the reference engine: blocked states that no later arrival frees."""
        hopeless: set[State] = set()
        for index, key in self._blocked.items():
            state = self._state(index, key)
            found = deadlock(self._machine, state)
            if found not in self._found and stuck(self._machine, state, hopeless):
                self._found[found] = Discovery(found, self._schedule(index))
