# SPDX-License-Identifier: GPL-2.0-or-later
"""The nested engine as machine code: the same search in the same order, in slices.

Compiled code runs for some tens of milliseconds; between two slices Python looks at limits and
makes room. What is found stands in the table of nodes; schedules are read from it at the end.
"""

import time

from klprove.engine import nested
from klprove.engine.catalogue import Notice, notice
from klprove.engine.footprint import anywhere
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.nested import home
from klprove.engine.points import Noted
from klprove.engine.pushdown import store
from klprove.engine.pushdown.accesses import fields
from klprove.engine.pushdown.arena import Arena
from klprove.engine.pushdown.model import Linked, Model, arrays
from klprove.engine.pushdown.nodes import Nodes
from klprove.engine.pushdown.tables import Tables
from klprove.engine.search import Search
from klprove.ir.instructions import Choose
from klprove.ir.program import Program
from klprove.verdict import VIOLATION

_TABLES = {
    "frame_table": (store.FRAMES, store.FRAME_MASK),
    "world_table": (store.WORLDS, store.WORLD_MASK),
    "node_table": (store.NODES, store.NODE_MASK),
}
_FIRST_ENTRIES = 1 << 12
_LARGE = 1 << 19
"""Entries of a table from which on huge pages make a difference."""
_RANDOM = ("nodes", "worlds", "frames", "metas")
"""Arrays that are read at random."""
_RESERVED = 1 << 38
"""Bytes of addresses for each array: more than there is memory."""
_SPARE = 1 << 22
"""Numbers that one slice cannot use up."""
_FIRST_SLICE = 1 << 10
_SLICE_SECONDS = 0.05
_WORTH = 2.0
"""Seconds of search after which optimised loops, which take one to make, are worth it."""
_WORD = (1 << 64) - 1
_MOST = (1 << 31) - 2
"""Nodes that a word of 32 bits can number, beside a flag."""


def applicable(program: Program) -> bool:
    """True for what `engine/nested` takes, with one task on each other CPU and, where there is
    such a one, without invariants, balanced expressions, and choices too wide to be noted."""
    if not nested.applicable(program):
        return False
    if program.cpus > 1 and any(
        isinstance(instr, Choose) and instr.count >= store.NO_STEP
        for context in program.contexts
        for instr in context.code.instrs
    ):
        return False
    tasks = [each.cpu for each in program.contexts if each.kind == "task"]
    return program.cpus == 1 or (len(set(tasks)) == len(tasks) and not program.properties)


class Pushdown:
    """One exploration of one machine; `level` says how far its code is optimised before it runs."""

    def __init__(self, machine: Machine, meter: Meter, level: int = 0) -> None:
        self._machine, self._meter = machine, meter
        self._home = home(machine.program)
        self._search = Search()
        self._model = Model(machine, self._home)
        self._code = Linked(self._model, level)
        self._arrays = {name: Arena(_RESERVED) for name in arrays()}
        self._control = Arena(8 * (store.CONTROL + 2 * len(self._model.events)))
        self._boot: list[tuple[int, Noted]] = []
        self._finding = {
            number: found
            for number in range(2, len(self._model.events))
            if (found := self._notice(*self._model.events.noted(number))) is not None
        }
        """The events that are findings, by number."""
        self._tables = Tables(machine, self._home, self._model.layout)
        several = machine.program.cpus > 1
        everywhere = set() if several else anywhere(machine.image)
        self._here, self._elsewhere = everywhere, set[int]()
        """Bytes to which computed addresses lead. With other CPUs they are found out: a search
        that meets one more begins again, and so that little is done twice, small parts of the
        search come first."""
        self._scouts = (store.ALONE, store.SHALLOW, 0) if several else (0,)

    def run(self) -> Search:
        """Explore until nothing is left or a limit is reached. Ctrl-C counts as a limit."""
        search, control = self._search, self._control
        try:
            for scout in self._scouts:
                self._scout(scout)
                if search.reasons:
                    break
        except KeyboardInterrupt:
            search.reasons.append("interrupted")
        search.states = control.word(store.EXPANDED)
        search.transitions = control.word(store.TRANSITIONS)
        search.depth = control.word(store.DEPTH)
        try:
            self._tell()
        finally:
            for each in (*self._arrays.values(), control):
                each.close()
        return search

    def _write(self, name: str, at: int, raw: bytes) -> None:
        self._arrays[name].write(at, raw)

    # -- exploration ------------------------------------------------------------------

    def _begin(self) -> None:
        for each in (*self._arrays.values(), self._control):
            each.clear()
        for name, (_, mask) in _TABLES.items():
            self._table(name, _FIRST_ENTRIES, mask)
        self._bind()
        words = b"".join((each & _WORD).to_bytes(8, "little") for each in self._model.objects)
        self._write("objects", 0, words)
        self._tables.write(self._here, self._elsewhere, self._write)
        self._arrays["touched"].put(2, store.HERE)
        self._boot.clear()
        memory, cpus = self._machine.initial(self._boot)
        frames, parked = cpus[self._home]
        frames = frames or parked
        layout = self._model.layout
        others = [cpu[0][0] if cpu[0] else None for n, cpu in enumerate(cpus) if n != self._home]
        self._arrays["memory"].write(0, layout.memory(memory, [layout.task(n) for n in others]))
        self._arrays["frame"].write(0, layout.task(frames[0] if frames else None))
        for number in self._finding:
            self._control.put(self._model.finds + number, 1)
        self._code.call("begin", self._control.address)

    def _scout(self, scout: int) -> None:
        """Search all, or the part of it that SCOUT says."""
        self._begin()
        self._control.put(store.SCOUT, scout)
        while self._explore():
            self._begin()
            self._control.put(store.SCOUT, scout)

    def _explore(self) -> bool:
        """True where the search has to begin again."""
        control, size, ran = self._control, _FIRST_SLICE, 0.0
        while True:
            control.put(store.UNTIL, control.word(store.EXPANDED) + size)
            began = time.monotonic()
            outcome = self._code.call("search", control.address)
            took = time.monotonic() - began
            ran += took
            if ran > _WORTH and self._code.improve():
                self._bind()
            size = size * 2 if took < _SLICE_SECONDS else max(size // 2, 64)
            reason = self._exhausted()
            if not reason and outcome == store.FULL:
                reason = self._grow()
            if not reason and control.word(store.ELEMENTS) > store.ELEMENT_MASK - _SPARE:
                reason = f"{store.ELEMENT_MASK} steps of other CPUs, more than can be numbered"
            if not reason and control.word(store.DEPTH) > store.LENGTHS - _SPARE:
                reason = f"runs of {store.LENGTHS} steps, longer than can be counted"
            first = self._machine.limits.first and not control.word(store.SCOUT)
            if not reason and first and self._violated():
                reason = "stopped at the first violation"
            if reason:
                self._search.reasons.append(reason)
            if reason or outcome == store.EMPTY:
                return False
            if outcome == store.STRAYED:
                self._widen()
                return True

    def _widen(self) -> None:
        """More bytes to which computed addresses lead: scalars as a whole."""
        image = self._machine.image
        allowed = self._arrays["allowed"].cells(0, len(image.initial))
        scalars = fields(image)
        for who, known in ((store.HERE, self._here), (store.ELSEWHERE, self._elsewhere)):
            met = {at for at, bits in enumerate(allowed) if bits >> 2 & who}
            known |= met
            wanted = {scalars[at] for at in met if at in scalars}
            known |= {at for at, scalar in scalars.items() if scalar in wanted}

    def _exhausted(self) -> str:
        word = self._control.word
        return self._meter.exhausted(
            word(store.EXPANDED),
            word(store.TRANSITIONS),
            word(store.PENDING),
            word(store.DEPTH),
        )

    def _violated(self) -> bool:
        return any(
            found is not None and found.severity == VIOLATION
            for found in (self._notice(*each) for each in self._seen())
        )

    # -- room ----------------------------------------------------------------------------

    def _bind(self) -> None:
        for name, array in self._arrays.items():
            self._code.bind(name, array.address)

    def _table(self, name: str, entries: int, mask: int) -> None:
        self._arrays[name] = Arena(8 * entries)
        self._control.put(mask, entries - 1)

    def _grow(self) -> str:
        """Twice every table that is half full; why not, if so."""
        for name, (counter, mask) in _TABLES.items():
            entries = self._control.word(mask) + 1
            if 2 * self._control.word(counter) < entries:
                continue
            reason = self._meter.lacks(16 * entries)
            if not reason and entries > _MOST:
                reason = f"{_MOST} nodes stored, more than the engine can number"
            if reason:
                return reason
            old = self._arrays[name]
            self._table(name, 2 * entries, mask)
            new = self._arrays[name].address
            if 2 * entries >= _LARGE:
                for large in (self._arrays[name], *(self._arrays[each] for each in _RANDOM)):
                    large.hasten()
            self._code.call("rebuild", old.address, entries, new, 2 * entries - 1)
            old.close()
        self._bind()
        return ""

    # -- what was noted ------------------------------------------------------------------

    def _seen(self) -> list[tuple[int, Noted]]:
        """Everything noted so far, each thing once."""
        control, seen = self._control, self._model.seen
        return self._boot + [
            self._model.events.noted(number)
            for number in range(2, len(self._model.events))
            if control.word(seen + number)
        ]

    def _notice(self, context: int, noted: Noted) -> Notice | None:
        if noted[0] == "denied":
            return None
        if noted[0] == "invariant":
            each, _ = self._machine.invariants[noted[1]]
            text = f"invariant {each.name} does not hold"
            return Notice("invariant", VIOLATION, text, each.at.span)
        return notice(self._machine.program, context, noted)

    def _tell(self) -> None:
        """Findings with their schedules, witnesses, reasons."""
        search, program = self._search, self._machine.program
        nodes = Nodes(self._machine, self._home, self._model, self._arrays, self._control)
        for context, noted in self._seen():
            if noted[0] == "denied":
                self._machine.denied.add(program.contexts[context].kind)
                continue
            if noted[0] == "invariant":
                continue
            search.keep(program, context, noted)
        complete = not search.reasons
        for context, noted in self._boot:
            found = self._notice(context, noted)
            if found is not None:
                nodes.record(found, 0, 0, 1, store.NOWHERE)
        for number, act, length, node, choice in nodes.events():
            nodes.record(self._finding[number], act, length, node, choice)
        if complete:
            nodes.deadlocks(lambda act, of, world: self._found(act, of, world))
        search.discoveries = nodes.discoveries(self._sweep)

    def _found(self, act: int, of: int, world: int) -> int:
        return self._code.call("found", self._control.address, act, of, world)

    def _sweep(self, ended: bool) -> list[int]:
        """For each activation the length of the shortest way into it plus one; 0: there is none."""
        acts = self._control.word(store.ACTS) + 1
        ways = self._arrays["ways"]
        ways.clear()
        ways.write(0, (1).to_bytes(4, "little"))
        while self._code.call("sweep", self._control.address, int(ended)):
            pass
        return list(ways.cells(0, acts))
