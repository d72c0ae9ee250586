# SPDX-License-Identifier: GPL-2.0-or-later
"""The native engine: breadth-first as the reference engine is, in compiled code.

States are found in the order in which the reference engine finds them, so counts, findings and the
lengths of their schedules are the same. Compiled code runs in slices of some tens of milliseconds;
between two of them Python looks at limits, makes room, and reads what was noted.
"""

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

from klprove.engine.catalogue import Notice
from klprove.engine.limits import Meter
from klprove.engine.liveness import lost
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.native import kernels
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.checkpoint import Checkpoint, fingerprint
from klprove.engine.native.compiled import Better, Compiled
from klprove.engine.native.model import Model
from klprove.engine.native.notes import Notes
from klprove.engine.native.rounds import Rounds
from klprove.engine.native.store import Store
from klprove.engine.native.sweeping import Sweeping
from klprove.engine.points import Noted
from klprove.engine.reduction.names import EVERY
from klprove.engine.reduction.retracing import Leg, moves, told
from klprove.engine.reduction.symmetry import Turn
from klprove.engine.reference import deadlock, stuck
from klprove.engine.search import Search

_FIRST_SLICE = 1 << 10
_SLICE_SECONDS = 0.05
_WORTH = 6
"""Optimised code is made once a search has taken so many times what compilation took; that is about
what optimisation takes."""


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
        self._machine, self._meter, self._limits = machine, meter, machine.limits
        self._moves = moves(machine, off)
        self._wanted, self._most = wanted, most
        self._hopeless: set[State] = set()
        self._search = Search()
        self._model = Model(machine, off, self._limits.compact, self._limits.threads)
        self._code = Compiled(self._model.text, level)
        self._better: Better | None = None
        self._ran = 0.0
        """Seconds spent in compiled code."""
        self._work = Buffer(self._model.work * 8)
        self._control = Buffer(self._model.control * 8)
        self._store = Store(self._model, self._control, kernels.BATCH * self._model.fanout)
        self._notes = Notes(
            machine, self._model, self._search, self._schedule, self._until, self._moves.turns
        )
        self._rounds: Rounds | None = None
        self._level = 1
        """Number of the first state after the level that is being expanded."""
        self._checkpoint: Checkpoint | None = None
        if self._limits.checkpoint is not None and not wanted:
            self._checkpoint = Checkpoint(
                self._limits.checkpoint,
                fingerprint(machine.program, self._limits, off),
                self._limits.checkpoint_seconds,
            )

    def run(self) -> Search:
        """Explore until nothing is left or a limit is reached. Ctrl-C counts as a limit. Raises
        BadInput for a checkpoint that cannot be resumed."""
        search = self._search
        try:
            self._begin()
            self._explore()
            if not search.reasons:
                self._deadlocks()
            if not search.reasons and not self._wanted:
                self._liveness()
        except KeyboardInterrupt:
            search.reasons.append("interrupted")
            self._read_logs()
            self._save()
        finally:
            search.discoveries = list(self._notes.found.values())
            search.states = self._control.word(kernels.COUNT)
            search.transitions = self._control.word(kernels.TRANSITIONS)
            search.bytes = self._store.size
            if self._rounds is not None:
                self._rounds.close()
            self._store.close()
        return search

    # -- exploration ------------------------------------------------------------------

    def _begin(self) -> None:
        booted: list[tuple[int, tuple[str, int, int]]] = []
        self._machine.initial(booted)
        if self._limits.resume and self._checkpoint is not None:
            saved = self._checkpoint.read(self._code, self._store)
            self._level, self._search.depth = saved["level"], saved["depth"]
            self._notes.restore(saved)
        else:
            self._work.write(self._model.out * 8, self._model.layout.encode(self._moves.first()))
            self._call("begin")
        for context, noted in booted:
            self._notes.booted(context, noted)

    def _explore(self) -> None:
        control, search = self._control, self._search
        size = _FIRST_SLICE
        while True:
            head, count = control.word(kernels.HEAD), control.word(kernels.COUNT)
            if head == self._level:
                if count == head:
                    return
                search.depth += 1
                self._level = count
            began = time.monotonic()
            reason = self._advance(min(self._level, head + size))
            took = time.monotonic() - began
            self._improve(took)
            if took < _SLICE_SECONDS and size < 1 << 20:
                size *= 2
            else:
                size = max(size // 2, kernels.BATCH)
            reason = reason or self._exhausted()
            if not reason and self._limits.first and self._notes.violated:
                reason = "stopped at the first violation"
            if not reason and self._wanted:
                reason = self._enough()
            if reason or (self._checkpoint is not None and self._checkpoint.due()):
                self._save()
            if reason:
                search.reasons.append(reason)
                return
            if self._machine.eventual:
                continue  # sweeps read all of it
            written = self._checkpoint.states if self._checkpoint is not None else count
            self._store.trim(min(control.word(kernels.HEAD), written))

    def _enough(self) -> str:
        """Why nothing more is to be looked for, if so."""
        self._deadlocks()
        if self._wanted <= self._notes.found.keys():
            return "found"
        return "too many states" if self._control.word(kernels.COUNT) > self._most else ""

    def _advance(self, until: int) -> str:
        """Expand some states of a level; why the search must end, if so."""
        self._control.put(kernels.UNTIL, until)
        rounds = self._threads()
        if rounds is not None and rounds.worth_it(until - self._control.word(kernels.HEAD)):
            outcome = rounds.run(self._code)
        else:
            outcome = self._call("search")
        self._read_logs()
        if outcome == kernels.FULL:
            return self._store.grow(self._code, self._meter)
        if outcome == kernels.CROWDED:
            return self._store.make_room(self._code, self._meter)
        return ""

    def _threads(self) -> Rounds | None:
        """The threads of the search; None where one is all."""
        if self._rounds is None and self._limits.threads > 1:
            self._rounds = Rounds(self._model, self._control, self._store, self._limits.threads)
        return self._rounds

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

    def _read_logs(self) -> None:
        """Take note of what was noted; threads that are still at work are waited for."""
        expanded = self._control.word(kernels.HEAD)
        self._notes.read(self._control, expanded)
        if self._rounds is not None:
            self._rounds.wait()
            for log in self._rounds.logs:
                self._notes.read(log, self._control.word(kernels.HEAD))

    def _save(self) -> None:
        """Write a checkpoint, where one is asked for."""
        if self._checkpoint is not None:
            rest = {"level": self._level, "depth": self._search.depth, **self._notes.saved()}
            self._meter.say(self._checkpoint.write(self._code, self._store, rest))

    # -- the way back --------------------------------------------------------------------

    def _schedule(self, index: int) -> list[Choice]:
        """The choices that lead to a state, told again by the machine."""
        return told(self._run(index))

    def _until(self, index: int, context: int, noted: Noted) -> list[Choice]:
        """The choices that lead to something noted while a state was expanded."""
        return [*self._schedule(index), *self._moves.until(self._reached(index), context, noted)]

    def _run(self, index: int) -> Iterator[Leg]:
        """The run that found a state."""
        state = self._moves.first()
        for place in self._store.path(self._code, index):
            leg = next(islice(self._moves.successors(state), place, None))
            state = leg.after
            yield leg

    def _reached(self, index: int) -> State:
        """A state by its number, told again."""
        last = deque(self._run(index), maxlen=1)
        return last[0].after if last else self._moves.first()

    def _state(self, index: int, key: int) -> State:
        """A state by its number and, in an exact search, its key."""
        if key:
            return self._model.layout.decode(self._store.record(key))
        return self._reached(index)

    def _deadlocks(self) -> None:
        """As the reference engine: blocked states that no later arrival frees."""
        for index, key in self._notes.take_blocked():
            state = self._state(index, key)
            found: dict[Notice, Turn | None] = {deadlock(self._machine, state): None}
            for turn in self._moves.turns:
                found.setdefault(deadlock(self._machine, turn.state(state)), turn)
            if found.keys() <= self._notes.found.keys():
                continue
            if stuck(self._machine, state, self._hopeless):
                for each, by in found.items():
                    self._notes.add(each, index, by)

    def _liveness(self) -> None:
        """As the reference engine: states from which something wanted can never come."""
        given = self._code, self._store, self._control, self._work, self._meter
        for place, (each, _) in enumerate(self._machine.eventual):
            first, reason = Sweeping(*given).lost(place, self._search.depth)
            if reason:
                self._search.reasons.append(reason)
                return
            if first is not None:
                self._notes.add(lost(each), first)
