# SPDX-License-Identifier: GPL-2.0-or-later
"""What steps read and write, as far as two CPUs may conflict there.

Bytes that both the CPU with interrupts and another one touch, and one of them writes, fall into
*places*: bytes that the same instructions touch are one place. A set of places is a word of bits.
Accesses at computed addresses are known when they happen; beforehand they may go anywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from klprove.engine.footprint import reachable
from klprove.engine.image import Image
from klprove.engine.machine import Machine
from klprove.engine.pushdown import store
from klprove.ir.expressions import Const
from klprove.ir.instructions import MEMORY, Atomic, Free, Halt, Instr, Load, Rmw, visible
from klprove.ir.liveness import successors
from klprove.ir.program import Code

_PLACES = 62
_WAITING = store.WAITER
"""A place that every task of another CPU reads and every interrupt that may wait writes: where both
wait, each may be why the other does."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Positions in the image that are read (or written), and those that are written."""

    read: frozenset[int]
    written: frozenset[int]
    is_computed: bool
    """True where a step goes to computed addresses as well."""
    computed: frozenset[int] = frozenset()
    """Positions to which these may lead."""


class Regions:
    """What the steps of a machine touch at constant addresses, and which follow which."""

    def __init__(self, machine: Machine) -> None:
        contexts, table = machine.program.contexts, machine.points.table
        self.steps = [
            _region(machine.image, contexts[each.context].code, each.index, False) for each in table
        ]
        self.prefixes = [
            _region(machine.image, each.code, 0, True)
            if machine.points.entries[number].prefix is not None
            else Touched(frozenset(), frozenset(), False)
            for number, each in enumerate(contexts)
        ]
        self._machine = machine
        self._ahead: dict[int, list[int]] = {}

    def ahead(self, point: int) -> list[int]:
        """The points that the context of a point may still come to."""
        known = self._ahead.get(point)
        if known is None:
            table = self._machine.points.table
            start = table[point]
            code = self._machine.program.contexts[start.context].code
            seen = reachable(code.instrs, start.index)
            known = self._ahead[point] = [
                n
                for n, each in enumerate(table)
                if each.context == start.context and each.index in seen
            ]
        return known


class Accesses:
    """The places of one machine, and the sets of places of its steps."""

    def __init__(
        self,
        machine: Machine,
        home: int,
        here: Iterable[int],
        elsewhere: Iterable[int],
        regions: Regions | None = None,
    ) -> None:
        """`here` and `elsewhere`: the bytes to which computed addresses lead, on the CPU with
        interrupts and on others. `regions`: kept from accesses found before."""
        self._machine, self._image = machine, machine.image
        contexts = machine.program.contexts
        table = machine.points.table
        self._regions = regions or Regions(machine)
        reached = [frozenset(here if each.cpu == home else elsewhere) for each in contexts]
        self.steps = [
            _leading(each, reached[point.context])
            for each, point in zip(self._regions.steps, table, strict=True)
        ]
        self._prefixes = [
            _leading(each, places)
            for each, places in zip(self._regions.prefixes, reached, strict=True)
        ]
        here = [n for n, each in enumerate(table) if contexts[each.context].cpu == home]
        others = [n for n, each in enumerate(table) if contexts[each.context].cpu != home]
        self._prefixed = [n for n, each in enumerate(contexts) if each.cpu == home]
        own = [self.steps[n] for n in here] + [self._prefixes[n] for n in self._prefixed]
        self.places = self._find_places(own, [self.steps[n] for n in others])
        self._may_sets = [self.sets(each, True) for each in self.steps]

    def _find_places(self, own: list[Touched], others: list[Touched]) -> list[int]:
        """For each byte of the image its place, as a bit; 0: no conflict is possible there."""
        mine, theirs = [self._may(each) for each in own], [self._may(each) for each in others]
        shared = _union(read for read, _ in mine) & _union(read for read, _ in theirs)
        shared &= _union(written for _, written in (*mine, *theirs))
        kinds: dict[tuple[object, ...], int] = {}
        scalars = fields(self._image)
        places = [0] * len(self._image.initial)
        touching: dict[int, list[int]] = {at: [] for at in shared}
        for number, each in enumerate((*own, *others)):
            for at in each.read & shared:
                touching[at].append(number)
        for at in sorted(shared):
            place = kinds.setdefault((*touching[at], scalars.get(at)), len(kinds))
            places[at] = 1 << min(place, _PLACES - 1)
        return places

    def _may(self, step: Touched) -> tuple[frozenset[int], frozenset[int]]:
        return step.read | step.computed, step.written | step.computed

    def _bits(self, positions: Iterable[int]) -> int:
        bits = 0
        for at in positions:
            bits |= self.places[at]
        return bits

    def sets(self, step: Touched, may: bool) -> tuple[int, int]:
        """Places read and written; `may`: by computed addresses, too."""
        read, written = self._may(step) if may else (step.read, step.written)
        return self._bits(read), self._bits(written)

    def future(self, point: int) -> tuple[int, int]:
        """Places that the context of a point may still read and write from there on."""
        read, written = self._both(self._may_sets[n] for n in self._regions.ahead(point))
        return read | _WAITING, written

    def contexts(self, numbers: Sequence[int]) -> tuple[int, int]:
        """Places that some contexts may read and write."""
        table = self._machine.points.table
        steps = [each for n, each in enumerate(self._may_sets) if table[n].context in numbers]
        entered = [self.sets(self._prefixes[n], True) for n in numbers]
        read, written = self._both([*steps, *entered])
        waits = any(
            isinstance(each.instr, Atomic | Halt) for each in table if each.context in numbers
        )
        return read, written | (_WAITING if waits else 0)

    def arrivals(self, numbers: Sequence[int]) -> list[tuple[int, int]]:
        """Places that each of some contexts may touch before its first step; in the end, all."""
        each = [self.sets(self._prefixes[n], True) for n in numbers]
        return [*each, self._both(each)]

    def _both(self, sets: Iterable[tuple[int, int]]) -> tuple[int, int]:
        read = written = 0
        for more, changed in sets:
            read |= more
            written |= changed
        return read, written


def fields(image: Image) -> dict[int, tuple[int, int]]:
    """For each byte of a scalar which one that is: its object and offset."""
    found = {}
    for each in image.dynamic:
        for leaf in each.leaves:
            start = image.position(each.addr + leaf.offset)
            if start is not None:
                for at in range(start, start + leaf.ty.size):
                    found[at] = (each.addr, leaf.offset)
    return found


def _union(parts: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*parts)


def _leading(step: Touched, reached: frozenset[int]) -> Touched:
    """A step whose computed addresses lead to `reached`."""
    return replace(step, computed=reached) if step.is_computed else step


def _region(image: Image, code: Code, start: int, entered: bool) -> Touched:
    """What the step that begins at instruction `start` touches; `entered`: nothing there is
    visible."""
    read: set[int] = set()
    written: set[int] = set()
    is_computed = False
    seen: set[int] = set()
    work = [start]
    while work:
        index = work.pop()
        if index in seen:
            continue
        seen.add(index)
        instr = code.instrs[index]
        if isinstance(instr, MEMORY):
            if isinstance(instr.addr, Const):
                more, changed = _constant(image, instr, instr.addr.value)
                read |= more
                written |= changed
            else:
                is_computed = True
        work += [each for each in successors(index, instr) if not visible(code.instrs[each])]
    return Touched(frozenset(read | written), frozenset(written), is_computed)


def _constant(image: Image, instr: Instr, addr: int) -> tuple[set[int], set[int]]:
    if isinstance(instr, Free):
        flags = set(image.flags(addr, instr.size))
        return flags, flags
    assert isinstance(instr, MEMORY)
    read = set(image.flags(addr, instr.ty.size))
    start = image.position(addr)
    span = set() if start is None else set(range(start, start + instr.ty.size))
    keeps = isinstance(instr, Load) or (
        isinstance(instr, Rmw)
        and instr.op in ("add", "or", "xor")
        and isinstance(instr.value, Const)
        and instr.value.value == 0
    )
    return read | span, set() if keeps else span
