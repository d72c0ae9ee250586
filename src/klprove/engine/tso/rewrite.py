# SPDX-License-Identifier: GPL-2.0-or-later
"""A sequentially consistent program becomes one that runs as on x86: the pass itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from klprove.engine.image import Image
from klprove.engine.limits import Limits
from klprove.engine.tso.entries import (
    LAST,
    WAIT,
    divert,
    drain,
    forward,
    push,
    read,
    registers,
)
from klprove.engine.tso.sharing import Sharing, is_hardware
from klprove.ir.expressions import Binary, Const, Expr, Reg, Select, Unary, fold, type_of
from klprove.ir.expressions import registers as read_by
from klprove.ir.instructions import (
    GHOST,
    LOCKED,
    PLAIN,
    Assume,
    Atomic,
    Await,
    Branch,
    CmpXchg,
    End,
    Fence,
    Free,
    Instr,
    Jump,
    Load,
    Rmw,
    Set,
    Site,
    Store,
    UnmaskNmi,
)
from klprove.ir.liveness import operands, target
from klprove.ir.program import Buffer, Code, Context, Leaf, Object, Program
from klprove.ir.types import I32, U8, U32, U64, Int
from klprove.ir.verify import regions
from klprove.source import Span

_PAGE = 0x1000
_NOWHERE = 8
"""Bytes of the object that a buffered store to a freed object is diverted to."""


def buffered(program: Program, entries: int) -> Program:
    """`program`, of one or more CPUs, under x86-TSO with at most `entries` a store buffer.

    CPUs whose stores nobody else can see have no buffer; with one CPU there is none, since a CPU
    sees its own stores at once.
    """
    sharing = Sharing(program)
    needs = {cpu: sharing.need(cpu) for cpu in range(program.cpus)} if program.cpus > 1 else {}
    buffers: list[Buffer] = []
    objects: list[Object] = []
    at = _free_space(program)
    for cpu, need in needs.items():
        if need == 0:
            continue
        sizes = sharing.sizes(cpu)
        buffer = Buffer(
            addr=at,
            cpu=cpu,
            entries=entries if need is None else min(need, entries),
            tag=U32 if at < 1 << 31 else U64,
            value=Int(8 * max(sizes), False),
            width=max(sizes) if len(sizes) == 1 else 0,
            is_bounded=need is None or need > entries,
        )
        buffers.append(buffer)
        objects.append(_object(buffer))
        at = -(-(buffer.addr + buffer.size + 1) // _PAGE) * _PAGE
    nowhere = at
    own = {each.cpu: each for each in buffers}
    image = Image(program, Limits())
    contexts = [
        replace(each, code=_Rewriter(sharing, image, own.get(each.cpu), nowhere).code(each))
        for each in program.contexts
    ]
    if any(isinstance(i, Free) for each in contexts if each.cpu in own for i in each.code.instrs):
        objects.append(Object("freed", nowhere, bytes(_NOWHERE)))
    for number, buffer in enumerate(buffers):
        where = Site(Span(f"store buffer of CPU {buffer.cpu}", 0, 0), ())
        cpu = program.cpus + number
        contexts.append(Context("task", cpu, "store buffer", drain(buffer), where))
    return replace(
        program,
        cpus=program.cpus + len(buffers),
        objects=(*program.objects, *objects),
        contexts=tuple(contexts),
        tso=True,
        buffers=tuple(buffers),
    )


def _free_space(program: Program) -> int:
    """The first page behind everything that has an address."""
    ends = [each.end for each in program.objects] + list(program.functions)
    return (max(ends, default=0) // _PAGE + 2) * _PAGE


def _object(buffer: Buffer) -> Object:
    fields = [("tag", "address", buffer.tag), ("value", "value", buffer.value)]
    if not buffer.width:
        fields.append(("width", "size", U8))
    leaves = tuple(
        Leaf(buffer.place(entry, field) - buffer.addr, ty, f"[{entry}].{name}")
        for entry in range(buffer.entries)
        for field, name, ty in fields
    )
    return Object("store buffer", buffer.addr, bytes(buffer.size), buffer.cpu, leaves)


@dataclass
class _Rewriter:
    """Writes the code of one context anew, instruction by instruction."""

    sharing: Sharing
    image: Image
    buffer: Buffer | None
    nowhere: int

    def code(self, context: Context) -> Code:
        """The code of `context` on a CPU with this buffer; None: it needs none."""
        self._cpu, self._types = context.cpu, dict(context.code.registers)
        self._inside, _ = regions(context.code)
        found: list[Instr] = []
        if self.buffer is not None and context.kind != "task":
            # Delivery drains the buffer: an interrupt arrives where it is empty.
            found.append(read(self.buffer, 0, "tag", LAST, context.at))
            found.append(Assume(self._is_free(), context.at))
        starts: list[int] = []
        instrs = context.code.instrs
        self._drains = context.kind != "task" and any(
            self._is_plain(instr, index in self._inside) for index, instr in enumerate(instrs)
        )
        self._waits = any(
            isinstance(instrs[index], Store | Rmw | CmpXchg | Fence) for index in self._inside
        )
        for index, instr in enumerate(instrs):
            starts.append(len(found))
            found += self._one(instr, index in self._inside)
        for index, instr in enumerate(found):
            if isinstance(instr, Jump):
                found[index] = instr._replace(to=starts[instr.to])
            elif isinstance(instr, Branch):
                then, other = starts[instr.then], starts[instr.other]
                found[index] = instr._replace(then=then, other=other)
        return Code(tuple(found), self._used(found))

    def _used(self, instrs: list[Instr]) -> dict[str, Int]:
        """The registers declared before, and those of the pass that it has come to use."""
        if self.buffer is None:
            return self._types
        named = {field for instr in instrs for field in _names(instr)}
        own = {name: ty for name, ty in registers(self.buffer).items() if name in named}
        return self._types | own

    def _is_plain(self, instr: Instr, inside: bool) -> bool:
        """True for a write that goes through the buffer."""
        return (
            self.buffer is not None
            and isinstance(instr, Store | Rmw | CmpXchg)
            and instr.order == PLAIN
            and is_hardware(instr, inside)
            and self.sharing.is_buffered(self._cpu, instr.addr, instr.ty.size)
        )

    def _one(self, instr: Instr, inside: bool) -> Iterator[Instr]:
        """What one instruction becomes."""
        if self.buffer is None:
            if not isinstance(instr, Fence):
                yield instr
            return
        match instr:
            case Load():
                yield from self._load(instr)
            case Store() | Rmw() | CmpXchg() if self._is_plain(instr, inside):
                yield from self._when_room(inside, instr.at, self._write(instr))
            case Rmw() | CmpXchg() if instr.order == LOCKED and is_hardware(instr, inside):
                yield from self._when_empty(inside, instr.at, [instr._replace(fused=True)])
            case Fence(at=at):
                yield from self._when_empty(inside, at, [])
            case Free(addr=addr, size=size, at=at):
                yield instr
                if is_hardware(instr, inside):
                    yield from divert(self.buffer, addr, size, self.nowhere, at)
            case Atomic(at=at) if self._waits:
                yield instr
                yield Set(WAIT, Const(0, I32), at)
            case Await(cond=cond, at=at) if self._waits:
                no = Const(0, type_of(cond))
                yield Await(fold(Select(Reg(WAIT, I32), no, cond, type_of(cond))), at)
            case End(at=at) | UnmaskNmi(at=at) if self._drains:
                # iret drains the buffer.
                yield from self._when_empty(inside, at, [])
                yield instr
            case _:
                yield instr

    # -- waiting --------------------------------------------------------------------

    def _is_free(self) -> Expr:
        assert self.buffer is not None
        tag = self.buffer.tag
        return Binary("eq", Reg(LAST, tag), Const(0, tag), tag)

    def _when_empty(self, inside: bool, at: Site, body: Iterable[Instr]) -> Iterator[Instr]:
        """`body` as a step that waits until the buffer is empty."""
        return self._when(0, inside, at, body)

    def _when_room(self, inside: bool, at: Site, body: Iterable[Instr]) -> Iterator[Instr]:
        """`body` as a step that waits until the buffer has room for one store."""
        assert self.buffer is not None
        return self._when(self.buffer.entries - 1, inside, at, body)

    def _when(self, entry: int, inside: bool, at: Site, body: Iterable[Instr]) -> Iterator[Instr]:
        """`body` as a step that waits until `entry` is free. Inside an await that is one more
        condition of the await."""
        assert self.buffer is not None
        if not inside:
            yield Atomic(at)
        yield read(self.buffer, entry, "tag", LAST, at)
        if inside:
            taken = Unary("lnot", self._is_free(), I32)
            yield Set(WAIT, Binary("or", Reg(WAIT, I32), taken, I32), at)
        yield from body
        if not inside:
            yield Await(self._is_free(), at)

    # -- accesses -------------------------------------------------------------------

    def _temporary(self, ty: Int) -> Reg:
        name = f".old.{ty}"
        self._types[name] = ty
        return Reg(name, ty)

    def _load(self, instr: Load) -> Iterator[Instr]:
        cpu, size = self._cpu, instr.ty.size
        if not self.sharing.may_forward(cpu, instr.addr, size):
            yield instr
            return
        held = self._temporary(instr.ty)
        yield instr._replace(dst=held.name)
        yield from self._forward(held, instr.addr, instr.at)
        yield Set(instr.dst, held, instr.at)

    def _forward(self, held: Reg, addr: Expr, at: Site) -> Iterator[Instr]:
        assert self.buffer is not None
        is_exact = self.sharing.is_exact(self._cpu, addr, held.ty.size)
        return forward(self.buffer, held, addr, is_exact, at)

    def _write(self, instr: Store | Rmw | CmpXchg) -> Iterator[Instr]:
        """A write into the buffer, in an instruction that may have read before."""
        addr, ty, at = instr.addr, instr.ty, instr.at
        assert self.buffer is not None
        if self._may_fault(addr, ty.size):
            # What is wrong with the access is found now, not when it reaches memory.
            yield Rmw("or", None, addr, Const(0, ty), ty, True, at, GHOST)
        new = instr.value
        if isinstance(instr, Rmw | CmpXchg):
            held = self._temporary(ty)
            yield Load(held.name, addr, ty, True, at)
            yield from self._forward(held, addr, at)
            if isinstance(instr, CmpXchg):
                # It writes in any case: what it found where that is not what it expected.
                same = Binary("eq", held, instr.expected, ty)
                new = Select(same, instr.value, held, ty)
            elif instr.op != "xchg":
                new = Binary(instr.op, held, instr.value, ty)
        yield from push(self.buffer, addr, self._reduced(addr, new, ty), ty, at)
        if isinstance(instr, Rmw | CmpXchg) and instr.dst is not None:
            yield Set(instr.dst, held, at)

    def _may_fault(self, addr: Expr, size: int) -> bool:
        if not isinstance(addr, Const):
            return True
        return bool(self.image.fault(addr.value, size, True) or self.image.flags(addr.value, size))

    def _reduced(self, addr: Expr, value: Expr, ty: Int) -> Expr:
        """`value` as memory will hold it: reduced where a counter there wraps."""
        for (start, size), bits in self.image.wraps.items():
            if size != ty.size:
                continue
            less = Binary("and", value, Const(ty.wrap((1 << bits) - 1), ty), ty)
            here = Binary("eq", addr, Const(start, U64), U64)
            value = fold(Select(here, less, value, ty))
        return value


def _names(instr: Instr) -> Iterator[str]:
    """Names of the registers that `instr` sets or reads."""
    dst = target(instr)
    if dst is not None:
        yield dst
    for expr in operands(instr):
        yield from (each.name for each in read_by(expr))
