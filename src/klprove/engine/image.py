# SPDX-License-Identifier: GPL-2.0-or-later
"""The memory image: which bytes make up a state, and where each thing stands in them.

A state's memory is one `bytes` object: the objects that may change, each with a byte for each
piece of it that kfree() can take away (0: alive), first those that belong to no CPU, then for each
CPU its own and the machine's bytes (interrupt flag, NMI mask, frames of each kind, arrivals spent).
Objects that never change are not in it.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from klprove.engine.limits import Limits
from klprove.ir.expressions import Binary, Const, Convert, Expr, Select, Unary
from klprove.ir.instructions import MEMORY, CmpXchg, Free, Instr, IrqSet, Rmw, Store, UnmaskNmi
from klprove.ir.liveness import operands
from klprove.ir.program import Code, Object, Program

NULL, WILD, BOUNDS, FREED = -1, -2, -3, -4
FAULTS = {
    NULL: ("null-dereference", "access through a null pointer"),
    WILD: ("wild-access", "access to an address that belongs to no object"),
    BOUNDS: ("out-of-bounds", "access across the end of an object"),
    FREED: ("use-after-free", "access to an object that has been freed"),
}
"""Code and text of each kind of bad access."""

_NULL_PAGE = 0x1000
GROUP = 8
"""Bytes to which what belongs to a CPU is aligned."""


@dataclass(frozen=True, slots=True)
class MachineBytes:
    """Positions of one CPU's own bytes in the image. -1: not tracked, since it cannot matter."""

    irq_flag: int
    nmi_mask: int
    nest: dict[str, int]
    spent: dict[int, int]
    """By index of the context: deliveries so far; only kinds with a bound on arrivals."""


class Image:
    """Layout of the memory image of one program under given limits."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self.program = program
        self.escaped = escaped(program)
        written = _written(program, self.escaped)
        self.dynamic = sorted(
            (each for each in program.objects if each.addr in written or each.addr in self.escaped),
            key=lambda each: each.addr,
        )
        self._starts = [each.addr for each in self.dynamic]
        self._objects = sorted(program.objects, key=lambda each: each.addr)
        self._addresses = [each.addr for each in self._objects]
        self._position: dict[int, int] = {}
        self._flags: dict[int, int] = {}
        self.machine: list[MachineBytes] = []
        self.groups: list[range] = []
        """Positions of what belongs to no CPU, then of what belongs to each: what changes together
        stands together."""
        initial = bytearray()
        for cpu in (None, *range(program.cpus)):
            initial += bytes(-len(initial) % GROUP)
            start = len(initial)
            for each in self.dynamic:
                if each.cpu == cpu:
                    self._add(each, initial)
            if cpu is not None:
                self.machine.append(self._machine_bytes(cpu, initial, limits))
            self.groups.append(range(start, len(initial)))
        self.initial = bytes(initial)
        self.wraps = {(each.addr, each.ty.size): each.bits for each in program.wraps}

    def _add(self, each: Object, initial: bytearray) -> None:
        self._position[each.addr] = len(initial)
        initial += each.init
        if each.granule:
            self._flags[each.addr] = len(initial)
            initial += bytes(-(-len(each.init) // each.granule))

    def _machine_bytes(self, cpu: int, initial: bytearray, limits: Limits) -> MachineBytes:
        def byte(value: int) -> int:
            initial.append(value)
            return len(initial) - 1

        here = [
            (index, each) for index, each in enumerate(self.program.contexts) if each.cpu == cpu
        ]
        kinds = {each.kind for _, each in here} - {"task"}
        if not may_unmask(self.program):
            kinds.discard("nmi")
        return MachineBytes(
            irq_flag=byte(1),
            nmi_mask=byte(0),
            nest={kind: byte(0) for kind in sorted(kinds)},
            spent={index: byte(0) for index, each in here if each.kind in limits.arrivals},
        )

    def holder(self, addr: int) -> Object | None:
        """The object of the program, changing or not, that holds `addr`."""
        index = bisect_right(self._addresses, addr) - 1
        if index < 0 or addr >= self._objects[index].end:
            return None
        return self._objects[index]

    def position(self, addr: int) -> int | None:
        """Position in the image of the byte at constant address `addr`; None: it never changes."""
        holder = self.holder(addr)
        if holder is None or holder.addr not in self._position:
            return None
        return self._position[holder.addr] + addr - holder.addr

    def fault(self, addr: int, size: int, writes: bool) -> int:
        """0, or what is wrong with an access to `size` bytes at `addr` whatever has been freed."""
        if addr < _NULL_PAGE:
            return NULL
        holder = self.holder(addr)
        if holder is None or (writes and holder.readonly):
            return WILD
        return BOUNDS if addr + size > holder.end else 0

    def flags(self, addr: int, size: int) -> range:
        """Positions of the flags that say whether the bytes at `addr` have been freed."""
        holder = self.holder(addr)
        if holder is None or holder.addr not in self._flags:
            return range(0)
        first = (addr - holder.addr) // holder.granule
        last = (addr - holder.addr + max(size, 1) - 1) // holder.granule
        return range(self._flags[holder.addr] + first, self._flags[holder.addr] + last + 1)

    def locate(self, memory: bytes, addr: int, size: int, writes: bool) -> int:
        """Position of the bytes at a computed address, or one of the negative faults."""
        if addr < _NULL_PAGE:
            return NULL
        index = bisect_right(self._starts, addr) - 1
        if index < 0:
            return WILD
        holder = self.dynamic[index]
        if addr >= holder.end or (writes and holder.readonly):
            return WILD
        if addr + size > holder.end:
            return BOUNDS
        if holder.granule and any(memory[flag] for flag in self.flags(addr, size)):
            return FREED
        return self._position[holder.addr] + addr - holder.addr

    def wrapped(self, addr: int, size: int, value: int) -> int:
        """`value` as it is stored at a computed address, reduced where a counter there wraps."""
        bits = self.wraps.get((addr, size))
        return value if bits is None else value & ((1 << bits) - 1)

    def free(self, memory: bytes, addr: int, size: int) -> bytes | int:
        """The image after kfree() of the `size` bytes at `addr`, or a fault. Freeing nothing is
        allowed."""
        if addr == 0:
            return memory
        fault = self.fault(addr, size, False)
        if fault:
            return fault
        flags = self.flags(addr, size)
        if not flags:
            return WILD
        if any(memory[flag] for flag in flags):
            return FREED
        return memory[: flags.start] + b"\1" * len(flags) + memory[flags.stop :]

    def extent(self, holder: Object) -> Iterator[int]:
        """Positions of every byte of `holder` and of its freed flags."""
        if holder.addr in self._position:
            start = self._position[holder.addr]
            yield from range(start, start + len(holder.init))
        yield from self.flags(holder.addr, len(holder.init))


def may_unmask(program: Program) -> bool:
    """True where an NMI may nest in an NMI."""
    return program.hardware_nmi or any(
        isinstance(instr, UnmaskNmi) for each in program.contexts for instr in each.code.instrs
    )


def may_enable(code: Code) -> bool:
    """True where `code` may switch interrupts on."""
    return any(
        isinstance(instr, IrqSet) and not (isinstance(instr.value, Const) and not instr.value.value)
        for instr in code.instrs
    )


def all_code(program: Program) -> Iterator[Code]:
    """The code of every context and property."""
    for context in program.contexts:
        yield context.code
    for each in program.properties:
        yield each.code


def address(instr: Instr) -> Expr | None:
    """The address of a memory instruction; None for any other."""
    return instr.addr if isinstance(instr, MEMORY) else None


def _constants(expr: Expr) -> Iterator[int]:
    match expr:
        case Const(value=value):
            yield value
        case Unary(arg=arg) | Convert(arg=arg):
            yield from _constants(arg)
        case Binary(left=left, right=right):
            yield from _constants(left)
            yield from _constants(right)
        case Select(cond=cond, then=then, other=other):
            for each in (cond, then, other):
                yield from _constants(each)


def escaped(program: Program) -> set[int]:
    """Addresses of the objects that a computed address may point into.

    An address can only be computed from one that occurs as a value: as an operand other than the
    constant address of an access, or in the initial bytes of an object. Objects are sorted by
    address once.
    """
    starts = sorted(each.addr for each in program.objects)
    ends = {each.addr: each.end for each in program.objects}
    found: set[int] = set()

    def note(value: int) -> None:
        index = bisect_right(starts, value) - 1
        if index >= 0 and value <= ends[starts[index]]:
            found.add(starts[index])

    for code in all_code(program):
        for instr in code.instrs:
            for expr in operands(instr):
                if expr is address(instr) and isinstance(expr, Const):
                    continue
                for value in _constants(expr):
                    note(value)
    for each in program.objects:
        offsets = set(range(0, len(each.init) - 7, 8))
        offsets |= {leaf.offset for leaf in each.leaves if leaf.ty.size == 8}
        for offset in offsets:
            note(int.from_bytes(each.init[offset : offset + 8], "little"))
    return found


def _written(program: Program, escapes: set[int]) -> set[int]:
    """Addresses of the objects that some instruction may change (or free)."""
    found: set[int] = set()
    for code in all_code(program):
        for instr in code.instrs:
            if isinstance(instr, Store | Rmw | CmpXchg | Free):
                if isinstance(instr.addr, Const):
                    holder = program.object_at(instr.addr.value)
                    if holder is not None:
                        found.add(holder.addr)
                else:
                    found |= escapes
    return found
