# SPDX-License-Identifier: GPL-2.0-or-later
"""A part in machine code: as `Partition`, with the same answers."""

import os
import pickle
import time
from collections.abc import Sequence
from importlib import resources
from typing import Any

from klprove.engine.catalogue import Notice
from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.native import kernels as searching
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.compiled import Compiled
from klprove.engine.native.events import BLOCKED, DEEP
from klprove.engine.native.model import Model
from klprove.engine.partition import kernels
from klprove.engine.partition.items import item, owner
from klprove.engine.partition.partition import Absorbed, Expansion
from klprove.engine.points import Noted
from klprove.engine.reference import deadlock, stuck
from klprove.ir.program import Program

_FIRST_ENTRIES = 1 << 13
_LOAD = 0.6
"""The part of the table that may be full."""
_ROOM = 1 << 18
"""Words of the batch for each part, after which it is emptied."""
_SLICE = 1 << 14
"""States between two looks at the clock."""
_WORTH = 0.4
"""Seconds in code that is not optimised after which optimised code is made."""


class NativePartition:
    """Part `index` of `count`."""

    def __init__(
        self, program: Program, limits: Limits, index: int, count: int, folder: str | None = None
    ) -> None:
        self._machine = Machine(program, limits)
        source = resources.files(kernels.__package__).joinpath("kernels.py").read_text()
        self._model = Model(self._machine, more=source)
        self._layout = self._model.layout
        self._code = Compiled(self._model.text, 0)
        self._ran = 0.0
        self._index, self._count, self._folder = index, count, folder
        self._meter = Meter(limits, None)
        self._starts = [0]
        """By level, the number of our first state in it; then of the level after the last."""
        self._blocked: list[list[int]] = []
        """By level, numbers of states in which no context on top can go on, and one waits."""
        self._fresh: set[int] = set()
        """Events noted in the level under way."""
        record = self._layout.bytes
        self._words = record // 8
        self._room = max(_ROOM, 4 * self._model.fanout * (self._words + 1))
        self._store, self._parents = Buffer(record, huge=True), Buffer(8)
        self._table = Buffer(_FIRST_ENTRIES * 8, huge=True)
        self._out = Buffer(self._model.fanout * record)
        self._batches = Buffer(self._room * count * 8)
        self._fills = Buffer(count * 8)
        self._cache = Buffer((kernels.CACHE + 1) * 8)
        self._items = Buffer(record + 8)
        self._control = Buffer(self._model.control * 8)
        self._fit(_FIRST_ENTRIES)

    @property
    def states(self) -> int:
        """How many states are here."""
        return self._control.word(searching.COUNT)

    @property
    def record(self) -> int:
        """Bytes of the record of a state."""
        return self._layout.bytes

    def hash(self, record: bytes) -> int:
        """What names a state."""
        self._out.write(0, record)
        return self._code.call("named", self._out.address, 0)

    def begin(self) -> Absorbed:
        """Level 0: the state at boot, where it is ours."""
        record = self._layout.encode(self._machine.initial([]))
        ours = owner(self.hash(record), self._count) == self._index
        return self.absorb(-1, [item(record, 0)] if ours else [])

    # -- levels -------------------------------------------------------------------

    def expand(self, level: int) -> Expansion:
        """Every successor of our states of `level`, by owner."""
        control, found = self._control, Expansion([])
        for number in self._fresh:
            control.put(self._model.seen + number, 0)
        self._fresh.clear()
        del self._blocked[level:]
        self._blocked.append([])
        made: list[list[bytes]] = [[] for _ in range(self._count)]
        control.put(searching.TRANSITIONS, 0)
        at, last = self._starts[level : level + 2]
        self._empty(made)
        while at < last and not found.reason:
            began = time.monotonic()
            at = self._spread(at, min(at + _SLICE, last))
            self._improve(time.monotonic() - began)
            self._read_log(found)
            if any(self._fills.word(part) * 2 > self._room for part in range(self._count)):
                self._empty(made)
            found.reason = self._meter.exhausted(self.states, 0, 0, level)
        self._empty(made)
        found.transitions = control.word(searching.TRANSITIONS)
        found.batches = [b"".join(each) for each in made]
        return found

    def _spread(self, first: int, last: int) -> int:
        return self._code.call(
            "spread",
            self._control.address,
            self._store.address,
            first,
            last,
            self._out.address,
            self._batches.address,
            self._fills.address,
            self._cache.address,
            self._count,
            self._room,
        )

    def _empty(self, made: list[list[bytes]]) -> None:
        """Take what has been put into the batches."""
        for part in range(self._count):
            filled = self._fills.word(part)
            if filled:
                made[part].append(self._batches.read(part * self._room * 8, filled * 8))
            self._fills.put(part, 0)
        self._cache.write(0, bytes(self._cache.size))

    def _improve(self, took: float) -> None:
        self._ran += took
        if not self._code.level and self._ran > _WORTH:
            self._code = Compiled(self._model.text, 2)

    def _read_log(self, found: Expansion) -> None:
        """What was noted: each event last with the least hash."""
        control = self._control
        for place in range(control.word(searching.LOGGED)):
            at = searching.LOG + 3 * place
            number, value, choice = (control.word(at + offset) for offset in range(3))
            if number == BLOCKED:
                self._blocked[-1].append(choice)
                continue
            if number == DEEP:
                raise RuntimeError("a state has more frames than its record has room for")
            self._fresh.add(number)
            context, noted = self._model.events.noted(number)
            if noted[0] == "denied":
                found.denied |= {self._machine.program.contexts[context].kind}
            elif noted[0] == "invariant":
                found.broken[noted[1]] = value
            else:
                found.noted[context, noted] = value, self._model.choices[choice]
        control.put(searching.LOGGED, 0)

    def absorb(self, level: int, batches: Sequence[bytes]) -> Absorbed:
        """Take in what the parts found when they expanded `level`; the new states are the next."""
        old = self._starts[-1]
        for batch in batches:
            if not batch:
                continue
            self._items.grow(max(self._items.size, len(batch)))
            self._items.write(0, batch)
            at, until = 0, len(batch) // 8
            while (at := self._admit(at, until, old)) < until:
                self._fit(2 * self._table.size // 8)
        self._starts.append(self.states)
        if self._folder is not None:
            self._save(level + 1)
        return Absorbed(self.states - old)

    def _admit(self, at: int, until: int, old: int) -> int:
        return self._code.call(
            "admit",
            self._control.address,
            self._store.address,
            self._parents.address,
            self._table.address,
            self._table.size // 8 - 1,
            self._items.address,
            at,
            until,
            old,
        )

    def settle(self, heard: Sequence[tuple[int, Noted]], broken: Sequence[int]) -> None:
        """The level is done everywhere: what was noted need not be told again."""
        numbers = {self._model.events.number(context, *noted) for context, noted in heard}
        for number in numbers | self._fresh:
            self._control.put(self._model.seen + number, 1)
        self._fresh.clear()

    def rollback(self, level: int) -> None:
        """Forget everything that came out of `level`."""
        del self._starts[level + 2 :], self._blocked[max(level, 0) :]
        self._control.put(searching.COUNT, self._starts[-1])
        self._fit(self._table.size // 8)

    def _fit(self, entries: int) -> None:
        """A table of so many places, and the room in the store that it asks for."""
        room = int(entries * _LOAD)
        self._store.grow((room + 1) * self._layout.bytes)
        self._parents.grow((room + 1) * 8)
        self._table.close()
        self._table = Buffer(entries * 8, huge=True)
        self._control.put(searching.ROOM, room)
        self._enter(0, self.states)

    def _enter(self, first: int, last: int) -> None:
        table = self._table
        self._code.call(
            "enter", self._store.address, first, last, table.address, table.size // 8 - 1
        )

    # -- checkpoints ----------------------------------------------------------------

    def _path(self, level: int) -> str:
        assert self._folder is not None
        return os.path.join(self._folder, f"part{self._index}of{self._count}.{level}")

    def _save(self, level: int) -> None:
        first, last = self._starts[level : level + 2]
        size = self._layout.bytes
        content = (
            self._store.read(first * size, (last - first) * size),
            self._parents.read(first * 8, (last - first) * 8),
            self._blocked[level - 1] if level else [],
        )
        path = self._path(level)
        with open(path + "~", "wb") as file:
            pickle.dump(content, file, pickle.HIGHEST_PROTOCOL)
        os.replace(path + "~", path)

    def load(self, level: int) -> int:
        """Read what the part was when `level` began; how many states."""
        size = self._layout.bytes
        for each in range(level + 1):
            with open(self._path(each), "rb") as file:
                records, parents, blocked = pickle.load(file)
            first = self._starts[-1]
            last = first + len(records) // size
            while last > self._control.word(searching.ROOM):
                self._fit(2 * self._table.size // 8)
            self._store.write(first * size, records)
            self._parents.write(first * 8, parents)
            self._control.put(searching.COUNT, last)
            self._enter(first, last)
            self._starts.append(last)
            if each:
                self._blocked.append(blocked)
        return self.states

    # -- questions afterwards ---------------------------------------------------------

    def named(self, level: int, value: int) -> list[tuple[bytes, int]]:
        """Our states of `level` with a hash, nearly always one: record, hash of the parent."""
        at, last = self._starts[level : level + 2]
        found = []
        while (at := self._code.call("find", self._store.address, at, last, value)) >= 0:
            found.append((self._record(at), self._parents.word(at)))
            at += 1
        return found

    def _record(self, number: int) -> bytes:
        size = self._layout.bytes
        return self._store.read(number * size, size)

    def deadlocks(self) -> list[tuple[Notice, int, int]]:
        """For each deadlock, level and hash of our first state in which all wait for ever."""
        found: dict[Notice, tuple[int, int]] = {}
        hopeless: set[Any] = set()
        for level, numbers in enumerate(self._blocked):
            for number in numbers:
                state = self._layout.decode(self._record(number))
                notice = deadlock(self._machine, state)
                known = found.get(notice)
                if known is not None and known[0] < level:
                    continue
                value = self._code.call("named", self._store.address, number * self._words)
                if (known is None or value < known[1]) and stuck(self._machine, state, hopeless):
                    found[notice] = level, value
        return [(notice, *at) for notice, at in found.items()]
