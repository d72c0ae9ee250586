# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a state before it is stored: the counterpart of `Reduced.settled()`."""

from collections.abc import Iterator, Sequence

from klprove.engine.machine import Machine
from klprove.engine.native.layout import WORD, Layout
from klprove.engine.native.lookups import Lookups
from klprove.engine.native.text import Text
from klprove.engine.reduction.dead import Dead, dead
from klprove.engine.reduction.names import DEAD
from klprove.engine.reduction.symmetry import Turn


class Settling:
    """Writes `@represent`, which does it in place. `turns`: permutations of CPUs of which a state
    stands for all; `off`: names of reductions not to use."""

    def __init__(
        self,
        machine: Machine,
        layout: Layout,
        lookups: Lookups,
        interrupts: Sequence[Sequence[int]],
        turns: Sequence[Turn],
        off: frozenset[str],
    ) -> None:
        self._machine, self._layout, self._lookups = machine, layout, lookups
        arriving = [each for own in interrupts for each in own]
        self._dead: Dead | None = None if DEAD in off else dead(machine, arriving, turns)
        self._turns = turns

    @property
    def used(self) -> bool:
        """True where states change before they are stored."""
        return self._dead is not None or bool(self._turns)

    def functions(self) -> Iterator[str]:
        """Text of every function and table."""
        if not self.used:
            return
        text = Text("represent", ("ptr %s",))
        if self._dead is not None:
            parts = self._dead.parts()
            ty = f"i{-(-max(len(parts), 1) // 64) * 64}"
            live = [_set(each, parts) for each in self._dead.live]
            yield self._lookups.table("live", ty, [0, *live])
            self._clear(text, self._dead, parts, ty)
        for number, turn in enumerate(self._turns):
            yield self._lookups.table(f"turned{number}", "i16", [0, *(n + 1 for n in turn.points)])
            yield self._turn(number, turn)
        if self._turns:
            self._choose(text)
        text.ret("i64 0")
        yield str(text)

    def _clear(self, text: Text, known: Dead, parts: Sequence[int], ty: str) -> None:
        """What is dead becomes as at boot."""
        later = {context: _set(each, parts) for context, each in known.later.items()}
        found = "0"
        for cpu in range(self._machine.program.cpus):
            found = self._lookups.union(text, cpu, "live", ty, later, found)
        for at in range(0, len(known.initial), WORD):
            here = [(place, _word(each, at)) for place, each in enumerate(parts) if _word(each, at)]
            if not here:
                continue
            keep = str(_word(known.spared, at) | ~_word((1 << len(known.initial)) - 1, at))
            for place, mask in here:
                held = text.op(f"trunc {ty} {text.op(f'lshr {ty} {found}, {place}')} to i1")
                some = text.op(f"select i1 {held}, i64 {mask}, i64 0")
                keep = text.op(f"or i64 {keep}, {some}")
            word = text.op(f"and i64 {text.load('i64', '%s', at)}, {keep}")
            boot = int.from_bytes(known.initial[at : at + WORD], "little")
            if boot:
                fresh = text.op(f"and i64 {boot}, {text.op(f'xor i64 {keep}, -1')}")
                word = text.op(f"or i64 {word}, {fresh}")
            text.store("i64", word, "%s", at)

    # -- permutations of CPUs ---------------------------------------------------------------

    def _turn(self, number: int, turn: Turn) -> str:
        """`i64 turnN(state, to)`: write what a state is turned to."""
        text = Text(f"turn{number}", ("ptr %s", "ptr %t"))
        text.copy("%t", "%s", self._layout.bytes)
        for run, to in _moved(turn.positions):
            text.copy(text.at("%t", to), text.at("%s", run.start), len(run))
        for cpu, goes in enumerate(turn.cpus):
            here, there = self._layout.cpus[cpu], self._layout.cpus[goes]
            if cpu == goes:
                continue
            slots = [here.frames + here.size * place for place in range(here.count)]
            starts = [*slots, *here.parked.values()]
            size = here.frames - here.depth + here.size * len(starts)
            text.copy(text.at("%t", there.depth), text.at("%s", here.depth), size)
            for at in starts:
                point = text.op(f"zext i16 {text.load('i16', '%s', at)} to i64")
                turned = self._lookups.at(text, f"turned{number}", "i16", point)
                text.store("i16", turned, "%t", there.depth + at - here.depth)
        text.ret("i64 0")
        return str(text)

    def turned(self, text: Text, state: str) -> Iterator[str]:
        """What a state may be turned to, one after the other in one place."""
        to = text.slot(f"[{self._layout.bytes} x i8]") if self._turns else ""
        for number in range(len(self._turns)):
            text.op(f"call i64 @turn{number}(ptr {state}, ptr {to})")
            yield to

    def _choose(self, text: Text) -> None:
        """Of the state and all that it may be turned to, the first in the order of records."""
        size = self._layout.bytes
        best = text.slot(f"[{size} x i8]")
        text.copy(best, "%s", size)
        for trial in self.turned(text, "%s"):
            less, on = text.label(), text.label()
            order = text.op(f"call i32 @memcmp(ptr {trial}, ptr {best}, i64 {size})")
            text.branch(text.op(f"icmp slt i32 {order}, 0"), less, on)
            text.place(less)
            text.copy(best, trial, size)
            text.place(on)
        text.copy("%s", best, size)


def _set(positions: int, parts: Sequence[int]) -> int:
    """The parts that `positions` are made of, a bit for each."""
    return sum(1 << place for place, each in enumerate(parts) if each & positions)


def _word(positions: int, at: int) -> int:
    """As many bytes as a word has, from position `at` on: all ones for those in the set."""
    return sum(0xFF << 8 * n for n in range(WORD) if positions >> at + n & 1)


def _moved(positions: Sequence[int]) -> Iterator[tuple[range, int]]:
    """Runs of bytes that move, and where to."""
    start = 0
    for at in range(1, len(positions) + 1):
        if at == len(positions) or positions[at] - at != positions[start] - start:
            if positions[start] != start:
                yield range(start, at), positions[start]
            start = at
