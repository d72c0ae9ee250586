"""The native engine: breadth-first as the reference engine is, in compiled code.

States are found in the order in which the reference engine finds them, so counts, findings and the
lengths of their schedules are the same. Compiled code runs in slices of some tens of milliseconds;
between two of them Python looks at limits, makes room, and reads what was noted.
"""

import time

from klprove.engine.catalogue import Notice, bound, notice, witness
from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.native import kernels
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.compiled import Better, Compiled
from klprove.engine.native.events import BLOCKED, DEEP
from klprove.engine.native.model import Model
from klprove.engine.points import Noted
from klprove.engine.reduction.names import EVERY
from klprove.engine.reduction.retracing import moves
from klprove.engine.reference import deadlock, stuck
from klprove.engine.search import Discovery, Search
from klprove.verdict import VIOLATION

_FIRST_ENTRIES = 1 << 13
_LOAD = 0.7
"""The part of the table that may be full."""
_FIRST_SLICE = 1 << 10
_SLICE_SECONDS = 0.05
_WORTH = 6
"""Optimised code is made once a search has taken so many times what compilation took; that is about
what optimisation takes."""
_STATES = (1 << 32) - 2
"""States that an entry of the table can number."""


class Native:
    """One exploration of one machine; `level` says how far its code is optimised before it runs,
    `off` which reductions are not used. Where something is `wanted`, the search ends once all of it
    is found, or `most` states are stored."""

    def __init__(
        self,
        machine: Machine,
        meter: Meter,
        level: int = 0,
        off: frozenset[str] = EVERY,
        wanted: frozenset[Notice] = frozenset(),
        most: int = 0,
    ) -> None:
        self._machine, self._meter = machine, meter
        self._moves = moves(machine, off)
        self._wanted, self._most = wanted, most
        self._found: dict[Notice, Discovery] = {}
        self._blocked: list[int] = []
        self._hopeless: set[State] = set()
        self._search = Search()
        self._model = Model(machine, off)
        self._code = Compiled(self._model.text, level)
        self._better: Better | None = None
        self._ran = 0.0
        """Seconds spent in compiled code."""
        self._batch = kernels.BATCH * max(self._model.fanout, 1)
        """States that one batch may add."""
        record = self._model.layout.bytes
        self._store = Buffer(record, huge=True)
        self._parents = Buffer(4)
        self._table = Buffer(_FIRST_ENTRIES * 8, huge=True)
        self._out = Buffer(self._batch * record)
        self._hashes = Buffer(self._batch * 8)
        self._origins = Buffer(self._batch * 8)
        self._control = Buffer((self._model.seen + len(self._model.events)) * 8)
        self._fit(_FIRST_ENTRIES)

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
            for each in (self._store, self._parents, self._table, self._out):
                each.close()
        return search

    # -- exploration ------------------------------------------------------------------

    def _begin(self) -> None:
        booted: list[tuple[int, Noted]] = []
        first = self._machine.initial(booted)
        for context, noted in booted:
            self._note(context, noted, None)
        self._out.write(0, self._model.layout.encode(first))
        arrays = (self._control, self._store, self._parents, self._table, self._out)
        self._code.call("begin", *(each.address for each in arrays))

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
            outcome = self._slice()
            took = time.monotonic() - began
            self._improve(took)
            if took < _SLICE_SECONDS and size < 1 << 20:
                size *= 2
            else:
                size = max(size // 2, kernels.BATCH)
            self._read_log()
            reason = self._exhausted()
            if not reason and outcome == kernels.FULL:
                reason = self._grow()
            if not reason and self._machine.limits.first and self._violated():
                reason = "stopped at the first violation"
            if not reason and self._wanted:
                reason = self._enough()
            if reason:
                search.reasons.append(reason)
                return

    def _enough(self) -> str:
        """Why nothing more is to be looked for, if so."""
        self._deadlocks()
        if self._wanted <= self._found.keys():
            return "found"
        return "too many states" if self._control.word(kernels.COUNT) > self._most else ""

    def _slice(self) -> int:
        """Let compiled code run for a while; why it came back."""
        arrays = (
            self._control,
            self._store,
            self._parents,
            self._table,
            self._out,
            self._hashes,
            self._origins,
        )
        return self._code.call("search", *(each.address for each in arrays))

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

    # -- room ----------------------------------------------------------------------------

    def _fit(self, entries: int) -> None:
        """Give the store the room that a table of so many entries asks for."""
        room = int(entries * _LOAD)
        self._store.grow((room + self._batch) * self._model.layout.bytes)
        self._parents.grow((room + self._batch) * 4)
        self._control.put(kernels.ROOM, room)
        self._control.put(kernels.MASK, entries - 1)

    def _grow(self) -> str:
        """Twice the table; why not, if so."""
        before = self._table.size // 8
        entries = 2 * before
        reason = self._meter.lacks(8 * entries)
        if not reason and entries * _LOAD + self._batch > _STATES:
            reason = f"{_STATES} states stored, more than the engine can number"
        if reason:
            return reason
        table = Buffer(8 * entries, huge=True)
        self._code.call("rebuild", self._table.address, before, table.address, entries - 1)
        self._table.close()
        self._table = table
        self._fit(entries)
        return ""

    # -- what was noted ------------------------------------------------------------------

    def _read_log(self) -> None:
        control = self._control
        for place in range(control.word(kernels.LOGGED)):
            at = kernels.LOG + 3 * place
            number, state, _ = (control.word(at + offset) for offset in range(3))
            if number == BLOCKED:
                self._blocked.append(state)
                continue
            if number == DEEP:
                raise RuntimeError("a state has more frames than its record has room for")
            context, noted = self._model.events.noted(number)
            if noted[0] == "denied":
                self._machine.denied.add(self._machine.program.contexts[context].kind)
            elif noted[0] == "invariant":
                self._broken(noted[1], state)
            else:
                self._note(context, noted, state)
        control.put(kernels.LOGGED, 0)

    def _note(self, context: int, noted: Noted, state: int | None) -> None:
        program = self._machine.program
        found = notice(program, context, noted)
        if found is not None and found not in self._found:
            schedule = [] if state is None else self._until(state, context, noted)
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

    def _state(self, index: int) -> State:
        size = self._model.layout.bytes
        return self._model.layout.decode(self._store.read(index * size, size))

    def _until(self, index: int, context: int, noted: Noted) -> list[Choice]:
        """The choices that lead to something noted while a state was expanded."""
        return [*self._schedule(index), *self._moves.until(self._state(index), context, noted)]

    def _schedule(self, index: int) -> list[Choice]:
        """The choices that lead to a state, found again along its ancestors."""
        choices: list[Choice] = []
        after = self._state(index)
        while index:
            index = int.from_bytes(self._parents.read(4 * index, 4), "little")
            before = self._state(index)
            taken = next(each for each, now in self._moves.successors(before) if now == after)
            choices += reversed(taken)
            after = before
        choices.reverse()
        return choices

    def _deadlocks(self) -> None:
        """As the reference engine: blocked states that no later arrival frees."""
        blocked, self._blocked = self._blocked, []
        for index in blocked:
            state = self._state(index)
            found = deadlock(self._machine, state)
            if found not in self._found and stuck(self._machine, state, self._hopeless):
                self._found[found] = Discovery(found, self._schedule(index))
