# SPDX-License-Identifier: GPL-2.0-or-later
"""A part of a search: it owns a share of the states, expands them and takes in those sent to it.

A level is a transaction. `expand` changes nothing but what it remembers about that level, `absorb`
adds the states of the next one, `rollback` takes them away again; so a level in which a worker was
lost is simply done once more. With a folder, `absorb` leaves a file behind from which `load` makes
the part anew.
"""

import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field

from klprove.engine.catalogue import Notice
from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Choice, Machine
from klprove.engine.native.layout import Layout
from klprove.engine.partition.items import hashed, item, items, owner
from klprove.engine.points import Noted
from klprove.engine.reference import deadlock, stuck
from klprove.ir.program import Program

_LOOK = 2048
"""States between two looks at the clock."""


@dataclass(slots=True)
class Expansion:
    """What came out of one level of one part."""

    batches: list[bytes]
    """By owner."""
    transitions: int = 0
    noted: dict[tuple[int, Noted], tuple[int, Choice]] = field(default_factory=dict)
    """Context and what it noted for the first time: hash of the state and choice, the least hash
    where there are several, so that it does not depend on the parts."""
    broken: dict[int, int] = field(default_factory=dict)
    """By place of an invariant: the least hash of a state of this level in which it does not hold;
    for parts that look when they expand."""
    denied: frozenset[str] = frozenset()
    reason: str = ""
    """Why the level is not complete."""


@dataclass(slots=True)
class Absorbed:
    """What was new to a part in one level."""

    states: int
    broken: dict[int, int] = field(default_factory=dict)
    """By place of an invariant: the least hash of a new state in which it does not hold."""


class Partition:
    """Part `index` of `count`."""

    def __init__(
        self, program: Program, limits: Limits, index: int, count: int, folder: str | None = None
    ) -> None:
        self._machine = Machine(program, limits)
        self._layout = Layout(self._machine)
        self._index, self._count, self._folder = index, count, folder
        self._meter = Meter(limits, None)
        self._parents: dict[bytes, int] = {}
        """By record of a state of ours: the hash of its parent."""
        self._levels: list[list[bytes]] = []
        self._blocked: list[list[bytes]] = []
        """By level, states in which no context on top can go on, and at least one waits."""
        self._heard: set[tuple[int, Noted]] = set()
        """What was noted before the level under way."""
        self._broken: set[int] = set()

    @property
    def states(self) -> int:
        """How many states are here."""
        return len(self._parents)

    @property
    def record(self) -> int:
        """Bytes of the record of a state."""
        return self._layout.bytes

    def hash(self, record: bytes) -> int:
        """What names a state."""
        return hashed(record)

    def begin(self) -> Absorbed:
        """Level 0: the state at boot, where it is ours."""
        record = self._layout.encode(self._machine.initial([]))
        ours = owner(hashed(record), self._count) == self._index
        return self.absorb(-1, [item(record, 0)] if ours else [])

    # -- levels -------------------------------------------------------------------

    def expand(self, level: int) -> Expansion:
        """Every successor of our states of `level`, by owner."""
        machine, layout, size = self._machine, self._layout, self._layout.bytes
        made: list[dict[bytes, int]] = [{} for _ in range(self._count)]
        found = Expansion([])
        blocked_here: list[bytes] = []
        heard = found.noted
        for number, record in enumerate(sorted(self._levels[level], key=hashed)):
            parent = hashed(record)
            state = layout.decode(record)
            note: list[Noted] = []
            stepped = blocked = False
            for choice in machine.choices(state):
                after = machine.apply(state, choice, note)
                for each in note:
                    blocked |= each[0] == "blocked"
                    key = self._running(state[1][choice[1]][0], choice), each
                    if key not in self._heard:
                        heard.setdefault(key, (parent, choice))
                note.clear()
                if after is None:
                    continue
                stepped |= choice[0] != "enter"
                found.transitions += 1
                record_after = layout.encode(after)
                made[owner(hashed(record_after), self._count)].setdefault(record_after, parent)
            if blocked and not stepped:
                blocked_here.append(record)
            if number % _LOOK == _LOOK - 1:
                found.reason = self._meter.exhausted(self.states, 0, 0, level)
                if found.reason:
                    break
        own = made[self._index]
        made[self._index] = {each: p for each, p in own.items() if each not in self._parents}
        found.batches = [b"".join(item(*each) for each in batch.items()) for batch in made]
        found.denied = frozenset(machine.denied)
        del self._blocked[level:]
        self._blocked.append(blocked_here)
        assert all(len(batch) % (size + 8) == 0 for batch in found.batches)
        return found

    def absorb(self, level: int, batches: Sequence[bytes]) -> Absorbed:
        """Take in what the parts found when they expanded `level`; the new states are the next."""
        fresh: dict[bytes, int] = {}
        for batch in batches:
            for record, parent in items(batch, self._layout.bytes):
                if record not in self._parents:
                    # The least parent: a trace does not depend on who was first.
                    fresh[record] = min(parent, fresh.get(record, parent))
        self._parents |= fresh
        self._levels.append(list(fresh))
        taken = Absorbed(len(fresh))
        for place, (_, value) in enumerate(self._machine.invariants):
            if place not in self._broken:
                bad = [hashed(each) for each in fresh if value(each[: self._layout.image]) == 0]
                if bad:
                    taken.broken[place] = min(bad)
        if self._folder is not None:
            self._save(level + 1, fresh)
        return taken

    def settle(self, heard: Sequence[tuple[int, Noted]], broken: Sequence[int]) -> None:
        """The level is done everywhere: these need not be told again."""
        self._heard.update(heard)
        self._broken.update(broken)

    def rollback(self, level: int) -> None:
        """Forget everything that came out of `level`."""
        for fresh in self._levels[level + 1 :]:
            for record in fresh:
                del self._parents[record]
        del self._levels[level + 1 :], self._blocked[level:]

    # -- checkpoints ----------------------------------------------------------------

    def _path(self, level: int) -> str:
        assert self._folder is not None
        return os.path.join(self._folder, f"part{self._index}of{self._count}.{level}")

    def _save(self, level: int, fresh: dict[bytes, int]) -> None:
        path = self._path(level)
        blocked = self._blocked[level - 1] if level else []
        with open(path + "~", "wb") as file:
            pickle.dump((list(fresh.items()), blocked), file, pickle.HIGHEST_PROTOCOL)
        os.replace(path + "~", path)

    def load(self, level: int) -> int:
        """Read what the part was when `level` began; how many states."""
        for each in range(level + 1):
            with open(self._path(each), "rb") as file:
                fresh, blocked = pickle.load(file)
            self._parents.update(fresh)
            self._levels.append([record for record, _ in fresh])
            if each:
                self._blocked.append(blocked)
        return self.states

    # -- questions afterwards ---------------------------------------------------------

    def named(self, level: int, value: int) -> list[tuple[bytes, int]]:
        """Our states of `level` with a hash, nearly always one: record, hash of the parent."""
        return [
            (each, self._parents[each]) for each in self._levels[level] if hashed(each) == value
        ]

    def deadlocks(self) -> list[tuple[Notice, int, int]]:
        """For each deadlock, level and hash of our first state in which all wait for ever."""
        found: dict[Notice, tuple[int, int]] = {}
        for level, records in enumerate(self._blocked):
            for record in sorted(records, key=hashed):
                state = self._layout.decode(record)
                notice = deadlock(self._machine, state)
                if notice not in found and stuck(self._machine, state, set()):
                    found[notice] = level, hashed(record)
        return [(notice, *at) for notice, at in found.items()]

    def _running(self, frames: Sequence[tuple[int, object, object]], choice: Choice) -> int:
        what, _, detail = choice
        return self._machine.points.table[frames[-1][0]].context if what == "step" else detail
