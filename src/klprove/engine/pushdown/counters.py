# SPDX-License-Identifier: GPL-2.0-or-later
"""A counter that may be turned round by half: two states that differ in this alone behave alike.

Of a counter modulo 2n everybody may see only its value modulo n, or how far it is from a copy. Then
n may be added to it and all its copies, and findings, lengths and choices stay the same. So an
activation and the one entered with the counter turned round are one (symmetry reduction: Ip and
Dill 1996), and its exits are turned round on their way out.

Whether a counter is such a one is found out from the text: every expression over its copies is
evaluated for all of their values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from klprove.engine.machine import Machine
from klprove.ir.expressions import (
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    apply_binary,
    evaluate,
    registers,
)
from klprove.ir.instructions import MEMORY, CmpXchg, Free, Instr, Load, Memory, Rmw, Set, Store
from klprove.ir.liveness import live_registers, operands
from klprove.ir.program import Code, Wrap

_BITS = 4
"""Bits of the widest counter that is looked at."""
_COPIES = 2
"""Copies of it that one expression may hold."""


@dataclass(frozen=True, slots=True)
class Symmetry:
    """A counter that may be turned round."""

    counter: frozenset[int]
    """Positions of its bytes in the image; the first is the lowest."""
    bit: int
    """What changes there, and in the lowest byte of each copy."""
    registers: Mapping[int, tuple[str, ...]]
    """By point, the live registers that hold copies."""


class _Differs(Exception):
    """Somebody sees whether the counter has been turned round."""


def find(machine: Machine, home: int) -> list[Symmetry]:
    """The counters that interrupts change and that may be turned round, unless computed addresses
    lead to them."""
    return [
        found
        for wrap in machine.program.wraps
        if 1 < wrap.bits <= _BITS and (found := _symmetry(machine, home, wrap)) is not None
    ]


def _symmetry(machine: Machine, home: int, wrap: Wrap) -> Symmetry | None:
    start = machine.image.position(wrap.addr)
    if start is None:
        return None
    counter = range(start, start + wrap.ty.size)
    initial = int.from_bytes(machine.image.initial[counter.start : counter.stop], "little")
    try:
        if initial >> wrap.bits or not _is_changed(machine, home, wrap):
            return None
        copies = [_copies(each.code, wrap) for each in machine.program.contexts]
    except _Differs:
        return None
    held = {
        number: tuple(name for name in point.live if name in copies[point.context])
        for number, point in enumerate(machine.points.table)
    }
    bit = 1 << (wrap.bits - 1)
    return Symmetry(frozenset(counter), bit, {n: names for n, names in held.items() if names})


def _is_changed(machine: Machine, home: int, wrap: Wrap) -> bool:
    return any(
        _is_at(instr, wrap) and not isinstance(instr, Load)
        for context in machine.program.contexts
        if context.cpu == home and context.kind != "task"
        for instr in context.code.instrs
    )


def _is_at(instr: Instr, wrap: Wrap) -> bool:
    """True for an access to the counter. Raises _Differs for one to a part of it."""
    if not isinstance(instr, MEMORY) or not isinstance(instr.addr, Const):
        return False
    addr = instr.addr.value
    size = instr.size if isinstance(instr, Free) else instr.ty.size
    if addr >= wrap.addr + wrap.ty.size or addr + size <= wrap.addr:
        return False
    if isinstance(instr, Free) or (addr, size) != (wrap.addr, wrap.ty.size):
        raise _Differs
    return True


def _copies(code: Code, wrap: Wrap) -> frozenset[str]:
    """The registers that hold copies of the counter. Raises _Differs."""
    copies = frozenset[str]()
    while True:
        seen = _Seen(copies, wrap.bits)
        found = {name for name, is_copy in _assigned(code, wrap, seen) if is_copy}
        if found <= copies:
            break
        copies |= found
    if any(name in copies and not is_copy for name, is_copy in _assigned(code, wrap, seen)):
        raise _Differs
    if live_registers(code)[0] & copies:
        raise _Differs  # one that may be read before it is set is 0, turned round or not
    for instr in code.instrs:
        _require(instr, wrap, seen)
    return copies


def _assigned(code: Code, wrap: Wrap, seen: "_Seen") -> Iterator[tuple[str, bool]]:
    """Every register that is set, and whether to a copy of the counter."""
    for instr in code.instrs:
        match instr:
            case Load(dst=str(dst)) | Rmw(dst=str(dst)) | CmpXchg(dst=str(dst)):
                yield dst, _is_at(instr, wrap)
            case Set(dst=dst, expr=expr):
                try:
                    yield dst, seen.is_copy(expr)
                except _Differs:  # perhaps not yet: not all copies are known
                    yield dst, False


def _require(instr: Instr, wrap: Wrap, seen: "_Seen") -> None:
    """Raise _Differs where an instruction shows whether the counter is turned round."""
    if isinstance(instr, MEMORY) and _is_at(instr, wrap):
        _require_even(instr, seen)
    elif any(seen.is_copy(each) for each in operands(instr)) and not isinstance(instr, Set):
        raise _Differs


def _require_even(instr: Memory, seen: "_Seen") -> None:
    """The same for an access to the counter itself."""
    match instr:
        case Load():
            return
        case Store(value=value) if seen.is_copy(value):
            return
        case Rmw(op=op, value=Const(value=value), ty=ty) if op != "xchg":
            after = [apply_binary(op, old, value, ty) % seen.values for old in range(seen.values)]
            if all(after[old ^ seen.bit] == after[old] ^ seen.bit for old in range(seen.values)):
                return
    raise _Differs


class _Seen:
    """What expressions say about a counter of some bits, given the registers that are copies."""

    def __init__(self, copies: frozenset[str], bits: int) -> None:
        self._copies = copies
        self.values, self.bit = 1 << bits, 1 << (bits - 1)

    def is_copy(self, expr: Expr) -> bool:
        """True where a value turns round with the counter, False where it stays the same. Raises
        _Differs where it does neither."""
        names = sorted({each.name for each in registers(expr)})
        held = [name for name in names if name in self._copies]
        if not held:
            return False
        if held == names and len(held) <= _COPIES:
            known = self._evaluated(expr, held)
            if known is not None:
                return known
        if any(self.is_copy(each) for each in _parts(expr)):
            raise _Differs
        return False

    def _evaluated(self, expr: Expr, held: list[str]) -> bool | None:
        """The same by all values of the copies; None where it does neither."""
        pairs = set()
        for values in product(range(self.values), repeat=len(held)):
            try:
                one = evaluate(expr, dict(zip(held, values, strict=True)))
                turned = [each ^ self.bit for each in values]
                other = evaluate(expr, dict(zip(held, turned, strict=True)))
            except ZeroDivisionError:
                return None
            pairs.add((one, other))
        if all(one == other for one, other in pairs):
            return False
        if all(0 <= one < self.values and other == one ^ self.bit for one, other in pairs):
            return True
        return None


def _parts(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Unary(arg=arg) | Convert(arg=arg):
            return (arg,)
        case Binary(left=left, right=right):
            return (left, right)
        case Select(cond=cond, then=then, other=other):
            return (cond, then, other)
        case Reg():
            raise _Differs
    return ()
