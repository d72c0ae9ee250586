# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with the entries of a store buffer, as instructions; and read back for traces."""

from collections.abc import Iterator

from klprove.ir.expressions import Binary, Const, Convert, Expr, Reg, Select, fold
from klprove.ir.instructions import (
    GHOST,
    Atomic,
    Await,
    Branch,
    Instr,
    Jump,
    Load,
    Set,
    Site,
    Store,
)
from klprove.ir.program import Buffer, Code
from klprove.ir.types import I32, U8, U64, Int
from klprove.source import Span

TAG, VALUE, WIDTH, WORD, LAST, WAIT = ".tag", ".value", ".width", ".word", ".last", ".wait"
"""Registers that live within one step. No name of C begins with a dot."""

_ONES = Const((1 << 64) - 1, U64)


def registers(buffer: Buffer) -> dict[str, Int]:
    """The types of those registers on the CPU of `buffer`."""
    return {
        TAG: buffer.tag,
        VALUE: buffer.value,
        WIDTH: U8,
        WORD: U64,
        LAST: buffer.tag,
        WAIT: I32,
    }


def read(buffer: Buffer, entry: int, field: str, dst: str, at: Site) -> Instr:
    """dst = a field of an entry."""
    return Load(dst, Const(buffer.place(entry, field), U64), _type(buffer, field), True, at)


def write(buffer: Buffer, entry: int, field: str, value: Expr, at: Site) -> Instr:
    """A field of an entry becomes `value`."""
    addr = Const(buffer.place(entry, field), U64)
    return Store(addr, fold(value), _type(buffer, field), True, at, GHOST)


def _type(buffer: Buffer, field: str) -> Int:
    return {"tag": buffer.tag, "value": buffer.value, "width": U8}[field]


def _fields(buffer: Buffer) -> dict[str, str]:
    """The register for each field that entries have."""
    fields = {"tag": TAG, "value": VALUE, "width": WIDTH}
    return dict(list(fields.items())[: 2 if buffer.width else 3])


def unsigned(ty: Int) -> Int:
    """The unsigned type of the same size."""
    return Int(ty.bits, False)


def push(buffer: Buffer, addr: Expr, value: Expr, ty: Int, at: Site) -> Iterator[Instr]:
    """Append a store of `value` to `addr`; the last entry must be free."""
    for entry in range(buffer.entries - 1, 0, -1):
        for field, register in _fields(buffer).items():
            yield read(buffer, entry - 1, field, register, at)
            yield write(buffer, entry, field, Reg(register, _type(buffer, field)), at)
    yield write(buffer, 0, "tag", Convert(addr, buffer.tag), at)
    raw = Convert(Convert(value, unsigned(ty)), buffer.value)
    yield write(buffer, 0, "value", raw, at)
    if not buffer.width:
        yield write(buffer, 0, "width", Const(ty.size, U8), at)


def forward(buffer: Buffer, held: Reg, addr: Expr, is_exact: bool, at: Site) -> Iterator[Instr]:
    """`held` is what memory has at `addr`; it becomes what the CPU sees there, its own buffered
    stores included, the newest last."""
    tag = Convert(Reg(TAG, buffer.tag), U64)
    if is_exact:
        for entry in range(buffer.entries - 1, -1, -1):
            yield read(buffer, entry, "tag", TAG, at)
            yield read(buffer, entry, "value", VALUE, at)
            here = Binary("eq", fold(tag), addr, U64)
            new = Convert(Reg(VALUE, buffer.value), held.ty)
            yield Set(held.name, fold(Select(here, new, held, held.ty)), at)
        return
    yield Set(WORD, fold(Convert(Convert(held, unsigned(held.ty)), U64)), at)
    for entry in range(buffer.entries - 1, -1, -1):
        for field, register in _fields(buffer).items():
            yield read(buffer, entry, field, register, at)
        yield Set(WORD, fold(_merged(buffer, fold(tag), addr, held.ty.size)), at)
    yield Set(held.name, fold(Convert(Reg(WORD, U64), held.ty)), at)


def _merged(buffer: Buffer, tag: Expr, addr: Expr, size: int) -> Expr:
    """The `size` bytes at `addr` in WORD, with those replaced that the entry in TAG writes."""
    word, value = Reg(WORD, U64), Convert(Reg(VALUE, buffer.value), U64)
    width = _width(buffer)
    ones = Binary("shr", _ONES, _bits(Binary("sub", Const(8, U64), width, U64)), U64)
    below = Binary("sub", addr, tag, U64)  # bytes of the entry in front of the load
    above = Binary("sub", tag, addr, U64)  # bytes of the load in front of the entry

    def put(op: str, distance: Expr) -> Expr:
        shift = _bits(distance)
        mask = Binary(op, ones, shift, U64)
        kept = Binary("and", word, Binary("xor", mask, _ONES, U64), U64)
        return Binary("or", kept, Binary("and", Binary(op, value, shift, U64), mask, U64), U64)

    starts_inside = Binary("lt", above, Const(size, U64), U64)
    other = Select(starts_inside, put("shl", above), word, U64)
    return Select(Binary("lt", below, width, U64), put("shr", below), other, U64)


def _width(buffer: Buffer) -> Expr:
    return Const(buffer.width, U64) if buffer.width else Convert(Reg(WIDTH, U8), U64)


def _bits(count: Expr) -> Expr:
    return Binary("mul", count, Const(8, U64), U64)


def divert(buffer: Buffer, addr: Expr, size: int, nowhere: int, at: Site) -> Iterator[Instr]:
    """Every entry that writes into the `size` bytes at `addr` writes to `nowhere` instead."""
    tag = fold(Convert(Reg(TAG, buffer.tag), U64))
    starts_inside = Binary("lt", Binary("sub", tag, addr, U64), Const(size, U64), U64)
    runs_into = Binary("lt", Binary("sub", addr, tag, U64), _width(buffer), U64)
    hit = Binary("or", starts_inside, runs_into, I32)
    for entry in range(buffer.entries):
        for field, register in _fields(buffer).items():
            yield read(buffer, entry, field, register, at)
        gone = Const(nowhere, buffer.tag)
        new = Select(hit, gone, Reg(TAG, buffer.tag), buffer.tag)
        yield write(buffer, entry, "tag", new, at)
        zero = Const(0, buffer.value)
        new = Select(hit, zero, Reg(VALUE, buffer.value), buffer.value)
        yield write(buffer, entry, "value", new, at)


def drain(buffer: Buffer) -> Code:
    """The task that writes the oldest entry to memory, one a step, for ever."""
    at = Site(Span(f"store buffer of CPU {buffer.cpu}", 0, 0), ())
    instrs: list[Instr] = [Atomic(at)]
    fields = _fields(buffer)
    found = Reg(TAG, buffer.tag)
    search = 1 + 2 * buffer.entries  # where the search for the oldest entry ends in vain
    block = 2 * len(fields)  # instructions that take an entry: read and clear, but for the tag
    for place, entry in enumerate(range(buffer.entries - 1, -1, -1)):
        instrs.append(read(buffer, entry, "tag", TAG, at))
        taken = search + 2 + place * block
        instrs.append(Branch(found, taken, 3 + 2 * place, at))
    instrs += [Await(Const(0, I32), at), Jump(0, at)]
    writing = search + 2 + buffer.entries * block
    for entry in range(buffer.entries - 1, -1, -1):
        for field, register in fields.items():
            if field != "tag":
                instrs.append(read(buffer, entry, field, register, at))
            instrs.append(write(buffer, entry, field, Const(0, _type(buffer, field)), at))
        instrs.append(Jump(writing, at))
    addr, value = fold(Convert(found, U64)), Reg(VALUE, buffer.value)
    sizes = [buffer.width] if buffer.width else [1, 2, 4, 8]
    sizes = [each for each in sizes if each <= buffer.value.size]
    last = writing + 3 * len(sizes) - 2
    for size in sizes:
        ty = Int(8 * size, False)
        if size != sizes[-1]:
            this = Binary("eq", Reg(WIDTH, U8), Const(size, U8), U8)
            instrs.append(Branch(this, len(instrs) + 1, len(instrs) + 3, at))
        instrs.append(Store(addr, fold(Convert(value, ty)), ty, True, at))
        if size != sizes[-1]:
            instrs.append(Jump(last, at))
    instrs += [Await(Const(1, I32), at), Jump(0, at)]
    types = registers(buffer)
    return Code(tuple(instrs), {name: types[name] for name in fields.values()})


# -- for traces -------------------------------------------------------------------


class Waiting:
    """The stores that wait in a buffer, oldest first: address, bytes, value."""

    def __init__(self, buffer: Buffer, data: bytes) -> None:
        """`data`: the bytes of the buffer's object."""
        self.stores: list[tuple[int, int, int]] = []
        for entry in range(buffer.entries - 1, -1, -1):
            tag = self._field(buffer, data, entry, "tag", buffer.tag.size)
            if tag:
                value = self._field(buffer, data, entry, "value", buffer.value.size)
                size = buffer.width or self._field(buffer, data, entry, "width", 1)
                self.stores.append((tag, size, value))

    def _field(self, buffer: Buffer, data: bytes, entry: int, field: str, size: int) -> int:
        at = buffer.place(entry, field) - buffer.addr
        return int.from_bytes(data[at : at + size], "little")

    def seen(self, addr: int, raw: bytes) -> bytes | None:
        """The bytes at `addr`, which are `raw` in memory, as the CPU of the buffer sees them; None
        where it sees them from memory alone."""
        found, hit = bytearray(raw), False
        for start, size, value in self.stores:
            for offset, byte in enumerate(value.to_bytes(8, "little")[:size]):
                if 0 <= start + offset - addr < len(found):
                    found[start + offset - addr] = byte
                    hit = True
        return bytes(found) if hit else None


def appended(buffer: Buffer, before: bytes, after: bytes) -> tuple[int, int, int] | None:
    """The store that was appended between two contents of the buffer's object, if any."""
    old, new = Waiting(buffer, before).stores, Waiting(buffer, after).stores
    return new[-1] if len(new) > len(old) else None
