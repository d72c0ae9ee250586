# SPDX-License-Identifier: GPL-2.0-or-later
"""Which stores need a buffer, which loads must look into it, and how many entries are enough.

A byte that only one CPU ever touches needs none: nobody else can tell when it changes, and its own
CPU sees its newest value either way. An access to a computed address counts as one to every object
whose address occurs as a value. What an invariant reads is touched by an observer of its own.
"""

from collections.abc import Iterator
from typing import NamedTuple

from klprove.engine.image import escaped
from klprove.ir.expressions import Const, Expr
from klprove.ir.instructions import (
    MEMORY,
    PLAIN,
    CmpXchg,
    Free,
    Instr,
    Rmw,
    Store,
    visible,
)
from klprove.ir.liveness import successors
from klprove.ir.program import Code, Context, Program
from klprove.ir.verify import regions

_OBSERVER = -1


class Write(NamedTuple):
    """A plain write: its address and the bytes that it writes."""

    addr: Expr
    size: int


def is_hardware(instr: Instr, inside: bool) -> bool:
    """True for an access that a CPU makes, unless it says itself that it is ghost; false for what
    is fused outside of awaits, as ghost code is. `inside`: in an await."""
    return visible(instr) or inside


class Sharing:
    """What the CPUs of one program share."""

    def __init__(self, program: Program) -> None:
        self._program = program
        starts = escaped(program)
        self._escaped = [
            range(each.addr, each.end)
            for each in program.objects
            if each.addr in starts and not each.readonly
        ]
        self._touching: dict[int, set[int]] = {}
        self._computing: set[int] = set()
        for context in program.contexts:
            self._touch(context.cpu, context.code)
        for each in program.properties:
            if each.kind != "balanced" or each.cpu is None:
                self._touch(_OBSERVER, each.code)
        self._bytes: dict[int, set[int]] = {}
        """By CPU: the bytes at constant addresses that its buffer may hold."""
        self._anything: set[int] = set()
        """CPUs whose buffers may hold stores to computed addresses."""
        self._writes: dict[int, list[Write]] = {}
        for cpu in range(program.cpus):
            self._spread(cpu)

    # -- questions ------------------------------------------------------------

    def is_buffered(self, cpu: int, addr: Expr, size: int) -> bool:
        """True where a plain write of `cpu` goes through its store buffer."""
        if not isinstance(addr, Const):
            return cpu in self._anything
        place = range(addr.value, addr.value + size)
        return any(each in self._bytes[cpu] for each in place) or (
            cpu in self._anything and self._escapes(place)
        )

    def may_forward(self, cpu: int, addr: Expr, size: int) -> bool:
        """True where a load of `cpu` may meet bytes of a store that waits in its own buffer."""
        if isinstance(addr, Const):
            return self.is_buffered(cpu, addr, size)
        return cpu in self._anything or any(self._escape(byte) for byte in self._bytes[cpu])

    def is_exact(self, cpu: int, addr: Expr, size: int) -> bool:
        """True where every buffered store that meets this load writes just the bytes it reads."""
        if not isinstance(addr, Const):
            return False
        place = range(addr.value, addr.value + size)
        if cpu in self._anything and self._escapes(place):
            return False
        return all(
            each == Write(addr, size)
            for each in self._writes[cpu]
            if isinstance(each.addr, Const)
            and each.addr.value < place.stop
            and each.addr.value + each.size > place.start
        )

    def sizes(self, cpu: int) -> set[int]:
        """Sizes of the plain writes of `cpu` that go through its buffer."""
        return {each.size for each in self._writes[cpu]}

    def need(self, cpu: int) -> int | None:
        """Entries with which no store of `cpu` ever waits for room; None where it may fill any.

        An interrupt begins and ends with an empty buffer, so what waits in it is from one interrupt
        or from the tasks.
        """
        tasks, most = 0, 0
        for context in self._contexts(cpu):
            deepest = self._longest(context)
            if deepest is None:
                return None
            most = max(most, deepest)
            tasks += deepest if context.kind == "task" else 0
        return max(tasks, most)

    # -- analysis ---------------------------------------------------------------

    def _contexts(self, cpu: int) -> Iterator[Context]:
        return (each for each in self._program.contexts if each.cpu == cpu)

    def _touch(self, who: int, code: Code) -> None:
        for instr in code.instrs:
            if not isinstance(instr, MEMORY):
                continue
            if not isinstance(instr.addr, Const):
                self._computing.add(who)
                continue
            size = instr.size if isinstance(instr, Free) else instr.ty.size
            for each in range(instr.addr.value, instr.addr.value + size):
                self._touching.setdefault(each, set()).add(who)

    def _escapes(self, place: range) -> bool:
        return any(each.start < place.stop and place.start < each.stop for each in self._escaped)

    def _escape(self, byte: int) -> bool:
        return self._escapes(range(byte, byte + 1))

    def _is_shared(self, byte: int) -> bool:
        who = self._touching.get(byte, set())
        if self._escape(byte):
            who = who | self._computing
        return len(who) > 1

    def _spread(self, cpu: int) -> None:
        """Find what the buffer of `cpu` may hold: shared bytes, and whatever else must stay in
        order with stores to them because a plain write covers both."""
        plain = [each for context in self._contexts(cpu) for _, each in _plain(context.code)]
        held = self._bytes[cpu] = set()
        computed = any(not isinstance(each.addr, Const) for each in plain)
        if computed and self._is_any_shared():
            self._anything.add(cpu)
        changed = True
        while changed:
            changed = False
            for addr, size in plain:
                if not isinstance(addr, Const):
                    continue
                place = range(addr.value, addr.value + size)
                if held.issuperset(place):
                    continue
                shared = any(map(self._is_shared, place))
                if shared or self.is_buffered(cpu, addr, size):
                    held.update(place)
                    changed = True
                    if computed and self._escapes(place):
                        self._anything.add(cpu)
        self._writes[cpu] = [each for each in plain if self.is_buffered(cpu, each.addr, each.size)]

    def _is_any_shared(self) -> bool:
        """True where two CPUs may touch the same byte of what computed addresses can reach."""
        if len(self._computing) > 1 and self._escaped:
            return True
        return any(self._escape(byte) and self._is_shared(byte) for byte in self._touching)

    def _longest(self, context: Context) -> int | None:
        """The most buffered writes on any way through a context; None: as many as you like."""
        code, cpu = context.code, context.cpu
        writes = {
            index for index, (addr, size) in _plain(code) if self.is_buffered(cpu, addr, size)
        }
        following = [successors(index, each) for index, each in enumerate(code.instrs)]
        behind = {index: _after(following, index) & writes for index in writes}
        if any(index in after for index, after in behind.items()):
            return None
        longest: dict[int, int] = {}
        # Without loops, what lies behind a write has fewer writes behind it.
        for index in sorted(writes, key=lambda each: len(behind[each])):
            longest[index] = 1 + max((longest[each] for each in behind[index]), default=0)
        return max(longest.values(), default=0)


def _plain(code: Code) -> Iterator[tuple[int, Write]]:
    """Every plain write of a CPU in `code`, with its index."""
    inside, _ = regions(code)
    for index, instr in enumerate(code.instrs):
        if not isinstance(instr, Store | Rmw | CmpXchg) or instr.order != PLAIN:
            continue
        if is_hardware(instr, index in inside):
            yield index, Write(instr.addr, instr.ty.size)


def _after(following: list[tuple[int, ...]], index: int) -> set[int]:
    """What can be reached from behind `index`."""
    seen: set[int] = set()
    work = list(following[index])
    while work:
        here = work.pop()
        if here not in seen:
            seen.add(here)
            work += following[here]
    return seen
